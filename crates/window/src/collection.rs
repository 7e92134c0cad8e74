//! The images that the form names, looked over on a thread of its own whenever they change: what they hold, how far the
//! reading is, or why they cannot be used. Must not know panels, actions or the shell.

use crate::kit::background::Background;
use eframe::egui::Context;
use lab_core::data::{DataError, LoadOptions, Overview, Survey, usual_side};
use lab_core::experiment::{Data, Plan, Source};
use lab_core::protocol::DatasetInfo;
use lab_core::watch::{Progress, Watch};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A path that is being typed is not looked for at each letter.
const PAUSE: Duration = Duration::from_millis(300);
/// How often images that cannot be used are looked at again: a person may mend them meanwhile.
const AGAIN: Duration = Duration::from_secs(3);
/// How often the progress is drawn.
const FRAME: Duration = Duration::from_millis(100);

/// What is looked over.
#[derive(Clone, Debug, PartialEq)]
struct WantedImages {
    data: Data,
    seed: u64,
    /// The side that the networks expect.
    side: Option<usize>,
}

/// How far the thread is, and whether the window wants it to stop.
#[derive(Debug, Default)]
struct ReadingProgress {
    done: AtomicU64,
    of: AtomicU64,
    stop: AtomicBool,
}

/// What the thread is asked.
struct LookRequest {
    wanted: WantedImages,
    reading: Arc<ReadingProgress>,
}

/// What it has found, and how long that took.
struct LookedOver {
    found: Result<Arc<Overview>, DataError>,
    took: Duration,
}

/// The images that the form names.
#[derive(Default)]
pub struct Collection {
    worker: Option<Background<LookRequest, LookedOver>>,
    wanted: Option<WantedImages>,
    /// Since when nothing has changed and the thread has not been asked yet.
    pending: Option<Instant>,
    reading: Option<Arc<ReadingProgress>>,
    answer: Option<Result<Arc<Overview>, DataError>>,
    /// When images that cannot be used are looked at again.
    again: Option<Instant>,
    /// What was found last, until somebody takes it.
    news: Option<(Source, DatasetInfo)>,
    /// Whether somebody looks at them, who wants to see also those inside the program.
    is_watched: bool,
    /// Whether the form's sections on data and augmentation have no errors.
    pub is_sound: bool,
}

/// How it stands.
#[derive(Clone, Copy, Debug)]
pub enum CollectionState<'a> {
    /// Nobody has asked yet.
    Unread,
    /// So many pictures are read, of so many; of none before their number is known.
    Reading(u64, u64),
    /// A person has stopped the reading.
    Stopped,
    /// They cannot be used.
    Failed(&'a DataError),
    /// They were looked over.
    Found(&'a Arc<Overview>),
}

impl Collection {
    /// How it stands with the images that the form names now.
    #[must_use]
    pub fn standing(&self) -> CollectionState<'_> {
        match (&self.answer, &self.reading) {
            (Some(Ok(look)), _) => CollectionState::Found(look),
            (Some(Err(DataError::Stopped)), _) => CollectionState::Stopped,
            (Some(Err(error)), _) => CollectionState::Failed(error),
            (None, Some(reading)) => {
                CollectionState::Reading(reading.done.load(Ordering::Relaxed), reading.of.load(Ordering::Relaxed))
            }
            (None, None) => CollectionState::Unread,
        }
    }

    /// Why the images cannot be trained on, in words that go beside the field with their path.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        if let CollectionState::Failed(error) = self.standing() { Some(error.at_field()) } else { None }
    }

    /// What the images have turned out to be, once.
    pub fn news(&mut self) -> Option<(Source, DatasetInfo)> {
        self.news.take()
    }

    /// Somebody looks at the images in this frame.
    pub fn watch(&mut self) {
        self.is_watched = true;
    }

    /// Reads no further.
    pub fn stop(&mut self) {
        if let Some(reading) = self.reading.take() {
            reading.stop.store(true, Ordering::Relaxed);
            self.answer = Some(Err(DataError::Stopped));
        }
    }

    /// Looks the same images over again.
    pub fn look_again(&mut self) {
        self.forget();
        self.pending = Some(Instant::now());
    }

    fn forget(&mut self) {
        if let Some(reading) = self.reading.take() {
            reading.stop.store(true, Ordering::Relaxed);
        }
        (self.answer, self.again, self.pending) = (None, None, None);
    }

    /// Takes in what the thread has found, and asks it about what has changed. `plan` is the form's; while its sections on
    /// data and augmentation are not `sound`, all stays as it was.
    pub fn tend(&mut self, ctx: &Context, plan: &Plan, sound: bool) {
        let is_watched = std::mem::take(&mut self.is_watched);
        self.is_sound = sound;
        let wanted = (is_watched || plan.data.source != Source::Embedded).then(|| WantedImages {
            data: plan.data.clone(),
            seed: plan.recipe.seed,
            side: plan.arms.iter().map(|arm| usual_side(&arm.network)).max(),
        });
        if sound && wanted != self.wanted {
            self.forget();
            // Images inside the program are there at once.
            let is_typed = wanted.as_ref().is_some_and(|wanted| wanted.data.source != Source::Embedded);
            let now = Instant::now();
            self.pending = wanted.is_some().then(|| if is_typed { now } else { now.checked_sub(PAUSE).unwrap_or(now) });
            self.wanted = wanted;
        }
        if let Some(LookedOver { found: answer, took }) = self.worker.as_mut().and_then(Background::poll)
            && self.reading.is_some()
        {
            self.again = answer.is_err().then(|| Instant::now() + AGAIN.max(10 * took));
            self.reading = None;
            let found = self.wanted.as_ref().zip(answer.as_ref().ok());
            self.news = found.map(|(wanted, look)| (wanted.data.source.clone(), info(&look.survey)));
            self.answer = Some(answer);
        }
        if let Some(since) = self.pending {
            let waited = since.elapsed();
            if waited < PAUSE {
                ctx.request_repaint_after(PAUSE.saturating_sub(waited));
                return;
            }
            self.ask(ctx);
        }
        if self.again.is_some_and(|again| again <= Instant::now()) {
            // What was found stays until there is an answer.
            self.ask(ctx);
        }
        if self.reading.is_some() {
            ctx.request_repaint_after(FRAME);
        } else if self.again.is_some() {
            ctx.request_repaint_after(AGAIN);
        }
    }

    fn ask(&mut self, ctx: &Context) {
        (self.pending, self.again) = (None, None);
        let Some(wanted) = self.wanted.clone() else { return };
        let reading = Arc::new(ReadingProgress::default());
        self.reading = Some(Arc::clone(&reading));
        self.worker.get_or_insert_with(|| Background::new("images", ctx, look)).ask(LookRequest { wanted, reading });
    }
}

/// The same as an experiment on these images would report.
fn info(survey: &Survey) -> DatasetInfo {
    DatasetInfo {
        name: survey.name.clone(),
        shape: survey.shape,
        classes: survey.classes.iter().map(|class| class.name.clone()).collect(),
        train: survey.classes.iter().map(|class| class.train).sum(),
        validation: survey.classes.iter().map(|class| class.validation).sum(),
        mean: survey.mean.clone(),
        std: survey.std.clone(),
    }
}

fn look(LookRequest { wanted, reading }: LookRequest) -> LookedOver {
    let WantedImages { data, seed, side } = wanted;
    let begun = Instant::now();
    let watch = |Progress { done, of }| {
        reading.of.store(of, Ordering::Relaxed);
        reading.done.fetch_max(done, Ordering::Relaxed);
        !reading.stop.load(Ordering::Relaxed)
    };
    let options = LoadOptions { usual_side: side, watch: Some(Watch(&watch)), ..LoadOptions::default() };
    let found = Overview::read(&data, seed, options).map(Arc::new);
    LookedOver { found, took: begun.elapsed() }
}
