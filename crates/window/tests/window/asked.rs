//! Instruments that are asked in the window, and answers that are the same in every run.

use crate::scripted::*;
use eframe::egui::Theme;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use lab_core::instrument::{Answer, ArmFinding, Finding, Findings, Gallery, HeatMap, Predictions, Question, Score};
use lab_core::protocol::{Command, Event};
use lab_window::App;
use std::sync::Arc;

/// A window that has trained a little, with one of its tabs in front.
pub fn at_tab(tab: &str) -> (Harness<'static, App>, Script) {
    let (mut harness, script) = training(40);
    command(&mut harness, &format!("show {tab}"));
    (harness, script)
}

/// The same, drawn in pixels.
pub fn drawn_at_tab(tab: &str, theme: Theme) -> (Harness<'static, App>, Script) {
    let (mut harness, script) = window_of(eframe::egui::vec2(1280.0, 760.0), theme, true);
    harness.run();
    harness.get_by_label("Start").click();
    harness.run();
    script.train(&script.started(), 40);
    harness.run();
    // Where there are many tabs, not all of them are in sight.
    command(&mut harness, &format!("Show {tab}"));
    (harness, script)
}

/// Whether something is said somewhere in the window.
pub fn shows(harness: &Harness<'static, App>, words: &str) -> bool {
    harness.query_all_by_label_contains(words).next().is_some()
}

/// Opens a list that is in view and picks an entry.
pub fn pick(harness: &mut Harness<'static, App>, list: &str, entry: &str) {
    harness.get_by_label(list).click();
    harness.run();
    harness.get_by_label(entry).scroll_to_me();
    harness.run();
    harness.get_by_label(entry).click();
    harness.run();
}

impl Script {
    /// The newest question of a kind, with its number.
    pub fn asked_for(&self, wanted: impl Fn(&Question) -> bool) -> Option<(u64, Question)> {
        self.sent.borrow().iter().rev().find_map(|command| match command {
            Command::Ask { id, question, .. } if wanted(question) => Some((*id, question.clone())),
            _ => None,
        })
    }

    /// Answers a question for both arms.
    pub fn found(&self, id: u64, [plain, residual]: [Result<Finding, String>; 2]) {
        self.say(Event::Answer { id, answer: Ok(both([plain, residual])) });
    }

    /// Says how far a question has come.
    pub fn came(&self, id: u64, done: usize, total: usize, so_far: Option<Answer>) {
        self.say(Event::Progress { id, done, total, so_far });
    }
}

/// What was found in both arms.
pub fn both(findings: [Result<Finding, String>; 2]) -> Answer {
    let arms = ["plain", "residual"].into_iter().zip(findings);
    let arms = arms.map(|(arm, finding)| ArmFinding { arm: arm.into(), step: 40, finding }).collect();
    Answer::Found(Arc::new(Findings { step: 40, classes: classes(), arms, ..Findings::default() }))
}

pub fn score(accuracy: f64) -> Score {
    Score { images: 1000, accuracy, loss: 2.0 * (1.0 - accuracy) }
}

/// Sixty pictures of 8 × 8 pixels, a frame whose corner says the class.
pub fn gallery() -> Gallery {
    let pixel = |image: usize, at: usize| {
        let (x, y) = (at % 8, at / 8);
        if x < 1 + image % 10 / 2 && y < 1 + image % 10 { 230 } else { 20 * (x + y) as u8 / 2 }
    };
    let pixels = (0..60).flat_map(|image| (0..64).map(move |at| pixel(image, at))).collect();
    let labels = (0..60).map(|image| image % 10).collect();
    Gallery { shape: [1, 8, 8], pixels, labels, classes: classes(), files: Vec::new() }
}

/// What an arm takes the gallery's images for; every `wrong`-th one for the next class.
pub fn predictions(wrong: usize) -> Predictions {
    predictions_of(60, wrong)
}

/// The same of so many images.
pub fn predictions_of(images: usize, wrong: usize) -> Predictions {
    let mut found = Predictions::of(10, images);
    for image in (0..60_usize).cycle().take(images) {
        let truth = image % 10;
        let is_wrong = image.is_multiple_of(wrong);
        let predicted = if is_wrong { (truth + 1) % 10 } else { truth };
        let sure = 0.5 + 0.008 * (image % 50) as f32;
        let row: [f32; 10] = std::array::from_fn(|class| if class == predicted { sure } else { (1.0 - sure) / 9.0 });
        let loss = if is_wrong { 2.5 + 0.01 * image as f32 } else { -sure.ln() };
        found.push(truth as u16, predicted as u16, loss, &row);
    }
    found
}

/// A hill somewhere on a small grid.
pub fn hill(side: usize, top: [f32; 2]) -> HeatMap {
    let value = |at: usize| {
        let (x, y) = ((at % side) as f32 / side as f32, (at / side) as f32 / side as f32);
        (1.0 - 2.0 * ((x - top[0]).powi(2) + (y - top[1]).powi(2)).sqrt()).max(0.0)
    };
    HeatMap { height: side, width: side, values: (0..side * side).map(value).collect() }
}
