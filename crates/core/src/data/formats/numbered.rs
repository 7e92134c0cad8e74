//! Data sets whose classes are numbers, as most formats of arrays have them: each number that occurs is a class.

use crate::data::error::DataError;
use crate::data::found::{Found, Part};
use crate::data::images::Images;
use crate::data::names::name_of;
use crate::data::pixels::Pixels;
use std::collections::BTreeSet;
use std::path::Path;

/// Images whose labels are the numbers that the files have.
pub(super) struct Numbered {
    pub train: Option<Images>,
    pub own: Option<Images>,
    pub notices: Vec<String>,
}

/// A data set with a class for each number, called by it.
pub(super) fn found(place: &Path, numbered: Numbered) -> Result<Found, DataError> {
    let Numbered { train, own, mut notices } = numbered;
    let train = match (train, &own) {
        (Some(train), _) => train,
        // What is only there to be tested on can still be scored.
        (None, Some(own)) => Images { pixels: Pixels::default(), labels: Vec::new(), files: Vec::new(), ..*own },
        (None, None) => return Err(DataError::unknown(place, "it holds no images")),
    };
    if let Some(own) = own.as_ref().filter(|own| own.shape() != train.shape()) {
        let problem = if own.channels == train.channels {
            let [train, own] = [&train, own].map(|images| format!("{}×{}", images.width, images.height));
            format!("training images have {train} pixels and test images {own}")
        } else {
            let (train, own) = (train.channels, own.channels);
            format!("training images have {train} channels and test images {own}")
        };
        return Err(DataError::unusable(place, problem, "put images of one kind there"));
    }
    let source = if train.is_empty() { own.as_ref() } else { Some(&train) };
    let labels: BTreeSet<u16> = source.map_or_else(BTreeSet::new, |images| images.labels.iter().copied().collect());
    let labels: Vec<u16> = labels.into_iter().collect();
    let own_labels = own.as_ref().map_or(&[][..], |own| &own.labels);
    if let Some(index) = own_labels.iter().position(|label| labels.binary_search(label).is_err()) {
        let problem = format!("test image {index} has label {}, and no training image has it", own_labels[index]);
        return Err(DataError::unusable(place, problem, "check that both parts belong together"));
    }
    if labels.iter().copied().ne((0..).take(labels.len())) {
        let (first, last) = (labels.first().unwrap_or(&0), labels.last().unwrap_or(&0));
        notices.push(format!("labels go from {first} to {last}: the {} that occur are the classes", labels.len()));
    }
    // Where each label stands among those that occur.
    let places: Vec<u16> = (0..=labels.last().copied().unwrap_or(0)).map(|label| standing(&labels, label)).collect();
    Ok(Found {
        name: name_of(place),
        classes: labels.iter().map(ToString::to_string).collect(),
        train: Part::Images(train).relabelled(&places),
        own: own.map(|own| Part::Images(own).relabelled(&places)),
        notices,
        choice: None,
        left_out: Vec::new(),
    })
}

fn standing(labels: &[u16], label: u16) -> u16 {
    u16::try_from(labels.partition_point(|&other| other < label)).unwrap_or(u16::MAX)
}
