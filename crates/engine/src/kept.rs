//! The networks of a run that is kept, to be asked questions: the only file here that knows how runs lie on disk.

use crate::nn::Model;
use crate::train::checkpoint::{self, WEIGHTS};
use crate::train::device::Opened;
use crate::train::lens;
use crate::train::load;
use crate::train::snapshot::{ArmSnapshot, Snapshot};
use lab_core::blueprint::Blueprint;
use lab_core::checkpoint::Checkpoint;
use lab_core::data::Dataset;
use lab_core::runs::Run;
use std::sync::Arc;

/// The arms of a run from their checkpoints, with the run's images. An arm without a best checkpoint shows its newest.
///
/// # Errors
/// Images that cannot be read any more, or an arm without a checkpoint.
pub fn snapshot(run: &Run, which: Checkpoint, opened: &Opened) -> Result<Snapshot, String> {
    let dataset = Dataset::of(&run.experiment).map_err(|error| error.to_string())?;
    shown(run, dataset, which, opened)
}

/// The same with images from elsewhere.
///
/// # Errors
/// Images of other classes or another size than the run's, or an arm without a checkpoint.
pub fn shown(run: &Run, dataset: Dataset, which: Checkpoint, opened: &Opened) -> Result<Snapshot, String> {
    let seed = run.experiment.recipe.seed;
    let known = &run.info.dataset;
    if dataset.classes != known.classes {
        let (theirs, own) = (dataset.classes.join(", "), known.classes.join(", "));
        return Err(format!("the run knows the classes {own}, but the data set has {theirs}"));
    }
    if dataset.shape() != known.shape {
        let run = run.folder.display();
        return Err(format!("the images of {run} have changed since it was trained; put them back"));
    }
    let mut arms = Vec::with_capacity(run.experiment.arms.len());
    for (index, arm) in run.experiment.arms.iter().enumerate() {
        let [last, best] = [Checkpoint::Last, Checkpoint::Best].map(|which| run.checkpoint(index, which));
        // One that diverged before its first checkpoint is shown as it began.
        let folder = run.weights(index, which).or_else(|why| run.beginning(index).ok_or(why));
        let folder = folder.map_err(|error| error.to_string())?;
        let state = load::read(&folder.join(WEIGHTS)).map_err(|error| error.to_string())?;
        let blueprint = Blueprint::new(&arm.network, dataset.shape(), dataset.classes.len());
        let model = Model::init(&blueprint.map_err(|error| error.to_string())?, seed, &opened.device);
        let model = model.with_state(&state).map_err(|error| format!("{}: {error}", folder.display()))?;
        let model = model.in_precision(run.experiment.recipe.precision, &opened.device);
        let model = model.map_err(|error| error.to_string())?;
        let step = checkpoint::state(&folder)?.step();
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
