//! What arms begin with: finds the weights that an experiment names, says what images they expect, and puts them in.

use super::arm::Arm;
use super::checkpoint::WEIGHTS;
use super::load;
use crate::nn::weights;
use lab_core::data::Dataset;
use lab_core::experiment::{Expected, Experiment, Normalization, PlanError, StartHead, imagenet_normalization};
use lab_core::protocol::DatasetInfo;
use lab_core::protocol::keep::Keeper;
use std::path::{Path, PathBuf};

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
pub(super) fn settle(experiment: Experiment, keeper: &dyn Keeper) -> Result<Settled, String> {
    let mut plan = experiment.into_plan();
    let (mut origins, mut notices) = (Vec::new(), Vec::new());
    let mut expected: Option<(String, Normalization)> = None;
    for (index, arm) in plan.arms.iter_mut().enumerate() {
        let Some(start) = &mut arm.start else {
            origins.push(None);
            continue;
        };
        let found = keeper.trained(start, &arm.name).map_err(|why| format!("arm \"{}\": {why}", arm.name))?;
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
                return Err(format!(
                    "the weights of \"{other}\" and of \"{}\" expect images that are normalised in different ways, and \
                     all arms see the same images; set arms[{index}].start.normalization to any, or run them one after \
                     the other",
                    arm.name
                ));
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
    let experiment = Experiment::check(plan).map_err(|found| PlanError::Invalid(found).to_string())?;
    Ok(Settled { experiment, origins, notices })
}

/// The images of an experiment that begins.
///
/// # Errors
/// What is wrong with them, or what they are to be changed by that would leave nothing of them.
pub(super) fn images(experiment: &Experiment) -> Result<Dataset, String> {
    let dataset = Dataset::of(experiment).map_err(|error| error.to_string())?;
    leaves_something(experiment, dataset.shape())?;
    Ok(dataset)
}

/// # Errors
/// An augmentation that would leave nothing of images of this shape, [channels, height, width].
pub(super) fn leaves_something(experiment: &Experiment, [_, height, width]: [usize; 3]) -> Result<(), String> {
    let (cutout, side) = (experiment.recipe.augmentation.cutout as usize, height.min(width));
    if cutout < side {
        return Ok(());
    }
    Err(format!(
        "recipe.augmentation.cutout is {cutout}, but must be below {side}, the side of the images: such a square covers all of \
         most of them"
    ))
}

impl Origin {
    /// Puts the weights into an arm that is to tell `classes` apart; says what became of the head.
    ///
    /// # Errors
    /// A file that cannot be read, weights of another network, or a head that cannot be kept.
    pub fn put_into(&self, arm: &mut Arm, classes: &[String]) -> Result<String, String> {
        let state = load::read(&self.file).map_err(|error| error.to_string())?;
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
        let model = model.map_err(|why| format!("arm \"{name}\" cannot start from {}: {why}", self.file.display()))?;
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
    fn misfit(&self, theirs: Option<usize>, ours: usize) -> String {
        let (file, arm) = (self.file.display(), self.arm);
        let held = theirs.map_or_else(|| "has none".to_owned(), |theirs| format!("is for {theirs} classes"));
        format!(
            "arm \"{arm}\" is to keep the head of {file}, but that {held} and the images are of {ours}; set start.head to \
             new, or leave it out"
        )
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
