//! The diagram: every block and shortcut, what they cost, what goes on in them, and choosing one.

use crate::exports::save_of;
use crate::pictures::pictured;
use crate::scripted::*;
use eframe::egui::accesskit::Toggled;
use eframe::egui::{Event, Theme, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use lab_window::App;

fn diagram() -> (Harness<'static, App>, Script) {
    let (mut harness, script) = window();
    command(&mut harness, "show diagram");
    (harness, script)
}

fn count(harness: &Harness<'static, App>, text: &str) -> usize {
    harness.query_all_by_label_contains(text).count()
}

#[test]
fn every_block_is_drawn_with_its_shortcut() {
    let (harness, _script) = diagram();
    assert_eq!(count(&harness, ", plain: "), 29, "27 blocks, stem and head");
    assert_eq!(count(&harness, ", no shortcut, "), 27);
    assert_eq!(count(&harness, ", identity shortcut, "), 25);
    assert_eq!(count(&harness, ", zero-padded shortcut, "), 2);
    assert!(harness.query_by_label_contains("block 2.0, residual: 8×28×28 to 16×14×14, zero-padded").is_some());
}

#[test]
fn the_form_changes_the_drawing() {
    let (mut harness, _script) = diagram();
    type_into(&mut harness, "Depth, residual", "20");
    assert_eq!(count(&harness, "shortcut, "), 27 + 9);
    choose(&mut harness, "Shortcut, residual", "D: pooled, projected");
    assert_eq!(count(&harness, ", pooled projection shortcut, "), 2);
    type_into(&mut harness, "Depth, residual", "21");
    assert!(harness.query_by_label_contains("This network is drawn once its fields are corrected").is_some());
    assert_eq!(count(&harness, "shortcut, "), 27);
}

#[test]
fn the_pointer_shows_what_a_block_costs() {
    let (mut harness, _script) = diagram();
    harness.get_by_label_contains("block 1.0, plain").hover();
    // Tooltips wait a quarter of a second.
    harness.run_steps(40);
    assert!(harness.query_by_label_contains("conv1: 3×3 conv, 8×28×28").is_some());
    assert!(harness.query_by_label("block 1.0 (PyTorch: layer1.0)").is_some(), "one name, and PyTorch's beside it");
    assert!(harness.query_by_label("8×28×28 → 8×28×28").is_some());
}

#[test]
fn a_click_selects_a_block_and_another_lets_go_of_it() {
    let (mut harness, _script) = diagram();
    harness.get_by_label_contains("block 2.3, residual").click();
    harness.run();
    let selected = harness.state().selected().cloned().expect("a block is selected");
    assert_eq!((selected.arm.as_str(), selected.block.as_str()), ("residual", "layer2.3"));
    let node = harness.get_by_label_contains("block 2.3, residual");
    assert_eq!(node.accesskit_node().toggled(), Some(Toggled::True));
    node.click();
    harness.run();
    assert_eq!(harness.state().selected(), None);
}

#[test]
fn a_selected_block_is_looked_at_on_other_panels() {
    let (mut harness, _script) = training(20);
    command(&mut harness, "show diagram");
    harness.get_by_label_contains("block 2.3, residual").click();
    harness.run();
    command(&mut harness, "show explain");
    choose(&mut harness, "What is shown of the image", "Feature maps");
    let shown = harness.get_by_label("Block that is shown").accesskit_node().value();
    assert_eq!(shown.as_deref(), Some("block 2.3"));
}

#[test]
fn blocks_are_coloured_by_what_goes_on_in_them() {
    let (mut harness, script) = diagram();
    assert!(harness.query_by_label_contains("each time gradients are measured").is_some());
    harness.get_by_label("Start").click();
    harness.run();
    script.train(&script.started(), 20);
    harness.run();
    assert_eq!(count(&harness, "log scale, all arms"), 2, "the scale is named, as beside the gradients");
    harness.get_by_label_contains("block 1.0, plain").hover();
    harness.run_steps(40);
    assert!(harness.query_by_label_contains("Output std 1.00").is_some());
    choose(&mut harness, "Colour by", "Nothing");
    assert_eq!(count(&harness, "log scale, all arms"), 1);
}

#[test]
fn a_hundred_and_ten_layers_can_be_read() {
    let (mut harness, _script) = diagram();
    choose(&mut harness, "Preset", "resnet110");
    assert_eq!(count(&harness, "shortcut, "), 54);
    harness.get_by_label("Fit").click();
    harness.run();
    assert!(harness.get_by_label("Fit").accesskit_node().is_disabled());
}

/// How wide a block is drawn.
fn width(harness: &Harness<'static, App>) -> f32 {
    harness.get_by_label_contains("block 1.0, plain").rect().width()
}

#[test]
fn the_diagram_is_zoomed_by_buttons_and_by_the_wheel_and_fits_again() {
    let (mut harness, _script) = diagram();
    assert!(harness.get_by_label("Fit").accesskit_node().is_disabled());
    let fitting = width(&harness);
    for (button, wanted) in [("Zoom in", 1.25), ("Zoom in", 1.5625), ("Zoom out", 1.25)] {
        harness.get_by_label(button).click();
        harness.run();
        assert!((width(&harness) / fitting - wanted).abs() < 0.01, "{} of {fitting}", width(&harness));
    }
    harness.get_by_label_contains(" %").click();
    harness.run();
    assert_eq!(width(&harness), 80.0, "all layers are written inside");
    assert!(harness.query_by_label("100 %").is_some());
    let at = harness.get_by_label_contains("block 1.0, plain").rect().center();
    harness.hover_at(at);
    harness.run();
    harness.event(Event::Zoom(1.5));
    harness.run();
    assert!((width(&harness) - 120.0).abs() < 0.5, "{}", width(&harness));
    harness.get_by_label("Fit").click();
    harness.run();
    assert_eq!(width(&harness), fitting);
}

#[test]
fn a_wide_and_high_panel_is_used() {
    let (mut harness, _script) = window_of(vec2(2400.0, 1400.0), Theme::Dark, false);
    harness.run();
    command(&mut harness, "show diagram");
    assert!(width(&harness) >= 60.0, "{}: layers are written inside", width(&harness));
}

#[test]
fn the_diagram_is_given_away() {
    let (mut harness, script) = diagram();
    let place = tempfile::tempdir().unwrap();
    let path = save_of(&mut harness, &script, "Diagram", "Save CSV…", place.path());
    let mut reader = csv::Reader::from_path(path).unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 2 * 29, "27 blocks, stem and head of both arms");
    let row = rows.iter().find(|row| &row[0] == "residual" && &row[1] == "layer2.0").unwrap();
    assert_eq!((&row[2], &row[3], &row[4]), ("zero-padded shortcut", "8×28×28", "16×14×14"));
    let drawing =
        std::fs::read_to_string(save_of(&mut harness, &script, "Diagram", "Save SVG…", place.path())).unwrap();
    assert!(drawing.contains("Stage 1: 9 blocks, 8 channels") && drawing.contains("residual: 56 layers"));
    let picture = image::open(save_of(&mut harness, &script, "Diagram", "Save PNG…", place.path())).unwrap();
    assert!(picture.width() > 2000 && picture.height() > 1000, "{} × {}", picture.width(), picture.height());
}

fn pictures_of_diagram(theme: Theme, name: &str) {
    pictured(theme, |harness, script, snapshot| {
        command(harness, "show diagram");
        snapshot(harness, &format!("diagram_{name}"));
        harness.get_by_label("Start").click();
        harness.run();
        script.train(&script.started(), 60);
        harness.run();
        harness.get_by_label_contains("block 2.0, residual").click();
        harness.run();
        snapshot(harness, &format!("diagram_training_{name}"));
    });
}

#[test]
fn the_diagram_looks_as_before_in_the_dark() {
    pictures_of_diagram(Theme::Dark, "dark");
}

#[test]
fn the_diagram_looks_as_before_in_the_light() {
    pictures_of_diagram(Theme::Light, "light");
}
