//! The list of arms: each with its name, its network, what it amounts to and how it differs from the first.

use super::field::Fields;
use super::summary::{ArmSummary, Summarize, differences};
use super::{network, optimizer};
use crate::app::theme::{self, Tokens, space};
use crate::app::{help, number};
use crate::experiment::{Arm, Invalid, MAX_ARMS, Network, Plan};
use eframe::egui::collapsing_header::CollapsingState;
use eframe::egui::{Align, Label, Layout, RichText, Sense, TextEdit, Ui, Vec2, vec2};

/// What was counted last, so that nothing is counted twice.
#[derive(Default)]
#[allow(clippy::type_complexity, reason = "a list of questions with their answers, used here only")]
pub struct Counted {
    entries: Vec<(Network, [usize; 3], usize, Result<ArmSummary, String>)>,
}

impl Counted {
    /// The summary of a network that has no errors.
    fn of(&mut self, arm: &Arm, input: ([usize; 3], usize), summarize: &Summarize) -> Result<ArmSummary, String> {
        let known = |entry: &&(Network, [usize; 3], usize, _)| entry.0 == arm.network && (entry.1, entry.2) == input;
        if let Some(entry) = self.entries.iter().find(known) {
            return entry.3.clone();
        }
        let counted = summarize(arm, input.0, input.1);
        if self.entries.len() > 4 * MAX_ARMS {
            self.entries.clear();
        }
        self.entries.push((arm.network.clone(), input.0, input.1, counted.clone()));
        counted
    }
}

/// What the list needs to know besides the plan.
pub struct Context<'a> {
    /// The preset's plan.
    pub base: &'a Plan,
    /// Everything that is wrong.
    pub found: &'a [Invalid],
    /// The images' shape and the number of classes, once known.
    pub input: Option<([usize; 3], usize)>,
    /// Counts a network.
    pub summarize: &'a Summarize,
}

enum Change {
    Duplicate(usize),
    Remove(usize),
}

/// The list of arms.
pub fn ui(ui: &mut Ui, plan: &mut Plan, context: &Context, counted: &mut Counted) {
    let mut change = None;
    let count = plan.arms.len();
    for index in 0..count {
        let differs = if index == 0 { None } else { Some(differences(&plan.arms[0], &plan.arms[index])) };
        let first = plan.arms[0].name.clone();
        ui.push_id(("arm", index), |ui| {
            let asked = arm(ui, plan, index, context, counted, differs.as_deref().map(|list| (first.as_str(), list)));
            change = change.take().or(asked);
        });
        ui.add_space(space::XS);
    }
    let full = count >= MAX_ARMS;
    let add = ui.add_enabled(!full, eframe::egui::Button::new("+ Add an arm"));
    if add.on_disabled_hover_text(format!("An experiment has at most {MAX_ARMS} arms.")).clicked() {
        change = Some(Change::Duplicate(count - 1));
    }
    match change {
        Some(Change::Duplicate(index)) if !full => {
            let copy = Arm { name: free_name(&plan.arms, &plan.arms[index].name), ..plan.arms[index].clone() };
            plan.arms.insert(index + 1, copy);
        }
        Some(Change::Remove(index)) if count > 1 => {
            plan.arms.remove(index);
        }
        _ => {}
    }
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

fn arm(
    ui: &mut Ui,
    plan: &mut Plan,
    index: usize,
    context: &Context,
    counted: &mut Counted,
    differs: Option<(&str, &[String])>,
) -> Option<Change> {
    let tokens = Tokens::of(ui);
    let (count, recipe) = (plan.arms.len(), plan.recipe.clone());
    let arm = &mut plan.arms[index];
    let preset = context.base.arms.get(index);
    let path = format!("arms[{index}]");
    let wrong = context.found.iter().any(|invalid| invalid.field.starts_with(&path));
    let name = arm.name.clone();
    let mut change = None;
    let id = ui.make_persistent_id("fold");
    let mut fold = CollapsingState::load_with_default_open(ui.ctx(), id, true);
    let header = ui.horizontal(|ui| {
        fold.show_toggle_button(ui, eframe::egui::collapsing_header::paint_default_icon);
        swatch(ui, tokens.arm(index));
        let shown = ui.add(Label::new(theme::strong(&name)).truncate().sense(Sense::click()));
        if shown.clicked() {
            fold.toggle(ui);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = space::XS;
            let button = |text: &str| {
                eframe::egui::Button::new(RichText::new(text).size(theme::size::SMALL)).frame_when_inactive(false)
            };
            let remove = ui.add_enabled(count > 1, button("Remove"));
            if super::field::named(ui, remove, &format!("Remove {name}")).clicked() {
                change = Some(Change::Remove(index));
            }
            let copy = ui.add_enabled(count < MAX_ARMS, button("Duplicate"));
            if super::field::named(ui, copy, &format!("Duplicate {name}")).clicked() {
                change = Some(Change::Duplicate(index));
            }
        });
    });
    super::field::named(ui, header.response, &format!("Arm {name}"));
    let summary = match context.input {
        _ if wrong => format!("{} layers", arm.network.depth()),
        Some(input) => counted.of(arm, input, context.summarize).map_or_else(|why| why, |summary| summary.in_words()),
        None => format!("{} layers · more once the images are known", arm.network.depth()),
    };
    ui.label(theme::caption(summary, &tokens));
    if let Some((first, list)) = differs {
        difference(ui, first, list);
    }
    fold.show_body_unindented(ui, |ui| {
        let fields = Fields { found: context.found, path, owner: Some(&name) };
        let base = preset.map(|p| &p.name);
        fields.row(ui, ("Name", "name"), &help::ARM_NAME, &mut arm.name, base, |ui, name| {
            ui.add(TextEdit::singleline(name).desired_width(f32::INFINITY))
        });
        network::ui(ui, &fields.below("network"), &mut arm.network, preset.map(|p| &p.network));
        let mut own = arm.optimizer.is_some();
        let base = preset.map(|p| p.optimizer.is_some());
        fields.tick(ui, ("Own optimiser", "optimizer"), &help::OWN_OPTIMIZER, &mut own, base.as_ref());
        if own != arm.optimizer.is_some() {
            arm.optimizer = own.then(|| recipe.optimizer.clone());
        }
        if let Some(own) = &mut arm.optimizer {
            optimizer::ui(ui, &fields.below("optimizer"), own, preset.and_then(|p| p.optimizer.as_ref()));
        }
    });
    change
}

/// In what an arm differs from the first one.
fn difference(ui: &mut Ui, first: &str, list: &[String]) {
    let tokens = Tokens::of(ui);
    let text = match list {
        [] => RichText::new(format!("The same as {first}")).color(tokens.warning),
        [only] => RichText::new(format!("Differs from {first} in {only}")).color(tokens.accent),
        many => RichText::new(format!("Differs from {first} in {}", number::plural(many.len() as u64, "field")))
            .color(tokens.accent),
    };
    let shown = ui.add(Label::new(text.size(theme::size::SMALL)).wrap());
    if list.len() > 1 {
        shown.on_hover_text(list.join("\n"));
    }
}

/// A dot in an arm's colour.
pub fn swatch(ui: &mut Ui, color: eframe::egui::Color32) {
    let (rect, _) = ui.allocate_exact_size(Vec2::new(10.0, theme::ROW), Sense::hover());
    ui.painter().circle_filled(rect.left_center() + vec2(5.0, 0.0), 5.0, color);
}
