//! The data section's rows.

use super::field::{Fields, choose, decimal, named};
use super::recipe::{optional, whole};
use crate::app::action::Action;
use crate::app::{help, theme};
use crate::experiment::{Channels, Data, Fit, Holdout, Normalization, Resize, Source};
use eframe::egui::{DragValue, Response, TextEdit, Ui, vec2};

/// Rows of the data set.
pub fn ui(ui: &mut Ui, fields: &Fields, data: &mut Data, preset: Option<&Data>, actions: &mut Vec<Action>) {
    source(ui, fields, &mut data.source, preset.map(|p| &p.source), actions);
    fields.row(ui, ("Validate on", "holdout"), &help::HOLDOUT, &mut data.holdout, preset.map(|p| &p.holdout), holdout);
    let base = preset.map(|p| &p.train_limit);
    fields.row(ui, ("Training limit", "train_limit"), &help::TRAIN_LIMIT, &mut data.train_limit, base, |ui, value| {
        optional(ui, value, 1000, "Training images", whole)
    });
    let (names, base) = (("Validation limit", "validation_limit"), preset.map(|p| &p.validation_limit));
    fields.row(ui, names, &help::VALIDATION_LIMIT, &mut data.validation_limit, base, |ui, value| {
        optional(ui, value, 500, "Validation images", whole)
    });
    fields.row(ui, ("Resize", "resize"), &help::RESIZE, &mut data.resize, preset.map(|p| &p.resize), |ui, value| {
        optional(ui, value, Resize { height: 32, width: 32, fit: Fit::Cover }, "Size", size)
    });
    if let Some(resize) = &mut data.resize {
        let options = [(Fit::Cover, "Cover"), (Fit::Contain, "Contain"), (Fit::Stretch, "Stretch")];
        fields.choice(ui, ("Other shapes", "resize.fit"), &help::FIT, &mut resize.fit, None, &options);
    }
    let options = [(Channels::Auto, "As they are"), (Channels::Gray, "Gray"), (Channels::Rgb, "Colour")];
    let base = preset.map(|p| &p.channels);
    fields.choice(ui, ("Colour", "channels"), &help::CHANNELS, &mut data.channels, base, &options);
    let mut options = vec![(Normalization::Measured, "Measured"), (Normalization::Off, "Off")];
    if matches!(data.normalization, Normalization::Given { .. }) {
        options.push((data.normalization.clone(), "Given numbers"));
    }
    let base = preset.map(|p| &p.normalization);
    fields.choice(ui, ("Normalise", "normalization"), &help::NORMALIZATION, &mut data.normalization, base, &options);
}

fn source(ui: &mut Ui, fields: &Fields, source: &mut Source, preset: Option<&Source>, actions: &mut Vec<Action>) {
    fields.row(ui, ("Images", "source"), &help::SOURCE, source, preset, |ui, source| {
        let mut own = *source != Source::Embedded;
        let options = [(false, "Fashion-MNIST, embedded"), (true, "Folder or file")];
        let response = choose(ui, &mut own, &options);
        match (own, &*source) {
            (true, Source::Embedded) => *source = Source::Path(Default::default()),
            (false, Source::Path(_)) => *source = Source::Embedded,
            _ => {}
        }
        response
    });
    if let Source::Path(path) = source {
        fields.row(ui, ("Path", "source.path"), &help::SOURCE, path, None, |ui, path| {
            let mut text = path.to_string_lossy().into_owned();
            let width = (ui.available_width() - 64.0).max(40.0);
            let response = ui.add(TextEdit::singleline(&mut text).desired_width(width).hint_text("/path/to/images"));
            if response.changed() {
                *path = text.into();
            }
            let open = ui.button("Open…");
            if named(ui, open, "Choose the images").clicked() {
                actions.push(Action::ChooseData);
            }
            response
        });
    }
}

fn holdout(ui: &mut Ui, value: &mut Holdout) -> Response {
    let mut share = matches!(value, Holdout::Share(_));
    if let Holdout::Share(part) = value {
        let mut wide = f64::from(*part);
        let width = 56.0;
        ui.allocate_ui(vec2(width, theme::ROW), |ui| {
            let response = decimal(ui, &mut wide);
            #[allow(clippy::cast_possible_truncation, reason = "the field holds single precision")]
            if response.changed() {
                *part = wide as f32;
            }
            named(ui, response, "Share held out");
        });
    }
    let response = choose(ui, &mut share, &[(false, "Its own test images"), (true, "of the training images")]);
    match (share, &*value) {
        (true, Holdout::Own) => *value = Holdout::Share(0.1),
        (false, Holdout::Share(_)) => *value = Holdout::Own,
        _ => {}
    }
    response
}

/// Height × width.
fn size(ui: &mut Ui, value: &mut Resize) -> Response {
    let each = vec2((ui.available_width() - 24.0) / 2.0, theme::ROW);
    let response = ui.add(DragValue::new(&mut value.height).speed(0.2).update_while_editing(false).min_size(each));
    ui.label("×");
    let width = ui.add(DragValue::new(&mut value.width).speed(0.2).update_while_editing(false).min_size(each));
    named(ui, width, "Width in pixels");
    response
}

/// The data in a few words.
#[must_use]
pub fn in_words(data: &Data) -> String {
    match &data.source {
        Source::Embedded => "Fashion-MNIST".into(),
        Source::Path(path) => {
            path.file_name().map_or_else(|| "no path".into(), |name| name.to_string_lossy().into_owned())
        }
    }
}
