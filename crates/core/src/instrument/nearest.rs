//! The training images that a network places closest to an image.

use super::about::{About, Focus};
use super::picture::Thumbnail;
use super::question::Question;
use crate::table::Table;
use serde::{Deserialize, Serialize};

pub(super) const ABOUT: About = About {
    id: "nearest",
    title: "Nearest training images",
    what: "The training images that the network places closest to an image, just before its last layer. They show what it compares the image with.",
    formula: "the least ‖f(a) − f(b)‖, f the pooled features",
    reference: "",
};

pub(super) fn question(focus: &Focus) -> Question {
    Question::Nearest { sample: focus.sample.clone(), count: 5 }
}

/// A training image whose features are close to those of an image asked about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Neighbour {
    /// Its place among the training images.
    pub image: usize,
    pub class: u16,
    /// The Euclidean distance of the pooled features.
    pub distance: f32,
    /// As the network sees it.
    pub seen: Thumbnail,
}

impl Neighbour {
    /// A row for each neighbour.
    pub(super) fn table(all: &[Self], classes: &[String], files: &[String]) -> Table {
        let class = |neighbour: &Self| classes.get(usize::from(neighbour.class)).map_or("", String::as_str);
        let images = Table::new("nearest").counts("image", all.iter().map(|neighbour| neighbour.image));
        let file = |neighbour: &Self| files.get(neighbour.image).map_or("", String::as_str);
        let images = if files.is_empty() { images } else { images.words("file", all.iter().map(file)) };
        images
            .words("class", all.iter().map(class))
            .numbers("distance", all.iter().map(|neighbour| neighbour.distance.into()))
    }
}
