//! Cross-entropy on the device for the backward pass, and its value and the accuracy on the host from the logits.

use super::softmax::{is_whole, log_sum};
use crate::nn;
use burn::tensor::{Device, Tensor, activation};
use lab_core::data::Batch;

/// Target distributions of a batch, [batch, classes] row by row: one-hot, smoothed, and mixed where the batch is.
#[must_use]
pub fn targets(batch: &Batch, classes: usize, smoothing: f32) -> Vec<f32> {
    let base = smoothing / classes as f32;
    let mut rows = vec![base; batch.size * classes];
    let mut put = |labels: &[u16], share: f32| {
        for (row, &label) in labels.iter().enumerate() {
            rows[row * classes + usize::from(label)] += share * (1.0 - smoothing);
        }
    };
    match &batch.mix {
        None => put(&batch.labels, 1.0),
        Some(mix) => {
            put(&batch.labels, mix.lambda);
            put(&mix.labels, 1.0 - mix.lambda);
        }
    }
    rows
}

/// Mean over the batch of −Σ target · log softmax(logits); shape [1], for the backward pass.
#[must_use]
pub fn cross_entropy(logits: Tensor<2>, targets: &[f32], device: &Device) -> Tensor<1> {
    let shape = logits.dims();
    let targets = nn::tensor(targets.to_vec(), shape, device);
    let log = activation::log_softmax(logits, 1);
    (log * targets).sum() / -(shape[0] as f64)
}

/// What the logits of a batch say, computed in double precision.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Score {
    /// Sum over images of −Σ target · log softmax(logits).
    pub loss: f64,
    /// Images whose largest logit is at their label.
    pub correct: usize,
    /// Images whose label is among the five largest logits.
    pub top5: usize,
}

/// Scores logits [batch, classes] against target distributions and labels.
pub(crate) fn score(logits: &[f32], targets: &[f32], labels: &[u16], classes: usize) -> Score {
    let mut score = Score::default();
    let rows = logits.chunks_exact(classes).zip(targets.chunks_exact(classes)).zip(labels);
    for ((row, targets), &label) in rows {
        let log_sum = log_sum(row);
        score.loss += row.iter().zip(targets).map(|(&x, &t)| f64::from(t) * (log_sum - f64::from(x))).sum::<f64>();
        let own = row[usize::from(label)];
        let above = row.iter().enumerate().filter(|&(k, &x)| x > own || (x == own && k < usize::from(label))).count();
        // Whatever is at its label, a row that says nothing of any class is never right.
        let whole = is_whole(row);
        score.correct += usize::from(above == 0 && whole);
        score.top5 += usize::from(above < 5 && whole);
    }
    score
}
