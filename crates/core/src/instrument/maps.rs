//! The channels of a block's output for an image, and the filters of the first layer.

use super::about::{About, Focus};
use super::heat_map::HeatMap;
use super::question::Question;
use crate::files::dashed;
use serde::{Deserialize, Serialize};

pub(super) const FEATURES: About = About {
    id: "features",
    title: "Feature maps",
    what: "The channels of one block's output for an image: what each of its filters answers to.",
    formula: "A[k], the block's output",
    reference: "",
};

pub(super) const FILTERS: About = About {
    id: "filters",
    title: "First-layer filters",
    what: "The weights of the first convolution as small pictures. After good training they are smooth edges and blobs of colour; noise means too little training or too much decay.",
    formula: "W[out, in, :, :] of the first convolution",
    reference: "",
};

pub(super) fn features(focus: &Focus) -> Question {
    Question::Features { sample: focus.sample.clone(), block: focus.block }
}

pub(super) fn filters(_: &Focus) -> Question {
    Question::Filters
}

/// Several maps that belong together: the channels of a block's output, the filters of the first layer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Maps {
    /// What they are maps of: `layer1.0`, `conv1`.
    pub of: String,
    /// How each is called: `channel 3`.
    pub names: Vec<String>,
    /// One for each name.
    pub maps: Vec<HeatMap>,
}

impl Maps {
    /// Each map with a name for a file.
    pub(super) fn named(&self) -> Vec<(String, HeatMap)> {
        let name = |name: &String| format!("{}-{}", self.of, dashed(name, |letter| letter != ' '));
        self.names.iter().map(name).zip(self.maps.iter().cloned()).collect()
    }
}
