//! A look at gradients and activations, block by block, in the steps that ask for one.

use super::optimizer::{FlatGradients, flat_parameters};
use super::protocol::{ArmProbe, BlockProbe};
use crate::nn::{Model, Pass};
use burn::tensor::Tensor;

/// Reads what a training pass left behind. `names` and `gradients` are in visiting order.
///
/// # Errors
/// What the device says when it fails.
pub fn look(model: &Model, names: &[String], gradients: &FlatGradients, pass: &Pass) -> Result<ArmProbe, String> {
    let gradient_squares = squares(gradients.iter().map(Option::as_ref))?;
    let weights = flat_parameters(model);
    let weight_squares = squares(weights.iter().map(Some))?;
    let mut blocks = Vec::with_capacity(pass.taps().len());
    for (plan, tap) in model.blueprint().blocks().zip(pass.taps()) {
        let inside = |name: &String| name.strip_prefix(&plan.name).is_some_and(|rest| rest.starts_with('.'));
        let sum = |squares: &[f64]| -> f64 {
            names.iter().zip(squares).filter(|(name, _)| inside(name)).map(|(_, square)| square).sum()
        };
        let (activation_mean, activation_std) = moments(&tap.output)?;
        blocks.push(BlockProbe {
            weight_gradient_norm: sum(&gradient_squares).sqrt(),
            weight_norm: sum(&weight_squares).sqrt(),
            output_gradient_norm: tap.gradient.take_norm().unwrap_or(0.0),
            activation_mean,
            activation_std,
        });
    }
    Ok(ArmProbe { gradient_norm: gradient_squares.iter().sum::<f64>().sqrt(), blocks })
}

/// Σ x² of each vector, 0 where there is none, with one read-back for all.
fn squares<'a>(vectors: impl Iterator<Item = Option<&'a Tensor<1>>>) -> Result<Vec<f64>, String> {
    let vectors: Vec<Option<&Tensor<1>>> = vectors.collect();
    let sums: Vec<Tensor<1>> = vectors.iter().flatten().map(|&v| (v.clone() * v.clone()).sum()).collect();
    if sums.is_empty() {
        return Ok(vec![0.0; vectors.len()]);
    }
    let sums = Tensor::cat(sums, 0).try_into_vec_as::<f32>().map_err(|error| error.to_string())?;
    let mut sums = sums.into_iter().map(f64::from);
    Ok(vectors.iter().map(|vector| if vector.is_some() { sums.next().unwrap_or(0.0) } else { 0.0 }).collect())
}

/// Mean and standard deviation over all values of a map.
fn moments(map: &Tensor<4>) -> Result<(f64, f64), String> {
    let count: usize = map.dims().iter().product();
    let read = |x: Tensor<1>| x.try_into_scalar::<f32>().map(f64::from).map_err(|error| error.to_string());
    let mean = read(map.clone().sum())? / count as f64;
    let square = read((map.clone() * map.clone()).sum())? / count as f64;
    Ok((mean, (square - mean * mean).max(0.0).sqrt()))
}
