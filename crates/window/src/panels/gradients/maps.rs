//! The heat maps of all arms on one shared scale, and below them every block at the latest probe.

use crate::kit::chart::{Across, AxisScale, Chart, Series};
use crate::kit::chips::arm_sentence;
use crate::kit::glossary;
use crate::kit::theme::{self, Tokens, space, viridis};
use crate::kit::widgets::named;
use crate::panels::block_name::{in_full, shared};
use crate::scene::Scene;
use crate::state::Monitor;
use crate::state::series::Extremes;
use eframe::egui::{
    Align2, Color32, ColorImage, FontId, Rect, Response, Sense, Stroke, StrokeKind, TextureHandle, TextureOptions, Ui,
    pos2, vec2,
};
use lab_core::experiment::Naming;
use lab_core::number::{self, short};
use lab_core::protocol::{ArmProbe, BlockProbe, ProbeRecord};
use lab_core::quantity::BlockQuantity;

/// Probes that one column of the picture stands for, at most this many columns.
const COLUMNS: usize = 512;

/// What a heat map was made of; it is made again when this changes.
#[derive(Clone, Copy, Default, PartialEq)]
struct HeatMapsOf {
    generation: u64,
    newest: u64,
    quantity: BlockQuantity,
    /// Cells without a value have the ground's colour.
    dark: bool,
}

/// The heat maps of all arms, made again only when there is something new to see.
#[derive(Default)]
pub struct HeatMaps {
    made: HeatMapsOf,
    /// Decimal logarithms of the shared scale's ends; none where no block has a value.
    pub scale: Option<[f64; 2]>,
    maps: Vec<Option<TextureHandle>>,
}

impl HeatMaps {
    /// Makes the pictures anew if there is something new to see.
    pub fn update(&mut self, ui: &Ui, monitor: &Monitor, quantity: BlockQuantity) {
        let newest = monitor.probes.last().map_or(0, |probe| probe.step);
        let now = HeatMapsOf { generation: monitor.generation, newest, quantity, dark: Tokens::of(ui).dark };
        if self.made != now {
            self.make(ui, monitor, quantity);
            self.made = now;
        }
    }

    /// A heat map for each arm, and below them every block at the latest probe.
    pub fn figure(&self, ui: &mut Ui, scene: Scene, quantity: BlockQuantity, [height, below]: [f32; 2]) {
        let monitor = scene.monitor;
        for (arm, texture) in self.maps.iter().enumerate() {
            if let Some(texture) = texture {
                arm_sentence(ui, arm, &summary(monitor, arm, quantity));
                let rect = map(ui, texture, monitor, arm, quantity, height);
                mark(ui, rect, scene, arm);
            }
        }
        latest(ui, monitor, quantity, below);
    }

    fn make(&mut self, ui: &Ui, monitor: &Monitor, quantity: BlockQuantity) {
        let tokens = Tokens::of(ui);
        let grids: Vec<MapCells> =
            (0..monitor.arms.len()).map(|arm| MapCells::new(&monitor.probes, arm, quantity)).collect();
        let mut extremes = Extremes::NONE;
        grids.iter().flat_map(|grid| &grid.cells).for_each(|&cell| extremes.add(cell));
        self.scale = extremes.is_some().then(|| [extremes.min, extremes.max.max(extremes.min + 0.1)]);
        self.maps.resize(grids.len(), None);
        for (arm, (grid, map)) in grids.iter().zip(&mut self.maps).enumerate() {
            let Some(scale) = self.scale.filter(|_| !grid.cells.is_empty()) else {
                *map = None;
                continue;
            };
            let image = grid.picture(scale, tokens.background);
            match map {
                Some(texture) => texture.set(image, TextureOptions::NEAREST),
                None => *map = Some(ui.ctx().load_texture(format!("gradients {arm}"), image, TextureOptions::NEAREST)),
            }
        }
    }
}

/// Not a number where a block does not have the quantity.
fn value(quantity: BlockQuantity, probe: &BlockProbe) -> f64 {
    quantity.of(probe).unwrap_or(f64::NAN)
}

/// Probes a column of the heat map stands for.
fn bucket(probes: usize) -> usize {
    probes.div_ceil(COLUMNS).max(1)
}

/// Decimal logarithms, block by column; not-a-number where nothing was seen.
struct MapCells {
    columns: usize,
    blocks: usize,
    cells: Vec<f64>,
}

impl MapCells {
    /// The largest value of each bucket of probes, so that explosions stay visible.
    fn new(probes: &[ProbeRecord], arm: usize, quantity: BlockQuantity) -> Self {
        let blocks =
            probes.iter().filter_map(|probe| probe.arms.get(arm)).map(|arm| arm.blocks.len()).max().unwrap_or(0);
        let size = bucket(probes.len());
        let columns = probes.len().div_ceil(size);
        let mut cells = vec![f64::NAN; columns * blocks];
        for (index, probe) in probes.iter().enumerate() {
            let Some(seen) = probe.arms.get(arm) else { continue };
            for (block, probe) in seen.blocks.iter().enumerate() {
                let value = value(quantity, probe).log10();
                let cell = &mut cells[block * columns + index / size];
                if value.is_finite() && (cell.is_nan() || *cell < value) {
                    *cell = value;
                }
            }
        }
        Self { columns, blocks, cells }
    }

    #[allow(clippy::cast_possible_truncation, reason = "a share for a colour")]
    fn picture(&self, [low, high]: [f64; 2], missing: Color32) -> ColorImage {
        let color = |cell: &f64| if cell.is_finite() { viridis(((cell - low) / (high - low)) as f32) } else { missing };
        ColorImage::new([self.columns, self.blocks], self.cells.iter().map(color).collect())
    }
}

/// An arm's heat map in a sentence.
fn summary(monitor: &Monitor, arm: usize, quantity: BlockQuantity) -> String {
    let name = monitor.arm_name(arm);
    let Some(seen) =
        monitor.probes.iter().rev().find_map(|probe| probe.arms.get(arm).filter(|arm| !arm.blocks.is_empty()))
    else {
        return format!("{name}: nothing seen");
    };
    if !seen.blocks.iter().any(|block| quantity.of(block).is_some()) {
        return format!("{name}: no shortcut that a branch is added to");
    }
    let ends =
        [seen.blocks.first(), seen.blocks.last()].map(|block| block.map_or(f64::NAN, |block| value(quantity, block)));
    format!("{name}: first {}, last block {}", short(ends[0]), short(ends[1]))
}

/// One heat map: blocks from top to bottom, steps from left to right. Returns where it is.
fn map(
    ui: &mut Ui,
    texture: &TextureHandle,
    monitor: &Monitor,
    arm: usize,
    quantity: BlockQuantity,
    height: f32,
) -> Rect {
    let tokens = Tokens::of(ui);
    let (outer, response) = ui.allocate_exact_size(vec2(ui.available_width(), height + 16.0), Sense::hover());
    let gutter = 56.0;
    let rect = Rect::from_min_max(outer.min + vec2(gutter, 0.0), pos2(outer.right(), outer.top() + height));
    let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
    ui.painter().image(texture.id(), rect, whole, Color32::WHITE);
    let names =
        monitor.prepared.as_ref().and_then(|prepared| prepared.arms.get(arm)).map_or(&[][..], |info| &info.blocks);
    let font = FontId::proportional(theme::size::SMALL - 1.0);
    let write = |at, anchor, text: String| ui.painter().text(at, anchor, text, font.clone(), tokens.weak);
    if let (Some(first), Some(last)) = (names.first(), names.last()) {
        write(rect.left_top() - vec2(space::XS, 0.0), Align2::RIGHT_TOP, Naming::in_words(first));
        write(rect.left_bottom() - vec2(space::XS, 0.0), Align2::RIGHT_BOTTOM, Naming::in_words(last));
    }
    let step = |probe: Option<&ProbeRecord>| probe.map_or_else(String::new, |probe| number::count(probe.step));
    write(rect.left_bottom() + vec2(0.0, 2.0), Align2::LEFT_TOP, format!("step {}", step(monitor.probes.first())));
    write(rect.right_bottom() + vec2(0.0, 2.0), Align2::RIGHT_TOP, step(monitor.probes.last()));
    let text = format!("{} by block and step. {}", quantity.title(), summary(monitor, arm, quantity));
    let response = named(ui, response, &text);
    pointed(response, rect, monitor, arm, quantity, names);
    rect
}

/// A frame around the row of the block that every panel looks at.
fn mark(ui: &Ui, rect: Rect, scene: Scene, arm: usize) {
    let Some(prepared) = &scene.monitor.prepared else { return };
    let Some((_, block)) = scene.selected.and_then(|selected| selected.place(prepared)).filter(|it| it.0 == arm) else {
        return;
    };
    let each = rect.height() / prepared.arms[arm].blocks.len().max(1) as f32;
    let row = Rect::from_min_size(rect.min + vec2(0.0, each * block as f32), vec2(rect.width(), each));
    let stroke = Stroke::new(theme::CURVE, Tokens::of(ui).accent);
    ui.painter().rect_stroke(row, 0.0, stroke, StrokeKind::Outside);
}

/// The value below the pointer.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a small grid")]
fn pointed(response: Response, rect: Rect, monitor: &Monitor, arm: usize, quantity: BlockQuantity, names: &[String]) {
    let Some(at) = response.hover_pos().filter(|at| rect.contains(*at)) else { return };
    let share = (at - rect.min) / rect.size();
    let count = monitor.probes.len();
    let size = bucket(count);
    let column = (share.x * count.div_ceil(size) as f32) as usize;
    let block = (share.y * names.len() as f32) as usize;
    let range = (column * size).min(count - 1)..((column + 1) * size).min(count);
    let probes = &monitor.probes[range];
    let value = probes
        .iter()
        .filter_map(|probe| probe.arms.get(arm)?.blocks.get(block))
        .map(|probe| self::value(quantity, probe))
        .fold(f64::NAN, f64::max);
    let (Some(first), Some(name)) = (probes.first(), names.get(block)) else { return };
    response.on_hover_ui_at_pointer(|ui| {
        ui.label(theme::strong(format!("{}, step {}", in_full(name), number::count(first.step))));
        ui.label(format!("{} {}", quantity.title(), short(value)));
    });
}

/// Every block at the latest probe.
fn latest(ui: &mut Ui, monitor: &Monitor, quantity: BlockQuantity, height: f32) {
    let tokens = Tokens::of(ui);
    let Some(probe) = monitor.probes.last() else { return };
    ui.add_space(space::XS);
    glossary::caption(ui, &format!("By block at step {}, log scale", number::count(probe.step)));
    let networks = monitor.prepared.iter().flat_map(|prepared| &prepared.arms);
    let names = shared(networks.map(|arm| arm.blocks.as_slice()));
    // Where names stand below, these are counted from 0.
    let first = if names.is_empty() { 1.0 } else { 0.0 };
    let line = |(arm, seen): (usize, &ArmProbe)| {
        let point = |(index, block): (usize, &BlockProbe)| [index as f64 + first, value(quantity, block)];
        let points = seen.blocks.iter().enumerate().map(point).collect();
        Series { arm, name: monitor.arm_name(arm).to_owned(), points, ..Series::default() }
    };
    let lines: Vec<Series> = probe.arms.iter().enumerate().map(line).collect();
    if !lines.iter().flat_map(|line| &line.points).any(|point| point[1].log10().is_finite()) {
        ui.label(theme::caption(
            "No block has one at this step: what is frozen gets none, and a network that has blown up gives none.",
            &tokens,
        ));
        return;
    }
    let name = format!("{} by block at step {}", quantity.title(), probe.step);
    let across = Across { names: &names, ..Across::default() };
    Chart::new("latest", &name, AxisScale::Log, height).over(across).draw(ui, &lines);
}
