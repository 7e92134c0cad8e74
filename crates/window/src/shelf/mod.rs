//! The runs on disk, as the window sees them: a list that a thread keeps up to date, and the curves of those that are
//! ticked. Nothing here reads a disk on the window's thread. Must not know panels, actions or the shell.

mod entry;
mod news;
mod results;
mod watcher;

pub use entry::Entry;

use crate::kit::plot::Pace;
use crate::state::trace::Trace;
use crossbeam_channel::{Receiver, Sender, unbounded};
use eframe::egui::Context;
use lab_core::experiment::Setting;
use lab_core::runs::Notes;
use news::heard;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use watcher::{Ties, Watcher, WatcherMessage, WatcherOrder};

/// A run on disk whose curves lie over those of the experiment under way.
#[derive(Clone, Debug)]
pub struct OverlaidRun {
    /// A number that no other one of this window ever had.
    pub id: u64,
    pub folder: PathBuf,
    /// What the run is called.
    pub name: String,
    /// Its arms' names and numbers; empty until they have been read.
    pub arms: Vec<(String, Trace)>,
    /// What is set of each arm; empty until it has been read.
    pub settings: Vec<Vec<Setting>>,
    /// What its steps are in other measures.
    pub pace: Pace,
}

/// All runs in one place. Dropping it waits until what was ordered is written.
pub struct Shelf {
    place: Option<PathBuf>,
    /// Newest first, once the thread has listed them.
    pub entries: Option<Arc<Vec<Arc<Entry>>>>,
    /// What is wrong with folders that are no whole runs.
    pub damaged: Arc<Vec<String>>,
    /// Ticked runs in the order in which they were ticked.
    pub overlays: Vec<OverlaidRun>,
    /// Runs that were deleted in this window, the newest last: where they were and where they are.
    pub discarded: Vec<(PathBuf, PathBuf)>,
    /// Runs that were ticked in the last session, until they have been found again.
    again: Vec<PathBuf>,
    /// Runs that lie outside of the place and are listed all the same, because somebody opened or ticked them.
    elsewhere: Vec<PathBuf>,
    /// Whether the list was drawn in this frame.
    looked: bool,
    awake: Arc<AtomicBool>,
    held: Arc<Mutex<Option<PathBuf>>>,
    next_id: u64,
    thread: Option<WatcherThread>,
}

/// The thread that reads the runs, as the shelf has it.
struct WatcherThread {
    orders: Sender<WatcherOrder>,
    messages: Receiver<WatcherMessage>,
    handle: JoinHandle<()>,
}

impl Shelf {
    /// The runs in this folder, of which some were ticked before. Where none were, nothing is read before [`Self::look`].
    #[must_use]
    pub fn new(place: Option<PathBuf>, ticked: Vec<PathBuf>) -> Self {
        let elsewhere = ticked.iter().filter(|run| run.parent() != place.as_deref()).cloned().collect();
        Self {
            elsewhere,
            place,
            entries: None,
            damaged: Arc::default(),
            overlays: Vec::new(),
            discarded: Vec::new(),
            again: ticked,
            looked: false,
            awake: Arc::default(),
            held: Arc::default(),
            next_id: 0,
            thread: None,
        }
    }

    /// Where the runs are.
    #[must_use]
    pub fn place(&self) -> Option<&Path> {
        self.place.as_deref()
    }

    /// Says which run this window holds open without training it: it is not being written, although it is locked.
    /// Wherever it lies, it is in the list.
    pub fn hold(&mut self, folder: Option<&Path>, ctx: &Context) {
        if let Ok(mut held) = self.held.lock()
            && held.as_deref() != folder
        {
            *held = folder.map(Path::to_owned);
        }
        let is_new = |folder: &&Path| self.is_elsewhere(folder) && self.elsewhere.iter().all(|known| known != folder);
        if let Some(folder) = folder.filter(is_new).map(Path::to_owned) {
            self.order(WatcherOrder::List(folder.clone()), ctx);
            self.elsewhere.push(folder);
        }
    }

    /// Whether a run lies outside of the place.
    #[must_use]
    pub fn is_elsewhere(&self, run: &Path) -> bool {
        run.parent() != self.place.as_deref()
    }

    /// Keeps the list up to date, as somebody looks at it in this frame.
    pub fn look(&mut self, ctx: &Context) {
        self.looked = true;
        if !self.awake.swap(true, Ordering::Relaxed) {
            self.order(WatcherOrder::Look, ctx);
        }
    }

    /// Lets the list rest unless somebody has looked at it since the last call; ticked runs are followed all the same.
    pub fn rest(&mut self) {
        let looked = std::mem::take(&mut self.looked);
        self.awake.store(looked, Ordering::Relaxed);
    }

    fn order(&mut self, order: WatcherOrder, ctx: &Context) {
        let Some(place) = &self.place else { return };
        if self.thread.is_none() {
            let (orders, taken) = unbounded();
            let (sent, messages) = unbounded();
            let (awake, held) = (Arc::clone(&self.awake), Arc::clone(&self.held));
            let ties = Ties { orders: taken, messages: sent, awake, held };
            let watcher = Watcher::new(place.clone(), self.elsewhere.clone(), ties, ctx.clone());
            if let Ok(handle) = std::thread::Builder::new().name("runs".into()).spawn(move || watcher.run()) {
                self.thread = Some(WatcherThread { orders, messages, handle });
            }
        }
        if let Some(thread) = &self.thread {
            // A thread that has ended has said why.
            let _ = thread.orders.send(order);
        }
    }

    /// Takes in what the thread has found; returns what went wrong.
    pub fn take_in(&mut self, ctx: &Context) -> Vec<String> {
        if !self.again.is_empty() && self.thread.is_none() {
            self.order(WatcherOrder::Look, ctx);
        }
        let mut problems = Vec::new();
        let Some(thread) = &self.thread else { return problems };
        for message in thread.messages.try_iter().collect::<Vec<_>>() {
            match message {
                WatcherMessage::Listing { entries, damaged, whole } => {
                    for overlay in &mut self.overlays {
                        if let Some(entry) = entries.iter().find(|entry| entry.folder == overlay.folder) {
                            entry.name().clone_into(&mut overlay.name);
                        }
                    }
                    for folder in std::mem::take(&mut self.again) {
                        match entries.iter().find(|entry| entry.folder == folder) {
                            Some(entry) => self.tick(entry, true, ctx),
                            None if !whole => self.again.push(folder),
                            // It is no more.
                            None => {}
                        }
                    }
                    (self.entries, self.damaged) = (Some(entries), damaged);
                }
                WatcherMessage::Loaded { id, arms, settings } => {
                    if let Some(overlay) = self.overlays.iter_mut().find(|overlay| overlay.id == id) {
                        (overlay.arms, overlay.settings) = (arms, settings);
                    }
                }
                WatcherMessage::Grown { id, arm, news } => {
                    let overlay = self.overlays.iter_mut().find(|overlay| overlay.id == id);
                    if let Some((_, trace)) = overlay.and_then(|overlay| overlay.arms.get_mut(arm)) {
                        news.into_iter().for_each(|news| heard(trace, arm, news));
                    }
                }
                WatcherMessage::Discarded(from, to) => {
                    self.overlays.retain(|overlay| overlay.folder != from);
                    self.discarded.push((from, to));
                }
                WatcherMessage::Problem(text) => problems.push(text),
            }
        }
        problems
    }

    /// The runs that are ticked, also those that are still to be found again.
    #[must_use]
    pub fn ticked(&self) -> Vec<PathBuf> {
        self.overlays.iter().map(|overlay| &overlay.folder).chain(&self.again).cloned().collect()
    }

    /// Whether a run's curves are drawn.
    #[must_use]
    pub fn is_ticked(&self, folder: &Path) -> bool {
        self.overlays.iter().any(|overlay| overlay.folder == folder)
    }

    /// Draws a run's curves, or no longer.
    pub fn tick(&mut self, entry: &Entry, ticked: bool, ctx: &Context) {
        if ticked {
            self.draw(&entry.folder, entry.name(), entry.pace(), ctx);
        } else {
            self.leave(&entry.folder, ctx);
        }
    }

    /// Draws the curves of any run, in the list or not.
    pub fn draw(&mut self, folder: &Path, name: &str, pace: Pace, ctx: &Context) {
        if self.is_ticked(folder) {
            return;
        }
        self.next_id += 1;
        let (id, folder, name) = (self.next_id, folder.to_owned(), name.to_owned());
        self.overlays.push(OverlaidRun {
            id,
            folder: folder.clone(),
            name,
            arms: Vec::new(),
            settings: Vec::new(),
            pace,
        });
        self.order(WatcherOrder::Follow(id, folder), ctx);
    }

    /// Draws a run's curves no longer.
    pub fn leave(&mut self, folder: &Path, ctx: &Context) {
        let gone = self.overlays.extract_if(.., |overlay| overlay.folder == folder).map(|overlay| overlay.id);
        let gone: Vec<u64> = gone.collect();
        gone.into_iter().for_each(|id| self.order(WatcherOrder::Leave(id), ctx));
    }

    /// Changes what a person added to a run. The change is made to the notes as they are on disk by then, so that two
    /// quick ones do not undo each other.
    pub fn annotate(&mut self, folder: &Path, change: impl FnOnce(&mut Notes) + Send + 'static, ctx: &Context) {
        self.order(WatcherOrder::Annotate(folder.to_owned(), Box::new(change)), ctx);
    }

    /// Moves a run into the trash.
    pub fn discard(&mut self, folder: &Path, ctx: &Context) {
        self.order(WatcherOrder::Discard(folder.to_owned()), ctx);
    }

    /// Takes back the run that was deleted last.
    pub fn restore(&mut self, ctx: &Context) {
        if let Some((_, discarded)) = self.discarded.pop() {
            self.order(WatcherOrder::Restore(discarded), ctx);
        }
    }
}

impl Drop for Shelf {
    fn drop(&mut self) {
        self.awake.store(false, Ordering::Relaxed);
        if let Some(WatcherThread { orders, handle, .. }) = self.thread.take() {
            // Without a sender the thread does what was ordered and ends.
            drop(orders);
            // One that panicked has nothing more to write.
            let _ = handle.join();
        }
    }
}
