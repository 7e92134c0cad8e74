//! `residual-lab bench`: the speed of a training step or of inference.

use super::devices::{self, DeviceArgs};
use super::output::{self, Failure};
use super::plan::{self, Shape};
use super::signals::allocated;
use lab_core::data::{Batch, Dataset, Images, evaluation_batches};
use lab_core::experiment::{Arm as ArmPlan, DeviceChoice, Method, Optimizer, Precision, Recipe};
use lab_core::memory;
use lab_core::number;
use lab_core::random::{Purpose, Random};
use lab_engine::nn::Model;
use lab_engine::train::arm::{Arm, Clock};
use lab_engine::train::device::Opened;
use lab_engine::train::evaluate::{logits, plain};
use lab_engine::train::probe::ProbeLevel;
use serde_json::json;
use std::time::Instant;

/// Steps before the measured ones: kernels are chosen and memory is set aside in the first, caches fill.
const WARM_UP: u64 = 2;

/// Arguments of `bench`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A training step is forward, loss, backward, and SGD with momentum and weight decay, on one batch of noise. The arms of a preset with several step in turn, and their times add up.

Examples:
  residual-lab bench --preset resnet20 --batch 128
  residual-lab bench --preset plain-vs-residual --arm residual --look-inside
  residual-lab bench --preset resnet18 --image 3x224x224 --batch 8 --inference --json"
)]
pub struct Args {
    /// The preset whose networks are measured
    #[arg(long, value_name = "NAME", default_value = "resnet20")]
    preset: String,
    /// Only this arm of it
    #[arg(long, value_name = "NAME")]
    arm: Option<String>,
    /// Set any field of it, as in arms[0].network.shortcut=b
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Images at a time
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    batch: u32,
    /// Steps measured, after two that are not
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    steps: u32,
    #[command(flatten)]
    at: DeviceArgs,
    /// Measure inference instead of training
    #[arg(long)]
    inference: bool,
    /// Look at gradients and activations in every training step
    #[arg(long, conflicts_with = "inference")]
    look_inside: bool,
    /// Channels, height and width of an image [default: what the preset is known for]
    #[arg(long, value_name = "CxHxW")]
    image: Option<Shape>,
    /// Number of classes [default: likewise]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=10_000))]
    classes: Option<u32>,
    /// CPU threads [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    threads: Option<u32>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let experiment = plan::named(&args.preset, &args.set)?;
    let (arms, precision) =
        (plan::arms_of(&args.preset, &experiment, args.arm.as_deref())?, experiment.recipe.precision);
    // Whoever asks is one of the threads that compute, so that no step is handed over; 0 threads: one for each core.
    let threads = args.threads.map_or_else(|| allocated().unwrap_or(0), |threads| threads as usize);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).use_current_thread();
    pool.build_global().map_err(Failure::running)?;
    let (shape, classes) = plan::usual_images(Some(&args.preset), &experiment);
    let shape = args.image.map_or(shape, |Shape(shape)| shape);
    let classes = args.classes.map_or(classes, |classes| classes as usize);
    let dataset = noise(shape, classes, args.batch as usize);
    let opened = devices::open_for(args.at.device, precision)?;
    let work = Work { steps: args.steps, inference: args.inference, look_inside: args.look_inside, precision };
    let times = measure(&arms, &dataset, &opened, work)?;
    report(args, shape, &opened, &times)
}

/// What is measured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Work {
    /// Steps measured, after those of the warm-up.
    steps: u32,
    inference: bool,
    look_inside: bool,
    precision: Precision,
}

impl Work {
    /// So many training steps.
    pub(super) fn training(steps: u32, precision: Precision) -> Self {
        Self { steps, inference: false, look_inside: false, precision }
    }
}

/// How long steps took, in seconds.
pub(super) struct Times {
    /// On the clock, the shortest first.
    wall: Vec<f64>,
    /// Of the processor, the mean: what a step costs even where others want the processor too. Linux brings it up to date
    /// a few hundred times a second, which is too seldom for single steps.
    processor: Option<f64>,
}

impl Times {
    pub(super) fn median(&self) -> f64 {
        let wall = &self.wall;
        f64::midpoint(wall[(wall.len() - 1) / 2], wall[wall.len() / 2])
    }
}

fn report(args: &Args, [channels, height, width]: [usize; 3], opened: &Opened, times: &Times) -> Result<(), Failure> {
    let median = times.median();
    let rate = f64::from(args.batch) / median;
    let what = if args.inference { "inference" } else { "training" };
    let memory = memory::peak().map(|bytes| bytes as f64 / f64::from(1 << 20));
    if args.json {
        return output::print_json(&json!({
            "images_per_second": rate,
            "step_ms_median": 1000.0 * median,
            "step_ms_best": 1000.0 * times.wall[0],
            "processor_ms_mean": times.processor.map(|seconds| 1000.0 * seconds),
            "device": opened.name,
            "peak_memory_mib": memory,
            "preset": args.preset,
            "arm": args.arm,
            "what": what,
            "batch": args.batch,
            "image": [channels, height, width],
            "steps": args.steps,
            "threads": rayon::current_num_threads(),
        }));
    }
    let memory = memory.map_or_else(String::new, |mib| format!(", at most {mib:.0} MiB of memory"));
    output::print(&format!(
        "{} {what}, {} images of {channels}×{height}×{width} at a time on {}: {} images/s, {:.1} ms a step{memory}",
        args.preset,
        args.batch,
        opened.name,
        number::precise(rate),
        1000.0 * median,
    ))
}

/// Measures steps of all arms.
pub(super) fn measure(plans: &[ArmPlan], dataset: &Dataset, opened: &Opened, work: Work) -> Result<Times, Failure> {
    let recipe = Recipe {
        batch_size: dataset.train.len(),
        precision: work.precision,
        optimizer: Optimizer {
            learning_rate: 0.1,
            weight_decay: 1e-4,
            method: Method::sgd(0.9),
            ..Optimizer::default()
        },
        ..Recipe::default()
    };
    let autodiff = opened.device.clone().autodiff();
    let stock = opened.choice == DeviceChoice::FlexStock;
    let arms = plans.iter().map(|plan| {
        let plan = ArmPlan::new(&plan.name, plan.network.clone());
        Arm::new(&plan, &recipe, dataset, &autodiff, stock).map_err(Failure::usage)
    });
    let mut arms = arms.collect::<Result<Vec<Arm>, Failure>>()?;
    let batch = evaluation_batches(&dataset.train, &dataset.mean, &dataset.std, dataset.train.len()).next();
    let batch =
        batch.ok_or_else(|| Failure::fault("there are no images to measure with"))?.map_err(Failure::running)?;
    let networks: Vec<Model> = arms.iter().map(|arm| plain(&arm.model)).collect();
    let planned = WARM_UP + u64::from(work.steps);
    let mut step = |step: u64| -> Result<f64, Failure> {
        let start = Instant::now();
        if work.inference {
            let Batch { size, shape: [channels, height, width], ref pixels, .. } = batch;
            let shape = [size, channels, height, width];
            for network in &networks {
                logits(network, pixels.clone(), shape, &opened.device).map_err(Failure::running)?;
            }
        } else {
            let clock = Clock { step, scheduled: (step, planned), steps_per_epoch: planned };
            for arm in &mut arms {
                let level = if work.look_inside { ProbeLevel::Norms } else { ProbeLevel::Off };
                arm.step(&batch, clock, &autodiff, level).map_err(Failure::running)?;
            }
        }
        Ok(start.elapsed().as_secs_f64())
    };
    for warm_up in 0..WARM_UP {
        step(warm_up)?;
    }
    let before = processor_seconds();
    let mut wall = (WARM_UP..planned).map(step).collect::<Result<Vec<f64>, _>>()?;
    let used = processor_seconds().zip(before).map(|(after, before)| after - before);
    wall.sort_by(f64::total_cmp);
    Ok(Times { processor: used.map(|seconds| seconds / wall.len() as f64), wall })
}

/// Images of noise; all that a network's speed depends on is their shape.
pub(super) fn noise(shape: [usize; 3], classes: usize, count: usize) -> Dataset {
    let [channels, height, width] = shape;
    let mut random = Random::new(0, Purpose::Inspect, 0, 0);
    let pixels: Vec<u8> = (0..count * channels * height * width).map(|_| random.bits().to_le_bytes()[0]).collect();
    let labels = (0..count).map(|index| u16::try_from(index % classes).unwrap_or(0)).collect();
    let images = Images { channels, height, width, pixels: pixels.into(), labels, files: Vec::new() };
    Dataset {
        name: "noise".to_owned(),
        classes: (0..classes).map(|class| class.to_string()).collect(),
        validation: Images { channels, height, width, ..Images::default() },
        train: images,
        mean: vec![0.5; channels],
        std: vec![0.3; channels],
        notices: Vec::new(),
    }
}

/// What all threads of this process have had of the processor so far; known on Linux only.
fn processor_seconds() -> Option<f64> {
    let threads = std::fs::read_dir("/proc/self/task").ok()?;
    let nanoseconds = threads.filter_map(|thread| {
        let statistics = std::fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        statistics.split_whitespace().next()?.parse::<f64>().ok()
    });
    Some(nanoseconds.sum::<f64>() / 1e9)
}
