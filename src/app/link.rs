//! The one way between the window and the engine: commands out, events in. Tests answer with a script.

use crate::train::engine::Engine;
use crate::train::protocol::{Command, Event};
use std::time::{Duration, Instant};

/// An engine, seen from the window.
pub trait Link {
    /// Passes a command on; never waits.
    fn send(&self, command: Command);

    /// What has happened since the last call, oldest first, taking up at most about `budget`.
    fn drain(&self, budget: Duration) -> Vec<Event>;
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
