//! What the system and the person at the keyboard ask of a training process, and how many threads it may have.
//!
//! Ctrl-C, SIGTERM and the signals that schedulers send ahead of a time limit (SIGUSR1, SIGUSR2) all end training after the
//! step in progress, with a checkpoint. Whoever is stopped exits with 75 ("try again"), so that a scheduler or a script knows
//! that there is more to do. Schedulers send signals twice; only a second Ctrl-C means that somebody does not want to wait.

use super::output::Failure;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[cfg(unix)]
const SCHEDULERS: &[i32] = &[SIGTERM, signal_hook::consts::SIGUSR1, signal_hook::consts::SIGUSR2];
#[cfg(not(unix))]
const SCHEDULERS: &[i32] = &[SIGTERM];

/// Whether somebody has asked this process to stop.
pub(super) struct Signals {
    asked: Arc<AtomicBool>,
}

impl Signals {
    /// Listens from now on.
    pub fn listen() -> Result<Self, Failure> {
        let failed = |error| Failure::Running(format!("cannot listen for Ctrl-C: {error}"));
        let (asked, once) = <(Arc<AtomicBool>, Arc<AtomicBool>)>::default();
        // In this order: Ctrl-C finds the flag raised only if it is the second one.
        flag::register_conditional_shutdown(SIGINT, 1, Arc::clone(&once)).map_err(failed)?;
        flag::register(SIGINT, once).map_err(failed)?;
        flag::register(SIGINT, Arc::clone(&asked)).map_err(failed)?;
        for &signal in SCHEDULERS {
            flag::register(signal, Arc::clone(&asked)).map_err(failed)?;
        }
        Ok(Self { asked })
    }

    /// Takes the end of the standard input for such a wish, too: whoever started this process has ended, or wants it to.
    pub fn mind_the_input(&self) {
        let asked = Arc::clone(&self.asked);
        std::thread::spawn(move || {
            let mut input = std::io::stdin().lock();
            while input.read(&mut [0; 64]).is_ok_and(|read| read > 0) {}
            asked.store(true, Ordering::Relaxed);
        });
    }

    /// Whether this process is to stop.
    pub fn asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// How a process ends whose work may not be done.
    pub fn stopped(&self) -> Result<(), Failure> {
        if self.asked() { Err(Failure::Again) } else { Ok(()) }
    }
}

/// Starts the threads that compute: as many as the process was [`allocated`], or else one for each processor.
pub fn start_threads() {
    // It fails only where threads are running already, and then there are as many as there can be.
    let _ = rayon::ThreadPoolBuilder::new().num_threads(allocated().unwrap_or(0)).build_global();
}

/// How many processors SLURM has given the process. Fewer that the system allows, and any number that `RAYON_NUM_THREADS` asks
/// for, are kept to without this.
pub(super) fn allocated() -> Option<usize> {
    if std::env::var_os("RAYON_NUM_THREADS").is_some() {
        return None;
    }
    let allowed = std::thread::available_parallelism().map_or(1, usize::from);
    let given = std::env::var("SLURM_CPUS_PER_TASK").ok().and_then(|count| count.parse::<usize>().ok());
    given.filter(|given| (1..allowed).contains(given))
}
