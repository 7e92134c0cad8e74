//! Everything that can be plotted over time, in a grid: one horizontal axis and one crosshair for all plots. Must not
//! know other panels.

mod cache;
mod cell;
mod draw;
mod figure;
mod fit;
mod groups;
mod legend;
mod marks;
mod naming;
mod paper;
mod readout;
mod source;
mod usual;
mod view;

use crate::action::Action;
use crate::kit::canvas::{CanvasButton, canvas};
use crate::kit::chips::together;
use crate::kit::plot::TimeAxis;
use crate::kit::theme::{self, Tokens, space};
use crate::kit::widgets::{choose, named};
use crate::panels::welcome::Welcome;
use crate::scene::{Effects, Panel, Scene};
use crate::state::Monitor;
use crate::state::series::{SeriesColumn, Smoothed};
use cell::{HEADER, PlotCell};
use draw::Drawn;
use eframe::egui::containers::menu::{MenuButton, MenuConfig};
use eframe::egui::{Button, Grid, Popup, PopupCloseBehavior, Rect, RichText, ScrollArea, Slider, Ui, Vec2, pos2, vec2};
use figure::{ArmCurve, CommonSettings, Figure, PlotCaches, label_width, padded, warp};
use fit::Fitted;
use groups::CurveGroups;
use lab_core::experiment::{Plan, Setting, settings};
use lab_core::quantity::Metric;
use legend::Legend;
use source::{CurveKey, PlottedArm, Whose};
use std::collections::HashMap;
use view::View;

/// Values that moving averages take in, in one frame and over all plots: about two milliseconds.
const BUDGET: usize = 300_000;
/// Points of all lines in view together: of a few with their raw values, and of many without.
const POINTS: [usize; 2] = [20_000, 8_000];
/// Points that a line has at least where it is long enough.
const FEWEST: usize = 48;
/// Lines whose raw values can still be told apart.
const CARPET: usize = 8;
/// The least size of a plot, in points.
const LEAST: [f32; 2] = [232.0, 132.0];
/// What the plots' lines and marks mean, and how plots are moved.
const HELP: &str = "Solid: training. Dashed, with marks: validation. Faint: \
                    single values behind their moving average, or the attempt before. ◆ the validation with the \
                    least loss. ▲ ▼ beyond the plot. × an arm diverged: its loss was no longer a number. Dotted: \
                    something was changed.\nDrag to move, Ctrl and wheel to zoom, drag with the second button to zoom \
                    into a part, double click to see everything. Right click for more.";

#[derive(Default)]
pub struct CurvesPanel {
    welcome: Welcome,
    generation: u64,
    legend: Legend,
    groups: CurveGroups,
    /// What is set of each arm of the experiment under way, once it is known.
    own: Vec<Vec<Setting>>,
    smoothed: HashMap<(CurveKey, Metric), Smoothed>,
    memory: PlotCaches,
    /// The part of the horizontal axis in view, as drawn; `None` shows everything and follows the training.
    x: Option<[f64; 2]>,
    /// The part of each vertical axis in view, as drawn; absent ones fit.
    y: HashMap<Metric, [f64; 2]>,
    /// Where the pointer is on any plot, as drawn.
    cursor: Option<f64>,
}

/// What all plots show.
struct Plotted<'a> {
    monitor: &'a Monitor,
    sources: &'a [PlottedArm<'a>],
    /// The first and the last place on the horizontal axis.
    whole: [f64; 2],
    /// Training images where these are but a part of those that the form names.
    part: Option<usize>,
}

impl Panel for CurvesPanel {
    type View = View;

    fn ui(&mut self, ui: &mut Ui, view: &mut View, scene: Scene, effects: &mut Effects) {
        let monitor = scene.monitor;
        if self.generation != monitor.generation {
            let (welcome, legend) = (std::mem::take(&mut self.welcome), std::mem::take(&mut self.legend));
            *self = Self { generation: monitor.generation, welcome, legend, ..Self::default() };
        }
        if let Some(prepared) = monitor.prepared.as_ref().filter(|_| self.own.is_empty()) {
            let plan = &prepared.experiment;
            self.own = (0..plan.arms.len()).map(|arm| settings(plan, arm)).collect();
        }
        let width = ui.available_width();
        let several = !effects.shelf.overlays.is_empty();
        let grouped = several && !self.by(view).is_empty();
        self.tools(ui, view, grouped);
        let tokens = Tokens::of(ui);
        let own = std::mem::take(&mut self.own);
        let mut sources = source::sources(monitor, &own, &effects.shelf.overlays, &tokens);
        self.legend.dress(&mut sources, monitor.generation);
        let ghosts = if view.before { source::ghosts(monitor, &tokens) } else { Vec::new() };
        match whole(view, monitor, &sources, &ghosts) {
            None => self.welcome.ui(ui, scene, effects.actions),
            Some(_) if view.shown.is_empty() => {
                let verb = "Show loss and accuracy";
                let offer = CanvasButton { verb, name: verb, hindered: None };
                if canvas(ui, "No plot is chosen: tick some under Plots.", Some(offer)) {
                    view.shown = View::default().shown;
                }
            }
            Some(whole) => {
                let mut groups = std::mem::take(&mut self.groups);
                let grouped = grouped && sources.len() > 1;
                if grouped {
                    let by = self.by(view);
                    let shown = sources.iter().enumerate().filter(|(_, source)| self.legend.shows(source.key));
                    let named = |(index, source)| (source, groups::called(source, index, &self.legend.varied, &by));
                    groups.follow(&shown.map(named).collect::<Vec<_>>());
                }
                let mut drawn = if grouped { groups.sources() } else { sources };
                if grouped {
                    self.legend.dress_groups(&mut drawn);
                }
                let repeated = source::before(monitor).is_some();
                if drawn.len() > 1 || repeated {
                    let varied = std::mem::take(&mut self.legend.varied);
                    self.legend.ui(ui, &drawn, |ui| {
                        if several {
                            groups::choose(ui, view, &varied);
                        }
                        if repeated {
                            let hint = "What was trained before lies faintly behind, to compare with";
                            ui.checkbox(&mut view.before, "Previous attempt").on_hover_text(hint);
                        }
                    });
                    self.legend.varied = varied;
                }
                drawn.retain(|source| self.legend.shows(source.key));
                drawn.splice(0..0, ghosts);
                self.take_in(ui, view, &drawn);
                let room = vec2(width, ui.available_height());
                let part = part(monitor, scene.plan);
                let plotted = Plotted { monitor, sources: &drawn, whole, part };
                self.grid(ui, view, &plotted, room, effects.actions);
                drop(drawn);
                self.groups = groups;
            }
        }
        self.own = own;
    }
}

impl CurvesPanel {
    fn tools(&mut self, ui: &mut Ui, view: &mut View, grouped: bool) {
        ui.horizontal_wrapped(|ui| {
            ui.set_min_height(theme::ROW);
            self.chooser(ui, view);
            ui.add_space(space::S);
            together(ui, 212.0);
            let label = ui.label("Smoothing");
            ui.spacing_mut().slider_width = 80.0;
            let text = |value: f64, _: std::ops::RangeInclusive<usize>| {
                if value == 0.0 { "off".into() } else { format!("{value:.2}") }
            };
            let slider = Slider::new(&mut view.smoothing, 0.0..=0.99).custom_formatter(text);
            let response = ui.add_enabled(!grouped, slider).labelled_by(label.id);
            let hint = format!(
                "Weight of the past in a moving average; the raw values of up to {CARPET} lines stay faintly behind"
            );
            response.on_hover_text(hint).on_disabled_hover_text("Means over groups are not averaged again");
            ui.add_space(space::S);
            together(ui, 170.0);
            let label = ui.label("Against");
            let before = (view.axis, view.log_x);
            ui.scope(|ui| {
                ui.set_max_width(84.0);
                choose(ui, &mut view.axis, &TimeAxis::ALL).labelled_by(label.id);
            });
            let log = ui.checkbox(&mut view.log_x, "Log").on_hover_text("A logarithmic horizontal axis");
            named(ui, log, "Log horizontal axis");
            if (view.axis, view.log_x) != before {
                self.x = None;
            }
            let following = self.x.is_none() && self.y.is_empty();
            let follow = ui.add_enabled(!following, Button::new("Follow"));
            let hint = "Shows everything again and follows the training (double click on a plot)";
            if follow.on_hover_text(hint).clicked() {
                self.reset();
            }
            let tokens = Tokens::of(ui);
            let text = RichText::new("?").size(theme::size::SMALL).color(tokens.weak);
            let help = ui.add(Button::new(text).frame_when_inactive(false)).on_hover_text(HELP);
            let help = named(ui, help, "About the plots");
            let popup = Popup::from_toggle_button_response(&help);
            popup.close_behavior(PopupCloseBehavior::CloseOnClickOutside).show(|ui| {
                ui.set_max_width(360.0);
                ui.label(HELP);
            });
        });
    }

    /// Those of the chosen settings by which the lines there are can be grouped.
    fn by(&self, view: &View) -> Vec<String> {
        let known = |path: &&String| {
            path.as_str() == groups::ARM || self.legend.varied.iter().any(|field| field.path == **path)
        };
        view.grouped.iter().filter(known).cloned().collect()
    }

    /// Which plots are shown, and which have a logarithmic axis.
    fn chooser(&mut self, ui: &mut Ui, view: &mut View) {
        let config = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
        MenuButton::new("Plots").config(config).ui(ui, |ui| {
            ui.horizontal(|ui| {
                if ui.button("All").clicked() {
                    view.shown = Metric::all().collect();
                }
                if ui.button("Loss and accuracy").clicked() {
                    view.shown = View::default().shown;
                }
            });
            ui.separator();
            ScrollArea::vertical().max_height(480.0).min_scrolled_height(480.0).show(ui, |ui| {
                Grid::new("plots").num_columns(2).spacing([space::L, 2.0]).show(ui, |ui| {
                    for metric in Metric::all() {
                        let mut shown = view.shown.contains(&metric);
                        let tick = ui.checkbox(&mut shown, metric.title()).on_hover_text(metric.about());
                        if named(ui, tick, &format!("Show {}", metric.title())).changed() {
                            view.set_shown(metric, shown);
                        }
                        let mut log = view.is_log(metric);
                        let toggle = ui.checkbox(&mut log, "log").on_hover_text("A logarithmic axis");
                        if named(ui, toggle, &format!("Log {}", metric.title())).changed() {
                            view.set_log(metric, log);
                            self.y.remove(&metric);
                        }
                        ui.end_row();
                    }
                });
            });
        });
    }

    fn reset(&mut self) {
        self.x = None;
        self.y.clear();
    }

    /// Lets the moving averages follow.
    fn take_in(&mut self, ui: &Ui, view: &View, sources: &[PlottedArm]) {
        let (mut budget, mut done) = (BUDGET, true);
        self.smoothed.retain(|(key, metric), _| {
            view.smoothing > 0.0 && view.shown.contains(metric) && sources.iter().any(|source| source.key == *key)
        });
        if view.smoothing == 0.0 {
            return;
        }
        for &metric in view.shown.iter().filter(|metric| metric.is_noisy()) {
            // What is a mean already is not averaged again.
            for source in sources.iter().filter(|source| source.key.whose != Whose::Group) {
                let Some((_, column)) = source.trace.dense(metric) else { continue };
                let smoothed = self.smoothed.entry((source.key, metric)).or_default();
                done &= smoothed.follow(column, view.smoothing, &mut budget);
            }
        }
        if !done {
            ui.ctx().request_repaint();
        }
    }

    fn grid(&mut self, ui: &mut Ui, view: &mut View, data: &Plotted, room: Vec2, actions: &mut Vec<Action>) {
        let Plotted { monitor, sources, whole, part } = *data;
        let interventions = source::interventions(monitor);
        let count = view.shown.len();
        let (columns, size) = cells(count, room);
        let span = self.x.unwrap_or_else(|| everything(view, sources, whole, size[0]));
        let raw = sources.len() <= CARPET;
        let (all, lines) = if raw { (POINTS[0], 2 * sources.len()) } else { (POINTS[1], sources.len()) };
        let rows = (room.y / size[1]).ceil().max(1.0);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rows in view")]
        let plots = count.min(columns * rows as usize);
        let common = CommonSettings {
            axis: view.axis,
            log_x: view.log_x,
            smoothing: view.smoothing,
            span,
            cursor: self.cursor,
            points: (all / (plots * lines).max(1)).max(FEWEST),
            raw,
        };
        let mut pointer = None;
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            let origin = ui.cursor().min;
            for (index, metric) in view.shown.clone().into_iter().enumerate() {
                let (row, column) = ((index / columns) as f32, (index % columns) as f32);
                let at = origin + vec2(column * (size[0] + space::M), row * (size[1] + space::S));
                let rect = Rect::from_min_size(pos2(at.x.round(), at.y.round()), vec2(size[0], size[1]));
                if !ui.is_rect_visible(rect) {
                    continue;
                }
                let mut figure = Figure {
                    metric,
                    log_y: view.is_log(metric),
                    common,
                    curves: sources.iter().map(|source| self.curve(source, metric)).collect(),
                    interventions: &interventions,
                    range: [0.0, 1.0],
                    fits: false,
                    part,
                    memory: Some(&self.memory),
                };
                let fitted = Fitted::of(&figure);
                let (chosen, everything) = (self.y.get(&metric).copied(), view.is_whole(metric));
                figure.fits = chosen.is_none() && !everything;
                figure.range = chosen.unwrap_or(if everything { fitted.whole } else { fitted.range });
                let cell = PlotCell { figure: &figure, fitted: &fitted, step: monitor.step() };
                let drawn = cell.draw(ui, rect, view, actions);
                pointer = pointer.or(drawn.pointer);
                self.moved(metric, common.span, &drawn);
            }
            let rows = count.div_ceil(columns) as f32;
            ui.allocate_space(vec2(room.x - 1.0, rows * size[1] + (rows - 1.0) * space::S));
        });
        self.memory.sweep();
        // Plots before the one under the pointer have already been drawn without it. That the curves grow under a
        // pointer at rest is no reason to draw them twice.
        let moved = ui.input(|input| input.pointer.delta() != Vec2::ZERO);
        if pointer.is_some() != self.cursor.is_some() || moved && pointer != self.cursor {
            ui.ctx().request_repaint();
        }
        self.cursor = pointer;
    }

    fn curve<'a>(&'a self, source: &'a PlottedArm<'a>, metric: Metric) -> ArmCurve<'a> {
        let smoothed = self.smoothed.get(&(source.key, metric)).map(Smoothed::column);
        ArmCurve {
            source,
            raw: source.trace.dense(metric),
            smoothed: smoothed.filter(|column: &&SeriesColumn| !column.values().is_empty()),
        }
    }

    /// Takes over what a person did to one plot.
    fn moved(&mut self, metric: Metric, asked: [f64; 2], drawn: &Drawn) {
        if drawn.response.double_clicked() {
            self.reset();
            return;
        }
        if differs(drawn.span, asked) {
            self.x = Some(drawn.span);
        }
        if differs(drawn.range, drawn.asked) {
            self.y.insert(metric, drawn.range);
        }
    }
}

/// The first and the last place on the horizontal axis of all that is drawn; of the attempt before only what the one under
/// way may still come to.
fn whole(view: &View, monitor: &Monitor, sources: &[PlottedArm], ghosts: &[PlottedArm]) -> Option<[f64; 2]> {
    let ends = |source: &PlottedArm| source::places(view.axis, &source.trace.times, source.pace).ends();
    let join = |a: [f64; 2], b: [f64; 2]| [a[0].min(b[0]), a[1].max(b[1])];
    let drawn = sources.iter().filter_map(ends).reduce(join);
    let before = ghosts.iter().filter_map(ends).reduce(join);
    let Some(before) = before.filter(|_| drawn.is_some() || monitor.is_active()) else { return drawn };
    let now = sources.iter().find(|source| source.key.whose == Whose::Now);
    let limit = match (&monitor.prepared, now) {
        (Some(prepared), Some(now)) if view.axis != TimeAxis::Time => {
            view.axis.place(prepared.total_steps as f64, 0.0, now.pace)
        }
        _ => f64::INFINITY,
    };
    let before = [before[0], before[1].min(limit).max(before[0])];
    Some(drawn.map_or(before, |drawn| join(drawn, before)))
}

/// Training images where these are but a part of those that the form names.
fn part(monitor: &Monitor, plan: &Plan) -> Option<usize> {
    let prepared = monitor.prepared.as_ref()?;
    let used = prepared.experiment.data.train_limit?;
    plan.data.train_limit.is_none_or(|named| named > used).then_some(prepared.dataset.train)
}

/// Everything, as drawn, with room for the names at the lines' ends.
fn everything(view: &View, sources: &[PlottedArm], [first, last]: [f64; 2], width: f32) -> [f64; 2] {
    // A logarithmic axis begins at the first entry above nothing.
    let [low, high] = [first, last].map(|x| warp(if view.log_x { x.max(last * 1e-6) } else { x }, view.log_x));
    let named = sources.iter().filter(|source| !source.ghost);
    let longest = named.map(|source| label_width(&source.name)).fold(0.0, f32::max) + space::M;
    let plot = width - figure::AXIS;
    let [low, plain] = padded(low, high, 0.02);
    if plot < 240.0 || longest > 0.3 * plot {
        return [low, plain];
    }
    [low, high + (high - low).max(1e-9) * f64::from(longest / (plot - longest))]
}

/// How many plots stand side by side, and their size: as near to a good shape as there is room for.
fn cells(count: usize, room: Vec2) -> (usize, [f32; 2]) {
    let size = |columns: usize| {
        let (across, down) = (columns as f32, count.div_ceil(columns) as f32);
        let width = (room.x - (across - 1.0) * space::M) / across;
        let height = (room.y - (down - 1.0) * space::S) / down;
        [width, height.max(LEAST[1])]
    };
    let badness = |columns: &usize| {
        let [width, height] = size(*columns);
        let narrow = if *columns > 1 && width < LEAST[0] { 10.0 } else { 0.0 };
        let empty = (columns * count.div_ceil(*columns) - count) as f32 * 0.05;
        (width / (height - HEADER) / 1.9).ln().abs() + narrow + empty
    };
    let best = (1..=count).min_by(|a, b| badness(a).total_cmp(&badness(b))).unwrap_or(1);
    (best, size(best))
}

fn differs(now: [f64; 2], before: [f64; 2]) -> bool {
    let slack = (before[1] - before[0]).abs() * 1e-6;
    (now[0] - before[0]).abs() > slack || (now[1] - before[1]).abs() > slack
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plots_fill_the_panel() {
        assert_eq!(cells(2, vec2(620.0, 760.0)).0, 1, "one above the other in a tall panel");
        assert_eq!(cells(2, vec2(1000.0, 300.0)).0, 2, "side by side in a flat one");
        for (count, room) in [(1, vec2(400.0, 300.0)), (20, vec2(1080.0, 760.0)), (20, vec2(600.0, 700.0))] {
            let (columns, [width, height]) = cells(count, room);
            assert!(width * columns as f32 <= room.x, "{count} plots are {columns} × {width} wide");
            assert!(width >= LEAST[0] && height >= LEAST[1], "{count} plots of {width} × {height}");
        }
    }

    #[test]
    fn a_log_axis_begins_above_nothing() {
        let view = View { log_x: true, ..View::default() };
        let [low, high] = everything(&view, &[], [0.0, 1000.0], 800.0);
        assert!(low > -4.0 && high > 999f64.log10());
    }
}
