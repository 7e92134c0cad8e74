//! What can be asked, and which images that is about.

use super::picture::Picture;
use crate::checkpoint::Checkpoint;

/// Something asked of networks. Answering never changes them, nor what training computes.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// What is in these pictures?
    Classify(Vec<Picture>),
    /// The validation images themselves, to be shown.
    Gallery,
    /// What every arm says of every validation image.
    Predictions,
    /// The training images whose features are closest to those of an image.
    Nearest { sample: QueryImage, count: usize },
    /// Gradients and responses block by block, on this many training images.
    Gradients {
        /// Images of the one batch.
        images: usize,
    },
    /// Histograms of every parameter and its gradient, on this many training images.
    Histograms {
        /// Images of the one batch.
        images: usize,
    },
    /// Where in an image the decision comes from: Grad-CAM at every block.
    Explain {
        sample: QueryImage,
        /// The class to explain; each arm's own prediction if absent.
        class: Option<usize>,
        /// Whether to cover patches as well, which takes longer.
        occlusion: bool,
    },
    /// The output of one block for an image, channel by channel.
    Features {
        sample: QueryImage,
        /// The block, counted from 0.
        block: usize,
    },
    /// The first layer's filters.
    Filters,
    /// What remains of an image's logits when a block's branch or its shortcut is cut.
    Cuts { sample: QueryImage },
    /// Scores with these blocks out, counted from 0.
    Lesion { blocks: Vec<usize> },
    /// Scores with each block out in turn.
    Lesions,
    /// Scores with 1, 2, … random blocks out.
    Removals {
        /// Draws for each number of blocks.
        draws: usize,
    },
    /// Scores with pairs of blocks of one stage in each other's place.
    Swaps {
        /// Draws for each number of swaps.
        draws: usize,
    },
    /// Scores with every branch weighed by each of these factors.
    Gains { gains: Vec<f64> },
    /// How well a linear classifier does on each block's pooled output.
    Exits {
        /// Training images that it is fitted to.
        images: usize,
    },
    /// The loss along one random direction.
    Slice {
        /// Points on each side of the weights.
        half: usize,
        /// Images that the loss is taken over.
        images: usize,
    },
    /// The loss on a plane of two random directions, coarse at first.
    Surface {
        /// Points on each side of the weights, in each direction; a power of two refines evenly.
        half: usize,
        /// Images that the loss is taken over.
        images: usize,
    },
    /// The loss on the straight line from other weights to these.
    Path {
        /// Where the line starts: at a checkpoint, or at the weights that training started from.
        from: Option<Checkpoint>,
        /// Points, both ends included.
        points: usize,
        /// Images that the loss is taken over.
        images: usize,
    },
    /// The gradient that arrives at the input through paths of each length.
    PathLengths {
        /// Random paths of each length.
        draws: usize,
        /// Images of the one batch.
        images: usize,
    },
    /// How the input's gradient keeps its direction along a line between two images.
    Shattered {
        /// Points on the line.
        points: usize,
        /// Lines, between random pairs of validation images.
        lines: usize,
    },
}

/// An image that a question is about.
#[derive(Clone, Debug, PartialEq)]
pub enum QueryImage {
    /// A validation image by its place.
    Validation(usize),
    /// A picture from elsewhere.
    Picture(Picture),
}

impl Default for QueryImage {
    /// The first validation image.
    fn default() -> Self {
        Self::Validation(0)
    }
}

/// The images that a question is about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AskedImages<'a> {
    /// All images to validate on.
    Validation,
    /// Random pairs of images to validate on.
    Pairs(usize),
    /// So many of the training images, drawn at random.
    Training(usize),
    /// Something is learnt of so many of the training images, and tried on all images to validate on.
    Both(usize),
    One(&'a QueryImage),
    /// None, or such as the question brings along.
    Nothing,
}

impl Question {
    /// The images that it is about.
    #[must_use]
    pub fn asked(&self) -> AskedImages<'_> {
        match self {
            Self::Nearest { sample, .. }
            | Self::Explain { sample, .. }
            | Self::Features { sample, .. }
            | Self::Cuts { sample } => AskedImages::One(sample),
            Self::Exits { images } => AskedImages::Both(*images),
            Self::Gradients { images }
            | Self::Histograms { images }
            | Self::Slice { images, .. }
            | Self::Surface { images, .. }
            | Self::Path { images, .. }
            | Self::PathLengths { images, .. } => AskedImages::Training(*images),
            Self::Shattered { lines, .. } => AskedImages::Pairs(*lines),
            Self::Predictions
            | Self::Lesion { .. }
            | Self::Lesions
            | Self::Removals { .. }
            | Self::Swaps { .. }
            | Self::Gains { .. } => AskedImages::Validation,
            Self::Classify(_) | Self::Gallery | Self::Filters => AskedImages::Nothing,
        }
    }

    /// Whether it cannot be answered without training images.
    #[must_use]
    pub fn needs_training_images(&self) -> bool {
        matches!(self, Self::Nearest { .. }) || matches!(self.asked(), AskedImages::Training(_) | AskedImages::Both(_))
    }

    /// Whether it is about the images of an experiment, rather than about a picture or the weights alone.
    #[must_use]
    pub fn needs_images(&self) -> bool {
        match self.asked() {
            AskedImages::Nothing => false,
            AskedImages::One(QueryImage::Picture(_)) => self.needs_training_images(),
            _ => true,
        }
    }

    /// Whether it may take long, so that quick ones should not wait behind it.
    #[must_use]
    pub fn is_long(&self) -> bool {
        let occluding = matches!(self, Self::Explain { occlusion: true, .. });
        let quick = matches!(
            self,
            Self::Classify(_)
                | Self::Gallery
                | Self::Explain { .. }
                | Self::Features { .. }
                | Self::Filters
                | Self::Cuts { .. }
        );
        occluding || !quick
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Focus, Instrument, Picture};
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn a_picture_from_elsewhere_is_compared_with_training_images_all_the_same() {
        let sample = QueryImage::Picture(Picture::File(PathBuf::from("boot.png")));
        let focus = Focus { sample, ..Focus::default() };
        let needs = |instrument: Instrument| {
            let question = instrument.question(&focus);
            (question.needs_images(), question.needs_training_images())
        };
        assert_eq!(needs(Instrument::Nearest), (true, true));
        assert_eq!(needs(Instrument::GradCam), (false, false));
        assert_eq!(needs(Instrument::Filters), (false, false));
        assert_eq!(needs(Instrument::Exits), (true, true));
        assert_eq!(needs(Instrument::Swaps), (true, false));
    }
}
