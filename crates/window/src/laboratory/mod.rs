//! The studies of this window: the one that is looked at, which a thread reads, those on disk, and the processes of ours
//! that work on them. Nothing here waits for a process; what begins or changes a study writes its folder at once. Must not
//! know panels, actions or the shell.

mod looked;
mod read;
mod work;

pub use looked::{Looked, MeasuredTrial, StudyCurve};
pub use read::Guided;
pub use work::WorkQueue;

use crate::kit::background::Background;
use crate::own_program::OwnProgram;
use eframe::egui::Context;
use lab_core::experiment::DeviceChoice;
use lab_core::learn::Lesson;
use lab_core::runs::{Guess, Notes};
use lab_core::study::{Seeds, Study, StudyFolder, StudyPlan, Worker, is_study, name_of, new_folder};
use read::{StudyReader, WantedStudy};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use work::StudyJob;

/// How often a study's folder is read.
const EVERY: Duration = Duration::from_secs(1);

/// A study on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedStudy {
    pub folder: PathBuf,
    /// What it is called in its file; `None` where that cannot be read.
    name: Option<String>,
}

impl ListedStudy {
    fn at(folder: PathBuf) -> Self {
        Self { name: name_of(&folder), folder }
    }
}

/// The studies of this window.
#[derive(Default)]
pub struct Laboratory {
    /// Where new studies go.
    place: Option<PathBuf>,
    /// Where studies are trained.
    pub device: DeviceChoice,
    /// What works on studies.
    pub work: WorkQueue,
    /// Fields that are to be varied, as axes are typed, until whoever makes studies takes them.
    pub varied: Vec<String>,
    wanted: Option<WantedStudy>,
    watcher: Option<Background<WantedStudy, Result<Arc<Looked>, String>>>,
    asked: Option<Instant>,
    /// What was read last, or why nothing could be.
    pub looked: Option<Result<Arc<Looked>, String>>,
    lister: Option<Background<PathBuf, Vec<ListedStudy>>>,
    /// The studies on disk, the newest first, once they were listed.
    pub listed: Vec<ListedStudy>,
    pub is_listed: bool,
    /// What went wrong with what was asked for.
    failure: Option<String>,
}

impl Laboratory {
    /// Where the studies are.
    #[must_use]
    pub fn place(&self) -> Option<&Path> {
        self.place.as_deref()
    }

    /// Studies in this place, worked on by this program. Without either, none can be begun.
    #[must_use]
    pub fn new(place: Option<PathBuf>, program: OwnProgram) -> Self {
        Self { place, work: WorkQueue::new(program), ..Self::default() }
    }

    /// Whether a process of this window works on a study.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.work.is_running()
    }

    /// What went wrong last.
    #[must_use]
    pub fn failure(&self) -> Option<&String> {
        self.failure.as_ref().or(self.work.failure())
    }

    /// The guided experiment whose study is looked at.
    #[must_use]
    pub fn guided(&self) -> Option<&Guided> {
        self.wanted.as_ref().and_then(|wanted| wanted.guided.as_ref())
    }

    /// The study that is looked at.
    #[must_use]
    pub fn watched(&self) -> Option<&Path> {
        self.wanted.as_ref().map(|wanted| wanted.folder.as_path())
    }

    /// Where new studies go.
    fn home(&self) -> Result<&Path, String> {
        self.place().ok_or_else(|| "there is no home folder to keep studies in".to_owned())
    }

    /// Makes a study, of which something may be expected, and works on it, now or behind those that wait.
    ///
    /// # Errors
    /// What is wrong with the plan, or why it cannot be begun.
    pub fn begin(&mut self, plan: StudyPlan, guess: Option<Guess>) -> Result<(), String> {
        let study = Study::check(plan).map_err(|error| error.to_string())?;
        let made = StudyFolder::create_under(self.home()?, study).map_err(|error| error.to_string())?;
        let (folder, name) = (made.path().to_owned(), Some(made.study().name.clone()));
        if guess.is_some() {
            Notes { guess, ..Notes::default() }.write(&folder).map_err(|error| error.to_string())?;
        }
        self.listed.insert(0, ListedStudy { folder: folder.clone(), name });
        self.work(&folder)
    }

    /// Begins a guided experiment, in a folder of its own.
    ///
    /// # Errors
    /// Why it cannot be begun.
    pub fn learn(&mut self, lesson: &Lesson, guess: Option<usize>) -> Result<(), String> {
        let name = lesson.study_name();
        let folder = new_folder(self.home()?, &name);
        self.measure(folder.clone(), &lesson.id, guess)?;
        self.listed.insert(0, ListedStudy { folder, name: Some(name) });
        Ok(())
    }

    /// Goes on with the guided experiment that is looked at: trains what is left of it, and asks what was not asked yet.
    ///
    /// # Errors
    /// Why that cannot be begun.
    pub fn learn_on(&mut self) -> Result<(), String> {
        let Some(WantedStudy { folder, guided: Some(Guided { id, guess }) }) = self.wanted.clone() else {
            return Ok(());
        };
        StudyFolder::open(&folder).and_then(|study| study.go_on()).map_err(|error| error.to_string())?;
        self.measure(folder, &id, guess)
    }

    fn measure(&mut self, folder: PathBuf, id: &str, guess: Option<usize>) -> Result<(), String> {
        let mut words: Vec<OsString> = vec!["learn".into(), "run".into(), id.into()];
        words.extend(guess.iter().flat_map(|guess| ["--guess".into(), (guess + 1).to_string().into()]));
        words.extend(["--out".into(), folder.clone().into(), "--device".into(), self.device.to_string().into()]);
        // Once begun, it goes on as the study that it has become.
        self.work.add(StudyJob { again: self.working_on(&folder), folder: folder.clone(), words })?;
        self.watch(folder, Some(Guided { id: id.to_owned(), guess }));
        Ok(())
    }

    /// The newest study on disk that was made to answer a question, if it was asked before.
    #[must_use]
    pub fn measured(&self, lesson: &Lesson) -> Option<&Path> {
        let name = lesson.study_name();
        let is_one = |listed: &&ListedStudy| listed.name.as_ref() == Some(&name);
        self.listed.iter().find(is_one).map(|listed| listed.folder.as_path())
    }

    /// Works on a study's folder, which exists: now, or behind those that wait.
    ///
    /// # Errors
    /// Why that cannot be begun.
    pub fn work(&mut self, folder: &Path) -> Result<(), String> {
        StudyFolder::open(folder).and_then(|study| study.go_on()).map_err(|error| error.to_string())?;
        let words = self.working_on(folder);
        self.work.add(StudyJob { folder: folder.to_owned(), again: words.clone(), words })?;
        if self.watched() == Some(folder) {
            (self.asked, self.failure) = (None, None);
        } else {
            self.watch(folder.to_owned(), None);
        }
        Ok(())
    }

    /// What this program is called with to work on a study.
    fn working_on(&self, folder: &Path) -> Vec<OsString> {
        vec!["study".into(), "work".into(), folder.into(), "--device".into(), self.device.to_string().into()]
    }

    /// Trains every setting of a study with one more seed.
    ///
    /// # Errors
    /// Why that cannot be.
    pub fn one_more_seed(&mut self, folder: &Path) -> Result<(), String> {
        let study = StudyFolder::open(folder).map_err(|error| error.to_string())?;
        let mut seeds = study.study().seeds().to_vec();
        seeds.extend(seeds.iter().max().map(|greatest| greatest.saturating_add(1)));
        study.extend(Some(Seeds::List(seeds)), None).map_err(|error| error.to_string())?;
        self.work(folder)
    }

    /// Puts trials back to their beginning, all that failed or these, and works on the study.
    ///
    /// # Errors
    /// Why that cannot be.
    pub fn retry(&mut self, folder: &Path, trials: &[u32]) -> Result<(), String> {
        let study = StudyFolder::open(folder).map_err(|error| error.to_string())?;
        Worker::new(study).retry(trials).map_err(|error| error.to_string())?;
        self.work(folder)
    }

    /// Looks at a study.
    pub fn watch(&mut self, folder: PathBuf, guided: Option<Guided>) {
        self.wanted = Some(WantedStudy { folder, guided });
        (self.looked, self.asked, self.failure) = (None, None, None);
    }

    /// Looks at a study wherever it lies, and lists it with the others.
    pub fn show(&mut self, folder: PathBuf) {
        self.listed.retain(|known| known.folder != folder);
        self.listed.insert(0, ListedStudy::at(folder.clone()));
        self.watch(folder, None);
    }

    /// The study that the next start looks at again; those that answer questions are found by these.
    #[must_use]
    pub fn for_next_time(&self) -> Option<PathBuf> {
        self.watched().filter(|_| self.guided().is_none()).map(Path::to_owned)
    }

    /// Looks at no study any more; what works on one goes on.
    pub fn forget(&mut self) {
        (self.wanted, self.looked, self.failure) = (None, None, None);
    }

    /// Notes what went wrong with what was asked for, or that nothing did.
    pub fn note(&mut self, done: Result<(), String>) {
        self.failure = done.err();
    }

    /// Lists the studies on disk once, as somebody looks for them.
    pub fn list(&mut self, ctx: &Context) {
        if self.lister.is_some() {
            return;
        }
        let Some(place) = &self.place else { return };
        let lister = self.lister.insert(Background::new("studies", ctx, |place: PathBuf| listed(&place)));
        lister.ask(place.clone());
    }

    /// Takes in what the threads have read and whether a process has ended, and asks again in a while.
    pub fn tend(&mut self, ctx: &Context) {
        if self.work.tend() {
            self.asked = None;
        }
        if let Some(listed) = self.lister.as_mut().and_then(Background::poll) {
            let is_new = |known: &ListedStudy| listed.iter().all(|listed| listed.folder != known.folder);
            let known = std::mem::take(&mut self.listed).into_iter().filter(is_new);
            self.listed = known.chain(listed.iter().cloned()).collect();
            self.is_listed = true;
        }
        if self.is_running() {
            ctx.request_repaint_after(EVERY);
        }
        let Some(wanted) = &self.wanted else { return };
        let watcher = self.watcher.get_or_insert_with(|| {
            let mut reader = StudyReader::default();
            Background::new("study", ctx, move |wanted: WantedStudy| reader.look(&wanted))
        });
        if let Some(answer) = watcher.poll() {
            // A folder that the process has not made yet is not missing.
            if answer.is_ok() || !self.work.is_running() {
                self.looked = Some(answer);
            }
        }
        let lively = self.work.is_running()
            || self.looked.as_ref().is_some_and(|looked| looked.as_ref().is_ok_and(|looked| looked.is_worked_on()));
        if self.asked.is_none_or(|asked| lively && asked.elapsed() >= EVERY) {
            watcher.ask(wanted.clone());
            self.asked = Some(Instant::now());
        }
        if lively {
            ctx.request_repaint_after(EVERY);
        }
    }
}

/// The studies in a folder, the newest first.
fn listed(place: &Path) -> Vec<ListedStudy> {
    let entries = std::fs::read_dir(place).into_iter().flatten().filter_map(Result::ok);
    let dated = |path: PathBuf| {
        let made = std::fs::metadata(path.join("study.toml")).and_then(|data| data.modified());
        (made.unwrap_or(SystemTime::UNIX_EPOCH), path)
    };
    let mut studies: Vec<_> = entries.map(|entry| entry.path()).filter(|path| is_study(path)).map(dated).collect();
    studies.sort_by(|a, b| b.cmp(a));
    studies.into_iter().map(|(_, path)| ListedStudy::at(path)).collect()
}
