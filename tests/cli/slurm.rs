//! Studies on a real SLURM of one node: an array, a time limit with going on, preemption, and results equal to those of a
//! study that nobody disturbed.
//!
//! SLURM is started by `tests/slurm/start`, which needs root and the packages it names; without them the tests are skipped,
//! unless `RESIDUAL_LAB_REQUIRE_SLURM=1`.

use crate::lab::Lab;
use crate::studies::{SMALL, assert_same_runs, rates, trials, work};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// How long a job may wait and run: one that is queued again waits for its credentials to run out.
const PATIENCE: Duration = Duration::from_mins(4);

struct Slurm {
    lab: tempfile::TempDir,
    /// The first of two that nobody else listens on.
    port: u32,
}

impl Slurm {
    /// Starts SLURM; `None` where it is not installed.
    fn start() -> Option<Self> {
        let installed = ["slurmctld", "slurmd", "munged"].map(|name| Path::new("/usr/sbin").join(name).exists());
        let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
        if installed.contains(&false) || !is_root {
            let required = std::env::var_os("RESIDUAL_LAB_REQUIRE_SLURM").is_some();
            assert!(!required, "SLURM must be tested here, but is not installed or this is not root");
            eprintln!("SKIPPED: studies on SLURM are not tested: it is not installed, or this is not root");
            return None;
        }
        let port = 20_000 + 2 * (std::process::id() % 10_000);
        let slurm = Self { lab: tempfile::tempdir().unwrap(), port };
        let output = slurm.script("start").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Some(slurm)
    }

    fn script(&self, name: &str) -> Command {
        let mut command = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/slurm").join(name));
        command.env("LAB", self.lab.path()).env("PORT", self.port.to_string()).env("CPUS", "2");
        command
    }

    /// A command of SLURM's or of ours that must succeed.
    fn run(&self, mut command: Command) -> String {
        let output = command.env("SLURM_CONF", self.lab.path().join("slurm.conf")).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{command:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn submit(&self, lab: &Lab, args: &[&str]) -> String {
        let said = self.run(lab.command(&[&["study", "submit"], args].concat()));
        let job = said.strip_prefix("job ").and_then(|rest| rest.split(':').next());
        job.unwrap_or_else(|| panic!("no job in {said}")).to_owned()
    }

    /// Whether a job of the array is in this state.
    fn has(&self, job: &str, state: &str) -> bool {
        let mut command = Command::new("squeue");
        command.args(["--noheader", "--array", "--states=all", "--format=%T", "--jobs", job]);
        self.run(command).lines().any(|line| line.trim() == state)
    }

    fn wait_for(&self, what: &str, happened: impl Fn() -> bool) {
        let start = Instant::now();
        while !happened() {
            let mut command = Command::new("squeue");
            command.args(["--array", "--states=all"]);
            assert!(start.elapsed() < PATIENCE, "waited in vain for {what}: {}", self.run(command));
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

impl Drop for Slurm {
    fn drop(&mut self) {
        let _ = self.script("stop").status();
    }
}

fn done(lab: &Lab, study: &str) -> bool {
    let status = lab.json(&["study", "status", study, "--json"]);
    status["trials"].as_array().unwrap().iter().all(|trial| trial["state"] == "done")
}

fn log(lab: &Lab, study: &str) -> String {
    let logs = std::fs::read_dir(lab.path(study).join("logs")).unwrap();
    logs.map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap()).collect()
}

/// One test and not three, because there can be one SLURM of one node.
#[test]
fn slurm_runs_studies_stops_them_ahead_of_the_limit_and_goes_on() {
    let Some(slurm) = Slurm::start() else { return };
    let lab = Lab::new();

    // An array, a task for each trial, two at a time.
    rates(&lab, "whole", &["--epochs", "3"]);
    rates(&lab, "array", &["--epochs", "3"]);
    assert!(work(&lab, "whole").wait_with_output().unwrap().status.success());
    let job = slurm.submit(&lab, &["array", "--slurm", "--array-limit", "2", "--device", "flex", "--mem", "500M"]);
    slurm.wait_for("the array", || done(&lab, "array"));
    assert_same_runs(&lab, "array", "whole");
    let claim = std::fs::read_to_string(lab.path("array/claims/0002-0001.json")).unwrap();
    assert!(claim.contains(&format!("\"job\": \"{job}_2\"")), "{claim}");
    assert!(lab.path(&format!("array/logs/{job}_3.log")).exists());

    // Preemption by somebody more important, and a time limit of a minute, which is too short. SLURM looks at limits twice a
    // minute only, so the signal comes 25 to 55 seconds ahead.
    for name in ["undisturbed", "disturbed"] {
        let long = ["--epochs", "700", "--set", "recipe.probe_every=500", "--set", "recipe.evaluate_every.epochs=10"];
        lab.ok(&[&["study", "new", name], SMALL, &long].concat());
    }
    let mut undisturbed = lab.command(&["study", "work", "undisturbed", "--device", "flex"]);
    let undisturbed = undisturbed.env("RAYON_NUM_THREADS", "1").spawn().unwrap();
    let limit = ["disturbed", "--slurm", "--time", "1", "--lead", "25", "--device", "flex"];
    let job = slurm.submit(&lab, &limit);
    slurm.wait_for("the first steps", || {
        trials(&lab, "disturbed").first().is_some_and(|run| lab.path(run).join("run.json").exists())
    });
    let mut urgent = Command::new("sbatch");
    urgent.args(["--partition=urgent", "--ntasks=1", "--cpus-per-task=2", "--output=/dev/null", "--wrap", "sleep 1"]);
    slurm.run(urgent);
    slurm.wait_for("preemption", || slurm.has(&job, "PENDING"));
    slurm.wait_for("the end", || done(&lab, "disturbed"));
    assert!(undisturbed.wait_with_output().unwrap().status.success());
    assert_same_runs(&lab, "disturbed", "undisturbed");
    let log = log(&lab, "disturbed");
    let stops = log.matches("stopping after this step").count();
    assert!(stops >= 2, "once for somebody more important, at least once ahead of the limit: {log}");
}

#[test]
fn a_script_for_slurm_says_all_that_slurm_must_know() {
    let lab = Lab::new();
    rates(&lab, "my rates", &["--seeds", "2"]);
    let options = ["--partition", "gpu", "--time", "2:00:00", "--cpus", "8", "--mem", "4G", "--array-limit", "3"];
    let args =
        [&["study", "submit", "my rates", "--slurm", "--dry-run"], &options[..], &["--", "--gres=gpu:1"]].concat();
    let script = lab.ok(&args);
    let folder = lab.path("my rates");
    for line in [
        "#!/bin/bash",
        "#SBATCH --job-name=my-rates",
        "#SBATCH --array=1-6%3",
        &format!("#SBATCH --output=\"{}/logs/%A_%a.log\"", folder.display()),
        "#SBATCH --open-mode=append",
        "#SBATCH --requeue",
        "#SBATCH --signal=TERM@120",
        "#SBATCH --cpus-per-task=8",
        "#SBATCH --partition=gpu",
        "#SBATCH --time=2:00:00",
        "#SBATCH --mem=4G",
        "#SBATCH --gres=gpu:1",
    ] {
        assert!(script.lines().any(|known| known == line), "no {line} in {script}");
    }
    assert!(script.contains("srun --cpus-per-task=\"$SLURM_CPUS_PER_TASK\""), "{script}");
    assert!(
        script.contains(&format!("study work '{}' --index \"$SLURM_ARRAY_TASK_ID\"", folder.display())),
        "{script}"
    );
    assert!(script.contains("scontrol requeue"), "{script}");
    assert_eq!(std::fs::read_to_string(folder.join("slurm.sh")).unwrap().trim_end(), script.trim_end());
    let shared = lab.ok(&["study", "submit", "my rates", "--slurm", "--dry-run", "--tasks", "2"]);
    assert!(shared.contains("--array=1-2\n") && !shared.contains("--index"), "{shared}");
    assert!(
        lab.command(&["study", "submit", "my rates"]).output().unwrap().status.code() == Some(2),
        "--slurm is needed"
    );
    assert!(Command::new("bash").arg("-n").arg(folder.join("slurm.sh")).status().unwrap().success(), "it is a script");
}
