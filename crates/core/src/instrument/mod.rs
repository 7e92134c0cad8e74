//! Instruments as plain values: what can be asked of trained networks, what comes back, and what it means.
//!
//! Each instrument is a file with what it says about itself, what it asks, what it finds and the table that this becomes;
//! `catalog` is the list of all. The window, the command line and files share these types. How answers are computed is the
//! engine's affair; this module knows nothing of tensors, data sets, windows or files.

mod about;
mod answer;
mod calibration;
mod catalog;
mod confusion;
mod cuts;
mod disagreement;
mod exits;
mod explanation;
mod finding;
mod gains;
mod gallery;
mod gradients;
mod heat_map;
mod histograms;
mod lesions;
mod maps;
mod nearest;
mod path_lengths;
mod picture;
mod predictions;
mod question;
mod removals;
mod score;
mod shattered;
mod slice;
mod surface;
mod swaps;

pub use about::{About, Focus};
pub use answer::{Answer, Classification, Classified};
pub use calibration::{Calibration, CalibrationBin};
pub use catalog::Instrument;
pub use confusion::{ClassScores, Metrics, matrix, similar_order};
pub use cuts::Cut;
pub use disagreement::{Disagreement, Pair, pairs};
pub use exits::Exit;
pub use explanation::Explanation;
pub use finding::{ArmFinding, Finding, Findings, TablesOf};
pub use gains::Gain;
pub use gallery::Gallery;
pub use gradients::{BlockGradients, Gradients, ParameterGradient};
pub use heat_map::{HeatMap, viridis};
pub use histograms::{Histogram, Spread};
pub use lesions::{Lesion, Lesions};
pub use maps::Maps;
pub use nearest::Neighbour;
pub use path_lengths::PathLength;
pub use picture::{Picture, Thumbnail};
pub use predictions::Predictions;
pub use question::{Question, Sample};
pub use removals::Band;
pub use score::Score;
pub use shattered::Shattered;
pub use slice::Slice;
pub use surface::Surface;
pub use swaps::Swap;
