//! The rows on how long and how all arms train.

use super::field::Fields;
use super::row::FormRow;
use crate::action::Sought;
use crate::kit::theme;
use crate::kit::widgets::{bounded_field, choose, decimal, named, show_unread, whole_field};
use eframe::egui::{Response, Ui, emath::Numeric, vec2};
use lab_core::experiment::field::{self, Field};
use lab_core::experiment::{Augmentation, EarlyStopping, Length, Precision, Recipe};

/// Rows of the recipe that are neither optimiser, schedule nor augmentation.
pub fn ui(ui: &mut Ui, fields: &Fields, recipe: &mut Recipe, preset: Option<&Recipe>) {
    length(ui, fields, &field::LENGTH, &mut recipe.length, preset.map(|p| &p.length));
    let base = preset.map(|p| &p.batch_size);
    fields.row(ui, &field::BATCH_SIZE, &mut recipe.batch_size, base, |ui, value| {
        fields.found(ui, Sought::BatchSize, value, |ui, value| {
            let size = vec2(ui.available_width(), theme::ROW);
            whole_field(ui, value, |field| field.speed(0.05).suffix(" images").min_size(size))
        })
    });
    fields.whole(ui, &field::SEED, &mut recipe.seed, preset.map(|p| &p.seed), "");
    let base = preset.map(|p| &p.seeds);
    fields.row(ui, &field::SEEDS, &mut recipe.seeds, base, |ui, seeds| {
        let size = vec2(ui.available_width(), theme::ROW);
        bounded_field(ui, seeds, 1..=1000, |field| field.speed(0.05).min_size(size))
    });
    let base = preset.map(|p| &p.label_smoothing);
    fields.single(ui, &field::LABEL_SMOOTHING, &mut recipe.label_smoothing, base);
    let digits = [(Precision::F32, "Single (f32)"), (Precision::Bf16, "bfloat16")];
    let base = preset.map(|p| &p.precision);
    fields.choice(ui, &field::PRECISION, &mut recipe.precision, base, &digits);
    let base = preset.map(|p| &p.clip_norm);
    fields.row(ui, &field::CLIP, &mut recipe.clip_norm, base, |ui, value| {
        optional(ui, value, 1.0, "Largest gradient norm", decimal)
    });
    length(ui, fields, &field::EVALUATE, &mut recipe.evaluate_every, preset.map(|p| &p.evaluate_every));
    let base = preset.map(|p| &p.probe_every);
    fields.whole(ui, &field::PROBE, &mut recipe.probe_every, base, " steps");
    early(ui, fields, &mut recipe.early_stopping, preset.map(|p| &p.early_stopping));
}

/// A value that may be left out: a box to tick, and the value when it is ticked.
pub fn optional<T>(
    ui: &mut Ui,
    value: &mut Option<T>,
    fresh: T,
    name: &str,
    widget: impl FnOnce(&mut Ui, &mut T) -> Response,
) -> Response {
    let mut on = value.is_some();
    let ticked = ui.checkbox(&mut on, if value.is_some() { "" } else { "off" });
    match (on, value.is_some()) {
        (true, false) => *value = Some(fresh),
        (false, true) => *value = None,
        _ => {}
    }
    if let Some(value) = value {
        let response = widget(ui, value);
        let response = named(ui, response, name);
        show_unread(ui, &response);
    }
    ticked
}

/// A whole number as wide as there is room.
pub fn whole<T: Numeric>(ui: &mut Ui, value: &mut T) -> Response {
    let size = vec2(ui.available_width(), theme::ROW);
    whole_field(ui, value, |field| field.speed(0.1).min_size(size))
}

#[derive(Clone, Copy, PartialEq)]
enum Count {
    Epochs,
    Steps,
}

/// A number beside what it counts.
fn counted(ui: &mut Ui, number: &mut u64, count: &mut Count) -> Response {
    let size = vec2((ui.available_width() - 88.0).max(40.0), theme::ROW);
    let response = whole_field(ui, number, |field| field.speed(0.1).min_size(size));
    let unit = choose(ui, count, &[(Count::Epochs, "epochs"), (Count::Steps, "steps")]);
    named(ui, unit, "Unit");
    response
}

fn narrow(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn length(ui: &mut Ui, fields: &Fields, field: &'static Field, length: &mut Length, preset: Option<&Length>) {
    let (unit, mut number, mut count) = match *length {
        Length::Epochs(number) => ("epochs", u64::from(number), Count::Epochs),
        Length::Steps(number) => ("steps", number, Count::Steps),
    };
    let mut paths = field.paths.iter().filter_map(|path| path.strip_prefix("recipe."));
    let at = paths.find(|path| path.ends_with(unit)).unwrap_or(unit);
    fields.row(ui, FormRow::from(field).at(at), length, preset, |ui, length| {
        let response = counted(ui, &mut number, &mut count);
        *length = match count {
            Count::Epochs => Length::Epochs(narrow(number)),
            Count::Steps => Length::Steps(number),
        };
        response
    });
}

fn early(ui: &mut Ui, fields: &Fields, value: &mut Option<EarlyStopping>, preset: Option<&Option<EarlyStopping>>) {
    let mut on = value.is_some();
    let base = preset.map(Option::is_some);
    fields.tick(ui, &field::EARLY_STOPPING, &mut on, base.as_ref());
    if on != value.is_some() {
        let kept = preset.copied().flatten();
        *value = on.then(|| kept.unwrap_or(EarlyStopping { patience: 10, min_delta: 0.0 }));
    }
    let Some(value) = value else { return };
    let base = preset.and_then(Option::as_ref);
    let below = fields.below("early_stopping");
    let row = &field::PATIENCE;
    below.whole(ui, row, &mut value.patience, base.map(|b| &b.patience), " validations");
    let row = &field::MIN_DELTA;
    below.number(ui, row, &mut value.min_delta, base.map(|b| &b.min_delta));
}

/// Rows of the augmentation.
pub fn augmentation(ui: &mut Ui, fields: &Fields, value: &mut Augmentation, preset: Option<&Augmentation>) {
    let mut single = |row: &'static Field, value: &mut f32, preset: Option<&f32>| {
        fields.single(ui, row, value, preset);
    };
    single(&field::BRIGHTNESS, &mut value.brightness, preset.map(|p| &p.brightness));
    single(&field::CONTRAST, &mut value.contrast, preset.map(|p| &p.contrast));
    single(&field::ROTATION, &mut value.rotation, preset.map(|p| &p.rotation));
    single(&field::MIXUP, &mut value.mixup, preset.map(|p| &p.mixup));
    let base = preset.map(|p| &p.pad_crop);
    fields.whole(ui, &field::PAD_CROP, &mut value.pad_crop, base, " pixels");
    fields.tick(ui, &field::FLIP, &mut value.flip, preset.map(|p| &p.flip));
    fields.whole(ui, &field::CUTOUT, &mut value.cutout, preset.map(|p| &p.cutout), " pixels");
}

/// What the augmentation does, in a few words.
#[must_use]
pub fn augmentation_in_words(value: &Augmentation) -> String {
    let parts = [
        (value.pad_crop > 0, "crop"),
        (value.flip, "mirror"),
        (value.cutout > 0, "cutout"),
        (value.brightness > 0.0, "brightness"),
        (value.contrast > 0.0, "contrast"),
        (value.rotation > 0.0, "rotation"),
        (value.mixup > 0.0, "mixup"),
    ];
    let on: Vec<&str> = parts.iter().filter(|part| part.0).map(|part| part.1).collect();
    if on.is_empty() { "none".into() } else { on.join(", ") }
}
