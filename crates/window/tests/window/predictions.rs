//! Looking through the validation images.

use crate::asked::*;
use crate::pictures::compare_panel;
use crate::room::{cut, texts};
use crate::scripted::*;
use eframe::egui::{Modifiers, Rect, Theme, Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use lab_core::instrument::{Answer, Finding, Neighbour, Predictions, QueryImage, Question};
use lab_core::protocol::{Event, Thumbnail};
use lab_window::App;
use lab_window::dialogs::{Chosen, FileDialog};
use std::sync::Arc;

pub fn answer_predictions(script: &Script) {
    let (id, _) = script.asked_for(|question| *question == Question::Predictions).expect("predictions were asked");
    let found = [4, 12].map(|wrong| Ok(Finding::Predictions(predictions(wrong))));
    script.found(id, found);
    let (id, _) = script.asked_for(|question| *question == Question::Gallery).expect("the gallery was asked");
    script.say(Event::Answer { id, answer: Ok(Answer::Gallery(Arc::new(gallery()))) });
}

pub fn predicted() -> (Harness<'static, App>, Script) {
    let (mut harness, script) = at_tab("Predictions");
    harness.get_by_label("Predict: Predictions").click();
    harness.run();
    answer_predictions(&script);
    harness.run();
    (harness, script)
}

#[test]
fn a_class_that_was_never_said_has_no_precision() {
    let (mut harness, script) = at_tab("Predictions");
    harness.get_by_label("Predict: Predictions").click();
    harness.run();
    let (id, _) = script.asked_for(|question| *question == Question::Predictions).unwrap();
    let mut never = predictions(4);
    never.predicted.iter_mut().filter(|said| **said == 3).for_each(|said| *said = 4);
    script.found(id, [Ok(Finding::Predictions(never)), Ok(Finding::Predictions(predictions(12)))]);
    let (id, _) = script.asked_for(|question| *question == Question::Gallery).unwrap();
    script.say(Event::Answer { id, answer: Ok(Answer::Gallery(Arc::new(gallery()))) });
    harness.run();
    harness.get_by_label("Per class").click();
    harness.run();
    assert_eq!(harness.query_all_by_label("–").count(), 1, "of one class, in one arm");
    assert!(harness.query_all_by_label("0.0 %").count() >= 2, "its recall and F1");
}

#[test]
fn what_is_seen_is_explained_and_given_away_in_one_place() {
    let (mut harness, _script) = predicted();
    for (tab, title, menu) in [
        ("Images", "Predictions", "Export Predictions"),
        ("Per class", "Confusion", "Export Per class"),
        ("Calibration", "Calibration", "Export Calibration"),
    ] {
        harness.get_by_label(tab).click();
        harness.run();
        let marks = names(&harness, "What am I looking at: ");
        let of_pairs = "What am I looking at: Disagreement";
        let marks: Vec<_> = marks.into_iter().filter(|mark| mark != of_pairs).collect();
        assert_eq!(marks, [format!("What am I looking at: {title}")], "{tab}");
        let menus = names(&harness, menu);
        assert_eq!(menus.len(), 1, "{tab}: {menus:?}");
    }
}

#[test]
fn images_are_sorted_filtered_and_looked_at() {
    let (mut harness, script) = predicted();
    // 15 of plain's and 5 of residual's predictions are wrong, and those 5 are among the 15.
    assert!(shows(
        &harness,
        "60 of 60 images. Of all 60: only plain right: 0; only residual right: 10; if both were equally good, chance would do this in 2 of 1,000 cases"
    ));
    pick(&mut harness, "Images that are shown", "Only another right");
    assert!(shows(&harness, "10 of 60 images"));
    pick(&mut harness, "Class that is shown", "Coat");
    assert!(shows(&harness, "2 of 60 images"));
    harness.get_by_label("Image 4, Coat; plain: Sandal, residual: Coat").click();
    harness.run();
    assert!(shows(&harness, "plain: Sandal 53.2 %"));
    harness.get_by_label("Find the nearest training images").click();
    harness.run();
    let nearest = Question::Nearest { sample: QueryImage::Validation(4), count: 5 };
    let (id, _) = script.asked_for(|question| *question == nearest).expect("asked");
    let seen = Thumbnail { width: 1, height: 1, rgb: vec![9; 3] };
    let near = |class| Ok(Finding::Nearest(vec![Neighbour { image: 123, class, distance: 0.5, seen: seen.clone() }]));
    script.found(id, [near(5), near(4)]);
    harness.run();
    assert!(harness.query_by_label("training image 123: Coat, distance 0.500").is_some());
    harness.get_by_label("Explain this image").click();
    harness.run();
    let asked =
        script.asked_for(|question| matches!(question, Question::Explain { sample: QueryImage::Validation(4), .. }));
    assert!(asked.is_some(), "Explain is asked about the image");
}

#[test]
fn several_images_are_chosen_and_a_cell_of_the_matrix_shows_its_images() {
    let (mut harness, _script) = predicted();
    pick(&mut harness, "Order of the images", "As in the data");
    harness.get_by_label_contains("Image 0, T-shirt").click();
    harness.run();
    harness.get_by_label_contains("Image 2, Pullover").click_modifiers(Modifiers::COMMAND);
    harness.run();
    assert!(harness.query_by_label("2 images selected").is_some());
    assert!(harness.query_by_label("Export Selected images").is_some());
}

/// Chooses two images and asks for a folder of them.
fn chosen_to_save() -> (Harness<'static, App>, Script) {
    let (mut harness, script) = predicted();
    pick(&mut harness, "Order of the images", "As in the data");
    harness.get_by_label_contains("Image 0, T-shirt").click();
    harness.run();
    harness.get_by_label_contains("Image 2, Pullover").click_modifiers(Modifiers::COMMAND);
    harness.run();
    harness.get_by_label("Save the selected images as pictures").click();
    harness.run();
    (harness, script)
}

#[test]
fn chosen_images_become_a_folder_of_pictures_that_is_never_overwritten() {
    let (mut harness, script) = chosen_to_save();
    assert_eq!(script.places.borrow().last().map(String::as_str), Some("chosen-images"));
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("hard ones");
    *script.chosen.borrow_mut() = Some(Chosen::Paths(FileDialog::Export, vec![folder.clone()]));
    wait_until(&mut harness, "it is shown", |harness| shows(harness, "Saved "));
    let mut reader = csv::Reader::from_path(folder.join("images.csv")).unwrap();
    let header = [
        "image",
        "file",
        "truth",
        "plain prediction",
        "plain confidence",
        "plain loss",
        "residual prediction",
        "residual confidence",
        "residual loss",
    ];
    assert_eq!(reader.headers().unwrap(), &header[..]);
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let file = "00000_true-T-shirt_plain-Trouser_residual-Trouser.png";
    assert_eq!((&rows[0][0], &rows[0][1], &rows[0][3]), ("0", file, "Trouser"));
    assert!((rows[1][5].parse::<f64>().unwrap() - f64::from(predictions(4).loss[2])).abs() < 1e-9);
    let picture = image::open(folder.join(file)).unwrap().to_rgb8();
    assert_eq!(picture.dimensions(), (8, 8));
    let pixels: Vec<u8> = picture.pixels().map(|pixel| pixel.0[0]).collect();
    assert_eq!(pixels, gallery().pixels[..64], "the image as it is in the data");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 3);
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 1, "nothing else is left behind");

    std::fs::write(folder.join("notes.txt"), "mine").unwrap();
    harness.get_by_label("Save the selected images as pictures").click();
    harness.run();
    *script.chosen.borrow_mut() = Some(Chosen::Paths(FileDialog::Export, vec![folder.clone()]));
    wait_until(&mut harness, "it is refused", |harness| shows(harness, "there is something of this name already"));
    assert_eq!(std::fs::read_to_string(folder.join("notes.txt")).unwrap(), "mine");
}

#[test]
fn a_folder_for_pictures_is_typed_where_no_dialog_opens() {
    let (mut harness, script) = chosen_to_save();
    *script.chosen.borrow_mut() = Some(Chosen::Unavailable(FileDialog::Export));
    harness.run();
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("typed");
    type_into(&mut harness, "Path", &folder.display().to_string());
    wait_until(&mut harness, "the folder is there", |_| folder.join("images.csv").exists());
}

/// A question that was taken back leaves arms that know of different numbers of images.
#[test]
fn only_images_that_all_arms_know_are_shown_and_all_of_them_are_chosen_at_once() {
    let (mut harness, script) = predicted();
    harness.get_by_label("Select all").click();
    harness.run();
    assert!(harness.query_by_label("60 images selected").is_some());
    harness.get_by_label("Predict: Predictions").click();
    harness.run();
    let few = predictions_of(20, 12);
    let (id, _) = script.asked_for(|question| *question == Question::Predictions).expect("asked");
    script.found(id, [Ok(Finding::Predictions(predictions(4))), Ok(Finding::Predictions(few))]);
    harness.run();
    assert!(shows(&harness, "20 of 60 images"));
    assert!(harness.query_by_label("20 images selected").is_some());
}

#[test]
fn classes_and_calibration_are_shown_for_both_arms() {
    let (mut harness, _script) = predicted();
    harness.get_by_label("Per class").click();
    harness.run();
    assert!(shows(&harness, "plain: accuracy 75.0 %"));
    harness.get_by_label("Calibration").click();
    harness.run();
    assert!(shows(&harness, "residual: expected calibration error"));
    assert!(
        shows(&harness, "groups with less than 10 images, drawn faint"),
        "{:?}",
        names(&harness, "calibration error")
    );
    assert!(shows(&harness, "on the diagonal confidence equals accuracy"));
}

/// The classes of answers in a window of this size.
fn per_class(size: Vec2) -> Harness<'static, App> {
    let (mut harness, _script) = predicted();
    harness.get_by_label("Per class").click();
    harness.set_size(size);
    harness.run();
    harness
}

#[test]
fn shares_of_a_class_stand_below_their_heading_digit_below_digit() {
    let harness = per_class(vec2(1920.0, 1080.0));
    let rights = |name: &str| harness.query_all_by_label(name).map(|node| node.rect().right()).collect::<Vec<_>>();
    let headings: Vec<f32> = ["Precision", "Recall", "F1"].into_iter().flat_map(rights).collect();
    assert_eq!(headings.len(), 6, "three for each network");
    let shares: Vec<f32> = rights("0.0 %").into_iter().chain(rights("100.0 %")).collect();
    assert!(!shares.is_empty());
    for share in shares {
        assert!(headings.iter().any(|heading| (heading - share).abs() < 1.0), "{share} below none of {headings:?}");
    }
    let first = harness.query_all_by_label("Precision").next().unwrap().rect();
    let is_above = |at: Rect| (0.0..16.0).contains(&(first.top() - at.bottom())) && at.left() < first.right();
    assert!(texts(&harness).iter().any(|(text, at, _)| text == "plain" && is_above(*at)), "whose they are");
}

#[test]
fn a_table_of_classes_that_goes_on_beyond_its_panel_says_so_and_keeps_its_names() {
    let goes_on = |harness: &Harness<'static, App>| texts(harness).iter().any(|(text, ..)| text == "›");
    assert!(!goes_on(&per_class(vec2(1920.0, 1080.0))));
    let mut harness = per_class(vec2(1024.0, 700.0));
    assert!(goes_on(&harness));
    harness.query_all_by_label("Images").last().expect("the last column").scroll_to_me();
    harness.run();
    assert!(!goes_on(&harness), "at its end nothing is hidden");
    let name = texts(&harness).into_iter().find(|(text, ..)| text == "Pullover").expect("a class");
    assert!(name.2.contains_rect(name.1), "{name:?}");
}

#[test]
fn five_guesses_are_shown_only_where_there_are_more_classes() {
    let (mut harness, script) = predicted();
    harness.get_by_label("Per class").click();
    harness.run();
    assert!(shows(&harness, "plain: accuracy 75.0 %, top 5 "));
    click(&mut harness, "Predict: Predictions");
    let mut few = Predictions::of(4, 8);
    (0..8).for_each(|image| few.push(image % 4, 0, 1.0, &[0.25; 4]));
    let (id, _) = script.asked_for(|question| *question == Question::Predictions).expect("asked");
    script.found(id, [Ok(Finding::Predictions(few.clone())), Ok(Finding::Predictions(few))]);
    harness.run();
    assert!(shows(&harness, "plain: accuracy 25.0 %, macro F1 "), "{:?}", names(&harness, "accuracy"));
}

#[test]
fn confidence_and_accuracy_are_both_in_percent() {
    let (mut harness, _script) = predicted();
    harness.get_by_label("Calibration").click();
    harness.run();
    let all: Vec<String> = texts(&harness).into_iter().map(|(text, ..)| text).collect();
    let times = |wanted: &str| all.iter().filter(|text| *text == wanted).count();
    assert_eq!([times("100 %"), times("confidence"), times("accuracy")], [2, 1, 1], "{all:?}");
    harness.set_size(vec2(1024.0, 700.0));
    harness.run();
    assert_eq!(cut(&harness), Vec::<String>::new());
}

#[test]
fn a_term_is_explained_where_it_is_said() {
    let (mut harness, _script) = predicted();
    harness.get_by_label_contains("if both were equally good, chance would do this").hover();
    harness.run_steps(40);
    assert!(harness.query_by_label("McNemar's test").is_some());
    assert!(shows(&harness, "each of these would fall to either side like a coin"));
}

/// Ten thousand images are a matter of the rows in view.
#[test]
fn ten_thousand_images_are_scrolled_through() {
    let (mut harness, script) = at_tab("Predictions");
    harness.get_by_label("Predict: Predictions").click();
    harness.run();
    let many = 10_000;
    let found = predictions_of(many, 4);
    let (id, _) = script.asked_for(|question| *question == Question::Predictions).expect("asked");
    script.found(id, [Ok(Finding::Predictions(found.clone())), Ok(Finding::Predictions(found))]);
    let (id, _) = script.asked_for(|question| *question == Question::Gallery).expect("asked");
    let mut images = gallery();
    images.pixels = images.pixels.iter().copied().cycle().take(64 * many).collect();
    images.labels = images.labels.iter().copied().cycle().take(many).collect();
    script.say(Event::Answer { id, answer: Ok(Answer::Gallery(Arc::new(images))) });
    harness.run();
    assert!(shows(&harness, "10,000 of 10,000 images"));
    let drawn = harness.query_all_by_label_contains("; plain: ").count();
    assert!((10..1000).contains(&drawn), "only what is in view is drawn: {drawn}");
}

fn compare(theme: Theme, name: &str) {
    compare_panel("Predictions", theme, name, |harness, script| {
        harness.get_by_label("Predict: Predictions").click();
        harness.run();
        answer_predictions(script);
    });
}

#[test]
fn predictions_look_as_they_did_in_the_dark() {
    compare(Theme::Dark, "predictions_dark");
}

#[test]
fn predictions_look_as_they_did_in_the_light() {
    compare(Theme::Light, "predictions_light");
}
