//! A study as somebody wrote it, which may be wrong: an experiment, what is varied, and how the values are searched.

use super::axis::Axis;
use super::error::StudyError;
use crate::experiment::file::{decoded, in_words, parsed};
use crate::experiment::{Experiment, Plan, PlanError, preset, with_overrides};
use crate::number::{precise, precise_percent};
use crate::search::Goal;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use std::path::Path;

/// What is in a `study.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudyPlan {
    /// What the study is called; names its folder.
    pub name: String,
    /// What it is to answer, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub question: String,
    /// How often each point is trained; as often as the experiment says if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seeds: Option<Seeds>,
    /// Which points are tried.
    #[serde(default, skip_serializing_if = "SearchPlan::is_default")]
    pub search: SearchPlan,
    /// Ends trials that are behind the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub early_stopping: Option<EarlyEnd>,
    /// What is varied; without any, the study is the experiment once for each seed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub axes: Vec<Axis>,
    /// What is varied around.
    pub experiment: Base,
}

/// How often a point is trained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "it must be a number of seeds, or a list of them")]
pub enum Seeds {
    /// So many, counted on from the experiment's seed.
    Count(u32),
    List(Vec<u64>),
}

/// Which points are tried, and what makes one better than another.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SearchPlan {
    /// How points are chosen.
    pub method: Way,
    /// How many points are tried, each with every seed; a grid has as many as it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub points: Option<u32>,
    /// What is to become as good as possible.
    pub objective: Objective,
    /// Of which arm; the mean over all arms if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arm: Option<String>,
}

impl SearchPlan {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// How points are chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// All combinations of all values.
    #[default]
    Grid,
    /// Each point drawn by itself.
    Random,
    /// A scrambled Sobol sequence, which fills the space more evenly.
    Sobol,
    /// Where the trials so far were best (a tree-structured Parzen estimator, as in Optuna).
    Tpe,
}

impl Way {
    /// All of them, each as it is typed and what it is.
    pub const ALL: [(Self, &'static str, &'static str); 4] = [
        (Self::Grid, "grid", "Every combination of all values"),
        (Self::Random, "random", "Each point drawn by itself"),
        (Self::Sobol, "sobol", "Points that fill the space evenly"),
        (Self::Tpe, "tpe", "Where the trials so far were best"),
    ];
}

/// What is to become as good as possible.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Objective {
    /// The share of validation images that is classified correctly in the end.
    #[default]
    ValidationAccuracy,
    /// The greatest such share of all validations.
    BestValidationAccuracy,
    /// The validation loss in the end.
    ValidationLoss,
    /// The least validation loss.
    BestValidationLoss,
}

impl Objective {
    /// All of them, each as it is typed and what it is.
    pub const ALL: [(Self, &'static str, &'static str); 4] = [
        (Self::ValidationAccuracy, "validation-accuracy", "In the end"),
        (Self::BestValidationAccuracy, "best-validation-accuracy", "The greatest of all validations"),
        (Self::ValidationLoss, "validation-loss", "In the end"),
        (Self::BestValidationLoss, "best-validation-loss", "The least of all validations"),
    ];

    /// Which values are good.
    #[must_use]
    pub fn goal(self) -> Goal {
        match self {
            Self::ValidationAccuracy | Self::BestValidationAccuracy => Goal::Highest,
            Self::ValidationLoss | Self::BestValidationLoss => Goal::Lowest,
        }
    }

    /// Whether the best validation counts and not the last one.
    #[must_use]
    pub(super) fn is_best(self) -> bool {
        matches!(self, Self::BestValidationAccuracy | Self::BestValidationLoss)
    }

    /// Whether it is a share, which is written in percent.
    #[must_use]
    pub fn is_share(self) -> bool {
        match self {
            Self::ValidationAccuracy | Self::BestValidationAccuracy => true,
            Self::ValidationLoss | Self::BestValidationLoss => false,
        }
    }

    /// What it is of a validation.
    #[must_use]
    pub(super) fn of(self, loss: f64, accuracy: f64) -> f64 {
        match self {
            Self::ValidationAccuracy | Self::BestValidationAccuracy => accuracy,
            Self::ValidationLoss | Self::BestValidationLoss => loss,
        }
    }

    /// A value of it as a person reads it.
    #[must_use]
    pub fn value_in_words(self, value: f64) -> String {
        if self.is_share() { precise_percent(value) } else { precise(value) }
    }

    /// In words, as a table's title has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ValidationAccuracy => "validation accuracy",
            Self::BestValidationAccuracy => "best validation accuracy",
            Self::ValidationLoss => "validation loss",
            Self::BestValidationLoss => "best validation loss",
        }
    }
}

/// Ends trials that are behind the others at the same epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlyEnd {
    pub method: EndRule,
    /// No trial ends before so many epochs.
    #[serde(default = "one")]
    pub min_epochs: u32,
    /// Successive halving keeps one of so many.
    #[serde(default = "three")]
    pub eta: u32,
}

fn one() -> u32 {
    1
}

fn three() -> u32 {
    3
}

/// The rule by which a trial ends early.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndRule {
    /// Asynchronous successive halving (Li et al. 2020).
    Asha,
    /// Worse than the median of the trials that came to their end (Golovin et al. 2017).
    Median,
}

impl EndRule {
    /// All of them, each as it is typed and what it is.
    pub const ALL: [(Self, &'static str, &'static str); 2] =
        [(Self::Asha, "asha", "Asynchronous successive halving"), (Self::Median, "median", "Worse than the median")];
}

/// The experiment that a study varies: a whole one, or a preset with settings.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Base {
    /// As in an experiment's file.
    Whole(Box<Plan>),
    /// One that comes with the program.
    Preset {
        preset: String,
        /// What is different, as in `recipe.batch_size=64`.
        set: Vec<String>,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    preset: String,
    #[serde(default)]
    set: Vec<String>,
}

impl<'de> Deserialize<'de> for Base {
    /// By hand, because whoever misspells a field wants to hear of it, and not that none of two kinds fits.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let table = toml::Table::deserialize(deserializer)?;
        let in_words = |error: toml::de::Error| D::Error::custom(in_words(error.message()));
        if table.contains_key("preset") {
            let Named { preset, set } = table.try_into().map_err(in_words)?;
            Ok(Self::Preset { preset, set })
        } else {
            table.try_into().map(|plan| Self::Whole(Box::new(plan))).map_err(in_words)
        }
    }
}

impl Base {
    /// The experiment written out, not checked yet.
    ///
    /// # Errors
    /// No such preset, or a setting that does not fit.
    pub fn plan(&self) -> Result<Plan, StudyError> {
        match self {
            Self::Whole(plan) => Ok(Plan::clone(plan)),
            Self::Preset { preset: name, set } => {
                let known = preset(name).ok_or_else(|| StudyError::NoPreset(name.clone()))?;
                Ok(with_overrides(&known.plan(), set)?)
            }
        }
    }
}

impl StudyPlan {
    /// The study that an experiment with several seeds is: no axes.
    #[must_use]
    pub fn of_seeds(experiment: Experiment) -> Self {
        let plan = experiment.into_plan();
        Self {
            name: plan.name.clone(),
            question: String::new(),
            seeds: None,
            search: SearchPlan::default(),
            early_stopping: None,
            axes: Vec::new(),
            experiment: Base::Whole(Box::new(plan)),
        }
    }

    /// Reads a study from a file.
    ///
    /// # Errors
    /// What the system says, a file that is no text, or what [`Self::from_toml`] says.
    pub fn read(path: &Path) -> Result<Self, StudyError> {
        let unreadable = |why: String| StudyError::Unreadable { path: path.to_owned(), why };
        let bytes = std::fs::read(path).map_err(|why| unreadable(why.to_string()))?;
        let text = decoded(&bytes).ok_or_else(|| unreadable("it is not a text file".to_owned()))?;
        Self::from_toml(&text).map_err(|error| match error {
            StudyError::Parse(why) => unreadable(why),
            other => other,
        })
    }

    /// Reads a study from TOML.
    ///
    /// # Errors
    /// The first thing in the text that is not TOML or not a field of a study, with its line.
    pub fn from_toml(text: &str) -> Result<Self, StudyError> {
        parsed(text).map_err(StudyError::Parse)
    }

    /// Writes the study as TOML that [`Self::from_toml`] reads back unchanged.
    ///
    /// # Errors
    /// A number beyond TOML's signed 64-bit integers.
    pub fn to_toml(&self) -> Result<String, StudyError> {
        toml::to_string_pretty(self).map_err(|error| StudyError::Parse(error.to_string()))
    }
}

impl From<PlanError> for StudyError {
    fn from(error: PlanError) -> Self {
        Self::Experiment(error.to_string())
    }
}
