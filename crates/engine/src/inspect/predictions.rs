//! What a network says of every validation image.

use super::subject::{Progress, Subject};
use crate::train::evaluate::{logits, predicted, softmax};
use lab_core::data::evaluation_batches;
use lab_core::instrument::Predictions;

/// Every validation image's class, likeliest class, loss, and what its probabilities say.
pub(super) fn predictions(subject: &Subject, progress: &mut Progress) -> Result<Predictions, String> {
    let inputs = subject.snapshot.validation();
    let (classes, total) = (subject.blueprint().classes, inputs.images.len());
    let mut found = Predictions::of(classes, total);
    for batch in evaluation_batches(inputs.images, inputs.mean, inputs.std, subject.batch()) {
        if !progress(found.len(), total, None) {
            break;
        }
        let batch = batch.map_err(|error| error.to_string())?;
        let [channels, height, width] = batch.shape;
        let rows = logits(subject.model(), batch.pixels, [batch.size, channels, height, width], subject.device())?;
        for (row, &truth) in rows.chunks_exact(classes).zip(&batch.labels) {
            let taken = u16::try_from(predicted(row)).unwrap_or(u16::MAX);
            found.push(truth, taken, cross_entropy(row, usize::from(truth)), &softmax(row));
        }
    }
    Ok(found)
}

/// −log softmax(logits)[class], in double precision on the way.
#[allow(clippy::cast_possible_truncation, reason = "a loss for display")]
fn cross_entropy(logits: &[f32], class: usize) -> f32 {
    let largest = logits.iter().fold(f64::NEG_INFINITY, |max, &x| max.max(f64::from(x)));
    let sum: f64 = logits.iter().map(|&x| (f64::from(x) - largest).exp()).sum();
    (largest + sum.ln() - f64::from(logits[class])) as f32
}
