//! Draws a plot: training as solid lines, validation dashed with marks; runs beyond the eighth in lines of other dashes.

use super::cache::seal;
use super::figure::{AXIS, ArmCurve, CommonSettings, Figure, LineLayer, label_width, unwarp, warp};
use super::marks;
use super::source::{PlottedArm, Whose, places};
use crate::kit::line::{Dash, Pieces, Viewport, clipped};
use crate::kit::plot;
use crate::kit::theme::{self, Tokens, space};
use crate::state::series::SeriesColumn;
use eframe::egui::epaint::Tessellator;
use eframe::egui::{Color32, Mesh, Response, Shape, Stroke, Ui};
use egui_plot::{
    Line, LineStyle, MarkerShape, PlotBounds, PlotGeometry, PlotItem, PlotItemBase, PlotTransform, PlotUi, Points,
    VLine,
};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// What came of drawing.
pub struct Drawn {
    pub response: Response,
    /// The least and the greatest step in view.
    pub span: [f64; 2],
    /// The least and the greatest value in view.
    pub range: [f64; 2],
    /// What was to be in view.
    pub asked: [f64; 2],
    /// Where the pointer is on the horizontal axis, if it is on the plot.
    pub pointer: Option<f64>,
}

/// A line of a curve before it is drawn.
struct Stroked<'a> {
    column: &'a SeriesColumn,
    stroke: Stroke,
    dash: Dash,
}

/// Width of each of many lines: so narrow that it is made of its soft edges alone, a third fewer triangles.
const THIN: f32 = 0.9;
/// The share of a plot's height that one of many lines may leave out beside its points.
const FAR: f64 = 0.2;

impl Figure<'_> {
    /// Draws the plot as wide as there is room.
    pub fn draw(&self, ui: &mut Ui, height: f32) -> Drawn {
        let tokens = Tokens::of(ui);
        let CommonSettings { axis, log_x, span, .. } = self.common;
        let (metric, log_y) = (self.metric, self.log_y);
        let asked = self.range;
        let scale = (span[1] - span[0]) / f64::from((ui.available_width() - AXIS).max(1.0));
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
                    plot.add(Solid { base: PlotItemBase::new(String::new()), figure: self, curve, tokens });
                }
                for curve in &self.curves {
                    self.validation(plot, curve, curve.source.color(&tokens));
                }
                if let Some(x) = self.common.cursor {
                    plot.vline(VLine::new("cursor", x).color(tokens.weak).width(theme::HAIRLINE).allow_hover(false));
                }
                plot.response().hovered().then(|| plot.pointer_coordinate().map(|at| at.x)).flatten()
            });
        let painter = ui.painter().with_clip_rect(drawn.response.rect.intersect(ui.clip_rect()));
        for curve in &self.curves {
            let mut shapes = Vec::new();
            self.layer(ui, curve, LineLayer::Dashed, &drawn.transform, &mut shapes);
            painter.extend(shapes);
        }
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
        for (index, intervention) in self.interventions.iter().enumerate() {
            let x = warp(intervention.place(self.common.axis, first.source.pace), self.common.log_x);
            let line = VLine::new(format!("intervention {index}"), x).style(LineStyle::Dotted { spacing: 4.0 });
            plot.vline(line.color(tokens.weak).width(theme::HAIRLINE).allow_hover(false));
        }
    }

    /// The band around a mean.
    fn band(&self, plot: &mut PlotUi, curve: &ArmCurve, color: Color32) {
        let Some([low, high]) = curve.source.edges else { return };
        let edges: Vec<[f64; 3]> =
            if let (Some((times, low)), Some((_, high))) = (low.dense(self.metric), high.dense(self.metric)) {
                let places = places(self.common.axis, times, curve.source.pace);
                let ends = low.values().iter().zip(high.values()).enumerate();
                ends.map(|(index, (low, high))| [warp(places.at(index), self.common.log_x), *low, *high]).collect()
            } else {
                let ends = low.sparse(self.metric).zip(high.sparse(self.metric));
                ends.map(|((evaluation, low), (_, high))| [self.place(evaluation, curve.source), low, high]).collect()
            };
        let ends = |[x, low, high]: [f64; 3]| [x, warp(low, self.log_y), warp(high, self.log_y)];
        let edges: Vec<[f64; 3]> =
            edges.into_iter().map(ends).filter(|edge| edge.iter().all(|end| end.is_finite())).collect();
        plot::band(plot, &edges, color);
    }

    /// The lines of what was trained.
    fn training<'a>(&self, curve: &ArmCurve<'a>, tokens: &Tokens) -> impl Iterator<Item = Stroked<'a>> + use<'a> {
        let (source, color) = (curve.source, curve.source.color(tokens));
        let raw = curve.raw.map(|(_, raw)| raw);
        let faint = color.gamma_multiply(if tokens.dark { 0.3 } else { 0.25 });
        let behind = raw.filter(|_| curve.smoothed.is_some() && self.common.raw && !source.ghost);
        let behind = behind.map(|column| Stroked { column, stroke: Stroke::new(1.0, faint), dash: Dash::Solid });
        let main = raw.map(|raw| curve.smoothed.unwrap_or(raw));
        let stroke = Stroke::new(self.width(source), color);
        let main = main.map(|column| Stroked { column, stroke, dash: source.ink.dash });
        behind.into_iter().chain(main)
    }

    /// One layer of a curve's lines, as triangles that are kept as long as they lie where they lay. What leaves the window
    /// is made of lines.
    fn layer(&self, ui: &Ui, curve: &ArmCurve, layer: LineLayer, transform: &PlotTransform, shapes: &mut Vec<Shape>) {
        let tokens = &Tokens::of(ui);
        let make = |shapes: &mut Vec<Shape>| match layer {
            LineLayer::Solid => self.solid(ui, curve, transform, tokens, shapes),
            LineLayer::Dashed => self.dashed(curve, transform, tokens, shapes),
        };
        let Some(memory) = self.memory else { return make(shapes) };
        let (clip, frame, bounds) = (ui.clip_rect(), transform.frame(), transform.bounds());
        let look: Vec<_> = self.training(curve, tokens).map(|line| line.column.stamp()).collect();
        let ink = (curve.source.color(tokens), curve.source.ink, self.common.points, self.common.raw, self.log_y);
        let validated = match layer {
            LineLayer::Solid => 0,
            LineLayer::Dashed => curve.source.trace.validated(),
        };
        let place = [clip.min, clip.max, frame.min, frame.max].map(|at| [at.x.to_bits(), at.y.to_bits()]);
        let view = [bounds.min(), bounds.max()].map(|at| at.map(f64::to_bits));
        let across = curve.raw.map(|(times, _)| self.horizontal(times, curve.source));
        let seal = seal((look, ink, validated, place, view, across, ui.pixels_per_point().to_bits()));
        let key = (self.metric, curve.source.key, layer);
        let mesh = memory.lines.borrow_mut().get(key, seal, || {
            let mut shapes = Vec::new();
            make(&mut shapes);
            triangles(ui, shapes)
        });
        if !mesh.is_empty() {
            shapes.push(Shape::Mesh(mesh));
        }
    }

    fn solid(&self, ui: &Ui, curve: &ArmCurve, transform: &PlotTransform, tokens: &Tokens, shapes: &mut Vec<Shape>) {
        let view = self.view(transform);
        for Stroked { column, stroke: Stroke { width, color }, dash } in self.training(curve, tokens) {
            for points in self.lines(curve, column, &view) {
                if let [only] = points.as_slice() {
                    Points::new("", vec![*only]).color(color).radius(width * 1.5).shapes(ui, transform, shapes);
                } else if dash == Dash::Solid {
                    let line = Line::new("", points).color(color).width(width);
                    line.allow_band(width < theme::CURVE).shapes(ui, transform, shapes);
                }
            }
        }
    }

    fn dashed(&self, curve: &ArmCurve, transform: &PlotTransform, tokens: &Tokens, shapes: &mut Vec<Shape>) {
        let view = self.view(transform);
        let dashes = self.training(curve, tokens).filter(|line| line.dash != Dash::Solid);
        for Stroked { column, stroke, dash } in dashes {
            let mut pieces = Pieces::default();
            for points in self.lines(curve, column, &view) {
                clipped(&points, &view).iter().for_each(|part| pieces.dash(part, &view, dash));
            }
            plot::paint(&pieces, stroke, transform, shapes);
        }
        let points = thinned(&self.in_view(curve), self.room(&view));
        // Of many lines each has fewer, longer dashes.
        let long = Viewport { size: view.size.map(|side| if self.common.raw { side } else { 0.5 * side }), ..view };
        let mut pieces = Pieces::default();
        clipped(&points, &view).iter().for_each(|part| pieces.dash(part, &long, Dash::Validation));
        plot::paint(&pieces, Stroke::new(self.width(curve.source), curve.source.color(tokens)), transform, shapes);
    }

    /// A column of a curve as it is drawn, the part in view, of as many points as there is room for.
    fn lines(&self, curve: &ArmCurve, column: &SeriesColumn, view: &Viewport) -> Vec<Vec<[f64; 2]>> {
        let Some((times, _)) = curve.raw else { return Vec::new() };
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a width in pixels")]
        let most = (view.size[0].max(100.0) as usize).min(self.common.points);
        let places = places(self.common.axis, times, curve.source.pace);
        let range = places.within(self.span());
        let x = |index| warp(places.at(index), self.common.log_x);
        let stretches = stretches(range, self.common.log_x).into_iter();
        let height = FAR * (self.range[1] - self.range[0]);
        let far = |a, b| (warp(a, self.log_y) - warp(b, self.log_y)).abs() > height;
        let line = |range| match curve.smoothed {
            Some(_) if !self.common.raw => column.sketched(x, range, most, far),
            _ => column.lines(x, range, most),
        };
        let mut lines: Vec<Vec<[f64; 2]>> = stretches.flat_map(line).collect();
        lines.iter_mut().flatten().for_each(|point| point[1] = warp(point[1], self.log_y));
        lines
    }

    /// What part of the plane is in view, and how large.
    fn view(&self, transform: &PlotTransform) -> Viewport {
        let size = transform.frame().size();
        Viewport { x: self.common.span, y: self.range, size: [f64::from(size.x), f64::from(size.y)] }
    }

    /// The validations in view and one more on each side, as drawn.
    fn in_view(&self, curve: &ArmCurve) -> Vec<[f64; 2]> {
        let all = self.validations(curve);
        let [from, to] = self.common.span;
        let end = (all.partition_point(|seen| seen.at[0] <= to) + 1).min(all.len());
        let begin = all.partition_point(|seen| seen.at[0] < from).saturating_sub(1);
        all.get(begin..end).unwrap_or_default().iter().map(|seen| seen.at).collect()
    }

    /// The experiment under way stands out from runs on disk, and these from the attempt before.
    fn width(&self, source: &PlottedArm) -> f32 {
        match source.key.whose {
            Whose::Before => theme::HAIRLINE,
            Whose::Now | Whose::Group => theme::CURVE,
            Whose::Run(_) if self.common.raw => 0.75 * theme::CURVE,
            Whose::Run(_) => THIN,
        }
    }

    /// For how many validations of a line there is room.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a width in points")]
    fn room(&self, view: &Viewport) -> usize {
        (view.size[0].min(2.0 * self.common.points as f64).max(80.0) / 8.0) as usize
    }

    /// The dots of validations, and the best one.
    fn validation(&self, plot: &mut PlotUi, curve: &ArmCurve, color: Color32) {
        let source = curve.source;
        let size = plot.response().rect.size();
        let view = Viewport { x: self.common.span, y: self.range, size: [f64::from(size.x), f64::from(size.y)] };
        let points = self.in_view(curve);
        if points.is_empty() || source.ghost {
            return;
        }
        if points.len() <= self.room(&view) {
            let shape = source.ink.dash.marker();
            let radius = if shape == MarkerShape::Circle { 2.5 } else { 3.5 };
            plot.points(Points::new("", points).color(color).shape(shape).radius(radius).allow_hover(false));
        }
        if let Some(best) = self.validations(curve).iter().find(|seen| seen.best) {
            let diamond = Points::new("", vec![best.at]).shape(MarkerShape::Diamond).radius(6.0).filled(true);
            plot.points(diamond.color(color).allow_hover(false));
        }
    }
}

/// A curve's unbroken lines as an item of the plot, below the validations of all curves.
struct Solid<'a> {
    base: PlotItemBase,
    figure: &'a Figure<'a>,
    curve: &'a ArmCurve<'a>,
    tokens: Tokens,
}

impl PlotItem for Solid<'_> {
    fn shapes(&self, ui: &Ui, transform: &PlotTransform, shapes: &mut Vec<Shape>) {
        self.figure.layer(ui, self.curve, LineLayer::Solid, transform, shapes);
    }

    fn initialize(&mut self, _: RangeInclusive<f64>) {}

    fn color(&self) -> Color32 {
        self.curve.source.color(&self.tokens)
    }

    fn allow_hover(&self) -> bool {
        false
    }

    fn geometry(&self) -> PlotGeometry<'_> {
        PlotGeometry::None
    }

    fn bounds(&self) -> PlotBounds {
        PlotBounds::NOTHING
    }

    fn base(&self) -> &PlotItemBase {
        &self.base
    }

    fn base_mut(&mut self) -> &mut PlotItemBase {
        &mut self.base
    }
}

/// Shapes without texts as triangles. Discs among them are no part of the texture of letters, which grows.
fn triangles(ui: &Ui, shapes: Vec<Shape>) -> Arc<Mesh> {
    let mut options = ui.ctx().tessellation_options(|options| *options);
    options.prerasterized_discs = false;
    let mut tessellator = Tessellator::new(ui.pixels_per_point(), options, [1, 1], Vec::new());
    let mut mesh = Mesh::default();
    shapes.into_iter().for_each(|shape| tessellator.tessellate_shape(shape, &mut mesh));
    Arc::new(mesh)
}

/// As many points as there is room for, with the least and the greatest of each bucket that becomes two.
fn thinned(points: &[[f64; 2]], most: usize) -> Vec<[f64; 2]> {
    if points.len() <= most {
        return points.to_vec();
    }
    let ends = |bucket: &[[f64; 2]]| {
        let least = bucket.iter().copied().min_by(|a, b| a[1].total_cmp(&b[1]));
        let greatest = bucket.iter().copied().max_by(|a, b| a[1].total_cmp(&b[1]));
        let mut both: Vec<[f64; 2]> = least.into_iter().chain(greatest).collect();
        both.sort_by(|a, b| a[0].total_cmp(&b[0]));
        both.dedup();
        both
    };
    points.chunks(points.len().div_ceil(most)).flat_map(ends).collect()
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
        let few = thinned(&points, 50);
        assert!(few.len() <= 100, "{} points", few.len());
        assert!(few.contains(&[4321.0, 9.0]));
        assert!(few.windows(2).all(|pair| pair[0][0] < pair[1][0]));
        assert_eq!(thinned(&points[..23], 50), points[..23]);
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
