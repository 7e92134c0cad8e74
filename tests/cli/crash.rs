//! Runs that are killed at any moment: whatever happens, the end is that of a run that nobody disturbed, and nothing is left
//! over.
//!
//! Kills come at every n-th system call that changes files, by strace's injection; where strace is not installed, at moments
//! spread over the run. `RESIDUAL_LAB_KILLS` says how many; a thousand take about ten minutes.

use crate::lab::{Lab, TINY};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Two small networks with everything that a checkpoint has to remember, validated every third step.
const PLAN: &[&str] = &[
    "--steps",
    "9",
    "--set",
    "arms[*].network.body.cifar={depth=8,width=2}",
    "--set",
    "recipe.evaluate_every.steps=3",
    "--set",
    "recipe.probe_every=2",
    "--set",
    "recipe.early_stopping.patience=9",
];

/// What may change files.
const CALLS: [&str; 11] = [
    "write",
    "mkdir",
    "rename",
    "renameat2",
    "linkat",
    "link",
    "unlink",
    "unlinkat",
    "fsync",
    "fdatasync",
    "ftruncate",
];

/// The files of a run by their names, without what a clock decides.
fn contents(run: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![run.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(run).unwrap().to_owned();
            let bytes = match name.file_name().unwrap().to_str().unwrap() {
                "metrics.csv" => without_times(&path),
                // Times, places, and how often it was gone on with.
                "run.json"
                | "events.jsonl"
                | "outcome.json"
                | "seal.toml"
                | "verdict.json"
                | ".lock"
                | "events.out.tfevents.0.residual-lab" => Vec::new(),
                "state.toml" => without_lines(&path, "seconds"),
                _ => fs::read(&path).unwrap(),
            };
            found.insert(name, bytes);
        }
    }
    found
}

fn without_lines(path: &Path, what: &str) -> Vec<u8> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().filter(|line| !line.contains(what)).collect::<Vec<_>>().join("\n").into_bytes()
}

fn without_times(path: &Path) -> Vec<u8> {
    let text = fs::read_to_string(path).unwrap();
    let cells = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        [&cells[..2], &cells[4..]].concat().join(",")
    };
    text.lines().map(cells).collect::<Vec<_>>().join("\n").into_bytes()
}

fn outcome(run: &Path) -> serde_json::Value {
    let mut outcome: serde_json::Value = serde_json::from_slice(&fs::read(run.join("outcome.json")).unwrap()).unwrap();
    let all = outcome.as_object_mut().unwrap();
    all.remove("seconds");
    all.remove("run");
    outcome
}

/// Says where two runs differ, if they do.
pub fn differences(run: &Path, whole: &Path) -> Vec<String> {
    let (ours, theirs) = (contents(run), contents(whole));
    let names = |files: &BTreeMap<PathBuf, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    let mut found: Vec<String> = names(&ours)
        .into_iter()
        .chain(names(&theirs))
        .filter(|name| ours.get(name) != theirs.get(name))
        .map(|name| name.display().to_string())
        .collect();
    if outcome(run) != outcome(whole) {
        found.push(format!("outcome.json: {} for {}", outcome(run), outcome(whole)));
    }
    found.sort();
    found.dedup();
    found
}

pub fn train(out: &str) -> Vec<&str> {
    [&["train", "--out", out], PLAN, TINY].concat()
}

/// Ends what was begun, as a person would: by resuming, or where no run had come into being, by the same command.
pub fn go_on(lab: &Lab, run: &str) {
    if lab.path(run).join("experiment.toml").exists() {
        lab.ok(&["train", "--resume", run, "--device", "flex"]);
    } else {
        lab.ok(&train(run));
    }
}

fn kills() -> usize {
    std::env::var("RESIDUAL_LAB_KILLS").ok().and_then(|count| count.parse().ok()).unwrap_or(100)
}

/// How often a run makes each call in the thread that writes, as strace counts them.
fn counted(lab: &Lab) -> Option<Vec<(&'static str, usize)>> {
    let log = lab.path("calls");
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-e", &format!("trace={}", CALLS.join(",")), "-o"]).arg(&log);
    let program = lab.command(&train("traced"));
    command.arg(program.get_program()).args(program.get_args()).current_dir(lab.path("."));
    inherit(&mut command, &program);
    if !command.stdout(Stdio::null()).status().is_ok_and(|status| status.success()) {
        return None;
    }
    let text = fs::read_to_string(log).unwrap();
    let lines: Vec<(&str, &str)> = text.lines().filter_map(|line| line.split_once(char::is_whitespace)).collect();
    // The engine's thread is the one that syncs.
    let writer = lines.iter().find(|(_, call)| call.trim_start().starts_with("fsync"))?.0;
    let count = |call: &'static str| {
        let begins = |line: &&(&str, &str)| line.0 == writer && line.1.trim_start().starts_with(&format!("{call}("));
        (call, lines.iter().filter(begins).count())
    };
    Some(CALLS.into_iter().map(count).filter(|(_, count)| *count > 0).collect())
}

fn inherit(command: &mut Command, from: &Command) {
    for (name, value) in from.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    // The program would start itself again without it, and calls would be counted anew.
    command.env("XDG_RUNTIME_DIR", std::env::temp_dir()).env("RAYON_NUM_THREADS", "1");
}

/// When a process is killed.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// Before it makes a call for the n-th time in one of its threads.
    Call(&'static str, usize),
    After(Duration),
}

/// Says whether it was killed before its end.
fn kill(lab: &Lab, run: &str, moment: Moment) -> bool {
    match moment {
        Moment::Call(call, n) => {
            let mut command = Command::new("strace");
            command.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={call}")]);
            command.args(["-e", &format!("inject={call}:signal=SIGKILL:when={n}")]);
            let program = lab.command(&train(run));
            command.arg(program.get_program()).args(program.get_args()).current_dir(lab.path("."));
            inherit(&mut command, &program);
            let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
            status.signal() == Some(9) || status.code() == Some(137)
        }
        Moment::After(moment) => {
            let mut child = lab.command(&train(run)).spawn().unwrap();
            let start = Instant::now();
            while start.elapsed() < moment && child.try_wait().unwrap().is_none() {
                std::thread::sleep(Duration::from_millis(1));
            }
            let alive = child.try_wait().unwrap().is_none();
            child.kill().unwrap();
            child.wait().unwrap();
            alive
        }
    }
}

/// As many moments as are wanted, spread over a run.
fn moments(lab: &Lab, took: Duration) -> Vec<Moment> {
    let wanted = kills();
    let Some(counted) = counted(lab) else {
        eprintln!("strace is not installed or not permitted: kills come at moments spread over the run");
        let each = |index: usize| Moment::After(took.mul_f64(index as f64 / wanted as f64));
        return (0..wanted).map(each).collect();
    };
    let all: Vec<Moment> =
        counted.iter().flat_map(|&(call, count)| (1..=count).map(move |n| Moment::Call(call, n))).collect();
    let wanted = wanted.min(all.len());
    (0..wanted).map(|index| all[index * all.len() / wanted]).collect()
}

#[test]
fn a_run_that_is_killed_at_any_moment_ends_as_one_that_was_not() {
    let lab = Lab::new();
    let start = Instant::now();
    lab.ok(&train("whole"));
    let took = start.elapsed();
    let (whole, moments) = (lab.path("whole"), moments(&lab, took));
    let one = |(index, moment): (usize, &Moment)| {
        let run = format!("run-{index}");
        let killed = kill(&lab, &run, *moment);
        go_on(&lab, &run);
        let found = differences(&lab.path(&run), &whole);
        if found.is_empty() {
            fs::remove_dir_all(lab.path(&run)).unwrap();
        }
        (killed, (!found.is_empty()).then(|| format!("killed at {moment:?}: {}", found.join(", "))))
    };
    let ends: Vec<(bool, Option<String>)> = std::thread::scope(|scope| {
        let one = &one;
        let part = |start: usize| {
            let part = moments.iter().enumerate().skip(start).step_by(2);
            scope.spawn(move || part.map(one).collect::<Vec<_>>())
        };
        let both = [part(0), part(1)];
        both.into_iter().flat_map(|part| part.join().unwrap()).collect()
    });
    let left: Vec<_> = fs::read_dir(lab.path(".")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    let killed = ends.iter().filter(|(killed, _)| *killed).count();
    let wrong: Vec<&str> = ends.iter().filter_map(|(_, wrong)| wrong.as_deref()).collect();
    eprintln!("{killed} of {} kills in {:?}; a run takes {took:?}", moments.len(), start.elapsed());
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), moments.len(), wrong.join("\n"));
    assert!(killed * 10 >= moments.len() * 7, "only {killed} were killed");
    assert!(!left.iter().any(|name| name.to_string_lossy().ends_with(".tmp")), "{left:?}");
}

/// How a run ends does not matter: what has ended has ended.
#[test]
fn a_run_that_has_ended_stays_as_it_is_at_every_resume() {
    let lab = Lab::new();
    let early = ["--set", "recipe.early_stopping={patience=1,min_delta=9}", "--set", "recipe.length.steps=40"];
    for (run, settings) in [("early", &early[..]), ("whole", &[])] {
        lab.ok(&[&train(run)[..], settings].concat());
        let (before, ended) = (contents(&lab.path(run)), fs::read(lab.path(run).join("outcome.json")).unwrap());
        assert!(run == "whole" || lab.metrics(run, "plain").len() < 40, "it was to stop early");
        for _ in 0..2 {
            let said = lab.ok(&["train", "--resume", run, "--device", "flex"]);
            assert!(said.contains("this run was already complete"), "{said}");
            assert!(contents(&lab.path(run)) == before, "{run} has changed");
            assert_eq!(fs::read(lab.path(run).join("outcome.json")).unwrap(), ended);
        }
        let steps = lab.metrics(run, "plain").len();
        lab.ok(&["train", "--resume", run, "--extend", "1", "--device", "flex"]);
        // Early stopping has its patience again, and no more than that.
        let more = if run == "early" { 3 } else { 8 };
        assert_eq!(lab.metrics(run, "plain").len(), steps + more, "{run} was extended by an epoch");
    }
}

/// Another schedule would make other numbers of them.
#[test]
fn steps_that_were_recorded_after_the_last_checkpoint_are_done_again_before_a_run_is_extended() {
    let lab = Lab::new();
    for run in ["killed", "whole"] {
        lab.ok(&[&train(run)[..], &["--keep-checkpoints", "3"]].concat());
    }
    fs::remove_file(lab.path("killed/outcome.json")).unwrap();
    for arm in ["plain", "residual"] {
        let checkpoints = lab.path("killed/arms").join(arm).join("checkpoints");
        fs::remove_dir_all(checkpoints.join("last")).unwrap();
        let kept = fs::read_dir(&checkpoints).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        for step in kept.filter(|name| name.starts_with("step-")).collect::<Vec<_>>() {
            if step.trim_start_matches("step-").trim_start_matches('0') == "3" {
                fs::rename(checkpoints.join(step), checkpoints.join("last")).unwrap();
            } else {
                fs::remove_dir_all(checkpoints.join(step)).unwrap();
            }
        }
    }
    let extend = |run| lab.ok(&["train", "--resume", run, "--extend", "1", "--device", "flex"]);
    extend("whole");
    let said = extend("killed");
    assert!(said.contains("step 9: extended by 1 epoch"), "{said}");
    assert!(lab.numbers("whole", "plain").len() > 9, "an epoch more");
    for arm in ["plain", "residual"] {
        assert_eq!(lab.numbers("killed", arm), lab.numbers("whole", arm));
    }
}

/// It was asked for, and that is not forgotten.
#[test]
fn an_extension_that_is_killed_goes_on_to_its_end() {
    let lab = Lab::new();
    for run in ["killed", "whole"] {
        lab.ok(&train(run));
        let mut child = lab.command(&["train", "--resume", run, "--extend", "1", "--device", "flex"]).spawn().unwrap();
        if run == "killed" {
            let events = lab.path(run).join("events.jsonl");
            lab.wait_for(&mut child, || fs::read_to_string(&events).unwrap().contains("extended by"));
            child.kill().unwrap();
        }
        child.wait().unwrap();
    }
    lab.ok(&["train", "--resume", "killed", "--device", "flex"]);
    assert_eq!(differences(&lab.path("killed"), &lab.path("whole")), [""; 0]);
}

/// The use that this program is made for: one network fails, the other one trains.
#[test]
fn a_run_of_which_one_network_diverged_at_once_goes_on_and_can_be_asked() {
    let lab = Lab::new();
    let wild = [
        "--set",
        "arms[plain].network.norm=none",
        "--set",
        "arms[plain].network.activation=leaky_relu",
        "--set",
        "arms[plain].network.body.cifar={depth=20,width=4}",
        "--set",
        "arms[plain].optimizer={learning_rate=1000.0,method={name=\"sgd\",momentum=0.0,dampening=0.0,nesterov=false},\
         weight_decay=0.0,decay_norm_and_bias=true}",
    ];
    let args = |run| [&train(run)[..], &wild].concat();
    lab.ok(&args("whole"));
    let diverged = outcome(&lab.path("whole"))["arms"][0]["diverged_at"].as_u64().unwrap();
    assert!(diverged <= 3, "before the first validation, but after {diverged}");
    let said = lab.ok(&["train", "--resume", "whole", "--device", "flex"]);
    assert!(said.contains("this run was already complete"), "{said}");
    lab.write("shirt.png", &crate::lab::picture(28, 28));
    let said = lab.ok(&["classify", "whole", "shirt.png"]);
    assert!(said.contains("residual:") && !said.contains("plain:"), "{said}");
    lab.ok(&["train", "--resume", "whole", "--extend", "1", "--device", "flex"]);
    assert_eq!((lab.metrics("whole", "plain").len() as u64, lab.metrics("whole", "residual").len()), (diverged, 17));
}

#[test]
fn the_newest_checkpoints_are_kept_by_their_steps() {
    let lab = Lab::new();
    lab.ok(&[&train("run")[..], &["--keep-checkpoints", "2", "--checkpoint-every", "30"]].concat());
    let mut names: Vec<_> = fs::read_dir(lab.path("run/arms/plain/checkpoints"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["best", "last", "step-00000006", "step-00000009"]);
    let weights =
        |which: &str| fs::read(lab.path("run/arms/plain/checkpoints").join(which).join("weights.safetensors")).unwrap();
    assert!(weights("last") == weights("step-00000009") && weights("last") != weights("step-00000006"));
    // Whoever goes on without a word about them loses none.
    lab.ok(&["train", "--resume", "run", "--extend", "1", "--device", "flex"]);
    assert!(weights("last") != weights("step-00000009") && weights("best").len() == weights("step-00000006").len());
}
