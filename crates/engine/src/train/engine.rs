//! The thread that owns every network, and the two channels that lead to it.

use super::contained::{ENGINE, STACK, quiet_panics};
use super::snapshot::Latest;
use super::worker::Worker;
use crossbeam_channel::{Receiver, Sender, unbounded};
use lab_core::protocol::keep::Keeper;
use lab_core::protocol::link::Link;
use lab_core::protocol::outbox::{EventSender, Outbox};
use lab_core::protocol::{Command, Event, Networks, Question};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

/// Answers questions on threads of its own, so that training never waits for them. Dropping it ends the threads.
pub trait Answerer: Send {
    /// Takes up a question; returns at once.
    fn ask(&self, id: u64, of: Networks, question: Question);

    /// Takes a question back.
    fn cancel(&self, id: u64);
}

/// A running engine. Dropping it ends the thread, with a checkpoint if something is running.
pub struct Engine {
    commands: Sender<Command>,
    events: Receiver<Event>,
    sender: EventSender,
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
        let sender = EventSender::new(sender, wake);
        let outbox = Outbox::new(sender.clone());
        let latest = Latest::default();
        let shown = latest.clone();
        let run = move || Worker::new(inbox, outbox, keeper, shown).run();
        let thread = Builder::new().name(ENGINE.into()).stack_size(STACK).spawn(run)?;
        Ok(Self { commands, events, sender, latest, answerer: None, thread: Some(thread) })
    }

    /// Lets somebody answer the questions; without that, every question is answered so.
    ///
    /// # Errors
    /// What starting the answerer said.
    pub fn attend<E>(
        &mut self,
        start: impl FnOnce(Latest, EventSender) -> Result<Box<dyn Answerer>, E>,
    ) -> Result<(), E> {
        self.answerer = Some(start(self.latest.clone(), self.sender.clone())?);
        Ok(())
    }

    /// Asks the engine for something; never waits. After the thread's end nothing is asked any more.
    pub fn send(&self, command: Command) {
        match (command, &self.answerer) {
            (Command::Ask { id, of, question }, Some(answerer)) => answerer.ask(id, of, question),
            (Command::Ask { id, .. }, None) => {
                self.sender.send(Event::Answer { id, answer: Err("nobody answers questions here".into()) });
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
            // A worker that panicked has already said so by an event.
            let _ = thread.join();
        }
    }
}

impl Link for Engine {
    fn send(&self, command: Command) {
        Engine::send(self, command);
    }

    fn drain(&self, budget: Duration) -> Vec<Event> {
        let begun = Instant::now();
        let mut events = Vec::new();
        while begun.elapsed() < budget {
            let Ok(event) = self.events().try_recv() else { break };
            events.push(event);
        }
        events
    }
}
