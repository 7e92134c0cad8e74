//! Each training in the order in which they ended, and the best so far.

use super::bits;
use super::dimension::{is_more_better, is_share};
use super::view::Judged;
use crate::kit::chart::{Across, AxisScale, Chart, Series};
use crate::kit::chips::colored_chip;
use crate::kit::theme::{self, Tokens};
use crate::laboratory::Looked;
use eframe::egui::{Label, Ui};
use lab_core::study::Standing;

/// How much of a training a step is wide: a plot does not draw what goes straight up.
const STEEP: f64 = 0.06;

pub fn ui(ui: &mut Ui, looked: &Looked, bottom: f32) {
    let mut ended: Vec<(f64, f64)> = looked
        .trials
        .iter()
        .filter(|trial| matches!(trial.standing, Standing::Over(_)))
        .filter_map(|trial| trial.begun.as_ref())
        .filter_map(|begun| Some((begun.record.span()?.1?, begun.record.objective?)))
        .collect();
    if ended.is_empty() {
        return bits::nothing(ui, "A point appears here with each training that ends.");
    }
    ended.sort_by(|a, b| a.0.total_cmp(&b.0));
    let more = is_more_better(looked, Judged::Objective);
    let tokens = Tokens::of(ui);
    let points: Vec<[f64; 2]> =
        ended.iter().enumerate().map(|(place, (_, value))| [(place + 1) as f64, *value]).collect();
    let mut best = f64::NAN;
    // It stays where it is until a training is better, and then changes at once.
    let so_far = points.iter().flat_map(|[place, value]| {
        let before = best;
        best = if more { best.max(*value) } else { best.min(*value) };
        [[*place - STEEP, if before.is_nan() { best } else { before }], [*place, best]]
    });
    let so_far: Vec<[f64; 2]> = so_far.collect();
    let each = Series { color: Some(tokens.weak), points, scattered: true, ..Series::default() };
    let line = Series { color: Some(tokens.accent), points: so_far, unmarked: true, ..Series::default() };
    let text = format!("{} of each training, in the order in which they ended", looked.results.objective());
    ui.add(Label::new(theme::caption(&text, &tokens)).wrap());
    let scale = if is_share(looked, Judged::Objective) { AxisScale::PartOfPercent } else { AxisScale::Log };
    let said = format!("{text}. {} trainings", each.points.len());
    let across = Across { whole: true, ..Across::default() };
    let height = bits::height(ui, bottom, 1.0);
    Chart::new("history", &said, scale, height).over(across).draw(ui, &[each, line]);
    ui.horizontal_wrapped(|ui| {
        colored_chip(ui, tokens.weak, "each training");
        colored_chip(ui, tokens.accent, "the best so far");
    });
}
