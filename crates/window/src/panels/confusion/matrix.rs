//! A confusion matrix as numbers: counts, shares, the order of its classes, and all of it as a table. Knows nothing of how
//! it is drawn.

use lab_core::instrument::similar_order;
use lab_core::number::{count, percent};
use lab_core::table::Table;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What the cells say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    #[default]
    Counts,
    /// Share of the actual class.
    OfActual,
    /// Share of what was taken for the predicted class.
    OfPredicted,
    /// Share of the actual class in this arm less that in the first one.
    Difference,
}

impl Unit {
    /// What the cells say, in words.
    pub fn title(self) -> &'static str {
        match self {
            Self::Counts => "images",
            Self::OfActual => "% of the actual class",
            Self::OfPredicted => "% of what is taken for the predicted class",
            Self::Difference => "% of the actual class, less that of the first arm",
        }
    }
}

/// The order of the classes: as in the data, or by how often all arms take them for each other.
pub fn order(similar: bool, matrices: &[Matrix]) -> Vec<usize> {
    let classes = matrices.first().map_or(0, |matrix| matrix.classes.len());
    if !similar {
        return (0..classes).collect();
    }
    let mut sum = vec![0; classes * classes];
    for matrix in matrices {
        sum.iter_mut().zip(matrix.cells).for_each(|(sum, cell)| *sum += cell);
    }
    similar_order(&sum, classes)
}

/// A matrix as rows of shares and what its cells say.
pub struct Matrix<'a> {
    pub arm: usize,
    pub name: &'a str,
    /// The names of the classes.
    pub classes: &'a [String],
    cells: &'a [u32],
    rows: Vec<u32>,
    columns: Vec<u32>,
}

impl<'a> Matrix<'a> {
    /// Of cells row by row; `None` where they are no matrix of these classes.
    pub fn new(arm: usize, name: &'a str, classes: &'a [String], cells: &'a [u32]) -> Option<Self> {
        let n = classes.len();
        if n == 0 || cells.len() != n * n {
            return None;
        }
        let rows = cells.chunks(n).map(|row| row.iter().sum()).collect();
        let columns = (0..n).map(|column| cells.iter().skip(column).step_by(n).sum()).collect();
        Some(Self { arm, name, classes, cells, rows, columns })
    }

    /// Images of an actual class (row) that are taken for another (column).
    pub fn cell(&self, row: usize, column: usize) -> u32 {
        self.cells[row * self.classes.len() + column]
    }

    /// The same as a share.
    pub fn share(&self, row: usize, column: usize, unit: Unit) -> f64 {
        let whole = if unit == Unit::OfPredicted { self.columns[column] } else { self.rows[row] };
        if whole == 0 { 0.0 } else { f64::from(self.cell(row, column)) / f64::from(whole) }
    }

    /// This arm's share of the actual class less another's.
    pub fn difference(&self, other: &Matrix, row: usize, column: usize) -> f64 {
        self.share(row, column, Unit::OfActual) - other.share(row, column, Unit::OfActual)
    }

    pub fn size(&self) -> usize {
        self.classes.len()
    }

    /// What stands out, in a sentence: the worst confusion, or where this arm differs most from the first one.
    pub fn summary(&self, first: &Matrix, unit: Unit) -> String {
        let n = self.size();
        let correct: u32 = (0..n).map(|class| self.cell(class, class)).sum();
        let total: u32 = self.rows.iter().sum();
        let text = format!("{}: {} of {} correct", self.name, count(correct.into()), count(total.into()));
        let cells = (0..n * n).map(|index| (index / n, index % n));
        let largest = |weigh: &dyn Fn(usize, usize) -> f64, cells: &mut dyn Iterator<Item = (usize, usize)>| {
            let weighed = cells.map(|(row, column)| (row, column, weigh(row, column)));
            weighed.reduce(|best, next| if next.2 > best.2 { next } else { best }).filter(|best| best.2 > 0.0)
        };
        let mut off = cells.clone().filter(|(row, column)| row != column);
        let class = |class: usize| self.classes[class].as_str();
        let told = match unit {
            Unit::Counts => {
                largest(&|row, column| f64::from(self.cell(row, column)), &mut off).map(|(row, column, _)| {
                    let many = count(self.cell(row, column).into());
                    format!("most often {} taken for {} ({many})", class(row), class(column))
                })
            }
            Unit::OfActual => {
                largest(&|row, column| self.share(row, column, unit), &mut off).map(|(row, column, share)| {
                    format!("of a class most often {} taken for {} ({})", class(row), class(column), percent(share))
                })
            }
            Unit::OfPredicted => {
                largest(&|row, column| self.share(row, column, unit), &mut off).map(|(row, column, share)| {
                    format!("of what is taken for {} most often {} ({})", class(column), class(row), percent(share))
                })
            }
            Unit::Difference => {
                let apart = |row: usize, column: usize| self.difference(first, row, column).abs();
                largest(&apart, &mut cells.clone()).map(|(row, column, _)| {
                    let points = 100.0 * self.difference(first, row, column);
                    let more = if points > 0.0 { "more" } else { "less" };
                    let right = format!("{} right", class(row));
                    let cell =
                        if row == column { right } else { format!("{} taken for {}", class(row), class(column)) };
                    format!("furthest from {}: {cell}, {:.1} points {more}", first.name, points.abs())
                })
            }
        };
        told.map_or(text.clone(), |told| format!("{text}; {told}"))
    }
}

/// Every cell of every arm.
pub fn table(matrices: &[Matrix]) -> Table {
    let cells = || {
        let of = |matrix| {
            let n = Matrix::size(matrix);
            (0..n * n).map(move |index| (matrix, index / n, index % n))
        };
        matrices.iter().flat_map(of)
    };
    let words = |text: &str| Arc::<str>::from(text);
    let share = |unit| cells().map(move |(matrix, row, column)| matrix.share(row, column, unit));
    let mut table = Table::default()
        .words("arm", cells().map(|(matrix, ..)| words(matrix.name)))
        .words("actual", cells().map(|(matrix, row, _)| words(&matrix.classes[row])))
        .words("predicted", cells().map(|(matrix, _, column)| words(&matrix.classes[column])))
        .numbers("images", cells().map(|(matrix, row, column)| f64::from(matrix.cell(row, column))))
        .numbers("share of actual", share(Unit::OfActual))
        .numbers("share of predicted", share(Unit::OfPredicted));
    if let [first, _, ..] = matrices {
        let less = cells().map(|(matrix, row, column)| matrix.difference(first, row, column));
        table = table.numbers(&format!("share of actual less that of {}", first.name), less);
    }
    table
}
