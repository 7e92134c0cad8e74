//! A network's answers on a set of images: losses, accuracies, confusion matrix, probabilities.

use super::loss::score;
use super::softmax::taken_for;
use crate::nn::{self, DeviceError, Model, Pass, compute};
use burn::module::Module;
use burn::tensor::Device;
use lab_core::data::{self, DataError, Images};
use lab_core::instrument::Confusion;
use std::ops::Range;

/// Why a network's answers on a set of images are not known.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// An image cannot be read.
    #[error(transparent)]
    Images(#[from] DataError),
    #[error(transparent)]
    Device(#[from] DeviceError),
}

/// A network's answers on a set of images.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scores {
    pub total: usize,
    /// How many were classified correctly.
    pub correct: usize,
    /// Images whose class is among the five likeliest.
    pub top5: usize,
    /// Sum of the images' cross-entropies.
    pub loss: f64,
    /// Which classes are taken for which.
    pub confusion: Confusion,
    /// What each image was taken for, in the images' order; `u16::MAX`, no class, where its logits are not all finite.
    pub predicted: Vec<u16>,
}

impl Scores {
    /// Share of images classified correctly, 0 to 1.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        self.correct as f64 / self.total.max(1) as f64
    }

    /// Share whose class is among the five likeliest.
    #[must_use]
    pub fn top5_share(&self) -> f64 {
        self.top5 as f64 / self.total.max(1) as f64
    }

    /// Mean cross-entropy.
    #[must_use]
    pub fn mean_loss(&self) -> f64 {
        self.loss / self.total.max(1) as f64
    }
}

/// What normalises a set of images: per channel, for pixels in [0, 1].
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    pub images: &'a Images,
    /// Subtracted.
    pub mean: &'a [f32],
    /// Divided by.
    pub std: &'a [f32],
}

/// The network without its graph, on the plain device: what every question is asked of.
#[must_use]
pub fn plain(model: &Model) -> Model {
    model.valid()
}

/// Logits of a batch of normalised images, [batch, classes] row by row. `pixels` is [batch, channels, height, width].
///
/// # Errors
/// What the device says when it fails.
pub fn logits(model: &Model, pixels: Vec<f32>, shape: [usize; 4], device: &Device) -> Result<Vec<f32>, DeviceError> {
    logits_of(model, pixels, shape, device, Pass::evaluate())
}

fn logits_of(
    model: &Model,
    pixels: Vec<f32>,
    shape: [usize; 4],
    device: &Device,
    mut pass: Pass,
) -> Result<Vec<f32>, DeviceError> {
    compute(device, || {
        let x = nn::tensor(pixels, shape, device);
        nn::values(model.forward(x, &mut pass))
    })
}

/// Scores a network on images, `batch` at a time. `go_on` is asked before each batch; when it says no, what has been
/// scored so far is given.
///
/// # Errors
/// An image that cannot be read, or what the device says when it fails.
pub fn evaluate(
    model: &Model,
    inputs: Inputs,
    batch: usize,
    device: &Device,
    go_on: impl FnMut(usize) -> bool,
) -> Result<Scores, EvaluateError> {
    evaluate_as(model, inputs, batch, device, Pass::evaluate, go_on)
}

/// The same with passes of another kind: with lesions, say.
///
/// # Errors
/// An image that cannot be read, or what the device says when it fails.
pub(crate) fn evaluate_as(
    model: &Model,
    inputs: Inputs,
    batch: usize,
    device: &Device,
    pass: impl Fn() -> Pass,
    mut go_on: impl FnMut(usize) -> bool,
) -> Result<Scores, EvaluateError> {
    let mut batches = data::evaluation_batches(inputs.images, inputs.mean, inputs.std, batch);
    let mut logits = |_| {
        let Some(batch) = batches.next() else { return Ok(Vec::new()) };
        let batch = batch?;
        let [channels, height, width] = batch.shape;
        Ok(logits_of(model, batch.pixels, [batch.size, channels, height, width], device, pass())?)
    };
    tally(&inputs.images.labels, model.blueprint().classes, batch, &mut go_on, &mut logits)
}

/// Scores logits of images with these labels, `batch` at a time: `logits` gives those of the images in a range.
///
/// # Errors
/// What `logits` says.
pub(super) fn tally(
    labels: &[u16],
    classes: usize,
    batch: usize,
    mut go_on: impl FnMut(usize) -> bool,
    mut logits: impl FnMut(Range<usize>) -> Result<Vec<f32>, EvaluateError>,
) -> Result<Scores, EvaluateError> {
    let mut scores = Scores::default();
    for labels in labels.chunks(batch.max(1)) {
        if !go_on(scores.total) {
            break;
        }
        let logits = logits(scores.total..scores.total + labels.len())?;
        let mut targets = vec![0.0; labels.len() * classes];
        for (row, &label) in labels.iter().enumerate() {
            targets[row * classes + usize::from(label)] = 1.0;
        }
        let score = score(&logits, &targets, labels, classes);
        scores.total += labels.len();
        scores.correct += score.correct;
        scores.top5 += score.top5;
        scores.loss += score.loss;
        scores.predicted.extend(logits.chunks_exact(classes).map(taken_for));
    }
    scores.confusion = Confusion::of(labels, &scores.predicted, classes);
    Ok(scores)
}

#[cfg(test)]
mod tests {
    use super::super::softmax::{NO_CLASS, probabilities};
    use super::tally;
    use lab_core::instrument::Predictions;

    /// Scores of one image of class `label` with these logits, and what is said of it.
    fn of(row: [f32; 2], label: u16) -> (super::Scores, Predictions) {
        let scores = tally(&[label], 2, 1, |_| true, |_| Ok(row.to_vec())).unwrap();
        let mut said = Predictions::of(2, 1);
        said.push(label, scores.predicted[0], 0.0, &probabilities(&row));
        (scores, said)
    }

    #[test]
    fn a_row_that_is_not_of_numbers_is_never_right() {
        for row in [[f32::NAN, 1.0], [1.0, f32::NAN], [f32::INFINITY, 1.0], [f32::NEG_INFINITY, 1.0]] {
            for label in [0, 1] {
                let (scores, said) = of(row, label);
                assert_eq!((scores.total, scores.correct, scores.top5), (1, 0, 0), "{row:?} of class {label}");
                assert_eq!((scores.predicted[0], scores.confusion.right()), (NO_CLASS, 0), "{row:?}");
                assert!(!said.is_right(0), "{row:?} of class {label}");
            }
        }
        let (scores, said) = of([0.0, 1.0], 1);
        assert_eq!((scores.correct, scores.top5, scores.predicted[0], scores.confusion.right()), (1, 1, 1, 1));
        assert!(said.is_right(0));
    }
}
