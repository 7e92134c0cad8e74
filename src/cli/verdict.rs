//! `residual-lab verdict`: what runs have shown.

use super::learn;
use super::network::find_run;
use super::output::{self, Failure};
use super::study;
use lab_core::experiment::{Plan, field_in_words, settings};
use lab_core::learn::Conclusion;
use lab_core::number::{or_dash, precise};
use lab_core::runs::{self, Run};
use lab_core::statistics::Sample;
use lab_core::study::StudyFolder;
use lab_core::verdict::{self, Stretch, Verdict};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Arguments of `verdict`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Several runs must differ in their seed only: their networks are compared by what they differ in each seed.
Of a study the networks are compared at each of its settings, and all settings with each other.

Examples:
  residual-lab verdict RUN_FOLDER
  residual-lab verdict seed-0 seed-1 seed-2 --json
  residual-lab verdict rates                             (a study)"
)]
pub struct Args {
    /// Run folders, or their names in the usual place; or a study
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    if let [one] = args.runs.as_slice()
        && let Some(folder) = study::find(one)
    {
        let study = StudyFolder::open(&folder).map_err(Failure::usage)?;
        // What was made to answer a question is said by its answer, which is corrected for all that was compared.
        if let Some(found) = Conclusion::read(&folder) {
            return if args.json { output::print_json(&found) } else { output::print(&learn::answer(&found)) };
        }
        if study.study().points() > 1 {
            return of_settings(&study, args.json);
        }
    }
    let runs = args.runs.iter().map(|named| meant(named)).collect::<Result<Vec<_>, _>>()?;
    let runs: Vec<Run> = runs.into_iter().flatten().collect();
    let found = of_all(runs)?;
    if args.json {
        output::print_json(&found)
    } else {
        output::print(&format!("{}\n\n{}", table(&found), in_words(&found)))
    }
}

/// What a study has shown at each of its settings, and of all of them beside each other.
fn of_settings(study: &StudyFolder, as_json: bool) -> Result<(), Failure> {
    let found = study.verdicts().map_err(Failure::running)?;
    if found.is_empty() {
        return Err(Failure::Usage(format!(
            "no training of the study {} has ended yet; `residual-lab study run` goes on with it",
            study.path().display()
        )));
    }
    if as_json {
        let all = found.iter().map(|(of, verdict)| json!({ "of": of, "verdict": verdict }));
        return output::print_json(&json!({ "settings": all.collect::<Vec<_>>() }));
    }
    let all: Vec<String> = found.iter().map(|(of, verdict)| format!("{of}\n{}", in_words(verdict))).collect();
    output::print(&all.join("\n\n"))
}

/// A run, or those of a study.
fn meant(named: &Path) -> Result<Vec<Run>, Failure> {
    match study::find(named) {
        Some(folder) => of_study(&folder),
        None => Ok(vec![find_run(named)?]),
    }
}

/// The runs of a study that have begun.
pub(super) fn of_study(folder: &Path) -> Result<Vec<Run>, Failure> {
    let begun = StudyFolder::open(folder).and_then(|study| study.begun()).map_err(Failure::usage)?;
    let runs: Vec<Run> = begun.into_values().filter_map(|begun| runs::open(&begun.folder).ok()).collect();
    if runs.is_empty() {
        return Err(Failure::Usage(format!("nothing of the study {} was trained yet", folder.display())));
    }
    Ok(runs)
}

/// The verdict on runs that differ in their seed only.
pub(super) fn of_all(runs: Vec<Run>) -> Result<Verdict, Failure> {
    let runs = ended(runs);
    let pairs = || runs.iter().enumerate().flat_map(|(index, one)| runs[..index].iter().map(move |other| (other, one)));
    let alike = |run: &Run| {
        let mut plan = run.experiment.clone().into_plan();
        (plan.recipe.seed, plan.name) = (0, String::new());
        plan
    };
    let seed = |run: &Run| run.experiment.recipe.seed;
    let fault = |one: &Run, other: &Run| {
        let (ours, theirs) = (alike(one), alike(other));
        if ours != theirs {
            return Some(format!(
                "differ in more than their seed{}; name runs that are alike, such as those of one setting of a study, or \
                 compare all settings with `residual-lab verdict STUDY`",
                differences(&ours, &theirs)
            ));
        }
        if seed(one) == seed(other) {
            return Some("have the same seed, and one training counts once; train with another --seed".to_owned());
        }
        (one.planned_steps() != other.planned_steps()).then(|| {
            "were trained for different lengths, and what more training does would be taken for luck".to_owned()
        })
    };
    if let Some((one, other, why)) = pairs().find_map(|(one, other)| Some((one, other, fault(one, other)?))) {
        let (one, other) = (one.folder.display(), other.folder.display());
        return Err(Failure::Usage(format!("{one} and {other} {why}")));
    }
    let facts = verdict::facts_of(&runs).map_err(Failure::usage)?;
    Ok(verdict::verdict(&facts))
}

/// In which settings two experiments differ, with both values, as far as they have the same networks.
fn differences(ours: &Plan, theirs: &Plan) -> String {
    const MOST: usize = 4;
    let mut found: Vec<String> = Vec::new();
    for arm in 0..ours.arms.len().min(theirs.arms.len()) {
        let theirs = settings(theirs, arm);
        for setting in settings(ours, arm) {
            let other = theirs.iter().find(|other| other.path == setting.path);
            let Some(other) = other.filter(|other| other.value != setting.value) else { continue };
            let words = format!("{} ({} and {})", field_in_words(&setting.path), setting.value, other.value);
            if !found.contains(&words) {
                found.push(words);
            }
        }
    }
    let more = if found.len() > MOST { ", …" } else { "" };
    found.truncate(MOST);
    if found.is_empty() { String::new() } else { format!(": in {}{more}", found.join(", ")) }
}

/// Those that have ended, if there are such: the others would be compared on the way.
fn ended(runs: Vec<Run>) -> Vec<Run> {
    let has_ended = |run: &Run| run.outcome.as_ref().is_some_and(|outcome| !outcome.was_stopped());
    if !runs.iter().any(has_ended) {
        return runs;
    }
    let (ended, others): (Vec<Run>, Vec<Run>) = runs.into_iter().partition(has_ended);
    others.iter().for_each(|run| output::notice(&format!("{} has not ended and is left out", run.folder.display())));
    ended
}

/// The verdict on a run that has ended, and whether it could be written into its folder, too.
pub(super) fn of(folder: &Path) -> Result<(Verdict, Result<(), Failure>), Failure> {
    let (found, written) = verdict::conclude(folder).map_err(Failure::running)?;
    let written = written
        .map_err(|error| Failure::Running(format!("the verdict cannot be written into {}: {error}", folder.display())));
    Ok((found, written))
}

/// The sentence, its reasons and what to bear in mind.
pub(super) fn in_words(found: &Verdict) -> String {
    let reasons = found.reasons.iter().map(|reason| format!("  · {}", reason.text));
    let caveats = found.caveats.iter().map(|caveat| format!("  ! {caveat}"));
    std::iter::once(found.headline.clone()).chain(reasons).chain(caveats).collect::<Vec<_>>().join("\n")
}

/// Every arm over its seeds.
fn table(found: &Verdict) -> String {
    let spread = |sample: Option<Sample>, times: f64, unit: &str| {
        or_dash(sample.map(|sample| sample.in_words(times, precise, unit)))
    };
    let rows: Vec<Vec<String>> = found
        .arms
        .iter()
        .map(|arm| {
            let n = arm.accuracy.or(arm.train_loss).map_or(0, |sample| sample.n);
            vec![
                arm.name.clone(),
                n.to_string(),
                spread(arm.accuracy, 100.0, " %"),
                spread(arm.train_loss, 1.0, ""),
                arm.diverged.to_string(),
            ]
        })
        .collect();
    let loss_of = Stretch::of_all(found.arms.iter().filter(|arm| arm.train_loss.is_some()).map(|arm| arm.loss_of));
    let loss = format!("training loss, {}", loss_of.in_a_heading());
    output::table(&["network", "seeds", "validation accuracy", &loss, "diverged"], &rows)
}
