//! Images that reveal most about the networks, found and explained unasked when training has ended: for each the picture,
//! and over it where each network looked in its last block.

use super::bench::{Bench, OfArm};
use super::maps::{Textures, WHOLE};
use super::overlay::Overlay;
use super::paper::{Paper, PaperFigure, ROWS, tables};
use crate::action::Action;
use crate::give_away;
use crate::kit::chips::{arm_sentence, together};
use crate::kit::glossary;
use crate::kit::theme::{self, space};
use crate::kit::widgets::named;
use crate::state::inquiries::AnswerPlace;
use eframe::egui::{Color32, Sense, Ui, Vec2};
use lab_core::instrument::{Explanation, Finding, Findings, Instrument};
use lab_core::number::percent;
use std::sync::Arc;

/// Side of a picture in points.
const SIDE: f32 = 84.0;
/// Room for what the networks say, in points.
const BESIDE: f32 = 180.0;

/// What the images show.
const CAPTION: &str = "Grad-CAM of each network's guess at its last block: yellow is where the score comes from.";

/// The images one below another, and a menu that gives them away.
pub fn ui(ui: &mut Ui, textures: &mut Textures, strength: f32, bench: &mut Bench) {
    let title = title(bench);
    ui.horizontal_wrapped(|ui| {
        ui.label(theme::strong(title));
        let found = explained(bench);
        if found.is_empty() {
            return;
        }
        let tables = || {
            let of_image = |(image, found): &(usize, Arc<Findings>)| {
                let named = |(arm, table)| (format!("image {image}, {arm}"), table);
                tables(Instrument::GradCam, found).into_iter().map(named).collect::<Vec<_>>()
            };
            found.iter().flat_map(of_image).collect()
        };
        let seen = &*bench;
        let draw = |ui: &mut Ui| {
            images(ui, &mut Textures::default(), strength, seen, false);
        };
        let figure = PaperFigure { height: ROWS, draw };
        let paper = Paper { name: "revealing-images", title: title.to_owned(), tables, figure };
        let mut actions = Vec::new();
        give_away::button(ui, title, &paper, &mut actions);
        bench.actions.append(&mut actions);
    });
    if let Some(image) = images(ui, textures, strength, bench, true) {
        bench.actions.push(Action::Explain(image));
    }
}

fn title(bench: &Bench) -> &'static str {
    let several = bench.monitor.arms.len() > 1;
    if several { "Where the networks disagree most surely" } else { "The surest mistakes" }
}

/// The images that have been explained, each with what was found.
fn explained(bench: &Bench) -> Vec<(usize, Arc<Findings>)> {
    let found = |(place, image): (usize, &usize)| {
        Some((*image, Arc::clone(bench.inquiries.at(AnswerPlace::Revealing(place))?.found.as_ref()?)))
    };
    bench.inquiries.revealing.iter().enumerate().filter_map(found).collect()
}

/// Draws them, each with a button that asks for all blocks where one is `wanted`; the image of the one that was clicked.
fn images(ui: &mut Ui, textures: &mut Textures, strength: f32, bench: &Bench, wanted: bool) -> Option<usize> {
    let mut clicked = None;
    glossary::caption(ui, CAPTION);
    for (place, &image) in bench.inquiries.revealing.iter().enumerate() {
        let inquiry = bench.inquiries.at(AnswerPlace::Revealing(place)).cloned().unwrap_or_default();
        let Some(found) = &inquiry.found else {
            glossary::caption(ui, inquiry.failed.as_deref().unwrap_or("Being explained…"));
            continue;
        };
        let arms: Vec<OfArm<Explanation>> = found
            .arms
            .iter()
            .filter_map(|of| match &of.finding {
                Ok(Finding::Explanation(found)) => Some(OfArm { arm: bench.arm(&of.arm), name: &of.arm, found }),
                _ => None,
            })
            .collect();
        let Some(OfArm { found: first, .. }) = arms.first() else { continue };
        let class = |class: usize| found.classes.get(class).map_or("?", String::as_str);
        ui.add_space(space::S);
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = Vec2::splat(space::XS);
            let texture = textures.picture(ui.ctx(), &format!("revealing {place}"), &first.seen).id();
            let (rect, response) = ui.allocate_exact_size(Vec2::splat(SIDE), Sense::hover());
            ui.painter().image(texture, rect, WHOLE, Color32::WHITE);
            named(ui, response, &format!("Image {image} as the networks see it"));
            for OfArm { arm, found, .. } in &arms {
                if let Some((block, map)) = found.strip.last() {
                    let of = format!(" revealing {place}");
                    Overlay { arm: *arm, found, of: &of, strength }.draw(ui, textures, SIDE, block, map);
                }
            }
            // Below the pictures where there is hardly any room beside them.
            together(ui, BESIDE);
            if ui.cursor().left() > ui.max_rect().left() + 1.0 {
                ui.add_space(space::S);
            }
            ui.vertical(|ui| {
                let truth = first.truth.map_or_else(String::new, |truth| format!(": {}", class(truth)));
                ui.label(theme::strong(format!("Image {image}{truth}")));
                for OfArm { arm, name, found } in &arms {
                    let sure = found.probabilities.get(found.class).copied().unwrap_or(0.0);
                    arm_sentence(ui, *arm, &format!("{name} says {} {}", class(found.class), percent(f64::from(sure))));
                }
                if !wanted {
                    return;
                }
                let whole = ui.small_button("All blocks").on_hover_text("Shows the image as every block sees it");
                if named(ui, whole, &format!("Explain image {image} at all blocks")).clicked() {
                    clicked = Some(image);
                }
            });
        });
    }
    clicked
}
