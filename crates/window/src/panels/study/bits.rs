//! Small choices that several views of a study share, and what an empty one says.

use super::dimension::judged_name;
use super::view::{Judged, SpreadBand, ToldApart, View};
use crate::kit::theme::{self, Tokens, space};
use crate::kit::widgets::{choose, named};
use crate::laboratory::{Looked, StudyCurve};
use eframe::egui::{Label, Ui};

/// A list with a label in front, as wide as its entries need.
pub fn listed<T: Clone + PartialEq>(ui: &mut Ui, label: &str, hint: &str, value: &mut T, options: &[(T, &str)]) {
    if options.len() < 2 {
        return;
    }
    let longest = options.iter().map(|(_, name)| name.chars().count()).max().unwrap_or(0);
    let width = (longest as f32 * 7.5 + 36.0).min(ui.max_rect().width() - 90.0).clamp(90.0, 260.0);
    crate::kit::chips::together(ui, width + 64.0);
    ui.label(label);
    // Lists of one row would be the same to egui, and open each other.
    ui.push_id(label, |ui| {
        ui.set_max_width(width);
        let chosen = choose(ui, value, options).on_hover_text(hint);
        named(ui, chosen, label);
    });
    ui.add_space(space::S);
}

/// Which axis, by its name.
pub fn axis(ui: &mut Ui, label: &str, hint: &str, looked: &Looked, value: &mut usize) {
    let options: Vec<(usize, &str)> =
        looked.labels.iter().enumerate().map(|(index, label)| (index, label.as_str())).collect();
    listed(ui, label, hint, value, &options);
}

/// What is judged: the objective, or the accuracy of one network.
pub fn judged(ui: &mut Ui, looked: &Looked, view: &mut View) {
    // With one network, the objective is its own.
    let networks = if looked.arms.len() > 1 { looked.arms.len() } else { 0 };
    let all = std::iter::once(Judged::Objective).chain((0..networks).map(Judged::Network));
    let names: Vec<(Judged, String)> = all.map(|what| (what, judged_name(looked, what))).collect();
    let options: Vec<(Judged, &str)> = names.iter().map(|(what, name)| (*what, name.as_str())).collect();
    listed(ui, "Of", "What the settings are judged by", &mut view.judged_by, &options);
}

/// What colours tell apart; `first` is what they do where that is no axis, if there is such a choice.
pub fn color(ui: &mut Ui, looked: &Looked, view: &mut View, first: &'static str) {
    let axes = looked.labels.iter().enumerate().map(|(axis, label)| (ToldApart::Axis(axis), label.as_str()));
    let networks = (looked.arms.len() > 1).then_some((ToldApart::Networks, first));
    let options: Vec<(ToldApart, &str)> = networks.into_iter().chain(axes).collect();
    listed(ui, "Colour by", "What the colours tell apart", &mut view.colored_by, &options);
}

/// Which curve.
pub fn curve(ui: &mut Ui, view: &mut View) {
    listed(ui, "Show", "What is drawn", &mut view.curve, &StudyCurve::ALL);
}

/// How the spread over the seeds is drawn.
pub fn band(ui: &mut Ui, view: &mut View) {
    let hint =
        "A standard deviation says how far single seeds lie apart; an interval says how well their mean is known";
    listed(ui, "Band", hint, &mut view.band, &SpreadBand::ALL);
}

/// Room for a line below a drawing with what is between them, in points.
const LINE: f32 = theme::ROW + space::S;

/// How high a drawing may be that begins here, so that so many lines below it are in view, too.
pub fn height(ui: &Ui, bottom: f32, lines: f32) -> f32 {
    (bottom - ui.cursor().top() - lines * LINE).clamp(220.0, 560.0)
}

/// What a view says that has nothing to show yet.
pub fn nothing(ui: &mut Ui, text: &str) {
    ui.add_space(space::M);
    ui.add(Label::new(theme::caption(text, &Tokens::of(ui))).wrap());
}

/// Choices that were made for another study and do not fit this one.
pub fn fit(view: &mut View, looked: &Looked) {
    let axes = looked.labels.len();
    if view.across >= axes {
        view.across = 0;
    }
    if view.up >= axes || view.up == view.across {
        view.up = (0..axes).find(|axis| *axis != view.across).unwrap_or(0);
    }
    if view.colored_by.axis().is_some_and(|axis| axis >= axes) {
        view.colored_by = ToldApart::Networks;
    }
    // With one network, its colour would be that of every line.
    if view.colored_by == ToldApart::Networks && looked.arms.len() == 1 && axes > 0 {
        view.colored_by = ToldApart::Axis(0);
    }
    if matches!(view.judged_by, Judged::Network(arm) if arm >= looked.arms.len()) {
        view.judged_by = Judged::Objective;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_one_network_colours_tell_settings_apart() {
        let looked = |arms: &[&str]| Looked {
            arms: arms.iter().map(|&name| name.to_owned()).collect(),
            labels: vec!["depth".to_owned()],
            ..Looked::default()
        };
        for (arms, color) in [(&["resnet20"][..], ToldApart::Axis(0)), (&["plain", "residual"], ToldApart::Networks)] {
            let mut view = View::default();
            fit(&mut view, &looked(arms));
            assert_eq!(view.colored_by, color, "{arms:?}");
        }
    }
}
