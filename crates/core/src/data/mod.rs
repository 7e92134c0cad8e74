//! Where images come from: finds the format, reads, splits, resizes, measures; and puts batches together.
//!
//! Pixels stay bytes in memory until a batch is made. Everything random is keyed by the seed, so a data set, its
//! split and each of its batches are functions of what was asked for. This module knows nothing of tensors,
//! networks or training.

mod augment;
mod batch;
mod decode;
mod error;
mod formats;
mod found;
mod images;
mod jpeg;
mod loader;
mod picture;
pub mod samples;
mod split;
mod statistics;

pub use batch::{Batch, Mix, augmented_samples, evaluation_batches};
pub use error::DataError;
pub use formats::subset;
pub use images::{Images, MAX_SIDE};
pub use loader::{Loader, LoaderOptions, Position};
pub use picture::{MAX_PIXELS, Picture, decode_picture, fit_picture, read_picture};
pub use statistics::Normalizer;

use crate::experiment::{Channels, Data, Source};
use found::{Found, Listed, Part};
use split::Split;
use std::path::Path;

/// A data set in memory, as networks see it: split, resized, limited, with the channels asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// What it is called.
    pub name: String,
    /// Names of the classes, in the order of the labels; at least two.
    pub classes: Vec<String>,
    /// What networks are trained on.
    pub train: Images,
    /// What networks are validated on; of the same shape.
    pub validation: Images,
    /// Per channel, subtracted from pixels in [0, 1].
    pub mean: Vec<f32>,
    /// Per channel, divided by.
    pub std: Vec<f32>,
    /// What a person should know: files left out, a choice made.
    pub notices: Vec<String>,
}

impl Dataset {
    /// Loads what `data` describes; `seed` decides which images are held out or left out.
    ///
    /// # Errors
    /// What is wrong with the files or does not fit `data`, where, and what to do.
    pub fn load(data: &Data, seed: u64) -> Result<Self, DataError> {
        let (path, found) = match &data.source {
            Source::Embedded => (Path::new("embedded"), subset::embedded()?),
            Source::Path(path) => (path.as_path(), formats::open(path)?),
        };
        let Found { name, classes, train, own, mut notices } = found;
        if classes.len() < 2 {
            let problem = format!("it has one class only ({})", classes.join(", "));
            return Err(DataError::unusable(path, problem, "classification needs at least two"));
        }
        let own_labels = own.as_ref().map(Part::labels);
        let split = split::choose(&train.labels(), own_labels.as_deref(), classes.len(), data, seed);
        if split.validation.is_empty() {
            let advice = "add pictures, or a folder val beside train";
            return Err(DataError::unusable(path, "it has too few images to hold some out for validation", advice));
        }
        let (train, validation) = match (train, own) {
            (Part::Images(train), own) => in_memory(path, train, own, &split, data)?,
            (Part::Files(train), own) => from_files(path, &train, own.as_ref(), &split, data, &mut notices)?,
        };
        check_counts(path, &classes, &train, &validation, data, &mut notices)?;
        let (mean, std) = statistics::settle(&data.normalization, &train)?;
        Ok(Self { name, classes, train, validation, mean, std, notices })
    }

    /// `[channels, height, width]` of a network's input.
    #[must_use]
    pub fn shape(&self) -> [usize; 3] {
        self.train.shape()
    }
}

fn in_memory(
    path: &Path,
    train: Images,
    own: Option<Part>,
    split: &Split,
    data: &Data,
) -> Result<(Images, Images), DataError> {
    if let Some(to) = data.resize {
        let channels = if data.channels == Channels::Rgb { 3 } else { train.channels };
        images::check_size(path, split.train.len() + split.validation.len(), [channels, to.height, to.width])?;
    }
    let (train, validation) = match own {
        Some(Part::Images(own)) if split.own => (train.select(&split.train), own.select(&split.validation)),
        _ => (train.clone().select(&split.train), train.select(&split.validation)),
    };
    Ok((train.prepared(data.resize, data.channels), validation.prepared(data.resize, data.channels)))
}

/// Both parts are decoded together: they must agree in size, and in whether they are gray.
fn from_files(
    path: &Path,
    train: &[Listed],
    own: Option<&Part>,
    split: &Split,
    data: &Data,
    notices: &mut Vec<String>,
) -> Result<(Images, Images), DataError> {
    let validation_source = match own {
        Some(Part::Files(own)) if split.own => own,
        _ => train,
    };
    let mut listed: Vec<Listed> = split.train.iter().map(|&index| train[index].clone()).collect();
    listed.extend(split.validation.iter().map(|&index| validation_source[index].clone()));
    let decoded = decode::decode(path, &listed, data, notices)?;
    let train_count = decoded.good.partition_point(|&index| index < split.train.len());
    Ok(decoded.images.split_at(train_count))
}

fn check_counts(
    path: &Path,
    classes: &[String],
    train: &Images,
    validation: &Images,
    data: &Data,
    notices: &mut Vec<String>,
) -> Result<(), DataError> {
    if train.is_empty() {
        return Err(DataError::unusable(path, "no image is left to train on", "set data.train_limit to 1 or more"));
    }
    let counts = train.class_counts(classes.len());
    if let Some(empty) = counts.iter().position(|&count| count == 0) {
        let problem = format!("no training image of the class \"{}\" is left", classes[empty]);
        if data.train_limit.is_none_or(|limit| limit >= classes.len()) {
            return Err(DataError::unusable(path, problem, "add images of that class or remove its folder"));
        }
        notices.push(format!("{problem}: data.train_limit is below the number of classes"));
    }
    if validation.is_empty() {
        return Err(DataError::unusable(path, "no validation image can be read", "replace these files"));
    }
    Ok(())
}
