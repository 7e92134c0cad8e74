//! What all instruments share: a network with its images, inputs made of them, and losses that can be differentiated.

use super::refusal::Refusal;
use crate::nn::{self, Model, Pass};
use crate::train::evaluate::{Inputs, Scores, evaluate_as, logits};
use crate::train::snapshot::{ArmSnapshot, Snapshot};
use crate::train::softmax;
use burn::tensor::{Device, Tensor};
use lab_core::blueprint::{BlockPlan, Blueprint};
use lab_core::data::{self, DataError, Images, Normalizer};
use lab_core::instrument::{self, Finding, QueryImage, Score, Thumbnail};
use lab_core::random::{Draw, Random};

/// Hears how many parts of how many are done, and sometimes what has been found by then; says whether to go on.
pub type Progress<'a> = dyn FnMut(usize, usize, Option<Finding>) -> bool + 'a;

/// One network with the images it is asked about.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// All arms and the images.
    pub snapshot: &'a Snapshot,
    pub arm: &'a ArmSnapshot,
}

/// Images at a time where none need to be together.
const BATCH: usize = 128;

impl<'a> Subject<'a> {
    /// The network, without a graph.
    pub(super) fn model(&self) -> &'a Model {
        &self.arm.model
    }

    /// How it is laid out.
    pub(super) fn blueprint(&self) -> &'a Blueprint {
        self.arm.model.blueprint()
    }

    /// One of its blocks, counted from 0.
    pub(super) fn block(&self, index: usize) -> Result<&'a BlockPlan, Refusal> {
        block(self.blueprint(), index)
    }

    pub(super) fn device(&self) -> &'a Device {
        &self.snapshot.device
    }

    /// Images at a time.
    pub(super) fn batch(&self) -> usize {
        self.snapshot.batch.clamp(1, BATCH)
    }

    /// A generator for this instrument's draws; the same draws in every arm and each time.
    pub(super) fn random(&self, draw: Draw, index: u64) -> Random {
        Random::of_question(self.snapshot.seed, draw, index)
    }

    /// How the network does on the validation images in passes of some kind.
    pub(super) fn score(&self, model: &Model, pass: impl Fn() -> Pass) -> Result<Score, Refusal> {
        self.score_on(model, self.snapshot.validation(), pass)
    }

    /// How it does on some images.
    pub(super) fn score_on(&self, model: &Model, inputs: Inputs, pass: impl Fn() -> Pass) -> Result<Score, Refusal> {
        Ok(score(&evaluate_as(model, inputs, self.batch(), self.device(), pass, |_| true)?))
    }

    /// This many random images, the same in every arm; all of them if there are fewer.
    pub(super) fn draw(&self, images: &Images, count: usize) -> Images {
        let mut order: Vec<usize> = (0..images.len()).collect();
        if count < images.len() {
            self.random(Draw::Images, 0).shuffle(&mut order);
            order.truncate(count.max(1));
            order.sort_unstable();
        }
        images.subset(&order)
    }

    /// A batch of images as the network's input, [images, channels, height, width].
    pub(super) fn input(&self, images: &Images, device: &Device) -> Result<Tensor<4>, Refusal> {
        let bytes = images.bytes()?;
        let mut pixels = Vec::with_capacity(bytes.len());
        let data = &self.snapshot.dataset;
        Normalizer::new(&data.mean, &data.std).extend(&bytes, images.height * images.width, &mut pixels);
        let [channels, height, width] = images.shape();
        Ok(nn::tensor(pixels, [images.len(), channels, height, width], device))
    }

    /// The image of a question.
    pub(super) fn sample_input(&self, sample: &QueryImage) -> Result<SampleInput, Refusal> {
        let (lens, validation) = (self.snapshot.lens(), &self.snapshot.dataset.validation);
        let (pixels, truth) = match sample {
            QueryImage::Validation(index) if *index < validation.len() => {
                let image = validation.image(*index)?;
                (image.into_owned(), Some(usize::from(validation.labels[*index])))
            }
            QueryImage::Validation(index) => {
                let count = validation.len();
                return Err(Refusal::NoImage { index: *index, count });
            }
            QueryImage::Picture(picture) => (lens.pixels(&picture_of(picture, lens.shape).1?), None),
        };
        let [_, height, width] = lens.shape;
        let mut inputs = Vec::with_capacity(pixels.len());
        Normalizer::new(lens.mean, lens.std).extend(&pixels, height * width, &mut inputs);
        Ok(SampleInput { seen: Thumbnail::new(&pixels, lens.shape), inputs, shape: lens.shape, truth })
    }

    /// The probability of every class for some inputs of one image each, [images · channels · height · width].
    pub(super) fn probabilities(&self, inputs: Vec<f32>, count: usize) -> Result<Vec<Vec<f32>>, Refusal> {
        let ([channels, height, width], classes) = (self.blueprint().input, self.blueprint().classes);
        let rows = logits(self.model(), inputs, [count, channels, height, width], self.device())?;
        Ok(rows.chunks_exact(classes).map(softmax::probabilities).collect())
    }

    /// Whether the network's running statistics are as they were made, so that only batch statistics mean anything.
    pub(super) fn is_fresh(&self) -> Result<bool, Refusal> {
        let state = self.model().state()?;
        let mut means = state.iter().filter(|(name, _)| name.ends_with("running_mean")).peekable();
        let normed = means.peek().is_some();
        Ok(normed && means.all(|(_, mean)| mean.values.iter().all(|&value| value == 0.0)))
    }

    /// The network with a graph.
    pub(super) fn with_graph(&self) -> Result<(Model, Device), Refusal> {
        let device = self.device().clone().autodiff();
        let state = self.model().state()?;
        let model = Model::init(self.blueprint(), 0, &device).with_state(&state)?;
        let model = model.in_precision(self.model().precision(), &device)?;
        Ok((model, device))
    }

    /// The numbers of the blocks that can be left out.
    pub(super) fn removable(&self) -> Vec<usize> {
        let blocks = self.blueprint().blocks().enumerate();
        blocks.filter(|(_, block)| block.can_be_bypassed()).map(|(index, _)| index).collect()
    }
}

/// An image that a question is about.
pub(super) struct SampleInput {
    /// As the network sees it.
    pub seen: Thumbnail,
    /// Normalised, [channels, height, width].
    pub inputs: Vec<f32>,
    /// [channels, height, width]
    pub shape: [usize; 3],
    /// Its class, where that is known.
    pub truth: Option<usize>,
}

/// A block of a network, counted from 0.
///
/// # Errors
/// That there is no such block.
pub(super) fn block(blueprint: &Blueprint, index: usize) -> Result<&BlockPlan, Refusal> {
    let blocks = blueprint.blocks().count();
    blueprint.blocks().nth(index).ok_or(Refusal::NoBlock { blocks, block: index })
}

pub(super) fn score(scores: &Scores) -> Score {
    Score { images: scores.total, accuracy: scores.accuracy(), loss: scores.mean_loss() }
}

/// A picture's name and pixels, or why it cannot be read; good enough for a network's input shape.
pub(super) fn picture_of(
    picture: &instrument::Picture,
    shape: [usize; 3],
) -> (String, Result<data::Picture, DataError>) {
    let (name, read) = match picture {
        instrument::Picture::File(path) => {
            let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
            (name, data::read_picture_for(path, shape))
        }
        instrument::Picture::Pixels { width, height, rgba } => {
            ("clipboard".to_owned(), data::Picture::from_rgba(*width, *height, rgba))
        }
    };
    (name, read)
}
