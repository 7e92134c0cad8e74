//! The log: everything that was said, oldest first. Long lines are folded, so that all of them can be read.

use crate::kit::theme::{self, Tokens, space};
use crate::panels::beginning::by_training;
use crate::scene::{Effects, Panel, Scene};
use crate::state::{Level, Monitor};
use eframe::egui::{Align, FontId, Label, Layout, RichText, ScrollArea, TextStyle, Ui, vec2};
use lab_core::number;
use std::ops::Range;

/// Width of the step before a line, in points.
const STEP: f32 = 52.0;

#[derive(Default)]
pub struct LogPanel {
    /// What is drawn, from top to bottom: a line's place, and which part of it.
    rows: Vec<(usize, Range<usize>)>,
    /// Lines that were folded, and into how many letters.
    folded: (usize, usize),
}

impl Panel for LogPanel {
    type View = ();

    fn ui(&mut self, ui: &mut Ui, (): &mut (), scene: Scene, effects: &mut Effects) {
        if scene.monitor.log.is_empty() {
            let what = "What happens to a run is written down here, each line with its step.";
            return by_training(ui, scene, "Log", what, effects.actions);
        }
        self.lines(ui, scene.monitor);
    }
}

impl LogPanel {
    fn lines(&mut self, ui: &mut Ui, monitor: &Monitor) {
        let tokens = Tokens::of(ui);
        let font = TextStyle::Body.resolve(ui.style());
        self.fold(monitor, letters(ui, &font));
        let height = ui.text_style_height(&TextStyle::Body);
        let area = ScrollArea::vertical().auto_shrink(false).stick_to_bottom(true);
        area.show_rows(ui, height, self.rows.len(), |ui, shown| {
            for (place, part) in &self.rows[shown] {
                let line = &monitor.log[*place];
                let color = match line.level {
                    Level::Info => tokens.text,
                    Level::Notice => tokens.warning,
                    Level::Error => tokens.error,
                };
                ui.spacing_mut().interact_size.y = height;
                ui.horizontal(|ui| {
                    ui.spacing_mut().item_spacing.x = space::S;
                    ui.allocate_ui_with_layout(vec2(STEP, height), Layout::right_to_left(Align::Center), |ui| {
                        ui.set_min_size(vec2(STEP, height));
                        if part.start == 0 {
                            let step = theme::caption(number::count(line.step), &tokens);
                            ui.label(step).on_hover_text("The step it was said at");
                        }
                    });
                    let text = line.text.get(part.clone()).unwrap_or_default().trim();
                    ui.add(Label::new(RichText::new(text).color(color)).extend());
                });
            }
        });
    }

    /// Folds the lines that are new, or all if there is more or less room than before.
    fn fold(&mut self, monitor: &Monitor, letters: usize) {
        let (lines, before) = self.folded;
        if before != letters || lines > monitor.log.len() {
            (self.rows, self.folded) = (Vec::new(), (0, letters));
        }
        for (place, line) in monitor.log.iter().enumerate().skip(self.folded.0) {
            self.rows.extend(parts(&line.text, letters).into_iter().map(|part| (place, part)));
        }
        self.folded.0 = monitor.log.len();
    }
}

/// How many letters fit beside the step.
fn letters(ui: &Ui, font: &FontId) -> usize {
    // Letters are a little narrower than this one on average.
    let each = 0.9 * ui.ctx().fonts_mut(|fonts| fonts.glyph_width(font, 'n'));
    let room = (ui.available_width() - STEP - space::S - space::M) / each.max(1.0);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of letters")]
    let count = room.max(16.0) as usize;
    count
}

/// Where a text is folded: between words if one ends in time, and at its own line breaks.
fn parts(text: &str, letters: usize) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let (mut start, mut space, mut count) = (0, None, 0);
    for (at, letter) in text.char_indices() {
        if letter == '\n' {
            parts.push(start..at);
            (start, space, count) = (at + 1, None, 0);
            continue;
        }
        if count >= letters {
            let end = space.filter(|end| *end > start && letter != ' ').unwrap_or(at);
            parts.push(start..end);
            count = text[end..at].chars().count();
            (start, space) = (end, None);
        }
        if letter == ' ' {
            space = Some(at + 1);
        }
        count += 1;
    }
    parts.push(start..text.len());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_folded_between_words_and_nothing_is_lost() {
        let of = |text: &'static str, letters| -> Vec<&str> {
            parts(text, letters).into_iter().map(|part| text[part].trim()).collect()
        };
        assert_eq!(of("short", 10), ["short"]);
        assert_eq!(of("a few words that are long", 10), ["a few", "words that", "are long"]);
        assert_eq!(of("unbreakablewords", 6), ["unbrea", "kablew", "ords"]);
        assert_eq!(of("two\nlines", 10), ["two", "lines"]);
        assert_eq!(of("größer als erwartet", 8), ["größer", "als", "erwartet"]);
        assert_eq!(of("", 8), [""]);
    }
}
