//! A study that has been checked. There is no other way to get a [`Study`]: each of its points is an experiment that can
//! be run.

use super::axis::{Axis, shown};
use super::error::StudyError;
use super::plan::{Base, Seeds, StudyPlan};
use crate::experiment::{Experiment, Plan, with_overrides};
use std::ops::Deref;
use std::path::Path;
use toml::Value;

/// More than this, and looking through the folder takes longer than training.
const MOST_TRIALS: u64 = 10_000;

/// A plan of a study whose every point has been found to be a valid experiment; read-only.
#[derive(Clone, Debug, PartialEq)]
pub struct Study {
    plan: StudyPlan,
    base: Plan,
    axes: Vec<Varied>,
    seeds: Vec<u64>,
}

/// An axis with what it is called and the values that a grid takes.
#[derive(Clone, Debug, PartialEq)]
struct Varied {
    axis: Axis,
    label: String,
    values: Vec<Value>,
}

/// One value for each axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// In the order of the axes.
    pub values: Vec<Value>,
}

/// A point with a seed: one run.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Counted from 1; the same as in its folder's name.
    pub number: u32,
    /// Which point, from 0.
    pub point: usize,
    /// The point in words: `learning_rate 0.01, depth 20`; empty without axes.
    pub words: String,
    /// What the point sets, as in `recipe.optimizer.learning_rate=0.01`.
    pub settings: Vec<String>,
    /// The seed.
    pub seed: u64,
}

impl Deref for Study {
    type Target = StudyPlan;
    fn deref(&self) -> &StudyPlan {
        &self.plan
    }
}

impl Study {
    /// Checks a plan: its own fields, every axis, and every point as a whole experiment.
    ///
    /// # Errors
    /// The first thing that is wrong: which axis, which value, and why.
    pub fn check(plan: StudyPlan) -> Result<Self, StudyError> {
        let base = plan.experiment.plan()?;
        own_fields(&plan, &base)?;
        let axes = plan.axes.iter().map(|axis| varied(axis, &plan.axes)).collect::<Result<Vec<_>, _>>()?;
        let seeds = seeds(&plan, &base)?;
        let points = axes.iter().fold(1_u64, |points, axis| points.saturating_mul(axis.values.len() as u64));
        let trials = points.saturating_mul(seeds.len() as u64);
        if trials > MOST_TRIALS {
            return Err(StudyError::TooMany { trials, most: MOST_TRIALS });
        }
        let study = Self { plan, base, axes, seeds };
        for index in 0..study.points() {
            study.experiment_at(&study.point(index), study.seeds[0])?;
        }
        Ok(study)
    }

    /// The study with nothing in it that depends on where it is read or by which version: the experiment is written out,
    /// and paths of data sets are absolute.
    ///
    /// # Errors
    /// A path that cannot be made absolute.
    pub(super) fn anchored(mut self) -> std::io::Result<Self> {
        self.base = self.base.anchored()?;
        self.plan.experiment = Base::Whole(Box::new(self.base.clone()));
        let axes = self.plan.axes.iter_mut().zip(&mut self.axes);
        for (axis, varied) in axes.filter(|(axis, _)| axis.field == "data.source") {
            for value in varied.values.iter_mut().chain(axis.values.iter_mut().flatten()) {
                if let Value::String(path) = value
                    && path != "embedded"
                {
                    *path = std::path::absolute(Path::new(path))?.to_string_lossy().into_owned();
                }
            }
            varied.axis = axis.clone();
        }
        Ok(self)
    }

    /// How many points are tried.
    #[must_use]
    pub fn points(&self) -> usize {
        self.axes.iter().map(|axis| axis.values.len()).product()
    }

    /// How many trials there are: points times seeds.
    #[must_use]
    pub fn trials(&self) -> u32 {
        u32::try_from(self.points() * self.seeds.len()).unwrap_or(u32::MAX)
    }

    /// The seeds that each point is trained with.
    #[must_use]
    pub fn seeds(&self) -> &[u64] {
        &self.seeds
    }

    /// What the axes are called, in their order.
    #[must_use]
    pub fn labels(&self) -> impl ExactSizeIterator<Item = &str> {
        self.axes.iter().map(|axis| axis.label.as_str())
    }

    /// The arms' names, the same in every trial.
    #[must_use]
    pub fn arms(&self) -> impl ExactSizeIterator<Item = &str> {
        self.base.arms.iter().map(|arm| arm.name.as_str())
    }

    /// Which arms the objective is about, by their places.
    #[must_use]
    pub fn judged(&self) -> Vec<usize> {
        let named = |name: &&str| self.plan.search.arm.as_deref().is_none_or(|arm| arm == *name);
        self.arms().enumerate().filter(|(_, name)| named(name)).map(|(index, _)| index).collect()
    }

    /// The point at a place of the grid; the last axis changes fastest.
    fn point(&self, mut index: usize) -> Point {
        let mut values = Vec::with_capacity(self.axes.len());
        for axis in self.axes.iter().rev() {
            values.push(axis.values[index % axis.values.len()].clone());
            index /= axis.values.len();
        }
        values.reverse();
        Point { values }
    }

    /// A trial by its number. All points are tried with the first seed before any is tried with the second, so that there
    /// is something to see of each point early on.
    ///
    /// # Errors
    /// A number that no trial has.
    pub fn trial(&self, number: u32) -> Result<Trial, StudyError> {
        let none = || StudyError::NoTrial { number, trials: self.trials() };
        let index = number.checked_sub(1).filter(|_| number <= self.trials()).ok_or_else(none)? as usize;
        let (point, seed) = (index % self.points(), self.seeds[index / self.points()]);
        let at = self.point(point);
        Ok(Trial { number, point, words: self.words(&at), settings: self.settings(&at), seed })
    }

    /// A point in words.
    fn words(&self, point: &Point) -> String {
        let word = |(label, value): (&str, &Value)| format!("{label} {}", shown(value));
        self.labels().zip(&point.values).map(word).collect::<Vec<_>>().join(", ")
    }

    fn settings(&self, point: &Point) -> Vec<String> {
        let setting = |(axis, value): (&Varied, &Value)| format!("{}={value}", axis.axis.field);
        self.axes.iter().zip(&point.values).map(setting).collect()
    }

    /// The experiment of a trial.
    ///
    /// # Errors
    /// Settings with which it cannot be run.
    pub fn experiment(&self, trial: &Trial) -> Result<Experiment, StudyError> {
        let why = |why| StudyError::Point { point: trial.words.clone(), why };
        self.built(&trial.settings, trial.seed).map_err(why)
    }

    fn experiment_at(&self, point: &Point, seed: u64) -> Result<Experiment, StudyError> {
        let settings = self.settings(point);
        self.built(&settings, seed).map_err(|why| {
            let fails = |setting: &String| self.built(std::slice::from_ref(setting), seed).is_err();
            let to_blame = settings.iter().position(fails).filter(|_| self.built(&[], seed).is_ok());
            match to_blame {
                Some(index) => StudyError::Value {
                    axis: self.axes[index].axis.field.clone(),
                    value: shown(&point.values[index]),
                    why,
                },
                None if settings.is_empty() => StudyError::Experiment(why),
                None => StudyError::Point { point: self.words(point), why },
            }
        })
    }

    fn built(&self, settings: &[String], seed: u64) -> Result<Experiment, String> {
        let mut plan = with_overrides(&self.base, settings).map_err(|error| error.to_string())?;
        plan.recipe.seed = seed;
        plan.recipe.seeds = 1;
        let names = |plan: &Plan| plan.arms.iter().map(|arm| arm.name.clone()).collect::<Vec<_>>();
        if names(&plan) != names(&self.base) {
            return Err("the arms must be the same in every trial; only what is in them may vary".to_owned());
        }
        Experiment::check(plan).map_err(|found| found.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
    }
}

fn varied(axis: &Axis, all: &[Axis]) -> Result<Varied, StudyError> {
    let wrong = |why: String| StudyError::Axis { axis: axis.field.clone(), why };
    if ["recipe.seed", "recipe.seeds"].contains(&axis.field.as_str()) {
        return Err(wrong("seeds are no axis: set the study's seeds".to_owned()));
    }
    if axis.field == "name" {
        return Err(wrong("the experiment's name says nothing about the networks".to_owned()));
    }
    if all.iter().filter(|other| other.field == axis.field).count() > 1 {
        return Err(wrong("it is there twice; put all its values into one".to_owned()));
    }
    let values = axis.domain().and_then(|domain| domain.grid()).map_err(wrong)?;
    Ok(Varied { axis: axis.clone(), label: axis.label(all), values })
}

fn seeds(plan: &StudyPlan, base: &Plan) -> Result<Vec<u64>, StudyError> {
    let invalid = |value: String, rule: &str| StudyError::Invalid { field: "seeds", value, rule: rule.to_owned() };
    let first = base.recipe.seed;
    let seeds = match plan.seeds.clone().unwrap_or(Seeds::Count(base.recipe.seeds)) {
        Seeds::Count(count) => (0..u64::from(count)).map(|index| first.saturating_add(index)).collect(),
        Seeds::List(seeds) => seeds,
    };
    let twice = (1..seeds.len()).find(|&index| seeds[..index].contains(&seeds[index]));
    match twice {
        Some(index) => Err(invalid(format!("{} twice", seeds[index]), "a list without repetition")),
        None if seeds.is_empty() || seeds.len() > 1000 => {
            Err(invalid(format!("{} seeds", seeds.len()), "1 to 1000 seeds"))
        }
        None => Ok(seeds),
    }
}

fn own_fields(plan: &StudyPlan, base: &Plan) -> Result<(), StudyError> {
    let invalid = |field, value: String, rule: String| Err(StudyError::Invalid { field, value, rule });
    if plan.name.trim().is_empty() || plan.name.chars().count() > 80 || plan.name.chars().any(char::is_control) {
        return invalid("name", format!("\"{}\"", plan.name), "1 to 80 characters".to_owned());
    }
    if let Some(arm) = &plan.search.arm
        && !base.arms.iter().any(|known| known.name == *arm)
    {
        let names: Vec<&str> = base.arms.iter().map(|arm| arm.name.as_str()).collect();
        return invalid("search.arm", format!("\"{arm}\""), format!("one of {}", names.join(", ")));
    }
    match plan.early_stopping {
        Some(rule) if rule.min_epochs == 0 => {
            invalid("early_stopping.min_epochs", "0".to_owned(), "1 or more".to_owned())
        }
        Some(rule) if rule.eta < 2 => invalid("early_stopping.eta", rule.eta.to_string(), "2 or more".to_owned()),
        _ => Ok(()),
    }
}
