//! What each fused operation keeps between its two passes, and its backward pass. Nothing here knows how burn
//! records operations.

use burn::backend::Flex;
use burn_flex::FlexTensor;

use super::backend::{ConvOptions, Extra, KernelOps, NormOptions, PoolOptions};
use super::flex::{conv_shape, conv_statistics, group_normalised, normalised, pad_shape, pool_shape};
use super::gradients::Differentiate;
use super::memory::Buffer;
use super::tensors::{Map, OwnedMap, Values, map_tensor, tensor, vector};
use crate::activation::{Smooth, activate_backward};
use crate::conv::{self, Backward};
use crate::group::{Groups, group_norm_backward};
use crate::map::{ActivatedBlend, Blend, Plain, Source};
use crate::norm::{Affine, NormGradients, Signs, add, blend, sums};
use crate::pooling;
use crate::shape::ConvShape;
use crate::shortcut;
use crate::statistics::{Moments, moments};

/// The output of an operation, which tells the slope of its activation at each value.
#[derive(Clone, Debug)]
struct Activated {
    y: Option<Map>,
    slope: f32,
}

impl Activated {
    fn new(y: &FlexTensor, slope: f32) -> Self {
        Self { y: (slope != 1.0).then(|| Map::new(y)), slope }
    }

    fn signs(&self) -> Signs<'_> {
        self.y.as_ref().map_or(Signs::None, |y| Signs::Output(y.values(), self.slope))
    }
}

/// Gradients of a convolution's inputs, with `share` added, and weights.
fn conv_gradients(
    shape: &ConvShape,
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
    conv::backward(shape, &Plain(x.values()), w.values(), gradients, wanted);
    let weights = tensor(weights, [shape.out_channels, shape.in_channels, shape.kernel, shape.kernel]);
    (inputs.map(OwnedMap::into_tensor), weights)
}

/// Adds `share` to a gradient.
#[allow(clippy::unnecessary_wraps, reason = "its callers register an optional gradient")]
fn with_share(mut gradient: OwnedMap, share: Option<FlexTensor>) -> Option<FlexTensor> {
    if let Some(share) = share {
        add(gradient.values_mut(), Map::new(&share).values());
    }
    Some(gradient.into_tensor())
}

/// Parents: input, weights, bias, shortcut.
#[derive(Clone, Debug)]
pub struct ConvState {
    x: Map,
    w: Values,
    shape: ConvShape,
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
        let y = Flex::kernel_conv(map.tensor(), w.clone(), Extra::new(bias), Extra::new(shortcut), options);
        let state = Self { x: map, w: Values::new(w), shape, activated: Activated::new(&y, options.slope) };
        (y, state)
    }
}

impl Differentiate for ConvState {
    const PARENTS: usize = 4;
    const SHORTCUT: Option<usize> = Some(3);

    fn differentiate(
        self,
        gradient: FlexTensor,
        wanted: &[bool],
        share: Option<FlexTensor>,
    ) -> Vec<Option<FlexTensor>> {
        let mut gradient = OwnedMap::new(gradient);
        let channels = self.shape.out_channels;
        let signs = self.activated.signs();
        let bias = (wanted[2] || self.activated.y.is_some())
            .then(|| sums(gradient.values_mut(), signs, None, channels).gradient);
        let (inputs, weights) =
            conv_gradients(&self.shape, &self.x, &self.w, &Plain(gradient.values()), wanted[0], share);
        vec![inputs, Some(weights), bias.map(|bias| vector(&bias)), Some(gradient.into_tensor())]
    }
}

/// Parents: input, weights, gamma, beta, shortcut.
#[derive(Clone, Debug)]
pub struct ConvNormState {
    x: Map,
    w: Values,
    gamma: Values,
    z: Map,
    shape: ConvShape,
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
        let (z, moments) = conv_statistics(&x, &w, &shape);
        let z = Map::new(&z);
        let affine = Affine::new(&moments, gamma.values(), beta.values(), norm.epsilon);
        let y = normalised(&z, &affine, shortcut, norm.slope);
        // Where nothing was added to the norm, its input tells the signs as well as the output does.
        let has_shortcut = shortcut.is_some();
        let activated =
            if has_shortcut { Activated::new(&y, norm.slope) } else { Activated { y: None, slope: norm.slope } };
        (y, Self { x, w, gamma, z, shape, epsilon: norm.epsilon, moments, affine, activated, has_shortcut })
    }

    pub fn moments(&self) -> &Moments {
        &self.moments
    }
}

impl Differentiate for ConvNormState {
    const PARENTS: usize = 5;
    const SHORTCUT: Option<usize> = Some(4);

    fn differentiate(
        self,
        gradient: FlexTensor,
        wanted: &[bool],
        share: Option<FlexTensor>,
    ) -> Vec<Option<FlexTensor>> {
        let mut gradient = OwnedMap::new(gradient);
        let z = self.z.values();
        let centred = Some((z, self.moments.mean.as_slice()));
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
            conv_gradients(&self.shape, &self.x, &self.w, &blend, wanted[0], share)
        } else {
            conv_gradients(&self.shape, &self.x, &self.w, &blend, wanted[0], share)
        };
        let (gamma, beta) = (vector(&norm.gamma), vector(&norm.beta));
        vec![inputs, Some(weights), Some(gamma), Some(beta), Some(gradient.into_tensor())]
    }
}

/// Statistics of a norm: of the batch, or of every group of every image.
#[derive(Clone, Debug)]
enum NormMoments {
    Batch(Moments),
    Groups(usize, Vec<Moments>),
}

/// Parents: input, gamma, beta, shortcut.
#[derive(Clone, Debug)]
pub struct NormState {
    x: Map,
    gamma: Values,
    epsilon: f32,
    moments: NormMoments,
    activated: Activated,
}

impl NormState {
    pub fn forward(
        x: &FlexTensor,
        gamma: &FlexTensor,
        beta: &FlexTensor,
        shortcut: Option<&FlexTensor>,
        norm: NormOptions,
    ) -> (FlexTensor, Self) {
        let x = Map::new(x);
        let (gamma, beta) = (Values::new(gamma), Values::new(beta));
        let (y, moments) = if let Some(count) = norm.groups {
            let groups = Groups { count, gamma: gamma.values(), beta: beta.values(), epsilon: norm.epsilon };
            let (y, moments) = group_normalised(&x, &groups, shortcut, norm.slope);
            (y, NormMoments::Groups(count, moments))
        } else {
            let moments = moments(x.values(), x.shape[1]);
            let affine = Affine::new(&moments, gamma.values(), beta.values(), norm.epsilon);
            (normalised(&x, &affine, shortcut, norm.slope), NormMoments::Batch(moments))
        };
        let activated = Activated::new(&y, norm.slope);
        (y, Self { x, gamma, epsilon: norm.epsilon, moments, activated })
    }

    /// Mean and biased variance of the batch, empty for groups.
    pub fn batch_statistics(&self) -> (FlexTensor, FlexTensor) {
        match &self.moments {
            NormMoments::Batch(moments) => (vector(&moments.mean), vector(&moments.variance)),
            NormMoments::Groups(..) => (vector(&[]), vector(&[])),
        }
    }
}

impl Differentiate for NormState {
    const PARENTS: usize = 4;
    const SHORTCUT: Option<usize> = Some(3);

    fn differentiate(
        self,
        gradient: FlexTensor,
        wanted: &[bool],
        share: Option<FlexTensor>,
    ) -> Vec<Option<FlexTensor>> {
        let mut gradient = OwnedMap::new(gradient);
        let (x, signs) = (self.x.values(), self.activated.signs());
        let mut shortcut = wanted[3].then(|| Buffer::new(x.len()));
        let gamma = self.gamma.values();
        let (gamma, beta) = match &self.moments {
            NormMoments::Batch(moments) => {
                let channels = gamma.len();
                let centred = Some((x, moments.mean.as_slice()));
                let sums = sums(gradient.values_mut(), signs, centred, channels);
                if let Some(shortcut) = &mut shortcut {
                    shortcut.copy_from_slice(gradient.values());
                }
                let norm = NormGradients::new(sums, moments, gamma, self.epsilon, x.len() / channels);
                blend(gradient.values_mut(), x, &norm);
                (norm.gamma, norm.beta)
            }
            NormMoments::Groups(count, moments) => {
                let groups = Groups { count: *count, gamma, beta: &[], epsilon: self.epsilon };
                group_norm_backward(&groups, moments, x, signs, gradient.values_mut(), shortcut.as_deref_mut())
            }
        };
        let shortcut = shortcut.map(|shortcut| map_tensor(shortcut, self.x.shape));
        vec![with_share(gradient, share), Some(vector(&gamma)), Some(vector(&beta)), shortcut]
    }
}

/// Parents: input, scale, shift, shortcut.
#[derive(Clone, Debug)]
pub struct AffineState {
    x: Map,
    scale: Values,
    activated: Activated,
}

impl AffineState {
    pub fn forward(
        x: &FlexTensor,
        scale: FlexTensor,
        shift: FlexTensor,
        shortcut: Option<FlexTensor>,
        slope: f32,
    ) -> (FlexTensor, Self) {
        let x = Map::new(x);
        let kept = Values::new(&scale);
        let y = Flex::kernel_affine(x.tensor(), scale, shift, Extra::new(shortcut), slope);
        let activated = Activated::new(&y, slope);
        (y, Self { x, scale: kept, activated })
    }
}

impl Differentiate for AffineState {
    const PARENTS: usize = 4;
    const SHORTCUT: Option<usize> = Some(3);

    fn differentiate(
        self,
        gradient: FlexTensor,
        wanted: &[bool],
        share: Option<FlexTensor>,
    ) -> Vec<Option<FlexTensor>> {
        let mut gradient = OwnedMap::new(gradient);
        let (x, channels) = (self.x.values(), self.scale.values().len());
        let zeros = vec![0.0; channels];
        let sums = sums(gradient.values_mut(), self.activated.signs(), Some((x, &zeros)), channels);
        let shortcut = wanted[3].then(|| {
            let mut shortcut = Buffer::new(x.len());
            shortcut.copy_from_slice(gradient.values());
            map_tensor(shortcut, self.x.shape)
        });
        let factors = NormGradients {
            gamma: Vec::new(),
            beta: Vec::new(),
            first: self.scale.values().to_vec(),
            second: zeros.clone(),
            shift: zeros,
        };
        blend(gradient.values_mut(), x, &factors);
        vec![with_share(gradient, share), Some(vector(&sums.product)), Some(vector(&sums.gradient)), shortcut]
    }
}

/// Parents: input, shortcut.
#[derive(Clone, Debug)]
pub struct AddState {
    activated: Activated,
}

impl AddState {
    pub fn forward(x: FlexTensor, shortcut: Option<FlexTensor>, slope: f32) -> (FlexTensor, Self) {
        let y = Flex::kernel_add(x, Extra::new(shortcut), slope);
        let activated = Activated::new(&y, slope);
        (y, Self { activated })
    }
}

impl Differentiate for AddState {
    const PARENTS: usize = 2;
    const SHORTCUT: Option<usize> = Some(1);

    fn differentiate(
        self,
        gradient: FlexTensor,
        _wanted: &[bool],
        share: Option<FlexTensor>,
    ) -> Vec<Option<FlexTensor>> {
        let mut gradient = OwnedMap::new(gradient);
        if let Some(y) = &self.activated.y {
            sums(gradient.values_mut(), self.activated.signs(), None, y.shape[1]);
        }
        let gradient = gradient.into_tensor();
        let input = match share {
            Some(share) => with_share(OwnedMap::new(gradient.clone()), Some(share)),
            None => Some(gradient.clone()),
        };
        vec![input, Some(gradient)]
    }
}

/// Parent: input.
#[derive(Clone, Debug)]
pub struct PadState {
    shape: [usize; 4],
    stride: usize,
    channels: usize,
}

impl PadState {
    pub fn new(x: &FlexTensor, stride: usize, channels: usize) -> Self {
        Self { shape: dims(x), stride, channels }
    }
}

impl Differentiate for PadState {
    const PARENTS: usize = 1;

    fn differentiate(
        self,
        gradient: FlexTensor,
        _wanted: &[bool],
        share: Option<FlexTensor>,
    ) -> Vec<Option<FlexTensor>> {
        let mut out = OwnedMap::unset(self.shape);
        let shape = pad_shape(self.shape, self.stride, self.channels);
        shortcut::pad_backward(&shape, Map::new(&gradient).values(), out.values_mut());
        vec![with_share(out, share)]
    }
}

/// Parent: input. The maps are kept only where the largest value was taken.
#[derive(Clone, Debug)]
pub struct PoolState {
    maps: Option<(Map, Map)>,
    shape: [usize; 4],
    options: PoolOptions,
}

impl PoolState {
    pub fn forward(x: &FlexTensor, options: PoolOptions) -> (FlexTensor, Self) {
        let x = Map::new(x);
        let y = Flex::kernel_pool(x.tensor(), options);
        let shape = x.shape;
        let maps = (!options.mean).then(|| (x, Map::new(&y)));
        (y, Self { maps, shape, options })
    }
}

impl Differentiate for PoolState {
    const PARENTS: usize = 1;

    fn differentiate(
        self,
        gradient: FlexTensor,
        _wanted: &[bool],
        share: Option<FlexTensor>,
    ) -> Vec<Option<FlexTensor>> {
        let gradient = Map::new(&gradient);
        let shape = pool_shape(self.shape, self.options);
        let mut out = OwnedMap::unset(self.shape);
        match &self.maps {
            Some((x, y)) => {
                pooling::max_pool_backward(&shape, x.values(), y.values(), gradient.values(), out.values_mut());
            }
            None => pooling::average_pool_backward(&shape, gradient.values(), out.values_mut()),
        }
        vec![with_share(out, share)]
    }
}

/// Parent: input.
#[derive(Clone, Debug)]
pub struct GlobalState {
    shape: [usize; 4],
}

impl GlobalState {
    pub fn new(x: &FlexTensor) -> Self {
        Self { shape: dims(x) }
    }
}

impl Differentiate for GlobalState {
    const PARENTS: usize = 1;

    fn differentiate(
        self,
        gradient: FlexTensor,
        _wanted: &[bool],
        share: Option<FlexTensor>,
    ) -> Vec<Option<FlexTensor>> {
        let [_, channels, height, width] = self.shape;
        let mut out = OwnedMap::unset(self.shape);
        let gradient = Values::new(&gradient);
        pooling::global_average_backward(gradient.values(), height * width, channels, out.values_mut());
        vec![with_share(out, share)]
    }
}

/// Parent: input.
#[derive(Clone, Debug)]
pub struct SmoothState {
    x: Map,
    kind: Smooth,
}

impl SmoothState {
    pub fn forward(x: &FlexTensor, kind: Smooth) -> (FlexTensor, Self) {
        let x = Map::new(x);
        (Flex::kernel_smooth(x.tensor(), kind), Self { x, kind })
    }
}

impl Differentiate for SmoothState {
    const PARENTS: usize = 1;

    fn differentiate(
        self,
        gradient: FlexTensor,
        _wanted: &[bool],
        share: Option<FlexTensor>,
    ) -> Vec<Option<FlexTensor>> {
        let mut gradient = OwnedMap::new(gradient);
        activate_backward(self.kind, self.x.values(), gradient.values_mut());
        vec![with_share(gradient, share)]
    }
}

/// `n, c, h, w` of a map.
fn dims(tensor: &FlexTensor) -> [usize; 4] {
    std::array::from_fn(|axis| tensor.layout().shape()[axis])
}
