//! Instruments as plain values: what can be asked of trained networks, what comes back, and what it means.
//!
//! Each instrument is a file with what it says about itself, what it asks, what it finds and the table that this becomes,
//! and a row of the table below, from which lists, menus, defaults and files are made, with its variant of [`Finding`]. The window, the command line and
//! files share these types. How answers are computed is the engine's affair; this module knows nothing of tensors, data
//! sets, windows or files.

mod about;
mod answer;
mod calibration;
mod confusion;
mod counts;
mod cuts;
mod disagreement;
mod exits;
mod explanation;
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
mod revealing;
mod score;
mod shattered;
mod slice;
mod surface;
mod swaps;
mod tables;

pub use about::{About, Focus};
pub use answer::{Answer, Classification, Classified, likeliest};
pub use calibration::{Calibration, CalibrationBin};
pub use confusion::{ClassScores, Metrics, WHOLE, matrix, similar_order};
pub use counts::{Cell, Confusion};
pub use cuts::Cut;
pub use disagreement::{Disagreement, Pair, pairs};
pub use exits::Exit;
pub use explanation::Explanation;
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
pub use question::{AskedImages, QueryImage, Question};
pub use removals::Band;
pub use score::Score;
pub use shattered::Shattered;
pub use slice::Slice;
pub use surface::Surface;
pub use swaps::Swap;
pub use tables::TablesOf;

use crate::names::quoted;
use crate::number::count;
use crate::table::Table;
use serde::{Deserialize, Serialize};

/// What an instrument found in every arm, at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Findings {
    /// How far training had come, in steps; an arm may have been left behind.
    pub step: u64,
    /// The names of the classes.
    pub classes: Vec<String>,
    /// The file of each image that predictions are about, or among which the nearest were found, where each comes from one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// One for each arm that was asked.
    pub arms: Vec<ArmFinding>,
}

/// What an instrument found in one arm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArmFinding {
    pub arm: String,
    /// Steps of training that it had seen.
    #[serde(default)]
    pub step: u64,
    /// What was found, or why the instrument does not apply.
    pub finding: Result<Finding, String>,
}

/// What an instrument found in one network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// Of every validation image.
    Predictions(Predictions),
    /// Nearest first.
    Nearest(Vec<Neighbour>),
    Gradients(Gradients),
    /// One for each parameter.
    Histograms(Vec<Histogram>),
    Explanation(Explanation),
    /// Feature maps or filters.
    Maps(Maps),
    /// The whole network first, then each block.
    Cuts(Vec<Cut>),
    /// Some blocks out at once.
    Lesion(Score),
    /// Each block out in turn.
    Lesions(Lesions),
    /// By the number of blocks out.
    Removals(Vec<Band>),
    /// One for each draw.
    Swaps(Vec<Swap>),
    /// One for each factor.
    Gains(Vec<Gain>),
    /// One for each block.
    Exits(Vec<Exit>),
    /// Along a random direction, or along a path between weights.
    Slice(Slice),
    Surface(Surface),
    /// One for each length.
    PathLengths(Vec<PathLength>),
    /// Along lines between images.
    Shattered(Shattered),
}

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
                match self { $(Self::$variant => ($tables)(found),)* }
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
    Confusion: confusion::ABOUT, predictions::question, |found: &Findings| found.tables_of_predictions(confusion::tables);
    /// Whether confidence is deserved.
    Calibration: calibration::ABOUT, predictions::question, |found: &Findings| found.tables_of_predictions(calibration::tables);
    /// Whether one arm errs less than another.
    Disagreement: disagreement::ABOUT, predictions::question, |found: &Findings| disagreement::tables(found.predictions());
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
    Path: slice::PATH, slice::path, |found: &Findings| slice::of_path(found.tables());
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

impl Findings {
    /// When the networks were as they were asked; an arm that was at another step is named with its own.
    #[must_use]
    pub fn when(&self) -> String {
        let most = self.arms.iter().map(|arm| arm.step).max().unwrap_or(self.step);
        let others = self.arms.iter().filter(|arm| arm.step != most);
        let others = others.map(|arm| format!(", {} after step {}", quoted(&arm.arm), count(arm.step)));
        format!("after step {}{}", count(most), others.collect::<String>())
    }

    /// What each arm says of every image, with the arm's name; arms of which that is not known are left out.
    pub fn predictions(&self) -> impl Iterator<Item = (&str, &Predictions)> {
        self.arms.iter().filter_map(|arm| match &arm.finding {
            Ok(Finding::Predictions(found)) => Some((arm.arm.as_str(), found)),
            _ => None,
        })
    }

    /// What is made of each arm's finding.
    fn tables_of(&self, of: impl Fn(&Finding) -> Vec<Table>) -> Vec<TablesOf> {
        let arm = |arm: &ArmFinding| TablesOf {
            of: arm.arm.clone(),
            tables: arm.finding.as_ref().map(&of).map_err(Clone::clone),
        };
        self.arms.iter().map(arm).collect()
    }

    /// What is made of what each arm says of every image.
    fn tables_of_predictions(&self, of: fn(&Predictions, &[String]) -> Vec<Table>) -> Vec<TablesOf> {
        self.tables_of(|finding| match finding {
            Finding::Predictions(found) => of(found, &self.classes),
            other => other.tables(&self.classes, &self.files),
        })
    }

    /// Each arm's finding as it is.
    fn tables(&self) -> Vec<TablesOf> {
        self.tables_of(|finding| finding.tables(&self.classes, &self.files))
    }
}

impl Finding {
    /// The finding as tables, with the names of the classes, and of the images' files where each comes from one.
    #[must_use]
    pub fn tables(&self, classes: &[String], files: &[String]) -> Vec<Table> {
        match self {
            Self::Predictions(found) => vec![found.table(classes, files)],
            Self::Nearest(found) => vec![Neighbour::table(found, classes, files)],
            Self::Gradients(found) => found.tables(),
            Self::Histograms(found) => vec![Histogram::table(found.iter())],
            Self::Explanation(found) => {
                let maps = self.maps();
                [found.table(classes)].into_iter().chain(maps.iter().map(|(name, map)| map.table(name))).collect()
            }
            Self::Maps(_) => self.maps().iter().map(|(name, map)| map.table(name)).collect(),
            Self::Cuts(found) => vec![Cut::table(found, classes)],
            Self::Lesion(score) => vec![lesions::together(score)],
            Self::Lesions(found) => vec![found.table()],
            Self::Removals(found) => vec![Band::table(found)],
            Self::Swaps(found) => vec![Swap::table(found)],
            Self::Gains(found) => vec![Gain::table(found)],
            Self::Exits(found) => vec![Exit::table(found)],
            Self::Slice(found) => vec![found.table()],
            Self::Surface(found) => vec![found.table()],
            Self::PathLengths(found) => vec![PathLength::table(found)],
            Self::Shattered(found) => vec![found.table()],
        }
    }

    /// The finding's maps, each with a name for a file.
    #[must_use]
    pub fn maps(&self) -> Vec<(String, HeatMap)> {
        match self {
            Self::Explanation(found) => found.named(),
            Self::Maps(found) => found.named(),
            Self::Surface(found) => vec![("landscape".to_owned(), found.map())],
            _ => Vec::new(),
        }
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
