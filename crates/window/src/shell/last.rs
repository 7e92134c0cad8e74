//! What was under way when the window was closed last, or when it crashed: the form as it was, and a run that can be
//! opened again or gone on with. Must not know the engine.

use crate::action::{Action, RunAction};
use crate::kit::background::Background;
use crate::kit::theme::{self, Tokens};
use eframe::Storage;
use eframe::egui::{Label, RichText, Ui};
use lab_core::experiment::Plan;
use lab_core::number::{count, plural};
use lab_core::runs::{self, Notes};
use lab_core::study::is_study;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Where it is kept.
const KEY: &str = "last session";

/// How often a run that somebody else has is looked at again.
const AGAIN: Duration = Duration::from_secs(2);

/// What is kept from one start of the program to the next.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct LastSession {
    /// What the form held, as TOML.
    plan: String,
    /// The run that was shown.
    run: Option<PathBuf>,
    /// The runs whose curves lay over it.
    ticked: Vec<PathBuf>,
    /// The study that was looked at.
    study: Option<PathBuf>,
}

/// What is taken up again.
pub struct Restored {
    pub last: Last,
    /// What the form held, if there was something that can be read.
    pub plan: Option<Plan>,
    /// The runs that were ticked.
    pub ticked: Vec<PathBuf>,
    /// The study that was looked at.
    pub study: Option<PathBuf>,
}

/// A run of an earlier session.
struct LastRun {
    folder: PathBuf,
    name: String,
    stands: String,
    /// Whether it can go on.
    unfinished: bool,
    /// Whether another process writes it.
    live: bool,
}

/// What was under way last.
#[derive(Default)]
pub struct Last {
    run: Option<PathBuf>,
    /// The one that was shown last since the start.
    shown: Option<PathBuf>,
    found: Option<LastRun>,
    reader: Option<Background<PathBuf, Option<LastRun>>>,
    /// When it was looked at last.
    asked: Option<Instant>,
}

impl Last {
    /// What was kept.
    #[must_use]
    pub fn restored(storage: Option<&dyn Storage>) -> Restored {
        let kept: LastSession = storage.and_then(|storage| eframe::get_value(storage, KEY)).unwrap_or_default();
        let plan = if kept.plan.is_empty() { None } else { Plan::from_toml(&kept.plan).ok() };
        let study = kept.study.filter(|study| is_study(study));
        Restored { last: Self { run: kept.run, ..Self::default() }, plan, ticked: kept.ticked, study }
    }

    /// Keeps what the form holds, the run that is shown, without one that of the time before, those that are ticked, and
    /// the study that is looked at.
    pub fn keep(
        &self,
        storage: &mut dyn Storage,
        plan: &Plan,
        run: Option<&Path>,
        ticked: Vec<PathBuf>,
        study: Option<PathBuf>,
    ) {
        let run = run.and_then(|run| std::path::absolute(run).ok()).or_else(|| self.run());
        // A plan that cannot be written is not worth a message while somebody edits it.
        eframe::set_value(storage, KEY, &LastSession { plan: plan.to_toml().unwrap_or_default(), run, ticked, study });
    }

    /// The run that was shown last, in this session or the one before.
    #[must_use]
    pub fn run(&self) -> Option<PathBuf> {
        self.shown.clone().or_else(|| self.run.clone())
    }

    /// A run is on show.
    pub fn shows(&mut self, run: &Path) {
        self.shown = Some(run.to_owned());
        self.forget();
    }

    /// Offers it no longer.
    pub fn forget(&mut self) {
        (self.run, self.found, self.reader) = (None, None, None);
    }

    /// Offers to open the run, or to go on with it; says what the row is for where there is none.
    pub fn ui(&mut self, ui: &mut Ui, actions: &mut Vec<Action>) {
        // Whoever else has it may let go of it.
        let is_old = self.asked.is_none_or(|asked| asked.elapsed() >= AGAIN);
        let is_wanted = self.reader.is_none() || is_old && self.found.as_ref().is_some_and(|found| found.live);
        if let (Some(run), true) = (&self.run, is_wanted) {
            let begin = || Background::new("last run", ui.ctx(), |folder: PathBuf| read(&folder));
            self.reader.get_or_insert_with(begin).ask(run.clone());
            self.asked = Some(Instant::now());
        }
        if let Some(found) = self.reader.as_mut().and_then(Background::poll) {
            self.found = found;
        }
        if self.found.as_ref().is_some_and(|found| found.live) {
            ui.ctx().request_repaint_after(AGAIN);
        }
        let tokens = Tokens::of(ui);
        let Some(found) = &self.found else {
            let text = "While it trains, the learning rate and other settings are changed here.";
            ui.add(Label::new(theme::caption(text, &tokens)).truncate());
            return;
        };
        ui.label(theme::strong("Go on where you were?"));
        let text = format!("{}: {}", found.name, found.stands);
        let text = Label::new(RichText::new(text).color(tokens.weak)).truncate();
        ui.add(text).on_hover_text(found.folder.display().to_string());
        if !found.live {
            let open = ui.button("Open the last run");
            if open.on_hover_text("Its curves, networks and settings, as they were left").clicked() {
                actions.push(Action::Run(RunAction::Open(found.folder.clone())));
            }
        }
        if found.unfinished && !found.live {
            let go_on = ui.button("Continue the last run");
            if go_on.on_hover_text("Trains on from its last checkpoint").clicked() {
                actions.push(Action::Run(RunAction::Resume(found.folder.clone())));
            }
        }
        let forget = ui.button("No, thanks").on_hover_text("It stays in Runs").clicked();
        if forget {
            self.forget();
        }
    }
}

/// How a run stands; `None` where there is none any more.
fn read(folder: &Path) -> Option<LastRun> {
    let run = runs::open(folder).ok()?;
    let live = runs::is_being_written(folder);
    let name = Notes::read(folder).ok().and_then(|notes| notes.name).unwrap_or_else(|| run.experiment.name.clone());
    let planned = run.planned_steps();
    let (stands, unfinished) = match &run.outcome {
        _ if live => ("it is open in another window, or trains in another process".to_owned(), false),
        Some(outcome) if outcome.steps >= planned => (outcome.in_words(), false),
        Some(outcome) => (format!("stopped after {} of {}", count(outcome.steps), plural(planned, "step")), true),
        None => {
            let steps = run.metrics(0).ok().and_then(|rows| rows.last().map(|row| row.step)).unwrap_or(0);
            (format!("interrupted after {} of {}", count(steps), plural(planned, "step")), true)
        }
    };
    Some(LastRun { folder: folder.to_owned(), name, stands, unfinished, live })
}
