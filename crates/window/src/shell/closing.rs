//! Asks whether what is under way shall be stopped before the window closes. Must not know what a run or a study is.

use crate::action::Action;
use crate::kit::theme::{self, space};
use crate::kit::widgets::primary;
use eframe::egui::{Context, Id, Modal, Vec2, ViewportCommand};

/// Whether a person is being asked to confirm the end, or has done so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Closing {
    #[default]
    No,
    Asking,
    Confirmed,
}

/// What would be stopped.
#[derive(Clone, Copy)]
pub struct UnderWay {
    /// A training in this window.
    pub run: bool,
    /// Trainings of a study, in a process of their own.
    pub study: bool,
}

impl Closing {
    /// What comes of this frame: the question if the window is about to close, and the answer to it.
    pub fn after(self, ctx: &Context, under_way: UnderWay, actions: &mut Vec<Action>) -> Self {
        let wanted = ctx.input(|input| input.viewport().close_requested()) && self != Self::Confirmed;
        let now = match (self, under_way.run || under_way.study) {
            (_, true) if wanted => {
                ctx.send_viewport_cmd(ViewportCommand::CancelClose);
                Self::Asking
            }
            // It has ended in the meantime: there is nothing to be asked any more.
            (Self::Asking, false) => Self::No,
            _ => self,
        };
        if now == Self::Asking && asked(ctx, under_way, actions) { Self::No } else { now }
    }
}

/// Asks; whether a person would rather not.
fn asked(ctx: &Context, under_way: UnderWay, actions: &mut Vec<Action>) -> bool {
    let (title, text) = match (under_way.run, under_way.study) {
        (_, false) => (
            "Stop training and close?",
            "The run ends after the step in progress, with a checkpoint from which it can go on.",
        ),
        (false, true) => (
            "Stop the study and close?",
            "Its training stops after the step in progress, with a checkpoint. \u{201c}Go on\u{201d} takes it up from there.",
        ),
        (true, true) => (
            "Stop the run and the study, and close?",
            "Both stop after the step in progress, with a checkpoint from which they can go on.",
        ),
    };
    let modal = Modal::new(Id::unique("close")).show(ctx, |ui| {
        ui.set_width(360.0);
        ui.label(theme::heading(title));
        ui.add_space(space::XS);
        ui.label(text);
        ui.add_space(space::M);
        ui.horizontal(|ui| {
            let stop = primary(ui, true, "Stop and close", Vec2::ZERO);
            if ui.memory(|memory| memory.focused().is_none()) {
                stop.request_focus();
            }
            if stop.clicked() {
                actions.push(Action::QuitNow);
            }
            if ui.button("Keep training").clicked() {
                ui.close();
            }
        });
    });
    modal.should_close()
}
