//! Verdicts on made-up numbers, which `outcomes.toml` holds for a person to read, and what no numbers may bring about.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a test may stop where it stands"
)]

use lab_core::protocol::Discordant;
use lab_core::random::{Purpose, Random};
use lab_core::verdict::{
    ArmFacts, Call, Compared, Facts, Measured, Newest, Stretch, Trial, lead_changes, live, reached, verdict,
};
use toml::{Table, Value};

/// The numbers of one outcome.
fn facts(outcome: &Table) -> Facts {
    let arms: Vec<ArmFacts> = outcome["arms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|name| ArmFacts { name: name.as_str().unwrap().to_owned() })
        .collect();
    let trials = outcome.get("trials").map_or(Vec::new(), |trials| {
        let all = trials.as_array().unwrap().iter().enumerate();
        all.map(|(seed, trial)| read(seed as u64, trial.as_table().unwrap(), arms.len())).collect()
    });
    Facts { arms, trials, images: 1000, unread: vec![] }
}

fn read(seed: u64, trial: &Table, arms: usize) -> Trial {
    let list = |name: &str, arm: usize| trial.get(name).map(|list| list.as_array().unwrap()[arm].clone());
    let number = |name: &str, arm: usize| list(name, arm).and_then(|value| value.as_float());
    let count = |name: &str, arm: usize| list(name, arm).and_then(|value| value.as_integer()).map(|count| count as u64);
    let pair = |pair: &Value, from: usize| pair.as_array().unwrap()[from].as_integer().unwrap();
    let planned = trial.get("planned").map_or(234, |planned| planned.as_integer().unwrap() as u64);
    let measured = |arm: usize| Measured {
        steps: count("steps", arm).unwrap_or(planned),
        accuracy: number("accuracy", arm),
        validated_at: count("validated", arm),
        train_loss: number("loss", arm),
        loss_of: trial.get("epoch").map_or(Stretch::Epoch, |of| {
            Stretch::new(count("steps", arm).unwrap_or(planned), of.as_integer().unwrap() as u64)
        }),
        train_accuracy: None,
        diverged_at: count("diverged", arm),
        first_gradients: list("gradients", arm).map(|both| {
            let both = both.as_array().unwrap();
            [both[0].as_float().unwrap(), both[1].as_float().unwrap()]
        }),
        losses: list("losses", arm).map_or(Vec::new(), |losses| {
            let points = losses.as_array().unwrap().iter();
            points.map(|at| (pair(at, 0) as u64, at.as_array().unwrap()[1].as_float().unwrap())).collect()
        }),
        worst_lesion: None,
    };
    let mut discordant: Vec<Discordant> =
        trial.get("only").into_iter().map(|only| discordant(0, 1, [pair(only, 0), pair(only, 1)])).collect();
    for four in trial.get("pairs").into_iter().flat_map(|pairs| pairs.as_array().unwrap()) {
        discordant.push(self::discordant(
            pair(four, 0) as usize,
            pair(four, 1) as usize,
            [pair(four, 2), pair(four, 3)],
        ));
    }
    let lead_changes = trial.get("lead_changes").map_or(0, |changes| changes.as_integer().unwrap() as usize);
    let changed = trial.get("changed").into_iter().flat_map(|changed| changed.as_array().unwrap());
    let changed = changed.map(|change| (pair(change, 0) as u64, change[1].as_str().unwrap().to_owned())).collect();
    Trial { seed, planned, arms: (0..arms).map(measured).collect(), discordant, changed, lead_changes }
}

fn discordant(first: usize, second: usize, only: [i64; 2]) -> Discordant {
    Discordant { first, second, first_only: only[0] as u32, second_only: only[1] as u32 }
}

#[test]
fn every_outcome_is_told_as_it_stands_in_the_file() {
    let file: Table = include_str!("outcomes.toml").parse().unwrap();
    let outcomes = file["outcome"].as_array().unwrap();
    assert!(outcomes.len() >= 40);
    let texts = |value: Option<&Value>| -> Vec<String> {
        value.map_or(Vec::new(), |all| {
            all.as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned()).collect()
        })
    };
    let mut wrong = Vec::new();
    for outcome in outcomes.iter().map(|outcome| outcome.as_table().unwrap()) {
        let found = verdict(&facts(outcome));
        let call = serde_json::to_value(found.call).unwrap();
        let reasons: Vec<String> = found.reasons.iter().map(|reason| reason.text.clone()).collect();
        let title = outcome["title"].as_str().unwrap();
        if call != outcome["call"].as_str().unwrap()
            || found.headline != outcome["headline"].as_str().unwrap()
            || reasons != texts(outcome.get("reasons"))
            || found.caveats != texts(outcome.get("caveats"))
        {
            wrong.push(format!("{title}: {call} {}\n  {reasons:?}\n  {:?}", found.headline, found.caveats));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Numbers such as trainings bring, over one to five seeds and two to four arms; `effect` is added to the last arm.
fn made_up(seed: u64, effect: f64) -> Facts {
    let mut random = Random::new(seed, Purpose::Inspect, 0, 0);
    let (arms, seeds) = (2 + random.below(3), 1 + random.below(5));
    let trial = |seed: usize, random: &mut Random| {
        let common = 0.05 * random.normal();
        let measured: Vec<Measured> = (0..arms)
            .map(|arm| {
                let accuracy = 0.7 + common + 0.01 * random.normal() + if arm + 1 == arms { effect } else { 0.0 };
                let diverged_at = (random.uniform() < 0.05).then_some(17);
                Measured {
                    steps: 100,
                    accuracy: Some(accuracy),
                    train_loss: Some(1.0 - accuracy),
                    diverged_at,
                    ..Measured::default()
                }
            })
            .collect();
        Trial { seed: seed as u64, planned: 100, arms: measured, ..Trial::default() }
    };
    let trials = (0..seeds).map(|seed| trial(seed, &mut random)).collect();
    let arms = (0..arms).map(|arm| ArmFacts { name: format!("arm {arm}") }).collect();
    Facts { arms, trials, images: 1000, unread: vec![] }
}

#[test]
fn no_difference_is_claimed_whose_corrected_interval_holds_nothing() {
    let mut claims = 0;
    for seed in 0..600 {
        for comparison in verdict(&made_up(seed, 0.05 * (seed % 3) as f64)).comparisons {
            if let (Call::Higher | Call::Lower, Some([low, high])) = (comparison.call, comparison.corrected_interval) {
                assert!(low > 0.0 || high < 0.0, "{comparison:?}");
                assert!(comparison.corrected_p.unwrap() <= 0.05, "{comparison:?}");
                claims += 1;
            }
        }
    }
    assert!(claims > 100, "only {claims} claims were made, so the test says little");
}

#[test]
fn where_there_is_nothing_hardly_anything_is_claimed() {
    let all: Vec<_> = (0..600).map(|seed| verdict(&made_up(seed, 0.0))).collect();
    let of_accuracy = |found: &&lab_core::verdict::Verdict| {
        found
            .comparisons
            .iter()
            .any(|it| it.quantity == Compared::ValidationAccuracy && matches!(it.call, Call::Higher | Call::Lower))
    };
    let wrong = all.iter().filter(of_accuracy).count();
    assert!(wrong <= 600 * 8 / 100, "{wrong} of 600 verdicts claim a difference that is chance");
}

#[test]
fn the_other_order_of_arms_tells_the_same() {
    for seed in 0..200 {
        let facts = made_up(seed, 0.1);
        let mut turned = facts.clone();
        turned.arms.reverse();
        turned.trials.iter_mut().for_each(|trial| trial.arms.reverse());
        let (one, other) = (verdict(&facts), verdict(&turned));
        assert_eq!((one.call, &one.best), (other.call, &other.best), "{}\n{}", one.headline, other.headline);
    }
}

#[test]
fn a_verdict_survives_its_file() {
    let found = verdict(&made_up(7, 0.1));
    let text = serde_json::to_string(&found).unwrap();
    let read: lab_core::verdict::Verdict = serde_json::from_str(&text).unwrap();
    assert_eq!((&read.headline, read.call, &read.caveats), (&found.headline, found.call, &found.caveats));
    assert_eq!(serde_json::to_string(&read).unwrap().len(), text.len());
}

#[test]
fn while_training_one_sentence_says_how_it_stands() {
    let arm = |name: &str, train: f64, validation: Option<(f64, f64)>| Newest {
        name: name.to_owned(),
        train_loss: Some(train),
        validation_loss: validation.map(|(loss, _)| loss),
        accuracy: validation.map(|(_, accuracy)| accuracy),
        diverged_at: None,
    };
    let say = |epochs, arms: &[Newest]| live(epochs, 10.0_f64.ln(), arms).unwrap_or_default();
    let two = |a, b| [arm("plain", 1.6, a), arm("residual", 0.98, b)];
    assert_eq!(
        say(2, &two(Some((1.7, 0.4)), Some((1.0, 0.74)))),
        "After 2 epochs, residual is ahead of plain by 34.0 points (74.0 % right)."
    );
    assert_eq!(
        say(1, &two(Some((1.0, 0.7)), Some((1.0, 0.71)))),
        "After 1 epoch, nobody is ahead: 70.0 % to 71.0 % right."
    );
    assert_eq!(
        say(0, &two(None, None)),
        "Over the last 20 steps the training loss of residual is lower: 0.980, plain 1.60."
    );
    let begun = [arm("plain", 2.34, None), arm("residual", 3.25, None)];
    assert_eq!(say(0, &begun), "", "plain has learned nothing yet, it began with a lower loss");
    assert_eq!(
        say(1, &two(Some((3346.0, 0.1)), Some((1.0, 0.7)))),
        "The validation of plain is far off: its batch statistics have not settled yet."
    );
    assert_eq!(
        say(1, &two(Some((3346.0, 0.1)), Some((18.6, 0.2)))),
        "The validations of plain and residual are far off: their batch statistics have not settled yet."
    );
    // A learning rate that was set far too high while it trains.
    let blown = [arm("plain", 1023.0, Some((4e6, 0.1))), arm("no shortcut", 2.1e8, Some((1e9, 0.1)))];
    assert_eq!(
        say(1, &blown),
        "Plain and “no shortcut” do far worse than guessing (training losses are 1,023 and 2.10e8, that of guessing \
         2.30): the learning rate may be too high."
    );
    let mut lost = two(None, Some((1.0, 0.7)));
    lost[0].diverged_at = Some(40);
    assert_eq!(say(1, &lost), "Plain diverged. After 1 epoch, residual gets 70.0 % of the validation images right.");
    assert_eq!(live(0, 1.0, &[]), None);
    assert_eq!(live(0, 1.0, &[Newest::default()]), None);
}

#[test]
fn a_loss_is_reached_at_the_first_step_that_has_it() {
    let losses = [(1, 2.3), (10, 1.4), (20, 0.9), (30, 1.1)];
    assert_eq!((reached(&losses, 1.0), reached(&losses, 0.5), reached(&losses, 3.0)), (Some(20), None, Some(1)));
    let rows = [vec![0.1, 0.2], vec![0.3, 0.2], vec![0.3, 0.3], vec![0.3, 0.5], vec![f64::NAN, 0.1]];
    assert_eq!(lead_changes(&rows), 2);
}

#[test]
fn few_validation_images_are_told() {
    let told = |images| verdict(&Facts { images, ..made_up(7, 0.1) }).caveats.join(" ");
    assert!(told(2).contains("Validated on 2 images only: each is worth 50.0 points."), "{}", told(2));
    assert!(!told(100).contains("only: each"));
}
