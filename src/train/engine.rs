//! The thread that owns every network, and the two channels that lead to it.
//!
//! The channel of events never makes training wait: while nobody drains it, steps are gathered and thinned, and looks
//! inside are left out. Everything else is rare and always sent.

use super::keep::Keeper;
use super::protocol::{Command, Event, Question, StepRecord, Subject};
use super::snapshot::Latest;
use super::worker::Worker;
use crossbeam_channel::{Receiver, Sender, unbounded};
use std::cell::RefCell;
use std::panic;
use std::sync::{Arc, Once};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

/// Events that may wait for a watcher before steps are gathered and looks inside left out.
const CROWDED: usize = 256;

/// How long steps are gathered before they are sent together.
const GATHER: Duration = Duration::from_millis(50);

/// Steps that are gathered before every other one is dropped.
const MANY: usize = 20_000;

/// The names of the threads whose panics become events.
const NAMES: [&str; 2] = ["engine", INSPECTOR];

/// What threads that answer questions are called.
pub const INSPECTOR: &str = "inspector";

/// Backward passes through deep networks recurse; 64 MiB are far more than 1,202 layers need.
pub const STACK: usize = 64 << 20;

/// Answers questions on threads of its own, so that training never waits for them. Dropping it ends the threads.
pub trait Answerer: Send {
    /// Takes up a question; returns at once.
    fn ask(&self, id: u64, of: Subject, question: Question);

    /// Takes a question back.
    fn cancel(&self, id: u64);
}

/// A running engine. Dropping it ends the thread, with a checkpoint if something is running.
pub struct Engine {
    commands: Sender<Command>,
    events: Receiver<Event>,
    teller: Teller,
    latest: Latest,
    answerer: Option<Box<dyn Answerer>>,
    thread: Option<JoinHandle<()>>,
}

impl Engine {
    /// Starts the thread. `keeper` says where results go; `wake` is called after each event and must return at once.
    ///
    /// # Errors
    /// What the system says when it cannot start a thread.
    pub fn start(keeper: Box<dyn Keeper>, wake: impl Fn() + Send + Sync + 'static) -> std::io::Result<Self> {
        quiet_panics();
        let (commands, inbox) = unbounded();
        let (sender, events) = unbounded();
        let teller = Teller { sender, wake: Arc::new(wake) };
        let outbox = Outbox { teller: teller.clone(), gathered: Vec::new(), last: Instant::now() };
        let latest = Latest::default();
        let shown = latest.clone();
        let run = move || Worker::new(inbox, outbox, keeper, shown).run();
        let thread = Builder::new().name(NAMES[0].into()).stack_size(STACK).spawn(run)?;
        Ok(Self { commands, events, teller, latest, answerer: None, thread: Some(thread) })
    }

    /// Lets somebody answer the questions; without that, every question is told that nobody does.
    ///
    /// # Errors
    /// What starting the answerer said.
    pub fn attend<E>(&mut self, start: impl FnOnce(Latest, Teller) -> Result<Box<dyn Answerer>, E>) -> Result<(), E> {
        self.answerer = Some(start(self.latest.clone(), self.teller.clone())?);
        Ok(())
    }

    /// Asks the engine for something; never waits. After the thread's end nothing is asked any more.
    pub fn send(&self, command: Command) {
        match (command, &self.answerer) {
            (Command::Ask { id, of, question }, Some(answerer)) => answerer.ask(id, of, question),
            (Command::Ask { id, .. }, None) => {
                self.teller.tell(Event::Answer { id, answer: Err("nobody answers questions here".into()) });
            }
            (Command::Cancel(id), answerer) => answerer.iter().for_each(|answerer| answerer.cancel(id)),
            // The only failure is an engine that has ended, and then there is nobody left to do anything.
            (command, _) => drop(self.commands.send(command)),
        }
    }

    /// What the engine tells.
    #[must_use]
    pub fn events(&self) -> &Receiver<Event> {
        &self.events
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.send(Command::Quit);
        if let Some(thread) = self.thread.take() {
            // A worker that panicked has already told so by an event.
            let _ = thread.join();
        }
    }
}

/// Tells the watcher something, from any thread.
#[derive(Clone)]
pub struct Teller {
    sender: Sender<Event>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl Teller {
    /// Sends an event; never waits.
    pub fn tell(&self, event: Event) {
        // A watcher that has gone away needs no events.
        let _ = self.sender.send(event);
        (self.wake)();
    }

    /// Whether so many events wait that what can be left out should be.
    #[must_use]
    pub fn is_crowded(&self) -> bool {
        self.sender.len() >= CROWDED
    }
}

/// The engine's side of the channel of events.
pub struct Outbox {
    teller: Teller,
    gathered: Vec<StepRecord>,
    last: Instant,
}

impl Outbox {
    /// Sends an event after the steps that came before it.
    pub fn send(&mut self, event: Event) {
        if let Event::Probed(_) | Event::Spread(_) = event
            && self.teller.is_crowded()
        {
            return;
        }
        self.flush();
        self.teller.tell(event);
    }

    /// Sends a step with others that follow soon.
    pub fn step(&mut self, record: StepRecord) {
        self.gathered.push(record);
        if self.last.elapsed() >= GATHER && !self.teller.is_crowded() {
            self.flush();
        } else if self.gathered.len() > MANY {
            let mut index = 0;
            self.gathered.retain(|_| {
                index += 1;
                index % 2 == 0
            });
        }
    }

    /// Sends the steps gathered so far.
    pub fn flush(&mut self) {
        self.last = Instant::now();
        if !self.gathered.is_empty() {
            let steps = std::mem::take(&mut self.gathered);
            self.teller.tell(Event::Steps(steps));
        }
    }
}

thread_local! {
    /// The message of this thread's last panic, which the hook leaves here for [`contained`].
    static LAST_PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Keeps the engine's panics off the terminal: they become events. Other threads' panics are printed as ever.
fn quiet_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if std::thread::current().name().is_some_and(|name| NAMES.contains(&name)) {
                let text = info.payload_as_str().unwrap_or("no message");
                let place =
                    info.location().map_or(String::new(), |place| format!(" ({}:{})", place.file(), place.line()));
                LAST_PANIC.set(Some(format!("{text}{place}")));
            } else {
                before(info);
            }
        }));
    });
}

/// Runs something that may panic on one of the engine's threads; a panic is told as an error: what it ended, its message,
/// and what to do about it.
///
/// # Errors
/// What `run` says, or the panic's message.
pub fn contained<T>(ends: &str, advice: &str, run: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    panic::catch_unwind(panic::AssertUnwindSafe(run)).unwrap_or_else(|_| {
        let message = LAST_PANIC.take().unwrap_or_else(|| "no message".into());
        Err(format!("an internal error ended {ends}: {message}; {advice}"))
    })
}
