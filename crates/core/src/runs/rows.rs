//! What a row of a run's tables holds. A row's fields are its columns, under the same names and in the same order; what
//! a probe saw is taken apart into rows and put together again here.

use crate::protocol::{ArmProbe, ArmStep, BlockProbe, Evaluation, PastStep};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// A row with the names of its columns; the first column is the step.
pub(super) trait Row: Serialize + DeserializeOwned {
    /// In the order of the file.
    const COLUMNS: &'static [&'static str];

    /// A row from its cells, in the order of the columns; `None` where one that a row must have makes no sense.
    fn from_cells(cells: &[&str]) -> Option<Self>;
}

/// A value that a cell can hold.
trait Cell: Sized {
    fn read(cell: &str) -> Option<Self>;
}

impl Cell for u64 {
    fn read(cell: &str) -> Option<Self> {
        cell.parse().ok()
    }
}

impl Cell for f64 {
    fn read(cell: &str) -> Option<Self> {
        cell.parse().ok()
    }
}

impl Cell for String {
    fn read(cell: &str) -> Option<Self> {
        Some(cell.to_owned())
    }
}

impl Cell for Option<f64> {
    fn read(cell: &str) -> Option<Self> {
        Some(f64::read(cell))
    }
}

macro_rules! row {
    ($(#[$about:meta])* $name:ident { $($(#[$what:meta])* $column:ident: $kind:ty,)* }) => {
        $(#[$about])*
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        pub struct $name { $($(#[$what])* pub $column: $kind,)* }

        impl Row for $name {
            const COLUMNS: &'static [&'static str] = &[$(stringify!($column),)*];

            fn from_cells(cells: &[&str]) -> Option<Self> {
                let mut cells = cells.iter();
                Some(Self { $($column: Cell::read(cells.next()?)?,)* })
            }
        }
    };
}

row! {
    /// A step of one arm, with the validation that followed it, if one did.
    MetricsRow {
        /// From 1; 0 for a validation before training.
        step: u64,
        /// Passes over the training images.
        epoch: f64,
        /// Training time in seconds.
        seconds: f64,
        /// Throughput of the step.
        images_per_second: Option<f64>,
        /// Used by the step.
        learning_rate: Option<f64>,
        /// Mean over the batch.
        train_loss: Option<f64>,
        /// Share of the batch.
        train_accuracy: Option<f64>,
        /// Mean over the validation images.
        validation_loss: Option<f64>,
        /// Share of the validation images.
        validation_accuracy: Option<f64>,
        /// Share of the validation images whose class is among the five likeliest.
        validation_top5: Option<f64>,
    }
}

row! {
    /// What a probe saw in one block, or in the network as a whole: block `all`, which has no output.
    GradientRow {
        /// From 1.
        step: u64,
        /// `layer1.0`, …
        block: String,
        /// ‖∂L/∂W‖
        weight_gradient_norm: f64,
        /// ‖W‖
        weight_norm: Option<f64>,
        /// ‖ΔW‖ of the step.
        update_norm: Option<f64>,
        /// ‖∂L/∂y‖ of the output y.
        output_gradient_norm: Option<f64>,
        /// Mean of the output.
        activation_mean: Option<f64>,
        /// Standard deviation of the output.
        activation_std: Option<f64>,
        /// ‖αF(x)‖ / ‖x‖, in a block with a shortcut.
        branch_ratio: Option<f64>,
    }
}

/// What the whole network is called among the blocks.
const ALL: &str = "all";

impl GradientRow {
    /// Whether the row is of the network as a whole, not of a block.
    #[must_use]
    pub fn is_of_whole_network(&self) -> bool {
        self.block == ALL
    }

    /// The network as a whole first, then each block.
    pub(super) fn of<'a>(step: u64, probe: &'a ArmProbe, blocks: &'a [String]) -> impl Iterator<Item = Self> + use<'a> {
        let whole = Self {
            step,
            block: ALL.to_owned(),
            weight_gradient_norm: probe.gradient_norm,
            weight_norm: Some(probe.weight_norm),
            update_norm: Some(probe.update_norm),
            ..Self::default()
        };
        let block = move |(name, seen): (&String, &BlockProbe)| Self {
            step,
            block: name.clone(),
            weight_gradient_norm: seen.weight_gradient_norm,
            weight_norm: Some(seen.weight_norm),
            update_norm: Some(seen.update_norm),
            output_gradient_norm: Some(seen.output_gradient_norm),
            activation_mean: Some(seen.activation_mean),
            activation_std: Some(seen.activation_std),
            branch_ratio: seen.branch_ratio,
        };
        std::iter::once(whole).chain(blocks.iter().zip(&probe.blocks).map(block))
    }

    /// Puts the row where it belongs: it begins a probe or is a block of the one that is open. Gives the probe before it
    /// when it begins another.
    pub(super) fn put_together(self, open: &mut Option<(u64, ArmProbe)>) -> Option<(u64, ArmProbe)> {
        let value = |cell: Option<f64>| cell.unwrap_or(f64::NAN);
        if self.block == ALL {
            let probe = ArmProbe {
                gradient_norm: self.weight_gradient_norm,
                weight_norm: value(self.weight_norm),
                update_norm: value(self.update_norm),
                blocks: Vec::new(),
            };
            return open.replace((self.step, probe));
        }
        if let Some((_, probe)) = open.as_mut().filter(|(at, _)| *at == self.step) {
            probe.blocks.push(BlockProbe {
                weight_gradient_norm: self.weight_gradient_norm,
                weight_norm: value(self.weight_norm),
                update_norm: value(self.update_norm),
                output_gradient_norm: value(self.output_gradient_norm),
                activation_mean: value(self.activation_mean),
                activation_std: value(self.activation_std),
                branch_ratio: self.branch_ratio,
            });
        }
        None
    }
}

impl MetricsRow {
    /// The step, unless the row has a validation alone.
    #[must_use]
    pub fn trained(&self) -> Option<PastStep> {
        let (loss, accuracy) = (self.train_loss?, self.train_accuracy?);
        let learning_rate = self.learning_rate.unwrap_or(f64::NAN);
        Some(PastStep {
            step: self.step,
            seconds: self.seconds,
            images_per_second: self.images_per_second.unwrap_or(f64::NAN),
            seen: ArmStep { loss, accuracy, learning_rate },
        })
    }

    /// The validation of an arm, if there was one, after those `before`.
    #[must_use]
    pub fn evaluation(&self, arm: usize, before: &[Evaluation]) -> Option<Evaluation> {
        let (loss, accuracy) = (self.validation_loss?, self.validation_accuracy?);
        let finite = before.iter().map(|evaluation| evaluation.loss).filter(|loss| loss.is_finite());
        Some(Evaluation {
            arm,
            step: self.step,
            epoch: self.epoch,
            seconds: self.seconds,
            loss,
            accuracy,
            top5: self.validation_top5.unwrap_or(f64::NAN),
            confusion: Vec::new(),
            predicted: Vec::new(),
            best: finite.min_by(f64::total_cmp).is_none_or(|best| loss < best),
        })
    }
}
