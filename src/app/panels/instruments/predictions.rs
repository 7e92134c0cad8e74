//! The validation images with what every arm takes them for: sorted, filtered, chosen, looked at one by one.

use super::super::{chip, empty};
use super::kit::{self, Bench};
use super::maps::{Atlas, Textures, WHOLE};
use super::verdict::{self, Arm};
use crate::app::form::field::{choose, named};
use crate::app::number::{count, percent, plural, short};
use crate::app::state::answers::top;
use crate::app::state::inquiries::Place;
use crate::app::theme::{self, Tokens};
use crate::instrument::{Finding, Gallery, Instrument, Question, Sheet, Sight};
use eframe::egui::{
    Color32, ComboBox, Label, Modifiers, Rect, ScrollArea, Sense, Stroke, StrokeKind, Ui, Vec2, pos2, vec2,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Mode {
    #[default]
    Images,
    Classes,
    Calibration,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Order {
    #[default]
    Loss,
    Confidence,
    Margin,
    Entropy,
    Index,
}

const ORDERS: [(Order, &str); 5] = [
    (Order::Loss, "Largest loss"),
    (Order::Confidence, "Most confident"),
    (Order::Margin, "Least margin"),
    (Order::Entropy, "Largest entropy"),
    (Order::Index, "As in the data"),
];

/// Which images are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Filter {
    #[default]
    All,
    Right,
    Wrong,
    /// Only the arm that is looked at is right.
    OnlyThis,
    /// Only another arm is right.
    OnlyOther,
    /// One cell of the arm's confusion matrix: actual and predicted class.
    Cell(usize, usize),
}

/// What a person chose to see.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct View {
    mode: Mode,
    order: Order,
    filter: Filter,
    class: Option<usize>,
    arm: usize,
}

impl View {
    /// Shows the images of one cell of an arm's confusion matrix.
    pub fn show_cell(&mut self, arm: usize, truth: usize, predicted: usize) {
        *self = Self { mode: Mode::Images, filter: Filter::Cell(truth, predicted), class: None, arm, ..*self };
    }
}

/// The panel's state.
#[derive(Default)]
pub struct Predictions {
    atlas: Option<(u64, Atlas)>,
    /// The images shown, for the view and answers they were chosen from.
    shown: Vec<usize>,
    made: Option<(Choice, u64)>,
    chosen: BTreeSet<usize>,
    textures: Textures,
}

/// What the list of shown images depends on.
type Choice = (Order, Filter, Option<usize>, usize);

/// Side of a cell in points.
const CELL: f32 = 52.0;

impl Predictions {
    /// The panel.
    pub fn ui(&mut self, ui: &mut Ui, view: &mut View, bench: &mut Bench) {
        if !bench.has_networks() {
            return empty(
                ui,
                "Every validation image with what the networks take it for will be shown here: press Start, then Predict.",
            );
        }
        ui.horizontal_wrapped(|ui| {
            let modes = [(Mode::Images, "Images"), (Mode::Classes, "Per class"), (Mode::Calibration, "Calibration")];
            for (mode, title) in modes {
                ui.selectable_value(&mut view.mode, mode, title);
            }
        });
        let place = Place::Of(Instrument::Predictions);
        let mut asked = false;
        kit::tools(ui, bench, place, Instrument::Predictions, "Predict", || {
            asked = true;
            Question::Predictions
        });
        if asked && bench.inquiries.gallery.is_none() {
            bench.ask(Question::Gallery);
        }
        // Held by this frame, so that asking can go on meanwhile.
        let found = bench.inquiries.of(Instrument::Predictions).and_then(|inquiry| inquiry.found.clone());
        let entries = found.iter().flat_map(|found| &found.arms);
        let arms: Vec<Arm> = entries
            .filter_map(|entry| match &entry.finding {
                Ok(Finding::Predictions(found)) if !found.is_empty() => {
                    Some((bench.arm(&entry.arm), entry.arm.as_str(), found))
                }
                _ => None,
            })
            .collect();
        let (Some(gallery), false) = (bench.inquiries.gallery.clone(), arms.is_empty()) else {
            if bench.inquiries.awaited(place).is_none() {
                empty(ui, "Press Predict to see what every arm takes each validation image for.");
            }
            return;
        };
        match view.mode {
            Mode::Images => self.images(ui, view, bench, &arms, &gallery),
            Mode::Classes => {
                ScrollArea::both().auto_shrink(false).show(ui, |ui| verdict::classes(ui, &arms, &gallery.classes));
            }
            Mode::Calibration => verdict::calibration(ui, &arms),
        }
    }

    fn images(&mut self, ui: &mut Ui, view: &mut View, bench: &mut Bench, arms: &[Arm], gallery: &Gallery) {
        choices(ui, view, arms, gallery);
        let version = bench.inquiries.version;
        let key = (view.order, view.filter, view.class, view.arm);
        if self.made != Some((key, version)) {
            self.shown = chosen(view, arms);
            self.made = Some((key, version));
        }
        self.textures.refresh(version);
        if self.atlas.as_ref().is_none_or(|(of, _)| *of != bench.session.generation) {
            self.atlas = Some((bench.session.generation, Atlas::new(ui.ctx(), gallery)));
        }
        let tokens = Tokens::of(ui);
        let mut said =
            vec![format!("{} of {} images", count(self.shown.len() as u64), count(gallery.labels.len() as u64))];
        said.extend(verdict::disagreements(arms));
        ui.horizontal_wrapped(|ui| {
            ui.label(theme::caption(said.join("; "), &tokens));
            if arms.len() > 1 {
                kit::explain(ui, Instrument::Disagreement);
            }
        });
        let detail = if self.chosen.is_empty() { 0.0 } else { 236.0_f32.min(ui.available_height() * 0.55) };
        let height = (ui.available_height() - detail).max(80.0);
        ui.allocate_ui(vec2(ui.available_width(), height), |ui| self.grid(ui, arms, gallery));
        if detail > 0.0 {
            ui.separator();
            ScrollArea::vertical()
                .id_salt("detail")
                .auto_shrink(false)
                .show(ui, |ui| self.detail(ui, bench, arms, gallery));
        }
    }

    /// Only the rows in view are drawn.
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a grid's cells"
    )]
    fn grid(&mut self, ui: &mut Ui, arms: &[Arm], gallery: &Gallery) {
        let columns = ((ui.available_width() / CELL) as usize).max(1);
        let rows = self.shown.len().div_ceil(columns);
        let Self { atlas: Some((_, atlas)), shown, chosen, .. } = self else { return };
        ScrollArea::vertical().id_salt("grid").auto_shrink(false).show_rows(ui, CELL, rows, |ui, range| {
            for row in range {
                ui.horizontal(|ui| {
                    ui.spacing_mut().item_spacing = Vec2::ZERO;
                    for &image in shown.iter().skip(row * columns).take(columns) {
                        if tile(ui, atlas, image, arms, gallery, chosen.contains(&image)) {
                            let add = ui.input(|input| input.modifiers.matches_logically(Modifiers::COMMAND));
                            if !add {
                                chosen.clear();
                            }
                            if !chosen.remove(&image) {
                                chosen.insert(image);
                            }
                        }
                    }
                });
            }
        });
    }

    fn detail(&mut self, ui: &mut Ui, bench: &mut Bench, arms: &[Arm], gallery: &Gallery) {
        if let [image] = self.chosen.iter().copied().collect::<Vec<_>>()[..] {
            return self.single(ui, bench, arms, gallery, image);
        }
        ui.horizontal_wrapped(|ui| {
            ui.label(theme::strong(format!("{} chosen", plural(self.chosen.len() as u64, "image"))));
            let sheets: Vec<Sheet> = arms
                .iter()
                .map(|(_, name, found)| {
                    let sheet = found.sheet(&gallery.classes);
                    let rows = self.chosen.iter().filter_map(|&image| sheet.rows.get(image).cloned()).collect();
                    Sheet { name: format!("{name} {}", sheet.name), header: sheet.header, rows }
                })
                .collect();
            kit::export(ui, "Chosen images", &sheets);
            if ui.button("Choose none").clicked() {
                self.chosen.clear();
            }
        });
        for &image in self.chosen.iter().take(200) {
            let truth = class(gallery, gallery.labels[image]);
            let says: Vec<String> = arms
                .iter()
                .map(|(_, name, found)| {
                    format!(
                        "{name} {} {}",
                        class(gallery, found.predicted[image]),
                        percent(f64::from(found.confidence(image)))
                    )
                })
                .collect();
            ui.label(format!("Image {image}, {truth}: {}", says.join(", ")));
        }
    }

    /// One image: what every arm says, how that changed, and what is close to it.
    fn single(&mut self, ui: &mut Ui, bench: &mut Bench, arms: &[Arm], gallery: &Gallery, image: usize) {
        let tokens = Tokens::of(ui);
        let Self { atlas: Some((_, atlas)), textures, .. } = self else { return };
        ui.horizontal_top(|ui| {
            let (rect, response) = ui.allocate_exact_size(vec2(128.0, 128.0), Sense::hover());
            ui.painter().image(atlas.texture.id(), rect, atlas.place(image), Color32::WHITE);
            named(ui, response, &format!("Image {image}, enlarged"));
            ui.vertical(|ui| {
                ui.horizontal_wrapped(|ui| {
                    ui.label(theme::strong(format!("Image {image}: {}", class(gallery, gallery.labels[image]))));
                    let explain = ui.button("Explain").on_hover_text("Shows in Explain where the decision comes from");
                    if named(ui, explain, "Explain this image").clicked() {
                        bench.actions.push(crate::app::action::Action::Explain(image));
                    }
                    let near = ui.button("Nearest").on_hover_text("The training images closest to it in feature space");
                    if named(ui, near, "Find the nearest training images").clicked() {
                        bench.ask(Question::Nearest { sight: Sight::Validation(image), count: 5 });
                    }
                    kit::explain(ui, Instrument::Nearest);
                });
                for (arm, name, found) in arms {
                    let likely: Vec<String> = top(found.row(image), 3)
                        .into_iter()
                        .map(|(index, share)| {
                            format!(
                                "{} {}",
                                gallery.classes.get(index).map_or("", String::as_str),
                                percent(f64::from(share))
                            )
                        })
                        .collect();
                    let text = format!("{name}: {}; loss {}", likely.join(", "), short(f64::from(found.loss[image])));
                    ui.horizontal_wrapped(|ui| chip(ui, *arm, &text));
                    if let Some(history) = history(bench, *arm, image, gallery) {
                        ui.add(Label::new(theme::caption(history, &tokens)).wrap());
                    }
                }
            });
        });
        let asked = bench.inquiries.of(Instrument::Nearest).and_then(|inquiry| inquiry.question.clone());
        if asked != Some(Question::Nearest { sight: Sight::Validation(image), count: 5 }) {
            return;
        }
        for (arm, name, finding) in bench.findings(Instrument::Nearest) {
            let Ok(Finding::Nearest(found)) = finding else { continue };
            ui.horizontal_wrapped(|ui| {
                chip(ui, arm, &format!("{name}, nearest:"));
                for neighbour in found {
                    let texture = textures.picture(ui.ctx(), &format!("near {}", neighbour.image), &neighbour.seen);
                    let (rect, response) = ui.allocate_exact_size(Vec2::splat(40.0), Sense::hover());
                    ui.painter().image(texture.id(), rect, WHOLE, Color32::WHITE);
                    let text = format!(
                        "training image {}: {}, distance {}",
                        neighbour.image,
                        class(gallery, neighbour.class),
                        short(f64::from(neighbour.distance))
                    );
                    named(ui, response.on_hover_text(&text), &text);
                }
            });
        }
    }
}

/// What an image was taken for at each validation, runs of the same class put together.
fn history(bench: &Bench, arm: usize, image: usize, gallery: &Gallery) -> Option<String> {
    let evaluations = &bench.session.arms.get(arm)?.evaluations;
    let mut told: Vec<(u16, f64)> = Vec::new();
    for evaluation in evaluations {
        let predicted = *evaluation.predicted.get(image)?;
        if told.last().is_none_or(|(last, _)| *last != predicted) {
            told.push((predicted, evaluation.epoch));
        }
    }
    let parts: Vec<String> = told
        .iter()
        .map(|(predicted, epoch)| format!("{} from epoch {}", class(gallery, *predicted), short(*epoch)))
        .collect();
    (!parts.is_empty()).then(|| format!("History: {}", parts.join(", ")))
}

fn class(gallery: &Gallery, class: u16) -> &str {
    gallery.classes.get(usize::from(class)).map_or("?", String::as_str)
}

fn choices(ui: &mut Ui, view: &mut View, arms: &[Arm], gallery: &Gallery) {
    let names: Vec<(usize, &str)> = arms.iter().map(|(arm, name, _)| (*arm, *name)).collect();
    if !names.iter().any(|(arm, _)| *arm == view.arm) {
        view.arm = names.first().map_or(0, |(arm, _)| *arm);
    }
    let mut filters = vec![(Filter::All, "All"), (Filter::Right, "Right"), (Filter::Wrong, "Wrong")];
    if arms.len() > 1 {
        filters.extend([(Filter::OnlyThis, "Only this arm right"), (Filter::OnlyOther, "Only another right")]);
    }
    let cell = if let Filter::Cell(truth, predicted) = view.filter {
        let name = |class: usize| gallery.classes.get(class).map_or("?", String::as_str);
        format!("{} taken for {}", name(truth), name(predicted))
    } else {
        String::new()
    };
    if !cell.is_empty() {
        filters.push((view.filter, &cell));
    }
    let title =
        |class: Option<usize>| class.and_then(|class| gallery.classes.get(class)).map_or("Every class", String::as_str);
    // Two rows of two where there is no room for one of four.
    let columns = if ui.available_width() < 520.0 { 2 } else { 4 };
    ui.columns(columns, |ui| {
        let response = ui[0].push_id("arm", |ui| choose(ui, &mut view.arm, &names)).inner;
        named(&ui[0], response, "Arm that sorts and filters");
        let response = ui[1].push_id("order", |ui| choose(ui, &mut view.order, &ORDERS)).inner;
        named(&ui[1], response, "Order of the images");
        let response = ui[2 % columns].push_id("filter", |ui| choose(ui, &mut view.filter, &filters)).inner;
        named(&ui[2 % columns], response, "Images that are shown");
        let ui = &mut ui[3 % columns];
        let list = ComboBox::from_id_salt("class").width(ui.available_width()).selected_text(title(view.class));
        let list = list.truncate().show_ui(ui, |ui| {
            for option in std::iter::once(None).chain((0..gallery.classes.len()).map(Some)) {
                ui.selectable_value(&mut view.class, option, title(option));
            }
        });
        named(ui, list.response, "Class that is shown");
    });
}

/// The images that pass the filter, in order.
fn chosen(view: &View, arms: &[Arm]) -> Vec<usize> {
    let Some((_, _, found)) = arms.iter().find(|(arm, _, _)| *arm == view.arm) else { return Vec::new() };
    let others = || arms.iter().filter(|(arm, _, _)| *arm != view.arm);
    let passes = |image: &usize| {
        let image = *image;
        let (right, truth) = (found.is_right(image), usize::from(found.truth[image]));
        view.class.is_none_or(|class| class == truth)
            && match view.filter {
                Filter::All => true,
                Filter::Right => right,
                Filter::Wrong => !right,
                Filter::OnlyThis => right && others().all(|(_, _, other)| !other.is_right(image)),
                Filter::OnlyOther => !right && others().any(|(_, _, other)| other.is_right(image)),
                Filter::Cell(actual, predicted) => truth == actual && usize::from(found.predicted[image]) == predicted,
            }
    };
    let mut images: Vec<usize> = (0..found.len()).filter(passes).collect();
    let key = |image: usize| match view.order {
        Order::Loss => -found.loss[image],
        Order::Confidence => -found.confidence(image),
        Order::Margin => found.margin(image),
        Order::Entropy => -found.entropy(image),
        Order::Index => 0.0,
    };
    let mut keyed: Vec<(f32, usize)> = images.drain(..).map(|image| (key(image), image)).collect();
    keyed.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    keyed.into_iter().map(|(_, image)| image).collect()
}

/// One image with a mark for each arm, filled where it is right; says whether it was clicked.
#[allow(clippy::cast_precision_loss, reason = "a mark's place")]
fn tile(ui: &mut Ui, atlas: &Atlas, image: usize, arms: &[Arm], gallery: &Gallery, is_chosen: bool) -> bool {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(CELL), Sense::click());
    let side = CELL - 14.0;
    let picture = Rect::from_min_size(rect.min + vec2((CELL - side) / 2.0, 1.0), Vec2::splat(side));
    ui.painter().image(atlas.texture.id(), picture, atlas.place(image), Color32::WHITE);
    for (index, (arm, _, found)) in arms.iter().enumerate() {
        let offset = (index as f32 - (arms.len() as f32 - 1.0) / 2.0) * 10.0;
        let at = pos2(rect.center().x + offset, rect.bottom() - 6.0);
        if found.is_right(image) {
            ui.painter().circle_filled(at, 3.5, tokens.arm(*arm));
        } else {
            ui.painter().circle_stroke(at, 3.0, Stroke::new(1.25, tokens.arm(*arm)));
        }
    }
    if is_chosen {
        ui.painter().rect_stroke(picture, 2.0, Stroke::new(2.0, tokens.accent), StrokeKind::Outside);
    } else if response.hovered() || response.has_focus() {
        ui.painter().rect_stroke(picture, 2.0, Stroke::new(1.0, tokens.text), StrokeKind::Outside);
    }
    let says: Vec<String> =
        arms.iter().map(|(_, name, found)| format!("{name}: {}", class(gallery, found.predicted[image]))).collect();
    let text = format!("Image {image}, {}; {}", class(gallery, gallery.labels[image]), says.join(", "));
    let response =
        response.on_hover_text(format!("{text}\nA filled mark is an arm that is right; Ctrl-click chooses several"));
    named(ui, response, &text).clicked()
}
