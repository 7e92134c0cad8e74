//! The list of arms: each with its name, colour and network, what it costs and how it differs from the first.

use super::cost::{Costs, in_words};
use super::faults::{self, errors};
use super::fetching::Fetching;
use super::field::Fields;
use super::requests::Requests;
use super::row::FormRow;
use super::{network, optimizer, schedule, start};
use crate::kit::theme::{self, PALETTE_NAMES, Tokens, space};
use crate::kit::widgets::named;
use crate::state::sketch::{Difference, ImageSet, Outlines};
use eframe::egui::collapsing_header::{CollapsingState, paint_default_icon};
use eframe::egui::{
    Align, Button, Label, Layout, Popup, Response, RichText, Role, Sense, TextEdit, Ui, Vec2, WidgetInfo, vec2,
};
use lab_core::experiment::field;
use lab_core::experiment::{Arm, Block, Body, Invalid, MAX_ARMS, Network, Plan};

/// What the list needs to know besides the plan.
pub struct Context<'a> {
    pub base: &'a Plan,
    /// Everything that is wrong.
    pub found: &'a [Invalid],
    pub requests: &'a Requests,
    /// In what each arm differs from the first one.
    pub differs: &'a [Vec<Difference>],
    /// The images' shape and the number of classes, once known.
    pub images: Option<ImageSet>,
    pub costs: Costs<'a>,
}

impl Context<'_> {
    /// In what an arm differs from the first one.
    fn differs(&self, arm: usize) -> &[Difference] {
        self.differs.get(arm).map_or(&[], Vec::as_slice)
    }
}

/// What the list remembers from one frame to the next.
pub struct Tools<'a> {
    pub outlines: &'a mut Outlines,
    pub fetching: &'a mut Fetching,
}

enum ArmChange {
    Duplicate(usize),
    Remove(usize),
    Color(usize, u8),
}

/// The list of arms.
pub fn ui(ui: &mut Ui, plan: &mut Plan, context: &Context, tools: &mut Tools) {
    let mut change = None;
    if plan.arms.len() > 1 {
        everywhere(ui, plan, context);
    }
    for index in 0..plan.arms.len() {
        ui.push_id(("arm", index), |ui| {
            change = change.take().or(arm(ui, plan, index, context, tools));
        });
        ui.add_space(space::S);
    }
    let full = plan.arms.len() >= MAX_ARMS;
    let add = ui.add_enabled(!full, Button::new("+ Add an arm"));
    if add.on_disabled_hover_text(format!("An experiment has at most {MAX_ARMS} arms.")).clicked() {
        change = Some(ArmChange::Duplicate(plan.arms.len().saturating_sub(1)));
    }
    if let Some(change) = change {
        carry_out(plan, change);
    }
}

/// Depth and width of all networks at once, where they are of one family.
fn everywhere(ui: &mut Ui, plan: &mut Plan, context: &Context) {
    let block = plan.arms[0].network.block;
    let sizes: Option<Vec<[usize; 2]>> = plan.arms.iter().map(|arm| sizes(&arm.network, block)).collect();
    let Some(sizes) = sizes else { return };
    let base: Option<Vec<[usize; 2]>> = context.base.arms.iter().map(|arm| sizes_of(&arm.network)).collect();
    let common = |sizes: &[[usize; 2]], which: usize| {
        let first = sizes.first()?[which];
        sizes.iter().all(|of| of[which] == first).then_some(first)
    };
    // What is wrong with all of them is wrong here.
    let path = "arms[0].network.body.cifar";
    let of_all = |invalid: &&Invalid| {
        let field = invalid.field.strip_prefix(path).unwrap_or_default();
        common(&sizes, usize::from(field == ".width")).is_some()
    };
    let found: Vec<Invalid> = context.found.iter().filter(of_all).cloned().collect();
    let fields = Fields::new(&found, path).with_requests(context.requests);
    for (which, row) in
        [(0, FormRow::called(&field::DEPTH, "Depth, all arms")), (1, FormRow::called(&field::WIDTH, "Width, all arms"))]
    {
        let now = common(&sizes, which);
        let mut value = now.unwrap_or(sizes[0][which]);
        let before = value;
        let word = now.is_none().then_some("by arm");
        let preset = base.as_ref().and_then(|base| common(base, which));
        let response = fields.row(ui, row, &mut value, preset.as_ref(), |ui, value| match which {
            0 => network::layers(ui, value, block.cifar_depths(), word),
            _ => network::channels(ui, value, word),
        });
        if value != before || response.changed() {
            for arm in &mut plan.arms {
                if let Body::Cifar { depth, width } = &mut arm.network.body {
                    *(if which == 0 { depth } else { width }) = value;
                }
            }
        }
    }
    ui.add_space(space::S);
}

/// Depth and width of a CIFAR net.
fn sizes_of(network: &Network) -> Option<[usize; 2]> {
    if let Body::Cifar { depth, width } = network.body { Some([depth, width]) } else { None }
}

/// The same, if its blocks have as many layers as this one, so that the same depths fit.
fn sizes(network: &Network, block: Block) -> Option<[usize; 2]> {
    sizes_of(network).filter(|_| network.block.convolutions() == block.convolutions())
}

/// Arms keep their colours whatever happens to those before them.
fn carry_out(plan: &mut Plan, change: ArmChange) {
    let mut colors: Vec<u8> = plan.arms.iter().enumerate().map(|(index, arm)| arm.color(index)).collect();
    match change {
        ArmChange::Duplicate(index) if plan.arms.len() < MAX_ARMS => {
            let copy = |arm: &Arm| Arm { name: free_name(&plan.arms, &arm.name), ..arm.clone() };
            let added = plan.arms.get(index).map_or_else(first, copy);
            let place = plan.arms.len().min(index + 1);
            plan.arms.insert(place, added);
            let free = (0..=u8::MAX).find(|color| !colors.contains(color)).unwrap_or(0);
            colors.insert(place, free);
        }
        ArmChange::Remove(index) if plan.arms.len() > 1 => {
            plan.arms.remove(index);
            colors.remove(index);
        }
        ArmChange::Color(index, color) => {
            // Two arms of one colour could not be told apart: they change places.
            if let Some(other) = colors.iter().position(|other| *other == color) {
                colors[other] = colors[index];
            }
            colors[index] = color;
        }
        // The buttons for these are disabled.
        ArmChange::Duplicate(_) | ArmChange::Remove(_) => {}
    }
    for (index, (arm, color)) in plan.arms.iter_mut().zip(colors).enumerate() {
        arm.color = (usize::from(color) != index).then_some(color);
    }
}

/// What a list without arms begins with, as a file may have one.
fn first() -> Arm {
    let (name, network) = ("resnet20".to_owned(), Network::default());
    Arm { name, color: None, network, start: None, optimizer: None, schedule: None }
}

/// `residual 2`, `residual 3`, …
#[allow(clippy::maybe_infinite_iter, reason = "a plan has eight arms at most, so one of nine names is free")]
fn free_name(arms: &[Arm], name: &str) -> String {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end();
    (2..)
        .map(|number| format!("{stem} {number}"))
        .find(|name| arms.iter().all(|arm| arm.name != *name))
        .unwrap_or_else(|| stem.to_owned())
}

fn arm(ui: &mut Ui, plan: &mut Plan, index: usize, context: &Context, tools: &mut Tools) -> Option<ArmChange> {
    let tokens = Tokens::of(ui);
    let (count, first) = (plan.arms.len(), plan.arms[0].name.clone());
    let name = plan.arms[index].name.clone();
    let mut change = None;
    let id = ui.make_persistent_id("fold");
    let mut fold = CollapsingState::load_with_default_open(ui.ctx(), id, true);
    let header = ui.horizontal(|ui| {
        let toggle = fold.show_toggle_button(ui, paint_default_icon);
        named(ui, toggle, &format!("Fold {name}"));
        if let Some(color) = color_button(ui, &name, plan.arms[index].color(index)) {
            change = Some(ArmChange::Color(index, color));
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = space::XS;
            let button =
                |text: &str| Button::new(RichText::new(text).size(theme::size::SMALL)).frame_when_inactive(false);
            let remove = ui.add_enabled(count > 1, button("Remove"));
            if named(ui, remove, &format!("Remove {name}")).clicked() {
                change = Some(ArmChange::Remove(index));
            }
            let copy = ui.add_enabled(count < MAX_ARMS, button("Duplicate"));
            if named(ui, copy, &format!("Duplicate {name}")).clicked() {
                change = Some(ArmChange::Duplicate(index));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let shown = ui.add(Label::new(theme::strong(&name)).truncate().sense(Sense::click()));
                if shown.clicked() {
                    fold.toggle(ui);
                }
            });
        });
    });
    if faults::is_revealed(ui) && errors(context.found, &format!("arms[{index}]")) > 0 {
        fold.set_open(true);
    }
    named(ui, header.response, &format!("Arm {name}"));
    for line in summary(plan, index, context, tools.outlines) {
        ui.add(Label::new(theme::caption(line, &tokens)).wrap());
    }
    if index > 0 {
        difference(ui, &first, context.differs(index));
    }
    fold.show_body_unindented(ui, |ui| rows(ui, plan, index, context, tools.fetching));
    change
}

/// What the arm amounts to and costs, line by line.
fn summary(plan: &Plan, index: usize, context: &Context, outlines: &mut Outlines) -> Vec<String> {
    let arm = &plan.arms[index];
    let path = format!("arms[{index}].network");
    let depth = format!("{} layers", arm.network.depth());
    match context.images {
        _ if context.found.iter().any(|invalid| invalid.field.starts_with(&path)) => {
            vec!["Counted once its fields are corrected".to_owned()]
        }
        None => vec![format!("{depth} · more once the images are known")],
        Some(images) => match outlines.of(arm, images) {
            Ok(outline) => in_words(arm, &outline, &plan.recipe, context.costs),
            Err(why) => vec![why],
        },
    }
}

fn rows(ui: &mut Ui, plan: &mut Plan, index: usize, context: &Context, fetching: &mut Fetching) {
    let name = plan.arms[index].name.clone();
    let is_alone = plan.arms.iter().filter(|arm| arm.name == name).count() == 1;
    let (recipe, arm) = (plan.recipe.clone(), &mut plan.arms[index]);
    let preset = context.base.arms.get(index);
    let path = format!("arms[{index}]");
    let differing: Vec<String> = context.differs(index).iter().map(|each| format!("{path}.{}", each.path)).collect();
    let requests = Some(context.requests);
    let fields = Fields { found: context.found, path, owner: Some(&name), differing: &differing, requests };
    fields.row(ui, &field::ARM_NAME, &mut arm.name, preset.map(|p| &p.name), |ui, name| {
        ui.add(TextEdit::singleline(name).desired_width(f32::INFINITY))
    });
    if arm.name != name && is_alone {
        fetching.rename(&name, &arm.name);
    }
    let stages = arm.network.stages().len();
    network::ui(ui, &fields.below("network"), &mut arm.network, preset.map(|p| &p.network), |ui| {
        start::ui(ui, &fields, &mut arm.start, preset.map(|p| &p.start), stages, fetching);
    });
    let base = preset.map(|p| p.optimizer.is_some());
    let mut own = arm.optimizer.is_some();
    fields.tick(ui, &field::OWN_OPTIMIZER, &mut own, base.as_ref());
    if own != arm.optimizer.is_some() {
        arm.optimizer = own.then(|| recipe.optimizer.clone());
    }
    if let Some(own) = &mut arm.optimizer {
        optimizer::ui(ui, &fields.below("optimizer"), own, preset.and_then(|p| p.optimizer.as_ref()));
    }
    let base = preset.map(|p| p.schedule.is_some());
    let mut own = arm.schedule.is_some();
    fields.tick(ui, &field::OWN_SCHEDULE, &mut own, base.as_ref());
    if own != arm.schedule.is_some() {
        arm.schedule = own.then(|| recipe.schedule.clone());
    }
    if let Some(own) = &mut arm.schedule {
        schedule::ui(ui, &fields.below("schedule"), own, preset.and_then(|p| p.schedule.as_ref()));
        let schedule_path = format!("{}.schedule", fields.path);
        let wrong = |field: &str| field.starts_with(&schedule_path) || field.starts_with("recipe");
        if let Some(per_epoch) = context.costs.steps_per_epoch
            && !context.found.iter().any(|invalid| wrong(&invalid.field))
        {
            let rate = arm.optimizer.as_ref().unwrap_or(&recipe.optimizer).learning_rate;
            schedule::preview(ui, own, rate, recipe.length.steps(per_epoch), per_epoch);
        }
    }
}

/// In what an arm differs from the first one.
fn difference(ui: &mut Ui, first: &str, differs: &[Difference]) {
    let tokens = Tokens::of(ui);
    let small = |text: String, color| RichText::new(text).size(theme::size::SMALL).color(color);
    if differs.is_empty() {
        ui.add(Label::new(small(format!("The same as {first}"), tokens.warning)).truncate());
        return;
    }
    // One line whatever it says, so that nothing below it moves while somebody edits; what differs first, as a long name
    // may leave no room for it.
    let all: Vec<&str> = differs.iter().map(|each| each.text.as_str()).collect();
    let text = format!("{} · differs from {first}", all.join("; "));
    let shown = ui.add(Label::new(small(text, tokens.accent)).truncate());
    shown.on_hover_text(all.join("\n"));
}

/// A dot in an arm's colour that opens the palette; gives the colour that was chosen.
fn color_button(ui: &mut Ui, name: &str, color: u8) -> Option<u8> {
    let (rect, response) = ui.allocate_exact_size(Vec2::new(16.0, theme::ROW), Sense::click());
    let response = response.on_hover_text("Choose a colour");
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Colour of {name}")));
    let tokens = Tokens::of(ui);
    ui.painter().circle_filled(rect.center(), 5.0, tokens.palette(color));
    if response.hovered() || response.has_focus() {
        ui.painter().circle_stroke(rect.center(), 7.0, tokens.line());
    }
    let mut chosen = None;
    Popup::menu(&response).show(|ui| {
        for (place, title) in (0u8..).zip(PALETTE_NAMES) {
            if entry(ui, place, title, place == color).clicked() {
                chosen = Some(place);
            }
        }
    });
    chosen
}

fn entry(ui: &mut Ui, place: u8, title: &str, current: bool) -> Response {
    let response = ui.selectable_label(current, format!("      {title}"));
    let at = response.rect.left_center() + vec2(14.0, 0.0);
    ui.painter().circle_filled(at, 5.0, Tokens::of(ui).palette(place));
    response
}
