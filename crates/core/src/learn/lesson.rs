//! A guided experiment as its file says it, checked.

use super::answers::askable;
use super::quantity::Quantity;
use crate::experiment::file::parsed;
use crate::instrument::Instrument;
use crate::statistics::Call;
use crate::study::{Axis, Base, Seeds, Study, StudyError, StudyPlan};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use toml::Value;

/// Why a file is no guided experiment.
#[derive(Debug, thiserror::Error)]
pub enum LessonError {
    /// Not what such a file holds.
    #[error("this is no guided experiment: {0}")]
    Parse(String),
    /// Its study cannot be.
    #[error(transparent)]
    Study(#[from] StudyError),
    /// It compares what is not there.
    #[error("the claim \"{claim}\" is about {what}, which the experiment does not have")]
    Missing {
        /// What the claim says.
        claim: String,
        /// What is missing.
        what: String,
    },
    /// Nobody knows a guided experiment of this name.
    #[error("there is no guided experiment \"{name}\"; there are {known}, and files that end in .toml")]
    Unknown {
        /// What was asked for.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// A file that cannot be read.
    #[error("{} cannot be read: {error}", path.display())]
    Read {
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A file with something wrong inside.
    #[error("{}: {error}", path.display())]
    InFile { path: PathBuf, error: Box<LessonError> },
}

/// A guided experiment.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lesson {
    /// The name of its file.
    #[serde(skip)]
    pub id: String,
    /// What it is about.
    pub title: String,
    /// The question, which the first claim answers.
    pub question: String,
    /// A few sentences on what one should know.
    pub background: String,
    /// Where to read on.
    pub paper: String,
    /// What to watch meanwhile.
    pub watch: Vec<Watch>,
    /// What a person may guess.
    pub guesses: Vec<Guess>,
    /// What is concluded from the measurements.
    pub claims: Vec<Claim>,
    /// The training loss that "steps to a loss" is about.
    #[serde(default)]
    pub loss: Option<f64>,
    /// Instruments that are asked of every trial when it has ended.
    #[serde(default, deserialize_with = "askable")]
    pub ask: Vec<Instrument>,
    /// How often everything is trained.
    #[serde(default = "three")]
    pub seeds: u32,
    #[serde(default)]
    axes: Vec<Axis>,
    /// What is varied around.
    experiment: Base,
}

fn three() -> u32 {
    3
}

/// Something to watch.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Watch {
    pub panel: String,
    /// What is to be seen there.
    pub what: String,
}

/// Something that a person may guess.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guess {
    /// As it is shown.
    pub text: String,
    /// What the first claim says where the guess is right.
    pub call: Call,
}

/// Two sides that are compared in something measured.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// What is compared, in words.
    pub says: String,
    pub quantity: Quantity,
    /// One side.
    pub of: Side,
    /// The other.
    pub than: Side,
    /// What the outcome means.
    pub means: Means,
}

/// One side of a claim.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Side {
    #[serde(default)]
    pub arm: Option<String>,
    /// Instead of one: the best of these in the mean.
    #[serde(default)]
    pub best_of: Vec<String>,
    /// At which point; axes that are left out do not matter.
    #[serde(default)]
    pub at: At,
    /// What is measured on this side, where that differs.
    #[serde(default)]
    pub quantity: Option<Quantity>,
}

impl Side {
    /// The arms among which the best one counts.
    #[must_use]
    pub fn arms(&self) -> Vec<&str> {
        self.arm.iter().chain(&self.best_of).map(String::as_str).collect()
    }
}

/// Values of axes by the axes' short names.
pub type At = BTreeMap<String, Value>;

/// What each outcome of a claim means, in a sentence.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Means {
    /// Where the first side is higher.
    pub higher: String,
    /// Where the first side is lower.
    pub lower: String,
    /// Where no difference was found.
    pub tie: String,
}

impl Lesson {
    /// Reads a guided experiment.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_toml(id: &str, text: &str) -> Result<Self, LessonError> {
        let mut lesson: Self = parsed(text).map_err(LessonError::Parse)?;
        id.clone_into(&mut lesson.id);
        let study = Study::check(lesson.plan(1))?;
        for claim in &lesson.claims {
            for side in [&claim.of, &claim.than] {
                lesson.check(&study, claim, side)?;
            }
        }
        Ok(lesson)
    }

    fn check(&self, study: &Study, claim: &Claim, side: &Side) -> Result<(), LessonError> {
        let missing = |what: String| LessonError::Missing { claim: claim.says.clone(), what };
        let arms = side.arms();
        if arms.is_empty() {
            return Err(missing("no arm".to_owned()));
        }
        if let Some(arm) = arms.iter().find(|arm| !study.arms().any(|known| known == **arm)) {
            return Err(missing(format!("the arm \"{arm}\"")));
        }
        if let Some(axis) = side.at.keys().find(|axis| !study.labels().contains(axis)) {
            return Err(missing(format!("the axis \"{axis}\"")));
        }
        let quantity = side.quantity.unwrap_or(claim.quantity);
        if quantity.needs_loss() && self.loss.is_none() {
            return Err(missing("a loss to reach (loss = 1.0)".to_owned()));
        }
        match quantity.instrument() {
            Some(instrument) if !self.ask.contains(&instrument) => {
                let id = instrument.about().id;
                Err(missing(format!("the answer of {id} (ask = [\"{id}\"])")))
            }
            _ => Ok(()),
        }
    }

    /// What its study is called, by which it is known whatever its folder is called.
    #[must_use]
    pub fn study_name(&self) -> String {
        format!("learn {}", self.id)
    }

    /// Its study, with so many seeds.
    #[must_use]
    pub fn plan(&self, seeds: u32) -> StudyPlan {
        StudyPlan {
            name: self.study_name(),
            question: self.question.clone(),
            seeds: Some(Seeds::Count(seeds)),
            search: Default::default(),
            early_stopping: None,
            axes: self.axes.clone(),
            experiment: self.experiment.clone(),
        }
    }
}
