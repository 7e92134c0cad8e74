//! What each arm took the validation images for at its last validation, and where two arms differ.

use lab_core::protocol::Discordant;

/// The newest guesses of every arm.
pub(super) struct Guesses(Vec<Option<Newest>>);

struct Newest {
    step: u64,
    predicted: Vec<u16>,
}

impl Guesses {
    /// Of so many arms, none of which was validated.
    pub fn new(arms: usize) -> Self {
        Self((0..arms).map(|_| None).collect())
    }

    /// Takes note of a validation.
    pub fn note(&mut self, arm: usize, step: u64, predicted: &[u16]) {
        if let Some(newest) = self.0.get_mut(arm) {
            *newest = Some(Newest { step, predicted: predicted.to_vec() });
        }
    }

    /// Every two arms that were validated after the same step.
    pub fn discordant(&self, labels: &[u16]) -> Vec<Discordant> {
        let mut found = Vec::new();
        for (second, other) in self.0.iter().enumerate() {
            for (first, one) in self.0[..second].iter().enumerate() {
                if let (Some(one), Some(other)) = (one, other)
                    && one.step == other.step
                {
                    found.push(between([first, second], one, other, labels));
                }
            }
        }
        found
    }
}

fn between([first, second]: [usize; 2], one: &Newest, other: &Newest, labels: &[u16]) -> Discordant {
    let mut found = Discordant { first, second, first_only: 0, second_only: 0 };
    for ((label, one), other) in labels.iter().zip(&one.predicted).zip(&other.predicted) {
        found.first_only += u32::from(one == label && other != label);
        found.second_only += u32::from(one != label && other == label);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_validations_of_one_step_are_compared() {
        let mut guesses = Guesses::new(3);
        guesses.note(0, 10, &[0, 1, 2, 0]);
        guesses.note(2, 10, &[0, 2, 2, 1]);
        guesses.note(1, 5, &[0, 0, 0, 0]);
        let found = guesses.discordant(&[0, 1, 2, 1]);
        assert_eq!(found, [Discordant { first: 0, second: 2, first_only: 1, second_only: 1 }]);
    }
}
