//! Shattered gradients: how long the gradient keeps its value along a line between two images (Balduzzi et al. 2017).

use super::refusal::Refusal;
use super::subject::{Progress, Subject};
use crate::nn::{self, Pass};
use burn::tensor::s;
use lab_core::instrument::{Finding, Shattered};
use lab_core::random::Draw;

/// The autocorrelation of the derivative along `lines` lines between random validation images, at `points` points each.
///
/// # Errors
/// Fewer than two validation images, or what the device says when it fails.
pub(super) fn shattered(
    subject: &Subject,
    points: usize,
    lines: usize,
    progress: &mut Progress,
) -> Result<Shattered, Refusal> {
    let images = &subject.snapshot.dataset.validation;
    if images.len() < 2 {
        return Err(Refusal::OneImage);
    }
    let (fresh, points) = (subject.is_fresh()?, points.clamp(8, 4096));
    let mut found = Shattered::default();
    for line in 0..lines.max(1) {
        if !progress(line, lines.max(1), Some(Finding::Shattered(found.clone()))) {
            break;
        }
        let mut random = subject.random(Draw::Lines, line as u64);
        let first = random.below(images.len());
        let second = (first + 1 + random.below(images.len() - 1)) % images.len();
        let ends = images.subset(&[first, second]);
        let ends = nn::values(subject.input(&ends, subject.device())?)?;
        let (a, b) = ends.split_at(images.stride());
        let line = Line { a, b, class: usize::from(images.labels[first]) };
        found.lines.push(autocorrelation(&slopes(subject, &line, points, fresh)?));
    }
    Ok(found)
}

/// A line from one image to another.
struct Line<'a> {
    a: &'a [f32],
    b: &'a [f32],
    /// The class of the image that it starts at.
    class: usize,
}

/// d logit[class] / dt at x(t) = (1 − t) · a + t · b.
#[allow(clippy::cast_possible_truncation, reason = "inputs are single precision")]
fn slopes(subject: &Subject, line: &Line, points: usize, fresh: bool) -> Result<Vec<f64>, Refusal> {
    let &Line { a, b, class } = line;
    let [channels, height, width] = subject.blueprint().input;
    let blend = |index: usize| {
        let t = (index as f64 / (points - 1) as f64) as f32;
        a.iter().zip(b).map(move |(a, b)| (1.0 - t) * a + t * b)
    };
    // Batch statistics need the whole line at once.
    let together = if fresh { points } else { subject.batch() };
    let mut slopes = Vec::with_capacity(points);
    for from in (0..points).step_by(together) {
        let count = together.min(points - from);
        let inputs: Vec<f32> = (from..from + count).flat_map(blend).collect();
        let shape = [count, channels, height, width];
        let leaf = nn::tensor(inputs, shape, subject.device()).autodiff().require_grad();
        let mut pass = if fresh { Pass::measure() } else { Pass::evaluate() };
        let logits = subject.model().forward(leaf.clone(), &mut pass);
        let gradients = logits.slice(s![.., class..=class]).sum().backward();
        let gradient = leaf.grad(&gradients).ok_or(Refusal::ImageUnused)?;
        let along =
            |gradient: &[f32]| gradient.iter().zip(a.iter().zip(b)).map(|(g, (a, b))| f64::from(g * (b - a))).sum();
        slopes.extend(nn::values(gradient)?.chunks_exact(a.len()).map(along).collect::<Vec<f64>>());
    }
    Ok(slopes)
}

/// ACF(k) = Σ z[i]·z[i+k] / Σ z[i]², z = g − mean g, for k up to half the length.
#[must_use]
fn autocorrelation(values: &[f64]) -> Vec<f64> {
    let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
    let centred: Vec<f64> = values.iter().map(|value| value - mean).collect();
    let whole: f64 = centred.iter().map(|z| z * z).sum();
    let at =
        |k: usize| centred.iter().zip(&centred[k..]).map(|(a, b)| a * b).sum::<f64>() / whole.max(f64::MIN_POSITIVE);
    (0..=values.len() / 2).map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::autocorrelation;

    #[test]
    fn a_wave_correlates_with_itself_and_an_alternation_against_itself() {
        let alternating: Vec<f64> = (0..100).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }).collect();
        let acf = autocorrelation(&alternating);
        assert!((acf[0] - 1.0).abs() < 1e-12 && (acf[1] + 0.99).abs() < 1e-12 && (acf[2] - 0.98).abs() < 1e-12);
    }
}
