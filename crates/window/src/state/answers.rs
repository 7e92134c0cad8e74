//! Pictures that were asked about, and what the networks said; newest first.

use lab_core::number::percent;
use lab_core::protocol::{Answer, Classified, Picture};

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

impl Asked {
    /// What every arm sees in a picture.
    fn in_words(&self, picture: &Classified) -> String {
        let arms = match &picture.probabilities {
            Ok(arms) => arms,
            Err(why) => return format!("{}: {why}", picture.name),
        };
        let sees = |(name, shares): (&String, &Vec<f32>)| {
            let (class, share) = *top(shares, 1).first()?;
            let class = self.classes.get(class).map_or_else(|| format!("class {class}"), Clone::clone);
            Some(format!("{name} sees {class} ({})", percent(f64::from(share))))
        };
        let all: Vec<String> = self.arms.iter().zip(arms).filter_map(sees).collect();
        format!("{}: {}", picture.name, all.join(", "))
    }
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

    /// Notes an answer; one that nobody waits for is dropped. Returns what it says, for the log.
    pub fn answered(&mut self, id: u64, answer: Result<Answer, String>) -> Vec<String> {
        let Some(asked) = self.asked.iter_mut().find(|asked| asked.id == id) else { return Vec::new() };
        let answer = answer.map(|answer| if let Answer::Classified(pictures) = answer { pictures } else { Vec::new() });
        let told = match &answer {
            Err(why) => vec![format!("{}: {why}", asked.about)],
            Ok(pictures) => pictures.iter().map(|picture| asked.in_words(picture)).collect(),
        };
        asked.answer = Some(answer);
        told
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
