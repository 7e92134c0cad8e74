//! The rows of the weights that an arm starts from.

use super::fetching::{FetchTarget, Fetching};
use super::field::Fields;
use crate::kit::widgets::choose;
use eframe::egui::{TextEdit, Ui};
use lab_core::experiment::field;
use lab_core::experiment::{Expected, Freeze, Start, StartHead};

/// Rows of what an arm starts from; `stages` is how many its network has.
pub fn ui(
    ui: &mut Ui,
    fields: &Fields,
    start: &mut Option<Start>,
    preset: Option<&Option<Start>>,
    stages: usize,
    fetching: &mut Fetching,
) {
    let mut on = start.is_some();
    fields.tick(ui, &field::START, &mut on, preset.map(Option::is_some).as_ref());
    if on != start.is_some() {
        let kept = preset.cloned().flatten();
        *start = on.then(|| kept.unwrap_or_else(|| Start::from("")));
    }
    let Some(start) = start else { return };
    let base = preset.and_then(Option::as_ref);
    let below = fields.below("start");
    let row = &field::START_WEIGHTS;
    below.row(ui, row, &mut start.weights, base.map(|b| &b.weights), |ui, path| {
        let mut text = path.to_string_lossy().into_owned();
        let field = TextEdit::singleline(&mut text).desired_width(f32::INFINITY).hint_text("file, or folder of a run");
        let response = ui.add(field);
        if response.changed() {
            *path = text.into();
        }
        response
    });
    let target = FetchTarget::Arm(fields.owner.unwrap_or_default().to_owned());
    if let Some(path) = fetching.ui(ui, &target) {
        start.weights = path;
    }
    let heads = [(StartHead::Fitting, "Kept if it fits"), (StartHead::New, "New"), (StartHead::Kept, "Kept")];
    below.choice(ui, &field::START_HEAD, &mut start.head, base.map(|b| &b.head), &heads);
    let row = &field::FREEZE;
    below.row(ui, row, &mut start.freeze, base.map(|b| &b.freeze), |ui, freeze| {
        let parts: Vec<(Freeze, String)> = parts(stages);
        let options: Vec<(Freeze, &str)> = parts.iter().map(|(part, label)| (*part, label.as_str())).collect();
        choose(ui, freeze, &options)
    });
    let row = &field::BACKBONE_FACTOR;
    below.number(ui, row, &mut start.backbone_factor, base.map(|b| &b.backbone_factor));
    let expected = [
        (Expected::Own, "As they were trained"),
        (Expected::ImageNet, "ImageNet's numbers"),
        (Expected::Any, "As the images are"),
    ];
    let row = &field::EXPECTED;
    below.choice(ui, row, &mut start.normalization, base.map(|b| &b.normalization), &expected);
}

/// What can be frozen, in words.
fn parts(stages: usize) -> Vec<(Freeze, String)> {
    let mut parts = vec![(Freeze::None, "Nothing".to_owned()), (Freeze::Stem, "The stem".to_owned())];
    parts.extend((1..=stages).map(|stage| (Freeze::Stage(stage), format!("Up to stage {stage}"))));
    parts.push((Freeze::Backbone, "All but the head".to_owned()));
    parts
}
