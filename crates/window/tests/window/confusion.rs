//! Which classes are taken for which: in each unit, in each order, per class, and by confidence.

use crate::asked::*;
use crate::exports::save_of;
use crate::pictures::pictured_in;
use crate::predictions::answer_predictions;
use crate::scripted::*;
use eframe::egui::{Theme, Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use lab_core::instrument::Confusion;
use lab_core::protocol::{Evaluation, Event};
use lab_window::App;

/// A validation with this matrix.
fn validated(arm: usize, cells: Vec<u32>) -> Event {
    let confusion = Confusion::of_matrix(&cells, cells.len().isqrt());
    Event::Evaluated(Box::new(Evaluation { confusion, ..evaluation(arm, 60) }))
}

/// Ten classes with 100 images each, all right but for what is listed: actual, predicted, images.
fn matrix(wrong: &[(usize, usize, u32)]) -> Vec<u32> {
    let mut cells = vec![0; 100];
    (0..10).for_each(|class| cells[class * 11] = 100);
    for &(actual, predicted, images) in wrong {
        cells[actual * 11] -= images;
        cells[actual * 10 + predicted] += images;
    }
    cells
}

/// The names of the matrices.
fn summaries(harness: &Harness<'static, App>) -> Vec<String> {
    names(harness, "Confusion matrix. ")
}

/// The panel with both matrices side by side.
fn beside() -> (Harness<'static, App>, Script) {
    let (mut harness, script) = at_tab("Confusion");
    harness.get_by_label("Side by side").click();
    harness.run();
    (harness, script)
}

/// The panel in a window of this size, after some steps.
fn trained(size: Vec2) -> Harness<'static, App> {
    let (mut harness, script) = window_of(size, Theme::Dark, false);
    harness.run();
    train(&mut harness, &script);
    harness
}

/// Trains for some steps, and shows the panel.
fn train(harness: &mut Harness<'static, App>, script: &Script) {
    harness.get_by_label("Start").click();
    harness.run();
    script.train(&script.started(), 40);
    harness.run();
    harness.get_by_label("Confusion").click();
    harness.run();
}

#[test]
fn matrices_stand_side_by_side_where_there_is_room_and_else_one_is_chosen() {
    let (mut harness, _script) = at_tab("Confusion");
    let shown = |harness: &Harness<'static, App>| {
        let all = summaries(harness);
        all.iter().map(|text| text.split([' ', ':']).nth(2).unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(shown(&harness), ["plain"]);
    harness.get_by_label("Show the matrix of residual").click();
    harness.run();
    assert_eq!(shown(&harness), ["residual"]);
    harness.get_by_label("Side by side").click();
    harness.run();
    assert_eq!(shown(&harness), ["plain", "residual"]);
    let tops: Vec<f32> =
        harness.query_all_by_label_contains("Confusion matrix. ").map(|matrix| matrix.rect().top()).collect();
    assert!((tops[0] - tops[1]).abs() < 40.0, "beside each other: {tops:?}");
    assert!(harness.query_by_label("Show the matrix of residual").is_none());

    let harness = trained(vec2(2200.0, 900.0));
    assert_eq!(shown(&harness), ["plain", "residual"], "unasked where both fit");
}

#[test]
fn the_menu_never_stands_on_a_line_of_its_own() {
    for width in [1024.0, 1440.0, 1920.0] {
        let harness = trained(vec2(width, 900.0));
        let menu = harness.get_by_label("Export Confusion").rect();
        let beside = harness.get_by_label("Rows: actual. Columns: predicted.").rect();
        assert!(menu.y_range().contains(beside.center().y) && menu.left() > beside.right(), "{menu:?} at {width}");
    }
}

#[test]
fn names_of_columns_are_slanted_above_the_cells_and_whole() {
    let (mut harness, script) = at_tab("Confusion");
    let place = tempfile::tempdir().unwrap();
    let path = save_of(&mut harness, &script, "Confusion", "Save SVG…", place.path());
    let drawing = std::fs::read_to_string(path).unwrap();
    assert_eq!(drawing.matches("rotate(-45").count(), 20, "ten names above each of two matrices");
    assert_eq!(drawing.matches(">Ankle boot<").count(), 4, "beside and above, not shortened");
    let matrix = harness.get_by_label_contains("Confusion matrix. ").rect();
    assert!(matrix.height() > 0.9 * matrix.width(), "{matrix}: the names are part of it");
}

#[test]
fn an_empty_matrix_says_what_it_will_be_and_starts() {
    let (mut harness, script) = window();
    harness.get_by_label("Confusion").click();
    harness.run();
    assert!(shows(&harness, "Which classes are taken for which, a cell for each pair of them."));
    harness.get_by_label("Start training: Confusion").click();
    harness.run();
    assert_eq!(script.starts(), 1);
    script.say(Event::Prepared(Box::new(prepared(&script.started()))));
    harness.run();
    assert!(shows(&harness, "It is drawn after the first validation."));
}

#[test]
fn each_unit_says_what_stands_out_in_it() {
    let (mut harness, script) = beside();
    // All shirts taken for T-shirts but one; half of what is taken for a bag is a dress, as few bags are found.
    script.say(validated(0, matrix(&[(6, 0, 30), (3, 8, 20), (8, 9, 85)])));
    script.say(validated(1, matrix(&[(6, 0, 30), (3, 8, 2)])));
    harness.run();
    let plain = "Confusion matrix. plain: 865 of 1,000 correct; ";
    assert_eq!(
        summaries(&harness),
        [
            format!("{plain}most often Bag taken for Ankle boot (85)"),
            "Confusion matrix. residual: 968 of 1,000 correct; most often Shirt taken for T-shirt (30)".into()
        ]
    );
    pick(&mut harness, "Cells show", "% of actual");
    assert_eq!(summaries(&harness)[0], format!("{plain}of a class most often Bag taken for Ankle boot (85.0 %)"));
    pick(&mut harness, "Cells show", "% of predicted");
    // 20 of the 35 that are taken for a bag are dresses, 85 of 185 that are taken for an ankle boot are bags.
    assert_eq!(summaries(&harness)[0], format!("{plain}of what is taken for Bag most often Dress (57.1 %)"));
    pick(&mut harness, "Cells show", "Difference of arms");
    let difference =
        "Confusion matrix. residual: 968 of 1,000 correct; furthest from plain: Bag right, 85.0 points more";
    assert_eq!(summaries(&harness), [difference]);
}

#[test]
fn of_confusions_that_are_as_bad_as_each_other_none_is_named_alone() {
    let (mut harness, script) = beside();
    // A network that says Sneaker whatever it sees, and one with two mistakes that are as frequent.
    let mut sneakers = vec![0; 100];
    (0..10).for_each(|class| sneakers[class * 10 + 7] = 100);
    script.say(validated(0, sneakers));
    script.say(validated(1, matrix(&[(6, 0, 30), (3, 8, 30)])));
    harness.run();
    let standing_out = |harness: &Harness<'static, App>| -> Vec<String> {
        let all = summaries(harness);
        all.iter().map(|text| text.split_once("correct; ").expect("what stands out").1.to_owned()).collect()
    };
    assert_eq!(
        standing_out(&harness),
        [
            "most often 9 classes taken for Sneaker (100 each)",
            "most often Dress taken for Bag (30), as in 1 other pair"
        ]
    );
    pick(&mut harness, "Cells show", "% of actual");
    assert_eq!(standing_out(&harness)[0], "most often 9 classes taken for Sneaker (100 % of each)");
    pick(&mut harness, "Cells show", "% of predicted");
    assert_eq!(standing_out(&harness)[0], "of what is taken for Sneaker most often 9 classes (10.0 % each)");
}

#[test]
fn an_arm_without_mistakes_has_nothing_that_stands_out() {
    let (mut harness, script) = beside();
    script.say(validated(0, matrix(&[])));
    script.say(validated(1, matrix(&[])));
    harness.run();
    assert_eq!(summaries(&harness)[0], "Confusion matrix. plain: 1,000 of 1,000 correct");
    pick(&mut harness, "Cells show", "Difference of arms");
    assert_eq!(summaries(&harness), ["Confusion matrix. residual: 1,000 of 1,000 correct"]);
}

/// A hundred classes, most of them with names that have no room, each taken for the next one now and then.
fn hundred(harness: &mut Harness<'static, App>, script: &Script) {
    let mut many = prepared(&script.started());
    let class = |class: usize| {
        if class.is_multiple_of(3) {
            format!("a very long name of a class, number {class}")
        } else {
            format!("class {class}")
        }
    };
    many.dataset.classes = (0..100).map(class).collect();
    script.say(Event::Prepared(Box::new(many)));
    for arm in 0..2 {
        let mut cells = vec![0; 10_000];
        for class in 0..100 {
            cells[class * 101] = 60 + 10 * arm as u32;
            cells[class * 100 + (class + 7) % 100] = 40 - 10 * arm as u32;
        }
        script.say(validated(arm, cells));
    }
    harness.run();
}

#[test]
fn a_hundred_classes_are_drawn_without_names_and_put_into_words() {
    let (mut harness, script) = beside();
    hundred(&mut harness, &script);
    let all = summaries(&harness);
    assert_eq!(all.len(), 2);
    assert!(all[0].contains("plain: 6,000 of 10,000 correct; most often"), "{all:?}");
    assert_eq!(names(&harness, "More classes than names have room for").len(), 2);
    harness.get_by_label("Similar classes together").click();
    harness.run();
    assert_eq!(summaries(&harness), all, "another order, the same numbers");
}

/// A hundred million pairs, of which nearly all have no image: what there is, is shown, and the window stays quick.
#[test]
fn ten_thousand_classes_are_summed_up_without_a_cell_for_each_pair() {
    let (mut harness, script) = beside();
    let mut many = prepared(&script.started());
    many.dataset.classes = (0..10_000).map(|class| format!("class {class}")).collect();
    script.say(Event::Prepared(Box::new(many)));
    let truth: Vec<u16> = (0..10_000).collect();
    for arm in 0..2 {
        let predicted: Vec<u16> = truth.iter().map(|class| if class % 4 > arm { 17 } else { *class }).collect();
        let confusion = Confusion::of(&truth, &predicted, 10_000);
        script.say(Event::Evaluated(Box::new(Evaluation { confusion, ..evaluation(arm.into(), 60) })));
    }
    harness.run();
    let all = summaries(&harness);
    // Class 17 itself is among those taken for it.
    let expected = "plain: 2,501 of 10,000 correct; most often 7,499 classes taken for class 17 (1 each)";
    assert!(all[0].contains(expected), "{all:?}");
    assert!(all[1].contains("residual: 5,000 of 10,000 correct"), "{all:?}");
    assert!(harness.get_by_label("Similar classes together").accesskit_node().is_disabled());
    pick(&mut harness, "Cells show", "Difference of arms");
    let all = summaries(&harness);
    assert!(all.iter().any(|text| text.contains("furthest from plain: ")), "{all:?}");
}

/// Every way in which the panel shows the same validations.
fn compare(theme: Theme, name: &str) {
    pictured_in(vec2(1280.0, 900.0), theme, |harness, script, snapshot| {
        train(harness, script);
        snapshot(harness, &format!("confusion_counts_{name}"));
        for (unit, file) in
            [("% of actual", "actual"), ("% of predicted", "predicted"), ("Difference of arms", "difference")]
        {
            pick(harness, "Cells show", unit);
            snapshot(harness, &format!("confusion_{file}_{name}"));
        }
        pick(harness, "Cells show", "Counts");
        script.say(validated(0, matrix(&[(6, 0, 30), (0, 6, 15), (3, 8, 20), (8, 3, 5), (7, 5, 12)])));
        script.say(validated(1, matrix(&[(6, 0, 20), (7, 5, 2)])));
        harness.get_by_label("Similar classes together").click();
        harness.run();
        snapshot(harness, &format!("confusion_similar_{name}"));
        hundred(harness, script);
        snapshot(harness, &format!("confusion_hundred_{name}"));
    });
}

#[test]
fn confusion_looks_as_it_did_in_the_dark() {
    compare(Theme::Dark, "dark");
}

#[test]
fn confusion_looks_as_it_did_in_the_light() {
    compare(Theme::Light, "light");
}

/// What else is said of right and wrong.
fn compare_verdicts(theme: Theme, name: &str) {
    pictured_in(vec2(1280.0, 760.0), theme, |harness, script, snapshot| {
        harness.get_by_label("Start").click();
        harness.run();
        script.train(&script.started(), 40);
        harness.run();
        harness.get_by_label("Predictions").click();
        harness.run();
        harness.get_by_label("Predict: Predictions").click();
        harness.run();
        answer_predictions(script);
        harness.run();
        harness.get_by_label("Per class").click();
        harness.run();
        snapshot(harness, &format!("classes_{name}"));
        harness.get_by_label("Calibration").click();
        harness.run();
        snapshot(harness, &format!("calibration_{name}"));
    });
}

#[test]
fn classes_and_calibration_look_as_they_did_in_the_dark() {
    compare_verdicts(Theme::Dark, "dark");
}

#[test]
fn classes_and_calibration_look_as_they_did_in_the_light() {
    compare_verdicts(Theme::Light, "light");
}
