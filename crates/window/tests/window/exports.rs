//! What is copied and saved, and that others can read it.

use crate::scripted::*;
use eframe::egui::Key;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use lab_window::App;
use lab_window::dialogs::{Chosen, FileDialog};
use std::fs;
use std::path::{Path, PathBuf};

/// Saves something of the loss plot in a folder.
fn save(harness: &mut Harness<'static, App>, script: &Script, entry: &str, folder: &Path) -> PathBuf {
    save_of(harness, script, "Loss", entry, folder)
}

fn has(harness: &Harness<'static, App>, text: &str) -> bool {
    !names(harness, text).is_empty()
}

/// Saves something in a folder, by the menu and a dialog.
pub fn save_of(
    harness: &mut Harness<'static, App>,
    script: &Script,
    what: &str,
    entry: &str,
    folder: &Path,
) -> PathBuf {
    click(harness, &format!("Export {what}"));
    harness.get_by_label(entry).click();
    harness.run();
    let name = script.places.borrow().last().cloned().expect("a place was asked for");
    let path = folder.join(name);
    *script.chosen.borrow_mut() = Some(Chosen::Paths(FileDialog::Export, vec![path.clone()]));
    wait_until(harness, "the file is there", |_| path.exists());
    wait_until(harness, "it is shown", |harness| !names(harness, "Saved ").is_empty());
    path
}

#[test]
fn a_plots_table_has_every_step_of_every_arm() {
    let (mut harness, script) = training(60);
    let place = tempfile::tempdir().unwrap();
    let path = save(&mut harness, &script, "Save CSV…", place.path());
    assert_eq!(path.file_name().unwrap(), "loss.csv");
    let mut reader = csv::Reader::from_path(&path).unwrap();
    assert_eq!(reader.headers().unwrap(), vec!["arm", "kind", "step", "epoch", "seconds", "images", "loss"]);
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let of = |arm: &str, kind: &str| -> Vec<&csv::StringRecord> {
        rows.iter().filter(|row| &row[0] == arm && &row[1] == kind).collect()
    };
    for (index, arm) in ["plain", "residual"].into_iter().enumerate() {
        let steps = of(arm, "training");
        assert_eq!(steps.len(), 60);
        let expected = record(17, 2).arms[index].unwrap().loss;
        assert_eq!((&steps[16][2], &steps[16][5]), ("17", "2176"), "step 17 ends with image 17 × 128");
        assert_eq!(steps[16][6].parse::<f64>().unwrap(), expected);
        assert_eq!(of(arm, "smoothed").len(), 60);
        assert!(!of(arm, "validation").is_empty());
    }
}

#[test]
fn a_plots_vectors_name_arms_axes_and_units() {
    let (mut harness, script) = training(60);
    let place = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(save(&mut harness, &script, "Save SVG…", place.path())).unwrap();
    well_formed(&text);
    for part in ["Loss (nats)", "plain, training", "residual, validation", ">step<", "moving average 0.80"] {
        assert!(text.contains(part), "no \"{part}\" in {text}");
    }
    // The colours of the first two arms on paper, as lines of many points.
    for color in ["#0072b2", "#d55e00"] {
        let line = |line: &str| line.starts_with("<polyline") && line.contains(color) && line.matches(',').count() > 40;
        assert!(text.lines().any(line), "no line in {color}");
    }
}

#[test]
fn a_plots_pixels_show_the_arms_colours() {
    let (mut harness, script) = training(60);
    let place = tempfile::tempdir().unwrap();
    let picture = image::open(save(&mut harness, &script, "Save PNG…", place.path())).unwrap().to_rgb8();
    assert_eq!(picture.dimensions(), (1600, 1000));
    let count = |color: [u8; 3]| {
        picture.pixels().filter(|pixel| pixel.0.iter().zip(color).all(|(a, b)| a.abs_diff(b) < 8)).count()
    };
    assert!(count([255, 255, 255]) > 1_000_000, "paper is white");
    assert!(count([0x00, 0x72, 0xB2]) > 500, "the first arm is blue");
    assert!(count([0xD5, 0x5E, 0x00]) > 500, "the second is vermillion");
}

#[test]
fn data_are_copied() {
    let (mut harness, _script) = training(60);
    harness.get_by_label("Export Accuracy").click();
    harness.run();
    harness.get_by_label("Copy data").click();
    wait_until(&mut harness, "it is shown", |harness| !names(harness, "in the clipboard").is_empty());
}

#[test]
fn what_is_saved_while_another_dialog_is_open_does_not_take_its_place() {
    let (mut harness, script) = training(20);
    let place = tempfile::tempdir().unwrap();
    let ask = |harness: &mut Harness<'static, App>, what: &str| {
        click(harness, &format!("Export {what}"));
        click(harness, "Save CSV…");
    };
    ask(&mut harness, "Loss");
    script.is_open.set(true);
    ask(&mut harness, "Accuracy");
    assert!(has(&harness, "Not saved: another dialog is open"), "{:?}", names(&harness, "Not saved"));
    let path = place.path().join("first.csv");
    *script.chosen.borrow_mut() = Some(Chosen::Paths(FileDialog::Export, vec![path.clone()]));
    wait_until(&mut harness, "the file is there", |_| path.exists());
    assert!(fs::read_to_string(&path).unwrap().starts_with("arm,kind,step,epoch,seconds,images,loss"));
}

#[test]
fn nothing_is_replaced_of_which_nobody_was_asked() {
    let (mut harness, script) = training(20);
    let place = tempfile::tempdir().unwrap();
    let mine = place.path().join("mine.csv");
    fs::write(&mine, "my own").unwrap();
    let ask = |harness: &mut Harness<'static, App>| {
        click(harness, "Export Loss");
        click(harness, "Save CSV…");
    };
    // A dialog asks about the name that was chosen, not about the one with an ending.
    ask(&mut harness);
    *script.chosen.borrow_mut() = Some(Chosen::Paths(FileDialog::Export, vec![place.path().join("mine")]));
    wait_until(&mut harness, "it is refused", |harness| has(harness, "mine.csv is there already. Choose another name"));
    // Nobody asks about what is typed but this question itself.
    ask(&mut harness);
    *script.chosen.borrow_mut() = Some(Chosen::Unavailable(FileDialog::Export));
    harness.run();
    type_into(&mut harness, "Path", &mine.display().to_string());
    assert!(has(&harness, "is there already. Press Save again to replace it."));
    assert_eq!(fs::read_to_string(&mine).unwrap(), "my own");
    click(&mut harness, "Save this path");
    wait_until(&mut harness, "it is replaced", |_| fs::read_to_string(&mine).unwrap().starts_with("arm,"));
    // What stands behind the dot of a number is no ending.
    ask(&mut harness);
    let number = place.path().join("rate-0.01");
    *script.chosen.borrow_mut() = Some(Chosen::Paths(FileDialog::Export, vec![number]));
    wait_until(&mut harness, "it has its ending", |_| place.path().join("rate-0.01.csv").exists());
}

#[test]
fn where_no_dialog_opens_the_path_is_typed() {
    let (mut harness, script) = training(20);
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("typed.csv");
    harness.get_by_label("Export Loss").click();
    harness.run();
    harness.get_by_label("Save CSV…").click();
    harness.run();
    *script.chosen.borrow_mut() = Some(Chosen::Unavailable(FileDialog::Export));
    harness.run();
    type_into(&mut harness, "Path", &path.display().to_string());
    wait_until(&mut harness, "the file is there", |_| path.exists());
    assert!(harness.query_by_label("Path").is_none(), "the question is gone");
}

#[test]
fn what_cannot_be_saved_is_shown_and_asked_for_no_longer() {
    let (mut harness, script) = training(20);
    harness.get_by_label("Export Loss").click();
    harness.run();
    harness.get_by_label("Save CSV…").click();
    harness.run();
    *script.chosen.borrow_mut() = Some(Chosen::Paths(FileDialog::Export, vec!["/nowhere/at/all/loss.csv".into()]));
    wait_until(&mut harness, "it is shown", |harness| !names(harness, "Not saved: ").is_empty());
    harness.get_by_label("Export Loss").click();
    harness.run();
    harness.get_by_label("Save SVG…").click();
    harness.run();
    *script.chosen.borrow_mut() = Some(Chosen::Unavailable(FileDialog::Export));
    harness.run();
    assert!(harness.query_by_label("Path").is_some());
    harness.key_press(Key::Escape);
    harness.run();
    assert!(harness.query_by_label("Path").is_none());
}

/// Tags are closed in the order in which they were opened, and attributes are quoted.
pub fn well_formed(text: &str) {
    let mut open = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        assert!(!rest[..start].contains('>'), "a loose > in {:?}", &rest[..start]);
        let end = start + rest[start..].find('>').expect("a tag ends");
        let tag = &rest[start + 1..end];
        assert_eq!(tag.matches('"').count() % 2, 0, "quotes in {tag}");
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') {
            open.push(name);
        }
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty(), "{open:?} stay open");
}
