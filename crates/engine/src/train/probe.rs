//! A look at gradients and activations, block by block, in the steps that ask for one.

use super::optimizer::{FlatGradients, flat_parameters};
use crate::nn::norms::{norm, norm_within, squares};
use crate::nn::{DeviceError, Model, Pass};
use burn::tensor::Tensor;
use lab_core::instrument::Histogram;
use lab_core::protocol::{ArmProbe, BlockProbe};

/// How closely a step is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeLevel {
    /// Not at all.
    Off,
    /// Norms and moments, block by block.
    Norms,
    /// The same, and how the values of every parameter and its gradient are spread.
    Histograms,
}

/// What a look at one arm found.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    pub probe: ArmProbe,
    /// One for each parameter, if they were asked for.
    pub histograms: Vec<Histogram>,
}

/// Reads what a training pass left behind. `names`, `weights` and `gradients` are in visiting order.
pub(super) fn look(
    model: &Model,
    names: &[String],
    weights: &[Tensor<1>],
    gradients: &FlatGradients,
    pass: &Pass,
) -> Result<ArmProbe, DeviceError> {
    let gradient_squares = squares(gradients.iter().map(Option::as_ref))?;
    let weight_squares = squares(weights.iter().map(Some))?;
    let mut blocks = Vec::with_capacity(pass.taps().len());
    for (plan, tap) in model.blueprint().blocks().zip(pass.taps()) {
        let (activation_mean, activation_std) = tap.moments()?;
        blocks.push(BlockProbe {
            weight_gradient_norm: norm_within(&plan.name, names, &gradient_squares),
            weight_norm: norm_within(&plan.name, names, &weight_squares),
            update_norm: 0.0,
            output_gradient_norm: tap.gradient.take_norm().unwrap_or(0.0),
            activation_mean,
            activation_std,
            branch_ratio: tap.branch_ratio()?,
        });
    }
    Ok(ArmProbe {
        gradient_norm: norm(&gradient_squares),
        weight_norm: norm(&weight_squares),
        update_norm: 0.0,
        blocks,
    })
}

/// Adds how far the step moved the weights, which were `before`, in visiting order like `names`.
pub(super) fn look_back(
    found: &mut ArmProbe,
    model: &Model,
    names: &[String],
    before: Vec<Tensor<1>>,
) -> Result<(), DeviceError> {
    let moved: Vec<Tensor<1>> = flat_parameters(model).into_iter().zip(before).map(|(now, then)| now - then).collect();
    let squares = squares(moved.iter().map(Some))?;
    found.update_norm = norm(&squares);
    for (plan, block) in model.blueprint().blocks().zip(&mut found.blocks) {
        block.update_norm = norm_within(&plan.name, names, &squares);
    }
    Ok(())
}
