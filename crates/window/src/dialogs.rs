//! File dialogs that never hold the window up: opened on its thread, awaited on another, answered by a message.

use crossbeam_channel::{Receiver, Sender, unbounded};
use eframe::egui::{ColorImage, Context};
use lab_core::data::PICTURE_ENDINGS;
use lab_core::protocol::Picture;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What a person is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileDialog {
    Pictures,
    /// The folder of a data set.
    Data,
    /// The folder of a run.
    Run,
    /// The folder of a run that is to be shown as it was left.
    Shown,
    /// The folder of a study.
    Study,
    /// A file of weights.
    Weights,
    Experiment,
    /// A place for something that is saved.
    Export,
    /// Another folder for the run under way.
    Elsewhere,
}

impl FileDialog {
    /// What a dialog says it is for.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Pictures => "Pictures to classify",
            Self::Data => "A folder of images",
            Self::Run | Self::Shown => "The folder of a run",
            Self::Study => "The folder of a study",
            Self::Weights => "Weights of a network",
            Self::Experiment => "An experiment",
            Self::Export => "Save as",
            Self::Elsewhere => "Another folder for this run",
        }
    }

    /// Whether something will be written there.
    #[must_use]
    pub fn is_written(self) -> bool {
        matches!(self, Self::Export | Self::Elsewhere)
    }
}

/// Endings of files with weights.
pub const WEIGHTS: [&str; 4] = ["safetensors", "pt", "pth", "th"];

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// These files or this folder.
    Paths(FileDialog, Vec<PathBuf>),
    /// No dialog could be opened.
    Unavailable(FileDialog),
}

/// Asks for files; tests answer by themselves.
pub trait Dialogs {
    /// Opens a dialog; does nothing while one is open.
    fn ask(&mut self, wanted: FileDialog, ctx: &Context);

    /// Asks where an exported file of this name shall go, beginning in `folder`; whether a dialog was opened, which is not
    /// so while one is open.
    fn ask_place(&mut self, name: &str, folder: Option<&Path>, ctx: &Context) -> bool;

    /// Shows a folder in the desktop's file manager.
    ///
    /// # Errors
    /// Why it cannot be shown.
    fn reveal(&mut self, folder: &Path) -> Result<(), String>;

    /// What has been chosen since the last call; called in every frame.
    fn poll(&mut self, ctx: &Context) -> Option<Chosen>;
}

/// The system's dialogs.
pub struct Native {
    open: bool,
    /// Whether the window has had the keyboard ever since it asked: then no dialog has come up that could have taken it.
    kept: bool,
    send: Sender<(FileDialog, Option<Chosen>)>,
    receive: Receiver<(FileDialog, Option<Chosen>)>,
}

impl Default for Native {
    fn default() -> Self {
        let (send, receive) = unbounded();
        Self { open: false, kept: false, send, receive }
    }
}

/// No person cancels that quickly.
const TOO_QUICK: Duration = Duration::from_millis(150);

impl Dialogs for Native {
    fn ask(&mut self, wanted: FileDialog, ctx: &Context) {
        if self.open {
            return;
        }
        let dialog = rfd::AsyncFileDialog::new().set_title(wanted.title());
        let choice = match wanted {
            FileDialog::Pictures => several(dialog.add_filter("Pictures", &PICTURE_ENDINGS).pick_files()),
            FileDialog::Data | FileDialog::Run | FileDialog::Shown | FileDialog::Study | FileDialog::Elsewhere => {
                one(dialog.pick_folder())
            }
            FileDialog::Weights => one(dialog.add_filter("Weights", &WEIGHTS).pick_file()),
            FileDialog::Experiment => one(dialog.add_filter("Experiments", &["toml"]).pick_file()),
            FileDialog::Export => one(dialog.save_file()),
        };
        self.wait(wanted, choice, ctx);
    }

    fn ask_place(&mut self, name: &str, folder: Option<&Path>, ctx: &Context) -> bool {
        if self.open {
            return false;
        }
        let mut dialog = rfd::AsyncFileDialog::new().set_title(FileDialog::Export.title()).set_file_name(name);
        if let Some(folder) = folder {
            dialog = dialog.set_directory(folder);
        }
        self.wait(FileDialog::Export, one(dialog.save_file()), ctx);
        true
    }

    fn reveal(&mut self, folder: &Path) -> Result<(), String> {
        let opener = if cfg!(windows) {
            "explorer"
        } else if cfg!(target_os = "macos") {
            "open"
        } else {
            "xdg-open"
        };
        let shown = Command::new(opener).arg(folder).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut process = shown.map_err(|error| format!("{} cannot be shown: {opener}: {error}", folder.display()))?;
        let waited = std::thread::Builder::new().name("reveal".into()).spawn(move || process.wait());
        waited.map(|_| ()).map_err(|error| error.to_string())
    }

    fn poll(&mut self, ctx: &Context) -> Option<Chosen> {
        self.kept &= ctx.input(|input| input.raw.focused);
        let (wanted, chosen) = self.receive.try_recv().ok()?;
        self.open = false;
        // Without a portal a dialog "is cancelled", be it at once or after seconds of waiting for one.
        chosen.or_else(|| self.kept.then_some(Chosen::Unavailable(wanted)))
    }
}

impl Native {
    /// Waits on another thread for what is chosen in a dialog that this one has opened.
    fn wait(&mut self, wanted: FileDialog, choice: Choosing, ctx: &Context) {
        (self.open, self.kept) = (true, true);
        let (send, ctx, asked) = (self.send.clone(), ctx.clone(), Instant::now());
        let started = std::thread::Builder::new().name("dialog".into()).spawn(move || {
            let chosen = match pollster::block_on(choice) {
                Some(paths) => Some(Chosen::Paths(wanted, paths)),
                None if asked.elapsed() < TOO_QUICK => Some(Chosen::Unavailable(wanted)),
                None => None,
            };
            // The window may have been closed in the meantime.
            let _ = send.send((wanted, chosen));
            ctx.request_repaint();
        });
        if started.is_err() {
            // The receiver is ours and still there.
            let _ = self.send.send((wanted, Some(Chosen::Unavailable(wanted))));
        }
    }
}

/// What will be chosen.
type Choosing = Pin<Box<dyn Future<Output = Option<Vec<PathBuf>>> + Send>>;

fn one(choice: impl Future<Output = Option<rfd::FileHandle>> + Send + 'static) -> Choosing {
    Box::pin(async { choice.await.map(|file| vec![file.path().to_owned()]) })
}

fn several(choice: impl Future<Output = Option<Vec<rfd::FileHandle>>> + Send + 'static) -> Choosing {
    Box::pin(async { choice.await.map(|files| files.iter().map(|file| file.path().to_owned()).collect()) })
}

/// A picture from the clipboard, as a question carries it.
#[must_use]
pub fn picture(image: &ColorImage) -> Picture {
    let rgba = image.pixels.iter().flat_map(eframe::egui::Color32::to_srgba_unmultiplied).collect();
    Picture::Pixels { width: image.size[0], height: image.size[1], rgba }
}
