//! Large letters and narrow panels: no line, no number and no picture is cut in two.

use crate::asked::*;
use crate::explain::explanation;
use crate::lesions::sweep;
use crate::lines::shapes;
use crate::predictions::answer_predictions;
use crate::room::{cut, end};
use crate::scripted::*;
use crate::shell::panels;
use crate::unasked::explained;
use eframe::egui::epaint::Shape;
use eframe::egui::{TextureId, Theme, Vec2, vec2};
use egui_kittest::Harness;
use lab_core::instrument::{Explanation, Finding, Question};
use lab_window::App;

const SMALL: Vec2 = vec2(1024.0, 700.0);

/// Pictures that are seen in part: their other part is beyond the edge of a panel.
fn cut_pictures(harness: &Harness<'static, App>) -> Vec<String> {
    let mut found = Vec::new();
    shapes(harness, &mut |shape, clip| {
        let at = shape.visual_bounding_rect();
        let is_picture = shape.texture_id() != TextureId::default() && at.intersect(clip).is_positive();
        if is_picture && (at.left() < clip.left() - 1.0 || at.right() > clip.right() + 1.0) {
            found.push(format!("a picture: {at:?} of {clip:?}"));
        }
    });
    found
}

#[test]
fn large_letters_in_a_small_window_cut_no_text_and_no_picture() {
    let (mut harness, script) = window_of(SMALL, Theme::Dark, false);
    harness.ctx.set_zoom_factor(1.3);
    harness.run();
    click(&mut harness, "Start");
    script.train(&script.started(), 40);
    harness.run();
    end(&script, 40);
    harness.run();
    answer_predictions(&script);
    harness.run();
    harness.run();
    for (id, _) in explained(&script) {
        script.found(id, [Ok(explanation(0)), Ok(explanation(1))]);
    }
    harness.run();
    let mut found = Vec::new();
    for panel in panels(&mut harness) {
        command(&mut harness, &format!("show {panel}"));
        let all = cut(&harness).into_iter().chain(cut_pictures(&harness));
        found.extend(all.map(|what| format!("{panel}: {what}")));
        if panel == "Explain" {
            click(&mut harness, "Occlusion too");
            click(&mut harness, "Explain: Occlusion");
            let (id, _) = script.asked_for(|question| matches!(question, Question::Explain { .. })).unwrap();
            script.found(id, [Ok(covered(0)), Ok(covered(1))]);
            harness.run();
            found.extend(cut_pictures(&harness).into_iter().map(|what| format!("Occlusion: {what}")));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// What an arm answers where occlusion was asked for, too.
fn covered(arm: usize) -> Finding {
    let Finding::Explanation(found) = explanation(arm) else { unreachable!() };
    Finding::Explanation(Explanation { occlusion: Some(hill(8, [0.5, 0.5])), ..found })
}

/// Every line of every text that is painted.
fn lines(harness: &Harness<'static, App>) -> Vec<String> {
    let mut found = Vec::new();
    shapes(harness, &mut |shape, _| {
        if let Shape::Text(text) = shape {
            found.extend(text.galley.rows.iter().map(|row| row.text()));
        }
    });
    found
}

#[test]
fn no_line_begins_with_the_percent_sign_of_the_line_before() {
    let (mut harness, script) = window_of(SMALL, Theme::Dark, false);
    harness.run();
    click(&mut harness, "Start");
    script.train(&script.started(), 40);
    harness.run();
    command(&mut harness, "show lesions");
    click(&mut harness, "Sweep: Lesions");
    let (id, _) = script.asked_for(|question| *question == Question::Lesions).expect("asked");
    script.found(id, [Ok(sweep(false, 27)), Ok(sweep(true, 27))]);
    let mut broken = 0;
    // Wherever lines end.
    for width in (0..40).map(|step| 900.0 + 6.0 * step as f32) {
        harness.set_size(vec2(width, 700.0));
        harness.run();
        let lines = lines(&harness);
        broken += lines.iter().filter(|line| line.contains("left without it") && !line.contains("plain")).count();
        assert!(!lines.iter().any(|line| line.starts_with('%')), "at {width}: {lines:?}");
    }
    assert!(broken > 0, "the sentence is broken somewhere");
}
