//! A table of which only the rows in view are drawn, however many there are. Knows nothing of studies.

use crate::kit::beyond;
use crate::kit::theme::{self, Tokens, space};
use crate::kit::widgets::named;
use eframe::egui::{Color32, FontFamily, FontId, Rect, Response, ScrollArea, Sense, Ui, pos2, vec2};

/// Height of a row, in points.
pub const ROW: f32 = 22.0;
/// The widest that a column may be.
const WIDEST: f32 = 260.0;

/// How a row looks.
#[derive(Default)]
pub struct RowLook {
    pub stands_out: bool,
    /// The colour of its first cell, where it is not the text's.
    pub color: Option<Color32>,
}

/// What stands in a table.
pub struct CellTable {
    titles: Vec<String>,
    rows: Vec<Vec<String>>,
    /// What each row is called, for those who have it read to them.
    names: Vec<String>,
    /// The left edge of each column, and the right edge of the last.
    edges: Vec<f32>,
}

impl CellTable {
    /// A table with columns as wide as their longest cell.
    pub fn new(titles: Vec<String>, rows: Vec<Vec<String>>, names: Vec<String>) -> Self {
        let mut edges = vec![space::S];
        for (column, title) in titles.iter().enumerate() {
            let cells = rows.iter().filter_map(|row| row.get(column));
            let longest = cells.chain([title]).map(|cell| cell.chars().count()).max().unwrap_or(0);
            let width = (longest as f32 * 6.6 + space::L).clamp(36.0, WIDEST);
            edges.push(edges.last().copied().unwrap_or(0.0) + width);
        }
        Self { titles, rows, names, edges }
    }

    /// How high it is with all its rows.
    pub fn height(&self) -> f32 {
        (self.rows.len() + 1) as f32 * ROW
    }

    fn width(&self) -> f32 {
        self.edges.last().copied().unwrap_or(0.0)
    }

    /// Draws it, at most so high. `touched` is given each row in view, to act on a click, and says how the row looks.
    pub fn ui(
        &self,
        ui: &mut Ui,
        id: &str,
        height: f32,
        mut touched: impl FnMut(&mut Ui, usize, &Response) -> RowLook,
    ) {
        let tokens = Tokens::of(ui);
        let area = ScrollArea::both().id_salt(id).max_height(height).auto_shrink([false, true]);
        area.show_viewport(ui, |ui, viewport| {
            let width = self.width().max(viewport.width());
            ui.set_min_size(vec2(width, self.height()));
            let origin = ui.max_rect().min;
            let line = |row: usize| Rect::from_min_size(origin + vec2(0.0, (row + 1) as f32 * ROW), vec2(width, ROW));
            for row in 0..self.rows.len() {
                let rect = line(row);
                if rect.bottom() < origin.y + viewport.top() || rect.top() > origin.y + viewport.bottom() {
                    continue;
                }
                let response =
                    ui.interact(rect.intersect(ui.clip_rect()), ui.scope_id().with((id, row)), Sense::click());
                let response = named(ui, response, self.names.get(row).map_or("", String::as_str));
                let RowLook { stands_out, color } = touched(ui, row, &response);
                if stands_out {
                    let ground = tokens.accent.gamma_multiply(if tokens.dark { 0.22 } else { 0.14 });
                    ui.painter().rect_filled(rect, 0.0, ground);
                } else if response.hovered() || response.has_focus() {
                    ui.painter().rect_filled(rect, 0.0, tokens.raised.gamma_multiply(0.6));
                }
                ui.painter().hline(rect.x_range(), rect.bottom(), tokens.line());
                for (column, cell) in self.rows[row].iter().enumerate() {
                    let color = if column == 0 { color.unwrap_or(tokens.text) } else { tokens.text };
                    if let Some(place) = self.place(rect, column) {
                        write(ui, place, cell, color, FontFamily::Proportional);
                    }
                }
            }
            let header = Rect::from_min_size(origin + vec2(0.0, viewport.top()), vec2(width, ROW));
            ui.painter().rect_filled(header, 0.0, tokens.background);
            ui.painter().hline(header.x_range(), header.bottom(), tokens.line());
            for (column, title) in self.titles.iter().enumerate() {
                if let Some(place) = self.place(header, column) {
                    write(ui, place, title, tokens.weak, theme::semibold());
                }
            }
            if viewport.right() + 1.0 < width {
                let edge = header.left_top() + vec2(viewport.right(), 0.0);
                beyond::more(ui, Rect::from_min_size(edge, vec2(0.0, viewport.height())));
            }
        });
    }

    /// The part of a row that a column's text has.
    fn place(&self, row: Rect, column: usize) -> Option<Rect> {
        let &[left, right] = self.edges.get(column..column + 2)? else { return None };
        Some(row.with_min_x(row.left() + left).with_max_x(row.left() + right - space::S))
    }
}

fn write(ui: &Ui, place: Rect, text: &str, color: Color32, family: FontFamily) {
    if text.is_empty() {
        return;
    }
    let font = FontId::new(theme::size::SMALL, family);
    let galley = theme::elided(ui.painter(), text, font, color, place.width());
    let at = pos2(place.left(), place.center().y - 0.5 * galley.size().y);
    ui.painter().galley(at, galley, color);
}
