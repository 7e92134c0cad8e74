//! Loss or accuracy over the steps: for each setting and network the mean over its seeds with a band, or all seeds.

use super::bits;
use super::dimension::{DrawnAxis, banded};
use super::view::{SpreadBand, ToldApart, View};
use crate::kit::chart::{AxisScale, Chart, Series};
use crate::kit::chips::{colored_chip, line_sample};
use crate::kit::line::Dash;
use crate::kit::theme::{self, Tokens, space};
use crate::kit::widgets::named;
use crate::laboratory::{Looked, StudyCurve};
use eframe::egui::{FontId, Label, Sense, Ui, vec2};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Points of all lines together: more can hardly be told apart, and cost time in every frame.
const POINTS: usize = 6000;
/// Width of a piece of a line in the legend, in points: a whole dash and dot.
const SAMPLE: f32 = 30.0;
/// Lines whose bands do not yet hide each other.
const BANDS: usize = 8;

/// The lines that were made last, and what of.
#[derive(Default)]
pub struct CurvesView {
    made: Option<StudyLines>,
}

struct StudyLines {
    study: Arc<Looked>,
    choices: Choices,
    lines: Vec<Series>,
}

/// What lines depend on beside the study.
#[derive(Clone, Copy, PartialEq)]
struct Choices {
    curve: StudyCurve,
    band: SpreadBand,
    colored_by: ToldApart,
    dark: bool,
}

impl CurvesView {
    pub fn ui(&mut self, ui: &mut Ui, looked: &Arc<Looked>, view: &mut View, bottom: f32) {
        ui.horizontal_wrapped(|ui| {
            bits::curve(ui, view);
            bits::band(ui, view);
            bits::color(ui, looked, view, "Network");
        });
        let tokens = Tokens::of(ui);
        let View { curve, band, colored_by, .. } = *view;
        let choices = Choices { curve, band, colored_by, dark: tokens.dark };
        let fits = |made: &StudyLines| Arc::ptr_eq(&made.study, looked) && made.choices == choices;
        if !self.made.as_ref().is_some_and(fits) {
            self.made = Some(StudyLines { study: Arc::clone(looked), choices, lines: lines(looked, view, &tokens) });
        }
        let Some(StudyLines { lines, .. }) = &self.made else { return };
        if lines.is_empty() {
            return bits::nothing(ui, "Curves appear here once a training has come to its first step.");
        }
        let name = StudyCurve::ALL.iter().find(|(curve, _)| *curve == view.curve).map_or("", |(_, name)| name);
        let hidden = lines.iter().all(|line| line.band.is_none()) && view.band != SpreadBand::All;
        let band = if hidden { "mean over the seeds; so many lines have no bands" } else { view.band.in_words() };
        let text = format!("{name} over the steps: {band}");
        ui.add(Label::new(theme::caption(&text, &tokens)).wrap());
        let scale = if view.curve == StudyCurve::Accuracy { AxisScale::PartOfPercent } else { AxisScale::Log };
        let said = format!("{text}. {} lines", lines.len());
        let below = if dashed_by(looked, view).is_some() { 2.0 } else { 1.0 };
        let height = bits::height(ui, bottom, below);
        Chart::new("study curves", &said, scale, height).draw(ui, lines);
        legend(ui, looked, view, &tokens);
        dashes(ui, looked, view, &tokens);
    }
}

/// What dashes tell apart where colours tell apart something else: the first that has several values, and no more than
/// there are dashes.
fn dashed_by(looked: &Looked, view: &View) -> Option<ToldApart> {
    let values = |of: ToldApart| of.axis().map_or(looked.arms.len(), |axis| DrawnAxis::of(looked, axis).values.len());
    let mut all = std::iter::once(ToldApart::Networks).chain((0..looked.labels.len()).map(ToldApart::Axis));
    all.find(|of| *of != view.colored_by && (2..=Dash::OF_RUNS.len()).contains(&values(*of)))
}

fn dash(place: usize) -> Dash {
    Dash::OF_RUNS[place % Dash::OF_RUNS.len()].0
}

/// What the dashes mean.
fn dashes(ui: &mut Ui, looked: &Looked, view: &View, tokens: &Tokens) {
    let Some(of) = dashed_by(looked, view) else { return };
    let axis = of.axis().map(|axis| DrawnAxis::of(looked, axis));
    let values = axis.as_ref().map_or(&looked.arms, |axis| &axis.values);
    ui.horizontal_wrapped(|ui| {
        ui.label(theme::caption(axis.as_ref().map_or("network", |axis| &axis.label), tokens));
        for (place, value) in values.iter().enumerate() {
            let galley =
                ui.painter().layout_no_wrap(value.clone(), FontId::proportional(theme::size::SMALL), tokens.text);
            let (height, width) = (galley.size().y, SAMPLE + space::XS + galley.size().x);
            let (rect, response) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
            line_sample(ui.painter(), rect.with_max_x(rect.left() + SAMPLE), tokens.text, dash(place));
            ui.painter().galley(rect.left_top() + vec2(SAMPLE + space::XS, 0.0), galley, tokens.text);
            let name = Dash::OF_RUNS.get(place).map_or("", |(_, name)| name);
            named(ui, response, &format!("{name}: {value}"));
        }
    });
}

/// What the colours mean.
pub fn legend(ui: &mut Ui, looked: &Looked, view: &View, tokens: &Tokens) {
    ui.horizontal_wrapped(|ui| match view.colored_by.axis() {
        None => looked.arms.iter().enumerate().for_each(|(arm, name)| colored_chip(ui, tokens.arm(arm), name)),
        Some(axis) => {
            let axis = DrawnAxis::of(looked, axis);
            ui.label(theme::caption(&axis.label, tokens));
            // Of a long axis, the ends and the middle say enough.
            let many = axis.values.len() > 8;
            let places = [0, axis.values.len() / 2, axis.values.len().saturating_sub(1)];
            let shown = axis.values.iter().enumerate().filter(|(place, _)| !many || places.contains(place));
            shown.for_each(|(_, value)| colored_chip(ui, axis.color(tokens, value), value));
        }
    });
}

fn lines(looked: &Looked, view: &View, tokens: &Tokens) -> Vec<Series> {
    let place = StudyCurve::ALL.iter().position(|(curve, _)| *curve == view.curve).unwrap_or(0);
    let axis = view.colored_by.axis().map(|axis| (axis, DrawnAxis::of(looked, axis)));
    let broken = dashed_by(looked, view).map(|of| of.axis().map(|axis| (axis, DrawnAxis::of(looked, axis))));
    let mut found = Vec::new();
    for (index, point) in looked.results.points.iter().enumerate() {
        let seeds = looked.points.iter().zip(&looked.measured).filter(|(at, _)| **at == Some(index));
        let seeds: Vec<_> = seeds.filter_map(|(_, measured)| measured.as_ref()).collect();
        let color = axis.as_ref().and_then(|(axis, of)| Some(of.color(tokens, point.values.get(*axis)?)));
        for (arm, name) in looked.arms.iter().enumerate() {
            let curves = seeds.iter().filter_map(|measured| Some(measured.curves.get(arm)?[place].as_slice()));
            let curves: Vec<&[[f64; 2]]> = curves.filter(|curve| !curve.is_empty()).collect();
            let name = match point.values.join(", ") {
                values if values.is_empty() => name.clone(),
                values => format!("{name}, {values}"),
            };
            let place = match &broken {
                None => 0,
                Some(None) => arm,
                Some(Some((axis, of))) => {
                    of.values.iter().position(|known| point.values.get(*axis) == Some(known)).unwrap_or(0)
                }
            };
            let line = Series { arm, name, color, dash: dash(place), ..Series::default() };
            if view.band == SpreadBand::All {
                found.extend(curves.iter().map(|curve| Series { points: curve.to_vec(), ..line.clone() }));
            } else if !curves.is_empty() {
                found.push(over_seeds(line, &curves, view.band));
            }
        }
    }
    if found.len() > BANDS {
        found.iter_mut().for_each(|line| line.band = None);
    }
    let most = (POINTS / found.len().max(1)).clamp(16, 400);
    for line in &mut found {
        line.unmarked = line.points.len() > 40;
        thin(&mut line.points, most);
        line.band.iter_mut().flatten().for_each(|edge| thin(edge, most));
    }
    found
}

/// Mean and band at each step that every seed has which has come so far.
fn over_seeds(line: Series, curves: &[&[[f64; 2]]], band: SpreadBand) -> Series {
    let mut at: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for [step, value] in curves.iter().copied().flatten() {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "steps are counted from 0")]
        at.entry(*step as u64).or_default().push(*value);
    }
    let ends: Vec<u64> = curves
        .iter()
        .filter_map(|curve| curve.last())
        .map(|[step, _]| {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "steps are counted from 0")]
            let step = *step as u64;
            step
        })
        .collect();
    let (mut points, mut low, mut high) = (Vec::new(), Vec::new(), Vec::new());
    for (step, values) in at {
        // Where a seed has a value at another step only, a mean over the others would jump.
        if values.len() < ends.iter().filter(|end| **end >= step).count() {
            continue;
        }
        if let Some([mean, lower, upper]) = banded(&values, band) {
            let step = step as f64;
            points.push([step, mean]);
            low.push([step, lower]);
            high.push([step, upper]);
        }
    }
    Series { points, band: (curves.len() > 1).then_some([low, high]), ..line }
}

/// Keeps every so many-th point, and the last.
fn thin(points: &mut Vec<[f64; 2]>, most: usize) {
    let every = points.len().div_ceil(most).max(1);
    let last = points.len().saturating_sub(1);
    let mut place = 0;
    points.retain(|_| {
        place += 1;
        (place - 1) % every == 0 || place - 1 == last
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_is_taken_where_all_seeds_that_came_so_far_have_a_value() {
        let one = [[10.0, 1.0], [20.0, 2.0], [30.0, 3.0]];
        let other = [[10.0, 3.0], [20.0, 4.0]];
        let odd = [[10.0, 2.0], [15.0, 9.0], [20.0, 3.0]];
        let line = over_seeds(Series::default(), &[&one, &other, &odd], SpreadBand::Deviation);
        assert_eq!(line.points, [[10.0, 2.0], [20.0, 3.0], [30.0, 3.0]]);
        let [low, high] = line.band.unwrap();
        assert_eq!((low[0], high[0]), ([10.0, 1.0], [10.0, 3.0]));
    }

    #[test]
    fn thinned_lines_keep_their_ends() {
        let mut points: Vec<[f64; 2]> = (0..100).map(|step| [f64::from(step), 0.0]).collect();
        thin(&mut points, 10);
        assert!(points.len() <= 11 && points[0][0] == 0.0 && points.last().unwrap()[0] == 99.0, "{points:?}");
    }
}
