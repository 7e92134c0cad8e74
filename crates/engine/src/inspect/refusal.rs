//! Why a question is not answered.

use crate::nn::{DeviceError, NotOnThisDevice, StateError};
use crate::train::evaluate::EvaluateError;
use crate::train::load::LoadError;
use lab_core::data::DataError;
use lab_core::experiment::Naming;

/// Why a question is not answered.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// An image cannot be read.
    #[error(transparent)]
    Images(#[from] DataError),
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// One or the other, while a network was tried on images.
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
    /// The weights cannot be read from the device, or do not fit the network.
    #[error(transparent)]
    Weights(#[from] StateError),
    /// The device does not compute with as many digits as the network.
    #[error(transparent)]
    Precision(#[from] NotOnThisDevice),
    /// A checkpoint's weights cannot be read.
    #[error(transparent)]
    File(#[from] LoadError),
    /// Nobody trains, and no weights are open.
    #[error("there is no network yet: press Start, or open weights")]
    NoNetwork,
    /// The networks of a kept run cannot be brought back, in the words of whoever does so.
    #[error("{0}")]
    Run(String),
    /// There is nothing to try the networks on.
    #[error("these weights came without images to try them on; `residual-lab inspect --weights … --data …` takes some")]
    NoImages,
    /// It cannot be asked of one network.
    #[error("this is asked of all networks together")]
    OfAll,
    /// It is about a block that is not there.
    #[error("this network has {blocks} blocks, counted from 0; there is no block {block}")]
    NoBlock {
        /// How many there are.
        blocks: usize,
        /// The one that was asked for.
        block: usize,
    },
    /// It is about a class that is not there.
    #[error("this network has {classes} classes, counted from 0; there is no class {class}")]
    NoClass {
        /// How many there are.
        classes: usize,
        /// The one that was asked for.
        class: usize,
    },
    /// It is about an image that is not there.
    #[error("there is no validation image {index}; there are {count}, counted from 0")]
    NoImage {
        /// The one that was asked for.
        index: usize,
        /// How many there are.
        count: usize,
    },
    /// A line has two ends.
    #[error("a line needs two validation images")]
    OneImage,
    /// A block is to be left out that the network cannot do without.
    #[error(
        "{} cannot be left out: a plain net has no shortcut past it, and it changes the map's shape",
        Naming::in_words(.0)
    )]
    Needed(String),
    /// Branches are to be weighed against shortcuts.
    #[error("a plain net has no shortcuts, so its branches cannot be weighed against them")]
    NoShortcuts,
    /// Paths are to be compared.
    #[error("a plain net has one path only, through all of its layers")]
    OnePath,
    /// Blocks are to change places.
    #[error("no two blocks of this network can change places: each has a shape of its own")]
    NothingMoves,
    /// The score of a class has nothing to do with a block.
    #[error("the score does not depend on this block")]
    BlockUnused,
    /// Nor with the image.
    #[error("the logit does not depend on the image")]
    ImageUnused,
    /// A path is to begin at a checkpoint that is not there.
    #[error("there is no {which} checkpoint of {arm} yet")]
    NoCheckpoint {
        /// Which one.
        which: &'static str,
        arm: String,
    },
}
