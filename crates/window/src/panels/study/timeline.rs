//! When each training began and ended: a bar for each, in the order in which they began.

use super::bits;
use super::trials::color;
use crate::kit::theme::{self, Tokens, space};
use crate::kit::widgets::named;
use crate::laboratory::Looked;
use eframe::egui::{Align2, FontId, Label, Rect, ScrollArea, Sense, Ui, pos2, vec2};
use lab_core::number::{duration, plural};
use lab_core::study::{Seen, Standing};

/// Height of a bar with the space around it, in points.
const BAR: f32 = 16.0;
/// Room for the names in front, at least; and the share of the width that they may take.
const NAMES: f32 = 150.0;
const SHARE: f32 = 0.45;

pub fn ui(ui: &mut Ui, looked: &Looked, bottom: f32) {
    let begun = looked.trials.iter().filter_map(|trial| Some((trial, trial.begun.as_ref()?.record.span()?)));
    let mut begun: Vec<(&Seen, (f64, Option<f64>))> = begun.collect();
    if begun.is_empty() {
        return bits::nothing(ui, "A bar appears here with each training that begins.");
    }
    begun.sort_by(|a, b| a.1.0.total_cmp(&b.1.0).then(a.0.number.cmp(&b.0.number)));
    let first = begun[0].1.0;
    let latest = begun.iter().map(|(_, (from, to))| to.unwrap_or(*from)).fold(first, f64::max);
    // What still runs, runs until now.
    let now = if looked.is_worked_on() { seconds_now().max(latest) } else { latest };
    let span = (now - first).max(1e-3);
    let tokens = Tokens::of(ui);
    let text =
        format!("{} in {}, in the order in which they began", plural(begun.len() as u64, "training"), duration(span));
    ui.add(Label::new(theme::caption(&text, &tokens)).wrap());
    let font = FontId::proportional(theme::size::SMALL);
    let title = |trial: &Seen| format!("{}  {}", trial.number, looked.title(trial));
    let wide = |(trial, _): &(&Seen, _)| {
        ui.painter().layout_no_wrap(title(trial), font.clone(), tokens.weak).size().x + 2.0 * space::S
    };
    let longest = begun.iter().map(wide).fold(NAMES, f32::max);
    let names = longest.min(SHARE * ui.available_width()).max(NAMES);
    let height = bits::height(ui, bottom, 1.0);
    ui.scope(|ui| {
        // Rows are counted with what is between them, so this is said outside.
        ui.spacing_mut().item_spacing.y = 0.0;
        ScrollArea::vertical().id_salt("timeline").max_height(height).show_rows(ui, BAR, begun.len(), |ui, rows| {
            for (trial, (from, to)) in &begun[rows] {
                let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), BAR), Sense::hover());
                let open = if matches!(trial.standing, Standing::Running { .. }) { now } else { latest };
                let to = to.unwrap_or(open).max(*from);
                let name = theme::elided(ui.painter(), &title(trial), font.clone(), tokens.weak, names - space::S);
                ui.painter().galley(pos2(rect.left(), rect.center().y - 0.5 * name.size().y), name, tokens.weak);
                let room = (rect.width() - names - space::M).max(1.0);
                #[allow(clippy::cast_possible_truncation, reason = "a place on the screen")]
                let x = |time: f64| rect.left() + names + room * ((time - first) / span) as f32;
                let bar =
                    Rect::from_x_y_ranges(x(*from)..=x(to).max(x(*from) + 2.0), rect.top() + 3.0..=rect.bottom() - 3.0);
                ui.painter().rect_filled(bar, 2.0, color(&tokens, trial).gamma_multiply(0.8));
                let words = format!(
                    "Training {}: {}, {}, began after {}, took {}",
                    trial.number,
                    looked.title(trial),
                    trial.standing.in_words(),
                    duration(from - first),
                    duration(to - from)
                );
                named(ui, response.on_hover_text(&words), &words);
            }
        });
    });
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 16.0), Sense::hover());
    let write = |at: f32, align, text: String| {
        ui.painter().text(pos2(at, rect.center().y), align, text, font.clone(), tokens.weak);
    };
    write(rect.left() + names, Align2::LEFT_CENTER, "0".to_owned());
    write(rect.right() - space::M, Align2::RIGHT_CENTER, duration(span));
}

fn seconds_now() -> f64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64())
}
