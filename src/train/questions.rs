//! Answers to what a watcher asks of the networks between two steps. Nothing here changes them.

use super::device::Opened;
use super::evaluate::{logits, softmax};
use super::protocol::{Answer, Classified, Picture, Question, Seen};
use crate::data::{self, Dataset, Normalizer};
use crate::experiment::Fit;
use crate::nn::Model;

/// Answers a question.
#[must_use]
pub fn answer(question: &Question, networks: &[Model], dataset: &Dataset, opened: &Opened) -> Answer {
    match question {
        Question::Classify(pictures) => {
            let classify = |picture| classify(picture, networks, dataset, opened);
            Answer::Classified(pictures.iter().map(classify).collect())
        }
    }
}

fn classify(picture: &Picture, networks: &[Model], dataset: &Dataset, opened: &Opened) -> Classified {
    let (name, read) = match picture {
        Picture::File(path) => {
            let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
            (name, data::read_picture(path))
        }
        Picture::Pixels { width, height, rgba } => {
            ("clipboard".to_owned(), data::Picture::from_rgba(*width, *height, rgba))
        }
    };
    let read = match read {
        Ok(read) => read,
        Err(error) => return Classified { name, seen: Seen::default(), probabilities: Err(error.to_string()) },
    };
    let shape = dataset.shape();
    let pixels = data::fit_picture(&read, shape, Fit::Cover);
    let seen = seen(&pixels, shape);
    let mut inputs = Vec::with_capacity(pixels.len());
    Normalizer::new(&dataset.mean, &dataset.std).extend(&pixels, shape[1] * shape[2], &mut inputs);
    let ask = |network: &Model| {
        let [channels, height, width] = shape;
        logits(network, inputs.clone(), [1, channels, height, width], &opened.device).map(|row| softmax(&row))
    };
    Classified { name, seen, probabilities: networks.iter().map(ask).collect() }
}

/// A network's input as a picture; `pixels` is [channels, height, width].
fn seen(pixels: &[u8], [channels, height, width]: [usize; 3]) -> Seen {
    let plane = height * width;
    let channel = |c: usize| if channels == 1 { 0 } else { c };
    let rgb = (0..plane).flat_map(|p| (0..3).map(move |c| channel(c) * plane + p)).map(|at| pixels[at]).collect();
    Seen { width, height, rgb }
}
