//! What TensorBoard shows of an arm, written beside its tables while it trains.

use super::growing::Growing;
use super::rows::{GradientRow, MetricsRow};
use crate::experiment::Setting;
use crate::export::tensorboard::{self, FILE};
use crate::png;
use crate::protocol::{Evaluation, Histogram};
use crate::quantity::{BlockQuantity, Measure};
use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

/// Steps up to which each one is written; of ten times as many, every tenth, and so on.
const EVERY_STEP: u64 = 10_000;
/// The groups of what tells how an arm's parameters and their gradients are spread.
const SPREADS: [&str; 2] = ["weights", "gradients"];
/// Pixels of a cell of the confusion picture.
const CELL: usize = 16;

/// The most classes of which a confusion is drawn.
const MOST_DRAWN: usize = 100;

/// How far apart the steps that are written stand, at this one.
fn apart(step: u64) -> u64 {
    (0..15).map(|power| 10u64.pow(power)).find(|apart| step <= EVERY_STEP * apart).unwrap_or(u64::MAX)
}

pub(super) struct Board(Growing);

impl Board {
    /// Opens an arm's file, or begins it with the experiment and with what its tables have so far.
    pub fn open(
        folder: &Path,
        plan: &str,
        settings: &[Setting],
        rows: impl FnOnce() -> io::Result<(Vec<MetricsRow>, Vec<GradientRow>)>,
    ) -> io::Result<Self> {
        let mut board = Self(Growing::open(folder.join(FILE), |bytes| tensorboard::whole(bytes, u64::MAX))?);
        if board.0.end() == 0 {
            board.0.push(&tensorboard::beginning());
            board.0.push(&tensorboard::text(0, "experiment", &format!("```toml\n{plan}\n```")));
            let settings: Vec<_> = settings.iter().map(|it| (it.path.clone(), it.value.clone())).collect();
            board.0.push(&tensorboard::settings(&settings));
            let (metrics, gradients) = rows()?;
            metrics.iter().for_each(|row| board.measured(row));
            gradients.iter().for_each(|row| board.probed(row));
        }
        Ok(board)
    }

    /// A step, a validation, or both.
    pub fn measured(&mut self, row: &MetricsRow) {
        let validated = row.get(Measure::ValidationLoss).is_some();
        if !validated && !row.step.is_multiple_of(apart(row.step)) {
            return;
        }
        let named = |measure: &Measure| {
            let column = measure.column();
            let group = column.split_once('_').filter(|(group, _)| ["train", "validation"].contains(group));
            let name = group.map_or_else(|| format!("recipe/{column}"), |(group, rest)| format!("{group}/{rest}"));
            Some((name, row.get(*measure)?))
        };
        let values: Vec<(String, f64)> = Measure::ALL.iter().filter_map(named).collect();
        self.0.push(&tensorboard::scalars(row.step, &values));
    }

    /// What a probe saw in a block, or in the network as a whole.
    pub fn probed(&mut self, row: &GradientRow) {
        let named =
            |quantity: BlockQuantity| Some((format!("{}/{}", quantity.column(), row.block), row.get(quantity)?));
        let values: Vec<(String, f64)> = BlockQuantity::columns().filter_map(named).collect();
        self.0.push(&tensorboard::scalars(row.step, &values));
    }

    /// The confusion matrix of a validation as a picture: actual classes down, predicted across, dark where many are;
    /// of more classes than can be told apart there is none.
    pub fn confused(&mut self, evaluation: &Evaluation, classes: usize) {
        if classes > MOST_DRAWN {
            return;
        }
        let side = classes * CELL;
        let mut pixels = vec![255; side * side * 3];
        for (row, counts) in evaluation.confusion.rows().iter().enumerate() {
            let total: u32 = counts.iter().sum();
            for (column, count) in counts.iter().enumerate() {
                let share = f64::from(*count) / f64::from(total.max(1));
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "shades from 0 to 255")]
                let shade = [1.0, 0.72, 0.35].map(|strength| (255.0 * (1.0 - strength * share)) as u8);
                for y in row * CELL..(row + 1) * CELL {
                    let start = (y * side + column * CELL) * 3;
                    pixels[start..start + CELL * 3].chunks_exact_mut(3).for_each(|pixel| pixel.copy_from_slice(&shade));
                }
            }
        }
        // As many pixels as the sides say; a picture that cannot be made is left out.
        if let Ok(png) = png::rgb(&pixels, [side, side]) {
            self.0.push(&tensorboard::picture(evaluation.step, "validation/confusion", &png, [side, side]));
        }
    }

    /// How an arm's parameters and gradients are spread.
    pub fn spread(&mut self, step: u64, of: &[Histogram]) {
        for histogram in of {
            let values = [(histogram.limit, &histogram.counts), (histogram.gradient_limit, &histogram.gradient_counts)];
            for (kind, (limit, counts)) in SPREADS.iter().zip(values).filter(|(_, (_, counts))| !counts.is_empty()) {
                let width = 2.0 * limit / counts.len() as f64;
                let limits = (1..=counts.len()).map(|bin| bin as f64 * width - limit).collect();
                let counts = counts.iter().map(|count| f64::from(*count)).collect();
                let tag = format!("{kind}/{}", histogram.parameter);
                self.0.push(&tensorboard::spread(step, &tag, &tensorboard::Spread { limits, counts }));
            }
        }
    }

    /// Drops what came after this step.
    pub fn cut(&mut self, step: u64) -> io::Result<()> {
        let whole = tensorboard::whole(&self.0.contents()?, step);
        self.0.cut(whole as u64);
        self.0.flush()
    }

    /// The file below.
    pub fn file(&mut self) -> &mut Growing {
        &mut self.0
    }
}

/// How an arm's parameters and gradients were spread at each step that was counted, from the file in its folder.
pub(super) fn spreads(folder: &Path) -> io::Result<BTreeMap<u64, Vec<Histogram>>> {
    let path = folder.join(FILE);
    let bytes = if path.exists() { fs::read(path)? } else { Vec::new() };
    let mut found: BTreeMap<u64, Vec<Histogram>> = BTreeMap::new();
    for (step, tag, spread) in tensorboard::spreads(&bytes) {
        let Some((kind, parameter)) = tag.split_once('/') else { continue };
        let limit = spread.limits.last().copied().unwrap_or_default();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "they were counted")]
        let counts = spread.counts.iter().map(|count| *count as u32).collect();
        let histograms = found.entry(step).or_default();
        if kind == SPREADS[0] {
            histograms.push(Histogram { parameter: parameter.to_owned(), limit, counts, ..Histogram::default() });
        } else if kind == SPREADS[1]
            && let Some(last) = histograms.last_mut().filter(|last| last.parameter == parameter)
        {
            (last.gradient_limit, last.gradient_counts) = (limit, counts);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_runs_write_fewer_of_their_steps() {
        let written = |steps: u64| (1..=steps).filter(|step| step.is_multiple_of(apart(*step))).count();
        assert_eq!([10_000, 30_000, 200_000].map(written), [10_000, 12_000, 20_000]);
        assert_eq!(apart(u64::MAX), u64::MAX);
    }
}
