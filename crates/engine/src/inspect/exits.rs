//! Early exits: a linear classifier on each block's pooled output (Alain and Bengio 2016).
//!
//! Softmax regression on standardised features with a ridge of 1e-3, by Nesterov's method from zero with the step that
//! the largest curvature allows, so that the answer is a function of the features alone.

use super::refusal::Refusal;
use super::subject::{Progress, Subject};
use crate::nn::{self, Pass};
use crate::train::evaluate::Inputs;
use crate::train::softmax::{largest, softmax};
use lab_core::data::{Images, evaluation_batches};
use lab_core::instrument::{Exit, Finding};
use rayon::prelude::*;

const RIDGE: f64 = 1e-3;
const ROUNDS: usize = 300;

/// One exit behind each block, fitted to this many training images and tried on the validation images.
///
/// # Errors
/// What the device says when it fails.
pub(super) fn exits(subject: &Subject, images: usize, progress: &mut Progress) -> Result<Vec<Exit>, Refusal> {
    let (data, classes) = (&subject.snapshot.dataset, subject.blueprint().classes);
    let train = subject.draw(&data.train, images);
    let total = train.len() + data.validation.len();
    let mut tell = |done: usize, so_far| progress(done, total + 1, so_far);
    let Some(fitted) = features(subject, &train, |done| tell(done, None))? else { return Ok(Vec::new()) };
    let done = train.len();
    let Some(tried) = features(subject, &data.validation, |more| tell(done + more, None))? else {
        return Ok(Vec::new());
    };
    let names: Vec<String> = subject.blueprint().blocks().map(|block| block.name.clone()).collect();
    let exit = |((block, fitted), tried): ((&String, &Features), &Features)| {
        let probe = Probe::fit(fitted, &train.labels, classes);
        let train_accuracy = probe.accuracy(fitted, &train.labels);
        Exit { block: block.clone(), train_accuracy, accuracy: probe.accuracy(tried, &data.validation.labels) }
    };
    let found: Vec<Exit> = names.par_iter().zip(&fitted).zip(&tried).map(exit).collect();
    tell(total, Some(Finding::Exits(found.clone())));
    Ok(found)
}

/// [images, channels], row by row.
#[derive(Default)]
struct Features {
    channels: usize,
    values: Vec<f32>,
}

/// The mean of each channel of every block's output; `None` if `go_on` ended it.
fn features(
    subject: &Subject,
    images: &Images,
    mut go_on: impl FnMut(usize) -> bool,
) -> Result<Option<Vec<Features>>, Refusal> {
    let data = &subject.snapshot.dataset;
    let inputs = Inputs { images, mean: &data.mean, std: &data.std };
    let mut all: Vec<Features> = subject.blueprint().blocks().map(|_| Features::default()).collect();
    let mut done = 0;
    // All blocks' maps are held at once, so fewer images at a time.
    for batch in evaluation_batches(inputs.images, inputs.mean, inputs.std, subject.batch().min(32)) {
        if !go_on(done) {
            return Ok(None);
        }
        let batch = batch?;
        let [channels, height, width] = batch.shape;
        let x = nn::tensor(batch.pixels, [batch.size, channels, height, width], subject.device());
        let mut pass = Pass::evaluate().with_taps();
        let _logits = subject.model().forward(x, &mut pass);
        for (features, tap) in all.iter_mut().zip(pass.taps()) {
            let [images, channels, height, width] = tap.output.dims();
            features.channels = channels;
            let pooled = tap.output.clone().reshape([images, channels, height * width]).mean_dim(2);
            features.values.extend(nn::values(pooled)?);
        }
        done += batch.size;
    }
    Ok(Some(all))
}

/// Softmax regression.
struct Probe {
    mean: Vec<f64>,
    scale: Vec<f64>,
    /// [classes, channels + 1], the bias last.
    weights: Vec<f64>,
}

impl Probe {
    fn fit(features: &Features, labels: &[u16], classes: usize) -> Self {
        let (channels, images) = (features.channels, labels.len().max(1) as f64);
        let column =
            |channel: usize| features.values.iter().skip(channel).step_by(channels.max(1)).map(|&x| f64::from(x));
        let mean: Vec<f64> = (0..channels).map(|channel| column(channel).sum::<f64>() / images).collect();
        let deviation = |channel: usize| {
            let variance = column(channel).map(|x| (x - mean[channel]).powi(2)).sum::<f64>() / images;
            if variance > 1e-12 { variance.sqrt() } else { 1.0 }
        };
        let scale = (0..channels).map(deviation).collect();
        let mut probe = Self { mean, scale, weights: vec![0.0; classes * (channels + 1)] };
        let rows = probe.rows(features);
        probe.descend(&rows, labels);
        probe
    }

    /// Standardised features with a 1 for the bias.
    fn rows(&self, features: &Features) -> Vec<f64> {
        let row = |row: &[f32]| {
            let standardised = row.iter().zip(self.mean.iter().zip(&self.scale));
            let standardised = standardised.map(|(&x, (mean, scale))| (f64::from(x) - mean) / scale);
            standardised.chain([1.0]).collect::<Vec<f64>>()
        };
        features.values.chunks_exact(features.channels.max(1)).flat_map(row).collect()
    }

    fn width(&self) -> usize {
        self.mean.len() + 1
    }

    fn descend(&mut self, rows: &[f64], labels: &[u16]) {
        // The Hessian of softmax regression is at most half of the features' second moments (Böhning 1992).
        let step = 1.0 / (0.5 * largest_moment(rows, self.width()) + RIDGE);
        let mut before = self.weights.clone();
        for round in 0..ROUNDS {
            let momentum = round as f64 / (round as f64 + 3.0);
            let ahead: Vec<f64> = self.weights.iter().zip(&before).map(|(w, b)| w + momentum * (w - b)).collect();
            before = std::mem::replace(&mut self.weights, ahead);
            let gradient = self.gradient(rows, labels);
            self.weights.iter_mut().zip(gradient).for_each(|(w, g)| *w -= step * g);
        }
    }

    /// Of the mean cross-entropy with its ridge.
    fn gradient(&self, rows: &[f64], labels: &[u16]) -> Vec<f64> {
        let (width, images) = (self.width(), labels.len().max(1) as f64);
        let mut gradient: Vec<f64> = self.weights.iter().map(|w| RIDGE * w).collect();
        for (row, &label) in rows.chunks_exact(width).zip(labels) {
            for (class, share) in softmax(&self.logits(row)).into_iter().enumerate() {
                let slope = (share - f64::from(u8::from(class == usize::from(label)))) / images;
                let own = &mut gradient[class * width..][..width];
                own.iter_mut().zip(row).for_each(|(g, x)| *g += slope * x);
            }
        }
        gradient
    }

    fn logits(&self, row: &[f64]) -> Vec<f64> {
        let logit = |weights: &[f64]| weights.iter().zip(row).map(|(w, x)| w * x).sum();
        self.weights.chunks_exact(self.width()).map(logit).collect()
    }

    fn accuracy(&self, features: &Features, labels: &[u16]) -> f64 {
        let rows = self.rows(features);
        let right = rows.chunks_exact(self.width()).zip(labels);
        let right = right.filter(|(row, label)| largest(&self.logits(row)) == Some(usize::from(**label)));
        right.count() as f64 / labels.len().max(1) as f64
    }
}

/// The largest eigenvalue of the mean of x·xᵀ, by the power method, a little enlarged.
fn largest_moment(rows: &[f64], width: usize) -> f64 {
    let images = (rows.len() / width.max(1)).max(1) as f64;
    let mut moments = vec![0.0; width * width];
    for row in rows.chunks_exact(width) {
        for (line, a) in moments.chunks_exact_mut(width).zip(row) {
            line.iter_mut().zip(row).for_each(|(moment, b)| *moment += a * b / images);
        }
    }
    let (mut vector, mut largest) = (vec![1.0 / (width as f64).sqrt(); width], 1.0);
    for _ in 0..50 {
        let image: Vec<f64> =
            moments.chunks_exact(width).map(|line| line.iter().zip(&vector).map(|(m, v)| m * v).sum()).collect();
        largest = image.iter().map(|x: &f64| x * x).sum::<f64>().sqrt().max(1e-12);
        vector = image.iter().map(|x| x / largest).collect();
    }
    1.1 * largest
}
