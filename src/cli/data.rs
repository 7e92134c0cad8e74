//! `residual-lab data`: look at data sets, get well-known ones, make small ones.

use super::get;
use super::output::{self, Failure};
use lab_core::data::cache::{self, Cached};
use lab_core::data::{ClassCount, Double, LeftOut, LoadOptions, Standing, Survey, subset};
use lab_core::experiment::{Data, Source};
use lab_core::fetch::Kind;
use lab_core::number::{bytes, duration, or_dash, plural, precise_percent};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Arguments of `data`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  residual-lab data info embedded
  residual-lab data info pictures/
  residual-lab data get cifar-10
  residual-lab data cache --list
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
    /// Get a well-known data set from where it was published, or list those that there are
    #[command(after_help = "Examples:
  residual-lab data get
  residual-lab data get cifar-10
  residual-lab data get mnist --from https://mirror.example.org/mnist --into sets/")]
    Get(get::Args),
    /// List or remove the decoded pictures that are kept, so that they are not decoded again at each start
    #[command(after_help = "Examples:
  residual-lab data cache --list
  residual-lab data cache --clear")]
    Cache {
        /// List them, which also happens without this
        #[arg(long, conflicts_with = "clear")]
        list: bool,
        /// Remove them all
        #[arg(long)]
        clear: bool,
        /// Print JSON
        #[arg(long, conflicts_with = "clear")]
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
        DataCommand::Get(args) => get::run(Kind::Images, args),
        DataCommand::Cache { list: _, clear, json } => kept(*clear, *json),
        DataCommand::Subset { from, train_per_class, test_per_class, seed, out } => {
            let made = subset::write(from, *train_per_class, *test_per_class, *seed, out).map_err(Failure::usage)?;
            let counts = format!("{} training and {} test images", made.train, made.test);
            output::print(&format!("wrote {counts} to {}, {}", out.display(), bytes(made.bytes as u64)))
        }
    }
}

fn info(source: &str, as_json: bool) -> Result<(), Failure> {
    let data = Data { source: Source::from(source.to_owned()), ..Data::default() };
    let survey = Survey::read(&data, 0, LoadOptions::default()).map_err(Failure::usage)?;
    survey.notices.iter().for_each(|text| output::notice(text));
    let total = |count: fn(&ClassCount) -> usize| survey.classes.iter().map(count).sum::<usize>();
    let (train, validation) = (total(|class| class.train), total(|class| class.validation));
    if as_json {
        let each = |count: fn(&ClassCount) -> usize| survey.classes.iter().map(count).collect::<Vec<_>>();
        return output::print_json(&json!({
            "name": survey.name,
            "shape": survey.shape,
            "classes": survey.classes.iter().map(|class| &class.name).collect::<Vec<_>>(),
            "train": train,
            "validation": validation,
            "train_per_class": each(|class| class.train),
            "validation_per_class": each(|class| class.validation),
            "imbalance": survey.imbalance(),
            "mean": survey.mean,
            "std": survey.std,
            "sizes": survey.sizes.map(|sizes| json!({
                "smallest": sizes.smallest,
                "median": sizes.median,
                "largest": sizes.largest,
            })),
            "left_out": survey.left_out.iter().map(describe).collect::<Vec<_>>(),
            "doubles": survey.doubles.iter().map(double).collect::<Vec<_>>(),
            "notices": survey.notices,
        }));
    }
    let rows: Vec<Vec<String>> = survey
        .classes
        .iter()
        .map(|ClassCount { name, train: own, validation }| {
            let share = precise_percent(*own as f64 / train.max(1) as f64);
            vec![name.clone(), own.to_string(), share, validation.to_string()]
        })
        .collect();
    let numbers = |values: &[f32]| values.iter().map(|value| format!("{value:.4}")).collect::<Vec<_>>().join(", ");
    let [channels, height, width] = survey.shape;
    output::print(&format!(
        "{}: {train} training and {validation} validation images of {channels}×{height}×{width} in {} classes\n\
         {}mean {}\nstd  {}\n{}\n{}",
        survey.name,
        survey.classes.len(),
        survey.sizes.map_or_else(String::new, |sizes| sizes.in_words() + "\n"),
        numbers(&survey.mean),
        numbers(&survey.std),
        survey.remarks().into_iter().map(|remark| remark + "\n").collect::<String>(),
        output::table(&["class", "training", "share", "validation"], &rows),
    ))
}

fn double(double: &Double) -> Value {
    json!({
        "images": double.images.iter().map(Standing::name).collect::<Vec<_>>(),
        "in_both_parts": double.is_in_both_parts(),
        "in_several_classes": double.contradicts_itself(),
    })
}

fn kept(clear: bool, as_json: bool) -> Result<(), Failure> {
    let folder = cache::user_folder().ok_or_else(|| Failure::running("there is no folder to keep pictures in"))?;
    if clear {
        let (files, freed) = cache::clear(&folder).map_err(Failure::running)?;
        return output::print(&format!(
            "removed {} of decoded pictures, {}, from {}",
            plural(files as u64, "file"),
            bytes(freed),
            folder.display()
        ));
    }
    let kept = cache::list(&folder).map_err(Failure::running)?;
    let source = |kept: &Cached| kept.source.as_ref().map(|source| source.display().to_string());
    if as_json {
        let described = |it: &Cached| {
            json!({
                "file": it.path, "source": source(it), "count": it.count, "channels": it.channels, "size": it.size,
                "bytes": it.bytes,
            })
        };
        return output::print_json(&json!(kept.iter().map(described).collect::<Vec<_>>()));
    }
    let row = |it: &Cached| {
        let size = format!("{}×{}×{}", it.channels, it.size.1, it.size.0);
        let used = it.used.elapsed().map_or_else(|_| or_dash(None), |since| duration(since.as_secs_f64()) + " ago");
        vec![source(it).unwrap_or_else(|| "damaged".to_owned()), it.count.to_string(), size, bytes(it.bytes), used]
    };
    let rows: Vec<Vec<String>> = kept.iter().map(row).collect();
    let table = output::table(&["data set", "pictures", "size", "on disk", "last used"], &rows);
    output::print(&format!("{}\n\n{table}", folder.display()))
}

fn describe(left_out: &LeftOut) -> Value {
    json!({ "reason": left_out.reason, "count": left_out.files.len(), "files": left_out.names() })
}
