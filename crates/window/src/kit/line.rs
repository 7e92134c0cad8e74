//! Lines before they are drawn: only what lies within a plot, in pieces where they are dashed. A noisy line is dashed by
//! how far it comes to the right, not along its way, which may be a hundred times as long as the plot is wide.

use egui_plot::MarkerShape;
use serde::{Deserialize, Serialize};

/// How a line is broken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Dash {
    #[default]
    Solid,
    Long,
    /// Dash and dot in turn.
    Mixed,
    Dotted,
    /// The short dashes of what is measured in validation, along the line's way.
    Validation,
}

impl Dash {
    /// Those that tell runs apart, in the order in which they are given out, with their names.
    pub const OF_RUNS: [(Self, &'static str); 4] =
        [(Self::Solid, "Solid"), (Self::Long, "Dashed"), (Self::Mixed, "Dash and dot"), (Self::Dotted, "Dotted")];

    /// Lengths of pieces and gaps in turn, in points.
    fn lengths(self) -> &'static [f64] {
        match self {
            Self::Solid => &[],
            Self::Long => &[14.0, 6.0],
            Self::Mixed => &[14.0, 4.0, 3.0, 4.0],
            Self::Dotted => &[3.0, 4.0],
            Self::Validation => &[6.0, 5.0],
        }
    }

    /// The mark that belongs to it.
    #[must_use]
    pub fn marker(self) -> MarkerShape {
        match self {
            Self::Solid | Self::Validation => MarkerShape::Circle,
            Self::Long => MarkerShape::Square,
            Self::Mixed => MarkerShape::Plus,
            Self::Dotted => MarkerShape::Cross,
        }
    }
}

/// A part of the plane, and on how many points it is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Viewport {
    /// From left to right.
    pub x: [f64; 2],
    /// From the bottom to the top.
    pub y: [f64; 2],
    /// Width and height in points.
    pub size: [f64; 2],
}

impl Viewport {
    /// Points of the screen in one of the plane, across and down.
    fn scale(&self) -> [f64; 2] {
        [self.size[0] / (self.x[1] - self.x[0]).max(1e-300), self.size[1] / (self.y[1] - self.y[0]).max(1e-300)]
    }
}

/// The parts of a line that lie within a view and a little around it, so that no end of a part is seen.
#[must_use]
pub fn clipped(points: &[[f64; 2]], view: &Viewport) -> Vec<Vec<[f64; 2]>> {
    let around = |[low, high]: [f64; 2]| [low - 0.02 * (high - low), high + 0.02 * (high - low)];
    let sides = [around(view.x), around(view.y)];
    let mut parts: Vec<Vec<[f64; 2]>> = Vec::new();
    let mut joined = false;
    for pair in points.windows(2) {
        let Some([enter, leave]) = crossing([pair[0], pair[1]], sides) else {
            joined = false;
            continue;
        };
        let at = |share: f64| [0, 1].map(|of| pair[0][of] + share * (pair[1][of] - pair[0][of]));
        if !joined || enter > 0.0 {
            parts.push(vec![if enter > 0.0 { at(enter) } else { pair[0] }]);
        }
        if let Some(part) = parts.last_mut() {
            part.push(if leave < 1.0 { at(leave) } else { pair[1] });
        }
        joined = leave >= 1.0;
    }
    parts
}

/// At which shares of its way a straight line enters and leaves a rectangle (Liang and Barsky 1984).
fn crossing([from, to]: [[f64; 2]; 2], sides: [[f64; 2]; 2]) -> Option<[f64; 2]> {
    let (mut enter, mut leave) = (0.0f64, 1.0f64);
    for of in 0..2 {
        let (way, [low, high]) = (to[of] - from[of], sides[of]);
        if way == 0.0 {
            if from[of] < low || from[of] > high {
                return None;
            }
            continue;
        }
        let (a, b) = ((low - from[of]) / way, (high - from[of]) / way);
        enter = enter.max(a.min(b));
        leave = leave.min(a.max(b));
    }
    (enter <= leave).then_some([enter, leave])
}

/// Lines one after another, without a list for each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pieces {
    points: Vec<[f64; 2]>,
    /// Where each piece ends among the points.
    ends: Vec<usize>,
}

impl Pieces {
    /// Each of them, two points at least.
    pub fn iter(&self) -> impl Iterator<Item = &[[f64; 2]]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.points[start..*end])
    }

    fn end(&mut self) {
        let start = self.ends.last().copied().unwrap_or(0);
        if self.points.len() > start + 1 {
            self.ends.push(self.points.len());
        } else {
            self.points.truncate(start);
        }
    }

    /// Adds the pieces of a line that runs to the right, as it is dashed.
    pub fn dash(&mut self, points: &[[f64; 2]], view: &Viewport, dash: Dash) {
        let lengths = dash.lengths();
        let (Some(first), Some(last)) = (points.first(), points.last()) else { return };
        if lengths.is_empty() {
            self.points.extend_from_slice(points);
            return self.end();
        }
        let scale = view.scale();
        let across = |from: [f64; 2], to: [f64; 2]| (to[0] - from[0]).abs() * scale[0];
        let along = |from: [f64; 2], to: [f64; 2]| across(from, to).hypot((to[1] - from[1]) * scale[1]);
        let way: f64 = points.windows(2).map(|pair| along(pair[0], pair[1])).sum();
        let noisy = way > 3.0 * across(*first, *last) + view.size[1];
        let period: f64 = lengths.iter().sum();
        // Dashes stay where they are while a line grows at its end.
        let mut place = if noisy { (first[0] * scale[0]).rem_euclid(period) } else { 0.0 };
        let mut of = 0;
        while place >= lengths[of] {
            place -= lengths[of];
            of = (of + 1) % lengths.len();
        }
        let mut left = lengths[of] - place;
        if of % 2 == 0 {
            self.points.push(*first);
        }
        for pair in points.windows(2) {
            let length = if noisy { across(pair[0], pair[1]) } else { along(pair[0], pair[1]) };
            let mut done = 0.0;
            while length - done > left {
                done += left;
                let share = done / length;
                self.points.push([0, 1].map(|of| pair[0][of] + share * (pair[1][of] - pair[0][of])));
                if of % 2 == 0 {
                    self.end();
                }
                of = (of + 1) % lengths.len();
                left = lengths[of];
            }
            left -= length - done;
            if of % 2 == 0 {
                self.points.push(pair[1]);
            }
        }
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIEW: Viewport = Viewport { x: [0.0, 100.0], y: [0.0, 10.0], size: [500.0, 300.0] };

    #[test]
    fn what_leaves_the_view_is_cut_at_its_edge() {
        let parts = clipped(&[[0.0, 5.0], [50.0, 5.0], [51.0, 4e9], [52.0, 5.0], [100.0, 5.0]], &VIEW);
        assert_eq!(parts.len(), 2, "{parts:?}");
        assert!(parts.iter().flatten().all(|point| point[1] <= 10.2 + 1e-6), "{parts:?}");
        assert!(clipped(&[[0.0, 20.0], [100.0, 30.0]], &VIEW).is_empty());
        assert_eq!(clipped(&[[0.0, 1.0], [9.0, 2.0], [20.0, 3.0]], &VIEW), [[[0.0, 1.0], [9.0, 2.0], [20.0, 3.0]]]);
    }

    #[test]
    fn dashes_have_their_lengths_and_a_noisy_line_has_no_more_of_them() {
        let dashed = |points: &[[f64; 2]], dash| {
            let mut pieces = Pieces::default();
            pieces.dash(points, &VIEW, dash);
            pieces.iter().map(<[_]>::to_vec).collect::<Vec<_>>()
        };
        let pieces = dashed(&[[0.0, 5.0], [100.0, 5.0]], Dash::Long);
        assert_eq!(pieces.len(), 25, "every 20 of 500 points");
        assert!((pieces[3][0][0] - 12.0).abs() < 1e-9 && (pieces[3][1][0] - 14.8).abs() < 1e-9, "{:?}", pieces[3]);
        let noisy: Vec<[f64; 2]> = (0..=1000).map(|i| [0.1 * f64::from(i), f64::from(i % 2) * 10.0]).collect();
        let pieces = dashed(&noisy, Dash::Validation);
        assert!(pieces.len() < 50, "{} pieces", pieces.len());
        assert_eq!(dashed(&noisy, Dash::Solid), [noisy]);
    }
}
