//! Folders of pictures, one for each class.

use crate::make::{data_at, load, picture, refused, save, write_classes};
use lab_core::data::Dataset;
use lab_core::experiment::{Channels, Data, Fit, Holdout, Resize};
use std::fs;
use tempfile::tempdir;

#[test]
fn a_folder_per_class_is_read_exactly_in_the_order_of_names() {
    let place = tempdir().unwrap();
    write_classes(&place.path().join("train"), &["cat", "ape", "bee"], 3);
    write_classes(&place.path().join("test"), &["cat", "ape", "bee"], 1);
    let dataset = load(place.path()).unwrap();
    assert_eq!((dataset.classes.join(" ").as_str(), dataset.shape()), ("ape bee cat", [3, 8, 8]));
    assert_eq!((dataset.train.class_counts(3), dataset.validation.class_counts(3)), (vec![3; 3], vec![1; 3]));
    assert!(dataset.train.files[0].ends_with("train/ape/0.png"));
    // "ape" was the second one written.
    let expected = picture(100, 8, 8);
    let red: Vec<u8> = expected.pixels().map(|pixel| pixel[0]).collect();
    let blue: Vec<u8> = expected.pixels().map(|pixel| pixel[2]).collect();
    assert_eq!(
        (&dataset.train.image(0).unwrap()[..64], &dataset.train.image(0).unwrap()[128..]),
        (&red[..], &blue[..])
    );
}

#[test]
fn classes_may_lie_directly_in_the_folder_and_pictures_deeper() {
    let place = tempdir().unwrap();
    write_classes(place.path(), &["ape", "bee"], 9);
    save(&place.path().join("bee/more/deep/down/x.bmp"), &picture(1, 8, 8));
    save(&place.path().join(".hidden/x.png"), &picture(1, 8, 8));
    save(&place.path().join("ape/.hidden.png"), &picture(1, 9, 9));
    fs::write(place.path().join("ape/notes.txt"), "about apes").unwrap();
    let dataset = load(place.path()).unwrap();
    assert_eq!(dataset.classes, ["ape", "bee"]);
    assert_eq!((dataset.train.class_counts(2), dataset.validation.class_counts(2)), (vec![8, 9], vec![1, 1]));
    assert_eq!(dataset.notices.len(), 1, "{:?}", dataset.notices);
    assert!(dataset.notices[0].contains("notes.txt"), "{:?}", dataset.notices);
}

#[test]
fn every_picture_format_is_read_by_its_contents() {
    let place = tempdir().unwrap();
    for end in ["png", "jpg", "webp", "bmp", "gif"] {
        save(&place.path().join(format!("a/{end}.{end}")), &picture(3, 8, 8));
        save(&place.path().join(format!("b/{end}.{end}")), &picture(60, 8, 8));
    }
    fs::rename(place.path().join("a/bmp.bmp"), place.path().join("a/really-a-bmp.PNG")).unwrap();
    let dataset = load(place.path()).unwrap();
    assert_eq!((dataset.train.len(), dataset.validation.len(), dataset.notices.len()), (8, 2, 0));
}

#[test]
fn validation_folders_have_many_names_and_the_first_known_one_is_used() {
    for name in ["val", "valid", "Validation", "test"] {
        let place = tempdir().unwrap();
        write_classes(&place.path().join("train"), &["ape", "bee"], 2);
        write_classes(&place.path().join(name), &["ape", "bee"], 5);
        assert_eq!(load(place.path()).unwrap().validation.len(), 10, "{name}");
        let share = Data { holdout: Holdout::Share(0.5), ..data_at(place.path()) };
        let held = Dataset::load(&share, 0).unwrap();
        assert_eq!(held.validation.len(), 2, "a share is taken from the training images");
        let says = |dataset: &Dataset| dataset.notices.iter().any(|it| it.contains("test, as no folder is named val"));
        assert_eq!((says(&load(place.path()).unwrap()), says(&held)), (name == "test", false), "{name}");
    }
    let place = tempdir().unwrap();
    for (part, each) in [("train", 2), ("val", 3), ("test", 4)] {
        write_classes(&place.path().join(part), &["ape", "bee"], each);
    }
    let dataset = load(place.path()).unwrap();
    assert_eq!(dataset.validation.len(), 6);
    assert!(dataset.notices[0].contains("test is left out"), "{:?}", dataset.notices);
}

#[test]
fn pictures_of_all_sizes_are_brought_to_the_one_asked_for() {
    let place = tempdir().unwrap();
    write_classes(place.path(), &["ape", "bee"], 4);
    save(&place.path().join("bee/wide.png"), &picture(1, 50, 20));
    for fit in [Fit::Cover, Fit::Contain, Fit::Stretch] {
        let data = Data { resize: Some(Resize { height: 16, width: 24, fit }), ..data_at(place.path()) };
        let dataset = Dataset::load(&data, 0).unwrap();
        assert_eq!((dataset.shape(), dataset.train.len() + dataset.validation.len()), ([3, 16, 24], 9));
    }
}

#[test]
fn gray_pictures_take_one_channel_and_one_colour_picture_makes_it_three() {
    let place = tempdir().unwrap();
    for (class, number) in (0..2).flat_map(|class| (0..3).map(move |number| (class, number))) {
        let path = place.path().join(format!("{class}/{number}.png"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        image::GrayImage::from_pixel(8, 8, image::Luma([class * 100 + number])).save(path).unwrap();
    }
    let dataset = load(place.path()).unwrap();
    let first = dataset.train.image(0).unwrap();
    assert_eq!((dataset.shape(), &*first), ([1, 8, 8], &[first[0]; 64][..]));
    let rgb = Data { channels: Channels::Rgb, ..data_at(place.path()) };
    assert_eq!(Dataset::load(&rgb, 0).unwrap().shape(), [3, 8, 8]);
    save(&place.path().join("1/colour.png"), &picture(1, 8, 8));
    assert_eq!(load(place.path()).unwrap().shape(), [3, 8, 8]);
    let gray = Data { channels: Channels::Gray, ..data_at(place.path()) };
    assert_eq!(Dataset::load(&gray, 0).unwrap().shape(), [1, 8, 8]);
}

#[test]
fn a_few_unreadable_pictures_are_left_out_by_name_and_many_are_refused() {
    let place = tempdir().unwrap();
    write_classes(place.path(), &["ape", "bee"], 8);
    for number in 0..6 {
        fs::write(place.path().join(format!("bee/broken{number}.png")), [0; 50]).unwrap();
    }
    fs::write(place.path().join("ape/empty.jpg"), []).unwrap();
    let dataset = load(place.path()).unwrap();
    assert_eq!(dataset.train.len() + dataset.validation.len(), 16);
    let notice = &dataset.notices[0];
    assert!(
        notice.starts_with("7 files were left out: 1 because the file is empty (")
            && notice.contains("empty.jpg")
            && notice.ends_with(", …)"),
        "{notice}"
    );
    for number in 6..20 {
        fs::write(place.path().join(format!("bee/broken{number}.png")), []).unwrap();
    }
    refused(&data_at(place.path()), &["21 of 37 pictures cannot be read", "ape/empty.jpg", "the file is empty"]);
}

#[test]
fn limits_leave_pictures_on_disk() {
    let place = tempdir().unwrap();
    write_classes(place.path(), &["ape", "bee"], 10);
    // Whichever of these are chosen, decoding the others would be noticed.
    let data = Data { train_limit: Some(4), validation_limit: Some(2), ..data_at(place.path()) };
    let before = Dataset::load(&data, 0).unwrap();
    let used: Vec<_> = before.train.files.iter().chain(&before.validation.files).cloned().collect();
    for (class, number) in ["ape", "bee"].into_iter().flat_map(|class| (0..10).map(move |number| (class, number))) {
        let path = place.path().join(class).join(format!("{number}.png"));
        if !used.contains(&path) {
            fs::write(path, "no picture any more").unwrap();
        }
    }
    assert_eq!(Dataset::load(&data, 0).unwrap(), before);
}
