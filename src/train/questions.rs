//! Answers to what a watcher asks of the networks between two steps. Nothing here changes them.

use super::lens::Lens;
use super::protocol::{Answer, Classified, Picture, Question, Seen};
use crate::data;
use crate::nn::Model;

/// Answers a question.
#[must_use]
pub fn answer(question: &Question, networks: &[Model], lens: Lens) -> Answer {
    match question {
        Question::Classify(pictures) => {
            let classify = |picture| classify(picture, networks, lens);
            Answer::Classified(pictures.iter().map(classify).collect())
        }
    }
}

fn classify(picture: &Picture, networks: &[Model], lens: Lens) -> Classified {
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
    let pixels = lens.pixels(&read);
    let seen = seen(&pixels, lens.shape);
    Classified { name, seen, probabilities: lens.probabilities(&pixels, networks.iter()) }
}

/// A network's input as a picture; `pixels` is [channels, height, width].
fn seen(pixels: &[u8], [channels, height, width]: [usize; 3]) -> Seen {
    let plane = height * width;
    let channel = |c: usize| if channels == 1 { 0 } else { c };
    let rgb = (0..plane).flat_map(|p| (0..3).map(move |c| channel(c) * plane + p)).map(|at| pixels[at]).collect();
    Seen { width, height, rgb }
}
