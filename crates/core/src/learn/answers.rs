//! What instruments answered about a trial, boiled down to the numbers that claims are about; a file in its run folder.

use crate::files::{json, write_atomically};
use crate::instrument::{Finding, Findings, Instrument};
use crate::names::together;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use std::io;
use std::path::Path;

/// What was answered about one trial.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrialAnswers {
    /// One for each arm.
    pub arms: Vec<ArmAnswers>,
}

/// What was answered about one arm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ArmAnswers {
    /// Share of images lost without one block, in the mean.
    pub mean_lesion_loss: Option<f64>,
    /// Share of images lost without the most important one.
    pub worst_lesion_loss: Option<f64>,
    /// Mean autocorrelation of the gradient with its next neighbours.
    pub gradient_correlation: Option<f64>,
}

/// The name of the file.
const FILE: &str = "asked.json";
/// Neighbours that the autocorrelation is averaged over.
const NEIGHBOURS: usize = 5;

/// The instruments whose answers are boiled down here.
pub(super) const ASKABLE: [Instrument; 2] = [Instrument::Lesions, Instrument::Shattered];

/// Reads the names of such instruments.
pub(super) fn askable<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Instrument>, D::Error> {
    let named = |name: &String| ASKABLE.into_iter().find(|instrument| instrument.about().id == name);
    let names = Vec::<String>::deserialize(deserializer)?;
    let unknown = |name: &String| {
        let known = ASKABLE.map(|instrument| instrument.about().id.to_owned());
        D::Error::custom(format!(
            "there is no instrument \"{name}\" whose answer a guided experiment can take in; there are {}",
            together(&known)
        ))
    };
    names.iter().map(|name| named(name).ok_or_else(|| unknown(name))).collect()
}

impl TrialAnswers {
    /// What a trial's folder has of it; nothing where there is no file, or one that makes no sense.
    #[must_use]
    pub fn read(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(folder.join(FILE)).ok()?).ok()
    }

    /// Writes it into a trial's folder.
    ///
    /// # Errors
    /// What the system says.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        write_atomically(&folder.join(FILE), &json(self)?)
    }
}

/// Takes note of an instrument's answer.
pub fn noted(asked: &mut TrialAnswers, findings: &Findings) {
    asked.arms.resize(asked.arms.len().max(findings.arms.len()), ArmAnswers::default());
    for (noted, arm) in asked.arms.iter_mut().zip(&findings.arms) {
        match &arm.finding {
            Ok(Finding::Lesions(lesions)) => {
                let lost =
                    lesions.blocks.iter().filter_map(|block| Some(lesions.whole.accuracy - block.score?.accuracy));
                let lost: Vec<f64> = lost.collect();
                noted.mean_lesion_loss = mean(&lost);
                noted.worst_lesion_loss = lost.into_iter().reduce(f64::max);
            }
            Ok(Finding::Shattered(found)) => {
                let lines: Vec<f64> = found.lines.iter().filter_map(|line| mean(line.get(1..=NEIGHBOURS)?)).collect();
                noted.gradient_correlation = mean(&lines);
            }
            _ => {}
        }
    }
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}
