//! How much memory this program takes, as the system counts it.

use std::time::{Duration, Instant};

/// How often the system is asked.
const EVERY: Duration = Duration::from_secs(1);

/// What the system said last.
pub struct Memory {
    ask: fn() -> Option<u64>,
    asked: Option<Instant>,
    resident: Option<u64>,
}

impl Memory {
    /// Nothing asked yet. `ask` is how the system is asked, such as [`lab_core::memory::resident`].
    #[must_use]
    pub fn new(ask: fn() -> Option<u64>) -> Self {
        Self { ask, asked: None, resident: None }
    }

    /// Bytes in memory now, or within the last second; `None` where the system does not say.
    pub fn resident(&mut self) -> Option<u64> {
        if self.asked.is_none_or(|asked| asked.elapsed() >= EVERY) {
            self.asked = Some(Instant::now());
            self.resident = (self.ask)();
        }
        self.resident
    }
}
