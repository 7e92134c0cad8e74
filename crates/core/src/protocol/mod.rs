//! What crosses between the engine's thread and whoever watches it: plain data, no tensors.
//!
//! A watcher sends [`Command`]s and receives [`Event`]s. Metrics may be thinned when nobody drains the channel;
//! [`Event::Finished`] and [`Event::Failed`] always arrive. Must not know the engine,
//! run folders or the window.

mod end;
pub mod keep;
pub mod link;
mod live;
pub mod outbox;
mod past;
mod records;

use crate::checkpoint::Checkpoint;
use crate::experiment::{Data, DeviceChoice, Experiment, Extension, Network};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;

/// The exit code of a process that was stopped before its work was done, with a checkpoint. By the `sysexits` of BSD it
/// means "try again", so no failure to whoever started it.
pub const STOPPED: u8 = 75;

pub use crate::instrument::{Answer, Classification, Classified, Histogram, Picture, Question, Thumbnail};
pub use end::End;
pub use live::{ArmLive, Live, Tune};
pub use past::{ArmPast, Past, PastEvent, PastStep};
pub use records::{
    ArmInfo, ArmOutcome, ArmProbe, ArmStep, BlockProbe, Change, DatasetInfo, Discordant, Evaluation, Intervention,
    Outcome, ProbeRecord, SpreadRecord, StepRecord,
};

/// What the engine is asked to do.
#[derive(Clone, Debug)]
pub enum Command {
    /// Ends what is running and starts this experiment.
    Start {
        experiment: Box<Experiment>,
        /// Where to run it.
        device: DeviceChoice,
        /// Whether to stop before the first step and wait for [`Command::Step`] or [`Command::Continue`].
        paused: bool,
    },
    /// Ends what is running and starts this experiment without keeping anything of it.
    Play {
        experiment: Box<Experiment>,
        /// Where to run it.
        device: DeviceChoice,
    },
    /// Ends what is running and goes on with a run from its last checkpoint.
    Resume {
        run: PathBuf,
        /// Where to run it.
        device: DeviceChoice,
    },
    /// Ends what is running and shows a run as it was left, with its networks, without going on with it.
    Open { run: PathBuf, device: DeviceChoice },
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
    /// Trains longer than planned.
    Extend {
        /// So many epochs more.
        epochs: u32,
        /// What becomes of the schedule.
        schedule: Extension,
    },
    /// Asks something of networks; answered by [`Event::Answer`] with the same number. Training does not wait for it.
    Ask {
        /// Chosen by the asker.
        id: u64,
        /// Which networks.
        of: Networks,
        question: Question,
    },
    /// Takes a question back; one that is being answered ends with what has been found so far.
    Cancel(u64),
    /// Goes on writing the run in this folder, which must be empty or absent, with all there is of it.
    MoveRun(PathBuf),
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
    /// Images to ask about, beside pictures of one's own.
    pub images: Option<Data>,
    pub device: DeviceChoice,
}

/// Which networks a question is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Networks {
    /// Those of the experiment under way, of the one that ended last, or of a file, as they are now.
    #[default]
    Current,
    /// Those of a run that is kept.
    Run {
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
    /// What can be changed while training, after a change.
    Tuned(Box<Live>),
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
    /// Why what was asked for was not begun: everything stays as it was.
    Refused(String),
    /// Why what was measured cannot be written at present, and is kept in memory; `None` when all has been written.
    Unwritten(Option<String>),
    /// The experiment ended by itself or by [`Command::Stop`].
    Finished(Box<Outcome>),
    /// The experiment ended by an error: what happened and what to do.
    Failed(String),
}

/// What the engine is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    #[default]
    Idle,
    /// Reading images and building networks.
    Loading,
    /// The first step on a GPU, which tries out kernels.
    Tuning,
    /// Training within the schedule's warm-up.
    WarmingUp,
    Training,
    Evaluating,
    /// Waiting between two steps.
    Paused,
    /// Ended: every arm's loss left the finite numbers.
    Diverged,
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
    pub steps_per_epoch: u64,
    /// Steps in all.
    pub total_steps: u64,
    /// The step that training starts from; above 0 when a run goes on.
    pub first_step: u64,
    /// The run's folder, if it is kept.
    pub run: Option<PathBuf>,
    /// One for each arm.
    pub arms: Vec<ArmInfo>,
    /// What can be changed while training, as it is when training starts or goes on.
    pub live: Live,
    /// What was recorded before, of a run that goes on from its files.
    pub past: Option<Arc<Past>>,
}

impl Prepared {
    /// Whether it is a network from a file, which nobody trains here.
    #[must_use]
    pub fn is_of_weights(&self) -> bool {
        self.total_steps == 0
    }
}
