//! Guided experiments: a question, a guess, a study that answers it, and a conclusion computed from what was measured.
//! Each is a file, in `assets/learn` or of a teacher's own. Must not know the engine or windows.

mod answers;
mod catalogue;
mod conclude;
mod lesson;
mod quantity;
mod work;

pub use answers::{TrialAnswers, noted};
pub use catalogue::{lesson, lessons, own_lessons};
pub use conclude::{Answered, Conclusion, conclude};
pub use lesson::{At, Claim, Guess, Lesson, LessonError, Means, Side, Watch};
pub use quantity::Quantity;
pub use work::Work;
