//! What a network still knows when blocks are left out, swapped or weighed anew, and how much it knows after each block.

use super::bench::{self, Bench, OfArm, Request};
use super::by_block;
use super::paper::{PLOT, PaperFigure};
use crate::kit::chart::{AxisScale, Chart, Series};
use crate::kit::chips::{arm_sentence, within};
use crate::kit::glossary;
use crate::kit::theme::{self, Tokens, space, viridis};
use crate::kit::widgets::{choose, named};
use crate::panels::block_name::{in_full, short_name};
use crate::scene::{Effects, Panel, Scene};
use crate::state::inquiries::AnswerPlace;
use eframe::egui::{Rect, ScrollArea, Sense, Slider, Stroke, StrokeKind, Ui, Vec2, vec2};
use lab_core::experiment::Naming;
use lab_core::instrument::{Band, Finding, Focus, Instrument, Lesions, Question, Score};
use lab_core::number::{percent, setting};
use lab_core::protocol::ArmInfo;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum LesionsMode {
    #[default]
    Each,
    Several,
    Swapped,
    Gain,
    Exits,
}

const MODES: [(LesionsMode, &str); 5] = [
    (LesionsMode::Each, "Each block"),
    (LesionsMode::Several, "Several removed"),
    (LesionsMode::Swapped, "Blocks swapped"),
    (LesionsMode::Gain, "Branch gain α"),
    (LesionsMode::Exits, "Early exits"),
];

/// What a person chose to see.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct View {
    mode: LesionsMode,
}

#[derive(Default)]
pub struct LesionsPanel {
    /// Blocks that a person has left out.
    out: Vec<usize>,
    gain: Option<f64>,
}

impl Panel for LesionsPanel {
    type View = View;

    fn ui(&mut self, ui: &mut Ui, view: &mut View, scene: Scene, effects: &mut Effects) {
        let bench = &mut Bench::new(scene, effects);
        ui.horizontal_wrapped(|ui| {
            let label = ui.label("Lesion");
            within(ui, "mode", 150.0, |ui| {
                choose(ui, &mut view.mode, &MODES).labelled_by(label.id);
            });
        });
        let instrument = match view.mode {
            LesionsMode::Each => Instrument::Lesions,
            LesionsMode::Several => Instrument::Removals,
            LesionsMode::Swapped => Instrument::Swaps,
            LesionsMode::Gain => Instrument::Gains,
            LesionsMode::Exits => Instrument::Exits,
        };
        let question = instrument.question(&Focus::default());
        let request = Request { about: instrument, verb: "Sweep", question, filled: false };
        let off_screen = |ui: &mut Ui, bench: &Bench| {
            if view.mode == LesionsMode::Each {
                self.strips(ui, bench);
            }
            findings(ui, bench, instrument);
        };
        bench::tools(ui, bench, &request, PaperFigure { height: PLOT, draw: off_screen });
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            match view.mode {
                LesionsMode::Each => self.blocks(ui, bench),
                LesionsMode::Gain if bench.hindered().is_none() => self.gain(ui, bench),
                _ => {}
            }
            bench::offer(ui, bench, &request);
            findings(ui, bench, instrument);
        });
    }
}

impl LesionsPanel {
    /// Every arm's blocks as cells; gives the block that was clicked.
    fn strips(&self, ui: &mut Ui, bench: &Bench) -> Option<usize> {
        let mut clicked = None;
        let arms = bench.monitor.prepared.as_ref().map_or(&[][..], |prepared| &prepared.arms);
        for (arm, info) in arms.iter().enumerate() {
            let swept = bench.findings(Instrument::Lesions).find_map(|of| match of.found {
                Ok(Finding::Lesions(found)) if of.name == info.name => Some(found),
                _ => None,
            });
            arm_sentence(ui, arm, &self.sentence(bench, info, swept));
            let selected = bench.selected().filter(|(of, _)| *of == arm).map(|(_, block)| block);
            clicked = cells(ui, info, swept, &self.out, selected).or(clicked);
        }
        clicked
    }

    /// Every arm's blocks: a click leaves one out, and accuracy follows at once.
    fn blocks(&mut self, ui: &mut Ui, bench: &mut Bench) {
        let Some(prepared) = &bench.monitor.prepared else { return };
        let chosen = bench.selected.and_then(|selected| Some((selected.place(prepared)?.1, selected.block.clone())));
        let mut changed = self.strips(ui, bench);
        let tokens = Tokens::of(ui);
        let advice = "Click a block to leave it out of every arm.";
        ui.horizontal_wrapped(|ui| {
            ui.label(theme::caption(advice, &tokens));
            if let Some((block, name)) = chosen
                && !self.out.contains(&block)
                && ui
                    .button(format!("Leave out {}", Naming::in_words(&name)))
                    .on_hover_text("The block selected in the diagram")
                    .clicked()
            {
                changed = Some(block);
            }
            if !self.out.is_empty() && ui.button("Put all back").clicked() {
                self.out.clear();
                bench.ask(Question::Lesion { blocks: Vec::new() });
            }
        });
        if let Some(block) = changed {
            match self.out.iter().position(|out| *out == block) {
                Some(at) => drop(self.out.remove(at)),
                None => self.out.push(block),
            }
            bench.ask(Question::Lesion { blocks: self.out.clone() });
        }
    }

    /// An arm without the chosen blocks, in a sentence.
    fn sentence(&self, bench: &Bench, info: &ArmInfo, swept: Option<&Lesions>) -> String {
        let inquiry = bench.inquiries.at(AnswerPlace::Lesion);
        let found = inquiry.and_then(|inquiry| inquiry.found.as_deref());
        let finding = found.and_then(|found| found.arms.iter().find(|arm| arm.arm == info.name));
        let names: Vec<&str> =
            self.out.iter().filter_map(|&block| info.blocks.get(block)).map(|block| short_name(block)).collect();
        let plural = if names.len() == 1 { "block" } else { "blocks" };
        let without =
            if names.is_empty() { "all blocks".to_owned() } else { format!("without {plural} {}", names.join(", ")) };
        match finding.map(|arm| &arm.finding) {
            Some(Ok(Finding::Lesion(score))) => {
                let change = swept.map_or_else(String::new, |swept| difference(score, &swept.whole));
                format!("{}, {without}: {}{change}", info.name, percent(score.accuracy))
            }
            Some(Err(why)) => format!("{}: {why}", info.name),
            _ => match swept {
                Some(swept) => format!("{}, all blocks: {}", info.name, percent(swept.whole.accuracy)),
                None => format!("{}: {} blocks", info.name, info.blocks.len()),
            },
        }
    }

    fn gain(&mut self, ui: &mut Ui, bench: &mut Bench) {
        let mut gain = self.gain.unwrap_or(1.0);
        ui.horizontal_wrapped(|ui| {
            let label = ui.label("α");
            let slider = ui.add(Slider::new(&mut gain, 0.0..=2.0).step_by(0.01)).labelled_by(label.id);
            let slider = named(ui, slider, "Gain of every branch");
            if slider.changed() {
                self.gain = Some(gain);
                bench.ask(Question::Gains { gains: vec![gain] });
            }
        });
        let inquiry = bench.inquiries.at(AnswerPlace::Gain).cloned().unwrap_or_default();
        for (arm, found) in inquiry.found.iter().flat_map(|found| &found.arms).enumerate() {
            match &found.finding {
                Ok(Finding::Gains(gains)) => {
                    for gain in gains {
                        let text =
                            format!("{} at α = {}: {}", found.arm, setting(gain.gain), percent(gain.score.accuracy));
                        arm_sentence(ui, arm, &text);
                    }
                }
                Ok(_) => {}
                Err(why) => bench::refusal(ui, &found.arm, why),
            }
        }
        bench::failure(ui, &inquiry);
    }
}

/// `, 3.1 points less`
fn difference(score: &Score, whole: &Score) -> String {
    let points = 100.0 * (score.accuracy - whole.accuracy);
    format!(", {:.1} points {}", points.abs(), if points < 0.0 { "less" } else { "more" })
}

/// One cell for each block, coloured by what is left without it, the selected one framed; gives the block that was clicked.
fn cells(
    ui: &mut Ui,
    info: &ArmInfo,
    swept: Option<&Lesions>,
    out: &[usize],
    selected: Option<usize>,
) -> Option<usize> {
    let tokens = Tokens::of(ui);
    let mut clicked = None;
    let width = (ui.available_width() / info.blocks.len().max(1) as f32 - 2.0).floor().clamp(8.0, 18.0);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = Vec2::splat(2.0);
        for (index, block) in info.blocks.iter().enumerate() {
            let (rect, response) = ui.allocate_exact_size(vec2(width, 22.0), Sense::click());
            let lesion = swept.and_then(|swept| swept.blocks.get(index));
            let score = lesion.and_then(|lesion| lesion.score);
            #[allow(clippy::cast_possible_truncation, reason = "a colour")]
            let fill = score.map_or(tokens.raised, |score| viridis(score.accuracy as f32));
            ui.painter().rect_filled(rect, 3.0, fill);
            if lesion.is_some_and(|lesion| lesion.reshapes) {
                let bar = Rect::from_min_size(rect.left_bottom() - vec2(0.0, 3.0), vec2(rect.width(), 3.0));
                ui.painter().rect_filled(bar, 0.0, tokens.text);
            }
            if out.contains(&index) {
                let stroke = Stroke::new(2.0, tokens.error);
                ui.painter().rect_stroke(rect, 3.0, stroke, StrokeKind::Inside);
                ui.painter().line_segment([rect.left_top(), rect.right_bottom()], stroke);
            } else if response.hovered() || response.has_focus() || selected == Some(index) {
                ui.painter().rect_stroke(rect, 3.0, Stroke::new(1.5, tokens.accent), StrokeKind::Inside);
            }
            let left = match (lesion, score) {
                (_, Some(score)) => format!(": {} left without it", percent(score.accuracy)),
                (Some(_), None) => ": cannot be left out, as nothing carries the signal past it".to_owned(),
                _ => String::new(),
            };
            let text = format!("{}, {}{left}", info.name, Naming::in_words(block));
            let tip = format!("{}, {}{left}", info.name, in_full(block));
            let response = named(ui, response.on_hover_text(tip), &text);
            if response.clicked() {
                clicked = Some(index);
            }
        }
    });
    clicked
}

/// What a sweep found, as one chart of all arms.
fn findings(ui: &mut Ui, bench: &Bench, instrument: Instrument) {
    let mut lines = Vec::new();
    for OfArm { arm, name, found: finding } in bench.findings(instrument) {
        match finding {
            Ok(finding) => lines.push((line(arm, name, finding), said(name, finding))),
            Err(why) => bench::refusal(ui, name, why),
        }
    }
    if lines.is_empty() {
        return;
    }
    let across = match instrument {
        Instrument::Lesions => {
            "Accuracy without each block, from the input to the head: violet 0, yellow 100 %; underlined blocks and \
             diamonds shrink the map; dashed: the whole network"
        }
        Instrument::Removals => "Error by the number of blocks left out; bands from least to largest",
        Instrument::Swaps => "Error by Kendall's τ between the order and the trained one",
        Instrument::Gains => "Accuracy by α",
        _ => "Accuracy of a linear classifier after each block",
    };
    let is_broken = lines.iter().any(|(line, _)| line.points.iter().any(|point| point[1].is_nan()));
    let gaps = "; grey blocks and gaps: cannot be left out, as nothing carries the signal past them";
    let across = format!("{across}{}", if is_broken { gaps } else { "" });
    ui.add_space(space::XS);
    glossary::caption(ui, &across);
    let (lines, words): (Vec<Series>, Vec<String>) = lines.into_iter().unzip();
    let height = (ui.available_height() - 24.0 * (lines.len() as f32 + 1.0)).clamp(140.0, 360.0);
    let arms: Vec<usize> = lines.iter().map(|line| line.arm).collect();
    let name = format!("{across}. {}", words.join("; "));
    let chart = Chart::new("lesions", &name, AxisScale::Percent, height);
    if matches!(instrument, Instrument::Lesions | Instrument::Exits) {
        by_block::draw(ui, chart, lines, bench);
    } else {
        chart.draw(ui, &lines);
    }
    for (arm, words) in arms.into_iter().zip(&words) {
        arm_sentence(ui, arm, words);
    }
}

fn line(arm: usize, name: &str, finding: &Finding) -> Series {
    let mut line = Series { arm, name: name.to_owned(), ..Series::default() };
    match finding {
        Finding::Lesions(found) => {
            line.level = Some(found.whole.accuracy);
            for (lesion, place) in found.blocks.iter().zip(1..) {
                let point = [f64::from(place), lesion.score.map_or(f64::NAN, |score| score.accuracy)];
                line.points.push(point);
                if lesion.reshapes {
                    line.marked.push(point);
                }
            }
        }
        Finding::Removals(found) => {
            let edge =
                |which: usize| found.iter().map(|band| [band.removed as f64, band.error()[which]]).collect::<Vec<_>>();
            line.points = edge(1);
            line.band = Some([edge(0), edge(2)]);
        }
        Finding::Swaps(found) => {
            line.points = found.iter().map(|swap| [swap.tau, 1.0 - swap.score.accuracy]).collect();
            line.scattered = true;
        }
        Finding::Gains(found) => line.points = found.iter().map(|gain| [gain.gain, gain.score.accuracy]).collect(),
        Finding::Exits(found) => {
            line.points = found.iter().zip(1..).map(|(exit, index)| [f64::from(index), exit.accuracy]).collect();
        }
        // Other panels draw the others.
        _ => {}
    }
    line
}

/// A finding in a sentence.
fn said(name: &str, finding: &Finding) -> String {
    let none = || format!("{name}: nothing yet");
    match finding {
        Finding::Lesions(found) => {
            let scored = found.blocks.iter().filter_map(|lesion| Some((&lesion.block, lesion.score?.accuracy)));
            scored.min_by(|a, b| a.1.total_cmp(&b.1)).map_or_else(none, |(block, left)| {
                let whole = percent(found.whole.accuracy);
                if left >= found.whole.accuracy {
                    return format!("{name}, all blocks: {whole} · no block's loss costs any of it");
                }
                let (block, left) = (Naming::in_words(block), percent(left));
                format!("{name}, all blocks: {whole} · hurts most: {block}, {left} left without it")
            })
        }
        Finding::Removals(found) => found.last().map_or_else(none, |band: &Band| {
            format!("{name}: error {} with {} blocks out", percent(band.error()[1]), band.removed)
        }),
        Finding::Swaps(found) => found.iter().min_by(|a, b| a.tau.total_cmp(&b.tau)).map_or_else(none, |swap| {
            format!("{name}: error {} at τ = {:.2}", percent(1.0 - swap.score.accuracy), swap.tau)
        }),
        Finding::Gains(found) => {
            let best = found.iter().max_by(|a, b| a.score.accuracy.total_cmp(&b.score.accuracy));
            best.map_or_else(none, |gain| {
                format!("{name}: best at α = {}, {}", setting(gain.gain), percent(gain.score.accuracy))
            })
        }
        Finding::Exits(found) => match (found.first(), found.last()) {
            (Some(first), Some(last)) => {
                format!(
                    "{name}: {} after the first block, {} after the last",
                    percent(first.accuracy),
                    percent(last.accuracy)
                )
            }
            _ => none(),
        },
        _ => none(),
    }
}
