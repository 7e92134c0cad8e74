//! A run as one web page that loads nothing: what it has shown, its settings, curves, confusion, gradients and worst
//! predictions, and how to do it again; a study likewise.

mod page;
mod plot;
pub mod study;
mod worst;

use crate::number::{count, or_dash, precise, precise_percent};
use crate::quantity::{BlockQuantity, Measure};
use crate::runs::{Run, RunError};
use crate::verdict::{Verdict, facts_of, verdict};
use page::{Page, escaped};
use plot::{Line, plot};
pub use worst::Said;

/// The page; what the networks said of each image comes from whoever can ask them, or why it cannot be had.
///
/// # Errors
/// A table of the run that cannot be read.
pub fn html(run: &Run, said: Result<Said, String>) -> Result<String, RunError> {
    let mut page = Page::new(&run.experiment.name);
    page.soft(&format!(
        "{}, {} training and {} validation images of {} classes",
        run.info.dataset.name,
        count(run.info.dataset.train as u64),
        count(run.info.dataset.validation as u64),
        run.info.dataset.classes.len()
    ));
    shown(&mut page, "What it has shown", &verdict(&facts_of(std::slice::from_ref(run))?));
    networks(&mut page, run);
    curves(&mut page, run)?;
    for arm in 0..run.info.arms.len() {
        confusion(&mut page, run, arm);
        gradients(&mut page, run, arm)?;
    }
    match said {
        Ok(said) => worst::worst(&mut page, &said, &run.info.dataset.classes),
        Err(why) => page.soft(&format!("The worst predictions are not here: {why}.")),
    }
    events(&mut page, run)?;
    let plan = run.experiment.clone().into_plan().to_toml().unwrap_or_default();
    page.heading("Settings");
    page.code(&plan);
    made_here(&mut page, run);
    page.heading("How to repeat it");
    page.paragraph(
        "Save the settings above as experiment.toml. On the same kind of processor every number comes out the same.",
    );
    page.code("residual-lab train experiment.toml");
    Ok(page.finish())
}

fn shown(page: &mut Page, title: &str, found: &Verdict) {
    page.heading(title);
    page.verdict(&found.headline);
    let reasons = found.reasons.iter().map(|reason| reason.text.clone());
    page.list(&reasons.chain(found.caveats.iter().cloned()).collect::<Vec<_>>());
}

/// Where a run's numbers come from.
fn made_here(page: &mut Page, run: &Run) {
    page.heading("Environment");
    let info = &run.info;
    let mut rows = vec![("Residual Lab", &info.program), ("begun", &info.started), ("computed on", &info.device)];
    if !info.machine.is_empty() {
        rows.push(("machine", &info.machine));
    }
    let rows: Vec<Vec<String>> = rows.into_iter().map(|(what, is)| vec![what.to_owned(), is.clone()]).collect();
    page.table(&["", ""], &rows, None);
}

fn networks(page: &mut Page, run: &Run) {
    page.heading("Networks");
    let header = [
        "network",
        "parameters",
        "MACs",
        "training loss",
        "validation loss",
        "validation accuracy",
        "accuracy at the least loss",
        "",
    ];
    let rows = run.info.arms.iter().enumerate().map(|(index, arm)| {
        let end = run.outcome.as_ref().and_then(|outcome| outcome.arms.get(index));
        let share = |value: Option<f64>| or_dash(value.map(precise_percent));
        let number = |value: Option<f64>| or_dash(value.map(precise));
        let fate =
            end.and_then(|end| end.diverged_at.map(|step| format!("diverged at step {step}")).or(end.fault.clone()));
        vec![
            arm.name.clone(),
            count(arm.parameters),
            count(arm.macs),
            number(end.and_then(|end| end.train_loss)),
            number(end.and_then(|end| end.validation_loss)),
            share(end.and_then(|end| end.validation_accuracy)),
            share(end.and_then(|end| end.best_accuracy)),
            fate.unwrap_or_default(),
        ]
    });
    page.table(&header, &rows.collect::<Vec<_>>(), None);
    if let Some(outcome) = &run.outcome {
        page.paragraph(&format!("{}, {} steps", outcome.reason, count(outcome.steps)));
    }
}

fn curves(page: &mut Page, run: &Run) -> Result<(), RunError> {
    page.heading("Curves");
    let arms = (0..run.info.arms.len()).map(|arm| run.metrics(arm)).collect::<Result<Vec<_>, _>>()?;
    for measure in [Measure::TrainLoss, Measure::ValidationLoss, Measure::TrainAccuracy, Measure::ValidationAccuracy] {
        let lines = arms.iter().zip(&run.info.arms).map(|(rows, arm)| {
            let points = rows.iter().filter_map(|row| Some((row.epoch, row.get(measure)?)));
            Line { name: arm.name.clone(), points: points.filter(|(_, value)| value.is_finite()).collect() }
        });
        page.raw(&plot(measure.words(), "epochs", &lines.collect::<Vec<_>>()));
    }
    Ok(())
}

/// The most classes of which the confusion is a table.
const MOST_CLASSES: usize = 100;

/// The newest confusion matrix, as its file has it.
fn confusion(page: &mut Page, run: &Run, arm: usize) {
    let Some(text) = run.confusion(arm) else { return };
    let classes = run.info.dataset.classes.len();
    if classes > MOST_CLASSES {
        page.heading(&format!("Confusion of {}", run.info.arms[arm].name));
        page.soft(&format!(
            "{} classes are too many for a table here; confusion.csv in the run has it.",
            count(classes as u64)
        ));
        return;
    }
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().filter_map(Result::ok).collect();
    let Some((header, rows)) = rows.split_first() else { return };
    page.heading(&format!("Confusion of {}: actual classes down, predicted across", run.info.arms[arm].name));
    let cell = |text: &str, total: f64| {
        let share = text.parse::<f64>().unwrap_or(0.0) / total.max(1.0);
        // Dark text cannot be read on what is deep blue.
        let ink = if share > 0.5 { ";color:#fff" } else { "" };
        format!("<td style=\"background:rgba(40,110,220,{share:.3}){ink}\">{}</td>", escaped(text))
    };
    let row = |row: &csv::StringRecord| {
        let total: f64 = row.iter().skip(1).filter_map(|cell| cell.parse::<f64>().ok()).sum();
        let cells: String = row.iter().skip(1).map(|text| cell(text, total)).collect();
        format!("<tr><th>{}</th>{cells}</tr>", escaped(row.get(0).unwrap_or_default()))
    };
    let names: String = header.iter().map(|name| format!("<th>{}</th>", escaped(name))).collect();
    page.raw(&format!(
        "<div class=\"wide\"><table class=\"small\"><tr>{names}</tr>{}</table></div>",
        rows.iter().map(row).collect::<String>()
    ));
}

/// Norms of gradients: a row for each block, a column for each look at them, dark where they are large (by orders of
/// magnitude).
fn gradients(page: &mut Page, run: &Run, arm: usize) -> Result<(), RunError> {
    const MOST: usize = 120;
    let rows = run.gradients(arm)?;
    let blocks = &run.info.arms[arm].blocks;
    let of = |block: &String| {
        rows.iter()
            .filter(|row| row.block == *block)
            .filter_map(|row| row.get(BlockQuantity::WeightGradient))
            .collect::<Vec<f64>>()
    };
    let values: Vec<Vec<f64>> = blocks.iter().map(of).collect();
    let logs = || values.iter().flatten().filter(|value| **value > 0.0 && value.is_finite()).map(|value| value.log10());
    let (low, high) = (logs().fold(f64::INFINITY, f64::min), logs().fold(f64::NEG_INFINITY, f64::max));
    if low > high {
        return Ok(());
    }
    page.heading(&format!("Gradients of {}", run.info.arms[arm].name));
    page.soft(&format!("Norm of each block's gradient over time, from 1e{low:.1} (light) to 1e{high:.1} (dark)."));
    let every = values.iter().map(Vec::len).max().unwrap_or(0).div_ceil(MOST).max(1);
    let columns = values.iter().map(Vec::len).max().unwrap_or(0).div_ceil(every).max(1);
    let wide = (600 / columns).clamp(5, 48);
    let cell = |value: &f64| {
        let share = if *value > 0.0 { (value.log10() - low) / (high - low).max(1e-9) } else { 0.0 };
        format!("<td style=\"background:rgba(190,60,20,{share:.3})\"></td>")
    };
    let line = |(block, values): (&String, &Vec<f64>)| {
        let cells: String = values.iter().step_by(every).map(cell).collect();
        format!("<tr><th>{}</th>{cells}</tr>", escaped(block))
    };
    page.raw(&format!(
        "<div class=\"wide\"><table class=\"heat\" style=\"--wide:{wide}px\">{}</table></div>",
        blocks.iter().zip(&values).map(line).collect::<String>()
    ));
    Ok(())
}

fn events(page: &mut Page, run: &Run) -> Result<(), RunError> {
    page.heading("What happened");
    let rows = run.events()?.into_iter().map(|line| vec![line.time, count(line.step), line.what]);
    page.table(&["when", "step", "what"], &rows.collect::<Vec<_>>(), None);
    if run.outcome.is_none() {
        page.paragraph("The run had not ended when this page was made.");
    }
    Ok(())
}
