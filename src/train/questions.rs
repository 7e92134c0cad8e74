//! Answers to what a watcher asks of the networks between two steps. Nothing here changes them.

use super::lens::Lens;
use super::protocol::{Answer, Classified, Picture, Question, Seen};
use crate::data;
use crate::nn::Model;
use std::path::{Path, PathBuf};

/// Answers a question.
#[must_use]
pub fn answer(question: &Question, networks: &[Model], lens: Lens) -> Answer {
    match question {
        Question::Classify(pictures) => {
            let classify = |picture| classify(picture, networks, lens);
            Answer::Classified(expanded(pictures).iter().map(classify).collect())
        }
    }
}

/// Pictures of a folder that are looked at, so that an answer stays within a bounded time.
const OF_A_FOLDER: usize = 64;

/// Folders as the pictures in them, by name; what is below them is left out.
fn expanded(pictures: &[Picture]) -> Vec<Picture> {
    let inside = |folder: &Path| -> Vec<Picture> {
        let Ok(entries) = std::fs::read_dir(folder) else { return vec![Picture::File(folder.to_owned())] };
        let mut files: Vec<PathBuf> =
            entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()).collect();
        files.sort();
        files.truncate(OF_A_FOLDER);
        files.into_iter().map(Picture::File).collect()
    };
    pictures
        .iter()
        .flat_map(|picture| match picture {
            Picture::File(path) if path.is_dir() => inside(path),
            other => vec![other.clone()],
        })
        .collect()
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
