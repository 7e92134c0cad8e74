//! Mean and standard deviation per channel, and pixels turned into network inputs with them.

use super::error::DataError;
use super::images::Images;
use crate::experiment::Normalization;

/// The mean and standard deviation per channel that `how` asks for.
pub(super) fn settle(how: &Normalization, images: &Images) -> Result<(Vec<f32>, Vec<f32>), DataError> {
    match how {
        Normalization::Measured => Ok(measure(images)),
        Normalization::Off => Ok((vec![0.0; images.channels], vec![1.0; images.channels])),
        Normalization::Given { mean, std } if mean.len() == images.channels && std.len() == images.channels => {
            Ok((mean.clone(), std.clone()))
        }
        Normalization::Given { mean, .. } => {
            Err(DataError::Normalization { given: mean.len(), channels: images.channels })
        }
    }
}

/// Mean and (population) standard deviation of all pixels of a channel, in [0, 1]. Sums of whole numbers are exact,
/// whatever their order. A channel of one value gets a deviation of 1, to divide by.
#[allow(clippy::cast_possible_truncation, reason = "only the results are rounded")]
fn measure(images: &Images) -> (Vec<f32>, Vec<f32>) {
    let marks = images.marks();
    let count = (images.len() * images.height * images.width).max(1) as u128;
    let moments = |channel: usize| {
        let of_channel = || marks.iter().skip(channel).step_by(images.channels.max(1));
        let sum: u128 = of_channel().map(|mark| u128::from(mark.sum)).sum();
        let squares: u128 = of_channel().map(|mark| u128::from(mark.squares)).sum();
        let mean = sum as f64 / count as f64;
        // The deviations' squares, times the square of the count.
        let spread = count * squares - sum * sum;
        let std = (spread as f64).sqrt() / count as f64 / 255.0;
        ((mean / 255.0) as f32, if std > 0.0 { std as f32 } else { 1.0 })
    };
    (0..images.channels).map(moments).unzip()
}

/// Turns bytes into network inputs: (x / 255 − mean) / std per channel, looked up.
#[derive(Clone, Debug)]
pub struct Normalizer {
    tables: Vec<[f32; 256]>,
}

impl Normalizer {
    /// For images with as many channels as there are numbers.
    #[must_use]
    pub fn new(mean: &[f32], std: &[f32]) -> Self {
        let table = |(mean, std): (&f32, &f32)| {
            let mut table = [0.0; 256];
            for (value, input) in (0_u8..=255).zip(&mut table) {
                *input = (f32::from(value) / 255.0 - mean) / std;
            }
            table
        };
        Self { tables: mean.iter().zip(std).map(table).collect() }
    }

    /// Appends the inputs of images `[…][channel][row][column]` with `plane` pixels per channel.
    pub fn extend(&self, pixels: &[u8], plane: usize, inputs: &mut Vec<f32>) {
        for (values, table) in pixels.chunks_exact(plane).zip(self.tables.iter().cycle()) {
            inputs.extend(values.iter().map(|&value| table[usize::from(value)]));
        }
    }

    /// The byte in `channel` that comes closest to an input.
    pub(super) fn byte(&self, channel: usize, input: f32) -> u8 {
        let table = &self.tables[channel];
        let above = table.partition_point(|&entry| entry < input).min(255);
        let below = above.saturating_sub(1);
        let nearest = if input - table[below] < table[above] - input { below } else { above };
        u8::try_from(nearest).unwrap_or(u8::MAX)
    }
}
