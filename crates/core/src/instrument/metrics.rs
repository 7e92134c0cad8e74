//! What counts of right and wrong say: per class, per confidence, and between two networks.

use super::predictions::Predictions;
use super::sheet::{Sheet, cell};
use serde::{Deserialize, Serialize};

/// How well one class is told from the others. Undefined ratios are 0, as scikit-learn has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClassScores {
    /// Of the images taken for this class, the share that belongs to it.
    pub precision: f64,
    /// Of the images of this class, the share that is found.
    pub recall: f64,
    /// The harmonic mean of the two.
    pub f1: f64,
    /// Images of this class.
    pub support: u32,
}

/// What a confusion matrix says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Share classified correctly.
    pub accuracy: f64,
    /// One for each class.
    pub classes: Vec<ClassScores>,
    /// Means over the classes, each counting the same.
    pub macro_mean: ClassScores,
}

impl Metrics {
    /// Of a confusion matrix: actual classes down, predicted across, row by row.
    #[must_use]
    pub fn of(confusion: &[u32], classes: usize) -> Self {
        let ratio = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
        let cell = |row: usize, column: usize| confusion.get(row * classes + column).copied().unwrap_or(0);
        let score = |class: usize| {
            let right = f64::from(cell(class, class));
            let support: u32 = (0..classes).map(|column| cell(class, column)).sum();
            let taken: u32 = (0..classes).map(|row| cell(row, class)).sum();
            let (precision, recall) = (ratio(right, f64::from(taken)), ratio(right, f64::from(support)));
            let f1 = ratio(2.0 * precision * recall, precision + recall);
            ClassScores { precision, recall, f1, support }
        };
        let scores: Vec<ClassScores> = (0..classes).map(score).collect();
        let mean = |of: fn(&ClassScores) -> f64| ratio(scores.iter().map(of).sum(), classes as f64);
        let total: u32 = confusion.iter().sum();
        let right: u32 = (0..classes).map(|class| cell(class, class)).sum();
        let macro_mean = ClassScores {
            precision: mean(|score| score.precision),
            recall: mean(|score| score.recall),
            f1: mean(|score| score.f1),
            support: total,
        };
        Self { accuracy: ratio(f64::from(right), f64::from(total)), classes: scores, macro_mean }
    }

    /// A row for each class, and their means.
    #[must_use]
    pub fn sheet(&self, names: &[String]) -> Sheet {
        let mut sheet = Sheet::new("classes", &["class", "precision", "recall", "f1", "support"]);
        let mut push = |name: String, score: &ClassScores| {
            let shares = [score.precision, score.recall, score.f1].map(cell);
            sheet.push([name].into_iter().chain(shares).chain([score.support.to_string()]));
        };
        for (class, score) in self.classes.iter().enumerate() {
            push(names.get(class).cloned().unwrap_or_else(|| class.to_string()), score);
        }
        push("macro mean".to_owned(), &self.macro_mean);
        sheet
    }
}

/// An order in which classes that are taken for each other stand together: a chain that begins with the pair confused
/// most and grows at whichever end has the class confused most with it. Shares of the actual class count.
#[must_use]
pub fn similar_order(confusion: &[u32], classes: usize) -> Vec<usize> {
    if confusion.len() != classes * classes {
        return (0..classes).collect();
    }
    let sums: Vec<f64> =
        confusion.chunks(classes.max(1)).map(|row| f64::from(row.iter().sum::<u32>().max(1))).collect();
    let share = |a: usize, b: usize| f64::from(confusion[a * classes + b]) / sums[a];
    let alike = |a: usize, b: usize| share(a, b) + share(b, a);
    let pairs = (0..classes).flat_map(|a| (a + 1..classes).map(move |b| (a, b)));
    let first = pairs.reduce(|best, pair| if alike(pair.0, pair.1) > alike(best.0, best.1) { pair } else { best });
    let Some((a, b)) = first else { return (0..classes).collect() };
    let mut chain = std::collections::VecDeque::from([a, b]);
    while chain.len() < classes {
        let (front, back) = (chain[0], chain[chain.len() - 1]);
        let left = (0..classes).filter(|class| !chain.contains(class));
        let ends = left.flat_map(|class| [(class, true, alike(class, front)), (class, false, alike(class, back))]);
        let Some((class, at_front, _)) = ends.reduce(|best, next| if next.2 > best.2 { next } else { best }) else {
            break;
        };
        if at_front { chain.push_front(class) } else { chain.push_back(class) }
    }
    chain.into()
}

/// Images that a network is about equally sure of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CalibrationBin {
    /// Images.
    pub count: u32,
    /// Their mean confidence.
    pub confidence: f64,
    /// The share of them that is classified correctly.
    pub accuracy: f64,
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
    /// Of predictions, in this many bins; Guo et al. take 15.
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
    pub fn sheet(&self) -> Sheet {
        let mut sheet = Sheet::new("calibration", &["from", "to", "images", "mean confidence", "accuracy"]);
        let width = 1.0 / self.bins.len().max(1) as f64;
        for (index, bin) in self.bins.iter().enumerate() {
            let ends = [index as f64 * width, (index + 1) as f64 * width].map(cell);
            let rest = [bin.count.to_string(), cell(bin.confidence), cell(bin.accuracy)];
            sheet.push(ends.into_iter().chain(rest));
        }
        sheet
    }
}

/// Where two networks differ on the same images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Disagreement {
    /// Both right.
    pub both_right: u32,
    /// Only the first right.
    pub first_only: u32,
    /// Only the second right.
    pub second_only: u32,
    /// Both wrong.
    pub both_wrong: u32,
    /// Both wrong, in different ways.
    pub wrong_differently: u32,
    /// `McNemar`'s test, exact and two-sided: how likely a split of the discordant images as uneven as this one is if
    /// both networks err equally often (`McNemar` 1947).
    pub p_value: f64,
}

impl Disagreement {
    /// Between predictions on the same images.
    #[must_use]
    pub fn of(first: &Predictions, second: &Predictions) -> Self {
        let mut found = Self::default();
        for image in 0..first.len().min(second.len()) {
            match (first.is_right(image), second.is_right(image)) {
                (true, true) => found.both_right += 1,
                (true, false) => found.first_only += 1,
                (false, true) => found.second_only += 1,
                (false, false) => {
                    found.both_wrong += 1;
                    found.wrong_differently += u32::from(first.predicted[image] != second.predicted[image]);
                }
            }
        }
        found.p_value = sign_test(found.first_only, found.second_only);
        found
    }

    /// One row.
    #[must_use]
    pub fn sheet(&self, first: &str, second: &str) -> Sheet {
        let only = [format!("only {first} right"), format!("only {second} right")];
        let header =
            ["both right", &only[0], &only[1], "both wrong", "both wrong, differently", "p of McNemar's exact test"];
        let mut sheet = Sheet::new("disagreement", &header);
        let counts = [self.both_right, self.first_only, self.second_only, self.both_wrong, self.wrong_differently];
        sheet.push(counts.map(|count| count.to_string()).into_iter().chain([cell(self.p_value)]));
        sheet
    }
}

/// The exact two-sided binomial test of a fair coin that fell this often on each side. Probabilities are summed as
/// logarithms, so that no count is too large.
fn sign_test(one: u32, other: u32) -> f64 {
    let (few, all) = (one.min(other), f64::from(one + other));
    let half = 0.5_f64.ln() * all;
    let (mut ways, mut tail) = (0.0_f64, 0.0_f64);
    for k in 0..=few {
        if k > 0 {
            ways += ((all - f64::from(k) + 1.0) / f64::from(k)).ln();
        }
        tail += (ways + half).exp();
    }
    (2.0 * tail).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sign_test_is_the_binomial_one() {
        // 2 · (1 + 10 + 45) / 1024 and 2 · Σ of all halves.
        assert!((sign_test(2, 8) - 112.0 / 1024.0).abs() < 1e-12);
        assert_eq!((sign_test(0, 0), sign_test(5, 5)), (1.0, 1.0));
        assert!(sign_test(9_000, 11_000) < 1e-40);
    }

    #[test]
    fn classes_taken_for_each_other_stand_together() {
        let confusion = [8, 0, 2, 0, 0, 9, 0, 1, 3, 0, 7, 0, 0, 0, 1, 9];
        let order = similar_order(&confusion, 4);
        assert_eq!(order, [0, 2, 3, 1]);
        assert_eq!(similar_order(&[], 3), [0, 1, 2]);
    }
}
