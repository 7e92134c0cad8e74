//! The verdict itself: comparisons put into sentences.

use super::caveats::{all_are_lost, blown_up, caveats, stopped_early};
use super::compare::{self, Compared, Comparison, Test};
use super::facts::{Facts, Measured};
use super::fit;
use super::reasons::{self, Reason};
use super::stretch::Stretch;
use crate::names::{quoted, seeds, together};
use crate::number::{capital, count, plural, short};
use crate::statistics::{Call, Sample};
use serde::{Deserialize, Serialize};

/// What an experiment has shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The conclusion in a sentence or two.
    pub headline: String,
    /// What may be said of the arms as a whole: higher means that the best one is better than all others by more than
    /// chance.
    pub call: Call,
    /// The arm with the highest mean accuracy (or the least loss, where nothing was validated), unless no difference was
    /// found or none is left.
    pub best: Option<String>,
    /// Why that may be so, as far as it was measured.
    pub reasons: Vec<Reason>,
    /// What a reader should bear in mind.
    pub caveats: Vec<String>,
    /// Every arm over its seeds.
    pub arms: Vec<ArmSummary>,
    pub comparisons: Vec<Comparison>,
}

/// An arm over its seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArmSummary {
    /// What it is called.
    pub name: String,
    /// Share of the validation images classified correctly in the end; seeds that diverged are left out.
    pub accuracy: Option<Sample>,
    /// Mean training loss of the last epoch, or of `loss_of`, likewise.
    pub train_loss: Option<Sample>,
    /// What the training loss is the mean of.
    #[serde(default)]
    pub loss_of: Stretch,
    /// Seeds that diverged.
    pub diverged: usize,
}

impl Verdict {
    /// Nothing was compared, for this reason.
    #[must_use]
    pub fn open(why: String) -> Self {
        Self {
            headline: why,
            call: Call::Undecided,
            best: None,
            reasons: Vec::new(),
            caveats: Vec::new(),
            arms: Vec::new(),
            comparisons: Vec::new(),
        }
    }
}

impl ArmSummary {
    /// What it is called in a sentence.
    fn called(&self) -> String {
        quoted(&self.name)
    }

    /// Its accuracy as `83.5 ± 0.8 %`, or its loss where there is none.
    fn score(&self, quantity: Compared) -> String {
        match (quantity == Compared::ValidationAccuracy, self.accuracy, self.train_loss) {
            (true, Some(accuracy), _) => accuracy.in_words(100.0, short, " %"),
            (false, _, Some(loss)) => loss.in_words(1.0, short, ""),
            _ => "–".to_owned(),
        }
    }
}

/// Arms that a sentence names, if there are many.
const NAMED: usize = 3;

/// A difference in points of a percentage, or in a loss.
fn step(value: f64, is_points: bool) -> String {
    if is_points { format!("{value:.1}").replace('-', "−") } else { short(value) }
}

/// The conclusion from these numbers.
#[must_use]
pub fn verdict(facts: &Facts) -> Verdict {
    let comparisons = compare::all(facts);
    let arms: Vec<ArmSummary> = (0..facts.arms.len()).map(|arm| summary(facts, arm)).collect();
    let quantity =
        if arms.iter().any(|arm| arm.accuracy.is_some()) { Compared::ValidationAccuracy } else { Compared::TrainLoss };
    let finding = too_early(facts, &arms, quantity).or_else(|| all_lost(facts, &arms, quantity));
    let mut finding = finding.unwrap_or_else(|| headline(facts, &arms, &comparisons, quantity));
    if finding.call == Call::Tie
        && finding.best.is_none()
        && quantity == Compared::ValidationAccuracy
        && blown_up(facts).is_empty()
    {
        let of = Stretch::of_all(arms.iter().map(|arm| arm.loss_of)).in_words();
        finding.text.extend(fit::losses(&comparisons, &of).map(|losses| format!(" {losses}")));
    }
    let reasons = if finding.call == Call::Tie { Vec::new() } else { reasons::all(facts, finding.best.as_deref()) };
    Verdict {
        headline: finding.text,
        call: finding.call,
        best: finding.best,
        reasons,
        caveats: caveats(facts, &comparisons, quantity, finding.call),
        arms,
        comparisons,
    }
}

fn summary(facts: &Facts, arm: usize) -> ArmSummary {
    let alive = || {
        let trials = facts.trials.iter().filter_map(|trial| trial.arms.get(arm));
        trials.filter(|measured| measured.diverged_at.is_none())
    };
    let of = |get: fn(&Measured) -> Option<f64>| Sample::of(alive().filter_map(get));
    let diverged = facts.trials.iter().filter_map(|trial| trial.arms.get(arm)?.diverged_at);
    ArmSummary {
        name: facts.arms[arm].name.clone(),
        accuracy: of(|measured| measured.accuracy),
        train_loss: of(|measured| measured.train_loss),
        loss_of: Stretch::of_all(alive().filter(|it| it.train_loss.is_some()).map(|measured| measured.loss_of)),
        diverged: diverged.count(),
    }
}

struct Headline {
    text: String,
    call: Call,
    best: Option<String>,
}

impl Headline {
    fn open(text: impl Into<String>) -> Self {
        Self { text: text.into(), call: Call::Undecided, best: None }
    }
}

/// Says that nothing can be said, where training was stopped soon after it began and before any validation.
fn too_early(facts: &Facts, arms: &[ArmSummary], quantity: Compared) -> Option<Headline> {
    let (done, planned) = stopped_early(facts)?;
    let known: Vec<&ArmSummary> = arms.iter().filter(|arm| arm.train_loss.is_some()).collect();
    if quantity != Compared::TrainLoss || known.len() < 2 {
        return None;
    }
    let losses = several(known.iter().map(|arm| format!("{} {}", arm.called(), arm.score(quantity))));
    let (done, planned) = (plural(done, "step"), count(planned));
    Some(Headline::open(format!("Too early to tell: after {done} of {planned} the training losses are {losses}.")))
}

/// Says that there is nothing to compare, where each network that has not diverged has blown up.
fn all_lost(facts: &Facts, arms: &[ArmSummary], quantity: Compared) -> Option<Headline> {
    let left: Vec<&ArmSummary> = arms.iter().filter(|arm| arm.accuracy.or(arm.train_loss).is_some()).collect();
    if left.is_empty() || !all_are_lost(facts) {
        return None;
    }
    let scores = several(left.iter().map(|arm| format!("{} {}", arm.called(), arm.score(quantity))));
    let text = match left[..] {
        [one] => format!(
            "{} has blown up ({}): its loss is far above where it began. Try a lower learning rate.",
            one.called(),
            one.score(quantity)
        ),
        _ => format!(
            "{} have blown up ({scores}): their losses are far above where they began, and nothing can be said of a \
             difference. Try a lower learning rate.",
            names(&left)
        ),
    };
    let lost = diverged(facts, arms);
    Some(Headline::open(if lost.is_empty() { capital(&text) } else { format!("{lost} {}", capital(&text)) }))
}

fn headline(facts: &Facts, arms: &[ArmSummary], comparisons: &[Comparison], quantity: Compared) -> Headline {
    let lost = diverged(facts, arms);
    let score = |arm: &ArmSummary| {
        if quantity == Compared::ValidationAccuracy { arm.accuracy } else { arm.train_loss.map(negative) }
    };
    let mut left: Vec<&ArmSummary> = arms.iter().filter(|arm| score(arm).is_some()).collect();
    left.sort_by(|a, b| {
        let mean = |arm: &ArmSummary| score(arm).map_or(f64::NEG_INFINITY, |sample| sample.mean);
        mean(b).total_cmp(&mean(a))
    });
    let mut finding = match left.as_slice() {
        [] if lost.is_empty() => Headline::open("Nothing was measured yet."),
        [] => Headline::open("No network is left to compare; try a lower learning rate."),
        [only] => alone(only, quantity),
        [best, rest @ ..] => against(best, rest, comparisons, quantity),
    };
    if !lost.is_empty() {
        finding.text = format!("{lost} {}", finding.text);
    }
    finding
}

fn negative(sample: Sample) -> Sample {
    Sample { mean: -sample.mean, ..sample }
}

/// The arms that diverged, by name; empty where none did.
fn diverged(facts: &Facts, arms: &[ArmSummary]) -> String {
    let seeds = facts.trials.len();
    let parts: Vec<String> = arms
        .iter()
        .enumerate()
        .filter(|(_, arm)| arm.diverged > 0)
        .map(|(index, arm)| {
            let steps = facts.trials.iter().filter_map(|trial| trial.arms.get(index)?.diverged_at);
            match (seeds, steps.min()) {
                (0 | 1, Some(step)) => format!("{} diverged at step {}", arm.called(), count(step)),
                _ => format!("{} diverged with {} of {}", arm.called(), arm.diverged, plural(seeds as u64, "seed")),
            }
        })
        .collect();
    if parts.is_empty() { String::new() } else { capital(&format!("{}.", parts.join(", "))) }
}

fn alone(arm: &ArmSummary, quantity: Compared) -> Headline {
    let of = arm.loss_of.in_words();
    let loss = arm.train_loss.map(|loss| format!("training loss {} {of}", loss.in_words(1.0, short, "")));
    let right = (quantity == Compared::ValidationAccuracy)
        .then(|| format!("{} of the validation images right", arm.score(quantity)));
    let n = arm.accuracy.or(arm.train_loss).map_or(0, |sample| sample.n);
    let parts: Vec<String> = right.into_iter().chain(loss).collect();
    let text = capital(&format!("{}: {} ({}).", arm.called(), parts.join(", "), seeds(n)));
    Headline { text, call: Call::Undecided, best: Some(arm.name.clone()) }
}

/// The best against all others.
fn against(best: &ArmSummary, rest: &[&ArmSummary], comparisons: &[Comparison], quantity: Compared) -> Headline {
    let with = |other: &&ArmSummary| {
        comparisons.iter().find(|found| {
            found.quantity == quantity
                && ((found.first == best.name && found.second == other.name)
                    || (found.first == other.name && found.second == best.name))
        })
    };
    let is_better = |found: &Comparison| {
        let ahead = (found.first == best.name) == (quantity == Compared::ValidationAccuracy);
        found.call == if ahead { Call::Higher } else { Call::Lower }
    };
    let pairs: Vec<(&ArmSummary, &Comparison)> = rest.iter().filter_map(|other| Some((*other, with(other)?))).collect();
    if let [(other, found)] = pairs[..] {
        return two(best, other, found, is_better(found), quantity);
    }
    let scores =
        several(std::iter::once(&best).chain(rest).map(|arm| format!("{} {}", arm.called(), arm.score(quantity))));
    let counts = || pairs.iter().map(|(_, found)| found.n);
    let (n, most) = (counts().min().unwrap_or(0), counts().max().unwrap_or(0));
    let luck = if most > 1 { "so few seeds do not tell" } else { "one seed does not tell" };
    let ahead = || (format!("{} is ahead; whether that is luck, {luck}", best.called()), Call::Undecided);
    let beaten: Vec<&ArmSummary> = pairs.iter().filter(|(_, found)| is_better(found)).map(|(arm, _)| *arm).collect();
    let open: Vec<&ArmSummary> = pairs.iter().filter(|(_, found)| !is_better(found)).map(|(arm, _)| *arm).collect();
    let undecided = pairs.iter().any(|(_, found)| found.call == Call::Undecided);
    let (text, call) = match (beaten.is_empty(), open.is_empty()) {
        (false, true) => (format!("{} {} than all others", best.called(), better(n)), Call::Higher),
        (false, false) if undecided => {
            let (beaten, open) = (names(&beaten), names(&open));
            let text =
                format!("{} {} than {beaten}; whether its lead over {open} is luck, {luck}", best.called(), better(n));
            (text, Call::Undecided)
        }
        (false, false) => {
            let (beaten, open) = (names(&beaten), names(&open));
            (format!("{} {} than {beaten}; no difference from {open} was found", best.called(), better(n)), Call::Tie)
        }
        (true, _) if undecided => ahead(),
        (true, _) => ("No difference between the best and the others was found".to_owned(), Call::Tie),
    };
    let of = if n == most { seeds(n) } else { format!("{n} to {}", seeds(most)) };
    let mut text = capital(&format!("{text}: {scores} ({of})."));
    text.extend(among_the_others(best, rest, comparisons, quantity).map(|others| format!(" {others}")));
    Headline { text, call, best: (!beaten.is_empty() || call == Call::Undecided).then(|| best.name.clone()) }
}

/// Which of the others are better than which, the largest difference first.
fn among_the_others(
    best: &ArmSummary,
    others: &[&ArmSummary],
    comparisons: &[Comparison],
    quantity: Compared,
) -> Option<String> {
    let is_left = |name: &String| *name != best.name && others.iter().any(|arm| arm.name == *name);
    let others = comparisons.iter().filter(|found| {
        let apart = matches!(found.call, Call::Higher | Call::Lower);
        apart && found.quantity == quantity && is_left(&found.first) && is_left(&found.second)
    });
    let mut others: Vec<&Comparison> = others.collect();
    others.sort_by(|a, b| b.difference.abs().total_cmp(&a.difference.abs()));
    let sentence = |found: &&Comparison| {
        let first_wins = (found.call == Call::Higher) == (quantity == Compared::ValidationAccuracy);
        let (winner, loser) = if first_wins { (&found.first, &found.second) } else { (&found.second, &found.first) };
        format!("{} {} than {}", quoted(winner), better(found.n), quoted(loser))
    };
    (!others.is_empty()).then(|| format!("Among the others, {}.", several(others.iter().map(sentence))))
}

/// The first few arms by name, and how many more there are.
fn names(all: &[&ArmSummary]) -> String {
    let called: Vec<String> = all.iter().map(|arm| arm.called()).collect();
    if called.len() <= NAMED + 1 { together(&called) } else { several(called.into_iter()) }
}

/// The first few of several, and how many more there are.
fn several(all: impl Iterator<Item = String>) -> String {
    let all: Vec<String> = all.collect();
    if all.len() <= NAMED + 1 {
        return all.join(", ");
    }
    format!("{} and {} more", all[..NAMED].join(", "), all.len() - NAMED)
}

/// One seed tells how networks did, several how they do.
fn better(seeds: usize) -> &'static str {
    if seeds == 1 { "did better" } else { "is better" }
}

fn two(best: &ArmSummary, other: &ArmSummary, found: &Comparison, better: bool, quantity: Compared) -> Headline {
    let (mut one, mut two) = (best.score(quantity), other.score(quantity));
    if quantity == Compared::TrainLoss {
        one = format!("a training loss of {one} {}", Stretch::of_all([best.loss_of, other.loss_of]).in_words());
        two.insert_str(0, "one of ");
    }
    let luck = match found.test {
        Test::McNemar { first_only, second_only } => {
            let (ours, theirs) =
                if found.first == best.name { (first_only, second_only) } else { (second_only, first_only) };
            let images = |count: u32| plural(count.into(), "image");
            let luck = if better { ": chance would hardly do this" } else { ": chance can do this" };
            let (ours, theirs) = (images(ours), count(theirs.into()));
            format!("one seed; {ours} only {} gets right, {theirs} only {}{luck}", best.called(), other.called())
        }
        Test::Paired => {
            let is_points = quantity == Compared::ValidationAccuracy;
            let (unit, scale) = if is_points { (" points", 100.0) } else { ("", 1.0) };
            let sign = if found.first == best.name { scale } else { -scale };
            let ends = found.interval.map(|ends| ends.map(|end| sign * end));
            let steady = if better { " with each" } else { " with each, too few to tell it from luck" };
            let interval = ends.map_or_else(
                || steady.to_owned(),
                |ends| {
                    format!(
                        ", 95 % interval {} to {}",
                        step(ends[0].min(ends[1]), is_points),
                        step(ends[0].max(ends[1]), is_points)
                    )
                },
            );
            let is_open = found.call == Call::Undecided && ends.is_some();
            let seeds = seeds(found.n);
            let of =
                if is_open { format!("; whether that is luck, {seeds} do not tell") } else { format!(", {seeds}") };
            format!("difference {}{unit}{interval}{of}", step(sign * found.difference, is_points))
        }
        Test::None => "whether that is luck, one seed does not tell".to_owned(),
    };
    let (text, call) = if better {
        (format!("{} {}: {one} against {two} ({luck}).", best.called(), self::better(found.n)), Call::Higher)
    } else if found.call == Call::Undecided {
        (format!("{} is ahead: {one} against {two} ({luck}).", best.called()), Call::Undecided)
    } else {
        let text = format!("No difference found: {} {one}, {} {two} ({luck}).", best.called(), other.called());
        (text, Call::Tie)
    };
    Headline { text: capital(&text), call, best: (call != Call::Tie).then(|| best.name.clone()) }
}
