//! Everything that can be plotted over time, in a grid: one horizontal axis and one crosshair for all plots. Must not
//! know other panels.

mod figure;
mod paper;
mod readout;
mod source;

use crate::action::Action;
use crate::give_away;
use crate::kit::chips::{empty, together};
use crate::kit::plot::Axis;
use crate::kit::theme::{self, Tokens, space};
use crate::kit::widgets::{choose, named};
use crate::panels::welcome::Welcome;
use crate::scene::{Effects, Panel, Scene};
use crate::state::Monitor;
use crate::state::series::{Column, Smoothed};
use eframe::egui::containers::menu::{MenuButton, MenuConfig};
use eframe::egui::{
    Align, Button, Grid, Layout, PopupCloseBehavior, Rect, RichText, ScrollArea, Slider, Ui, UiBuilder, Vec2, pos2,
    vec2,
};
use figure::{Curve, Drawn, Figure, Frame, label_width, padded, warp};
use lab_core::quantity::Metric;
use paper::Paper;
use serde::{Deserialize, Serialize};
use source::{Key, Source};
use std::collections::HashMap;

/// What a person chose to see.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct View {
    smoothing: f64,
    axis: Axis,
    log_x: bool,
    /// Plots in their order.
    shown: Vec<Metric>,
    /// Those with a logarithmic axis, shown or not.
    log: Vec<Metric>,
}

impl Default for View {
    fn default() -> Self {
        Self {
            smoothing: 0.8,
            axis: Axis::Step,
            log_x: false,
            shown: vec![Metric::Loss, Metric::Accuracy],
            log: Metric::all().filter(|metric| metric.is_log()).collect(),
        }
    }
}

impl View {
    fn is_log(&self, metric: Metric) -> bool {
        self.log.contains(&metric)
    }

    fn set_log(&mut self, metric: Metric, log: bool) {
        self.log.retain(|known| *known != metric);
        if log {
            self.log.push(metric);
        }
    }

    /// Shows or hides a plot; shown ones keep the order in which they are offered.
    fn set_shown(&mut self, metric: Metric, shown: bool) {
        self.shown.retain(|known| *known != metric);
        if shown {
            self.shown.push(metric);
            self.shown.sort_by_key(|metric| Metric::all().position(|known| known == *metric));
        }
    }
}

/// Values that moving averages take in, in one frame and over all plots: about two milliseconds.
const BUDGET: usize = 300_000;
/// The least size of a plot, in points.
const LEAST: [f32; 2] = [232.0, 132.0];
/// The height of the line above a plot, in points.
const HEADER: f32 = 22.0;

#[derive(Default)]
pub struct Curves {
    welcome: Welcome,
    generation: u64,
    smoothed: HashMap<(Key, Metric), Smoothed>,
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
    sources: &'a [Source<'a>],
    /// The first and the last place on the horizontal axis.
    whole: [f64; 2],
}

impl Panel for Curves {
    type View = View;

    fn ui(&mut self, ui: &mut Ui, view: &mut View, scene: Scene, effects: &mut Effects) {
        let monitor = scene.monitor;
        if self.generation != monitor.generation {
            let welcome = std::mem::take(&mut self.welcome);
            *self = Self { generation: monitor.generation, welcome, ..Self::default() };
        }
        let width = ui.available_width();
        self.tools(ui, view);
        let sources = source::sources(monitor, &effects.shelf.overlays);
        let spans =
            sources.iter().filter_map(|source| source::places(view.axis, &source.trace.times, source.pace).ends());
        let whole = spans.reduce(|a, b| [a[0].min(b[0]), a[1].max(b[1])]);
        let Some(whole) = whole else {
            return self.welcome.ui(ui, scene, effects.actions);
        };
        if view.shown.is_empty() {
            return empty(ui, "No plot is chosen: tick some under Plots.");
        }
        self.take_in(ui, view, &sources);
        let room = vec2(width, ui.available_height());
        self.grid(ui, view, &Plotted { monitor, sources: &sources, whole }, room, effects.actions);
    }
}

impl Curves {
    fn tools(&mut self, ui: &mut Ui, view: &mut View) {
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
            let response = ui.add(slider).labelled_by(label.id);
            response.on_hover_text("Weight of the past in a moving average; the raw values stay faintly behind");
            ui.add_space(space::S);
            together(ui, 170.0);
            let label = ui.label("Against");
            let before = (view.axis, view.log_x);
            ui.scope(|ui| {
                ui.set_max_width(84.0);
                choose(ui, &mut view.axis, &Axis::ALL).labelled_by(label.id);
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
            let help = ui.add(Button::new(text).frame_when_inactive(false)).on_hover_text(
                "Solid: training. Dashed, with dots: validation. ◆ the validation with the least loss. ▲ beyond the \
                 plot. Dotted: something was changed.\nDrag to move, Ctrl and wheel to zoom, drag with the second \
                 button to zoom into a part, double click to see everything. Right click for more.",
            );
            named(ui, help, "About the plots");
        });
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
    fn take_in(&mut self, ui: &Ui, view: &View, sources: &[Source]) {
        let (mut budget, mut done) = (BUDGET, true);
        self.smoothed.retain(|(key, metric), _| {
            view.smoothing > 0.0 && view.shown.contains(metric) && sources.iter().any(|source| source.key == *key)
        });
        if view.smoothing == 0.0 {
            return;
        }
        for &metric in view.shown.iter().filter(|metric| metric.is_noisy()) {
            for source in sources {
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
        let Plotted { monitor, sources, whole } = *data;
        let interventions = source::interventions(monitor);
        let count = view.shown.len();
        let (columns, size) = cells(count, room);
        let span = self.x.unwrap_or_else(|| everything(view, sources, whole, size[0]));
        let frame = Frame { axis: view.axis, log_x: view.log_x, smoothing: view.smoothing, span, cursor: self.cursor };
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
                let figure = Figure {
                    metric,
                    log_y: view.is_log(metric),
                    frame,
                    curves: sources.iter().map(|source| self.curve(source, metric)).collect(),
                    interventions: &interventions,
                    range: self.y.get(&metric).copied(),
                };
                let drawn = cell(ui, rect, &figure, monitor.step(), view, actions);
                pointer = pointer.or(drawn.pointer);
                self.moved(metric, frame.span, &drawn);
            }
            let rows = count.div_ceil(columns) as f32;
            ui.allocate_space(vec2(room.x - 1.0, rows * size[1] + (rows - 1.0) * space::S));
        });
        // Plots before the one under the pointer have already been drawn without it. That the curves grow under a
        // pointer at rest is no reason to draw them twice.
        let moved = ui.input(|input| input.pointer.delta() != Vec2::ZERO);
        if pointer.is_some() != self.cursor.is_some() || moved && pointer != self.cursor {
            ui.ctx().request_repaint();
        }
        self.cursor = pointer;
    }

    fn curve<'a>(&'a self, source: &'a Source<'a>, metric: Metric) -> Curve<'a> {
        let smoothed = self.smoothed.get(&(source.key, metric)).map(Smoothed::column);
        Curve {
            source,
            raw: source.trace.dense(metric),
            smoothed: smoothed.filter(|column: &&Column| !column.values().is_empty()),
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

/// One plot with the line above it.
fn cell(ui: &mut Ui, rect: Rect, figure: &Figure, step: u64, view: &mut View, actions: &mut Vec<Action>) -> Drawn {
    let metric = figure.metric;
    let (header, body) = rect.split_top_bottom_at_y(rect.top() + HEADER);
    let paper = Paper { figure };
    let above =
        UiBuilder::new().max_rect(header).id_salt((metric, "above")).layout(Layout::left_to_right(Align::Center));
    ui.scope_builder(above, |ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        ui.spacing_mut().interact_size.y = HEADER;
        let title = ui.label(theme::strong(metric.title())).on_hover_text(metric.about());
        let left = title.rect.right() + space::S;
        let right = (header.right() - HEADER - space::S).max(left);
        let room = Rect::from_x_y_ranges(left..=right, header.y_range());
        readout::line(ui, room, figure);
        give_away::button(ui, metric.title(), &paper, actions);
    });
    let mut ui = ui.new_child(UiBuilder::new().max_rect(body).id_salt(metric).layout(Layout::top_down(Align::Min)));
    let drawn = figure.draw(&mut ui, body.height());
    let response = named(&ui, drawn.response.clone(), &readout::sentence(figure, step));
    response.context_menu(|ui| {
        let mut log = figure.log_y;
        if ui.checkbox(&mut log, "Logarithmic axis").changed() {
            view.set_log(metric, log);
        }
        if ui.button("Hide this plot").clicked() {
            view.set_shown(metric, false);
        }
        ui.separator();
        give_away::entries(ui, &paper, actions);
    });
    if let Some(x) = drawn.pointer
        && !response.context_menu_opened()
    {
        response.on_hover_ui_at_pointer(|ui| readout::tooltip(ui, figure, x));
    }
    drawn
}

/// Everything, as drawn, with room for the names at the lines' ends.
fn everything(view: &View, sources: &[Source], [first, last]: [f64; 2], width: f32) -> [f64; 2] {
    // A logarithmic axis begins at the first entry above nothing.
    let [low, high] = [first, last].map(|x| warp(if view.log_x { x.max(last * 1e-6) } else { x }, view.log_x));
    let longest = sources.iter().map(|source| label_width(&source.name)).fold(0.0, f32::max) + space::M;
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
    fn a_hidden_plot_comes_back_in_its_place() {
        let mut view = View::default();
        view.set_shown(Metric::Loss, false);
        view.set_shown(Metric::LearningRate, true);
        view.set_shown(Metric::Loss, true);
        assert_eq!(view.shown, [Metric::Loss, Metric::Accuracy, Metric::LearningRate]);
    }

    #[test]
    fn a_log_axis_begins_above_nothing() {
        let view = View { log_x: true, ..View::default() };
        let [low, high] = everything(&view, &[], [0.0, 1000.0], 800.0);
        assert!(low > -4.0 && high > 999f64.log10());
    }
}
