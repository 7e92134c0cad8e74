//! Lesions: what a network still knows when a block's branch is taken out (Veit, Wilber and Belongie 2016).
//!
//! Only the shortcut carries the signal past a block that is out. A plain net's block can be left out where its
//! input and output have the same shape, and nowhere else.

use crate::nn::{Model, Pass};
use crate::train::evaluate::{Inputs, Scores, evaluate_as};
use burn::tensor::Device;

/// A block taken out, and what was left.
#[derive(Clone, Debug, PartialEq)]
pub struct Lesion {
    /// The block: `layer2.0`.
    pub block: String,
    /// Whether the block changes the map's shape.
    pub reshapes: bool,
    /// The scores without it; `None` for a block that cannot be left out.
    pub scores: Option<Scores>,
}

/// Scores a network with each block out in turn. `progress` is told how many blocks are done, and ends the sweep by
/// saying no; then only the blocks done are given.
///
/// # Errors
/// What the device says when it fails.
pub fn sweep(
    model: &Model,
    inputs: Inputs,
    batch: usize,
    device: &Device,
    mut progress: impl FnMut(usize) -> bool,
) -> Result<Vec<Lesion>, String> {
    let plans: Vec<_> = model.blueprint().blocks().cloned().collect();
    let mut lesions = Vec::with_capacity(plans.len());
    for (index, plan) in plans.iter().enumerate() {
        if !progress(index) {
            break;
        }
        let mut gains = vec![1.0; plans.len()];
        gains[index] = 0.0;
        let scores =
            if plan.can_be_bypassed() { Some(scores_with_gains(model, inputs, batch, device, &gains)?) } else { None };
        lesions.push(Lesion { block: plan.name.clone(), reshapes: plan.input != plan.output, scores });
    }
    Ok(lesions)
}

/// Scores a network with each block's branch weighed once more, in order; 0 takes it out.
///
/// # Errors
/// What the device says when it fails.
pub fn scores_with_gains(
    model: &Model,
    inputs: Inputs,
    batch: usize,
    device: &Device,
    gains: &[f64],
) -> Result<Scores, String> {
    evaluate_as(model, inputs, batch, device, || Pass::evaluate().with_branch_gains(gains.to_vec()), |_| true)
}
