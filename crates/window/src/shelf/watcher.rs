//! The thread that reads run folders: once a second while somebody looks, by the files' sizes and times, and only what
//! has changed.

use super::entry::Entry;
use super::news::heard;
use super::results::RunResults;
use crate::kit::stamps::{Stamps, stamps};
use crate::state::trace::Trace;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use eframe::egui::Context;
use lab_core::experiment::{Setting, settings};
use lab_core::runs::{self, Follower, News, Notes, Run, RunError, tables};
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What the window asks for.
pub(super) enum WatcherOrder {
    Look,
    /// List this run, too, wherever it lies.
    List(PathBuf),
    /// Follow this run's curves under a number.
    Follow(u64, PathBuf),
    /// Follow that one no longer.
    Leave(u64),
    /// Change what a person added.
    Annotate(PathBuf, Box<dyn FnOnce(&mut Notes) + Send>),
    /// Move it into the trash.
    Discard(PathBuf),
    /// Take it back out.
    Restore(PathBuf),
}

/// What it sends back.
pub(super) enum WatcherMessage {
    /// All runs, newest first, and what is wrong with the others.
    Listing { entries: Arc<Vec<Arc<Entry>>>, damaged: Arc<Vec<String>>, whole: bool },
    /// The curves of a followed run, as far as they go now, and what is set of each arm.
    Loaded { id: u64, arms: Vec<(String, Trace)>, settings: Vec<Vec<Setting>> },
    /// What came to one arm of it since.
    Grown { id: u64, arm: usize, news: Vec<News> },
    /// A run is in the trash: where it was and where it is.
    Discarded(PathBuf, PathBuf),
    /// Something could not be done.
    Problem(String),
}

const EVERY: Duration = Duration::from_secs(1);
/// Time between two listings while many runs are read for the first time.
const PARTLY: Duration = Duration::from_millis(300);

/// A run as it was read last.
struct Known {
    stamps: Stamps,
    followers: Vec<Follower>,
    entry: Arc<Entry>,
}

/// A run whose curves are drawn.
struct Followed {
    id: u64,
    run: Run,
    followers: Vec<Follower>,
}

/// What ties a watcher to its shelf.
pub(super) struct Ties {
    pub orders: Receiver<WatcherOrder>,
    pub messages: Sender<WatcherMessage>,
    /// Whether somebody looks at the list.
    pub awake: Arc<AtomicBool>,
    /// The run that this window holds without training it.
    pub held: Arc<Mutex<Option<PathBuf>>>,
}

pub(super) struct Watcher {
    place: PathBuf,
    /// Runs that lie elsewhere.
    elsewhere: Vec<PathBuf>,
    orders: Receiver<WatcherOrder>,
    messages: Sender<WatcherMessage>,
    awake: Arc<AtomicBool>,
    /// The run that this window holds without training it.
    held: Arc<Mutex<Option<PathBuf>>>,
    ctx: Context,
    known: HashMap<PathBuf, Known>,
    damaged: HashMap<PathBuf, (Stamps, String)>,
    followed: Vec<Followed>,
    /// Whether the list has changed since it was sent.
    changed: bool,
}

impl Watcher {
    pub(super) fn new(
        place: PathBuf,
        elsewhere: Vec<PathBuf>,
        Ties { orders, messages, awake, held }: Ties,
        ctx: Context,
    ) -> Self {
        Self {
            place,
            elsewhere,
            orders,
            messages,
            awake,
            held,
            ctx,
            known: HashMap::new(),
            damaged: HashMap::new(),
            followed: Vec::new(),
            changed: true,
        }
    }

    /// Works until the window is closed.
    pub(super) fn run(mut self) {
        loop {
            let resting = !self.awake.load(Ordering::Relaxed) && self.followed.is_empty();
            let order = if resting {
                self.orders.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                self.orders.recv_timeout(EVERY)
            };
            match order {
                Ok(order) => self.obey(order),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            while let Ok(order) = self.orders.try_recv() {
                self.obey(order);
            }
            if self.awake.load(Ordering::Relaxed) {
                self.look(false);
            }
            self.follow();
        }
    }

    fn send(&self, message: WatcherMessage) {
        // A window that was closed needs no news.
        let _ = self.messages.send(message);
        self.ctx.request_repaint();
    }

    fn obey(&mut self, order: WatcherOrder) {
        let done = match order {
            WatcherOrder::Look => {
                self.look(true);
                Ok(())
            }
            WatcherOrder::List(folder) => {
                // A way through a link leads to a run that is listed already.
                let parent = fs::canonicalize(&folder).ok().and_then(|folder| folder.parent().map(Path::to_owned));
                if parent != fs::canonicalize(&self.place).ok() {
                    self.elsewhere.push(folder);
                }
                Ok(())
            }
            WatcherOrder::Follow(id, folder) => self.begin(id, &folder),
            WatcherOrder::Leave(id) => {
                self.followed.retain(|followed| followed.id != id);
                Ok(())
            }
            WatcherOrder::Annotate(folder, change) => Notes::read(&folder)
                .and_then(|mut notes| {
                    change(&mut notes);
                    notes.write(&folder)
                })
                .map_err(|error| error.to_string()),
            WatcherOrder::Discard(folder) => {
                runs::discard(&folder).map_err(|error| format!("Not deleted: {error}.")).map(|to| {
                    self.followed.retain(|followed| followed.run.folder != folder);
                    self.send(WatcherMessage::Discarded(folder, to));
                })
            }
            WatcherOrder::Restore(folder) => {
                runs::restore(&folder).map(|_| ()).map_err(|error| format!("Not taken back: {error}."))
            }
        };
        if let Err(problem) = done {
            self.send(WatcherMessage::Problem(problem));
        }
    }

    /// Reads what has changed, and sends the list if anything has, or if somebody has asked for it.
    fn look(&mut self, asked: bool) {
        let mut sent = Instant::now();
        let mut folders = folders(&self.place);
        folders.extend(self.elsewhere.iter().filter(|folder| folder.is_dir()).cloned());
        let before = self.known.len() + self.damaged.len();
        self.known.retain(|folder, _| folders.contains(folder));
        self.damaged.retain(|folder, _| folders.contains(folder));
        self.changed |= before != self.known.len() + self.damaged.len();
        for folder in folders {
            // Whoever closes the window does not wait for runs that nobody looks at any more.
            if !asked && !self.awake.load(Ordering::Relaxed) {
                return;
            }
            self.visit(&folder);
            if self.changed && sent.elapsed() > PARTLY {
                self.list(false);
                sent = Instant::now();
            }
        }
        if self.changed || asked {
            self.list(true);
        }
    }

    /// Sends the list, which is the `whole` one if no folder is left to be read.
    fn list(&mut self, whole: bool) {
        let mut entries: Vec<Arc<Entry>> = self.known.values().map(|known| Arc::clone(&known.entry)).collect();
        entries.sort_by(|a, b| b.info.started.cmp(&a.info.started).then_with(|| b.folder.cmp(&a.folder)));
        let mut damaged: Vec<String> = self.damaged.values().map(|(_, why)| why.clone()).collect();
        damaged.sort();
        self.changed = false;
        self.send(WatcherMessage::Listing { entries: Arc::new(entries), damaged: Arc::new(damaged), whole });
    }

    fn visit(&mut self, folder: &Path) {
        let stamps = made_of(folder);
        if self.known.get(folder).is_some_and(|known| known.stamps == stamps && !known.entry.live)
            || self.damaged.get(folder).is_some_and(|(known, _)| *known == stamps)
        {
            return;
        }
        match self.read(folder) {
            Ok(()) => {
                self.damaged.remove(folder);
            }
            Err(RunError::NotARun(_) | RunError::Absent(_)) => {}
            Err(error) => {
                self.known.remove(folder);
                self.damaged.insert(folder.to_owned(), (stamps, error.to_string()));
                self.changed = true;
            }
        }
    }

    fn read(&mut self, folder: &Path) -> Result<(), RunError> {
        let run = runs::open(folder)?;
        let damaged = |error: std::io::Error| RunError::Damaged { path: folder.to_owned(), why: error.to_string() };
        let notes = Notes::read(folder).map_err(damaged)?;
        let before = self.known.remove(folder);
        let (mut followers, mut results, last) = match before {
            Some(known) => (known.followers, known.entry.results.clone(), Some(known.entry)),
            None => (followers(&run, false), vec![RunResults::default(); run.info.arms.len()], None),
        };
        let held = self.held.lock().is_ok_and(|held| held.as_deref() == Some(folder));
        let live = run.outcome.is_none() && !held && runs::is_being_written(folder);
        let stamps = made_of(folder);
        for (follower, results) in followers.iter_mut().zip(&mut results) {
            let take = |news| match news {
                News::Metrics(row) => results.add(&row),
                News::Again => *results = RunResults::default(),
                News::Probe(..) => {}
            };
            follower.read(!live, take).map_err(damaged)?;
        }
        let entry = Entry {
            folder: folder.to_owned(),
            experiment: run.experiment.clone(),
            info: run.info.clone(),
            planned: run.planned_steps(),
            outcome: run.outcome.clone(),
            notes,
            live,
            results,
        };
        let same = last.as_ref().is_some_and(|last| {
            (&last.results, &last.notes, last.live, &last.outcome)
                == (&entry.results, &entry.notes, entry.live, &entry.outcome)
        });
        self.changed |= !same;
        let entry = last.filter(|_| same).unwrap_or_else(|| Arc::new(entry));
        self.known.insert(folder.to_owned(), Known { stamps, followers, entry });
        Ok(())
    }

    /// Reads a run's curves as far as they go now.
    fn begin(&mut self, id: u64, folder: &Path) -> Result<(), String> {
        let RunCurves { run, followers, arms } = curves(folder)?;
        let settings = (0..arms.len()).map(|arm| settings(&run.experiment, arm)).collect();
        self.followed.push(Followed { id, run, followers });
        self.send(WatcherMessage::Loaded { id, arms, settings });
        Ok(())
    }

    /// Brings what has come to the runs whose curves are drawn.
    fn follow(&mut self) {
        let mut grown = Vec::new();
        for followed in &mut self.followed {
            let ended = !runs::is_being_written(&followed.run.folder);
            for (arm, follower) in followed.followers.iter_mut().enumerate() {
                let mut news = Vec::new();
                // A run that cannot be read for a moment, or was moved away, keeps the curves it has.
                if follower.read(ended, |it| news.push(it)).is_ok() && !news.is_empty() {
                    grown.push(WatcherMessage::Grown { id: followed.id, arm, news });
                }
            }
        }
        grown.into_iter().for_each(|message| self.send(message));
    }
}

/// A run whose curves were read.
struct RunCurves {
    run: Run,
    /// What follows each arm's tables from there.
    followers: Vec<Follower>,
    /// Each arm's name and curves.
    arms: Vec<(String, Trace)>,
}

/// A run's curves as far as they go now.
fn curves(folder: &Path) -> Result<RunCurves, String> {
    let run = runs::open(folder).map_err(|error| error.to_string())?;
    let mut followers = followers(&run, true);
    let ended = !runs::is_being_written(folder);
    let mut arms = Vec::new();
    for (arm, (follower, info)) in followers.iter_mut().zip(&run.info.arms).enumerate() {
        let mut trace = Trace::default();
        follower.read(ended, |news| heard(&mut trace, arm, news)).map_err(|error| error.to_string())?;
        arms.push((info.name.clone(), trace));
    }
    Ok(RunCurves { run, followers, arms })
}

fn followers(run: &Run, probes: bool) -> Vec<Follower> {
    (0..run.info.arms.len())
        .filter_map(|arm| run.arm_folder(arm))
        .map(|folder| Follower::new(&folder, probes))
        .collect()
}

fn folders(place: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(place).into_iter().flatten().filter_map(Result::ok);
    entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}

/// Sizes and times of everything that a run's entry is made of, also where it is damaged.
fn made_of(folder: &Path) -> Stamps {
    let files = ["experiment.toml", "run.json", "outcome.json", "notes.json"].map(|name| folder.join(name));
    stamps(files.into_iter().chain(tables(folder)))
}
