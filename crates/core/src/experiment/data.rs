//! Where the images come from and how they are prepared before a network sees them.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use thiserror::Error;

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

/// The longest side of an image that a network is trained on, in pixels.
pub const MAX_SIDE: usize = 1024;

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
    Gray,
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

impl Normalization {
    /// The numbers that somebody gives for pixels between 0 and 1, checked: as many as the images have channels, where that is
    /// known. One number counts for one channel, as gray images have it.
    ///
    /// # Errors
    /// What is wrong with them, and what to do about it.
    pub fn given(mean: Vec<f32>, std: Vec<f32>, channels: Option<usize>) -> Result<Self, NormalizationError> {
        // Values from 0 to 1 deviate from their mean by half of that at most; 1 leaves them as wide as they are.
        let bytes = |numbers: &[f32]| numbers.iter().any(|number| *number > 1.0 && number.is_finite());
        if let Some((what, numbers)) = [("mean", &mean), ("std", &std)].into_iter().find(|(_, it)| bytes(it)) {
            return Err(NormalizationError::Bytes { what, numbers: listed(numbers) });
        }
        let fits = match channels {
            Some(channels) => (mean.len(), std.len()) == (channels, channels),
            None => matches!((mean.len(), std.len()), (1, 1) | (3, 3)),
        };
        if !fits {
            let channels = channels.map_or_else(|| "1 or 3".to_owned(), |channels| channels.to_string());
            return Err(NormalizationError::Count { mean: mean.len(), std: std.len(), channels });
        }
        if !mean.iter().all(|number| number.is_finite()) {
            return Err(NormalizationError::Mean(listed(&mean)));
        }
        if !std.iter().all(|number| number.is_finite() && *number > 0.0) {
            return Err(NormalizationError::Std(listed(&std)));
        }
        Ok(Self::Given { mean, std })
    }
}

fn listed(numbers: &[f32]) -> String {
    numbers.iter().map(f32::to_string).collect::<Vec<_>>().join(",")
}

/// Why numbers do not normalise images.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NormalizationError {
    /// They are about pixels from 0 to 255.
    #[error(
        "{what} {numbers} is of values from 0 to 255, and pixels are between 0 and 1 here: divide mean and std by 255"
    )]
    Bytes {
        /// Mean or std.
        what: &'static str,
        numbers: String,
    },
    /// There are not as many as channels.
    #[error(
        "there are {mean} values of mean and {std} of std, but must be one of each for each of {channels} channels"
    )]
    Count {
        /// Values of the mean.
        mean: usize,
        /// Values of the standard deviation.
        std: usize,
        /// How many there are to be.
        channels: String,
    },
    /// A mean that is no number.
    #[error("mean is {0}, but must be finite numbers")]
    Mean(String),
    /// A standard deviation that nothing can be divided by.
    #[error("std is {0}, but must be finite numbers above 0")]
    Std(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_normalise_nothing_are_refused_with_the_reason() {
        let why = |mean: &[f32], std: &[f32], channels| {
            let given = Normalization::given(mean.to_vec(), std.to_vec(), channels);
            given.err().map_or_else(String::new, |error| error.to_string())
        };
        assert_eq!(why(&[0.5], &[0.2], None), "");
        assert_eq!(why(&[0.5; 3], &[0.2; 3], Some(3)), "");
        assert!(why(&[123.7; 3], &[0.2; 3], Some(3)).contains("mean 123.7,123.7,123.7 is of values from 0 to 255"));
        assert!(why(&[0.5; 5], &[0.2; 5], Some(3)).contains("5 values of mean and 5 of std"));
        assert!(why(&[0.5; 3], &[0.2; 3], Some(1)).contains("for each of 1 channels"));
        assert!(why(&[0.5; 2], &[0.2; 2], None).contains("1 or 3 channels"));
        assert!(why(&[f32::NAN], &[0.2], None).contains("mean is NaN, but must be finite"));
        assert!(why(&[0.5], &[0.0], None).contains("std is 0, but must be finite numbers above 0"));
        assert!(why(&[f32::INFINITY], &[0.2], None).contains("must be finite"));
    }
}
