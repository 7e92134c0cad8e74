//! A study as the window sees it: plain values, read from its folder. Knows nothing of threads and processes.

use lab_core::experiment::Experiment;
use lab_core::learn::Conclusion;
use lab_core::runs::Guess;
use lab_core::study::{Results, Seen, Standing, TrialState};
use lab_core::verdict::{Facts, Verdict};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A study as its folder was last.
#[derive(Debug, Default)]
pub struct Looked {
    pub folder: PathBuf,
    /// What it is called.
    pub name: String,
    /// What its axes are called.
    pub labels: Vec<String>,
    pub arms: Vec<String>,
    /// Whether it is one that further seeds can be added to.
    pub can_have_more_seeds: bool,
    pub trials: Vec<Seen>,
    /// For each trial, the place of its point among those of the results, once it is known.
    pub points: Vec<Option<usize>>,
    /// What each trial has measured, as far as it has come.
    pub measured: Vec<Option<Arc<MeasuredTrial>>>,
    /// What it has come to.
    pub results: Results,
    /// How much each axis matters.
    pub importance: Vec<f64>,
    /// What it has shown, each with what is compared; first what is asked first.
    pub verdicts: Vec<(String, Verdict)>,
    /// What was expected of its networks before it was trained.
    pub guess: Option<Guess>,
    /// What a guided experiment has shown so far.
    pub conclusion: Option<Conclusion>,
}

/// What a trial has measured.
#[derive(Debug)]
pub struct MeasuredTrial {
    /// As it was started.
    pub experiment: Experiment,
    pub steps_per_epoch: u64,
    /// What a verdict is made from.
    pub facts: Facts,
    /// For each arm, its curves in the order of [`StudyCurve::ALL`]: a value after so many steps.
    pub curves: Vec<[Vec<[f64; 2]>; 3]>,
}

/// What is drawn of a trial over its steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum StudyCurve {
    /// The averaged training loss.
    TrainLoss,
    /// The loss at each validation.
    ValidationLoss,
    /// The share that each validation found classified correctly.
    #[default]
    Accuracy,
}

impl StudyCurve {
    /// All of them with their names.
    pub const ALL: [(Self, &'static str); 3] = [
        (Self::TrainLoss, "Training loss"),
        (Self::ValidationLoss, "Validation loss"),
        (Self::Accuracy, "Validation accuracy"),
    ];
}

impl Looked {
    /// Trials that nobody has to work on any more.
    #[must_use]
    pub fn over(&self) -> usize {
        self.trials.iter().filter(|trial| matches!(trial.standing, Standing::Over(_))).count()
    }

    /// The share of all its training that is done, each trial counted alike.
    #[must_use]
    pub fn share(&self) -> f64 {
        let of = |trial: &Seen| match (&trial.standing, trial.begun.as_ref().and_then(|it| it.record.total_steps)) {
            (Standing::Over(_), _) => 1.0,
            (Standing::Running { step, .. }, Some(total)) => (*step as f64 / total.max(1) as f64).min(1.0),
            _ => 0.0,
        };
        self.trials.iter().map(of).sum::<f64>() / self.trials.len().max(1) as f64
    }

    /// The folder of a training that came to its end: if there is one, with these axes at these values.
    #[must_use]
    pub fn done(&self, at: &[(String, String)]) -> Option<&Path> {
        let done = || self.trials.iter().filter(|trial| trial.standing == Standing::Over(TrialState::Done));
        let is_there = |trial: &&Seen| {
            let point = trial.point.as_deref().unwrap_or_default();
            at.iter().all(|(axis, value)| point.split(", ").any(|part| part == format!("{axis} {value}")))
        };
        let trial = done().find(is_there).or_else(|| done().next())?;
        trial.begun.as_ref().map(|begun| begun.folder.as_path())
    }

    /// Trials that failed.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.trials.iter().filter(|trial| trial.standing == Standing::Over(TrialState::Failed)).count()
    }

    /// Whether somebody works on it, here or elsewhere.
    #[must_use]
    pub fn is_worked_on(&self) -> bool {
        self.trials.iter().any(|trial| matches!(trial.standing, Standing::Running { .. }))
    }

    /// What a trial is called beside the others.
    #[must_use]
    #[allow(clippy::unused_self, reason = "it is the study that names its trials")]
    pub fn title(&self, trial: &Seen) -> String {
        let seed = format!("seed {}", trial.seed);
        match trial.point.as_deref() {
            Some("") => seed,
            Some(point) => format!("{point}, {seed}"),
            None => format!("not chosen yet, {seed}"),
        }
    }
}
