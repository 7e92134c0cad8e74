//! What arms begin with: finds the weights that an experiment names, says what images they expect, and puts them in.

use super::arm::Arm;
use super::checkpoint::WEIGHTS;
use super::load::{self, LoadError};
use crate::nn::{StateError, weights};
use lab_core::data::{DataError, Dataset};
use lab_core::experiment::{Expected, Experiment, Normalization, PlanError, StartHead, imagenet_normalization};
use lab_core::protocol::DatasetInfo;
use lab_core::protocol::keep::Keeper;
use std::path::{Path, PathBuf};

/// Why arms cannot begin with what they are to begin with.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The weights of an arm are not there, in the words of whoever keeps them.
    #[error("arm \"{arm}\": {why}")]
    NotFound { arm: String, why: String },
    /// Two arms' weights want images of their own.
    #[error(
        "the weights of \"{other}\" and of \"{arm}\" expect images that are normalised in different ways, and all arms see the same images; set arms[{index}].start.normalization to any, or run them one after the other"
    )]
    Normalizations {
        /// One arm.
        other: String,
        arm: String,
        /// Its place among the arms.
        index: usize,
    },
    /// With what the weights say of the images, the experiment is none.
    #[error(transparent)]
    Invalid(#[from] PlanError),
    /// The images cannot be read.
    #[error(transparent)]
    Images(#[from] DataError),
    /// What the images are changed by would leave nothing of them.
    #[error(
        "recipe.augmentation.cutout is {cutout}, but must be below {side}, the side of the images: such a square covers all of most of them"
    )]
    Cutout {
        cutout: usize,
        /// That of the images.
        side: usize,
    },
    /// The weights of an arm cannot be read.
    #[error(transparent)]
    Weights(#[from] LoadError),
    /// The weights of an arm are another network's.
    #[error("arm \"{arm}\" cannot start from {}: {why}", .file.display())]
    Fit {
        arm: String,
        /// Where the weights are.
        file: PathBuf,
        /// What does not fit.
        why: StateError,
    },
    /// A head is to be kept that tells other classes apart.
    #[error(
        "arm \"{arm}\" is to keep the head of {}, but that {} and the images are of {ours}; set start.head to new, or leave it out",
        .file.display(), head(*.theirs)
    )]
    Head {
        arm: String,
        /// Where the weights are.
        file: PathBuf,
        /// The classes of their head, if there is one.
        theirs: Option<usize>,
        /// Those of the images.
        ours: usize,
    },
}

fn head(classes: Option<usize>) -> String {
    classes.map_or_else(|| "has none".to_owned(), |classes| format!("is for {classes} classes"))
}

/// An experiment that says all there is to know of the weights it starts from.
pub(super) struct Settled {
    /// With full paths, and with the normalisation that the weights expect.
    pub experiment: Experiment,
    /// For each arm the weights that it starts from, if it starts from any.
    pub origins: Vec<Option<Origin>>,
    /// What a person should know.
    pub notices: Vec<String>,
}

/// Weights that an arm starts from.
pub(super) struct Origin {
    /// As a person knows them.
    named: PathBuf,
    file: PathBuf,
    /// What they were trained on, where that is known.
    dataset: Option<DatasetInfo>,
    head: StartHead,
}

/// Finds the weights that an experiment's arms start from. They say how images are to be normalised, unless the
/// experiment does.
///
/// # Errors
/// Weights that cannot be found, or that expect images normalised in different ways.
pub(super) fn settle(experiment: Experiment, keeper: &dyn Keeper) -> Result<Settled, StartError> {
    let mut plan = experiment.into_plan();
    let (mut origins, mut notices) = (Vec::new(), Vec::new());
    let mut expected: Option<(String, Normalization)> = None;
    for (index, arm) in plan.arms.iter_mut().enumerate() {
        let Some(start) = &mut arm.start else {
            origins.push(None);
            continue;
        };
        let found = keeper.trained(start, &arm.name);
        let found = found.map_err(|why| StartError::NotFound { arm: arm.name.clone(), why })?;
        start.weights.clone_from(&found.source);
        let wanted = match (start.normalization, &found.dataset) {
            (Expected::Any, _) => None,
            (Expected::ImageNet, _) => Some(imagenet_normalization()),
            (Expected::Own, Some(info)) => {
                Some(Normalization::Given { mean: info.mean.clone(), std: info.std.clone() })
            }
            (Expected::Own, None) if plan.data.normalization == Normalization::Measured => {
                notices.push(format!(
                    "{} does not say how the images were normalised that it was trained on, so these are by their own \
                     mean and deviation; for ImageNet's, set arms[{index}].start.normalization to imagenet",
                    start.weights.display()
                ));
                None
            }
            (Expected::Own, None) => None,
        };
        match (&expected, wanted) {
            (Some((other, ours)), Some(theirs)) if *ours != theirs => {
                return Err(StartError::Normalizations { other: other.clone(), arm: arm.name.clone(), index });
            }
            (None, Some(wanted)) => expected = Some((arm.name.clone(), wanted)),
            _ => {}
        }
        let is_run = found.weights.is_dir();
        let file = if is_run { found.weights.join(WEIGHTS) } else { found.weights };
        origins.push(Some(Origin { named: found.source, file, dataset: found.dataset, head: start.head }));
    }
    if let (Normalization::Measured, Some((arm, wanted))) = (&plan.data.normalization, expected) {
        if let Normalization::Given { mean, std } = &wanted {
            notices.push(format!(
                "images are normalised as the weights of \"{arm}\" expect: mean {mean:?}, deviation {std:?}"
            ));
        }
        plan.data.normalization = wanted;
        // From here on the data set says it for all.
        plan.arms.iter_mut().flat_map(|arm| &mut arm.start).for_each(|start| start.normalization = Expected::Any);
    }
    let experiment = Experiment::check(plan).map_err(PlanError::Invalid)?;
    Ok(Settled { experiment, origins, notices })
}

/// The images of an experiment that begins.
///
/// # Errors
/// What is wrong with them, or what they are to be changed by that would leave nothing of them.
pub(super) fn images(experiment: &Experiment) -> Result<Dataset, StartError> {
    let dataset = Dataset::of(experiment)?;
    leaves_something(experiment, dataset.shape())?;
    Ok(dataset)
}

/// # Errors
/// An augmentation that would leave nothing of images of this shape, [channels, height, width].
pub(super) fn leaves_something(experiment: &Experiment, [_, height, width]: [usize; 3]) -> Result<(), StartError> {
    let (cutout, side) = (experiment.recipe.augmentation.cutout as usize, height.min(width));
    if cutout < side {
        return Ok(());
    }
    Err(StartError::Cutout { cutout, side })
}

impl Origin {
    /// Puts the weights into an arm that is to tell `classes` apart; says what became of the head.
    ///
    /// # Errors
    /// A file that cannot be read, weights of another network, or a head that cannot be kept.
    pub fn put_into(&self, arm: &mut Arm, classes: &[String]) -> Result<String, StartError> {
        let state = load::read(&self.file)?;
        let naming = arm.model.blueprint().network.naming;
        let theirs = weights::classes(&state, naming);
        let fits = theirs == Some(classes.len());
        let renamed = self.dataset.as_ref().is_some_and(|dataset| dataset.classes != classes);
        let name = arm.name.clone();
        let named = Named { file: &self.named, arm: &name };
        let kept = match self.head {
            StartHead::Kept if !fits => return Err(named.misfit(theirs, classes.len())),
            StartHead::Kept => true,
            StartHead::New => false,
            StartHead::Fitting => fits && !renamed,
        };
        let model = arm.model.clone();
        let model = if kept { model.with_state(&state) } else { model.with_backbone(&state) };
        let model = model.map_err(|why| StartError::Fit { arm: name.clone(), file: self.file.clone(), why })?;
        arm.adopt(model);
        Ok(named.said(kept, theirs, classes.len(), renamed && self.head == StartHead::Fitting))
    }
}

/// Weights and an arm, in words.
struct Named<'a> {
    file: &'a Path,
    arm: &'a str,
}

impl Named<'_> {
    fn misfit(&self, theirs: Option<usize>, ours: usize) -> StartError {
        StartError::Head { arm: self.arm.to_owned(), file: self.file.to_owned(), theirs, ours }
    }

    fn said(&self, kept: bool, theirs: Option<usize>, ours: usize, renamed: bool) -> String {
        let start = format!("\"{}\" starts from {}", self.arm, self.file.display());
        match theirs {
            _ if kept => format!("{start}, with its head"),
            Some(theirs) if theirs != ours => {
                format!("{start}, with a new head for {ours} classes instead of that for {theirs}")
            }
            Some(_) if renamed => format!("{start}, with a new head because its {ours} classes are others"),
            _ => format!("{start}, with a new head for {ours} classes"),
        }
    }
}
