//! `residual-lab find`: a learning rate and a batch size to begin with.

use super::bench::{self, Work};
use super::devices::{self, DeviceArgs};
use super::output::{self, Failure};
use super::plan::PlanArgs;
use clap::Subcommand;
use crossbeam_channel::RecvTimeoutError;
use indicatif::ProgressBar;
use lab_core::data::Dataset;
use lab_core::experiment::PlanError;
use lab_core::finder::{RateTest, Suggestion, Tried, recommended, sizes, suggestion};
use lab_core::memory;
use lab_core::number::{bytes, precise, setting, two_digits};
use lab_core::protocol::{Command, Event};
use lab_core::runs;
use lab_engine::train::engine::Engine;
use serde_json::json;
use std::time::Duration;

/// Arguments of `find`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  residual-lab find rate --preset resnet20
  residual-lab find batch my.toml")]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

/// What is looked for.
#[derive(Debug, Subcommand)]
enum What {
    /// Try rising learning rates for a few steps and suggest one for each network
    #[command(
        after_help = "Every network trains from its first weights while the rate rises by the same factor at each
step. Suggested is a third of the rate at which the averaged loss was least (Smith 2017).

Example:
  residual-lab find rate --preset resnet20 --json"
    )]
    Rate(RateArgs),
    /// Measure batch sizes: which fit into memory, and from where on larger ones bring nothing
    #[command(after_help = "Example:
  residual-lab find batch --preset resnet20 --json")]
    Batch(BatchArgs),
}

#[derive(Debug, clap::Args)]
struct RateArgs {
    #[command(flatten)]
    plan: PlanArgs,
    /// The first learning rate
    #[arg(long, value_name = "RATE", default_value_t = RateTest::default().low)]
    low: f64,
    /// The last learning rate
    #[arg(long, value_name = "RATE", default_value_t = RateTest::default().high)]
    high: f64,
    /// Steps from the first to the last
    #[arg(long, value_name = "N", default_value_t = RateTest::default().steps,
        value_parser = clap::value_parser!(u32).range(20..=100_000))]
    test_steps: u32,
    #[command(flatten)]
    at: DeviceArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Print a line of JSON after each step, for a program that shows them, and nothing else
    #[arg(long, conflicts_with = "json")]
    follow: bool,
}

#[derive(Debug, clap::Args)]
struct BatchArgs {
    #[command(flatten)]
    plan: PlanArgs,
    #[command(flatten)]
    at: DeviceArgs,
    /// Memory in MiB that training may take [default: four fifths of what is free]
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u64).range(1..=1 << 24))]
    memory: Option<u64>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Print a line of JSON for each size once it is measured, for a program that shows them, and nothing else
    #[arg(long, conflicts_with = "json")]
    follow: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    match &args.what {
        What::Rate(args) => rate(args),
        What::Batch(args) => batch(args),
    }
}

fn rate(args: &RateArgs) -> Result<(), Failure> {
    if !(args.low > 0.0 && args.low < args.high && args.high.is_finite()) {
        return Err(Failure::Usage("--low must be above 0 and below --high".to_owned()));
    }
    let test = RateTest { low: args.low, high: args.high, steps: args.test_steps };
    let invalid = |found| Failure::usage(PlanError::Invalid(found));
    let experiment = test.experiment(&args.plan.experiment()?).map_err(invalid)?;
    let names: Vec<String> = experiment.arms.iter().map(|arm| arm.name.clone()).collect();
    // It opens no record, but knows the runs that networks may start from.
    let engine = Engine::start(Box::new(runs::Folder::in_memory()), || {}).map_err(Failure::running)?;
    engine.send(Command::Play { experiment: Box::new(experiment), device: args.at.device });
    let losses = watch(&engine, names.len(), args)?;
    if args.follow {
        return Ok(());
    }
    let found: Vec<Option<Suggestion>> = losses.iter().map(|steps| suggestion(steps)).collect();
    if args.json {
        let arms = names.iter().zip(&found).zip(&losses);
        let entry = |((name, found), steps)| json!({ "name": name, "suggestion": found, "steps": steps });
        return output::print_json(&arms.map(entry).collect::<Vec<_>>());
    }
    let rate = |rate: Option<f64>| rate.map_or_else(|| "–".to_owned(), |rate| setting(two_digits(rate)));
    let row = |(name, found): (&String, &Option<Suggestion>)| {
        let least = rate(found.map(|found| found.least_loss_at));
        vec![
            name.clone(),
            rate(found.map(|found| found.learning_rate)),
            least,
            rate(found.and_then(|it| it.too_high_at)),
        ]
    };
    let rows: Vec<Vec<String>> = names.iter().zip(&found).map(row).collect();
    output::print(&output::table(&["network", "suggested", "least loss at", "too high from"], &rows))?;
    if found.iter().all(Option::is_none) {
        let why = "the loss fell for no network; try lower rates with --low and --high, or look at its initialisation";
        return Err(Failure::Running(why.to_owned()));
    }
    Ok(())
}

/// The rate and the loss of every step of each arm.
fn watch(engine: &Engine, arms: usize, args: &RateArgs) -> Result<Vec<Vec<(f64, f64)>>, Failure> {
    let quiet = args.json || args.follow;
    let bar = if quiet { ProgressBar::hidden() } else { output::bar(args.test_steps.into(), output::COUNTED) };
    let mut seen = vec![Vec::new(); arms];
    let mut has_begun = false;
    loop {
        match engine.events().recv_timeout(Duration::from_secs(1)) {
            Ok(Event::Steps(records)) => {
                for record in records {
                    bar.set_position(record.step);
                    if args.follow {
                        let tried = record.arms.iter().map(|step| step.map(|step| (step.learning_rate, step.loss)));
                        output::print(&json!(tried.collect::<Vec<_>>()).to_string())?;
                    }
                    for (seen, step) in seen.iter_mut().zip(record.arms) {
                        seen.extend(step.map(|step| (step.learning_rate, step.loss)));
                    }
                }
            }
            Ok(Event::Notice(text)) => bar.suspend(|| output::notice(&text)),
            Ok(Event::Finished(_)) => return Ok(seen),
            Ok(Event::Prepared(_)) => has_begun = true,
            Ok(Event::Failed(why)) if has_begun => return Err(Failure::Running(why)),
            Ok(Event::Failed(why)) => return Err(Failure::Usage(why)),
            Ok(_) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Failure::Running("the engine ended without saying why".to_owned()));
            }
        }
    }
}

fn batch(args: &BatchArgs) -> Result<(), Failure> {
    let experiment = args.plan.experiment()?;
    let dataset = Dataset::of(&experiment).map_err(Failure::usage)?;
    let opened = devices::open_for(args.at.device, experiment.recipe.precision)?;
    let memory =
        args.memory.map(|mib| mib << 20).or_else(|| memory::free().map(|free| free / 5 * 4)).unwrap_or(1 << 30);
    let (classes, train) = (dataset.classes.len(), dataset.train.len());
    let fits = sizes(&experiment, dataset.shape(), classes, train, memory).map_err(Failure::Usage)?;
    let Some(largest) = fits.last().copied() else {
        let why = format!("not even 8 images at a time fit into {}: make the networks smaller", bytes(memory));
        return Err(Failure::Running(why));
    };
    let mut tried: Vec<Tried> = Vec::new();
    for fit in fits {
        let noise = bench::noise(dataset.shape(), classes, fit.batch);
        let seconds =
            bench::measure(&experiment.arms, &noise, &opened, Work::training(3, experiment.recipe.precision))?.median();
        tried.push(Tried { fit, images_per_second: fit.batch as f64 / seconds });
        if args.follow {
            output::print(&json!(tried.last()).to_string())?;
        }
        // Twice the images in more than twice the time, two times over: it gets no faster.
        if let [.., a, b, c] = tried.as_slice()
            && b.images_per_second < a.images_per_second
            && c.images_per_second < a.images_per_second
        {
            break;
        }
    }
    let best = recommended(&tried).copied();
    if args.follow {
        return Ok(());
    }
    if args.json {
        return output::print_json(&json!({
            "tried": tried, "recommended": best.map(|best| best.fit.batch), "largest": largest,
            "device": opened.name, "memory": memory,
        }));
    }
    let row = |tried: &Tried| {
        let mark = if Some(tried.fit) == best.map(|best| best.fit) { " ← recommended" } else { "" };
        let rate = format!("{}{mark}", precise(tried.images_per_second));
        vec![tried.fit.batch.to_string(), bytes(tried.fit.bytes), rate]
    };
    let rows: Vec<Vec<String>> = tried.iter().map(row).collect();
    output::print(&output::table(&["batch size", "memory", "images/s"], &rows))?;
    let text = format!("\nup to {} images at a time fit into {} ({})", largest.batch, bytes(memory), opened.name);
    output::print(&text)
}
