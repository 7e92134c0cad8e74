//! Lines of several arms in one plot on one scale, with what they say in words beside them.

use super::line::{Dash, Pieces, Viewport, clipped};
use super::plot;
use super::theme::{self, Tokens};
use super::widgets::named;
use eframe::egui::{Color32, Stroke, Ui};
use egui_plot::{AxisHints, HLine, Line, LineStyle, MarkerShape, PlotBounds, Points, VLine};
use lab_core::number;
use std::ops::RangeInclusive;

/// How the vertical axis is scaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AxisScale {
    Linear,
    /// By powers of ten.
    Log,
    /// A share in percent, from nothing to all.
    Percent,
    /// A share in percent, only as far as the lines reach.
    PartOfPercent,
}

/// What runs across a plot.
#[derive(Clone, Copy, Debug)]
pub struct Across<'a> {
    /// How it is scaled.
    pub scale: AxisScale,
    /// What stands below 0, 1, 2, … where these are no numbers.
    pub names: &'a [String],
    /// Whether it is counted: nothing lies between two whole numbers.
    pub whole: bool,
    /// What runs across and what runs up, where that is written beside the axes.
    pub titles: [&'a str; 2],
}

impl Default for Across<'_> {
    fn default() -> Self {
        Self { scale: AxisScale::Linear, names: &[], whole: false, titles: [""; 2] }
    }
}

#[derive(Clone, Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each says of itself how it is drawn")]
pub struct Series {
    /// The arm's place, for its colour.
    pub arm: usize,
    /// Another colour than the arm's.
    pub color: Option<Color32>,
    /// What it is called.
    pub name: String,
    /// Its points, from left to right; the line is broken where one has no height.
    pub points: Vec<[f64; 2]>,
    /// Its lower and upper edge, where it has a band.
    pub band: Option<[Vec<[f64; 2]>; 2]>,
    /// A height to compare with.
    pub level: Option<f64>,
    /// Points to set apart from the others.
    pub marked: Vec<[f64; 2]>,
    /// How the line is broken.
    pub dash: Dash,
    /// Whether only the points are drawn.
    pub scattered: bool,
    /// Whether only the line is drawn.
    pub unmarked: bool,
    /// Places across to compare with.
    pub stops: Vec<f64>,
    /// Whether it is a guide for the eye rather than an arm's line.
    pub guide: bool,
}

impl Series {
    fn ink(&self, tokens: &Tokens) -> Color32 {
        self.color.unwrap_or_else(|| if self.guide { tokens.weak } else { tokens.arm(self.arm) })
    }
}

impl AxisScale {
    fn place(self, value: f64) -> f64 {
        if self == Self::Log { value.log10() } else { value }
    }

    fn value(self, place: f64) -> f64 {
        if self == Self::Log { 10f64.powf(place) } else { place }
    }

    /// What stands beside a mark.
    fn words(self, place: f64) -> String {
        match self {
            Self::Linear => number::tick(place),
            Self::Log => number::tick(10f64.powf(place)),
            Self::Percent | Self::PartOfPercent => format!("{} %", number::tick(100.0 * place)),
        }
    }
}

/// A plot before lines are drawn in it.
#[derive(Clone, Copy, Debug)]
pub struct Chart<'a> {
    /// Tells it from other plots, in every frame alike.
    pub id: &'a str,
    /// What its lines show, for those who have it read to them.
    pub name: &'a str,
    pub across: Across<'a>,
    /// How what runs up is scaled.
    pub scale: AxisScale,
    /// In points.
    pub height: f32,
}

impl<'a> Chart<'a> {
    /// One over evenly spread numbers.
    #[must_use]
    pub fn new(id: &'a str, name: &'a str, scale: AxisScale, height: f32) -> Self {
        Self { id, name, across: Across::default(), scale, height }
    }

    /// The same over what is not spread evenly, or no number.
    #[must_use]
    pub fn over(self, across: Across<'a>) -> Self {
        Self { across, ..self }
    }

    /// Draws lines; gives the place below the pointer.
    pub fn draw(self, ui: &mut Ui, lines: &[Series]) -> Option<[f64; 2]> {
        let Self { id, name, across, scale, height } = self;
        let tokens = Tokens::of(ui);
        let scaled = |points: &[[f64; 2]]| placed(points, across.scale, scale);
        // What lies between two gaps, each as a line of its own.
        let unbroken = |points: &[[f64; 2]]| -> Vec<Vec<[f64; 2]>> {
            points.split(|point| point[1].is_nan()).map(scaled).filter(|part| !part.is_empty()).collect()
        };
        let ([left, right], [low, high]) = ends(lines, &across, scale);
        let whole = across.whole || lines.iter().flat_map(|line| &line.points).all(|point| point[0].fract() == 0.0);
        let (names, across_scale) = (across.names.to_vec(), across.scale);
        let axis = if names.is_empty() { AxisHints::new_x() } else { plot::named_axis() };
        let [below, beside] = across.titles.map(|title| theme::caption(title, &tokens));
        let drawn = plot::bare(id, ui)
            .height(height)
            .allow_drag(false)
            .allow_zoom(false)
            .allow_boxed_zoom(false)
            .custom_x_axes(vec![axis.label(below)])
            .y_axis_label(beside)
            .x_grid_spacer(move |input| {
                if across_scale == AxisScale::Log {
                    return plot::log_marks(input);
                }
                plot::spaced_marks(input, 60.0, if whole { 1.0 } else { 0.0 })
            })
            .y_grid_spacer(move |input| {
                if scale == AxisScale::Log { plot::log_marks(input) } else { plot::linear_marks(input, 40.0) }
            })
            .x_axis_formatter(move |mark, _| {
                if names.is_empty() {
                    return across_scale.words(mark.value);
                }
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place among a few names")]
                let place = mark.value.round().max(0.0) as usize;
                if mark.value < 0.0 { String::new() } else { names.get(place).cloned().unwrap_or_default() }
            })
            .y_axis_formatter(move |mark, _| scale.words(mark.value))
            .show(ui, |plot| {
                plot.set_plot_bounds(PlotBounds::from_min_max([left, low], [right, high]));
                for line in lines {
                    let color = line.ink(&tokens);
                    if let Some([low, high]) = &line.band {
                        let edges = low.iter().zip(high);
                        let edges = edges
                            .map(|(low, high)| [across_scale.place(low[0]), scale.place(low[1]), scale.place(high[1])]);
                        let edges: Vec<[f64; 3]> =
                            edges.filter(|edge| edge.iter().all(|end| end.is_finite())).collect();
                        plot::band(plot, &edges, color);
                    }
                    for stop in &line.stops {
                        let (place, style) = (across_scale.place(*stop), LineStyle::dashed_loose());
                        plot.vline(VLine::new("", place).color(color).width(1.0).style(style).allow_hover(false));
                    }
                    if let Some(level) = line.level {
                        let style = LineStyle::dashed_loose();
                        plot.hline(
                            HLine::new("", scale.place(level)).color(color).width(1.0).style(style).allow_hover(false),
                        );
                    }
                    let points = scaled(&line.points);
                    if !line.scattered && line.dash == Dash::Solid {
                        for part in unbroken(&line.points) {
                            let drawn = Line::new(line.name.clone(), part).color(color).width(theme::CURVE);
                            plot.line(drawn.allow_hover(false));
                        }
                    }
                    if line.scattered || points.len() <= 120 && !line.unmarked {
                        plot.points(Points::new("", points).color(color).radius(2.5).allow_hover(false));
                    }
                    let marked =
                        Points::new("", scaled(&line.marked)).color(color).radius(5.0).shape(MarkerShape::Diamond);
                    plot.points(marked.allow_hover(false));
                }
                plot.pointer_coordinate()
            });
        let (frame, mut shapes) = (drawn.transform.frame(), Vec::new());
        let size = [f64::from(frame.width()), f64::from(frame.height())];
        let view = Viewport { x: [left, right], y: [low, high], size };
        for line in lines.iter().filter(|line| !line.scattered && line.dash != Dash::Solid) {
            let mut pieces = Pieces::default();
            for part in unbroken(&line.points) {
                clipped(&part, &view).iter().for_each(|part| pieces.dash(part, &view, line.dash));
            }
            plot::paint(&pieces, Stroke::new(theme::CURVE, line.ink(&tokens)), &drawn.transform, &mut shapes);
        }
        ui.painter().with_clip_rect(frame.intersect(ui.clip_rect())).extend(shapes);
        let pointed = drawn.inner.filter(|_| drawn.response.hovered());
        named(ui, drawn.response, name);
        pointed.map(|place| [across.scale.value(place.x), scale.value(place.y)])
    }
}

/// From where to where a plot reaches, across and up.
fn ends(lines: &[Series], across: &Across, scale: AxisScale) -> ([f64; 2], [f64; 2]) {
    let mut ends = PlotBounds::NOTHING;
    for line in lines {
        let band = line.band.iter().flatten().flatten();
        let points: Vec<[f64; 2]> = line.points.iter().chain(band).copied().collect();
        for point in placed(&points, across.scale, scale) {
            ends.extend_with(&point.into());
        }
        line.stops.iter().for_each(|stop| ends.extend_with_x(across.scale.place(*stop)));
        line.level
            .iter()
            .map(|level| scale.place(*level))
            .filter(|y| y.is_finite())
            .for_each(|y| ends.extend_with_y(y));
    }
    let sides = match across.names.len() {
        // What is said below the last mark reaches beyond it.
        0 if across.scale == AxisScale::Percent => wide(ends.range_x(), 0.05),
        0 => wide(ends.range_x(), 0.02),
        names => [-0.5, names as f64 - 0.5],
    };
    let heights = match scale {
        AxisScale::Percent => [-0.02, 1.02],
        AxisScale::Log => roomy(ends.range_y()),
        _ => wide(ends.range_y(), 0.06),
    };
    (sides, heights)
}

/// Where points lie on two scales; those that have no place on them are left out.
fn placed(points: &[[f64; 2]], across: AxisScale, up: AxisScale) -> Vec<[f64; 2]> {
    let placed = points.iter().map(|[x, y]| [across.place(*x), up.place(*y)]);
    placed.filter(|point| point[0].is_finite() && point[1].is_finite()).collect()
}

/// The same for decimal logarithms, so that two marks are in view however little lies between the ends.
fn roomy(ends: RangeInclusive<f64>) -> [f64; 2] {
    let [low, high] = wide(ends, 0.06);
    let around = (0.2 - 0.5 * (high - low)).max(0.0);
    [low - around, high + around]
}

/// Both ends with some room around them.
fn wide(ends: RangeInclusive<f64>, room: f64) -> [f64; 2] {
    if ends.is_empty() {
        return [0.0, 1.0];
    }
    let (min, max) = ends.into_inner();
    let around = ((max - min) * room).max(1e-9 + 1e-3 * max.abs());
    [min - around, max + around]
}
