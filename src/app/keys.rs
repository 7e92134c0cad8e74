//! The keyboard: which keys do what, and the list of them.

use super::action::Action;
use super::theme::{self, Tokens, space};
use eframe::egui::{Context, Event, Grid, Id, Key, KeyboardShortcut, Modal, Modifiers, ViewportCommand};

const COMMAND_SHIFT: Modifiers = Modifiers { shift: true, ..Modifiers::COMMAND };

/// Every shortcut, as the list shows it.
const SHORTCUTS: [(&str, &str); 12] = [
    ("Space", "Start, pause, continue"),
    (".", "One step, then pause"),
    ("Ctrl .", "Stop with a checkpoint"),
    ("Ctrl R", "Reset: end the run and clear the plots"),
    ("Ctrl O", "Open pictures to classify"),
    ("Ctrl V", "Classify the picture in the clipboard"),
    ("Ctrl Z", "Undo a change of the form"),
    ("Ctrl Shift Z", "Redo"),
    ("Ctrl + and Ctrl −", "Zoom; Ctrl 0 for the usual size"),
    ("F11", "Full screen"),
    ("?", "This list"),
    ("Ctrl Q", "Quit"),
];

/// Turns keys into actions. Plain keys count only while nothing has the keyboard's focus.
pub fn read(ctx: &Context, actions: &mut Vec<Action>) {
    if ctx.input(|input| input.events.is_empty()) {
        return;
    }
    let free = ctx.memory(|memory| memory.focused().is_none());
    let typing = ctx.text_edit_focused();
    let pressed =
        |modifiers, key| ctx.input_mut(|input| input.consume_shortcut(&KeyboardShortcut::new(modifiers, key)));
    if free {
        if pressed(Modifiers::NONE, Key::Space) {
            actions.push(Action::Toggle);
        }
        if pressed(Modifiers::NONE, Key::Period) {
            actions.push(Action::Step);
        }
        let asked =
            ctx.input(|input| input.events.iter().any(|event| matches!(event, Event::Text(text) if text == "?")));
        if asked {
            actions.push(Action::Shortcuts);
        }
    }
    if !typing {
        if pressed(COMMAND_SHIFT, Key::Z) {
            actions.push(Action::Redo);
        }
        if pressed(Modifiers::COMMAND, Key::Z) {
            actions.push(Action::Undo);
        }
        let picture = ctx.input(|input| {
            input
                .events
                .iter()
                .find_map(|event| if let Event::PasteImage(image) = event { Some(image.clone()) } else { None })
        });
        if let Some(image) = picture {
            actions.push(Action::Classify(vec![super::dialogs::picture(&image)]));
        }
    }
    for (modifiers, key, action) in [
        (Modifiers::COMMAND, Key::Period, Action::Stop),
        (Modifiers::COMMAND, Key::R, Action::Reset),
        (Modifiers::COMMAND, Key::O, Action::ChoosePictures),
        (Modifiers::COMMAND, Key::Q, Action::Quit),
    ] {
        if pressed(modifiers, key) {
            actions.push(action);
        }
    }
    if pressed(Modifiers::NONE, Key::F11) {
        let full = ctx.input(|input| input.viewport().fullscreen.unwrap_or(false));
        ctx.send_viewport_cmd(ViewportCommand::Fullscreen(!full));
    }
}

/// The list of shortcuts.
pub fn list(ctx: &Context, open: &mut bool) {
    if !*open {
        return;
    }
    let modal = Modal::new(Id::unique("shortcuts")).show(ctx, |ui| {
        let tokens = Tokens::of(ui);
        ui.label(theme::heading("Keyboard shortcuts"));
        ui.add_space(space::S);
        Grid::new("shortcuts").num_columns(2).spacing([space::XL, space::XS]).show(ui, |ui| {
            for (keys, what) in SHORTCUTS {
                ui.label(theme::strong(keys).color(tokens.accent));
                ui.label(what);
                ui.end_row();
            }
        });
        ui.add_space(space::M);
        if ui.button("Close").clicked() {
            ui.close();
        }
    });
    if modal.should_close() {
        *open = false;
    }
}
