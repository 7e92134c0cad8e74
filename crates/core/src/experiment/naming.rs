//! What weights are called in files, and what a person calls the blocks that hold them.

use serde::{Deserialize, Serialize};

/// Whose names the weights have in files, and what these names are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Naming {
    /// `conv1, bn1, layerS.B.convK, layerS.B.bnK, layerS.B.shortcut.0, linear`
    #[default]
    Cifar,
    /// The same with `downsample.0` and `fc`.
    Torchvision,
}

impl Naming {
    /// The convolution and the norm of the stem.
    pub const STEM: [&str; 2] = ["conv1", "bn1"];
    /// The convolution and the norm of a stage's entry, within the stage.
    pub const ENTRY: [&str; 2] = ["entry.conv", "entry.bn"];
    /// The norm behind the last block of a pre-activation net.
    pub const LAST_NORM: &str = "bn_last";

    /// What the names of all stages begin with, as in PyTorch's models.
    const STAGE: &str = "layer";

    /// A stage, counted from 0: `layer1` is the first.
    #[must_use]
    pub fn stage(index: usize) -> String {
        format!("{}{}", Self::STAGE, index + 1)
    }

    /// A stage's or block's name, or that of something inside, without what all have in common: `2.0` of `layer2.0`;
    /// `None` outside the stages.
    #[must_use]
    pub fn in_stages(name: &str) -> Option<&str> {
        name.strip_prefix(Self::STAGE)
    }

    /// A block's name as a person reads it everywhere, and that of what is inside: `block 2.0` of `layer2.0`,
    /// `block 2.0, conv1` of `layer2.0.conv1`; `stage 2` of `layer2`; other names as they are.
    #[must_use]
    pub fn in_words(name: &str) -> String {
        let Some(rest) = Self::in_stages(name) else { return name.to_owned() };
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        match rest.splitn(3, '.').collect::<Vec<_>>()[..] {
            [stage, block] if is_number(stage) && is_number(block) => format!("block {stage}.{block}"),
            [stage, block, inside] if is_number(stage) && is_number(block) => {
                format!("block {stage}.{block}, {inside}")
            }
            [stage] if is_number(stage) => format!("stage {stage}"),
            [stage, ..] if is_number(stage) => format!("stage {stage}, {}", &rest[stage.len() + 1..]),
            _ => name.to_owned(),
        }
    }

    /// Whether something within a block, by its name there, belongs to the shortcut.
    #[must_use]
    pub fn is_of_shortcut(name: &str) -> bool {
        [Self::Cifar, Self::Torchvision].iter().any(|naming| name.starts_with(naming.shortcut()))
    }

    /// The convolution and the norm of a unit of a branch, counted from 0, within the block: `conv1` and `bn1` are the
    /// first.
    #[must_use]
    pub fn unit(index: usize) -> [String; 2] {
        [format!("conv{}", index + 1), format!("bn{}", index + 1)]
    }

    /// What a projecting shortcut is called, within the block.
    #[must_use]
    pub fn shortcut(self) -> &'static str {
        match self {
            Self::Cifar => "shortcut",
            Self::Torchvision => "downsample",
        }
    }

    /// The convolution and the norm of a projecting shortcut, within the block.
    #[must_use]
    pub fn projection(self) -> [String; 2] {
        [0, 1].map(|layer| format!("{}.{layer}", self.shortcut()))
    }

    /// The linear layer.
    #[must_use]
    pub fn head(self) -> &'static str {
        match self {
            Self::Cifar => "linear",
            Self::Torchvision => "fc",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_has_one_name_for_persons() {
        let names = ["layer1.2", "layer3.10.conv2", "layer2", "layer2.entry.conv", "conv1", "layerless", "linear"];
        let expected =
            ["block 1.2", "block 3.10, conv2", "stage 2", "stage 2, entry.conv", "conv1", "layerless", "linear"];
        assert_eq!(names.map(Naming::in_words), expected);
    }
}
