//! How much room the networks of a run take on its disk, and how much there is.

use lab_core::files;
use lab_core::number;
use lab_core::protocol::Prepared;
use std::path::PathBuf;

/// Bytes of one number of a network.
const NUMBER: u64 = 4;

/// The last and the best checkpoint of every network, as they are written at the end of a run.
pub(super) struct Needed {
    folder: PathBuf,
    bytes: u64,
}

impl Needed {
    /// Of a run that is kept in a folder.
    pub fn of(prepared: &Prepared) -> Option<Self> {
        let folder = prepared.run.clone()?;
        let recipe = &prepared.experiment.recipe;
        let of_arm = |(arm, info): (&lab_core::experiment::Arm, &lab_core::protocol::ArmInfo)| {
            2 * NUMBER * info.parameters * (1 + arm.optimizer(recipe).method.kept_values())
        };
        Some(Self { folder, bytes: prepared.experiment.arms.iter().zip(&prepared.arms).map(of_arm).sum() })
    }

    /// What is needed and what there is, where there is too little.
    pub fn in_words(&self) -> Option<String> {
        let free = files::free_bytes(&self.folder).filter(|free| *free < self.bytes)?;
        let (folder, missing) = (self.folder.display(), self.bytes - free);
        let [needed, free, missing] = [self.bytes, free, missing].map(number::bytes);
        Some(format!("{folder} needs up to {needed} and has {free}: make {missing} free"))
    }
}
