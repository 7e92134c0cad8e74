//! Gradients, responses and histograms at one moment and over the training.

use crate::asked::*;
use crate::pictures::pictured_in;
use crate::room::cut;
use crate::scripted::*;
use eframe::egui::{Key, Theme, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use lab_core::instrument::{BlockGradients, Finding, Gradients, Histogram, Question};
use lab_core::protocol::{Event, Prepared, SpreadRecord};
use lab_window::App;

/// Gradients that shrink by a factor from block to block on their way to the input.
pub fn look(shrink: f64) -> Finding {
    let block = |index: i32| {
        let gradient = shrink.powi(27 - index);
        BlockGradients {
            block: format!("layer{}.{}", index / 9 + 1, index % 9),
            input_gradient: gradient,
            output_gradient: gradient / shrink,
            weight_gradient: gradient,
            weight_norm: 4.0,
            responses: vec![1.0, 0.9],
            ..BlockGradients::default()
        }
    };
    Finding::Gradients(Gradients { images: 64, loss: 2.3, blocks: (0..27).map(block).collect(), layers: vec![] })
}

/// A parameter's values as a hill, and its gradient spread evenly.
pub fn histograms(limit: f64) -> Finding {
    let of = |parameter: &str, limit: f64| Histogram {
        parameter: parameter.into(),
        limit,
        counts: (0..41).map(|bin: u32| 400 - (bin.abs_diff(20)).pow(2)).collect(),
        gradient_limit: 0.01,
        gradient_counts: vec![1; 41],
    };
    Finding::Histograms(vec![of("conv1.weight", limit), of("linear.bias", 0.1 * limit)])
}

#[test]
fn gradients_at_one_moment_warn_in_words_and_histograms_are_counted() {
    let (mut harness, script) = at_tab("Inside");
    harness.get_by_label("Look: Gradients by block").click();
    harness.run();
    let (id, _) = script.asked_for(|question| matches!(question, Question::Gradients { .. })).expect("asked");
    script.found(id, [Ok(look(0.5)), Ok(look(0.99))]);
    harness.run();
    assert!(shows(&harness, "Gradients vanish in 3 of 27 blocks, most in block 1.0"));
    assert!(shows(&harness, "residual: first 0.762, last 0.990"));
    click(&mut harness, "Count: Histograms");
    let (id, _) = script.asked_for(|question| matches!(question, Question::Histograms { .. })).expect("asked");
    script.found(id, [Ok(histograms(0.5)), Ok(histograms(0.5))]);
    harness.run();
    assert!(harness.query_by_label("residual conv1.weight: gradient").is_some());
}

#[test]
fn while_an_answer_is_awaited_nothing_reaches_beyond_the_window() {
    for (size, zoom) in [(vec2(1024.0, 700.0), 1.0), (vec2(1440.0, 900.0), 1.6)] {
        let (mut harness, script) = window_of(size, Theme::Dark, false);
        harness.ctx.set_zoom_factor(zoom);
        harness.run();
        harness.get_by_label("Start").click();
        harness.run();
        let experiment = script.started();
        let run = Some("kept".into());
        script.say(Event::Prepared(Box::new(Prepared { run, ..prepared(&experiment) })));
        script.say(Event::Steps((1..=5).map(|step| record(step, 2)).collect()));
        command(&mut harness, "show inside");
        harness.get_by_label("Look: Gradients by block").click();
        harness.step();
        harness.step();
        assert!(harness.query_by_label("Cancel: Gradients by block").is_some());
        let found = cut(&harness);
        assert!(found.is_empty(), "{zoom}: {}", found.join("\n"));
    }
}

/// Values that widen from step to step, and a gradient that shrinks; only the residual arm has a downsampling layer.
pub fn spread(step: u64) -> SpreadRecord {
    let of = |parameter: &str, share: f64| Histogram {
        parameter: parameter.into(),
        limit: 0.2 + 0.4 * share,
        counts: (0..41).map(|bin: u32| 420 - (bin.abs_diff(20)).pow(2)).collect(),
        gradient_limit: 0.02 - 0.015 * share,
        gradient_counts: (0..41).map(|bin: u32| 1 + 2000 / (1 + bin.abs_diff(20).pow(2))).collect(),
    };
    let share = step as f64 / 40.0;
    let plain = vec![of("conv1.weight", share), of("linear.bias", share)];
    let residual = vec![of("conv1.weight", 0.5 * share), of("layer2.0.downsample.0.weight", share)];
    SpreadRecord { step, arms: vec![plain, residual] }
}

fn moved(harness: &mut Harness<'static, App>, script: &Script) {
    (1..=40).step_by(3).for_each(|step| script.say(Event::Spread(Box::new(spread(step)))));
    harness.run();
}

#[test]
fn a_parameter_is_followed_over_the_training() {
    let (mut harness, script) = at_tab("Inside");
    assert!(shows(&harness, "How a parameter moves over the training will be drawn here"));
    moved(&mut harness, &script);
    // Of 41 bins that are as full as here the deviation is √(Σ(420 − d²)d² / Σ(420 − d²)) · 2/41 = 0.4474 of the limit,
    // which is 0.21 and 0.6 for plain.
    let name = "plain conv1.weight, values by step: std 0.0939 → 0.268";
    assert!(harness.query_by_label(name).is_some(), "{:?}", names(&harness, "values by step"));
    assert!(shows(&harness, "residual conv1.weight, gradient by step: std "));
    click(&mut harness, "Parameter");
    harness.get_by_label("layer2.0.downsample.0.weight").click();
    harness.run();
    assert!(harness.query_by_label("plain has no layer2.0.downsample.0.weight").is_some());
    assert!(shows(&harness, "residual layer2.0.downsample.0.weight, values by step: std 0.0939 → 0.268"));
    script.say(Event::Spread(Box::new(spread(50))));
    harness.run();
    assert!(shows(&harness, "residual layer2.0.downsample.0.weight, values by step: std 0.0939 → 0.313"));
}

#[test]
fn one_early_gradient_lies_outside_and_each_network_has_its_own_axis() {
    let (mut harness, script) = at_tab("Inside");
    let early = |mut record: SpreadRecord| {
        record.arms[0][0].gradient_limit = 315.0;
        record
    };
    script.say(Event::Spread(Box::new(early(spread(1)))));
    moved_on(&mut harness, &script);
    assert!(shows(&harness, "plain: "), "{:?}", names(&harness, "outside"));
    assert!(shows(&harness, "of the gradient's outside ±0.0185, up to ±315"), "{:?}", names(&harness, "outside"));
    click(&mut harness, "Show all values");
    assert!(!shows(&harness, "outside ±"));
    click(&mut harness, "Show all values");
    click(&mut harness, "Common axes");
    assert!(shows(&harness, "plain: ") && shows(&harness, "up to ±315"));
}

/// The moments after the first one.
fn moved_on(harness: &mut Harness<'static, App>, script: &Script) {
    (4..=40).step_by(3).for_each(|step| script.say(Event::Spread(Box::new(spread(step)))));
    harness.run();
}

#[test]
fn no_row_reaches_beyond_the_panel_in_a_small_window_enlarged_or_presented() {
    let (mut harness, script) = window_of(vec2(1024.0, 700.0), Theme::Dark, false);
    harness.run();
    harness.get_by_label("Start").click();
    harness.run();
    script.train(&script.started(), 40);
    harness.run();
    command(&mut harness, "show inside");
    click(&mut harness, "Look: Gradients by block");
    let (id, _) = script.asked_for(|question| matches!(question, Question::Gradients { .. })).expect("asked");
    script.found(id, [Ok(look(0.5)), Ok(look(0.99))]);
    moved(&mut harness, &script);
    click(&mut harness, "Count: Histograms");
    let (id, _) = script.asked_for(|question| matches!(question, Question::Histograms { .. })).expect("asked");
    script.found(id, [Ok(histograms(0.5)), Ok(histograms(0.25))]);
    harness.run();
    for key in [None, Some(Key::F10), Some(Key::F10), Some(Key::F5)] {
        key.into_iter().for_each(|key| harness.key_press(key));
        harness.run();
        for part in
            ["By block", "Count: Histograms", "residual conv1.weight: gradient", "residual conv1.weight, gradient by"]
        {
            harness.query_all_by_label_contains(part).next().unwrap().scroll_to_me();
            harness.run();
            assert_eq!(cut(&harness), Vec::<String>::new(), "at {part} after {key:?}");
        }
    }
}

/// Everything that the panel shows.
fn compare(theme: Theme, name: &str) {
    pictured_in(vec2(1280.0, 900.0), theme, |harness, script, snapshot| {
        harness.get_by_label("Start").click();
        harness.run();
        script.train(&script.started(), 40);
        harness.run();
        harness.get_by_label("Inside").click();
        harness.run();
        snapshot(harness, &format!("inside_empty_{name}"));
        harness.get_by_label("Look: Gradients by block").click();
        harness.run();
        let (id, _) = script.asked_for(|question| matches!(question, Question::Gradients { .. })).expect("asked");
        script.found(id, [Ok(look(0.5)), Ok(look(0.99))]);
        harness.run();
        snapshot(harness, &format!("inside_blocks_{name}"));
        moved(harness, script);
        click(harness, "Count: Histograms");
        let (id, _) = script.asked_for(|question| matches!(question, Question::Histograms { .. })).expect("asked");
        script.found(id, [Ok(histograms(0.5)), Ok(histograms(0.25))]);
        harness.run();
        harness.get_by_label("residual conv1.weight: gradient").scroll_to_me();
        harness.run();
        snapshot(harness, &format!("inside_bars_{name}"));
        harness.get_by_label_contains("residual conv1.weight, gradient by step").scroll_to_me();
        harness.run();
        snapshot(harness, &format!("inside_histograms_{name}"));
    });
}

#[test]
fn the_inside_looks_as_it_did_in_the_dark() {
    compare(Theme::Dark, "dark");
}

#[test]
fn the_inside_looks_as_it_did_in_the_light() {
    compare(Theme::Light, "light");
}
