//! What a guided experiment has shown, from the trials that have ended so far.

use super::answers::TrialAnswers;
use super::lesson::{Claim, Lesson, Side};
use crate::files::{json, write_atomically};
use crate::names::{quoted, seeds};
use crate::number::{capital, or_dash, plural};
use crate::runs::{self, Run};
use crate::statistics::{Call, Paired, Sample, holm, is_too_few};
use crate::study::{StudyError, StudyFolder, TrialState, shown};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;

/// What a guided experiment has shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conclusion {
    /// The answer to the question in a sentence or two.
    pub headline: String,
    /// What was guessed, if something was, and whether it was right; `None` while the measurements say nothing.
    pub guess: Option<(String, Option<bool>)>,
    /// What the guess says of the first claim, by which it is found again however the lesson words it by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guessed: Option<Call>,
    /// Each claim, in the lesson's order.
    pub claims: Vec<Answered>,
    /// Trials that came to their end.
    pub trials: usize,
    /// Trials that there are.
    pub of: usize,
}

/// What was measured for a claim.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answered {
    /// What is compared, in words.
    pub says: String,
    /// One side over its seeds.
    pub of: Option<Sample>,
    /// The other.
    pub than: Option<Sample>,
    /// What may be said of the difference.
    pub call: Call,
    /// Seeds that have both sides.
    pub n: usize,
    /// Whether every seed points the same way.
    pub agree: bool,
    /// How likely such a difference is by chance, corrected for the number of claims; `None` where it was counted, or
    /// one seed cannot tell.
    pub p: Option<f64>,
    /// The numbers in a sentence.
    pub numbers: String,
    /// What it means; empty while it is undecided.
    pub means: String,
}

impl Answered {
    /// What the words of [`Self::found`] mean, to stand with a table of them.
    pub const RULE: &str = "Higher or lower: p is at most 0.05, by a paired t test over seeds, corrected for all that is \
        compared here (Holm). Not decided: p is below 0.2, or all seeds point the same way, which so few might do by luck. No \
        difference found: anything else, which is not to say that there is none.";

    /// What may be said of the difference, in a word or two; a dash where it was not measured.
    #[must_use]
    pub fn found(&self) -> &'static str {
        match self.call {
            _ if self.n == 0 => "–",
            Call::Higher => "higher",
            Call::Lower => "lower",
            Call::Tie if self.p.is_some() => "no difference found",
            Call::Tie => "no difference",
            Call::Undecided => "not decided",
        }
    }

    /// The same with how likely such a difference is by chance.
    #[must_use]
    pub fn found_with_p(&self) -> String {
        let found = self.found();
        match self.p {
            Some(p) if p < LEAST => format!("{found} (p < {LEAST})"),
            Some(p) => format!("{found} (p = {p:.3})"),
            None => found.to_owned(),
        }
    }

    /// How likely such a difference is by chance, as a table has it.
    #[must_use]
    pub fn p_in_words(&self) -> String {
        or_dash(self.p.map(|p| if p < LEAST { format!("< {LEAST}") } else { format!("{p:.3}") }))
    }
}

/// The least p that is written out.
const LEAST: f64 = 0.001;

/// The name of the file.
const FILE: &str = "conclusion.json";

impl Conclusion {
    /// What a study's folder has of it; nothing where there is no file, or one that makes no sense.
    #[must_use]
    pub fn read(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(folder.join(FILE)).ok()?).ok()
    }

    /// Writes it into a study's folder.
    ///
    /// # Errors
    /// What the system says.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        write_atomically(&folder.join(FILE), &json(self)?)
    }

    /// What was guessed, if something was, held against what was measured; trainings that are left may change that.
    #[must_use]
    pub fn guess_in_words(&self) -> Option<String> {
        let (guess, right) = self.guess.as_ref()?;
        let how = match right {
            Some(true) => "That is what was measured",
            Some(false) => "That is not what was measured",
            None => "That is open",
        };
        let so_far = if self.trials < self.of { " so far" } else { "" };
        Some(format!("You expected: {guess}. {how}{so_far}."))
    }

    /// The place of what was guessed among what a lesson offers.
    #[must_use]
    pub fn guessed(&self, lesson: &Lesson) -> Option<usize> {
        let (guess, _) = self.guess.as_ref()?;
        let worded = lesson.guesses.iter().position(|offered| offered.text == *guess);
        worded.or_else(|| lesson.guesses.iter().position(|offered| Some(offered.call) == self.guessed))
    }
}

/// A trial that came to its end.
struct Ended {
    seed: u64,
    values: Vec<String>,
    run: Run,
    asked: Option<TrialAnswers>,
}

/// What one side of a claim was in each seed.
type BySeed = Vec<(u64, f64)>;

/// One side of a claim as it was measured.
#[derive(Default)]
struct Measured {
    /// The arm: the best one of several.
    arm: String,
    values: BySeed,
}

/// Concludes from a study's folder, with what a person guessed (a place among the lesson's guesses).
///
/// # Errors
/// A folder that cannot be read.
pub fn conclude(lesson: &Lesson, folder: &StudyFolder, guess: Option<usize>) -> Result<Conclusion, StudyError> {
    let study = folder.study();
    let mut ended = Vec::new();
    for begun in folder.begun()?.into_values() {
        if !matches!(begun.record.state, TrialState::Done | TrialState::Diverged) {
            continue;
        }
        let values = study.values(&begun.record.settings);
        let run = runs::open(&begun.folder).map_err(|error| damaged(&begun.folder, error))?;
        ended.push(Ended { seed: begun.record.seed, values, asked: TrialAnswers::read(&begun.folder), run });
    }
    let read = |claim: &Claim, side: &Side| {
        sides(lesson, claim, side, study.labels(), &ended).map_err(|error| damaged(folder.path(), error))
    };
    let mut claims = Vec::new();
    for claim in &lesson.claims {
        claims.push(answer(claim, study.labels(), &read(claim, &claim.of)?, &read(claim, &claim.than)?));
    }
    decide(lesson, &mut claims);
    let guess = guess.and_then(|guess| lesson.guesses.get(guess));
    let guessed = guess.map(|guess| guess.call);
    let guess = guess.map(|guess| {
        let call = claims.first().map_or(Call::Undecided, |claim| claim.call);
        (guess.text.clone(), (call != Call::Undecided).then_some(guess.call == call))
    });
    let of = study.trials() as usize;
    Ok(Conclusion { headline: headline(&claims, ended.len()), guess, guessed, claims, trials: ended.len(), of })
}

fn damaged(path: &Path, why: impl std::fmt::Display) -> StudyError {
    StudyError::Damaged { path: path.to_owned(), why: why.to_string() }
}

/// One side in every seed: the arm, or the one of several that is best in the mean.
fn sides(
    lesson: &Lesson,
    claim: &Claim,
    side: &Side,
    labels: &[String],
    ended: &[Ended],
) -> Result<Measured, runs::RunError> {
    let quantity = side.quantity.unwrap_or(claim.quantity);
    let mut best: Option<(f64, Measured)> = None;
    for name in side.arms() {
        let mut found = Vec::new();
        for trial in ended.iter().filter(|trial| is_at(side, labels, &trial.values)) {
            let Some(arm) = trial.run.info.arms.iter().position(|arm| arm.name == name) else { continue };
            let value = quantity.of(&trial.run, arm, lesson.loss.unwrap_or(f64::NAN), trial.asked.as_ref())?;
            found.extend(value.map(|value| (trial.seed, value)));
        }
        let Some(sample) = Sample::of(found.iter().map(|(_, value)| *value)) else { continue };
        let cost = if quantity.less_is_better() { sample.mean } else { -sample.mean };
        if best.as_ref().is_none_or(|(least, _)| cost < *least) {
            best = Some((cost, Measured { arm: name.to_owned(), values: found }));
        }
    }
    Ok(best.map(|(_, found)| found).unwrap_or_default())
}

fn is_at(side: &Side, labels: &[String], values: &[String]) -> bool {
    side.at.iter().all(|(axis, value)| {
        labels
            .iter()
            .position(|label| label == axis)
            .and_then(|place| values.get(place))
            .is_some_and(|it| *it == shown(value))
    })
}

/// What the sides of a claim are called, where that tells them apart: by the arm and the values of the axes that differ.
fn called(claim: &Claim, labels: &[String], arms: [&str; 2]) -> Option<[String; 2]> {
    let [of, than] = [&claim.of, &claim.than];
    let name = |side: &Side, arm: &str| {
        let at = |label: &String| {
            let value = side.at.get(label).filter(|_| of.at.get(label) != than.at.get(label))?;
            Some(format!("{} {}", label.replace('_', " "), shown(value)))
        };
        let arm = (arms[0] != arms[1]).then(|| quoted(arm));
        arm.into_iter().chain(labels.iter().filter_map(at)).collect::<Vec<_>>().join(" at ")
    };
    let names = [name(of, arms[0]), name(than, arms[1])];
    names.iter().all(|name| !name.is_empty()).then_some(names)
}

fn answer(claim: &Claim, labels: &[String], of: &Measured, than: &Measured) -> Answered {
    let value = |seed| than.values.iter().find(|(known, _)| *known == seed).map(|(_, value)| *value);
    let pairs: Vec<(f64, f64)> = of.values.iter().filter_map(|(seed, one)| Some((*one, value(*seed)?))).collect();
    let [one, other] = [Sample::of(pairs.iter().map(|pair| pair.0)), Sample::of(pairs.iter().map(|pair| pair.1))];
    let paired = Paired::of(pairs.iter().copied());
    let agree = pairs.iter().all(|(one, other)| one > other) || pairs.iter().all(|(one, other)| one < other);
    let counted = claim.quantity.is_counted();
    let call = match paired {
        Some(paired) if counted && paired.difference.mean > 0.0 => Call::Higher,
        Some(paired) if counted && paired.difference.mean < 0.0 => Call::Lower,
        Some(_) if counted => Call::Tie,
        _ => Call::Undecided,
    };
    let p = paired.filter(|_| !counted).and_then(|paired| paired.t_test);
    let numbers = match (one, other) {
        (Some(one), Some(other)) => sentence(claim, called(claim, labels, [&of.arm, &than.arm]), one, other),
        _ => "not measured yet".to_owned(),
    };
    Answered {
        says: claim.says.clone(),
        of: one,
        than: other,
        call,
        n: pairs.len(),
        agree,
        p,
        numbers,
        means: String::new(),
    }
}

/// Both sides with their names and their spread.
fn sentence(claim: &Claim, names: Option<[String; 2]>, one: Sample, other: Sample) -> String {
    let [of, than] = names.map(|names| names.map(|name| name + " ")).unwrap_or_default();
    let first = claim.of.quantity.unwrap_or(claim.quantity).spread_in_words(one);
    let second = claim.than.quantity.unwrap_or(claim.quantity).spread_in_words(other);
    let seeds = if claim.quantity.is_counted() { String::new() } else { format!(", {}", seeds(one.n)) };
    format!("{of}{first} against {than}{second}{seeds}")
}

/// Corrects for the number of claims, makes the calls, and says what they mean.
fn decide(lesson: &Lesson, claims: &mut [Answered]) {
    let p: Vec<f64> = claims.iter().map(|claim| claim.p.unwrap_or(f64::NAN)).collect();
    for ((claim, corrected), asked) in claims.iter_mut().zip(holm(&p)).zip(&lesson.claims) {
        if !corrected.is_nan() {
            claim.p = Some(corrected);
            let difference = claim.of.zip(claim.than).map_or(0.0, |(one, other)| one.mean - other.mean);
            claim.call = Call::of(difference, corrected, claim.agree.then_some(claim.n));
        }
        claim.means = match claim.call {
            Call::Higher => asked.means.higher.clone(),
            Call::Lower => asked.means.lower.clone(),
            Call::Tie => asked.means.tie.clone(),
            Call::Undecided if claim.n > 1 => {
                let (seeds, says) = (plural(claim.n as u64, "seed"), capital(&claim.says));
                if claim.agree && is_too_few(claim.n) {
                    let all = if claim.n == 2 { "both seeds".to_owned() } else { format!("all {seeds}") };
                    format!("{says}: {all} point the same way, but so few cannot tell it from luck; more might.")
                } else {
                    let p = claim.p_in_words();
                    format!("{says}: {seeds} tell neither luck nor a difference from the other (p = {p}); more might.")
                }
            }
            Call::Undecided => String::new(),
        };
    }
}

fn headline(claims: &[Answered], trials: usize) -> String {
    let Some(first) = claims.first() else { return String::new() };
    match (trials, first.call) {
        (0, _) => "Nothing was measured yet.".to_owned(),
        (_, Call::Undecided) if first.n == 0 => "What the question is about was not measured yet.".to_owned(),
        (_, Call::Undecided) if first.n > 1 => format!("Not certain yet: {}. {}", first.numbers, first.means),
        (_, Call::Undecided) => format!("So far this may be luck: {}.", first.numbers),
        (_, Call::Tie) => format!("No difference found: {}. {}", first.numbers, first.means),
        (_, Call::Higher | Call::Lower) => format!("{} ({})", first.means, first.numbers),
    }
}

#[cfg(test)]
mod tests {
    use super::super::lesson;
    use super::*;

    /// What is called of the first claim of a lesson where its sides are these in the seeds.
    fn measured(pairs: &[(f64, f64)]) -> Answered {
        let lesson = lesson("initialisation").unwrap();
        let side = |arm: Option<&String>, of: fn(&(f64, f64)) -> f64| Measured {
            arm: arm.unwrap().clone(),
            values: (0..).zip(pairs.iter().map(of)).collect(),
        };
        let claim = &lesson.claims[0];
        let sides = [side(claim.of.arm.as_ref(), |pair| pair.0), side(claim.than.arm.as_ref(), |pair| pair.1)];
        let mut claims = vec![answer(claim, &[], &sides[0], &sides[1])];
        decide(&lesson, &mut claims);
        claims.remove(0)
    }

    #[test]
    fn what_may_be_luck_or_not_is_not_decided() {
        // Four of five seeds take off, and one stays at chance.
        let found = measured(&[(1.5, 2.3), (1.4, 2.3), (1.7, 2.31), (2.3, 2.3), (2.0, 2.3)]);
        assert_eq!((found.found(), found.p.is_some_and(|p| p <= 0.05)), ("lower", true));
        let found = measured(&[(1.3, 2.3), (1.4, 2.3), (2.31, 2.3), (2.3, 2.3), (1.9, 2.3)]);
        assert_eq!(found.found(), "not decided");
        assert!(
            found.means.contains("neither luck nor a difference") && found.means.ends_with("more might."),
            "{found:?}"
        );
        let found = measured(&[(1.0, 1.1), (1.1, 1.0), (1.0, 1.0), (1.2, 1.3), (1.1, 1.0)]);
        assert_eq!((found.found(), found.p.is_some_and(|p| p > 0.2)), ("no difference found", true));
        let found = measured(&[(1.0, 1.1), (1.0, 1.5), (1.0, 3.0)]);
        assert!(found.found() == "not decided" && found.means.contains("all 3 seeds point the same way"), "{found:?}");
    }

    #[test]
    fn each_number_says_whose_it_is() {
        let found = measured(&[(1.5, 2.25)]);
        assert_eq!(found.numbers, "“He, no norm” 1.50 against “Xavier, no norm” 2.25, one seed");
        let sides = |id: &str, place: usize, arms| {
            let lesson = lesson(id).unwrap();
            called(&lesson.claims[place], &["depth".into(), "train_limit".into()], arms)
        };
        let named = |of: &str, than: &str| Some([of.to_owned(), than.to_owned()]);
        // Where both are at the same depth it is the claim that says so.
        assert_eq!(sides("shortcut", 0, ["residual", "plain"]), named("residual", "plain"));
        assert_eq!(sides("degradation", 0, ["plain", "plain"]), named("depth 44", "depth 14"));
        assert_eq!(sides("overfitting", 2, ["residual"; 2]), named("train limit 2000", "train limit 250"));
        assert_eq!(sides("optimisers", 0, ["Adam 0.01", "SGD 0.3"]), named("“Adam 0.01”", "“SGD 0.3”"));
        // Two things measured of one network: the claim names them.
        assert_eq!(sides("blocks", 1, ["residual"; 2]), None);
    }
}
