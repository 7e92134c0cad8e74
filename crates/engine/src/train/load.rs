//! Networks and weights from files, checked to be numbers.

use super::checkpoint::{self, CheckpointError};
use crate::nn::weights::{self, WeightsError};
use crate::nn::{Array, Model, StateDict, StateError};
use burn::tensor::Device;
use lab_core::blueprint::{Blueprint, BlueprintError};
use lab_core::experiment::Network;
use std::path::{Path, PathBuf};

/// Why a network cannot be made of a file of weights.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The images are too small for the network.
    #[error(transparent)]
    Images(#[from] BlueprintError),
    /// The file holds no weights.
    #[error(transparent)]
    File(#[from] WeightsError),
    /// The file is a checkpoint's and not what was written.
    #[error(transparent)]
    Damaged(#[from] CheckpointError),
    /// The weights are another network's.
    #[error("{}: {why}", .file.display())]
    Fit {
        file: PathBuf,
        /// What does not fit.
        why: StateError,
    },
    /// Whoever trained the weights went on after the numbers had left what can be computed with.
    #[error(
        "{}: {count} of its numbers {} not finite, the first of them in \"{name}\": the training that wrote it had diverged; take an earlier checkpoint", .file.display(), if *count == 1 { "is" } else { "are" }
    )]
    NotFinite {
        file: PathBuf,
        count: usize,
        /// The first weight with such a number.
        name: String,
    },
}

/// A network for images of shape [channels, height, width] with the weights of a file.
///
/// # Errors
/// Images that are too small, a file that holds no weights or is damaged, weights of another network, or numbers that are
/// none.
pub fn load(
    network: &Network,
    shape: [usize; 3],
    classes: usize,
    file: &Path,
    device: &Device,
) -> Result<Model, LoadError> {
    let blueprint = Blueprint::new(network, shape, classes)?;
    let state = read(file)?;
    let fit = |why| LoadError::Fit { file: file.to_owned(), why };
    Model::init(&blueprint, 0, device).with_state(&state).map_err(fit)
}

/// The weights of a file.
///
/// # Errors
/// A file that holds no weights, that is not what a checkpoint was written as, or numbers that are none.
pub fn read(file: &Path) -> Result<StateDict, LoadError> {
    checkpoint::unharmed(file)?;
    let state = weights::read(file)?;
    let wrong = |array: &Array| array.values.iter().filter(|value| !value.is_finite()).count();
    if let Some((name, _)) = state.iter().find(|(_, array)| wrong(array) > 0) {
        let count = state.values().map(wrong).sum();
        return Err(LoadError::NotFinite { file: file.to_owned(), count, name: name.clone() });
    }
    Ok(state)
}
