//! Networks whose weights come from a file, to be asked what they see.

use super::device::{self, OpenError};
use super::load::{LoadError, load};
use super::session::{arm_info, dataset_info};
use super::snapshot::{ArmSnapshot, Snapshot};
use lab_core::data::{DataError, Dataset, Images};
use lab_core::experiment::{Arm, Channels, Data, Experiment, Fit, Normalization, Plan, PlanError, Recipe, Resize};
use lab_core::names::first_few;
use lab_core::protocol::{DatasetInfo, Import, Live, Prepared};
use std::sync::Arc;

/// A network from a file, as it is asked for and as it is shown.
pub(crate) struct Imported {
    pub snapshot: Snapshot,
    pub prepared: Prepared,
    /// What a person should know.
    pub notices: Vec<String>,
}

/// Why a network cannot be asked what it sees.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ImportError {
    #[error(transparent)]
    Device(#[from] OpenError),
    #[error(transparent)]
    Weights(#[from] LoadError),
    #[error(transparent)]
    Network(#[from] PlanError),
}

/// Why it cannot be asked about some images.
#[derive(Debug, thiserror::Error)]
enum ImagesError {
    #[error(transparent)]
    Unread(#[from] DataError),
    #[error("the images of {images} are of {ours} classes, and the weights tell {theirs} apart")]
    Count { images: String, ours: usize, theirs: usize },
    #[error(
        "the weights tell {theirs} apart, and the images of {images} are of {ours}. If these are the same classes, open the weights again with the images' names for them, or only with how many there are"
    )]
    Classes { images: String, ours: String, theirs: String },
}

/// Reads a network from a file, with the images that it is to be asked about, if there are such.
///
/// # Errors
/// Images that are too small, a file that holds no weights, weights of another network, or a device that is not there.
pub(crate) fn read(import: &Import) -> Result<Imported, ImportError> {
    let opened = device::open(import.device)?;
    let about = &import.dataset;
    let model = load(&import.network, about.shape, about.classes.len(), &import.weights, &opened.device)?;
    let mut notices: Vec<String> = opened.notice.clone().into_iter().collect();
    let data = import.images.as_ref().map_or_else(Data::default, |data| seen_by(data, about));
    let experiment = alone(import, data)?;
    let dataset = match import.images.as_ref().map(|_| images(&experiment, about)) {
        Some(Ok(dataset)) => {
            notices.extend(dataset.notices.iter().cloned());
            dataset
        }
        Some(Err(why)) => {
            notices.push(format!("{why}; so only pictures of your own can be asked about"));
            none(about)
        }
        None => none(about),
    };
    let arm = arm_info(&import.name, model.blueprint());
    let prepared = Prepared {
        experiment,
        dataset: dataset_info(&dataset),
        device: opened.name,
        steps_per_epoch: 0,
        total_steps: 0,
        first_step: 0,
        run: None,
        arms: vec![arm],
        live: Live::default(),
        past: None,
    };
    let arms = vec![ArmSnapshot::new(&import.name, model, 0, [None, None])];
    let (dataset, device) = (Arc::new(dataset), opened.device);
    let snapshot = Snapshot { arms, dataset, fit: Fit::default(), device, step: 0, seed: 0, batch: 128 };
    Ok(Imported { snapshot, prepared, notices })
}

/// The network as an experiment of its own, which nobody trains.
fn alone(import: &Import, data: Data) -> Result<Experiment, PlanError> {
    let arms = vec![Arm::new(&import.name, import.network.clone())];
    let plan = Plan { name: import.name.clone(), data, recipe: Recipe::default(), arms };
    Experiment::check(plan).map_err(PlanError::Invalid)
}

/// Images as the network was trained to see them.
fn seen_by(data: &Data, about: &DatasetInfo) -> Data {
    let [channels, height, width] = about.shape;
    Data {
        resize: Some(Resize { height, width, fit: data.resize.map_or_else(Fit::default, |resize| resize.fit) }),
        channels: if channels == 1 { Channels::Gray } else { Channels::Rgb },
        normalization: Normalization::Given { mean: about.mean.clone(), std: about.std.clone() },
        ..data.clone()
    }
}

fn images(experiment: &Experiment, about: &DatasetInfo) -> Result<Dataset, ImagesError> {
    let dataset = Dataset::of(experiment)?;
    let (ours, theirs) = (dataset.classes.len(), about.classes.len());
    if ours != theirs {
        return Err(ImagesError::Count { images: dataset.name, ours, theirs });
    }
    if dataset.classes != about.classes && !about.has_numbered_classes() {
        let [theirs, ours] = [&about.classes, &dataset.classes].map(|classes| first_few(classes, NAMED));
        return Err(ImagesError::Classes { images: dataset.name, ours, theirs });
    }
    Ok(dataset)
}

/// Classes that are named where those of images and weights differ.
const NAMED: usize = 3;

fn none(about: &DatasetInfo) -> Dataset {
    let [channels, height, width] = about.shape;
    let none = Images { channels, height, width, ..Images::default() };
    Dataset {
        name: about.name.clone(),
        classes: about.classes.clone(),
        train: none.clone(),
        validation: none,
        mean: about.mean.clone(),
        std: about.std.clone(),
        notices: Vec::new(),
    }
}
