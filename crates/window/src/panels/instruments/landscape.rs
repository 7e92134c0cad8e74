//! The loss around the weights and between weights, and how gradients reach the input: what theory looks at.

use super::bench::{self, Bench, OfArm, Request};
use super::maps::{Textures, WHOLE};
use super::paper::{PLOT, PaperFigure, ROWS};
use super::range::LossRange;
use crate::kit::chart::{AxisScale, Chart, Series};
use crate::kit::chips::{arm_sentence, within};
use crate::kit::glossary;
use crate::kit::line::Dash;
use crate::kit::theme::{self, Tokens, space, viridis};
use crate::kit::widgets::{choose, named};
use crate::scene::{Effects, Panel, Scene};
use eframe::egui::{Align, Color32, Layout, Mesh, Pos2, Rect, ScrollArea, Sense, Stroke, Ui, Vec2, pos2, vec2};
use lab_core::checkpoint::Checkpoint;
use lab_core::instrument::{Finding, Focus, HeatMap, Instrument, PathLength};
use lab_core::number::{percent, short};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum LandscapeMode {
    #[default]
    Plane,
    Line,
    Path,
    Lengths,
    Shattered,
}

const MODES: [(LandscapeMode, &str); 5] = [
    (LandscapeMode::Plane, "Loss on a plane"),
    (LandscapeMode::Line, "Loss along a line"),
    (LandscapeMode::Path, "Straight path"),
    (LandscapeMode::Lengths, "Gradient by path length"),
    (LandscapeMode::Shattered, "Shattered gradients"),
];

const STARTS: [(Option<Checkpoint>, &str); 3] = [
    (None, "From the first weights"),
    (Some(Checkpoint::Best), "From the best checkpoint"),
    (Some(Checkpoint::Last), "From the last checkpoint"),
];

/// What a person chose to see.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct View {
    mode: LandscapeMode,
    solid: bool,
    /// Whether colours reach as far as the largest loss.
    whole: bool,
}

#[derive(Default)]
pub struct LandscapePanel {
    from: Option<Checkpoint>,
    textures: Textures,
}

/// Contour lines of the plane.
const CONTOURS: u8 = 9;

impl Panel for LandscapePanel {
    type View = View;

    fn ui(&mut self, ui: &mut Ui, view: &mut View, scene: Scene, effects: &mut Effects) {
        let bench = &mut Bench::new(scene, effects);
        ui.horizontal_wrapped(|ui| {
            ui.label("Theory");
            within(ui, "mode", 190.0, |ui| {
                let response = choose(ui, &mut view.mode, &MODES);
                named(ui, response, "Theory that is looked at");
            });
            if view.mode == LandscapeMode::Plane {
                ui.checkbox(&mut view.solid, "As a surface");
                let whole = ui.checkbox(&mut view.whole, "Whole range");
                whole.on_hover_text(
                    "Colours up to the largest loss anywhere; differences near the weights become small",
                );
            }
            if view.mode == LandscapeMode::Path {
                within(ui, "start", 190.0, |ui| {
                    let response = choose(ui, &mut self.from, &STARTS);
                    named(ui, response, "Where the path starts");
                });
            }
        });
        let (instrument, from) = (instrument(view.mode), self.from);
        let question = instrument.question(&Focus { from, ..Focus::default() });
        let request = Request { about: instrument, verb: "Compute", question, filled: false };
        let draw = |ui: &mut Ui, bench: &Bench, textures: &mut Textures| match view.mode {
            LandscapeMode::Plane => planes(ui, textures, bench, *view),
            _ => lines(ui, bench, instrument),
        };
        let height = if view.mode == LandscapeMode::Plane { ROWS } else { PLOT };
        let off_screen = |ui: &mut Ui, bench: &Bench| draw(ui, bench, &mut Textures::default());
        bench::tools(ui, bench, &request, PaperFigure { height, draw: off_screen });
        self.textures.refresh(bench.inquiries.version);
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            bench::offer(ui, bench, &request);
            draw(ui, bench, &mut self.textures);
        });
    }
}

/// The planes of all arms side by side on one scale.
fn planes(ui: &mut Ui, textures: &mut Textures, bench: &Bench, view: View) {
    let found = bench.found(Instrument::Surface, |finding| match finding {
        Finding::Surface(found) => Some(found),
        _ => None,
    });
    if found.is_empty() {
        return;
    }
    let classes = bench.monitor.prepared.as_ref().map_or(0, |prepared| prepared.dataset.classes.len());
    let maps: Vec<HeatMap> = found.iter().map(|of| of.found.map()).collect();
    let range = LossRange::of(&maps, classes, view.whole);
    if found.iter().any(|of| of.found.done > 0) {
        glossary::caption(ui, &range.in_words(found.len() > 1));
    }
    let ends = range.ends;
    let each = ((ui.available_width() - space::L * found.len() as f32) / found.len() as f32).clamp(160.0, 420.0);
    ui.with_layout(Layout::left_to_right(Align::Min).with_main_wrap(true), |ui| {
        ui.spacing_mut().item_spacing = vec2(space::L, space::S);
        for (OfArm { arm, name, found: surface }, map) in found.iter().zip(&maps) {
            ui.allocate_ui(vec2(each, each + 28.0), |ui| {
                ui.vertical(|ui| {
                    let text = format!("{name}: {}", range.describe(surface));
                    arm_sentence(ui, *arm, &text);
                    let (rect, response) = ui.allocate_exact_size(Vec2::splat(each), Sense::hover());
                    if surface.done == 0 {
                        // No colour of the scale: nothing is known yet.
                        ui.painter().rect_filled(rect, 0.0, Tokens::of(ui).hairline);
                    } else if view.solid {
                        raised(ui, rect, map, ends);
                    } else {
                        let texture = textures.map(ui.ctx(), &format!("plane {arm}"), map, ends, None).id();
                        ui.painter().image(texture, rect, WHOLE, Color32::WHITE);
                        contours(ui, rect, map, ends);
                        // Seen on violet and on yellow.
                        ui.painter().circle_stroke(rect.center(), 4.0, Stroke::new(3.0, Color32::BLACK));
                        ui.painter().circle_stroke(rect.center(), 4.0, Stroke::new(1.5, Color32::WHITE));
                    }
                    named(ui, response, &format!("Loss landscape. {text}"));
                });
            });
        }
    });
}

fn instrument(mode: LandscapeMode) -> Instrument {
    match mode {
        LandscapeMode::Plane => Instrument::Surface,
        LandscapeMode::Line => Instrument::Slice,
        LandscapeMode::Path => Instrument::Path,
        LandscapeMode::Lengths => Instrument::PathLengths,
        LandscapeMode::Shattered => Instrument::Shattered,
    }
}

/// Lines of equal loss, one each ninth of the scale (marching squares, whose cells are cut by straight lines).
fn contours(ui: &Ui, rect: Rect, map: &HeatMap, [low, high]: [f32; 2]) {
    let side = map.width;
    let stroke = Stroke::new(1.0, theme::CONTOUR);
    let at =
        |column: f32, row: f32| rect.min + vec2((column + 0.5) / side as f32, (row + 0.5) / side as f32) * rect.size();
    for level in 1..CONTOURS {
        let level = low + (high - low) * f32::from(level) / f32::from(CONTOURS);
        for row in 0..side.saturating_sub(1) {
            for column in 0..side - 1 {
                let corners = [(column, row), (column + 1, row), (column + 1, row + 1), (column, row + 1)];
                let value = |(x, y): (usize, usize)| map.values[y * side + x] - level;
                let mut crossings: Vec<Pos2> = Vec::with_capacity(4);
                for k in 0..4 {
                    let (a, b) = (corners[k], corners[(k + 1) % 4]);
                    let (va, vb) = (value(a), value(b));
                    if (va < 0.0) != (vb < 0.0) {
                        let t = va / (va - vb);
                        let along = |a: usize, b: usize| a as f32 + t * (b as f32 - a as f32);
                        crossings.push(at(along(a.0, b.0), along(a.1, b.1)));
                    }
                }
                for pair in crossings.chunks_exact(2) {
                    ui.painter().line_segment([pair[0], pair[1]], stroke);
                }
            }
        }
    }
}

/// The plane as a surface seen from above one corner, the farther cells first.
#[allow(clippy::cast_possible_truncation, reason = "places in a small grid")]
fn raised(ui: &Ui, rect: Rect, map: &HeatMap, ends: [f32; 2]) {
    let side = map.width;
    let shares = map.shares(ends);
    let place = |column: usize, row: usize| -> Pos2 {
        let span = (side.max(2) - 1) as f32;
        let (x, y) = (column as f32 / span - 0.5, row as f32 / span - 0.5);
        let height = shares[row * side + column];
        let across = 0.5 + 0.48 * (x - y);
        let down = 0.68 + 0.28 * (x + y) - 0.38 * height;
        pos2(rect.left() + rect.width() * across, rect.top() + rect.height() * down)
    };
    let mut mesh = Mesh::default();
    for row in 0..side.saturating_sub(1) {
        for column in 0..side - 1 {
            let first = mesh.vertices.len() as u32;
            for (x, y) in [(column, row), (column + 1, row), (column + 1, row + 1), (column, row + 1)] {
                mesh.colored_vertex(place(x, y), viridis(shares[y * side + x]));
            }
            mesh.add_triangle(first, first + 1, first + 2);
            mesh.add_triangle(first, first + 2, first + 3);
        }
    }
    ui.painter().add(mesh);
    let stroke = Stroke::new(0.5, theme::MESH);
    for row in 0..side {
        for column in 0..side.saturating_sub(1) {
            ui.painter().line_segment([place(column, row), place(column + 1, row)], stroke);
            ui.painter().line_segment([place(row, column), place(row, column + 1)], stroke);
        }
    }
}

/// What is drawn as lines, all arms in one chart.
fn lines(ui: &mut Ui, bench: &Bench, instrument: Instrument) {
    let (mut lines, mut words) = (Vec::new(), Vec::new());
    for OfArm { arm, name, found: finding } in bench.findings(instrument) {
        match finding {
            Ok(finding) => {
                let (drawn, said) = line(arm, name, finding);
                lines.extend(drawn);
                words.push((arm, format!("{name}: {said}")));
            }
            Err(why) => bench::refusal(ui, name, why),
        }
    }
    if lines.iter().all(|line| line.points.is_empty()) {
        return;
    }
    let (caption, scale) = match instrument {
        Instrument::Slice => {
            ("Training loss along a filter-normalised direction; 0 is where the weights are", AxisScale::Log)
        }
        Instrument::Path => ("Training loss from the start (0) to the weights (1)", AxisScale::Log),
        Instrument::PathLengths => (
            "Share of the gradient by the number of branches on the path; dashed: share of all paths",
            AxisScale::Percent,
        ),
        _ => ("Autocorrelation of the gradient by distance on a line between two images", AxisScale::Linear),
    };
    glossary::caption(ui, caption);
    let said: Vec<&str> = words.iter().map(|(_, words)| words.as_str()).collect();
    let height = (ui.available_height() - 60.0).clamp(140.0, 420.0);
    let name = format!("{caption}. {}", said.join("; "));
    Chart::new("theory", &name, scale, height).draw(ui, &lines);
    for (arm, words) in &words {
        arm_sentence(ui, *arm, words);
    }
}

fn line(arm: usize, name: &str, finding: &Finding) -> (Vec<Series>, String) {
    let series = |points: Vec<[f64; 2]>, dash| Series { arm, name: name.to_owned(), points, dash, ..Series::default() };
    match finding {
        Finding::Slice(found) => {
            let points = found.at.iter().zip(&found.loss).map(|(&at, &loss)| [at, loss]).collect();
            let ends = [found.loss.first(), found.loss.last()].map(|loss| short(loss.copied().unwrap_or(f64::NAN)));
            let least = found.loss.iter().copied().fold(f64::INFINITY, f64::min);
            (
                vec![series(points, Dash::Solid)],
                format!("{} at the left, {} at the right, least {}", ends[0], ends[1], short(least)),
            )
        }
        Finding::PathLengths(found) => {
            let whole: f64 = found.iter().map(|length| length.share * length.mean()).sum();
            let point = |length: &PathLength, share: f64| [length.branches as f64, share];
            let gradient =
                found.iter().map(|length| point(length, length.share * length.mean() / whole.max(f64::MIN_POSITIVE)));
            let paths = found.iter().map(|length| point(length, length.share));
            let mean: f64 = gradient.clone().map(|[branches, share]| branches * share).sum();
            let most = found.len().saturating_sub(1);
            let said =
                format!("paths of {mean:.1} of {most} branches carry the gradient, {:.1} are usual", most as f64 / 2.0);
            (vec![series(gradient.collect(), Dash::Solid), series(paths.collect(), Dash::Long)], said)
        }
        Finding::Shattered(found) => {
            let mean = found.mean();
            let half = mean.iter().position(|&value| value < 0.5);
            let said = half.map_or_else(
                || "stays above a half".to_owned(),
                |k| format!("falls below {} after {k} of {} points", percent(0.5), 2 * (mean.len() - 1)),
            );
            (vec![series(mean.iter().enumerate().map(|(k, &value)| [k as f64, value]).collect(), Dash::Solid)], said)
        }
        _ => (Vec::new(), "nothing yet".to_owned()),
    }
}
