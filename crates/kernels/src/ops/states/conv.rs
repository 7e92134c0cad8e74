//! Convolutions, alone and with their norm.

use burn::backend::Flex;
use burn_flex::FlexTensor;

use super::activated::Activated;
use crate::conv;
use crate::map::{ActivatedBlend, Blend, Plain, Source};
use crate::norm::{Affine, Centred, NormGradients, Signs, sums};
use crate::ops::backend::{ConvOptions, Differentiate, Extra, Given, KernelOps, NormOptions};
use crate::ops::flex::{conv_shape, conv_statistics, normalised};
use crate::ops::memory::Buffer;
use crate::ops::tensors::{Map, OwnedMap, Values, tensor, vector};
use crate::precision::Precision;
use crate::shape::{Backward, ConvShape};
use crate::statistics::Moments;

/// Gradients of a convolution's inputs, with `share` added, and weights.
fn conv_gradients(
    shape: &ConvShape,
    precision: Precision,
    x: &Map,
    w: &Values,
    gradients: &impl Source,
    wants_inputs: bool,
    share: Option<FlexTensor>,
) -> (Option<FlexTensor>, FlexTensor) {
    let accumulate = share.is_some();
    let mut inputs = wants_inputs.then(|| match share {
        Some(share) => OwnedMap::new(share),
        None => OwnedMap::unset(x.shape),
    });
    let mut weights = Buffer::new(shape.weight_len());
    let wanted = Backward { inputs: inputs.as_mut().map(OwnedMap::values_mut), accumulate, weights: &mut weights };
    conv::backward(shape, precision, &Plain(x.values()), w.values(), gradients, wanted);
    let weights = tensor(weights, [shape.out_channels, shape.in_channels, shape.kernel, shape.kernel]);
    (inputs.map(OwnedMap::into_tensor), weights)
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
        let Given { gradient, wanted, share } = given;
        let mut gradient = OwnedMap::new(gradient);
        let channels = self.shape.out_channels;
        let signs = self.activated.signs();
        let bias = (wanted[2] || self.activated.y.is_some())
            .then(|| sums(gradient.values_mut(), signs, None, channels).gradient);
        let (inputs, weights) =
            conv_gradients(&self.shape, self.precision, &self.x, &self.w, &Plain(gradient.values()), wanted[0], share);
        vec![inputs, Some(weights), bias.map(|bias| vector(&bias)), Some(gradient.into_tensor())]
    }
}

/// Parents: input, weights, gamma, beta, shortcut.
#[derive(Clone, Debug)]
pub(crate) struct ConvNormState {
    x: Map,
    w: Values,
    gamma: Values,
    z: Map,
    shape: ConvShape,
    precision: Precision,
    epsilon: f32,
    moments: Moments,
    affine: Affine,
    activated: Activated,
    has_shortcut: bool,
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
        (y, Self { x, w, gamma, z, shape, precision, epsilon, moments, affine, activated, has_shortcut })
    }

    pub fn moments(&self) -> &Moments {
        &self.moments
    }
}

impl Differentiate for ConvNormState {
    const PARENTS: usize = 5;
    const SHORTCUT: Option<usize> = Some(4);

    fn differentiate(self, given: Given) -> Vec<Option<FlexTensor>> {
        let Given { gradient, wanted, share } = given;
        let mut gradient = OwnedMap::new(gradient);
        let z = self.z.values();
        let centred = Some(Centred { z, mean: &self.moments.mean });
        let slope = self.activated.slope;
        let by_norm = !self.has_shortcut && slope != 1.0;
        let signs = if by_norm { Signs::Norm(&self.affine, slope) } else { self.activated.signs() };
        let sums = sums(gradient.values_mut(), signs, centred, self.shape.out_channels);
        let pixels = z.len() / self.shape.out_channels;
        let norm = NormGradients::new(sums, &self.moments, self.gamma.values(), self.epsilon, pixels);
        let blend =
            Blend { gradients: gradient.values(), z, first: &norm.first, second: &norm.second, shift: &norm.shift };
        let (inputs, weights) = if by_norm {
            let affine = [&self.affine.mean, &self.affine.scale, &self.affine.shift].map(Vec::as_slice);
            let blend = ActivatedBlend { blend, norm: affine, slope };
            conv_gradients(&self.shape, self.precision, &self.x, &self.w, &blend, wanted[0], share)
        } else {
            conv_gradients(&self.shape, self.precision, &self.x, &self.w, &blend, wanted[0], share)
        };
        let (gamma, beta) = (vector(&norm.gamma), vector(&norm.beta));
        vec![inputs, Some(weights), Some(gamma), Some(beta), Some(gradient.into_tensor())]
    }
}
