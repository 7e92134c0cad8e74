//! The thread that owns every network, and the two channels that lead to it.
//!
//! The channel of events never makes training wait: while nobody drains it, steps are gathered and thinned, and looks
//! inside are left out. Everything else is rare and always sent.

use super::keep::Keeper;
use super::protocol::{Command, Event, StepRecord};
use super::worker::Worker;
use crossbeam_channel::{Receiver, Sender, unbounded};
use std::panic;
use std::sync::{Mutex, Once, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

/// Events that may wait for a watcher before steps are gathered and looks inside left out.
const CROWDED: usize = 256;

/// How long steps are gathered before they are sent together.
const GATHER: Duration = Duration::from_millis(50);

/// Steps that are gathered before every other one is dropped.
const MANY: usize = 20_000;

/// The thread's name, by which the panic hook knows it.
const NAME: &str = "engine";

/// Backward passes through deep networks recurse; 64 MiB are far more than 1,202 layers need.
const STACK: usize = 64 << 20;

/// A running engine. Dropping it ends the thread, with a checkpoint if something is running.
pub struct Engine {
    commands: Sender<Command>,
    events: Receiver<Event>,
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
        let outbox = Outbox { sender, wake: Box::new(wake), gathered: Vec::new(), last: Instant::now() };
        let run = move || Worker::new(inbox, outbox, keeper).run();
        let thread = Builder::new().name(NAME.into()).stack_size(STACK).spawn(run)?;
        Ok(Self { commands, events, thread: Some(thread) })
    }

    /// Asks the engine for something; never waits. After the thread's end nothing is asked any more.
    pub fn send(&self, command: Command) {
        // The only failure is an engine that has ended, and then there is nobody left to do anything.
        let _ = self.commands.send(command);
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

/// The engine's side of the channel of events.
pub struct Outbox {
    sender: Sender<Event>,
    wake: Box<dyn Fn() + Send + Sync>,
    gathered: Vec<StepRecord>,
    last: Instant,
}

impl Outbox {
    /// Sends an event after the steps that came before it.
    pub fn send(&mut self, event: Event) {
        if let Event::Probed(_) = event
            && self.sender.len() >= CROWDED
        {
            return;
        }
        self.flush();
        self.put(event);
    }

    /// Sends a step with others that follow soon.
    pub fn step(&mut self, record: StepRecord) {
        self.gathered.push(record);
        if self.last.elapsed() >= GATHER && self.sender.len() < CROWDED {
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
            self.put(Event::Steps(steps));
        }
    }

    fn put(&self, event: Event) {
        // A watcher that has gone away needs no events.
        let _ = self.sender.send(event);
        (self.wake)();
    }
}

/// The message of the engine's last panic, which the hook leaves here for [`panic_message`].
static LAST_PANIC: Mutex<Option<String>> = Mutex::new(None);

/// Keeps the engine's panics off the terminal: they become events. Other threads' panics are printed as ever.
fn quiet_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if std::thread::current().name() == Some(NAME) {
                let text = info.payload_as_str().unwrap_or("no message");
                let place =
                    info.location().map_or(String::new(), |place| format!(" ({}:{})", place.file(), place.line()));
                *LAST_PANIC.lock().unwrap_or_else(PoisonError::into_inner) = Some(format!("{text}{place}"));
            } else {
                before(info);
            }
        }));
    });
}

/// Runs something that may panic, and gives the panic's message as an error.
///
/// # Errors
/// The panic's message.
pub fn contained<T>(run: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    panic::catch_unwind(panic::AssertUnwindSafe(run)).unwrap_or_else(|_| {
        let message = LAST_PANIC.lock().unwrap_or_else(PoisonError::into_inner).take();
        let message = message.unwrap_or_else(|| "no message".into());
        Err(format!(
            "an internal error ended the experiment: {message}; the last checkpoint is kept, so resume the run, \
                     on another device if this comes again"
        ))
    })
}
