//! The sizes of the pictures of a data set, and the one that they are brought to where nobody names one.

/// The longest side that is chosen: what networks for photographs expect.
const LARGEST: usize = 224;

/// Sides are multiples of this many pixels, which halves evenly three times.
const STEP: usize = 8;

/// Width and height of some pictures of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Of the picture with the fewest pixels.
    pub smallest: (usize, usize),
    /// Of the one in the middle.
    pub median: (usize, usize),
    /// Of the one with the most pixels.
    pub largest: (usize, usize),
    /// The median of the shorter sides.
    shorter: usize,
}

impl Sizes {
    /// Of these pictures; `None` without any.
    pub(super) fn of(mut sizes: Vec<(usize, usize)>) -> Option<Self> {
        sizes.sort_by_key(|&(width, height)| (width * height, width));
        let mut shorter: Vec<usize> = sizes.iter().map(|&(width, height)| width.min(height)).collect();
        shorter.sort_unstable();
        Some(Self {
            smallest: *sizes.first()?,
            median: sizes[sizes.len() / 2],
            largest: *sizes.last()?,
            shorter: shorter[shorter.len() / 2],
        })
    }

    /// Whether all pictures have the same size.
    #[must_use]
    pub fn are_equal(&self) -> bool {
        self.smallest == self.largest
    }

    /// In a sentence without its end.
    #[must_use]
    pub fn in_words(&self) -> String {
        let shown = |(width, height): (usize, usize)| format!("{width}×{height}");
        if self.are_equal() {
            return format!("all pictures have {} pixels", shown(self.median));
        }
        let (smallest, largest) = (shown(self.smallest), shown(self.largest));
        format!("pictures have {smallest} to {largest} pixels, the median {}", shown(self.median))
    }

    /// The side of the squares that pictures of these sizes are brought to: the median of their shorter sides, but no
    /// more than networks expect.
    pub(super) fn side(&self, usual: Option<usize>) -> usize {
        let rounded = if self.shorter < STEP { self.shorter } else { (self.shorter + STEP / 2) / STEP * STEP };
        rounded.min(usual.unwrap_or(LARGEST))
    }
}
