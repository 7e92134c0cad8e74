//! Each arm drawn block by block, with every shortcut; while training, blocks take the colour of what goes on in them.
//! Must not know other panels.

mod layout;
mod paint;

use crate::action::Action;
use crate::kit::chips::{colored_chip, empty};
use crate::kit::legend::legend;
use crate::kit::theme::{self, Tokens, space};
use crate::kit::widgets::choose;
use crate::scene::{Effects, Panel, Scene};
use crate::state::Monitor;
use crate::state::selected::SelectedBlock;
use crate::state::series::Extremes;
use crate::state::sketch::Sketch;
use eframe::egui::{Button, Label, Response, RichText, Role, ScrollArea, Sense, Slider, Ui, Vec2, WidgetInfo};
use lab_core::blueprint::outline::{Outline, ShortcutKind};
use lab_core::number::{count, large, short};
use lab_core::protocol::{BlockProbe, ProbeRecord};
use lab_core::quantity::BlockQuantity;
use layout::{Arrangement, Lane, Measure, NARROWEST, Node, WIDEST, in_words};
use paint::Look;
use serde::{Deserialize, Serialize};

/// What a person chose to see.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct View {
    /// What colours the blocks; nothing if absent.
    tint: Option<BlockQuantity>,
    /// Width of a block in points; as wide as there is room if absent.
    width: Option<f32>,
}

impl Default for View {
    fn default() -> Self {
        Self { tint: Some(BlockQuantity::default()), width: None }
    }
}

#[derive(Default)]
pub struct Diagram;

impl Panel for Diagram {
    type View = View;

    fn ui(&mut self, ui: &mut Ui, view: &mut View, scene: Scene, effects: &mut Effects) {
        networks(ui, view, scene, effects.actions);
    }
}

fn networks(ui: &mut Ui, view: &mut View, scene: Scene, actions: &mut Vec<Action>) {
    let drawn: Vec<&Outline> = scene.networks.iter().filter_map(|sketch| sketch.outline.as_deref().ok()).collect();
    if drawn.is_empty() {
        let why = scene.networks.iter().find_map(|sketch| sketch.outline.as_ref().err());
        return empty(ui, why.map_or("Every network of the form is drawn here.", String::as_str));
    }
    let room = ui.available_width() - space::M;
    let fitting = Arrangement::fitting(drawn.iter().copied(), room);
    let scale = tools(ui, view, scene.monitor, fitting.measure.width);
    let measure = view.width.map_or(fitting.measure, Measure::new);
    let arrangement = Arrangement { measure, ..fitting };
    kinds(ui, &drawn);
    let scroll = ScrollArea::both().auto_shrink(false).show(ui, |ui| {
        for sketch in scene.networks {
            let color = Tokens::of(ui).palette(sketch.color);
            ui.horizontal(|ui| colored_chip(ui, color, &in_a_line(sketch)));
            match &sketch.outline {
                Ok(outline) => {
                    let lane = Lane::new(outline, arrangement);
                    let tint = Tint { monitor: scene.monitor, live: sketch.live, quantity: view.tint, scale };
                    network(ui, sketch, &lane, tint, scene.selected, actions);
                }
                Err(why) => {
                    let tokens = Tokens::of(ui);
                    ui.add(Label::new(RichText::new(why).color(tokens.error)).wrap());
                }
            }
            ui.add_space(space::M);
        }
    });
    // Ctrl and the wheel zoom, as on the plots.
    let inside = ui.ctx().pointer_hover_pos().is_some_and(|at| scroll.inner_rect.contains(at));
    let zoom = ui.input(eframe::egui::InputState::zoom_delta);
    if inside && (zoom - 1.0).abs() > 1e-3 {
        view.width = Some((measure.width * zoom).clamp(NARROWEST, WIDEST));
    }
}

fn in_a_line(sketch: &Sketch) -> String {
    let Ok(outline) = &sketch.outline else { return sketch.name.clone() };
    let mut text = format!(
        "{}: {} layers, {} parameters, {} MACs",
        sketch.name,
        outline.depth,
        count(outline.parameters),
        large(outline.macs)
    );
    if sketch.changed {
        text += " · changed since the start";
    }
    text
}

/// What is chosen above the drawing; the shared scale's ends as decimal logarithms.
fn tools(ui: &mut Ui, view: &mut View, monitor: &Monitor, fitting: f32) -> Option<[f64; 2]> {
    let scale = view.tint.and_then(|quantity| scale(monitor.probes.last()?, quantity));
    ui.horizontal(|ui| {
        let label = ui.label("Colour by");
        ui.scope(|ui| {
            ui.set_max_width(200.0);
            let mut options = vec![(None, "Nothing")];
            options.extend(BlockQuantity::drawn().map(|(quantity, title)| (Some(quantity), title)));
            choose(ui, &mut view.tint, &options).labelled_by(label.id);
        });
    });
    ui.horizontal(|ui| {
        let label = ui.label("Zoom");
        ui.spacing_mut().slider_width = 120.0;
        let mut width = view.width.unwrap_or(fitting);
        let slider = Slider::new(&mut width, NARROWEST..=WIDEST).logarithmic(true).show_value(false);
        let slider = ui.add(slider).labelled_by(label.id);
        if slider.on_hover_text("Ctrl and the mouse wheel zoom, too").changed() {
            view.width = Some(width);
        }
        let fit = ui.add_enabled(view.width.is_some(), Button::new("Fit"));
        if fit.on_hover_text("As wide as there is room").clicked() {
            view.width = None;
        }
    });
    match (scale, view.tint) {
        (Some(scale), _) => legend(ui, scale),
        (None, Some(_)) => {
            let tokens = Tokens::of(ui);
            let text = "Blocks take their colour from the first look inside on, while training.";
            ui.add(Label::new(theme::caption(text, &tokens)).wrap());
        }
        (None, None) => {}
    }
    scale
}

/// The ends of what all arms show at a probe.
fn scale(probe: &ProbeRecord, quantity: BlockQuantity) -> Option<[f64; 2]> {
    let mut extremes = Extremes::NONE;
    let values = probe.arms.iter().flat_map(|arm| &arm.blocks).filter_map(|block| quantity.of(block));
    values.for_each(|value| extremes.add(value.log10()));
    extremes.is_some().then_some([extremes.min, extremes.max.max(extremes.min + 0.1)])
}

/// What the arches mean, for the kinds there are.
fn kinds(ui: &mut Ui, outlines: &[&Outline]) {
    let tokens = Tokens::of(ui);
    let there = |kind| outlines.iter().flat_map(|outline| outline.blocks()).any(|block| block.shortcut == kind);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = space::XS;
        let all = [
            (ShortcutKind::Identity, "identity"),
            (ShortcutKind::Pad, "zero-padded (A)"),
            (ShortcutKind::Project, "1×1 projection (B, C)"),
            (ShortcutKind::PoolProject, "pool and projection (D)"),
            (ShortcutKind::None, "no shortcut"),
        ];
        for (kind, text) in all.into_iter().filter(|(kind, _)| there(*kind)) {
            // A sample stays beside its text.
            if 160.0 > ui.available_size_before_wrap().x {
                ui.end_row();
            }
            let (rect, _) = ui.allocate_exact_size(Vec2::new(30.0, 16.0), Sense::hover());
            paint::sample(ui, rect, kind);
            ui.label(theme::caption(text, &tokens));
            ui.add_space(space::S);
        }
    });
}

/// What colours the blocks of one arm.
#[derive(Clone, Copy)]
struct Tint<'a> {
    monitor: &'a Monitor,
    live: Option<usize>,
    quantity: Option<BlockQuantity>,
    scale: Option<[f64; 2]>,
}

impl<'a> Tint<'a> {
    /// The newest look at a block.
    fn probe(self, block: usize) -> Option<&'a BlockProbe> {
        let live = self.live?;
        self.monitor.probes.iter().rev().find_map(|probe| probe.arms.get(live)?.blocks.get(block))
    }

    /// The block's place on the scale.
    #[allow(clippy::cast_possible_truncation, reason = "a share for a colour")]
    fn share(self, block: usize) -> Option<f32> {
        let [low, high] = self.scale?;
        let value = self.quantity?.of(self.probe(block)?)?.log10();
        value.is_finite().then(|| ((value - low) / (high - low)) as f32)
    }
}

fn network(
    ui: &mut Ui,
    sketch: &Sketch,
    lane: &Lane,
    tint: Tint,
    selected: Option<&SelectedBlock>,
    actions: &mut Vec<Action>,
) {
    let (rect, _) = ui.allocate_exact_size(lane.size, Sense::hover());
    let offset = rect.min.to_vec2();
    paint::ground(ui, lane, offset, Tokens::of(ui).palette(sketch.color));
    let mut block = 0;
    for node in &lane.nodes {
        let rect = node.rect.translate(offset);
        let index = block;
        block += usize::from(node.block().is_some());
        let same = selected.filter(|selected| node.block().is_some() && selected.block == node.part.name);
        let chosen = same.is_some_and(|selected| selected.arm == sketch.name);
        let share = node.block().and_then(|_| tint.share(index));
        let id = ui.scope_id().with((&sketch.name, &node.part.name));
        let sense = if node.block().is_some() { Sense::click() } else { Sense::hover() };
        let response = ui.interact(rect, id, sense);
        let look = Look { share, chosen, alike: same.is_some(), pointed: response.hovered() || response.has_focus() };
        if response.gained_focus() {
            response.scroll_to_me(None);
        }
        if ui.is_rect_visible(rect) {
            paint::node(ui, node, rect, look);
        }
        name(&response, node, sketch, chosen);
        if response.clicked() {
            let block = (!chosen).then(|| SelectedBlock { arm: sketch.name.clone(), block: node.part.name.clone() });
            actions.push(Action::Select(block));
        }
        response.on_hover_ui(|ui| explain(ui, node, tint.probe(index).filter(|_| node.block().is_some())));
    }
}

/// What a screen reader says of a box.
fn name(response: &Response, node: &Node, sketch: &Sketch, chosen: bool) {
    let text = || {
        let shortcut = node.block().map_or_else(String::new, |block| format!(", {}", block.shortcut.in_words()));
        format!(
            "{}, {}: {} to {}{shortcut}, {} parameters, {} MACs",
            node.part.name,
            sketch.name,
            in_words(node.input),
            in_words(node.part.output),
            count(node.part.parameters),
            large(node.part.macs)
        )
    };
    response.widget_info(|| match node.block() {
        Some(_) => WidgetInfo::selected(Role::Button, true, chosen, text()),
        None => WidgetInfo::labeled(Role::Label, true, text()),
    });
}

/// What is told under the pointer.
fn explain(ui: &mut Ui, node: &Node, probe: Option<&BlockProbe>) {
    let tokens = Tokens::of(ui);
    ui.label(theme::strong(&node.part.name));
    ui.label(format!("{} → {}", in_words(node.input), in_words(node.part.output)));
    ui.label(format!("{} parameters, {} MACs", count(node.part.parameters), large(node.part.macs)));
    if let Some(block) = node.block() {
        ui.label(block.shortcut.in_words());
        if block.keep < 1.0 {
            ui.label(format!("kept in {} of the training steps", lab_core::number::percent(block.keep)));
        }
    }
    for layer in &node.part.layers {
        ui.label(theme::caption(format!("{}: {}, {}", layer.name, layer.kind, in_words(layer.output)), &tokens));
    }
    if let Some(probe) = probe {
        ui.add_space(space::XS);
        for (quantity, title) in BlockQuantity::drawn() {
            if let Some(value) = quantity.of(probe) {
                ui.label(format!("{title} {}", short(value)));
            }
        }
    }
}
