//! The networks as they are drawn: each below another, its blocks in the colour of what goes on in them, and what is shown
//! under the pointer.

use super::layout::{Arrangement, Lane, Node, in_words};
use super::paint::{self, BoxLook};
use crate::action::Action;
use crate::kit::chips::colored_sentence;
use crate::kit::glossary::{self, explained};
use crate::kit::legend::legend;
use crate::kit::theme::{self, Tokens, space};
use crate::panels::block_name::in_full;
use crate::scene::Scene;
use crate::state::Monitor;
use crate::state::selected::SelectedBlock;
use crate::state::series::Extremes;
use crate::state::sketch::Sketch;
use eframe::egui::{Label, Response, RichText, Role, Sense, Ui, Vec2, WidgetInfo};
use lab_core::blueprint::outline::{Outline, ShortcutKind};
use lab_core::experiment::Naming;
use lab_core::number::{count, large, short};
use lab_core::protocol::{BlockProbe, ProbeRecord};
use lab_core::quantity::BlockQuantity;

/// The networks of the form that can be drawn.
pub fn outlines(scene: Scene<'_>) -> Vec<&Outline> {
    scene.networks.iter().filter_map(|sketch| sketch.outline.as_deref().ok()).collect()
}

/// Every network below another.
pub fn figure(
    ui: &mut Ui,
    tint: Option<BlockQuantity>,
    scene: Scene,
    arrangement: Arrangement,
    actions: &mut Vec<Action>,
) {
    let scale = tint.and_then(|quantity| scale(scene, quantity));
    for sketch in scene.networks {
        let color = Tokens::of(ui).palette(sketch.color);
        ui.add_space(space::S);
        colored_sentence(ui, color, &in_a_line(sketch));
        match &sketch.outline {
            Ok(outline) => {
                let lane = Lane::new(outline, arrangement);
                let tint = Tint { monitor: scene.monitor, live: sketch.live, quantity: tint, scale };
                network(ui, sketch, &lane, tint, scene.selected, actions);
            }
            Err(why) => {
                let tokens = Tokens::of(ui);
                ui.add(Label::new(RichText::new(why).color(tokens.error)).wrap());
            }
        }
        ui.add_space(space::M);
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

/// What the colours mean, or when there will be some.
pub fn colors(ui: &mut Ui, tint: Option<BlockQuantity>, scale: Option<[f64; 2]>) {
    match (scale, tint) {
        (Some(scale), _) => legend(ui, scale),
        (None, Some(_)) => {
            glossary::caption(ui, "Blocks take their colour while training, each time gradients are measured.");
        }
        (None, None) => {}
    }
}

/// The newest look at each block of an arm; of one that has stopped it is older than the others'.
fn newest(monitor: &Monitor, arm: usize) -> Option<&[BlockProbe]> {
    let seen = |probe: &ProbeRecord| probe.arms.get(arm).is_some_and(|arm| !arm.blocks.is_empty());
    let probe = monitor.probes.iter().rev().find(|probe| seen(probe))?;
    Some(&probe.arms[arm].blocks)
}

/// The ends of what is drawn of all networks that have been looked at.
pub fn scale(scene: Scene, quantity: BlockQuantity) -> Option<[f64; 2]> {
    let mut extremes = Extremes::NONE;
    let arms = scene.networks.iter().filter_map(|sketch| sketch.live);
    let blocks = arms.filter_map(|arm| newest(scene.monitor, arm)).flatten();
    blocks.filter_map(|block| quantity.of(block)).for_each(|value| extremes.add(value.log10()));
    extremes.is_some().then_some([extremes.min, extremes.max.max(extremes.min + 0.1)])
}

/// What the arches mean, for the kinds there are.
pub fn kinds(ui: &mut Ui, outlines: &[&Outline]) {
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
            explained(ui.label(theme::caption(text, &tokens)), "shortcut");
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
        newest(self.monitor, self.live?)?.get(block)
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
        let look =
            BoxLook { share, chosen, alike: same.is_some(), pointed: response.hovered() || response.has_focus() };
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
            Naming::in_words(&node.part.name),
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

/// What is shown under the pointer.
fn explain(ui: &mut Ui, node: &Node, probe: Option<&BlockProbe>) {
    let tokens = Tokens::of(ui);
    ui.label(theme::strong(in_full(&node.part.name)));
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
