//! The validation images with what every arm takes them for: sorted, filtered, chosen, looked at one by one.

use super::bench::{self, Bench, OfArm, Request};
use super::maps::{Atlas, Textures, WHOLE};
use super::paper::{PaperFigure, ROWS};
use super::several;
use super::sieve::Sieve;
use super::tiles::{self, Tiles, WIDTH, class};
use super::verdict::{self, Predicted};
use crate::kit::chips::{arm_sentence, chip};
use crate::kit::glossary;
use crate::kit::theme::{self, Tokens};
use crate::kit::widgets::named;
use crate::scene::{Effects, Panel, Scene};
use crate::state::selected::ConfusionCell;
use eframe::egui::{Color32, Label, Modifiers, ScrollArea, Sense, Ui, Vec2, vec2};
use lab_core::instrument::{ArmFinding, Finding, Findings, Focus, Gallery, Instrument, QueryImage, Question};
use lab_core::number::{count, percent, plural, short};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum PredictionsMode {
    #[default]
    Images,
    Classes,
    Calibration,
}

/// What a person chose to see.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct View {
    mode: PredictionsMode,
    sieve: Sieve,
}

impl View {
    /// Shows the images of one cell of an arm's confusion matrix.
    fn show_cell(&mut self, cell: ConfusionCell) {
        self.mode = PredictionsMode::Images;
        self.sieve.show_cell(cell);
    }
}

#[derive(Default)]
pub struct PredictionsPanel {
    /// All images, of the experiment of this number.
    atlas: Option<(u64, Atlas)>,
    /// The images shown, for the view and answers they were chosen from.
    shown: Vec<usize>,
    made: Option<(Sieve, u64)>,
    chosen: BTreeSet<usize>,
    textures: Textures,
    /// The experiment of which a cell of a confusion matrix was wished for last.
    wished: Option<u64>,
}

/// What every arm of these findings says, with its place.
fn arms<'a>(found: &'a Findings, bench: &Bench) -> Vec<Predicted<'a>> {
    let said = |entry: &'a ArmFinding| match &entry.finding {
        Ok(Finding::Predictions(found)) if !found.is_empty() => {
            Some(OfArm { arm: bench.arm(&entry.arm), name: &entry.arm, found })
        }
        _ => None,
    };
    found.arms.iter().filter_map(said).collect()
}

impl Panel for PredictionsPanel {
    type View = View;

    fn ui(&mut self, ui: &mut Ui, view: &mut View, scene: Scene, effects: &mut Effects) {
        if let Some(cell) = effects.cell.take() {
            view.show_cell(cell);
            self.wished = Some(scene.monitor.generation);
        }
        let bench = &mut Bench::new(scene, effects);
        ui.horizontal_wrapped(|ui| {
            let modes = [
                (PredictionsMode::Images, "Images"),
                (PredictionsMode::Classes, "Per class"),
                (PredictionsMode::Calibration, "Calibration"),
            ];
            for (mode, title) in modes {
                ui.selectable_value(&mut view.mode, mode, title);
            }
        });
        // Held by this frame, so that asking can go on meanwhile.
        let found = bench.inquiries.of(Instrument::Predictions).and_then(|inquiry| inquiry.found.clone());
        let found = found.unwrap_or_default();
        let (arms, gallery) = (arms(&found, bench), bench.inquiries.gallery.clone());
        let sieve = view.sieve;
        let request =
            Request { about: Instrument::Predictions, verb: "Predict", question: Question::Predictions, filled: false };
        let classes = gallery.as_ref().map_or(&[][..], |gallery| &gallery.classes);
        match view.mode {
            PredictionsMode::Images => {
                let off_screen = |ui: &mut Ui, _: &Bench| {
                    if let Some(gallery) = &gallery {
                        Tiles { arms: &arms, gallery }.sheet(ui, &sieve.images(&arms));
                    }
                };
                bench::tools(ui, bench, &request, PaperFigure { height: ROWS, draw: off_screen });
            }
            PredictionsMode::Classes => bench::tools_with(ui, bench, &request, Instrument::Confusion, |ui, bench| {
                verdict::give_classes(ui, &arms, classes, bench.actions);
            }),
            PredictionsMode::Calibration => {
                bench::tools_with(ui, bench, &request, Instrument::Calibration, |ui, bench| {
                    verdict::give_calibration(ui, &arms, bench.actions);
                });
            }
        }
        let (Some(gallery), false) = (&gallery, arms.is_empty()) else {
            return bench::offer(ui, bench, &request);
        };
        match view.mode {
            PredictionsMode::Images => self.images(ui, &mut view.sieve, bench, &arms, gallery),
            PredictionsMode::Classes => {
                let scroll = ScrollArea::vertical().auto_shrink(false);
                scroll.show(ui, |ui| verdict::classes(ui, &arms, &gallery.classes));
            }
            PredictionsMode::Calibration => verdict::calibration(ui, &arms),
        }
    }
}

impl PredictionsPanel {
    fn images(
        &mut self,
        ui: &mut Ui,
        sieve: &mut Sieve,
        bench: &mut Bench,
        arms: &[Predicted],
        gallery: &Arc<Gallery>,
    ) {
        if self.atlas.as_ref().is_none_or(|(of, _)| *of != bench.monitor.generation)
            && self.wished != Some(bench.monitor.generation)
        {
            sieve.forget_cell();
        }
        sieve.ui(ui, arms, gallery);
        let version = bench.inquiries.version;
        if self.made != Some((*sieve, version)) {
            self.shown = sieve.images(arms);
            self.made = Some((*sieve, version));
        }
        self.textures.refresh(version);
        if self.atlas.as_ref().is_none_or(|(of, _)| *of != bench.monitor.generation) {
            let atlas = Atlas::new(ui.ctx(), gallery, 0..gallery.labels.len());
            self.atlas = Some((bench.monitor.generation, atlas));
            self.chosen.clear();
        }
        let known = arms.iter().map(|of| of.found.len()).min().unwrap_or(0);
        self.chosen.retain(|&image| image < known);
        ui.horizontal_wrapped(|ui| {
            tiles::legend(ui, arms);
            let all = ui.small_button("Select all").on_hover_text("All images shown, to be copied or saved");
            if all.clicked() {
                self.chosen = self.shown.iter().copied().collect();
            }
        });
        let all = count(gallery.labels.len() as u64);
        let shown = format!("{} of {all} images", count(self.shown.len() as u64));
        let between = verdict::disagreements(arms).join("; ");
        let said = if between.is_empty() { shown } else { format!("{shown}. Of all {all}: {between}") };
        ui.horizontal_wrapped(|ui| {
            glossary::caption(ui, &said);
            if arms.len() > 1 {
                bench::explain(ui, Instrument::Disagreement);
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
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a grid's cells")]
    fn grid(&mut self, ui: &mut Ui, arms: &[Predicted], gallery: &Gallery) {
        let tiles = Tiles { arms, gallery };
        let columns = ((ui.available_width() / WIDTH) as usize).max(1);
        let width = (ui.available_width() / columns as f32).floor();
        let rows = self.shown.len().div_ceil(columns);
        let Self { atlas: Some((_, atlas)), shown, chosen, .. } = self else { return };
        ScrollArea::vertical().id_salt("grid").auto_shrink(false).show_rows(ui, tiles.height(), rows, |ui, range| {
            for row in range {
                ui.horizontal(|ui| {
                    ui.spacing_mut().item_spacing = Vec2::ZERO;
                    for &image in shown.iter().skip(row * columns).take(columns) {
                        if tiles.tile(ui, width, image, atlas.picture(image), chosen.contains(&image)) {
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

    fn detail(&mut self, ui: &mut Ui, bench: &mut Bench, arms: &[Predicted], gallery: &Arc<Gallery>) {
        let images: Vec<usize> = self.chosen.iter().copied().collect();
        ui.horizontal_wrapped(|ui| {
            ui.label(theme::strong(format!("{} selected", plural(images.len() as u64, "image"))));
            several::tools(ui, &images, arms, gallery, bench.actions);
            if ui.button("Select none").clicked() {
                self.chosen.clear();
            }
        });
        match images[..] {
            [image] => self.single(ui, bench, arms, gallery, image),
            _ => several::lines(ui, &images, arms, gallery),
        }
    }

    /// One image: what every arm says, how that changed, and what is close to it.
    fn single(&mut self, ui: &mut Ui, bench: &mut Bench, arms: &[Predicted], gallery: &Gallery, image: usize) {
        let tokens = Tokens::of(ui);
        let Self { atlas: Some((_, atlas)), textures, .. } = self else { return };
        ui.horizontal_top(|ui| {
            let (rect, response) = ui.allocate_exact_size(vec2(128.0, 128.0), Sense::hover());
            atlas.picture(image).paint(ui.painter(), rect);
            named(ui, response, &format!("Image {image}, enlarged"));
            ui.vertical(|ui| {
                ui.horizontal_wrapped(|ui| {
                    ui.label(theme::strong(format!("Image {image}: {}", class(gallery, gallery.labels[image]))));
                    let explain = ui.button("Explain").on_hover_text("Shows in Explain where the decision comes from");
                    if named(ui, explain, "Explain this image").clicked() {
                        bench.actions.push(crate::action::Action::Explain(image));
                    }
                    let near = ui.button("Nearest").on_hover_text("The training images closest to it in feature space");
                    if named(ui, near, "Find the nearest training images").clicked() {
                        bench.ask(nearest(image));
                    }
                    bench::explain(ui, Instrument::Nearest);
                });
                if let (Some(short), Some(whole)) = (gallery.file(image), gallery.files.get(image)) {
                    ui.label(theme::caption(short, &tokens)).on_hover_text(whole);
                }
                for OfArm { arm, name, found } in arms {
                    let likely: Vec<String> = found
                        .likeliest(image)
                        .iter()
                        .take(3)
                        .map(|&(index, share)| format!("{} {}", class(gallery, index), percent(f64::from(share))))
                        .collect();
                    // The loss is made of the probability of the true class alone.
                    let loss = f64::from(found.loss[image]);
                    let truth = percent((-loss).exp().max(f64::MIN_POSITIVE));
                    let text = format!("{name}: {}; true class {truth}, loss {}", likely.join(", "), short(loss));
                    arm_sentence(ui, *arm, &text);
                    if let Some(history) = history(bench, *arm, image, gallery) {
                        ui.add(Label::new(theme::caption(history, &tokens)).wrap());
                    }
                }
            });
        });
        let Some(inquiry) = bench.inquiries.of(Instrument::Nearest).cloned() else { return };
        if inquiry.question != Some(nearest(image)) {
            return;
        }
        bench::failure(ui, &inquiry);
        // Until something is known of this image, what was found is of an earlier one.
        if inquiry.failed.is_some() || inquiry.awaited.is_some() && inquiry.progress.0 == 0 {
            return;
        }
        let draw = |ui: &mut Ui, bench: &Bench| neighbours(ui, &mut Textures::default(), gallery, bench);
        ui.horizontal_wrapped(|ui| {
            ui.label(theme::strong("Nearest training images"));
            bench::export(ui, bench, Instrument::Nearest, PaperFigure { height: ROWS, draw });
        });
        neighbours(ui, textures, gallery, bench);
    }
}

/// What the training images nearest to a validation image are.
fn nearest(image: usize) -> Question {
    Instrument::Nearest.question(&Focus { sample: QueryImage::Validation(image), ..Focus::default() })
}

/// The training images nearest to an image, as every arm places them.
fn neighbours(ui: &mut Ui, textures: &mut Textures, gallery: &Gallery, bench: &Bench) {
    let found = bench.found(Instrument::Nearest, |finding| match finding {
        Finding::Nearest(found) => Some(found),
        _ => None,
    });
    for OfArm { arm, name, found } in found {
        ui.horizontal_wrapped(|ui| {
            chip(ui, arm, name);
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

/// What an image was taken for at each validation, runs of the same class put together.
fn history(bench: &Bench, arm: usize, image: usize, gallery: &Gallery) -> Option<String> {
    let evaluations = &bench.monitor.arms.get(arm)?.evaluations;
    let mut classes: Vec<(u16, f64)> = Vec::new();
    for evaluation in evaluations {
        let predicted = *evaluation.predicted.get(image)?;
        if classes.last().is_none_or(|(last, _)| *last != predicted) {
            classes.push((predicted, evaluation.epoch));
        }
    }
    let parts: Vec<String> = classes
        .iter()
        .map(|(predicted, epoch)| format!("{} from epoch {}", class(gallery, *predicted), short(*epoch)))
        .collect();
    (!parts.is_empty()).then(|| format!("History: {}", parts.join(", ")))
}
