//! Pictures that are asked about, and pictures that answer.

use super::sheet::{Sheet, cell};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// An image to look at.
#[derive(Clone, Debug, PartialEq)]
pub enum Picture {
    /// A file in any format the program reads.
    File(PathBuf),
    /// Pixels from a clipboard.
    Pixels {
        /// Width in pixels.
        width: usize,
        /// Height in pixels.
        height: usize,
        /// Row by row, four bytes a pixel.
        rgba: Vec<u8>,
    },
}

/// What every arm says is in pictures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Classification {
    /// The arms' names.
    pub arms: Vec<String>,
    /// The names of the classes.
    pub classes: Vec<String>,
    /// One for each picture.
    pub pictures: Vec<Classified>,
}

/// A picture with what every arm says is in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Classified {
    /// The file's name, or "clipboard".
    pub name: String,
    /// The picture as the networks see it, [height, width, 3] bytes.
    pub seen: Seen,
    /// For each arm the probability of every class, or why the picture could not be read.
    pub probabilities: Result<Vec<Vec<f32>>, String>,
}

/// A small RGB picture.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// Row by row, three bytes a pixel.
    pub rgb: Vec<u8>,
}

impl Seen {
    /// Of an image's bytes, [channels, height, width] of them; one channel becomes gray.
    #[must_use]
    pub fn new(pixels: &[u8], [channels, height, width]: [usize; 3]) -> Self {
        let plane = height * width;
        let channel = |c: usize| if channels == 1 { 0 } else { c };
        let rgb = (0..plane).flat_map(|p| (0..3).map(move |c| channel(c) * plane + p)).map(|at| pixels[at]).collect();
        Self { width, height, rgb }
    }
}

/// Numbers on a grid: a heat map, a feature map, a filter.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HeatMap {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Row by row, not scaled.
    pub values: Vec<f32>,
}

impl HeatMap {
    /// The least and the largest finite value; 0 and 0 where there is none.
    #[must_use]
    pub fn range(&self) -> [f32; 2] {
        let finite = || self.values.iter().copied().filter(|value| value.is_finite());
        let low = finite().fold(f32::INFINITY, f32::min);
        if low.is_finite() { [low, finite().fold(f32::NEG_INFINITY, f32::max)] } else { [0.0, 0.0] }
    }

    /// Each value's place between two ends, from 0 to 1; everything is 0 where they are the same.
    #[must_use]
    pub fn shares(&self, [low, high]: [f32; 2]) -> Vec<f32> {
        let width = if high > low { high - low } else { f32::INFINITY };
        self.values.iter().map(|value| ((value - low) / width).clamp(0.0, 1.0)).collect()
    }

    /// A table of the values, a row for each row of pixels.
    #[must_use]
    pub fn sheet(&self, name: &str) -> Sheet {
        let header: Vec<String> = (0..self.width).map(|column| column.to_string()).collect();
        let rows = self.values.chunks(self.width.max(1));
        let rows = rows.map(|row| row.iter().map(|&value| cell(f64::from(value))).collect()).collect();
        Sheet { name: name.to_owned(), header, rows }
    }
}

/// Several maps that belong together: the channels of a block's output, the filters of the first layer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Maps {
    /// What they are maps of: `layer1.0`, `conv1`.
    pub of: String,
    /// How each is called: `channel 3`.
    pub names: Vec<String>,
    /// One for each name.
    pub maps: Vec<HeatMap>,
}

/// Where in a picture a network's decision comes from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// The picture as the network sees it.
    pub seen: Seen,
    /// The class that is explained.
    pub class: usize,
    /// The class that is right, where it is known.
    pub truth: Option<usize>,
    /// The probability of every class.
    pub probabilities: Vec<f32>,
    /// Each block's name with its map, in order: Grad-CAM, at least 0.
    pub strip: Vec<(String, HeatMap)>,
    /// How far the class's probability falls when a patch around this pixel is covered.
    pub occlusion: Option<HeatMap>,
}

/// The viridis map (Smith and van der Walt 2015) as red, green, blue, from 0 to 1; anything else is clamped.
#[must_use]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "colours")]
pub fn viridis(share: f32) -> [u8; 3] {
    const STOPS: [[u8; 3]; 9] = [
        [68, 1, 84],
        [71, 44, 122],
        [59, 81, 139],
        [44, 113, 142],
        [33, 144, 141],
        [39, 173, 129],
        [92, 200, 99],
        [170, 220, 50],
        [253, 231, 37],
    ];
    let at = if share.is_finite() { share.clamp(0.0, 1.0) * 8.0 } else { 0.0 };
    let below = (at.floor() as usize).min(7);
    let rest = at - below as f32;
    let blend = |k: usize| f32::from(STOPS[below][k]) * (1.0 - rest) + f32::from(STOPS[below + 1][k]) * rest;
    [0, 1, 2].map(|k| blend(k).round() as u8)
}
