//! What an experiment has shown, in a sentence with its reasons: made from numbers alone, the same in window, terminal
//! and files. It must not know how numbers came about; only `of_runs` knows run folders.
//!
//! Ties are called ties. One seed gets `McNemar`'s test and the words "one seed"; from two seeds on, arms are compared by
//! their paired differences, and several comparisons are corrected (Holm 1979).

mod beside;
mod caveats;
mod compare;
mod facts;
mod fit;
mod guess;
mod live;
mod of_runs;
mod reach;
mod reasons;
mod settings;
mod stretch;
mod words;

pub use crate::statistics::Call;
pub use beside::beside;
pub use compare::{Compared, Comparison, Test};
pub use facts::{ArmFacts, Facts, Measured, Trial};
pub use live::{Newest, RECENT, live};
pub use of_runs::{conclude, facts_in, facts_of, write};
pub use reach::{lead_changes, reached};
pub use reasons::{Look, Reason};
pub use settings::of_settings;
pub use stretch::Stretch;
pub use words::{ArmSummary, Verdict, verdict};
