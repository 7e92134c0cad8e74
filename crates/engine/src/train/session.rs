//! An experiment under way: all arms in lock step over the same batches.
//!
//! Decides nothing about when to pause or what to show; that is the worker's.

use super::arm::{Arm, Clock};
use super::checkpoint::{self, SessionState};
use super::device::Opened;
use super::guesses::Guesses;
use super::probe::{Look, Observed};
use super::start::Origin;
use burn::tensor::Device;
use lab_core::blueprint::{Blueprint, Summary};
use lab_core::checkpoint::Checkpoint;
use lab_core::data::{self, Dataset, Loader, LoaderOptions, Position};
use lab_core::experiment::{Augmentation, Course, DeviceChoice, Experiment, Extension};
use lab_core::protocol::keep::Record;
use lab_core::protocol::{
    ArmInfo, DatasetInfo, Evaluation, Live, Outcome, ProbeRecord, SpreadRecord, StepRecord, Tune,
};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// An experiment under way.
pub struct Session {
    /// What is run.
    pub experiment: Experiment,
    /// Its images.
    pub dataset: Arc<Dataset>,
    /// Its arms.
    pub arms: Vec<Arm>,
    /// Where it runs.
    pub opened: Opened,
    /// Steps done.
    pub step: u64,
    /// Steps in all.
    pub total_steps: u64,
    /// Steps in an epoch.
    pub steps_per_epoch: u64,
    /// Training time so far in seconds, pauses and evaluations left out.
    pub seconds: f64,
    course: Course,
    autodiff: Device,
    loader: Loader,
    augmentation: Augmentation,
    probe_every: u32,
    guesses: Guesses,
}

/// Looks that count values, over a whole run.
const SPREADS: u64 = 48;

/// What one step brought.
pub struct Stepped {
    /// Losses, accuracies, speed.
    pub record: StepRecord,
    /// A look inside, in the steps that ask for one.
    pub probe: Option<ProbeRecord>,
    /// How all parameters and gradients were spread, in some of these steps.
    pub spread: Option<SpreadRecord>,
    /// Arms whose loss left the finite numbers in this step.
    pub diverged: Vec<usize>,
}

impl Session {
    /// Loads the images and builds the networks.
    ///
    /// # Errors
    /// What is wrong with the images, or which network does not fit them.
    pub fn new(experiment: Experiment, dataset: Arc<Dataset>, opened: Opened) -> Result<Self, String> {
        let recipe = &experiment.recipe;
        let autodiff = opened.device.clone().autodiff();
        let stock = opened.choice == DeviceChoice::FlexStock;
        let arms = experiment.arms.iter().map(|plan| {
            Arm::new(plan, recipe, &dataset, &autodiff, stock)
                .map_err(|error| format!("arm \"{}\": {error}", plan.name))
        });
        let arms = arms.collect::<Result<Vec<Arm>, String>>()?;
        let options = LoaderOptions::new(recipe.batch_size, recipe.seed, recipe.augmentation.clone());
        let start = Position { epoch: 0, batch: 0 };
        let loader = Loader::new(Arc::clone(&dataset), options, start).map_err(|error| error.to_string())?;
        let steps_per_epoch = loader.batches_per_epoch() as u64;
        let planned = recipe.length.steps(steps_per_epoch);
        Ok(Self {
            course: Course::new(planned),
            total_steps: planned,
            steps_per_epoch,
            augmentation: recipe.augmentation.clone(),
            probe_every: recipe.probe_every,
            guesses: Guesses::new(experiment.arms.len()),
            experiment,
            dataset,
            arms,
            opened,
            step: 0,
            seconds: 0.0,
            autodiff,
            loader,
        })
    }

    /// Puts the weights into the arms that start from some; says what became of their heads.
    ///
    /// # Errors
    /// Weights that do not fit their arm.
    pub(super) fn start_from(&mut self, origins: &[Option<Origin>]) -> Result<Vec<String>, String> {
        let mut said = Vec::new();
        for (arm, origin) in self.arms.iter_mut().zip(origins) {
            if let Some(origin) = origin {
                said.push(origin.put_into(arm, &self.dataset.classes)?);
            }
        }
        Ok(said)
    }

    /// Goes on from the checkpoints of a run. Where a crash left arms at different steps, those ahead wait for the
    /// others.
    ///
    /// # Errors
    /// A checkpoint that is missing, damaged, or of another network.
    pub fn resume(&mut self, record: &dyn Record) -> Result<(), String> {
        let mut states = Vec::with_capacity(self.arms.len());
        for (index, arm) in self.arms.iter_mut().enumerate() {
            let folder = record.checkpoint(index, Checkpoint::Last).ok_or("this run keeps no checkpoints")?;
            states.push((checkpoint::read(arm, &folder)?, arm.progress.clone()));
        }
        let running = states.iter().filter(|(_, progress)| progress.diverged_at.is_none());
        let Some((state, progress)) = running.min_by_key(|(_, progress)| progress.step) else {
            return Err("every arm of this run has diverged, so there is nothing to go on with; start it anew".into());
        };
        self.step = progress.step;
        self.seconds = state.seconds;
        self.total_steps = state.total_steps;
        if let Some(course) = &state.course {
            self.course.clone_from(course);
        }
        self.probe_every = state.probe_every;
        self.augmentation = state.augmentation.clone();
        self.loader.set_augmentation(self.augmentation.clone());
        let batch = usize::try_from(self.step % self.steps_per_epoch).unwrap_or(0);
        self.loader.seek(Position { epoch: self.step / self.steps_per_epoch, batch });
        Ok(())
    }

    /// Whether all planned steps are done or no arm is left.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.step >= self.total_steps || self.all_diverged()
    }

    /// Whether no arm is left.
    #[must_use]
    pub fn all_diverged(&self) -> bool {
        self.arms.iter().all(|arm| arm.progress.diverged_at.is_some())
    }

    /// Whether any arm's schedule is warming up.
    #[must_use]
    pub fn is_warming_up(&self) -> bool {
        self.arms.iter().any(|arm| arm.is_warming_up(self.clock()))
    }

    /// Whether an evaluation is due now.
    #[must_use]
    pub fn is_evaluation_due(&self) -> bool {
        let every = self.experiment.recipe.evaluate_every.steps(self.steps_per_epoch).max(1);
        self.step > 0 && (self.step.is_multiple_of(every) || self.step == self.total_steps)
    }

    /// Whether early stopping has waited long enough for every arm that is left.
    #[must_use]
    pub fn has_stalled(&self) -> bool {
        let Some(stopping) = self.experiment.recipe.early_stopping else { return false };
        self.arms.iter().all(|arm| arm.progress.diverged_at.is_some() || arm.progress.stale >= stopping.patience)
    }

    /// Whether an arm that is left was not validated at this step although that was due: a stop can end a validation.
    #[must_use]
    pub fn is_evaluation_missing(&self) -> bool {
        let missing = |arm: &Arm| {
            let progress = &arm.progress;
            let here = progress.diverged_at.is_none() && progress.step <= self.step;
            here && progress.evaluated_at.is_none_or(|step| step < self.step)
        };
        self.is_evaluation_due() && self.arms.iter().any(missing)
    }

    fn clock(&self) -> Clock {
        Clock { step: self.step, scheduled: self.course.at(self.step), steps_per_epoch: self.steps_per_epoch }
    }

    /// One step of every arm that is left.
    ///
    /// # Errors
    /// What the loader or the device says when it fails.
    pub fn advance(&mut self) -> Result<Stepped, String> {
        let started = Instant::now();
        // Frozen backbones make the same of the same images.
        let same_images = self.augmentation == Augmentation::default();
        self.loader.set_pixels(!same_images || !self.arms.iter().all(Arm::keeps_features));
        let mut batch = self.loader.next_batch().map_err(|error| error.to_string())?;
        let clock = self.clock();
        let look = self.look();
        if look != Look::Away && batch.pixels.is_empty() {
            let Dataset { train, mean, std, .. } = &*self.dataset;
            batch.pixels = data::plain_inputs(train, mean, std, &batch.indices).map_err(|error| error.to_string())?;
        }
        let (mut arms, mut seen, mut diverged) = (Vec::new(), Vec::new(), Vec::new());
        for (index, arm) in self.arms.iter_mut().enumerate() {
            if !arm.is_due(self.step) {
                arms.push(None);
                seen.push(Observed::default());
                continue;
            }
            let known = arm.keeps_features() && same_images;
            let features = known.then(|| arm.features(&self.dataset, &batch.indices, &self.opened.device));
            let features = features.transpose()?.flatten();
            let (step, looked) = arm.step_from(&batch, features, clock, &self.autodiff, look)?;
            if arm.progress.diverged_at.is_some() {
                diverged.push(index);
            }
            arms.push(Some(step));
            seen.push(looked.unwrap_or_default());
        }
        let took = started.elapsed().as_secs_f64();
        self.step += 1;
        self.seconds += took;
        let record = StepRecord {
            step: self.step,
            epoch: self.step as f64 / self.steps_per_epoch as f64,
            seconds: self.seconds,
            images_per_second: batch.size as f64 / took.max(1e-9),
            arms,
        };
        let (probes, histograms) = seen.into_iter().map(|seen| (seen.probe, seen.histograms)).unzip();
        let probe = (look != Look::Away).then_some(ProbeRecord { step: self.step, arms: probes });
        let spread = (look == Look::Histograms).then_some(SpreadRecord { step: self.step, arms: histograms });
        Ok(Stepped { record, probe, spread, diverged })
    }

    /// How closely the next step is looked at: of the steps that are looked at, a few dozen over the whole run count
    /// values, which takes longer than norms.
    fn look(&self) -> Look {
        let every = u64::from(self.probe_every);
        if every == 0 || !self.step.is_multiple_of(every) {
            return Look::Away;
        }
        let apart = self.total_steps.div_ceil(every).div_ceil(SPREADS).max(1);
        if (self.step / every).is_multiple_of(apart) { Look::Histograms } else { Look::Norms }
    }

    /// Validates one arm; `None` if `go_on` ended it early, the arm has diverged, or its checkpoint has this evaluation
    /// behind it already.
    ///
    /// # Errors
    /// What the device says when it fails.
    pub fn evaluate(&mut self, index: usize, go_on: impl FnMut(usize) -> bool) -> Result<Option<Evaluation>, String> {
        let (clock, seconds) = (self.clock(), self.seconds);
        let min_delta = self.experiment.recipe.early_stopping.map_or(0.0, |stopping| stopping.min_delta);
        let arm = &mut self.arms[index];
        let behind = arm.progress.step > clock.step || arm.progress.evaluated_at.is_some_and(|step| step >= clock.step);
        if arm.progress.diverged_at.is_some() || behind {
            return Ok(None);
        }
        let batch = self.experiment.recipe.batch_size;
        let scores = arm.score(&self.dataset, batch, &self.opened.device, go_on)?;
        let whole = scores.total == self.dataset.validation.len();
        if whole {
            self.guesses.note(index, clock.step, &scores.predicted);
        }
        Ok(whole.then(|| arm.note(index, &scores, clock, seconds, min_delta)))
    }

    /// Writes the `last` checkpoints, and `best` for the arms in `best`. Says which arms could be saved no longer.
    ///
    /// # Errors
    /// What could not be written.
    pub fn save(&mut self, record: &dyn Record, best: &[usize]) -> Result<Vec<String>, String> {
        let mut said = Vec::new();
        let state = SessionState {
            seconds: self.seconds,
            total_steps: self.total_steps,
            course: Some(self.course.clone()),
            augmentation: self.augmentation.clone(),
            probe_every: self.probe_every,
        };
        for (index, arm) in self.arms.iter_mut().enumerate() {
            if arm.progress.diverged_at.is_some() {
                continue;
            }
            let was_saved = !arm.unsaved;
            let kinds = [Some(Checkpoint::Last), best.contains(&index).then_some(Checkpoint::Best)];
            for folder in kinds.into_iter().flatten().filter_map(|which| record.checkpoint(index, which)) {
                arm.unsaved = !checkpoint::write(arm, &state, &folder)?;
            }
            if arm.unsaved && was_saved {
                said.push(format!(
                    "{}: not saved at step {}, because its weights are no longer finite numbers; checkpoints of earlier \
                     steps stay; try a smaller learning rate or a warm-up",
                    arm.name, self.step
                ));
            }
        }
        Ok(said)
    }

    /// Trains so many epochs longer.
    pub fn extend(&mut self, epochs: u32, schedule: Extension) {
        let (end, added) = (self.step.max(self.total_steps), u64::from(epochs) * self.steps_per_epoch);
        self.course.extend(end, added, schedule);
        self.total_steps = end + added;
    }

    /// Changes something from the next step on.
    pub fn tune(&mut self, change: &Tune) {
        match change {
            Tune::Augmentation(augmentation) => {
                self.augmentation = augmentation.clone();
                self.loader.set_augmentation(augmentation.clone());
            }
            Tune::ProbeEvery(steps) => self.probe_every = *steps,
            Tune::LearningRate(_) | Tune::Momentum(_) | Tune::WeightDecay(_) => {
                self.arms.iter_mut().for_each(|arm| arm.tune(change));
            }
        }
    }

    /// What [`Self::tune`] can change, as it is now.
    #[must_use]
    pub fn live(&self) -> Live {
        Live {
            arms: self.arms.iter().map(|arm| arm.live(self.clock())).collect(),
            augmentation: self.augmentation.clone(),
            probe_every: self.probe_every,
        }
    }

    /// What the arms are, counted.
    #[must_use]
    pub fn arm_infos(&self) -> Vec<ArmInfo> {
        self.arms.iter().map(|arm| arm_info(&arm.name, arm.model.blueprint())).collect()
    }

    /// How the session stands.
    #[must_use]
    pub fn outcome(&self, reason: &str, run: Option<&Path>) -> Outcome {
        Outcome {
            reason: reason.to_owned(),
            steps: self.step,
            seconds: self.seconds,
            run: run.map(Path::to_path_buf),
            arms: self.arms.iter().map(Arm::outcome).collect(),
            planned: Some(self.total_steps),
            discordant: self.guesses.discordant(&self.dataset.validation.labels),
        }
    }
}

fn arm_info(name: &str, blueprint: &Blueprint) -> ArmInfo {
    let summary = Summary::new(blueprint);
    ArmInfo {
        name: name.to_owned(),
        parameters: summary.parameters,
        macs: summary.macs,
        blocks: blueprint.blocks().map(|block| block.name.clone()).collect(),
    }
}

/// What a data set turned out to be, as watchers are told.
#[must_use]
pub fn dataset_info(dataset: &Dataset) -> DatasetInfo {
    DatasetInfo {
        name: dataset.name.clone(),
        shape: dataset.shape(),
        classes: dataset.classes.clone(),
        train: dataset.train.len(),
        validation: dataset.validation.len(),
        mean: dataset.mean.clone(),
        std: dataset.std.clone(),
    }
}
