//! Where in one image a decision comes from: Grad-CAM at every block, and occlusion.

use super::about::{About, Focus};
use super::heat_map::HeatMap;
use super::picture::Thumbnail;
use super::question::Question;
use crate::table::Table;
use serde::{Deserialize, Serialize};

pub(super) const GRAD_CAM: About = About {
    id: "gradcam",
    title: "Grad-CAM",
    what: "Where in the image the score of a class comes from, as seen at each block: early blocks answer to edges, late ones to parts of the object.",
    formula: "ReLU(Σ w[k] · A[k]), w[k] = mean over the map of ∂score / ∂A[k], A the block's output",
    reference: "Selvaraju et al. 2017, Grad-CAM: visual explanations from deep networks",
};

pub(super) const OCCLUSION: About = About {
    id: "occlusion",
    title: "Occlusion",
    what: "By how much the probability of the class falls when a gray patch covers the image at each place: what the network cannot do without.",
    formula: "p(class) − p(class | patch covered with the mean colour)",
    reference: "Zeiler and Fergus 2014, Visualizing and understanding convolutional networks",
};

pub(super) fn grad_cam(focus: &Focus) -> Question {
    Question::Explain { sample: focus.sample.clone(), class: focus.class, occlusion: false }
}

pub(super) fn occlusion(focus: &Focus) -> Question {
    Question::Explain { sample: focus.sample.clone(), class: focus.class, occlusion: true }
}

/// Where in a picture a network's decision comes from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// The picture as the network sees it.
    pub seen: Thumbnail,
    /// The class that is explained.
    pub class: usize,
    /// The class that is right, where it is known.
    pub truth: Option<usize>,
    /// The probability of every class.
    pub probabilities: Vec<f32>,
    /// Each block's name with its map, in order: Grad-CAM, at least 0.
    pub strip: Vec<(String, HeatMap)>,
    /// How far the class's probability falls when a patch around this pixel is covered.
    pub occlusion: Option<HeatMap>,
}

impl Explanation {
    /// A row for each class.
    pub(super) fn table(&self, classes: &[String]) -> Table {
        Table::new("probabilities")
            .words("class", classes.iter().take(self.probabilities.len()).map(String::as_str))
            .numbers("probability", self.probabilities.iter().take(classes.len()).map(|&share| share.into()))
    }

    /// Each map with a name for a file.
    pub(super) fn named(&self) -> Vec<(String, HeatMap)> {
        let strip = self.strip.iter().map(|(block, map)| (format!("gradcam-{block}"), map.clone()));
        strip.chain(self.occlusion.iter().map(|map| ("occlusion".to_owned(), map.clone()))).collect()
    }
}
