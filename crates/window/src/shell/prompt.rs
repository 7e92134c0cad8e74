//! A path typed by hand, where no file dialog can be opened or a person prefers to type.

use crate::dialogs::{Chosen, FileDialog};
use crate::kit::theme::{self, Tokens, space};
use crate::kit::typed_path;
use crate::kit::widgets::{named, primary};
use eframe::egui::text::{CCursor, CCursorRange};
use eframe::egui::text_edit::TextEditState;
use eframe::egui::{Context, Id, Label, Modal, RichText, TextEdit, Ui, Vec2};
use std::path::PathBuf;

/// The question while it is open.
pub struct Prompt {
    wanted: FileDialog,
    /// Why it is asked, if not because a person wanted to type.
    reason: Option<&'static str>,
    text: String,
    wrong: Option<String>,
    /// A file that is there, of which a person was warned.
    known: Option<PathBuf>,
}

impl Prompt {
    /// Asks for a path.
    #[must_use]
    pub fn new(wanted: FileDialog, reason: Option<&'static str>) -> Self {
        Self { wanted, reason, text: String::new(), wrong: None, known: None }
    }

    /// With something to begin with.
    #[must_use]
    pub fn with(mut self, text: String) -> Self {
        self.text = text;
        self
    }

    /// Draws the question; whether it stays open, and what was chosen.
    pub fn ui(&mut self, ctx: &Context) -> (bool, Option<Chosen>) {
        let mut chosen = None;
        let modal = Modal::new(Id::unique("path")).show(ctx, |ui| {
            let tokens = Tokens::of(ui);
            ui.set_width(440.0);
            ui.label(theme::heading(self.wanted.title()));
            if let Some(reason) = self.reason {
                ui.add(Label::new(theme::caption(reason, &tokens)).wrap());
            }
            ui.add_space(space::S);
            let entered = self.field(ui);
            if let Some(wrong) = &self.wrong {
                ui.add(Label::new(RichText::new(wrong).color(tokens.error)).wrap());
            }
            ui.add_space(space::M);
            ui.horizontal(|ui| {
                let word = if self.wanted.is_written() { "Save" } else { "Open" };
                let open = primary(ui, true, word, Vec2::ZERO);
                if named(ui, open, &format!("{word} this path")).clicked() || entered {
                    chosen = self.choose();
                }
                if ui.button("Cancel").clicked() {
                    ui.close();
                }
            });
        });
        (chosen.is_none() && !modal.should_close(), chosen)
    }

    /// The field; whether Enter was pressed in it.
    fn field(&mut self, ui: &mut Ui) -> bool {
        let edit = TextEdit::singleline(&mut self.text).hint_text("/path/to/it").desired_width(f32::INFINITY);
        let response = ui.add(edit);
        let entered = response.lost_focus() && ui.input(|input| input.key_pressed(eframe::egui::Key::Enter));
        if response.changed() {
            self.wrong = None;
        }
        let response = named(ui, response, "Path");
        if ui.memory(|memory| memory.focused().is_none()) {
            response.request_focus();
            // What is suggested is typed over.
            let mut state = TextEditState::load(ui.ctx(), response.id).unwrap_or_default();
            let all = CCursorRange::two(CCursor::new(0), CCursor::new(self.text.chars().count()));
            state.cursor.set_char_range(Some(all));
            state.store(ui.ctx(), response.id);
        }
        entered
    }

    fn choose(&mut self) -> Option<Chosen> {
        let path = typed_path::read(&self.text);
        let wrong = if path.as_os_str().is_empty() {
            Some("Type a path first.".to_owned())
        } else if !self.wanted.is_written() && !path.exists() {
            Some(format!("There is no {}.", path.display()))
        } else if self.wanted == FileDialog::Export && path.is_file() && self.known.as_ref() != Some(&path) {
            let warning = format!("{} is there already. Press Save again to replace it.", path.display());
            self.known = Some(path.clone());
            Some(warning)
        } else {
            None
        };
        let good = wrong.is_none();
        self.wrong = wrong;
        good.then(|| Chosen::Paths(self.wanted, vec![path]))
    }
}
