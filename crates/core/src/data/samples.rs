//! A few training images as they are and as augmentation shows them to a network, as plain pictures.

use super::{Dataset, Picture, augmented_samples};
use crate::experiment::{Augmentation, Data};
use crate::protocol::Thumbnail;

/// What is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    pub data: Data,
    /// How they are varied.
    pub augmentation: Augmentation,
    pub seed: u64,
    /// Which epoch; each varies the images anew.
    pub epoch: u64,
}

/// Images before and after, in the same order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Samples {
    /// As they are.
    pub plain: Vec<Thumbnail>,
    /// As a network gets them.
    pub varied: Vec<Thumbnail>,
}

/// Images on a sheet.
pub const SHOWN: usize = 8;

/// Images that are read at most: balanced over the classes, so that a sheet shows several.
const READ: usize = 64;

/// Makes sheets; keeps the images of the last one.
#[derive(Default)]
pub struct Sampler {
    loaded: Option<(Data, u64, Dataset)>,
}

impl Sampler {
    /// A sheet.
    ///
    /// # Errors
    /// What is wrong with the images.
    pub fn samples(&mut self, wanted: &Wanted) -> Result<Samples, String> {
        let dataset = self.dataset(&wanted.data, wanted.seed)?;
        let count = dataset.train.len();
        // Far apart, so that images of several classes are among them.
        let indices: Vec<usize> = (0..SHOWN.min(count)).map(|index| index * count / SHOWN.min(count)).collect();
        let pictures = |augmentation: &Augmentation| -> Result<Vec<Thumbnail>, String> {
            let pictures = augmented_samples(dataset, augmentation, wanted.seed, wanted.epoch, &indices);
            Ok(pictures.map_err(|error| error.to_string())?.into_iter().map(seen).collect())
        };
        Ok(Samples { plain: pictures(&Augmentation::default())?, varied: pictures(&wanted.augmentation)? })
    }

    fn dataset(&mut self, data: &Data, seed: u64) -> Result<&Dataset, String> {
        let known = self.loaded.take().filter(|(of, by, _)| of == data && *by == seed);
        let loaded = if let Some(loaded) = known {
            loaded
        } else {
            let limit = data.train_limit.map_or(READ, |limit| limit.min(READ));
            let few = Data { train_limit: Some(limit), validation_limit: Some(READ), ..data.clone() };
            let dataset = Dataset::load(&few, seed).map_err(|error| error.to_string())?;
            (data.clone(), seed, dataset)
        };
        Ok(&self.loaded.insert(loaded).2)
    }
}

fn seen(picture: Picture) -> Thumbnail {
    Thumbnail { width: picture.width, height: picture.height, rgb: picture.rgb }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_shows_what_augmentation_does_and_the_same_each_time() {
        let mut sampler = Sampler::default();
        let augmentation = Augmentation { flip: true, pad_crop: 4, ..Augmentation::default() };
        let mut wanted = Wanted { data: Data::default(), augmentation, seed: 3, epoch: 0 };
        let first = sampler.samples(&wanted).unwrap();
        assert_eq!((first.plain.len(), first.varied.len()), (SHOWN, SHOWN));
        assert_ne!(first.plain, first.varied);
        assert_eq!(sampler.samples(&wanted).unwrap(), first);
        wanted.epoch = 1;
        let second = sampler.samples(&wanted).unwrap();
        assert_eq!(second.plain, first.plain);
        assert_ne!(second.varied, first.varied);
        wanted.augmentation = Augmentation::default();
        let off = sampler.samples(&wanted).unwrap();
        assert_eq!(off.plain, off.varied);
        wanted.data.source = "/nowhere".to_owned().into();
        assert!(sampler.samples(&wanted).unwrap_err().contains("/nowhere"));
    }
}
