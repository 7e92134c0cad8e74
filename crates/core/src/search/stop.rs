//! Whether a trial goes on, and if not, why.

use crate::number;

/// What becomes of a trial.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    Continue,
    Stop(Reason),
}

/// Why a trial ends early.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// The objective is infinite or not a number.
    NotFinite {
        /// The epochs, or whatever resource, after which it was.
        at: u64,
    },
    /// Too many others were better at the same rung.
    Behind {
        at: u64,
        value: f64,
        /// Its place among the trials at the rung, from 1.
        place: usize,
        /// How many have reached the rung, it included.
        of: usize,
        /// How many of these go on.
        promoted: usize,
    },
    /// Half of the finished trials had been better.
    BelowMedian {
        /// The epochs, or whatever resource, after which it was.
        at: u64,
        /// The best objective of the trial so far.
        best: f64,
        /// The median of the finished trials' objectives then.
        median: f64,
    },
}

impl Reason {
    /// The reason as a sentence; `resource` is what trials are given, in the singular: `epoch`, `step`.
    #[must_use]
    pub fn sentence(&self, resource: &str) -> String {
        let stopped = |at| format!("Stopped after {}", number::plural(at, resource));
        match *self {
            Self::NotFinite { at } => format!("{}: its objective is no longer a finite number.", stopped(at)),
            Self::Behind { at, value, place, of, promoted } => {
                let (value, go) = (number::short(value), if promoted == 1 { "goes" } else { "go" });
                format!(
                    "{}: its objective of {value} is number {place} of {of} there, and only the best {promoted} {go} on.",
                    stopped(at)
                )
            }
            Self::BelowMedian { at, best, median } => {
                let (best, median) = (number::short(best), number::short(median));
                format!(
                    "{}: its best objective so far, {best}, is worse than what half of the finished trials had then, \
                     {median}.",
                    stopped(at)
                )
            }
        }
    }
}
