//! Noisy numbers in a row, such as the losses of single batches, made readable.

/// Weight of the past in the average.
const PAST: f64 = 0.9;

/// The moving average of numbers in a row, corrected for its beginning at nothing (Kingma and Ba 2015, section 3).
#[must_use]
pub fn smoothed(values: &[f64]) -> Vec<f64> {
    let (mut mean, mut weight) = (0.0, 1.0);
    let smooth = |&value: &f64| {
        mean = PAST * mean + (1.0 - PAST) * value;
        weight *= PAST;
        mean / (1.0 - weight)
    };
    values.iter().map(smooth).collect()
}
