//! The one way between the window and the engine: commands out, events in. Tests answer with a script.

use super::{Command, Event};
use std::time::Duration;

/// An engine, seen from the window.
pub trait Link {
    /// Passes a command on; never waits.
    fn send(&self, command: Command);

    /// What has happened since the last call, oldest first, taking up at most about `budget`.
    fn drain(&self, budget: Duration) -> Vec<Event>;
}
