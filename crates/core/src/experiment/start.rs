//! What an arm begins with instead of fresh weights, and which part of it stays as it is.

use super::Normalization;
use crate::checkpoint::Checkpoint;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Weights that an arm starts from, and how it goes on from there: fine-tuning.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// A file of weights, or the folder or name of a run.
    pub weights: PathBuf,
    /// Which network of a run; the one of the arm's own name, or the only one, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arm: Option<String>,
    /// Which checkpoint of a run.
    #[serde(default = "best", skip_serializing_if = "is_best")]
    pub checkpoint: Checkpoint,
    /// What becomes of the head.
    #[serde(default, skip_serializing_if = "is_default")]
    pub head: StartHead,
    /// Which part is not trained.
    #[serde(default, skip_serializing_if = "is_default")]
    pub freeze: Freeze,
    /// The learning rate of everything but the head, as a share of the head's; from 0 to 1.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub backbone_factor: f64,
    /// Which mean and standard deviation the weights expect of their inputs.
    #[serde(default, skip_serializing_if = "is_default")]
    pub normalization: Expected,
}

fn best() -> Checkpoint {
    Checkpoint::Best
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_best(checkpoint: &Checkpoint) -> bool {
    *checkpoint == Checkpoint::Best
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn one() -> f64 {
    1.0
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_one(factor: &f64) -> bool {
    *factor == 1.0
}

impl Start {
    /// All weights of a file or a run as they are, the head where it fits.
    #[must_use]
    pub fn from(weights: impl Into<PathBuf>) -> Self {
        Self {
            weights: weights.into(),
            arm: None,
            checkpoint: best(),
            head: StartHead::default(),
            freeze: Freeze::default(),
            backbone_factor: one(),
            normalization: Expected::default(),
        }
    }
}

/// What becomes of the head of the weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StartHead {
    /// Kept if it is for the same classes, as far as they are known; else replaced by a new one.
    #[default]
    Fitting,
    /// Replaced by a new one.
    New,
    /// Kept; an error if it is for another number of classes.
    Kept,
}

/// The part of a network that is not trained, from its front: `"none"`, `"stem"`, `"stage 2"` (stem and stages 1 and
/// 2), or `"backbone"` (everything but the head).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Freeze {
    /// Everything is trained.
    #[default]
    None,
    /// Up to the first stage.
    Stem,
    /// Up to and including this stage, counted from 1.
    Stage(usize),
    /// Up to the head.
    Backbone,
}

impl Freeze {
    /// Whether the stem is frozen.
    #[must_use]
    pub fn holds_stem(self) -> bool {
        self != Self::None
    }

    /// Whether this stage, counted from 1, is frozen.
    #[must_use]
    pub fn holds_stage(self, stage: usize) -> bool {
        match self {
            Self::None | Self::Stem => false,
            Self::Stage(last) => stage <= last,
            Self::Backbone => true,
        }
    }

    /// Whether everything but the head is frozen.
    #[must_use]
    pub fn holds_backbone(self) -> bool {
        self == Self::Backbone
    }
}

impl fmt::Display for Freeze {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Stem => f.write_str("stem"),
            Self::Stage(stage) => write!(f, "stage {stage}"),
            Self::Backbone => f.write_str("backbone"),
        }
    }
}

impl FromStr for Freeze {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let stage = || text.strip_prefix("stage")?.trim().parse().ok().map(Self::Stage);
        match text {
            "none" => Ok(Self::None),
            "stem" => Ok(Self::Stem),
            "backbone" => Ok(Self::Backbone),
            _ => stage().ok_or_else(|| {
                format!("it must be none, stem, a stage as in \"stage 2\", or backbone, and \"{text}\" was given")
            }),
        }
    }
}

impl TryFrom<String> for Freeze {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Freeze> for String {
    fn from(freeze: Freeze) -> Self {
        freeze.to_string()
    }
}

/// Which mean and standard deviation weights expect of their inputs. It counts where `data.normalization` is `measured`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expected {
    /// Those that they were trained with, where they are known: a run knows them, a file of weights does not.
    #[default]
    Own,
    /// Those of ImageNet, with which torchvision's weights and many others were trained.
    #[serde(rename = "imagenet")]
    ImageNet,
    /// Whatever suits the images.
    Any,
}

/// ImageNet's mean and standard deviation of red, green and blue.
#[must_use]
pub fn imagenet_normalization() -> Normalization {
    Normalization::Given { mean: vec![0.485, 0.456, 0.406], std: vec![0.229, 0.224, 0.225] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_network_are_read_as_they_are_written() {
        for part in [Freeze::None, Freeze::Stem, Freeze::Stage(3), Freeze::Backbone] {
            assert_eq!(part.to_string().parse(), Ok(part));
        }
        assert_eq!("stage2".parse(), Ok(Freeze::Stage(2)));
        assert!("stage".parse::<Freeze>().unwrap_err().contains("as in \"stage 2\""));
        assert!(!Freeze::Stem.holds_stage(1) && Freeze::Stage(2).holds_stage(2) && !Freeze::Stage(2).holds_stage(3));
        assert!(Freeze::Backbone.holds_stage(9) && !Freeze::Stage(9).holds_backbone());
    }
}
