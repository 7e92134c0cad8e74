//! Several chosen validation images: what every arm says of them, as lines, as a table and as a folder of pictures.

use super::bench::OfArm;
use super::paper::{Paper, PaperFigure, ROWS};
use super::tiles::{Tiles, class};
use super::verdict::Predicted;
use crate::action::Action;
use crate::export::{Album, SavedContent};
use crate::give_away;
use crate::kit::theme::{self, Tokens};
use crate::kit::widgets::named;
use eframe::egui::Ui;
use lab_core::files::dashed;
use lab_core::instrument::Gallery;
use lab_core::number::percent;
use lab_core::table::Table;
use std::fmt::Write as _;
use std::sync::Arc;

/// Images that have a line each, at most.
const LINES: usize = 200;

/// Gives the chosen images away.
pub fn tools(ui: &mut Ui, images: &[usize], arms: &[Predicted], gallery: &Arc<Gallery>, actions: &mut Vec<Action>) {
    let paper = Paper {
        name: "chosen-images",
        title: "Selected images".to_owned(),
        tables: || tables(images, arms, gallery),
        figure: PaperFigure { height: ROWS, draw: |ui: &mut Ui| Tiles { arms, gallery }.sheet(ui, images) },
    };
    give_away::button(ui, "Selected images", &paper, actions);
    let save = ui.button("Save pictures…");
    let save = save.on_hover_text("A new folder with each image as a PNG and a table of what every arm says of it");
    if named(ui, save, "Save the selected images as pictures").clicked() {
        let content = SavedContent::Folder(Arc::new(album(images, arms, gallery)));
        actions.push(Action::Save { name: "chosen-images".into(), content });
    }
}

/// What every arm says of each image.
pub fn lines(ui: &mut Ui, images: &[usize], arms: &[Predicted], gallery: &Gallery) {
    for &image in images.iter().take(LINES) {
        let truth = class(gallery, gallery.labels[image]);
        let says: Vec<String> = arms
            .iter()
            .map(|OfArm { name, found, .. }| {
                let taken = class(gallery, found.predicted[image]);
                format!("{name} {taken} {}", percent(f64::from(found.confidence(image))))
            })
            .collect();
        let file = gallery.file(image).map_or_else(String::new, |file| format!(" ({file})"));
        ui.label(format!("Image {image}{file}, {truth}: {}", says.join(", ")));
    }
    if images.len() > LINES {
        let text = format!("… and {} more, which the table and the folder have, too", images.len() - LINES);
        ui.label(theme::caption(text, &Tokens::of(ui)));
    }
}

fn tables(images: &[usize], arms: &[Predicted], gallery: &Gallery) -> Vec<(String, Table)> {
    let table = |of: &Predicted| of.found.table(&gallery.classes, &gallery.files).only(images);
    arms.iter().map(|of| (of.name.to_owned(), table(of))).collect()
}

/// The images with what is known of them.
fn album(images: &[usize], arms: &[Predicted], gallery: &Gallery) -> Album {
    let names: Vec<String> = images.iter().map(|&image| file_name(image, arms, gallery)).collect();
    let word = |text: &str| Arc::<str>::from(text);
    let truths = images.iter().map(|&image| word(class(gallery, gallery.labels[image])));
    let mut table = Table::default()
        .numbers("image", images.iter().map(|&image| image as f64))
        .words("file", names.iter().map(|name| word(name)))
        .words("truth", truths);
    for OfArm { name, found, .. } in arms {
        let taken = images.iter().map(|&image| word(class(gallery, found.predicted[image])));
        table = table
            .words(&format!("{name} prediction"), taken)
            .numbers(&format!("{name} confidence"), images.iter().map(|&image| f64::from(found.confidence(image))))
            .numbers(&format!("{name} loss"), images.iter().map(|&image| f64::from(found.loss[image])));
    }
    let seen = images.iter().map(|&image| gallery.seen(image).unwrap_or_default());
    Album { pictures: names.into_iter().zip(seen).collect(), table: ("images.csv".into(), table) }
}

/// Longest name of a picture; file systems take 255 bytes.
const NAME: usize = 160;

/// `00012_true-Coat_plain-Shirt_residual-Coat.png`
fn file_name(image: usize, arms: &[Predicted], gallery: &Gallery) -> String {
    let mut name = format!("{image:05}_true-{}", plain(class(gallery, gallery.labels[image])));
    for OfArm { name: arm, found, .. } in arms {
        // Writing into a text cannot fail.
        let _ = write!(name, "_{}-{}", plain(arm), plain(class(gallery, found.predicted[image])));
    }
    name.truncate(NAME);
    name + ".png"
}

/// A text in letters, digits and dots that every file system takes.
fn plain(text: &str) -> String {
    let mut name = dashed(text, |letter| letter.is_ascii_alphanumeric() || letter == '.');
    name.truncate(40);
    name
}
