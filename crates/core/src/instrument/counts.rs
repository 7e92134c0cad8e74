//! How many images of each class are taken for each other one. Only pairs of classes that occur are kept: of ten thousand
//! classes, nearly all of the hundred million pairs have no image.

use serde::Serialize;

/// Images by actual and predicted class.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Confusion {
    classes: usize,
    /// In the order of actual classes, then of predicted ones; none is without an image.
    cells: Vec<Cell>,
}

/// A pair of classes that images are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Cell {
    pub actual: usize,
    /// What they are taken for.
    pub predicted: usize,
    /// How many they are.
    pub images: u32,
}

impl Confusion {
    /// Of what images are and what they are taken for, class by class. Both are below `classes`; images of others do not
    /// count.
    #[must_use]
    pub fn of(truth: &[u16], predicted: &[u16], classes: usize) -> Self {
        let pairs = truth.iter().zip(predicted).map(|(&actual, &predicted)| (actual.into(), predicted.into()));
        let mut pairs: Vec<(usize, usize)> =
            pairs.filter(|(actual, predicted)| *actual < classes && *predicted < classes).collect();
        pairs.sort_unstable();
        let count = |same: &[(usize, usize)]| Cell {
            actual: same[0].0,
            predicted: same[0].1,
            images: u32::try_from(same.len()).unwrap_or(u32::MAX),
        };
        Self { classes, cells: pairs.chunk_by(PartialEq::eq).map(count).collect() }
    }

    /// Of a matrix, row by row: actual classes down, predicted ones across. An incomplete last row is as if it had ended
    /// with zeros; what follows the last row does not count.
    #[must_use]
    pub fn of_matrix(matrix: &[u32], classes: usize) -> Self {
        let cell =
            |(index, &images): (usize, &u32)| Cell { actual: index / classes, predicted: index % classes, images };
        let cells = matrix.iter().enumerate().take(classes * classes);
        let cells = cells.filter(|(_, images)| **images > 0).map(cell).collect();
        Self { classes, cells }
    }

    /// How many classes there are.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The pairs of classes that images are of, in the order of actual classes, then of predicted ones.
    #[must_use]
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// Images of an actual class that are taken for another one.
    #[must_use]
    pub fn images(&self, actual: usize, predicted: usize) -> u32 {
        let found = self.cells.binary_search_by_key(&(actual, predicted), |cell| (cell.actual, cell.predicted));
        found.map_or(0, |place| self.cells[place].images)
    }

    /// Images of each actual class.
    #[must_use]
    pub fn actual(&self) -> Vec<u32> {
        self.sums(|cell| cell.actual)
    }

    /// Images that are taken for each class.
    #[must_use]
    pub fn predicted(&self) -> Vec<u32> {
        self.sums(|cell| cell.predicted)
    }

    /// Images whose class is found.
    #[must_use]
    pub fn right(&self) -> u32 {
        self.cells.iter().filter(|cell| cell.actual == cell.predicted).map(|cell| cell.images).sum()
    }

    fn sums(&self, of: impl Fn(&Cell) -> usize) -> Vec<u32> {
        let mut sums = vec![0; self.classes];
        self.cells.iter().for_each(|cell| sums[of(cell)] += cell.images);
        sums
    }

    /// All of it, row by row; only for few classes.
    #[must_use]
    pub fn rows(&self) -> Vec<Vec<u32>> {
        let mut rows = vec![vec![0; self.classes]; self.classes];
        self.cells.iter().for_each(|cell| rows[cell.actual][cell.predicted] = cell.images);
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_counted_and_nothing_else_takes_room() {
        let counted = Confusion::of(&[0, 2, 0, 1, 9], &[1, 2, 1, 0, 0], 3);
        assert_eq!(counted, Confusion::of_matrix(&[0, 2, 0, 1, 0, 0, 0, 0, 1], 3));
        assert_eq!((counted.actual(), counted.predicted(), counted.right()), (vec![2, 1, 1], vec![1, 2, 1], 1));
        assert_eq!((counted.images(0, 1), counted.images(1, 1)), (2, 0));
        assert_eq!(counted.rows(), [[0, 2, 0], [1, 0, 0], [0, 0, 1]]);
        let many: Vec<u16> = (0..10_000).collect();
        assert_eq!(Confusion::of(&many, &many, 10_000).cells().len(), 10_000);
    }
}
