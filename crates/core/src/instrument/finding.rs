//! What instruments find, and the tables and maps that it becomes.

use super::cuts::Cut;
use super::exits::Exit;
use super::explanation::Explanation;
use super::gains::Gain;
use super::gradients::Gradients;
use super::heat_map::HeatMap;
use super::histograms::Histogram;
use super::lesions::{self, Lesions};
use super::maps::Maps;
use super::nearest::Neighbour;
use super::path_lengths::PathLength;
use super::predictions::Predictions;
use super::removals::Band;
use super::score::Score;
use super::shattered::Shattered;
use super::slice::Slice;
use super::surface::Surface;
use super::swaps::Swap;
use crate::table::Table;
use serde::{Deserialize, Serialize};

/// What an instrument found in every arm, at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Findings {
    /// Steps of training that the networks had seen.
    pub step: u64,
    /// The names of the classes.
    pub classes: Vec<String>,
    /// One for each arm that was asked.
    pub arms: Vec<ArmFinding>,
}

/// What an instrument found in one arm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArmFinding {
    /// The arm's name.
    pub arm: String,
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
    /// On one batch.
    Gradients(Gradients),
    /// One for each parameter.
    Histograms(Vec<Histogram>),
    /// Of one image.
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
    /// On a plane.
    Surface(Surface),
    /// One for each length.
    PathLengths(Vec<PathLength>),
    /// Along lines between images.
    Shattered(Shattered),
}

/// The tables of one arm, or of a pair of arms.
#[derive(Clone, Debug, PartialEq)]
pub struct TablesOf {
    /// The arm's name, or both arms' names.
    pub of: String,
    /// The tables, or why there are none.
    pub tables: Result<Vec<Table>, String>,
}

impl Findings {
    /// What each arm says of every image, with the arm's name; arms of which that is not known are left out.
    pub fn predictions(&self) -> impl Iterator<Item = (&str, &Predictions)> {
        self.arms.iter().filter_map(|arm| match &arm.finding {
            Ok(Finding::Predictions(found)) => Some((arm.arm.as_str(), found)),
            _ => None,
        })
    }

    /// What is made of each arm's finding.
    pub(super) fn tables_of(&self, of: impl Fn(&Finding) -> Vec<Table>) -> Vec<TablesOf> {
        let arm = |arm: &ArmFinding| TablesOf {
            of: arm.arm.clone(),
            tables: arm.finding.as_ref().map(&of).map_err(Clone::clone),
        };
        self.arms.iter().map(arm).collect()
    }

    /// Each arm's finding as it is.
    pub(super) fn tables(&self) -> Vec<TablesOf> {
        self.tables_of(|finding| finding.tables(&self.classes))
    }
}

impl Finding {
    /// The finding as tables.
    #[must_use]
    pub fn tables(&self, classes: &[String]) -> Vec<Table> {
        match self {
            Self::Predictions(found) => vec![found.table(classes)],
            Self::Nearest(found) => vec![Neighbour::table(found, classes)],
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
