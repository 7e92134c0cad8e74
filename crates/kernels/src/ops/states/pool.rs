//! Pools, the shortcut without parameters, and smooth activations.

use burn::backend::Flex;
use burn_flex::FlexTensor;

use crate::activation::{Smooth, activate_backward};
use crate::ops::backend::{Differentiate, Given, KernelOps, PoolOptions};
use crate::ops::flex::{pad_shape, pool_shape};
use crate::ops::tensors::{Map, OwnedMap, Values};
use crate::{pooling, shortcut};

/// Parent: input.
#[derive(Clone, Debug)]
pub(crate) struct PadState {
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

    fn differentiate(self, given: Given) -> Vec<Option<FlexTensor>> {
        let Given { gradient, share, .. } = given;
        let mut out = OwnedMap::unset(self.shape);
        let shape = pad_shape(self.shape, self.stride, self.channels);
        shortcut::pad_backward(&shape, Map::new(&gradient).values(), out.values_mut());
        vec![Some(out.plus(share))]
    }
}

/// Parent: input. The maps are kept only where the largest value was taken.
#[derive(Clone, Debug)]
pub(crate) struct PoolState {
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

    fn differentiate(self, given: Given) -> Vec<Option<FlexTensor>> {
        let Given { gradient, share, .. } = given;
        let gradient = Map::new(&gradient);
        let shape = pool_shape(self.shape, self.options);
        let mut out = OwnedMap::unset(self.shape);
        match &self.maps {
            Some((x, y)) => {
                pooling::max_pool_backward(&shape, x.values(), y.values(), gradient.values(), out.values_mut());
            }
            None => pooling::average_pool_backward(&shape, gradient.values(), out.values_mut()),
        }
        vec![Some(out.plus(share))]
    }
}

/// Parent: input.
#[derive(Clone, Debug)]
pub(crate) struct GlobalState {
    shape: [usize; 4],
}

impl GlobalState {
    pub fn new(x: &FlexTensor) -> Self {
        Self { shape: dims(x) }
    }
}

impl Differentiate for GlobalState {
    const PARENTS: usize = 1;

    fn differentiate(self, given: Given) -> Vec<Option<FlexTensor>> {
        let Given { gradient, share, .. } = given;
        let [_, channels, height, width] = self.shape;
        let mut out = OwnedMap::unset(self.shape);
        let gradient = Values::new(&gradient);
        pooling::global_average_backward(gradient.values(), height * width, channels, out.values_mut());
        vec![Some(out.plus(share))]
    }
}

/// Parent: input.
#[derive(Clone, Debug)]
pub(crate) struct SmoothState {
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

    fn differentiate(self, given: Given) -> Vec<Option<FlexTensor>> {
        let Given { gradient, share, .. } = given;
        let mut gradient = OwnedMap::new(gradient);
        activate_backward(self.kind, self.x.values(), gradient.values_mut());
        vec![Some(gradient.plus(share))]
    }
}

/// `n, c, h, w` of a map.
fn dims(tensor: &FlexTensor) -> [usize; 4] {
    std::array::from_fn(|axis| tensor.layout().shape()[axis])
}
