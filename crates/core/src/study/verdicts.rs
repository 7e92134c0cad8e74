//! What a study has shown: the verdict on the networks at each of its settings, and on all settings beside each other.

use super::error::StudyError;
use super::folder::{Seen, Standing, StudyFolder};
use super::record::TrialState;
use super::results::Results;
use crate::runs::{self, Run};
use crate::verdict::{Facts, Verdict, facts_in, of_settings};

impl Seen {
    /// Whether it came to its end: what ended before says nothing about its setting.
    #[must_use]
    pub fn counts(&self) -> bool {
        matches!(self.standing, Standing::Over(TrialState::Done | TrialState::Diverged))
    }
}

impl StudyFolder {
    /// The place among the results of the setting that a trial is of.
    #[must_use]
    pub fn place_of(&self, trial: &Seen, results: &Results) -> Option<usize> {
        let (point, _) = self.study().place(trial.number).ok()?;
        results.points.iter().position(|row| row.point == point)
    }

    /// The runs of each setting that came to their end and can be read, in the order of the results.
    #[must_use]
    pub fn runs_of_settings(&self, trials: &[Seen], results: &Results) -> Vec<Vec<Run>> {
        let mut settings: Vec<Vec<Run>> = results.points.iter().map(|_| Vec::new()).collect();
        for trial in trials.iter().filter(|trial| trial.counts()) {
            let run = trial.begun.as_ref().and_then(|begun| runs::open(&begun.folder).ok());
            if let (Some(place), Some(run)) = (self.place_of(trial, results), run) {
                settings[place].push(run);
            }
        }
        settings
    }

    /// What it has shown so far; each verdict with what is compared in it, first what is asked first. A training that has
    /// ended and cannot be read is named beside them.
    ///
    /// # Errors
    /// A study that cannot be read.
    pub fn verdicts(&self) -> Result<Vec<(String, Verdict)>, StudyError> {
        Ok(self.verdicts_of(&self.trials()?, &self.results()?))
    }

    /// The same of trials and results that were read before.
    #[must_use]
    pub fn verdicts_of(&self, trials: &[Seen], results: &Results) -> Vec<(String, Verdict)> {
        let counted = trials.iter().filter(|trial| trial.counts());
        let measured = |trial: &Seen| Some((self.place_of(trial, results)?, facts_in(&trial.begun.as_ref()?.folder)));
        results.verdicts(counted.filter_map(measured))
    }
}

impl Results {
    /// What was measured at these places, in any number of parts each, concluded.
    #[must_use]
    pub fn verdicts(&self, measured: impl IntoIterator<Item = (usize, Facts)>) -> Vec<(String, Verdict)> {
        let words = (0..self.points.len()).map(|place| self.words(place));
        let mut settings: Vec<(String, Facts)> = words.map(|words| (words, Facts::default())).collect();
        for (place, more) in measured {
            if let Some((_, known)) = settings.get_mut(place) {
                known.add(more);
            }
        }
        of_settings(&settings, self.best)
    }
}
