//! Studies with the real program: several processes on one folder, processes that are killed, tables that come of it.

use crate::lab::Lab;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::Duration;

/// A network and images with which a trial takes about a second.
pub const SMALL: &[&str] = &[
    "--preset",
    "plain-vs-residual",
    "--set",
    "arms[*].network.body.cifar={depth=8,width=2}",
    "--set",
    "recipe.batch_size=8",
    "--set",
    "data.train_limit=64",
    "--set",
    "data.validation_limit=20",
];

/// Makes a study of three learning rates in `name`.
pub fn rates(lab: &Lab, name: &str, more: &[&str]) {
    let vary = ["--vary", "recipe.optimizer.learning_rate=0.01,0.03,0.1"];
    lab.ok(&[&["study", "new", name], SMALL, &vary, more].concat());
}

pub fn work(lab: &Lab, name: &str) -> Child {
    lab.command(&["study", "work", name, "--device", "flex"]).spawn().unwrap()
}

/// The trials' run folders, relative to the laboratory.
pub fn trials(lab: &Lab, study: &str) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(lab.path(study).join("trials"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        // What a process that was killed has left unfinished is hidden.
        .filter(|name| !name.starts_with('.'))
        .map(|name| format!("{study}/trials/{name}"))
        .collect();
    names.sort();
    names
}

/// How often each kind of event is in a run's list.
fn events(lab: &Lab, run: &str, kind: &str) -> usize {
    let text = fs::read_to_string(lab.path(run).join("events.jsonl")).unwrap();
    text.lines().filter(|line| line.contains(&format!("\"event\":\"{kind}\""))).count()
}

/// All of a run that no clock decides, arm by arm: rows without seconds, and the bytes of everything else.
pub fn assert_same_runs(lab: &Lab, one: &str, other: &str) {
    let names = |study| trials(lab, study).into_iter().map(|run| run.rsplit('/').next().unwrap().to_owned());
    assert_eq!(names(one).collect::<Vec<_>>(), names(other).collect::<Vec<_>>());
    for (ours, theirs) in trials(lab, one).iter().zip(&trials(lab, other)) {
        for arm in ["plain", "residual"] {
            assert!(!lab.numbers(ours, arm).is_empty());
            assert_eq!(lab.numbers(ours, arm), lab.numbers(theirs, arm), "{ours} {arm}");
            let arm = Path::new("arms").join(arm);
            for file in [
                "gradients.csv",
                "confusion.csv",
                "predictions.bin",
                "checkpoints/last/weights.safetensors",
                "checkpoints/last/optimizer.safetensors",
                "checkpoints/best/weights.safetensors",
            ] {
                let [ours, theirs] = [ours, theirs].map(|run| fs::read(lab.path(run).join(&arm).join(file)).unwrap());
                assert!(ours == theirs, "{one} and {other}: {}/{file} has other bytes", arm.display());
            }
        }
    }
}

fn all_done(lab: &Lab, study: &str) -> bool {
    let status = lab.json(&["study", "status", study, "--json"]);
    status["trials"].as_array().unwrap().iter().all(|trial| trial["state"] == "done")
}

#[test]
fn two_workers_share_a_study_and_run_no_trial_twice() {
    let lab = Lab::new();
    rates(&lab, "rates", &["--seeds", "2", "--epochs", "2"]);
    let workers = [work(&lab, "rates"), work(&lab, "rates")];
    for worker in workers {
        assert_eq!(worker.wait_with_output().unwrap().status.code(), Some(0));
    }
    assert!(all_done(&lab, "rates"));
    let runs = trials(&lab, "rates");
    assert_eq!(runs.len(), 6);
    for run in &runs {
        assert_eq!(
            (events(&lab, run, "start"), events(&lab, run, "resume"), events(&lab, run, "finish")),
            (1, 0, 1),
            "{run}"
        );
    }
    let owners: BTreeSet<String> = fs::read_dir(lab.path("rates/claims"))
        .unwrap()
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .map(|text| serde_json::from_str::<serde_json::Value>(&text).unwrap()["owner"]["process"].to_string())
        .collect();
    assert_eq!(owners.len(), 2, "both had something to do");

    let table = lab.ok(&["study", "results", "rates"]);
    assert!(table.contains("learning_rate") && table.contains('±') && table.contains('★'), "{table}");
    let csv = lab.ok(&["study", "results", "rates", "--csv"]);
    assert_eq!(
        (csv.lines().count(), csv.lines().next().unwrap().split(',').take(2).collect::<Vec<_>>()),
        (4, vec!["learning_rate", "n"])
    );
    assert!(lab.ok(&["study", "results", "rates", "--markdown"]).contains("| **"));
    assert!(lab.ok(&["study", "results", "rates", "--latex"]).contains("\\toprule"));
    let again = lab.ok(&["study", "work", "rates"]);
    assert_eq!(again.trim(), "", "nothing is left to do");
    assert!(lab.ok(&["evaluate", &runs[0]]).contains("residual"), "a trial is a run like any other");
}

/// As many kills as take a few seconds; `RESIDUAL_LAB_KILLS=30` tries harder.
#[test]
fn a_study_whose_workers_are_killed_at_any_moment_comes_to_the_same() {
    let lab = Lab::new();
    let kills = std::env::var("RESIDUAL_LAB_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(8);
    for name in ["whole", "killed"] {
        rates(&lab, name, &["--seeds", "2", "--epochs", "6"]);
    }
    assert!(work(&lab, "whole").wait_with_output().unwrap().status.success());

    // Moments that differ from kill to kill, the same in every test.
    let pause = |kill: u64| Duration::from_millis(60 + kill.wrapping_mul(2_654_435_761) % 700);
    let mut workers = [work(&lab, "killed"), work(&lab, "killed")];
    for kill in 0..kills {
        std::thread::sleep(pause(kill));
        let victim = &mut workers[usize::try_from(kill % 2).unwrap()];
        victim.kill().unwrap();
        victim.wait().unwrap();
        *victim = work(&lab, "killed");
    }
    for worker in workers {
        let output = worker.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert!(work(&lab, "killed").wait_with_output().unwrap().status.success(), "what the last one left behind");
    assert!(all_done(&lab, "killed"), "{}", lab.ok(&["study", "status", "killed"]));
    assert_same_runs(&lab, "killed", "whole");
}

#[test]
fn a_study_is_run_by_several_processes_stopped_and_gone_on_with() {
    let lab = Lab::new();
    for name in ["whole", "stopped"] {
        rates(&lab, name, &["--epochs", "8"]);
    }
    let said = lab.ok(&["study", "run", "whole", "--jobs", "2", "--device", "flex"]);
    assert!(said.contains("trial 3 of 3: learning_rate 0.1: done") && said.contains("study folder: "), "{said}");

    let mut child = lab.command(&["study", "run", "stopped", "--jobs", "2", "--device", "flex"]).spawn().unwrap();
    let begun = || trials(&lab, "stopped").iter().any(|run| lab.path(run).join("arms/plain/checkpoints/last").is_dir());
    lab.wait_for(&mut child, begun);
    signal(&child, "INT");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(75), "{}", String::from_utf8_lossy(&output.stderr));
    let status = lab.json(&["study", "status", "stopped", "--json"]);
    let states: Vec<&str> =
        status["trials"].as_array().unwrap().iter().map(|trial| trial["state"].as_str().unwrap()).collect();
    assert!(!states.contains(&"running"), "nobody works on: {states:?}");

    lab.ok(&["study", "run", "stopped", "--device", "flex"]);
    assert_same_runs(&lab, "stopped", "whole");
}

pub fn signal(child: &Child, name: &str) {
    let status = std::process::Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status();
    assert!(status.unwrap().success());
}

#[test]
fn a_study_that_is_stopped_by_hand_waits_until_it_is_run_again() {
    let lab = Lab::new();
    rates(&lab, "rates", &["--epochs", "200"]);
    let mut child = work(&lab, "rates");
    lab.wait_for(&mut child, || {
        trials(&lab, "rates").first().is_some_and(|run| lab.path(run).join("run.json").exists())
    });
    lab.ok(&["study", "stop", "rates"]);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let waits = lab.command(&["study", "work", "rates"]).output().unwrap();
    assert!(String::from_utf8_lossy(&waits.stderr).contains("study run"), "{waits:?}");
    let status = lab.ok(&["study", "status", "rates"]);
    assert!(status.contains("1 interrupted, 2 waiting; stopped"), "{status}");
    assert!(lab.path(&trials(&lab, "rates")[0]).join("arms/plain/checkpoints/last").is_dir());

    lab.ok(&["study", "retry", "rates", "1"]);
    assert!(!lab.path(&trials(&lab, "rates")[0]).join("arms").exists(), "back at its beginning");
}

#[test]
fn a_study_that_has_been_run_is_given_one_more_seed() {
    let lab = Lab::new();
    rates(&lab, "rates", &["--steps", "4"]);
    lab.ok(&["study", "run", "rates", "--device", "flex"]);
    let first = lab.path(&trials(&lab, "rates")[0]);
    let ended = fs::read(first.join("outcome.json")).unwrap();
    lab.refuses(2, &["its seeds are 0"], &["study", "extend", "rates", "--seeds", "5,6"]);
    lab.refuses(2, &["a grid"], &["study", "extend", "rates", "--points", "9"]);
    lab.refuses(2, &["already"], &["study", "extend", "rates", "--seeds", "1"]);
    let said = lab.ok(&["study", "extend", "rates", "--seeds", "2"]);
    assert!(said.contains("6 trials, 3 of them new"), "{said}");
    let status = lab.ok(&["study", "status", "rates"]);
    assert!(status.contains("3 done, 3 waiting"), "{status}");
    lab.ok(&["study", "run", "rates", "--device", "flex"]);
    assert!(all_done(&lab, "rates"));
    assert_eq!(fs::read(first.join("outcome.json")).unwrap(), ended, "what was done stays done");
    assert!(lab.ok(&["study", "results", "rates"]).contains('±'));
}

#[test]
fn an_experiment_with_several_seeds_is_trained_as_a_study() {
    let lab = Lab::new();
    let args =
        ["train", "--set", "recipe.seeds=2", "--seed", "5", "--epochs", "1", "--device", "flex", "--out", "seeds"];
    let said = lab.ok(&[&args, SMALL].concat());
    assert!(said.contains("trial 2 of 2: seed 6") && said.contains(" ± "), "{said}");
    assert_eq!(trials(&lab, "seeds"), ["seeds/trials/0001-seed-5", "seeds/trials/0002-seed-6"]);
    let verdict = lab.ok(&["verdict", "seeds"]);
    let headline = verdict.lines().find(|line| line.contains("2 seeds")).unwrap();
    assert!(said.contains(headline), "{verdict}\n{said}");
    assert_eq!(verdict, lab.ok(&["verdict", "seeds/trials/0001-seed-5", "seeds/trials/0002-seed-6"]));
    let said = lab.ok(&["train", "--resume", "seeds", "--device", "flex"]);
    assert!(!said.contains("trial 1 of 2") && said.contains(" ± "), "there was nothing left to do: {said}");
    let one = ["train", "--seed", "6", "--epochs", "1", "--device", "flex", "--out", "one"];
    lab.ok(&[&one, SMALL].concat());
    assert_eq!(lab.numbers("one", "plain"), lab.numbers("seeds/trials/0002-seed-6", "plain"), "a seed is a seed");

    let [first, second] = ["seeds/trials/0001-seed-5", "seeds/trials/0002-seed-6"];
    lab.refuses(2, &["have the same seed"], &["verdict", first, second, first]);
    lab.ok(&["train", "--resume", second, "--extend", "1", "--device", "flex"]);
    lab.refuses(2, &["trained for different lengths"], &["verdict", first, second]);
    lab.ok(&["export", second, "--html", "--out", "extended.html"]);
    let page = std::fs::read_to_string(lab.path("extended.html")).unwrap();
    assert!(page.contains("change on the way what was changed by hand"), "settings alone do not repeat it");
}

#[test]
fn searches_end_hopeless_trials_early_and_say_so() {
    let lab = Lab::new();
    let search = ["--search", "sobol", "--points", "8", "--early-stopping", "asha", "--eta", "2", "--epochs", "4"];
    let vary = ["--vary", "recipe.optimizer.learning_rate=0.0001..1.0:log"];
    lab.ok(&[&["study", "new", "found"], SMALL, &search, &vary].concat());
    lab.ok(&["study", "run", "found", "--device", "flex"]);
    let status = lab.json(&["study", "status", "found", "--json"]);
    let trials = status["trials"].as_array().unwrap();
    let early: Vec<_> = trials.iter().filter(|trial| trial["state"] == "ended early").collect();
    assert!(!early.is_empty(), "{status}");
    for trial in early {
        assert!(trial["steps"].as_u64() < trial["total_steps"].as_u64(), "{trial}");
        assert!(trial["why"].as_str().unwrap().contains("Stopped after"), "{trial}");
    }
    assert!(lab.ok(&["study", "results", "found"]).contains("ended early"));
}

/// One row over trials of two experiments would say nothing.
#[test]
fn an_experiment_that_is_edited_after_a_trial_has_begun_is_refused() {
    let lab = Lab::new();
    rates(&lab, "rates", &["--epochs", "1", "--seeds", "2"]);
    lab.ok(&["study", "work", "rates", "--index", "1", "--device", "flex"]);
    let file = lab.path("rates/study.toml");
    let text = fs::read_to_string(&file).unwrap();
    let length = "[experiment.recipe.length]\nepochs = ";
    assert!(text.contains(length), "{text}");
    fs::write(&file, text.replace(&format!("{length}1"), &format!("{length}2"))).unwrap();
    for command in [
        &["study", "work", "rates", "--device", "flex"][..],
        &["study", "results", "rates"],
        &["study", "status", "rates"],
    ] {
        let says = [
            "trial 1 was begun as recipe.length.epochs = 1",
            "now says recipe.length.epochs = 2",
            "put study.toml back",
        ];
        let output = lab.command(command).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{command:?}");
        says.iter().for_each(|part| assert!(said.contains(part), "{command:?} does not say {part}: {said}"));
    }
    fs::write(&file, text).unwrap();
    lab.ok(&["study", "extend", "rates", "--seeds", "3"]);
    lab.ok(&["study", "work", "rates", "--device", "flex"]);
    let results = lab.ok(&["study", "results", "rates"]);
    assert!(results.contains("★ the best"), "{results}");
}

#[test]
fn studies_that_cannot_be_are_refused_with_axis_value_and_reason() {
    let lab = Lab::new();
    let new = |more: &[&'static str]| [&["study", "new", "x"], more].concat();
    lab.refuses(
        2,
        &["arms[*].network.body.cifar.depth", "9", "6n + 2"],
        &new(&["--vary", "arms[*].network.body.cifar.depth=8,9"]),
    );
    lab.refuses(2, &["recipe.rate", "unknown field"], &new(&["--vary", "recipe.rate=1,2"]));
    lab.refuses(2, &["LOW..HIGH:STEPS"], &new(&["--vary", "recipe.optimizer.learning_rate"]));
    lab.refuses(2, &["search.points"], &new(&["--search", "random", "--vary", "recipe.batch_size=8,16"]));
    lab.refuses(2, &["nothing to search", "--vary"], &new(&["--search", "random", "--points", "3"]));
    let vary = ["--vary", "recipe.batch_size=8,16"];
    lab.refuses(2, &["search.points is 5", "a grid"], &new(&[&vary[..], &["--points", "5"]].concat()));
    lab.refuses(2, &["120 seconds", "10 seconds"], &["study", "submit", "rates", "--slurm", "--time", "0:10"]);
    lab.refuses(2, &["seeds is 0 seeds"], &new(&["--seeds", "0"]));
    lab.refuses(2, &["--seeds few"], &new(&["--seeds", "few"]));
    lab.refuses(2, &["arms[nobody]", "\"nobody\" is not a place"], &["train", "--set", "arms[nobody].color=1"]);
    lab.refuses(2, &["not a study folder"], &["study", "work", "nowhere"]);
    lab.refuses(2, &["not a study folder"], &["study", "status", "."]);
    lab.write("broken.toml", b"name = \"x\"\nexperiment = { preset = \"resnet20\" }\naxis = 3\n");
    lab.refuses(2, &["broken.toml", "line 3", "axis"], &["study", "run", "broken.toml"]);
    lab.write("taken/file", b"something");
    lab.refuses(2, &["taken", "not empty"], &["study", "new", "taken"]);
    rates(&lab, "rates", &[]);
    lab.refuses(2, &["no trial 9", "the study has 3"], &["study", "work", "rates", "--index", "9"]);
    lab.refuses(2, &["--out goes with a study's file"], &["study", "run", "rates", "--out", "elsewhere"]);
}

/// All networks at once, or one by its name.
#[test]
fn settings_can_name_all_networks_or_one() {
    let lab = Lab::new();
    let depths = |setting: &str| -> Vec<u64> {
        let found = lab.json(&["summary", "--set", setting, "--json"]);
        found.as_array().unwrap().iter().map(|arm| arm["summary"]["depth"].as_u64().unwrap()).collect()
    };
    assert_eq!(depths("arms[*].network.body.cifar.depth=8"), [8, 8]);
    assert_eq!(depths("arms[residual].network.body.cifar.depth=8"), [56, 8]);
    assert_eq!(depths("arms[0].network.body.cifar.depth=8"), [8, 56]);
}

#[test]
fn a_study_file_is_run_as_it_stands() {
    let lab = Lab::new();
    let text = r#"
        name = "Two widths"
        question = "Is wider better?"
        [[axes]]
        field = "arms[*].network.body.cifar.width"
        values = [2, 4]
        [experiment]
        preset = "resnet20"
        set = ["arms[*].network.body.cifar.depth=8", "recipe.length.steps=4", "data.train_limit=64", "recipe.batch_size=8",
            "data.validation_limit=20"]
    "#;
    lab.write("widths.toml", text.as_bytes());
    let said = lab.json(&["study", "run", "widths.toml", "--device", "flex", "--json"]);
    assert_eq!(said["points"].as_array().unwrap().len(), 2);
    let folder = PathBuf::from(said["folder"].as_str().unwrap());
    assert!(folder.starts_with(lab.path(".data/residual-lab/studies")), "in the usual place: {}", folder.display());
    let name = folder.file_name().unwrap().to_str().unwrap();
    assert!(lab.ok(&["study", "results", name]).contains("width"), "and found there by its name");
}

#[test]
fn what_is_to_be_noticed_is_said_once_and_counts_are_those_of_one() {
    let lab = Lab::new();
    let schedule = ["--set", "recipe.schedule.warmup=1", "--steps", "2"];
    rates(&lab, "rates", &schedule);
    let run = |args: &[&str]| {
        let output = lab.command(args).env("RAYON_NUM_THREADS", "1").output().unwrap();
        let [said, notes] = [output.stdout, output.stderr].map(|it| String::from_utf8(it).unwrap());
        assert!(output.status.success(), "{notes}");
        (said, notes)
    };
    let (said, notes) = run(&["study", "run", "rates", "--device", "flex"]);
    assert!(said.contains("trial 3 of 3"), "{said}");
    let warning = "recipe.schedule: the warm-up takes 1 epoch and training 0.25 epochs";
    assert_eq!(notes.matches(warning).count(), 1, "{notes}");
    let about = fs::read_to_string(lab.path(&trials(&lab, "rates")[0]).join("run.json")).unwrap();
    assert!(about.contains(", 1 thread\""), "{about}");
    let found = [&["study", "new", "one"], SMALL].concat();
    assert!(run(&found).0.starts_with("1 trial: 1 point with 1 seed each\n"));
    let search = ["--vary", "recipe.batch_size=8..64", "--search", "tpe", "--points"];
    let (said, notes) = run(&[&["study", "new", "few"], SMALL, &search, &["9"]].concat());
    assert!(said.starts_with("9 trials: 9 points with 1 seed each\n"), "{said}");
    assert!(notes.contains("the first 10 points") && notes.contains("9 points it is a random search"), "{notes}");
    assert_eq!(run(&[&["study", "new", "many"], SMALL, &search, &["11"]].concat()).1, "");
}
