//! What to run: plain values that a form edits, a file holds and a person reads.
//!
//! A [`Plan`] is what somebody wrote; it may be wrong. An [`Experiment`] is a plan that has been checked: there
//! is no other way to get one, so whatever holds an `Experiment` may rely on every range in `validate`.
//! This module knows nothing of tensors, files of images or windows.

pub mod augmentation;
mod brief;
mod checked;
mod course;
pub mod data;
mod depths;
pub mod device;
pub mod field;
pub mod file;
pub mod kind_setting;
mod kinds;
mod naming;
pub mod network;
pub mod optimizer;
mod plan;
pub mod presets;
pub mod recipe;
pub mod schedule;
pub mod start;
mod validate;
mod warnings;
mod words;

pub use augmentation::Augmentation;
pub use checked::Experiment;
pub use course::{Course, Extension};
pub use data::{Channels, Data, Fit, Holdout, MAX_SIDE, Normalization, NormalizationError, Resize, Source};
pub use device::{DeviceChoice, DeviceInfo};
pub(crate) use file::decoded;
pub use file::{PlanError, with_overrides};
pub use naming::Naming;
pub use network::{
    Activation, Block, Body, Distribution, Downsampling, Fan, Gain, Head, HeadPool, Init, LEAKY_SLOPE, NORM_EPSILON,
    Network, Norm, Scheme, Shortcut, Stage, StageEntry, Stem, StemKind,
};
pub use optimizer::{Method, Optimizer};
pub use plan::{Arm, MAX_ARMS, Plan};
pub use presets::{PRESETS, Preset, preset};
pub use recipe::{EarlyStopping, Length, MAX_SEEDS, Precision, Recipe};
pub use schedule::{Curve, Plateau, Schedule, Unit};
pub use start::{Expected, Freeze, Start, StartHead, imagenet_normalization};
pub use validate::Invalid;
pub use warnings::warnings;
pub use words::{Setting, field_in_words, is_of_watching, settings, value_in_words};
