//! No key acts under an open dialog: every one of the list that the window itself shows is tried under every dialog.

use crate::scripted::*;
use eframe::egui::{Event, Key, Modifiers, Theme, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use lab_window::App;
use std::path::Path;

/// Dialogs: what opens each, and something that is seen while it is open.
const DIALOGS: [(&str, &str); 6] = [
    ("about", "Licences"),
    ("keyboard shortcuts", "Keyboard shortcuts"),
    ("", "Command"),
    ("open weights", "Open these weights"),
    ("open an experiment by its path", "Open this path"),
    ("quit", "Stop and close"),
];

/// Every key of the list of shortcuts but those that are egui's own.
fn keys() -> Vec<String> {
    let (mut harness, _script) = window_of(vec2(1440.0, 2400.0), Theme::Dark, false);
    harness.run();
    let before = names(&harness, "");
    command(&mut harness, "keyboard shortcuts");
    let listed = names(&harness, "").into_iter().filter(|name| !before.contains(name));
    let of_egui = ["Ctrl V", "Ctrl +", "Ctrl −", "Ctrl 0"];
    listed.filter(|name| !of_egui.contains(&name.as_str()) && pressed(name).is_some()).collect()
}

/// The key that a list calls so.
fn pressed(words: &str) -> Option<(Modifiers, Key)> {
    let mut modifiers = Modifiers::NONE;
    let mut parts: Vec<&str> = words.split(' ').collect();
    let key = parts.pop()?;
    for part in parts {
        match part {
            "Ctrl" | "Cmd" => modifiers |= Modifiers::COMMAND,
            "Shift" => modifiers |= Modifiers::SHIFT,
            _ => return None,
        }
    }
    Some((modifiers, if key == "?" { Key::Questionmark } else { Key::from_name(key)? }))
}

/// Presses a key as the system reports it: with the letter that it types.
fn press(harness: &mut Harness<'static, App>, words: &str) {
    let (modifiers, key) = pressed(words).expect("a key");
    let letter = match key {
        Key::Space => Some(" "),
        Key::Period => Some("."),
        Key::Questionmark => Some("?"),
        _ => None,
    };
    harness.key_press_modifiers(modifiers, key);
    letter.filter(|_| modifiers.is_none()).into_iter().for_each(|letter| harness.event(Event::Text(letter.to_owned())));
    harness.run_steps(4);
}

fn is_seen(harness: &Harness<'static, App>, mark: &str) -> bool {
    harness.query_all_by_label(mark).next().is_some()
}

/// All that a key could change.
fn state(harness: &Harness<'static, App>, script: &Script) -> String {
    let marks = ["All panels", "Leave", "Preset", "Command", "Open these weights", "Open this path", "Licences"];
    let shown: Vec<bool> = marks.iter().map(|mark| is_seen(harness, mark)).collect();
    let app = harness.state();
    format!(
        "{shown:?} sent {} asked {} places {} phase {:?} generation {} zoom {} plan {:?}",
        script.sent.borrow().len(),
        script.asked.borrow().len(),
        script.places.borrow().len(),
        app.monitor().phase,
        app.monitor().generation,
        harness.ctx.zoom_factor(),
        app.plan()
    )
}

#[test]
fn no_key_acts_under_any_dialog() {
    let keys = keys();
    for known in ["Space", ".", "Ctrl R", "Ctrl S", "Ctrl Shift Z", "F5", "F10", "Ctrl B", "Ctrl Enter", "?"] {
        assert!(keys.iter().any(|key| key == known), "{known} is not among {keys:?}");
    }
    let (mut harness, script) = training(20);
    type_into(&mut harness, "Width, plain", "5");
    for (name, mark) in DIALOGS {
        if name == "quit" {
            ask_to_close(&mut harness);
        } else if name.is_empty() {
            harness.key_press_modifiers(Modifiers::COMMAND, Key::K);
        } else {
            command(&mut harness, name);
        }
        harness.run();
        assert!(is_seen(&harness, mark), "{mark} is not seen: {:?}", names(&harness, mark));
        let before = state(&harness, &script);
        for key in &keys {
            // These press the button that has the focus, which is the dialog's own.
            if name == "quit" && (key == "Space" || key.ends_with("Enter")) {
                continue;
            }
            press(&mut harness, key);
            assert_eq!(state(&harness, &script), before, "{key} under {mark}");
            assert!(is_seen(&harness, mark), "{key} has closed {mark}");
        }
        harness.key_press(Key::Escape);
        harness.run();
        assert!(!is_seen(&harness, mark), "{mark} is left by Escape");
    }
    press(&mut harness, "Space");
    assert!(script.sent(|command| matches!(command, lab_core::protocol::Command::Pause)), "and afterwards they act");
}

#[test]
fn every_dialog_is_tried() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![source];
    let mut count = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else {
                count += std::fs::read_to_string(entry).unwrap().matches("Modal::new(").count();
            }
        }
    }
    assert_eq!(count, DIALOGS.len(), "a new dialog belongs into the list above");
}
