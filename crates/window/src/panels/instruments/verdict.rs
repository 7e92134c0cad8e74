//! What predictions say as a whole: per class, per confidence, and where two arms differ.

use super::bench::OfArm;
use super::paper::{PLOT, Paper, PaperFigure, ROWS};
use crate::action::Action;
use crate::give_away;
use crate::kit::beyond;
use crate::kit::chart::{Across, AxisScale, Chart, Series};
use crate::kit::chips::{DOT, arm_sentence, paint_dot};
use crate::kit::glossary;
use crate::kit::line::Dash;
use crate::kit::theme::{self, Tokens, space};
use crate::kit::widgets::named;
use eframe::egui::{
    Align, Grid, Label, Layout, PopupAnchor, RichText, ScrollArea, Sense, TextStyle, Tooltip, Ui, vec2,
};
use lab_core::instrument::{Calibration, CalibrationBin, Disagreement, Metrics, Predictions};
use lab_core::number::{count, percent, plural};
use lab_core::statistics::wilson;
use lab_core::table::Table;

/// An arm with what it predicts.
pub type Predicted<'a> = OfArm<'a, Predictions>;

fn metrics(arms: &[Predicted]) -> Vec<Metrics> {
    arms.iter().map(|of| Metrics::of(&of.found.confusion())).collect()
}

/// Precision, recall, F1 and support of every class, the arms side by side.
pub fn classes(ui: &mut Ui, arms: &[Predicted], classes: &[String]) {
    let metrics = metrics(arms);
    overall(ui, arms, &metrics);
    table(ui, arms, &metrics, classes);
}

/// The menu that gives these away.
pub fn give_classes(ui: &mut Ui, arms: &[Predicted], classes: &[String], actions: &mut Vec<Action>) {
    let paper = Paper {
        name: "classes",
        title: "Per class".to_owned(),
        tables: || of_arms(arms, metrics(arms).iter().map(|found| found.table(classes))),
        figure: PaperFigure { height: ROWS, draw: |ui: &mut Ui| self::classes(ui, arms, classes) },
    };
    give_away::button(ui, "Per class", &paper, actions);
}

/// A share with one decimal throughout, so that those of a column can be compared.
fn share(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

fn of_arms(arms: &[Predicted], tables: impl Iterator<Item = Table>) -> Vec<(String, Table)> {
    arms.iter().map(|of| of.name.to_owned()).zip(tables).collect()
}

/// Each arm in a sentence.
fn overall(ui: &mut Ui, arms: &[Predicted], metrics: &[Metrics]) {
    for (OfArm { arm, name, found }, metrics) in arms.iter().zip(metrics) {
        // Of five classes, five guesses are always right.
        let top5 = if metrics.classes.len() > 5 { format!(", top 5 {}", percent(found.top5())) } else { String::new() };
        let (accuracy, f1) = (percent(metrics.accuracy), percent(metrics.macro_mean.f1));
        arm_sentence(ui, *arm, &format!("{name}: accuracy {accuracy}{top5}, macro F1 {f1}"));
    }
}

/// The share of the table's width that the classes' names may take.
const NAMES: f32 = 0.4;

/// Every class. Where the arms have no room beside each other, they are scrolled, and the classes' names stay.
fn table(ui: &mut Ui, arms: &[Predicted], metrics: &[Metrics], classes: &[String]) {
    let grid = |name: &str| Grid::new(name).striped(true).spacing([space::M, space::XS]);
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        let widest = NAMES * ui.available_width();
        grid("classes").max_col_width(widest).show(ui, |ui| {
            ui.label("");
            ui.end_row();
            ui.label(theme::strong("Class"));
            ui.end_row();
            for title in classes {
                ui.add(Label::new(title).truncate());
                ui.end_row();
            }
        });
        let scroll = ScrollArea::horizontal().auto_shrink([false, true]);
        let scroll = scroll.show(ui, |ui| grid("scores").show(ui, |ui| scores(ui, arms, metrics)));
        let seen = scroll.inner_rect;
        if scroll.content_size.x - scroll.state.clamped_offset().x > seen.width() + 1.0 {
            beyond::more(ui, seen.with_min_x(seen.right()));
        }
    });
}

/// Three columns for each arm, below its name, and the number of images.
fn scores(ui: &mut Ui, arms: &[Predicted], metrics: &[Metrics]) {
    let titles = ["Precision", "Recall", "F1"];
    let right =
        |ui: &mut Ui, text: RichText| ui.with_layout(Layout::right_to_left(Align::Center), |ui| ui.label(text)).inner;
    for OfArm { arm, name, .. } in arms {
        // It may be as wide as the three columns.
        let (rect, response) = ui.allocate_exact_size(vec2(0.0, theme::ROW), Sense::hover());
        let (tokens, font) = (Tokens::of(ui), TextStyle::Body.resolve(ui.style()));
        let text = theme::elided(ui.painter(), name, font, tokens.text, ARM - DOT - space::XS);
        paint_dot(ui.painter(), rect.left_center() + vec2(DOT / 2.0, 0.0), tokens.arm(*arm));
        let at = rect.left_center() + vec2(DOT + space::XS, -0.5 * text.size().y);
        ui.painter().galley(at, text, tokens.text);
        named(ui, response, &format!("Columns of {name}"));
        for _ in 1..titles.len() {
            ui.label("");
        }
    }
    ui.end_row();
    for title in arms.iter().flat_map(|_| titles) {
        glossary::explained(right(ui, theme::strong(title)), title);
    }
    right(ui, theme::strong("Images"));
    ui.end_row();
    for class in 0..metrics.first().map_or(0, |found| found.classes.len()) {
        for (OfArm { found: said, .. }, found) in arms.iter().zip(metrics) {
            let score = found.classes.get(class).copied().unwrap_or_default();
            // Of what was never said, no share is right.
            let is_said = said.predicted.iter().any(|predicted| usize::from(*predicted) == class);
            let precision = if is_said { share(score.precision) } else { "–".to_owned() };
            for text in [precision, share(score.recall), share(score.f1)] {
                right(ui, text.into());
            }
        }
        let support = metrics.first().and_then(|found| found.classes.get(class)).map_or(0, |score| score.support);
        right(ui, count(support.into()).into());
        ui.end_row();
    }
}

/// Width of an arm's three columns, in points.
const ARM: f32 = 170.0;

fn calibrations(arms: &[Predicted]) -> Vec<Calibration> {
    arms.iter().map(|of| Calibration::of(of.found, Calibration::BINS)).collect()
}

/// Accuracy by confidence, and the expected calibration error.
pub fn calibration(ui: &mut Ui, arms: &[Predicted]) {
    reliability(ui, arms, &calibrations(arms));
}

/// The menu that gives these away.
pub fn give_calibration(ui: &mut Ui, arms: &[Predicted], actions: &mut Vec<Action>) {
    let paper = Paper {
        name: "calibration",
        title: "Calibration".to_owned(),
        tables: || of_arms(arms, calibrations(arms).iter().map(Calibration::table)),
        figure: PaperFigure { height: PLOT, draw: |ui: &mut Ui| calibration(ui, arms) },
    };
    give_away::button(ui, "Calibration", &paper, actions);
}

/// Images of a bin from which its accuracy is drawn in full.
const ENOUGH: u32 = 10;

fn reliability(ui: &mut Ui, arms: &[Predicted], found: &[Calibration]) {
    let tokens = Tokens::of(ui);
    let (mut intervals, mut lines, mut words) = (Vec::new(), Vec::new(), Vec::new());
    for (OfArm { arm, name, .. }, calibration) in arms.iter().zip(found) {
        let full = || calibration.bins.iter().filter(|bin| bin.count > 0);
        let faint = tokens.background.lerp_to_gamma(tokens.arm(*arm), 0.45);
        let series = |points| Series { arm: *arm, name: (*name).to_owned(), points, ..Series::default() };
        for bin in full() {
            let ends = wilson(bin.right(), bin.count).map(|end| [bin.confidence, end]);
            intervals.push(Series { unmarked: true, color: Some(faint), ..series(ends.into()) });
        }
        let point = |bin: &CalibrationBin| [bin.confidence, bin.accuracy];
        let (enough, few): (Vec<&CalibrationBin>, Vec<_>) = full().partition(|bin| bin.count >= ENOUGH);
        let faint_ones = match few.len() {
            0 => String::new(),
            few => format!(
                "; {few} of {} with less than {ENOUGH} images, drawn faint",
                plural(full().count() as u64, "group")
            ),
        };
        words.push(format!("{name}: expected calibration error {}{faint_ones}", percent(calibration.error)));
        lines.push(Series { scattered: true, color: Some(faint), ..series(few.into_iter().map(point).collect()) });
        lines.push(series(enough.into_iter().map(point).collect()));
    }
    // Nothing that is measured lies under an interval.
    lines.splice(0..0, intervals);
    let caption = "Accuracy by confidence, each with its 95 % interval; on the diagonal confidence equals accuracy";
    glossary::caption(ui, caption);
    let height = (ui.available_height() - 60.0).clamp(160.0, 420.0);
    // What a perfectly calibrated network would draw.
    let points = vec![[0.0, 0.0], [1.0, 1.0]];
    let diagonal =
        Series { name: "diagonal".into(), points, dash: Dash::Long, guide: true, unmarked: true, ..Series::default() };
    lines.insert(0, diagonal);
    let name = format!("Calibration. {}", words.join("; "));
    let across = Across { scale: AxisScale::Percent, titles: ["confidence", "accuracy"], ..Across::default() };
    let chart = Chart::new("calibration", &name, AxisScale::Percent, height).over(across);
    let pointed = chart.draw(ui, &lines);
    if let Some([at, _]) = pointed {
        counted(ui, arms, found, at);
    }
    for (OfArm { arm, .. }, words) in arms.iter().zip(&words) {
        arm_sentence(ui, *arm, words);
    }
}

/// What is known of the images about as sure as where the pointer is.
fn counted(ui: &Ui, arms: &[Predicted], found: &[Calibration], at: f64) {
    let nearest = |calibration: &Calibration| {
        let full = calibration.bins.iter().filter(|bin| bin.count > 0);
        full.min_by(|a, b| (a.confidence - at).abs().total_cmp(&(b.confidence - at).abs())).copied()
    };
    let tip = Tooltip::always_open(ui.ctx().clone(), ui.layer_id(), ui.scope_id().with("bin"), PopupAnchor::Pointer);
    tip.gap(12.0).show(|ui| {
        for (OfArm { name, .. }, calibration) in arms.iter().zip(found) {
            let Some(bin) = nearest(calibration) else { continue };
            let [low, high] = wilson(bin.right(), bin.count).map(percent);
            ui.label(theme::strong(format!("{name}: {}", plural(bin.count.into(), "image"))));
            ui.label(format!("{} sure, {} right", percent(bin.confidence), percent(bin.accuracy)));
            ui.label(theme::caption(format!("95 % interval {low} to {high}"), &Tokens::of(ui)));
        }
    });
}

/// How often only one of two arms is right, in a sentence for each pair.
pub fn disagreements(arms: &[Predicted]) -> Vec<String> {
    let mut found = Vec::new();
    for (index, first) in arms.iter().enumerate() {
        for second in &arms[index + 1..] {
            let between = Disagreement::of(first.found, second.found);
            found.push(format!(
                "only {} right: {}; only {} right: {}; {}",
                first.name,
                count(between.first_only.into()),
                second.name,
                count(between.second_only.into()),
                between.chance()
            ));
        }
    }
    found
}
