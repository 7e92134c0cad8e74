//! How far a study is, what can be done with it, and the studies that wait.

use super::paper::Paper;
use crate::action::Action;
use crate::give_away;
use crate::kit::theme::{self, Tokens};
use crate::kit::widgets::{choose, named, progress};
use crate::laboratory::{Laboratory, Looked};
use crate::scene::Effects;
use eframe::egui::Ui;
use lab_core::number::plural;
use lab_core::study::Standing;
use std::path::{Path, PathBuf};

/// A study's folder as a person calls it.
fn title(folder: &Path) -> String {
    folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Which of the studies on disk is looked at.
pub fn chooser(ui: &mut Ui, laboratory: &mut Laboratory) {
    laboratory.list(ui.ctx());
    if laboratory.listed.is_empty() {
        return;
    }
    let watched = laboratory.watched().map(Path::to_owned);
    let folders = || laboratory.listed.iter().map(|listed| &listed.folder);
    let names: Vec<String> = folders().map(|folder| title(folder)).collect();
    let mut options: Vec<(Option<PathBuf>, &str)> =
        folders().cloned().map(Some).zip(names.iter().map(String::as_str)).collect();
    options.insert(0, (None, "none"));
    ui.horizontal(|ui| {
        let label = ui.label("Study");
        let mut chosen = watched.clone();
        ui.scope(|ui| {
            ui.set_max_width(ui.available_width().min(360.0));
            let list = choose(ui, &mut chosen, &options).labelled_by(label.id);
            list.on_hover_text("The studies that this machine keeps, the newest first");
        });
        if chosen != watched {
            match chosen {
                Some(folder) => laboratory.watch(folder, None),
                None => laboratory.forget(),
            }
        }
    });
}

/// The studies that wait, if any do.
pub fn waiting(ui: &mut Ui, laboratory: &mut Laboratory) {
    let names: Vec<String> = laboratory.work.waiting().into_iter().map(title).collect();
    let tokens = Tokens::of(ui);
    if laboratory.work.is_paused() {
        ui.horizontal_wrapped(|ui| {
            let text = if laboratory.is_running() { "Pausing after the step in progress" } else { "Paused" };
            ui.colored_label(tokens.warning, text);
            let go_on = ui.button("Go on").on_hover_text("Works on the first study that waits, from where it was");
            if named(ui, go_on, "Go on with the queue").clicked() {
                laboratory.work.go_on();
            }
        });
    }
    if names.is_empty() {
        return;
    }
    ui.label(theme::caption("Waiting, the next one first", &tokens));
    let work = &mut laboratory.work;
    for (place, name) in names.iter().enumerate() {
        ui.horizontal(|ui| {
            let earlier = ui.add_enabled(place > 0, eframe::egui::Button::new("↑"));
            let earlier = earlier.on_hover_text("Comes earlier").on_disabled_hover_text("It is the next one");
            if named(ui, earlier, &format!("Earlier: {name}")).clicked() {
                work.later(place - 1);
            }
            let later = ui.add_enabled(place + 1 < names.len(), eframe::egui::Button::new("↓"));
            let later = later.on_hover_text("Comes later").on_disabled_hover_text("It is the last one");
            if named(ui, later, &format!("Later: {name}")).clicked() {
                work.later(place);
            }
            let leave = ui.button("Take out").on_hover_text("Does not work on it; its folder stays");
            if named(ui, leave, &format!("Take out: {name}")).clicked() {
                work.leave(place);
            }
            ui.add(eframe::egui::Label::new(name).truncate());
        });
    }
}

/// How far the study is that is looked at, and what can be done with it.
pub fn under_way(ui: &mut Ui, looked: &Looked, effects: &mut Effects) {
    let (over, of) = (looked.over(), looked.trials.len());
    let tokens = Tokens::of(ui);
    ui.horizontal_wrapped(|ui| {
        ui.label(theme::strong(&looked.name));
        let share = over as f32 / of.max(1) as f32;
        let text = format!("{over} of {}", plural(of as u64, "training"));
        progress(ui, share, &text, 180.0);
        deeds(ui, looked, effects);
        give_away::button(ui, "the study's results", &Paper(looked), effects.actions);
    });
    if let Some(trial) = looked.trials.iter().find(|trial| matches!(trial.standing, Standing::Running { .. })) {
        ui.label(theme::caption(format!("now: {}", looked.title(trial)), &tokens));
    }
    let failed = looked.failed();
    if failed > 0 {
        ui.horizontal_wrapped(|ui| {
            ui.colored_label(tokens.error, format!("{} failed", plural(failed as u64, "training")));
            let hint = "Forgets what they have come to and trains them once more";
            if ui.button("Retry what failed").on_hover_text(hint).clicked() {
                let done = effects.laboratory.retry(&looked.folder, &[]);
                effects.laboratory.note(done);
            }
        });
    }
}

fn deeds(ui: &mut Ui, looked: &Looked, effects: &mut Effects) {
    let laboratory = &mut *effects.laboratory;
    if laboratory.work.current() == Some(&looked.folder) {
        if laboratory.work.is_stopping() {
            ui.label(theme::caption("stopping after the step in progress", &Tokens::of(ui)));
        } else {
            let hint = "Stops after the step in progress, with a checkpoint; nothing else begins until you go on";
            if ui.button("Pause").on_hover_text(hint).clicked() {
                laboratory.work.pause();
            }
            let hint = "Stops after the step in progress, with a checkpoint; the next study that waits begins";
            if ui.button("Stop").on_hover_text(hint).clicked() {
                laboratory.work.stop();
            }
        }
    } else if looked.over() < looked.trials.len() && !laboratory.work.waiting().contains(&looked.folder.as_path()) {
        let hint = "Works on the trainings that are left, from their last checkpoints";
        if ui.button("Go on").on_hover_text(hint).clicked() {
            effects.actions.push(Action::WorkOnStudy);
        }
    }
    if looked.can_have_more_seeds && looked.over() == looked.trials.len() && laboratory.guided().is_none() {
        let hint = "Trains every setting once more with a seed that it has not had; what is done stays done";
        if ui.button("One more seed").on_hover_text(hint).clicked() {
            let done = laboratory.one_more_seed(&looked.folder);
            laboratory.note(done);
        }
    }
    if ui.button("Open folder").on_hover_text("Shows the study's files").clicked() {
        effects.actions.push(Action::Reveal(looked.folder.clone()));
    }
}
