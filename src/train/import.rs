//! Networks whose weights come from a file, to be asked what they see.

use super::device;
use super::lens::Lens;
use super::protocol::{DatasetInfo, Import};
use crate::experiment::{Fit, Network};
use crate::nn::{Blueprint, Model, weights};
use burn::tensor::Device;
use std::path::Path;

/// A network from a file.
pub struct Imported {
    /// The network, as the only one of a list.
    pub networks: Vec<Model>,
    dataset: DatasetInfo,
    device: Device,
}

impl Imported {
    /// Reads it; what a person should know of the device comes along.
    ///
    /// # Errors
    /// Images that are too small, a file that holds no weights, or weights of another network.
    pub fn new(import: &Import) -> Result<(Self, Option<String>), String> {
        let opened = device::open(import.device);
        let dataset = import.dataset.clone();
        let model = load(&import.network, dataset.shape, dataset.classes.len(), &import.weights, &opened.device)?;
        Ok((Self { networks: vec![model], dataset, device: opened.device }, opened.notice))
    }

    /// How it sees a picture.
    #[must_use]
    pub fn lens(&self) -> Lens<'_> {
        let DatasetInfo { shape, mean, std, .. } = &self.dataset;
        Lens { shape: *shape, mean, std, fit: Fit::default(), device: &self.device }
    }
}

/// A network for images of shape [channels, height, width] with the weights of a file.
///
/// # Errors
/// Images that are too small, a file that holds no weights, or weights of another network.
pub fn load(
    network: &Network,
    shape: [usize; 3],
    classes: usize,
    file: &Path,
    device: &Device,
) -> Result<Model, String> {
    let blueprint = Blueprint::new(network, shape, classes).map_err(|error| error.to_string())?;
    let state = weights::read(file).map_err(|error| error.to_string())?;
    let model = Model::init(&blueprint, 0, device).with_state(&state);
    model.map_err(|error| format!("{}: {error}", file.display()))
}
