//! Gradients and responses, block by block, on one batch of training images with its own statistics.

use super::refusal::Refusal;
use super::subject::{Progress, Subject};
use crate::nn::norms::{norm_within, squares};
use crate::nn::{self, Model, Pass};
use crate::train::optimizer::{FlatGradients, flat_gradients, flat_parameters};
use crate::train::{histogram, loss};
use lab_core::data::Batch;
use lab_core::instrument::{BlockGradients, Gradients, Histogram, ParameterGradient};

/// What a backward pass leaves.
struct Backward {
    model: Model,
    names: Vec<String>,
    gradients: FlatGradients,
    pass: Pass,
    loss: f64,
    images: usize,
}

fn backward(subject: &Subject, images: usize) -> Result<Backward, Refusal> {
    let (model, device) = subject.with_graph()?;
    let images = subject.draw(&subject.snapshot.dataset.train, images);
    let x = subject.input(&images, &device)?;
    let mut pass = Pass::measure().with_input_taps();
    let logits = model.forward(x, &mut pass);
    let classes = subject.blueprint().classes;
    let (size, shape) = (images.len(), images.shape());
    let batch = Batch { size, shape, pixels: Vec::new(), labels: images.labels, indices: Vec::new(), mix: None };
    let objective = loss::cross_entropy(logits, &loss::targets(&batch, classes, 0.0), &device);
    let value = nn::values(objective.clone().inner())?.first().map_or(f64::NAN, |&loss| f64::from(loss));
    let gradients = flat_gradients(&model, &mut objective.backward());
    Ok(Backward { names: model.parameter_names(), model, gradients, pass, loss: value, images: size })
}

/// Norms of gradients and weights, and what each layer answers.
pub(super) fn gradients(subject: &Subject, images: usize, progress: &mut Progress) -> Result<Gradients, Refusal> {
    progress(0, 2, None);
    let Backward { model, names, gradients, pass, loss, images } = backward(subject, images)?;
    progress(1, 2, None);
    let gradient_squares = squares(gradients.iter().map(Option::as_ref))?;
    let weight_squares = squares(flat_parameters(&model).iter().map(Some))?;
    let layers = names.iter().zip(gradient_squares.iter().zip(&weight_squares)).map(|(name, (gradient, weight))| {
        ParameterGradient { parameter: name.clone(), gradient: gradient.sqrt(), norm: weight.sqrt() }
    });
    let layers = layers.collect();
    let watched = watch(subject, images)?;
    let mut blocks = Vec::with_capacity(watched.watched().len());
    for ((plan, tap), seen) in subject.blueprint().blocks().zip(pass.taps()).zip(watched.watched()) {
        let share = |[whole, part]: [f64; 2]| (whole > 0.0).then(|| part / whole);
        blocks.push(BlockGradients {
            block: plan.name.clone(),
            input_gradient: tap.input_gradient.take_norm().unwrap_or(0.0),
            output_gradient: tap.gradient.take_norm().unwrap_or(0.0),
            weight_gradient: norm_within(&plan.name, &names, &gradient_squares),
            weight_norm: norm_within(&plan.name, &names, &weight_squares),
            branch_ratio: seen.branch_ratio,
            responses: seen.responses.clone(),
            dead: share(seen.channels.map(|count| count as f64)),
            zeros: share(seen.values),
        });
    }
    Ok(Gradients { images, loss, blocks, layers })
}

/// A pass over the same images that notes what each layer answers.
fn watch(subject: &Subject, images: usize) -> Result<Pass, Refusal> {
    let images = subject.draw(&subject.snapshot.dataset.train, images);
    let mut pass = Pass::measure().with_watch();
    nn::values(subject.model().forward(subject.input(&images, subject.device())?, &mut pass))?;
    Ok(pass)
}

/// How the values of every parameter and of its gradient are spread.
pub(super) fn histograms(subject: &Subject, images: usize) -> Result<Vec<Histogram>, Refusal> {
    let Backward { model, names, gradients, .. } = backward(subject, images)?;
    Ok(histogram::histograms(&names, &flat_parameters(&model), &gradients)?)
}
