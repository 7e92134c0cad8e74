//! Who works on a trial: which process on which machine, in which job, and whether it can still be alive.

use crate::files::process_token;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};

/// One who works, distinct from every other on any machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The machine's name, for people.
    pub host: String,
    /// The process's number there.
    pub process: u32,
    /// The scheduler's job, if one started the process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// How often the scheduler has started the job again.
    #[serde(default)]
    restarts: u32,
    /// Nobody else has the same.
    token: String,
    /// Which start of which machine, and which of its containers; only processes of one place see each other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    place: Option<String>,
    /// When the process started, in the place's own ticks: its number may go to another one later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    started: Option<u64>,
}

impl Owner {
    /// Somebody new in this process.
    #[must_use]
    pub fn me() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let process = std::process::id();
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let text = |path: &str| fs::read_to_string(path).ok().map(|text| text.trim().to_owned());
        let host =
            text("/proc/sys/kernel/hostname").or_else(|| variable("HOSTNAME")).or_else(|| variable("COMPUTERNAME"));
        let namespace = fs::read_link("/proc/self/ns/pid").ok().map(|path| path.to_string_lossy().into_owned());
        let place =
            text("/proc/sys/kernel/random/boot_id").zip(namespace).map(|(boot, space)| format!("{boot} {space}"));
        Self {
            host: host.unwrap_or_else(|| "unknown".to_owned()),
            process,
            job: job(variable),
            restarts: variable("SLURM_RESTART_COUNT").and_then(|count| count.parse().ok()).unwrap_or(0),
            token: format!("{}-{}", process_token(), COUNT.fetch_add(1, Ordering::Relaxed)),
            place,
            started: life(process).map(|life| life.started),
        }
    }

    /// Whether the process can be seen from this one: `Some(false)` if it has certainly ended.
    pub(super) fn is_alive(&self, me: &Self) -> Option<bool> {
        if self.token == me.token {
            return Some(true);
        }
        if self.place.is_some() && self.place == me.place {
            return Some(life(self.process).is_some_and(|life| !life.is_over && Some(life.started) == self.started));
        }
        // The scheduler starts a job again only after it has ended it, or has lost the machine it was on.
        let was_restarted = self.job.is_some() && self.job == me.job && self.restarts < me.restarts;
        was_restarted.then_some(false)
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.job {
            Some(job) => write!(f, "job {job} on {}", self.host),
            None => write!(f, "process {} on {}", self.process, self.host),
        }
    }
}

/// The job as the scheduler names it. Several tasks of a SLURM job are told apart by their numbers.
fn job(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let array = variable("SLURM_ARRAY_JOB_ID").zip(variable("SLURM_ARRAY_TASK_ID"));
    let slurm = array.map(|(job, task)| format!("{job}_{task}")).or_else(|| variable("SLURM_JOB_ID"));
    let task = variable("SLURM_PROCID").filter(|task| task != "0").map_or(String::new(), |task| format!(".{task}"));
    let others = ["HQ_JOB_ID", "PBS_JOBID", "LSB_JOBID", "JOB_ID"];
    slurm.map(|slurm| slurm + &task).or_else(|| others.into_iter().find_map(variable))
}

/// What Linux says of a process.
struct Life {
    started: u64,
    /// It has ended, and whoever started it has not looked yet.
    is_over: bool,
}

fn life(process: u32) -> Option<Life> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The program's name, in brackets, may hold anything.
    let mut fields = text[text.rfind(')')? + 1..].split_whitespace();
    let is_over = matches!(fields.next()?, "Z" | "X");
    // The 22nd of proc(5), and the state was the third.
    Some(Life { started: fields.nth(18)?.parse().ok()?, is_over })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_is_alive_until_it_ends_whoever_has_its_number_later() {
        let me = Owner::me();
        assert_eq!(me.is_alive(&me), Some(true));
        let mut child = std::process::Command::new("sleep").arg("100").spawn().unwrap();
        let started = life(child.id()).unwrap().started;
        let other = Owner { process: child.id(), started: Some(started), token: "other".to_owned(), ..me.clone() };
        assert_eq!(other.is_alive(&me), Some(true));
        let reused = Owner { started: Some(started - 1), ..other.clone() };
        assert_eq!(reused.is_alive(&me), Some(false), "the number is another one's now");
        child.kill().unwrap();
        while life(child.id()).is_some_and(|life| !life.is_over) {}
        assert_eq!(other.is_alive(&me), Some(false), "ended, although nobody has looked yet");
        child.wait().unwrap();
        assert_eq!(other.is_alive(&me), Some(false));
        let elsewhere = Owner { place: Some("another machine".to_owned()), ..other };
        assert_eq!(elsewhere.is_alive(&me), None, "cannot be seen from here");
    }

    #[test]
    fn a_job_that_was_started_again_has_ended_before() {
        let of = |job: &str, restarts| Owner {
            job: Some(job.to_owned()),
            restarts,
            token: format!("{job} {restarts}"),
            place: Some(job.to_owned()),
            ..Owner::me()
        };
        assert_eq!(of("7_1", 0).is_alive(&Owner { place: None, ..of("7_1", 1) }), Some(false));
        assert_eq!(of("7_2", 0).is_alive(&of("7_1", 1)), None);
    }

    #[test]
    fn jobs_are_named_as_schedulers_name_them() {
        let named = |known: &[(&str, &str)]| {
            job(|name| known.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
        };
        let array = [("SLURM_JOB_ID", "12"), ("SLURM_ARRAY_JOB_ID", "10"), ("SLURM_ARRAY_TASK_ID", "2")];
        assert_eq!(named(&array).as_deref(), Some("10_2"));
        assert_eq!(named(&[("SLURM_JOB_ID", "12"), ("SLURM_PROCID", "3")]).as_deref(), Some("12.3"));
        assert_eq!(named(&[("PBS_JOBID", "9.host")]).as_deref(), Some("9.host"));
        assert_eq!(named(&[]), None);
    }
}
