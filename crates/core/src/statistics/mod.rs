//! Plain statistics of small samples: means and their intervals, paired differences, corrections for several
//! comparisons. Knows nothing of experiments and runs; `SciPy`'s numbers are its golden data.

/// The share of luck that is accepted, over all that is compared together.
pub const ALPHA: f64 = 0.05;

mod call;
mod holm;
mod paired;
mod sample;
mod share;
mod smoothed;
mod student;

pub use call::{Call, is_too_few};
pub use holm::holm;
pub use paired::{Paired, sign_flip};
pub use sample::Sample;
pub use share::{sign_test, wilson};
pub use smoothed::smoothed;
pub use student::{quantile as t_quantile, two_sided as t_two_sided};
