//! The training images of which the network's head gets features closest to those of an image.

use super::refusal::Refusal;
use super::subject::{Progress, Subject};
use crate::nn::{self, DeviceError, Pass, compute};
use lab_core::data::{Images, evaluation_batches};
use lab_core::instrument::{Finding, Neighbour, QueryImage, Thumbnail};

/// Most features that are kept for the next question: 64 MiB.
const KEPT: usize = 16 << 20;

/// The `count` nearest training images, nearest first. The training images' features are kept with the weights.
pub(super) fn nearest(
    subject: &Subject,
    sample: &QueryImage,
    count: usize,
    progress: &mut Progress,
) -> Result<Vec<Neighbour>, Refusal> {
    let image = subject.sample_input(sample)?;
    let wanted = pooled(subject, image.inputs, 1, image.shape)?;
    let inputs = subject.snapshot.training();
    let total = inputs.images.len();
    let mut ranking = Ranking { images: inputs.images, wanted: &wanted, count, best: Vec::new() };
    if let Some(features) = subject.arm.features.get() {
        ranking.take(0, features)?;
        progress(total, total, None);
        return Ok(ranking.best);
    }
    let (mut done, mut all) = (0, Vec::new());
    let keeping = total * wanted.len() <= KEPT;
    for batch in evaluation_batches(inputs.images, inputs.mean, inputs.std, subject.batch()) {
        let batch = batch?;
        let features = pooled(subject, batch.pixels, batch.size, batch.shape)?;
        ranking.take(done, &features)?;
        done += batch.size;
        if keeping {
            all.extend(features);
        }
        if !progress(done, total, Some(Finding::Nearest(ranking.best.clone()))) {
            return Ok(ranking.best);
        }
    }
    if keeping {
        // Whoever asked at the same time has found the same.
        let _ = subject.arm.features.set(all);
    }
    Ok(ranking.best)
}

/// The nearest images so far.
struct Ranking<'a> {
    images: &'a Images,
    wanted: &'a [f32],
    count: usize,
    best: Vec<Neighbour>,
}

impl Ranking<'_> {
    /// Takes in the features of images from this one on.
    fn take(&mut self, first: usize, features: &[f32]) -> Result<(), Refusal> {
        for (image, features) in (first..).zip(features.chunks_exact(self.wanted.len())) {
            let squares = features.iter().zip(self.wanted).map(|(a, b)| (a - b) * (a - b));
            let distance = squares.sum::<f32>().sqrt();
            if self.best.len() < self.count || self.best.last().is_some_and(|last| distance < last.distance) {
                let pixels = self.images.image(image)?;
                let seen = Thumbnail::new(&pixels, self.images.shape());
                self.best.push(Neighbour { image, class: self.images.labels[image], distance, seen });
                self.best.sort_by(|a, b| a.distance.total_cmp(&b.distance).then(a.image.cmp(&b.image)));
                self.best.truncate(self.count);
            }
        }
        Ok(())
    }
}

/// What the network's head gets of each image, [images · features].
fn pooled(subject: &Subject, pixels: Vec<f32>, count: usize, shape: [usize; 3]) -> Result<Vec<f32>, DeviceError> {
    let [channels, height, width] = shape;
    compute(subject.device(), || {
        let x = nn::tensor(pixels, [count, channels, height, width], subject.device());
        nn::values(subject.model().pooled(x, &mut Pass::evaluate()))
    })
}
