//! What crosses between the engine's thread and whoever watches it: plain data, no tensors.
//!
//! A watcher sends [`Command`]s and receives [`Event`]s. Metrics may be thinned when nobody drains the channel;
//! [`Event::Finished`] and [`Event::Failed`] always arrive.

pub mod keep;
pub mod link;
pub mod outbox;

use crate::checkpoint::Checkpoint;
use crate::experiment::{Augmentation, DeviceChoice, Experiment, Network};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

pub use crate::instrument::{Answer, Classified, Histogram, Picture, Question, Thumbnail};

/// What the engine is asked to do.
#[derive(Clone, Debug)]
pub enum Command {
    /// Ends what is running and starts this experiment.
    Start {
        /// What to run.
        experiment: Box<Experiment>,
        /// Where to run it.
        device: DeviceChoice,
        /// Whether to stop before the first step and wait for [`Command::Step`] or [`Command::Continue`].
        paused: bool,
    },
    /// Ends what is running and starts this experiment without keeping anything of it.
    Play {
        /// What to run.
        experiment: Box<Experiment>,
        /// Where to run it.
        device: DeviceChoice,
    },
    /// Ends what is running and goes on with a run from its last checkpoint.
    Resume {
        /// The run's folder.
        run: PathBuf,
        /// Where to run it.
        device: DeviceChoice,
    },
    /// Ends what is running and reads a network's weights from a file, so that it can be asked what it sees.
    Import(Box<Import>),
    /// Stops before the next step.
    Pause,
    /// Goes on after a pause.
    Continue,
    /// Does one step and pauses.
    Step,
    /// Ends the experiment after the step in progress, with a checkpoint.
    Stop,
    /// Changes something from the next step on.
    Tune(Tune),
    /// Writes a checkpoint now.
    Checkpoint,
    /// Trains this many epochs more than planned.
    Extend(u32),
    /// Asks something of networks; answered by [`Event::Answer`] with the same number. Training does not wait for it.
    Ask {
        /// Chosen by the asker.
        id: u64,
        /// Which networks.
        of: Networks,
        /// The question.
        question: Question,
    },
    /// Takes a question back; one that is being answered ends with what has been found so far.
    Cancel(u64),
    /// Ends the engine's thread, after a checkpoint if something is running.
    Quit,
}

/// A network whose weights are in a file.
#[derive(Clone, Debug)]
pub struct Import {
    /// What it is called.
    pub name: String,
    /// The network that the weights belong to.
    pub network: Network,
    /// safetensors, or PyTorch's .pt, .pth or .th.
    pub weights: PathBuf,
    /// The images that it was trained on: shape, classes, normalisation.
    pub dataset: DatasetInfo,
    /// Where to compute.
    pub device: DeviceChoice,
}

/// A change to a running experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tune {
    /// Replaces every arm's base learning rate, which its schedule goes on scaling.
    LearningRate(f64),
    /// Replaces every arm's momentum (β₁ for Adam and its kin).
    Momentum(f64),
    /// Replaces every arm's weight decay.
    WeightDecay(f64),
    /// Replaces the augmentation.
    Augmentation(Augmentation),
    /// Replaces the steps between two probes.
    ProbeEvery(u32),
}

/// Which networks a question is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Networks {
    /// Those of the experiment under way, of the one that ended last, or of a file, as they are now.
    #[default]
    Current,
    /// Those of a run that is kept.
    Run {
        /// The run's folder.
        folder: PathBuf,
        /// Which checkpoint of each arm.
        checkpoint: Checkpoint,
    },
}

/// What the engine tells.
#[derive(Clone, Debug)]
pub enum Event {
    /// What the engine is doing changed.
    Phase(Phase),
    /// An experiment is ready to train.
    Prepared(Box<Prepared>),
    /// A network from a file is ready to be asked.
    Imported(Box<Import>),
    /// Steps done since the last of these events, oldest first.
    Steps(Vec<StepRecord>),
    /// A look at gradients and activations.
    Probed(Box<ProbeRecord>),
    /// How all parameters and gradients were spread in one step.
    Spread(Box<SpreadRecord>),
    /// An arm was validated.
    Evaluated(Box<Evaluation>),
    /// Somebody changed something, or an arm stopped; drawn as a marker on every plot.
    Intervened(Intervention),
    /// How far a question has come that takes its time.
    Progress {
        /// The asker's number.
        id: u64,
        /// Parts done.
        done: usize,
        /// Parts in all.
        total: usize,
        /// What has been found by then, if it means something already.
        so_far: Option<Answer>,
    },
    /// The answer to a [`Command::Ask`].
    Answer {
        /// The asker's number.
        id: u64,
        /// What was found, or why it could not be.
        answer: Result<Answer, String>,
    },
    /// Something a person should know that ends nothing: a fall-back, a skipped file.
    Notice(String),
    /// The experiment ended by itself or by [`Command::Stop`].
    Finished(Box<Outcome>),
    /// The experiment ended by an error: what happened and what to do.
    Failed(String),
}

/// What the engine is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Nothing.
    #[default]
    Idle,
    /// Reading images and building networks.
    Loading,
    /// The first step on a GPU, which tries out kernels.
    Tuning,
    /// Training within the schedule's warm-up.
    WarmingUp,
    /// Training.
    Training,
    /// Validating.
    Evaluating,
    /// Waiting between two steps.
    Paused,
    /// Ended: every arm's loss left the finite numbers.
    Diverged,
    /// Ended.
    Done,
}

impl Phase {
    /// Whether an experiment is under way, paused or not.
    #[must_use]
    pub fn is_active(self) -> bool {
        !matches!(self, Self::Idle | Self::Diverged | Self::Done)
    }
}

/// An experiment that is ready to train.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// As it was checked.
    pub experiment: Experiment,
    /// What its images turned out to be.
    pub dataset: DatasetInfo,
    /// The device in words.
    pub device: String,
    /// Steps in an epoch.
    pub steps_per_epoch: u64,
    /// Steps in all.
    pub total_steps: u64,
    /// The step that training starts from; above 0 when a run goes on.
    pub first_step: u64,
    /// The run's folder, if it is kept.
    pub run: Option<PathBuf>,
    /// One for each arm.
    pub arms: Vec<ArmInfo>,
}

/// What the images of an experiment turned out to be. With the weights, this is all that classifying needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DatasetInfo {
    /// What the data set is called.
    pub name: String,
    /// [channels, height, width] of a network's input.
    pub shape: [usize; 3],
    /// In the order of the labels.
    pub classes: Vec<String>,
    /// Training images.
    pub train: usize,
    /// Validation images.
    pub validation: usize,
    /// Subtracted per channel from pixels in [0, 1].
    pub mean: Vec<f32>,
    /// Divided by per channel.
    pub std: Vec<f32>,
}

/// What an arm is, counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArmInfo {
    /// The arm's name.
    pub name: String,
    /// Parameters.
    pub parameters: u64,
    /// Multiply-accumulate operations of one image's forward pass.
    pub macs: u64,
    /// The blocks that probes report on, in order: `layer1.0`, …
    pub blocks: Vec<String>,
}

/// One optimiser step of all arms.
#[derive(Clone, Debug, PartialEq)]
pub struct StepRecord {
    /// From 1.
    pub step: u64,
    /// Passes over the training images so far.
    pub epoch: f64,
    /// Training time so far in seconds, pauses left out.
    pub seconds: f64,
    /// Images each arm saw in this step over the time of the step.
    pub images_per_second: f64,
    /// One for each arm; `None` once an arm has stopped.
    pub arms: Vec<Option<ArmStep>>,
}

/// One optimiser step of one arm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ArmStep {
    /// Mean loss over the batch.
    pub loss: f64,
    /// Share of the batch that is classified correctly.
    pub accuracy: f64,
    /// The learning rate used.
    pub learning_rate: f64,
}

/// A look at gradients and activations during one step.
#[derive(Clone, Debug, PartialEq)]
pub struct ProbeRecord {
    /// The step, from 1.
    pub step: u64,
    /// One for each arm; empty once an arm has stopped.
    pub arms: Vec<ArmProbe>,
}

/// What a probe saw in one arm.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ArmProbe {
    /// ‖∂L/∂W‖ over all parameters, before clipping.
    pub gradient_norm: f64,
    /// ‖W‖ over all parameters.
    pub weight_norm: f64,
    /// ‖ΔW‖ over all parameters: how far the step moved them.
    pub update_norm: f64,
    /// One for each block, in the order of [`ArmInfo::blocks`].
    pub blocks: Vec<BlockProbe>,
}

/// What a probe saw in one block.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BlockProbe {
    /// ‖∂L/∂W‖ over the block's parameters.
    pub weight_gradient_norm: f64,
    /// ‖W‖ over the block's parameters.
    pub weight_norm: f64,
    /// ‖ΔW‖ over the block's parameters: how far the step moved them.
    pub update_norm: f64,
    /// ‖∂L/∂y‖ of the block's output y, for the batch's mean loss.
    pub output_gradient_norm: f64,
    /// Standard deviation of the block's output.
    pub activation_std: f64,
    /// Mean of the block's output.
    pub activation_mean: f64,
    /// ‖αF(x)‖ / ‖x‖: how much the branch changes its input; absent where nothing is added.
    pub branch_ratio: Option<f64>,
}

/// How the values of all parameters and of their gradients were spread in one step.
#[derive(Clone, Debug, PartialEq)]
pub struct SpreadRecord {
    /// The step, from 1. Weights are those before it, gradients those that it was made from.
    pub step: u64,
    /// One for each arm and parameter; empty once an arm has stopped.
    pub arms: Vec<Vec<Histogram>>,
}

/// An arm validated on the whole validation set.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Which arm.
    pub arm: usize,
    /// After this many steps.
    pub step: u64,
    /// Passes over the training images by then.
    pub epoch: f64,
    /// Training time by then, in seconds.
    pub seconds: f64,
    /// Mean cross-entropy, without label smoothing.
    pub loss: f64,
    /// Share classified correctly.
    pub accuracy: f64,
    /// Share whose class is among the five likeliest; 1 with five classes or fewer.
    pub top5: f64,
    /// Images by actual class (row) and predicted class (column), row by row.
    pub confusion: Vec<u32>,
    /// What each validation image was taken for.
    pub predicted: Vec<u16>,
    /// Whether this is the arm's best validation loss so far.
    pub best: bool,
}

/// Something that happened to a run from outside, or an arm that stopped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Intervention {
    /// After this many steps.
    pub step: u64,
    /// What happened, in words.
    pub what: String,
}

/// How an experiment ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Why: finished, stopped by hand, early stopping, diverged.
    pub reason: String,
    /// Steps done.
    pub steps: u64,
    /// Training time in seconds.
    pub seconds: f64,
    /// The run's folder, if it is kept.
    pub run: Option<PathBuf>,
    /// One for each arm.
    pub arms: Vec<ArmOutcome>,
}

/// How an arm ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArmOutcome {
    /// The arm's name.
    pub name: String,
    /// Parameters.
    pub parameters: u64,
    /// Mean training loss of the last epoch (or of all steps, if there was none).
    pub train_loss: Option<f64>,
    /// Share of the last epoch's training images classified correctly.
    pub train_accuracy: Option<f64>,
    /// At the last evaluation.
    pub validation_loss: Option<f64>,
    /// At the last evaluation.
    pub validation_accuracy: Option<f64>,
    /// At the evaluation with the least loss.
    pub best_accuracy: Option<f64>,
    /// The step of the evaluation with the least loss.
    pub best_step: Option<u64>,
    /// The step at which the loss left the finite numbers, if it did.
    pub diverged_at: Option<u64>,
}
