//! Lines of several arms in one plot on one scale, with what they say in words beside them.

use super::plot;
use super::theme::{self, Tokens};
use super::widgets::named;
use eframe::egui::{Color32, Ui};
use egui_plot::{HLine, Line, LineStyle, MarkerShape, PlotBounds, Points, Polygon};
use lab_core::number;
use std::ops::RangeInclusive;

/// How the vertical axis is scaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// As it is.
    Linear,
    /// By powers of ten.
    Log,
    /// A share in percent.
    Percent,
}

#[derive(Clone, Debug, Default)]
pub struct Series {
    /// The arm's place, for its colour.
    pub arm: usize,
    /// What it is called.
    pub name: String,
    /// Its points, from left to right.
    pub points: Vec<[f64; 2]>,
    /// Its lower and upper edge, where it has a band.
    pub band: Option<[Vec<[f64; 2]>; 2]>,
    /// A height to compare with.
    pub level: Option<f64>,
    /// Points to set apart from the others.
    pub marked: Vec<[f64; 2]>,
    /// Whether the line is dashed.
    pub dashed: bool,
    /// Whether only the points are drawn.
    pub scattered: bool,
    /// Whether it is a guide for the eye rather than an arm's line.
    pub guide: bool,
}

impl Scale {
    fn place(self, value: f64) -> f64 {
        if self == Self::Log { value.log10() } else { value }
    }
}

/// Draws lines; `name` says what they show. Gives the place below the pointer.
pub fn draw(ui: &mut Ui, id: &str, name: &str, lines: &[Series], scale: Scale, height: f32) -> Option<[f64; 2]> {
    let tokens = Tokens::of(ui);
    let scaled = |points: &[[f64; 2]]| -> Vec<[f64; 2]> {
        let placed = points.iter().map(|[x, y]| [*x, scale.place(*y)]);
        placed.filter(|point| point[0].is_finite() && point[1].is_finite()).collect()
    };
    let mut ends = PlotBounds::NOTHING;
    for line in lines {
        let band = line.band.iter().flatten().flatten();
        for point in scaled(&line.points.iter().chain(band).copied().collect::<Vec<_>>()) {
            ends.extend_with(&point.into());
        }
        line.level
            .iter()
            .map(|level| scale.place(*level))
            .filter(|y| y.is_finite())
            .for_each(|y| ends.extend_with_y(y));
    }
    let [left, right] = wide(ends.range_x(), 0.02);
    let [low, high] = if scale == Scale::Percent { [-0.02, 1.02] } else { wide(ends.range_y(), 0.06) };
    let whole = lines.iter().flat_map(|line| &line.points).all(|point| point[0].fract() == 0.0);
    let drawn = plot::bare(id, ui)
        .height(height)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_boxed_zoom(false)
        .x_grid_spacer(move |input| {
            let marks = plot::linear_marks(input, 60.0).into_iter();
            marks.filter(|mark| !whole || mark.value.fract() == 0.0).collect()
        })
        .y_grid_spacer(
            move |input| if scale == Scale::Log { plot::log_marks(input) } else { plot::linear_marks(input, 40.0) },
        )
        .x_axis_formatter(|mark, _| number::tick(mark.value))
        .y_axis_formatter(move |mark, _| match scale {
            Scale::Linear => number::tick(mark.value),
            Scale::Log => number::tick(10f64.powf(mark.value)),
            Scale::Percent => format!("{} %", number::tick(100.0 * mark.value)),
        })
        .show(ui, |plot| {
            plot.set_plot_bounds(PlotBounds::from_min_max([left, low], [right, high]));
            for line in lines {
                let color = if line.guide { tokens.weak } else { tokens.arm(line.arm) };
                if let Some([low, high]) = &line.band {
                    let edge = scaled(low).into_iter().chain(scaled(high).into_iter().rev()).collect::<Vec<_>>();
                    let fill = color.gamma_multiply(0.18);
                    plot.polygon(
                        Polygon::new("", edge).fill_color(fill).stroke((0.0, Color32::TRANSPARENT)).allow_hover(false),
                    );
                }
                if let Some(level) = line.level {
                    let style = LineStyle::dashed_loose();
                    plot.hline(
                        HLine::new("", scale.place(level)).color(color).width(1.0).style(style).allow_hover(false),
                    );
                }
                let points = scaled(&line.points);
                if !line.scattered {
                    let style = if line.dashed { LineStyle::dashed_dense() } else { LineStyle::Solid };
                    let drawn =
                        Line::new(line.name.clone(), points.clone()).color(color).width(theme::CURVE).style(style);
                    plot.line(drawn.allow_hover(false));
                }
                if line.scattered || points.len() <= 120 {
                    plot.points(Points::new("", points).color(color).radius(2.5).allow_hover(false));
                }
                let marked = Points::new("", scaled(&line.marked)).color(color).radius(5.0).shape(MarkerShape::Diamond);
                plot.points(marked.allow_hover(false));
            }
            plot.pointer_coordinate()
        });
    let pointed = drawn.inner.filter(|_| drawn.response.hovered());
    named(ui, drawn.response, name);
    pointed.map(|place| [place.x, if scale == Scale::Log { 10f64.powf(place.y) } else { place.y }])
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
