//! Whether a network is as often right as it says.

use super::about::About;
use super::predictions::Predictions;
use crate::table::Table;
use serde::{Deserialize, Serialize};

pub(super) const ABOUT: About = About {
    id: "calibration",
    title: "Calibration",
    what: "Whether the network is as often right as it says: below the diagonal it is too sure of itself, above it too modest.",
    formula: "ECE = Σ (images in the bin / all) · |accuracy − mean confidence|, 15 bins of equal width",
    reference: "Guo, Pleiss, Sun and Weinberger 2017, On calibration of modern neural networks",
};

/// The bins of each arm.
pub(super) fn tables(predictions: &Predictions, _classes: &[String]) -> Vec<Table> {
    let found = Calibration::of(predictions, Calibration::BINS);
    vec![found.table(), found.summary()]
}

/// Images that a network is about equally sure of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CalibrationBin {
    pub count: u32,
    pub confidence: f64,
    /// The share of them that is classified correctly.
    pub accuracy: f64,
}

impl CalibrationBin {
    /// Images that are classified correctly.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of a count")]
    pub fn right(&self) -> u32 {
        (self.accuracy * f64::from(self.count)).round() as u32
    }
}

/// Whether a network is as often right as it says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Bins of equal width from 0 to 1; a confidence on an edge belongs to the lower bin.
    pub bins: Vec<CalibrationBin>,
    /// Expected calibration error: Σ (images of the bin / all) · |accuracy − confidence| (Guo et al. 2017).
    pub error: f64,
}

impl Calibration {
    /// As many as Guo et al. take.
    pub const BINS: usize = 15;

    /// Of predictions, in this many bins.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a bin's number")]
    pub fn of(predictions: &Predictions, bins: usize) -> Self {
        let mut sums = vec![(0_u32, 0.0_f64, 0_u32); bins.max(1)];
        let last = sums.len() - 1;
        for image in 0..predictions.len() {
            let confidence = f64::from(predictions.confidence(image));
            let bin = ((confidence * (last + 1) as f64).ceil() as usize).saturating_sub(1).min(last);
            let (count, confidences, right) = &mut sums[bin];
            *count += 1;
            *confidences += confidence;
            *right += u32::from(predictions.is_right(image));
        }
        let bin = |&(count, confidences, right): &(u32, f64, u32)| {
            let n = f64::from(count.max(1));
            CalibrationBin { count, confidence: confidences / n, accuracy: f64::from(right) / n }
        };
        let bins: Vec<CalibrationBin> = sums.iter().map(bin).collect();
        let gap = |bin: &CalibrationBin| f64::from(bin.count) * (bin.accuracy - bin.confidence).abs();
        let error = bins.iter().map(gap).sum::<f64>() / (predictions.len().max(1)) as f64;
        Self { bins, error }
    }

    /// A row for each bin.
    #[must_use]
    pub fn table(&self) -> Table {
        let width = 1.0 / self.bins.len().max(1) as f64;
        let edges = |next: usize| (0..self.bins.len()).map(move |index| (index + next) as f64 * width);
        Table::new("calibration")
            .numbers("from", edges(0))
            .numbers("to", edges(1))
            .numbers("images", self.bins.iter().map(|bin| bin.count.into()))
            .numbers("mean confidence", self.filled(|bin| bin.confidence))
            .numbers("accuracy", self.filled(|bin| bin.accuracy))
    }

    /// A bin without images is neither sure nor right.
    fn filled(&self, of: fn(&CalibrationBin) -> f64) -> impl Iterator<Item = f64> {
        self.bins.iter().map(move |bin| if bin.count > 0 { of(bin) } else { f64::NAN })
    }

    /// What all bins come to.
    #[must_use]
    pub fn summary(&self) -> Table {
        Table::new("calibration-error")
            .numbers("images", [self.bins.iter().map(|bin| f64::from(bin.count)).sum()])
            .numbers("expected calibration error", [self.error])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_without_images_stay_empty_and_the_error_has_a_table_of_its_own() {
        let full = CalibrationBin { count: 4, confidence: 0.9, accuracy: 0.5 };
        let found = Calibration { bins: vec![CalibrationBin::default(), full], error: 0.4 };
        let csv = found.table().csv();
        assert!(csv.contains("0,0.5,0,,") && csv.contains("0.5,1,4,0.9,0.5"), "{csv}");
        let csv = found.summary().csv();
        assert!(csv.contains("expected calibration error") && csv.contains("4,0.4"), "{csv}");
    }
}
