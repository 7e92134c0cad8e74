//! Draws a plot: training as solid lines, validation dashed with marks; runs beyond the eighth in lines of other dashes.

use super::figure::{AXIS, Curve, Figure, Frame, label_width, unwarp, warp};
use super::marks;
use super::source::{Source, Whose, places};
use crate::kit::line::{Dash, Pieces, View, clipped};
use crate::kit::plot;
use crate::kit::theme::{self, Tokens, space};
use crate::state::series::Column;
use crate::state::trace::Times;
use eframe::egui::{Color32, Painter, Response, Shape, Stroke, Ui, pos2};
use egui_plot::{Line, LineStyle, MarkerShape, PlotBounds, PlotTransform, PlotUi, Points, VLine};
use lab_core::protocol::Evaluation;

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

/// Lines that are dashed; the plot would make a shape with a name of each dash.
type Dashes = Vec<(Pieces, Stroke)>;

impl Figure<'_> {
    /// Draws the plot as wide as there is room.
    pub fn draw(&self, ui: &mut Ui, height: f32) -> Drawn {
        let tokens = Tokens::of(ui);
        let Frame { axis, log_x, span, .. } = self.frame;
        let (metric, log_y) = (self.metric, self.log_y);
        let asked = self.range;
        let scale = (span[1] - span[0]) / f64::from((ui.available_width() - AXIS).max(1.0));
        let mut dashes = Dashes::new();
        let drawn = plot::bare(metric.id(), ui)
            .height(height)
            .x_grid_spacer(move |input| axis.marks(input, log_x))
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
                    self.band(plot, curve, curve.source.color(&tokens));
                }
                for curve in &self.curves {
                    self.training(plot, curve, &tokens, &mut dashes);
                }
                for curve in &self.curves {
                    self.validation(plot, curve, curve.source.color(&tokens), &mut dashes);
                }
                if let Some(x) = self.frame.cursor {
                    plot.vline(VLine::new("cursor", x).color(tokens.weak).width(theme::HAIRLINE).allow_hover(false));
                }
                plot.response().hovered().then(|| plot.pointer_coordinate().map(|at| at.x)).flatten()
            });
        let painter = ui.painter().with_clip_rect(drawn.response.rect.intersect(ui.clip_rect()));
        paint(&painter, &drawn.transform, &dashes);
        marks::paint(&painter, self, &drawn.transform, &tokens);
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

    /// The band around a mean.
    fn band(&self, plot: &mut PlotUi, curve: &Curve, color: Color32) {
        let Some([low, high]) = curve.source.edges else { return };
        let edges: Vec<[f64; 3]> =
            if let (Some((times, low)), Some((_, high))) = (low.dense(self.metric), high.dense(self.metric)) {
                let places = places(self.frame.axis, times, curve.source.pace);
                let ends = low.values().iter().zip(high.values()).enumerate();
                ends.map(|(index, (low, high))| [warp(places.at(index), self.frame.log_x), *low, *high]).collect()
            } else {
                let ends = low.sparse(self.metric).zip(high.sparse(self.metric));
                ends.map(|((evaluation, low), (_, high))| [self.place(evaluation, curve.source), low, high]).collect()
            };
        let ends = |[x, low, high]: [f64; 3]| [x, warp(low, self.log_y), warp(high, self.log_y)];
        let edges: Vec<[f64; 3]> =
            edges.into_iter().map(ends).filter(|edge| edge.iter().all(|end| end.is_finite())).collect();
        plot::band(plot, &edges, color);
    }

    fn training(&self, plot: &mut PlotUi, curve: &Curve, tokens: &Tokens, dashes: &mut Dashes) {
        let Some((times, raw)) = curve.raw else { return };
        let (source, color) = (curve.source, curve.source.color(tokens));
        if let Some(smoothed) = curve.smoothed {
            if self.frame.raw && !source.ghost {
                let faint = color.gamma_multiply(if tokens.dark { 0.3 } else { 0.25 });
                self.line(plot, source, (times, raw), (Stroke::new(1.0, faint), Dash::Solid), dashes);
            }
            self.line(plot, source, (times, smoothed), (Stroke::new(width(source), color), source.ink.dash), dashes);
        } else {
            self.line(plot, source, (times, raw), (Stroke::new(width(source), color), source.ink.dash), dashes);
        }
    }

    fn line(
        &self,
        plot: &mut PlotUi,
        source: &Source,
        (times, column): (&Times, &Column),
        (stroke, dash): (Stroke, Dash),
        dashes: &mut Dashes,
    ) {
        let Stroke { width, color } = stroke;
        let mut pieces = Pieces::default();
        let view = self.view(plot);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a width in pixels")]
        let most = (view.size[0].max(100.0) as usize).min(self.frame.points);
        let places = places(self.frame.axis, times, source.pace);
        let range = places.within(self.span());
        let x = |index| warp(places.at(index), self.frame.log_x);
        for range in stretches(range, self.frame.log_x) {
            for mut points in column.lines(x, range, most) {
                points.iter_mut().for_each(|point| point[1] = warp(point[1], self.log_y));
                if let [only] = points.as_slice() {
                    let dot = Points::new("", vec![*only]).color(color).radius(width * 1.5);
                    plot.points(dot.allow_hover(false));
                } else if dash == Dash::Solid {
                    let line = Line::new("", points).color(color).width(width);
                    plot.line(line.allow_band(width < theme::CURVE).allow_hover(false));
                } else {
                    clipped(&points, &view).iter().for_each(|part| pieces.dash(part, &view, dash));
                }
            }
        }
        dashes.push((pieces, stroke));
    }

    /// What part of the plane is in view, and how large.
    fn view(&self, plot: &PlotUi) -> View {
        let size = plot.response().rect.size();
        View { x: self.frame.span, y: self.range, size: [f64::from(size.x), f64::from(size.y)] }
    }

    /// Validations and the best one.
    fn validation(&self, plot: &mut PlotUi, curve: &Curve, color: Color32, dashes: &mut Dashes) {
        let source = curve.source;
        let place = |(evaluation, value): (&Evaluation, f64)| [self.place(evaluation, source), warp(value, self.log_y)];
        let all = source.trace.sparse(self.metric).map(place).filter(|point| point[1].is_finite());
        let view = self.view(plot);
        let (points, dotted) =
            thinned(all.collect(), self.frame.span, view.size[0].min(2.0 * self.frame.points as f64));
        if points.is_empty() {
            return;
        }
        // Of many lines each has fewer, longer dashes.
        let long = View { size: view.size.map(|side| if self.frame.raw { side } else { 0.5 * side }), ..view };
        let mut pieces = Pieces::default();
        clipped(&points, &view).iter().for_each(|part| pieces.dash(part, &long, Dash::Validation));
        dashes.push((pieces, Stroke::new(width(source), color)));
        if source.ghost {
            return;
        }
        if dotted {
            let shape = source.ink.dash.marker();
            let radius = if shape == MarkerShape::Circle { 2.5 } else { 3.5 };
            plot.points(Points::new("", points).color(color).shape(shape).radius(radius).allow_hover(false));
        }
        let best = source.trace.best().map(|best| best.step);
        if let Some(best) = source.trace.sparse(self.metric).find(|(evaluation, _)| Some(evaluation.step) == best) {
            let diamond = Points::new("", vec![place(best)]).shape(MarkerShape::Diamond).radius(6.0).filled(true);
            plot.points(diamond.color(color).allow_hover(false));
        }
    }
}

#[allow(clippy::cast_possible_truncation, reason = "places on the screen")]
fn paint(painter: &Painter, transform: &PlotTransform, dashes: &Dashes) {
    let bounds = transform.bounds();
    let frame = transform.frame();
    let (low, high) = (bounds.min(), bounds.max());
    let scale = [f64::from(frame.width()) / (high[0] - low[0]), f64::from(frame.height()) / (high[1] - low[1])];
    let place = |[x, y]: &[f64; 2]| {
        let (across, up) = ((x - low[0]) * scale[0], (y - low[1]) * scale[1]);
        pos2(frame.left() + across as f32, frame.bottom() - up as f32)
    };
    for (pieces, stroke) in dashes {
        painter.extend(pieces.iter().map(|piece| match piece {
            [from, to] => Shape::LineSegment { points: [place(from), place(to)], stroke: *stroke },
            _ => Shape::line(piece.iter().map(place).collect(), *stroke),
        }));
    }
}

/// The experiment under way stands out from runs on disk, and these from the attempt before.
fn width(source: &Source) -> f32 {
    match source.key.whose {
        Whose::Before => theme::HAIRLINE,
        Whose::Now | Whose::Group => theme::CURVE,
        Whose::Run(_) => 0.75 * theme::CURVE,
    }
}

/// The points in view and one more on each side, as many as there is room for, with the least and the greatest of each
/// bucket that becomes two; and whether each can have its dot.
fn thinned(points: Vec<[f64; 2]>, span: [f64; 2], width: f64) -> (Vec<[f64; 2]>, bool) {
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
    fn stretches_cover_a_range_without_gaps() {
        let covered = stretches(5..100_000, true);
        assert_eq!(covered.first().map(|range| range.start), Some(5));
        assert_eq!(covered.last().map(|range| range.end), Some(100_000));
        assert!(covered.windows(2).all(|pair| pair[0].end == pair[1].start + 1), "{covered:?}");
        assert_eq!(stretches(3..9, false), std::slice::from_ref(&(3..9)));
        assert!(stretches(3..3, true).is_empty());
    }
}
