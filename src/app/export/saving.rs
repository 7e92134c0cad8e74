//! From "Save…" to a file: asks for a place, by a dialog or by a typed path, and writes it on a thread of its own.

use super::drawing::Drawing;
use super::table::Table;
use crate::app::dialogs::Dialogs;
use crate::app::form::field::named;
use crate::app::theme::{self, Tokens, space};
use crate::files::write_atomically;
use crossbeam_channel::{Receiver, Sender, unbounded};
use eframe::egui::{Button, Context, Id, Key, Label, Modal, RichText, TextEdit};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a file shall hold. It is put into bytes on the thread that writes it.
#[derive(Clone, Debug)]
pub enum Content {
    /// A text as it stands.
    Text(Arc<str>),
    /// A table with commas.
    Csv(Arc<Table>),
    /// A picture as pixels.
    Png(Arc<Drawing>),
    /// A picture as vectors.
    Svg(Arc<Drawing>),
}

impl Content {
    fn bytes(&self) -> Result<Vec<u8>, String> {
        match self {
            Self::Text(text) => Ok(text.as_bytes().to_vec()),
            Self::Csv(table) => Ok(table.csv().into_bytes()),
            Self::Png(drawing) => drawing.png(),
            Self::Svg(drawing) => Ok(drawing.svg().into_bytes()),
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
}

/// Everything that is on its way to a file.
pub struct Saving {
    /// Waits for a place.
    waiting: Option<(String, Content)>,
    /// The path that is being typed, where no dialog can be opened.
    typed: Option<String>,
    /// The folder of the last file, where the next one is offered.
    folder: Option<PathBuf>,
    send: Sender<Done>,
    receive: Receiver<Done>,
}

impl Default for Saving {
    fn default() -> Self {
        let (send, receive) = unbounded();
        Self { waiting: None, typed: None, folder: None, send, receive }
    }
}

impl Saving {
    /// Asks where this shall go.
    pub fn ask(&mut self, name: String, content: Content, dialogs: &mut dyn Dialogs, ctx: &Context) {
        dialogs.ask_place(&name, self.folder.as_deref(), ctx);
        self.waiting = Some((name, content));
    }

    /// A place was chosen in the dialog.
    pub fn place(&mut self, path: PathBuf, ctx: &Context) {
        if let Some((_, content)) = self.waiting.take() {
            self.write(path, content, ctx);
        }
    }

    /// No dialog could be opened: if something waits for a place, its path is to be typed. Says whether it is so.
    pub fn type_instead(&mut self) -> bool {
        let Some((name, _)) = &self.waiting else { return false };
        let folder = self.folder.clone().or_else(home).unwrap_or_default();
        self.typed = Some(folder.join(name).display().to_string());
        true
    }

    /// Puts a table into the clipboard; [`Self::poll`] brings it when it is written out.
    pub fn copy(&self, table: Arc<Table>, ctx: &Context) {
        self.on_a_thread(ctx, move || Done::Copy(table.tabbed()));
    }

    /// What has been done since the last call.
    pub fn poll(&self) -> Option<Done> {
        self.receive.try_recv().ok()
    }

    fn write(&mut self, path: PathBuf, content: Content, ctx: &Context) {
        self.folder = path.parent().map(Path::to_owned);
        self.on_a_thread(ctx, move || {
            let written =
                content.bytes().and_then(|bytes| write_atomically(&path, &bytes).map_err(|error| error.to_string()));
            match written {
                Ok(()) => Done::Saved(path),
                Err(why) => Done::Failed(format!("Not saved: {why}. Choose another place.")),
            }
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
            // The receiver is ours and still there.
            let _ = self.send.send(Done::Failed(format!("Not saved: no thread can be started: {error}.")));
        }
    }

    /// The question for a path, while there is one.
    pub fn ui(&mut self, ctx: &Context) {
        let Some(mut path) = self.typed.take() else { return };
        let mut save = false;
        let modal = Modal::new(Id::unique("save as")).show(ctx, |ui| {
            let tokens = Tokens::of(ui);
            ui.set_width(420.0);
            ui.label(theme::heading("Save as"));
            ui.add_space(space::XS);
            let why = "No file dialog can be opened on this system, so the path is typed here.";
            ui.add(Label::new(theme::caption(why, &tokens)).wrap());
            ui.add_space(space::S);
            let field = ui.add(TextEdit::singleline(&mut path).desired_width(f32::INFINITY));
            let entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
            if ui.memory(|memory| memory.focused().is_none()) {
                field.request_focus();
            }
            named(ui, field, "Path of the file");
            ui.add_space(space::M);
            ui.horizontal(|ui| {
                let text = RichText::new("Save").family(theme::semibold()).color(tokens.on_accent);
                save = ui.add(Button::new(text).fill(tokens.accent)).clicked() || entered;
                if ui.button("Cancel").clicked() {
                    ui.close();
                }
            });
        });
        if save && !path.trim().is_empty() {
            self.place(path.trim().into(), ctx);
        } else if modal.should_close() {
            self.waiting = None;
        } else {
            self.typed = Some(path);
        }
    }
}

fn home() -> Option<PathBuf> {
    directories::UserDirs::new().map(|dirs| dirs.document_dir().unwrap_or(dirs.home_dir()).to_owned())
}
