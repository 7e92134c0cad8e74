//! Grad-CAM: where in a picture a class score comes from, seen at one block (Selvaraju et al. 2017).
//!
//! `map = ReLU(Σ w[k] · A[k])`, where `A` is the block's output and `w[k]` the mean over the map of `∂score / ∂A[k]`.

use super::occlusion;
use super::refusal::Refusal;
use super::subject::{self, Progress, Subject};
use crate::nn::{self, Model, Pass};
use crate::train::softmax;
use burn::tensor::{Device, activation, s};
use lab_core::instrument::{Explanation, Finding, HeatMap, QueryImage};

/// Grad-CAM of one image at every block, for a class or for the network's own prediction.
pub(super) fn explain(
    subject: &Subject,
    sample: &QueryImage,
    class: Option<usize>,
    occlude: bool,
    progress: &mut Progress,
) -> Result<Explanation, Refusal> {
    let image = subject.sample_input(sample)?;
    let probabilities = subject.probabilities(image.inputs.clone(), 1)?.pop().unwrap_or_default();
    let class = class.or_else(|| softmax::largest(&probabilities)).unwrap_or(0);
    let mut found =
        Explanation { seen: image.seen, class, truth: image.truth, probabilities, ..Explanation::default() };
    let total = subject.blueprint().blocks().count() + usize::from(occlude);
    for (index, block) in subject.blueprint().blocks().enumerate() {
        let map = grad_cam(subject.model(), image.inputs.clone(), index, class, subject.device())?;
        found.strip.push((block.name.clone(), map));
        if !progress(index + 1, total, None) {
            return Ok(found);
        }
    }
    if occlude {
        progress(total - 1, total, Some(Finding::Explanation(found.clone())));
        found.occlusion = Some(occlusion::falls(subject, &image.inputs, image.shape, class)?);
    }
    Ok(found)
}

/// The heat map of `class` at block `block` (counted from 0) for one normalised picture [1, channels, height, width].
/// `model` is a plain one, on `device`.
///
/// # Errors
/// What the device says when it fails, or that the network has no such block.
pub fn grad_cam(
    model: &Model,
    picture: Vec<f32>,
    block: usize,
    class: usize,
    device: &Device,
) -> Result<HeatMap, Refusal> {
    let blueprint = model.blueprint();
    subject::block(blueprint, block)?;
    if class >= blueprint.classes {
        return Err(Refusal::NoClass { classes: blueprint.classes, class });
    }
    let [channels, height, width] = blueprint.input;
    let x = nn::tensor(picture, [1, channels, height, width], device);
    let seen = model.forward_to(x, block, &mut Pass::evaluate());
    let leaf = seen.clone().autodiff().require_grad();
    let logits = model.forward_from(leaf.clone(), block, &mut Pass::evaluate());
    let gradients = logits.slice(s![0..1, class..=class]).sum().backward();
    let gradient = leaf.grad(&gradients).ok_or(Refusal::BlockUnused)?;
    let [_, channels, height, width] = seen.dims();
    let weights = gradient.reshape([channels, height * width]).mean_dim(1);
    let map = (seen.reshape([channels, height * width]) * weights).sum_dim(0);
    Ok(HeatMap { height, width, values: nn::values(activation::relu(map))? })
}
