//! Pictures and folders, dropped, opened, pasted and typed; and weights from a file.

use crate::pictures::pictured;
use crate::scripted::*;
use eframe::egui::{self, Key, Modifiers, Theme};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use lab_core::experiment::Experiment;
use lab_core::protocol::{Command, Event, Picture, Question};
use lab_window::App;
use lab_window::dialogs::{Chosen, FileDialog};
use std::path::{Path, PathBuf};

fn drop_files(harness: &mut Harness<'static, App>, paths: &[&Path]) {
    for path in paths {
        harness.input_mut().dropped_files.push(std::sync::Arc::new(File(path.to_path_buf())));
    }
    harness.run_steps(2);
}

fn asked_about(script: &Script) -> Vec<PathBuf> {
    let sent = script.sent.borrow();
    let asked = sent.iter().rev().find_map(|command| {
        if let Command::Ask { question: Question::Classify(pictures), .. } = command { Some(pictures) } else { None }
    });
    let path = |picture: &Picture| if let Picture::File(path) = picture { path.clone() } else { PathBuf::new() };
    asked.map_or_else(Vec::new, |pictures| pictures.iter().map(path).collect())
}

#[test]
fn before_there_is_a_network_the_panel_says_what_to_do() {
    let (mut harness, script) = window();
    assert!(harness.query_by_label_contains("press Start, or open a run or weights.").is_some());
    drop_files(&mut harness, &[Path::new("coat.png")]);
    let id = script.sent.borrow().iter().find_map(
        |command| {
            if let Command::Ask { id, .. } = command { Some(*id) } else { None }
        },
    );
    let why = "there is no network yet: press Start, or open weights".to_owned();
    script.say(Event::Answer { id: id.unwrap(), answer: Err(why) });
    harness.run();
    assert!(harness.query_by_label_contains("there is no network yet").is_some());
}

#[test]
fn a_folder_is_asked_about_as_a_whole() {
    let (mut harness, script) = training(20);
    drop_files(&mut harness, &[Path::new("pictures"), Path::new("coat.png")]);
    assert_eq!(asked_about(&script), [Path::new("pictures"), Path::new("coat.png")]);
}

#[test]
fn more_classes_are_shown_when_asked_for() {
    let (mut harness, script) = training(20);
    drop_files(&mut harness, &[Path::new("coat.png")]);
    answer(&script);
    harness.run();
    let bars = |harness: &Harness<'static, App>| harness.query_all_by_label_contains("T-shirt 1.00 %, ").count();
    assert_eq!(bars(&harness), 2, "one for each arm among the first three");
    type_into(&mut harness, "Top", "1");
    assert_eq!(bars(&harness), 0);
}

#[test]
fn every_picture_so_far_is_a_click_away() {
    let (mut harness, script) = training(20);
    for name in ["coat.png", "boot.png"] {
        drop_files(&mut harness, &[Path::new(name)]);
        answer(&script);
        harness.run();
    }
    click(&mut harness, "Scroll to coat.png");
    assert!(harness.query_by_label("boot.png as the networks see it").is_some());
}

#[test]
fn a_path_is_pasted_and_a_picture_too() {
    let (mut harness, script) = training(20);
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("bag.png");
    std::fs::write(&path, "").unwrap();
    harness.event(egui::Event::Paste(path.display().to_string()));
    harness.run_steps(3);
    assert_eq!(asked_about(&script), [path]);
    let image = std::sync::Arc::new(egui::ColorImage::filled([3, 2], egui::Color32::RED));
    harness.event(egui::Event::PasteImage(image));
    harness.run_steps(3);
    assert!(script.sent(|command| matches!(command, Command::Ask { question: Question::Classify(pictures), .. }
        if matches!(&pictures[..], [Picture::Pixels { width: 3, height: 2, .. }]))));
}

#[test]
fn a_path_is_typed_where_no_dialog_can_be_opened() {
    let (mut harness, script) = training(20);
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("bag.png");
    std::fs::write(&path, "").unwrap();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::O);
    harness.run();
    *script.chosen.borrow_mut() = Some(Chosen::Unavailable(FileDialog::Pictures));
    harness.run_steps(3);
    assert!(harness.query_by_label_contains("No file dialog can be opened on this system").is_some());
    harness.get_by_label("Path").type_text("/nowhere/at/all.png");
    harness.run();
    harness.key_press(Key::Enter);
    harness.run();
    assert!(harness.query_by_label("There is no /nowhere/at/all.png.").is_some());
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.get_by_label("Path").type_text(&path.display().to_string());
    harness.run();
    harness.key_press(Key::Enter);
    harness.run();
    assert_eq!(asked_about(&script), [path]);
    assert!(harness.query_by_label("Path").is_none(), "the question is over");
}

#[test]
fn weights_whose_path_is_typed_where_pictures_are_classified_are_opened_as_weights() {
    let (mut harness, script) = training(20);
    command(&mut harness, "Show Classify");
    harness.get_by_label("Path of a picture").focus();
    harness.run();
    harness.get_by_label("Path of a picture").type_text("/somewhere/resnet56.th");
    harness.run();
    harness.key_press(Key::Enter);
    harness.run_steps(3);
    assert!(harness.query_by_label("Open these weights").is_some(), "they are no picture");
    assert_eq!(harness.get_by_label("File").accesskit_node().value().as_deref(), Some("/somewhere/resnet56.th"));
    assert!(asked_about(&script).is_empty());
}

#[test]
fn weights_are_opened_and_answer() {
    let (mut harness, script) = window();
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("resnet56-4bfd9763.th");
    std::fs::write(&path, "").unwrap();
    command(&mut harness, "open weights");
    harness.get_by_label("Open these weights").click();
    harness.run();
    assert!(harness.query_by_label("Choose the file of the weights first.").is_some());
    click(&mut harness, "Choose the weights");
    assert_eq!(*script.asked.borrow(), [FileDialog::Weights]);
    *script.chosen.borrow_mut() = Some(Chosen::Paths(FileDialog::Weights, vec![path.clone()]));
    harness.run_steps(3);
    type_into(&mut harness, "Classes", "frog, horse, ship");
    type_into(&mut harness, "Deviation", "0.2, 0");
    harness.get_by_label("Open these weights").click();
    harness.run();
    assert!(harness.query_by_label_contains("Give the deviation as one number for each of 3 channels").is_some());
    type_into(&mut harness, "Deviation", "0.2");
    harness.get_by_label("Open these weights").click();
    harness.run();
    let import = script
        .sent
        .borrow()
        .iter()
        .find_map(|command| if let Command::Import(import) = command { Some(import.clone()) } else { None });
    let import = import.expect("the engine is asked to read them");
    assert!(harness.get_by_label("Open these weights").accesskit_node().is_disabled(), "they are being read");
    script.say(Event::Refused("they are of another network".into()));
    harness.run_steps(3);
    assert!(harness.query_by_label("they are of another network").is_some(), "the question stays, with the reason");
    assert_eq!(harness.get_by_label("Classes").accesskit_node().value().as_deref(), Some("frog, horse, ship"));
    let imports = |script: &Script| script.sent.borrow().iter().filter(|it| matches!(it, Command::Import(_))).count();
    assert_eq!(imports(&script), 1);
    harness.get_by_label("File").focus();
    harness.run();
    harness.key_press(Key::Enter);
    harness.run();
    assert_eq!(imports(&script), 2, "Enter opens them, too");
    assert_eq!((import.name.as_str(), import.network.depth(), &import.weights), ("resnet56", 56, &path));
    assert_eq!((import.dataset.shape, &import.dataset.std), ([3, 32, 32], &vec![0.2; 3]));
    script.say(Event::Imported(import));
    harness.run_steps(3);
    assert!(harness.query_by_label("Open these weights").is_none());
    assert!(harness.query_by_label_contains("Dismiss: resnet56 from").is_some());
    assert!(harness.query_by_label_contains("drop them or a folder on the window, open or paste them").is_some());
}

#[test]
fn weights_without_images_change_nothing_of_what_the_form_says() {
    let (mut harness, script) = window();
    let before = names(&harness, "24.0 M MACs");
    assert!(!before.is_empty());
    let mut opened = prepared(&Experiment::check(harness.state().plan().clone()).unwrap());
    opened.total_steps = 0;
    (opened.dataset.train, opened.dataset.validation, opened.dataset.shape) = (0, 0, [3, 32, 32]);
    script.say(Event::Prepared(Box::new(opened)));
    harness.run();
    assert_eq!(names(&harness, "24.0 M MACs"), before, "its images are as large as before");
    command(&mut harness, "show confusion");
    assert!(!names(&harness, "Weights from a file bring no validation along.").is_empty());
    command(&mut harness, "show predictions");
    assert!(!names(&harness, "These weights were opened without images.").is_empty());
    assert!(harness.get_by_label("Predict: Predictions").accesskit_node().is_disabled(), "nothing can be predicted");
    command(&mut harness, "show log");
    assert!(names(&harness, "0 training").is_empty(), "{:?}", names(&harness, "Ready on"));
}

fn pictures_of_classify(theme: Theme, name: &str) {
    pictured(theme, |harness, script, snapshot| {
        harness.get_by_label("Start").click();
        harness.run();
        script.train(&script.started(), 20);
        harness.run();
        for files in [&["coat.png"][..], &["boot.png", "bad.txt"]] {
            let paths: Vec<&Path> = files.iter().map(Path::new).collect();
            drop_files(harness, &paths);
            answer(script);
            harness.run();
        }
        assert!(!harness.get_by_label("Classify").accesskit_node().is_disabled());
        snapshot(harness, &format!("classify_{name}"));
    });
}

#[test]
fn classify_looks_as_before_in_the_dark() {
    pictures_of_classify(Theme::Dark, "dark");
}

#[test]
fn classify_looks_as_before_in_the_light() {
    pictures_of_classify(Theme::Light, "light");
}

#[test]
fn classes_that_have_no_names_are_numbered_as_a_data_set_numbers_them() {
    let (mut harness, script) = window();
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("resnet20-12fca82f.th");
    std::fs::write(&path, "").unwrap();
    command(&mut harness, "open weights");
    click(&mut harness, "Choose the weights");
    *script.chosen.borrow_mut() = Some(Chosen::Paths(FileDialog::Weights, vec![path]));
    harness.run_steps(3);
    type_into(&mut harness, "Classes", "3");
    harness.get_by_label("Open these weights").click();
    harness.run();
    let sent = script.sent.borrow();
    let classes =
        sent.iter().find_map(|it| if let Command::Import(it) = it { Some(&it.dataset.classes) } else { None });
    assert_eq!(classes.unwrap(), &["0", "1", "2"], "as `residual-lab classify --weights` names them");
}
