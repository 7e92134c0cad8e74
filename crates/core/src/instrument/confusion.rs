//! How many images of each class are taken for each other one, and how well each class is found.

use super::about::About;
use super::predictions::Predictions;
use crate::table::Table;
use serde::{Deserialize, Serialize};

pub(super) const ABOUT: About = About {
    id: "confusion",
    title: "Confusion",
    what: "How many images of each class are taken for each other one, and how well each class is found. Rows are actual classes, columns predicted ones.",
    formula: "precision = right / taken for it; recall = right / of it; F1 = 2 · precision · recall / (precision + recall)",
    reference: "",
};

/// The matrix of each arm, and what it says of each class.
pub(super) fn tables(predictions: &Predictions, classes: &[String]) -> Vec<Table> {
    let confusion = predictions.confusion();
    vec![matrix(&confusion, classes), Metrics::of(&confusion, predictions.classes).table(classes)]
}

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
    pub fn table(&self, names: &[String]) -> Table {
        let name = |class: usize| names.get(class).cloned().unwrap_or_else(|| class.to_string());
        let titles = (0..self.classes.len()).map(name).chain(["macro mean".to_owned()]);
        let scores = || self.classes.iter().chain([&self.macro_mean]);
        Table::new("classes")
            .words("class", titles)
            .numbers("precision", scores().map(|score| score.precision))
            .numbers("recall", scores().map(|score| score.recall))
            .numbers("f1", scores().map(|score| score.f1))
            .numbers("support", scores().map(|score| score.support.into()))
    }
}

/// The most classes whose confusion matrix is written out whole; of more, nearly all cells are 0.
const WHOLE: usize = 1000;

/// A confusion matrix, row by row, as a table: actual classes down, predicted ones across. With more than a thousand
/// classes, a row for each pair of classes that there are images of.
#[must_use]
pub fn matrix(confusion: &[u32], classes: &[String]) -> Table {
    if classes.len() > WHOLE {
        return pairs(confusion, classes);
    }
    let cells = |column: usize| confusion.iter().skip(column).step_by(classes.len()).map(|&count| count.into());
    let table = Table::new("confusion").words("actual \\ predicted", classes.iter().map(String::as_str));
    classes.iter().enumerate().fold(table, |table, (column, name)| table.numbers(name, cells(column)))
}

fn pairs(confusion: &[u32], classes: &[String]) -> Table {
    let seen = || confusion.iter().enumerate().filter(|(_, count)| **count > 0);
    let name = |class: usize| classes.get(class).map_or("", String::as_str);
    Table::new("confusion")
        .words("actual", seen().map(|(cell, _)| name(cell / classes.len())))
        .words("predicted", seen().map(|(cell, _)| name(cell % classes.len())))
        .numbers("images", seen().map(|(_, count)| f64::from(*count)))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_taken_for_each_other_stand_together() {
        let confusion = [8, 0, 2, 0, 0, 9, 0, 1, 3, 0, 7, 0, 0, 0, 1, 9];
        let order = similar_order(&confusion, 4);
        assert_eq!(order, [0, 2, 3, 1]);
        assert_eq!(similar_order(&[], 3), [0, 1, 2]);
    }

    #[test]
    fn the_table_of_ten_thousand_classes_has_a_row_for_each_pair_that_was_seen() {
        let classes: Vec<String> = (0..10_000).map(|class| format!("c{class}")).collect();
        let mut confusion = vec![0; 10_000 * 10_000];
        (confusion[3 * 10_000 + 9_999], confusion[7 * 10_000 + 7]) = (2, 5);
        assert_eq!(matrix(&confusion, &classes).csv(), "actual,predicted,images\nc3,c9999,2\nc7,c7,5\n");
        assert!(matrix(&[1, 0, 0, 1], &classes[..2]).csv().starts_with("actual \\ predicted,c0,c1\n"));
    }
}
