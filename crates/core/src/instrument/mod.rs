//! Instruments as plain values: what can be asked of trained networks, what comes back, and what it means.
//!
//! Each instrument is a file with what it says about itself, what it asks, what it finds and the table that this becomes,
//! and a row of the table below, from which lists, menus, defaults and files are made. The window, the command line and
//! files share these types. How answers are computed is the engine's affair; this module knows nothing of tensors, data
//! sets, windows or files.

mod about;
mod answer;
mod calibration;
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

macro_rules! instruments {
    ($($(#[$what:meta])* $variant:ident: $about:expr, $question:expr, $tables:expr;)*) => {
        /// An instrument.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Instrument { $($(#[$what])* $variant,)* }

        impl Instrument {
            /// All of them, in the order in which they are listed.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// What it is.
            #[must_use]
            pub const fn about(self) -> About {
                match self { $(Self::$variant => $about,)* }
            }

            /// What it asks unless somebody says otherwise, of what a person looks at.
            #[must_use]
            pub fn question(self, focus: &Focus) -> Question {
                match self { $(Self::$variant => $question(focus),)* }
            }

            /// What it found, as tables of each arm or of each pair of arms.
            #[must_use]
            pub fn tables(self, found: &Findings) -> Vec<TablesOf> {
                match self { $(Self::$variant => $tables(found),)* }
            }
        }
    };
}

instruments! {
    /// What every image is taken for.
    Predictions: predictions::ABOUT, predictions::question, Findings::tables;
    /// What an image is compared with.
    Nearest: nearest::ABOUT, nearest::question, Findings::tables;
    /// Which classes are taken for which.
    Confusion: confusion::ABOUT, predictions::question, confusion::tables;
    /// Whether confidence is deserved.
    Calibration: calibration::ABOUT, predictions::question, calibration::tables;
    /// Whether one arm errs less than another.
    Disagreement: disagreement::ABOUT, predictions::question, disagreement::tables;
    /// Gradients and responses by block.
    Gradients: gradients::ABOUT, gradients::question, Findings::tables;
    /// How parameters and their gradients are spread.
    Histograms: histograms::ABOUT, histograms::question, Findings::tables;
    /// Where a score comes from.
    GradCam: explanation::GRAD_CAM, explanation::grad_cam, Findings::tables;
    /// What a decision cannot do without.
    Occlusion: explanation::OCCLUSION, explanation::occlusion, Findings::tables;
    /// What a block answers to an image.
    Features: maps::FEATURES, maps::features, Findings::tables;
    /// What the first layer looks for.
    Filters: maps::FILTERS, maps::filters, Findings::tables;
    /// Logits without a branch or a shortcut.
    Cuts: cuts::ABOUT, cuts::question, Findings::tables;
    /// Accuracy without each block.
    Lesions: lesions::ABOUT, lesions::question, Findings::tables;
    /// Error without several blocks.
    Removals: removals::ABOUT, removals::question, Findings::tables;
    /// Error with blocks in another order.
    Swaps: swaps::ABOUT, swaps::question, Findings::tables;
    /// Accuracy by the weight of all branches.
    Gains: gains::ABOUT, gains::question, Findings::tables;
    /// What a linear classifier finds behind each block.
    Exits: exits::ABOUT, exits::question, Findings::tables;
    /// The loss along a random direction.
    Slice: slice::ABOUT, slice::question, Findings::tables;
    /// The loss on a plane.
    Surface: surface::ABOUT, surface::question, Findings::tables;
    /// The loss between two sets of weights.
    Path: slice::PATH, slice::path, Findings::tables;
    /// Which paths carry the gradient.
    PathLengths: path_lengths::ABOUT, path_lengths::question, Findings::tables;
    /// How long a gradient keeps its value.
    Shattered: shattered::ABOUT, shattered::question, Findings::tables;
}

impl Instrument {
    /// The instrument of this name.
    #[must_use]
    pub fn named(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|instrument| instrument.about().id == id)
    }

    /// The instrument that answers a question; `None` for what is asked on the side.
    #[must_use]
    pub fn of(question: &Question) -> Option<Self> {
        Some(match question {
            Question::Classify(_) | Question::Gallery => return None,
            Question::Predictions => Self::Predictions,
            Question::Nearest { .. } => Self::Nearest,
            Question::Gradients { .. } => Self::Gradients,
            Question::Histograms { .. } => Self::Histograms,
            Question::Explain { occlusion: false, .. } => Self::GradCam,
            Question::Explain { .. } => Self::Occlusion,
            Question::Features { .. } => Self::Features,
            Question::Filters => Self::Filters,
            Question::Cuts { .. } => Self::Cuts,
            Question::Lesion { .. } | Question::Lesions => Self::Lesions,
            Question::Removals { .. } => Self::Removals,
            Question::Swaps { .. } => Self::Swaps,
            Question::Gains { .. } => Self::Gains,
            Question::Exits { .. } => Self::Exits,
            Question::Slice { .. } => Self::Slice,
            Question::Surface { .. } => Self::Surface,
            Question::Path { .. } => Self::Path,
            Question::PathLengths { .. } => Self::PathLengths,
            Question::Shattered { .. } => Self::Shattered,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_instrument_answers_what_it_asks_and_has_a_name_of_its_own() {
        for &instrument in Instrument::ALL {
            let about = instrument.about();
            assert_eq!(Instrument::named(about.id), Some(instrument));
            let answers = Instrument::of(&instrument.question(&Focus::default()));
            let derived = [Instrument::Confusion, Instrument::Calibration, Instrument::Disagreement];
            let expected = if derived.contains(&instrument) { Instrument::Predictions } else { instrument };
            assert_eq!(answers, Some(expected), "{}", about.id);
        }
    }
}
