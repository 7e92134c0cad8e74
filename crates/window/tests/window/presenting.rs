//! A presentation: one panel fills the window, keys go from panel to panel, and nothing is lost by it.

use crate::scripted::*;
use eframe::egui::{Key, Modifiers, Theme, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use lab_window::App;

#[test]
fn one_panel_fills_the_window_for_a_projector_and_everything_comes_back() {
    let (mut harness, _script) = window();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::B);
    harness.run();
    assert!(harness.query_by_label("Preset").is_none(), "the form is hidden");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::B);
    harness.run();
    assert!(harness.query_by_label("Preset").is_some());
    command(&mut harness, "projector slides");
    assert!(harness.query_by_label("Preset").is_none() && harness.query_by_label("Log").is_none());
    assert!(harness.ctx.zoom_factor() > 1.3);
    command(&mut harness, "show runs");
    assert!(harness.query_by_label_contains("This window keeps no runs").is_some(), "another panel is as large");
    for key in [Key::F5, Key::F5, Key::Escape] {
        harness.key_press(key);
        harness.run();
    }
    assert!(harness.query_by_label("Preset").is_some() && harness.query_by_label("Log").is_some());
    assert!((harness.ctx.zoom_factor() - 1.0).abs() < 1e-6);
    harness.key_press(Key::F10);
    harness.run();
    click(&mut harness, "All panels");
    assert!(harness.query_by_label("Log").is_some());
    // The pointer is still on the tab.
    click(&mut harness, "Diagram");
    harness.key_press(Key::F10);
    harness.run();
    assert!(!names(&harness, "Colour by").is_empty() && harness.query_by_label("Log").is_none());
}

#[test]
fn a_presentation_starts_nothing_by_space_and_is_over_when_the_window_is_opened_again() {
    let (mut harness, script) = window();
    harness.ctx.set_zoom_factor(1.2);
    harness.run();
    harness.key_press(Key::F5);
    harness.run();
    assert!(harness.ctx.zoom_factor() > 1.5);
    harness.key_press(Key::Space);
    harness.key_press(Key::Period);
    harness.run();
    assert_eq!(script.starts(), 0);
    assert!(harness.query_by_label_contains("settings are changed here").is_none(), "the row of settings is away");
    let kept = kept_of(&mut harness);
    let (mut again, _script) = window_with(vec2(1440.0, 900.0), Theme::Dark, false, Some(kept), Places::default());
    again.run();
    assert!((again.ctx.zoom_factor() - 1.2).abs() < 1e-6, "as large as before presenting");
    harness.key_press(Key::F5);
    harness.run();
    harness.key_press(Key::Space);
    harness.run();
    assert_eq!(script.starts(), 1);
}

#[test]
fn a_presentation_goes_from_panel_to_panel_and_says_how_to_leave() {
    let (mut harness, _script) = window();
    let alone = |harness: &Harness<'static, App>, title: &str| {
        harness.query_by_label("Runs").is_none() && harness.query_by_label(title).is_some()
    };
    harness.key_press(Key::PageDown);
    harness.key_press(Key::F5);
    harness.run();
    assert!(alone(&harness, "Curves"), "page down turns nothing among all panels");
    click(&mut harness, "Next panel");
    assert!(alone(&harness, "Learn"));
    harness.key_press(Key::PageUp);
    harness.run();
    assert!(alone(&harness, "Curves"));
    click(&mut harness, "Leave");
    harness.run();
    assert!(harness.query_by_label("Runs").is_some() && harness.query_by_label("Leave").is_none());
}
