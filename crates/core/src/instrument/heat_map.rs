//! Numbers on a grid, and the colours that they are shown in.

use crate::table::Table;
use serde::{Deserialize, Serialize};

/// Numbers on a grid: a heat map, a feature map, a filter.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HeatMap {
    pub height: usize,
    pub width: usize,
    /// Row by row, not scaled.
    pub values: Vec<f32>,
}

impl HeatMap {
    /// The least and the largest finite value; 0 and 0 where there is none.
    #[must_use]
    pub fn range(&self) -> [f32; 2] {
        let finite = || self.values.iter().copied().filter(|value| value.is_finite());
        let low = finite().fold(f32::INFINITY, f32::min);
        if low.is_finite() { [low, finite().fold(f32::NEG_INFINITY, f32::max)] } else { [0.0, 0.0] }
    }

    /// Each value's place between two ends, from 0 to 1; everything is 0 where they are the same.
    #[must_use]
    pub fn shares(&self, [low, high]: [f32; 2]) -> Vec<f32> {
        let width = if high > low { high - low } else { f32::INFINITY };
        self.values.iter().map(|value| ((value - low) / width).clamp(0.0, 1.0)).collect()
    }

    /// A table of the values, a row for each row of pixels.
    pub(super) fn table(&self, name: &str) -> Table {
        let column = |column: usize| self.values.iter().skip(column).step_by(self.width).map(|&value| value.into());
        (0..self.width).fold(Table::new(name), |table, at| table.numbers(&at.to_string(), column(at)))
    }
}

/// The viridis map (Smith and van der Walt 2015) as red, green, blue, from 0 to 1; anything else is clamped.
#[must_use]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "colours")]
pub fn viridis(share: f32) -> [u8; 3] {
    const STOPS: [[u8; 3]; 9] = [
        [68, 1, 84],
        [71, 44, 122],
        [59, 81, 139],
        [44, 113, 142],
        [33, 144, 141],
        [39, 173, 129],
        [92, 200, 99],
        [170, 220, 50],
        [253, 231, 37],
    ];
    let at = if share.is_finite() { share.clamp(0.0, 1.0) * 8.0 } else { 0.0 };
    let below = (at.floor() as usize).min(7);
    let rest = at - below as f32;
    let blend = |k: usize| f32::from(STOPS[below][k]) * (1.0 - rest) + f32::from(STOPS[below + 1][k]) * rest;
    [0, 1, 2].map(|k| blend(k).round() as u8)
}
