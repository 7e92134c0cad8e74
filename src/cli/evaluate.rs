//! `residual-lab evaluate`: how well trained networks do on images.

use super::counting::Counting;
use super::devices::{self, DeviceArgs};
use super::network::{Loaded, NetworkArgs, Wanted, find_run, images_of, load_dataset};
use super::output::{self, Failure};
use super::weights_file::{Trained, named_classes};
use lab_core::data::{LoadOptions, Scoring};
use lab_core::number::{precise, precise_percent};
use lab_engine::train::device::Opened;
use lab_engine::train::evaluate::{Inputs, Scores, evaluate};
use lab_engine::train::lens::LensError;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Arguments of `evaluate`.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "residual-lab evaluate [OPTIONS] RUN\n       \
        residual-lab evaluate [OPTIONS] --weights FILE --preset NAME|FILE.toml --data PATH",
    after_help = "The result for one network is {\"correct\", \"total\", \"top1\", \"top5\", \"loss\", …}; for the several
networks of a run it is {\"arms\": [one such object each]}.

Examples:
  residual-lab evaluate RUN_FOLDER --json
  residual-lab evaluate --weights resnet20.th --preset resnet20 --data cifar-10-batches-bin \\
      --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225
  residual-lab evaluate --weights mine.safetensors --preset mine.toml --data pictures/"
)]
pub struct Args {
    /// A run folder, or its name in the usual place
    #[arg(value_name = "RUN", required_unless_present = "weights", conflicts_with = "weights")]
    run: Option<PathBuf>,
    #[command(flatten)]
    network: NetworkArgs,
    /// `embedded`, or the path of a data set; its validation images are used, else its test images, else all. Name a
    /// folder's test part by itself (DATA/test) to score on it. Where some of the run's own images were
    /// held out to validate on, only these are used, wherever they lie [default: the run's]
    #[arg(long, value_name = "embedded|PATH", required_unless_present = "run")]
    data: Option<String>,
    /// With --weights: the classes in the order of the weights, or a file with one a line or JSON; each class of the data
    /// must be among them [default: those of the data, in its order]
    #[arg(long, value_name = "A,B,…|FILE", value_delimiter = ',', requires = "weights")]
    classes: Vec<String>,
    /// Use the training images instead
    #[arg(long)]
    train: bool,
    #[command(flatten)]
    at: DeviceArgs,
    /// Images at a time
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    batch: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let (opened, Loaded { dataset, absent, all, .. }, trained) = prepare(args)?;
    let images = if args.train && !all { &dataset.train } else { &dataset.validation };
    let mut found = Vec::new();
    for (name, model) in &trained.networks {
        let mut counting = Counting::new(format!("images of {name}"), images.len());
        let inputs = Inputs { images, mean: &trained.dataset.mean, std: &trained.dataset.std };
        let scores = evaluate(model, inputs, args.batch as usize, &opened.device, |done| {
            counting.reach(done);
            true
        });
        let scores = scores.map_err(Failure::running)?;
        if scores.total > 0 && !scores.mean_loss().is_finite() {
            return Err(Failure::Running(format!("{name}: {}", LensError::NoNumbers)));
        }
        found.push((name, scores));
    }
    if args.json {
        return output::print_json(&match &found[..] {
            [(name, scores)] => describe(name, scores, &opened, &dataset.classes, &absent),
            several => {
                let arms: Vec<Value> = several
                    .iter()
                    .map(|(name, scores)| describe(name, scores, &opened, &dataset.classes, &absent))
                    .collect();
                json!({ "arms": arms })
            }
        });
    }
    let rows: Vec<Vec<String>> = found
        .iter()
        .map(|(name, scores)| {
            vec![
                (*name).clone(),
                format!("{} of {}", scores.correct, scores.total),
                precise_percent(scores.accuracy()),
                precise_percent(scores.top5_share()),
                precise(scores.mean_loss()),
            ]
        })
        .collect();
    output::print(&output::table(&["network", "correct", "accuracy", "top 5", "loss"], &rows))
}

fn prepare(args: &Args) -> Result<(Opened, Loaded, Trained), Failure> {
    if let Some(named) = &args.run {
        args.network.only_a_run(&[])?;
        let run = find_run(named)?;
        let known = &run.info.dataset.classes;
        let loaded = images_of(&run, args.data.as_deref(), Wanted::Scores { training: args.train }, None)?;
        if loaded.info.classes != *known {
            let (theirs, own) = (loaded.info.classes.join(", "), known.join(", "));
            return Err(Failure::Usage(format!("the run knows the classes {own}, but the data set has {theirs}")));
        }
        let opened = devices::open_for(args.at.device, run.experiment.recipe.precision)?;
        let trained = args.network.of_run(&run, &opened)?;
        return Ok((opened, loaded, trained));
    }
    let (Some(weights), Some(source)) = (args.network.weights_file()?, &args.data) else {
        return Err(Failure::Usage("name a run, or weights with --weights and a data set with --data".to_owned()));
    };
    let named = if args.classes.is_empty() { Vec::new() } else { named_classes(&args.classes, weights.classes()?)? };
    let known = Some(&named[..]).filter(|named| !named.is_empty());
    let scoring = Some(Scoring { training: args.train });
    let usual_side = Some(weights.usual_side());
    let loaded =
        load_dataset(&weights.data(source), 0, LoadOptions { usual_side, scoring, known, ..LoadOptions::default() })?;
    if known.is_none() && !loaded.dataset.validation.files.is_empty() {
        const MOST: usize = 10;
        let names: Vec<&str> = loaded.info.classes.iter().take(MOST).map(String::as_str).collect();
        let more = if loaded.info.classes.len() > MOST { ", …" } else { "" };
        output::notice(&format!(
            "classes are taken in the order of the data: {}{more}; --classes names that of the weights where it is another",
            names.join(", ")
        ));
    }
    let opened = devices::open_for(args.at.device, weights.precision())?;
    let trained = weights.load(loaded.info.clone(), &opened)?;
    Ok((opened, loaded, trained))
}

fn describe(name: &str, scores: &Scores, opened: &Opened, classes: &[String], absent: &[String]) -> Value {
    json!({
        "name": name,
        "correct": scores.correct,
        "total": scores.total,
        "top1": scores.accuracy(),
        "top5": scores.top5_share(),
        "loss": scores.mean_loss(),
        "device": opened.name,
        "classes": classes,
        "absent": absent,
        "confusion": output::confusion(&scores.confusion),
    })
}
