//! The networks of a run that is kept, to be asked questions: the only file here that knows how runs lie on disk.

use crate::nn::{Model, NotOnThisDevice, StateError};
use crate::train::checkpoint::{self, CheckpointError, WEIGHTS};
use crate::train::device::Opened;
use crate::train::lens;
use crate::train::load::{self, LoadError};
use crate::train::session::dataset_info;
use crate::train::snapshot::{ArmSnapshot, Snapshot};
use lab_core::blueprint::{Blueprint, BlueprintError};
use lab_core::checkpoint::Checkpoint;
use lab_core::data::{DataError, Dataset};
use lab_core::names::first_few;
use lab_core::runs::{Run, RunError};
use std::path::PathBuf;
use std::sync::Arc;

/// Why the networks of a run cannot be brought back.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// Its images cannot be read any more.
    #[error(transparent)]
    Images(#[from] DataError),
    /// Images from elsewhere are of other classes.
    #[error("the run knows the classes {own}, but the data set has {theirs}")]
    Classes {
        /// The run's.
        own: String,
        /// Those of the images.
        theirs: String,
    },
    /// Its images are others by now.
    #[error("the images of {} have changed since it was trained ({how}); put them back", .folder.display())]
    Changed {
        folder: PathBuf,
        /// In what they differ.
        how: String,
    },
    /// An arm has no checkpoint.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The weights of a checkpoint cannot be read.
    #[error(transparent)]
    Weights(#[from] LoadError),
    /// They are another network's.
    #[error("{}: {why}", .folder.display())]
    Fit {
        folder: PathBuf,
        /// What does not fit.
        why: StateError,
    },
    /// What else the checkpoint says cannot be read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The images are too small for the network.
    #[error(transparent)]
    Network(#[from] BlueprintError),
    /// The device does not compute with as many digits as the network.
    #[error(transparent)]
    Precision(#[from] NotOnThisDevice),
}

/// Classes that are named where those of a run and of images differ.
const NAMED: usize = 10;

/// The arms of a run from their checkpoints, with the run's images. An arm without a best checkpoint shows its newest.
///
/// # Errors
/// Images that cannot be read any more or are others by now, or an arm without a checkpoint.
pub fn snapshot(run: &Run, which: Checkpoint, opened: &Opened) -> Result<Snapshot, KeptError> {
    let dataset = Dataset::of(&run.experiment)?;
    match run.info.dataset.changes(&dataset_info(&dataset)) {
        Some(how) => Err(KeptError::Changed { folder: run.folder.clone(), how }),
        None => shown(run, dataset, which, opened),
    }
}

/// The same with images from elsewhere, which may be others.
///
/// # Errors
/// Images of other classes or another size than the run's, or an arm without a checkpoint.
pub fn shown(run: &Run, dataset: Dataset, which: Checkpoint, opened: &Opened) -> Result<Snapshot, KeptError> {
    let seed = run.experiment.recipe.seed;
    let known = &run.info.dataset;
    if dataset.classes != known.classes {
        let [theirs, own] = [&dataset.classes, &known.classes].map(|classes| first_few(classes, NAMED));
        return Err(KeptError::Classes { own, theirs });
    }
    if let Some(how) = known.other_shape(dataset.shape()) {
        return Err(KeptError::Changed { folder: run.folder.clone(), how });
    }
    let mut arms = Vec::with_capacity(run.experiment.arms.len());
    for (index, arm) in run.experiment.arms.iter().enumerate() {
        let [last, best] = [Checkpoint::Last, Checkpoint::Best].map(|which| run.checkpoint(index, which));
        // One that diverged before its first checkpoint is shown as it began.
        let folder = run.weights(index, which).or_else(|why| run.beginning(index).ok_or(why));
        let folder = folder?;
        let state = load::read(&folder.join(WEIGHTS))?;
        let blueprint = Blueprint::new(&arm.network, dataset.shape(), dataset.classes.len());
        let model = Model::init(&blueprint?, seed, &opened.device);
        let model = model.with_state(&state).map_err(|why| KeptError::Fit { folder: folder.clone(), why })?;
        let model = model.in_precision(run.experiment.recipe.precision, &opened.device);
        let model = model?;
        let step = checkpoint::step(&folder)?;
        arms.push(ArmSnapshot::new(&arm.name, model, step, [last, best]));
    }
    Ok(Snapshot {
        step: arms.iter().map(|arm| arm.step).max().unwrap_or(0),
        arms,
        dataset: Arc::new(dataset),
        fit: lens::fit(&run.experiment.data),
        device: opened.device.clone(),
        seed,
        batch: run.experiment.recipe.batch_size,
    })
}
