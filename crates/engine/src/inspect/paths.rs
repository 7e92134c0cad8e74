//! The gradient that arrives at the input through paths of each length (Veit, Wilber and Belongie 2016, section 5).
//!
//! The values go forward through the whole network; on the way back, k random blocks let the gradient through their branch
//! alone and all others through their shortcut alone.

use super::refusal::Refusal;
use super::subject::{Progress, Subject};
use crate::nn::{self, Pass, Route};
use crate::train::loss;
use lab_core::blueprint::ShortcutPlan;
use lab_core::data::{Batch, Images};
use lab_core::instrument::{Finding, PathLength};
use lab_core::random::{Draw, MOST_DRAWS, index_of_draw};

/// The norm of the input's gradient through `draws` random paths of each length.
///
/// # Errors
/// A plain net, which has one path only, or what the device says when it fails.
pub(super) fn path_lengths(
    subject: &Subject,
    draws: usize,
    images: usize,
    progress: &mut Progress,
) -> Result<Vec<PathLength>, Refusal> {
    let blocks: Vec<bool> = subject.blueprint().blocks().map(|block| block.shortcut != ShortcutPlan::None).collect();
    if !blocks.contains(&true) {
        return Err(Refusal::OnePath);
    }
    let images = subject.draw(&subject.snapshot.dataset.train, images);
    let (fresh, draws, count) = (subject.is_fresh()?, draws.clamp(1, MOST_DRAWS as usize), blocks.len());
    let mut found = Vec::with_capacity(count + 1);
    for branches in 0..=count {
        let mut norms = Vec::with_capacity(draws);
        for draw in 0..draws {
            if !progress(branches * draws + draw, (count + 1) * draws, Some(Finding::PathLengths(found.clone()))) {
                return Ok(found);
            }
            let mut order: Vec<usize> = (0..count).collect();
            subject.random(Draw::Paths, index_of_draw(branches, draw)).shuffle(&mut order);
            let taken = &order[..branches];
            let route = |block| if taken.contains(&block) { Route::Branch } else { Route::Shortcut };
            let pass = if fresh { Pass::measure() } else { Pass::evaluate() };
            norms.push(input_gradient(subject, &images, pass.with_routes((0..count).map(route).collect()))?);
        }
        found.push(PathLength { branches, share: share(count, branches), norms });
    }
    Ok(found)
}

/// C(n, k) / 2ⁿ, by logarithms.
fn share(n: usize, k: usize) -> f64 {
    let ways: f64 = (0..k).map(|i| ((n - i) as f64 / (i + 1) as f64).ln()).sum();
    (ways - n as f64 * std::f64::consts::LN_2).exp()
}

/// ‖∂L/∂input‖ for the mean cross-entropy of some images.
fn input_gradient(subject: &Subject, images: &Images, mut pass: Pass) -> Result<f64, Refusal> {
    let leaf = subject.input(images, subject.device())?.autodiff().require_grad();
    let logits = subject.model().forward(leaf.clone(), &mut pass);
    let (size, shape) = (images.len(), images.shape());
    let batch =
        Batch { size, shape, pixels: Vec::new(), labels: images.labels.clone(), indices: Vec::new(), mix: None };
    let targets = loss::targets(&batch, subject.blueprint().classes, 0.0);
    let objective = loss::cross_entropy(logits, &targets, &leaf.device());
    let gradients = objective.backward();
    // Where every way back is closed, as behind a ReLU that is dead, nothing arrives.
    let Some(gradient) = leaf.grad(&gradients) else { return Ok(0.0) };
    let squares = nn::values((gradient.clone() * gradient).sum())?;
    Ok(squares.first().map_or(0.0, |&sum| f64::from(sum).sqrt()))
}
