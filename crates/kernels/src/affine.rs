//! What a norm with known statistics does to each channel.

use crate::statistics::Moments;

/// What a norm does to each channel: `scale · (z − mean) + shift`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Affine {
    pub mean: Vec<f32>,
    pub scale: Vec<f32>,
    pub shift: Vec<f32>,
}

impl Affine {
    /// Nothing, to each of `channels` channels.
    pub fn identity(channels: usize) -> Self {
        Self { mean: vec![0.0; channels], scale: vec![1.0; channels], shift: vec![0.0; channels] }
    }

    /// A norm with the given statistics.
    pub fn new(moments: &Moments, gamma: &[f32], beta: &[f32], epsilon: f32) -> Self {
        let scale = gamma.iter().zip(&moments.variance).map(|(gamma, variance)| gamma / (variance + epsilon).sqrt());
        Self { mean: moments.mean.clone(), scale: scale.collect(), shift: beta.to_vec() }
    }
}
