//! A data set as a person sees it before training: its survey, and some pictures of each class.

use super::dataset::Dataset;
use super::error::DataError;
use super::load::LoadOptions;
use super::picture::{Picture, fit_picture};
use super::survey::Survey;
use crate::experiment::{Data, Fit};
use crate::instrument::Thumbnail;

/// Pictures of each class.
const PER_CLASS: usize = 8;
/// The most pictures of all classes together.
const PICTURES: usize = 1000;
/// The longest side of a picture, in pixels.
const SIDE: usize = 64;

/// A data set that was looked over.
#[derive(Clone, Debug, PartialEq)]
pub struct Overview {
    pub survey: Survey,
    /// For each class a few of its training images, or of those to validate on where it has no others; none where there
    /// are too many classes.
    pub pictures: Vec<Vec<Thumbnail>>,
}

impl Overview {
    /// Reads a data set and looks it over.
    ///
    /// # Errors
    /// Like [`Dataset::load_with`].
    pub fn read(data: &Data, seed: u64, options: LoadOptions) -> Result<Self, DataError> {
        let (dataset, report) = Dataset::load_with(data, seed, options)?;
        let pictures = pictures(&dataset)?;
        Ok(Self { survey: Survey::of(&dataset, report)?, pictures })
    }
}

fn pictures(dataset: &Dataset) -> Result<Vec<Vec<Thumbnail>>, DataError> {
    let each = (PICTURES / dataset.classes.len().max(1)).min(PER_CLASS);
    let mut pictures = vec![Vec::new(); dataset.classes.len()];
    for images in [&dataset.train, &dataset.validation] {
        let lacking: Vec<bool> = pictures.iter().map(Vec::is_empty).collect();
        for (index, label) in images.labels.iter().enumerate() {
            let class = usize::from(*label);
            if lacking[class] && pictures[class].len() < each {
                pictures[class].push(small(&images.image(index)?, images.shape()));
            }
        }
    }
    Ok(pictures)
}

/// An image with sides of at most so many pixels.
fn small(pixels: &[u8], shape: [usize; 3]) -> Thumbnail {
    let [channels, height, width] = shape;
    let longest = height.max(width);
    if longest <= SIDE {
        return Thumbnail::new(pixels, shape);
    }
    let side = |side: usize| (side * SIDE / longest).max(1);
    let to = [channels, side(height), side(width)];
    Thumbnail::new(&fit_picture(&Picture::from_planes(pixels, shape), to, Fit::Stretch), to)
}
