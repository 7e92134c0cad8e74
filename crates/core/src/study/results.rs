//! What a study came to: a row for each point, with mean and standard deviation over its seeds.

use super::checked::Study;
use super::error::StudyError;
use super::folder::{Begun, StudyFolder};
use super::plan::Objective;
use super::record::{TrialRecord, TrialState};
use crate::number::{or_dash, precise};
use crate::protocol::ArmOutcome;
use crate::runs;
use crate::search::Goal;
use crate::statistics::Sample;
use crate::table::Table;
use std::collections::BTreeMap;

/// A study's results, point by point.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Results {
    /// What the table is called.
    name: String,
    /// What the axes are called.
    labels: Vec<String>,
    /// What is to become as good as possible.
    objective: Objective,
    /// What that is called.
    title: String,
    /// The place of the arm that it is of; absent where it is the mean over several.
    judged: Option<usize>,
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
    pub objective: Option<Sample>,
    /// What each arm came to, likewise.
    pub arms: Vec<ArmResult>,
    /// What became of the other seeds, in words; empty where all came to their end.
    pub remark: String,
}

/// What one arm came to at one point.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ArmResult {
    /// Mean training loss of the last epoch.
    pub train_loss: Option<Sample>,
    /// At the last validation.
    pub validation_loss: Option<Sample>,
    /// At the last validation.
    pub validation_accuracy: Option<Sample>,
}

impl StudyFolder {
    /// What the study has come to so far.
    ///
    /// # Errors
    /// A folder that cannot be read, a damaged file.
    pub fn results(&self) -> Result<Results, StudyError> {
        let study = self.study();
        let mut points: BTreeMap<u32, Vec<Begun>> = BTreeMap::new();
        let begun = self.begun()?;
        self.unchanged(&begun)?;
        for (number, begun) in begun {
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
            rows.push(row(point, study.values(&settings), study.seeds().len(), &begun, arms.len()));
        }
        let objective = study.search.objective;
        let judged = rows.iter().enumerate().filter_map(|(index, row)| Some((index, row.objective?)));
        let most = judged.clone().map(|(_, of)| of.n).max();
        let cost = |of: Sample| if objective.goal() == Goal::Highest { -of.mean } else { of.mean };
        let judged = judged.filter(|(_, of)| Some(of.n) == most);
        let best = judged.min_by(|(_, a), (_, b)| cost(*a).total_cmp(&cost(*b))).map(|(index, _)| index);
        Ok(Results {
            name: study.name.clone(),
            labels: study.labels().to_vec(),
            objective,
            title: objective_name(study),
            judged: if let [one] = study.judged()[..] { Some(one) } else { None },
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
        None if study.judged().len() > 1 => format!("mean {name}"),
        None => name.to_owned(),
    }
}

fn row(point: u32, values: Vec<String>, seeds: usize, begun: &[Begun], arms: usize) -> PointResult {
    let done = |begun: &&Begun| begun.record.state == TrialState::Done;
    let objectives = begun.iter().filter(done).filter_map(|begun| begun.record.objective);
    let outcomes: Vec<Vec<ArmOutcome>> =
        begun.iter().filter(done).filter_map(|begun| Some(runs::open(&begun.folder).ok()?.outcome?.arms)).collect();
    let of = |arm: usize, value: fn(&ArmOutcome) -> Option<f64>| {
        let values = outcomes.iter().filter_map(|arms| arms.get(arm)).filter(|arm| arm.diverged_at.is_none());
        Sample::of(values.filter_map(value))
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
        objective: Sample::of(objectives),
        arms: (0..arms).map(arm).collect(),
        remark: remark(seeds, begun.iter().map(|begun| &begun.record), lost, outcomes.len()),
    }
}

/// What became of the seeds that did not come to their end, and of arms that diverged on the way.
fn remark<'a>(
    seeds: usize,
    records: impl Iterator<Item = &'a TrialRecord>,
    lost: impl Iterator<Item = &'a str>,
    outcomes: usize,
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
        (count(TrialState::Done).saturating_sub(outcomes), "with no outcome.json that can be read"),
    ];
    let whole = kinds.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
    let arms = arms.into_iter().map(|(arm, count)| format!("{arm} diverged in {count}"));
    whole.chain(arms).collect::<Vec<_>>().join(", ")
}

impl Results {
    /// What the objective is called.
    #[must_use]
    pub fn objective(&self) -> &str {
        &self.title
    }

    /// Whether the objective is the mean over a point's arms, and not what a single one came to.
    #[must_use]
    pub fn is_mean_of_arms(&self) -> bool {
        self.judged.is_none()
    }

    /// The values of the point at this place, as in "rate 0.1, depth 8".
    #[must_use]
    pub fn words(&self, place: usize) -> String {
        let values = self.labels.iter().zip(self.points.get(place).map_or(&[][..], |point| &point.values));
        values.map(|(label, value)| format!("{label} {value}")).collect::<Vec<_>>().join(", ")
    }

    /// Whether the objective is a share, and not a loss.
    #[must_use]
    pub fn is_share(&self) -> bool {
        self.objective.is_share()
    }

    /// Whether more of the objective is better.
    #[must_use]
    pub fn is_more_better(&self) -> bool {
        self.objective.goal() == Goal::Highest
    }

    /// All numbers, each in a cell of its own, with all their digits.
    #[must_use]
    pub fn table(&self) -> Table {
        let mut table = self.with_values();
        table = table.counts("n", self.points.iter().map(|point| point.objective.map_or(0, |of| of.n)));
        table = spread(table, &self.title, self.points.iter().map(|point| point.objective));
        for (arm, name) in self.arms.iter().enumerate() {
            let of =
                |what: fn(&ArmResult) -> Option<Sample>| self.points.iter().map(move |point| what(&point.arms[arm]));
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
        table = table.counts("n", self.points.iter().map(|point| point.objective.map_or(0, |of| of.n)));
        let words = |sample: Option<Sample>, is_share| {
            let (times, unit) = if is_share { (100.0, " %") } else { (1.0, "") };
            or_dash(sample.map(|sample| sample.in_words(times, precise, unit)))
        };
        // An arm's accuracy in the end has a column of its own below.
        if self.judged.is_none() || self.objective != Objective::ValidationAccuracy {
            let objective = self.points.iter().map(|point| words(point.objective, self.is_share()));
            table = table.words(&self.title, objective);
        }
        for (arm, name) in self.arms.iter().enumerate() {
            let of =
                |what: fn(&ArmResult) -> Option<Sample>| self.points.iter().map(move |point| what(&point.arms[arm]));
            let (loss, accuracy) = (of(|arm| arm.train_loss), of(|arm| arm.validation_accuracy));
            table = table.words(&format!("{name} train loss"), loss.map(|spread| words(spread, false)));
            table = table.words(&format!("{name} validation accuracy"), accuracy.map(|spread| words(spread, true)));
        }
        let remarks = || self.points.iter().map(|point| point.remark.as_str());
        if remarks().all(str::is_empty) { table } else { table.words("", remarks()) }
    }

    fn with_values(&self) -> Table {
        let column = |table: Table, (axis, label): (usize, &String)| {
            table.words(label, self.points.iter().map(|point| point.values.get(axis).map_or("", String::as_str)))
        };
        self.labels.iter().enumerate().fold(Table::new(&self.name), column)
    }
}

/// A single number has no spread, and its cell stays empty.
fn spread(table: Table, title: &str, of: impl Iterator<Item = Option<Sample>> + Clone) -> Table {
    let table = table.numbers(&format!("{title} mean"), of.clone().map(|of| of.map_or(f64::NAN, |of| of.mean)));
    table.numbers(&format!("{title} sd"), of.map(|of| of.filter(|of| of.n > 1).map_or(f64::NAN, |of| of.sd)))
}
