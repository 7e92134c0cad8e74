//! The numbers that a verdict is made from.

use super::stretch::Stretch;
use crate::protocol::Discordant;

/// What was measured of an experiment, over one seed or several.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// One for each arm.
    pub arms: Vec<ArmFacts>,
    /// One for each seed.
    pub trials: Vec<Trial>,
    pub images: usize,
    /// Why trainings that have ended cannot be read; they are left out.
    pub unread: Vec<String>,
}

impl Facts {
    /// Takes in what was measured with other seeds.
    pub fn add(&mut self, more: Self) {
        self.unread.extend(more.unread);
        if self.arms.is_empty() {
            *self = Self { unread: std::mem::take(&mut self.unread), ..more };
        } else {
            self.trials.extend(more.trials);
        }
    }
}

/// What is known of an arm before it trains.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArmFacts {
    /// What it is called.
    pub name: String,
}

/// One seed: arms that saw the same batches and started from the same weights wherever shapes agree.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trial {
    pub seed: u64,
    /// Steps that were planned.
    pub planned: u64,
    /// One for each arm.
    pub arms: Vec<Measured>,
    /// On how many images only one of two arms was right in the end; empty where that is not known.
    pub discordant: Vec<Discordant>,
    /// What was changed by hand while it trained, in words, and after which step; oldest first.
    pub changed: Vec<(u64, String)>,
    /// How often another arm took the lead in validation accuracy during the second half of the training.
    pub lead_changes: usize,
}

/// What one arm has come to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measured {
    pub steps: u64,
    /// Share of the validation images classified correctly at the last validation.
    pub accuracy: Option<f64>,
    /// The step of that validation.
    pub validated_at: Option<u64>,
    /// Mean training loss of the last epoch, or of `loss_of`.
    pub train_loss: Option<f64>,
    /// What the training loss is the mean of.
    pub loss_of: Stretch,
    /// Share of the last epoch's training images classified correctly.
    pub train_accuracy: Option<f64>,
    /// The step at which the loss left the finite numbers, if it did.
    pub diverged_at: Option<u64>,
    /// The gradient of the first and of the last block's weights at the first probe, as norms.
    pub first_gradients: Option<[f64; 2]>,
    /// The averaged training loss after so many steps, in order.
    pub losses: Vec<(u64, f64)>,
    /// The block whose removal costs most accuracy, and the share that is left without it, where that was asked.
    pub worst_lesion: Option<(String, f64)>,
}
