//! The study that the window looks at: its folder, which a thread reads, and the process of ours that works on it, if there
//! is one. Nothing here waits for a disk or a process. Must not know panels, actions or the shell.

use crate::kit::background::Background;
use eframe::egui::Context;
use lab_core::learn::{Conclusion, conclude, lesson};
use lab_core::study::{Results, Seen, Standing, StudyFolder, TrialState};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often a study's folder is read.
const EVERY: Duration = Duration::from_secs(1);

/// The guided experiment that a study answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guided {
    /// Its name.
    pub id: String,
    /// The place of the guess among those that it offers.
    pub guess: Option<usize>,
}

/// What is asked of the thread.
#[derive(Clone)]
struct Wanted {
    folder: PathBuf,
    guided: Option<Guided>,
}

/// A study as its folder was last.
#[derive(Debug)]
pub struct Looked {
    /// Where it is.
    pub folder: PathBuf,
    /// What it is called.
    pub name: String,
    /// What its axes are called.
    pub labels: Vec<String>,
    /// The arms' names.
    pub arms: Vec<String>,
    /// Every trial.
    pub trials: Vec<Seen>,
    /// What it has come to.
    pub results: Results,
    /// What a guided experiment has shown so far.
    pub conclusion: Option<Conclusion>,
}

impl Looked {
    /// Trials that nobody has to work on any more.
    #[must_use]
    pub fn over(&self) -> usize {
        self.trials.iter().filter(|trial| matches!(trial.standing, Standing::Over(_))).count()
    }

    /// Trials that failed.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.trials.iter().filter(|trial| trial.standing == Standing::Over(TrialState::Failed)).count()
    }
}

/// The study that the window looks at.
#[derive(Default)]
pub struct Laboratory {
    /// Where new studies go.
    place: Option<PathBuf>,
    /// The program that works on studies: this one.
    program: Option<PathBuf>,
    process: Option<Child>,
    wanted: Option<Wanted>,
    watcher: Option<Background<Wanted, Result<Arc<Looked>, String>>>,
    asked: Option<Instant>,
    /// What was read last, or why nothing could be.
    pub looked: Option<Result<Arc<Looked>, String>>,
    /// How the process ended, if not well.
    pub failure: Option<String>,
}

impl Laboratory {
    /// Studies in this place, worked on by this program. Without either, none can be begun.
    #[must_use]
    pub fn new(place: Option<PathBuf>, program: Option<PathBuf>) -> Self {
        Self { place, program, ..Self::default() }
    }

    /// Whether a process of this window works on the study.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.process.is_some()
    }

    /// The guided experiment whose study is looked at.
    #[must_use]
    pub fn guided(&self) -> Option<&Guided> {
        self.wanted.as_ref().and_then(|wanted| wanted.guided.as_ref())
    }

    /// A folder for a new study that nobody has.
    ///
    /// # Errors
    /// There is no place for studies.
    pub fn vacant(&self, name: &str) -> Result<PathBuf, String> {
        let place = self.place.as_ref().ok_or("there is no home folder to keep studies in")?;
        let name = lab_core::files::safe_name(name);
        let again = (2..).map(|count| format!("{name}-{count}"));
        let free = std::iter::once(name.clone()).chain(again).map(|name| place.join(name)).find(|path| !path.exists());
        free.ok_or_else(|| "there is no free name for the study".to_owned())
    }

    /// Begins a guided experiment.
    ///
    /// # Errors
    /// Why it cannot be begun.
    pub fn learn(&mut self, id: &str, guess: Option<usize>) -> Result<(), String> {
        let folder = self.vacant(&format!("learn {id}"))?;
        let mut arguments = vec!["learn".to_owned(), "run".to_owned(), id.to_owned()];
        arguments.extend(guess.iter().flat_map(|guess| ["--guess".to_owned(), (guess + 1).to_string()]));
        self.start(&arguments, &folder, "--out")?;
        self.watch(folder, Some(Guided { id: id.to_owned(), guess }));
        Ok(())
    }

    /// Works on a study's folder, which exists.
    ///
    /// # Errors
    /// Why that cannot be begun.
    pub fn work(&mut self, folder: &Path) -> Result<(), String> {
        StudyFolder::open(folder).and_then(|study| study.go_on()).map_err(|error| error.to_string())?;
        self.start(&["study".to_owned(), "work".to_owned()], folder, "")?;
        self.watch(folder.to_owned(), None);
        Ok(())
    }

    /// Looks at a study.
    pub fn watch(&mut self, folder: PathBuf, guided: Option<Guided>) {
        self.wanted = Some(Wanted { folder, guided });
        (self.looked, self.asked) = (None, None);
    }

    /// Looks at no study any more; what works on one goes on.
    pub fn forget(&mut self) {
        (self.wanted, self.looked, self.failure) = (None, None, None);
    }

    fn start(&mut self, arguments: &[String], folder: &Path, before: &str) -> Result<(), String> {
        if self.is_running() {
            return Err("a study is being worked on already; stop it first".to_owned());
        }
        let program = self.program.as_ref().ok_or("the program cannot find itself to work on a study")?;
        let mut command = Command::new(program);
        command.args(arguments);
        if !before.is_empty() {
            command.arg(before);
        }
        // When the window ends, by force or not, its end of the pipe closes, and the process stops with a checkpoint.
        command.arg(folder).arg("--until-input-ends").stdin(Stdio::piped());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().map_err(|error| format!("{} does not start: {error}", program.display()))?;
        self.process = Some(child);
        self.failure = None;
        Ok(())
    }

    /// Asks the process to stop after the step in progress, with a checkpoint.
    pub fn stop(&mut self) {
        if let Some(process) = &mut self.process {
            drop(process.stdin.take());
        }
    }

    /// Takes in what the thread has read and whether the process has ended, and asks again in a while.
    pub fn tend(&mut self, ctx: &Context) {
        if let Some(process) = &mut self.process
            && let Ok(Some(status)) = process.try_wait()
        {
            self.process = None;
            self.asked = None;
            if !status.success() && status.code() != Some(75) {
                self.failure = Some(format!("the process that worked on the study ended: {status}"));
            }
        }
        let Some(wanted) = &self.wanted else { return };
        let watcher = self.watcher.get_or_insert_with(|| Background::new("study", ctx, |wanted: Wanted| look(&wanted)));
        if let Some(answer) = watcher.poll() {
            // A folder that the process has not made yet is not missing.
            if answer.is_ok() || self.process.is_none() {
                self.looked = Some(answer);
            }
        }
        let due = self.asked.is_none_or(|asked| asked.elapsed() >= EVERY);
        if due && (self.asked.is_none() || self.process.is_some()) {
            watcher.ask(wanted.clone());
            self.asked = Some(Instant::now());
        }
        if self.process.is_some() {
            ctx.request_repaint_after(EVERY);
        }
    }
}

fn look(wanted: &Wanted) -> Result<Arc<Looked>, String> {
    let study = StudyFolder::open(&wanted.folder).map_err(|error| error.to_string())?;
    let conclusion = wanted.guided.as_ref().and_then(|guided| {
        let lesson = lesson(&guided.id).ok()?;
        conclude(&lesson, &study, guided.guess).ok()
    });
    Ok(Arc::new(Looked {
        folder: wanted.folder.clone(),
        name: study.study().name.clone(),
        labels: study.study().labels().to_vec(),
        arms: study.study().arms().map(str::to_owned).collect(),
        trials: study.trials().map_err(|error| error.to_string())?,
        results: study.results().map_err(|error| error.to_string())?,
        conclusion,
    }))
}
