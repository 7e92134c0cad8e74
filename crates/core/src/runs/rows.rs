//! What a row of a run's tables holds, and what its columns are called. What was measured is taken apart into rows and put
//! together again here. Must not know which numbers there are: [`Measure`] and [`BlockQuantity`] do.

use crate::protocol::{ArmProbe, BlockProbe, Evaluation, PastStep, StepRecord};
use crate::quantity::{BlockQuantity, Measure};
use serde::Serialize;

/// A row of cells; the first column is the step.
pub(super) trait Row: Serialize + Sized {
    /// The names of its columns, in the order of the file.
    fn columns() -> Vec<&'static str>;

    /// A row from its cells, in the order of the columns. `None` where one makes no sense, or is empty in a column that
    /// a row must have.
    fn from_cells(cells: &[&str]) -> Option<Self>;
}

/// A step of one arm, with the validation that followed it, if one did.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct MetricsRow {
    /// From 1; 0 for a validation before training.
    pub step: u64,
    /// Passes over the training images.
    pub epoch: f64,
    /// Training time in seconds.
    pub seconds: f64,
    /// In the order of [`Measure::ALL`].
    measured: [Option<f64>; Measure::ALL.len()],
}

impl Row for MetricsRow {
    fn columns() -> Vec<&'static str> {
        let measured = Measure::ALL.iter().map(|measure| measure.column());
        ["step", "epoch", "seconds"].into_iter().chain(measured).collect()
    }

    fn from_cells(cells: &[&str]) -> Option<Self> {
        let [step, epoch, seconds, measured @ ..] = cells else { return None };
        Some(Self {
            step: step.parse().ok()?,
            epoch: epoch.parse().ok()?,
            seconds: seconds.parse().ok()?,
            measured: numbers(measured)?,
        })
    }
}

/// What a probe saw in one block, or in the network as a whole: block `all`, which has no output.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct GradientRow {
    /// From 1.
    pub step: u64,
    /// `layer1.0`, …
    pub block: String,
    /// In the order of [`BlockQuantity::columns`].
    measured: [Option<f64>; BlockQuantity::ALL.len()],
}

impl Row for GradientRow {
    fn columns() -> Vec<&'static str> {
        ["step", "block"].into_iter().chain(BlockQuantity::columns().map(BlockQuantity::column)).collect()
    }

    fn from_cells(cells: &[&str]) -> Option<Self> {
        let [step, block, measured @ ..] = cells else { return None };
        Some(Self { step: step.parse().ok()?, block: (*block).to_owned(), measured: numbers(measured)? })
    }
}

/// Empty cells have no number; `None` where one has something else.
fn numbers<const COUNT: usize>(cells: &[&str]) -> Option<[Option<f64>; COUNT]> {
    let mut numbers = [None; COUNT];
    for (number, cell) in numbers.iter_mut().zip(cells).filter(|(_, cell)| !cell.is_empty()) {
        *number = Some(cell.parse().ok()?);
    }
    Some(numbers)
}

/// What the whole network is called among the blocks.
const ALL: &str = "all";

/// The gradient of the first and of the last block's weights at this step; `None` where it was not looked at.
#[must_use]
pub fn first_and_last_gradient(rows: &[GradientRow], step: u64) -> Option<[f64; 2]> {
    let mut of = rows.iter().filter(|row| row.step == step && !row.is_of_whole_network());
    let first = of.next()?;
    let last = of.next_back().unwrap_or(first);
    Some([first.get(BlockQuantity::WeightGradient)?, last.get(BlockQuantity::WeightGradient)?])
}

impl GradientRow {
    /// Whether the row is of the network as a whole, not of a block.
    #[must_use]
    pub fn is_of_whole_network(&self) -> bool {
        self.block == ALL
    }

    /// What was measured of a quantity, if it was.
    #[must_use]
    pub fn get(&self, quantity: BlockQuantity) -> Option<f64> {
        BlockQuantity::columns().position(|known| known == quantity).and_then(|place| self.measured[place])
    }

    fn new(step: u64, block: &str, of: impl Fn(BlockQuantity) -> Option<f64>) -> Self {
        let mut row = Self { step, block: block.to_owned(), ..Self::default() };
        for (cell, quantity) in row.measured.iter_mut().zip(BlockQuantity::columns()) {
            *cell = of(quantity);
        }
        row
    }

    /// The network as a whole first, then each block.
    pub(super) fn of<'a>(step: u64, probe: &'a ArmProbe, blocks: &'a [String]) -> impl Iterator<Item = Self> + use<'a> {
        let whole = Self::new(step, ALL, |quantity| quantity.of_whole(probe));
        let block = move |(name, seen): (&String, &BlockProbe)| Self::new(step, name, |quantity| quantity.of(seen));
        std::iter::once(whole).chain(blocks.iter().zip(&probe.blocks).map(block))
    }

    /// Puts the row where it belongs: it begins a probe or is a block of the one that is open. Gives the probe before it
    /// when it begins another.
    pub(super) fn put_together(self, open: &mut Option<(u64, ArmProbe)>) -> Option<(u64, ArmProbe)> {
        let measured = BlockQuantity::columns().zip(self.measured);
        if self.block == ALL {
            let mut probe = ArmProbe::default();
            measured.for_each(|(quantity, value)| quantity.put_into_whole(&mut probe, value));
            return open.replace((self.step, probe));
        }
        if let Some((_, probe)) = open.as_mut().filter(|(at, _)| *at == self.step) {
            let mut block = BlockProbe::default();
            measured.for_each(|(quantity, value)| quantity.put(&mut block, value));
            probe.blocks.push(block);
        }
        None
    }
}

impl MetricsRow {
    /// A row in which nothing is measured yet.
    #[must_use]
    pub fn at(step: u64, epoch: f64, seconds: f64) -> Self {
        Self { step, epoch, seconds, ..Self::default() }
    }

    /// What was measured, if it was.
    #[must_use]
    pub fn get(&self, measure: Measure) -> Option<f64> {
        self.measured[measure as usize]
    }

    /// The row with a measured value.
    #[must_use]
    pub fn with(mut self, measure: Measure, value: f64) -> Self {
        self.measured[measure as usize] = Some(value);
        self
    }

    /// The row of an arm's step; `None` once the arm has stopped.
    pub(super) fn of(record: &StepRecord, arm: usize) -> Option<Self> {
        let step = PastStep::of(record, arm)?;
        let measured = Measure::ALL.iter().filter_map(|&measure| Some((measure, measure.of_step(&step)?)));
        let row = Self::at(step.step, record.epoch, step.seconds);
        Some(measured.fold(row, |row, (measure, value)| row.with(measure, value)))
    }

    /// The row with a validation.
    pub(super) fn validated(self, evaluation: &Evaluation) -> Self {
        let measured = Measure::ALL.iter().filter_map(|&measure| Some((measure, measure.of_validation(evaluation)?)));
        measured.fold(self, |row, (measure, value)| row.with(measure, value))
    }

    /// The step, unless the row has a validation alone.
    #[must_use]
    pub fn trained(&self) -> Option<PastStep> {
        self.get(Measure::TrainLoss).and(self.get(Measure::TrainAccuracy))?;
        let mut step = PastStep { step: self.step, seconds: self.seconds, ..PastStep::default() };
        Measure::ALL.iter().for_each(|measure| measure.put_into_step(&mut step, self.get(*measure)));
        Some(step)
    }

    /// The validation of an arm, if there was one, after those `before`; without confusion matrix and predictions.
    #[must_use]
    pub fn evaluation(&self, arm: usize, before: &[Evaluation]) -> Option<Evaluation> {
        let loss = self.get(Measure::ValidationLoss).filter(|_| self.get(Measure::ValidationAccuracy).is_some())?;
        let finite = before.iter().map(|evaluation| evaluation.loss).filter(|loss| loss.is_finite());
        let best = finite.min_by(f64::total_cmp).is_none_or(|best| loss < best);
        let &Self { step, epoch, seconds, .. } = self;
        let mut evaluation = Evaluation { arm, step, epoch, seconds, best, ..Evaluation::default() };
        Measure::ALL.iter().for_each(|measure| measure.put_into_validation(&mut evaluation, self.get(*measure)));
        Some(evaluation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_what_they_always_were() {
        assert_eq!(
            MetricsRow::columns().join(","),
            "step,epoch,seconds,images_per_second,learning_rate,train_loss,train_accuracy,\
             validation_loss,validation_accuracy,validation_top5"
        );
        assert_eq!(
            GradientRow::columns().join(","),
            "step,block,weight_gradient_norm,weight_norm,update_norm,output_gradient_norm,activation_mean,\
             activation_std,branch_ratio"
        );
    }
}
