//! How far something long has come: a bar on a terminal, now and then a line where nobody watches. Both go to the
//! standard error, so that results can be piped.

use super::output;
use indicatif::ProgressBar;
use std::time::{Duration, Instant};

/// Without a terminal, a line this often.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// Counts towards a total.
pub(super) struct Counting {
    bar: ProgressBar,
    what: String,
    total: u64,
    newest_line: Instant,
}

impl Counting {
    /// Begins at none of `total`; `what` names what is counted: "images of plain".
    pub(super) fn new(what: String, total: usize) -> Self {
        let total = total as u64;
        Self { bar: output::bar(total, output::COUNTED), what, total, newest_line: Instant::now() }
    }

    /// So many are done.
    pub(super) fn reach(&mut self, done: usize) {
        self.bar.set_position(done as u64);
        if self.bar.is_hidden() && self.newest_line.elapsed() > HEARTBEAT {
            self.newest_line = Instant::now();
            output::notice(&format!("{done} of {} {}", self.total, self.what));
        }
    }
}
