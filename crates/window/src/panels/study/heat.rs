//! The mean for every two values of two axes, over all settings that have them.

use super::bits;
use super::dimension::{DrawnAxis, goodness, in_words, judged_name, known};
use super::view::View;
use crate::kit::theme::{self, Tokens, on_viridis, space, viridis};
use crate::kit::widgets::named;
use crate::laboratory::Looked;
use eframe::egui::{Align2, FontId, Label, Pos2, Rect, Sense, Ui, pos2, vec2};

/// Room for the values of the axis that runs up, in points.
const LEFT: f32 = 72.0;
/// Room for those across.
const BELOW: f32 = 34.0;

pub fn ui(ui: &mut Ui, looked: &Looked, view: &mut View, bottom: f32) {
    ui.horizontal_wrapped(|ui| {
        bits::axis(ui, "Across", "The axis that runs across", looked, &mut view.across);
        bits::axis(ui, "Up", "The axis that runs up", looked, &mut view.up);
        bits::judged(ui, looked, view);
    });
    if looked.labels.len() < 2 {
        return bits::nothing(ui, "A heat map needs two axes: vary something else, too.");
    }
    bits::fit(view, looked);
    let (across, up) = (DrawnAxis::of(looked, view.across), DrawnAxis::of(looked, view.up));
    let tokens = Tokens::of(ui);
    let name = judged_name(looked, view.judged_by);
    let text = format!("{name} for every {} and {}, the mean over all else", across.label, up.label);
    ui.add(Label::new(theme::caption(&text, &tokens)).wrap());
    let cells = cells(looked, view, &across, &up);
    let found: Vec<f64> = cells.iter().flatten().flatten().copied().collect();
    let size = vec2(ui.available_width(), bits::height(ui, bottom, 0.0));
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let response = named(ui, response, &format!("{text}. {} cells", found.len()));
    let (columns, rows) = (across.values.len().max(1), up.values.len().max(1));
    let size = vec2((rect.width() - LEFT) / columns as f32, (rect.height() - BELOW) / rows as f32);
    let at = |column: usize, row: usize| {
        // The least value of the axis that runs up lies at the bottom.
        let corner = rect.min + vec2(LEFT + column as f32 * size.x, (rows - 1 - row) as f32 * size.y);
        Rect::from_min_size(corner, size).shrink(0.5)
    };
    let good = goodness(looked, view.judged_by);
    let font = FontId::proportional(theme::size::SMALL);
    let write = |place: Pos2, align: Align2, text: &str, color, width: f32| {
        let galley = theme::elided(ui.painter(), text, font.clone(), color, width);
        ui.painter().galley(align.anchor_size(place, galley.size()).min, galley, color);
    };
    let mut pointed = None;
    for (row, values) in cells.iter().enumerate() {
        for (column, value) in values.iter().enumerate() {
            let place = at(column, row);
            let Some(value) = value else {
                ui.painter().rect_filled(place, 0.0, tokens.raised.gamma_multiply(0.4));
                continue;
            };
            let share = good(*value);
            ui.painter().rect_filled(place, 0.0, viridis(share));
            let words = in_words(looked, view.judged_by, *value);
            if place.width() > 44.0 && place.height() > 14.0 {
                write(place.center(), Align2::CENTER_CENTER, &words, on_viridis(share), place.width());
            }
            if response.hover_pos().is_some_and(|pointer| place.contains(pointer)) {
                let (x, y) = (&across.values[column], &up.values[row]);
                pointed = Some(format!("{} {x}, {} {y}: {words}", across.label, up.label));
            }
        }
    }
    // Of many values, some are left out, so that none lie over each other.
    let every = |room: f32, least: f32| {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few dozen cells")]
        let every = (least / room.max(1.0)).ceil().max(1.0) as usize;
        every
    };
    for (column, value) in across.values.iter().enumerate().step_by(every(size.x, 48.0)) {
        let place = pos2(at(column, 0).center().x, rect.bottom() - BELOW + 2.0);
        write(place, Align2::CENTER_TOP, value, tokens.text, size.x.max(48.0));
    }
    for (row, value) in up.values.iter().enumerate().step_by(every(size.y, 14.0)) {
        let place = pos2(rect.left() + LEFT - space::S, at(0, row).center().y);
        write(place, Align2::RIGHT_CENTER, value, tokens.text, LEFT - space::S);
    }
    let middle = rect.left() + LEFT + (rect.width() - LEFT) / 2.0;
    write(pos2(middle, rect.bottom()), Align2::CENTER_BOTTOM, &across.label, tokens.weak, rect.width() - LEFT);
    write(rect.left_bottom(), Align2::LEFT_BOTTOM, &format!("↑ {}", up.label), tokens.weak, LEFT + 24.0);
    if let Some(text) = pointed {
        response.on_hover_text_at_pointer(text);
    }
}

/// Rows from the least value up, each with its columns.
fn cells(looked: &Looked, view: &View, across: &DrawnAxis, up: &DrawnAxis) -> Vec<Vec<Option<f64>>> {
    let mut sums = vec![vec![(0.0, 0u32); across.values.len()]; up.values.len()];
    for (point, value) in known(looked, view.judged_by) {
        let place =
            |of: &DrawnAxis, axis: usize| of.values.iter().position(|known| Some(known) == point.values.get(axis));
        if let (Some(column), Some(row)) = (place(across, view.across), place(up, view.up)) {
            let (sum, count) = &mut sums[row][column];
            (*sum, *count) = (*sum + value, *count + 1);
        }
    }
    let mean = |(sum, count): (f64, u32)| (count > 0).then(|| sum / f64::from(count));
    sums.into_iter().map(|row| row.into_iter().map(mean).collect()).collect()
}
