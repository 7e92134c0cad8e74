//! The command palette: a few letters of any command find it, or of a button that is in sight.

use super::commands::{self, MenuCommand};
use super::sight;
use crate::action::Action;
use crate::kit::theme::{self, Tokens, space};
use crate::kit::widgets::named;
use crate::state::Monitor;
use eframe::egui::{
    Align, Align2, Button, Context, Id, Key, Modal, Modifiers, Response, RichText, ScrollArea, TextEdit, Ui, vec2,
};

/// The most of the list that is in view, in points.
const LIST: f32 = 320.0;

/// The palette while it is open.
#[derive(Default)]
pub struct Palette {
    query: String,
    chosen: usize,
}

impl Palette {
    /// Opens the palette, which looks at what buttons there are.
    #[must_use]
    pub fn opened(ctx: &Context) -> Self {
        sight::look(ctx);
        Self::default()
    }

    /// Draws the palette; whether it stays open.
    pub fn ui(&mut self, ctx: &Context, monitor: &Monitor, actions: &mut Vec<Action>) -> bool {
        let step = |key| ctx.input_mut(|input| input.count_and_consume_key(Modifiers::NONE, key));
        let (down, up) = (step(Key::ArrowDown), step(Key::ArrowUp));
        let mut done = false;
        let id = Id::unique("palette");
        // Its upper edge stays where it is however many commands are found.
        let area = Modal::default_area(id).anchor(Align2::CENTER_TOP, vec2(0.0, 96.0));
        let modal = Modal::new(id).area(area).show(ctx, |ui| {
            ui.set_width(460.0);
            let edit = TextEdit::singleline(&mut self.query).hint_text("Find a command").desired_width(f32::INFINITY);
            let response = ui.add(edit);
            let entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
            if response.changed() {
                self.chosen = 0;
            }
            let response = named(ui, response, "Command");
            if !entered {
                response.request_focus();
            }
            let found = matching(&self.query, monitor, sight::seen(ctx));
            self.chosen = (self.chosen + down).saturating_sub(up).min(found.len().saturating_sub(1));
            ui.add_space(space::S);
            // However short the list was last time.
            let list = ScrollArea::vertical().max_height(LIST).min_scrolled_height(LIST);
            list.auto_shrink([false, true]).show(ui, |ui| {
                if found.is_empty() {
                    ui.label(theme::caption("No command is called that.", &Tokens::of(ui)));
                }
                for (index, entry) in found.into_iter().enumerate() {
                    let chosen = index == self.chosen;
                    let row = row(ui, &entry, chosen);
                    if chosen && down + up > 0 {
                        row.scroll_to_me(Some(Align::Center));
                    }
                    if row.clicked() || chosen && entered {
                        actions.push(entry.action);
                        done = true;
                    }
                }
            });
        });
        !done && !modal.should_close()
    }
}

/// What the palette has found.
struct Match {
    title: String,
    /// What stands beside it: the keys that do the same.
    aside: String,
    action: Action,
}

fn row(ui: &mut Ui, entry: &Match, chosen: bool) -> Response {
    let tokens = Tokens::of(ui);
    let aside = RichText::new(&entry.aside).size(theme::size::SMALL).color(tokens.weak);
    let button = Button::selectable(chosen, &entry.title).shortcut_text(aside);
    // Some buttons are called by a whole sentence.
    let row = ui.add(button.truncate().min_size(vec2(ui.available_width(), theme::ROW)));
    named(ui, row, &entry.title)
}

/// The commands that can be used now and that the query finds, best first; behind those that it fits as well, buttons.
fn matching(query: &str, monitor: &Monitor, buttons: Vec<sight::Button>) -> Vec<Match> {
    let commands = commands::all();
    // Buttons of the palette itself, and of the bar, are called as the commands that they stand for.
    let named = |name: &str| commands.iter().any(|command| command.title == name);
    let buttons = buttons.into_iter().filter(|button| begins(query, &button.name) && !named(&button.name));
    let buttons = buttons.filter_map(|sight::Button { name, id }| {
        Some((score(query, &name)?, Match { title: name, aside: "in sight".to_owned(), action: Action::Press(id) }))
    });
    let buttons: Vec<(i32, Match)> = buttons.collect();
    let possible = commands.into_iter().filter(|command| command.is_possible(monitor));
    let possible = possible.filter_map(|command| {
        let fits = fits(query, &command)?;
        Some((fits, Match { aside: command.keys.in_words(), title: command.title, action: command.action }))
    });
    let mut found: Vec<(i32, Match)> = possible.chain(buttons).collect();
    found.sort_by_key(|(score, _)| -score);
    found.into_iter().map(|(_, entry)| entry).collect()
}

/// Whether there are words, and each of them begins a word of a name: of many names, letters alone would find too many.
fn begins(query: &str, name: &str) -> bool {
    let [query, name] = [query, name].map(str::to_lowercase);
    let words = |text| str::split(text, |letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    let known = |word: &str| words(&name).any(|of| of.starts_with(word));
    words(&query).next().is_some() && words(&query).all(known)
}

/// What people call panels, and going to one.
const OF_PANELS: &str = "panel tab open go to";

/// How well a command fits: by its title, or by whole words of it and others that are used for it, which count less.
fn fits(query: &str, command: &MenuCommand) -> Option<i32> {
    let query_words = || query.split_whitespace().map(str::to_lowercase);
    let title = command.title.to_lowercase();
    let of_panels = if matches!(command.action, Action::Show(_)) { OF_PANELS } else { "" };
    let known = || title.split(' ').chain(command.also.split(' ')).chain(of_panels.split(' '));
    let begins = |word: &String| known().any(|known| known.starts_with(word.as_str()));
    let by_words = (query.trim().len() > 2 && query_words().all(|word| begins(&word))).then_some(0);
    score(query, &command.title).max(by_words)
}

/// How well the letters of a query fit a title, in their order; `None` if they do not. Beginnings of words and letters
/// that follow each other count more.
fn score(query: &str, title: &str) -> Option<i32> {
    let title: Vec<char> = title.chars().flat_map(char::to_lowercase).collect();
    let begins = |at: usize| at == 0 || !title[at - 1].is_alphanumeric();
    // For each place in the title the best score of the letters so far if the last of them is there.
    let mut best: Option<Vec<Option<i32>>> = None;
    for letter in query.chars().flat_map(char::to_lowercase).filter(|letter| !letter.is_whitespace()) {
        let before = |at: usize| match &best {
            None => Some(0),
            Some(best) => (0..at).filter_map(|last| Some(best[last]? + if last + 1 == at { 5 } else { 0 })).max(),
        };
        let here = |at: usize| Some(before(at)? + 1 + 4 * i32::from(begins(at)) + 2 * i32::from(at == 0));
        let next: Vec<_> = (0..title.len()).map(|at| if title[at] == letter { here(at) } else { None }).collect();
        // However much was typed or pasted, a title is left at the first letter that it has not.
        next.iter().flatten().next()?;
        best = Some(next);
    }
    best.map_or(Some(0), |best| best.into_iter().flatten().max())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(query: &str) -> Option<String> {
        matching(query, &Monitor::default(), Vec::new()).into_iter().next().map(|command| command.title)
    }

    #[test]
    fn a_few_letters_find_a_command() {
        for (query, title) in [
            ("theme light", "Theme: light"),
            ("thli", "Theme: light"),
            ("quit", "Quit"),
            ("show grad", "Show Gradients"),
            ("panel curves", "Show Curves"),
            ("open confusion", "Show Confusion"),
            ("res", "Reset: end the run and clear the plots"),
            ("r110", "Preset resnet110"),
            ("showclassify", "Show Classify"),
        ] {
            assert_eq!(first(query).as_deref(), Some(title), "{query}");
        }
        assert_eq!(first("zzz"), None);
        for (other, title) in [
            ("sweep", "Show Study"),
            ("hyperparameters", "Show Study"),
            ("grad-cam", "Show Explain"),
            ("projector", "Full screen"),
            ("pretrained", "Open weights from a file…"),
            ("ablation", "Show Lesions"),
            ("export onnx", "Save the run's networks as ONNX…"),
            ("open the last run", "Open the last run"),
            ("open study", "Open a study from its folder…"),
        ] {
            assert_eq!(first(other).as_deref(), Some(title), "{other}");
        }
        let found = matching("bundle", &Monitor::default(), Vec::new());
        let finds = |title: &str| found.iter().any(|entry| entry.title == title);
        assert!(finds("Save the run as a zip file…") && !finds("Save the run as a web page…"), "a page is no bundle");
        assert_eq!(
            matching("", &Monitor::default(), Vec::new()).len(),
            matching(" ", &Monitor::default(), Vec::new()).len()
        );
    }

    #[test]
    fn what_cannot_be_done_now_is_not_offered() {
        assert!(
            matching("checkpoint", &Monitor::default(), Vec::new())
                .iter()
                .all(|command| !command.title.starts_with("Write"))
        );
    }
}
