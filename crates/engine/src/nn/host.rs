//! The way of plain numbers to a device, and back.

use burn::tensor::{Device, Tensor, TensorData};

/// What a device said when it failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DeviceError(String);

impl DeviceError {
    /// In the words of whoever noticed.
    pub(crate) fn new(said: impl ToString) -> Self {
        Self(said.to_string())
    }
}

/// Numbers as a tensor of this shape, from the slowest to the fastest dimension: pixels as maps
/// [images, channels, height, width], features as rows [images, features].
pub(crate) fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// A tensor's numbers in the same order; waits for the device.
///
/// # Errors
/// What the device says when it fails.
pub(crate) fn values<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, DeviceError> {
    tensor.try_into_vec_as::<f32>().map_err(DeviceError::new)
}

/// The number of a tensor that holds one; waits for the device.
///
/// # Errors
/// What the device says when it fails.
pub(crate) fn value(tensor: Tensor<1>) -> Result<f64, DeviceError> {
    tensor.try_into_scalar::<f32>().map(f64::from).map_err(DeviceError::new)
}
