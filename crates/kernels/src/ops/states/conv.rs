//! Convolutions, alone and with their norm.

use std::sync::Arc;

use burn::backend::Flex;
use burn_flex::FlexTensor;

use crate::affine::Affine;
use crate::conv;
use crate::follow::Follow;
use crate::map::{ActivatedBlend, Blend, Plain, Source};
use crate::norm::NormGradients;
use crate::ops::activated::Activated;
use crate::ops::awaited::Awaited;
use crate::ops::backend::{ConvOptions, Differentiate, Extra, Given, KernelOps, NormOptions};
use crate::ops::flex::{conv_shape, conv_statistics, normalised};
use crate::ops::memory::Buffer;
use crate::ops::tensors::{Map, OwnedMap, Values, tensor, vector};
use crate::precision::Precision;
use crate::shape::{Backward, ConvShape, Inputs};
use crate::statistics::Moments;
use crate::sums::sums;

/// Gradients of a convolution's inputs, with `share` added, and weights.
fn conv_gradients(
    shape: &ConvShape,
    precision: Precision,
    x: &Map,
    w: &Values,
    gradients: &impl Source,
    given: Asked,
) -> (Option<FlexTensor>, FlexTensor) {
    let Asked { wants_inputs, share, awaited } = given;
    let accumulate = share.is_some();
    let mut inputs = wants_inputs.then(|| match share {
        Some(share) => OwnedMap::new(share),
        None => OwnedMap::unset(x.shape),
    });
    let mut weights = Buffer::new(shape.weight_len());
    let summing = awaited.as_ref().filter(|_| wants_inputs).and_then(|awaited| awaited.ahead());
    let follow = summing.as_ref().map(|summing| summing as &dyn Follow);
    let wanted = Backward {
        inputs: inputs.as_mut().map(|map| Inputs { gradients: map.values_mut(), accumulate, follow }),
        weights: &mut weights,
    };
    conv::backward(shape, precision, &Plain(x.values()), w.values(), gradients, wanted);
    let sums = inputs.as_mut().and_then(|map| summing.map(|summing| summing.finish(map.values_mut())));
    let inputs = inputs.map(OwnedMap::into_tensor);
    if let (Some(awaited), Some(inputs), Some(sums)) = (&awaited, &inputs, sums) {
        awaited.keep(inputs, sums);
    }
    let weights = tensor(weights, [shape.out_channels, shape.in_channels, shape.kernel, shape.kernel]);
    (inputs, weights)
}

/// What is asked of the gradient of a convolution's inputs.
struct Asked {
    wants_inputs: bool,
    /// What is added to it.
    share: Option<FlexTensor>,
    awaited: Option<Arc<Awaited>>,
}

/// Parents: input, weights, bias, shortcut.
#[derive(Clone, Debug)]
pub(crate) struct ConvState {
    x: Map,
    w: Values,
    shape: ConvShape,
    precision: Precision,
    activated: Activated,
}

impl ConvState {
    pub fn forward(
        x: &FlexTensor,
        w: &FlexTensor,
        bias: Option<FlexTensor>,
        shortcut: Option<FlexTensor>,
        options: ConvOptions,
    ) -> (FlexTensor, Self) {
        let map = Map::new(x);
        let shape = conv_shape(&map, w, options);
        let y = Flex::kernel_conv(map.tensor(), w.clone(), Extra::new(bias), Extra::new(shortcut), options, None);
        let (precision, activated) = (options.precision, Activated::new(&y, options.slope));
        let state = Self { x: map, w: Values::new(w), shape, precision, activated };
        (y, state)
    }
}

impl Differentiate for ConvState {
    const PARENTS: usize = 4;
    const SHORTCUT: Option<usize> = Some(3);

    fn differentiate(self, given: Given) -> Vec<Option<FlexTensor>> {
        let Given { gradient, wanted, share, awaited } = given;
        let mut gradient = OwnedMap::new(gradient);
        let channels = self.shape.out_channels;
        let signs = self.activated.signs();
        let bias = (wanted[2] || self.activated.y.is_some())
            .then(|| sums(gradient.values_mut(), signs, None, channels).gradient);
        let asked = Asked { wants_inputs: wanted[0], share, awaited };
        let (inputs, weights) =
            conv_gradients(&self.shape, self.precision, &self.x, &self.w, &Plain(gradient.values()), asked);
        vec![inputs, Some(weights), bias.map(|bias| vector(&bias)), Some(gradient.into_tensor())]
    }
}

/// Parents: input, weights, gamma, beta, shortcut.
#[derive(Clone, Debug)]
pub(crate) struct ConvNormState {
    x: Map,
    w: Values,
    gamma: Values,
    shape: ConvShape,
    precision: Precision,
    epsilon: f32,
    norm: Arc<Awaited>,
}

impl ConvNormState {
    pub fn forward(
        x: &FlexTensor,
        w: &FlexTensor,
        gamma: &FlexTensor,
        beta: &FlexTensor,
        shortcut: Option<&FlexTensor>,
        conv: ConvOptions,
        norm: NormOptions,
    ) -> (FlexTensor, Self) {
        let x = Map::new(x);
        let shape = conv_shape(&x, w, conv);
        let (w, gamma, beta) = (Values::new(w), Values::new(gamma), Values::new(beta));
        let (z, moments) = conv_statistics(&x, &w, &shape, conv.precision);
        let z = Map::new(&z);
        let affine = Affine::new(&moments, gamma.values(), beta.values(), norm.epsilon);
        let y = normalised(&z, &affine, shortcut, norm.slope);
        // Where nothing was added to the norm, its input tells the signs as well as the output does.
        let has_shortcut = shortcut.is_some();
        let activated =
            if has_shortcut { Activated::new(&y, norm.slope) } else { Activated { y: None, slope: norm.slope } };
        let (precision, epsilon) = (conv.precision, norm.epsilon);
        let norm = Awaited::new(z, moments, affine, activated, has_shortcut);
        (y, Self { x, w, gamma, shape, precision, epsilon, norm })
    }

    pub fn moments(&self) -> &Moments {
        &self.norm.moments
    }
}

impl Differentiate for ConvNormState {
    const PARENTS: usize = 5;
    const SHORTCUT: Option<usize> = Some(4);

    fn differentiate(self, given: Given) -> Vec<Option<FlexTensor>> {
        let Given { gradient, wanted, share, awaited } = given;
        let norm = &self.norm;
        let (gradient, sums) = norm.receive(gradient);
        let z = norm.z.values();
        let pixels = z.len() / self.shape.out_channels;
        let factors = NormGradients::new(sums, &norm.moments, self.gamma.values(), self.epsilon, pixels);
        let NormGradients { first, second, shift, .. } = &factors;
        let blend = Blend { gradients: gradient.values(), z, first, second, shift };
        let asked = Asked { wants_inputs: wanted[0], share, awaited };
        let (inputs, weights) = if norm.norm_tells_signs() {
            let affine = [&norm.affine.mean, &norm.affine.scale, &norm.affine.shift].map(Vec::as_slice);
            let blend = ActivatedBlend { blend, norm: affine, slope: norm.activated.slope };
            conv_gradients(&self.shape, self.precision, &self.x, &self.w, &blend, asked)
        } else {
            conv_gradients(&self.shape, self.precision, &self.x, &self.w, &blend, asked)
        };
        let (gamma, beta) = (vector(&factors.gamma), vector(&factors.beta));
        vec![inputs, Some(weights), Some(gamma), Some(beta), Some(gradient.into_tensor())]
    }

    fn awaited(&self) -> Option<&Arc<Awaited>> {
        Some(&self.norm)
    }
}
