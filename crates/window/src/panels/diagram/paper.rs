//! The networks as they are given away: every part of each as a table, and the drawing.

use super::figure::{colors, figure, kinds, outlines, scale};
use super::layout::{Arrangement, in_words};
use crate::give_away::Exportable;
use crate::kit::theme;
use crate::scene::Scene;
use eframe::egui::{Ui, Vec2, vec2};
use lab_core::blueprint::outline::{Outline, Part};
use lab_core::quantity::BlockQuantity;
use lab_core::table::Table;

/// The drawing on its way out of the window.
pub struct Paper<'a> {
    /// What colours the blocks.
    pub tint: Option<BlockQuantity>,
    /// What the panel looks at.
    pub scene: Scene<'a>,
}

/// Size of the picture in points, which grows downwards where it must.
const SIZE: Vec2 = vec2(1100.0, 300.0);
/// Points of that for each network's rows.
const ROOM: Vec2 = vec2(1060.0, f32::INFINITY);

/// A row of the table.
struct PartRow<'a> {
    arm: &'a str,
    part: &'a Part,
    shortcut: &'static str,
    input: [usize; 3],
}

fn rows<'a>(arm: &'a str, outline: &'a Outline) -> Vec<PartRow<'a>> {
    let mut parts: Vec<(&Part, &'static str)> = vec![(&outline.stem, "")];
    for stage in &outline.stages {
        parts.extend(stage.entry.iter().map(|entry| (entry, "")));
        parts.extend(stage.blocks.iter().map(|block| (&block.part, block.shortcut.in_words())));
    }
    parts.push((&outline.head, ""));
    let mut input = outline.input;
    let row = |(part, shortcut): (&'a Part, &'static str)| {
        let before = std::mem::replace(&mut input, part.output);
        PartRow { arm, part, shortcut, input: before }
    };
    parts.into_iter().map(row).collect()
}

impl Exportable for Paper<'_> {
    fn name(&self) -> String {
        "diagram".into()
    }

    fn table(&self) -> Table {
        let drawn =
            self.scene.networks.iter().filter_map(|sketch| Some((&sketch.name, sketch.outline.as_deref().ok()?)));
        let rows: Vec<PartRow> = drawn.flat_map(|(name, outline)| rows(name, outline)).collect();
        let layers =
            |row: &PartRow| row.part.layers.iter().map(|layer| layer.kind.clone()).collect::<Vec<_>>().join(", ");
        Table::default()
            .words("arm", rows.iter().map(|row| row.arm))
            .words("part", rows.iter().map(|row| row.part.name.as_str()))
            .words("shortcut", rows.iter().map(|row| row.shortcut))
            .words("input", rows.iter().map(|row| in_words(row.input)))
            .words("output", rows.iter().map(|row| in_words(row.part.output)))
            .numbers("parameters", rows.iter().map(|row| row.part.parameters as f64))
            .numbers("MACs", rows.iter().map(|row| row.part.macs as f64))
            .words("layers", rows.iter().map(layers))
    }

    fn size(&self) -> Option<Vec2> {
        Some(SIZE)
    }

    fn draw(&self, ui: &mut Ui) {
        let drawn = outlines(self.scene);
        ui.label(theme::heading("Networks"));
        let scale = self.tint.and_then(|quantity| scale(self.scene, quantity));
        if let (Some(quantity), Some(_)) = (self.tint, scale) {
            ui.label(format!("Coloured by: {}", quantity.title()));
            colors(ui, self.tint, scale);
        }
        kinds(ui, &drawn);
        let fitting = Arrangement::fitting(drawn.iter().copied(), ROOM);
        figure(ui, self.tint, self.scene, fitting, &mut Vec::new());
    }
}
