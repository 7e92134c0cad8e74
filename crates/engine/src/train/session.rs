//! An experiment under way: all arms in lock step over the same batches.
//!
//! Decides nothing about when to pause or what to show; that is the worker's.

use super::arm::{Arm, Clock};
use super::checkpoint::{self, SaveError, SessionState};
use super::device::Opened;
use super::evaluate::EvaluateError;
use super::failure::Failure;
use super::guesses::Guesses;
use super::probe::{Observed, ProbeLevel};
use super::room::fits_into_memory;
use super::start::{self, Origin, StartError};
use burn::tensor::Device;
use lab_core::blueprint::{Blueprint, Summary};
use lab_core::data::{self, DataError, Dataset, Loader, LoaderOptions, Position};
use lab_core::experiment::{Augmentation, Course, DeviceChoice, Experiment, Extension, PlanError};
use lab_core::protocol::keep::Record;
use lab_core::protocol::{
    ArmInfo, DatasetInfo, End, Evaluation, Live, Outcome, Past, Prepared, ProbeRecord, SpreadRecord, StepRecord, Tune,
};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// An experiment under way.
pub struct Session {
    pub experiment: Experiment,
    pub dataset: Arc<Dataset>,
    pub arms: Vec<Arm>,
    pub opened: Opened,
    pub step: u64,
    /// Steps in all.
    pub total_steps: u64,
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
    pub record: StepRecord,
    /// A look inside, in the steps that ask for one.
    pub probe: Option<ProbeRecord>,
    /// How all parameters and gradients were spread, in some of these steps.
    pub spread: Option<SpreadRecord>,
    /// Arms whose loss left the finite numbers in this step, or in which something went wrong.
    pub stopped: Vec<usize>,
}

/// What came of writing checkpoints.
#[derive(Debug, Default)]
pub struct Saved {
    /// What a person should know: which arms could be saved no longer.
    pub said: Vec<String>,
    /// Why the disk did not take them, if it did not.
    pub unwritten: Option<String>,
}

impl Session {
    /// Loads the images and builds the networks.
    ///
    /// # Errors
    /// What is wrong with the images, or which network does not fit them.
    pub fn new(experiment: Experiment, dataset: Arc<Dataset>, opened: Opened) -> Result<Self, Failure> {
        let recipe = &experiment.recipe;
        fits_into_memory(&experiment, &dataset, opened.is_gpu())?;
        let autodiff = opened.device.clone().autodiff();
        let stock = opened.choice == DeviceChoice::FlexStock;
        let arms = experiment.arms.iter().map(|plan| {
            let arm = Arm::new(plan, recipe, &dataset, &autodiff, stock);
            arm.map_err(|why| Failure::Arm { arm: plan.name.clone(), why })
        });
        let arms = arms.collect::<Result<Vec<Arm>, Failure>>()?;
        let options = LoaderOptions::new(recipe.batch_size, recipe.seed, recipe.augmentation.clone());
        let start = Position { epoch: 0, batch: 0 };
        let loader = Loader::new(Arc::clone(&dataset), options, start)?;
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

    /// Puts the weights into the arms that start from some; says what became of their heads. Of a run that goes on, only
    /// those that are `new` start.
    ///
    /// # Errors
    /// Weights that do not fit their arm.
    pub(super) fn start_from(&mut self, origins: &[Option<Origin>], new: &[bool]) -> Result<Vec<String>, StartError> {
        let mut said = Vec::new();
        for ((arm, origin), new) in self.arms.iter_mut().zip(origins).zip(new) {
            if let (Some(origin), true) = (origin, new) {
                said.push(origin.put_into(arm, &self.dataset.classes)?);
            }
        }
        Ok(said)
    }

    /// Which arms of a run have no checkpoint, not even of their beginning: its writer was killed before that.
    pub(super) fn without_checkpoint(&self, record: &mut dyn Record) -> Vec<bool> {
        let mut has = |arm| record.checkpoints(arm).is_some_and(|folder| checkpoint::newest(&folder).is_some());
        (0..self.arms.len()).map(|arm| !has(arm)).collect()
    }

    /// Goes on from the checkpoints of a run, and from the beginning in an arm that has none. Where a crash left arms at
    /// different steps, those ahead wait for the others. Says what of the run's tables is missing.
    ///
    /// # Errors
    /// A checkpoint that is damaged, or of another network.
    pub fn resume(&mut self, record: &mut dyn Record, past: &Past) -> Result<Vec<String>, Failure> {
        let mut states = Vec::with_capacity(self.arms.len());
        for (index, arm) in self.arms.iter_mut().enumerate() {
            let folder = record.checkpoints(index).ok_or(Failure::KeepsNone)?;
            let newest = checkpoint::newest(&folder);
            // Every validation was followed by a checkpoint; before the first one, it begins anew.
            if newest.is_none() && past.arms.get(index).is_some_and(|past| !past.evaluations.is_empty()) {
                return Err(Failure::Gone { arm: arm.name.clone(), folder });
            }
            let state = newest.map(|folder| checkpoint::read(arm, &folder)).transpose()?;
            states.push((state, arm.progress.clone()));
        }
        let running = states.iter().filter(|(_, progress)| progress.diverged_at.is_none());
        let running = running.min_by_key(|(_, progress)| progress.step);
        let last = states.iter().max_by_key(|(_, progress)| progress.diverged_at);
        let Some((state, _)) = running.or(last) else { return Ok(Vec::new()) };
        self.step = running.map_or_else(|| self.recorded().into_iter().max().unwrap_or(0), |(_, it)| it.step);
        if let Some(state) = state {
            self.seconds = state.seconds;
            self.total_steps = state.total_steps;
            if let Some(course) = &state.course {
                self.course.clone_from(course);
            }
            self.probe_every = state.probe_every;
            self.augmentation = state.augmentation.clone();
        }
        self.loader.set_augmentation(self.augmentation.clone());
        let batch = usize::try_from(self.step % self.steps_per_epoch).unwrap_or(0);
        self.loader.seek(Position { epoch: self.step / self.steps_per_epoch, batch });
        let mut missing = Vec::new();
        for (index, (steps, known)) in self.recorded().into_iter().zip(&past.arms).enumerate() {
            let rows = known.steps.iter().filter(|row| row.step <= steps).count() as u64;
            if rows < steps {
                let name = &self.arms[index].name;
                missing.push(format!(
                    "{name}: metrics.csv has lost {} of {steps} steps; its curves have gaps",
                    steps - rows
                ));
            }
            let newest = known.evaluations.iter().rfind(|it| it.step <= steps && !it.predicted.is_empty());
            newest.into_iter().for_each(|it| self.guesses.note(index, it.step, &it.predicted));
        }
        Ok(missing)
    }

    /// Why an arm has stopped, in words.
    #[must_use]
    pub fn why_stopped(&self, arm: usize) -> String {
        let arm = &self.arms[arm];
        match &arm.fault {
            Some(why) => format!("{}: {why}", arm.name),
            None => format!(
                "{}: the loss is no longer a finite number, so this arm stops; try a smaller learning rate or a warm-up",
                arm.name
            ),
        }
    }

    /// The step up to which each arm has something to record.
    pub(super) fn recorded(&self) -> Vec<u64> {
        self.arms.iter().map(|arm| arm.progress.diverged_at.unwrap_or(arm.progress.step)).collect()
    }

    /// How the schedule is laid over the steps.
    pub(super) fn course(&self) -> &Course {
        &self.course
    }

    /// Trains up to this step, with the schedule laid over the steps like this. Early stopping waits anew.
    pub(super) fn reach(&mut self, total_steps: u64, course: Course) {
        self.total_steps = total_steps;
        self.course = course;
        self.arms.iter_mut().for_each(|arm| arm.progress.stale = 0);
    }

    /// Whether all planned steps are done or no arm is left.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.step >= self.total_steps || self.all_stopped()
    }

    /// Whether no arm is left.
    #[must_use]
    pub fn all_stopped(&self) -> bool {
        self.arms.iter().all(Arm::has_stopped)
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
        self.arms.iter().all(|arm| arm.has_stopped() || arm.progress.stale >= stopping.patience)
    }

    /// Whether an arm that is left was not validated at this step although that was due: a stop can end a validation.
    #[must_use]
    pub fn is_evaluation_missing(&self) -> bool {
        let missing = |arm: &Arm| {
            let progress = &arm.progress;
            let here = !arm.has_stopped() && progress.step <= self.step;
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
    /// Images that cannot be read. What goes wrong in an arm ends that arm alone.
    pub fn advance(&mut self) -> Result<Stepped, DataError> {
        let started = Instant::now();
        // Frozen backbones make the same of the same images.
        let same_images = self.augmentation == Augmentation::default();
        self.loader.set_pixels(!same_images || !self.arms.iter().all(Arm::keeps_features));
        let mut batch = self.loader.next_batch()?;
        let clock = self.clock();
        let level = self.probe_level();
        if level != ProbeLevel::Off && batch.pixels.is_empty() {
            let Dataset { train, mean, std, .. } = &*self.dataset;
            batch.pixels = data::plain_inputs(train, mean, std, &batch.indices)?;
        }
        let (mut arms, mut seen, mut stopped) = (Vec::new(), Vec::new(), Vec::new());
        for (index, arm) in self.arms.iter_mut().enumerate() {
            if !arm.is_due(self.step) {
                arms.push(None);
                seen.push(Observed::default());
                continue;
            }
            let (dataset, device) = (&self.dataset, &self.opened.device);
            let stepped = arm.contained(|arm| {
                let known = arm.keeps_features() && same_images;
                let features = known.then(|| arm.features(dataset, &batch.indices, device));
                let features = features.transpose()?.flatten();
                Ok::<_, EvaluateError>(arm.step_from(&batch, features, clock, &self.autodiff, level)?)
            });
            let Some((step, looked)) = stepped else {
                stopped.push(index);
                arms.push(None);
                seen.push(Observed::default());
                continue;
            };
            if arm.has_stopped() {
                stopped.push(index);
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
        let probe = (level != ProbeLevel::Off).then_some(ProbeRecord { step: self.step, arms: probes });
        let spread = (level == ProbeLevel::Histograms).then_some(SpreadRecord { step: self.step, arms: histograms });
        Ok(Stepped { record, probe, spread, stopped })
    }

    /// How closely the next step is looked at: of the steps that are looked at, a few dozen over the whole run count
    /// values, which takes longer than norms.
    fn probe_level(&self) -> ProbeLevel {
        let every = u64::from(self.probe_every);
        if every == 0 || !self.step.is_multiple_of(every) {
            return ProbeLevel::Off;
        }
        let apart = self.total_steps.div_ceil(every).div_ceil(SPREADS).max(1);
        if (self.step / every).is_multiple_of(apart) { ProbeLevel::Histograms } else { ProbeLevel::Norms }
    }

    /// Validates one arm; `None` if `go_on` ended it early, the arm has diverged, or its checkpoint has this evaluation
    /// behind it already. What goes wrong in it ends this arm alone.
    pub fn evaluate(&mut self, index: usize, go_on: impl FnMut(usize) -> bool) -> Option<Evaluation> {
        let (clock, seconds) = (self.clock(), self.seconds);
        let min_delta = self.experiment.recipe.early_stopping.map_or(0.0, |stopping| stopping.min_delta);
        let arm = &mut self.arms[index];
        let behind = arm.progress.step > clock.step || arm.progress.evaluated_at.is_some_and(|step| step >= clock.step);
        if arm.has_stopped() || behind {
            return None;
        }
        let batch = self.experiment.recipe.batch_size;
        let (dataset, device) = (&self.dataset, &self.opened.device);
        let scores = arm.contained(|arm| arm.score(dataset, batch, device, go_on))?;
        let whole = scores.total == self.dataset.validation.len();
        if whole {
            self.guesses.note(index, clock.step, &scores.predicted);
        }
        whole.then(|| arm.note(index, &scores, clock, seconds, min_delta))
    }

    /// Writes every arm's checkpoints.
    ///
    /// # Errors
    /// What could not be read from the device.
    pub fn save(&mut self, record: &mut dyn Record) -> Result<Saved, SaveError> {
        let mut saved = Saved::default();
        let state = SessionState {
            seconds: self.seconds,
            total_steps: self.total_steps,
            course: Some(self.course.clone()),
            augmentation: self.augmentation.clone(),
            probe_every: self.probe_every,
        };
        let kept = record.keeping().newest;
        for (index, arm) in self.arms.iter_mut().enumerate() {
            // What a fault left is not to be trusted.
            if arm.fault.is_some() {
                continue;
            }
            let was_saved = !arm.unsaved;
            let Some(folder) = record.checkpoints(index) else { continue };
            match checkpoint::write(arm, &state, &folder, kept) {
                Ok(finite) => arm.unsaved = !finite,
                Err(why @ SaveError::Disk(..)) => saved.unwritten = Some(why.to_string()),
                Err(why) => return Err(why),
            }
            if arm.unsaved && was_saved {
                saved.said.push(format!(
                    "{}: not saved at step {}, nor later unless that changes, because its weights are no longer finite \
                     numbers; checkpoints of earlier steps stay; try a smaller learning rate or a warm-up",
                    arm.name, self.step
                ));
            }
        }
        Ok(saved)
    }

    /// Trains so many epochs longer.
    pub fn extend(&mut self, epochs: u32, schedule: Extension) {
        let (end, added) = (self.step.max(self.total_steps), u64::from(epochs) * self.steps_per_epoch);
        let mut course = self.course.clone();
        course.extend(end, added, schedule);
        self.reach(end + added, course);
    }

    /// Changes something from the next step on.
    ///
    /// # Errors
    /// Why no experiment may have the change; nothing is changed then.
    pub(super) fn tune(&mut self, change: &Tune) -> Result<(), StartError> {
        let changed = change.applied(&self.experiment).map_err(PlanError::Invalid)?;
        start::leaves_something(&changed, self.dataset.shape())?;
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
        Ok(())
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

    /// The session as whoever watches sees it before it trains.
    #[must_use]
    pub fn prepared(&self, run: Option<&Path>) -> Prepared {
        Prepared {
            experiment: self.experiment.clone(),
            dataset: dataset_info(&self.dataset),
            device: self.opened.name.clone(),
            steps_per_epoch: self.steps_per_epoch,
            total_steps: self.total_steps,
            first_step: self.step,
            run: run.map(Path::to_path_buf),
            arms: self.arm_infos(),
            live: self.live(),
            past: None,
        }
    }

    /// How the session stands.
    #[must_use]
    pub fn outcome(&self, reason: &End, run: Option<&Path>) -> Outcome {
        Outcome {
            reason: reason.clone(),
            steps: self.step,
            seconds: self.seconds,
            run: run.map(Path::to_path_buf),
            arms: self.arms.iter().map(Arm::outcome).collect(),
            planned: Some(self.total_steps),
            discordant: self.guesses.discordant(&self.dataset.validation.labels),
        }
    }
}

pub(super) fn arm_info(name: &str, blueprint: &Blueprint) -> ArmInfo {
    let summary = Summary::new(blueprint);
    ArmInfo {
        name: name.to_owned(),
        parameters: summary.parameters,
        macs: summary.macs,
        blocks: blueprint.blocks().map(|block| block.name.clone()).collect(),
    }
}

/// What a data set turned out to be, as watchers see it.
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
