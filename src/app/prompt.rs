//! A path typed by hand, where no file dialog can be opened or a person prefers to type.

use super::dialogs::{Chosen, Wanted};
use super::form::field::named;
use super::theme::{self, Tokens, space};
use eframe::egui::{Context, Id, Label, Modal, RichText, TextEdit, Ui};
use std::path::{Path, PathBuf};

/// The question while it is open.
pub struct Prompt {
    wanted: Wanted,
    /// Why it is asked, if not because a person wanted to type.
    reason: Option<&'static str>,
    text: String,
    wrong: Option<String>,
}

impl Prompt {
    /// Asks for a path.
    #[must_use]
    pub fn new(wanted: Wanted, reason: Option<&'static str>) -> Self {
        Self { wanted, reason, text: String::new(), wrong: None }
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
                let text = RichText::new(word).family(theme::semibold()).color(tokens.on_accent);
                let open = ui.add(eframe::egui::Button::new(text).fill(tokens.accent));
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
        }
        entered
    }

    fn choose(&mut self) -> Option<Chosen> {
        let path = read(&self.text);
        let wrong = if path.as_os_str().is_empty() {
            Some("Type a path first.".to_owned())
        } else if !self.wanted.is_written() && !path.exists() {
            Some(format!("There is no {}.", path.display()))
        } else {
            None
        };
        let good = wrong.is_none();
        self.wrong = wrong;
        good.then(|| Chosen::Paths(self.wanted, vec![path]))
    }
}

/// A path as people type and paste it: in quotes, as an address, or from their home folder.
#[must_use]
pub fn read(text: &str) -> PathBuf {
    let text = text.trim().trim_matches(['"', '\'']);
    let text = text.strip_prefix("file://").unwrap_or(text);
    let home = directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_owned());
    match (text.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => Path::new(text).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_as_people_type_them() {
        assert_eq!(read("  \"/tmp/a b.png\" "), Path::new("/tmp/a b.png"));
        assert_eq!(read("file:///tmp/x.png"), Path::new("/tmp/x.png"));
        assert!(read("~/x.png").is_absolute());
    }
}
