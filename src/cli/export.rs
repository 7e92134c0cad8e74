//! `residual-lab export`: a run in other programs' formats.

use super::choices::checkpoints;
use super::network::{find_run, note_newest};
use super::output::{self, Failure};
use super::study;
use lab_core::blueprint::Blueprint;
use lab_core::checkpoint::Checkpoint;
use lab_core::data::Dataset;
use lab_core::experiment::DeviceChoice;
use lab_core::export::report::{self, Said};
use lab_core::export::{Weight, Weights, bundle, onnx, pytorch};
use lab_core::files::{safe_name, write_atomically};
use lab_core::instrument::{Answer, Findings, Question};
use lab_core::runs::Run;
use lab_core::study::StudyFolder;
use lab_engine::inspect;
use lab_engine::kept;
use lab_engine::nn::StateDict;
use lab_engine::train::checkpoint::WEIGHTS;
use lab_engine::train::device;
use lab_engine::train::lens;
use lab_engine::train::load;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Arguments of `export`.
#[derive(Debug, clap::Args)]
#[command(
    group = clap::ArgGroup::new("format").required(true),
    after_help = "Networks go into a file for each, named after them. TensorBoard needs no export: its files are written while a run
trains, so `tensorboard --logdir RUNS` shows all runs of a folder.

Examples:
  residual-lab export RUN_FOLDER --onnx
  residual-lab export RUN_FOLDER --torch --out for-pytorch
  residual-lab export RUN_FOLDER --html --out report.html"
)]
#[allow(clippy::struct_excessive_bools, reason = "one of these formats is named by itself")]
pub struct Args {
    /// A run folder, or its name in the usual place; for --html and --bundle also a study's
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// Each network as ONNX (opset 18): normalised images in, logits out
    #[arg(long, group = "format")]
    onnx: bool,
    /// Each network as a Python script that builds it with PyTorch alone, and its weights
    #[arg(long, group = "format")]
    torch: bool,
    /// One web page that says what the run or the study has shown, and loads nothing
    #[arg(long, group = "format")]
    html: bool,
    /// Everything as one zip file, for another machine
    #[arg(long, group = "format")]
    bundle: bool,
    /// Where `tensorboard --logdir` finds the run
    #[arg(long, group = "format")]
    tensorboard: bool,
    /// Only this network
    #[arg(long, value_name = "NAME")]
    arm: Option<String>,
    /// Which weights: those with the least validation loss, or the newest [default: best]
    #[arg(long, value_parser = checkpoints())]
    checkpoint: Option<Checkpoint>,
    /// The file, or the folder for networks [default: here, named after the run's folder]
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    args.fits_the_format()?;
    if args.bundle {
        return bundled(args);
    }
    if let (true, Some(folder)) = (args.html, study::find(&args.run)) {
        let study = StudyFolder::open(&folder).map_err(Failure::usage)?;
        return page(args, &folder, report::study::html(&study).map_err(Failure::running)?);
    }
    let run = find_run(&args.run)?;
    if args.html {
        let asked = predictions(&run, args.which());
        let said = asked
            .as_ref()
            .map_err(Clone::clone)
            .map(|(findings, dataset)| Said { findings, images: &dataset.validation });
        return page(args, &run.folder, report::html(&run, said).map_err(Failure::running)?);
    }
    if args.tensorboard {
        return output::print(&format!("tensorboard --logdir {}", output::word(&run.folder)));
    }
    networks(args, &run)
}

impl Args {
    fn which(&self) -> Checkpoint {
        self.checkpoint.unwrap_or(Checkpoint::Best)
    }

    /// Refuses what the format makes no use of.
    fn fits_the_format(&self) -> Result<(), Failure> {
        let networks = self.onnx || self.torch;
        let is_study = self.html && study::find(&self.run).is_some();
        let refused = |why: String| Err(Failure::Usage(why));
        if self.arm.is_some() && !networks {
            return refused("--arm goes with --onnx and --torch; the other formats hold all of a run".to_owned());
        }
        if self.checkpoint.is_some() && !networks && (!self.html || is_study) {
            let why = "--checkpoint goes with --onnx, --torch and a run's --html; the other formats hold all of a run";
            return refused(why.to_owned());
        }
        if self.tensorboard && self.out.is_some() {
            let why = "--out goes with the other formats; TensorBoard reads what lies in the run's folder already";
            return refused(why.to_owned());
        }
        let ending = self.out.as_deref().and_then(Path::extension).unwrap_or_default();
        if networks && (ending == "onnx" || ending == "py") {
            let out = self.out.as_deref().unwrap_or(Path::new("")).display();
            return refused(format!(
                "--out names a folder here, into which each network goes as a file of its own name: {out} looks like a file; \
                 leave its ending out"
            ));
        }
        Ok(())
    }

    fn place(&self, folder: &Path, ending: &str) -> PathBuf {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        self.out.clone().unwrap_or_else(|| PathBuf::from(format!("{name}{ending}")))
    }
}

/// What the networks of a run say of their validation images.
fn predictions(run: &Run, which: Checkpoint) -> Result<(Findings, Arc<Dataset>), String> {
    let opened = device::open_for(DeviceChoice::default(), run.experiment.recipe.precision);
    let snapshot =
        kept::snapshot(run, which, &opened.map_err(|error| error.to_string())?).map_err(|error| error.to_string())?;
    let answer = inspect::answer(&snapshot, &Question::Predictions, &mut |_, _, _| true);
    match answer.map_err(|error| error.to_string())? {
        Answer::Found(findings) => Ok((Arc::unwrap_or_clone(findings), snapshot.dataset)),
        _ => Err("the networks gave another answer".to_owned()),
    }
}

fn page(args: &Args, folder: &Path, text: String) -> Result<(), Failure> {
    let place = args.place(folder, ".html");
    if fs::read(&place).is_ok_and(|there| !report::is_report(&there)) {
        let place = place.display();
        let why = format!("{place} is there already, and it is no report; name another file with --out");
        return Err(Failure::Running(why));
    }
    write_atomically(&place, text.as_bytes()).map_err(Failure::running)?;
    said(&place)
}

/// Why a file was not written, and what to do.
fn unwritten(place: &Path, error: &io::Error) -> Failure {
    Failure::Running(format!("cannot write {}: {error}; name another place with --out", place.display()))
}

fn said(place: &Path) -> Result<(), Failure> {
    output::print(&format!("wrote {}", place.display()))
}

fn bundled(args: &Args) -> Result<(), Failure> {
    let folder = match study::find(&args.run) {
        Some(folder) => folder,
        None => find_run(&args.run)?.folder,
    };
    let folder = fs::canonicalize(&folder).map_err(Failure::running)?;
    let place = args.place(&folder, ".zip");
    let file = File::create_new(&place).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Failure::Running(format!("{} is there already; name another file with --out", place.display()))
        }
        _ => unwritten(&place, &error),
    })?;
    let written = bundle::write(&folder, &file).and_then(|()| file.sync_all());
    written.map_err(|error| {
        // A part of it would be taken for all of it.
        let _ = fs::remove_file(&place);
        unwritten(&place, &error)
    })?;
    said(&place)
}

fn networks(args: &Args, run: &Run) -> Result<(), Failure> {
    let which = args.which();
    let arms: Vec<usize> = (0..run.info.arms.len())
        .filter(|&arm| args.arm.as_ref().is_none_or(|wanted| *wanted == run.info.arms[arm].name))
        .collect();
    if arms.is_empty() {
        let names = run.info.arms.iter().map(|arm| arm.name.as_str());
        return Err(Failure::no_arm("the run", args.arm.as_deref().unwrap_or_default(), names));
    }
    let folder = args.place(&run.folder, if args.onnx { "-onnx" } else { "-torch" });
    let found: Vec<_> = arms.into_iter().map(|arm| (arm, run.weights(arm, which))).collect();
    let none = found.iter().all(|(_, weights)| weights.is_err());
    let mut ready = Vec::new();
    for (arm, checkpoint) in found {
        match checkpoint {
            Ok(checkpoint) => {
                note_newest(run, arm, which);
                let file = checkpoint.join(WEIGHTS);
                ready.push((arm, load::read(&file).map_err(Failure::usage)?, file));
            }
            // It may have diverged at once; the others are of use all the same.
            Err(why) if !none => output::notice(&why.to_string()),
            Err(why) => return Err(Failure::usage(why)),
        }
    }
    fs::create_dir_all(&folder).map_err(|error| {
        Failure::Running(format!("cannot make the folder {}: {error}; name another with --out", folder.display()))
    })?;
    for (arm, state, file) in ready {
        if args.onnx { as_onnx(run, arm, &state, &folder)? } else { as_torch(run, arm, &file, &folder)? }
    }
    Ok(())
}

fn as_onnx(run: &Run, arm: usize, state: &StateDict, folder: &Path) -> Result<(), Failure> {
    let (name, dataset) = (&run.info.arms[arm].name, &run.info.dataset);
    let (network, fit) = (&run.experiment.arms[arm].network, lens::fit(&run.experiment.data));
    let blueprint = Blueprint::new(network, dataset.shape, dataset.classes.len()).map_err(Failure::usage)?;
    let weights: Weights = state
        .iter()
        .map(|(name, array)| (name.as_str(), Weight { shape: &array.shape, values: &array.values }))
        .collect();
    let numbers = |values: &[f32]| values.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let metadata = [
        ("classes", serde_json::to_string(&dataset.classes).map_err(Failure::running)?),
        ("mean", numbers(&dataset.mean)),
        ("std", numbers(&dataset.std)),
        ("input", "pixels in [0, 1], less mean, by std, as [batch, channels, height, width]".to_owned()),
        ("resize", fit.in_words().to_owned()),
    ];
    let bytes = onnx::bytes(name, &blueprint, &weights, &metadata).map_err(Failure::Running)?;
    let place = folder.join(format!("{}.onnx", safe_name(name)));
    write_atomically(&place, &bytes).map_err(Failure::running)?;
    said(&place)?;
    let [channels, height, width] = dataset.shape;
    output::print(&format!(
        "  images: [batch, {channels}, {height}, {width}], pixels in [0, 1], less {}, by {}; logits: [batch, {}], in the \
         order of its \"classes\"\n  pictures of another size: {}",
        numbers(&dataset.mean),
        numbers(&dataset.std),
        dataset.classes.len(),
        fit.in_words(),
    ))
}

fn as_torch(run: &Run, arm: usize, file: &Path, folder: &Path) -> Result<(), Failure> {
    let name = &run.info.arms[arm].name;
    let (network, fit) = (&run.experiment.arms[arm].network, lens::fit(&run.experiment.data));
    let script = pytorch::script(name, network, &run.info.dataset, fit).map_err(Failure::Running)?;
    let names: Vec<&str> = run.info.arms.iter().map(|arm| arm.name.as_str()).collect();
    let module = pytorch::modules(&names).swap_remove(arm);
    let place = folder.join(format!("{module}.py"));
    let copy = place.with_extension("safetensors");
    fs::read(file).and_then(|bytes| write_atomically(&copy, &bytes)).map_err(Failure::running)?;
    write_atomically(&place, script.as_bytes()).map_err(Failure::running)?;
    said(&place)?;
    let copy = copy.file_name().unwrap_or_default().to_string_lossy();
    output::print(&format!("  its weights, which it looks for beside itself: {copy}"))
}
