//! What the settings of a study have shown: the networks at each of them, and all of them beside each other.

use super::beside::beside;
use super::facts::Facts;
use super::words::{Verdict, verdict};

/// Networks that are compared with each other at most: beyond, a sentence on all of them says nothing.
const COMPARED: usize = 24;

/// Verdicts, each with what is compared in it; first what is asked first. Each setting comes with its words, which are empty
/// where nothing is varied; `best` is the place of the best one, if one is. Those of which nothing has ended are passed over.
#[must_use]
pub fn of_settings(settings: &[(String, Facts)], best: Option<usize>) -> Vec<(String, Verdict)> {
    let has_ended = |facts: &Facts| !facts.trials.is_empty() || !facts.unread.is_empty();
    let known: Vec<usize> = (0..settings.len()).filter(|&place| has_ended(&settings[place].1)).collect();
    let Some(&first) = known.first() else { return Vec::new() };
    // Where no training can be read, the networks are not known either.
    let arms = known.iter().map(|&place| settings[place].1.arms.len()).max().unwrap_or(0);
    let mut found = Vec::new();
    let one = |place: usize| {
        let (words, facts) = &settings[place];
        let of = if words.is_empty() { "Networks".to_owned() } else { format!("Networks at {words}") };
        (of, verdict(facts))
    };
    if arms > 1 || settings[first].0.is_empty() || arms == 0 && known.len() == 1 {
        let best = best.filter(|best| known.contains(best)).unwrap_or(first);
        found.push(one(best));
        found.extend(known.iter().filter(|&&place| place != best).map(|&place| one(place)));
    }
    if known.len() > 1 {
        let listed = if known.len() * arms <= COMPARED {
            verdict(&beside(&known.iter().map(|&place| settings[place].clone()).collect::<Vec<_>>()))
        } else {
            Verdict::open(format!(
                "{} settings are too many to be compared two by two: among so many, some differ by luck. See Importance for \
                 what matters, or train the best ones again with more seeds.",
                known.len()
            ))
        };
        found.insert(found.len().min(1), ("All settings".to_owned(), listed));
    }
    found
}
