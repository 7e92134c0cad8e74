//! The engine's side of the channel of events. It never makes training wait: while nobody drains it, steps are gathered
//! and thinned, and looks inside are left out. Everything else is rare and always sent.

use super::{Event, StepRecord};
use crossbeam_channel::Sender;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Events that may wait for a watcher before steps are gathered and looks inside left out.
const CROWDED: usize = 256;

/// How long steps are gathered before they are sent together.
const GATHER: Duration = Duration::from_millis(50);

/// Steps that are gathered before every other one is dropped.
const MANY: usize = 20_000;

/// Sends events to the watcher, from any thread.
#[derive(Clone)]
pub struct EventSender {
    sender: Sender<Event>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl EventSender {
    /// Sends into this channel; `wake` is called after each event and must return at once.
    #[must_use]
    pub fn new(sender: Sender<Event>, wake: impl Fn() + Send + Sync + 'static) -> Self {
        Self { sender, wake: Arc::new(wake) }
    }

    /// Sends an event; never waits.
    pub fn send(&self, event: Event) {
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
    events: EventSender,
    gathered: Vec<StepRecord>,
    last: Instant,
}

impl Outbox {
    /// Gathers what goes through this sender.
    #[must_use]
    pub fn new(events: EventSender) -> Self {
        Self { events, gathered: Vec::new(), last: Instant::now() }
    }

    /// Sends an event after the steps that came before it.
    pub fn send(&mut self, event: Event) {
        if let Event::Probed(_) | Event::Spread(_) = event
            && self.events.is_crowded()
        {
            return;
        }
        self.flush();
        self.events.send(event);
    }

    /// Sends a step with others that follow soon.
    pub fn step(&mut self, record: StepRecord) {
        self.gathered.push(record);
        if self.last.elapsed() >= GATHER && !self.events.is_crowded() {
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
            self.events.send(Event::Steps(steps));
        }
    }
}
