//! What each network came to against one axis: a line for each value of the others, with a band over the seeds.

use super::bits;
use super::dimension::{DrawnAxis, banded};
use super::view::{SpreadBand, View};
use crate::kit::chart::{Across, AxisScale, Chart, Series};
use crate::kit::chips::colored_chip;
use crate::kit::theme::{self, Tokens};
use crate::laboratory::{Looked, StudyCurve};
use eframe::egui::{Label, Ui};
use lab_core::study::{Standing, TrialState};
use lab_core::verdict::Measured;

pub fn ui(ui: &mut Ui, looked: &Looked, view: &mut View, bottom: f32) {
    ui.horizontal_wrapped(|ui| {
        bits::axis(ui, "Across", "The axis that runs across", looked, &mut view.across);
        bits::curve(ui, view);
        bits::band(ui, view);
    });
    if looked.labels.is_empty() {
        return bits::nothing(ui, "Nothing is varied in this study, so there are no steps to compare.");
    }
    let axis = DrawnAxis::of(looked, view.across);
    let lines = lines(looked, view, &axis);
    if lines.iter().all(|line| line.points.is_empty()) {
        return bits::nothing(ui, "A point appears here with the first training that ends.");
    }
    let tokens = Tokens::of(ui);
    let name = StudyCurve::ALL.iter().find(|(curve, _)| *curve == view.curve).map_or("", |(_, name)| name);
    let text = format!("{name} in the end against {}: {}", axis.label, view.band.in_words());
    ui.add(Label::new(theme::caption(&text, &tokens)).wrap());
    let said: Vec<String> = lines.iter().map(|line| format!("{}: {} points", line.name, line.points.len())).collect();
    let scale = if view.curve == StudyCurve::Accuracy { AxisScale::PartOfPercent } else { AxisScale::Log };
    let across = Across { scale: axis.scale(), names: axis.names(), ..Across::default() };
    let height = bits::height(ui, bottom, 1.0);
    let name = format!("{text}. {}", said.join("; "));
    Chart::new("ladder", &name, scale, height).over(across).draw(ui, &lines);
    ui.horizontal_wrapped(|ui| {
        for line in lines.iter().filter(|line| !line.points.is_empty()) {
            colored_chip(ui, line.color.unwrap_or_else(|| tokens.arm(line.arm)), &line.name);
        }
    });
}

fn ended(measured: &Measured, curve: StudyCurve) -> Option<f64> {
    match curve {
        StudyCurve::TrainLoss => measured.train_loss,
        StudyCurve::Accuracy => measured.accuracy,
        StudyCurve::ValidationLoss => None,
    }
}

/// What the seeds came to at each place of the axis.
type SeedValues = Vec<(f64, Vec<f64>)>;

fn lines(looked: &Looked, view: &View, axis: &DrawnAxis) -> Vec<Series> {
    let mut found: Vec<(Series, SeedValues)> = Vec::new();
    let place = StudyCurve::ALL.iter().position(|(curve, _)| *curve == view.curve).unwrap_or(0);
    for (trial, (point, measured)) in looked.trials.iter().zip(looked.points.iter().zip(&looked.measured)) {
        let is_done = trial.standing == Standing::Over(TrialState::Done);
        let (Some(point), Some(measured)) = (point, measured.as_ref().filter(|_| is_done)) else { continue };
        let values = &looked.results.points[*point].values;
        let Some(x) = values.get(view.across).map(|value| axis.place(value)) else { continue };
        let others = values.iter().enumerate().filter(|(index, _)| *index != view.across);
        let others: Vec<&str> = others.map(|(_, value)| value.as_str()).collect();
        for (arm, name) in looked.arms.iter().enumerate() {
            let facts = measured.facts.trials.first().and_then(|trial| trial.arms.get(arm));
            let last = || measured.curves.get(arm)?[place].last().map(|[_, value]| *value);
            let survived = facts.is_some_and(|facts| facts.diverged_at.is_none());
            let Some(value) = facts.filter(|_| survived).and_then(|facts| ended(facts, view.curve).or_else(last))
            else {
                continue;
            };
            let name = if others.is_empty() { name.clone() } else { format!("{name}, {}", others.join(", ")) };
            let at = found.iter().position(|(line, _)| line.name == name).unwrap_or_else(|| {
                found.push((Series { arm, name, ..Series::default() }, Vec::new()));
                found.len() - 1
            });
            let points = &mut found[at].1;
            match points.iter_mut().find(|(known, _)| known.to_bits() == x.to_bits()) {
                Some((_, values)) => values.push(value),
                None => points.push((x, vec![value])),
            }
        }
    }
    let done = found.into_iter().enumerate().map(|(index, (mut line, mut points))| {
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        if looked.arms.len() == 1 {
            line.arm = index;
        }
        let (mut low, mut high) = (Vec::new(), Vec::new());
        for (x, values) in points {
            // No accuracy is beyond nothing and all.
            let [least, most] = if view.curve == StudyCurve::Accuracy { [0.0, 1.0] } else { [f64::MIN, f64::MAX] };
            if let Some([mean, lower, upper]) = banded(&values, view.band) {
                let (lower, upper) = (lower.max(least), upper.min(most));
                line.points.push([x, mean]);
                low.push([x, lower]);
                high.push([x, upper]);
            }
            if view.band == SpreadBand::All {
                line.marked.extend(values.iter().map(|value| [x, *value]));
            }
        }
        line.band = (view.band != SpreadBand::All).then_some([low, high]);
        line
    });
    done.collect()
}
