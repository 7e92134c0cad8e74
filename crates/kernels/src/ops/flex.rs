//! The fused operations on Flex, forward only. What the backward pass needs besides the output is returned by
//! the functions here; the trait's methods drop it.

use std::sync::Arc;

use burn::backend::Flex;
use burn::backend::tensor::FloatTensor;
use burn_flex::FlexTensor;

use super::backend::{ConvOptions, Extra, KernelOps, NormOptions, PoolOptions};
use super::memory::Buffer;
use super::tensors::{Map, Values, map_tensor, tensor, vector};
use crate::activation::{Smooth, activate};
use crate::affine::Affine;
use crate::conv;
use crate::filters::{Filters, Packed};
use crate::group::{Groups, group_norm};
use crate::map::{Activate, Plain, Statistics};
use crate::norm::normalise;
use crate::pooling::{self, PoolShape};
use crate::precision::Precision;
use crate::shape::ConvShape;
use crate::shortcut::{self, PadShape};
use crate::statistics::{Moments, moments, total};

/// The shape of a convolution of `x` with weights `[out, in, k, k]`.
pub(super) fn conv_shape(x: &Map, w: &FlexTensor, options: ConvOptions) -> ConvShape {
    let [batch, in_channels, height, width] = x.shape;
    let weights = w.layout().shape();
    assert_eq!(weights[1], in_channels, "weights for another number of channels");
    assert_eq!(weights[2], weights[3], "kernels are square");
    let shape = ConvShape {
        batch,
        in_channels,
        out_channels: weights[0],
        height,
        width,
        kernel: weights[2],
        stride: options.stride,
        padding: options.padding,
    };
    assert!(shape.out_height() > 0 && shape.out_width() > 0, "the kernel is larger than the map");
    shape
}

/// `n, c, h, w` of a convolution's output.
pub(super) fn out_shape(shape: &ConvShape) -> [usize; 4] {
    [shape.batch, shape.out_channels, shape.out_height(), shape.out_width()]
}

pub(super) fn pool_shape(shape: [usize; 4], options: PoolOptions) -> PoolShape {
    let [batch, channels, height, width] = shape;
    let PoolOptions { kernel, stride, padding, ceil, .. } = options;
    PoolShape { batch, channels, height, width, kernel, stride, padding, ceil }
}

pub(super) fn pad_shape(shape: [usize; 4], stride: usize, out_channels: usize) -> PadShape {
    let [batch, in_channels, height, width] = shape;
    PadShape { batch, height, width, in_channels, out_channels, stride }
}

/// The map of a shortcut, if there is one.
fn shortcut_map(shortcut: Option<&FlexTensor>, shape: [usize; 4]) -> Option<Map> {
    shortcut.map(|shortcut| {
        let map = Map::new(shortcut);
        assert_eq!(map.shape, shape, "the shortcut has another shape than the block");
        map
    })
}

/// A convolution whose norm is still to come: the raw map and its statistics.
pub(super) fn conv_statistics(x: &Map, w: &Values, shape: &ConvShape, precision: Precision) -> (FlexTensor, Moments) {
    let mut z = Buffer::new(shape.output_len());
    let channels = shape.out_channels;
    let filters = Filters { values: w.values(), packed: None };
    let blocks = conv::forward(shape, precision, &Plain(x.values()), filters, &mut z, |_| Statistics::new(channels));
    (map_tensor(z, out_shape(shape)), Moments::merge(&blocks, channels))
}

/// `act(scale (z − mean) + shift + shortcut)`
pub(super) fn normalised(z: &Map, affine: &Affine, shortcut: Option<&FlexTensor>, slope: f32) -> FlexTensor {
    let shortcut = shortcut_map(shortcut, z.shape);
    let mut y = Buffer::new(z.values().len());
    normalise(z.values(), affine, shortcut.as_ref().map(Map::values), slope, &mut y);
    map_tensor(y, z.shape)
}

/// Statistics of a norm: of the batch, or of every group of every image.
#[derive(Clone, Debug)]
pub(super) enum NormMoments {
    Batch(Moments),
    Groups(usize, Vec<Moments>),
}

impl NormMoments {
    /// Mean and biased variance of the batch, empty for groups.
    pub fn of_batch(&self) -> (FlexTensor, FlexTensor) {
        match self {
            Self::Batch(moments) => (vector(&moments.mean), vector(&moments.variance)),
            Self::Groups(..) => (vector(&[]), vector(&[])),
        }
    }
}

/// `act(norm(x) + shortcut)` and the statistics that it was normalised by.
pub(super) fn normed(
    x: &Map,
    gamma: &Values,
    beta: &Values,
    shortcut: Option<&FlexTensor>,
    norm: NormOptions,
) -> (FlexTensor, NormMoments) {
    let Some(count) = norm.groups else {
        let moments = moments(x.values(), x.shape[1]);
        let affine = Affine::new(&moments, gamma.values(), beta.values(), norm.epsilon);
        return (normalised(x, &affine, shortcut, norm.slope), NormMoments::Batch(moments));
    };
    let groups = Groups { count, gamma: gamma.values(), beta: beta.values(), epsilon: norm.epsilon };
    let shortcut = shortcut_map(shortcut, x.shape);
    let mut y = Buffer::new(x.values().len());
    let image_len = x.shape[1..].iter().product();
    let moments = group_norm(&groups, x.values(), image_len, shortcut.as_ref().map(Map::values), norm.slope, &mut y);
    (map_tensor(y, x.shape), NormMoments::Groups(count, moments))
}

impl KernelOps for Flex {
    fn kernel_conv(
        x: FloatTensor<Self>,
        w: FloatTensor<Self>,
        bias: Extra<Self>,
        shortcut: Extra<Self>,
        options: ConvOptions,
        kept: Option<Arc<Packed>>,
    ) -> FloatTensor<Self> {
        let x = Map::new(&x);
        let shape = conv_shape(&x, &w, options);
        let shortcut = shortcut_map(shortcut.into_option().as_ref(), out_shape(&shape));
        let bias = bias.into_option().as_ref().map(Values::new);
        assert!(bias.as_ref().is_none_or(|bias| bias.values().len() == shape.out_channels), "bias of another size");
        let scale = kept.as_ref().and_then(|kept| kept.scale.as_deref());
        assert!(scale.is_none_or(|scale| scale.len() == shape.out_channels), "scale of another size");
        let finish = Activate {
            scale,
            bias: bias.as_ref().map(Values::values),
            shortcut: shortcut.as_ref().map(Map::values),
            slope: options.slope,
        };
        let mut y = Buffer::new(shape.output_len());
        let w = Values::new(&w);
        let filters = Filters { values: w.values(), packed: kept.as_deref() };
        conv::forward(&shape, options.precision, &Plain(x.values()), filters, &mut y, |_| finish);
        map_tensor(y, out_shape(&shape))
    }

    fn kernel_conv_norm(
        x: FloatTensor<Self>,
        w: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        shortcut: Extra<Self>,
        conv: ConvOptions,
        norm: NormOptions,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let x = Map::new(&x);
        let (z, moments) = conv_statistics(&x, &Values::new(&w), &conv_shape(&x, &w, conv), conv.precision);
        let (gamma, beta) = (Values::new(&gamma), Values::new(&beta));
        let affine = Affine::new(&moments, gamma.values(), beta.values(), norm.epsilon);
        let y = normalised(&Map::new(&z), &affine, shortcut.into_option().as_ref(), norm.slope);
        (y, vector(&moments.mean), vector(&moments.variance))
    }

    fn kernel_norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        shortcut: Extra<Self>,
        norm: NormOptions,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let (gamma, beta) = (Values::new(&gamma), Values::new(&beta));
        let (y, moments) = normed(&Map::new(&x), &gamma, &beta, shortcut.into_option().as_ref(), norm);
        let (mean, variance) = moments.of_batch();
        (y, mean, variance)
    }

    fn kernel_affine(
        x: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        shortcut: Extra<Self>,
        slope: f32,
    ) -> FloatTensor<Self> {
        let (scale, shift) = (Values::new(&scale).values().to_vec(), Values::new(&shift).values().to_vec());
        let affine = Affine { mean: vec![0.0; scale.len()], scale, shift };
        normalised(&Map::new(&x), &affine, shortcut.into_option().as_ref(), slope)
    }

    fn kernel_add(x: FloatTensor<Self>, shortcut: Extra<Self>, slope: f32) -> FloatTensor<Self> {
        let x = Map::new(&x);
        normalised(&x, &Affine::identity(x.shape[1]), shortcut.into_option().as_ref(), slope)
    }

    fn kernel_pad(x: FloatTensor<Self>, stride: usize, channels: usize) -> FloatTensor<Self> {
        let x = Map::new(&x);
        let shape = pad_shape(x.shape, stride, channels);
        let out_shape = [shape.batch, channels, shape.out_height(), shape.out_width()];
        let mut out = Buffer::new(out_shape.iter().product());
        shortcut::pad(&shape, x.values(), &mut out);
        map_tensor(out, out_shape)
    }

    fn kernel_pool(x: FloatTensor<Self>, options: PoolOptions) -> FloatTensor<Self> {
        let x = Map::new(&x);
        let shape = pool_shape(x.shape, options);
        let out_shape = [shape.batch, shape.channels, shape.out_height(), shape.out_width()];
        let mut out = Buffer::new(out_shape.iter().product());
        if options.mean {
            pooling::average_pool(&shape, x.values(), &mut out);
        } else {
            pooling::max_pool(&shape, x.values(), &mut out);
        }
        map_tensor(out, out_shape)
    }

    fn kernel_global_average(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let x = Map::new(&x);
        let [n, c, h, w] = x.shape;
        let mut out = Buffer::new(n * c);
        pooling::global_average(x.values(), h * w, c, &mut out);
        tensor(out, [n, c])
    }

    fn kernel_smooth(x: FloatTensor<Self>, kind: Smooth) -> FloatTensor<Self> {
        let x = Map::new(&x);
        let mut out = Buffer::new(x.values().len());
        activate(kind, x.values(), &mut out);
        map_tensor(out, x.shape)
    }

    fn kernel_measure(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let total = total(Map::new(&x).values());
        vector(&[total.mean, total.variance().sqrt(), total.norm()].map(|measure| measure as f32))
    }
}
