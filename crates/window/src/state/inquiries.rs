//! What was asked of the networks, how far the answers are, and what was found. One question at a time for each instrument:
//! a new one takes the old one back. Pictures to classify wait beside each other.

use super::answers::Answers;
use lab_core::instrument::{Answer, Finding, Findings, Gallery, Instrument, Question};
use std::collections::HashMap;
use std::sync::Arc;

/// A place for one question and its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AnswerPlace {
    Gallery,
    /// Some blocks out at once, which a person tries beside the sweep.
    Lesion,
    /// One factor of all branches, which a person tries beside the sweep.
    Gain,
    /// Grad-CAM of one of the images that reveal most, which nobody asked for.
    Revealing(usize),
    /// Everything else, by its instrument.
    Of(Instrument),
}

impl AnswerPlace {
    /// Where a question belongs; pictures to classify have a history of their own.
    #[must_use]
    pub fn of(question: &Question) -> Option<Self> {
        match question {
            Question::Gallery => Some(Self::Gallery),
            Question::Lesion { .. } => Some(Self::Lesion),
            Question::Gains { gains } if gains.len() == 1 => Some(Self::Gain),
            other => Instrument::of(other).map(Self::Of),
        }
    }
}

/// A question and what is known of its answer.
#[derive(Clone, Debug, Default)]
pub struct Inquiry {
    /// The question asked last.
    pub question: Option<Question>,
    /// Its number while it is awaited.
    pub awaited: Option<u64>,
    /// Parts done and parts in all.
    pub progress: (usize, usize),
    /// What was found, perhaps not all of it yet; of an earlier question until something newer is there.
    pub found: Option<Arc<Findings>>,
    /// Why nothing was found.
    pub failed: Option<String>,
}

/// All questions of the window.
#[derive(Clone, Debug, Default)]
pub struct Inquiries {
    last: u64,
    places: HashMap<AnswerPlace, Inquiry>,
    /// Pictures that were asked about.
    pub pictures: Answers,
    /// The validation images, once they have been asked for.
    pub gallery: Option<Arc<Gallery>>,
    /// The validation images that reveal most about the networks, each explained in its place.
    pub revealing: Vec<usize>,
    /// The validation image that another panel wants explained, numbered so that asking twice is seen.
    pub explained: Option<(u64, usize)>,
    /// Grows with every answer: whoever caches something compares it.
    pub version: u64,
}

impl Inquiries {
    /// Notes a question; gives its number and that of the question it replaces.
    pub fn ask(&mut self, question: Question) -> (u64, Option<u64>) {
        if let Some(place) = AnswerPlace::of(&question) {
            return self.ask_at(place, question);
        }
        self.last += 1;
        if let Question::Classify(pictures) = &question {
            self.pictures.ask(self.last, pictures);
        }
        (self.last, None)
    }

    /// Notes a question whose answer goes to this place.
    pub fn ask_at(&mut self, place: AnswerPlace, question: Question) -> (u64, Option<u64>) {
        self.last += 1;
        let id = self.last;
        let inquiry = self.places.entry(place).or_default();
        let replaced = inquiry.awaited.replace(id);
        inquiry.question = Some(question);
        inquiry.progress = (0, 0);
        inquiry.failed = None;
        (id, replaced)
    }

    /// Notes an image that shall be explained.
    pub fn explain(&mut self, image: usize) {
        let number = self.explained.map_or(0, |(number, _)| number + 1);
        self.explained = Some((number, image));
    }

    /// What is known at a place.
    #[must_use]
    pub fn at(&self, place: AnswerPlace) -> Option<&Inquiry> {
        self.places.get(&place)
    }

    /// What an instrument found.
    #[must_use]
    pub fn of(&self, instrument: Instrument) -> Option<&Inquiry> {
        self.at(AnswerPlace::Of(instrument))
    }

    /// What an instrument found in each arm.
    pub fn findings(&self, instrument: Instrument) -> impl Iterator<Item = (&str, &Result<Finding, String>)> {
        let found = self.of(instrument).and_then(|inquiry| inquiry.found.as_deref());
        found.into_iter().flat_map(|found| &found.arms).map(|arm| (arm.arm.as_str(), &arm.finding))
    }

    /// The number of the question that is awaited at a place.
    #[must_use]
    pub fn awaited(&self, place: AnswerPlace) -> Option<u64> {
        self.at(place).and_then(|inquiry| inquiry.awaited)
    }

    /// Whether a question is awaited at any place.
    #[must_use]
    pub fn awaits(&self, id: u64) -> bool {
        self.places.values().any(|inquiry| inquiry.awaited == Some(id))
    }

    fn awaiting(&mut self, id: u64) -> Option<&mut Inquiry> {
        self.places.values_mut().find(|inquiry| inquiry.awaited == Some(id))
    }

    /// Notes how far a question has come.
    pub fn came(&mut self, id: u64, done: usize, total: usize, so_far: Option<Answer>) {
        let Some(inquiry) = self.awaiting(id) else { return };
        inquiry.progress = (done, total);
        if let Some(Answer::Found(found)) = so_far {
            inquiry.found = Some(found);
            self.version += 1;
        }
    }

    /// Notes an answer, and after how many steps it came; one that nobody waits for any more is dropped. Returns what the
    /// log shall say of it.
    pub fn answered(&mut self, id: u64, answer: Result<Answer, String>, step: u64) -> Vec<String> {
        let Some(inquiry) = self.awaiting(id) else { return self.pictures.answered(id, answer, step) };
        inquiry.awaited = None;
        match answer {
            Ok(Answer::Found(found)) => inquiry.found = Some(found),
            Ok(Answer::Gallery(gallery)) => self.gallery = Some(gallery),
            Ok(Answer::Classified(_)) => {}
            Err(why) => inquiry.failed = Some(why),
        }
        self.version += 1;
        Vec::new()
    }

    /// Forgets everything that was found in the networks of an earlier experiment.
    pub fn forget(&mut self) {
        self.places.clear();
        self.gallery = None;
        self.revealing.clear();
        self.version += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lab_core::instrument::{Classification, Classified, Picture, Thumbnail};

    #[test]
    fn a_new_question_takes_the_place_of_the_old_one_and_late_answers_are_dropped() {
        let mut inquiries = Inquiries::default();
        let (first, none) = inquiries.ask(Question::Lesions);
        let (second, replaced) = inquiries.ask(Question::Lesions);
        assert_eq!((none, replaced), (None, Some(first)));
        assert_ne!(first, second);
        let found = |step| Ok(Answer::Found(Arc::new(Findings { step, ..Findings::default() })));
        inquiries.answered(first, found(1), 0);
        assert!(inquiries.of(Instrument::Lesions).unwrap().found.is_none());
        inquiries.came(second, 3, 9, None);
        assert_eq!(inquiries.of(Instrument::Lesions).unwrap().progress, (3, 9));
        inquiries.answered(second, found(2), 0);
        let inquiry = inquiries.of(Instrument::Lesions).unwrap();
        assert_eq!((inquiry.found.as_ref().unwrap().step, inquiry.awaited), (2, None));
    }

    #[test]
    fn pictures_wait_beside_each_other_and_beside_the_instruments() {
        let mut inquiries = Inquiries::default();
        let ask = |inquiries: &mut Inquiries| inquiries.ask(Question::Classify(vec![Picture::File("coat.png".into())]));
        let ((first, replaced), (lesions, _)) = (ask(&mut inquiries), inquiries.ask(Question::Lesions));
        let (second, replaced_again) = ask(&mut inquiries);
        assert_eq!((replaced, replaced_again), (None, None));
        let picture = Classified {
            name: "coat.png".into(),
            seen: Thumbnail::default(),
            probabilities: Ok(vec![vec![0.75, 0.25], vec![0.25, 0.75]]),
        };
        let (arms, classes) = (vec!["plain".into(), "residual".into()], vec!["cat".into(), "dog".into()]);
        let said = Answer::Classified(Classification { arms, classes, pictures: vec![picture] });
        let lines = inquiries.answered(second, Ok(said.clone()), 3);
        assert_eq!(lines, ["coat.png: plain sees cat (75.0 %), residual sees dog (75.0 %)"]);
        assert!(inquiries.answered(second, Ok(said), 3).is_empty(), "it has been answered");
        assert_eq!(inquiries.answered(first, Err("it is gone".into()), 3), ["coat.png: it is gone"]);
        assert_eq!(inquiries.awaited(AnswerPlace::Of(Instrument::Lesions)), Some(lesions));
        let newest_first: Vec<u64> = inquiries.pictures.asked.iter().map(|asked| asked.id).collect();
        assert_eq!(newest_first, [second, first]);
    }
}
