//! The keyboard: turns what is pressed into actions, and lists what can be pressed.

use super::commands::{self, Keys};
use crate::action::{Action, RunAction};
use crate::kit::theme::{self, Tokens, space};
use eframe::egui::{Context, Event, Grid, Id, Key, KeyboardShortcut, Modal, Modifiers, Popup, ScrollArea};

/// What comes of keys that are pressed by themselves, and easily by accident.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Stray {
    /// What they are for.
    Acts,
    /// Nothing: while presenting, Space is what turns pages.
    Nothing,
    /// It is said what would act: a run that is on show must not go by such a key.
    Explains,
}

/// Turns keys into actions. Plain keys count only while nothing has the keyboard's focus.
pub fn read(ctx: &Context, stray: Stray, actions: &mut Vec<Action>) {
    keep_place(ctx);
    if ctx.input(|input| input.events.is_empty()) {
        return;
    }
    if ctx.memory(|memory| memory.top_modal_layer().is_some()) {
        // What lies over the window has the keyboard to itself, until Escape closes it: in slow frames the next key comes
        // together with that.
        if ctx.input(|input| finds_after_escape(&input.events)) {
            actions.push(Action::Palette);
        }
        return;
    }
    let free = ctx.memory(|memory| memory.focused().is_none()) && !Popup::is_any_open(ctx);
    let typing = ctx.text_edit_focused();
    let pressed =
        |modifiers, key| ctx.input_mut(|input| input.consume_shortcut(&KeyboardShortcut::new(modifiers, key)));
    let typed = |wanted: &str| {
        ctx.input(|input| input.events.iter().any(|event| matches!(event, Event::Text(text) if text == wanted)))
    };
    let is_open = Popup::is_any_open(ctx);
    if stray == Stray::Nothing && !typing && !is_open && pressed(Modifiers::NONE, Key::Escape) {
        actions.push(Action::Present);
    }
    let mut list = commands::all();
    // Ctrl Shift Z is looked for before Ctrl Z, which it would match, too.
    list.sort_by_key(|command| !matches!(command.keys, Keys::Together(Modifiers { shift: true, .. }, _)));
    for command in list {
        // A field that is being typed into undoes what was typed, and takes it with Enter.
        let theirs =
            typing && matches!(command.action, Action::Undo | Action::Redo | Action::Run(RunAction::StartAnew));
        let hit = match command.keys {
            Keys::Plain(key) => free && stray != Stray::Nothing && pressed(Modifiers::NONE, key),
            Keys::Typed(text) => free && typed(text),
            Keys::Together(modifiers, key) => !theirs && pressed(modifiers, key),
            Keys::None | Keys::Elsewhere(_) => false,
        };
        if hit && stray == Stray::Explains && matches!(command.keys, Keys::Plain(_)) {
            let key = command.keys.in_words();
            let anew = commands::ANEW.in_words();
            actions.push(Action::Notify(format!(
                "{key} does nothing here, so that the run on show stays: Start, or {anew}, trains anew."
            )));
        } else if hit {
            actions.push(command.action);
        }
    }
    if !typing {
        pasted(ctx, actions);
    }
}

/// Escape takes the keyboard away from whatever has it; where it closes what popped up, it goes back to where it was.
fn keep_place(ctx: &Context) {
    let place = Id::unique("the keyboard's place");
    if let Some(now) = ctx.memory(eframe::egui::Memory::focused) {
        ctx.data_mut(|data| data.insert_temp(place, Some(now)));
    } else if let Some(before) = ctx.data_mut(|data| data.remove_temp::<Option<Id>>(place).flatten())
        && Popup::is_any_open(ctx)
        && ctx.input(|input| input.key_pressed(Key::Escape))
    {
        ctx.memory_mut(|memory| memory.request_focus(before));
    }
}

/// Whether Escape is pressed, and behind it what opens the list of commands.
fn finds_after_escape(events: &[Event]) -> bool {
    let mut keys = events.iter().filter_map(|event| match event {
        Event::Key { key, pressed: true, modifiers, .. } => Some((*key, modifiers.command)),
        _ => None,
    });
    keys.any(|(key, _)| key == Key::Escape) && keys.any(|key| key == (Key::K, true))
}

/// What comes from the clipboard while no field takes it.
fn pasted(ctx: &Context, actions: &mut Vec<Action>) {
    ctx.input(|input| {
        for event in &input.events {
            match event {
                Event::PasteImage(image) => {
                    actions.push(Action::Classify(vec![crate::dialogs::picture(image)]));
                }
                Event::Paste(text) => actions.push(Action::PasteText(text.clone())),
                _ => {}
            }
        }
    });
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
        let height = ui.ctx().content_rect().height() - 160.0;
        ScrollArea::vertical().max_height(height).min_scrolled_height(height).show(ui, |ui| {
            ui.set_min_width(400.0);
            Grid::new("shortcuts").num_columns(2).spacing([space::XL, space::XS]).show(ui, |ui| {
                for command in commands::all().into_iter().filter(|command| command.keys != Keys::None) {
                    ui.label(theme::strong(command.keys.in_words()).color(tokens.accent));
                    ui.label(command.title);
                    ui.end_row();
                }
            });
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
