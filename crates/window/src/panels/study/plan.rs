//! What is to be varied and how often, and the start of it.

use super::view::View;
use crate::kit::chips::together;
use crate::kit::theme::{self, Tokens};
use crate::kit::widgets::{bounded_field, choose, named, primary};
use crate::laboratory::Laboratory;
use eframe::egui::{Label, RichText, TextEdit, Ui, vec2};
use lab_core::experiment::Plan;
use lab_core::number::plural;
use lab_core::study::{Axis, Base, Seeds, Study, StudyPlan};

/// What is often varied: its name, and an axis to begin with.
const OFTEN: [(&str, &str); 8] = [
    ("Learning rate", "recipe.optimizer.learning_rate=0.03,0.1,0.3"),
    ("Depth of every network", "arms[*].network.body.cifar.depth=8,20,56"),
    ("Width of every network", "arms[*].network.body.cifar.width=4,8,16"),
    ("Batch size", "recipe.batch_size=32,64,128"),
    ("Weight decay", "recipe.optimizer.weight_decay=0.0,0.0001,0.001"),
    ("Training images", "data.train_limit=500,1000,2000"),
    ("Shortcut of every network", "arms[*].network.shortcut=a,b,c"),
    ("Normalisation of every network", "arms[*].network.norm=batch,none"),
];

/// How an axis is written.
const HINT: &str = "field=value,value or field=low..high:steps:log";

/// What was checked, and how many trainings it comes to or what is wrong.
struct Checked {
    plan: Plan,
    axes: Vec<String>,
    seeds: u32,
    trials: Result<u32, String>,
}

#[derive(Default)]
pub struct Planning {
    /// The plan and axes that were checked last, and what came of it.
    checked: Option<Checked>,
    often: usize,
}

impl Planning {
    /// Draws what is varied; whether a study was begun.
    pub fn ui(&mut self, ui: &mut Ui, view: &mut View, plan: &Plan, laboratory: &mut Laboratory) -> bool {
        let tokens = Tokens::of(ui);
        let mut gone = None;
        for (index, axis) in view.axes.iter_mut().enumerate() {
            ui.horizontal(|ui| {
                let width = (ui.available_width() - 76.0).clamp(120.0, 520.0);
                let field = ui.add(TextEdit::singleline(axis).hint_text(HINT).desired_width(width));
                named(ui, field.on_hover_text(HINT), &format!("Axis {}", index + 1));
                let remove = ui.button("Remove").on_hover_text("Varies this no longer");
                if named(ui, remove, &format!("Remove axis {}", index + 1)).clicked() {
                    gone = Some(index);
                }
            });
        }
        if let Some(gone) = gone {
            view.axes.remove(gone);
        }
        ui.horizontal_wrapped(|ui| {
            let options: Vec<(usize, &str)> =
                OFTEN.iter().enumerate().map(|(index, (name, _))| (index, *name)).collect();
            ui.scope(|ui| {
                ui.set_max_width(210.0);
                let list = choose(ui, &mut self.often, &options);
                let hint = "What is often varied; a right click on any field of the form varies that";
                named(ui, list.on_hover_text(hint), "What to vary");
            });
            if ui.button("Add").on_hover_text("Varies this, too").clicked() {
                view.axes.push(OFTEN[self.often].1.to_owned());
            }
            together(ui, 88.0);
            let hint = "How often each setting is trained, each time with the next seed";
            let label = ui.label("Seeds").on_hover_text(hint);
            if plan.recipe.seeds > 1 {
                ui.label(format!("{}, as in the form", plan.recipe.seeds)).on_hover_text(hint);
            } else {
                let field = bounded_field(ui, &mut view.seeds, 1..=100, |field| field.speed(0.05));
                field.labelled_by(label.id).on_hover_text(hint);
            }
        });
        let trials = self.check(view, plan);
        let mut begun = false;
        ui.horizontal_wrapped(|ui| {
            let busy = laboratory.is_running() || laboratory.work.is_paused();
            let (text, hint) = if busy {
                ("Add to the queue", "Trains it when the studies before it have ended")
            } else {
                ("Start study", "Trains every setting with every seed, one after another")
            };
            let start = primary(ui, trials.is_ok(), text, vec2(104.0, theme::ROW)).on_hover_text(hint);
            let why = trials.as_ref().err().cloned().unwrap_or_default();
            if start.on_disabled_hover_text(why).clicked() {
                let done = planned(view, plan).and_then(|study| laboratory.begin(study, None));
                begun = done.is_ok();
                laboratory.note(done);
            }
            match &trials {
                Ok(trials) => {
                    let text =
                        format!("{}, one after another, in a process of its own", plural((*trials).into(), "training"));
                    ui.add(Label::new(theme::caption(text, &tokens)).wrap());
                }
                Err(why) => {
                    ui.add(Label::new(RichText::new(why).size(theme::size::SMALL).color(tokens.error)).wrap());
                }
            }
        });
        begun
    }

    /// How many trainings there would be, or what is wrong. Nothing is checked twice.
    fn check(&mut self, view: &View, plan: &Plan) -> Result<u32, String> {
        if let Some(checked) = &self.checked
            && (&checked.plan, &checked.axes, checked.seeds) == (plan, &view.axes, view.seeds)
        {
            return checked.trials.clone();
        }
        let checked = |study| Study::check(study).map(|study| study.trials()).map_err(|error| error.to_string());
        let found = planned(view, plan).and_then(checked);
        let (axes, seeds) = (view.axes.clone(), view.seeds);
        self.checked = Some(Checked { plan: plan.clone(), axes, seeds, trials: found.clone() });
        found
    }
}

/// An axis that the form asked for; one of the same field gives way to it, and so does the one that stands there before
/// anybody has asked for any.
pub fn vary(view: &mut View, axis: String) {
    let field = |axis: &str| axis.rsplit_once('=').map_or(axis, |(field, _)| field).trim().to_owned();
    let untouched = view.axes == View::default().axes;
    match view.axes.iter_mut().find(|known| field(known) == field(&axis)) {
        Some(known) => *known = axis,
        None if untouched => view.axes = vec![axis],
        None => view.axes.push(axis),
    }
}

fn planned(view: &View, plan: &Plan) -> Result<StudyPlan, String> {
    let typed = view.axes.iter().filter(|axis| !axis.trim().is_empty());
    let axes = typed.map(|axis| Axis::typed(axis)).collect::<Result<Vec<Axis>, String>>()?;
    let seeds = if plan.recipe.seeds > 1 { plan.recipe.seeds } else { view.seeds };
    Ok(StudyPlan {
        name: plan.name.clone(),
        question: String::new(),
        seeds: Some(Seeds::Count(seeds)),
        search: Default::default(),
        early_stopping: None,
        axes,
        experiment: Base::Whole(Box::new(plan.clone())),
    })
}
