//! The panels in the middle, and the dock that arranges them.

mod classify;
mod confusion;
mod curves;
mod diagram;
mod gradients;
mod instruments;
mod log;
mod quantity;
mod runs;

use crate::action::Action;
use crate::form::Sketch;
use crate::kit::theme::{self, Tokens, space};
use crate::shelf::Shelf;
use crate::state::Session;
use crate::state::inquiries::Inquiries;
use crate::state::selected::SelectedBlock;
use eframe::egui::{
    Align, Color32, FontId, Frame, Id, Label, Layout, Margin, Painter, Pos2, RichText, Sense, Stroke, Style, Ui,
    Visuals, WidgetText, vec2,
};
use egui_tiles::{
    Behavior, Container, Linear, LinearDir, SimplificationOptions, TabState, Tile, TileId, Tiles, Tree, UiResponse,
};
use serde::{Deserialize, Serialize};

/// A panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Panel {
    /// Everything over time.
    Curves,
    /// Every arm's blocks and shortcuts.
    Diagram,
    /// Gradients by block and step.
    Gradients,
    /// Which classes are taken for which.
    Confusion,
    /// The validation images with what every arm takes them for.
    Predictions,
    /// Gradients and responses of every block at one moment.
    Inside,
    /// Where in an image a decision comes from.
    Explain,
    /// What is left when blocks are cut out.
    Lesions,
    /// The loss around the weights, and how gradients reach the input.
    Landscape,
    /// All runs on disk.
    Runs,
    /// What the networks see in pictures.
    Classify,
    /// Everything that was said.
    Log,
}

impl Panel {
    /// All panels.
    pub const ALL: [Self; 12] = [
        Self::Curves,
        Self::Runs,
        Self::Diagram,
        Self::Gradients,
        Self::Confusion,
        Self::Classify,
        Self::Log,
        Self::Predictions,
        Self::Inside,
        Self::Explain,
        Self::Lesions,
        Self::Landscape,
    ];

    /// Its title.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Curves => "Curves",
            Self::Diagram => "Diagram",
            Self::Runs => "Runs",
            Self::Gradients => "Gradients",
            Self::Confusion => "Confusion",
            Self::Predictions => "Predictions",
            Self::Inside => "Inside",
            Self::Explain => "Explain",
            Self::Lesions => "Lesions",
            Self::Landscape => "Landscape",
            Self::Classify => "Classify",
            Self::Log => "Log",
        }
    }
}

/// What the panels look at.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// The experiment under way.
    pub session: &'a Session,
    /// The form's networks.
    pub networks: &'a [Sketch],
    /// What was asked of the networks, and what they answered.
    pub inquiries: &'a Inquiries,
    /// The block that every panel looks at; [`Action::Select`] chooses another.
    pub selected: Option<&'a SelectedBlock>,
}

/// What the panels remember from one start of the program to the next.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub struct Kept {
    tree: Tree<Panel>,
    curves: curves::View,
    diagram: diagram::View,
    runs: runs::View,
    gradients: gradients::View,
    confusion: confusion::View,
    classify: classify::View,
    instruments: instruments::View,
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            tree: first_layout(),
            curves: Default::default(),
            diagram: Default::default(),
            runs: Default::default(),
            gradients: Default::default(),
            confusion: Default::default(),
            classify: Default::default(),
            instruments: Default::default(),
        }
    }
}

/// The panels and what they have drawn.
#[derive(Default)]
pub struct Panels {
    /// What is remembered.
    pub kept: Kept,
    curves: curves::Curves,
    runs: runs::Runs,
    gradients: gradients::Gradients,
    classify: classify::Classify,
    instruments: instruments::Instruments,
}

impl Panels {
    /// Panels as they were left; a layout that lost a panel starts anew.
    #[must_use]
    pub fn new(kept: Option<Kept>) -> Self {
        let mut kept = kept.unwrap_or_default();
        if Panel::ALL.iter().any(|panel| kept.tree.tiles.find_pane(panel).is_none()) {
            kept.tree = first_layout();
        }
        Self { kept, ..Self::default() }
    }

    /// Brings the panels back to where they were at first.
    pub fn reset_layout(&mut self) {
        self.kept.tree = first_layout();
    }

    /// Brings a panel to the front.
    pub fn bring(&mut self, panel: Panel) {
        self.kept.tree.make_active(|_, tile| matches!(tile, Tile::Pane(pane) if *pane == panel));
    }

    /// Shows the images of one cell of an arm's confusion matrix.
    pub fn show_cell(&mut self, arm: usize, truth: usize, predicted: usize) {
        instruments::Instruments::show_cell(&mut self.kept.instruments, arm, truth, predicted);
        self.bring(Panel::Predictions);
    }

    /// Draws the panels.
    pub fn ui(&mut self, ui: &mut Ui, scene: Scene, shelf: &mut Shelf, actions: &mut Vec<Action>) {
        let session = scene.session;
        let Self { kept, curves, runs, gradients, classify, instruments } = self;
        let Kept {
            tree,
            curves: curves_view,
            runs: runs_view,
            diagram,
            gradients: gradients_view,
            confusion: confusion_view,
            classify: classify_view,
            instruments: instruments_view,
        } = kept;
        let mut runs_shown = false;
        let show = |ui: &mut Ui, panel: Panel| match panel {
            Panel::Curves => curves.ui(ui, curves_view, session, &shelf.overlays, actions),
            Panel::Runs => {
                runs_shown = true;
                runs.ui(ui, runs_view, session, shelf, actions);
            }
            Panel::Diagram => diagram::ui(ui, diagram, scene, actions),
            Panel::Gradients => gradients.ui(ui, gradients_view, scene, actions),
            Panel::Confusion => confusion::ui(ui, confusion_view, session, actions),
            Panel::Predictions | Panel::Inside | Panel::Explain | Panel::Lesions | Panel::Landscape => {
                let mut bench = instruments::Bench::new(scene, actions);
                instruments.ui(ui, panel, instruments_view, &mut bench);
            }
            Panel::Classify => classify.ui(ui, classify_view, scene, actions),
            Panel::Log => log::ui(ui, session),
        };
        tree.ui(&mut Dock { show }, ui);
        shelf.watch(runs_shown, ui.ctx());
    }
}

fn first_layout() -> Tree<Panel> {
    let mut tiles = Tiles::default();
    let pane = |tiles: &mut Tiles<Panel>, panel| tiles.insert_pane(panel);
    let left = [
        Panel::Curves,
        Panel::Runs,
        Panel::Diagram,
        Panel::Predictions,
        Panel::Explain,
        Panel::Lesions,
        Panel::Landscape,
    ];
    let left = left.map(|panel| pane(&mut tiles, panel)).to_vec();
    let curves = tiles.insert_tab_tile(left);
    let upper = [Panel::Gradients, Panel::Confusion, Panel::Inside].map(|panel| pane(&mut tiles, panel)).to_vec();
    let lower = vec![pane(&mut tiles, Panel::Classify), pane(&mut tiles, Panel::Log)];
    let (upper, lower) = (tiles.insert_tab_tile(upper), tiles.insert_tab_tile(lower));
    let mut right = Linear::new(LinearDir::Vertical, vec![upper, lower]);
    right.shares.set_share(upper, 1.7);
    let right = tiles.insert_container(Container::Linear(right));
    let mut root = Linear::new(LinearDir::Horizontal, vec![curves, right]);
    root.shares.set_share(curves, 1.45);
    let root = tiles.insert_container(Container::Linear(root));
    Tree::new(Id::unique("panels"), root, tiles)
}

struct Dock<F> {
    show: F,
}

impl<F: FnMut(&mut Ui, Panel)> Behavior<Panel> for Dock<F> {
    fn pane_ui(&mut self, ui: &mut Ui, _: TileId, panel: &mut Panel) -> UiResponse {
        Frame::new().inner_margin(Margin::same(12)).show(ui, |ui| {
            ui.set_min_size(ui.available_size());
            (self.show)(ui, *panel);
        });
        UiResponse::None
    }

    fn tab_title_for_pane(&mut self, panel: &Panel) -> WidgetText {
        panel.title().into()
    }

    fn tab_bar_height(&self, _: &Style) -> f32 {
        30.0
    }

    fn tab_title_spacing(&self, _: &Visuals) -> f32 {
        space::M
    }

    fn gap_width(&self, _: &Style) -> f32 {
        theme::HAIRLINE
    }

    fn min_size(&self) -> f32 {
        120.0
    }

    fn tab_bar_color(&self, visuals: &Visuals) -> Color32 {
        visuals.panel_fill
    }

    fn tab_bg_color(&self, visuals: &Visuals, _: &Tiles<Panel>, _: TileId, state: &TabState) -> Color32 {
        if state.active { visuals.extreme_bg_color } else { visuals.panel_fill }
    }

    fn tab_outline_stroke(&self, _: &Visuals, _: &Tiles<Panel>, _: TileId, _: &TabState) -> Stroke {
        Stroke::NONE
    }

    fn tab_bar_hline_stroke(&self, visuals: &Visuals) -> Stroke {
        visuals.widgets.noninteractive.bg_stroke
    }

    fn tab_text_color(&self, visuals: &Visuals, _: &Tiles<Panel>, _: TileId, state: &TabState) -> Color32 {
        if state.active { visuals.text_color() } else { visuals.weak_text_color() }
    }

    fn simplification_options(&self) -> SimplificationOptions {
        SimplificationOptions { all_panes_must_have_tabs: true, ..SimplificationOptions::default() }
    }
}

/// Begins a new row where there is no room for what belongs together.
pub(super) fn together(ui: &mut Ui, width: f32) {
    if ui.available_size_before_wrap().x < width {
        ui.end_row();
        // The row is as high as the others from its first widget on, so that a label in front is centred.
        ui.allocate_space(vec2(0.0, theme::ROW));
        ui.add_space(-ui.spacing().item_spacing.x);
    }
}

/// What an empty panel says: what will appear, and which button makes it appear.
fn empty(ui: &mut Ui, text: &str) {
    let tokens = Tokens::of(ui);
    ui.with_layout(Layout::top_down(Align::Center), |ui| {
        ui.add_space((ui.available_height() / 2.0 - space::XL).max(0.0));
        ui.set_max_width(ui.available_width().min(320.0));
        ui.add(Label::new(RichText::new(text).color(tokens.weak)).wrap());
    });
}

/// The arm's colour and what there is to say of it; in a row, in the next one where it wraps and there is no room left,
/// cut off where there is none at all.
fn chip(ui: &mut Ui, arm: usize, text: &str) {
    let color = Tokens::of(ui).arm(arm);
    colored_chip(ui, color, text);
}

/// The arm's colour and a sentence, over several lines where it needs them.
fn told(ui: &mut Ui, arm: usize, text: &str) {
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        dot(ui, arm);
        ui.add(Label::new(RichText::new(text).size(theme::size::SMALL)).wrap());
    });
}

/// A chip in any colour.
fn colored_chip(ui: &mut Ui, color: Color32, text: &str) {
    let tokens = Tokens::of(ui);
    let height = theme::size::SMALL + space::XS;
    ui.spacing_mut().interact_size.y = height;
    let font = FontId::proportional(theme::size::SMALL);
    let width = ui.painter().layout_no_wrap(text.to_owned(), font, tokens.text).size().x;
    let begun = ui.cursor().left() > ui.max_rect().left() + 1.0;
    if begun && ui.layout().main_wrap && width + space::XL > ui.available_size_before_wrap().x {
        ui.end_row();
    }
    colored_dot(ui, color);
    ui.add(Label::new(RichText::new(text).size(theme::size::SMALL)).truncate());
}

/// The arm's colour.
fn dot(ui: &mut Ui, arm: usize) {
    let color = Tokens::of(ui).arm(arm);
    colored_dot(ui, color);
}

fn colored_dot(ui: &mut Ui, color: Color32) {
    let (rect, _) = ui.allocate_exact_size(vec2(DOT, theme::size::SMALL + space::XS), Sense::hover());
    paint_dot(ui.painter(), rect.center(), color);
}

/// The width of an arm's dot with its edges, in points.
const DOT: f32 = 10.0;

/// A dot where no widget is wanted.
fn paint_dot(painter: &Painter, center: Pos2, color: Color32) {
    painter.circle_filled(center, 0.5 * DOT - 0.5, color);
}
