//! Seeing where a decision comes from.

use crate::asked::*;
use crate::pictures::compare_panel;
use crate::scripted::*;
use eframe::egui::Theme;
use egui_kittest::kittest::{NodeT, Queryable};
use lab_core::instrument::{Cut, Explanation, Finding, Maps, Picture, QueryImage, Question};
use lab_core::protocol::Thumbnail;

pub fn explanation(arm: usize) -> Finding {
    let rgb = (0..28 * 28).flat_map(|at| [((at % 28) * 9) as u8; 3]).collect();
    let block = |index: usize| {
        let side = [16, 8, 4][index / 9];
        (
            format!("layer{}.{}", index / 9 + 1, index % 9),
            hill(side, [0.2 + 0.02 * index as f32, 0.3 + 0.2 * arm as f32]),
        )
    };
    Finding::Explanation(Explanation {
        seen: Thumbnail { width: 28, height: 28, rgb },
        class: 8 - arm,
        truth: Some(8),
        probabilities: (0..10).map(|class| if class == 8 - arm { 0.82 } else { 0.02 }).collect(),
        strip: (0..27).map(block).collect(),
        occlusion: None,
    })
}

#[test]
fn every_arm_explains_an_image_at_every_block() {
    let (mut harness, script) = at_tab("Explain");
    harness.get_by_label("Explain: Grad-CAM").click();
    harness.run();
    let (id, question) = script.asked_for(|question| matches!(question, Question::Explain { .. })).expect("asked");
    assert_eq!(question, Question::Explain { sample: QueryImage::Validation(0), class: None, occlusion: false });
    script.found(id, [Ok(explanation(0)), Ok(explanation(1))]);
    harness.run();
    assert!(harness.query_by_label("plain: Bag 82.0 %, truly Bag").is_some());
    assert!(harness.query_by_label("residual: Sneaker 82.0 %, truly Bag").is_some());
    assert_eq!(harness.query_all_by_label_contains("block 3.8: 4 × 4").count(), 2, "a map for each arm and block");
    harness.get_by_label("What am I looking at: Grad-CAM").click();
    harness.run();
    assert!(shows(&harness, "Selvaraju et al. 2017"));
}

#[test]
fn what_keeps_all_arms_from_an_answer_is_shown_once() {
    let (mut harness, script) = at_tab("Explain");
    harness.get_by_label("Explain: Grad-CAM").click();
    harness.run();
    let asked = |question: &Question| matches!(question, Question::Explain { .. });
    let (id, _) = script.asked_for(asked).expect("asked");
    let why = || Err("there is no file nowhere.png".to_owned());
    script.found(id, [why(), why()]);
    harness.run();
    assert_eq!(names(&harness, "there is no file").len() + names(&harness, "There is no file").len(), 1);
    assert!(harness.query_by_label("There is no file nowhere.png.").is_some(), "it is no fault of an arm");

    harness.get_by_label("Explain: Grad-CAM").click();
    harness.run();
    let (id, _) = script.asked_for(asked).expect("asked again");
    script.found(id, [Err("it has no such block".to_owned()), Ok(explanation(1))]);
    harness.run();
    assert!(harness.query_by_label("plain: it has no such block.").is_some(), "whose it is");
}

#[test]
fn an_image_that_there_is_not_is_not_taken_and_why_is_shown() {
    let (mut harness, _script) = at_tab("Explain");
    harness.get_by_label("Validation image").click();
    harness.run();
    // As somebody types: on the way to a number there are others.
    for digit in "99999".chars() {
        harness.event(eframe::egui::Event::Text(digit.to_string()));
        harness.run();
    }
    harness.key_press(eframe::egui::Key::Enter);
    harness.run_steps(3);
    assert!(shows(&harness, "Must be from 0 to 999"), "it is another image in silence");
    assert_eq!(harness.get_by_label("Validation image").accesskit_node().value().as_deref(), Some("0"));
}

#[test]
fn a_picture_by_its_path_is_explained_for_a_chosen_class() {
    let (mut harness, script) = at_tab("Explain");
    let sample = QueryImage::Picture(Picture::File("/tmp/boot.png".into()));
    pick(&mut harness, "Class", "Ankle boot");
    type_into(&mut harness, "Path of a picture to explain", "/tmp/boot.png");
    let (_, question) = script.asked_for(|question| matches!(question, Question::Explain { .. })).expect("Enter asks");
    assert_eq!(question, Question::Explain { sample, class: Some(9), occlusion: false });
}

#[test]
fn feature_maps_filters_and_cuts_are_shown() {
    let (mut harness, script) = at_tab("Explain");
    pick(&mut harness, "What is shown of the image", "Feature maps");
    pick(&mut harness, "Block that is shown", "block 1.3");
    harness.get_by_label("Show: Feature maps").click();
    harness.run();
    let (id, question) = script.asked_for(|question| matches!(question, Question::Features { .. })).expect("asked");
    assert_eq!(question, Question::Features { sample: QueryImage::Validation(0), block: 3 });
    let maps = || Maps { of: "layer1.3".into(), names: vec!["channel 0".into()], maps: vec![hill(8, [0.5, 0.5])] };
    script.found(id, [Ok(Finding::Maps(maps())), Ok(Finding::Maps(maps()))]);
    harness.run();
    assert!(harness.query_by_label("residual, block 1.3, channel 0").is_some());
    pick(&mut harness, "What is shown of the image", "Blocks cut");
    harness.get_by_label("Cut: Cut branch, cut shortcut").click();
    harness.run();
    let (id, _) = script.asked_for(|question| matches!(question, Question::Cuts { .. })).expect("asked");
    let logits = |top: f32| Some((0..10).map(|class| if class == 2 { top } else { 0.0 }).collect::<Vec<f32>>());
    let cut =
        |block: &str, branch, shortcut| Cut { block: block.into(), without_branch: branch, without_shortcut: shortcut };
    let residual = vec![cut("", logits(7.5), None), cut("layer1.0", logits(7.0), logits(1.0))];
    let plain = vec![cut("", logits(5.0), None), cut("layer1.0", logits(2.0), None)];
    script.found(id, [Ok(Finding::Cuts(plain)), Ok(Finding::Cuts(residual))]);
    harness.run();
    assert!(shows(&harness, "residual: Pullover, logit 7.50 as trained"));
}

fn compare(theme: Theme, name: &str) {
    compare_panel("Explain", theme, name, |harness, script| {
        harness.get_by_label("Explain: Grad-CAM").click();
        harness.run();
        let asked = script.asked_for(|question| matches!(question, Question::Explain { .. }));
        script.found(asked.expect("asked").0, [Ok(explanation(0)), Ok(explanation(1))]);
    });
}

#[test]
fn explanations_look_as_they_did_in_the_dark() {
    compare(Theme::Dark, "explain_dark");
}

#[test]
fn explanations_look_as_they_did_in_the_light() {
    compare(Theme::Light, "explain_light");
}
