//! `residual-lab bench`: the speed of a training step or of inference.

use super::output::{self, Failure};
use super::plan::{self, Shape};
use super::presets::usual_images;
use crate::data::{Batch, Dataset, Images, evaluation_batches};
use crate::experiment::{Arm as ArmPlan, DeviceChoice, Method, Network, Optimizer, Recipe};
use crate::random::{Purpose, Random};
use crate::train::arm::{Arm, Clock};
use crate::train::device::{self, Opened};
use crate::train::evaluate::{logits, plain};
use serde_json::json;
use std::time::Instant;

/// Steps before the measured ones: kernels are chosen and memory is set aside in the first, caches fill.
const WARM_UP: u64 = 2;

/// Arguments of `bench`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A training step is forward, loss, backward, and SGD with momentum and weight decay, on one batch of noise.

Examples:
  residual-lab bench --preset resnet20 --batch 128
  residual-lab bench --preset resnet18 --image 3x224x224 --batch 8 --inference --json"
)]
pub struct Args {
    /// The preset whose network is measured
    #[arg(long, value_name = "NAME", default_value = "resnet20")]
    preset: String,
    /// Images at a time
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    batch: u32,
    /// Steps measured, after two that are not
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    steps: u32,
    /// Where to compute: auto, flex, ndarray, gpu or gpu:N
    #[arg(long, default_value_t)]
    device: DeviceChoice,
    /// Measure inference instead of training
    #[arg(long)]
    inference: bool,
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
    let network = plan::network_of(&args.preset)?;
    if let Some(threads) = args.threads {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads as usize);
        pool.build_global().map_err(Failure::running)?;
    }
    let (shape, classes) = usual_images(&args.preset);
    let shape = args.image.map_or(shape, |Shape(shape)| shape);
    let classes = args.classes.map_or(classes, |classes| classes as usize);
    let dataset = noise(shape, classes, args.batch as usize);
    let opened = device::open(args.device);
    opened.notice.iter().for_each(|text| output::notice(text));
    let mut times = measure(network, &dataset, &opened, args)?;
    times.sort_by(f64::total_cmp);
    let median = f64::midpoint(times[(times.len() - 1) / 2], times[times.len() / 2]);
    report(args, shape, &opened, median)
}

fn report(args: &Args, [channels, height, width]: [usize; 3], opened: &Opened, median: f64) -> Result<(), Failure> {
    let rate = f64::from(args.batch) / median;
    let what = if args.inference { "inference" } else { "training" };
    if args.json {
        return output::print_json(&json!({
            "images_per_second": rate,
            "step_ms_median": 1000.0 * median,
            "device": opened.name,
            "peak_memory_mib": peak_memory_mib(),
            "preset": args.preset,
            "what": what,
            "batch": args.batch,
            "image": [channels, height, width],
            "steps": args.steps,
            "threads": rayon::current_num_threads(),
        }));
    }
    let memory = peak_memory_mib().map_or_else(String::new, |mib| format!(", at most {mib:.0} MiB of memory"));
    output::print(&format!(
        "{} {what}, {} images of {channels}×{height}×{width} at a time on {}: {} images/s, {:.1} ms a step{memory}",
        args.preset,
        args.batch,
        opened.name,
        output::significant(rate),
        1000.0 * median,
    ))
}

/// The seconds of each measured step.
fn measure(network: Network, dataset: &Dataset, opened: &Opened, args: &Args) -> Result<Vec<f64>, Failure> {
    let recipe = Recipe {
        batch_size: dataset.train.len(),
        optimizer: Optimizer {
            learning_rate: 0.1,
            weight_decay: 1e-4,
            method: Method::sgd(0.9),
            ..Optimizer::default()
        },
        ..Recipe::default()
    };
    let autodiff = opened.device.clone().autodiff();
    let plan = ArmPlan::new(&args.preset, network);
    let stock = opened.choice == DeviceChoice::FlexStock;
    let mut arm = Arm::new(&plan, &recipe, dataset, &autodiff, stock).map_err(Failure::usage)?;
    let batch = evaluation_batches(&dataset.train, &dataset.mean, &dataset.std, dataset.train.len()).next();
    let batch = batch.ok_or(Failure::Silent)?;
    let network = plain(&arm.model);
    let planned = WARM_UP + u64::from(args.steps);
    let mut step = |step: u64| -> Result<f64, Failure> {
        let start = Instant::now();
        if args.inference {
            let Batch { size, shape: [channels, height, width], ref pixels, .. } = batch;
            let shape = [size, channels, height, width];
            logits(&network, pixels.clone(), shape, &opened.device).map_err(Failure::Running)?;
        } else {
            let clock = Clock { step, planned, steps_per_epoch: planned };
            arm.step(&batch, clock, &autodiff, false).map_err(Failure::Running)?;
        }
        Ok(start.elapsed().as_secs_f64())
    };
    let times = (0..planned).map(&mut step).collect::<Result<Vec<f64>, Failure>>()?;
    Ok(times.into_iter().skip(usize::try_from(WARM_UP).unwrap_or(0)).collect())
}

/// Images of noise; all that a network's speed depends on is their shape.
fn noise(shape: [usize; 3], classes: usize, count: usize) -> Dataset {
    let [channels, height, width] = shape;
    let mut random = Random::new(0, Purpose::Inspect, 0, 0);
    let pixels = (0..count * channels * height * width).map(|_| random.bits().to_le_bytes()[0]).collect();
    let labels = (0..count).map(|index| u16::try_from(index % classes).unwrap_or(0)).collect();
    let images = Images { channels, height, width, pixels, labels, files: Vec::new() };
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

/// The most memory this process has had so far; known on Linux only.
fn peak_memory_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes / 1024.0)
}
