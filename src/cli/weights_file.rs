//! Weights in a file, with the preset or the experiment that says how they were trained. Must not know runs.

use super::output::{self, Failure};
use super::plan::Origin;
use lab_core::data::{IMAGENET_SIDE, class_names, usual_side};
use lab_core::experiment::{Data, Fit, Normalization, Precision, Source, imagenet_normalization};
use lab_core::protocol::DatasetInfo;
use lab_engine::nn::{Model, weights};
use lab_engine::train::device::Opened;
use lab_engine::train::lens;
use lab_engine::train::load::{LoadError, load};
use std::path::{Path, PathBuf};

/// Networks that expect the same images.
pub(super) struct Trained {
    /// Each by its name.
    pub networks: Vec<(String, Model)>,
    /// What they were trained on.
    pub dataset: DatasetInfo,
    /// How a picture of another size is brought to theirs.
    pub fit: Fit,
}

/// Weights that somebody named.
pub(super) struct WeightsFile {
    file: PathBuf,
    origin: Origin,
    /// How pixels become inputs.
    normalization: Normalization,
}

impl WeightsFile {
    /// Weights that were trained as `origin` says, but for the normalisation that may be `given`.
    pub fn new(file: PathBuf, origin: Origin, given: Option<Normalization>) -> Self {
        let normalization = given.unwrap_or_else(|| origin.data.normalization.clone());
        Self { file, origin, normalization }
    }

    /// The network, for the images of a data set.
    pub fn load(self, dataset: DatasetInfo, opened: &Opened) -> Result<Trained, Failure> {
        let Origin { arm, data, precision } = self.origin;
        let (shape, classes) = (dataset.shape, dataset.classes.len());
        let model = load(&arm.network, shape, classes, &self.file, &opened.device).map_err(unloadable)?;
        let model = model.in_precision(precision, &opened.device).map_err(Failure::usage)?;
        Ok(Trained { networks: vec![(arm.name, model)], dataset, fit: lens::fit(&data) })
    }

    /// The precision that they were trained in.
    pub fn precision(&self) -> Precision {
        self.origin.precision
    }

    /// How many classes they tell apart, if they say.
    pub fn classes(&self) -> Result<Option<usize>, Failure> {
        let state = weights::read(&self.file).map_err(Failure::usage)?;
        Ok(weights::classes(&state, self.origin.arm.network.naming))
    }

    /// The side of the images that their network was made for.
    pub fn usual_side(&self) -> usize {
        usual_side(&self.origin.arm.network)
    }

    /// The shape of the images that their network takes, where no data set is named.
    pub fn shape(&self) -> [usize; 3] {
        let side = self.usual_side();
        self.origin.data.brought([3, side, side])
    }

    /// A data set prepared as they expect it.
    pub fn data(&self, source: &str) -> Data {
        let (source, normalization) = (Source::from(source.to_owned()), self.normalization.clone());
        Data { source, normalization, ..self.origin.data.clone() }
    }

    /// The numbers that pixels are normalised with where no data set is named. Networks made for the images of ImageNet
    /// expect its numbers; pixels of others stay as they are where none are given.
    pub fn normalization(&self, channels: usize) -> Result<(Vec<f32>, Vec<f32>), Failure> {
        let is_usual =
            self.normalization == Normalization::Measured && channels == 3 && self.usual_side() == IMAGENET_SIDE;
        if is_usual {
            output::notice(
                "pixels are normalised as torchvision's weights expect them, by ImageNet's mean and deviation; --mean and \
                 --std name others",
            );
        }
        match if is_usual { imagenet_normalization() } else { self.normalization.clone() } {
            Normalization::Given { mean, std } if mean.len() == channels => Ok((mean, std)),
            Normalization::Given { mean, .. } => {
                let given = mean.len();
                Err(Failure::Usage(format!(
                    "--mean and --std have {given} values, but images have {channels} channels"
                )))
            }
            Normalization::Off => Ok((vec![0.0; channels], vec![1.0; channels])),
            Normalization::Measured => {
                output::notice(
                    "pixels go in as they are, from 0 to 1; weights that were trained with normalised images, as most are, \
                     answer wrongly without their --mean and --std, or --data",
                );
                Ok((vec![0.0; channels], vec![1.0; channels]))
            }
        }
    }
}

/// Weights that are no numbers are a failure of whoever trained them, not of whoever names the file.
pub(super) fn unloadable(error: LoadError) -> Failure {
    match error {
        LoadError::NotFinite { .. } => Failure::Running(error.to_string()),
        error => Failure::usage(error),
    }
}

/// The classes that a person names in the order of the weights, which tell `known` apart: by names, or by a file with one a
/// line or JSON; none where nothing is `given`.
pub(super) fn named_classes(given: &[String], known: Option<usize>) -> Result<Vec<String>, Failure> {
    match given {
        // One class alone is no choice.
        [file] => class_names(Path::new(file), known.unwrap_or(10)).map_err(Failure::usage),
        names if !names.is_empty() && known.is_some_and(|known| known != names.len()) => {
            let count = known.unwrap_or_default();
            Err(Failure::Usage(format!(
                "the network tells {count} classes apart, and --classes names {}: name each, in their order, or leave it out",
                names.len()
            )))
        }
        names => Ok(names.to_vec()),
    }
}
