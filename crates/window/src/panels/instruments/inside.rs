//! Gradients and responses block by block at one moment, warnings in words, and histograms of every parameter at one
//! moment and over the training.

use super::bench::{self, Bench, OfArm, Request};
use super::by_block;
use super::histograms;
use super::histories::Histories;
use super::paper::{PaperFigure, ROWS};
use super::span::Axes;
use crate::kit::chart::{AxisScale, Chart, Series};
use crate::kit::chips::{arm_sentence, chip, within};
use crate::kit::glossary;
use crate::kit::theme::{self, Tokens, space};
use crate::kit::widgets::choose;
use crate::scene::{Effects, Panel, Scene};
use eframe::egui::{Label, RichText, ScrollArea, Ui};
use lab_core::instrument::{BlockGradients, Finding, Focus, Gradients, Instrument};
use lab_core::number::short;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum LookQuantity {
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

const QUANTITIES: [(LookQuantity, &str); 8] = [
    (LookQuantity::InputGradient, "Input gradient ‖∂L/∂x‖"),
    (LookQuantity::OutputGradient, "Output gradient ‖∂L/∂y‖"),
    (LookQuantity::WeightGradient, "Weight gradient ‖∂L/∂W‖"),
    (LookQuantity::Relative, "Relative ‖∂L/∂W‖ / ‖W‖"),
    (LookQuantity::Branch, "Branch ‖αF(x)‖ / ‖x‖"),
    (LookQuantity::Response, "Layer response (std)"),
    (LookQuantity::Dead, "Dead channels"),
    (LookQuantity::Zeros, "Zero activations"),
];

impl LookQuantity {
    /// Its values from the input to the head; a response for each layer.
    fn of(self, block: &BlockGradients) -> Vec<f64> {
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

    fn scale(self) -> AxisScale {
        match self {
            Self::Dead | Self::Zeros => AxisScale::Percent,
            Self::Response | Self::Branch => AxisScale::Linear,
            _ => AxisScale::Log,
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
    quantity: LookQuantity,
    parameter: String,
    /// How histograms' axes are chosen.
    axes: Axes,
}

/// Height of what is said where one of the two instruments has found nothing yet, in points.
const SMALL: f32 = 100.0;

#[derive(Default)]
pub struct InsidePanel {
    histories: Histories,
}

impl Panel for InsidePanel {
    type View = View;

    fn ui(&mut self, ui: &mut Ui, view: &mut View, scene: Scene, effects: &mut Effects) {
        let bench = &mut Bench::new(scene, effects);
        ui.horizontal_wrapped(|ui| {
            let label = ui.label("By block");
            within(ui, "quantity", 190.0, |ui| {
                choose(ui, &mut view.quantity, &QUANTITIES).labelled_by(label.id);
            });
        });
        let asked = |about: Instrument, verb: &'static str| {
            let question = about.question(&Focus::default());
            Request { about, verb, question, filled: false }
        };
        let (quantity, request) = (view.quantity, asked(Instrument::Gradients, "Look"));
        let figure = PaperFigure { height: ROWS, draw: |ui: &mut Ui, bench: &Bench| blocks(ui, quantity, bench) };
        bench::tools(ui, bench, &request, figure);
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.scope(|ui| {
                ui.set_max_height(SMALL);
                bench::offer(ui, bench, &request);
            });
            blocks(ui, view.quantity, bench);
            if bench.hindered().is_some() {
                return;
            }
            ui.add_space(space::M);
            ui.label(theme::strong("Histograms"));
            histograms::choose_parameter(ui, &mut view.parameter, bench);
            if !view.parameter.is_empty() {
                view.axes.ui(ui, bench.monitor.arms.len());
            }
            let (parameter, axes) = (view.parameter.as_str(), view.axes);
            let draw = |ui: &mut Ui, bench: &Bench| histograms::figure(ui, parameter, axes, bench);
            let request = asked(Instrument::Histograms, "Count");
            bench::tools(ui, bench, &request, PaperFigure { height: ROWS, draw });
            ui.scope(|ui| {
                ui.set_max_height(SMALL);
                bench::offer(ui, bench, &request);
            });
            histograms::figure(ui, parameter, axes, bench);
            ui.add_space(space::M);
            self.histories.ui(ui, parameter, axes, bench);
        });
    }
}

fn blocks(ui: &mut Ui, quantity: LookQuantity, bench: &Bench) {
    let found = bench.found(Instrument::Gradients, |finding| match finding {
        Finding::Gradients(found) => Some(found),
        _ => None,
    });
    if found.is_empty() {
        return;
    }
    let tokens = Tokens::of(ui);
    let line = |OfArm { arm, name, found: look }: &OfArm<Gradients>| {
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
    let scale = if quantity.scale() == AxisScale::Log { ", log scale" } else { "" };
    let caption = format!("{} from the input to the head{scale}", quantity.title());
    glossary::caption(ui, &caption);
    // The topmost mark reaches beyond the plot.
    ui.add_space(space::XS);
    let name = format!("{caption}. {}", words.join("; "));
    let arms: Vec<usize> = lines.iter().map(|line| line.arm).collect();
    let chart = Chart::new("inside", &name, quantity.scale(), 200.0);
    if quantity == LookQuantity::Response {
        // Layers, of which a block has several.
        chart.draw(ui, &lines);
    } else {
        by_block::draw(ui, chart, lines, bench);
    }
    for (arm, words) in arms.into_iter().zip(&words) {
        arm_sentence(ui, arm, words);
    }
    for OfArm { arm, name, found: look } in &found {
        for warning in look.warnings() {
            ui.horizontal_top(|ui| {
                chip(ui, *arm, name);
                ui.add(Label::new(RichText::new(warning).color(tokens.warning)).wrap());
            });
        }
    }
}
