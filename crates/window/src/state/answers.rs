//! Pictures that were asked about, and what the networks said; newest first.

use lab_core::instrument::likeliest;
use lab_core::number::percent;
use lab_core::protocol::{Answer, Classification, Classified, Picture};

/// A question and, once it has come, its answer.
#[derive(Clone, Debug)]
pub struct PictureQuestion {
    /// The number that the answer carries.
    pub id: u64,
    /// What was asked about, in words.
    pub about: String,
    /// After how many steps the networks answered; 0 of weights from a file.
    pub step: u64,
    /// What the networks said, or why they did not; `None` while it is awaited.
    pub answer: Option<Result<Classification, String>>,
}

/// What every arm sees in a picture.
fn in_words(picture: &Classified, of: &Classification) -> String {
    let arms = match &picture.probabilities {
        Ok(arms) => arms,
        Err(why) => return format!("{}: {why}", picture.name),
    };
    let sees = |(name, shares): (&String, &Vec<f32>)| {
        let (class, share) = *likeliest(shares, 1).first()?;
        Some(format!("{name} sees {} ({})", class_name(of, class), percent(f64::from(share))))
    };
    let all: Vec<String> = of.arms.iter().zip(arms).filter_map(sees).collect();
    format!("{}: {}", picture.name, all.join(", "))
}

/// What a class is called.
#[must_use]
pub fn class_name(of: &Classification, class: usize) -> String {
    of.classes.get(class).map_or_else(|| format!("class {class}"), Clone::clone)
}

/// All pictures of this window.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// Newest first.
    pub asked: Vec<PictureQuestion>,
}

/// Questions the history keeps.
const HISTORY: usize = 50;

impl Answers {
    /// Notes a question.
    pub(super) fn ask(&mut self, id: u64, pictures: &[Picture]) {
        let about = match pictures {
            [one] => name(one),
            many => format!("{} pictures", many.len()),
        };
        self.asked.insert(0, PictureQuestion { id, about, step: 0, answer: None });
        self.asked.truncate(HISTORY);
    }

    /// Notes an answer, and after how many steps it came; one that nobody waits for is dropped. Returns what it says, for
    /// the log.
    pub(super) fn answered(&mut self, id: u64, answer: Result<Answer, String>, step: u64) -> Vec<String> {
        let awaited = |asked: &&mut PictureQuestion| asked.id == id && asked.answer.is_none();
        let Some(asked) = self.asked.iter_mut().find(awaited) else { return Vec::new() };
        let (answer, lines) = match answer {
            Ok(Answer::Classified(said)) => {
                let lines = said.pictures.iter().map(|picture| in_words(picture, &said)).collect();
                (Ok(said), lines)
            }
            // No question about pictures is answered like that.
            Ok(Answer::Gallery(_) | Answer::Found(_)) => return Vec::new(),
            Err(why) => {
                let lines = vec![format!("{}: {why}", asked.about)];
                (Err(why), lines)
            }
        };
        (asked.answer, asked.step) = (Some(answer), step);
        lines
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
