//! The colours of the arms on show: an experiment's own, or what a person has chosen since it is shown. What the form holds
//! by then may be another experiment.

use lab_core::experiment::{MAX_ARMS, Plan};
use lab_core::protocol::Prepared;

/// The colours that were chosen since an experiment is shown, each with its arm's name, the newest last.
#[derive(Default)]
pub struct Colors {
    chosen: Vec<(String, u8)>,
}

impl Colors {
    /// For each arm of the experiment that is shown, or of the form's where there is none, its place in the palette.
    #[must_use]
    pub fn of(&self, prepared: Option<&Prepared>, plan: &Plan) -> [u8; MAX_ARMS] {
        let shown = prepared.map_or(&plan.arms, |prepared| &prepared.experiment.arms);
        std::array::from_fn(|index| {
            let Some(arm) = shown.get(index) else { return u8::try_from(index).unwrap_or(0) };
            let chosen = self.chosen.iter().rev().find(|(name, _)| prepared.is_some() && *name == arm.name);
            chosen.map_or(arm.color(index), |(_, color)| *color)
        })
    }

    /// Takes in what was chosen in the form since its plan was another one.
    pub fn note(&mut self, before: &Plan, now: &Plan) {
        if before.arms.len() != now.arms.len() {
            return;
        }
        for (index, (old, new)) in before.arms.iter().zip(&now.arms).enumerate() {
            if old.name == new.name && old.color(index) != new.color(index) {
                self.chosen.push((new.name.clone(), new.color(index)));
            }
        }
    }

    /// Another experiment is shown: it has its own.
    pub fn forget(&mut self) {
        self.chosen.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lab_core::experiment::PRESETS;

    #[test]
    fn a_colour_that_was_chosen_stays_with_what_is_shown_whatever_the_form_takes_in() {
        let before = PRESETS[0].plan();
        let mut chosen = before.clone();
        chosen.arms[0].color = Some(5);
        let mut colors = Colors::default();
        colors.note(&before, &chosen);
        assert_eq!(colors.chosen, [(before.arms[0].name.clone(), 5)]);
        // Another experiment in the form chooses nothing.
        let mut other = chosen.clone();
        other.arms.truncate(1);
        colors.note(&chosen, &other);
        assert_eq!(colors.chosen.len(), 1);
        assert_eq!(colors.of(None, &chosen)[..2], [5, 1], "without a run the form's own colours count");
        colors.forget();
        assert!(colors.chosen.is_empty());
    }
}
