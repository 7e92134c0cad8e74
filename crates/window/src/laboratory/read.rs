//! Reads a study's folder away from the window's thread; of its trials, only what has changed since the last time.

use super::looked::{Looked, MeasuredTrial, StudyCurve};
use crate::kit::stamps::{Stamps, stamps};
use lab_core::learn::{Conclusion, conclude, lesson};
use lab_core::quantity::Measure;
use lab_core::runs::{self, Notes, Run, tables};
use lab_core::study::{Begun, StudyFolder};
use lab_core::verdict::{Verdict, facts_in, facts_of, write};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The guided experiment that a study answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guided {
    /// Its name.
    pub id: String,
    /// The place of the guess among those that it offers.
    pub guess: Option<usize>,
}

/// What is asked of the thread.
#[derive(Clone)]
pub(super) struct WantedStudy {
    pub folder: PathBuf,
    pub guided: Option<Guided>,
}

/// The study that was opened last.
struct OpenStudy {
    folder: PathBuf,
    /// Of its plan, when it was opened.
    stamps: Stamps,
    study: Arc<StudyFolder>,
}

/// What was read so far.
#[derive(Default)]
pub(super) struct StudyReader {
    study: Option<OpenStudy>,
    trials: HashMap<PathBuf, (Stamps, Option<Arc<MeasuredTrial>>)>,
    written: Option<Verdict>,
}

impl StudyReader {
    pub fn look(&mut self, wanted: &WantedStudy) -> Result<Arc<Looked>, String> {
        let in_words = |error: lab_core::study::StudyError| error.to_string();
        let study = self.study(&wanted.folder)?;
        let conclusion = wanted.guided.as_ref().and_then(|guided| {
            let lesson = lesson(&guided.id).ok()?;
            // What was guessed when it was asked is written down beside the answer.
            let guess = guided.guess.or_else(|| Conclusion::read(&wanted.folder)?.guessed(&lesson));
            conclude(&lesson, &study, guess).ok()
        });
        let (trials, results) = (study.trials().map_err(in_words)?, study.results().map_err(in_words)?);
        let points: Vec<Option<usize>> = trials.iter().map(|trial| study.place_of(trial, &results)).collect();
        let measured: Vec<Option<Arc<MeasuredTrial>>> =
            trials.iter().map(|trial| self.measured(trial.begun.as_ref()?)).collect();
        let counted = trials.iter().zip(&points).zip(&measured).filter(|((trial, _), _)| trial.counts());
        // That a trial has ended and cannot be read is said in the verdict.
        let facts = counted.filter_map(|((trial, point), measured)| {
            let known = measured.as_ref().map(|measured| measured.facts.clone());
            Some(((*point)?, known.or_else(|| Some(facts_in(&trial.begun.as_ref()?.folder)))?))
        });
        let verdicts = results.verdicts(facts);
        let looked = Looked {
            folder: wanted.folder.clone(),
            name: study.study().name.clone(),
            labels: study.study().labels().to_vec(),
            arms: study.study().arms().map(str::to_owned).collect(),
            can_have_more_seeds: !study.study().learns(),
            importance: study.importance().map_err(in_words)?,
            trials,
            points,
            measured,
            results,
            verdicts,
            guess: Notes::read(&wanted.folder).ok().and_then(|notes| notes.guess),
            conclusion,
        };
        self.write_down(&looked);
        Ok(Arc::new(looked))
    }

    fn study(&mut self, folder: &Path) -> Result<Arc<StudyFolder>, String> {
        let stamps = stamps([folder.join("study.toml")]);
        if let Some(open) = &self.study
            && open.folder == folder
            && open.stamps == stamps
        {
            return Ok(Arc::clone(&open.study));
        }
        let study = Arc::new(StudyFolder::open(folder).map_err(|error| error.to_string())?);
        self.study = Some(OpenStudy { folder: folder.to_owned(), stamps, study: Arc::clone(&study) });
        (self.trials, self.written) = (HashMap::new(), None);
        Ok(study)
    }

    /// What a trial has measured; `None` where it is not a run yet or cannot be read for a moment.
    fn measured(&mut self, begun: &Begun) -> Option<Arc<MeasuredTrial>> {
        let stamps = stamps(tables(&begun.folder).into_iter().chain([begun.folder.join("outcome.json")]));
        if let Some((before, measured)) = self.trials.get(&begun.folder)
            && *before == stamps
        {
            return measured.clone();
        }
        let measured = runs::open(&begun.folder).ok().and_then(|run| measured(&run)).map(Arc::new);
        self.trials.insert(begun.folder.clone(), (stamps, measured.clone()));
        measured
    }

    /// Writes the verdict of a study that is over beside its trials.
    fn write_down(&mut self, looked: &Looked) {
        let Some((_, found)) = looked.verdicts.first() else { return };
        if looked.over() < looked.trials.len() || self.written.as_ref() == Some(found) {
            return;
        }
        if let Err(error) = write(&looked.folder, found) {
            tracing::warn!("the verdict is not written into {}: {error}", looked.folder.display());
        }
        self.written = Some(found.clone());
    }
}

fn measured(run: &Run) -> Option<MeasuredTrial> {
    let facts = facts_of(std::slice::from_ref(run)).ok()?;
    let curves = (0..run.info.arms.len()).map(|arm| {
        let rows = run.metrics(arm).unwrap_or_default();
        StudyCurve::ALL.map(|(curve, _)| match curve {
            StudyCurve::TrainLoss => {
                let losses = facts.trials.first().and_then(|trial| trial.arms.get(arm)).map(|arm| &arm.losses);
                losses.into_iter().flatten().map(|&(step, loss)| [step as f64, loss]).collect()
            }
            StudyCurve::ValidationLoss => validated(&rows, Measure::ValidationLoss),
            StudyCurve::Accuracy => validated(&rows, Measure::ValidationAccuracy),
        })
    });
    let curves = curves.collect();
    Some(MeasuredTrial { experiment: run.experiment.clone(), steps_per_epoch: run.info.steps_per_epoch, facts, curves })
}

fn validated(rows: &[runs::MetricsRow], measure: Measure) -> Vec<[f64; 2]> {
    rows.iter().filter_map(|row| Some([row.step as f64, row.get(measure)?])).collect()
}
