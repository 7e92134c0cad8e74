//! A confusion matrix as numbers: counts, shares, the order of its classes, and all of it as a table. Knows nothing of how
//! it is drawn.

use lab_core::instrument::{Confusion, WHOLE, similar_order};
use lab_core::number::{count, percent, plural};
use lab_core::table::Table;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What the cells say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum CellUnit {
    #[default]
    Counts,
    /// Share of the actual class.
    OfActual,
    /// Share of what was taken for the predicted class.
    OfPredicted,
    /// Share of the actual class in this arm less that in the first one.
    Difference,
}

impl CellUnit {
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
    if similar {
        similar_order(&matrices.iter().map(|matrix| matrix.counts).collect::<Vec<_>>())
    } else {
        (0..matrices.first().map_or(0, Matrix::size)).collect()
    }
}

/// A matrix as rows of shares and what its cells say.
pub struct Matrix<'a> {
    pub arm: usize,
    pub name: &'a str,
    /// The names of the classes.
    pub classes: &'a [String],
    counts: &'a Confusion,
    rows: Vec<u32>,
    columns: Vec<u32>,
}

impl<'a> Matrix<'a> {
    /// Of these counts; `None` where they are not of these classes.
    pub fn new(arm: usize, name: &'a str, classes: &'a [String], counts: &'a Confusion) -> Option<Self> {
        let fits = !classes.is_empty() && counts.classes() == classes.len();
        fits.then(|| Self { arm, name, classes, counts, rows: counts.actual(), columns: counts.predicted() })
    }

    /// Images of an actual class (row) that are taken for another (column).
    pub fn cell(&self, row: usize, column: usize) -> u32 {
        self.counts.images(row, column)
    }

    /// The cells that are not empty here or, where the two are compared, in another matrix.
    pub fn cells(&self, other: &Matrix, unit: CellUnit) -> Vec<(usize, usize)> {
        let of = |matrix: &Matrix| matrix.counts.cells().iter().map(|cell| (cell.actual, cell.predicted)).collect();
        let mut cells: Vec<(usize, usize)> = of(self);
        if unit == CellUnit::Difference {
            cells.extend::<Vec<_>>(of(other));
            cells.sort_unstable();
            cells.dedup();
        }
        cells
    }

    /// The same as a share.
    pub fn share(&self, row: usize, column: usize, unit: CellUnit) -> f64 {
        let whole = if unit == CellUnit::OfPredicted { self.columns[column] } else { self.rows[row] };
        if whole == 0 { 0.0 } else { f64::from(self.cell(row, column)) / f64::from(whole) }
    }

    /// This arm's share of the actual class less another's.
    pub fn difference(&self, other: &Matrix, row: usize, column: usize) -> f64 {
        self.share(row, column, CellUnit::OfActual) - other.share(row, column, CellUnit::OfActual)
    }

    pub fn size(&self) -> usize {
        self.classes.len()
    }

    /// What stands out, in a sentence: the worst confusion, or where this arm differs most from the first one. Where several
    /// are as bad, none of them is named as if it were alone.
    pub fn summary(&self, first: &Matrix, unit: CellUnit) -> String {
        let total: u32 = self.rows.iter().sum();
        let right = count(self.counts.right().into());
        let text = format!("{}: {right} of {} correct", self.name, count(total.into()));
        let weigh = |row: usize, column: usize| match unit {
            CellUnit::Counts => f64::from(self.cell(row, column)),
            CellUnit::Difference => self.difference(first, row, column).abs(),
            CellUnit::OfActual | CellUnit::OfPredicted => self.share(row, column, unit),
        };
        let mut cells = self.cells(first, unit);
        cells.retain(|(row, column)| row != column || unit == CellUnit::Difference);
        let most = cells.iter().map(|(row, column)| weigh(*row, *column)).fold(0.0, f64::max);
        cells.retain(|(row, column)| weigh(*row, *column).total_cmp(&most).is_eq());
        let Some(&(row, column)) = cells.first().filter(|_| most > 0.0) else { return text };
        let class = |class: usize| self.classes[class].as_str();
        let (actual, predicted, others) = (class(row), class(column), cells.len() as u64 - 1);
        // All that are as bad are taken for the same class.
        let alike = others > 0 && cells.iter().all(|cell| cell.1 == column);
        let many = count(others + 1);
        let others = if others > 0 { format!(", as in {}", plural(others, "other pair")) } else { String::new() };
        let worst = match unit {
            CellUnit::Counts => {
                let images = count(self.cell(row, column).into());
                if alike {
                    format!("most often {many} classes taken for {predicted} ({images} each)")
                } else {
                    format!("most often {actual} taken for {predicted} ({images}){others}")
                }
            }
            CellUnit::OfActual if alike => {
                format!("most often {many} classes taken for {predicted} ({} of each)", percent(most))
            }
            CellUnit::OfActual => {
                format!("of a class most often {actual} taken for {predicted} ({}){others}", percent(most))
            }
            CellUnit::OfPredicted if alike => {
                format!("of what is taken for {predicted} most often {many} classes ({} each)", percent(most))
            }
            CellUnit::OfPredicted => {
                format!("of what is taken for {predicted} most often {actual} ({}){others}", percent(most))
            }
            CellUnit::Difference => {
                let points = 100.0 * self.difference(first, row, column);
                let more = if points > 0.0 { "more" } else { "less" };
                let right = format!("{actual} right");
                let cell = if row == column { right } else { format!("{actual} taken for {predicted}") };
                format!("furthest from {}: {cell}, {:.1} points {more}", first.name, points.abs())
            }
        };
        format!("{text}; {worst}")
    }
}

/// A cell of an arm's matrix.
struct MatrixCell<'a> {
    matrix: &'a Matrix<'a>,
    /// The actual class.
    row: usize,
    /// The predicted one.
    column: usize,
}

/// Every cell of every arm; of more than a thousand classes, those that are not empty.
pub fn table(matrices: &[Matrix]) -> Table {
    let of = |matrix: &Matrix| -> Vec<(usize, usize)> {
        let n = matrix.size();
        if n > WHOLE {
            matrices.first().map_or_else(Vec::new, |first| matrix.cells(first, CellUnit::Difference))
        } else {
            (0..n * n).map(|index| (index / n, index % n)).collect()
        }
    };
    let all: Vec<Vec<(usize, usize)>> = matrices.iter().map(of).collect();
    let cells = || {
        let pairs = matrices.iter().zip(&all);
        pairs.flat_map(|(matrix, cells)| cells.iter().map(move |&(row, column)| MatrixCell { matrix, row, column }))
    };
    let words = |text: &str| Arc::<str>::from(text);
    let share = |unit| cells().map(move |cell| cell.matrix.share(cell.row, cell.column, unit));
    let mut table = Table::default()
        .words("arm", cells().map(|cell| words(cell.matrix.name)))
        .words("actual", cells().map(|cell| words(&cell.matrix.classes[cell.row])))
        .words("predicted", cells().map(|cell| words(&cell.matrix.classes[cell.column])))
        .numbers("images", cells().map(|cell| f64::from(cell.matrix.cell(cell.row, cell.column))))
        .numbers("share of actual", share(CellUnit::OfActual))
        .numbers("share of predicted", share(CellUnit::OfPredicted));
    if let [first, _, ..] = matrices {
        let less = cells().map(|cell| cell.matrix.difference(first, cell.row, cell.column));
        table = table.numbers(&format!("share of actual less that of {}", first.name), less);
    }
    table
}
