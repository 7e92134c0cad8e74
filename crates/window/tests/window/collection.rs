//! The images that the form names: reported at the field, shown in the panel Data, got from elsewhere.

use crate::asked::shows;
use crate::form::unfold;
use crate::pictures::pictured_in;
use crate::scripted::*;
use eframe::egui::accesskit::Role;
use eframe::egui::{Theme, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use image::{Rgb, RgbImage};
use lab_window::App;
use std::fs;
use std::path::Path;
use tempfile::{TempDir, tempdir};

fn wait_for(harness: &mut Harness<'static, App>, part: &str) {
    let part = part.to_owned();
    wait_until(harness, &part, |harness| shows(harness, &part));
    harness.run();
}

fn can_start(harness: &Harness<'static, App>) -> bool {
    !harness.get_by_label("Start").accesskit_node().is_disabled()
}

/// A flower of a kind: a disc of petals around a middle, a little different each time.
fn flower(kind: usize, index: u32, size: u32) -> RgbImage {
    let petals = [[240, 240, 235], [200, 40, 60], [240, 190, 40]][kind];
    let center = f64::from(size) / 2.0 + f64::from(index % 3) - 1.0;
    RgbImage::from_fn(size, size, |x, y| {
        let (dx, dy) = (f64::from(x) + 0.5 - center, f64::from(y) + 0.5 - center);
        let (radius, angle) = (dx.hypot(dy) / f64::from(size), dy.atan2(dx) + f64::from(index));
        let edge = 0.28 + 0.12 * (angle * (5.0 + kind as f64)).cos();
        Rgb(if radius < 0.1 {
            [90, 60, 20]
        } else if radius < edge {
            petals
        } else {
            [60, 110 + (index * 7 % 40) as u8, 60]
        })
    })
}

/// A folder "flowers" with daisies, roses and tulips of two sizes; one rose is there twice, and one file is no picture.
fn flowers() -> TempDir {
    let place = tempdir().unwrap();
    for (kind, (name, count)) in [("daisy", 20), ("rose", 12), ("tulip", 8)].into_iter().enumerate() {
        let folder = place.path().join("flowers").join(name);
        fs::create_dir_all(&folder).unwrap();
        for index in 0..count {
            let size = if index % 2 == 0 { 48 } else { 72 };
            flower(kind, index, size).save(folder.join(format!("{index:02}.png"))).unwrap();
        }
    }
    let roses = place.path().join("flowers/rose");
    fs::copy(roses.join("04.png"), roses.join("copy of 04.png")).unwrap();
    fs::write(roses.join("page.jpg"), "<html>not a rose</html>").unwrap();
    place
}

/// Opens the section on data and names a path there.
fn name_images(harness: &mut Harness<'static, App>, path: &Path) {
    if harness.query_by_label("Images").is_none() {
        unfold(harness, "Data");
    }
    if harness.query_by_label("Path").is_none() {
        choose(harness, "Images", "Folder or file");
    }
    type_into(harness, "Path", path.to_str().unwrap());
}

#[test]
fn a_path_that_cannot_be_used_is_shown_at_its_field_and_stops_the_start_until_it_is_mended() {
    let (mut harness, script) = window();
    let place = tempdir().unwrap();
    let missing = place.path().join("nowhere");
    name_images(&mut harness, &missing);
    wait_for(&mut harness, "There is nothing at this path.");
    assert!(!can_start(&harness));
    command(&mut harness, "Start");
    assert_eq!(script.starts(), 0, "no way leads past it");
    fs::create_dir(&missing).unwrap();
    wait_for(&mut harness, "No data set lies here");
    assert!(!can_start(&harness) && !shows(&harness, "--set"), "{:?}", names(&harness, "No data set"));
    // Mended on the disk, without a touch of the form.
    let flowers = flowers();
    for class in ["daisy", "rose"] {
        fs::create_dir(missing.join(class)).unwrap();
        for index in 0..6 {
            let name = format!("{class}/{index:02}.png");
            fs::copy(flowers.path().join("flowers").join(&name), missing.join(&name)).unwrap();
        }
    }
    wait_for(&mut harness, "12 images in 2 classes");
    assert!(can_start(&harness));
    // What becomes of pictures of two sizes.
    wait_for(&mut harness, "pictures have 48×48 to 72×72 pixels");
    assert!(shows(&harness, "all become 32×32"), "{:?}", names(&harness, "become"));
    choose(&mut harness, "Images", "Fashion-MNIST");
    assert!(can_start(&harness) && !shows(&harness, "all become"));
}

#[test]
fn a_folder_without_test_images_of_its_own_says_on_what_it_is_validated() {
    let validated = |harness: &Harness<'static, App>| {
        let field = harness.get_by_role_and_label(Role::ComboBox, "Validate on");
        field.accesskit_node().value().unwrap_or_default()
    };
    let (mut harness, _script) = window();
    let flowers = flowers();
    let folder = flowers.path().join("flowers");
    name_images(&mut harness, &folder);
    wait_for(&mut harness, "41 images in 3 classes");
    assert_eq!(validated(&harness), "A tenth: no test images");
    // The same pictures, some of them set apart by their owner.
    let parted = flowers.path().join("parted");
    for (part, pictures) in [("train", 0..6), ("test", 6..9)] {
        for class in ["daisy", "rose"] {
            fs::create_dir_all(parted.join(part).join(class)).unwrap();
            for index in pictures.clone() {
                let name = format!("{class}/{index:02}.png");
                fs::copy(folder.join(&name), parted.join(part).join(&name)).unwrap();
            }
        }
    }
    name_images(&mut harness, &parted);
    wait_for(&mut harness, "18 images in 2 classes");
    assert_eq!(validated(&harness), "Its own test images");
}

#[test]
fn the_data_panel_shows_classes_what_is_left_out_and_what_is_there_twice() {
    let flowers = flowers();
    let (mut harness, script) = window();
    name_images(&mut harness, &flowers.path().join("flowers"));
    wait_for(&mut harness, "41 images in 3 classes");
    click(&mut harness, "Look at the images");
    for part in [
        "daisy: ",
        "rose: ",
        "tulip: ",
        "37 images to train on and 4 to validate on, in 3 classes.",
        "networks see 32×32 in colour",
        "The largest class has",
        "1 image is there more than once, such as rose/04.png = rose/copy of 04.png",
        "1 file left out: ",
        "as they are and as augmented",
    ] {
        wait_for(&mut harness, part);
    }
    click(&mut harness, "1 image there more than once");
    wait_for(&mut harness, "rose/04.png = rose/copy of 04.png");
    click(&mut harness, "Export the classes");
    harness.get_by_label("Save CSV…").click();
    harness.run();
    assert_eq!(*script.places.borrow(), ["classes.csv"]);
    // A picture more is seen when a person looks again.
    flower(2, 99, 48).save(flowers.path().join("flowers/tulip/99.png")).unwrap();
    click(&mut harness, "Look again");
    wait_for(&mut harness, "42 images in 3 classes");
}

#[test]
fn reading_that_is_cancelled_says_so_and_leaves_the_form_usable() {
    let place = tempdir().unwrap();
    let large = place.path().join("large.png");
    flower(0, 0, 1500).save(&large).unwrap();
    for number in 0..600 {
        let class = place.path().join("many").join(["ape", "bee"][number % 2]);
        fs::create_dir_all(&class).unwrap();
        fs::hard_link(&large, class.join(format!("{number}.png"))).unwrap();
    }
    let (mut harness, _script) = window();
    name_images(&mut harness, &place.path().join("many"));
    for press in ["Cancel reading the images", "Read the images", "Cancel reading the images"] {
        if press.starts_with("Cancel") {
            wait_for(&mut harness, "of 600 pictures");
        }
        harness.get_by_label(press).click();
        harness.run_steps(2);
        assert_eq!(shows(&harness, "Not read."), press.starts_with("Cancel"), "{:?}", names(&harness, "read"));
    }
    assert!(can_start(&harness), "whoever wants to can still train on them");
    // Another path is read at once, and nothing of the first one comes back.
    let flowers = flowers();
    name_images(&mut harness, &flowers.path().join("flowers"));
    wait_for(&mut harness, "41 images in 3 classes");
}

#[test]
fn the_images_inside_the_program_are_looked_at_too() {
    let (mut harness, _script) = window();
    command(&mut harness, "Show Data");
    wait_for(&mut harness, "Ankle boot: 500 to train on, 100 to validate on");
}

#[test]
fn what_cannot_be_got_says_why_and_is_not_there() {
    let place = tempdir().unwrap();
    let (mut harness, _script) = window_over(&place.path().join("runs"), vec2(1440.0, 900.0), Theme::Dark, false);
    harness.run();
    unfold(&mut harness, "Data");
    click(&mut harness, "Get a data set");
    assert!(shows(&harness, "60,000 photographs in 10 classes") && shows(&harness, "CC BY-SA 3.0"));
    let empty = place.path().join("mirror");
    fs::create_dir(&empty).unwrap();
    type_into(&mut harness, "Mirror or folder", empty.to_str().unwrap());
    click(&mut harness, "Get cifar-10");
    wait_for(&mut harness, "there is no cifar-10-binary.tar.gz in");
    assert!(harness.query_by_label("Use cifar-10").is_none());
    // What lies in its place is used without being got.
    fs::create_dir_all(place.path().join("data/mnist")).unwrap();
    harness.run();
    click(&mut harness, "Use mnist");
    wait_for(&mut harness, "No data set lies here");
    assert!(!can_start(&harness));
}

fn picture(theme: Theme, name: &str) {
    let flowers = flowers();
    pictured_in(vec2(1280.0, 900.0), theme, |harness, _, compare| {
        name_images(harness, &flowers.path().join("flowers"));
        wait_for(harness, "41 images in 3 classes");
        // The path is another one each time; the form is folded over it.
        click(harness, "Look at the images");
        wait_for(harness, "as they are and as augmented");
        unfold(harness, "Data");
        compare(harness, name);
    });
}

#[test]
fn the_data_panel_looks_as_kept_in_the_dark() {
    picture(Theme::Dark, "data_dark");
}

#[test]
fn the_data_panel_looks_as_kept_in_the_light() {
    picture(Theme::Light, "data_light");
}
