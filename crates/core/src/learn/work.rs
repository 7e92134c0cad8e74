//! How much there is to compute for a guided experiment, before anything is measured. Knows no machine.

use super::lesson::Lesson;
use crate::blueprint::{Blueprint, Summary};
use crate::data::subset::TRAIN_PER_CLASS;
use crate::experiment::{Experiment, Source};
use crate::number::plural;
use crate::study::Study;

/// Multiply-adds that a thread does in a second while small networks train, about: the default experiment's on two cores of
/// a server.
const A_SECOND: f64 = 15e9;

/// What is to be computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Work {
    /// Trainings of all networks, with every seed.
    pub trainings: u32,
    /// Multiply-adds of all of them, forward and backward.
    pub multiply_adds: f64,
}

impl Work {
    /// How many trainings there are, and about how long they take.
    #[must_use]
    pub fn in_words(&self) -> String {
        let minutes = (self.multiply_adds / (2.0 * A_SECOND) / 60.0).ceil();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of minutes")]
        let minutes = plural(minutes as u64, "minute");
        format!("{}, roughly {minutes} on two cores", plural(self.trainings.into(), "training"))
    }
}

impl Lesson {
    /// What there is to compute with all its seeds; `None` for images that would have to be read first.
    #[must_use]
    pub fn work(&self) -> Option<Work> {
        let study = Study::check(self.plan(self.seeds)).ok()?;
        let mut multiply_adds = 0.0;
        for number in 1..=study.trials() {
            let trial = study.trial(number, &[]).ok()?;
            multiply_adds += training(&study.experiment(&trial).ok()?)?;
        }
        Some(Work { trainings: study.trials(), multiply_adds })
    }
}

/// The multiply-adds of one training: the gradients of inputs and of weights take as many each as the way forward.
fn training(experiment: &Experiment) -> Option<f64> {
    let data = &experiment.data;
    if data.source != Source::Embedded {
        return None;
    }
    let (shape, classes) = Source::EMBEDDED;
    let shape = data.brought(shape);
    let images = data.train_limit.unwrap_or(usize::MAX).min(classes * TRAIN_PER_CLASS);
    let batch = experiment.recipe.batch_size;
    let steps = experiment.recipe.length.steps(((images / batch) as u64).max(1));
    let macs = experiment.arms.iter().map(|arm| {
        let blueprint = Blueprint::new(&arm.network, shape, classes).ok()?;
        Some(Summary::new(&blueprint).macs as f64)
    });
    Some(3.0 * macs.sum::<Option<f64>>()? * steps as f64 * batch as f64)
}
