//! The form's list of arms: names, colours, networks, what is an arm's own, and a list that is empty.

use crate::asked::shows;
use crate::form::{unfold, wait_for};
use crate::scripted::*;
use eframe::egui::Event;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use lab_core::experiment::{Expected, Experiment, Freeze, Method, PRESETS, Start, StartHead};
use lab_window::App;

#[test]
fn a_name_must_be_its_arm_s_own_and_fit_a_folder() {
    let (mut harness, _script) = window();
    type_into(&mut harness, "Name, residual", "a/b");
    assert!(shows(&harness, "Must be 1 to 80 characters"));
    click(&mut harness, "Reset Name, a/b");
    type_into(&mut harness, "Name, residual", "plain");
    assert!(shows(&harness, "Must be different from every other arm's"));
    click(&mut harness, "Reset all");
    assert_eq!(*harness.state().plan(), PRESETS[0].plan());
}

#[test]
fn stages_are_spelled_out_added_and_removed() {
    let (mut harness, _script) = window();
    choose(&mut harness, "Family, residual", "Stages, spelled out");
    click(&mut harness, "Add a stage of residual");
    type_into(&mut harness, "Blocks 4, residual", "2");
    type_into(&mut harness, "Width 4, residual", "100");
    choose(&mut harness, "Entry 1, residual", "3×3, max-pool");
    click(&mut harness, "Remove stage 2 of residual");
    let network = &harness.state().plan().arms[1].network;
    let stages: Vec<(usize, usize, usize)> =
        network.stages().iter().map(|stage| (stage.blocks, stage.width, stage.stride)).collect();
    assert_eq!(stages, [(9, 8, 1), (9, 32, 2), (2, 100, 2)]);
    assert!(Experiment::check(harness.state().plan().clone()).is_ok());
}

#[test]
fn an_arm_may_have_its_own_optimiser_and_schedule() {
    let (mut harness, _script) = window();
    click(&mut harness, "Own optimiser, residual");
    choose(&mut harness, "Method, residual", "AdamW");
    assert!(
        shows(&harness, "shortcut: none → zero-padded (A) · differs from plain")
            || shows(&harness, "own optimiser: as the recipe → its own")
    );
    click(&mut harness, "Own schedule, residual");
    choose(&mut harness, "Curve, residual", "Cosine");
    let arm = &harness.state().plan().arms[1];
    assert!(matches!(arm.optimizer.as_ref().unwrap().method, Method::AdamW { .. }));
    assert_eq!(arm.schedule.as_ref().unwrap().curve.label(), "Cosine");
}

#[test]
fn differences_are_written_out() {
    let (mut harness, _script) = window();
    assert!(shows(&harness, "shortcut: none → zero-padded (A) · differs from plain"));
    choose(&mut harness, "Shortcut, residual", "B: projected");
    assert!(shows(&harness, "shortcut: none → projected (B) · differs from plain"));
    choose(&mut harness, "Shortcut, residual", "None: plain net");
    assert!(shows(&harness, "The same as plain"));
}

#[test]
fn two_arms_never_have_the_same_colour() {
    let (mut harness, _script) = window();
    click(&mut harness, "Colour of residual");
    harness.get_by_label_contains("Blue").click();
    harness.run();
    let colors = |harness: &Harness<'static, App>| -> Vec<u8> {
        let arms = &harness.state().plan().arms;
        arms.iter().enumerate().map(|(index, arm)| arm.color(index)).collect()
    };
    assert_eq!(colors(&harness), [1, 0], "they change places");
    click(&mut harness, "Duplicate plain");
    assert_eq!(colors(&harness), [1, 2, 0], "whoever was there keeps its colour");
    click(&mut harness, "Remove plain");
    assert_eq!(colors(&harness), [2, 0]);
}

#[test]
fn an_arm_s_own_schedule_is_previewed_too() {
    let (mut harness, _script) = window();
    unfold(&mut harness, "More of residual");
    click(&mut harness, "Own schedule, residual");
    wait_for(&mut harness, "the images are counted", |harness| {
        shows(harness, "Learning rate from 0.00400 over at most")
    });
}

#[test]
fn an_arm_starts_from_weights() {
    let (mut harness, script) = window();
    unfold(&mut harness, "More of residual");
    click(&mut harness, "Start from weights, residual");
    assert!(shows(&harness, "Must be a file of weights or the folder of a run"));
    type_into(&mut harness, "Weights, residual", "resnet20.th");
    choose(&mut harness, "Head, residual", "New");
    choose(&mut harness, "Frozen, residual", "Up to stage 2");
    type_into(&mut harness, "Backbone factor, residual", "2");
    assert!(shows(&harness, "Must be from 0 to 1"));
    type_into(&mut harness, "Backbone factor, residual", "0.1");
    choose(&mut harness, "Weights expect, residual", "ImageNet's numbers");
    for field in ["Start from weights", "Weights", "Head", "Frozen", "Backbone factor", "Weights expect"] {
        assert!(shows(&harness, &format!("About {field}, residual")), "{field}");
    }
    click(&mut harness, "Start");
    let started = script.started();
    let start = Start {
        head: StartHead::New,
        freeze: Freeze::Stage(2),
        backbone_factor: 0.1,
        normalization: Expected::ImageNet,
        ..Start::from("resnet20.th")
    };
    assert_eq!((started.arms[0].start.as_ref(), started.arms[1].start.as_ref()), (None, Some(&start)));
}

#[test]
fn an_experiment_without_arms_gets_its_first_one_in_the_form() {
    let (mut harness, script) = window();
    harness.event(Event::Paste("name = \"empty\"\narms = []".into()));
    harness.run_steps(4);
    assert!(harness.state().plan().arms.is_empty());
    assert!(harness.get_by_label("Start").accesskit_node().is_disabled(), "there is nothing to train");
    click(&mut harness, "+ Add an arm");
    assert_eq!(harness.state().plan().arms.len(), 1);
    click(&mut harness, "+ Add an arm");
    let arms = &harness.state().plan().arms;
    assert!(arms.len() == 2 && arms[0].name != arms[1].name, "{arms:?}");
    click(&mut harness, "Start");
    assert_eq!(script.started().arms.len(), 2);
}
