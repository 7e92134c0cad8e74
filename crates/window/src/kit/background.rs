//! Work away from the window's thread of which only the newest counts: a newer question makes older ones void.

use crossbeam_channel::{Receiver, Sender, unbounded};
use eframe::egui::Context;

/// A thread that answers the newest question.
pub struct Background<Q, A> {
    ask: Sender<(u64, Q)>,
    answers: Receiver<(u64, A)>,
    newest: u64,
}

impl<Q: Send + 'static, A: Send + 'static> Background<Q, A> {
    /// Starts the thread. Where the system gives none, questions stay without an answer.
    #[must_use]
    pub fn new(name: &str, ctx: &Context, mut work: impl FnMut(Q) -> A + Send + 'static) -> Self {
        let (ask, questions) = unbounded::<(u64, Q)>();
        let (send, answers) = unbounded();
        let ctx = ctx.clone();
        let run = move || {
            while let Ok(first) = questions.recv() {
                let (id, question) = questions.try_iter().last().unwrap_or(first);
                if send.send((id, work(question))).is_err() {
                    break;
                }
                ctx.request_repaint();
            }
        };
        if let Err(error) = std::thread::Builder::new().name(name.into()).spawn(run) {
            tracing::warn!("the thread \"{name}\" did not start: {error}");
        }
        Self { ask, answers, newest: 0 }
    }

    /// Asks something; what was asked before no longer matters.
    pub fn ask(&mut self, question: Q) {
        self.newest += 1;
        // A thread that has ended answers nothing.
        let _ = self.ask.send((self.newest, question));
    }

    /// The answer to the newest question, once.
    pub fn poll(&mut self) -> Option<A> {
        let newest = self.newest;
        self.answers.try_iter().find(|(id, _)| *id == newest).map(|(_, answer)| answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_newest_question_is_answered() {
        let mut background = Background::new("test", &Context::default(), |number: u32| number * 2);
        (1..=100).for_each(|number| background.ask(number));
        let answer = loop {
            if let Some(answer) = background.poll() {
                break answer;
            }
            std::thread::yield_now();
        };
        assert_eq!(answer, 200);
        assert_eq!(background.poll(), None);
    }
}
