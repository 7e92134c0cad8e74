//! Every setting as a point against one axis.

use super::bits;
use super::dimension::{DrawnAxis, is_share, judged_name, known};
use super::view::{ToldApart, View};
use crate::kit::chart::{Across, AxisScale, Chart, Series};
use crate::kit::theme::{self, Tokens};
use crate::laboratory::Looked;
use eframe::egui::{Label, Ui};

pub fn ui(ui: &mut Ui, looked: &Looked, view: &mut View, bottom: f32) {
    ui.horizontal_wrapped(|ui| {
        bits::axis(ui, "Across", "The axis that runs across", looked, &mut view.across);
        bits::judged(ui, looked, view);
        bits::color(ui, looked, view, "Nothing");
    });
    let points: Vec<_> = known(looked, view.judged_by).collect();
    if looked.labels.is_empty() || points.is_empty() {
        return bits::nothing(ui, "A point appears here for each setting of which a training has ended.");
    }
    let tokens = Tokens::of(ui);
    let axis = DrawnAxis::of(looked, view.across);
    let colors = view.colored_by.axis().map(|color| (color, DrawnAxis::of(looked, color)));
    let color_of = |values: &[String]| {
        let found = colors.as_ref().and_then(|(color, of)| Some(of.color(&tokens, values.get(*color)?)));
        found.unwrap_or(tokens.accent)
    };
    let mut lines: Vec<Series> = Vec::new();
    for (point, value) in &points {
        let Some(x) = point.values.get(view.across).map(|value| axis.place(value)) else { continue };
        let color = color_of(&point.values);
        match lines.iter_mut().find(|line| line.color == Some(color)) {
            Some(line) => line.points.push([x, *value]),
            None => lines.push(Series {
                color: Some(color),
                points: vec![[x, *value]],
                scattered: true,
                ..Series::default()
            }),
        }
    }
    let text = format!("{} of each setting against {}", judged_name(looked, view.judged_by), axis.label);
    ui.add(Label::new(theme::caption(&text, &tokens)).wrap());
    let across = Across { scale: axis.scale(), names: axis.names(), ..Across::default() };
    let scale = if is_share(looked, view.judged_by) { AxisScale::PartOfPercent } else { AxisScale::Log };
    let said = format!("{text}. {} points", points.len());
    let height = bits::height(ui, bottom, 1.0);
    Chart::new("slice", &said, scale, height).over(across).draw(ui, &lines);
    if view.colored_by != ToldApart::Networks {
        super::curves::legend(ui, looked, view, &tokens);
    }
}
