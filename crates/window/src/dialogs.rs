//! File dialogs that never hold the window up: opened on its thread, awaited on another, answered by a message.

use crossbeam_channel::{Receiver, Sender, unbounded};
use eframe::egui::{ColorImage, Context};
use lab_core::data::PICTURE_ENDINGS;
use lab_core::protocol::Picture;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What a person is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Pictures to classify.
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
    /// An experiment's file.
    Experiment,
    /// A place for something that is saved.
    Export,
    /// Another folder for the run under way.
    Elsewhere,
}

impl Wanted {
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
    Paths(Wanted, Vec<PathBuf>),
    /// No dialog could be opened.
    Unavailable(Wanted),
}

/// Asks for files; tests answer by themselves.
pub trait Dialogs {
    /// Opens a dialog; does nothing while one is open.
    fn ask(&mut self, wanted: Wanted, ctx: &Context);

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
    send: Sender<(Wanted, Option<Chosen>)>,
    receive: Receiver<(Wanted, Option<Chosen>)>,
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
    fn ask(&mut self, wanted: Wanted, ctx: &Context) {
        if std::mem::replace(&mut self.open, true) {
            return;
        }
        self.kept = true;
        let dialog = rfd::AsyncFileDialog::new();
        let (send, ctx, asked) = (self.send.clone(), ctx.clone(), Instant::now());
        let paths = |files: Option<Vec<rfd::FileHandle>>| -> Option<Vec<PathBuf>> {
            files.map(|files| files.iter().map(|file| file.path().to_owned()).collect())
        };
        let one = move |file: Option<rfd::FileHandle>| paths(file.map(|file| vec![file]));
        let dialog = dialog.set_title(wanted.title());
        let thread = std::thread::Builder::new().name("dialog".into());
        let started = match wanted {
            Wanted::Pictures => {
                let choice = dialog.add_filter("Pictures", &PICTURE_ENDINGS).pick_files();
                thread.spawn(move || answer(&send, &ctx, wanted, asked, paths(pollster::block_on(choice))))
            }
            Wanted::Data | Wanted::Run | Wanted::Shown | Wanted::Study | Wanted::Elsewhere => {
                let choice = dialog.pick_folder();
                thread.spawn(move || answer(&send, &ctx, wanted, asked, one(pollster::block_on(choice))))
            }
            Wanted::Weights => {
                let choice = dialog.add_filter("Weights", &WEIGHTS).pick_file();
                thread.spawn(move || answer(&send, &ctx, wanted, asked, one(pollster::block_on(choice))))
            }
            Wanted::Experiment => {
                let choice = dialog.add_filter("Experiments", &["toml"]).pick_file();
                thread.spawn(move || answer(&send, &ctx, wanted, asked, one(pollster::block_on(choice))))
            }
            Wanted::Export => {
                let choice = dialog.save_file();
                thread.spawn(move || answer(&send, &ctx, wanted, asked, one(pollster::block_on(choice))))
            }
        };
        if started.is_err() {
            self.open = false;
        }
    }

    fn ask_place(&mut self, name: &str, folder: Option<&Path>, ctx: &Context) -> bool {
        if std::mem::replace(&mut self.open, true) {
            return false;
        }
        self.kept = true;
        let mut dialog = rfd::AsyncFileDialog::new().set_title(Wanted::Export.title()).set_file_name(name);
        if let Some(folder) = folder {
            dialog = dialog.set_directory(folder);
        }
        let (send, ctx, asked, choice) = (self.send.clone(), ctx.clone(), Instant::now(), dialog.save_file());
        let started = std::thread::Builder::new().name("dialog".into()).spawn(move || {
            let place = pollster::block_on(choice).map(|file| vec![file.path().to_owned()]);
            answer(&send, &ctx, Wanted::Export, asked, place);
        });
        self.open = started.is_ok();
        self.open
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

fn answer(
    send: &Sender<(Wanted, Option<Chosen>)>,
    ctx: &Context,
    wanted: Wanted,
    asked: Instant,
    paths: Option<Vec<PathBuf>>,
) {
    let chosen = match paths {
        Some(paths) => Some(Chosen::Paths(wanted, paths)),
        None if asked.elapsed() < TOO_QUICK => Some(Chosen::Unavailable(wanted)),
        None => None,
    };
    // The window may have been closed in the meantime.
    let _ = send.send((wanted, chosen));
    ctx.request_repaint();
}

/// A picture from the clipboard, as a question carries it.
#[must_use]
pub fn picture(image: &ColorImage) -> Picture {
    let rgba = image.pixels.iter().flat_map(eframe::egui::Color32::to_srgba_unmultiplied).collect();
    Picture::Pixels { width: image.size[0], height: image.size[1], rgba }
}
