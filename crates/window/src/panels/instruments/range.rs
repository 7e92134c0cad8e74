//! From which to which loss planes are coloured, and what that shows in words. Far from the weights a loss can be thousands
//! of times what guessing costs; colours that reached so far would show nothing of what lies around the weights.

use lab_core::instrument::{HeatMap, Surface};
use lab_core::number::{percent, short};

/// How many times the loss of guessing is still told apart.
const LOST: f64 = 10.0;

/// The range that all planes share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LossRange {
    /// Decimal logarithms of the losses that are violet and yellow.
    pub ends: [f32; 2],
    /// The loss of guessing.
    guessing: f64,
    /// Whether some places cost more than what is yellow.
    is_cut: bool,
}

impl LossRange {
    /// Of planes of decimal logarithms, with this many classes.
    #[allow(clippy::cast_possible_truncation, reason = "values for colours")]
    pub fn of(planes: &[HeatMap], classes: usize, whole: bool) -> Self {
        let low = planes.iter().map(|plane| plane.range()[0]).fold(f32::INFINITY, f32::min);
        let high = planes.iter().map(|plane| plane.range()[1]).fold(f32::NEG_INFINITY, f32::max);
        let guessing = (classes.max(2) as f64).ln();
        let lost = (LOST * guessing).log10() as f32;
        // Nets that have learned nothing may lie above that everywhere.
        let is_cut = !whole && lost < high && low < guessing.log10() as f32;
        Self { ends: [low, if is_cut { lost } else { high }], guessing, is_cut }
    }

    /// What the colours mean.
    pub fn in_words(self, several: bool) -> String {
        let [low, high] = self.ends.map(|end| short(10f64.powf(f64::from(end))));
        let above = if self.is_cut { " and above, ten times the loss of guessing" } else { "" };
        let shared = if several { ", the same for all arms" } else { "" };
        format!(
            "Training loss, with batch norm's running statistics, from {low} (violet) to {high}{above} (yellow), log scale{shared}; the \
             weights are in the middle"
        )
    }

    /// What a plane shows.
    pub fn describe(self, plane: &Surface) -> String {
        let total = plane.loss.len();
        if plane.done < total {
            return format!("{} of {total} places computed", plane.done);
        }
        let middle = plane.loss.get(total / 2).copied().unwrap_or(f64::NAN);
        let most = plane.loss.iter().copied().filter(|loss| loss.is_finite()).fold(0.0, f64::max);
        let (better, guessing) = (percent(plane.below(self.guessing)), short(self.guessing));
        let (middle, most) = (short(middle), short(most));
        format!("{middle} in the middle; {better} of the places better than guessing ({guessing}); at most {most}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plane(losses: [f64; 3]) -> Surface {
        Surface { at: vec![-1.0, 0.0, 1.0], loss: losses.repeat(3), done: 9 }
    }

    #[test]
    fn a_huge_loss_far_away_does_not_hide_what_is_near() {
        let planes = [plane([302_792.0, 0.23, 4.0]), plane([9.0, 0.3, 1.0])];
        let maps: Vec<HeatMap> = planes.iter().map(Surface::map).collect();
        let range = LossRange::of(&maps, 10, false);
        let expected = "Training loss, with batch norm's running statistics, from 0.230 (violet) to 23.0 and above, ten times the loss of \
                        guessing (yellow), log scale, the same for all arms; the weights are in the middle";
        assert_eq!(range.in_words(true), expected);
        let described = "0.230 in the middle; 33.3 % of the places better than guessing (2.30); at most 302792";
        assert_eq!(range.describe(&planes[0]).replace(',', ""), described);
        let begun = Surface { done: 2, ..planes[0].clone() };
        assert_eq!(range.describe(&begun), "2 of 9 places computed", "nothing is said of what is not computed yet");
        let whole = LossRange::of(&maps, 10, true).in_words(false);
        assert!(whole.contains("from 0.230 (violet) to 3.03e5 (yellow)") || whole.contains("302"), "{whole}");
    }

    #[test]
    fn what_lies_close_together_is_coloured_to_its_end() {
        let maps = [plane([5.0, 0.5, 3.0]).map()];
        assert_eq!(LossRange::of(&maps, 10, false), LossRange::of(&maps, 10, true));
        let lost = [plane([500.0, 50.0, 90.0]).map()];
        assert_eq!(LossRange::of(&lost, 10, false), LossRange::of(&lost, 10, true));
    }
}
