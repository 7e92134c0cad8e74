//! `residual-lab data`: look at data sets, make small ones.

use super::output::{self, Failure};
use lab_core::data::{Dataset, LeftOut, LoadOptions, Report, Sizes, subset};
use lab_core::experiment::{Data, Source};
use lab_core::number::precise_percent;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Arguments of `data`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  residual-lab data info embedded
  residual-lab data info pictures/
  residual-lab data subset --from fashion-mnist/ --train-per-class 500 --test-per-class 100 --out subset.bin")]
pub struct Args {
    #[command(subcommand)]
    command: DataCommand,
}

#[derive(Debug, clap::Subcommand)]
enum DataCommand {
    /// Say what is in a data set: shape, sizes, classes, counts, means and standard deviations, and what is left out
    #[command(after_help = "Example:
  residual-lab data info pictures/ --json")]
    Info {
        /// `embedded`, or the path of a data set
        #[arg(value_name = "embedded|PATH")]
        source: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Write a small data set with as many images of each class, chosen from IDX files
    #[command(after_help = "Example:
  residual-lab data subset --from fashion-mnist/ --train-per-class 50 --test-per-class 10 --out small.bin
  residual-lab train --data small.bin")]
    Subset {
        /// The folder with the IDX files
        #[arg(long, value_name = "DIR")]
        from: PathBuf,
        /// Training images of each class
        #[arg(long, value_name = "N", default_value_t = subset::TRAIN_PER_CLASS)]
        train_per_class: usize,
        /// Test images of each class
        #[arg(long, value_name = "N", default_value_t = subset::TEST_PER_CLASS)]
        test_per_class: usize,
        /// Decides which images are chosen
        #[arg(long, value_name = "N", default_value_t = subset::SEED)]
        seed: u64,
        /// The file to write
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    match &args.command {
        DataCommand::Info { source, json } => info(source, *json),
        DataCommand::Subset { from, train_per_class, test_per_class, seed, out } => {
            let made = subset::write(from, *train_per_class, *test_per_class, *seed, out).map_err(Failure::usage)?;
            let size = made.bytes as f64 / 1e6;
            let counts = format!("{} training and {} test images", made.train, made.test);
            output::print(&format!("wrote {counts} to {}, {size:.2} MB", out.display()))
        }
    }
}

fn info(source: &str, as_json: bool) -> Result<(), Failure> {
    let data = Data { source: Source::from(source.to_owned()), ..Data::default() };
    let (dataset, report) = Dataset::load_with(&data, 0, LoadOptions::default()).map_err(Failure::usage)?;
    let Report { left_out, sizes, .. } = report;
    dataset.notices.iter().for_each(|text| output::notice(text));
    let [channels, height, width] = dataset.shape();
    let count = dataset.classes.len();
    let (train, validation) = (dataset.train.class_counts(count), dataset.validation.class_counts(count));
    if as_json {
        return output::print_json(&json!({
            "name": dataset.name,
            "shape": dataset.shape(),
            "classes": dataset.classes,
            "train": dataset.train.len(),
            "validation": dataset.validation.len(),
            "train_per_class": train,
            "validation_per_class": validation,
            "mean": dataset.mean,
            "std": dataset.std,
            "sizes": sizes.map(|sizes| json!({
                "smallest": sizes.smallest,
                "median": sizes.median,
                "largest": sizes.largest,
            })),
            "left_out": left_out.iter().map(describe).collect::<Vec<_>>(),
            "notices": dataset.notices,
        }));
    }
    let total = dataset.train.len().max(1) as f64;
    let rows: Vec<Vec<String>> = dataset
        .classes
        .iter()
        .zip(train.iter().zip(&validation))
        .map(|(class, (train, validation))| {
            vec![class.clone(), train.to_string(), precise_percent(*train as f64 / total), validation.to_string()]
        })
        .collect();
    let numbers = |values: &[f32]| values.iter().map(|value| format!("{value:.4}")).collect::<Vec<_>>().join(", ");
    output::print(&format!(
        "{}: {} training and {} validation images of {channels}×{height}×{width} in {count} classes\n{}mean {}\nstd  {}\n\n{}",
        dataset.name,
        dataset.train.len(),
        dataset.validation.len(),
        sizes.map_or_else(String::new, in_words),
        numbers(&dataset.mean),
        numbers(&dataset.std),
        output::table(&["class", "training", "share", "validation"], &rows),
    ))
}

fn describe(left_out: &LeftOut) -> Value {
    json!({ "reason": left_out.reason, "count": left_out.files.len(), "files": left_out.names() })
}

/// Width and height of the files' pictures, for a line of its own.
fn in_words(sizes: Sizes) -> String {
    let shown = |(width, height): (usize, usize)| format!("{width}×{height}");
    let Sizes { smallest, median, largest, .. } = sizes;
    if sizes.are_equal() {
        return format!("all pictures have {} pixels\n", shown(median));
    }
    format!("pictures have {} to {} pixels, the median {}\n", shown(smallest), shown(largest), shown(median))
}
