//! A claim that is held: a thread writes its heartbeat and notices when it is lost or when the study is to stop.

use super::claim::{self, BEAT, Claim, Claims};
use crossbeam_channel::{Sender, bounded};
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

/// The thread looks around this often.
const LOOK: Duration = Duration::from_millis(500);

/// A claim for as long as it lives; it is let go of when dropped.
pub(super) struct Lease {
    pulse: Arc<Pulse>,
    /// Dropping it ends the thread.
    ending: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread and the owner share.
pub(super) struct Pulse {
    path: PathBuf,
    /// The file that whoever takes over makes.
    successor: PathBuf,
    /// While it is there, nobody is to go on.
    stop: PathBuf,
    claim: Claim,
    step: AtomicU64,
    stopping: AtomicBool,
    lost: AtomicBool,
    /// When it was last looked whether the claim is still this one's.
    sure: Mutex<Instant>,
}

impl Lease {
    /// Begins to write the heartbeat of a claim that was just made.
    pub fn begin(claims: &Claims, trial: u32, generation: u32, claim: Claim, stop: PathBuf) -> io::Result<Self> {
        let pulse = Arc::new(Pulse {
            path: claims.path(trial, generation),
            successor: claims.path(trial, generation + 1),
            stop,
            step: AtomicU64::new(claim.step),
            claim,
            stopping: AtomicBool::new(false),
            lost: AtomicBool::new(false),
            sure: Mutex::new(Instant::now()),
        });
        let (ending, ended) = bounded(0);
        let beating = Arc::clone(&pulse);
        let thread = Builder::new().name("heartbeat".into()).spawn(move || {
            let mut written = Instant::now();
            while ended.recv_timeout(LOOK).is_err_and(|error| error.is_timeout()) {
                beating.look();
                if written.elapsed() >= BEAT {
                    written = Instant::now();
                    beating.beat(false);
                }
            }
        })?;
        Ok(Self { pulse, ending: Some(ending), thread: Some(thread) })
    }

    pub fn pulse(&self) -> Arc<Pulse> {
        Arc::clone(&self.pulse)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.ending.take();
        if let Some(thread) = self.thread.take() {
            // A heartbeat that stopped by itself is a claim that somebody takes over by and by.
            let _ = thread.join();
        }
        self.pulse.beat(true);
    }
}

impl Pulse {
    /// The newest step, reported with the next heartbeat.
    pub fn at(&self, step: u64) {
        self.step.store(step, Ordering::Relaxed);
    }

    /// Whether the study was stopped by hand since.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Whether the claim is still this one's. After a time in which the process did not get to do anything, such as a
    /// sleep of the machine, this looks; otherwise the thread has looked.
    pub fn is_mine(&self) -> bool {
        let sure = *self.sure.lock().unwrap_or_else(PoisonError::into_inner);
        if sure.elapsed() > 3 * BEAT {
            self.look();
        }
        !self.lost.load(Ordering::Relaxed)
    }

    fn look(&self) {
        if self.successor.exists() {
            self.lost.store(true, Ordering::Relaxed);
        }
        *self.sure.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        if self.stop.exists() {
            self.stopping.store(true, Ordering::Relaxed);
        }
    }

    fn beat(&self, released: bool) {
        let step = self.step.load(Ordering::Relaxed);
        // A heartbeat that cannot be written is missed by whoever waits for it, and that is what it is for.
        let _ = claim::write(&self.path, &Claim { step, released, ..self.claim.clone() });
    }
}
