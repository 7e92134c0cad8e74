//! What lines of several runs are called: by what differs between them, so that no two are called the same.

use super::source::{CurveKey, PlottedArm, Whose};
use lab_core::experiment::{field_in_words, is_of_watching};
use std::collections::BTreeMap;

/// A setting that is not the same in all lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariedSetting {
    /// Where a file has it.
    pub path: String,
    /// What it is called.
    pub words: String,
    /// Its value in each line; `None` where it has none.
    pub values: Vec<Option<String>>,
    /// Whether it goes with the arm's name: arms that are called the same have the same.
    of_arm: bool,
}

/// The settings in which lines differ, as they come in a file.
#[must_use]
pub fn varied(sources: &[&PlottedArm]) -> Vec<VariedSetting> {
    let mut order: Vec<&str> = Vec::new();
    let mut found: BTreeMap<&str, Vec<Option<&str>>> = BTreeMap::new();
    for (index, source) in sources.iter().enumerate() {
        for setting in source.settings {
            let values = found.entry(&setting.path).or_insert_with(|| {
                order.push(&setting.path);
                vec![None; sources.len()]
            });
            values[index] = Some(&setting.value);
        }
    }
    let varied = |path: &str| {
        let values = &found[path];
        // Of what is not known nothing is said.
        let known = || values.iter().zip(sources).filter(|(_, source)| !source.settings.is_empty());
        let first = known().next()?.0;
        if known().all(|(value, _)| value == first) {
            return None;
        }
        let mut by_arm: BTreeMap<&str, Option<&str>> = BTreeMap::new();
        let of_arm = known().all(|(value, source)| by_arm.entry(source.arm).or_insert(*value) == value);
        let values = values.iter().map(|value| value.map(str::to_owned)).collect();
        Some(VariedSetting { path: path.to_owned(), words: field_in_words(path), values, of_arm })
    };
    order.into_iter().filter_map(varied).collect()
}

/// Lines of runs that are called the same, and the settings that tell them apart.
struct Alike {
    keys: Vec<CurveKey>,
    differing: Vec<VariedSetting>,
}

impl Alike {
    fn of(sources: &[&PlottedArm]) -> Self {
        let of_runs: Vec<VariedSetting> = varied(sources).into_iter().filter(|field| !field.of_arm).collect();
        // How a training was watched tells lines apart only where nothing else does.
        let of_training = |field: &VariedSetting| !is_of_watching(&field.path);
        let some = of_runs.iter().any(of_training);
        let of_runs: Vec<VariedSetting> = of_runs.into_iter().filter(|field| !some || of_training(field)).collect();
        // A field that only one kind of network has says less than one that all have.
        let is_everywhere = |field: &VariedSetting| field.values.iter().all(Option::is_some);
        let any = of_runs.iter().any(is_everywhere);
        let differing = of_runs.into_iter().filter(|field| !any || is_everywhere(field)).collect();
        Self { keys: sources.iter().map(|source| source.key).collect(), differing }
    }

    /// What differs, as it is set in the run that a line is of.
    fn settings(&self, source: &PlottedArm) -> String {
        let place = self.keys.iter().position(|key| *key == source.key);
        let value = |field: &VariedSetting| Some(format!("{} {}", field.words, field.values[place?].as_ref()?));
        self.differing.iter().filter_map(value).collect::<Vec<_>>().join(", ")
    }
}

/// What each line is called. Runs that have names of their own keep them; those that are called the same are told apart by
/// the settings that differ among them, and if they agree in all of these, by their number.
#[must_use]
pub fn names(sources: &[PlottedArm]) -> Vec<String> {
    let mut runs: Vec<(Whose, &str)> = Vec::new();
    for source in sources {
        if !runs.iter().any(|(whose, _)| *whose == source.key.whose) {
            runs.push((source.key.whose, source.run));
        }
    }
    let called = |run: &str| sources.iter().filter(|source| source.run == run).collect::<Vec<_>>();
    let is_alike = |run: &str| runs.iter().filter(|(_, other)| *other == run).count() > 1;
    let alike: BTreeMap<&str, Alike> =
        runs.iter().filter(|(_, run)| is_alike(run)).map(|(_, run)| (*run, Alike::of(&called(run)))).collect();
    let one_arm = sources.windows(2).all(|pair| pair[0].arm == pair[1].arm);
    let of = |source: &PlottedArm| {
        let run = match alike.get(source.run).filter(|_| !source.settings.is_empty()) {
            Some(alike) => alike.settings(source),
            None if source.key.whose == Whose::Now => String::new(),
            None => source.run.to_owned(),
        };
        match (run.is_empty(), one_arm && runs.len() > 1) {
            (true, _) => source.arm.to_owned(),
            (false, true) => run,
            (false, false) => format!("{run} · {}", source.arm),
        }
    };
    let mut names: Vec<String> = sources.iter().map(of).collect();
    let plain = names.clone();
    for (index, name) in names.iter_mut().enumerate() {
        let same = |other: &&String| **other == plain[index];
        if plain.iter().filter(same).count() > 1 {
            let number = plain[..=index].iter().filter(same).count();
            *name = if sources[index].key.whose == Whose::Now {
                format!("{name}, now")
            } else {
                format!("{name} #{number}")
            };
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::plot::Pace;
    use crate::panels::curves::source::Ink;
    use crate::state::trace::Trace;
    use lab_core::experiment::{PRESETS, Setting, settings, with_overrides};

    fn called(runs: &[(&str, &[&str])]) -> (Vec<String>, Vec<String>) {
        let plans: Vec<_> = runs.iter().map(|(_, set)| with_overrides(&PRESETS[0].plan(), set).unwrap()).collect();
        let all: Vec<Vec<Vec<Setting>>> =
            plans.iter().map(|plan| (0..plan.arms.len()).map(|arm| settings(plan, arm)).collect()).collect();
        let trace = Trace::default();
        let mut sources = Vec::new();
        for (number, ((run, _), plan)) in runs.iter().zip(&plans).enumerate() {
            for (arm, each) in plan.arms.iter().enumerate() {
                sources.push(PlottedArm {
                    key: CurveKey { whose: Whose::Run(number as u64), arm },
                    run,
                    arm: &each.name,
                    settings: &all[number][arm],
                    name: String::new(),
                    ink: Ink::default(),
                    ghost: false,
                    trace: &trace,
                    edges: None,
                    pace: Pace { steps_per_epoch: 1.0, batch_size: 1.0 },
                });
            }
        }
        let varied = varied(&sources.iter().collect::<Vec<_>>());
        (names(&sources), varied.into_iter().map(|field| field.words).collect())
    }

    #[test]
    fn runs_that_are_called_the_same_are_named_by_what_differs() {
        let depth = "arms[*].network.body.cifar.depth=20";
        let rate = "recipe.optimizer.learning_rate=0.01";
        let (names, varied) = called(&[("fast", &[]), ("fast", &[depth, rate])]);
        let expected = [
            "depth 56, lr 0.1 · plain",
            "depth 56, lr 0.1 · residual",
            "depth 20, lr 0.01 · plain",
            "depth 20, lr 0.01 · residual",
        ];
        assert_eq!(names, expected);
        assert_eq!(varied, ["depth", "shortcut", "lr"]);
    }

    #[test]
    fn names_that_a_person_gave_stay_and_equal_runs_are_numbered() {
        let (names, _) = called(&[("short", &[]), ("longer", &["recipe.batch_size=64"])]);
        assert_eq!(names, ["short · plain", "short · residual", "longer · plain", "longer · residual"]);
        let small = "recipe.batch_size=64";
        let (names, _) =
            called(&[("lesson", &["recipe.optimizer.learning_rate=0.5"]), ("fast", &[small]), ("fast", &[])]);
        let plain: Vec<&String> = names.iter().step_by(2).collect();
        assert_eq!(plain, ["lesson · plain", "batch size 64 · plain", "batch size 128 · plain"]);
        let watched = "recipe.probe_every=10";
        let (names, _) = called(&[("fast", &[small, watched]), ("fast", &[]), ("lesson", &[])]);
        assert_eq!([&names[0], &names[2]], ["batch size 64 · plain", "batch size 128 · plain"]);
        let (names, _) = called(&[("fast", &[watched]), ("fast", &["recipe.probe_every=5"])]);
        assert_eq!([&names[0], &names[2]], ["measure gradients every 10 · plain", "measure gradients every 5 · plain"]);
        let (names, _) = called(&[("fast", &[]), ("fast", &[])]);
        assert_eq!(names, ["plain #1", "residual #1", "plain #2", "residual #2"]);
    }
}
