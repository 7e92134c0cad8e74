//! `residual-lab classify`: what is in a picture.

use super::devices::{self, DeviceArgs};
use super::network::{NetworkArgs, find_run, load_dataset};
use super::output::{self, Failure};
use super::plan::Shape;
use super::weights_file::{Trained, WeightsFile, named_classes};
use lab_core::data::{LoadOptions, read_picture_for};
use lab_core::files::files_in;
use lab_core::instrument::likeliest;
use lab_core::number::precise_percent;
use lab_core::protocol::DatasetInfo;
use lab_engine::train::device::Opened;
use lab_engine::train::lens::Lens;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// Arguments of `classify`.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "residual-lab classify [OPTIONS] RUN IMAGE...\n       \
        residual-lab classify [OPTIONS] --weights FILE --preset NAME|FILE.toml IMAGE...",
    after_help = "Examples:
  residual-lab classify RUN_FOLDER shirt.png trousers.jpg wardrobe/
  residual-lab classify --weights resnet20.th --preset resnet20 --data cifar-10-batches-bin frog.png --json
  residual-lab classify --weights resnet18.pth --preset resnet18 --classes imagenet_class_index.json dog.jpg"
)]
pub struct Args {
    /// A run folder, or its name in the usual place (left out with --weights), then pictures, or folders of them
    #[arg(value_name = "RUN IMAGE", required = true)]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    network: NetworkArgs,
    /// With --weights: the data set that they were trained on, for names of classes, size and normalisation
    #[arg(long, value_name = "embedded|PATH")]
    data: Option<String>,
    /// With --weights and without --data: what the network takes [default: 3x32x32, or 3x224x224 for ImageNet's]
    #[arg(long, value_name = "CxHxW", conflicts_with = "data")]
    image: Option<Shape>,
    /// With --weights and without --data: the names of the classes, in order, or a file with one a line or JSON
    /// [default: numbers, as many as the weights tell apart]
    #[arg(long, value_name = "A,B,…|FILE", value_delimiter = ',', conflicts_with = "data")]
    classes: Vec<String>,
    /// How many classes to name for each picture
    #[arg(long, value_name = "K", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    top: u32,
    #[command(flatten)]
    at: DeviceArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let (opened, trained, named) = prepare(args)?;
    let pictures = named.iter().map(|path| asked_for(path)).collect::<Result<Vec<_>, _>>()?.concat();
    let top = args.top as usize;
    let mut entries = Vec::new();
    let mut failures = Vec::new();
    for path in &pictures {
        let seen = look(path, &trained, &opened);
        if args.json {
            entries.push(describe(path, seen.as_deref(), &trained, top));
        } else if let Ok(probabilities) = &seen {
            output::print(&lines(path, probabilities, &trained, top))?;
        }
        failures.extend(seen.err());
    }
    if args.json {
        output::print_json(&entries)?;
    }
    // Pictures that can be read get their answer even where others cannot.
    match failures.as_slice() {
        [] => Ok(()),
        [why] => Err(Failure::Running(why.clone())),
        several => {
            several.iter().for_each(|why| output::notice(why));
            let (failed, all) = (several.len(), pictures.len());
            Err(Failure::Running(format!("{failed} of {all} pictures could not be read, as said above")))
        }
    }
}

/// A picture, or those of a folder and of the folders in it.
fn asked_for(named: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !named.is_dir() {
        return Ok(vec![named.to_owned()]);
    }
    match pictures(named)? {
        none if none.is_empty() => {
            let named = named.display();
            Err(Failure::Running(format!("the folder {named} has no pictures in it, nor in its folders; name another")))
        }
        found => Ok(found),
    }
}

/// The pictures of a folder, then those of each folder in it.
fn pictures(named: &Path) -> Result<Vec<PathBuf>, Failure> {
    let unreadable = |why| Failure::Running(format!("cannot read the folder {}: {why}", named.display()));
    let files = files_in(named).map_err(unreadable)?;
    let inside = fs::read_dir(named).map_err(unreadable)?.flatten();
    // A link might lead back to where it lies.
    let is_folder = |entry: &fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
    let is_shown = |entry: &fs::DirEntry| !entry.file_name().to_string_lossy().starts_with('.');
    let folders = inside.filter(|entry| is_folder(entry) && is_shown(entry)).map(|entry| entry.path());
    let mut folders: Vec<PathBuf> = folders.collect();
    folders.sort();
    folders.iter().try_fold(files, |mut all, folder| {
        all.extend(pictures(folder)?);
        Ok(all)
    })
}

fn prepare(args: &Args) -> Result<(Opened, Trained, &[PathBuf]), Failure> {
    if let Some(weights) = args.network.weights_file()? {
        let info = info(args, &weights)?;
        let opened = devices::open_for(args.at.device, weights.precision())?;
        let trained = weights.load(info, &opened)?;
        return Ok((opened, trained, &args.paths));
    }
    let options =
        [("--data", args.data.is_some()), ("--image", args.image.is_some()), ("--classes", !args.classes.is_empty())];
    args.network.only_a_run(&options)?;
    match args.paths.split_first() {
        Some((run, pictures)) if !pictures.is_empty() => {
            let run = find_run(run)?;
            let opened = devices::open_for(args.at.device, run.experiment.recipe.precision)?;
            let trained = args.network.of_run(&run, &opened)?;
            Ok((opened, trained, pictures))
        }
        _ => Err(Failure::Usage("name at least one picture after the run".to_owned())),
    }
}

fn info(args: &Args, weights: &WeightsFile) -> Result<DatasetInfo, Failure> {
    if let Some(source) = &args.data {
        let options = LoadOptions { usual_side: Some(weights.usual_side()), ..LoadOptions::default() };
        return Ok(load_dataset(&weights.data(source), 0, options)?.info);
    }
    let shape = args.image.map_or_else(|| weights.shape(), |Shape(shape)| shape);
    let (mean, std) = weights.normalization(shape[0])?;
    let known = weights.classes()?;
    let mut classes = named_classes(&args.classes, known)?;
    if classes.is_empty() {
        classes = DatasetInfo::numbered_classes(known.unwrap_or(10));
    }
    Ok(DatasetInfo { name: "weights".to_owned(), shape, classes, train: 0, validation: 0, mean, std })
}

/// For each network the probability of every class.
fn look(path: &Path, trained: &Trained, opened: &Opened) -> Result<Vec<Vec<f32>>, String> {
    let DatasetInfo { shape, mean, std, .. } = &trained.dataset;
    let picture = read_picture_for(path, *shape).map_err(|error| error.to_string())?;
    let lens = Lens { shape: *shape, mean, std, fit: trained.fit, device: &opened.device };
    let networks = trained.networks.iter().map(|(_, model)| model);
    lens.probabilities(&lens.pixels(&picture), networks).map_err(|error| error.to_string())
}

/// The likeliest classes of one network by their names, the likeliest first.
fn best<'a>(probabilities: &[f32], classes: &'a [String], top: usize) -> Vec<(&'a str, f32)> {
    let ranked = likeliest(probabilities, top).into_iter();
    ranked.filter_map(|(class, share)| Some((classes.get(class)?.as_str(), share))).collect()
}

fn describe(path: &Path, seen: Result<&[Vec<f32>], &String>, trained: &Trained, top: usize) -> Value {
    let image = path.to_string_lossy();
    let probabilities = match seen {
        Ok(probabilities) => probabilities,
        Err(why) => return json!({ "image": image, "error": why, "arms": [] }),
    };
    let arms = trained.networks.iter().zip(probabilities).map(|((name, _), probabilities)| {
        let ranked = best(probabilities, &trained.dataset.classes, top);
        let classes: Vec<Value> = ranked
            .into_iter()
            .map(|(class, probability)| json!({ "class": class, "probability": probability }))
            .collect();
        json!({ "name": name, "classes": classes })
    });
    json!({ "image": image, "arms": arms.collect::<Vec<_>>() })
}

fn lines(path: &Path, probabilities: &[Vec<f32>], trained: &Trained, top: usize) -> String {
    let mut text = path.display().to_string();
    for ((name, _), probabilities) in trained.networks.iter().zip(probabilities) {
        let ranked = best(probabilities, &trained.dataset.classes, top).into_iter();
        let named: Vec<String> =
            ranked.map(|(class, share)| format!("{class} {}", precise_percent(f64::from(share)))).collect();
        text += &format!("\n  {name}: {}", named.join(", "));
    }
    text
}
