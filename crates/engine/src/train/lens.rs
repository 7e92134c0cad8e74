//! How networks see a picture: brought to their input's shape, normalised, asked for probabilities.

use super::evaluate::logits;
use super::softmax;
use crate::nn::{DeviceError, Model};
use burn::tensor::Device;
use lab_core::blueprint::MapShape;
use lab_core::data::{self, Normalizer, Picture};
use lab_core::experiment::{Data, Fit};

/// How networks see a picture.
#[derive(Clone, Copy, Debug)]
pub struct Lens<'a> {
    /// [channels, height, width] of the networks' input.
    pub shape: MapShape,
    /// Subtracted per channel from pixels in [0, 1].
    pub mean: &'a [f32],
    /// Divided by per channel.
    pub std: &'a [f32],
    /// What happens to pictures of another aspect ratio.
    pub fit: Fit,
    /// Where the networks are.
    pub device: &'a Device,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum LensError {
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// Weights and picture are numbers, but what comes out is none.
    #[error(
        "the network's outputs are no finite numbers: its weights are too large, as after too high a learning rate, or belong \
         to another network; take others"
    )]
    NoNumbers,
}

/// What an experiment does to pictures of another aspect ratio than its networks' input.
#[must_use]
pub fn fit(data: &Data) -> Fit {
    data.resize.map_or(Fit::default(), |resize| resize.fit)
}

impl Lens<'_> {
    /// The picture as the networks see it before normalisation, [channels, height, width].
    #[must_use]
    pub fn pixels(&self, picture: &Picture) -> Vec<u8> {
        data::fit_picture(picture, self.shape, self.fit)
    }

    /// For each network the probability of every class, from what [`Self::pixels`] gave.
    ///
    /// # Errors
    /// What the device says when it fails; a network whose answer is no number.
    pub fn probabilities<'m>(
        &self,
        pixels: &[u8],
        networks: impl Iterator<Item = &'m Model>,
    ) -> Result<Vec<Vec<f32>>, LensError> {
        let [channels, height, width] = self.shape;
        let mut inputs = Vec::with_capacity(pixels.len());
        Normalizer::new(self.mean, self.std).extend(pixels, height * width, &mut inputs);
        let shape = [1, channels, height, width];
        let probabilities = |network| {
            let row = softmax::probabilities(&logits(network, inputs.clone(), shape, self.device)?);
            if row.iter().all(|share| share.is_finite()) { Ok(row) } else { Err(LensError::NoNumbers) }
        };
        networks.map(probabilities).collect()
    }
}
