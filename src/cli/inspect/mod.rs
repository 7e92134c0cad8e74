//! `residual-lab inspect`: the window's instruments on a run's networks, or on weights from elsewhere.
//!
//! Must not know how an instrument computes its answer.

mod asked;
mod question;
mod write;

use super::counting::Counting;
use super::devices::{self, DeviceArgs};
use super::network::{Loaded, NetworkArgs, Wanted, find_run, images_of, load_dataset, note_newest};
use super::output::{self, Failure};
use asked::About;
use lab_core::checkpoint::Checkpoint;
use lab_core::data::{LoadOptions, Scoring};
use lab_core::experiment::DeviceChoice;
use lab_core::instrument::{Answer, Finding, Findings, Focus, HeatMap, Instrument, QueryImage, Question, TablesOf};
use lab_core::number;
use lab_core::table::Table;
use lab_engine::inspect;
use lab_engine::kept;
use lab_engine::train::snapshot::{ArmSnapshot, Snapshot};
use serde_json::json;
use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rows of a table that are printed; files have them all.
const ROWS: usize = 60;

/// Arguments of `inspect`.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "residual-lab inspect [OPTIONS] RUN INSTRUMENT\n       \
        residual-lab inspect [OPTIONS] --weights FILE --preset NAME|FILE.toml --data PATH INSTRUMENT\n       \
        residual-lab inspect --list",
    after_help = "Examples:
  residual-lab inspect RUN_FOLDER lesions
  residual-lab inspect RUN_FOLDER gradcam --image 7 --out maps
  residual-lab inspect --weights resnet56.th --preset resnet56 --data cifar-10-batches-bin lesions \\
      --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225 --json"
)]
pub struct Args {
    /// A run folder, or its name in the usual place (left out with --weights), then the instrument
    #[arg(value_name = "RUN INSTRUMENT", num_args = 1..=2, required_unless_present = "list")]
    words: Vec<String>,
    /// Say what each instrument shows, with its formula and reference
    #[arg(long)]
    list: bool,
    #[command(flatten)]
    network: NetworkArgs,
    /// `embedded`, or the path of a data set; needed with --weights [default: the run's]
    #[arg(long, value_name = "embedded|PATH")]
    data: Option<String>,
    /// Only this many validation images, for instruments that are about all of them
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    #[command(flatten)]
    about: question::Settings,
    #[command(flatten)]
    at: DeviceArgs,
    /// Write tables as CSV and maps as PNG into this folder
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// With --json: the pixels of the images that were looked at, too
    #[arg(long, requires = "json")]
    pixels: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    if args.list {
        return list(args.json);
    }
    let (named, instrument) = words(args)?;
    args.about.only(instrument, args.limit.is_some())?;
    let (snapshot, places) = open(args, named, instrument)?;
    if let (Instrument::Disagreement, [arm]) = (instrument, snapshot.arms.as_slice()) {
        return Err(Failure::Usage(format!(
            "disagreement compares two networks, and \"{}\" is the only one here; name a run with several, without --arm",
            arm.name
        )));
    }
    let question = args.about.question(instrument, &snapshot)?;
    let mut findings = ask(&snapshot, &question)?;
    let asked = About::of(&question, &snapshot.dataset, places);
    if let Question::Nearest { .. } = question {
        let files = snapshot.dataset.train.files.iter();
        findings.files = files.map(|file| file.to_string_lossy().into_owned()).collect();
    }
    if findings.arms.iter().all(|arm| arm.finding.is_err()) {
        let why =
            findings.arms.into_iter().filter_map(|arm| arm.finding.err().map(|why| format!("{}: {why}", arm.arm)));
        return Err(Failure::Running(why.collect::<Vec<_>>().join("; ")));
    }
    if let Some(folder) = &args.out {
        write::all(folder, &asked.tables(instrument, &findings), &findings)?;
    }
    if args.json {
        return write::json(instrument, &findings, &asked, args.pixels);
    }
    print(instrument, &findings, &asked)
}

fn list(as_json: bool) -> Result<(), Failure> {
    if as_json {
        let entry = |instrument: &Instrument| {
            let about = instrument.about();
            json!({
                "id": about.id, "title": about.title, "what": about.what, "formula": about.formula,
                "reference": about.reference,
            })
        };
        return output::print_json(&Instrument::ALL.iter().map(entry).collect::<Vec<_>>());
    }
    let entry = |instrument: &Instrument| {
        let about = instrument.about();
        let reference = if about.reference.is_empty() { String::new() } else { format!("\n    {}", about.reference) };
        format!("{}: {}\n    {}\n    {}{reference}", about.id, about.title, about.what, about.formula)
    };
    output::print(&Instrument::ALL.iter().map(entry).collect::<Vec<_>>().join("\n"))
}

/// The run, if one is named, and the instrument.
fn words(args: &Args) -> Result<(Option<&str>, Instrument), Failure> {
    let weights = args.network.weights.is_some();
    let (run, name) = match (args.words.as_slice(), weights) {
        ([name], true) => (None, name),
        ([run, name], false) => (Some(run.as_str()), name),
        (_, true) => return Err(Failure::Usage("with --weights, name the instrument only".into())),
        (_, false) => return Err(Failure::Usage("name a run and an instrument; --list shows the instruments".into())),
    };
    let instrument = Instrument::named(name).ok_or_else(|| {
        let names: Vec<&str> = Instrument::ALL.iter().map(|instrument| instrument.about().id).collect();
        Failure::Usage(format!("there is no instrument \"{name}\"; there are {}", names.join(", ")))
    })?;
    Ok((run, instrument))
}

/// The networks and their images, and where these lie among all if they are a choice that no file names.
fn open(args: &Args, named: Option<&str>, instrument: Instrument) -> Result<(Snapshot, Vec<usize>), Failure> {
    let few = args.limit.map(|limit| limit as usize);
    let trains = instrument.question(&Focus::default()).needs_training_images();
    if let Some(weights) = args.network.weights_file()? {
        let source = args.data.as_deref().ok_or_else(|| {
            Failure::Usage("weights know no images: name a data set with --data, or `embedded`".to_owned())
        })?;
        let opened = devices::open_for(args.at.device, weights.precision())?;
        let scoring = (!trains).then_some(Scoring { training: false });
        let usual_side = Some(weights.usual_side());
        let options = LoadOptions { usual_side, scoring, few, ..LoadOptions::default() };
        let Loaded { dataset, info, places, .. } = load_dataset(&weights.data(source), 0, options)?;
        let trained = weights.load(info, &opened)?;
        let arm = |(name, model): (String, _)| ArmSnapshot::new(&name, model, 0, [None, None]);
        let snapshot = Snapshot {
            arms: trained.networks.into_iter().map(arm).collect(),
            dataset: Arc::new(dataset),
            fit: trained.fit,
            device: opened.device,
            step: 0,
            seed: 0,
            batch: 128,
        };
        return Ok((snapshot, places));
    }
    args.network.only_a_run(&[])?;
    let run = find_run(Path::new(named.unwrap_or_default()))?;
    let which = args.network.which();
    let opened = devices::open_for(args.at.device, run.experiment.recipe.precision)?;
    let wanted = if trains { Wanted::Training } else { Wanted::Scores { training: false } };
    let Loaded { dataset, places, .. } = images_of(&run, args.data.as_deref(), wanted, few)?;
    let mut snapshot = kept::shown(&run, dataset, which, &opened).map_err(Failure::usage)?;
    if let Some(arm) = args.network.arm() {
        snapshot.arms.retain(|it| it.name == arm);
        if snapshot.arms.is_empty() {
            return Err(Failure::no_arm("the run", arm, run.experiment.arms.iter().map(|arm| arm.name.as_str())));
        }
    }
    let is_asked = |name: &str| snapshot.arms.iter().any(|arm| arm.name == name);
    let asked = run.experiment.arms.iter().enumerate().filter(|(_, arm)| is_asked(&arm.name));
    asked.for_each(|(index, _)| note_newest(&run, index, which));
    Ok((snapshot, places))
}

fn ask(snapshot: &Snapshot, question: &Question) -> Result<Findings, Failure> {
    let mut counting = None;
    let answer = inspect::answer(snapshot, question, &mut |done, total, _| {
        counting.get_or_insert_with(|| Counting::new("parts".to_owned(), total)).reach(done);
        true
    });
    drop(counting);
    match answer.map_err(Failure::running)? {
        Answer::Found(findings) => Ok(Arc::unwrap_or_clone(findings)),
        _ => Err(Failure::Running("this instrument has no table".into())),
    }
}

/// What an instrument answers of a run's newest networks, asked as it is by default.
pub(super) fn of_run(run: &Path, instrument: Instrument) -> Result<Findings, Failure> {
    let run = find_run(run)?;
    let opened = devices::open_for(DeviceChoice::default(), run.experiment.recipe.precision)?;
    let snapshot = kept::snapshot(&run, Checkpoint::Last, &opened).map_err(Failure::running)?;
    let focus = Focus { sample: QueryImage::Validation(0), class: None, block: 0, from: None };
    ask(&snapshot, &instrument.question(&focus))
}

fn print(instrument: Instrument, findings: &Findings, asked: &About) -> Result<(), Failure> {
    let about = instrument.about();
    // Weights from elsewhere do not say how long they were trained.
    let is_known = findings.arms.iter().any(|arm| arm.step > 0);
    let when = if is_known { format!("the networks {}", findings.when()) } else { String::new() };
    let before = [asked.in_words(instrument), when].into_iter().filter(|line| !line.is_empty());
    let mut text = before.map(|line| line + "\n").collect::<String>();
    text += &format!("{}: {}\n", about.title, about.formula);
    if !about.reference.is_empty() {
        text += &format!("{}\n", about.reference);
    }
    let mut left_out = false;
    for TablesOf { of, tables } in asked.tables(instrument, findings) {
        let maps = findings.arms.iter().filter(|arm| arm.arm == of).filter_map(|arm| arm.finding.as_ref().ok());
        let maps: Vec<(String, HeatMap)> = maps.flat_map(Finding::maps).filter(|(_, map)| map.width > WIDE).collect();
        match tables {
            Ok(tables) => tables.iter().for_each(|it| match maps.iter().find(|(name, map)| is_of(it, name, map)) {
                Some((name, map)) => {
                    left_out = true;
                    text += &format!("\n{of}, {name}: {}\n", in_a_line(map));
                }
                None => text += &format!("\n{of}, {}\n{}\n", it.name, table(it)),
            }),
            Err(why) => text += &format!("\n{of}: {why}\n"),
        }
    }
    if left_out {
        text += "\n--out writes each map as a table and as a picture\n";
    }
    for arm in &findings.arms {
        if let Ok(Finding::Gradients(found)) = &arm.finding {
            found.warnings().iter().for_each(|warning| text += &format!("\n{}: {warning}\n", arm.arm));
        }
    }
    output::print(&text)
}

/// Maps with more columns are a page of digits in a terminal.
const WIDE: usize = 6;

/// Whether a table holds a map's values as they are.
fn is_of(table: &Table, name: &str, map: &HeatMap) -> bool {
    table.name == name && (table.titles().count(), table.rows()) == (map.width, map.height)
}

/// How large a map is, and between which values.
fn in_a_line(map: &HeatMap) -> String {
    let [low, high] = map.range().map(|value| number::precise(f64::from(value)));
    format!("{} × {} values from {low} to {high}", map.width, map.height)
}

/// A table with numbers as a person reads them.
fn table(table: &Table) -> String {
    let short = |cell: Cow<str>| {
        let numbers = |part: &str| part.parse::<f64>().ok().filter(|_| part.contains(['.', 'e'])).map(number::precise);
        // Some cells hold several numbers.
        let all: Option<Vec<String>> = cell.split(' ').map(numbers).collect();
        match all {
            Some(all) => all.join(" "),
            None if cell.is_empty() => number::or_dash(None),
            None => cell.into_owned(),
        }
    };
    let rows: Vec<Vec<String>> = (0..table.rows().min(ROWS)).map(|row| table.row(row).map(short).collect()).collect();
    let mut text = output::table(&table.titles().collect::<Vec<_>>(), &rows);
    if table.rows() > ROWS {
        text += &format!("\n… and {} more rows; --out writes them all", table.rows() - ROWS);
    }
    text
}
