//! Batches: normalised inputs and labels of some images, as they are or varied for training.

use super::augment::{Draws, cut_out, mix_weights, vary};
use super::error::DataError;
use super::images::Images;
use super::statistics::Normalizer;
use super::{Dataset, Picture};
use crate::experiment::Augmentation;
use crate::random::{Purpose, Random};

/// Inputs and labels of one step.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    pub size: usize,
    /// `[channels, height, width]`
    pub shape: [usize; 3],
    /// Network inputs `[image][channel][row][column]`; empty where nobody asks for them.
    pub pixels: Vec<f32>,
    /// One per image.
    pub labels: Vec<u16>,
    /// The images' places in the data set.
    pub indices: Vec<usize>,
    /// How images were mixed, if they were.
    pub mix: Option<Mix>,
}

/// Mixup: image i is `lambda` · image i + (1 − `lambda`) · a partner, and so is its loss (Zhang et al. 2018).
#[derive(Clone, Debug, PartialEq)]
pub struct Mix {
    /// The weight of `Batch::labels`, one for the whole batch; that of `labels` here is 1 − `lambda`.
    pub lambda: f32,
    /// The label of each image's partner.
    pub labels: Vec<u16>,
}

/// Batches of at most `batch_size` images in order, without augmentation; the last one may be smaller. Each can fail
/// where the images lie in a file that cannot be read any more.
pub fn evaluation_batches<'a>(
    images: &'a Images,
    mean: &[f32],
    std: &[f32],
    batch_size: usize,
) -> impl Iterator<Item = Result<Batch, DataError>> + 'a + use<'a> {
    let normalizer = Normalizer::new(mean, std);
    let (size, plane) = (batch_size.max(1), images.height * images.width);
    images.labels.chunks(size).enumerate().map(move |(index, labels)| {
        let bytes = images.some(index * size, labels.len())?;
        let mut pixels = Vec::with_capacity(bytes.len());
        normalizer.extend(&bytes, plane, &mut pixels);
        let (shape, labels) = (images.shape(), labels.to_vec());
        let indices = (index * size..).take(labels.len()).collect();
        Ok(Batch { size: labels.len(), shape, pixels, labels, indices, mix: None })
    })
}

/// Network inputs `[image][channel][row][column]` of the images at these places, without augmentation.
///
/// # Errors
/// If the images lie in a file that cannot be read any more.
pub fn plain_inputs(images: &Images, mean: &[f32], std: &[f32], indices: &[usize]) -> Result<Vec<f32>, DataError> {
    let (normalizer, plane) = (Normalizer::new(mean, std), images.height * images.width);
    let mut inputs = Vec::with_capacity(indices.len() * images.stride());
    for &index in indices {
        normalizer.extend(&images.image(index)?, plane, &mut inputs);
    }
    Ok(inputs)
}

/// Which batch: what its random changes are keyed by, besides the seed and the indices of its images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub epoch: u64,
    /// Batches since the start of training.
    pub step: u64,
}

/// Puts training batches together. A batch is a function of the data set, these fields, its key and its indices.
pub(super) struct Assembler {
    normalizer: Normalizer,
    augmentation: Augmentation,
    seed: u64,
    /// Whether somebody asks for pixels.
    pixels: bool,
}

impl Assembler {
    pub fn new(dataset: &Dataset, augmentation: Augmentation, seed: u64) -> Self {
        Self { normalizer: Normalizer::new(&dataset.mean, &dataset.std), augmentation, seed, pixels: true }
    }

    /// Puts batches together that have labels only.
    pub fn without_pixels(self) -> Self {
        Self { pixels: false, ..self }
    }

    pub fn assemble(&self, images: &Images, key: Key, indices: &[usize]) -> Result<Batch, DataError> {
        let shape = images.shape();
        let plane = images.height * images.width;
        let mut pixels = Vec::with_capacity(indices.len() * images.stride());
        let mut scratch = Vec::new();
        for &index in indices.iter().filter(|_| self.pixels) {
            let mut random = Random::new(self.seed, Purpose::Augment, key.epoch, index as u64);
            let draws = Draws::new(&self.augmentation, shape, &mut random);
            let image = images.image(index)?;
            let varied = vary(&image, shape, &draws, &mut scratch);
            let start = pixels.len();
            self.normalizer.extend(varied, plane, &mut pixels);
            cut_out(&mut pixels[start..], shape, self.augmentation.cutout as usize, draws.hole);
        }
        let labels: Vec<u16> = indices.iter().map(|&index| images.labels[index]).collect();
        let mix = (self.pixels && self.augmentation.mixup > 0.0)
            .then(|| self.mix(key, images.stride(), &mut pixels, &labels));
        Ok(Batch { size: indices.len(), shape, pixels, labels, indices: indices.to_vec(), mix })
    }

    fn mix(&self, key: Key, stride: usize, pixels: &mut Vec<f32>, labels: &[u16]) -> Mix {
        let (lambda, partners) =
            mix_weights(self.augmentation.mixup, labels.len(), Random::new(self.seed, Purpose::Mixup, key.step, 0));
        let mut mixed = Vec::with_capacity(pixels.len());
        for (own, &partner) in pixels.chunks_exact(stride).zip(&partners) {
            let other = &pixels[partner * stride..][..stride];
            mixed.extend(own.iter().zip(other).map(|(a, b)| lambda * a + (1.0 - lambda) * b));
        }
        *pixels = mixed;
        Mix { lambda, labels: partners.into_iter().map(|partner| labels[partner]).collect() }
    }
}

/// What training images with these indices look like in one epoch, to be shown: what the network gets, turned back
/// into colours. With mixup, the images given are each other's partners.
///
/// # Errors
/// If the images lie in a file that cannot be read any more.
pub fn augmented_samples(
    dataset: &Dataset,
    augmentation: &Augmentation,
    seed: u64,
    epoch: u64,
    indices: &[usize],
) -> Result<Vec<Picture>, DataError> {
    let indices: Vec<usize> = indices.iter().copied().filter(|&index| index < dataset.train.len()).collect();
    let assembler = Assembler::new(dataset, augmentation.clone(), seed);
    let batch = assembler.assemble(&dataset.train, Key { epoch, step: epoch }, &indices)?;
    let plane = dataset.train.height * dataset.train.width;
    let picture = |inputs: &[f32]| {
        let channels = inputs.chunks_exact(plane).enumerate();
        let bytes: Vec<u8> = channels
            .flat_map(|(channel, values)| values.iter().map(move |&value| (channel, value)))
            .map(|(channel, value)| assembler.normalizer.byte(channel, value))
            .collect();
        Picture::from_planes(&bytes, dataset.shape())
    };
    Ok(batch.pixels.chunks_exact(dataset.train.stride().max(1)).map(picture).collect())
}
