//! What a network says of every validation image.

use super::refusal::Refusal;
use super::subject::{Progress, Subject};
use crate::train::evaluate::logits;
use crate::train::softmax::{cross_entropy, probabilities, taken_for};
use lab_core::data::evaluation_batches;
use lab_core::instrument::Predictions;

/// Every validation image's class, likeliest class, loss, and what its probabilities say.
#[allow(clippy::cast_possible_truncation, reason = "losses for display")]
pub(super) fn predictions(subject: &Subject, progress: &mut Progress) -> Result<Predictions, Refusal> {
    let inputs = subject.snapshot.validation();
    let (classes, total) = (subject.blueprint().classes, inputs.images.len());
    let mut found = Predictions::of(classes, total);
    for batch in evaluation_batches(inputs.images, inputs.mean, inputs.std, subject.batch()) {
        if !progress(found.len(), total, None) {
            break;
        }
        let batch = batch?;
        let [channels, height, width] = batch.shape;
        let rows = logits(subject.model(), batch.pixels, [batch.size, channels, height, width], subject.device())?;
        for (row, &truth) in rows.chunks_exact(classes).zip(&batch.labels) {
            let loss = cross_entropy(row, usize::from(truth)) as f32;
            found.push(truth, taken_for(row), loss, &probabilities(row));
        }
    }
    Ok(found)
}
