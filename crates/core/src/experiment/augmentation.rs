//! Random changes made to training images; each one off by default.

use serde::{Deserialize, Serialize};

/// How training images are varied. Every field's zero leaves images as they are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Augmentation {
    /// Pads by this many zero pixels on each side, then cuts out the original size at a random place.
    pub pad_crop: u32,
    /// Mirrors half of the images left to right.
    pub flip: bool,
    /// Side of a square set to the channel mean at a random place, in pixels (DeVries and Taylor 2017).
    pub cutout: u32,
    /// Adds a brightness drawn from ± this share of the full range.
    pub brightness: f32,
    /// Scales contrast by a factor drawn from 1 ± this.
    pub contrast: f32,
    /// Turns by an angle drawn from ± this many degrees.
    pub rotation: f32,
    /// Mixes pairs of images and labels with a weight drawn from Beta(α, α) (Zhang et al. 2018).
    pub mixup: f32,
}

impl Augmentation {
    /// He et al. 2015, section 4.2: four pixels of padding, random crop, horizontal flip.
    #[must_use]
    pub fn pad_crop_flip() -> Self {
        Self { pad_crop: 4, flip: true, ..Self::default() }
    }
}
