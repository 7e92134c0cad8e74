//! Networks whose weights come from a file, to be asked what they see.

use super::device;
use super::load::load;
use super::session::{arm_info, dataset_info};
use super::snapshot::{ArmSnapshot, Snapshot};
use lab_core::data::{Dataset, Images};
use lab_core::experiment::{Arm, Channels, Data, Experiment, Fit, Normalization, Plan, PlanError, Recipe, Resize};
use lab_core::protocol::{DatasetInfo, Import, Live, Prepared};
use std::sync::Arc;

/// A network from a file, as it is asked and as it is told of.
pub(crate) struct Imported {
    pub snapshot: Snapshot,
    pub prepared: Prepared,
    /// What a person should know.
    pub notices: Vec<String>,
}

/// Reads a network from a file, with the images that it is to be asked about, if there are such.
///
/// # Errors
/// Images that are too small, a file that holds no weights, weights of another network, or a device that is not there.
pub(crate) fn read(import: &Import) -> Result<Imported, String> {
    let opened = device::open(import.device)?;
    let about = &import.dataset;
    let model = load(&import.network, about.shape, about.classes.len(), &import.weights, &opened.device)
        .map_err(|error| error.to_string())?;
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
fn alone(import: &Import, data: Data) -> Result<Experiment, String> {
    let arms = vec![Arm::new(&import.name, import.network.clone())];
    let plan = Plan { name: import.name.clone(), data, recipe: Recipe::default(), arms };
    Experiment::check(plan).map_err(|found| PlanError::Invalid(found).to_string())
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

fn images(experiment: &Experiment, about: &DatasetInfo) -> Result<Dataset, String> {
    let dataset = Dataset::of(experiment).map_err(|error| error.to_string())?;
    let (ours, theirs) = (dataset.classes.len(), about.classes.len());
    if ours != theirs {
        return Err(format!(
            "the images of {} are of {ours} classes, and the weights tell {theirs} apart",
            dataset.name
        ));
    }
    if dataset.classes != about.classes && !about.has_numbered_classes() {
        return Err(format!(
            "the weights tell {} apart, and the images of {} are of {}. If these are the same classes, open the weights \
             again with the images' names for them, or only with how many there are",
            list(&about.classes),
            dataset.name,
            list(&dataset.classes)
        ));
    }
    Ok(dataset)
}

/// The first of many names.
fn list(names: &[String]) -> String {
    const MOST: usize = 3;
    let more = if names.len() > MOST { ", …" } else { "" };
    format!("{}{more}", names[..names.len().min(MOST)].join(", "))
}

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
