//! A study that has been checked. There is no other way to get a [`Study`]: each of its points is an experiment that can
//! be run.

use super::axis::{Axis, shown};
use super::error::StudyError;
use super::plan::{Base, Seeds, StudyPlan, Way};
use crate::experiment::file::{halves, value};
use crate::experiment::{Experiment, Length, MAX_SEEDS, Plan, with_overrides};
use crate::search::{self, Dimension, KnownTrial, Range, Search, Space};
use std::ops::Deref;
use std::path::Path;
use toml::Value;

/// More than this, and looking through the folder takes longer than training.
const MOST_TRIALS: u64 = 10_000;

/// Of a long range, so many values are tried out.
const MOST_SAMPLES: usize = 1000;

/// A plan of a study whose every point has been found to be a valid experiment; read-only.
#[derive(Clone, Debug, PartialEq)]
pub struct Study {
    plan: StudyPlan,
    base: Plan,
    labels: Vec<String>,
    seeds: Vec<u64>,
    /// How points are found; none where nothing is varied.
    search: Option<Search>,
    points: u32,
}

/// A point with a seed: one run.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Counted from 1; the same as in its folder's name.
    pub number: u32,
    /// Which point, from 0.
    pub point: u32,
    /// The point in words: `learning_rate 0.01, depth 20`; empty without axes.
    pub words: String,
    /// What the point sets, in the order of the axes, as in `recipe.optimizer.learning_rate=0.01`.
    pub settings: Vec<String>,
    pub seed: u64,
}

impl Deref for Study {
    type Target = StudyPlan;
    fn deref(&self) -> &StudyPlan {
        &self.plan
    }
}

impl Study {
    /// Checks a plan: its own fields, every axis, and every point as a whole experiment. The points of a search that
    /// learns are not known yet; of these, every value is checked by itself.
    ///
    /// # Errors
    /// The first thing that is wrong: which axis, which value, and why.
    pub fn check(plan: StudyPlan) -> Result<Self, StudyError> {
        let base = plan.experiment.plan()?;
        own_fields(&plan, &base)?;
        let labels = plan.axes.iter().map(|axis| axis.label(&plan.axes)).collect();
        let seeds = seeds(&plan, &base)?;
        let search = search(&plan, base.recipe.seed)?;
        let count = search.as_ref().map_or(Some(1), Search::count).or(plan.search.points.map(u64::from));
        let rule = "the number of points to try, which this way of searching does not know by itself";
        let count = count.ok_or_else(|| invalid("search.points", "left out".to_owned(), rule))?;
        let trials = count.saturating_mul(seeds.len() as u64);
        if trials == 0 {
            return Err(invalid("search.points", "0".to_owned(), "1 or more"));
        }
        if trials > MOST_TRIALS {
            return Err(StudyError::TooMany { trials, most: MOST_TRIALS });
        }
        let study = Self { plan, base, labels, seeds, search, points: u32::try_from(count).unwrap_or(u32::MAX) };
        study.check_points()?;
        Ok(study)
    }

    /// Whether nothing is asked for that a new study would pass over. Those that were made before may have it.
    ///
    /// # Errors
    /// A search where nothing is varied, or a number of points where a grid has its own.
    pub(super) fn is_sensible(&self) -> Result<(), StudyError> {
        let search = &self.plan.search;
        if search.method != Way::Grid && self.plan.axes.is_empty() {
            let why =
                "there is nothing to search: vary a field, as in --vary recipe.optimizer.learning_rate=0.001..0.1:log";
            return Err(StudyError::Axes(why.to_owned()));
        }
        match search.points.filter(|_| search.method == Way::Grid) {
            Some(points) => Err(invalid(
                "search.points",
                points.to_string(),
                "left out with a grid, which tries every combination of its values; random, sobol and tpe take it",
            )),
            None => Ok(()),
        }
    }

    /// The study with nothing in it that depends on where it is read or by which version: the experiment is written out,
    /// and paths of data sets are absolute.
    ///
    /// # Errors
    /// A path that cannot be made absolute.
    pub(super) fn anchored(mut self) -> std::io::Result<Self> {
        self.base = self.base.anchored()?;
        self.plan.experiment = Base::Whole(Box::new(self.base.clone()));
        for axis in self.plan.axes.iter_mut().filter(|axis| axis.field == "data.source") {
            for value in axis.values.iter_mut().flatten() {
                if let Value::String(path) = value
                    && path != "embedded"
                {
                    *path = std::path::absolute(Path::new(path))?.to_string_lossy().into_owned();
                }
            }
        }
        Ok(self)
    }

    /// How many points are tried.
    #[must_use]
    pub fn points(&self) -> u32 {
        self.points
    }

    /// How many trials there are: points times seeds.
    #[must_use]
    pub fn trials(&self) -> u32 {
        self.points.saturating_mul(u32::try_from(self.seeds.len()).unwrap_or(u32::MAX))
    }

    /// The seeds that each point is trained with.
    #[must_use]
    pub fn seeds(&self) -> &[u64] {
        &self.seeds
    }

    /// What the axes are called, in their order.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        &self.labels
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

    /// What is searched; `None` where nothing is varied.
    pub(super) fn space(&self) -> Option<&Space> {
        self.search.as_ref().map(Search::space)
    }

    /// Whether points depend on what was found before them.
    #[must_use]
    pub fn learns(&self) -> bool {
        self.plan.search.method == Way::Tpe
    }

    /// A trial's place: its point and its seed. All points are tried with the first seed before any is tried with the
    /// second, so that there is something to see of each early on; only a search that learns has to know a point's worth
    /// before it chooses the next.
    ///
    /// # Errors
    /// A number that no trial has.
    pub fn place(&self, number: u32) -> Result<(u32, u64), StudyError> {
        let none = || StudyError::NoTrial { number, trials: self.trials() };
        let index = number.checked_sub(1).filter(|_| number <= self.trials()).ok_or_else(none)?;
        let seeds = u32::try_from(self.seeds.len()).unwrap_or(u32::MAX);
        let learning = (index / seeds, index % seeds);
        let (point, seed) = if self.learns() { learning } else { (index % self.points, index / self.points) };
        Ok((point, self.seeds[seed as usize]))
    }

    /// A trial by its number, given what is known of the points before it.
    ///
    /// # Errors
    /// A number that no trial has.
    pub fn trial(&self, number: u32, known: &[KnownTrial]) -> Result<Trial, StudyError> {
        let (point, seed) = self.place(number)?;
        let settings = self.proposed(point, known);
        Ok(Trial { number, point, words: self.words(&settings), settings, seed })
    }

    fn proposed(&self, point: u32, known: &[KnownTrial]) -> Vec<String> {
        let found = self.search.as_ref().and_then(|search| search.propose(u64::from(point), known));
        let found = found.map(|point| point.0).unwrap_or_default();
        let setting = |(axis, value): (&Axis, search::Value)| Some(format!("{}={}", axis.field, axis.value(value)?));
        self.plan.axes.iter().zip(found).filter_map(setting).collect()
    }

    /// What a point sets, unless that is only known once it is chosen.
    #[must_use]
    pub(super) fn settings_of(&self, point: u32) -> Option<Vec<String>> {
        (!self.learns()).then(|| self.proposed(point, &[]))
    }

    /// What a search calls the point of these settings; `None` if they are of another study.
    #[must_use]
    pub(super) fn found(&self, settings: &[String]) -> Option<search::Point> {
        let value = |(axis, setting): (&Axis, &String)| axis.found(&value(halves(setting)?.1));
        let values = self.plan.axes.iter().zip(settings).map(value).collect::<Option<Vec<_>>>()?;
        Some(search::Point(values))
    }

    /// Each axis's value in these settings, as a person writes it.
    #[must_use]
    pub fn values(&self, settings: &[String]) -> Vec<String> {
        settings.iter().map(|setting| shown(&value(halves(setting).unwrap_or_default().1))).collect()
    }

    fn words(&self, settings: &[String]) -> String {
        let word = |(label, value): (&String, String)| format!("{label} {value}");
        self.labels.iter().zip(self.values(settings)).map(word).collect::<Vec<_>>().join(", ")
    }

    /// The experiment of a trial.
    ///
    /// # Errors
    /// Settings with which it cannot be run.
    pub fn experiment(&self, trial: &Trial) -> Result<Experiment, StudyError> {
        let why = |why| StudyError::Point { point: trial.words.clone(), why };
        self.built(&trial.settings, trial.seed).map_err(why)
    }

    fn check_points(&self) -> Result<(), StudyError> {
        let Some(search) = &self.search else { return self.check_point(&[]) };
        if !self.learns() {
            return (0..self.points).try_for_each(|point| self.check_point(&self.proposed(point, &[])));
        }
        for (axis, dimension) in self.plan.axes.iter().zip(search.space().dimensions()) {
            for value in samples(&dimension.range).into_iter().filter_map(|value| axis.value(value)) {
                self.check_point(&[format!("{}={value}", axis.field)])?;
            }
        }
        Ok(())
    }

    /// Checks the experiment with these settings; if it cannot be run, finds the one that is to blame.
    fn check_point(&self, settings: &[String]) -> Result<(), StudyError> {
        let builds = |settings: &[String]| self.built(settings, self.seeds[0]);
        let Err(why) = builds(settings) else { return Ok(()) };
        let fails = |setting: &&String| builds(std::slice::from_ref(*setting)).is_err();
        match settings.iter().find(fails).filter(|_| builds(&[]).is_ok()).and_then(|setting| halves(setting)) {
            Some((axis, text)) => Err(StudyError::Value { axis: axis.to_owned(), value: shown(&value(text)), why }),
            None if settings.is_empty() => Err(StudyError::Experiment(why)),
            None => Err(StudyError::Point { point: self.words(settings), why }),
        }
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

/// Values of a range that stand for all: each of a few, or both ends.
fn samples(range: &Range) -> Vec<search::Value> {
    match *range {
        Range::Choice { values } => (0..values).map(search::Value::Choice).collect(),
        Range::Float { low, high, .. } => vec![search::Value::Float(low), search::Value::Float(high)],
        Range::Integer { low, high, step, .. } => {
            let step = usize::try_from(step).unwrap_or(usize::MAX);
            let mut values: Vec<i64> = (low..=high).step_by(step).take(MOST_SAMPLES).collect();
            values.push(high);
            values.into_iter().map(search::Value::Integer).collect()
        }
    }
}

fn search(plan: &StudyPlan, seed: u64) -> Result<Option<Search>, StudyError> {
    let mut dimensions = Vec::new();
    let mut numbers = Vec::new();
    for axis in &plan.axes {
        let wrong = |why: String| StudyError::Axis { axis: axis.field.clone(), why };
        if ["recipe.seed", "recipe.seeds"].contains(&axis.field.as_str()) {
            return Err(wrong("seeds are no axis: set the study's seeds".to_owned()));
        }
        if axis.field == "name" {
            return Err(wrong("the experiment's name says nothing about the networks".to_owned()));
        }
        let (range, number) = axis.range().map_err(wrong)?;
        if plan.search.method == Way::Grid && number == 0 {
            let why = "a grid must know how many values of it to take: set steps (on the command line LOW..HIGH:STEPS)";
            return Err(wrong(why.to_owned()));
        }
        dimensions.push(Dimension::new(&axis.field, range));
        numbers.push(number);
    }
    if dimensions.is_empty() {
        return Ok(None);
    }
    let space = Space::new(dimensions).map_err(|error| StudyError::Axes(error.to_string()))?;
    Ok(Some(match plan.search.method {
        Way::Grid => Search::grid(space, &numbers, MOST_TRIALS).map_err(|error| StudyError::Axes(error.to_string()))?,
        Way::Random => Search::random(space, seed),
        Way::Sobol => Search::sobol(space, seed),
        Way::Tpe => Search::tpe(space, seed, plan.search.objective.goal()),
    }))
}

fn seeds(plan: &StudyPlan, base: &Plan) -> Result<Vec<u64>, StudyError> {
    let invalid = |value, rule: &str| invalid("seeds", value, rule);
    let first = base.recipe.seed;
    let asked = plan.seeds.clone().unwrap_or(Seeds::Count(base.recipe.seeds));
    let count = match &asked {
        Seeds::Count(count) => u64::from(*count),
        Seeds::List(seeds) => seeds.len() as u64,
    };
    // Before they are made: their number is whatever somebody wrote.
    if !(1..=u64::from(MAX_SEEDS)).contains(&count) {
        return Err(invalid(format!("{count} seeds"), &format!("1 to {MAX_SEEDS} seeds")));
    }
    let seeds = match asked {
        Seeds::Count(_) => (0..count).map(|index| first.saturating_add(index)).collect(),
        Seeds::List(seeds) => seeds,
    };
    match (1..seeds.len()).find(|&index| seeds[..index].contains(&seeds[index])) {
        Some(index) => Err(invalid(format!("{} twice", seeds[index]), "a list without repetition")),
        None => Ok(seeds),
    }
}

fn own_fields(plan: &StudyPlan, base: &Plan) -> Result<(), StudyError> {
    let name = &plan.name;
    if name.trim().is_empty() || name.chars().count() > 80 || name.chars().any(char::is_control) {
        return Err(invalid("name", format!("\"{name}\""), "1 to 80 characters"));
    }
    if let Some(arm) = &plan.search.arm
        && !base.arms.iter().any(|known| known.name == *arm)
    {
        let names: Vec<&str> = base.arms.iter().map(|arm| arm.name.as_str()).collect();
        return Err(invalid("search.arm", format!("\"{arm}\""), &format!("one of {}", names.join(", "))));
    }
    let is_length_varied = plan.axes.iter().any(|axis| axis.field.starts_with("recipe.length"));
    let epochs = match base.recipe.length {
        Length::Epochs(epochs) if !is_length_varied => epochs,
        _ => u32::MAX,
    };
    match plan.early_stopping {
        Some(rule) if rule.min_epochs >= epochs => {
            let rule_in_words = format!("less than the {epochs} epochs of a trial");
            Err(invalid("early_stopping.min_epochs", rule.min_epochs.to_string(), &rule_in_words))
        }
        Some(rule) if rule.min_epochs == 0 => Err(invalid("early_stopping.min_epochs", "0".to_owned(), "1 or more")),
        Some(rule) if rule.eta < 2 => Err(invalid("early_stopping.eta", rule.eta.to_string(), "2 or more")),
        _ => Ok(()),
    }
}

fn invalid(field: &'static str, value: String, rule: &str) -> StudyError {
    StudyError::Invalid { field, value, rule: rule.to_owned() }
}
