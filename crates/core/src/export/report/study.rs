//! A study as one web page that loads nothing: what it has shown, its table and curves, and how to do it again.

use super::page::Page;
use super::plot::Line;
use super::{drawn, made_here, shown};
use crate::learn::{Answered, Conclusion};
use crate::number::count;
use crate::quantity::Measure;
use crate::runs::Run;
use crate::study::{Seen, Standing, StudyError, StudyFolder};
use std::collections::BTreeMap;

/// Settings whose curves are drawn: the best ones.
const DRAWN: usize = 8;

/// So many comparisons are put into sentences; first what is asked first.
const TOLD: usize = 12;

/// What a guided experiment has shown.
fn concluded(page: &mut Page, found: &Conclusion) {
    page.heading("What was measured");
    page.verdict(&found.headline);
    let means: Vec<String> = found.claims.iter().skip(1).map(|claim| claim.means.clone()).collect();
    page.list(&means.into_iter().filter(|means| !means.is_empty()).collect::<Vec<_>>());
    let row = |claim: &Answered| {
        vec![claim.says.clone(), claim.numbers.clone(), claim.found().to_owned(), claim.p_in_words()]
    };
    page.table(&["compared", "measured", "found", "p"], &found.claims.iter().map(row).collect::<Vec<_>>(), None);
    page.soft(Answered::RULE);
}

/// The page.
///
/// # Errors
/// A study or a trial that cannot be read.
pub fn html(folder: &StudyFolder) -> Result<String, StudyError> {
    let study = folder.study();
    let (results, trials) = (folder.results()?, folder.trials()?);
    let mut page = Page::new(&study.name);
    if !study.question.is_empty() {
        page.paragraph(&study.question);
    }
    let over = |trial: &&Seen| matches!(trial.standing, Standing::Over(_));
    page.soft(&format!(
        "{} of {} trainings have ended",
        count(trials.iter().filter(over).count() as u64),
        count(trials.len() as u64)
    ));
    let settings = folder.runs_of_settings(&trials, &results);
    // What was made to answer a question is said by its answer, which is corrected for all that was compared.
    if let Some(found) = Conclusion::read(folder.path()) {
        concluded(&mut page, &found);
    } else {
        let verdicts = folder.verdicts_of(&trials, &results);
        for (of, verdict) in verdicts.iter().take(TOLD) {
            shown(&mut page, of, verdict);
        }
        if verdicts.len() > TOLD {
            page.soft(&format!("Of {} further settings the table tells.", verdicts.len() - TOLD));
        }
    }
    let table = results.summary();
    let rows: Vec<Vec<String>> =
        (0..table.rows()).map(|row| table.row(row).map(std::borrow::Cow::into_owned).collect()).collect();
    page.heading("Results");
    page.soft(&format!(
        "Mean ± standard deviation over seeds, in the order in which settings are tried; the best {} stands out.",
        results.objective()
    ));
    page.table(&table.titles().collect::<Vec<_>>(), &rows, results.best);
    let goodness = |place: &usize| {
        let mean = results.points[*place].objective.map_or(f64::NAN, |of| of.mean);
        if results.is_more_better() { -mean } else { mean }
    };
    let mut order: Vec<usize> = (0..settings.len()).filter(|&place| !settings[place].is_empty()).collect();
    order.sort_by(|a, b| goodness(a).total_cmp(&goodness(b)));
    page.heading("Curves");
    if order.len() > DRAWN {
        page.soft(&format!("Means over seeds, of the {DRAWN} best settings."));
    }
    order.truncate(DRAWN);
    for measure in [Measure::TrainLoss, Measure::ValidationLoss, Measure::ValidationAccuracy] {
        let lines = order.iter().flat_map(|&place| means(&settings[place], &results.words(place), measure));
        page.raw(&drawn(measure, lines.collect()));
    }
    page.heading("Settings");
    page.code(&study.to_toml()?);
    if let Some(run) = settings.iter().flatten().next() {
        made_here(&mut page, run);
    }
    page.heading("How to repeat it");
    page.paragraph("Save the settings above as study.toml.");
    page.code("residual-lab study run study.toml");
    Ok(page.finish())
}

/// For each network the mean over seeds of what was measured, by epoch.
fn means(runs: &[Run], words: &str, measure: Measure) -> Vec<Line> {
    let Some(first) = runs.first() else { return Vec::new() };
    let line = |(arm, info): (usize, &crate::protocol::ArmInfo)| {
        let mut sums: BTreeMap<u64, (f64, f64, u32)> = BTreeMap::new();
        for row in runs.iter().flat_map(|run| run.metrics(arm).unwrap_or_default()) {
            if let Some(value) = row.get(measure).filter(|value| value.is_finite()) {
                let (epoch, sum, count) = sums.entry(row.step).or_default();
                (*epoch, *sum, *count) = (row.epoch, *sum + value, *count + 1);
            }
        }
        let name = if words.is_empty() { info.name.clone() } else { format!("{}, {words}", info.name) };
        let points = sums.into_values().map(|(epoch, sum, count)| (epoch, sum / f64::from(count))).collect();
        Line { name, points }
    };
    first.info.arms.iter().enumerate().map(line).collect()
}
