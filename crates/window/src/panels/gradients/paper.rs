//! Gradients of every block as they are given away: every number of every probe as a table, and the heat maps.

use super::maps::HeatMaps;
use crate::give_away::Exportable;
use crate::kit::legend::legend;
use crate::kit::theme;
use crate::scene::Scene;
use eframe::egui::{Ui, Vec2, vec2};
use lab_core::protocol::BlockProbe;
use lab_core::quantity::BlockQuantity;
use lab_core::table::Table;
use std::sync::Arc;

/// The heat maps on their way out of the window.
pub struct Paper<'a> {
    /// What is looked at.
    pub quantity: BlockQuantity,
    /// What the panel looks at.
    pub scene: Scene<'a>,
}

/// Size of the picture in points, which grows with each arm.
const SIZE: Vec2 = vec2(900.0, 300.0);
/// Heights of a heat map and of the plot below them.
const HEIGHTS: [f32; 2] = [180.0, 220.0];

/// One block at one probe.
struct ProbeRow<'a> {
    arm: usize,
    step: u64,
    /// The block's place in its network.
    place: usize,
    block: &'a BlockProbe,
}

impl Exportable for Paper<'_> {
    fn name(&self) -> String {
        "gradients-by-step".into()
    }

    fn table(&self) -> Table {
        let monitor = self.scene.monitor;
        let nameless = Arc::<str>::from("");
        let names: Vec<Vec<Arc<str>>> = monitor.prepared.as_ref().map_or_else(Vec::new, |prepared| {
            prepared.arms.iter().map(|arm| arm.blocks.iter().map(|block| Arc::from(block.as_str())).collect()).collect()
        });
        let arms: Vec<Arc<str>> = (0..monitor.arms.len()).map(|arm| Arc::from(monitor.arm_name(arm))).collect();
        let probed = monitor.probes.iter().flat_map(|probe| {
            let arms = probe.arms.iter().enumerate();
            arms.flat_map(move |(arm, seen)| {
                let blocks = seen.blocks.iter().enumerate();
                blocks.map(move |(place, block)| ProbeRow { arm, step: probe.step, place, block })
            })
        });
        let rows: Vec<ProbeRow> = probed.collect();
        let name = |arm: usize, at: usize| names.get(arm).and_then(|names| names.get(at)).unwrap_or(&nameless);
        let table = Table::default()
            .words("arm", rows.iter().map(|row| Arc::clone(arms.get(row.arm).unwrap_or(&nameless))))
            .numbers("step", rows.iter().map(|row| row.step as f64))
            .words("block", rows.iter().map(|row| Arc::clone(name(row.arm, row.place))));
        BlockQuantity::ALL.iter().fold(table, |table, quantity| {
            let values = rows.iter().map(|row| quantity.of(row.block).unwrap_or(f64::NAN));
            table.numbers(quantity.words(), values)
        })
    }

    fn size(&self) -> Option<Vec2> {
        Some(SIZE)
    }

    fn draw(&self, ui: &mut Ui) {
        ui.label(theme::heading(format!("{} by block and step", self.quantity.title())));
        // Textures of the window do not exist here.
        let mut drawn = HeatMaps::default();
        drawn.update(ui, self.scene.monitor, self.quantity);
        drawn.scale.into_iter().for_each(|scale| legend(ui, scale));
        drawn.figure(ui, self.scene, self.quantity, HEIGHTS);
    }
}
