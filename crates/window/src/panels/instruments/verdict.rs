//! What predictions say as a whole: per class, per confidence, and where two arms differ.

use super::paper::{Figure, PLOT, Paper, ROWS};
use crate::action::Action;
use crate::give_away;
use crate::kit::chart::{self, Scale, Series};
use crate::kit::chips::{chip, dot, told};
use crate::kit::glossary;
use crate::kit::line::Dash;
use crate::kit::theme::{self, Tokens, space};
use eframe::egui::{Grid, PopupAnchor, Tooltip, Ui};
use lab_core::instrument::{Calibration, CalibrationBin, Disagreement, Metrics, Predictions};
use lab_core::number::{count, percent, plural};
use lab_core::statistics::wilson;
use lab_core::table::Table;

/// An arm's place and name with what it predicts.
pub type Arm<'a> = (usize, &'a str, &'a Predictions);

fn metrics(arms: &[Arm]) -> Vec<Metrics> {
    arms.iter().map(|(_, _, found)| Metrics::of(&found.confusion())).collect()
}

/// Precision, recall, F1 and support of every class, the arms side by side.
pub fn classes(ui: &mut Ui, arms: &[Arm], classes: &[String]) {
    let metrics = metrics(arms);
    ui.horizontal_wrapped(|ui| overall(ui, arms, &metrics));
    table(ui, arms, &metrics, classes);
}

/// The menu that gives these away.
pub fn give_classes(ui: &mut Ui, arms: &[Arm], classes: &[String], actions: &mut Vec<Action>) {
    let paper = Paper {
        name: "classes",
        title: "Per class".to_owned(),
        tables: || of_arms(arms, metrics(arms).iter().map(|found| found.table(classes))),
        figure: Figure { height: ROWS, draw: |ui: &mut Ui| self::classes(ui, arms, classes) },
    };
    give_away::button(ui, "Per class", &paper, actions);
}

/// A share with one decimal throughout, so that those of a column can be compared.
fn share(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

fn of_arms(arms: &[Arm], tables: impl Iterator<Item = Table>) -> Vec<(String, Table)> {
    arms.iter().map(|(_, name, _)| (*name).to_owned()).zip(tables).collect()
}

/// Each arm in a sentence.
fn overall(ui: &mut Ui, arms: &[Arm], metrics: &[Metrics]) {
    for ((arm, name, found), metrics) in arms.iter().zip(metrics) {
        let text = format!(
            "{name}: accuracy {}, top 5 {}, macro F1 {}",
            percent(metrics.accuracy),
            percent(found.top5()),
            percent(metrics.macro_mean.f1)
        );
        chip(ui, *arm, &text);
    }
}

/// Every class, with the arms' colours in front of their columns.
fn table(ui: &mut Ui, arms: &[Arm], metrics: &[Metrics], classes: &[String]) {
    Grid::new("classes").striped(true).spacing([space::S, space::XS]).show(ui, |ui| {
        ui.label(theme::strong("Class"));
        for (arm, ..) in arms {
            for title in ["Precision", "Recall", "F1"] {
                ui.horizontal(|ui| {
                    ui.spacing_mut().item_spacing.x = space::XS;
                    dot(ui, *arm);
                    glossary::explained(ui.label(theme::strong(title)), title);
                });
            }
        }
        ui.label(theme::strong("Images"));
        ui.end_row();
        for (class, title) in classes.iter().enumerate() {
            ui.label(title);
            for ((.., said), found) in arms.iter().zip(metrics) {
                let score = found.classes.get(class).copied().unwrap_or_default();
                // Of what was never said, no share is right.
                let is_said = said.predicted.iter().any(|predicted| usize::from(*predicted) == class);
                ui.label(if is_said { share(score.precision) } else { "–".to_owned() });
                ui.label(share(score.recall));
                ui.label(share(score.f1));
            }
            let support = metrics.first().and_then(|found| found.classes.get(class)).map_or(0, |score| score.support);
            ui.label(count(support.into()));
            ui.end_row();
        }
    });
}

fn calibrations(arms: &[Arm]) -> Vec<Calibration> {
    arms.iter().map(|(_, _, found)| Calibration::of(found, Calibration::BINS)).collect()
}

/// Accuracy by confidence, and the expected calibration error.
pub fn calibration(ui: &mut Ui, arms: &[Arm]) {
    reliability(ui, arms, &calibrations(arms));
}

/// The menu that gives these away.
pub fn give_calibration(ui: &mut Ui, arms: &[Arm], actions: &mut Vec<Action>) {
    let paper = Paper {
        name: "calibration",
        title: "Calibration".to_owned(),
        tables: || of_arms(arms, calibrations(arms).iter().map(Calibration::table)),
        figure: Figure { height: PLOT, draw: |ui: &mut Ui| calibration(ui, arms) },
    };
    give_away::button(ui, "Calibration", &paper, actions);
}

/// Images of a bin from which its accuracy is drawn in full.
const ENOUGH: u32 = 10;

fn reliability(ui: &mut Ui, arms: &[Arm], found: &[Calibration]) {
    let tokens = Tokens::of(ui);
    let (mut intervals, mut lines, mut words) = (Vec::new(), Vec::new(), Vec::new());
    for ((arm, name, _), calibration) in arms.iter().zip(found) {
        let full = || calibration.bins.iter().filter(|bin| bin.count > 0);
        let faint = tokens.background.lerp_to_gamma(tokens.arm(*arm), 0.45);
        let series = |points| Series { arm: *arm, name: (*name).to_owned(), points, ..Series::default() };
        for bin in full() {
            let ends = wilson(bin.right(), bin.count).map(|end| [bin.confidence, end]);
            intervals.push(Series { unmarked: true, color: Some(faint), ..series(ends.into()) });
        }
        let point = |bin: &CalibrationBin| [bin.confidence, bin.accuracy];
        let (enough, few): (Vec<&CalibrationBin>, Vec<_>) = full().partition(|bin| bin.count >= ENOUGH);
        let told = match few.len() {
            0 => String::new(),
            few => format!(
                "; {few} of {} with less than {ENOUGH} images, drawn faint",
                plural(full().count() as u64, "group")
            ),
        };
        words.push(format!("{name}: expected calibration error {}{told}", percent(calibration.error)));
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
    let pointed = chart::draw(ui, "calibration", &name, &lines, Scale::Percent, height);
    if let Some([at, _]) = pointed {
        counted(ui, arms, found, at);
    }
    for ((arm, _, _), words) in arms.iter().zip(&words) {
        told(ui, *arm, words);
    }
}

/// What is known of the images about as sure as where the pointer is.
fn counted(ui: &Ui, arms: &[Arm], found: &[Calibration], at: f64) {
    let nearest = |calibration: &Calibration| {
        let full = calibration.bins.iter().filter(|bin| bin.count > 0);
        full.min_by(|a, b| (a.confidence - at).abs().total_cmp(&(b.confidence - at).abs())).copied()
    };
    let tip = Tooltip::always_open(ui.ctx().clone(), ui.layer_id(), ui.scope_id().with("bin"), PopupAnchor::Pointer);
    tip.gap(12.0).show(|ui| {
        for ((_, name, _), calibration) in arms.iter().zip(found) {
            let Some(bin) = nearest(calibration) else { continue };
            let [low, high] = wilson(bin.right(), bin.count).map(percent);
            ui.label(theme::strong(format!("{name}: {}", plural(bin.count.into(), "image"))));
            ui.label(format!("{} sure, {} right", percent(bin.confidence), percent(bin.accuracy)));
            ui.label(theme::caption(format!("95 % interval {low} to {high}"), &Tokens::of(ui)));
        }
    });
}

/// How often only one of two arms is right, in a sentence for each pair.
pub fn disagreements(arms: &[Arm]) -> Vec<String> {
    let mut found = Vec::new();
    for (index, (_, first, one)) in arms.iter().enumerate() {
        for (_, second, other) in &arms[index + 1..] {
            let between = Disagreement::of(one, other);
            found.push(format!(
                "only {first} right: {}; only {second} right: {}; {}",
                count(between.first_only.into()),
                count(between.second_only.into()),
                between.chance()
            ));
        }
    }
    found
}
