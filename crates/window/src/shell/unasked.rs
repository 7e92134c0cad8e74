//! What is asked when training has ended, without anybody asking: predictions, and where the networks looked in the images
//! that reveal most. Only where it is cheap, never while training, and never in place of a person's own question.

use crate::state::Monitor;
use crate::state::inquiries::{AnswerPlace, Inquiries};
use lab_core::instrument::{Instrument, QueryImage};
use lab_core::protocol::link::Link;
use lab_core::protocol::{Command, Networks, Phase, Prepared, Question};

/// Images that are explained.
const REVEALING: usize = 3;
/// Multiply-accumulate operations that may be done unasked: some ten seconds on two cores.
const CHEAP: u64 = 1_000_000_000_000;

/// How far it has come with the training that ended last.
#[derive(Default)]
pub(super) struct Unasked {
    /// The experiment and the step at which it ended.
    ended: Option<(u64, u64)>,
    /// Whether nothing is left to be asked.
    done: bool,
    /// The numbers of what was asked.
    asked: Vec<u64>,
}

impl Unasked {
    /// Asks what is to be asked now, and takes back what is awaited once training goes on.
    pub fn tend(&mut self, monitor: &Monitor, inquiries: &mut Inquiries, link: &dyn Link) {
        let ended = monitor.phase == Phase::Done && monitor.outcome.is_some();
        let Some(prepared) = monitor.prepared.as_ref().filter(|_| ended) else {
            for id in self.asked.drain(..).filter(|&id| inquiries.awaits(id)) {
                link.send(Command::Cancel(id));
            }
            self.ended = None;
            return;
        };
        let now = (monitor.generation, monitor.step());
        if self.ended != Some(now) {
            (self.ended, self.done) = (Some(now), cost(prepared) > CHEAP);
            inquiries.revealing.clear();
            if !self.done {
                self.predict(now.1, inquiries, link);
            }
        }
        if !self.done {
            self.explain(now.1, inquiries, link);
        }
    }

    fn predict(&mut self, step: u64, inquiries: &mut Inquiries, link: &dyn Link) {
        let known = inquiries.of(Instrument::Predictions);
        let is_asked = known.is_some_and(|inquiry| inquiry.awaited.is_some());
        let is_found = known.and_then(|inquiry| inquiry.found.as_ref()).is_some_and(|found| found.step == step);
        if !is_asked && !is_found {
            self.ask(AnswerPlace::Of(Instrument::Predictions), Question::Predictions, inquiries, link);
        }
        if inquiries.gallery.is_none() && inquiries.awaited(AnswerPlace::Gallery).is_none() {
            self.ask(AnswerPlace::Gallery, Question::Gallery, inquiries, link);
        }
    }

    fn explain(&mut self, step: u64, inquiries: &mut Inquiries, link: &dyn Link) {
        let known = inquiries.of(Instrument::Predictions).filter(|inquiry| inquiry.awaited.is_none());
        let Some(known) = known else { return };
        let Some(found) = known.found.clone().filter(|found| found.step == step) else {
            self.done = known.failed.is_some();
            return;
        };
        self.done = true;
        inquiries.revealing = found.revealing(REVEALING);
        for (place, image) in inquiries.revealing.clone().into_iter().enumerate() {
            let question = Question::Explain { sample: QueryImage::Validation(image), class: None, occlusion: false };
            self.ask(AnswerPlace::Revealing(place), question, inquiries, link);
        }
    }

    fn ask(&mut self, place: AnswerPlace, question: Question, inquiries: &mut Inquiries, link: &dyn Link) {
        let (id, replaced) = inquiries.ask_at(place, question.clone());
        replaced.into_iter().for_each(|old| link.send(Command::Cancel(old)));
        link.send(Command::Ask { id, of: Networks::Current, question });
        self.asked.push(id);
    }
}

/// Multiply-accumulate operations to look at every validation image once with each network.
fn cost(prepared: &Prepared) -> u64 {
    let each: u64 = prepared.arms.iter().map(|arm| arm.macs).fold(0, u64::saturating_add);
    each.saturating_mul(prepared.dataset.validation as u64)
}
