//! Networks whose weights come from a file, to be asked what they see.

use super::device;
use super::load::load;
use super::snapshot::{ArmSnapshot, Snapshot};
use lab_core::data::{Dataset, Images};
use lab_core::experiment::Fit;
use lab_core::protocol::Import;
use std::sync::Arc;

/// A network from a file, without images of its own; what a person should know of the device comes along.
///
/// # Errors
/// Images that are too small, a file that holds no weights, weights of another network, or a device that is not there.
pub(crate) fn snapshot(import: &Import) -> Result<(Snapshot, Option<String>), String> {
    let opened = device::open(import.device)?;
    let about = &import.dataset;
    let model = load(&import.network, about.shape, about.classes.len(), &import.weights, &opened.device)
        .map_err(|error| error.to_string())?;
    let [channels, height, width] = about.shape;
    let none = Images { channels, height, width, ..Images::default() };
    let dataset = Dataset {
        name: about.name.clone(),
        classes: about.classes.clone(),
        train: none.clone(),
        validation: none,
        mean: about.mean.clone(),
        std: about.std.clone(),
        notices: Vec::new(),
    };
    let arms = vec![ArmSnapshot::new(&import.name, model, [None, None])];
    let (dataset, fit, device) = (Arc::new(dataset), Fit::default(), opened.device);
    Ok((Snapshot { arms, dataset, fit, device, step: 0, seed: 0, batch: 128 }, opened.notice))
}
