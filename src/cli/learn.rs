//! `residual-lab learn`: guided experiments, each a question that a study answers.

use super::devices::DeviceArgs;
use super::inspect;
use super::output::{self, Failure};
use super::study::{WorkOptions, create, find, worked};
use clap::Subcommand;
use lab_core::learn::{Answered, Conclusion, Lesson, TrialAnswers, conclude, lesson, lessons, noted};
use lab_core::number::{capital, plural};
use lab_core::study::{StudyFolder, TrialState};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Arguments of `learn`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  residual-lab learn                        every question
  residual-lab learn shortcut               one of them, with its background
  residual-lab learn run shortcut --guess 1
  residual-lab learn run my-question.toml   one of your own; docs/learn.md says how to write it")]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    what: Option<What>,
    /// Show this one
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Train what a question needs, and say what it has shown
    Run(RunArgs),
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Ctrl-C stops with a conclusion from what is there; the same command with --out goes on.

Example:
  residual-lab learn run shortcut --guess 1 --out my-first-study")]
struct RunArgs {
    /// Which question: a name, or a file of your own
    #[arg(value_name = "NAME")]
    name: String,
    /// What you expect: the number of one of the guesses
    #[arg(long, value_name = "N")]
    guess: Option<usize>,
    /// How often everything is trained, each time with another seed [default: the question's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    seeds: Option<u32>,
    /// The study's folder; a new one in the usual place if left out
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    #[command(flatten)]
    at: DeviceArgs,
    /// Stop, with a conclusion, when the standard input ends
    #[arg(long)]
    until_input_ends: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    match (&args.what, &args.name) {
        (Some(What::Run(args)), _) => train(args),
        (None, Some(name)) => show(&named(name)?, args.json),
        (None, None) => list(args.json),
    }
}

fn named(name: &str) -> Result<Lesson, Failure> {
    lesson(name).map_err(Failure::usage)
}

fn list(json: bool) -> Result<(), Failure> {
    let (lessons, refused): (Vec<_>, Vec<_>) = lessons().into_iter().partition(Result::is_ok);
    let lessons: Vec<Lesson> = lessons.into_iter().flatten().collect();
    refused.iter().filter_map(|refused| refused.as_ref().err()).for_each(|why| output::notice(&why.to_string()));
    if json {
        let entry = |lesson: &Lesson| json!({ "id": lesson.id, "title": lesson.title, "question": lesson.question });
        return output::print_json(&lessons.iter().map(entry).collect::<Vec<_>>());
    }
    lessons.iter().try_for_each(|lesson| output::print(&format!("{:<16} {}", lesson.id, lesson.title)))
}

fn show(lesson: &Lesson, json: bool) -> Result<(), Failure> {
    let guesses: Vec<&str> = lesson.guesses.iter().map(|guess| guess.text.as_str()).collect();
    let watch: Vec<&str> = lesson.watch.iter().map(|watch| watch.what.as_str()).collect();
    if json {
        return output::print_json(&json!({
            "id": lesson.id, "title": lesson.title, "question": lesson.question, "background": lesson.background.trim(),
            "paper": lesson.paper, "guesses": guesses, "watch": watch, "trainings": lesson.work().map(|it| it.trainings),
        }));
    }
    let numbered = |(index, guess): (usize, &&str)| format!("  {}  {guess}", index + 1);
    let guesses: Vec<String> = guesses.iter().enumerate().map(numbered).collect();
    let watch: Vec<String> = watch.iter().map(|what| format!("  · {what}")).collect();
    let work = lesson.work().map_or_else(String::new, |work| format!("{}:\n", capital(&work.in_words())));
    output::print(&format!(
        "{}\n\n{}\n\n{}\n\nWhat do you expect?\n{}\n\nTo watch:\n{}\n\n{}\n\n{work}residual-lab learn run {} --guess N",
        lesson.title,
        lesson.question,
        lesson.background.trim(),
        guesses.join("\n"),
        watch.join("\n"),
        lesson.paper,
        lesson.id
    ))
}

fn train(args: &RunArgs) -> Result<(), Failure> {
    let lesson = named(&args.name)?;
    if let Some(guess) = args.guess.filter(|guess| !(1..=lesson.guesses.len()).contains(guess)) {
        let most = lesson.guesses.len();
        return Err(Failure::Usage(format!("--guess {guess}: there are guesses 1 to {most}")));
    }
    let study = match args.out.as_deref().and_then(find) {
        Some(folder) => StudyFolder::open(&folder).map_err(Failure::usage)?,
        None => create(lesson.plan(args.seeds.unwrap_or(lesson.seeds)), args.out.as_deref())?,
    };
    let folder = study.path().to_owned();
    if let Some(wanted) = args.seeds.filter(|wanted| *wanted as usize != study.study().seeds().len()) {
        let (has, study) = (study.study().seeds().len(), output::word(&folder));
        return Err(Failure::Usage(format!(
            "--seeds {wanted}: this study has {has} already; `residual-lab study extend {study} --seeds {wanted}` gives it more"
        )));
    }
    // What was guessed is kept from the beginning, whatever becomes of the trainings.
    let guess = args.guess.map(|guess| guess - 1);
    let guess = guess.or_else(|| Conclusion::read(&folder)?.guessed(&lesson));
    let concluded = |study: &StudyFolder| -> Result<Conclusion, Failure> {
        let found = conclude(&lesson, study, guess).map_err(Failure::running)?;
        found.write(&folder).map_err(Failure::running)?;
        Ok(found)
    };
    concluded(&study)?;
    let options = WorkOptions { quiet: args.json, until_input_ends: args.until_input_ends };
    let worked = worked(study, args.at.device, options);
    let study = StudyFolder::open(&folder).map_err(Failure::running)?;
    let unanswered = ask(&lesson, &study);
    let found = concluded(&study)?;
    if args.json {
        output::print_json(&found)?;
    } else {
        output::print(&in_words(&lesson, &found))?;
        output::print(&format!("\nstudy folder: {}", folder.display()))?;
    }
    worked.and(unanswered)
}

/// Asks the lesson's instruments of every trial that has ended and was not asked yet. One without an answer is reported, and the
/// others are asked all the same.
fn ask(lesson: &Lesson, study: &StudyFolder) -> Result<(), Failure> {
    if lesson.ask.is_empty() {
        return Ok(());
    }
    let mut unanswered = 0;
    for begun in study.begun().map_err(Failure::running)?.into_values() {
        if begun.record.state != TrialState::Done || TrialAnswers::read(&begun.folder).is_some() {
            continue;
        }
        if let Err(failure) = ask_trial(lesson, &begun.folder) {
            let why = failure.message().unwrap_or_default();
            output::notice(&format!("trial {} was not asked: {why}", begun.record.number));
            unanswered += 1;
        }
    }
    if unanswered == 0 {
        return Ok(());
    }
    let trials = plural(unanswered, "trial");
    Err(Failure::Running(format!(
        "{trials} could not be asked, as said above; the same command with --out tries again"
    )))
}

fn ask_trial(lesson: &Lesson, folder: &Path) -> Result<(), Failure> {
    let mut asked = TrialAnswers::default();
    for instrument in &lesson.ask {
        noted(&mut asked, &inspect::of_run(folder, *instrument)?);
    }
    asked.write(folder).map_err(Failure::running)
}

fn in_words(lesson: &Lesson, found: &Conclusion) -> String {
    let mut text = format!("\n{}\n\n{}", lesson.question, answer(found));
    text.extend(found.guess_in_words().map(|guess| format!("\n\n{guess}")));
    if found.trials < found.of {
        text += &format!("\n\n{} of {} trainings have ended; more may change the answer.", found.trials, found.of);
    }
    text
}

/// What was measured, and what it means.
pub(super) fn answer(found: &Conclusion) -> String {
    let rows: Vec<Vec<String>> = found
        .claims
        .iter()
        .map(|claim| vec![claim.says.clone(), claim.numbers.clone(), claim.found().to_owned(), claim.p_in_words()])
        .collect();
    let table = output::table(&["compared", "measured", "found", "p"], &rows);
    let mut text = format!("{}\n\n{table}\n{}\n", found.headline, Answered::RULE);
    for claim in found.claims.iter().skip(1).filter(|claim| !claim.means.is_empty()) {
        text += &format!("\n· {}", claim.means);
    }
    text
}
