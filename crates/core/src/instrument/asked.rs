//! Which images a question is about, so that whoever shows the answer can say it.

use super::question::{Question, Sample};

/// The images that a question is about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Asked<'a> {
    /// All images to validate on.
    Validation,
    /// Random pairs of images to validate on.
    Pairs(usize),
    /// So many of the training images, drawn at random.
    Training(usize),
    /// Something is learnt of so many of the training images, and tried on all images to validate on.
    Both(usize),
    /// One image.
    One(&'a Sample),
    /// None, or such as the question brings along.
    Nothing,
}

impl Question {
    /// The images that it is about.
    #[must_use]
    pub fn asked(&self) -> Asked<'_> {
        match self {
            Self::Nearest { sample, .. }
            | Self::Explain { sample, .. }
            | Self::Features { sample, .. }
            | Self::Cuts { sample } => Asked::One(sample),
            Self::Exits { images } => Asked::Both(*images),
            Self::Gradients { images }
            | Self::Histograms { images }
            | Self::Slice { images, .. }
            | Self::Surface { images, .. }
            | Self::Path { images, .. }
            | Self::PathLengths { images, .. } => Asked::Training(*images),
            Self::Shattered { lines, .. } => Asked::Pairs(*lines),
            Self::Predictions
            | Self::Lesion { .. }
            | Self::Lesions
            | Self::Removals { .. }
            | Self::Swaps { .. }
            | Self::Gains { .. } => Asked::Validation,
            Self::Classify(_) | Self::Gallery | Self::Filters => Asked::Nothing,
        }
    }

    /// Whether it cannot be answered without training images.
    #[must_use]
    pub fn needs_training_images(&self) -> bool {
        matches!(self, Self::Nearest { .. }) || matches!(self.asked(), Asked::Training(_) | Asked::Both(_))
    }

    /// Whether it is about the images of an experiment, rather than about a picture or the weights alone.
    #[must_use]
    pub fn needs_images(&self) -> bool {
        match self.asked() {
            Asked::Nothing => false,
            Asked::One(Sample::Picture(_)) => self.needs_training_images(),
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Focus, Instrument, Picture};
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn a_picture_from_elsewhere_is_compared_with_training_images_all_the_same() {
        let sample = Sample::Picture(Picture::File(PathBuf::from("boot.png")));
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
