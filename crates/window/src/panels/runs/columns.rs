//! The columns of the table of runs: settings and results, for a whole run or for each arm.

use crate::shelf::Entry;
use lab_core::experiment::Optimizer;
use lab_core::number::{self, count, or_dash, setting};
use lab_core::quantity::Measure;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A column that can be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RunColumn {
    /// The run's name; always there.
    Name,
    /// The arms' names; always there.
    Arm,
    Started,
    Status,
    /// Words a person gave it.
    Tags,
    Data,
    Device,
    Seed,
    /// How long it was to train.
    Length,
    /// Images in a step.
    BatchSize,
    Optimizer,
    /// The base learning rate.
    LearningRate,
    Depth,
    Parameters,
    Steps,
    Time,
    /// The last value of a measure.
    Last(Measure),
    /// The best value of a measure.
    Best(Measure),
}

/// Every measure in the order in which their columns are offered: what people look for first, then the others.
fn measures() -> impl Iterator<Item = Measure> {
    let first = [
        Measure::ValidationAccuracy,
        Measure::ValidationLoss,
        Measure::Top5,
        Measure::TrainAccuracy,
        Measure::TrainLoss,
    ];
    first.into_iter().chain(Measure::ALL.iter().copied().filter(move |measure| !first.contains(measure)))
}

/// What rows are sorted by.
enum SortKey {
    Number(f64),
    Text(String),
}

impl RunColumn {
    /// Those that can be chosen, in order.
    pub fn optional() -> impl Iterator<Item = Self> {
        let settings = [
            Self::Status,
            Self::Started,
            Self::Tags,
            Self::Data,
            Self::Device,
            Self::Seed,
            Self::Length,
            Self::BatchSize,
            Self::Optimizer,
            Self::LearningRate,
            Self::Depth,
            Self::Parameters,
            Self::Steps,
            Self::Time,
        ];
        settings.into_iter().chain(measures().map(Self::Best)).chain(measures().map(Self::Last))
    }

    /// Those that are shown unless others were chosen: when each began where two are called the same, results, whatever
    /// the runs differ in, then the rest.
    #[must_use]
    pub fn usual(entries: &[Arc<Entry>]) -> Vec<Self> {
        let settings = [
            Self::Data,
            Self::Depth,
            Self::Optimizer,
            Self::LearningRate,
            Self::BatchSize,
            Self::Length,
            Self::Seed,
            Self::Device,
        ];
        let differs = |column: &Self| {
            let texts = |entry: &Arc<Entry>| {
                let lines = if column.is_of_arms() { entry.info.arms.len() } else { 1 };
                (0..lines).map(|arm| column.text(entry, arm)).collect::<Vec<_>>()
            };
            let first = entries.first().map(texts);
            entries.iter().any(|entry| Some(texts(entry)) != first)
        };
        let results = [Self::Best(Measure::ValidationAccuracy), Self::Last(Measure::TrainLoss)];
        let names: BTreeSet<&str> = entries.iter().map(|entry| entry.name()).collect();
        let first = (names.len() < entries.len()).then_some(Self::Started);
        let rest = [Self::Status, Self::Steps, Self::Time, Self::Started, Self::Tags];
        let rest = rest.into_iter().filter(|column| Some(*column) != first);
        first.into_iter().chain(results).chain(settings.into_iter().filter(differs)).chain(rest).collect()
    }

    #[must_use]
    pub fn title(self) -> String {
        match self {
            Self::Name => "Run".into(),
            Self::Arm => "Arm".into(),
            Self::Started => "Started".into(),
            Self::Status => "Status".into(),
            Self::Tags => "Tags".into(),
            Self::Data => "Data".into(),
            Self::Device => "Device".into(),
            Self::Seed => "Seed".into(),
            Self::Length => "Length".into(),
            Self::BatchSize => "Batch size".into(),
            Self::Optimizer => "Optimiser".into(),
            Self::LearningRate => "Learning rate".into(),
            Self::Depth => "Depth".into(),
            Self::Parameters => "Parameters".into(),
            Self::Steps => "Steps".into(),
            Self::Time => "Time".into(),
            // One batch's, and not a mean as in the verdict, nor a moving average as in Curves.
            Self::Last(measure @ (Measure::TrainLoss | Measure::TrainAccuracy)) => {
                format!("Last batch's {}", measure.words())
            }
            Self::Last(measure) => format!("Last {}", measure.words()),
            Self::Best(measure) => format!("Best {}", measure.words()),
        }
    }

    /// Its width in points.
    #[must_use]
    pub fn width(self) -> f32 {
        match self {
            Self::Name => 160.0,
            Self::Arm => 96.0,
            Self::Last(Measure::TrainLoss | Measure::TrainAccuracy) => 152.0,
            Self::Tags | Self::Data | Self::Device => 120.0,
            Self::Seed | Self::Depth => 64.0,
            Self::Last(_) | Self::Best(_) => 116.0,
            _ => 92.0,
        }
    }

    /// What a cell says where it is read in a line with others: when a run began without the year.
    #[must_use]
    pub fn in_table(self, entry: &Entry, arm: usize) -> String {
        let text = self.text(entry, arm);
        match self {
            Self::Started => text.get(5..).unwrap_or(&text).to_owned(),
            Self::Name if entry.live => format!("● {text}"),
            _ => text,
        }
    }

    /// Whether each arm has its own cell.
    #[must_use]
    pub fn is_of_arms(self) -> bool {
        matches!(
            self,
            Self::Arm
                | Self::Optimizer
                | Self::LearningRate
                | Self::Depth
                | Self::Parameters
                | Self::Steps
                | Self::Time
                | Self::Last(_)
                | Self::Best(_)
        )
    }

    /// What a cell says.
    #[must_use]
    pub fn text(self, entry: &Entry, arm: usize) -> String {
        let results = entry.results.get(arm);
        match self {
            Self::Name => entry.name().to_owned(),
            Self::Arm => entry.info.arms.get(arm).map_or_else(String::new, |arm| arm.name.clone()),
            Self::Started => entry.info.started.chars().take(16).collect::<String>().replace('T', " "),
            Self::Status => status(entry).into(),
            Self::Tags => entry.notes.tags.join(", "),
            Self::Data => entry.info.dataset.name.clone(),
            Self::Device => entry.info.device.clone(),
            Self::Seed => entry.experiment.recipe.seed.to_string(),
            Self::Length => entry.experiment.recipe.length.in_words(),
            Self::BatchSize => count(entry.experiment.recipe.batch_size as u64),
            Self::Optimizer => or_dash(optimizer(entry, arm).map(|own| own.method.label().to_owned())),
            Self::LearningRate => or_dash(optimizer(entry, arm).map(|own| setting(own.learning_rate))),
            Self::Depth => or_dash(entry.experiment.arms.get(arm).map(|arm| arm.network.depth().to_string())),
            Self::Parameters => or_dash(entry.info.arms.get(arm).map(|arm| count(arm.parameters))),
            Self::Steps => or_dash(results.map(|results| count(results.steps))),
            Self::Time => or_dash(results.map(|results| number::duration(results.seconds))),
            Self::Last(measure) => {
                or_dash(results.and_then(|results| results.last(measure)).map(|last| measure.unit().in_cell(last)))
            }
            Self::Best(measure) => {
                or_dash(results.and_then(|results| results.best(measure)).map(|best| measure.unit().in_cell(best)))
            }
        }
    }

    fn key(self, entry: &Entry) -> SortKey {
        let best = |value: &dyn Fn(usize) -> Option<f64>, falls: bool| {
            let values = (0..entry.info.arms.len()).filter_map(value);
            let found = if falls { values.min_by(f64::total_cmp) } else { values.max_by(f64::total_cmp) };
            SortKey::Number(found.unwrap_or(f64::NAN))
        };
        let results = |arm: usize| entry.results.get(arm);
        match self {
            Self::Seed => SortKey::Number(entry.experiment.recipe.seed as f64),
            Self::BatchSize => SortKey::Number(entry.experiment.recipe.batch_size as f64),
            Self::LearningRate => best(&|arm| optimizer(entry, arm).map(|own| own.learning_rate), false),
            Self::Depth => best(&|arm| Some(entry.experiment.arms.get(arm)?.network.depth() as f64), false),
            Self::Parameters => best(&|arm| Some(entry.info.arms.get(arm)?.parameters as f64), false),
            Self::Steps => SortKey::Number(entry.steps() as f64),
            Self::Time => best(&|arm| results(arm).map(|results| results.seconds), false),
            Self::Last(measure) => best(&|arm| results(arm)?.last(measure), measure.less_is_better()),
            Self::Best(measure) => best(&|arm| results(arm)?.best(measure), measure.less_is_better()),
            Self::Started => SortKey::Text(entry.info.started.clone()),
            _ => SortKey::Text(self.text(entry, 0).to_lowercase()),
        }
    }

    /// The runs in the order of this column; those without a value come last in both directions.
    #[must_use]
    pub fn sorted(self, runs: Vec<Arc<Entry>>, falling: bool) -> Vec<Arc<Entry>> {
        let turned = |order: Ordering| if falling { order.reverse() } else { order };
        let mut keyed: Vec<(SortKey, Arc<Entry>)> = runs.into_iter().map(|run| (self.key(&run), run)).collect();
        keyed.sort_by(|(a, _), (b, _)| match (a, b) {
            (SortKey::Number(a), SortKey::Number(b)) => {
                a.is_nan().cmp(&b.is_nan()).then_with(|| turned(a.total_cmp(b)))
            }
            (SortKey::Text(a), SortKey::Text(b)) => turned(a.cmp(b)),
            _ => Ordering::Equal,
        });
        keyed.into_iter().map(|(_, run)| run).collect()
    }
}

/// How a run stands, in words.
#[must_use]
pub fn status(entry: &Entry) -> &str {
    match &entry.outcome {
        _ if entry.live => "training",
        None => "interrupted",
        Some(_) if entry.has_diverged() => "diverged",
        Some(outcome) if outcome.steps >= entry.planned => "finished",
        Some(_) => "stopped",
    }
}

fn optimizer(entry: &Entry, arm: usize) -> Option<&Optimizer> {
    Some(entry.experiment.arms.get(arm)?.optimizer(&entry.experiment.recipe))
}
