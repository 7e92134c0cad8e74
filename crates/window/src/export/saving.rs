//! From "Save…" to a file: asks for a place, and writes it on a thread of its own.

use super::album::Album;
use super::drawing::Drawing;
use super::run::RunExport;
use super::{png, svg};
use crate::dialogs::Dialogs;
use crate::own_program::OwnProgram;
use crossbeam_channel::{Receiver, Sender, unbounded};
use eframe::egui::{ColorImage, Context};
use lab_core::files::write_atomically;
use lab_core::table::Table;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a file or folder shall hold. It is put into bytes on the thread that writes it.
#[derive(Clone, Debug)]
pub enum SavedContent {
    /// An experiment's text as it stands.
    Experiment(Arc<str>),
    /// A table with commas.
    Csv(Arc<Table>),
    /// A picture as pixels.
    Png(Arc<Drawing>),
    /// A picture as vectors.
    Svg(Arc<Drawing>),
    /// Many pictures in a new folder.
    Folder(Arc<Album>),
    /// A run for another program.
    Run(RunExport),
}

impl SavedContent {
    /// The ending of its file; `None` where it is a folder.
    fn ending(&self) -> Option<&'static str> {
        match self {
            Self::Experiment(_) => Some("toml"),
            Self::Csv(_) => Some("csv"),
            Self::Png(_) => Some("png"),
            Self::Svg(_) => Some("svg"),
            Self::Folder(_) => None,
            Self::Run(run) => run.format.ending(),
        }
    }

    /// A bare name with its ending, unless it has one: of letters, as what stands behind the dot of a number is none.
    fn named(&self, mut path: PathBuf) -> PathBuf {
        let is_ending = |ending: &str| !ending.is_empty() && ending.chars().all(char::is_alphabetic);
        if path.extension().and_then(OsStr::to_str).is_some_and(is_ending) {
            return path;
        }
        if let Some(ending) = self.ending() {
            path.as_mut_os_string().push(format!(".{ending}"));
        }
        path
    }

    fn write(&self, path: &Path, program: &OwnProgram) -> Result<(), String> {
        let file = |bytes: &[u8]| write_atomically(path, bytes).map_err(|error| error.to_string());
        match self {
            Self::Experiment(text) => file(text.as_bytes()),
            Self::Csv(table) => file(table.csv().as_bytes()),
            Self::Png(drawing) => file(&png::write(drawing)?),
            Self::Svg(drawing) => file(svg::write(drawing).as_bytes()),
            Self::Folder(album) => album.write(path),
            Self::Run(run) => run.write(path, program),
        }
    }
}

/// What has become of something that was to be saved or copied.
#[derive(Debug)]
pub enum Done {
    /// It is in this file.
    Saved(PathBuf),
    /// It is not, and why.
    Failed(String),
    /// It belongs into the clipboard.
    Copy(String),
    /// The same of a picture.
    CopyPicture(ColorImage),
}

/// Everything that is on its way to a file.
pub struct Saving {
    program: OwnProgram,
    /// Waits for a place.
    waiting: Option<(String, SavedContent)>,
    /// The folder of the last file, where the next one is offered.
    folder: Option<PathBuf>,
    send: Sender<Done>,
    receive: Receiver<Done>,
}

impl Saving {
    /// Runs are exported by this program.
    #[must_use]
    pub fn new(program: OwnProgram) -> Self {
        let (send, receive) = unbounded();
        Self { program, waiting: None, folder: None, send, receive }
    }

    /// Asks where this shall go, under this name without an ending, unless a dialog is open already.
    pub fn ask(&mut self, name: &str, content: SavedContent, dialogs: &mut dyn Dialogs, ctx: &Context) {
        let offered = content.named(name.into()).display().to_string();
        if dialogs.ask_place(&offered, self.folder.as_deref(), ctx) {
            self.hold(name, content);
        } else {
            self.report(Done::Failed("Not saved: another dialog is open; answer or close it first.".into()));
        }
    }

    /// Keeps this until a place for it is typed.
    pub fn hold(&mut self, name: &str, content: SavedContent) {
        self.waiting = Some((content.named(name.into()).display().to_string(), content));
    }

    /// A place was chosen or typed. Who chose it was asked about a file that is there; not so where only the ending makes
    /// it that file.
    pub fn place(&mut self, path: PathBuf, ctx: &Context) {
        let Some((_, content)) = self.waiting.take() else { return };
        let named = content.named(path.clone());
        if named != path && named.exists() {
            let why = format!("Not saved: {} is there already. Choose another name.", named.display());
            return self.report(Done::Failed(why));
        }
        self.write(named, content, ctx);
    }

    /// The path to begin with where no dialog can be opened and a person has to type.
    #[must_use]
    pub fn suggested(&self) -> String {
        let name = self.waiting.as_ref().map_or("", |(name, _)| name);
        let folder = self.folder.clone().or_else(home).unwrap_or_default();
        folder.join(name).display().to_string()
    }

    /// Puts a table into the clipboard; [`Self::poll`] brings it when it is written out.
    pub fn copy(&self, table: Arc<Table>, ctx: &Context) {
        self.on_a_thread(ctx, move || Done::Copy(table.tabbed()));
    }

    /// Puts a picture into the clipboard; [`Self::poll`] brings it when its pixels are there.
    pub fn copy_picture(&self, drawing: Arc<Drawing>, ctx: &Context) {
        self.on_a_thread(ctx, move || Done::CopyPicture(png::pixels(&drawing)));
    }

    /// What has been done since the last call.
    #[must_use]
    pub fn poll(&self) -> Option<Done> {
        self.receive.try_recv().ok()
    }

    fn write(&mut self, path: PathBuf, content: SavedContent, ctx: &Context) {
        self.folder = path.parent().map(Path::to_owned);
        let program = self.program.clone();
        self.on_a_thread(ctx, move || match content.write(&path, &program) {
            Ok(()) => Done::Saved(path),
            Err(why) => Done::Failed(format!("Not saved: {why}. Choose another place.")),
        });
    }

    fn on_a_thread(&self, ctx: &Context, work: impl FnOnce() -> Done + Send + 'static) {
        let (send, ctx) = (self.send.clone(), ctx.clone());
        let started = std::thread::Builder::new().name("saving".into()).spawn(move || {
            // The window may have been closed in the meantime.
            let _ = send.send(work());
            ctx.request_repaint();
        });
        if let Err(error) = started {
            self.report(Done::Failed(format!("Not saved: no thread can be started: {error}.")));
        }
    }

    fn report(&self, done: Done) {
        // The receiver is ours and still there.
        let _ = self.send.send(done);
    }
}

fn home() -> Option<PathBuf> {
    directories::UserDirs::new().map(|dirs| dirs.document_dir().unwrap_or(dirs.home_dir()).to_owned())
}
