//! One plot with the line above it: its title, what lies beyond its edges, its values, and its menu.

use super::draw::Drawn;
use super::figure::Figure;
use super::fit::Fitted;
use super::paper::Paper;
use super::readout;
use super::view::View;
use crate::action::Action;
use crate::give_away;
use crate::kit::theme::{self, Tokens, space};
use crate::kit::widgets::named;
use eframe::egui::{Align, Button, Layout, Rect, RichText, Ui, UiBuilder};

/// The height of the line above a plot, in points.
pub const HEADER: f32 = 22.0;
/// The least width of a plot that says on how many images it is, in points.
const ROOMY: f32 = 320.0;

/// One plot with the line above it.
pub struct PlotCell<'a> {
    pub figure: &'a Figure<'a>,
    /// What of its values fits, and what lies beyond.
    pub fitted: &'a Fitted,
    /// The step that training has come to.
    pub step: u64,
}

impl PlotCell<'_> {
    /// Draws it.
    pub fn draw(&self, ui: &mut Ui, rect: Rect, view: &mut View, actions: &mut Vec<Action>) -> Drawn {
        let Self { figure, fitted, step } = *self;
        let metric = figure.metric;
        let (header, body) = rect.split_top_bottom_at_y(rect.top() + HEADER);
        let paper = Paper { figure };
        let above =
            UiBuilder::new().max_rect(header).id_salt((metric, "above")).layout(Layout::left_to_right(Align::Center));
        ui.scope_builder(above, |ui| {
            ui.spacing_mut().item_spacing.x = space::S;
            ui.spacing_mut().interact_size.y = HEADER;
            let tokens = Tokens::of(ui);
            let mut end = ui.label(theme::strong(metric.title())).on_hover_text(metric.about()).rect.right();
            if let Some(images) = figure.part.filter(|_| rect.width() >= ROOMY) {
                let text = format!("on {}", readout::part_in_words(images));
                let label = ui.label(theme::caption(text, &tokens));
                end = label.on_hover_text("Not on all images that the form names, so that it is quick").rect.right();
            }
            if fitted.leaves_out() {
                end = self.far_off(ui, view);
            }
            let left = end + space::S;
            let right = (header.right() - HEADER - space::S).max(left);
            let room = Rect::from_x_y_ranges(left..=right, header.y_range());
            readout::line(ui, room, figure);
            give_away::button(ui, metric.title(), &paper, actions);
        });
        let mut ui = ui.new_child(UiBuilder::new().max_rect(body).id_salt(metric).layout(Layout::top_down(Align::Min)));
        let drawn = figure.draw(&mut ui, body.height());
        let response = drawn.response.clone();
        // Put into words only for whoever has them read out.
        ui.ctx().accesskit_node_builder(response.id, |node| node.set_label(readout::sentence(figure, step)));
        response.context_menu(|ui| {
        let mut log = figure.log_y;
        if ui.checkbox(&mut log, "Logarithmic axis").changed() {
            view.set_log(metric, log);
        }
        let mut whole = view.is_whole(metric);
        let hint = "Every value, however far off: without this, a few that would press the rest flat are left out and \
                    marked at the edge";
        if ui.checkbox(&mut whole, "Whole range").on_hover_text(hint).changed() {
            view.set_whole(metric, whole);
        }
        if ui.button("Hide this plot").clicked() {
            view.set_shown(metric, false);
        }
        ui.separator();
        give_away::entries(ui, &paper, actions);
    });
        if let Some(x) = drawn.pointer
            && !response.context_menu_opened()
        {
            response.on_hover_ui_at_pointer(|ui| readout::tooltip(ui, figure, x));
        }
        drawn
    }

    /// Says what lies too far off to be shown with the rest, shows it with a click, and leaves it out again with another.
    /// Gives where it ends.
    fn far_off(&self, ui: &mut Ui, view: &mut View) -> f32 {
        let Self { figure, fitted, .. } = *self;
        let tokens = Tokens::of(ui);
        let (metric, whole) = (figure.metric, view.is_whole(figure.metric));
        let text = if whole { "whole range".to_owned() } else { fitted.in_words() };
        let shown =
            RichText::new(&text).size(theme::size::SMALL).color(if whole { tokens.weak } else { tokens.warning });
        let button = ui.add(Button::new(shown).frame_when_inactive(false));
        let hint = if whole {
            format!("Click to leave out what lies far off again ({})", fitted.in_words())
        } else {
            "So far off that the rest would be pressed flat: ▲ and ▼ at the edge say where. Click to show the whole range"
            .to_owned()
        };
        let button = named(ui, button.on_hover_text(hint), &format!("{}: {text}", metric.title()));
        if button.clicked() {
            view.set_whole(metric, !whole);
        }
        button.rect.right()
    }
}
