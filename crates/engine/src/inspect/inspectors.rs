//! The threads that answer questions, so that neither training nor the window waits for them.
//!
//! Quick questions do not stand behind long ones, and a few long ones are answered side by side. Each question gets the
//! networks as they were when its turn came, and can be taken back before and after that.

use super::refusal::Refusal;
use super::{ADVICE, answer};
use crate::train::contained::{INSPECTOR, STACK, contained};
use crate::train::engine::Answerer;
use crate::train::snapshot::{Latest, Snapshot};
use crossbeam_channel::{Receiver, Sender, unbounded};
use lab_core::checkpoint::Checkpoint;
use lab_core::instrument::{Answer, Question};
use lab_core::protocol::outbox::EventSender;
use lab_core::protocol::{Event, Networks};
use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

/// Brings back the networks and images of a run that is kept.
pub type OpenRun = Arc<dyn Fn(&Path, Checkpoint) -> Result<Snapshot, String> + Send + Sync>;

/// Long questions that are answered at a time.
const LONG: usize = 3;

/// How often a long answer tells how far it has come.
const TELL_EVERY: Duration = Duration::from_millis(150);

struct Task {
    id: u64,
    of: Networks,
    question: Question,
}

/// What all threads share.
struct Shared {
    latest: Latest,
    open: OpenRun,
    events: EventSender,
    /// Questions that are not answered yet, and whether they have been taken back.
    pending: Mutex<HashMap<u64, bool>>,
    closing: AtomicBool,
}

impl Shared {
    fn pending(&self) -> MutexGuard<'_, HashMap<u64, bool>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_wanted(&self, id: u64) -> bool {
        !self.closing.load(Ordering::Relaxed) && self.pending().get(&id) == Some(&false)
    }
}

/// The running threads. Dropping it ends them after the part that is being computed.
pub struct Inspectors {
    shared: Arc<Shared>,
    /// For quick questions and for long ones.
    tasks: Option<[Sender<Task>; 2]>,
    threads: Vec<JoinHandle<()>>,
}

impl Inspectors {
    /// Starts the threads. `latest` shows the networks that are training, `open` finds those of kept runs.
    ///
    /// # Errors
    /// What the system says when it cannot start a thread.
    pub fn start(latest: Latest, events: EventSender, open: OpenRun) -> std::io::Result<Box<dyn Answerer>> {
        let (pending, closing) = (Mutex::default(), AtomicBool::new(false));
        let shared = Arc::new(Shared { latest, open, events, pending, closing });
        let (quick, quick_tasks) = unbounded();
        let (long, long_tasks) = unbounded();
        let mut threads = Vec::new();
        for tasks in std::iter::once(quick_tasks).chain(std::iter::repeat_n(long_tasks, LONG)) {
            let shared = Arc::clone(&shared);
            let thread = Builder::new().name(INSPECTOR.into()).stack_size(STACK);
            threads.push(thread.spawn(move || work(&shared, &tasks))?);
        }
        Ok(Box::new(Self { shared, tasks: Some([quick, long]), threads }))
    }
}

impl Answerer for Inspectors {
    fn ask(&self, id: u64, of: Networks, question: Question) {
        self.shared.pending().insert(id, false);
        let Some(tasks) = &self.tasks else { return };
        // The threads live as long as this value.
        let _ = tasks[usize::from(question.is_long())].send(Task { id, of, question });
    }

    fn cancel(&self, id: u64) {
        if let Some(cancelled) = self.shared.pending().get_mut(&id) {
            *cancelled = true;
        }
    }
}

impl Drop for Inspectors {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::Relaxed);
        self.tasks = None;
        for thread in self.threads.drain(..) {
            // What panicked has been reported by an event.
            let _ = thread.join();
        }
    }
}

fn work(shared: &Shared, tasks: &Receiver<Task>) {
    for Task { id, of, question } in tasks {
        let answer = if shared.is_wanted(id) {
            contained("the question", ADVICE, || find(shared, id, &of, &question))
        } else {
            Err("the question was taken back".into())
        };
        shared.pending().remove(&id);
        shared.events.send(Event::Answer { id, answer });
    }
}

fn find(shared: &Shared, id: u64, of: &Networks, question: &Question) -> Result<Answer, Refusal> {
    let snapshot = match of {
        Networks::Current => shared.latest.get().ok_or(Refusal::NoNetwork)?,
        Networks::Run { folder, checkpoint } => (shared.open)(folder, *checkpoint).map_err(Refusal::Run)?,
    };
    let mut sent = Instant::now();
    answer(&snapshot, question, &mut |done, total, so_far| {
        if sent.elapsed() >= TELL_EVERY && !shared.events.is_crowded() {
            sent = Instant::now();
            shared.events.send(Event::Progress { id, done, total, so_far });
        }
        shared.is_wanted(id)
    })
}
