//! One arm of a session: its network, optimiser, schedule, and how it is doing.

use super::contained::contained;
use super::evaluate::{self, EvaluateError, Inputs, Scores};
use super::features::Features;
use super::histogram::histograms;
use super::loss;
use super::optimizer::{self, FlatGradients, Optimizer};
use super::probe::{self, Observed, ProbeLevel};
use crate::nn::{self, DeviceError, Model, NotOnThisDevice, Pass, compute, release_memory};
use burn::tensor::{Device, Tensor};
use lab_core::blueprint::{Blueprint, BlueprintError, Summary};
use lab_core::data::{Batch, Dataset, Images};
use lab_core::experiment::{Arm as ArmPlan, Plateau, Recipe, Schedule};
use lab_core::protocol::{ArmLive, ArmOutcome, ArmStep, Evaluation, Tune};
use serde::{Deserialize, Serialize};
use std::fmt::Display;

/// The files of a checkpoint, by their names.
pub(super) type Files = [(&'static str, Vec<u8>); 3];

/// One arm of a session.
pub struct Arm {
    pub name: String,
    /// Its network, with a graph.
    pub model: Model,
    pub optimizer: Optimizer,
    /// What changes as it trains besides weights and the optimiser's memory.
    pub progress: Progress,
    /// PyTorch's names of the parameters, in visiting order.
    pub names: Vec<String>,
    schedule: Schedule,
    label_smoothing: f32,
    clip_norm: Option<f64>,
    seed: u64,
    stock: bool,
    /// Whether it is validated with each batch's own statistics, as it trains too briefly for running ones.
    pub(super) brief: bool,
    parameters: u64,
    /// Whether the last checkpoint was left out because its weights were no finite numbers.
    pub(super) unsaved: bool,
    /// The step of its weights where these are not those of its progress: it has stopped, and has its last good ones.
    pub(super) weights_at: Option<u64>,
    /// Its weights at an earlier step, where it is kept only in memory.
    remembered: Option<(Model, u64)>,
    /// The best checkpoint, if the disk did not take it.
    pub(super) unwritten_best: Option<Files>,
    /// What went wrong inside, if that ended it. Its last good checkpoint stays, and a run that goes on tries again.
    pub(super) fault: Option<String>,
    /// What its frozen backbone makes of the training and of the validation images.
    kept: Option<[Features; 2]>,
}

/// What changes as an arm trains besides weights and the optimiser's memory.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    pub step: u64,
    /// The plateau schedule's memory.
    pub plateau: Plateau,
    /// The evaluation with the least loss so far.
    pub best: Option<Best>,
    /// The last evaluation's loss and accuracy.
    pub last: Option<(f64, f64)>,
    /// The step of the last evaluation.
    #[serde(default)]
    pub evaluated_at: Option<u64>,
    /// Evaluations since the loss last fell by as much as early stopping asks for.
    pub stale: u32,
    /// The loss that early stopping compares with.
    pub reference: Option<f64>,
    /// The step at which the loss left the finite numbers.
    pub diverged_at: Option<u64>,
    /// Sum of losses, of correct images and of images in the epoch so far.
    pub epoch: Tally,
    /// The same for the last whole epoch.
    pub last_epoch: Tally,
}

/// The evaluation with the least loss.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Best {
    /// After this many steps.
    pub step: u64,
    /// Mean cross-entropy.
    pub loss: f64,
    /// Share of images classified correctly, 0 to 1.
    pub accuracy: f64,
}

/// Sums over images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    pub loss: f64,
    /// Of images classified correctly.
    pub correct: usize,
    pub images: usize,
}

impl Tally {
    fn mean_loss(&self) -> Option<f64> {
        (self.images > 0).then(|| self.loss / self.images as f64)
    }
    fn accuracy(&self) -> Option<f64> {
        (self.images > 0).then(|| self.correct as f64 / self.images as f64)
    }
}

/// Why an arm cannot be trained.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// The images are too small for the network.
    #[error(transparent)]
    Images(#[from] BlueprintError),
    /// The device does not compute in the recipe's precision.
    #[error(transparent)]
    Precision(#[from] NotOnThisDevice),
}

/// Where a session is in time.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// Steps done before this one.
    pub step: u64,
    /// The step of the schedules that belongs to it, and how many they have.
    pub scheduled: (u64, u64),
    pub steps_per_epoch: u64,
}

impl Arm {
    /// An arm with its initial weights; `stock` trains it by burn's own operations everywhere.
    ///
    /// # Errors
    /// A network that the images are too small for, or a precision that the device does not compute in.
    pub fn new(
        plan: &ArmPlan,
        recipe: &Recipe,
        dataset: &Dataset,
        device: &Device,
        stock: bool,
    ) -> Result<Self, Unfit> {
        let blueprint = Blueprint::new(&plan.network, dataset.shape(), dataset.classes.len())?;
        let model = Model::init(&blueprint, recipe.seed, device).in_precision(recipe.precision, device)?;
        let model = model.freeze(plan.freeze());
        let names = model.parameter_names();
        let head = format!("{}.", plan.network.naming.head());
        let backbone = plan.start.as_ref().map_or(1.0, |start| start.backbone_factor);
        let factors = names.iter().map(|name| if name.starts_with(&head) { 1.0 } else { backbone }).collect();
        // Only what a frozen backbone makes of an image stays the same.
        let is_frozen = plan.freeze().holds_backbone();
        let kept = |images: &Images| Features::new(images.len(), blueprint.features[0]);
        let kept = if is_frozen {
            kept(&dataset.train).zip(kept(&dataset.validation)).map(<[Features; 2]>::from)
        } else {
            None
        };
        Ok(Self {
            name: plan.name.clone(),
            unsaved: false,
            weights_at: None,
            remembered: None,
            unwritten_best: None,
            fault: None,
            kept,
            optimizer: Optimizer::with_factors(plan.optimizer(recipe).clone(), factors),
            progress: Progress::default(),
            parameters: Summary::new(&blueprint).parameters,
            model,
            names,
            schedule: plan.schedule(recipe).clone(),
            label_smoothing: recipe.label_smoothing,
            clip_norm: recipe.clip_norm,
            seed: recipe.seed,
            stock,
            brief: false,
        })
    }

    /// The learning rate of the step after `clock.step`.
    #[must_use]
    pub fn learning_rate(&self, clock: Clock) -> f64 {
        let factor = self.schedule.factor(clock.scheduled.0, clock.scheduled.1, clock.steps_per_epoch);
        self.optimizer.rule.learning_rate * factor * self.progress.plateau.factor
    }

    /// Whether the schedule is still warming up at this step.
    #[must_use]
    pub fn is_warming_up(&self, clock: Clock) -> bool {
        self.schedule.is_warming_up(clock.scheduled.0, clock.steps_per_epoch)
    }

    /// Whether it takes part in the step after `step`: not if its loss left the finite numbers, and not if a
    /// checkpoint has it ahead of the others.
    #[must_use]
    pub fn is_due(&self, step: u64) -> bool {
        !self.has_stopped() && self.progress.step <= step
    }

    /// Whether it takes no more steps: its loss left the finite numbers, or something went wrong.
    #[must_use]
    pub fn has_stopped(&self) -> bool {
        self.progress.diverged_at.is_some() || self.fault.is_some()
    }

    /// Does something that may fail or panic; that ends this arm alone. `None` then.
    pub(super) fn contained<T, E: Display>(&mut self, act: impl FnOnce(&mut Self) -> Result<T, E>) -> Option<T> {
        let advice = "the others go on; resuming the run, with smaller batches or on another device, tries it again";
        let done = contained("this network", advice, || act(self).map_err(|why| format!("{why}; {advice}")));
        done.map_err(|why| self.fault = Some(why)).ok()
    }

    /// Goes on with other weights.
    pub(super) fn adopt(&mut self, model: Model) {
        self.model = model;
        self.kept.iter_mut().flatten().for_each(Features::clear);
    }

    /// Remembers its weights as they are, in the place of what it remembered before.
    pub(super) fn remember(&mut self) {
        self.remembered = Some((self.model.clone(), self.progress.step));
    }

    /// Takes the weights back that it remembers, if there are any: what a fault or a divergence has left is not to be trusted.
    pub(super) fn recall(&mut self) {
        if let Some((model, step)) = self.remembered.take() {
            self.adopt(model);
            self.weights_at = Some(step);
        }
    }

    /// Whether its backbone makes the same of an image at each step, and it can be kept.
    pub(super) fn keeps_features(&self) -> bool {
        self.kept.is_some()
    }

    /// What its frozen backbone makes of these training images as they are; `None` if nothing is kept.
    ///
    /// # Errors
    /// An image that cannot be read, or what the device says when it fails.
    pub(super) fn features(
        &mut self,
        dataset: &Dataset,
        indices: &[usize],
        device: &Device,
    ) -> Result<Option<Vec<f32>>, EvaluateError> {
        let Some([train, _]) = &mut self.kept else { return Ok(None) };
        let inputs = Inputs { images: &dataset.train, mean: &dataset.mean, std: &dataset.std };
        train.of(indices, inputs, &evaluate::plain(&self.model), device, self.stock).map(Some)
    }

    /// One optimiser step on a batch, and what the look at it brought, if there was one.
    ///
    /// # Errors
    /// What the device says when it fails.
    pub fn step(
        &mut self,
        batch: &Batch,
        clock: Clock,
        device: &Device,
        level: ProbeLevel,
    ) -> Result<(ArmStep, Option<Observed>), DeviceError> {
        self.step_from(batch, None, clock, device, level)
    }

    /// The same, from what the backbone makes of the images, if that is known.
    ///
    /// # Errors
    /// What the device says when it fails.
    pub(super) fn step_from(
        &mut self,
        batch: &Batch,
        features: Option<Vec<f32>>,
        clock: Clock,
        device: &Device,
        level: ProbeLevel,
    ) -> Result<(ArmStep, Option<Observed>), DeviceError> {
        compute(device, || self.compute_step(batch, features, clock, device, level))
    }

    /// The logits of a batch. Of known features the head alone makes them; a pass with taps looks at the backbone all the
    /// same.
    fn logits(&self, batch: &Batch, features: Option<Vec<f32>>, pass: &mut Pass, device: &Device) -> Tensor<2> {
        let input = || {
            let [channels, height, width] = batch.shape;
            nn::tensor(batch.pixels.clone(), [batch.size, channels, height, width], device)
        };
        let Some(features) = features else { return self.model.forward(input(), pass) };
        if pass.has_taps() {
            drop(self.model.features(input(), pass));
        }
        let width = features.len() / batch.size.max(1);
        self.model.answer(nn::tensor(features, [batch.size, width], device), pass)
    }

    fn compute_step(
        &mut self,
        batch: &Batch,
        features: Option<Vec<f32>>,
        clock: Clock,
        device: &Device,
        level: ProbeLevel,
    ) -> Result<(ArmStep, Option<Observed>), DeviceError> {
        #[cfg(test)]
        super::faults::happen(&self.name, clock.step)?;
        let classes = self.model.blueprint().classes;
        let mut pass = Pass::train(self.seed, clock.step).with_stock_operations(self.stock);
        let probing = level != ProbeLevel::Off;
        if probing {
            pass = pass.with_taps();
        }
        let logits = self.logits(batch, features, &mut pass, device);
        let targets = loss::targets(batch, classes, self.label_smoothing);
        let objective = loss::cross_entropy(logits.clone(), &targets, device);
        let values = nn::values(logits.inner())?;
        let score = loss::score(&values, &targets, &batch.labels, classes);
        let learning_rate = self.learning_rate(clock);
        let step = ArmStep {
            loss: score.loss / batch.size as f64,
            accuracy: score.correct as f64 / batch.size as f64,
            learning_rate,
        };
        if !step.loss.is_finite() {
            self.progress.diverged_at = Some(clock.step + 1);
            return Ok((step, None));
        }
        let mut gradients = objective.backward();
        let flat = optimizer::flat_gradients(&self.model, &mut gradients);
        let before = if probing { optimizer::flat_parameters(&self.model) } else { Vec::new() };
        let mut seen = probing.then(Observed::default);
        if let Some(seen) = &mut seen {
            seen.probe = probe::look(&self.model, &self.names, &before, &flat, &pass)?;
        }
        if let (Some(seen), ProbeLevel::Histograms) = (&mut seen, level) {
            seen.histograms = histograms(&self.names, &before, &flat)?;
        }
        self.update(flat, &pass, learning_rate)?;
        if let Some(seen) = &mut seen {
            probe::look_back(&mut seen.probe, &self.model, &self.names, before)?;
        }
        self.progress.step = clock.step + 1;
        self.count(score, batch.size, clock);
        Ok((step, seen))
    }

    fn update(&mut self, gradients: FlatGradients, pass: &Pass, learning_rate: f64) -> Result<(), DeviceError> {
        let gradients = match self.clip_norm {
            Some(limit) => optimizer::clip(gradients, limit)?,
            None => gradients,
        };
        self.model = self.optimizer.step(self.model.clone(), gradients, learning_rate);
        self.model.absorb(pass);
        Ok(())
    }

    fn count(&mut self, score: loss::Score, images: usize, clock: Clock) {
        let epoch = &mut self.progress.epoch;
        epoch.loss += score.loss;
        epoch.correct += score.correct;
        epoch.images += images;
        if (clock.step + 1).is_multiple_of(clock.steps_per_epoch) {
            self.progress.last_epoch = std::mem::take(epoch);
        }
    }

    /// Scores the network as it is now.
    ///
    /// # Errors
    /// An image that cannot be read, or what the device says when it fails.
    pub fn score(
        &mut self,
        dataset: &Dataset,
        batch: usize,
        device: &Device,
        go_on: impl FnMut(usize) -> bool,
    ) -> Result<Scores, EvaluateError> {
        let inputs = Inputs { images: &dataset.validation, mean: &dataset.mean, std: &dataset.std };
        let model = evaluate::plain(&self.model);
        let Some([_, validation]) = &mut self.kept else {
            let pass = if self.brief { Pass::measure } else { Pass::evaluate };
            return evaluate::evaluate_as(&model, inputs, batch, device, pass, go_on);
        };
        let logits = |indices: std::ops::Range<usize>| {
            let (size, indices) = (indices.len(), indices.collect::<Vec<usize>>());
            let features = validation.of(&indices, inputs, &model, device, false)?;
            let width = features.len() / size.max(1);
            let features = nn::tensor(features, [size, width], device);
            Ok(nn::values(model.answer(features, &mut Pass::evaluate()))?)
        };
        evaluate::tally(&inputs.images.labels, model.blueprint().classes, batch, go_on, logits)
    }

    /// Takes note of an evaluation and says how it stands.
    pub fn note(&mut self, arm: usize, scores: &Scores, clock: Clock, seconds: f64, min_delta: f64) -> Evaluation {
        let (loss, accuracy) = (scores.mean_loss(), scores.accuracy());
        let progress = &mut self.progress;
        let best = progress.best.is_none_or(|best| loss < best.loss) && loss.is_finite();
        if best {
            progress.best = Some(Best { step: clock.step, loss, accuracy });
        }
        // Early stopping counts from the first loss that is a number: before, there is nothing to compare with.
        progress.reference = progress.reference.filter(|reference| reference.is_finite());
        let falls = progress.reference.is_none_or(|reference| loss < reference - min_delta) && loss.is_finite();
        if falls {
            progress.reference = Some(loss);
            progress.stale = 0;
        } else if progress.reference.is_some() {
            progress.stale += 1;
        }
        progress.last = Some((loss, accuracy));
        progress.evaluated_at = Some(clock.step);
        progress.plateau.observe(&self.schedule.curve, loss);
        Evaluation {
            arm,
            step: clock.step,
            epoch: clock.step as f64 / clock.steps_per_epoch as f64,
            seconds,
            loss,
            accuracy,
            top5: scores.top5_share(),
            confusion: scores.confusion.clone(),
            predicted: scores.predicted.clone(),
            best,
        }
    }

    /// Changes what can be changed while training.
    pub fn tune(&mut self, change: &Tune) {
        let rule = &mut self.optimizer.rule;
        match *change {
            Tune::LearningRate(rate) => rule.learning_rate = rate,
            Tune::Momentum(value) => {
                if let Some(momentum) = rule.method.momentum_mut() {
                    *momentum = value;
                }
            }
            Tune::WeightDecay(decay) => rule.weight_decay = decay,
            Tune::Augmentation(_) | Tune::ProbeEvery(_) => {}
        }
    }

    /// What [`Self::tune`] can change, as it is now.
    #[must_use]
    pub fn live(&self, clock: Clock) -> ArmLive {
        let rule = &self.optimizer.rule;
        ArmLive {
            learning_rate: rule.learning_rate,
            rate_in_use: (!self.has_stopped()).then(|| self.learning_rate(clock)),
            momentum: rule.method.momentum(),
            weight_decay: rule.weight_decay,
        }
    }

    /// How the arm stands at the end.
    #[must_use]
    pub fn outcome(&self) -> ArmOutcome {
        let progress = &self.progress;
        let tally = if progress.last_epoch.images > 0 { progress.last_epoch } else { progress.epoch };
        ArmOutcome {
            name: self.name.clone(),
            parameters: self.parameters,
            train_loss: tally.mean_loss(),
            train_accuracy: tally.accuracy(),
            validated_at: progress.evaluated_at,
            validation_loss: progress.last.map(|(loss, _)| loss),
            validation_accuracy: progress.last.map(|(_, accuracy)| accuracy),
            accuracy_at_least_loss: progress.best.map(|best| best.accuracy),
            least_loss_step: progress.best.map(|best| best.step),
            diverged_at: progress.diverged_at,
            unsaved: self.unsaved,
            fault: self.fault.clone(),
        }
    }
}

impl Drop for Arm {
    /// Its maps are of no use to whatever is trained next.
    fn drop(&mut self) {
        release_memory();
    }
}
