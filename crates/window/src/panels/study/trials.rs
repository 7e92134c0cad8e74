//! Every training of a study: how it stands, and what can be done with it. A training opens like any run.

use super::bits;
use super::cells::{CellTable, RowLook};
use super::dimension::in_words;
use super::view::Judged;
use crate::action::Action;
use crate::kit::plot::Pace;
use crate::kit::theme::Tokens;
use crate::kit::widgets::named;
use crate::laboratory::Looked;
use crate::panel::CURVES;
use crate::scene::Effects;
use eframe::egui::{Button, Color32, Key, Response, Ui};
use lab_core::number;
use lab_core::study::{Seen, Standing, TrialRecord, TrialState};

/// Which training is looked at.
#[derive(Default)]
pub struct Trials {
    selected: Option<u32>,
}

/// A colour for how a training stands.
pub fn color(tokens: &Tokens, trial: &Seen) -> Color32 {
    match &trial.standing {
        Standing::Over(TrialState::Done) => tokens.text,
        Standing::Running { .. } => tokens.accent,
        Standing::Over(TrialState::Failed | TrialState::Diverged) => tokens.error,
        Standing::Interrupted | Standing::Over(TrialState::EndedEarly) => tokens.warning,
        Standing::Waiting | Standing::Over(TrialState::Waiting) => tokens.weak,
    }
}

/// What a training came to, or its newest validation while it trains.
pub fn newest(trial: &Seen) -> Option<f64> {
    let record = &trial.begun.as_ref()?.record;
    record.objective.or_else(|| record.reports.last()?.value)
}

fn steps(trial: &Seen) -> String {
    let record = trial.begun.as_ref().map(|begun| &begun.record);
    let total = record.and_then(|record| record.total_steps);
    let done = match &trial.standing {
        Standing::Running { step, .. } => *step,
        Standing::Over(TrialState::Done) => total.unwrap_or(0),
        _ => record.map_or(0, TrialRecord::step),
    };
    number::or_dash(total.map(|total| format!("{} of {}", number::count(done), number::count(total))))
}

/// The table, made once for what was read last.
pub fn cells(looked: &Looked) -> CellTable {
    let row = |trial: &Seen| {
        let record = trial.begun.as_ref().map(|begun| &begun.record);
        let took = record.and_then(|record| record.seconds).map(number::duration);
        vec![
            trial.number.to_string(),
            trial.point.clone().unwrap_or_else(|| "not chosen yet".to_owned()),
            trial.seed.to_string(),
            trial.standing.in_words().to_owned(),
            number::or_dash(newest(trial).map(|value| in_words(looked, Judged::Objective, value))),
            steps(trial),
            number::or_dash(took),
            record.and_then(|record| record.why.clone()).unwrap_or_default(),
        ]
    };
    let titles = ["", "Setting", "Seed", "State", looked.results.objective(), "Steps", "Took", ""];
    let name = |trial: &Seen| {
        let came =
            newest(trial).map_or_else(String::new, |value| format!(", {}", in_words(looked, Judged::Objective, value)));
        format!("Training {}: {}, {}{came}", trial.number, looked.title(trial), trial.standing.in_words())
    };
    let trials = looked.trials.iter();
    CellTable::new(titles.map(str::to_owned).into(), trials.clone().map(row).collect(), trials.map(name).collect())
}

impl Trials {
    pub fn ui(&mut self, ui: &mut Ui, looked: &Looked, cells: &CellTable, bottom: f32, effects: &mut Effects) {
        let selected = self.selected.and_then(|number| looked.trials.iter().find(|trial| trial.number == number));
        ui.horizontal_wrapped(|ui| {
            if let Some(trial) = selected {
                return deeds(ui, looked, trial, effects);
            }
            let text = "A double click or Enter draws a training's curves over the plots; one that is chosen opens like any run.";
            ui.label(crate::kit::theme::caption(text, &Tokens::of(ui)));
        });
        let tokens = Tokens::of(ui);
        let mut clicked = None;
        let height = bits::height(ui, bottom, 0.0);
        cells.ui(ui, "trials", height, |ui, row, response| {
            let trial = &looked.trials[row];
            if touched(ui, response) {
                open(ui, looked, trial, effects);
            }
            if response.clicked() {
                clicked = Some(trial.number);
                // So that Enter is meant for it.
                response.request_focus();
            }
            response.context_menu(|ui| deeds(ui, looked, trial, effects));
            RowLook { stands_out: self.selected == Some(trial.number), color: Some(color(&tokens, trial)) }
        });
        self.selected = clicked.or(self.selected);
    }
}

/// Whether a row is to be opened.
fn touched(ui: &Ui, row: &Response) -> bool {
    row.double_clicked() || row.has_focus() && ui.input(|input| input.key_pressed(Key::Enter))
}

/// Draws its curves over the plots, as the list of runs does, and shows them.
fn open(ui: &Ui, looked: &Looked, trial: &Seen, effects: &mut Effects) {
    let (Some(begun), Some(measured)) = (&trial.begun, measured(looked, trial)) else { return };
    let pace = Pace {
        steps_per_epoch: measured.steps_per_epoch as f64,
        batch_size: measured.experiment.recipe.batch_size as f64,
    };
    effects.shelf.draw(&begun.folder, &looked.title(trial), pace, ui.ctx());
    effects.actions.push(Action::Show(CURVES));
}

fn measured<'a>(looked: &'a Looked, trial: &Seen) -> Option<&'a crate::laboratory::MeasuredTrial> {
    let place = looked.trials.iter().position(|other| other.number == trial.number)?;
    looked.measured.get(place)?.as_deref()
}

/// What can be done with a training.
fn deeds(ui: &mut Ui, looked: &Looked, trial: &Seen, effects: &mut Effects) {
    let (number, measured) = (trial.number, measured(looked, trial));
    let not_yet = "It has not begun yet";
    let begun = |ui: &mut Ui, title: &str, hint: &str| {
        let button = ui.add_enabled(measured.is_some(), Button::new(title));
        let button = button.on_hover_text(hint).on_disabled_hover_text(not_yet);
        named(ui, button, &format!("{title} training {number}")).clicked()
    };
    let shown = trial.begun.as_ref().is_some_and(|begun| effects.shelf.is_ticked(&begun.folder));
    if begun(ui, "Open", "Draws its curves over the plots, like those of any run, and shows them") {
        open(ui, looked, trial, effects);
    }
    if shown
        && let Some(run) = &trial.begun
        && begun(ui, "Take away", "Takes its curves from the plots")
    {
        effects.shelf.leave(&run.folder, ui.ctx());
    }
    if let Some(run) = &trial.begun
        && begun(
            ui,
            "Open as a run",
            "Shows its curves, networks and settings as any run's; the form takes its experiment",
        )
    {
        effects.actions.push(Action::Open(vec![run.folder.clone()]));
    }
    if begun(ui, "Load into the form", "Puts its experiment into the form, to change it or to train it as a run")
        && let Some(measured) = measured
    {
        effects.actions.push(Action::Again(Box::new(measured.experiment.clone().into_plan())));
    }
    if begun(ui, "Open folder", "Shows its files")
        && let Some(begun) = &trial.begun
    {
        effects.actions.push(Action::Reveal(begun.folder.clone()));
    }
    let over = matches!(trial.standing, Standing::Over(_));
    let again = ui.add_enabled(over, Button::new("Retry"));
    let again = again
        .on_hover_text("Forgets what it has come to and trains it once more")
        .on_disabled_hover_text("Only what has ended can be tried again");
    if named(ui, again, &format!("Retry training {number}")).clicked() {
        let done = effects.laboratory.retry(&looked.folder, &[number]);
        effects.laboratory.note(done);
    }
}
