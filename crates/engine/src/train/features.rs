//! What a frozen backbone makes of each image: computed when the image first comes up, and kept.

use super::evaluate::{EvaluateError, Inputs};
use crate::nn::{self, Model, Pass, compute};
use burn::tensor::Device;
use lab_core::data;

/// Bytes that may be kept of one set of images; beyond that, backbones compute them each time.
const LIMIT: usize = 1 << 30;

/// The pooled features of a set of images.
pub(super) struct Features {
    width: usize,
    rows: Vec<f32>,
    known: Vec<bool>,
}

impl Features {
    /// Bytes that are kept of this many images with `width` features each; 0 where that would be too much.
    pub fn bytes(images: usize, width: usize) -> u64 {
        let bytes = images.saturating_mul(width).saturating_mul(size_of::<f32>());
        if bytes <= LIMIT { bytes as u64 } else { 0 }
    }

    /// Nothing yet of this many images with `width` features each; `None` if they would take too much memory.
    pub fn new(images: usize, width: usize) -> Option<Self> {
        let values = images.checked_mul(width).filter(|values| values.saturating_mul(size_of::<f32>()) <= LIMIT)?;
        Some(Self { width, rows: vec![0.0; values], known: vec![false; images] })
    }

    /// Forgets everything, because the backbone is another one.
    pub fn clear(&mut self) {
        self.known.fill(false);
    }

    /// The features of the images at these places, [images, width] row by row. The model has no graph.
    ///
    /// # Errors
    /// An image that cannot be read, or what the device says when it fails.
    pub fn of(
        &mut self,
        indices: &[usize],
        inputs: Inputs,
        model: &Model,
        device: &Device,
        stock: bool,
    ) -> Result<Vec<f32>, EvaluateError> {
        let new: Vec<usize> = indices.iter().copied().filter(|&index| !self.known[index]).collect();
        if !new.is_empty() {
            let pixels = data::plain_inputs(inputs.images, inputs.mean, inputs.std, &new)?;
            let [channels, height, width] = inputs.images.shape();
            let found = compute(device, || {
                let x = nn::tensor(pixels, [new.len(), channels, height, width], device);
                let mut pass = Pass::evaluate().with_stock_operations(stock);
                nn::values(model.pooled(x, &mut pass))
            })?;
            for (&index, row) in new.iter().zip(found.chunks_exact(self.width)) {
                self.rows[index * self.width..][..self.width].copy_from_slice(row);
                self.known[index] = true;
            }
        }
        Ok(indices.iter().flat_map(|&index| &self.rows[index * self.width..][..self.width]).copied().collect())
    }
}
