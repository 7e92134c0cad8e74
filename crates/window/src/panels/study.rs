//! A study of one's own: what is varied around the form's experiment, how it goes, what it has come to. Must not know other
//! panels.

use crate::action::Action;
use crate::give_away::{self, Exportable};
use crate::kit::chart::{self, Scale, Series};
use crate::kit::theme::{self, Tokens, space};
use crate::kit::widgets::{choose, named};
use crate::laboratory::Looked;
use crate::scene::{Effects, Panel, Scene};
use eframe::egui::{Button, DragValue, Grid, Label, ProgressBar, RichText, ScrollArea, TextEdit, Ui, Vec2, vec2};
use lab_core::experiment::Plan;
use lab_core::number::plural;
use lab_core::statistics::Sample;
use lab_core::study::{ArmResult, Axis, Base, Seeds, Standing, Study as Planned, StudyFolder, StudyPlan, TrialState};
use lab_core::table::Table;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What is varied, as it is typed.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub struct View {
    axes: Vec<String>,
    seeds: u32,
}

impl Default for View {
    fn default() -> Self {
        Self { axes: vec!["recipe.optimizer.learning_rate=0.03,0.1,0.3".to_owned()], seeds: 3 }
    }
}

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

/// What was checked, and how many trainings it comes to or what is wrong.
struct Checked {
    plan: Plan,
    axes: Vec<String>,
    seeds: u32,
    trials: Result<u32, String>,
}

#[derive(Default)]
pub struct Study {
    /// The plan and axes that were checked last, and what came of it.
    checked: Option<Checked>,
    often: usize,
    failure: Option<String>,
}

impl Panel for Study {
    type View = View;

    fn ui(&mut self, ui: &mut Ui, view: &mut View, scene: Scene, effects: &mut Effects) {
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = space::S;
            self.plan(ui, view, scene.plan, effects);
            if let Some(why) = self.failure.as_ref().or(effects.laboratory.failure.as_ref()) {
                ui.add(Label::new(RichText::new(why).color(Tokens::of(ui).error)).wrap());
            }
            match effects.laboratory.looked.clone() {
                Some(Ok(looked)) => {
                    ui.separator();
                    self.under_way(ui, &looked, effects);
                }
                Some(Err(why)) => {
                    ui.add(Label::new(RichText::new(why).color(Tokens::of(ui).error)).wrap());
                }
                None => {
                    let text = "A study trains the form's experiment at every combination of the values above, with \
                                several seeds, and says how much is due to luck. Its results appear here.";
                    ui.add(Label::new(theme::caption(text, &Tokens::of(ui))).wrap());
                }
            }
        });
    }
}

impl Study {
    /// What is varied, and how often.
    fn plan(&mut self, ui: &mut Ui, view: &mut View, plan: &Plan, effects: &mut Effects) {
        let tokens = Tokens::of(ui);
        ui.label(theme::strong("Vary"));
        let mut gone = None;
        for (index, axis) in view.axes.iter_mut().enumerate() {
            ui.horizontal(|ui| {
                let width = (ui.available_width() - 76.0).clamp(120.0, 520.0);
                let hint = "field=value,value or field=low..high:steps:log";
                let field = ui.add(TextEdit::singleline(axis).hint_text(hint).desired_width(width));
                named(ui, field.on_hover_text(hint), &format!("Axis {}", index + 1));
                let remove = ui.button("Remove");
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
                named(ui, list, "What to vary");
            });
            if ui.button("Add").on_hover_text("Varies this, too").clicked() {
                view.axes.push(OFTEN[self.often].1.to_owned());
            }
            ui.add_space(space::S);
            let label = ui.label("Seeds");
            ui.add(DragValue::new(&mut view.seeds).range(1..=100).speed(0.05)).labelled_by(label.id);
        });
        let trials = self.check(view, plan);
        ui.horizontal_wrapped(|ui| {
            let busy = effects.laboratory.is_running();
            let text = RichText::new("Start study").family(theme::semibold()).color(tokens.on_accent);
            let button = Button::new(text).fill(tokens.accent).min_size(vec2(104.0, theme::ROW));
            let start = ui.add_enabled(trials.is_ok() && !busy, button);
            let why = trials.as_ref().err().cloned().unwrap_or_else(|| "a study is being worked on".to_owned());
            if start.on_disabled_hover_text(why).clicked() {
                self.failure = begin(view, plan, effects).err();
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
    }

    /// How many trainings there would be, or what is wrong. Nothing is checked twice.
    fn check(&mut self, view: &View, plan: &Plan) -> Result<u32, String> {
        if let Some(checked) = &self.checked
            && (&checked.plan, &checked.axes, checked.seeds) == (plan, &view.axes, view.seeds)
        {
            return checked.trials.clone();
        }
        let found = planned(view, plan).map(|study| study.trials());
        let (axes, seeds) = (view.axes.clone(), view.seeds);
        self.checked = Some(Checked { plan: plan.clone(), axes, seeds, trials: found.clone() });
        found
    }

    fn under_way(&mut self, ui: &mut Ui, looked: &Looked, effects: &mut Effects) {
        let running = effects.laboratory.is_running();
        let (over, of) = (looked.over(), looked.trials.len());
        ui.horizontal_wrapped(|ui| {
            ui.label(theme::strong(&looked.name));
            #[allow(clippy::cast_precision_loss, reason = "a share")]
            let bar = ProgressBar::new(over as f32 / of.max(1) as f32);
            let text = format!("{over} of {}", plural(of as u64, "training"));
            let bar = ui.add(bar.text(text.clone()).desired_width(200.0));
            named(ui, bar, &format!("Progress: {text}"));
            if running {
                if ui.button("Stop").on_hover_text("Stops after the step in progress, with a checkpoint").clicked() {
                    effects.laboratory.stop();
                }
            } else if over < of && ui.button("Go on").clicked() {
                self.failure = effects.laboratory.work(&looked.folder).err();
            }
            if ui.button("Show folder").clicked() {
                effects.actions.push(Action::Reveal(looked.folder.clone()));
            }
            give_away::button(ui, "the study's results", &Paper(looked), effects.actions);
        });
        if let Some(trial) = looked.trials.iter().find(|trial| matches!(trial.standing, Standing::Running { .. })) {
            let point = trial.point.as_deref().unwrap_or("");
            let text = format!("now: {point}, seed {}", trial.seed);
            ui.label(theme::caption(text.replace("now: ,", "now:"), &Tokens::of(ui)));
        }
        if looked.failed() > 0 {
            let text = format!("{} failed", plural(looked.failed() as u64, "training"));
            ui.colored_label(Tokens::of(ui).error, text);
        }
        ladder(ui, looked);
        table(ui, looked);
    }
}

fn planned(view: &View, plan: &Plan) -> Result<Planned, String> {
    let typed = view.axes.iter().filter(|axis| !axis.trim().is_empty());
    let axes = typed.map(|axis| Axis::typed(axis)).collect::<Result<Vec<Axis>, String>>()?;
    let study = StudyPlan {
        name: plan.name.clone(),
        question: String::new(),
        seeds: Some(Seeds::Count(view.seeds)),
        search: Default::default(),
        early_stopping: None,
        axes,
        experiment: Base::Whole(Box::new(plan.clone())),
    };
    Planned::check(study).map_err(|error| error.to_string())
}

fn begin(view: &View, plan: &Plan, effects: &mut Effects) -> Result<(), String> {
    let study = planned(view, plan)?;
    let folder = effects.laboratory.vacant(&study.name)?;
    StudyFolder::create(&folder, study).map_err(|error| error.to_string())?;
    effects.laboratory.work(Path::new(&folder))
}

/// Validation accuracy against the first axis, one line for each arm and value of the others, with its spread.
fn ladder(ui: &mut Ui, looked: &Looked) {
    let places: Vec<Option<f64>> =
        looked.results.points.iter().map(|point| point.values.first()?.parse().ok()).collect();
    if looked.labels.is_empty() || places.iter().any(Option::is_none) {
        return;
    }
    let lines = lines(looked, |arm| arm.validation_accuracy);
    if lines.iter().all(|line| line.points.len() < 2) {
        return;
    }
    let tokens = Tokens::of(ui);
    let axis = &looked.labels[0];
    let text = format!("Validation accuracy against {axis}, with one standard deviation over the seeds");
    ui.add(Label::new(theme::caption(&text, &tokens)).wrap());
    let said: Vec<String> = lines.iter().map(|line| format!("{}: {} points", line.name, line.points.len())).collect();
    chart::draw(ui, "ladder", &format!("{text}. {}", said.join("; ")), &lines, Scale::Percent, 200.0);
}

fn lines(looked: &Looked, of: fn(&ArmResult) -> Option<Sample>) -> Vec<Series> {
    let mut found: Vec<Series> = Vec::new();
    for point in &looked.results.points {
        let Some(x) = point.values.first().and_then(|value| value.parse::<f64>().ok()) else { continue };
        for (arm, name) in looked.arms.iter().enumerate() {
            let Some(spread) = point.arms.get(arm).and_then(of) else { continue };
            let others: Vec<&str> = point.values[1..].iter().map(String::as_str).collect();
            let name = if others.is_empty() { name.clone() } else { format!("{name}, {}", others.join(", ")) };
            let place = found.iter().position(|line| line.name == name).unwrap_or_else(|| {
                let band = Some([Vec::new(), Vec::new()]);
                found.push(Series { arm, name, band, dashed: false, ..Series::default() });
                found.len() - 1
            });
            let line = &mut found[place];
            line.points.push([x, spread.mean]);
            if let Some([low, high]) = &mut line.band {
                low.push([x, spread.mean - spread.sd]);
                high.push([x, spread.mean + spread.sd]);
            }
        }
    }
    for line in &mut found {
        let sort = |points: &mut Vec<[f64; 2]>| points.sort_by(|a, b| a[0].total_cmp(&b[0]));
        sort(&mut line.points);
        line.band.iter_mut().flatten().for_each(sort);
    }
    found
}

/// Every point with what it has come to; the best one is marked.
fn table(ui: &mut Ui, looked: &Looked) {
    let table = looked.results.summary();
    let tokens = Tokens::of(ui);
    ScrollArea::horizontal().show(ui, |ui| {
        Grid::new("points").striped(true).spacing([space::L, space::XS]).show(ui, |ui| {
            ui.label("");
            for column in table.titles() {
                ui.label(theme::strong(column));
            }
            ui.end_row();
            for row in 0..table.rows() {
                let best = looked.results.best == Some(row);
                ui.label(RichText::new(if best { "best" } else { "" }).color(tokens.accent));
                for cell in table.row(row) {
                    ui.label(cell.as_ref());
                }
                ui.end_row();
            }
        });
    });
    let early = looked.trials.iter().filter(|trial| trial.standing == Standing::Over(TrialState::EndedEarly)).count();
    if early > 0 {
        ui.label(theme::caption(
            format!("{} ended early: they were behind", plural(early as u64, "training")),
            &tokens,
        ));
    }
}

/// The results, to be copied and saved.
struct Paper<'a>(&'a Looked);

impl Exportable for Paper<'_> {
    fn name(&self) -> String {
        "study".to_owned()
    }

    fn table(&self) -> Table {
        self.0.results.table()
    }

    fn size(&self) -> Option<Vec2> {
        None
    }

    fn draw(&self, _: &mut Ui) {}
}
