//! Short messages in the corner. What went wrong stays until it is read; the rest goes by itself.

use crate::kit::theme::{self, Tokens, space};
use crate::kit::widgets::named;
use crate::state::Level;
use eframe::egui::{Align2, Area, Button, Context, Frame, Id, Label, Margin, Order, RichText, Stroke, vec2};

struct Toast {
    level: Level,
    text: String,
    /// When it goes, in seconds since the start: set when it is first drawn, and never for what went wrong.
    until: Option<f64>,
}

/// Messages that are on the screen.
#[derive(Default)]
pub struct Toasts {
    shown: Vec<Toast>,
}

/// Seconds a message stays.
const STAY: f64 = 8.0;
/// Messages on the screen at a time.
const MOST: usize = 5;

impl Toasts {
    /// Shows a message from the next frame on.
    pub fn push(&mut self, level: Level, text: impl Into<String>) {
        self.shown.push(Toast { level, text: text.into(), until: None });
        if self.shown.len() > MOST {
            let oldest = self.shown.iter().position(|toast| toast.level != Level::Error).unwrap_or(0);
            self.shown.remove(oldest);
        }
    }

    pub fn ui(&mut self, ctx: &Context) {
        let now = ctx.input(|input| input.time);
        for toast in self.shown.iter_mut().filter(|toast| toast.level != Level::Error) {
            toast.until.get_or_insert(now + STAY);
        }
        self.shown.retain(|toast| toast.until.is_none_or(|until| now < until));
        if self.shown.is_empty() {
            return;
        }
        if let Some(next) = self.shown.iter().filter_map(|toast| toast.until).reduce(f64::min) {
            ctx.request_repaint_after(std::time::Duration::from_secs_f64((next - now).max(0.05)));
        }
        let mut read = None;
        let area = Area::new(Id::unique("toasts"))
            .order(Order::Foreground)
            .anchor(Align2::RIGHT_BOTTOM, vec2(-space::L, -space::L));
        area.show(ctx, |ui| {
            let tokens = Tokens::of(ui);
            for (index, toast) in self.shown.iter().enumerate() {
                let color = match toast.level {
                    Level::Info => tokens.accent,
                    Level::Notice => tokens.warning,
                    Level::Error => tokens.error,
                };
                let frame =
                    Frame::popup(ui.style()).stroke(Stroke::new(theme::HAIRLINE, color)).inner_margin(Margin::same(10));
                frame.show(ui, |ui| {
                    ui.set_width(340.0);
                    ui.horizontal_top(|ui| {
                        let width = ui.available_width() - 72.0;
                        ui.vertical(|ui| {
                            ui.set_width(width);
                            ui.add(Label::new(RichText::new(&toast.text)).wrap());
                        });
                        let close = ui.add(Button::new("Dismiss").frame_when_inactive(false));
                        if named(ui, close, &format!("Dismiss: {}", toast.text)).clicked() {
                            read = Some(index);
                        }
                    });
                });
                ui.add_space(space::XS);
            }
        });
        if let Some(index) = read {
            self.shown.remove(index);
        }
    }
}
