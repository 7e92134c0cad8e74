//! An axis of a study as it is drawn: the places of its values, and their colours. Knows nothing of widgets.

use super::view::{Judged, SpreadBand};
use crate::kit::chart::AxisScale;
use crate::kit::theme::{Tokens, viridis};
use crate::laboratory::Looked;
use eframe::egui::Color32;
use lab_core::number;
use lab_core::statistics::Sample;
use lab_core::study::PointResult;

/// How many times the least value the greatest must be for an axis of numbers to be drawn by ratios.
const WIDE: f64 = 10.0;

/// An axis with its values.
pub struct DrawnAxis {
    pub label: String,
    /// Each value once: numbers from the least to the greatest, words as they come.
    pub values: Vec<String>,
    is_number: bool,
    is_log: bool,
}

impl DrawnAxis {
    /// The axis in this place.
    pub fn of(looked: &Looked, axis: usize) -> Self {
        let mut values: Vec<String> = Vec::new();
        for value in looked.results.points.iter().filter_map(|point| point.values.get(axis)) {
            if !values.contains(value) {
                values.push(value.clone());
            }
        }
        let numbers: Option<Vec<f64>> = values.iter().map(|value| value.parse().ok()).collect();
        let is_number = numbers.is_some() && !values.is_empty();
        if is_number {
            values.sort_by(|a, b| parsed(a).total_cmp(&parsed(b)));
        }
        let ends = [values.first(), values.last()].map(|value| value.map_or(0.0, |value| parsed(value)));
        let is_log = is_number && ends[0] > 0.0 && ends[1] >= WIDE * ends[0];
        Self { label: looked.labels.get(axis).cloned().unwrap_or_default(), values, is_number, is_log }
    }

    /// All axes of a study.
    pub fn all(looked: &Looked) -> Vec<Self> {
        (0..looked.labels.len()).map(|axis| Self::of(looked, axis)).collect()
    }

    /// Where a value lies: the number that it is, or its place among words.
    pub fn place(&self, value: &str) -> f64 {
        if self.is_number {
            return parsed(value);
        }
        self.values.iter().position(|known| known == value).map_or(f64::NAN, |place| place as f64)
    }

    /// Where a value lies between the first, 0, and the last, 1.
    #[allow(clippy::cast_possible_truncation, reason = "a share")]
    pub fn share(&self, value: &str) -> f32 {
        let drawn = |value: &str| if self.is_log { self.place(value).ln() } else { self.place(value) };
        let (Some(first), Some(last)) = (self.values.first(), self.values.last()) else { return 0.5 };
        let (low, high) = (drawn(first), drawn(last));
        if high > low { ((drawn(value) - low) / (high - low)) as f32 } else { 0.5 }
    }

    /// A value's colour: along a scale for numbers, one of a few for words.
    pub fn color(&self, tokens: &Tokens, value: &str) -> Color32 {
        if self.is_number {
            return along(tokens, self.share(value));
        }
        let place = self.values.iter().position(|known| known == value).unwrap_or(0);
        tokens.palette(u8::try_from(place).unwrap_or(u8::MAX))
    }

    /// How it is drawn across a plot.
    pub fn scale(&self) -> AxisScale {
        if self.is_log { AxisScale::Log } else { AxisScale::Linear }
    }

    /// What stands below a plot's marks, where values are no numbers.
    pub fn names(&self) -> &[String] {
        if self.is_number { &[] } else { &self.values }
    }
}

fn parsed(value: &str) -> f64 {
    value.parse().unwrap_or(f64::NAN)
}

/// A colour between the ends of a scale that can be seen on both grounds.
pub fn along(tokens: &Tokens, share: f32) -> Color32 {
    // The ends of the map are as dark and as light as the grounds.
    viridis(if tokens.dark { 0.25 + 0.75 * share } else { 0.85 * share })
}

/// What is judged of a setting.
pub fn judged(point: &PointResult, what: Judged) -> Option<Sample> {
    match what {
        Judged::Objective => point.objective,
        Judged::Network(arm) => point.arms.get(arm)?.validation_accuracy,
    }
}

/// Whether that is a share.
pub fn is_share(looked: &Looked, what: Judged) -> bool {
    what != Judged::Objective || looked.results.is_share()
}

/// Whether more of it is better.
pub fn is_more_better(looked: &Looked, what: Judged) -> bool {
    what != Judged::Objective || looked.results.is_more_better()
}

/// What it is called.
pub fn judged_name(looked: &Looked, what: Judged) -> String {
    match what {
        Judged::Objective => looked.results.objective().to_owned(),
        Judged::Network(arm) => {
            format!("{} validation accuracy", looked.arms.get(arm).map_or("", String::as_str))
        }
    }
}

/// A value of it in words.
pub fn in_words(looked: &Looked, what: Judged, value: f64) -> String {
    if !value.is_finite() {
        return number::or_dash(None);
    }
    if is_share(looked, what) { number::percent(value) } else { number::short(value) }
}

/// The settings that have come to something, with it.
pub fn known(looked: &Looked, what: Judged) -> impl Iterator<Item = (&PointResult, f64)> {
    looked.results.points.iter().filter_map(move |point| Some((point, judged(point, what)?.mean)))
}

/// Where a value lies between the least and the greatest of all settings, from 0 for the worst to 1 for the best.
#[allow(clippy::cast_possible_truncation, reason = "a share")]
pub fn goodness(looked: &Looked, what: Judged) -> impl Fn(f64) -> f32 + use<> {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for (_, value) in known(looked, what) {
        (low, high) = (low.min(value), high.max(value));
    }
    let more = is_more_better(looked, what);
    move |value| {
        let share = if high > low { (value - low) / (high - low) } else { 0.5 };
        (if more { share } else { 1.0 - share }) as f32
    }
}

/// Mean, lower and upper edge of some values; the mean alone of one, and where no band is drawn.
pub fn banded(values: &[f64], band: SpreadBand) -> Option<[f64; 3]> {
    let sample = Sample::of(values.iter().copied())?;
    let edges = match band {
        SpreadBand::Deviation => [sample.mean - sample.sd, sample.mean + sample.sd],
        SpreadBand::Interval => sample.interval(0.95).unwrap_or([sample.mean; 2]),
        SpreadBand::All => [sample.mean; 2],
    };
    Some([sample.mean, edges[0], edges[1]])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dimension(values: &[&str]) -> DrawnAxis {
        use lab_core::study::Results;
        let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        let point = |value: String| PointResult {
            point: 0,
            values: vec![value],
            objective: None,
            arms: Vec::new(),
            remark: String::new(),
        };
        let mut results = Results::default();
        results.points = values.into_iter().map(point).collect();
        let looked = Looked { labels: vec!["axis".to_owned()], results, ..Looked::default() };
        DrawnAxis::of(&looked, 0)
    }

    #[test]
    fn numbers_are_sorted_and_drawn_by_ratios_where_they_reach_far() {
        let rates = dimension(&["0.1", "0.001", "0.01", "0.1"]);
        assert_eq!((rates.values.join(" "), rates.scale()), ("0.001 0.01 0.1".to_owned(), AxisScale::Log));
        assert!((rates.share("0.01") - 0.5).abs() < 1e-6);
        let depths = dimension(&["8", "20", "56"]);
        assert_eq!((depths.scale(), depths.share("56")), (AxisScale::Linear, 1.0));
        let words = dimension(&["none", "a", "none", "b"]);
        assert_eq!((words.names().join(" "), words.place("b")), ("none a b".to_owned(), 2.0));
    }

    #[test]
    fn bands_are_what_they_are_called() {
        let values = [1.0, 2.0, 3.0];
        assert_eq!(banded(&values, SpreadBand::Deviation), Some([2.0, 1.0, 3.0]));
        let [mean, low, high] = banded(&values, SpreadBand::Interval).unwrap();
        assert!(mean == 2.0 && (high - 4.484).abs() < 1e-3 && (low + 0.484).abs() < 1e-3, "{low} {high}");
        assert_eq!(banded(&[2.0], SpreadBand::Interval), Some([2.0; 3]));
        assert_eq!(banded(&[f64::NAN], SpreadBand::All), None);
    }
}
