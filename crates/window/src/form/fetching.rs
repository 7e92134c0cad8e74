//! A list of what can be got, with sizes and licences; each is got on a thread of its own.

use crate::kit::theme::{self, Tokens, space};
use crate::kit::typed_path;
use crate::kit::widgets::{named, progress};
use crossbeam_channel::{Receiver, TryRecvError, bounded};
use eframe::egui::{Align, CollapsingHeader, Context, Label, Layout, RichText, TextEdit, Ui};
use lab_core::fetch::{Fetch, FetchError, Got, Kind, OFFERS, Offer, Origin, folder_in};
use lab_core::number::bytes;
use lab_core::watch::{Progress, Watch};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// What something is got for. Arms come and go meanwhile, so theirs are their names and not their places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FetchTarget {
    Data,
    /// The weights that this arm starts from.
    Arm(String),
}

/// How often the progress is drawn.
const FRAME: Duration = Duration::from_millis(100);

/// What can be got, and what is being got.
#[derive(Default)]
pub struct Fetching {
    /// The folder that data sets and weights go into, each in one of its own; without it nothing can be got.
    pub place: Option<PathBuf>,
    /// A mirror or a folder instead of where things were published.
    from: String,
    jobs: Vec<FetchJob>,
}

/// Something that is being got, or could not be.
struct FetchJob {
    offer: &'static Offer,
    target: FetchTarget,
    shared: Arc<FetchProgress>,
    answer: Receiver<Result<Got, FetchError>>,
    failure: Option<String>,
}

/// What the button beside something does.
enum Offered {
    /// Ends the job at this place.
    Cancel(usize),
    Use,
    Get,
}

/// How far the thread is, and whether the window wants it to stop.
#[derive(Default)]
struct FetchProgress {
    done: AtomicU64,
    stop: AtomicBool,
}

impl Fetching {
    /// Draws the list of what serves a target; what was chosen of what is there.
    pub fn ui(&mut self, ui: &mut Ui, target: &FetchTarget) -> Option<PathBuf> {
        let (kind, title) = match target {
            FetchTarget::Data => (Kind::Images, "Get a data set"),
            FetchTarget::Arm(_) => (Kind::Weights, "Get weights"),
        };
        let folder = folder_in(self.place.as_ref()?, kind);
        let mut used = None;
        CollapsingHeader::new(RichText::new(title).size(theme::size::SMALL)).id_salt(title).show(ui, |ui| {
            for offer in OFFERS.iter().filter(|offer| offer.kind == kind) {
                if let Some(path) = self.row(ui, offer, target, &folder) {
                    used = Some(path);
                }
            }
            let hint = "Mirror or folder, if not from where it was published";
            let from = ui.add(TextEdit::singleline(&mut self.from).hint_text(hint).desired_width(f32::INFINITY));
            named(ui, from, "Mirror or folder");
            ui.add_space(space::XS);
        });
        used
    }

    /// An arm has another name, by which what it waits for finds it.
    pub fn rename(&mut self, before: &str, now: &str) {
        let of_arm = self.jobs.iter_mut().filter(|job| matches!(&job.target, FetchTarget::Arm(name) if name == before));
        of_arm.for_each(|job| job.target = FetchTarget::Arm(now.to_owned()));
    }

    /// What has arrived, once, each with what it is for.
    pub fn arrived(&mut self, ctx: &Context) -> Vec<(FetchTarget, PathBuf)> {
        let mut arrived = Vec::new();
        self.jobs.retain_mut(|job| {
            if job.failure.is_some() {
                return true;
            }
            match job.answer.try_recv() {
                Err(TryRecvError::Empty) => return true,
                Ok(Ok(got)) => arrived.push((job.target.clone(), got.path)),
                Ok(Err(FetchError::Stopped)) => {}
                Ok(Err(error)) => job.failure = Some(error.to_string()),
                Err(TryRecvError::Disconnected) => job.failure = Some("the system gave no thread to get it".to_owned()),
            }
            job.failure.is_some()
        });
        if self.jobs.iter().any(|job| job.failure.is_none()) {
            ctx.request_repaint_after(FRAME);
        }
        arrived
    }

    /// One offer, which lies in this folder once it is got; where it is there already, what was chosen of it.
    fn row(&mut self, ui: &mut Ui, offer: &'static Offer, target: &FetchTarget, folder: &Path) -> Option<PathBuf> {
        let tokens = Tokens::of(ui);
        let there = folder.join(offer.target());
        let mut used = None;
        let job = self.jobs.iter().position(|job| job.offer == offer);
        let under_way = job.filter(|job| self.jobs[*job].failure.is_none());
        ui.horizontal(|ui| {
            ui.label(theme::strong(offer.name));
            ui.label(theme::caption(bytes(offer.bytes()), &tokens));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let (offered, label) = match under_way {
                    Some(job) => (Offered::Cancel(job), "Cancel"),
                    None if there.exists() => (Offered::Use, "Use"),
                    None => (Offered::Get, "Get"),
                };
                let button = ui.button(RichText::new(label).size(theme::size::SMALL));
                if !named(ui, button, &format!("{label} {}", offer.name)).clicked() {
                    return;
                }
                match offered {
                    Offered::Cancel(job) => self.jobs.remove(job).shared.stop.store(true, Ordering::Relaxed),
                    Offered::Use => used = Some(there.clone()),
                    Offered::Get => self.begin(ui.ctx(), offer, target, folder),
                }
            });
        });
        if let Some(job) = under_way.and_then(|job| self.jobs.get(job)) {
            let done = job.shared.done.load(Ordering::Relaxed);
            let text = format!("{} of {}", bytes(done), bytes(offer.bytes()));
            let bar = progress(ui, done as f32 / offer.bytes() as f32, &text, ui.available_width());
            named(ui, bar, &format!("Progress: {text} of {}", offer.name));
        }
        let about = format!("{}. Licence: {}.", offer.about, offer.licence);
        ui.add(Label::new(theme::caption(about, &tokens)).wrap());
        if let Some(why) = job.and_then(|job| self.jobs.get(job)?.failure.as_ref()) {
            ui.add(Label::new(RichText::new(why).size(theme::size::SMALL).color(tokens.error)).wrap());
        }
        ui.add_space(space::XS);
        used
    }

    fn begin(&mut self, ctx: &Context, offer: &'static Offer, target: &FetchTarget, folder: &Path) {
        let shared = Arc::new(FetchProgress::default());
        let (send, answer) = bounded(1);
        let (watched, folder, ctx) = (Arc::clone(&shared), folder.to_owned(), ctx.clone());
        let from = match self.from.trim() {
            "" => Origin::Published,
            text if text.starts_with("http") => text.parse().unwrap_or_default(),
            path => Origin::Disk(typed_path::read(path)),
        };
        let work = move || {
            let watch = |Progress { done, .. }| {
                watched.done.store(done, Ordering::Relaxed);
                !watched.stop.load(Ordering::Relaxed)
            };
            let got = Fetch { from, watch: Some(Watch(&watch)), ..Fetch::new(offer, &folder) }.get();
            // Nobody listens any more where it was cancelled.
            let _ = send.send(got);
            ctx.request_repaint();
        };
        // Without a thread the channel is closed, which the list shows.
        let _ = std::thread::Builder::new().name("fetch".into()).spawn(work);
        self.jobs.retain(|job| job.offer != offer);
        self.jobs.push(FetchJob { offer, target: target.clone(), shared, answer, failure: None });
    }
}

#[cfg(test)]
mod tests {
    use super::super::Form;
    use super::*;
    use lab_core::experiment::{Arm, DeviceChoice, PRESETS, Start};

    /// Three networks that start from weights; those for the second one are being got.
    fn fetching() -> Form {
        let mut plan = PRESETS[0].plan();
        let named = |name: &str| Arm { name: name.into(), start: Some(Start::from("old")), ..plan.arms[0].clone() };
        plan.arms = ["a", "b", "c"].map(named).into();
        let mut form = Form::new(plan, DeviceChoice::default(), Vec::new);
        let (send, answer) = bounded(1);
        send.send(Ok(Got { path: "got".into(), was_there: false })).unwrap();
        let shared = Arc::default();
        form.fetching.jobs.push(FetchJob {
            offer: &OFFERS[0],
            target: FetchTarget::Arm("b".into()),
            shared,
            answer,
            failure: None,
        });
        form
    }

    /// What each network starts from once the weights are there.
    fn arrived(mut form: Form) -> Vec<(String, PathBuf)> {
        for (target, path) in form.fetching.arrived(&Context::default()) {
            form.arrived(&target, path);
        }
        let weights = |arm: Arm| (arm.name, arm.start.unwrap().weights);
        form.plan.arms.into_iter().map(weights).collect()
    }

    #[test]
    fn weights_arrive_at_the_network_that_they_are_for_whatever_became_of_the_others() {
        let of = |name: &str, path: &str| (name.to_owned(), PathBuf::from(path));
        let mut form = fetching();
        form.plan.arms.remove(0);
        assert_eq!(arrived(form), [of("b", "got"), of("c", "old")]);
        let mut form = fetching();
        form.plan.arms.remove(1);
        assert_eq!(arrived(form), [of("a", "old"), of("c", "old")], "nobody wants them any more");
        let mut form = fetching();
        form.plan.arms[1].name = "d".into();
        form.fetching.rename("b", "d");
        assert_eq!(arrived(form), [of("a", "old"), of("d", "got"), of("c", "old")]);
    }
}
