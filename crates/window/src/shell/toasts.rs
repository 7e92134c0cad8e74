//! Short messages in the corner. What went wrong stays until it is read; the rest goes by itself. However much there is to
//! say, little is covered: the newest are shown, each in a few rows, and all of it stands in the log.

use crate::kit::theme::{self, Tokens, space};
use crate::kit::widgets::named;
use crate::state::Level;
use eframe::egui::text::LayoutJob;
use eframe::egui::{Align2, Area, Button, Context, Frame, Id, Label, Margin, Order, Stroke, TextStyle, Ui, vec2};
use lab_core::number::count;

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
    /// Those that have left before they were read or their time was over.
    dropped: usize,
}

/// Seconds a message stays.
const STAY: f64 = 8.0;
/// Messages that wait to be read or to go.
const MOST: usize = 5;
/// Those of them that are on the screen.
const SHOWN: usize = 2;
/// Rows of a message.
const ROWS: usize = 4;

impl Toasts {
    /// Shows a message from the next frame on.
    pub fn push(&mut self, level: Level, text: impl Into<String>) {
        self.shown.push(Toast { level, text: text.into(), until: None });
        if self.shown.len() > MOST {
            let oldest = self.shown.iter().position(|toast| toast.level != Level::Error).unwrap_or(0);
            self.shown.remove(oldest);
            self.dropped += 1;
        }
    }

    pub fn ui(&mut self, ctx: &Context) {
        let now = ctx.input(|input| input.time);
        for toast in self.shown.iter_mut().filter(|toast| toast.level != Level::Error) {
            toast.until.get_or_insert(now + STAY);
        }
        self.shown.retain(|toast| toast.until.is_none_or(|until| now < until));
        if self.shown.is_empty() {
            self.dropped = 0;
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
            let hidden = self.shown.len().saturating_sub(SHOWN);
            if hidden > 0 {
                framed(ui, Level::Info, |ui| {
                    ui.label(format!("{} more in the log", count((hidden + self.dropped) as u64)));
                    if ui.add(Button::new("Dismiss all").frame_when_inactive(false)).clicked() {
                        read = Some(Read::All);
                    }
                });
            }
            for (index, toast) in self.shown.iter().enumerate().skip(hidden) {
                framed(ui, toast.level, |ui| {
                    let width = ui.available_width() - 72.0;
                    ui.vertical(|ui| {
                        ui.set_width(width);
                        let font = TextStyle::Body.resolve(ui.style());
                        let mut job = LayoutJob::simple(toast.text.clone(), font, Tokens::of(ui).text, width);
                        job.wrap.max_rows = ROWS;
                        ui.add(Label::new(job).wrap());
                    });
                    let close = ui.add(Button::new("Dismiss").frame_when_inactive(false));
                    if named(ui, close, &format!("Dismiss: {}", toast.text)).clicked() {
                        read = Some(Read::One(index));
                    }
                });
            }
        });
        match read {
            Some(Read::One(index)) => {
                self.shown.remove(index);
            }
            Some(Read::All) => (self.shown, self.dropped) = (Vec::new(), 0),
            None => {}
        }
    }
}

/// What a person has read.
enum Read {
    One(usize),
    All,
}

fn framed(ui: &mut Ui, level: Level, add: impl FnOnce(&mut Ui)) {
    let tokens = Tokens::of(ui);
    let color = match level {
        Level::Info => tokens.accent,
        Level::Notice => tokens.warning,
        Level::Error => tokens.error,
    };
    let frame = Frame::popup(ui.style()).stroke(Stroke::new(theme::HAIRLINE, color)).inner_margin(Margin::same(10));
    frame.show(ui, |ui| {
        ui.set_width(340.0);
        ui.horizontal_top(add);
    });
    ui.add_space(space::XS);
}
