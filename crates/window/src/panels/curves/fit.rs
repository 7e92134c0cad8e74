//! What part of the vertical axis shows the curves well: one spike, or an arm that has gone astray, must not press
//! everything else flat. What is left out is counted.

use super::figure::{ArmCurve, Figure, padded, warp};
use super::usual::{InView, Usual};
use crate::state::series::Extremes;

/// The part of the vertical axis that shows what is in view.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fitted {
    /// The part that shows the rest well, as drawn.
    pub range: [f64; 2],
    /// How many values lie too far below and above to be shown with the rest.
    pub beyond: [usize; 2],
    /// The part that shows every value, as drawn.
    pub whole: [f64; 2],
}

/// How many times the usual spread a value may be away from what is usual.
const REACH: f64 = 4.0;
/// The same on a logarithmic axis, at least, in decades.
const DECADES: f64 = 2.0;
/// How many times its own size another arm may be away from an arm, and an arm's first values from its later ones.
const ASTRAY: f64 = 100.0;

impl Fitted {
    /// Whether something is left out.
    #[must_use]
    pub fn leaves_out(&self) -> bool {
        self.beyond != [0; 2]
    }

    /// Where it lies.
    #[must_use]
    pub fn marks(&self) -> &'static str {
        match self.beyond {
            [0, _] => "▲",
            [_, 0] => "▼",
            _ => "▲▼",
        }
    }

    /// What is left out, in words.
    #[must_use]
    pub fn in_words(&self) -> String {
        use lab_core::number::plural;
        let [below, above] = self.beyond.map(|count| count as u64);
        match (above, below) {
            (0, below) => format!("{} below", plural(below, "value")),
            (above, 0) => format!("{} above", plural(above, "value")),
            (above, below) => format!("{} above, {below} below", plural(above, "value")),
        }
    }

    /// Fits what is in view of a figure.
    #[must_use]
    pub fn of(figure: &Figure) -> Self {
        let log = figure.log_y;
        let bounds = bounds(figure);
        let (mut shown, mut all, mut beyond) = (Extremes::NONE, Extremes::NONE, [0; 2]);
        for curve in &figure.curves {
            let Some(((_, column), InView { range, extremes, .. })) = curve.raw.zip(figure.seen(curve)) else {
                continue;
            };
            all.merge(extremes);
            if extremes.min >= bounds[0] && extremes.max <= bounds[1] {
                shown.merge(extremes);
            } else if extremes.is_some() {
                let sorted = column.sorted(range, bounds, usize::MAX);
                shown.merge(sorted.within);
                if curve.source.ghost {
                    continue;
                }
                beyond.iter_mut().zip(sorted.beyond).for_each(|(sum, part)| *sum += part);
            }
        }
        let trained = shown;
        let [first, last] = figure.common.span;
        let mut validated: Vec<f64> = Vec::new();
        for curve in figure.described() {
            let seen = figure.validations(curve);
            validated.extend(seen.iter().filter(|seen| (first..=last).contains(&seen.at[0])).map(|seen| seen.value));
        }
        // Early in training, batch norm's running statistics can throw a validation loss a thousand times too high.
        let reach = 2.0 * (trained.max - trained.min);
        let ends = match trained.is_some() {
            _ if log => bounds,
            true => [trained.min - reach, trained.max + reach],
            false => [f64::NEG_INFINITY, far(&mut validated.clone())],
        };
        for value in validated {
            all.add(value);
            if value < ends[0] || value > ends[1] {
                beyond[usize::from(value > ends[1])] += 1;
            } else {
                shown.add(value);
            }
        }
        let [range, whole] = [shown, all].map(|extremes| spread(extremes, log));
        Self { range, beyond, whole }
    }
}

/// The part of the axis that shows all of these, as drawn.
fn spread(found: Extremes, log: bool) -> [f64; 2] {
    if !found.is_some() {
        return padded(0.0, 1.0, 0.06);
    }
    let (low, high) = (warp(found.min, log), warp(found.max, log));
    if high - low < 1e-4 * high.abs() + 1e-9 {
        // What never changes lies in the middle, between marks that differ.
        let half = if log { 0.5 } else { (0.5 * high.abs()).max(1e-6) };
        return [low - half, high + half];
    }
    padded(low, high, 0.06)
}

/// A curve with where its values usually lie.
struct UsualCurve<'a> {
    curve: &'a ArmCurve<'a>,
    /// Whether its first value is in view.
    from_the_start: bool,
    usual: Usual,
}

/// Between which values, as measured, what was trained is to be shown.
fn bounds(figure: &Figure) -> [f64; 2] {
    let (log, all) = (figure.log_y, [f64::NEG_INFINITY, f64::INFINITY]);
    // What a person or a schedule sets has no spikes.
    if !figure.metric.is_noisy() {
        return all;
    }
    let spread = |curve| {
        let seen = figure.seen(curve)?;
        Some(UsualCurve { curve, from_the_start: seen.range.start == 0, usual: seen.usual? })
    };
    let curves: Vec<UsualCurve> = figure.described().filter_map(spread).collect();
    // Those that are still alive say what is usual, the more modest half of them at most.
    let living = curves.iter().any(|each| !each.usual.diverged);
    let counts = |usual: &Usual| !(living && usual.diverged);
    let mut alive: Vec<Usual> = curves.iter().map(|each| each.usual).filter(counts).collect();
    alive.sort_by(|a, b| a.size().total_cmp(&b.size()));
    let Some(typical) = alive.get(alive.len().saturating_sub(1) / 2) else { return all };
    let astray = if log { f64::INFINITY } else { ASTRAY * typical.size() };
    let kept = || {
        let near = |usual: &Usual| counts(usual) && (usual.middle - typical.middle).abs() <= astray;
        curves.iter().filter(move |each| near(&each.usual))
    };
    let low = kept().map(|each| each.usual.low).fold(f64::INFINITY, f64::min);
    let high = kept().map(|each| each.usual.high).fold(f64::NEG_INFINITY, f64::max);
    let least = if log { DECADES } else { low.abs().max(high.abs()) };
    let reach = (REACH * (high - low)).max(least);
    if reach == 0.0 {
        return all;
    }
    let mut ends = [low - reach, high + reach];
    // How a training begins belongs to it, however far it has come since.
    for UsualCurve { curve, from_the_start, usual } in kept() {
        let begins = curve.raw.filter(|_| *from_the_start).and_then(|(_, column)| column.values().first());
        let Some(first) = begins.map(|value| warp(*value, log)).filter(|first| first.is_finite()) else { continue };
        if (first - usual.middle).abs() <= ASTRAY * usual.size() {
            ends = [ends[0].min(first), ends[1].max(first)];
        }
    }
    if log { ends.map(|end| 10f64.powf(end)) } else { ends }
}

/// The value above which validations count as absurd where there is no training to compare with: ten times the usual
/// size and spread above the median. Of two values the smaller is the usual one.
fn far(values: &mut [f64]) -> f64 {
    let median = |values: &mut [f64]| {
        values.sort_by(f64::total_cmp);
        values.get(values.len().saturating_sub(1) / 2).copied()
    };
    let Some(middle) = median(values) else { return f64::INFINITY };
    let mut away: Vec<f64> = values.iter().map(|value| (value - middle).abs()).collect();
    let usual = middle.abs() + median(&mut away).unwrap_or(0.0);
    if usual > 0.0 { middle + 10.0 * usual } else { f64::INFINITY }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absurd_first_validation_is_far_whatever_the_others_are() {
        assert!(far(&mut [90_000.0, 0.1]) < 2.0);
        assert!(far(&mut [90_000.0, -0.05, 0.02]) < 2.0);
        assert!(far(&mut [0.5, 0.1, 0.2]) > 0.5, "what is usual stays in view");
        assert!(far(&mut [0.0, 0.0]).is_infinite() && far(&mut []).is_infinite());
    }
}
