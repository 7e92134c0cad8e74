//! The command line: the same engine without a window.
//!
//! Each command is a file of its own with its arguments and one function that runs it. What a person asked for and
//! cannot have ends as a [`Failure`]: one line, and an exit code.
//!
//! Must not know widgets: what opens the window is in `main`.

mod bench;
mod choices;
mod classify;
mod counting;
mod data;
mod devices;
mod evaluate;
mod export;
mod fields;
mod find;
mod get;
mod inspect;
mod learn;
mod network;
mod output;
mod plan;
mod presets;
mod progress;
mod room;
mod runs;
mod signals;
mod study;
mod summary;
mod train;
mod verdict;
mod watch;
mod weights;
mod weights_file;

use choices::{described, one_of};
pub use output::{Failure, tell};
pub use signals::start_threads;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Parser, Subcommand};
use lab_window::Renderer;

/// Train plain and residual networks side by side and look inside them.
///
/// Without a command, the window opens.
#[derive(Debug, Parser)]
#[command(
    version,
    max_term_width = 110,
    after_help = "Examples:
  residual-lab                                       open the window
  residual-lab train                                 plain against residual, on the images inside the program
  residual-lab classify RUN_FOLDER picture.png       ask a trained network what is in a picture"
)]
pub struct Cli {
    /// What draws the window
    #[arg(long, default_value = "auto", value_parser = one_of(described(&Renderer::ALL)))]
    pub renderer: Renderer,
    /// Draws the window without pause and writes each frame's time into this file
    #[arg(long, hide = true, value_name = "FILE")]
    pub frame_log: Option<std::path::PathBuf>,
    /// What to do; the window opens if it is left out.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Train the networks of an experiment, or go on with a run
    Train(train::Args),
    /// Vary an experiment: every combination or a search, with several seeds, here or on a cluster
    #[command(subcommand)]
    Study(study::Command),
    /// Measure how well a trained network does on images
    Evaluate(evaluate::Args),
    /// Say what is in pictures
    Classify(classify::Args),
    /// Give a run to other programs: ONNX, PyTorch, TensorBoard, a web page, a zip file
    Export(export::Args),
    /// Look after run folders
    #[command(subcommand)]
    Runs(runs::Command),
    /// Say what runs have shown, over one seed or several
    Verdict(verdict::Args),
    /// Look inside trained networks: lesions, gradients, Grad-CAM, loss landscape and more
    Inspect(inspect::Args),
    /// Count a network's parameters, MACs and memory, layer by layer
    Summary(summary::Args),
    /// List the experiments that come with the program, or print one
    Presets(presets::Args),
    /// Explain what can be set of an experiment, and where a file has it
    Fields(fields::Args),
    /// List what this machine can train on
    Devices(devices::Args),
    /// Measure the speed of training or inference
    Bench(bench::Args),
    /// Guided experiments: a question, your guess, and what the measurements say
    Learn(learn::Args),
    /// Find a learning rate or a batch size to begin with
    Find(find::Args),
    /// Look at data sets, get well-known ones, make small ones
    Data(data::Args),
    /// Get weights to start from
    Weights(weights::Args),
}

/// Reads the arguments of this process.
///
/// # Errors
/// What is wrong with them. Help and version are printed and end in [`Failure::Silent`].
pub fn parse() -> Result<Cli, Failure> {
    Cli::try_parse().map_err(|error| {
        if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
            let words: Vec<String> = std::env::args().skip(1).collect();
            let command = format!("residual-lab {}", words.join(" "));
            return Failure::Usage(format!(
                "`{command}` is the name of several commands; `{command} --help` lists them"
            ));
        }
        if let Some(why) = below_zero(&error) {
            return Failure::Usage(why);
        }
        if error.use_stderr() {
            return Failure::Usage(output::one_line(&error.to_string()));
        }
        match error.print() {
            Ok(()) => Failure::Silent,
            Err(error) => Failure::from(error),
        }
    })
}

/// What is wrong where a number below 0 follows an option that takes none, which the parser takes for an option itself.
fn below_zero(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(given)) = error.get(ContextKind::InvalidArg) else { return None };
    // Of -12 only -1 is reported: the parser reads it as short options.
    let is_number = |word: &str| word.starts_with(given.as_str()) && word.parse::<f64>().is_ok();
    let words: Vec<String> = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    let unknown = error.kind() == ErrorKind::UnknownArgument;
    let [option, given] =
        words.array_windows().find(|[option, word]| unknown && option.starts_with("--") && is_number(word))?;
    Some(format!("{option} {given}: {option} takes no number below 0; --help says which it takes"))
}

impl Command {
    /// Runs the command.
    ///
    /// # Errors
    /// Why it could not be done, to be shown as one line.
    pub fn run(self) -> Result<(), Failure> {
        // What measures makes its threads itself.
        if !matches!(self, Self::Bench(_)) {
            start_threads();
        }
        match self {
            Self::Train(args) => train::run(&args),
            Self::Study(command) => study::run(command),
            Self::Evaluate(args) => evaluate::run(&args),
            Self::Classify(args) => classify::run(&args),
            Self::Export(args) => export::run(&args),
            Self::Runs(command) => runs::run(&command),
            Self::Inspect(args) => inspect::run(&args),
            Self::Summary(args) => summary::run(&args),
            Self::Presets(args) => presets::run(&args),
            Self::Fields(args) => fields::run(&args),
            Self::Devices(args) => devices::run(&args),
            Self::Bench(args) => bench::run(&args),
            Self::Verdict(args) => verdict::run(&args),
            Self::Learn(args) => learn::run(&args),
            Self::Find(args) => find::run(&args),
            Self::Data(args) => data::run(&args),
            Self::Weights(args) => weights::run(&args),
        }
    }
}
