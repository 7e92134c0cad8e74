//! `residual-lab study submit --slurm`: writes a job array's script into the study's folder and hands it to SLURM.

use super::folder::open;
use crate::cli::devices::DeviceArgs;
use crate::cli::output::{self, Failure};
use lab_core::files::{slug, write_atomically};
use lab_core::number::plural;
use lab_core::protocol::STOPPED;
use lab_core::study::{Standing, StudyFolder};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The script's name in the study's folder.
const SCRIPT: &str = "slurm.sh";

/// Where the tasks' outputs go, in the study's folder.
const LOGS: &str = "logs";

/// What SLURM takes where it is not asked how many tasks an array may have; also its own default.
const MOST_TASKS: u32 = 1001;

/// Arguments of `study submit`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Each task of the array runs one trial; with --tasks, so many tasks take trials until nothing is left.
Ahead of its time limit a task writes a checkpoint and asks to be queued again, and goes on from there.

Examples:
  residual-lab study submit rates --slurm --time 2:00:00 --cpus 8 --mem 4G
  residual-lab study submit rates --slurm --partition gpu --array-limit 4 --device gpu -- --gres=gpu:1
  residual-lab study submit rates --slurm --dry-run"
)]
pub struct Args {
    /// The study's folder
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// The scheduler; see docs/clusters.md for others
    #[arg(long, required = true)]
    slurm: bool,
    /// The partition to queue in
    #[arg(long, value_name = "NAME")]
    partition: Option<String>,
    /// How long a task may take, as SLURM writes it: minutes or hours:minutes:seconds
    #[arg(long, value_name = "TIME")]
    time: Option<String>,
    /// Processors of each task
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    cpus: u16,
    /// Memory of each task, as SLURM writes it: 4G
    #[arg(long, value_name = "SIZE")]
    mem: Option<String>,
    /// This many tasks, which take trials until nothing is left, instead of one for each trial
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    tasks: Option<u32>,
    /// At most so many tasks at the same time
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    array_limit: Option<u32>,
    /// How many seconds before the time limit a task stops, with a checkpoint
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    lead: u32,
    #[command(flatten)]
    at: DeviceArgs,
    /// Write the script and print it, but do not submit it
    #[arg(long)]
    dry_run: bool,
    /// Further options of sbatch, after --
    #[arg(last = true, value_name = "SBATCH_OPTION")]
    options: Vec<String>,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    if let Some(time) = args.time.as_deref().and_then(seconds).filter(|time| *time > 0 && *time <= args.lead.into()) {
        return Err(Failure::Usage(format!(
            "a task is to stop {} seconds before its time limit, and that is {time} seconds: it would be stopped before it \
             begins; give a shorter --lead or a longer --time",
            args.lead
        )));
    }
    let study = open(&args.folder)?;
    let trials = study.trials().map_err(Failure::running)?;
    let to_do: Vec<u32> =
        trials.iter().filter(|trial| !matches!(trial.standing, Standing::Over(_))).map(|trial| trial.number).collect();
    if to_do.is_empty() {
        return output::print("nothing is left to do");
    }
    let folder = std::path::absolute(study.path()).map_err(Failure::running)?;
    let program = std::env::current_exe().map_err(Failure::running)?;
    let array = Array::new(&to_do, args.tasks, most_tasks());
    let script = script(args, &study, &folder, &program, &array)?;
    let path = folder.join(SCRIPT);
    std::fs::create_dir_all(folder.join(LOGS)).map_err(Failure::running)?;
    write_atomically(&path, script.as_bytes()).map_err(Failure::running)?;
    if args.dry_run {
        return output::print(&script);
    }
    study.go_on().map_err(Failure::running)?;
    let submitted = Command::new("sbatch").arg("--parsable").arg(&path).output().map_err(|error| {
        Failure::Running(format!("cannot start sbatch: {error}; is this machine a part of the cluster?"))
    })?;
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if !submitted.status.success() {
        return Err(Failure::Running(format!("SLURM refused {}: {}", path.display(), said(&submitted.stderr))));
    }
    let job = said(&submitted.stdout);
    let job = job.split(';').next().unwrap_or_default();
    output::print(&format!(
        "job {job}: {}\nhow it stands: residual-lab study status {}",
        plural(array.tasks as u64, "task"),
        output::word(&args.folder)
    ))
}

/// A time limit as SLURM writes it: minutes, minutes:seconds, hours:minutes:seconds, days-hours and so on; `None` for what
/// it has other names for.
fn seconds(time: &str) -> Option<u64> {
    let (days, rest) = time.split_once('-').map_or((None, time), |(days, rest)| (Some(days), rest));
    let parts: Vec<u64> = rest.split(':').map(|part| part.trim().parse().ok()).collect::<Option<_>>()?;
    let (days, [hours, minutes, seconds]) = match (days, parts.as_slice()) {
        (None, &[minutes]) => (0, [0, minutes, 0]),
        (None, &[minutes, seconds]) => (0, [0, minutes, seconds]),
        (None, &[hours, minutes, seconds]) => (0, [hours, minutes, seconds]),
        (Some(days), &[hours]) => (days.trim().parse().ok()?, [hours, 0, 0]),
        (Some(days), &[hours, minutes]) => (days.trim().parse().ok()?, [hours, minutes, 0]),
        (Some(days), &[hours, minutes, seconds]) => (days.trim().parse().ok()?, [hours, minutes, seconds]),
        _ => return None,
    };
    let add = |sum: u64, (part, length): (u64, u64)| part.checked_mul(length)?.checked_add(sum);
    [(days, 86_400), (hours, 3600), (minutes, 60), (seconds, 1)].into_iter().try_fold(0, add)
}

/// Which tasks an array has.
#[derive(Debug, PartialEq, Eq)]
struct Array {
    /// As `--array` takes them.
    numbers: String,
    tasks: usize,
    /// Whether a task's number is its trial.
    is_trial: bool,
}

impl Array {
    /// One task for each trial, or as many tasks as are asked for or may be, which share the trials.
    fn new(to_do: &[u32], tasks: Option<u32>, most: u32) -> Self {
        let last = to_do.last().copied().unwrap_or(0);
        if tasks.is_none() && last < most {
            return Self { numbers: ranges(to_do), tasks: to_do.len(), is_trial: true };
        }
        let trials = u32::try_from(to_do.len()).unwrap_or(u32::MAX);
        let tasks = tasks.unwrap_or(trials).min(trials).min(most.saturating_sub(1)).max(1);
        Self { numbers: format!("1-{tasks}"), tasks: tasks as usize, is_trial: false }
    }
}

/// Numbers as SLURM writes them: `1-3,7`.
fn ranges(numbers: &[u32]) -> String {
    let runs = numbers.chunk_by(|a, b| a + 1 == *b).filter_map(|run| run.first().zip(run.last()));
    let run = |(first, last): (&u32, &u32)| if first == last { first.to_string() } else { format!("{first}-{last}") };
    runs.map(run).collect::<Vec<_>>().join(",")
}

/// One more than the greatest number that a task of an array may have on this cluster.
fn most_tasks() -> u32 {
    let Ok(found) = Command::new("scontrol").args(["show", "config"]).output() else { return MOST_TASKS };
    let text = String::from_utf8_lossy(&found.stdout);
    let line = text.lines().find_map(|line| line.trim().strip_prefix("MaxArraySize")?.split_once('='));
    line.and_then(|(_, size)| size.trim().parse().ok()).filter(|size| *size > 1).unwrap_or(MOST_TASKS)
}

fn script(args: &Args, study: &StudyFolder, folder: &Path, program: &Path, array: &Array) -> Result<String, Failure> {
    let limit = args.array_limit.map_or(String::new(), |limit| format!("%{limit}"));
    let options = [
        Some(format!("--job-name={}", slug(&study.study().name))),
        Some(format!("--array={}{limit}", array.numbers)),
        Some(format!("--output={}", log_option(&folder.join(LOGS))?)),
        Some("--open-mode=append".to_owned()),
        Some("--requeue".to_owned()),
        Some(format!("--signal=TERM@{}", args.lead)),
        Some("--ntasks=1".to_owned()),
        Some(format!("--cpus-per-task={}", args.cpus)),
        args.partition.as_ref().map(|partition| format!("--partition={partition}")),
        args.time.as_ref().map(|time| format!("--time={time}")),
        args.mem.as_ref().map(|mem| format!("--mem={mem}")),
    ];
    let options: Vec<String> = options.into_iter().flatten().chain(args.options.iter().cloned()).collect();
    let options: Vec<String> = options.iter().map(|option| format!("#SBATCH {option}")).collect();
    let options = options.join("\n");
    let index = if array.is_trial { " --index \"$SLURM_ARRAY_TASK_ID\"" } else { "" };
    let (program, folder) = (quoted(program)?, quoted(folder)?);
    let device = args.at.device;
    Ok(format!(
        "#!/bin/bash\n\
         # Written by `residual-lab study submit`; submit it again with sbatch, or write it anew.\n\
         {options}\n\n\
         # srun passes signals on at once; the shell would wait for the program to end.\n\
         srun --cpus-per-task=\"$SLURM_CPUS_PER_TASK\" {program} study work {folder}{index} --device {device}\n\
         code=$?\n\
         # {STOPPED}: stopped ahead of the time limit, with a checkpoint. Whoever preempts a job queues it again by himself.\n\
         if [ \"$code\" -eq {STOPPED} ]; then\n    \
             scontrol requeue \"${{SLURM_ARRAY_JOB_ID}}_${{SLURM_ARRAY_TASK_ID}}\"\n\
         fi\n\
         exit \"$code\"\n"
    ))
}

/// Where the tasks' outputs go, as an option of a script takes it: SLURM knows % as its own, and no line breaks.
fn log_option(folder: &Path) -> Result<String, Failure> {
    let text = text(folder)?;
    if text.contains(['%', '\n', '"', '\\']) {
        let why = format!("SLURM cannot write logs into {text}: it has %, \", \\ or a line break in its name");
        return Err(Failure::Usage(why));
    }
    let path = format!("{text}/%A_%a.log");
    Ok(if text.contains(' ') { format!("\"{path}\"") } else { path })
}

/// A path as a word of the shell.
fn quoted(path: &Path) -> Result<String, Failure> {
    text(path).map(output::quoted)
}

fn text(path: &Path) -> Result<&str, Failure> {
    path.to_str().ok_or_else(|| Failure::Usage(format!("{} is not a name in UTF-8", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_has_a_task_for_each_trial_or_as_many_as_may_be() {
        let all: Vec<u32> = (1..=1200).collect();
        let array = |to_do: &[u32], tasks| Array::new(to_do, tasks, 1001);
        let one_each = array(&[1, 2, 3, 7, 9, 10], None);
        assert_eq!((one_each.numbers.as_str(), one_each.tasks, one_each.is_trial), ("1-3,7,9-10", 6, true));
        assert_eq!(array(&all[..1000], None).numbers, "1-1000");
        let shared = array(&all, None);
        assert_eq!((shared.numbers.as_str(), shared.is_trial), ("1-1000", false), "1001 is one too many");
        assert_eq!(array(&[1001], None).numbers, "1-1");
        assert_eq!(array(&all, Some(8)).numbers, "1-8");
        assert_eq!(array(&all[..3], Some(8)).numbers, "1-3");
    }

    #[test]
    fn times_are_read_as_slurm_writes_them() {
        for (time, expected) in [
            ("10", Some(600)),
            ("0:10", Some(10)),
            ("2:00:00", Some(7200)),
            ("1-2", Some(93_600)),
            ("1-00:01", Some(86_460)),
            ("1-0:0:5", Some(86_405)),
            ("infinite", None),
            ("1:2:3:4", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(seconds(time), expected, "{time}");
        }
    }

    #[test]
    fn paths_become_words_of_the_shell() {
        assert_eq!(quoted(Path::new("/a b/it's")).unwrap(), "'/a b/it'\\''s'");
        assert_eq!(log_option(Path::new("/a b")).unwrap(), "\"/a b/%A_%a.log\"");
        assert!(log_option(Path::new("/100%")).is_err());
    }
}
