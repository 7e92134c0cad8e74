//! One plot: training solid, validation dashed with marks, on axes that may be logarithmic.

use super::source::{Source, places};
use crate::kit::plot::{self, Axis};
use crate::kit::theme::{self, Tokens, space};
use crate::state::series::{Column, Extremes};
use crate::state::trace::Times;
use eframe::egui::{Align2, Color32, FontId, Pos2, Rect, Response, Ui, pos2, vec2};
use egui_plot::{Line, LineStyle, MarkerShape, PlotBounds, PlotPoint, PlotTransform, PlotUi, Points, VLine};
use lab_core::protocol::{Evaluation, Intervention};
use lab_core::quantity::Metric;

/// What all plots of the panel share.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// What runs along the horizontal axis.
    pub axis: Axis,
    /// Whether it is logarithmic.
    pub log_x: bool,
    /// The weight of the past in the moving average; 0 for none.
    pub smoothing: f64,
    /// The part of the horizontal axis in view, as drawn: logarithms on a logarithmic axis.
    pub span: [f64; 2],
    /// Where the crosshair is, as drawn.
    pub cursor: Option<f64>,
}

/// One arm's curves in one plot.
#[derive(Clone)]
pub struct Curve<'a> {
    pub source: &'a Source<'a>,
    /// When the column's values were taken, and the column.
    pub raw: Option<(&'a Times, &'a Column)>,
    /// The column's moving average, if there is one.
    pub smoothed: Option<&'a Column>,
}

#[derive(Clone)]
pub struct Figure<'a> {
    pub metric: Metric,
    /// Whether its axis is logarithmic.
    pub log_y: bool,
    /// What it shares with the others.
    pub frame: Frame,
    pub curves: Vec<Curve<'a>>,
    /// Steps, seconds and what happened.
    pub interventions: &'a [(f64, f64, &'a Intervention)],
    /// The part of the vertical axis in view, as drawn; `None` fits.
    pub range: Option<[f64; 2]>,
}

/// What came of drawing.
pub struct Drawn {
    pub response: Response,
    /// What is in view now, as drawn: horizontally and vertically.
    pub span: [f64; 2],
    /// The same vertically.
    pub range: [f64; 2],
    /// What was to be in view.
    pub asked: [f64; 2],
    /// Where the pointer is on the horizontal axis, if it is on the plot.
    pub pointer: Option<f64>,
}

/// The least value that a logarithmic axis shows.
const LEAST: f64 = 1e-12;
/// The width of the vertical axis's marks, in points.
pub const AXIS: f32 = 60.0;
/// Text on the plots, in points.
const SMALL: f32 = theme::size::SMALL - 1.0;

/// A value as it is drawn on an axis.
#[must_use]
pub fn warp(value: f64, log: bool) -> f64 {
    if log { value.max(LEAST).log10() } else { value }
}

/// The value that is drawn there.
#[must_use]
pub fn unwarp(drawn: f64, log: bool) -> f64 {
    if log { 10f64.powf(drawn) } else { drawn }
}

/// A span with some air on both sides.
#[must_use]
pub fn padded(low: f64, high: f64, share: f64) -> [f64; 2] {
    let pad = ((high - low) * share).max(1e-9 + high.abs() * 1e-6);
    [low - pad, high + pad]
}

impl<'a> Curve<'a> {
    /// The moving average where there is one, else the values.
    #[must_use]
    pub fn main(&self) -> Option<(&'a Times, &'a Column)> {
        let (times, raw) = self.raw?;
        Some((times, self.smoothed.unwrap_or(raw)))
    }
}

impl Figure<'_> {
    fn place(&self, evaluation: &Evaluation, source: &Source) -> f64 {
        let x = self.frame.axis.place(evaluation.step as f64, evaluation.seconds, source.pace);
        warp(x, self.frame.log_x)
    }

    fn span(&self) -> [f64; 2] {
        self.frame.span.map(|x| unwarp(x, self.frame.log_x))
    }

    /// The vertical range, as drawn, that shows what is in view.
    #[must_use]
    pub fn fit(&self) -> [f64; 2] {
        let mut found = Extremes::NONE;
        for curve in &self.curves {
            if let Some((times, column)) = curve.raw {
                let places = places(self.frame.axis, times, curve.source.pace);
                found.merge(column.extremes(places.within(self.span())));
            }
        }
        // Early in training, batch norm's running statistics can throw a validation loss a thousand times too high.
        // Such a point would press everything else flat; it is drawn at the edge instead.
        let trained = found;
        let reach = if self.log_y || !found.is_some() { f64::INFINITY } else { 2.0 * (found.max - found.min) };
        let mut validated = Vec::new();
        for curve in &self.curves {
            for (evaluation, value) in curve.source.trace.sparse(self.metric) {
                let x = self.place(evaluation, curve.source);
                if (self.frame.span[0]..=self.frame.span[1]).contains(&x) && value.is_finite() {
                    validated.push(value);
                }
            }
        }
        if trained.is_some() {
            let near = |value: &&f64| **value <= trained.max + reach && **value >= trained.min - reach;
            validated.iter().filter(near).for_each(|&value| found.add(value));
        } else {
            let far = far(&mut validated.clone());
            validated.iter().filter(|value| self.log_y || **value <= far).for_each(|&value| found.add(value));
        }
        if !found.is_some() {
            return padded(0.0, 1.0, 0.06);
        }
        let (low, high) = (warp(found.min, self.log_y), warp(found.max, self.log_y));
        if high - low < 1e-4 * high.abs() + 1e-9 {
            // What never changes lies in the middle, between marks that differ.
            let half = if self.log_y { 0.5 } else { (0.5 * high.abs()).max(1e-6) };
            return [low - half, high + half];
        }
        padded(low, high, 0.06)
    }

    /// Draws the plot as wide as there is room.
    pub fn draw(&self, ui: &mut Ui, height: f32) -> Drawn {
        let tokens = Tokens::of(ui);
        let Frame { axis, log_x, span, .. } = self.frame;
        let (metric, log_y) = (self.metric, self.log_y);
        let asked = self.range.unwrap_or_else(|| self.fit());
        let scale = (span[1] - span[0]) / f64::from((ui.available_width() - AXIS).max(1.0));
        let drawn = plot::bare(metric.id(), ui)
            .height(height)
            .x_grid_spacer(move |input| if log_x { plot::log_marks(input) } else { plot::linear_marks(input, 80.0) })
            .y_grid_spacer(move |input| if log_y { plot::log_marks(input) } else { plot::linear_marks(input, 40.0) })
            .x_axis_formatter(move |mark, _| {
                let text = axis.in_words(unwarp(mark.value, log_x));
                // A mark that would reach into the next plot is better left out.
                let end = mark.value + f64::from(0.5 * label_width(&text) - space::S) * scale;
                if end > span[1] { String::new() } else { text }
            })
            .y_axis_formatter(move |mark, _| metric.unit().tick(unwarp(mark.value, log_y)))
            .show(ui, |plot| {
                plot.set_plot_bounds(PlotBounds::from_min_max([span[0], asked[0]], [span[1], asked[1]]));
                self.markers(plot, &tokens);
                for curve in &self.curves {
                    self.training(plot, curve, &tokens);
                }
                for curve in &self.curves {
                    self.validation(plot, curve, asked, tokens.arm(curve.source.color));
                }
                if let Some(x) = self.frame.cursor {
                    plot.vline(VLine::new("cursor", x).color(tokens.weak).width(theme::HAIRLINE).allow_hover(false));
                }
                plot.response().hovered().then(|| plot.pointer_coordinate().map(|at| at.x)).flatten()
            });
        let painter = ui.painter().with_clip_rect(drawn.response.rect.intersect(ui.clip_rect()));
        for (at, anchor, text, color) in self.labels(&drawn.transform, asked, &tokens) {
            let galley = painter.layout_no_wrap(text, FontId::proportional(SMALL), color);
            let place = anchor.anchor_size(at, galley.size());
            // A longer curve may run behind the name of a shorter one.
            painter.rect_filled(place.expand2(vec2(2.0, 0.0)), 0.0, tokens.background.gamma_multiply(0.8));
            painter.galley(place.min, galley, color);
        }
        let bounds = drawn.transform.bounds();
        Drawn {
            span: [bounds.min()[0], bounds.max()[0]],
            range: [bounds.min()[1], bounds.max()[1]],
            asked,
            pointer: drawn.inner,
            response: drawn.response,
        }
    }

    fn markers(&self, plot: &mut PlotUi, tokens: &Tokens) {
        let Some(first) = self.curves.first() else { return };
        for (index, (step, seconds, _)) in self.interventions.iter().enumerate() {
            let x = warp(self.frame.axis.place(*step, *seconds, first.source.pace), self.frame.log_x);
            let line = VLine::new(format!("intervention {index}"), x).style(LineStyle::Dotted { spacing: 4.0 });
            plot.vline(line.color(tokens.weak).width(theme::HAIRLINE).allow_hover(false));
        }
    }

    fn training(&self, plot: &mut PlotUi, curve: &Curve, tokens: &Tokens) {
        let Some((times, raw)) = curve.raw else { return };
        let color = tokens.arm(curve.source.color);
        if let Some(smoothed) = curve.smoothed {
            let faint = color.gamma_multiply(if tokens.dark { 0.3 } else { 0.25 });
            self.line(plot, curve.source, times, raw, faint, 1.0);
            self.line(plot, curve.source, times, smoothed, color, width(curve.source));
        } else {
            self.line(plot, curve.source, times, raw, color, width(curve.source));
        }
    }

    fn line(&self, plot: &mut PlotUi, source: &Source, times: &Times, column: &Column, color: Color32, width: f32) {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a width in pixels")]
        let most = plot.response().rect.width().max(100.0) as usize;
        let places = places(self.frame.axis, times, source.pace);
        let range = places.within(self.span());
        let x = |index| warp(places.at(index), self.frame.log_x);
        for range in stretches(range, self.frame.log_x) {
            for mut points in column.lines(x, range, most) {
                points.iter_mut().for_each(|point| point[1] = warp(point[1], self.log_y));
                if let [only] = points.as_slice() {
                    let dot = Points::new(source.name.as_str(), vec![*only]).color(color).radius(width * 1.5);
                    plot.points(dot.allow_hover(false));
                } else {
                    let line = Line::new(source.name.as_str(), points).color(color).width(width);
                    plot.line(line.allow_band(width < theme::CURVE).allow_hover(false));
                }
            }
        }
    }

    /// Validations, those beyond the plot's edge, and the best one.
    fn validation(&self, plot: &mut PlotUi, curve: &Curve, range: [f64; 2], color: Color32) {
        let (source, name) = (curve.source, curve.source.name.as_str());
        let place = |(evaluation, value): (&Evaluation, f64)| [self.place(evaluation, source), warp(value, self.log_y)];
        let all = source.trace.sparse(self.metric).map(place).filter(|point| point[1].is_finite());
        let width_in_points = plot.response().rect.width();
        let (points, dotted) = thinned(all.collect(), self.frame.span, width_in_points);
        if points.is_empty() {
            return;
        }
        let style = LineStyle::Dashed { length: 6.0 };
        plot.line(Line::new(name, points.clone()).color(color).width(width(source)).style(style).allow_hover(false));
        let top = edge(range);
        let beyond: Vec<[f64; 2]> = points.iter().filter(|point| point[1] > top).map(|point| [point[0], top]).collect();
        if dotted {
            plot.points(Points::new(name, points).color(color).radius(2.5).allow_hover(false));
        }
        if !beyond.is_empty() {
            let above = Points::new(name, beyond).shape(MarkerShape::Up).radius(5.0).filled(true);
            plot.points(above.color(color).allow_hover(false));
        }
        let best = source.trace.best().map(|best| best.step);
        if let Some(best) = source.trace.sparse(self.metric).find(|(evaluation, _)| Some(evaluation.step) == best) {
            let diamond = Points::new(name, vec![place(best)]).shape(MarkerShape::Diamond).radius(6.0).filled(true);
            plot.points(diamond.color(color).allow_hover(false));
        }
    }

    /// Names at the lines' ends where there is room, and how far off what lies beyond the edge is.
    fn labels(
        &self,
        transform: &PlotTransform,
        range: [f64; 2],
        tokens: &Tokens,
    ) -> Vec<(Pos2, Align2, String, Color32)> {
        let rect = *transform.frame();
        let mut labels = Vec::new();
        let mut taken: Vec<Rect> = Vec::new();
        for curve in &self.curves {
            let Some(end) = self.end(curve) else { continue };
            let at = transform.position_from_point(&PlotPoint::new(end[0], end[1])) + vec2(space::S, 0.0);
            let place = Rect::from_min_size(at - vec2(0.0, 7.0), vec2(label_width(&curve.source.name), 14.0));
            if rect.contains_rect(place) && !taken.iter().any(|other| other.intersects(place)) {
                taken.push(place);
                labels.push((at, Align2::LEFT_CENTER, curve.source.name.clone(), tokens.arm(curve.source.color)));
            }
        }
        let top = edge(range);
        for curve in &self.curves {
            let far = curve.source.trace.sparse(self.metric).find(|(_, value)| warp(*value, self.log_y) > top);
            let Some((evaluation, value)) = far.filter(|(_, value)| value.is_finite()) else { continue };
            let x = self.place(evaluation, curve.source);
            let at = transform.position_from_point(&PlotPoint::new(x, top)) + vec2(space::S, 0.0);
            let at = pos2(at.x, at.y.max(rect.top() + 8.0));
            let text = format!("validation {}", self.metric.unit().in_words(value));
            let place = Rect::from_min_size(at - vec2(0.0, 7.0), vec2(label_width(&text), 14.0));
            if rect.x_range().contains(place.left()) && !taken.iter().any(|other| other.intersects(place)) {
                taken.push(place);
                labels.push((at, Align2::LEFT_CENTER, text, tokens.arm(curve.source.color)));
            }
        }
        labels
    }

    /// Where a curve ends, as drawn.
    fn end(&self, curve: &Curve) -> Option<[f64; 2]> {
        let [x, y] = if let Some((times, column)) = curve.main() {
            let index = column.values().len().checked_sub(1)?;
            let x = places(self.frame.axis, times, curve.source.pace).at(index);
            [warp(x, self.frame.log_x), column.values()[index]]
        } else {
            let (evaluation, value) = curve.source.trace.sparse(self.metric).next_back()?;
            [self.place(evaluation, curve.source), value]
        };
        y.is_finite().then(|| [x, warp(y, self.log_y)])
    }
}

/// Where what lies beyond the upper edge is marked.
fn edge(range: [f64; 2]) -> f64 {
    range[1] - 0.04 * (range[1] - range[0])
}

/// The experiment under way stands out from runs on disk.
fn width(source: &Source) -> f32 {
    if source.key.run.is_none() { theme::CURVE } else { 0.75 * theme::CURVE }
}

/// About as wide as a label will be, in points.
#[must_use]
pub fn label_width(text: &str) -> f32 {
    text.chars().count() as f32 * 6.4 + space::XS
}

/// The value above which validations count as absurd where there is no training to compare with: ten times the usual
/// size and spread above the median. Of two values the smaller is the usual one.
fn far(values: &mut [f64]) -> f64 {
    let median = |values: &mut [f64]| {
        values.sort_by(f64::total_cmp);
        values.get(values.len().saturating_sub(1) / 2).copied()
    };
    let Some(middle) = median(values) else { return f64::INFINITY };
    let mut away: Vec<f64> = values.iter().map(|value| (value - middle).abs()).collect();
    let usual = middle.abs() + median(&mut away).unwrap_or(0.0);
    if usual > 0.0 { middle + 10.0 * usual } else { f64::INFINITY }
}

/// The points in view and one more on each side, as many as there is room for, with the least and the greatest of each
/// bucket that becomes two; and whether each can have its dot.
fn thinned(points: Vec<[f64; 2]>, span: [f64; 2], width: f32) -> (Vec<[f64; 2]>, bool) {
    let first = points.partition_point(|point| point[0] < span[0]).saturating_sub(1);
    let last = (points.partition_point(|point| point[0] <= span[1]) + 1).min(points.len());
    let shown = &points[first..last.max(first)];
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a width in points")]
    let most = (width.max(80.0) / 8.0) as usize;
    if shown.len() <= most {
        return (shown.to_vec(), true);
    }
    let ends = |bucket: &[[f64; 2]]| {
        let least = bucket.iter().copied().min_by(|a, b| a[1].total_cmp(&b[1]));
        let greatest = bucket.iter().copied().max_by(|a, b| a[1].total_cmp(&b[1]));
        let mut both: Vec<[f64; 2]> = least.into_iter().chain(greatest).collect();
        both.sort_by(|a, b| a[0].total_cmp(&b[0]));
        both.dedup();
        both
    };
    (shown.chunks(shown.len().div_ceil(most)).flat_map(ends).collect(), false)
}

/// A logarithmic axis spreads its first entries out, so it is thinned in stretches that each are as long as all before.
fn stretches(range: std::ops::Range<usize>, log: bool) -> Vec<std::ops::Range<usize>> {
    if !log {
        return vec![range];
    }
    let (mut from, mut stretches) = (range.start, Vec::new());
    while from < range.end {
        let to = (from.max(32) * 4).min(range.end);
        // One entry more closes the gap to the next stretch.
        stretches.push(from..(to + 1).min(range.end));
        from = to;
    }
    stretches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_validations_are_thinned_without_losing_a_spike() {
        let points: Vec<[f64; 2]> =
            (0..10_000).map(|i| [f64::from(i), if i == 4321 { 9.0 } else { f64::from(i % 3) }]).collect();
        let (few, dotted) = thinned(points.clone(), [0.0, 10_000.0], 400.0);
        assert!(few.len() <= 100 && !dotted, "{} points", few.len());
        assert!(few.contains(&[4321.0, 9.0]));
        assert!(few.windows(2).all(|pair| pair[0][0] < pair[1][0]));
        let (near, dotted) = thinned(points, [100.0, 120.0], 400.0);
        assert!(near.len() == 23 && dotted, "{} points and one on each side", near.len());
    }

    #[test]
    fn an_absurd_first_validation_is_far_whatever_the_others_are() {
        assert!(far(&mut [90_000.0, 0.1]) < 2.0);
        assert!(far(&mut [90_000.0, -0.05, 0.02]) < 2.0);
        assert!(far(&mut [0.5, 0.1, 0.2]) > 0.5, "what is usual stays in view");
        assert!(far(&mut [0.0, 0.0]).is_infinite() && far(&mut []).is_infinite());
    }

    #[test]
    fn stretches_cover_a_range_without_gaps() {
        let covered = stretches(5..100_000, true);
        assert_eq!(covered.first().map(|range| range.start), Some(5));
        assert_eq!(covered.last().map(|range| range.end), Some(100_000));
        assert!(covered.windows(2).all(|pair| pair[0].end == pair[1].start + 1), "{covered:?}");
        assert_eq!(stretches(3..9, false), std::slice::from_ref(&(3..9)));
        assert!(stretches(3..3, true).is_empty());
    }
}
