//! A study: an experiment with axes and seeds, whose trials are worked through by any number of processes on any number
//! of machines that share its folder.
//! What is in that stands in ARCHITECTURE.md. Must not know the engine.
//!
//! A [`StudyPlan`] may be wrong, a [`Study`] cannot be. The folder is the whole state: there is no server and no index.

mod axis;
mod changed;
mod checked;
mod claim;
mod ending;
mod error;
mod extend;
mod folder;
mod importance;
mod keeper;
mod layout;
mod lease;
mod owner;
mod plan;
mod record;
mod results;
mod verdicts;
mod work;

pub use axis::{Axis, Number, shown};
pub use checked::{Study, Trial};
pub use error::StudyError;
pub use folder::{Begun, Seen, Standing, StudyFolder, is_study, name_of, new_folder, tally};
pub use layout::{default_place, place_beside};
pub use owner::Owner;
pub use plan::{Base, EarlyEnd, EndRule, Objective, SearchPlan, Seeds, StudyPlan, Way};
pub use record::{Report, TrialRecord, TrialState};
pub use results::{ArmResult, PointResult, Results};
pub use work::{Assignment, Ending, Next, Worker};
