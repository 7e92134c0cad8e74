//! How a schedule is laid over the steps of a run, which may have been extended.

use serde::{Deserialize, Serialize};

/// What becomes of the schedule when training is extended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Extension {
    /// It is laid over all steps as if the run had been planned that long: the learning rate goes up again where the
    /// schedule knows its end, and nothing changes where it does not.
    #[default]
    Stretch,
    /// It begins anew, warm-up included, and is laid over the added steps.
    Restart,
    /// The learning rate stays what it was at the last planned step.
    Constant,
}

impl Extension {
    /// All of them with their names, and what they are called where somebody chooses.
    pub const ALL: [(Self, &str, &str); 3] = [
        (Self::Stretch, "stretch", "Stretched"),
        (Self::Restart, "restart", "Begun anew"),
        (Self::Constant, "constant", "Held at its end"),
    ];

    /// What happens, for the log.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Stretch => "the schedule is stretched over all steps",
            Self::Restart => "the schedule begins anew",
            Self::Constant => "the learning rate stays what it was at the end",
        }
    }
}

/// Which step of the schedule belongs to which step of the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Course(Vec<Piece>);

/// A stretch of a run that goes through the schedule once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Piece {
    begun: u64,
    /// Steps that the schedule is laid over.
    planned: u64,
    /// From this step on the schedule stands still.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    held: Option<u64>,
}

impl Course {
    /// Of a run as it was planned.
    #[must_use]
    pub fn new(planned: u64) -> Self {
        Self(vec![Piece { begun: 0, planned, held: None }])
    }

    /// The step of the schedule (from 0) that belongs to a step of the run, and how many the schedule has.
    #[must_use]
    pub fn at(&self, step: u64) -> (u64, u64) {
        let piece = self.0.iter().rev().find(|piece| piece.begun <= step).or(self.0.first());
        piece.map_or((step, step + 1), |piece| {
            let step = piece.held.map_or(step, |held| step.min(held));
            (step.saturating_sub(piece.begun), piece.planned)
        })
    }

    /// Adds steps to a run that was to end after `end` steps.
    pub fn extend(&mut self, end: u64, added: u64, extension: Extension) {
        match (extension, self.0.last_mut()) {
            (Extension::Stretch, Some(last)) => {
                last.planned = (end + added).saturating_sub(last.begun);
                last.held = None;
            }
            (Extension::Constant, Some(last)) => last.held = last.held.or(Some(end.saturating_sub(1))),
            (Extension::Restart, _) | (_, None) => self.0.push(Piece { begun: end, planned: added, held: None }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{Curve, Schedule};

    /// The learning rate's factor at each step of a run of 10 steps that was extended by 5.
    fn factors(extension: Extension) -> Vec<f64> {
        let schedule = Schedule::from(Curve::Cosine { end: 0.0 });
        let mut course = Course::new(10);
        course.extend(10, 5, extension);
        (0..15).map(|step| course.at(step)).map(|(step, total)| schedule.factor(step, total, 5)).collect()
    }

    #[test]
    fn an_extended_run_goes_on_as_it_was_asked_to() {
        let alone = |steps: u64| -> Vec<f64> {
            let schedule = Schedule::from(Curve::Cosine { end: 0.0 });
            (0..steps).map(|step| schedule.factor(step, steps, 5)).collect()
        };
        assert_eq!(factors(Extension::Stretch), alone(15));
        assert_eq!(factors(Extension::Restart), [alone(10), alone(5)].concat());
        let last = alone(10)[9];
        assert_eq!(factors(Extension::Constant), [alone(10), vec![last; 5]].concat());
        assert!(last > 0.0, "a step of rate 0 would train nothing");
    }

    #[test]
    fn what_was_extended_can_be_extended_again() {
        let mut course = Course::new(10);
        course.extend(10, 5, Extension::Constant);
        course.extend(15, 5, Extension::Constant);
        assert_eq!((course.at(8), course.at(9), course.at(19)), ((8, 10), (9, 10), (9, 10)));
        course.extend(20, 5, Extension::Restart);
        assert_eq!((course.at(19), course.at(20), course.at(24)), ((9, 10), (0, 5), (4, 5)));
        course.extend(25, 5, Extension::Stretch);
        assert_eq!((course.at(19), course.at(24), course.at(29)), ((9, 10), (4, 10), (9, 10)));
    }
}
