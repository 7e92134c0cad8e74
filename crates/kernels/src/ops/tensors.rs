//! Flex tensors as the slices of the kernels, and back.

use burn::backend::{BackendTensor, DispatchAutodiffContext, DispatchTensor, DispatchTensorKind};
use burn::tensor::{DType, Shape, Tensor};
use burn_flex::{FlexTensor, Layout};

use super::memory::Buffer;
use crate::layout::{Strided, to_channels_last};
use crate::norm::add;

/// A map `[n][h][w][c]` that a kernel reads.
#[derive(Clone, Debug)]
pub(super) struct Map {
    tensor: FlexTensor,
    /// `n, c, h, w`
    pub shape: [usize; 4],
}

impl Map {
    /// The map of a tensor `[n, c, h, w]`, copied only if its memory has another order.
    pub fn new(tensor: &FlexTensor) -> Self {
        let strided = strided(tensor);
        let shape = strided.shape;
        if strided.is_channels_last() {
            return Self { tensor: tensor.clone(), shape };
        }
        let mut copy = Buffer::new(shape.iter().product());
        to_channels_last(&strided, &mut copy);
        Self { tensor: map_tensor(copy, shape), shape }
    }

    /// The map as a tensor.
    pub fn tensor(&self) -> FlexTensor {
        self.tensor.clone()
    }

    pub fn values(&self) -> &[f32] {
        let start = self.tensor.layout().start_offset();
        &self.tensor.storage::<f32>()[start..][..self.shape.iter().product()]
    }
}

/// A map `[n][h][w][c]` that a kernel may overwrite.
pub(super) struct OwnedMap {
    tensor: FlexTensor,
    len: usize,
}

impl OwnedMap {
    /// A map whose values are still to be written.
    pub fn unset(shape: [usize; 4]) -> Self {
        let len = shape.iter().product();
        Self { tensor: map_tensor(Buffer::new(len), shape), len }
    }

    /// The map of a tensor that is not needed any more: its own memory if no other tensor shares it.
    pub fn new(tensor: FlexTensor) -> Self {
        let strided = strided(&tensor);
        let (shape, len) = (strided.shape, strided.shape.iter().product());
        if tensor.is_unique() && strided.offset == 0 && strided.is_channels_last() && tensor.bytes().len() == 4 * len {
            return Self { tensor, len };
        }
        let mut copy = Buffer::new(len);
        to_channels_last(&strided, &mut copy);
        Self { tensor: map_tensor(copy, shape), len }
    }

    pub fn values(&self) -> &[f32] {
        &self.tensor.storage::<f32>()[..self.len]
    }

    pub fn values_mut(&mut self) -> &mut [f32] {
        &mut self.tensor.storage_mut::<f32>()[..self.len]
    }

    pub fn into_tensor(self) -> FlexTensor {
        self.tensor
    }

    /// The sum with another map, if there is one.
    pub fn plus(mut self, other: Option<FlexTensor>) -> FlexTensor {
        if let Some(other) = other {
            add(self.values_mut(), Map::new(&other).values());
        }
        self.tensor
    }
}

fn strided(tensor: &FlexTensor) -> Strided<'_> {
    let layout = tensor.layout();
    let (mut shape, mut strides) = ([1; 4], [0; 4]);
    assert_eq!(layout.num_dims(), 4, "a map has four dimensions");
    for axis in 0..4 {
        shape[axis] = layout.shape()[axis];
        strides[axis] = layout.strides()[axis];
    }
    Strided { values: tensor.storage(), offset: layout.start_offset(), shape, strides }
}

/// A tensor `[n, c, h, w]` over channels-last memory.
pub(super) fn map_tensor(map: Buffer, [n, c, h, w]: [usize; 4]) -> FlexTensor {
    let strides = [h * w * c, 1, w * c, c].map(usize::cast_signed).to_vec();
    FlexTensor::new(map.into_bytes(), Layout::new(Shape::new([n, c, h, w]), strides, 0), DType::F32)
}

/// A tensor in the order of its dimensions.
pub(super) fn tensor<const D: usize>(values: Buffer, shape: [usize; D]) -> FlexTensor {
    FlexTensor::new(values.into_bytes(), Layout::contiguous(Shape::new(shape)), DType::F32)
}

/// A tensor of one dimension.
pub(super) fn vector(values: &[f32]) -> FlexTensor {
    let mut buffer = Buffer::new(values.len());
    buffer.copy_from_slice(values);
    tensor(buffer, [values.len()])
}

/// Values of a small tensor in the order of its dimensions.
#[derive(Clone, Debug)]
pub(super) struct Values(FlexTensor);

impl Values {
    pub fn new(tensor: &FlexTensor) -> Self {
        Self(tensor.to_contiguous())
    }

    pub fn values(&self) -> &[f32] {
        let layout = self.0.layout();
        &self.0.storage::<f32>()[layout.start_offset()..][..layout.num_elements()]
    }
}

/// A tensor of this backend that is not differentiated; `None` of any other.
pub(super) fn on_flex<const D: usize>(tensor: &Tensor<D>) -> Option<FlexTensor> {
    match tensor.clone().into_dispatch().kind {
        DispatchTensorKind::Flex(BackendTensor::Float(tensor)) => Some(tensor),
        _ => None,
    }
}

/// The reverse of [`on_flex`].
pub(super) fn from_flex<const D: usize>(tensor: FlexTensor) -> Tensor<D> {
    let kind = DispatchTensorKind::Flex(BackendTensor::Float(tensor));
    Tensor::from_dispatch(DispatchTensor { kind, autodiff: DispatchAutodiffContext::Disabled })
}
