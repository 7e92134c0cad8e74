//! What comes back.

use super::blocks::{Band, Cut, Exit, Gain, GradientLook, Lesions, PathLength, Score, Shattered, Swap};
use super::histogram::Histogram;
use super::landscape::{Slice, Surface};
use super::picture::{Classification, Explanation, HeatMap, Maps, Seen};
use super::predictions::{Neighbour, Predictions};
use super::sheet::{Sheet, cell};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What was found out.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Of pictures from elsewhere.
    Classified(Classification),
    /// The validation images.
    Gallery(Arc<Gallery>),
    /// One for each arm.
    Found(Arc<Findings>),
}

/// The validation images of an experiment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gallery {
    /// [channels, height, width] of an image.
    pub shape: [usize; 3],
    /// `[image][channel][row][column]`
    pub pixels: Vec<u8>,
    /// One for each image.
    pub labels: Vec<u16>,
    /// The names of the classes.
    pub classes: Vec<String>,
}

impl Gallery {
    /// One of the images as a picture; `None` if there is none of this number.
    #[must_use]
    pub fn seen(&self, image: usize) -> Option<Seen> {
        let stride = self.shape.iter().product::<usize>();
        Some(Seen::new(self.pixels.get(image * stride..(image + 1) * stride)?, self.shape))
    }
}

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
    Gradients(GradientLook),
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

impl Finding {
    /// The finding as tables.
    #[must_use]
    pub fn sheets(&self, classes: &[String]) -> Vec<Sheet> {
        match self {
            Self::Predictions(found) => vec![found.sheet(classes)],
            Self::Nearest(found) => {
                let mut sheet = Sheet::new("nearest", &["image", "class", "distance"]);
                for neighbour in found {
                    let class = classes.get(usize::from(neighbour.class)).cloned().unwrap_or_default();
                    sheet.push([neighbour.image.to_string(), class, cell(f64::from(neighbour.distance))]);
                }
                vec![sheet]
            }
            Self::Gradients(found) => found.sheets(),
            Self::Histograms(found) => vec![Histogram::sheet(found)],
            Self::Explanation(found) => {
                let mut sheet = Sheet::new("probabilities", &["class", "probability"]);
                for (class, &share) in classes.iter().zip(&found.probabilities) {
                    sheet.push([class.clone(), cell(f64::from(share))]);
                }
                let maps = self.maps();
                [sheet].into_iter().chain(maps.iter().map(|(name, map)| map.sheet(name))).collect()
            }
            Self::Maps(_) => self.maps().iter().map(|(name, map)| map.sheet(name)).collect(),
            Self::Cuts(found) => vec![Cut::sheet(found, classes)],
            Self::Lesion(score) => {
                let mut sheet = Sheet::new("lesion", &["images", "accuracy", "loss"]);
                sheet.push([score.images.to_string(), cell(score.accuracy), cell(score.loss)]);
                vec![sheet]
            }
            Self::Lesions(found) => vec![found.sheet()],
            Self::Removals(found) => vec![Band::sheet(found)],
            Self::Swaps(found) => vec![Swap::sheet(found)],
            Self::Gains(found) => vec![Gain::sheet(found)],
            Self::Exits(found) => vec![Exit::sheet(found)],
            Self::Slice(found) => vec![found.sheet("slice")],
            Self::Surface(found) => vec![found.sheet()],
            Self::PathLengths(found) => vec![PathLength::sheet(found)],
            Self::Shattered(found) => vec![found.sheet()],
        }
    }

    /// The finding's maps, each with a name for a file.
    #[must_use]
    pub fn maps(&self) -> Vec<(String, HeatMap)> {
        match self {
            Self::Explanation(found) => {
                let strip = found.strip.iter().map(|(block, map)| (format!("gradcam-{block}"), map.clone()));
                strip.chain(found.occlusion.iter().map(|map| ("occlusion".to_owned(), map.clone()))).collect()
            }
            Self::Maps(found) => {
                let name = |name: &String| format!("{}-{}", found.of, name.replace(' ', "-"));
                found.names.iter().map(name).zip(found.maps.iter().cloned()).collect()
            }
            Self::Surface(found) => vec![("landscape".to_owned(), found.map())],
            _ => Vec::new(),
        }
    }
}
