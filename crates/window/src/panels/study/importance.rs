//! Which axes decide whether a setting is among the best: bars.

use super::bits;
use super::dimension::known;
use super::view::Judged;
use crate::kit::theme::{self, Tokens, space};
use crate::kit::widgets::named;
use crate::laboratory::Looked;
use eframe::egui::{Align2, FontId, Label, Rect, Sense, Ui, pos2, vec2};
use lab_core::number::percent;

/// Settings below which importance is mostly luck.
const FEW: usize = 10;
/// Height of a bar, in points.
const BAR: f32 = 24.0;

pub fn ui(ui: &mut Ui, looked: &Looked) {
    let tokens = Tokens::of(ui);
    let settings = known(looked, Judged::Objective).count();
    if looked.importance.is_empty() || settings < 2 {
        return bits::nothing(ui, "Bars appear here once two settings have come to their end.");
    }
    let mut text =
        "How far the values of the best tenth of all settings differ from those of all settings, as a share \
                    of the whole (PED-ANOVA, Watanabe et al. 2023)."
            .to_owned();
    if settings < FEW {
        text += &format!(" Of {settings} settings this says little: much of it is luck.");
    }
    ui.add(Label::new(theme::caption(text, &tokens)).wrap());
    ui.add_space(space::S);
    let mut bars: Vec<(&str, f64)> =
        looked.labels.iter().map(String::as_str).zip(looked.importance.iter().copied()).collect();
    bars.sort_by(|a, b| b.1.total_cmp(&a.1));
    let font = FontId::proportional(theme::size::BODY);
    let room = (0.34 * ui.available_width()).clamp(80.0, 200.0);
    for (label, share) in bars {
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), BAR), Sense::hover());
        let words = percent(share);
        named(ui, response, &format!("Importance of {label}: {words}"));
        let name = theme::elided(ui.painter(), label, font.clone(), tokens.text, room - space::S);
        ui.painter().galley(pos2(rect.left(), rect.center().y - 0.5 * name.size().y), name, tokens.text);
        #[allow(clippy::cast_possible_truncation, reason = "a share")]
        let width = (rect.width() - room - 64.0).max(0.0) * share as f32;
        let bar = Rect::from_min_size(pos2(rect.left() + room, rect.top() + 4.0), vec2(width.max(1.0), BAR - 8.0));
        ui.painter().rect_filled(bar, 2.0, tokens.accent);
        let at = pos2(bar.right() + space::S, rect.center().y);
        ui.painter().text(at, Align2::LEFT_CENTER, words, font.clone(), tokens.text);
    }
}
