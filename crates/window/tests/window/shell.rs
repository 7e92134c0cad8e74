//! Menus, the palette, shortcuts, panels that are moved and remembered, and names for those who cannot see.

use crate::form::unfold;
use crate::pictures::pictured;
use crate::scripted::*;
use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers, Pos2, Rect, Theme, ThemePreference, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use lab_core::instrument::{Instrument, Question};
use lab_core::protocol::Command;
use lab_window::App;
use std::collections::HashSet;

#[test]
fn the_palette_does_what_a_few_letters_name() {
    let (mut harness, script) = window();
    command(&mut harness, "theme light");
    assert_eq!(harness.ctx.options(|options| options.theme_preference), ThemePreference::Light);
    command(&mut harness, "prer32");
    assert_eq!(harness.state().plan().name, "resnet32");
    command(&mut harness, "start");
    assert_eq!(script.starts(), 1);
    command(&mut harness, "zoom in");
    assert!(harness.ctx.zoom_factor() > 1.0);
    assert!(harness.query_by_label("Command").is_none(), "it closes");
}

#[test]
fn the_palette_is_steered_by_arrows_and_left_by_escape() {
    let (mut harness, script) = window();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::K);
    harness.run();
    harness.get_by_label("Command").type_text("by its path");
    harness.run();
    // The experiment's comes first, the run's second.
    harness.key_press(Key::ArrowDown);
    harness.run();
    harness.key_press(Key::ArrowDown);
    harness.run();
    harness.key_press(Key::ArrowUp);
    harness.run();
    harness.key_press(Key::Enter);
    harness.run();
    assert!(harness.query_by_label("The folder of a run").is_some());
    harness.key_press(Key::Escape);
    harness.run();
    assert!(harness.query_by_label("The folder of a run").is_none());
    harness.key_press_modifiers(Modifiers::COMMAND, Key::K);
    harness.run();
    harness.get_by_label("Command").type_text("xyzzy");
    harness.run();
    assert!(harness.query_by_label("No command is called that.").is_some());
    harness.key_press(Key::Escape);
    harness.run();
    assert!(harness.query_by_label("Command").is_none());
    assert_eq!(script.starts(), 0);
}

#[test]
fn menus_hold_every_command() {
    let (mut harness, script) = window();
    harness.get_by_label("Menu").click();
    harness.run();
    for menu in ["File", "Edit", "Run", "View", "Help"] {
        assert!(harness.query_by_role_and_label(Role::Button, menu).is_some(), "{menu}");
    }
    harness.get_by_role_and_label(Role::Button, "File").click();
    harness.run();
    let save = harness.get_by_label_contains("Save the experiment…");
    save.click();
    harness.run();
    assert_eq!(*script.places.borrow(), ["experiment.toml"]);
}

#[test]
fn the_fonts_have_every_letter_of_every_explanation() {
    let (harness, _script) = window();
    let font = eframe::egui::FontId::proportional(13.0);
    for about in Instrument::ALL.iter().map(|instrument| instrument.about()) {
        for text in [about.title, about.what, about.formula, about.reference] {
            let has = |letter: &str| harness.ctx.fonts_mut(|fonts| fonts.has_glyphs(&font, letter));
            let missing: String = text.chars().filter(|letter| !has(&letter.to_string())).collect();
            assert_eq!(missing, "", "{}: {text}", about.title);
        }
    }
}

#[test]
fn shortcuts_are_listed_under_a_question_mark() {
    let (mut harness, _script) = window();
    harness.event(eframe::egui::Event::Text("?".into()));
    harness.run_steps(8);
    for (keys, what) in [("Space", "Start, pause or continue"), ("Ctrl K", "Find a command"), ("F11", "Full screen")] {
        assert!(harness.query_by_label(keys).is_some(), "{keys}");
        assert!(harness.query_by_label(what).is_some(), "{what}");
    }
    harness.get_by_label("Close").click();
    harness.run_steps(8);
    assert!(harness.query_by_label("Find a command").is_none());
}

#[test]
fn about_names_version_device_and_licences() {
    let (mut harness, _script) = window();
    command(&mut harness, "about");
    assert!(harness.query_by_label(&format!("Version {}", env!("CARGO_PKG_VERSION"))).is_some());
    assert!(harness.query_by_label("Computes on").is_some());
    click(&mut harness, "Inter typeface: SIL Open Font License 1.1");
    assert!(harness.query_by_label_contains("SIL OPEN FONT LICENSE").is_some());
    for licence in ["Residual Lab: MIT or Apache 2.0", "Fashion-MNIST images (Zalando Research): MIT"] {
        assert!(harness.query_by_label(licence).is_some(), "{licence}");
    }
}

fn tab(harness: &Harness<'static, App>, title: &str) -> Rect {
    harness.get_by_role_and_label(Role::Button, title).rect()
}

/// Drags the log to the curves; from where to where.
pub fn move_the_log(harness: &mut Harness<'static, App>) -> (Pos2, Pos2) {
    let (from, to) = (tab(harness, "Log").center(), tab(harness, "Curves").center());
    harness.drag_at(from);
    for share in [0.1, 0.5, 0.9, 1.0] {
        harness.hover_at(from + (to - from) * share);
        harness.run_steps(2);
    }
    harness.drop_at(to);
    harness.run();
    (from, to)
}

#[test]
fn panels_are_moved_by_drag_and_stay_there_after_a_restart() {
    let (mut harness, _script) = window();
    let (from, to) = move_the_log(&mut harness);
    assert!(from.x - to.x > 300.0, "the log begins on the other side");
    let moved = tab(&harness, "Log");
    assert!((moved.center() - to).length() < 200.0, "the log lies beside the curves: {moved:?}");

    let mut storage = Storage::default();
    eframe::App::save(harness.state_mut(), &mut storage);
    let (mut again, _script) =
        window_with(vec2(1440.0, 900.0), Theme::Dark, false, Some(Box::leak(Box::new(storage))), Places::default());
    again.run();
    let kept = tab(&again, "Log");
    assert!((kept.center() - moved.center()).length() < 1.0, "{kept:?} and {moved:?}");
    command(&mut again, "reset the layout");
    assert!((tab(&again, "Log").center() - from).length() < 1.0);
}

/// A window that finds this where the layout is kept.
fn window_after(layout: &str) -> Harness<'static, App> {
    let mut storage = Storage::default();
    eframe::Storage::set_string(&mut storage, "panels", layout.to_owned());
    let kept: &'static dyn eframe::Storage = Box::leak(Box::new(storage));
    let (mut harness, _script) = window_with(vec2(1440.0, 900.0), Theme::Dark, false, Some(kept), Places::default());
    harness.run();
    harness
}

#[test]
fn what_the_first_version_kept_is_replaced_by_the_first_layout() {
    let (mut fresh, _script) = window();
    for kept in [include_str!("kept-0.1.ron"), "neither a layout nor anything else"] {
        let mut harness = window_after(kept);
        for panel in ["Curves", "Gradients", "Classify"] {
            assert_eq!(tab(&harness, panel), tab(&fresh, panel), "{panel}");
        }
        assert_eq!(panels(&mut harness), panels(&mut fresh));
    }
}

#[test]
fn a_layout_of_another_version_keeps_what_it_knows_and_gets_the_rest() {
    let (mut harness, _script) = window();
    let mut storage = Storage::default();
    eframe::App::save(harness.state_mut(), &mut storage);
    // As if a version had been left that had no log, but another panel, and had it elsewhere.
    let layout = &storage.0["panels"];
    let other = layout.replace("\"log\"", "\"forecast\"").replace("1.45", "0.5");
    assert_ne!(*layout, other);
    let mut again = window_after(&other);
    let at = |harness, panel| tab(harness, panel).left();
    assert!(at(&again, "Gradients") < at(&harness, "Gradients") - 100.0, "the rest is as it was left");
    assert!(at(&again, "Log") > at(&again, "Classify"), "a new panel lies beside its neighbours");
    command(&mut again, "show log");
    assert!(again.query_by_label_contains("What happens to a run is written down here").is_some());
}

#[test]
fn a_view_is_remembered_after_a_restart_whatever_became_of_the_others() {
    let (mut harness, _script) = window();
    type_into(&mut harness, "Top", "7");
    let mut storage = Storage::default();
    eframe::App::save(harness.state_mut(), &mut storage);
    storage.0.insert("panels.curves".into(), "(axis: Fathoms)".into());
    let (mut again, _script) =
        window_with(vec2(1440.0, 900.0), Theme::Dark, false, Some(Box::leak(Box::new(storage))), Places::default());
    again.run();
    let top = again.get_by_label("Top").accesskit_node().value();
    assert_eq!(top.as_deref(), Some("7"));
}

#[test]
fn speeds_are_remembered_after_a_restart() {
    let (mut harness, script) = window();
    harness.get_by_label("Start").click();
    harness.run();
    script.train(&script.started(), 20);
    harness.run();
    let mut storage = Storage::default();
    eframe::App::save(harness.state_mut(), &mut storage);
    let (mut again, _script) =
        window_with(vec2(1440.0, 900.0), Theme::Dark, false, Some(Box::leak(Box::new(storage))), Places::default());
    again.run();
    assert_eq!(again.query_all_by_label_contains("to train · about 47 s on").count(), 2);
}

/// The titles of all panels, as the palette offers to show them.
pub fn panels(harness: &mut Harness<'static, App>) -> Vec<String> {
    harness.key_press_modifiers(Modifiers::COMMAND, Key::K);
    harness.run();
    let offered = names(harness, "Show ");
    harness.key_press(Key::Escape);
    harness.run();
    let panels = offered.iter().filter_map(|title| title.strip_prefix("Show "));
    panels.filter(|title| *title != "or hide the form").map(str::to_owned).collect()
}

#[test]
fn everything_that_can_be_used_has_a_name() {
    let (mut harness, script) = window();
    for section in ["Data", "Training", "Optimiser", "Schedule", "Augmentation", "Device"] {
        unfold(&mut harness, section);
    }
    click(&mut harness, "More of plain");
    script.train(&lab_core::experiment::Experiment::check(harness.state().plan().clone()).unwrap(), 40);
    harness.run();
    let panels = panels(&mut harness);
    assert!(panels.len() >= 12, "{panels:?}");
    for panel in panels {
        command(&mut harness, &format!("show {panel}"));
        let roles = [Role::Button, Role::CheckBox, Role::ComboBox, Role::Slider, Role::SpinButton, Role::TextInput];
        for role in roles {
            for node in harness.query_all_by_role(role) {
                let node = node.accesskit_node();
                let named = node.label().is_some_and(|label| !label.trim().is_empty());
                assert!(named, "a {role:?} at {:?} has no name while {panel} is shown", node.bounding_box());
            }
        }
    }
}

#[test]
fn the_palette_finds_every_button_of_every_panel_and_presses_it() {
    let (mut harness, script) = training(40);
    let mut found: HashSet<String> = HashSet::new();
    for panel in panels(&mut harness) {
        command(&mut harness, &format!("show {panel}"));
        let roles = [Role::Button, Role::CheckBox];
        let shown = roles.into_iter().flat_map(|role| harness.query_all_by_role(role).collect::<Vec<_>>());
        let usable = shown.map(|node| node.accesskit_node()).filter(|node| !node.is_disabled());
        let mut buttons: Vec<String> = usable.filter_map(|node| node.label()).collect();
        assert!(buttons.len() > 8, "{panel}: {buttons:?}");
        buttons.retain(|name| name.chars().count() > 1 && found.insert(name.clone()));
        harness.key_press_modifiers(Modifiers::COMMAND, Key::K);
        harness.run();
        for name in buttons {
            harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
            harness.get_by_label("Command").type_text(&name);
            harness.run();
            assert!(harness.query_all_by_label(&name).count() > 0, "{name} of {panel} is not found");
            assert!(harness.query_by_label("No command is called that.").is_none(), "{name} of {panel} is not found");
        }
        harness.key_press(Key::Escape);
        harness.run();
    }
    command(&mut harness, "show landscape");
    command(&mut harness, "compute loss landscape");
    assert!(script.sent(|command| matches!(command, Command::Ask { question: Question::Surface { .. }, .. })));
}

#[test]
#[allow(clippy::redundant_closure_for_method_calls, reason = "the method itself is not general in its lifetime")]
fn the_whole_window_can_be_walked_through_by_tab() {
    let (mut harness, script) = window();
    // Tab, then the arrow to Start, then Space: no mouse.
    let mut seen = Vec::new();
    for _ in 0..60 {
        harness.key_press(Key::Tab);
        harness.run();
        let focused = harness.query_all(egui_kittest::kittest::by().predicate(|node| node.is_focused())).next();
        let label = focused.and_then(|node| node.accesskit_node().label()).unwrap_or_default();
        seen.push(label);
    }
    for wanted in ["Start", "Step", "Menu", "Preset", "Name, plain", "Depth, plain", "Shortcut, plain"] {
        assert!(seen.iter().any(|label| label == wanted), "{wanted} is not among {seen:?}");
    }
    assert_eq!(script.starts(), 0);
}

fn pictures_of_windows(theme: Theme, name: &str) {
    pictured(theme, |harness, _, snapshot| {
        harness.key_press_modifiers(Modifiers::COMMAND, Key::K);
        harness.run();
        harness.get_by_label("Command").type_text("show");
        snapshot(harness, &format!("palette_{name}"));
        harness.key_press(Key::Escape);
        harness.run();
        command(harness, "about");
        snapshot(harness, &format!("about_{name}"));
    });
}

#[test]
fn windows_look_as_before_in_the_dark() {
    pictures_of_windows(Theme::Dark, "dark");
}

#[test]
fn windows_look_as_before_in_the_light() {
    pictures_of_windows(Theme::Light, "light");
}

#[test]
fn nothing_below_the_bar_moves_while_a_run_begins() {
    let (mut harness, script) = window();
    let top = |harness: &Harness<'static, App>| harness.get_by_label("Duplicate plain").rect().top();
    let before = top(&harness);
    harness.get_by_label("Start").click();
    harness.run();
    assert_eq!(top(&harness), before, "while images are read");
    for steps in [1, 40] {
        script.train(&script.started(), steps);
        harness.run();
        assert_eq!(top(&harness), before, "after {steps} steps");
    }
}

#[test]
fn the_question_is_not_asked_any_more_once_training_has_begun() {
    let (mut harness, script) = window();
    assert!(harness.query_by_label("Guess: plain").is_some());
    harness.get_by_label("Start").click();
    script.say(lab_core::protocol::Event::Phase(lab_core::protocol::Phase::Loading));
    harness.run();
    assert!(harness.query_by_label("Guess: plain").is_none());
}
