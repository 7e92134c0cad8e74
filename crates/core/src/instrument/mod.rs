//! Instruments as plain values: what can be asked of trained networks, what comes back, and what it means.
//!
//! The window, the command line and files share these types. How answers are computed is `inspect`'s affair; this
//! module knows nothing of tensors, data sets, windows or files.

mod about;
mod answer;
mod blocks;
mod histogram;
mod landscape;
mod metrics;
mod picture;
mod predictions;
mod question;
mod sheet;

pub use about::{About, Instrument};
pub use answer::{Answer, ArmFinding, Finding, Findings, Gallery};
pub use blocks::{
    Band, BlockLook, Cut, Exit, Gain, GradientLook, LayerLook, Lesion, Lesions, PathLength, Score, Shattered, Swap,
};
pub use histogram::{Histogram, Spread};
pub use landscape::{Slice, Surface};
pub use metrics::{Calibration, CalibrationBin, ClassScores, Disagreement, Metrics, similar_order};
pub use picture::{Classification, Classified, Explanation, HeatMap, Maps, Picture, Seen, viridis};
pub use predictions::{Neighbour, Predictions};
pub use question::{Question, Sight, Start, Which};
pub use sheet::Sheet;
