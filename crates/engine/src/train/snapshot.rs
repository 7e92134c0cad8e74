//! Networks as they are at one moment, for whoever asks questions of them while training goes on.
//!
//! Tensors are counted references, so a snapshot costs next to nothing; training never changes a tensor that somebody
//! else holds. The engine shows its newest snapshot in [`Latest`], and nobody who looks at it makes training wait.

use super::evaluate::{Inputs, plain};
use super::lens::{self, Lens};
use super::session::Session;
use crate::nn::Model;
use burn::tensor::Device;
use lab_core::checkpoint::Checkpoint;
use lab_core::data::Dataset;
use lab_core::experiment::Fit;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// An arm at one moment.
#[derive(Clone, Debug)]
pub struct ArmSnapshot {
    pub name: String,
    /// Its network, without a graph, on the snapshot's device.
    pub model: Model,
    /// Steps of training that it has seen: fewer than others where it stopped, or was kept, before them.
    pub step: u64,
    /// The folder of its newest checkpoint, where one may be.
    pub last: Option<PathBuf>,
    /// The folder of its best one.
    pub best: Option<PathBuf>,
    /// The training images' pooled features, image by image, once somebody has computed them. Copies of a snapshot share
    /// them, and they go with the weights that they come from.
    pub features: Arc<OnceLock<Vec<f32>>>,
}

impl ArmSnapshot {
    /// A network of which nothing has been asked yet after `step` steps, with the folders of its newest and its best
    /// checkpoint.
    #[must_use]
    pub fn new(name: &str, model: Model, step: u64, [last, best]: [Option<PathBuf>; 2]) -> Self {
        Self { name: name.to_owned(), model, step, last, best, features: Arc::default() }
    }

    /// The folder of one of its checkpoints, where one may be.
    #[must_use]
    pub fn checkpoint(&self, which: Checkpoint) -> Option<&PathBuf> {
        match which {
            Checkpoint::Last => self.last.as_ref(),
            Checkpoint::Best => self.best.as_ref(),
        }
    }
}

/// Networks at one moment, with the images that they are trained and validated on.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub arms: Vec<ArmSnapshot>,
    pub dataset: Arc<Dataset>,
    /// What happens to pictures of another aspect ratio.
    pub fit: Fit,
    /// Where the networks are; without autodiff.
    pub device: Device,
    /// How far training has come, in steps; an arm may have been left behind.
    pub step: u64,
    pub seed: u64,
    /// Images that fit into memory at a time.
    pub batch: usize,
}

impl Snapshot {
    /// A session's arms as they are now.
    #[must_use]
    pub fn of(session: &Session, checkpoints: &[[Option<PathBuf>; 2]]) -> Self {
        let arm = |(index, arm): (usize, &super::arm::Arm)| {
            let checkpoints = checkpoints.get(index).cloned().unwrap_or_default();
            ArmSnapshot::new(&arm.name, plain(&arm.model), arm.weights_at.unwrap_or(arm.progress.step), checkpoints)
        };
        Self {
            arms: session.arms.iter().enumerate().map(arm).collect(),
            dataset: Arc::clone(&session.dataset),
            fit: lens::fit(&session.experiment.data),
            device: session.opened.device.clone(),
            step: session.step,
            seed: session.experiment.recipe.seed,
            batch: session.experiment.recipe.batch_size,
        }
    }

    /// The validation images.
    #[must_use]
    pub fn validation(&self) -> Inputs<'_> {
        Inputs { images: &self.dataset.validation, mean: &self.dataset.mean, std: &self.dataset.std }
    }

    /// The training images.
    #[must_use]
    pub fn training(&self) -> Inputs<'_> {
        Inputs { images: &self.dataset.train, mean: &self.dataset.mean, std: &self.dataset.std }
    }

    /// How the networks see a picture.
    #[must_use]
    pub fn lens(&self) -> Lens<'_> {
        let Dataset { mean, std, .. } = &*self.dataset;
        Lens { shape: self.dataset.shape(), mean, std, fit: self.fit, device: &self.device }
    }
}

/// The newest snapshot, for several threads.
#[derive(Clone, Debug, Default)]
pub struct Latest(Arc<Mutex<Option<Snapshot>>>);

impl Latest {
    /// What the networks were when the engine last showed them.
    #[must_use]
    pub fn get(&self) -> Option<Snapshot> {
        self.slot().clone()
    }

    /// Shows other networks, or none.
    pub(super) fn show(&self, snapshot: Option<Snapshot>) {
        // The old one is dropped after the lock is given back.
        let _old = std::mem::replace(&mut *self.slot(), snapshot);
    }

    fn slot(&self) -> MutexGuard<'_, Option<Snapshot>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
