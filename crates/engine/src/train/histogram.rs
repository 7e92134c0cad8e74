//! Counts how the values of every parameter and of its gradient are spread. What the counts mean is `instrument`'s.

use super::optimizer::FlatGradients;
use crate::nn::{self, DeviceError};
use burn::tensor::Tensor;
use lab_core::instrument::Histogram;

/// Bins of a histogram; odd, so that one of them is around 0.
const BINS: usize = 41;

/// One for each parameter. `names`, `weights` and `gradients` are in visiting order.
///
/// # Errors
/// What the device says when it fails.
pub(crate) fn histograms(
    names: &[String],
    weights: &[Tensor<1>],
    gradients: &FlatGradients,
) -> Result<Vec<Histogram>, DeviceError> {
    let mut found = Vec::with_capacity(names.len());
    for ((parameter, weight), gradient) in names.iter().zip(weights).zip(gradients) {
        let (limit, counts) = spread(weight)?;
        let (gradient_limit, gradient_counts) = match gradient {
            Some(gradient) => spread(gradient)?,
            None => (0.0, Vec::new()),
        };
        found.push(Histogram { parameter: parameter.clone(), limit, counts, gradient_limit, gradient_counts });
    }
    Ok(found)
}

/// The largest magnitude and the counts of bins that reach that far on both sides of 0.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a bin's number")]
fn spread(values: &Tensor<1>) -> Result<(f64, Vec<u32>), DeviceError> {
    let values = nn::values(values.clone())?;
    let finite = || values.iter().copied().filter(|value| value.is_finite());
    let limit = finite().fold(0.0_f32, |limit, value| limit.max(value.abs()));
    let mut counts = vec![0; BINS];
    for value in finite() {
        let share = if limit > 0.0 { f64::from(value / limit).midpoint(1.0) } else { 0.5 };
        counts[((share * BINS as f64) as usize).min(BINS - 1)] += 1;
    }
    Ok((f64::from(limit), counts))
}
