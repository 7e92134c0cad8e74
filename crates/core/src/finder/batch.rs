//! The batch-size finder: which sizes fit into memory, and from where on a larger one brings nothing.

use crate::blueprint::outline::Outline;
use crate::experiment::Experiment;
use serde::{Deserialize, Serialize};

/// A batch size, and what training with it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchNeeds {
    /// Images at a time.
    pub batch: usize,
    /// Bytes for all arms: maps that are kept for the backward pass, weights, gradients and the optimisers' values.
    pub bytes: u64,
}

/// A batch size that was measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tried {
    /// What it needs.
    #[serde(flatten)]
    pub fit: BatchNeeds,
    /// Images that all arms together saw in a second.
    pub images_per_second: f64,
}

/// Powers of two from 8 on that are no larger than the training set and fit into `memory` bytes, for images of this
/// `shape` ([channels, height, width]) and so many `classes`.
///
/// # Errors
/// A network that cannot be laid out on such images, and why.
pub fn sizes(
    experiment: &Experiment,
    shape: [usize; 3],
    classes: usize,
    train: usize,
    memory: u64,
) -> Result<Vec<BatchNeeds>, String> {
    let outlines: Vec<Outline> =
        experiment.arms.iter().map(|arm| Outline::new(arm, shape, classes)).collect::<Result<_, _>>()?;
    let bytes = |batch: usize| {
        let of = outlines.iter().zip(&experiment.arms).map(|(outline, arm)| {
            outline.training_bytes(batch as u64, arm.optimizer(&experiment.recipe).method.kept_values())
        });
        of.fold(0u64, u64::saturating_add)
    };
    let powers = (3..=16).map(|power| 1usize << power).take_while(|&batch| batch <= train.max(8));
    Ok(powers.map(|batch| BatchNeeds { batch, bytes: bytes(batch) }).take_while(|fit| fit.bytes <= memory).collect())
}

/// How near to the greatest speed a smaller batch must come to be preferred: it makes more steps of the same images.
const NEAR: f64 = 0.95;

/// The smallest batch that is about as fast as the fastest.
#[must_use]
pub fn recommended(tried: &[Tried]) -> Option<&Tried> {
    let best = tried.iter().map(|tried| tried.images_per_second).max_by(f64::total_cmp)?;
    tried.iter().filter(|tried| tried.images_per_second >= NEAR * best).min_by_key(|tried| tried.fit.batch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::PRESETS;

    #[test]
    fn sizes_end_where_memory_or_the_training_set_does() {
        let experiment = Experiment::check(PRESETS[0].plan()).unwrap();
        let sizes = |memory| sizes(&experiment, [1, 28, 28], 10, 5000, memory).unwrap();
        let all = sizes(u64::MAX);
        assert_eq!(
            all.iter().map(|fit| fit.batch).collect::<Vec<_>>(),
            [8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096]
        );
        let third = all[2].bytes;
        assert_eq!(sizes(third), all[..3]);
        assert_eq!(sizes(1000), []);
    }

    #[test]
    fn a_larger_batch_that_is_hardly_faster_is_not_recommended() {
        let tried = |batch, images_per_second| Tried { fit: BatchNeeds { batch, bytes: 0 }, images_per_second };
        let all = [tried(8, 50.0), tried(16, 80.0), tried(32, 97.0), tried(64, 100.0)];
        assert_eq!(recommended(&all).unwrap().fit.batch, 32);
        assert_eq!(recommended(&[]), None);
    }
}
