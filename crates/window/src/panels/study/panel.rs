//! The panel: a study to be made, the one that is looked at, and a row of ways to look at it.

use super::cells::CellTable;
use super::curves::CurvesView;
use super::parallel::Parallel;
use super::plan::{Planning, vary};
use super::trials::Trials;
use super::verdict::ShownVerdict;
use super::view::{Tab, View};
use super::{bits, heat, history, importance, ladder, queue, results, slice, timeline, trials};
use crate::action::Action;
use crate::kit::theme::{self, Tokens, space};
use crate::laboratory::Looked;
use crate::scene::{Effects, Panel, Scene};
use eframe::egui::{Button, CollapsingHeader, Id, Label, RichText, ScrollArea, Ui, UiBuilder};
use std::sync::Arc;

#[derive(Default)]
pub struct StudyPanel {
    planning: Planning,
    verdict: ShownVerdict,
    curves: CurvesView,
    parallel: Parallel,
    trials: Trials,
    tables: Option<Tables>,
    /// Whether what is to be varied shall fold, or unfold, in this frame.
    fold: Option<bool>,
}

/// Both tables, and the study that they were made from.
struct Tables {
    of: Arc<Looked>,
    results: CellTable,
    trials: CellTable,
}

impl Panel for StudyPanel {
    type View = View;

    fn ui(&mut self, ui: &mut Ui, view: &mut View, scene: Scene, effects: &mut Effects) {
        for axis in std::mem::take(&mut effects.laboratory.varied) {
            vary(view, axis);
            self.fold = Some(true);
        }
        let room = ui.available_height();
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            // The scroll bar floats over this margin.
            ui.set_max_width(ui.available_width() - space::S);
            ui.spacing_mut().item_spacing.y = space::S;
            queue::chooser(ui, effects.laboratory);
            let open = effects.laboratory.watched().is_none();
            let title = theme::strong("New study");
            let fold = self.fold.take();
            // Folded or not, it stays so where the panel lies elsewhere.
            let anywhere = UiBuilder::new().scope_id(Id::unique("new study"));
            ui.scope_builder(anywhere, |ui| {
                CollapsingHeader::new(title).default_open(open).open(fold).show_unindented(ui, |ui| {
                    if self.planning.ui(ui, view, scene.plan, effects.laboratory) {
                        self.fold = Some(false);
                        view.tab = Tab::Results;
                    }
                });
            });
            if let Some(why) = effects.laboratory.failure() {
                ui.add(Label::new(RichText::new(why).color(Tokens::of(ui).error)).wrap());
            }
            queue::waiting(ui, effects.laboratory);
            match effects.laboratory.looked.clone() {
                Some(Ok(looked)) => {
                    ui.separator();
                    queue::under_way(ui, &looked, effects);
                    self.verdict.ui(ui, &looked, effects.actions);
                    self.looked_at(ui, view, &looked, room, effects);
                }
                Some(Err(why)) => {
                    ui.add(Label::new(RichText::new(why).color(Tokens::of(ui).error)).wrap());
                }
                None if effects.laboratory.watched().is_some() => {
                    ui.label(theme::caption("Reading the study…", &Tokens::of(ui)));
                }
                None => {
                    let text = "A study trains the form's experiment at every combination of values, with \
                                several seeds, and says how much is due to luck. Its results appear here.";
                    ui.add(Label::new(theme::caption(text, &Tokens::of(ui))).wrap());
                }
            }
        });
    }
}

impl StudyPanel {
    fn looked_at(&mut self, ui: &mut Ui, view: &mut View, looked: &Arc<Looked>, room: f32, effects: &mut Effects) {
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = eframe::egui::vec2(2.0, 2.0);
            for (tab, name, hint) in Tab::ALL {
                let is_chosen = view.tab == tab;
                let button = Button::selectable(is_chosen, name);
                if ui.add(button).on_hover_text(hint).clicked() {
                    view.tab = tab;
                }
            }
        });
        bits::fit(view, looked);
        // Where what is in view without scrolling ends.
        let bottom = ui.max_rect().top() + room;
        let Self { curves, parallel, trials, tables, .. } = self;
        let tables = match tables.take() {
            Some(made) if Arc::ptr_eq(&made.of, looked) => tables.insert(made),
            _ => {
                let [results, trials] = [results::cells(looked), trials::cells(looked)];
                tables.insert(Tables { of: Arc::clone(looked), results, trials })
            }
        };
        match view.tab {
            Tab::Results => {
                best(ui, looked, effects.actions);
                results::ui(ui, looked, &tables.results, bottom);
            }
            Tab::Trials => trials.ui(ui, looked, &tables.trials, bottom, effects),
            Tab::Curves => curves.ui(ui, looked, view, bottom),
            Tab::Ladder => ladder::ui(ui, looked, view, bottom),
            Tab::Slice => slice::ui(ui, looked, view, bottom),
            Tab::HeatMap => heat::ui(ui, looked, view, bottom),
            Tab::Parallel => parallel.ui(ui, looked, view, bottom),
            Tab::Importance => importance::ui(ui, looked),
            Tab::History => history::ui(ui, looked, bottom),
            Tab::Timeline => timeline::ui(ui, looked, bottom),
        }
    }
}

/// Puts the best setting into the form.
fn best(ui: &mut Ui, looked: &Looked, actions: &mut Vec<Action>) {
    let Some(best) = looked.results.best else { return };
    let trials = looked.points.iter().zip(&looked.measured);
    let Some(measured) = trials.filter(|(point, _)| **point == Some(best)).find_map(|(_, measured)| measured.as_ref())
    else {
        return;
    };
    let hint = "Puts the experiment with the values of the best setting into the form";
    if ui.button("Use the best setting").on_hover_text(hint).clicked() {
        actions.push(Action::Again(Box::new(measured.experiment.clone().into_plan())));
    }
}
