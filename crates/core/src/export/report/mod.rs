//! A run as one web page that loads nothing: what it has shown, its settings, curves, confusion, gradients and worst
//! predictions, and how to do it again; a study likewise.

mod page;
mod plot;
pub mod study;
mod worst;

use crate::experiment::Naming;
use crate::number::{self, count, or_dash, precise, precise_percent};
use crate::quantity::{BlockQuantity, Measure, Unit};
use crate::runs::{GradientRow, Run, RunError, is_being_written};
use crate::verdict::{Stretch, Verdict, facts_of, verdict};
use page::{Page, escaped};
use plot::{Line, plot};
pub use worst::Said;

/// Whether a file holds a page that was written here, of a run or a study.
#[must_use]
pub fn is_report(contents: &[u8]) -> bool {
    page::is_page(contents)
}

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
    networks(&mut page, run)?;
    curves(&mut page, run)?;
    (0..run.info.arms.len()).for_each(|arm| confusion(&mut page, run, arm));
    gradients(&mut page, run)?;
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
    let is_changed = run.events()?.iter().any(|line| line.change.is_some());
    page.paragraph(if is_changed {
        "Save the settings above as experiment.toml, and change on the way what was changed by hand, as \"What happened\" \
         tells: these settings alone give the run as it was before that."
    } else {
        "Save the settings above as experiment.toml. On the same kind of processor every number comes out the same."
    });
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

/// What the tables tell of an arm of a run that has not ended: the training loss over the last epoch, or as much of it as
/// there is, and the newest validation.
fn so_far(run: &Run, arm: usize) -> Result<(u64, [Option<f64>; 3]), RunError> {
    let rows = run.metrics(arm)?;
    let losses: Vec<f64> = rows.iter().filter_map(|row| row.get(Measure::TrainLoss)).collect();
    let epoch = usize::try_from(run.info.steps_per_epoch).unwrap_or(usize::MAX).max(1);
    let newest = &losses[losses.len().saturating_sub(epoch)..];
    let mean = (!newest.is_empty()).then(|| newest.iter().sum::<f64>() / newest.len() as f64);
    let last = |measure| rows.iter().rev().find_map(|row| row.get(measure));
    let step = rows.last().map_or(0, |row| row.step);
    Ok((step, [mean, last(Measure::ValidationLoss), last(Measure::ValidationAccuracy)]))
}

fn networks(page: &mut Page, run: &Run) -> Result<(), RunError> {
    page.heading("Networks");
    let (mut begun, mut seen) = (Vec::new(), 0);
    if run.outcome.is_none() {
        begun = (0..run.info.arms.len()).map(|arm| so_far(run, arm)).collect::<Result<Vec<_>, _>>()?;
        seen = begun.iter().map(|(step, _)| *step).max().unwrap_or(0);
    }
    let steps = run.outcome.as_ref().map_or(seen, |outcome| outcome.steps);
    let loss = format!("training loss, {}", Stretch::new(steps, run.info.steps_per_epoch).in_a_heading());
    let header = [
        "network",
        "parameters",
        "MACs",
        &loss,
        "validation loss",
        "validation accuracy",
        "accuracy at the least validation loss",
        "",
    ];
    let rows = run.info.arms.iter().enumerate().map(|(index, arm)| {
        let end = run.outcome.as_ref().and_then(|outcome| outcome.arms.get(index));
        // What an arm that diverged had before says nothing of how it ended.
        let ended = end.filter(|end| end.diverged_at.is_none());
        let so_far = begun.get(index).map_or([None; 3], |(_, values)| *values);
        let share = |value: Option<f64>| or_dash(value.map(precise_percent));
        let number = |value: Option<f64>| or_dash(value.map(precise));
        let fate =
            end.and_then(|end| end.diverged_at.map(|step| format!("diverged at step {step}")).or(end.fault.clone()));
        vec![
            arm.name.clone(),
            count(arm.parameters),
            count(arm.macs),
            number(ended.and_then(|end| end.train_loss).or(so_far[0])),
            number(ended.and_then(|end| end.validation_loss).or(so_far[1])),
            share(ended.and_then(|end| end.validation_accuracy).or(so_far[2])),
            share(ended.and_then(|end| end.accuracy_at_least_loss)),
            fate.unwrap_or_default(),
        ]
    });
    page.table(&header, &rows.collect::<Vec<_>>(), None);
    if let Some(outcome) = &run.outcome {
        page.paragraph(&format!("{}, {} steps", outcome.reason, count(outcome.steps)));
    } else {
        let of = format!("step {} of {}", count(steps), count(run.planned_steps()));
        page.paragraph(&if is_being_written(&run.folder) {
            format!("The run is still going on, at {of}: the numbers are those so far.")
        } else {
            format!("The run was interrupted at {of}: the numbers are those up to there.")
        });
    }
    Ok(())
}

fn curves(page: &mut Page, run: &Run) -> Result<(), RunError> {
    page.heading("Curves");
    let arms = (0..run.info.arms.len()).map(|arm| run.metrics(arm)).collect::<Result<Vec<_>, _>>()?;
    for measure in [Measure::TrainLoss, Measure::ValidationLoss, Measure::TrainAccuracy, Measure::ValidationAccuracy] {
        let lines = arms.iter().zip(&run.info.arms).map(|(rows, arm)| {
            let points = rows.iter().filter_map(|row| Some((row.epoch, row.get(measure)?)));
            Line { name: arm.name.clone(), points: points.filter(|(_, value)| value.is_finite()).collect() }
        });
        page.raw(&drawn(measure, lines.collect()));
    }
    Ok(())
}

/// A plot of a measure by epochs, in the unit that tables have.
fn drawn(measure: Measure, mut lines: Vec<Line>) -> String {
    if measure.unit() != Unit::Share {
        return plot(measure.words(), "epochs", &lines);
    }
    lines.iter_mut().flat_map(|line| &mut line.points).for_each(|(_, share)| *share *= 100.0);
    plot(&format!("{}, in %", measure.words().replace("acc.", "accuracy")), "epochs", &lines)
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
/// magnitude, which are the same for all networks).
fn gradients(page: &mut Page, run: &Run) -> Result<(), RunError> {
    let arms = (0..run.info.arms.len()).map(|arm| run.gradients(arm)).collect::<Result<Vec<_>, _>>()?;
    let norm = |row: &GradientRow| row.get(BlockQuantity::WeightGradient);
    // Rows of more than one block are not drawn.
    let of_blocks = arms
        .iter()
        .zip(&run.info.arms)
        .flat_map(|(rows, arm)| rows.iter().filter(|row| arm.blocks.contains(&row.block)));
    let norms: Vec<f64> = of_blocks.filter_map(norm).collect();
    let positive = norms.iter().copied().filter(|value| *value > 0.0 && value.is_finite());
    let Some([low, high]) = range(positive) else { return Ok(()) };
    page.heading("Gradients");
    let nothing = if norms.contains(&0.0) { " White is a gradient of exactly 0." } else { "" };
    page.soft(&format!(
        "Norm of each block's gradient over time, from {} (light) to {} (dark), by orders of magnitude.{nothing}",
        number::tick(low),
        number::tick(high)
    ));
    for (rows, arm) in arms.iter().zip(&run.info.arms) {
        heat(page, &arm.name, &arm.blocks, rows, |row| Some(shade(norm(row)?, [low, high])));
    }
    Ok(())
}

/// How dark a gradient is between the least and the largest that are something; nothing is white.
fn shade(value: f64, [low, high]: [f64; 2]) -> f64 {
    const LIGHT: f64 = 0.08;
    let share = || (value / low).ln() / (high / low).ln().max(1e-9);
    if value > 0.0 { LIGHT + (1.0 - LIGHT) * share() } else { 0.0 }
}

/// The least and the largest.
fn range(values: impl Iterator<Item = f64>) -> Option<[f64; 2]> {
    values.map(|value| [value; 2]).reduce(|all, one| [all[0].min(one[0]), all[1].max(one[1])])
}

/// One network's blocks over time, each cell as dark as its value asks.
fn heat(
    page: &mut Page,
    arm: &str,
    blocks: &[String],
    rows: &[GradientRow],
    depth: impl Fn(&GradientRow) -> Option<f64>,
) {
    const MOST: usize = 120;
    let of = |block: &String| rows.iter().filter(|row| row.block == *block).collect::<Vec<_>>();
    let looks: Vec<Vec<&GradientRow>> = blocks.iter().map(of).collect();
    let most = looks.iter().map(Vec::len).max().unwrap_or(0);
    if most == 0 {
        return;
    }
    let every = most.div_ceil(MOST);
    let wide = (600 / most.div_ceil(every)).clamp(5, 48);
    let cell =
        |row: &&GradientRow| format!("<td style=\"background:rgba(190,60,20,{:.3})\"></td>", depth(row).unwrap_or(0.0));
    let line = |(block, looks): (&String, &Vec<&GradientRow>)| {
        let cells: String = looks.iter().step_by(every).map(cell).collect();
        format!("<tr><th>{}</th>{cells}</tr>", escaped(&Naming::in_words(block)))
    };
    let steps: Vec<u64> = looks.iter().flatten().map(|row| row.step).collect();
    let (first, last) = (steps.iter().min().copied().unwrap_or(0), steps.iter().max().copied().unwrap_or(0));
    page.paragraph(&format!("Gradients of {arm}, steps {} to {}", count(first), count(last)));
    page.raw(&format!(
        "<div class=\"wide\"><table class=\"heat\" style=\"--wide:{wide}px\">{}</table></div>",
        blocks.iter().zip(&looks).map(line).collect::<String>()
    ));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_gradient_is_told_from_none() {
        let shades = [0.0, 1e-6, 1e-3, 1.0].map(|value| shade(value, [1e-6, 1.0]));
        assert!(
            shades[0] == 0.0 && shades[1] > 0.05 && shades.is_sorted() && (shades[3] - 1.0).abs() < 1e-9,
            "{shades:?}"
        );
    }

    #[test]
    fn shares_are_drawn_in_the_unit_that_tables_have() {
        let line = || vec![Line { name: "a".to_owned(), points: vec![(0.0, 0.0), (1.0, 0.5)] }];
        let page = drawn(Measure::TrainAccuracy, line());
        assert!(page.contains("training accuracy, in %") && page.contains(">50</text>"), "{page}");
        assert!(drawn(Measure::TrainLoss, line()).contains(">0.5</text>"));
    }
}
