//! The program as a person or a script meets it: the real binary in a fresh folder, its files, its exit codes.

#![allow(clippy::cast_possible_truncation, reason = "sizes and colours in tests are small")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may stop where it stands")]

mod lab;

#[cfg(unix)]
mod crash;

mod endings;

mod find;

mod finetune;

#[cfg(unix)]
mod full_disk;

mod inspect;

mod kept;

mod lessons;

mod refusals;

mod verdicts;

mod leaving;

mod pictures;

mod precision;

mod pretrained;

mod readme;

#[cfg(unix)]
mod signals;

#[cfg(unix)]
mod slurm;

#[cfg(unix)]
mod studies;

mod trust;

use lab::{Lab, TINY, picture};
use serde_json::Value;

/// Every command by its words, as each one's help lists those below it.
fn commands(lab: &Lab, words: &[String]) -> Vec<Vec<String>> {
    let mut call: Vec<&str> = words.iter().map(String::as_str).collect();
    call.push("--help");
    let help = lab.ok(&call);
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // A line that only goes on with an explanation is set in further.
    let names = listed.filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')));
    let names = names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
    let below = names.flat_map(|name| commands(lab, &[words, &[name.to_owned()]].concat()));
    std::iter::once(words.to_vec()).chain(below).collect()
}

#[test]
fn every_command_explains_itself_with_an_example() {
    let lab = Lab::new();
    let commands = commands(&lab, &[]);
    for known in [&["train"][..], &["study", "extend"], &["weights", "get"]] {
        assert!(commands.iter().any(|words| words == known), "{known:?} is not in {commands:?}");
    }
    for words in &commands {
        let mut call: Vec<&str> = words.iter().map(String::as_str).collect();
        call.push("--help");
        let help = lab.ok(&call);
        assert!(help.contains("Usage: residual-lab"), "{help}");
        assert!(help.contains("Example"), "{words:?} has no example: {help}");
    }
    assert!(lab.ok(&["--version"]).starts_with("residual-lab "));
}

#[test]
fn presets_are_listed_with_their_parameters_and_printed_as_files_that_work() {
    let lab = Lab::new();
    let list = lab.ok(&["presets"]);
    for known in ["plain-vs-residual", "269,722", "853,018", "11,689,512", "25,557,032", "2,777,674"] {
        assert!(list.contains(known), "{known} is not in {list}");
    }
    let file = lab.path("mine.toml");
    std::fs::write(&file, lab.ok(&["presets", "resnet20"])).unwrap();
    let summary = lab.ok(&["summary", "mine.toml", "--image", "3x32x32", "--classes", "10"]);
    assert!(summary.contains("269,722 parameters") && summary.contains("40.55 M"), "{summary}");
    assert_eq!(lab.ok(&["presets", "--toml", "resnet20"]), lab.ok(&["presets", "resnet20"]));
    let ids = lab.json(&["presets", "--json"]);
    assert_eq!(ids[0]["id"], "plain-vs-residual");
}

#[test]
fn fields_say_what_they_do_and_what_is_told_of_them_can_be_set() {
    let lab = Lab::new();
    let told = lab.ok(&["fields", "learning", "rate", "peak"]);
    let expected = [
        "recipe.optimizer.learning_rate: a number; usually 0.1\n",
        "Learning rate. The size of a step.",
        "Good: 0.1 for SGD",
    ];
    assert!(expected.iter().all(|part| told.contains(part)), "{told}");
    let all = lab.json(&["fields", "--json"]);
    let places = all.as_array().unwrap().iter().flat_map(|field| field["places"].as_array().unwrap());
    let path = |place: &serde_json::Value| place["path"].as_str().unwrap().replace("[]", "[0]");
    // A start from weights needs weights; a kind that the preset has not has no place in it.
    let usual = places.filter(|place| {
        !place["usual"].is_null() && !path(place).contains(".curve.") && !path(place).contains(".method.")
    });
    let settings: Vec<String> = usual
        .map(|place| format!("{}={}", path(place), place["usual"]))
        .filter(|setting| !setting.contains('{'))
        .collect();
    assert!(settings.len() > 40, "{settings:?}");
    let mut call = vec!["summary", "--preset", "resnet20"];
    settings.iter().for_each(|setting| call.extend(["--set", setting]));
    assert!(lab.ok(&call).contains("parameters"));
    lab.refuses(2, &["no field is about \"warmth\"", "residual-lab fields"], &["fields", "warmth"]);
    let wrong = "arms[0].network.shortcut=e";
    lab.refuses(2, &["must be none, a, b, c or d"], &["summary", "--preset", "resnet20", "--set", wrong]);
    lab.ok(&["summary", "--preset", "resnet20", "--set", "arms[0].network.norm.group=4"]);
}

#[test]
fn a_summary_counts_what_the_literature_counts() {
    let lab = Lab::new();
    let found = lab.json(&["summary", "--preset", "resnet18", "--json"]);
    let summary = &found[0]["summary"];
    assert_eq!(summary["parameters"], 11_689_512);
    assert_eq!(summary["depth"], 18);
    assert_eq!(summary["macs"].as_u64().unwrap() / 1_000_000, 1814);
    for (preset, name, input) in [
        ("finetune-resnet18", "finetune-resnet18", [3, 224, 224]),
        ("resnet20", "resnet18", [3, 32, 32]),
        ("plain-vs-residual", "mine", [1, 28, 28]),
    ] {
        let found = lab.json(&["summary", "--preset", preset, "--set", &format!("name={name}"), "--json"]);
        assert_eq!(found[0]["input"], serde_json::json!(input), "{preset}, whatever it is called");
    }
    let own = lab.json(&["summary", "--preset", "resnet20", "--data", "embedded", "--json"]);
    assert_eq!(own[0]["input"], serde_json::json!([1, 28, 28]));
}

#[test]
fn devices_are_listed_on_any_machine() {
    let lab = Lab::new();
    assert!(lab.ok(&["devices"]).contains("flex"));
    let devices = lab.json(&["devices", "--json"]);
    assert!(devices.as_array().unwrap().iter().any(|device| device["device"] == "flex"));
}

#[test]
fn a_data_set_is_described_and_a_small_one_made_from_it() {
    let lab = Lab::new();
    let embedded = lab.json(&["data", "info", "embedded", "--json"]);
    assert_eq!(embedded["train"], 5000);
    assert_eq!(embedded["train_per_class"], serde_json::json!([500, 500, 500, 500, 500, 500, 500, 500, 500, 500]));
    assert_eq!(embedded["validation"], 1000);
    assert!(lab.ok(&["data", "info", "embedded"]).contains("28×28"));

    lab.idx("idx", 30, 20);
    let args =
        ["data", "subset", "--from", "idx", "--train-per-class", "5", "--test-per-class", "4", "--out", "small.bin"];
    lab.ok(&args);
    let small = lab.json(&["data", "info", "small.bin", "--json"]);
    assert_eq!((&small["train"], &small["validation"]), (&Value::from(10), &Value::from(8)));
}

#[test]
fn a_run_is_trained_read_asked_and_gone_on_with() {
    let lab = Lab::new();
    let said = lab.ok(&[&["train", "--preset", "plain-vs-residual", "--steps", "3", "--out", "run"], TINY].concat());
    assert!(said.contains("plain") && said.contains("residual") && said.contains("run folder: "), "{said}");
    assert!(said.contains("validation accuracy"), "there is a final table: {said}");
    for file in ["experiment.toml", "run.json", "events.jsonl", "outcome.json"] {
        assert!(lab.path("run").join(file).is_file(), "{file}");
    }
    let steps = lab.metrics("run", "residual");
    assert_eq!(steps.iter().map(|row| row["step"].as_str()).collect::<Vec<_>>(), ["1", "2", "3"]);
    assert!(steps[2]["validation_accuracy"].parse::<f64>().is_ok(), "validated at the end");

    std::fs::write(lab.path("shirt.png"), picture(40, 30)).unwrap();
    let said = lab.ok(&["classify", "run", "shirt.png", "--top", "2"]);
    assert!(said.contains("shirt.png") && said.contains('%'), "{said}");
    let answer = lab.json(&["classify", "run", "shirt.png", "--json"]);
    let best = &answer[0]["arms"][1]["classes"][0];
    assert!(best["class"].is_string() && best["probability"].as_f64().unwrap() > 0.0, "{answer}");

    let score = lab.json(&["evaluate", "run", "--json"]);
    let (arm, last) = (&score["arms"][1], &steps[2]);
    assert_eq!(arm["name"], "residual");
    let accuracy: f64 = last["validation_accuracy"].parse().unwrap();
    assert!((arm["top1"].as_f64().unwrap() - accuracy).abs() < 1e-9, "{score} against {accuracy}");

    let said = lab.ok(&["train", "--resume", "run"]);
    assert!(said.contains("this run was already complete"), "{said}");
    lab.ok(&["train", "--resume", "run", "--extend", "1"]);
    assert_eq!(lab.metrics("run", "plain").len(), 3 + 64 / 8);
}

#[test]
fn equal_seeds_give_equal_numbers_with_any_number_of_threads() {
    let lab = Lab::new();
    for threads in ["1", "2", "3", "4"] {
        let args = [&["train", "--steps", "3", "--seed", "7", "--out", threads], TINY].concat();
        lab.command(&args).env("RAYON_NUM_THREADS", threads).output().unwrap();
    }
    assert!(!lab.numbers("1", "plain").is_empty());
    for (threads, arm) in ["2", "3", "4"].into_iter().flat_map(|threads| [(threads, "plain"), (threads, "residual")]) {
        assert_eq!(lab.numbers("1", arm), lab.numbers(threads, arm), "{threads} threads");
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_stops_with_a_checkpoint_and_going_on_gives_the_same_numbers_as_never_stopping() {
    let lab = Lab::new();
    let plan = ["--preset", "resnet20", "--steps", "12", "--set", "recipe.evaluate_every.steps=100"];
    lab.ok(&[&["train", "--out", "whole"], &plan[..], TINY].concat());

    let args = [&["train", "--out", "stopped"], &plan[..], TINY].concat();
    let mut child = lab.command(&args).spawn().unwrap();
    lab.wait_for(&mut child, || lab.path("stopped/arms/resnet20/metrics.csv").exists());
    assert!(std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(75), "there is more to do");
    assert!(lab.path("stopped/arms/resnet20/checkpoints").is_dir());
    let done = lab.metrics("stopped", "resnet20").len();
    assert!(done < 12, "it was not stopped in time to tell");

    lab.ok(&["train", "--resume", "stopped"]);
    assert_eq!(lab.numbers("stopped", "resnet20"), lab.numbers("whole", "resnet20"), "stopped after {done}");
}

#[test]
fn json_is_all_there_is_on_the_standard_output() {
    let lab = Lab::new();
    let outcome = lab.json(&[&["train", "--preset", "resnet20", "--steps", "2", "--json"], TINY].concat());
    assert_eq!(outcome["steps"], 2);
    let run = outcome["run"].as_str().unwrap();
    assert!(run.contains("residual-lab/runs/") && run.ends_with("-resnet20"), "in the usual place: {run}");
    let name = std::path::Path::new(run).file_name().unwrap().to_str().unwrap();
    assert!(lab.json(&["evaluate", name, "--json"])["correct"].is_u64(), "and found there by its name");
}

#[test]
fn a_program_that_asks_for_json_is_told_of_failures_in_json() {
    let lab = Lab::new();
    let cases: [(&[&str], &str); 4] = [
        (&["data", "info", "nowhere", "--json"], "there is no file or folder nowhere"),
        (&["evaluate", "nowhere", "--json"], "there is no run nowhere"),
        (&["train", "--epochs", "1.5", "--json"], "a whole number is wanted"),
        (&["presets", "nothing", "--json"], "there is no preset"),
    ];
    for (args, says) in cases {
        lab.refuses(2, &[says], args);
        let output = lab.command(args).output().unwrap();
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(told["error"].as_str().unwrap().contains(says), "{args:?}: {told}");
        let without = lab.command(&args[..args.len() - 1]).output().unwrap();
        assert!(without.stdout.is_empty(), "{args:?}");
    }
    // Where there is an answer, it is all.
    let wild =
        ["recipe.optimizer.learning_rate=1000", "recipe.optimizer.weight_decay=100", "recipe.schedule.curve=constant"];
    let rate: Vec<&str> = wild.iter().flat_map(|setting| ["--set", *setting]).collect();
    let train = [
        "train",
        "--preset",
        "resnet20",
        "--set",
        "arms[0].network.body.cifar={depth=8,width=2}",
        "--steps",
        "6",
        "--json",
    ];
    let output = lab.command(&[&train[..], TINY, &rate[..]].concat()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let outcome: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(outcome["arms"].is_array() && outcome.get("error").is_none(), "{outcome}");

    let preset = lab.json(&["presets", "resnet20", "--json"]);
    assert_eq!((&preset["name"], &preset["recipe"]["batch_size"]), (&Value::from("resnet20"), &Value::from(128)));
    let instruments = lab.json(&["inspect", "--list", "--json"]);
    assert!(instruments.as_array().unwrap().iter().any(|it| it["id"] == "lesions" && it["formula"].is_string()));
}

#[test]
fn a_reader_that_has_had_enough_is_no_failure() {
    let lab = Lab::new();
    let mut child = lab.command(&["presets"]).spawn().unwrap();
    drop(child.stdout.take());
    let finished = child.wait_with_output().unwrap();
    assert_eq!((finished.status.code(), finished.stderr.as_slice()), (Some(0), &b""[..]));
}

#[test]
fn the_bench_measures_a_step() {
    let lab = Lab::new();
    for mode in [&[][..], &["--inference"], &["--look-inside", "--set", "arms[0].network.shortcut=b"]] {
        let args = ["bench", "--preset", "resnet20", "--batch", "4", "--steps", "2", "--device", "flex", "--json"];
        let found = lab.json(&[&args, mode].concat());
        let (rate, time) = (found["images_per_second"].as_f64().unwrap(), found["step_ms_median"].as_f64().unwrap());
        assert!((rate * time / 1000.0 - 4.0).abs() < 1e-6, "{found}");
        assert!(found["device"].is_string() && found.get("peak_memory_mib").is_some());
    }
    let args = ["bench", "--preset", "plain-vs-residual", "--batch", "4", "--steps", "1", "--device", "flex"];
    for arm in [&[][..], &["--arm", "plain"]] {
        assert!(lab.ok(&[&args, arm].concat()).contains("images/s"));
    }
}
