//! Where the images come from and how they are prepared before a network sees them.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The data set of an experiment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Data {
    /// `"embedded"` or the path of a folder or file; the format is found by looking.
    pub source: Source,
    /// What the networks are validated on.
    pub holdout: Holdout,
    /// Uses only this many training images, balanced over the classes; all of them if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub train_limit: Option<usize>,
    /// Uses only this many validation images, balanced over the classes; all of them if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_limit: Option<usize>,
    /// Brings every image to one size. Images of different sizes are brought to one that suits them if it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resize: Option<Resize>,
    /// Gray or colour.
    pub channels: Channels,
    /// How pixels become network inputs.
    pub normalization: Normalization,
}

/// Where images come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Source {
    /// The Fashion-MNIST subset inside the program.
    #[default]
    Embedded,
    /// IDX files, CIFAR's files, one folder per class, or an archive of these.
    Path(PathBuf),
}

impl Source {
    /// [channels, height, width] of the embedded images as they come, and how many classes they are of.
    pub const EMBEDDED: ([usize; 3], usize) = ([1, 28, 28], 10);
}

impl Data {
    /// The shape [channels, height, width] that images of `shape` are brought to.
    #[must_use]
    pub fn brought(&self, [channels, height, width]: [usize; 3]) -> [usize; 3] {
        let channels = match self.channels {
            Channels::Auto => channels,
            Channels::Gray => 1,
            Channels::Rgb => 3,
        };
        let (height, width) = self.resize.map_or((height, width), |resize| (resize.height, resize.width));
        [channels, height, width]
    }
}

impl From<String> for Source {
    fn from(text: String) -> Self {
        if text == "embedded" { Self::Embedded } else { Self::Path(text.into()) }
    }
}

impl From<Source> for String {
    fn from(source: Source) -> Self {
        match source {
            Source::Embedded => "embedded".into(),
            Source::Path(path) => path.to_string_lossy().into_owned(),
        }
    }
}

/// What the networks are validated on: `"own"`, or a share of the training images such as `0.1`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", expecting = "it must be \"own\", or a share of the training images such as 0.1")]
pub enum Holdout {
    /// The data set's own validation or test images; where it has none, a tenth of the training images.
    #[default]
    Own,
    /// A stratified share of the training images, chosen by the experiment's seed; more than 0, at most 0.5.
    #[serde(untagged)]
    Share(f32),
}

/// Brings images to one size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table, as in { height = 32, width = 32 }")]
pub struct Resize {
    /// Height in pixels.
    pub height: usize,
    /// Width in pixels.
    pub width: usize,
    /// What happens to images of another shape.
    #[serde(default)]
    pub fit: Fit,
}

/// What happens to an image whose aspect ratio differs from the one asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// Scales until the frame is covered and cuts off what sticks out.
    #[default]
    Cover,
    /// Scales until the image fits inside and fills the rest with black.
    Contain,
    /// Scales height and width separately.
    Stretch,
}

impl Fit {
    /// What is done to a picture, for whoever does it elsewhere.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Cover => {
                "cut to the middle in the network's aspect ratio, then scaled by a triangle filter as wide as the step \
                 (Pillow's BILINEAR)"
            }
            Self::Contain => {
                "scaled by a triangle filter as wide as the step (Pillow's BILINEAR) until it fits inside, in the middle of \
                 black"
            }
            Self::Stretch => {
                "width and height scaled separately by a triangle filter as wide as the step (Pillow's BILINEAR)"
            }
        }
    }
}

/// Gray or colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channels {
    /// As the data set has them.
    #[default]
    Auto,
    /// One channel, luma.
    Gray,
    /// Three channels.
    Rgb,
}

/// How a pixel value in [0, 1] becomes a network input.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Normalization {
    /// (x − mean) / std per channel, measured on the training images.
    #[default]
    Measured,
    /// (x − mean) / std per channel with given numbers, one per channel.
    Given {
        /// Per channel.
        mean: Vec<f32>,
        /// Per channel, all above 0.
        std: Vec<f32>,
    },
    /// x as it is.
    Off,
}
