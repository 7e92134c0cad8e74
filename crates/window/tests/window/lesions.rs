//! Cutting blocks out.

use crate::asked::*;
use crate::pictures::compare_panel;
use eframe::egui::Theme;
use egui_kittest::kittest::Queryable;
use lab_core::instrument::{Band, Finding, Gain, Lesion, Lesions, Question};
use lab_core::protocol::Command;

/// Each of 27 blocks out: a residual net hardly minds, but for where the map shrinks.
pub fn sweep(residual: bool, done: usize) -> Finding {
    let block = |index: usize| {
        let reshapes = index > 0 && index.is_multiple_of(9);
        let left = if reshapes { 0.4 } else { 0.84 - 0.002 * index as f64 };
        let score = if residual { Some(score(left)) } else { (!reshapes).then(|| score(0.12)) };
        Lesion { block: format!("layer{}.{}", index / 9 + 1, index % 9), reshapes, score }
    };
    Finding::Lesions(Lesions {
        whole: score(if residual { 0.86 } else { 0.68 }),
        blocks: (0..done).map(block).collect(),
    })
}

#[test]
fn a_sweep_shows_what_it_has_and_can_be_cancelled() {
    let (mut harness, script) = at_tab("Lesions");
    harness.get_by_label("Sweep: Lesions").click();
    harness.run();
    let (id, _) = script.asked_for(|question| *question == Question::Lesions).expect("it was asked");
    script.came(id, 5, 54, Some(both([Ok(sweep(false, 5)), Ok(sweep(true, 5))])));
    harness.run();
    assert!(harness.query_by_label("Lesions: 5 of 54").is_some());
    assert!(shows(&harness, "residual, all blocks: 86.0 % · hurts most: block 1.4"));
    harness.get_by_label("Cancel: Lesions").click();
    harness.run();
    assert!(script.sent(|command| matches!(command, Command::Cancel(of) if *of == id)));
    script.found(id, [Ok(sweep(false, 27)), Ok(sweep(true, 27))]);
    harness.run();
    assert!(shows(&harness, "residual, all blocks: 86.0 % · hurts most: block 2.0, 40.0 % left without it"));
    assert!(shows(&harness, "plain, block 2.0: cannot be left out"));
    assert!(shows(&harness, "grey blocks and gaps: cannot be left out, as nothing carries the signal past them"));
    harness.get_by_label("What am I looking at: Lesions").click();
    harness.run();
    assert!(shows(&harness, "Veit, Wilber and Belongie 2016, section 4.1"));
}

#[test]
fn a_click_on_a_block_leaves_it_out_at_once() {
    let (mut harness, script) = at_tab("Lesions");
    harness.get_by_label("residual, block 1.2").click();
    harness.run();
    let (id, question) = script.asked_for(|question| matches!(question, Question::Lesion { .. })).expect("asked");
    assert_eq!(question, Question::Lesion { blocks: vec![2] });
    script.found(id, [Err("block 1.2 cannot be left out".into()), Ok(Finding::Lesion(score(0.81)))]);
    harness.run();
    assert!(harness.query_by_label("residual, without block 1.2: 81.0 %").is_some());
    assert!(harness.query_by_label("plain: block 1.2 cannot be left out").is_some());
    harness.get_by_label("Put all back").click();
    harness.run();
    let (_, question) = script.asked_for(|question| matches!(question, Question::Lesion { .. })).expect("asked");
    assert_eq!(question, Question::Lesion { blocks: vec![] });
}

#[test]
fn a_plain_net_says_why_it_has_no_gain_and_bands_are_shown() {
    let (mut harness, script) = at_tab("Lesions");
    pick(&mut harness, "Lesion", "Branch gain α");
    harness.get_by_label("Sweep: Branch gain").click();
    harness.run();
    let (id, _) = script.asked_for(|question| matches!(question, Question::Gains { .. })).expect("asked");
    let gains = [0.0, 0.5, 1.0].map(|gain| Gain { gain, score: score(0.1 + 0.7 * gain) }).to_vec();
    script.found(id, [Err("a plain net has no shortcuts".into()), Ok(Finding::Gains(gains))]);
    harness.run();
    assert!(harness.query_by_label("plain: a plain net has no shortcuts.").is_some());
    assert!(shows(&harness, "residual: best at α = 1, 80.0 %"));
    pick(&mut harness, "Lesion", "Several removed");
    harness.get_by_label("Sweep: Several blocks removed").click();
    harness.run();
    let (id, _) = script.asked_for(|question| matches!(question, Question::Removals { .. })).expect("asked");
    let bands = (1..=5).map(|removed| Band { removed, draws: vec![score(0.8), score(0.7)] }).collect();
    script.found(id, [Ok(Finding::Removals(Vec::new())), Ok(Finding::Removals(bands))]);
    harness.run();
    assert!(shows(&harness, "residual: error 25.0 % with 5 blocks out"));
}

fn compare(theme: Theme, name: &str) {
    compare_panel("Lesions", theme, name, |harness, script| {
        harness.get_by_label("Sweep: Lesions").click();
        harness.run();
        let (id, _) = script.asked_for(|question| *question == Question::Lesions).expect("asked");
        script.found(id, [Ok(sweep(false, 27)), Ok(sweep(true, 27))]);
    });
}

#[test]
fn lesions_look_as_they_did_in_the_dark() {
    compare(Theme::Dark, "lesions_dark");
}

#[test]
fn lesions_look_as_they_did_in_the_light() {
    compare(Theme::Light, "lesions_light");
}
