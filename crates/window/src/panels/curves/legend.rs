//! The lines by name, below the tools: which are hidden, and what a person chose of their colours, dashes and names.

use super::naming::{VariedSetting, names, varied};
use super::source::{CurveKey, Ink, PlottedArm, Whose};
use crate::kit::chips::line_sample;
use crate::kit::line::Dash;
use crate::kit::theme::{self, PALETTE_NAMES, Tokens, space};
use crate::kit::widgets::named;
use eframe::egui::{
    FontId, Key, Popup, PopupCloseBehavior, Response, Role, ScrollArea, Sense, TextEdit, Ui, WidgetInfo, pos2, vec2,
};
use std::collections::{HashMap, HashSet};

/// Rows of names that are in view at once.
const ROWS: f32 = 4.0;
/// Height of a row, in points.
const ROW: f32 = 20.0;
/// Width of a piece of a line, in points.
const SAMPLE: f32 = 22.0;
/// The widest a name becomes, in points.
const WIDEST: f32 = 300.0;

#[derive(Default)]
pub struct Legend {
    hidden: HashSet<CurveKey>,
    /// Inks of runs on disk, as long as these are drawn.
    inks: HashMap<CurveKey, Ink>,
    renamed: HashMap<CurveKey, String>,
    /// What lines were called last, of which lines, and in what these differ.
    of: Vec<(CurveKey, String)>,
    generation: u64,
    names: Vec<String>,
    pub varied: Vec<VariedSetting>,
}

impl Legend {
    /// Gives every line its name and its ink.
    pub fn dress(&mut self, sources: &mut [PlottedArm], generation: u64) {
        let same = |(known, source): (&(CurveKey, String), &PlottedArm)| known.0 == source.key && known.1 == source.run;
        if self.generation != generation
            || self.of.len() != sources.len()
            || !self.of.iter().zip(sources.iter()).all(same)
        {
            self.varied = varied(&sources.iter().collect::<Vec<_>>());
            self.names = names(sources);
            self.of = sources.iter().map(|source| (source.key, source.run.to_owned())).collect();
            self.generation = generation;
            self.inks.retain(|key, _| sources.iter().any(|source| source.key == *key));
        }
        for (source, name) in sources.iter_mut().zip(&self.names) {
            source.name = self.renamed.get(&source.key).unwrap_or(name).clone();
        }
        let mut used: Vec<Ink> = sources.iter().filter(|source| is_now(source.key)).map(|source| source.ink).collect();
        used.extend(self.inks.values());
        for source in sources.iter_mut().filter(|source| !is_now(source.key)) {
            source.ink = *self.inks.entry(source.key).or_insert_with(|| {
                let ink = unused(&used);
                used.push(ink);
                ink
            });
        }
    }

    /// Gives means over lines the names and the inks that a person chose.
    pub fn dress_groups(&self, groups: &mut [PlottedArm]) {
        for group in groups {
            group.ink = self.inks.get(&group.key).copied().unwrap_or(group.ink);
            if let Some(name) = self.renamed.get(&group.key) {
                group.name.clone_from(name);
            }
        }
    }

    /// Whether a line is drawn.
    #[must_use]
    pub fn shows(&self, key: CurveKey) -> bool {
        !self.hidden.contains(&key)
    }

    /// Draws all names, `before` in front of them.
    pub fn ui(&mut self, ui: &mut Ui, sources: &[PlottedArm], before: impl FnOnce(&mut Ui)) {
        let keys: Vec<CurveKey> = sources.iter().map(|source| source.key).collect();
        let floating = ui.spacing().scroll;
        // Where there are more names than fit, the bar says so.
        ui.spacing_mut().scroll = theme::bar_in_sight();
        let area = ScrollArea::vertical().id_salt("legend").max_height(ROWS * ROW).auto_shrink([false, true]);
        area.show(ui, |ui| {
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing = vec2(space::M, 0.0);
                ui.spacing_mut().interact_size.y = ROW;
                before(ui);
                for source in sources {
                    let response = entry(ui, source, self.shows(source.key));
                    self.clicked(ui, &response, source.key, &keys);
                    self.menu(&response, source, &keys);
                }
            });
        });
        ui.spacing_mut().scroll = floating;
    }

    fn clicked(&mut self, ui: &Ui, response: &Response, key: CurveKey, all: &[CurveKey]) {
        let alone = |hidden: &HashSet<CurveKey>| all.iter().all(|other| (*other == key) != hidden.contains(other));
        let alt = ui.input(|input| input.modifiers.alt);
        if response.double_clicked() || response.clicked() && alt {
            // The first click of two has hidden or shown the line already.
            self.hidden.remove(&key);
            self.hidden = if alone(&self.hidden) { HashSet::new() } else { others(all, key) };
        } else if response.clicked() && !self.hidden.remove(&key) {
            self.hidden.insert(key);
        }
    }

    fn menu(&mut self, response: &Response, source: &PlottedArm, all: &[CurveKey]) {
        let popup = Popup::context_menu(response).close_behavior(PopupCloseBehavior::CloseOnClickOutside);
        popup.show(|ui| {
            ui.set_max_width(220.0);
            let key = source.key;
            let mut name = self.renamed.get(&key).unwrap_or(&source.name).clone();
            let typed = ui.add(TextEdit::singleline(&mut name).desired_width(200.0));
            if typed.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)) {
                ui.close();
            }
            let typed = typed.on_hover_text("What it is called in these plots. Everywhere else an arm goes by its name.");
            if named(ui, typed, "Name of the line").changed() {
                if name.trim().is_empty() {
                    self.renamed.remove(&key)
                } else {
                    self.renamed.insert(key, name)
                };
            }
            if ui.button("Show this line alone").clicked() {
                self.hidden = others(all, key);
                ui.close();
            }
            if ui.button("Show all lines").clicked() {
                self.hidden.clear();
                ui.close();
            }
            ui.separator();
            if is_now(key) {
                let text =
                    "The colour of an arm of this experiment is chosen in the form: it is the same in all panels. A name \
                     that is typed here is for these plots only.";
                let tokens = Tokens::of(ui);
                ui.label(theme::caption(text, &tokens));
                return;
            }
            let mut ink = source.ink;
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing = vec2(2.0, 2.0);
                for (place, title) in (0u8..).zip(PALETTE_NAMES) {
                    if swatch(ui, Ink { place, ..ink }, title, place == ink.place).clicked() {
                        ink.place = place;
                    }
                }
            });
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing = vec2(2.0, 2.0);
                for (dash, title) in Dash::OF_RUNS {
                    if swatch(ui, Ink { dash, ..ink }, title, dash == ink.dash).clicked() {
                        ink.dash = dash;
                    }
                }
            });
            self.inks.insert(key, ink);
        });
    }
}

fn is_now(key: CurveKey) -> bool {
    key.whose == Whose::Now
}

fn others(all: &[CurveKey], key: CurveKey) -> HashSet<CurveKey> {
    all.iter().copied().filter(|other| *other != key).collect()
}

/// The first of all inks that no other line has; the one that the fewest have, once all are given out.
fn unused(used: &[Ink]) -> Ink {
    let places = 0..u8::try_from(PALETTE_NAMES.len()).unwrap_or(u8::MAX);
    let all = Dash::OF_RUNS.iter().flat_map(|(dash, _)| places.clone().map(|place| Ink { place, dash: *dash }));
    let count = |ink: &Ink| used.iter().filter(|other| *other == ink).count();
    all.min_by_key(count).unwrap_or_default()
}

/// A name with a piece of its line.
fn entry(ui: &mut Ui, source: &PlottedArm, shown: bool) -> Response {
    let tokens = Tokens::of(ui);
    let text = match source.trace.diverged_at() {
        Some(_) => format!("{}: diverged", source.name),
        None => source.name.clone(),
    };
    let color = if shown { tokens.text } else { tokens.weak.gamma_multiply(0.6) };
    let galley = theme::elided(ui.painter(), &text, FontId::proportional(theme::size::SMALL), color, WIDEST);
    let size = vec2(SAMPLE + space::XS + galley.size().x, ROW);
    if ui.available_size_before_wrap().x < size.x {
        ui.end_row();
    }
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let name = format!("Line {text}");
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, shown, &name));
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect.expand2(vec2(space::XS, 0.0)), f32::from(theme::RADIUS), tokens.hovered);
    }
    let sample = rect.with_max_x(rect.left() + SAMPLE);
    let ink = source.color(&tokens).gamma_multiply(if shown { 1.0 } else { 0.3 });
    line_sample(ui.painter(), sample, ink, source.ink.dash);
    let at = pos2(sample.right() + space::XS, rect.center().y - 0.5 * galley.size().y);
    ui.painter().galley(at, galley, color);
    let choices = if is_now(source.key) { "its name in these plots" } else { "its name, colour and dashes" };
    let mut hint = format!(
        "{text}\nClick to hide or show it, double click (or Alt and click) to show it alone or all again, right click for \
         {choices}."
    );
    if let Some(step) = source.trace.diverged_at() {
        hint += &format!(
            "\nIts loss was no longer a number at step {}, so it was not trained any further.",
            lab_core::number::setting(step)
        );
    }
    response.on_hover_text(hint)
}

/// A button that shows an ink.
fn swatch(ui: &mut Ui, ink: Ink, title: &str, chosen: bool) -> Response {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(SAMPLE + 2.0 * space::S, ROW), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, chosen, title));
    if chosen || response.hovered() || response.has_focus() {
        let fill = if chosen { tokens.raised } else { tokens.hovered };
        ui.painter().rect_filled(rect, f32::from(theme::RADIUS), fill);
    }
    line_sample(ui.painter(), rect.shrink2(vec2(space::S, 0.0)), tokens.palette(ink.place), ink.dash);
    response.on_hover_text(title)
}

#[cfg(test)]
mod tests {
    use super::*;
    use eframe::egui::Theme;

    /// The distance between two colours as they are seen (CIE 1976 ΔE).
    fn apart(one: eframe::egui::Color32, other: eframe::egui::Color32) -> f64 {
        let lab = |color: eframe::egui::Color32| {
            let [red, green, blue, _] = eframe::egui::Rgba::from(color).to_array().map(f64::from);
            // X and Z by those of white, and Y.
            let parts = [[0.4339, 0.3762, 0.1899], [0.2126, 0.7152, 0.0722], [0.0177, 0.1095, 0.8728]];
            let root = |part: f64| if part > 0.008_856 { part.cbrt() } else { 7.787 * part + 16.0 / 116.0 };
            let [across, bright, deep] = parts.map(|by| root(by[0] * red + by[1] * green + by[2] * blue));
            [116.0 * bright - 16.0, 500.0 * (across - bright), 200.0 * (bright - deep)]
        };
        lab(one).iter().zip(lab(other)).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
    }

    #[test]
    fn twenty_four_lines_are_told_apart_by_colour_and_dash() {
        let mut inks: Vec<Ink> = Vec::new();
        for _ in 0..24 {
            inks.push(unused(&inks));
        }
        for theme in [Theme::Dark, Theme::Light] {
            let tokens = Tokens::for_theme(theme);
            for (index, one) in inks.iter().enumerate() {
                for other in &inks[index + 1..] {
                    assert_ne!(one, other);
                    let apart = apart(tokens.palette(one.place), tokens.palette(other.place));
                    assert!(
                        one.place == other.place || apart > 15.0,
                        "{one:?} and {other:?} are {apart} apart, {theme:?}"
                    );
                }
            }
        }
    }
}
