//! Norms and activations.

use crate::activation::Smooth;

/// A normalised map with the statistics it was normalised by, one pair for each channel or each group of each
/// image.
#[derive(Clone, Debug)]
pub struct Normed {
    /// The map, as large as the input.
    pub y: Vec<f64>,
    /// Means: `[c]` of a batch norm, `[n][groups]` of a group norm.
    pub mean: Vec<f64>,
    /// Biased variances, in the order of the means.
    pub variance: Vec<f64>,
}

/// `γ (x − mean) / √(variance + ε) + β`, with mean and biased variance of `members(index)`'s peers.
fn normalise(
    x: &[f64],
    gamma: &[f64],
    beta: &[f64],
    epsilon: f64,
    sets: usize,
    set_of: impl Fn(usize) -> usize,
) -> Normed {
    let (mut count, mut mean, mut variance) = (vec![0.0; sets], vec![0.0; sets], vec![0.0; sets]);
    for (index, value) in x.iter().enumerate() {
        count[set_of(index)] += 1.0;
        mean[set_of(index)] += value;
    }
    mean.iter_mut().zip(&count).for_each(|(mean, count)| *mean /= count);
    for (index, value) in x.iter().enumerate() {
        variance[set_of(index)] += (value - mean[set_of(index)]).powi(2);
    }
    variance.iter_mut().zip(&count).for_each(|(variance, count)| *variance /= count);
    let channels = gamma.len();
    let y = x.iter().enumerate().map(|(index, value)| {
        let (set, channel) = (set_of(index), index % channels);
        gamma[channel] * (value - mean[set]) / (variance[set] + epsilon).sqrt() + beta[channel]
    });
    Normed { y: y.collect(), mean, variance }
}

/// Gradients by `x`, `gamma` and `beta`.
fn normalise_backward(
    x: &[f64],
    gamma: &[f64],
    epsilon: f64,
    normed: &Normed,
    gradients: &[f64],
    set_of: impl Fn(usize) -> usize,
) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let (sets, channels) = (normed.mean.len(), gamma.len());
    let (mut count, mut sum, mut product) = (vec![0.0; sets], vec![0.0; sets], vec![0.0; sets]);
    let (mut dgamma, mut dbeta) = (vec![0.0; channels], vec![0.0; channels]);
    let unit =
        |index: usize| (x[index] - normed.mean[set_of(index)]) / (normed.variance[set_of(index)] + epsilon).sqrt();
    for (index, gradient) in gradients.iter().enumerate() {
        let (set, channel) = (set_of(index), index % channels);
        dgamma[channel] += gradient * unit(index);
        dbeta[channel] += gradient;
        count[set] += 1.0;
        sum[set] += gradient * gamma[channel];
        product[set] += gradient * gamma[channel] * unit(index);
    }
    let dx = gradients.iter().enumerate().map(|(index, gradient)| {
        let (set, channel) = (set_of(index), index % channels);
        let centred = gradient * gamma[channel] - sum[set] / count[set] - unit(index) * product[set] / count[set];
        centred / (normed.variance[set] + epsilon).sqrt()
    });
    (dx.collect(), dgamma, dbeta)
}

/// Batch norm over maps `[pixels][c]`, the pixels being those of all images:
/// `γ (x − mean) / √(variance + ε) + β` with the statistics of each channel.
#[must_use]
pub fn batch_norm(x: &[f64], gamma: &[f64], beta: &[f64], epsilon: f64) -> Normed {
    let channels = gamma.len();
    normalise(x, gamma, beta, epsilon, channels, |index| index % channels)
}

/// Gradients of [`batch_norm`] by `x`, `gamma` and `beta`.
#[must_use]
pub fn batch_norm_backward(
    x: &[f64],
    gamma: &[f64],
    epsilon: f64,
    normed: &Normed,
    gradients: &[f64],
) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let channels = gamma.len();
    normalise_backward(x, gamma, epsilon, normed, gradients, |index| index % channels)
}

/// Group norm over images `[pixels][c]` of `image_len` values: the formula of [`batch_norm`] with the statistics of
/// each group of neighbouring channels of each image.
#[must_use]
pub fn group_norm(x: &[f64], gamma: &[f64], beta: &[f64], epsilon: f64, groups: usize, image_len: usize) -> Normed {
    let sets = x.len() / image_len * groups;
    normalise(x, gamma, beta, epsilon, sets, group_of(gamma.len(), groups, image_len))
}

/// Gradients of [`group_norm`] by `x`, `gamma` and `beta`.
#[must_use]
pub fn group_norm_backward(
    x: &[f64],
    gamma: &[f64],
    epsilon: f64,
    groups: usize,
    image_len: usize,
    normed: &Normed,
    gradients: &[f64],
) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    normalise_backward(x, gamma, epsilon, normed, gradients, group_of(gamma.len(), groups, image_len))
}

fn group_of(channels: usize, groups: usize, image_len: usize) -> impl Fn(usize) -> usize {
    move |index| index / image_len * groups + index % channels / (channels / groups)
}

/// `max(v, slope · v)` for slopes below 1.
#[must_use]
pub fn leaky(x: &[f64], slope: f64) -> Vec<f64> {
    x.iter().map(|&value| if value > 0.0 { value } else { slope * value }).collect()
}

/// Gradients of [`leaky`] from the signs of its output.
#[must_use]
pub fn leaky_backward(y: &[f64], slope: f64, gradients: &[f64]) -> Vec<f64> {
    y.iter().zip(gradients).map(|(&y, gradient)| if y > 0.0 { *gradient } else { slope * gradient }).collect()
}

/// `v Φ(v)`, `v σ(v)` or `tanh v` of every value.
#[must_use]
pub fn smooth(kind: Smooth, x: &[f64]) -> Vec<f64> {
    let f = |v: f64| match kind {
        Smooth::Gelu => v * normal(v),
        Smooth::Silu => v / (1.0 + (-v).exp()),
        Smooth::Tanh => v.tanh(),
    };
    x.iter().copied().map(f).collect()
}

/// Gradients of [`smooth`].
#[must_use]
pub fn smooth_backward(kind: Smooth, x: &[f64], gradients: &[f64]) -> Vec<f64> {
    let slope = |v: f64| match kind {
        Smooth::Gelu => normal(v) + v * (-0.5 * v * v).exp() / std::f64::consts::TAU.sqrt(),
        Smooth::Silu => {
            let sigma = 1.0 / (1.0 + (-v).exp());
            sigma * (1.0 + v * (1.0 - sigma))
        }
        Smooth::Tanh => 1.0 - v.tanh().powi(2),
    };
    x.iter().zip(gradients).map(|(&v, gradient)| gradient * slope(v)).collect()
}

/// The normal distribution's Φ by the Taylor series of the error function, which converges everywhere; beyond
/// six standard deviations it is 0 or 1 to ten digits.
fn normal(v: f64) -> f64 {
    if v.abs() > 6.0 {
        return if v > 0.0 { 1.0 } else { 0.0 };
    }
    let (mut term, mut sum) = (v, v);
    for n in 1..120 {
        term *= -v * v / (2.0 * f64::from(n));
        sum += term / f64::from(2 * n + 1);
    }
    0.5 + sum / std::f64::consts::TAU.sqrt()
}
