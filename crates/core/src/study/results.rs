//! What a study came to: a row for each point, with mean and standard deviation over its seeds.

use super::checked::Study;
use super::error::StudyError;
use super::folder::{Begun, StudyFolder};
use super::record::{TrialRecord, TrialState};
use crate::number::{or_dash, precise, precise_percent};
use crate::protocol::ArmOutcome;
use crate::runs;
use crate::search::Goal;
use crate::table::Table;
use std::collections::BTreeMap;

/// A study's results, point by point.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Results {
    /// What the table is called.
    name: String,
    /// What the axes are called.
    labels: Vec<String>,
    /// What the objective is called.
    objective: String,
    /// Whether the objective is a share.
    is_share: bool,
    /// The arms' names.
    arms: Vec<String>,
    /// In the order in which points are tried.
    pub points: Vec<PointResult>,
    /// The place of the best point among those with the most seeds, if any has ended.
    pub best: Option<usize>,
}

/// What one point came to.
#[derive(Clone, Debug, PartialEq)]
pub struct PointResult {
    /// Which point, from 0, as in [`Study::place`].
    pub point: u32,
    /// Its values, in the order of the axes.
    pub values: Vec<String>,
    /// Over the seeds that came to their end.
    pub objective: Spread,
    /// What each arm came to, likewise.
    pub arms: Vec<ArmResult>,
    /// What became of the other seeds, in words; empty where all came to their end.
    pub remark: String,
}

/// What one arm came to at one point.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ArmResult {
    /// Mean training loss of the last epoch.
    pub train_loss: Spread,
    /// At the last validation.
    pub validation_loss: Spread,
    /// At the last validation.
    pub validation_accuracy: Spread,
}

/// Mean and standard deviation of some numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spread {
    /// How many.
    pub n: usize,
    /// Their mean; not a number without any.
    pub mean: f64,
    /// The standard deviation of the population they are drawn from (dividing by n − 1); not a number below two.
    pub sd: f64,
}

impl Spread {
    /// Of these numbers.
    #[must_use]
    pub fn of(values: &[f64]) -> Self {
        let n = values.len();
        let mean = values.iter().sum::<f64>() / n as f64;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let sd = if n < 2 { f64::NAN } else { (squares / (n - 1) as f64).sqrt() };
        Self { n, mean, sd }
    }

    /// `91.30 ± 0.40 %`, or the mean alone of one.
    #[must_use]
    pub fn words(self, is_share: bool) -> String {
        match (self.n, is_share) {
            (0, _) => or_dash(None),
            (1, true) => precise_percent(self.mean),
            (1, false) => precise(self.mean),
            (_, true) => format!("{:.2} ± {}", 100.0 * self.mean, precise_percent(self.sd)),
            (_, false) => format!("{} ± {}", precise(self.mean), precise(self.sd)),
        }
    }
}

impl StudyFolder {
    /// What the study has come to so far.
    ///
    /// # Errors
    /// A folder that cannot be read, a damaged file.
    pub fn results(&self) -> Result<Results, StudyError> {
        let study = self.study();
        let mut points: BTreeMap<u32, Vec<Begun>> = BTreeMap::new();
        for (number, begun) in self.begun()? {
            if let Ok((point, _)) = study.place(number) {
                points.entry(point).or_default().push(begun);
            }
        }
        let arms: Vec<String> = study.arms().map(str::to_owned).collect();
        let mut rows = Vec::new();
        for point in 0..study.points() {
            let begun = points.remove(&point).unwrap_or_default();
            let settings =
                begun.first().map(|begun| begun.record.settings.clone()).or_else(|| study.settings_of(point));
            // What a search that learns has not chosen yet is no point.
            let Some(settings) = settings else { continue };
            rows.push(row((point, study.values(&settings)), study.seeds().len(), &begun, arms.len()));
        }
        let objective = study.search.objective;
        let most = rows.iter().map(|row| row.objective.n).max().unwrap_or(0);
        let cost = |row: &PointResult| {
            if objective.goal() == Goal::Highest { -row.objective.mean } else { row.objective.mean }
        };
        let judged = rows.iter().enumerate().filter(|(_, row)| most > 0 && row.objective.n == most);
        let best = judged.min_by(|(_, a), (_, b)| cost(a).total_cmp(&cost(b))).map(|(index, _)| index);
        Ok(Results {
            name: study.name.clone(),
            labels: study.labels().to_vec(),
            objective: objective_name(study),
            is_share: objective.goal() == Goal::Highest,
            arms,
            points: rows,
            // One point alone is not the best of anything.
            best: best.filter(|_| study.points() > 1),
        })
    }
}

/// The objective with whose it is, where there are several arms.
fn objective_name(study: &Study) -> String {
    let name = study.search.objective.name();
    match &study.search.arm {
        Some(arm) => format!("{arm} {name}"),
        None if study.arms().len() > 1 => format!("mean {name}"),
        None => name.to_owned(),
    }
}

fn row((point, values): (u32, Vec<String>), seeds: usize, begun: &[Begun], arms: usize) -> PointResult {
    let done = |begun: &&Begun| begun.record.state == TrialState::Done;
    let objectives: Vec<f64> = begun.iter().filter(done).filter_map(|begun| begun.record.objective).collect();
    let outcomes: Vec<Vec<ArmOutcome>> =
        begun.iter().filter(done).filter_map(|begun| Some(runs::open(&begun.folder).ok()?.outcome?.arms)).collect();
    let of = |arm: usize, value: fn(&ArmOutcome) -> Option<f64>| {
        let values = outcomes.iter().filter_map(|arms| arms.get(arm)).filter(|arm| arm.diverged_at.is_none());
        Spread::of(&values.filter_map(value).collect::<Vec<f64>>())
    };
    let arm = |arm| ArmResult {
        train_loss: of(arm, |arm| arm.train_loss),
        validation_loss: of(arm, |arm| arm.validation_loss),
        validation_accuracy: of(arm, |arm| arm.validation_accuracy),
    };
    let lost = outcomes.iter().flatten().filter(|arm| arm.diverged_at.is_some()).map(|arm| arm.name.as_str());
    PointResult {
        point,
        values,
        objective: Spread::of(&objectives),
        arms: (0..arms).map(arm).collect(),
        remark: remark(seeds, begun.iter().map(|begun| &begun.record), lost),
    }
}

/// What became of the seeds that did not come to their end, and of arms that diverged on the way.
fn remark<'a>(
    seeds: usize,
    records: impl Iterator<Item = &'a TrialRecord>,
    lost: impl Iterator<Item = &'a str>,
) -> String {
    let states: Vec<TrialState> = records.map(|record| record.state).collect();
    let count = |state| states.iter().filter(|one| **one == state).count();
    let to_do = seeds.saturating_sub(states.iter().filter(|state| state.is_over()).count());
    let mut arms: BTreeMap<&str, usize> = BTreeMap::new();
    lost.for_each(|arm| *arms.entry(arm).or_default() += 1);
    let kinds = [
        (count(TrialState::EndedEarly), "ended early"),
        (count(TrialState::Diverged), "diverged"),
        (count(TrialState::Failed), "failed"),
        (to_do, "to do"),
    ];
    let whole = kinds.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
    let arms = arms.into_iter().map(|(arm, count)| format!("{arm} diverged in {count}"));
    whole.chain(arms).collect::<Vec<_>>().join(", ")
}

impl Results {
    /// What the objective is called.
    #[must_use]
    pub fn objective(&self) -> &str {
        &self.objective
    }

    /// Whether the objective is a share, of which more is better, and not a loss.
    #[must_use]
    pub fn is_share(&self) -> bool {
        self.is_share
    }

    /// All numbers, each in a cell of its own, with all their digits.
    #[must_use]
    pub fn table(&self) -> Table {
        let mut table = self.with_values();
        table = table.counts("n", self.points.iter().map(|point| point.objective.n));
        table = spread(table, &self.objective, self.points.iter().map(|point| point.objective));
        for (arm, name) in self.arms.iter().enumerate() {
            let of = |what: fn(&ArmResult) -> Spread| self.points.iter().map(move |point| what(&point.arms[arm]));
            table = spread(table, &format!("{name} train loss"), of(|arm| arm.train_loss));
            table = spread(table, &format!("{name} validation loss"), of(|arm| arm.validation_loss));
            table = spread(table, &format!("{name} validation accuracy"), of(|arm| arm.validation_accuracy));
        }
        table.words("remark", self.points.iter().map(|point| point.remark.as_str()))
    }

    /// What a person reads: mean ± standard deviation, each in one cell.
    #[must_use]
    pub fn summary(&self) -> Table {
        let mut table = self.with_values();
        table = table.counts("n", self.points.iter().map(|point| point.objective.n));
        let words = |spread: Spread, is_share| spread.words(is_share);
        for (arm, name) in self.arms.iter().enumerate() {
            let of = |what: fn(&ArmResult) -> Spread| self.points.iter().map(move |point| what(&point.arms[arm]));
            let (loss, accuracy) = (of(|arm| arm.train_loss), of(|arm| arm.validation_accuracy));
            table = table.words(&format!("{name} train loss"), loss.map(|spread| words(spread, false)));
            table = table.words(&format!("{name} validation accuracy"), accuracy.map(|spread| words(spread, true)));
        }
        let accuracies = self.arms.iter().map(|arm| format!("{arm} validation accuracy"));
        let known = self.arms.len() == 1 && self.objective == "validation accuracy";
        if !known && accuracies.into_iter().all(|title| title != self.objective) {
            let objective = self.points.iter().map(|point| words(point.objective, self.is_share));
            table = table.words(&self.objective, objective);
        }
        table.words("", self.points.iter().map(|point| point.remark.as_str()))
    }

    fn with_values(&self) -> Table {
        let column = |table: Table, (axis, label): (usize, &String)| {
            table.words(label, self.points.iter().map(|point| point.values.get(axis).map_or("", String::as_str)))
        };
        self.labels.iter().enumerate().fold(Table::new(&self.name), column)
    }
}

fn spread(table: Table, title: &str, spreads: impl Iterator<Item = Spread> + Clone) -> Table {
    let table = table.numbers(&format!("{title} mean"), spreads.clone().map(|spread| spread.mean));
    table.numbers(&format!("{title} sd"), spreads.map(|spread| spread.sd))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreads_are_those_of_a_sample() {
        let spread = Spread::of(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]);
        assert_eq!((spread.n, spread.mean), (8, 5.0));
        assert!((spread.sd - (32.0_f64 / 7.0).sqrt()).abs() < 1e-15);
        assert_eq!(spread.words(false), "5.000 ± 2.138");
        assert_eq!(Spread::of(&[0.913]).words(true), "91.30 %");
        assert_eq!(Spread::of(&[0.5, 0.75]).words(true), "62.50 ± 17.68 %");
        assert_eq!(Spread::of(&[]).words(true), "–");
    }
}
