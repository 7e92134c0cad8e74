//! How far an axis around 0 reaches that spreads are drawn on. A spread much wider than the others, or a few values far
//! from all others, would press everything else into a line: these lie outside unless a person wants to see all.

use crate::kit::glossary;
use eframe::egui::Ui;
use lab_core::instrument::Spread;
use lab_core::number::{percent, short};
use serde::{Deserialize, Serialize};

/// What a person chose of the axes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Axes {
    /// Whether all networks share them.
    common: bool,
    /// Whether they reach as far as any value.
    whole: bool,
}

/// How many times as wide as the usual is too wide.
const WIDE: f64 = 4.0;
/// The share of a spread's values that make its usual width.
const USUAL: f64 = 0.995;

/// An axis.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Span {
    /// Where it ends on both sides.
    pub limit: f64,
    /// Where the widest spread ends.
    pub farthest: f64,
    /// The share of all values that lie outside.
    pub outside: f64,
}

impl Axes {
    /// Lets a person choose; networks share nothing where there is one only.
    pub fn ui(&mut self, ui: &mut Ui, networks: usize) {
        ui.horizontal_wrapped(|ui| {
            if networks > 1 {
                let common = ui.checkbox(&mut self.common, "Common axes");
                common.on_hover_text("All networks on the same axes, to compare their widths rather than their shapes");
            }
            let whole = ui.checkbox(&mut self.whole, "Show all values");
            whole.on_hover_text("Also the few that lie far outside; what is usual becomes narrower");
        });
    }

    /// The axis of each network's spreads.
    pub fn spans(self, networks: &[Vec<Spread>]) -> Vec<Span> {
        if self.common {
            let all = Span::of(networks.iter().flatten().copied(), self.whole);
            return vec![all; networks.len()];
        }
        networks.iter().map(|spreads| Span::of(spreads.iter().copied(), self.whole)).collect()
    }
}

impl Span {
    fn of<'a>(spreads: impl Iterator<Item = Spread<'a>> + Clone, whole: bool) -> Self {
        let farthest = spreads.clone().map(|spread| spread.limit).fold(0.0, f64::max);
        if whole {
            return Self { limit: farthest, farthest, outside: 0.0 };
        }
        let reach = |spread: Spread| {
            let usual = spread.reach(USUAL);
            if WIDE * usual < spread.limit { usual } else { spread.limit }
        };
        let mut reaches: Vec<f64> = spreads.clone().map(reach).collect();
        reaches.sort_by(f64::total_cmp);
        let median = reaches.get(reaches.len() / 2).copied().unwrap_or(0.0);
        let limit = reaches.into_iter().filter(|reach| *reach <= WIDE * median).fold(0.0, f64::max);
        // Where most are all zeros, nothing is usual.
        let limit = if limit > 0.0 { limit } else { farthest };
        let (mut outside, mut many) = (0.0, 0.0);
        for spread in spreads {
            outside += spread.outside(limit);
            many += 1.0;
        }
        Self { limit, farthest, outside: outside / f64::max(many, 1.0) }
    }

    /// Says what lies outside, if anything does.
    pub fn say_outside(self, ui: &mut Ui, name: &str, what: &str) {
        if let Some(text) = self.in_words(name, what) {
            glossary::caption(ui, &text);
        }
    }

    fn in_words(self, name: &str, what: &str) -> Option<String> {
        (self.farthest > self.limit).then(|| {
            let (limit, farthest) = (short(self.limit), short(self.farthest));
            format!("{name}: {} of {what} outside ±{limit}, up to ±{farthest}", percent(self.outside))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNTS: &[u32] = &[1, 2, 4, 2, 1];

    fn spreads(limits: &[f64]) -> Vec<Spread<'static>> {
        limits.iter().map(|&limit| Spread { limit, counts: COUNTS }).collect()
    }

    #[test]
    fn one_early_gradient_does_not_set_the_axis() {
        let moments = spreads(&[315.0, 0.02, 0.03, 0.02, 0.01]);
        let usual = Axes::default().spans(std::slice::from_ref(&moments))[0];
        assert_eq!((usual.limit, usual.farthest), (0.03, 315.0));
        // Nearly all of one moment of five.
        assert!((usual.outside - 0.2).abs() < 0.001, "{usual:?}");
        assert_eq!(
            usual.in_words("plain", "the gradient").unwrap(),
            "plain: 20.0 % of the gradient outside ±0.0300, up to ±315"
        );
        let whole = Axes { whole: true, ..Axes::default() }.spans(&[moments])[0];
        assert_eq!((whole.limit, whole.in_words("plain", "the gradient")), (315.0, None));
    }

    #[test]
    fn what_widens_step_by_step_is_drawn_to_its_end() {
        let usual = Axes::default().spans(&[spreads(&[0.2, 0.3, 0.4, 0.5, 0.6])])[0];
        assert_eq!((usual.limit, usual.outside, usual.in_words("plain", "the values")), (0.6, 0.0, None));
    }

    #[test]
    fn a_few_values_far_from_all_others_lie_outside() {
        let mut counts = [0; 41];
        (counts[0], counts[20]) = (1, 100_000);
        let usual = Axes::default().spans(&[vec![Spread { limit: 41.0, counts: &counts }]])[0];
        assert_eq!(usual.limit, 1.0);
        assert!(usual.outside < 1e-4 && usual.outside > 0.0);
    }

    #[test]
    fn each_network_has_its_own_axis_unless_a_person_wants_one_for_all() {
        let networks = [spreads(&[1.0, 1.0]), spreads(&[0.1, 0.1])];
        let limits = |axes: Axes| axes.spans(&networks).iter().map(|span| span.limit).collect::<Vec<_>>();
        assert_eq!(limits(Axes::default()), [1.0, 0.1]);
        assert_eq!(limits(Axes { common: true, whole: true }), [1.0, 1.0]);
    }
}
