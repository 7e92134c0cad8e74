//! Pictures that were asked about, and what the networks said; newest first.

use crate::train::protocol::{Answer, Classified, Picture};

/// A question and, once it has come, its answer.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The number that the answer carries.
    pub id: u64,
    /// What was asked about, in words.
    pub about: String,
    /// The names of the arms when it was asked.
    pub arms: Vec<String>,
    /// The classes when it was asked.
    pub classes: Vec<String>,
    /// One for each picture, or why there is none; `None` while it is awaited.
    pub answer: Option<Result<Vec<Classified>, String>>,
}

/// All questions of this window.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    last_id: u64,
    /// Newest first.
    pub asked: Vec<Asked>,
}

/// Questions the history keeps.
const HISTORY: usize = 50;

impl Answers {
    /// Notes a question and returns its number.
    pub fn ask(&mut self, pictures: &[Picture], arms: Vec<String>, classes: Vec<String>) -> u64 {
        self.last_id += 1;
        let about = match pictures {
            [one] => name(one),
            many => format!("{} pictures", many.len()),
        };
        self.asked.insert(0, Asked { id: self.last_id, about, arms, classes, answer: None });
        self.asked.truncate(HISTORY);
        self.last_id
    }

    /// Notes an answer; one that nobody waits for is dropped.
    pub fn answered(&mut self, id: u64, answer: Result<Answer, String>) {
        if let Some(asked) = self.asked.iter_mut().find(|asked| asked.id == id) {
            asked.answer = Some(answer.map(|Answer::Classified(pictures)| pictures));
        }
    }
}

fn name(picture: &Picture) -> String {
    match picture {
        Picture::File(path) => {
            path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
        }
        Picture::Pixels { .. } => "clipboard".into(),
    }
}

/// The `most` likeliest classes, likeliest first.
#[must_use]
pub fn top(probabilities: &[f32], most: usize) -> Vec<(usize, f32)> {
    let mut ranked: Vec<(usize, f32)> = probabilities.iter().copied().enumerate().collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    ranked.truncate(most);
    ranked
}
