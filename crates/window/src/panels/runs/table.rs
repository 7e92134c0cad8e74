//! The table itself: a run takes as many lines as it has arms; only what is in view is drawn.

use super::columns::{RunColumn, status};
use super::details::{buttons, obstacle};
use super::view::View;
use crate::action::{Action, RunAction};
use crate::kit::beyond;
use crate::kit::theme::{self, Tokens, space};
use crate::kit::widgets::named;
use crate::shelf::{Entry, Shelf};
use eframe::egui::{
    Align2, Button, Checkbox, Color32, FontId, Key, Painter, Rect, RichText, ScrollArea, Sense, Ui, UiBuilder, pos2,
    vec2,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Height of an arm's line, in points.
const LINE: f32 = 20.0;
/// Room between two runs, in points.
const BETWEEN: f32 = 8.0;
/// Width of the tick and the star, in points.
const MARKS: f32 = 52.0;

/// Columns that every table begins with.
const FIRST: [RunColumn; 2] = [RunColumn::Name, RunColumn::Arm];
/// The share of the table's width that columns may take which stay when the others are scrolled: what is scrolled to is
/// brought to the middle, and must not lie below them.
const STAYING: f32 = 0.45;
/// Below this width, in points, names make room for what tells runs apart.
const NARROW: f32 = 460.0;
/// Runs that one click draws at most.
const DRAWN: usize = 24;

/// Where the columns are.
struct ColumnPlaces {
    /// Each with its left edge, counted from the table's.
    placed: Vec<(RunColumn, f32)>,
    /// How many of the first ones stay where they are when the others are scrolled.
    stay: usize,
    /// Where these end.
    staying: f32,
    width: f32,
    is_narrow: bool,
    /// How far the others are scrolled, in points.
    scrolled: f32,
}

/// A column as it is drawn in a row.
struct Placed {
    column: RunColumn,
    /// Its left edge on the screen.
    left: f32,
    /// What of the row it is drawn in.
    clip: Rect,
}

impl ColumnPlaces {
    /// In a table that is `room` points wide.
    fn new(shown: &[RunColumn], room: f32) -> Self {
        let (mut width, mut stay, mut staying) = (MARKS, 0, MARKS);
        let mut placed = Vec::new();
        let is_narrow = room < NARROW;
        for column in FIRST.into_iter().chain(shown.iter().copied()) {
            placed.push((column, width));
            width += wide(column, is_narrow) + space::S;
            if placed.len() <= FIRST.len() && width <= STAYING * room {
                (stay, staying) = (placed.len(), width);
            }
        }
        Self { placed, stay, staying, width, is_narrow, scrolled: 0.0 }
    }

    fn wide(&self, column: RunColumn) -> f32 {
        wide(column, self.is_narrow)
    }

    /// The columns in a row, first those that are scrolled, then those that stay.
    fn placed(&self, row: Rect) -> impl Iterator<Item = Placed> {
        [false, true].into_iter().flat_map(move |stays| {
            let edge = row.left() + self.scrolled + self.staying - space::XS;
            let (first, rest) = self.placed.split_at(self.stay);
            let of = if stays { first } else { rest }.iter();
            let shift = row.left() + if stays { self.scrolled } else { 0.0 };
            let clip = if stays { row.with_max_x(edge) } else { row.with_min_x(edge) };
            of.map(move |(column, left)| Placed { column: *column, left: left + shift, clip })
        })
    }
}

/// The width of a column, in points.
fn wide(column: RunColumn, is_narrow: bool) -> f32 {
    if is_narrow && FIRST.contains(&column) { 0.7 * column.width() } else { column.width() }
}

/// What a row knows of the others, and what it may change.
pub struct RunsTable<'a> {
    /// The run of the experiment under way, whose curves are drawn anyway.
    pub own: Option<&'a Path>,
    /// Whether an experiment is under way in this window.
    pub busy: bool,
    /// The run that is looked at.
    pub selected: &'a mut Option<PathBuf>,
    pub shelf: &'a mut Shelf,
    pub actions: &'a mut Vec<Action>,
}

/// The table of these runs.
pub fn ui(ui: &mut Ui, view: &mut View, columns: &[RunColumn], shown: &[Arc<Entry>], table: &mut RunsTable) {
    let mut columns = ColumnPlaces::new(columns, ui.available_width());
    let height = |entry: &Entry| entry.info.arms.len().max(1) as f32 * LINE + BETWEEN;
    let total: f32 = shown.iter().map(|entry| height(entry)).sum();
    ScrollArea::both().auto_shrink(false).id_salt("runs").show_viewport(ui, |ui, viewport| {
        columns.scrolled = viewport.left();
        let size = vec2(columns.width.max(viewport.width()), theme::ROW + total);
        ui.set_min_size(size);
        let origin = ui.max_rect().min;
        let mut top = theme::ROW;
        for entry in shown {
            let rect = Rect::from_min_size(origin + vec2(0.0, top), vec2(size.x, height(entry)));
            top += height(entry);
            if top >= viewport.top() && top - height(entry) <= viewport.bottom() {
                row(ui, rect, &columns, entry, table);
            }
        }
        let place = Rect::from_min_size(origin + vec2(0.0, viewport.top()), vec2(size.x, theme::ROW));
        header(ui, place, &columns, view);
        all(ui, place.translate(vec2(viewport.left(), 0.0)), shown, table);
        let hidden = columns.width - viewport.right();
        if hidden > space::S {
            let edge = pos2(origin.x + viewport.right(), place.top());
            beyond::more(ui, Rect::from_min_size(edge, vec2(0.0, viewport.height())));
        }
    });
}

/// The headings; a click sorts.
fn header(ui: &mut Ui, rect: Rect, columns: &ColumnPlaces, view: &mut View) {
    let tokens = Tokens::of(ui);
    ui.painter().rect_filled(rect, 0.0, tokens.background);
    ui.painter().hline(rect.x_range(), rect.bottom(), tokens.line());
    for Placed { column, left, clip } in columns.placed(rect) {
        let at = Rect::from_min_size(
            pos2(left - space::XS, rect.top()),
            vec2(columns.wide(column) + space::S, rect.height()),
        );
        let sorted = view.sort == column;
        let arrow = match (sorted, view.falling) {
            (false, _) => "",
            (true, true) => "↓ ",
            (true, false) => "↑ ",
        };
        let color = if sorted { tokens.text } else { tokens.weak };
        let text = RichText::new(format!("{arrow}{}", column.title())).size(theme::size::SMALL).color(color);
        let mut cell = ui.new_child(UiBuilder::new().max_rect(at).id_salt(column));
        cell.set_clip_rect(at.intersect(clip).intersect(ui.clip_rect()));
        cell.spacing_mut().button_padding = vec2(space::XS, 2.0);
        let heading = cell.add(Button::new(text).frame_when_inactive(false)).on_hover_text("Sorts by this column");
        if named(ui, heading, &format!("Sort by {}", column.title())).clicked() {
            view.falling = if sorted { !view.falling } else { !FIRST.contains(&column) };
            view.sort = column;
        }
    }
}

/// Ticks all runs that are shown.
fn all(ui: &mut Ui, header: Rect, shown: &[Arc<Entry>], table: &mut RunsTable) {
    let shelf = &mut *table.shelf;
    // The experiment under way is drawn anyway.
    let others = shown.iter().filter(|entry| table.own != Some(&entry.folder)).take(DRAWN);
    let of: Vec<&Arc<Entry>> = others.collect();
    let mut ticked = !of.is_empty() && of.iter().all(|entry| shelf.is_ticked(&entry.folder));
    let at = Rect::from_min_size(header.min + vec2(2.0, 0.0), vec2(MARKS / 2.0 - 2.0, header.height()));
    let mut cell = ui.new_child(UiBuilder::new().max_rect(at).id_salt("all"));
    cell.spacing_mut().interact_size.y = LINE;
    let hint = if shown.len() > DRAWN {
        format!("Draws the curves of the first {DRAWN} of these, or of none")
    } else {
        "Draws the curves of all of these, or of none".to_owned()
    };
    let tick = cell.add(Checkbox::without_text(&mut ticked)).on_hover_text(hint);
    if named(ui, tick, "Draw all").changed() {
        of.into_iter().for_each(|entry| shelf.tick(entry, ticked, ui.ctx()));
    }
}

fn row(ui: &mut Ui, rect: Rect, columns: &ColumnPlaces, entry: &Entry, table: &mut RunsTable) {
    let RunsTable { own, busy, selected, shelf, actions } = table;
    let tokens = Tokens::of(ui);
    let id = ui.scope_id().with(&entry.folder);
    // Only what can be seen can be clicked.
    let response = ui.interact(rect.intersect(ui.clip_rect()), id, Sense::click());
    let is_selected = selected.as_ref() == Some(&entry.folder);
    if is_selected {
        ui.painter().rect_filled(rect, 0.0, tokens.accent.gamma_multiply(if tokens.dark { 0.22 } else { 0.14 }));
    } else if response.hovered() {
        ui.painter().rect_filled(rect, 0.0, tokens.raised.gamma_multiply(0.5));
    }
    ui.painter().hline(rect.x_range(), rect.bottom(), tokens.line());
    let response = named(ui, response, &sentence(entry));
    let entered = response.has_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    if response.double_clicked() || entered {
        **selected = Some(entry.folder.clone());
        actions.push(match obstacle(entry, *busy) {
            Some(why) => Action::Notify(why.to_owned()),
            None => Action::Run(RunAction::Open(entry.folder.clone())),
        });
    } else if response.clicked() {
        **selected = (!is_selected).then(|| entry.folder.clone());
        // So that Enter is meant for it.
        response.request_focus();
    }
    response.context_menu(|ui| buttons(ui, entry, *busy, shelf, actions));
    marks(ui, rect.translate(vec2(columns.scrolled, 0.0)), entry, *own == Some(&entry.folder), shelf);
    for Placed { column, left, clip } in columns.placed(rect) {
        let painter = ui.painter().with_clip_rect(clip.intersect(ui.clip_rect()));
        let lines = if column.is_of_arms() { entry.info.arms.len() } else { 1 };
        for arm in 0..lines {
            let at = pos2(left, rect.top() + BETWEEN / 2.0 + arm as f32 * LINE);
            let text = column.in_table(entry, arm);
            let color = match column {
                RunColumn::Status | RunColumn::Name if entry.live => tokens.accent,
                // The run on show, of which there may be others of the same name.
                RunColumn::Name if *own == Some(&entry.folder) => tokens.accent,
                RunColumn::Name | RunColumn::Arm | RunColumn::Best(_) | RunColumn::Last(_) => tokens.text,
                _ => tokens.weak,
            };
            let at = Rect::from_min_size(at, vec2(columns.wide(column), LINE));
            write(&painter, at, &text, color, column == RunColumn::Name);
        }
    }
}

/// The tick that draws a run's curves, and the star.
fn marks(ui: &mut Ui, rect: Rect, entry: &Entry, own: bool, shelf: &mut Shelf) {
    let tokens = Tokens::of(ui);
    let name = entry.name();
    let at = Rect::from_min_size(rect.min + vec2(2.0, BETWEEN / 2.0), vec2(MARKS / 2.0 - 2.0, LINE));
    let mut ticked = own || shelf.is_ticked(&entry.folder);
    let mut cell = ui.new_child(UiBuilder::new().max_rect(at).id_salt(("tick", &entry.folder)));
    cell.spacing_mut().interact_size.y = LINE;
    let tick = cell.add_enabled(!own, Checkbox::without_text(&mut ticked));
    let tick = tick
        .on_hover_text("Draws its curves over the plots")
        .on_disabled_hover_text("This is the experiment under way: its curves are drawn anyway.");
    if named(ui, tick, &format!("Draw {name}")).changed() {
        shelf.tick(entry, ticked, ui.ctx());
    }
    let at = at.translate(vec2(MARKS / 2.0 - 2.0, 0.0));
    let mut cell = ui.new_child(UiBuilder::new().max_rect(at).id_salt(("star", &entry.folder)));
    cell.spacing_mut().button_padding = vec2(2.0, 0.0);
    cell.spacing_mut().interact_size.y = LINE;
    let starred = entry.notes.starred;
    let (sign, color) = if starred { ("★", tokens.warning) } else { ("☆", tokens.weak) };
    let star = cell.add(Button::new(RichText::new(sign).color(color)).frame_when_inactive(false));
    let star = star.on_hover_text("Starred runs come first");
    if named(ui, star, &format!("{} {name}", if starred { "Unstar" } else { "Star" })).clicked() {
        shelf.annotate(&entry.folder, move |notes| notes.starred = !starred, ui.ctx());
    }
}

fn write(painter: &Painter, rect: Rect, text: &str, color: Color32, strong: bool) {
    if !rect.intersects(painter.clip_rect()) {
        return;
    }
    let family = if strong { theme::semibold() } else { eframe::egui::FontFamily::Proportional };
    let font = FontId::new(theme::size::SMALL, family);
    let galley = theme::elided(painter, text, font, color, rect.width());
    let at = Align2::LEFT_CENTER.align_size_within_rect(galley.size(), rect).min;
    painter.galley(pos2(at.x, at.y), galley, color);
}

/// A run in one sentence.
fn sentence(entry: &Entry) -> String {
    let mut text = format!("Run {}, {}", entry.name(), status(entry));
    let best = RunColumn::Best(lab_core::quantity::Measure::ValidationAccuracy);
    for (arm, info) in entry.info.arms.iter().enumerate() {
        text += &format!("; {} {}", info.name, best.text(entry, arm));
    }
    text
}
