//! The room in memory that a training takes.

use super::features::Features;
use lab_core::blueprint::Blueprint;
use lab_core::blueprint::outline::Outline;
use lab_core::data::{Dataset, Images};
use lab_core::experiment::Experiment;
use lab_core::{memory, number};

/// Why something cannot be trained here.
#[derive(Debug, thiserror::Error)]
#[error(
    "training takes about {} and {} are free; take smaller batches than {batch} images, smaller networks or smaller images (Resize)",
    number::bytes(*.needed),
    number::bytes(*.free)
)]
pub struct TooLarge {
    /// Bytes that it takes.
    needed: u64,
    /// Bytes that are free.
    free: u64,
    /// Images in a batch.
    batch: u64,
}

/// Whether there is room for what training takes, before any of it is taken: without it, the system would end the whole
/// program. A GPU's memory is not known.
///
/// # Errors
/// There is not, with both sizes and what to do.
pub(super) fn fits_into_memory(experiment: &Experiment, dataset: &Dataset, gpu: bool) -> Result<(), TooLarge> {
    let Some(free) = memory::free().filter(|_| !gpu) else { return Ok(()) };
    let batch = experiment.recipe.batch_size as u64;
    let (mut kept, mut most) = (0u64, 0u64);
    for arm in &experiment.arms {
        let outline = Outline::new(arm, dataset.shape(), dataset.classes.len());
        let Ok(outline) = outline else { continue };
        let values = arm.optimizer(&experiment.recipe).method.kept_values();
        let weights = outline.training_bytes(0, values);
        // Arms step in turn, so that only one has its maps in memory.
        most = most.max(outline.training_bytes(batch, values) - weights);
        kept = kept.saturating_add(weights);
        let blueprint = Blueprint::new(&arm.network, dataset.shape(), dataset.classes.len());
        if let (Ok(blueprint), true) = (blueprint, arm.freeze().holds_backbone()) {
            let of = |part: &Images| Features::bytes(part.len(), blueprint.features[0]);
            kept = kept.saturating_add(of(&dataset.train) + of(&dataset.validation));
        }
    }
    let needed = kept.saturating_add(most);
    if needed <= free {
        return Ok(());
    }
    Err(TooLarge { needed, free, batch })
}
