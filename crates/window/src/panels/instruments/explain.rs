//! Where in one image a decision comes from, as every arm sees it: Grad-CAM at every block, occlusion, feature maps, filters,
//! and what remains when a block is cut.

use super::bench::{self, Bench, OfArm, Request};
use super::by_block;
use super::maps::{Textures, WHOLE};
use super::overlay::Overlay;
use super::paper::{PLOT, PaperFigure, ROWS};
use super::revealing;
use crate::kit::chart::{AxisScale, Chart, Series};
use crate::kit::chips::{arm_sentence, together, within};
use crate::kit::glossary;
use crate::kit::line::Dash;
use crate::kit::theme::{Tokens, space};
use crate::kit::typed_path;
use crate::kit::widgets::{bounded_field, choose, named};
use crate::panels::block_name::in_full;
use crate::scene::{Effects, Panel, Scene};
use crate::state::inquiries::AnswerPlace;
use eframe::egui::{Color32, Key, ScrollArea, Sense, Slider, Stroke, StrokeKind, TextEdit, Ui, Vec2, vec2};
use lab_core::experiment::Naming;
use lab_core::instrument::{Cut, Finding, Focus, HeatMap, Instrument, Picture, QueryImage};
use lab_core::number::{percent, short};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum ExplainMode {
    #[default]
    Strip,
    Features,
    Filters,
    Cuts,
}

const MODES: [(ExplainMode, &str); 4] = [
    (ExplainMode::Strip, "Grad-CAM"),
    (ExplainMode::Features, "Feature maps"),
    (ExplainMode::Filters, "First-layer filters"),
    (ExplainMode::Cuts, "Blocks cut"),
];

/// What a person chose to see.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct View {
    mode: ExplainMode,
    /// How strongly maps cover the image.
    strength: f32,
    occlusion: bool,
}

impl Default for View {
    fn default() -> Self {
        Self { mode: ExplainMode::Strip, strength: 0.7, occlusion: false }
    }
}

#[derive(Default)]
pub struct ExplainPanel {
    image: usize,
    /// A picture that is looked at instead of a validation image.
    file: Option<PathBuf>,
    path: String,
    class: Option<usize>,
    block: usize,
    /// The wish of another panel that was followed last.
    followed: Option<u64>,
    /// The selected block that was followed last.
    selected: Option<(usize, usize)>,
    textures: Textures,
    /// The question that was awaited last.
    awaited: Option<u64>,
}

/// Room for an image's number with the word in front, in points.
const NUMBER: f32 = 88.0;
/// Side of a picture in the strip, in points.
const SMALL: f32 = 60.0;
/// Side of the picture that is looked at.
const LARGE: f32 = 132.0;

impl Panel for ExplainPanel {
    type View = View;

    fn ui(&mut self, ui: &mut Ui, view: &mut View, scene: Scene, effects: &mut Effects) {
        let bench = &mut Bench::new(scene, effects);
        if let Some((number, image)) = bench.inquiries.explained
            && self.followed != Some(number)
        {
            (self.followed, self.image, self.file) = (Some(number), image, None);
        }
        // A block that is selected elsewhere is looked at here, too, until another one is chosen.
        if let Some(selected) = bench.selected()
            && self.selected != Some(selected)
        {
            (self.selected, self.block) = (Some(selected), selected.1);
        }
        self.textures.refresh(bench.inquiries.version);
        let entered = self.choices(ui, view, bench);
        let focus = Focus { sample: self.sample(), class: self.class, block: self.block, ..Focus::default() };
        let (mode, strength, occlusion) = (view.mode, view.strength, view.occlusion);
        let instrument = match mode {
            ExplainMode::Strip if occlusion => Instrument::Occlusion,
            ExplainMode::Strip => Instrument::GradCam,
            ExplainMode::Features => Instrument::Features,
            ExplainMode::Filters => Instrument::Filters,
            ExplainMode::Cuts => Instrument::Cuts,
        };
        let reveals = mode == ExplainMode::Strip && !bench.inquiries.revealing.is_empty();
        let draw = |ui: &mut Ui, bench: &Bench, textures: &mut Textures| match mode {
            ExplainMode::Strip => strips(ui, textures, strength, bench, instrument),
            ExplainMode::Features | ExplainMode::Filters => maps(ui, textures, bench, instrument),
            ExplainMode::Cuts => cuts(ui, bench),
        };
        let verb = match mode {
            ExplainMode::Strip => "Explain",
            ExplainMode::Features | ExplainMode::Filters => "Show",
            ExplainMode::Cuts => "Cut",
        };
        let request = Request { about: instrument, verb, question: instrument.question(&focus), filled: reveals };
        if entered && bench.hindered().is_none() {
            bench.ask(request.question.clone());
        }
        let height = if mode == ExplainMode::Cuts { PLOT } else { ROWS };
        let off_screen = |ui: &mut Ui, bench: &Bench| draw(ui, bench, &mut Textures::default());
        bench::tools(ui, bench, &request, PaperFigure { height, draw: off_screen });
        let awaited = bench.inquiries.awaited(AnswerPlace::Of(instrument));
        let is_new = awaited.is_some() && awaited != self.awaited;
        self.awaited = awaited.or(self.awaited);
        let area = ScrollArea::vertical().auto_shrink(false);
        // What was asked is answered at the top.
        let area = if is_new { area.vertical_scroll_offset(0.0) } else { area };
        area.show(ui, |ui| {
            bench::offer(ui, bench, &request);
            draw(ui, bench, &mut self.textures);
            if reveals {
                revealing::ui(ui, &mut self.textures, strength, bench);
            }
        });
    }
}

impl ExplainPanel {
    fn sample(&self) -> QueryImage {
        match &self.file {
            Some(path) => QueryImage::Picture(Picture::File(path.clone())),
            None => QueryImage::Validation(self.image),
        }
    }

    /// Chooses what is looked at; whether a path was entered.
    fn choices(&mut self, ui: &mut Ui, view: &mut View, bench: &mut Bench) -> bool {
        let Some(prepared) = &bench.monitor.prepared else { return false };
        let mut chosen = false;
        let (images, classes) = (prepared.dataset.validation, &prepared.dataset.classes);
        ui.horizontal_wrapped(|ui| {
            within(ui, "mode", 140.0, |ui| {
                let response = choose(ui, &mut view.mode, &MODES);
                named(ui, response, "What is shown of the image");
            });
            if view.mode != ExplainMode::Filters {
                together(ui, NUMBER);
                let label = ui.label("Image");
                let drag = bounded_field(ui, &mut self.image, 0..=images.saturating_sub(1), |field| field);
                let drag = named(ui, drag.labelled_by(label.id), "Validation image");
                if drag.changed() {
                    self.file = None;
                }
                let edit = TextEdit::singleline(&mut self.path).hint_text("or a picture's path").desired_width(180.0);
                let edit = ui.add(edit);
                let entered = edit.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
                named(ui, edit, "Path of a picture to explain");
                if entered && !self.path.trim().is_empty() {
                    self.file = Some(typed_path::read(&self.path));
                    chosen = true;
                }
            }
            if view.mode == ExplainMode::Features {
                let blocks = prepared.arms.iter().max_by_key(|arm| arm.blocks.len()).map_or(&[][..], |arm| &arm.blocks);
                let blocks_in_words: Vec<String> = blocks.iter().map(|block| Naming::in_words(block)).collect();
                let names: Vec<(usize, &str)> = blocks_in_words.iter().map(String::as_str).enumerate().collect();
                within(ui, "block", 100.0, |ui| {
                    let response = choose(ui, &mut self.block, &names);
                    let block = blocks.get(self.block).map_or_else(String::new, |block| in_full(block));
                    named(ui, response.on_hover_text(block), "Block that is shown");
                });
            }
        });
        if view.mode != ExplainMode::Strip {
            return chosen;
        }
        ui.horizontal_wrapped(|ui| {
            let title = |class: Option<usize>| {
                class.and_then(|class| classes.get(class)).map_or("Each network's guess", String::as_str)
            };
            let label = ui.label("Class");
            let options = std::iter::once(None).chain((0..classes.len()).map(Some));
            let options: Vec<(Option<usize>, &str)> = options.map(|class| (class, title(class))).collect();
            within(ui, "class", 170.0, |ui| {
                choose(ui, &mut self.class, &options).labelled_by(label.id);
            });
            together(ui, 60.0 + ui.spacing().slider_width);
            let label = ui.label("Overlay");
            let slider = ui.add(Slider::new(&mut view.strength, 0.0..=1.0).show_value(false)).labelled_by(label.id);
            named(ui, slider, "Strength of the overlay");
            ui.checkbox(&mut view.occlusion, "Occlusion too");
        });
        chosen
    }
}

/// For each arm the image, and a strip with one map for each block.
fn strips(ui: &mut Ui, textures: &mut Textures, strength: f32, bench: &Bench, instrument: Instrument) {
    let classes = bench.monitor.prepared.as_ref().map_or(&[][..], |prepared| &prepared.dataset.classes);
    let title = |class: usize| classes.get(class).map_or("?", String::as_str);
    let found = bench.found(instrument, |finding| match finding {
        Finding::Explanation(found) => Some(found),
        _ => None,
    });
    bench::refusals(ui, bench, instrument);
    if !found.is_empty() {
        let caption =
            "A map for each block from the input on, its number in the corner; yellow is where the score comes from";
        glossary::caption(ui, caption);
    }
    for OfArm { arm, name, found } in found {
        let share = found.probabilities.get(found.class).copied().unwrap_or(0.0);
        let truth = found.truth.map_or_else(String::new, |truth| format!(", truly {}", title(truth)));
        let text = if share.is_nan() {
            format!("{name} has diverged: its answers are no longer numbers{truth}")
        } else {
            format!("{name}: {} {}{truth}", title(found.class), percent(f64::from(share)))
        };
        arm_sentence(ui, arm, &text);
        let overlay = Overlay { arm, found, of: "", strength };
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = Vec2::splat(space::XS);
            let name = format!("{arm} seen");
            let texture = textures.picture(ui.ctx(), &name, &found.seen).id();
            let (rect, response) = ui.allocate_exact_size(Vec2::splat(LARGE), Sense::hover());
            ui.painter().image(texture, rect, WHOLE, Color32::WHITE);
            named(ui, response, "The image as the networks see it");
            if let Some(map) = &found.occlusion {
                let rect = overlay.draw(ui, textures, LARGE, "occlusion", map);
                let tokens = Tokens::of(ui);
                ui.painter().rect_stroke(rect, 0.0, Stroke::new(1.0, tokens.hairline), StrokeKind::Outside);
            }
        });
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = Vec2::splat(space::XS);
            for (block, map) in &found.strip {
                let rect = overlay.draw(ui, textures, SMALL, block, map);
                if bench.selected.is_some_and(|selected| selected.block == *block) {
                    let stroke = Stroke::new(2.0, Tokens::of(ui).accent);
                    ui.painter().rect_stroke(rect, 0.0, stroke, StrokeKind::Inside);
                }
            }
        });
        ui.add_space(space::S);
    }
}

/// Channels or filters of every arm on one scale.
fn maps(ui: &mut Ui, textures: &mut Textures, bench: &Bench, instrument: Instrument) {
    let found = bench.found(instrument, |finding| match finding {
        Finding::Maps(found) => Some(found),
        _ => None,
    });
    bench::refusals(ui, bench, instrument);
    let all = || found.iter().flat_map(|of| &of.found.maps).map(HeatMap::range);
    let ends = [all().map(|[low, _]| low).fold(0.0, f32::min), all().map(|[_, high]| high).fold(1e-12, f32::max)];
    for OfArm { arm, name, found: maps } in found {
        let text = format!(
            "{name}: {} of {}, from {} to {}",
            maps.maps.len(),
            Naming::in_words(&maps.of),
            short(f64::from(ends[0])),
            short(f64::from(ends[1]))
        );
        arm_sentence(ui, arm, &text);
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = Vec2::splat(space::XS);
            for (title, map) in maps.names.iter().zip(&maps.maps) {
                let (rect, response) = ui.allocate_exact_size(vec2(56.0, 56.0), Sense::hover());
                let texture = textures.map(ui.ctx(), &format!("{arm} {} {title}", maps.of), map, ends, None).id();
                ui.painter().image(texture, rect, WHOLE, Color32::WHITE);
                named(ui, response.on_hover_text(title), &format!("{name}, {}, {title}", Naming::in_words(&maps.of)));
            }
        });
        ui.add_space(space::S);
    }
}

/// The logit of the class that each network guesses, with each block's branch or shortcut cut.
fn cuts(ui: &mut Ui, bench: &Bench) {
    let classes = bench.monitor.prepared.as_ref().map_or(&[][..], |prepared| &prepared.dataset.classes);
    bench::refusals(ui, bench, Instrument::Cuts);
    let (mut lines, mut words) = (Vec::new(), Vec::new());
    let found = bench.found(Instrument::Cuts, |finding| match finding {
        Finding::Cuts(found) => Some(found),
        _ => None,
    });
    for OfArm { arm, name, found } in found {
        let Some(whole) = found.first().and_then(|cut| cut.without_branch.as_ref()) else { continue };
        let class = (0..whole.len()).max_by(|&a, &b| whole[a].total_cmp(&whole[b])).unwrap_or(0);
        let points = |of: fn(&Cut) -> Option<&Vec<f32>>| -> Vec<[f64; 2]> {
            let blocks = found.iter().skip(1).zip(1..);
            blocks.filter_map(|(cut, index)| Some([f64::from(index), f64::from(*of(cut)?.get(class)?)])).collect()
        };
        let level = Some(f64::from(whole[class]));
        lines.push(Series {
            arm,
            name: name.to_owned(),
            points: points(|cut| cut.without_branch.as_ref()),
            level,
            ..Series::default()
        });
        let shortcut = points(|cut| cut.without_shortcut.as_ref());
        if !shortcut.is_empty() {
            lines.push(Series { arm, name: name.to_owned(), points: shortcut, dash: Dash::Long, ..Series::default() });
        }
        let title = classes.get(class).map_or("?", String::as_str);
        words.push((arm, format!("{name}: {title}, logit {} as trained", short(f64::from(whole[class])))));
    }
    if lines.is_empty() {
        return;
    }
    let caption = "Logit of the class that each network guesses, by the block that is cut: solid without its branch, dashed without \
                   its shortcut, level as trained";
    glossary::caption(ui, caption);
    let said: Vec<&str> = words.iter().map(|(_, words)| words.as_str()).collect();
    let height = (ui.available_height() - 60.0).clamp(140.0, 360.0);
    let name = format!("{caption}. {}", said.join("; "));
    by_block::draw(ui, Chart::new("cuts", &name, AxisScale::Linear, height), lines, bench);
    for (arm, words) in &words {
        arm_sentence(ui, *arm, words);
    }
}
