//! Batch sizes: which fit into memory, how fast each of them is, and the one that is recommended.

use crate::action::{Action, Sought};
use crate::finder::outdated;
use crate::kit::theme::{self, Tokens, space};
use crate::kit::widgets::{named, primary};
use crate::scene::{Effects, Scene};
use eframe::egui::{Align2, FontId, Label, Rect, Sense, Spinner, Ui, Vec2, pos2, vec2};
use lab_core::finder::{Tried, recommended};
use lab_core::number::{bytes, short};

/// Height of a row, in points.
const ROW: f32 = 26.0;

pub fn ui(ui: &mut Ui, scene: Scene, effects: &mut Effects) {
    let plan = scene.plan;
    let tokens = Tokens::of(ui);
    let text = "Measures steps of all networks together at each size that fits into the free memory. Recommended is the \
                smallest that is about as fast as the fastest: it makes more steps of the same images. Another size \
                wants another learning rate, so find that again.";
    ui.add(Label::new(theme::caption(text, &tokens)).wrap());
    ui.horizontal_wrapped(|ui| {
        if effects.finder.working() == Some(Sought::BatchSize) {
            if ui.button("Stop").on_hover_text("Ends the measuring; what was measured stays").clicked() {
                effects.finder.stop();
            }
            let spinner = ui.add(Spinner::new().size(16.0));
            named(ui, spinner, "Measuring batch sizes");
            ui.label(theme::caption("measuring the next size…", &tokens));
            return;
        }
        let button = primary(ui, scene.obstacles.is_empty(), "Measure batch sizes", Vec2::ZERO);
        let hint = "Trains the networks of the form for a few steps at each size, in a process of its own";
        let wrong = scene.obstacles.join("\n");
        if button.on_hover_text(hint).on_disabled_hover_text(wrong).clicked() {
            effects.finder.sizes(plan, ui.ctx());
        }
    });
    let tried = &effects.finder.sizes;
    let is_done = effects.finder.working() != Some(Sought::BatchSize);
    let best = recommended(tried).filter(|_| is_done).map(|tried| tried.fit.batch);
    let fastest = tried.iter().map(|tried| tried.images_per_second).fold(1e-9, f64::max);
    let text = effects.finder.sized.as_ref().filter(|_| !tried.is_empty()).and_then(|sized| outdated(sized, plan));
    if let Some(text) = text {
        ui.colored_label(tokens.warning, text);
    }
    for tried in tried {
        row(ui, tried, fastest, best == Some(tried.fit.batch));
    }
    let Some(best) = best else { return };
    let largest = tried.last().map_or(best, |tried| tried.fit.batch);
    ui.label(theme::caption(format!("Up to {largest} images at a time were tried"), &tokens));
    let button = primary(ui, true, format!("Use {best}"), Vec2::ZERO);
    if button.on_hover_text("Puts it into the form").clicked() {
        effects.actions.push(Action::UseBatch(best));
    }
}

fn row(ui: &mut Ui, tried: &Tried, fastest: f64, is_best: bool) {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
    let (size, memory) = (tried.fit.batch.to_string(), bytes(tried.fit.bytes));
    let speed = format!("{} images/s", short(tried.images_per_second));
    let mark = if is_best { ", recommended" } else { "" };
    named(ui, response, &format!("Batch of {size}: {memory}, {speed}{mark}"));
    let font = FontId::proportional(theme::size::BODY);
    let write = |x: f32, align: Align2, text: &str, color| {
        ui.painter().text(pos2(rect.left() + x, rect.center().y), align, text, font.clone(), color);
    };
    write(48.0, Align2::RIGHT_CENTER, &size, if is_best { tokens.accent } else { tokens.text });
    write(132.0, Align2::RIGHT_CENTER, &memory, tokens.weak);
    let room = (rect.width() - 148.0 - 190.0).max(24.0);
    #[allow(clippy::cast_possible_truncation, reason = "a share")]
    let width = room * (tried.images_per_second / fastest) as f32;
    let bar = Rect::from_min_size(pos2(rect.left() + 148.0, rect.top() + 6.0), vec2(width, ROW - 12.0));
    let color = if is_best { tokens.accent } else { tokens.weak.gamma_multiply(0.6) };
    ui.painter().rect_filled(bar, 2.0, color);
    let text = if is_best { format!("{speed}  recommended") } else { speed };
    let at = bar.right() - rect.left() + space::S;
    write(at, Align2::LEFT_CENTER, &text, if is_best { tokens.accent } else { tokens.text });
}
