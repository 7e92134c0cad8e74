//! How many images of each class are taken for each other one, and how well each class is found.

use super::about::About;
use super::counts::Confusion;
use super::predictions::Predictions;
use crate::table::Table;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

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
    vec![matrix(&confusion, classes), Metrics::of(&confusion).table(classes)]
}

/// How well one class is told apart from the others. Undefined ratios are 0, as scikit-learn has them.
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
    /// Share of images classified correctly, 0 to 1.
    pub accuracy: f64,
    /// One for each class.
    pub classes: Vec<ClassScores>,
    /// Means over the classes, each counting the same.
    pub macro_mean: ClassScores,
}

impl Metrics {
    /// Of what images are taken for.
    #[must_use]
    pub fn of(confusion: &Confusion) -> Self {
        let ratio = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
        let (actual, predicted) = (confusion.actual(), confusion.predicted());
        let score = |class: usize| {
            let right = f64::from(confusion.images(class, class));
            let (support, taken) = (actual[class], predicted[class]);
            let (precision, recall) = (ratio(right, f64::from(taken)), ratio(right, f64::from(support)));
            let f1 = ratio(2.0 * precision * recall, precision + recall);
            ClassScores { precision, recall, f1, support }
        };
        let scores: Vec<ClassScores> = (0..confusion.classes()).map(score).collect();
        let mean = |of: fn(&ClassScores) -> f64| ratio(scores.iter().map(of).sum(), confusion.classes() as f64);
        let total: u32 = actual.iter().sum();
        let macro_mean = ClassScores {
            precision: mean(|score| score.precision),
            recall: mean(|score| score.recall),
            f1: mean(|score| score.f1),
            support: total,
        };
        let accuracy = ratio(f64::from(confusion.right()), f64::from(total));
        Self { accuracy, classes: scores, macro_mean }
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

/// The most classes whose confusion is shown and written out pair by pair; of more, nearly all pairs have no image.
pub const WHOLE: usize = 1000;

/// A confusion matrix as a table: actual classes down, predicted ones across. With more than [`WHOLE`] classes, a row for
/// each pair of classes that there are images of.
#[must_use]
pub fn matrix(confusion: &Confusion, classes: &[String]) -> Table {
    if classes.len() > WHOLE {
        return pairs(confusion, classes);
    }
    let rows = confusion.rows();
    let cells = |column: usize| rows.iter().map(move |row| f64::from(row[column])).collect::<Vec<_>>();
    let table = Table::new("confusion").words("actual \\ predicted", classes.iter().map(String::as_str));
    classes.iter().enumerate().fold(table, |table, (column, name)| table.numbers(name, cells(column)))
}

fn pairs(confusion: &Confusion, classes: &[String]) -> Table {
    let name = |class: usize| classes.get(class).map_or("", String::as_str);
    Table::new("confusion")
        .words("actual", confusion.cells().iter().map(|cell| name(cell.actual)))
        .words("predicted", confusion.cells().iter().map(|cell| name(cell.predicted)))
        .numbers("images", confusion.cells().iter().map(|cell| f64::from(cell.images)))
}

/// An order in which classes that are taken for each other stand together: a chain that begins with the pair confused
/// most and grows at whichever end has the class confused most with it. Shares of the actual class count, of all arms
/// together. With more than [`WHOLE`] classes, the order that they have.
#[must_use]
pub fn similar_order(arms: &[&Confusion]) -> Vec<usize> {
    let classes = arms.first().map_or(0, |confusion| confusion.classes());
    if classes > WHOLE {
        return (0..classes).collect();
    }
    let mut counts = vec![vec![0_u32; classes]; classes];
    for cell in arms.iter().filter(|arm| arm.classes() == classes).flat_map(|arm| arm.cells()) {
        counts[cell.actual][cell.predicted] += cell.images;
    }
    let sums: Vec<f64> = counts.iter().map(|row| f64::from(row.iter().sum::<u32>().max(1))).collect();
    let share = |a: usize, b: usize| f64::from(counts[a][b]) / sums[a];
    let alike = |a: usize, b: usize| share(a, b) + share(b, a);
    let pairs = (0..classes).flat_map(|a| (a + 1..classes).map(move |b| (a, b)));
    let first = pairs.reduce(|best, pair| if alike(pair.0, pair.1) > alike(best.0, best.1) { pair } else { best });
    let Some((a, b)) = first else { return (0..classes).collect() };
    let mut chain = VecDeque::from([a, b]);
    let mut left: Vec<usize> = (0..classes).filter(|class| ![a, b].contains(class)).collect();
    while !left.is_empty() {
        let (front, back) = (chain[0], chain[chain.len() - 1]);
        let ends = left.iter().enumerate();
        let ends = ends.flat_map(|(at, &class)| [(at, true, alike(class, front)), (at, false, alike(class, back))]);
        let Some((at, at_front, _)) = ends.reduce(|best, next| if next.2 > best.2 { next } else { best }) else {
            break;
        };
        let class = left.remove(at);
        if at_front { chain.push_front(class) } else { chain.push_back(class) }
    }
    chain.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_taken_for_each_other_stand_together() {
        let confusion = Confusion::of_matrix(&[8, 0, 2, 0, 0, 9, 0, 1, 3, 0, 7, 0, 0, 0, 1, 9], 4);
        assert_eq!(similar_order(&[&confusion]), [0, 2, 3, 1]);
        assert_eq!(similar_order(&[&Confusion::of(&[], &[], 3)]), [2, 0, 1]);
    }

    #[test]
    fn the_table_of_ten_thousand_classes_has_a_row_for_each_pair_that_was_seen() {
        let classes: Vec<String> = (0..10_000).map(|class| format!("c{class}")).collect();
        let confusion = Confusion::of(&[7, 3, 7, 3], &[7, 9_999, 7, 9_999], 10_000);
        assert_eq!(matrix(&confusion, &classes).csv(), "actual,predicted,images\nc3,c9999,2\nc7,c7,2\n");
        let few = Confusion::of(&[0, 1], &[0, 1], 2);
        assert!(matrix(&few, &classes[..2]).csv().starts_with("actual \\ predicted,c0,c1\n"));
    }
}
