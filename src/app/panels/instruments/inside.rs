//! Gradients and responses block by block at one moment, warnings in words, and histograms of every parameter.

use super::super::{chip, empty};
use super::chart::{self, Scale, Series};
use super::kit::{self, Bench};
use super::paper::{Figure, ROWS};
use crate::app::form::field::{choose, named};
use crate::app::number::short;
use crate::app::theme::{self, Tokens, space};
use crate::instrument::{BlockLook, Finding, GradientLook, Histogram, Instrument, Question};
use eframe::egui::{ComboBox, Label, Rect, RichText, ScrollArea, Sense, Ui, pos2, vec2};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Quantity {
    #[default]
    InputGradient,
    OutputGradient,
    WeightGradient,
    Relative,
    Branch,
    Response,
    Dead,
    Zeros,
}

const QUANTITIES: [(Quantity, &str); 8] = [
    (Quantity::InputGradient, "Input gradient ‖∂L/∂x‖"),
    (Quantity::OutputGradient, "Output gradient ‖∂L/∂y‖"),
    (Quantity::WeightGradient, "Weight gradient ‖∂L/∂W‖"),
    (Quantity::Relative, "Relative ‖∂L/∂W‖ / ‖W‖"),
    (Quantity::Branch, "Branch ‖αF(x)‖ / ‖x‖"),
    (Quantity::Response, "Layer response (std)"),
    (Quantity::Dead, "Dead channels"),
    (Quantity::Zeros, "Zero activations"),
];

impl Quantity {
    /// Its values from the input to the head; a response for each layer.
    fn of(self, block: &BlockLook) -> Vec<f64> {
        match self {
            Self::InputGradient => vec![block.input_gradient],
            Self::OutputGradient => vec![block.output_gradient],
            Self::WeightGradient => vec![block.weight_gradient],
            Self::Relative => vec![block.weight_gradient / block.weight_norm],
            Self::Branch => vec![block.branch_ratio.unwrap_or(f64::NAN)],
            Self::Response => block.responses.clone(),
            Self::Dead => vec![block.dead.unwrap_or(f64::NAN)],
            Self::Zeros => vec![block.zeros.unwrap_or(f64::NAN)],
        }
    }

    fn scale(self) -> Scale {
        match self {
            Self::Dead | Self::Zeros => Scale::Percent,
            Self::Response | Self::Branch => Scale::Linear,
            _ => Scale::Log,
        }
    }

    fn title(self) -> &'static str {
        QUANTITIES.iter().find(|(quantity, _)| *quantity == self).map_or("", |(_, title)| title)
    }
}

/// What a person chose to see.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct View {
    quantity: Quantity,
    parameter: String,
}

/// Images of the batch that is looked at.
const IMAGES: usize = 64;

/// The panel.
pub fn ui(ui: &mut Ui, view: &mut View, bench: &mut Bench) {
    if !bench.has_networks() {
        return empty(
            ui,
            "Gradients, responses and dead channels of every block will be drawn here: press Start, then Look.",
        );
    }
    ui.horizontal_wrapped(|ui| {
        let label = ui.label("By block");
        ui.scope(|ui| {
            ui.set_max_width(190.0);
            choose(ui, &mut view.quantity, &QUANTITIES).labelled_by(label.id);
        });
    });
    let question = || Question::Gradients { images: IMAGES };
    let quantity = view.quantity;
    let figure = Figure { height: ROWS, draw: |ui: &mut Ui, bench: &Bench| blocks(ui, quantity, bench) };
    kit::tools(ui, bench, Instrument::Gradients, "Look", question, figure);
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        blocks(ui, view.quantity, bench);
        ui.add_space(space::M);
        ui.label(theme::strong("Histograms"));
        let question = || Question::Histograms { images: IMAGES };
        let parameter = view.parameter.clone();
        let figure = Figure { height: ROWS, draw: |ui: &mut Ui, bench: &Bench| histograms(ui, &parameter, bench) };
        kit::tools(ui, bench, Instrument::Histograms, "Count", question, figure);
        choose_parameter(ui, &mut view.parameter, bench);
        histograms(ui, &view.parameter, bench);
    });
}

fn blocks(ui: &mut Ui, quantity: Quantity, bench: &Bench) {
    let found: Vec<(usize, &str, &GradientLook)> = bench
        .findings(Instrument::Gradients)
        .filter_map(|(arm, name, finding)| match finding {
            Ok(Finding::Gradients(found)) => Some((arm, name, found)),
            _ => None,
        })
        .collect();
    if found.is_empty() {
        return;
    }
    let tokens = Tokens::of(ui);
    let line = |(arm, name, look): &(usize, &str, &GradientLook)| {
        let values = look.blocks.iter().flat_map(|block| quantity.of(block));
        let points = values.zip(1..).map(|(value, index)| [f64::from(index), value]).collect();
        Series { arm: *arm, name: (*name).to_owned(), points, ..Series::default() }
    };
    let lines: Vec<Series> = found.iter().map(line).collect();
    let said = |line: &Series| {
        let known = || line.points.iter().map(|point| point[1]).filter(|value| value.is_finite());
        match (known().next(), known().next_back()) {
            (Some(first), Some(last)) => format!("{}: first {}, last {}", line.name, short(first), short(last)),
            _ => format!("{}: none", line.name),
        }
    };
    let words: Vec<String> = lines.iter().map(said).collect();
    let scale = if quantity.scale() == Scale::Log { ", log scale" } else { "" };
    let caption = format!("{} from the input to the head{scale}", quantity.title());
    ui.add(Label::new(theme::caption(&caption, &tokens)).wrap());
    let name = format!("{caption}. {}", words.join("; "));
    chart::draw(ui, "inside", &name, &lines, quantity.scale(), 200.0);
    for (line, words) in lines.iter().zip(&words) {
        ui.horizontal_wrapped(|ui| chip(ui, line.arm, words));
    }
    for (arm, name, look) in &found {
        for warning in look.warnings() {
            ui.horizontal_top(|ui| {
                chip(ui, *arm, name);
                ui.add(Label::new(RichText::new(warning).color(tokens.warning)).wrap());
            });
        }
    }
}

fn counted<'a>(bench: &'a Bench) -> Vec<(usize, &'a str, &'a Vec<Histogram>)> {
    bench
        .findings(Instrument::Histograms)
        .filter_map(|(arm, name, finding)| match finding {
            Ok(Finding::Histograms(found)) => Some((arm, name, found)),
            _ => None,
        })
        .collect()
}

fn choose_parameter(ui: &mut Ui, parameter: &mut String, bench: &Bench) {
    let found = counted(bench);
    let mut names: Vec<&str> = Vec::new();
    for histogram in found.iter().flat_map(|(_, _, all)| *all) {
        if !names.contains(&histogram.parameter.as_str()) {
            names.push(&histogram.parameter);
        }
    }
    let Some(first) = names.first() else { return };
    if !names.contains(&parameter.as_str()) {
        (*first).clone_into(parameter);
    }
    ui.horizontal_wrapped(|ui| {
        let label = ui.label("Parameter");
        let shown = parameter.clone();
        let list = ComboBox::from_id_salt("parameter").width(200.0).selected_text(shown).show_ui(ui, |ui| {
            for name in &names {
                ui.selectable_value(parameter, (*name).to_owned(), *name);
            }
        });
        list.response.labelled_by(label.id);
    });
}

/// How one parameter's values and its gradient are spread in each arm.
fn histograms(ui: &mut Ui, parameter: &str, bench: &Bench) {
    for (arm, name, all) in counted(bench) {
        let Some(histogram) = all.iter().find(|histogram| histogram.parameter == parameter) else { continue };
        let text = format!(
            "{name}: values within ±{}, gradient within ±{}",
            short(histogram.limit),
            short(histogram.gradient_limit)
        );
        ui.horizontal_wrapped(|ui| chip(ui, arm, &text));
        ui.horizontal(|ui| {
            let width = ((ui.available_width() - space::L) / 2.0).clamp(80.0, 320.0);
            bars(ui, arm, &histogram.counts, width, &format!("{name} {parameter}: values"));
            bars(ui, arm, &histogram.gradient_counts, width, &format!("{name} {parameter}: gradient"));
        });
    }
}

/// A histogram's bars, 0 in the middle.
#[allow(clippy::cast_precision_loss, reason = "heights of bars")]
fn bars(ui: &mut Ui, arm: usize, counts: &[u32], width: f32, name: &str) {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(width, 64.0), Sense::hover());
    let most = counts.iter().copied().max().unwrap_or(0).max(1) as f32;
    let each = rect.width() / counts.len().max(1) as f32;
    for (index, &count) in counts.iter().enumerate() {
        let left = rect.left() + each * index as f32;
        let top = rect.bottom() - (rect.height() - 2.0) * count as f32 / most;
        let bar = Rect::from_min_max(pos2(left, top), pos2(left + each - 0.5, rect.bottom()));
        ui.painter().rect_filled(bar, 0.0, tokens.arm(arm));
    }
    ui.painter().hline(rect.x_range(), rect.bottom(), tokens.line());
    ui.painter().vline(rect.center().x, rect.y_range(), tokens.line());
    named(ui, response, name);
}
