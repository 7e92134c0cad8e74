//! Lines over a network's blocks, which are called by their names where all networks have the same.

use super::bench::Bench;
use crate::kit::chart::{Across, AxisScale, Chart, Series};
use crate::kit::theme;
use crate::panels::block_name::{in_full, shared};
use eframe::egui::{PopupAnchor, Tooltip, Ui};
use lab_core::number::short;

/// Draws lines whose places are the blocks, counted from 1; what is there is shown under the pointer.
pub fn draw(ui: &mut Ui, chart: Chart, mut lines: Vec<Series>, bench: &Bench) {
    let arms = bench.monitor.prepared.as_ref().map_or(&[][..], |prepared| &prepared.arms);
    let names = shared(arms.iter().map(|arm| arm.blocks.as_slice()));
    let first = if names.is_empty() { 1.0 } else { 0.0 };
    for line in &mut lines {
        let band = line.band.iter_mut().flatten().flatten();
        line.points.iter_mut().chain(&mut line.marked).chain(band).for_each(|point| point[0] += first - 1.0);
    }
    let across = Across { names: &names, ..Across::default() };
    let Some(pointed) = chart.over(across).draw(ui, &lines) else { return };
    let near = |line: &Series| {
        line.points.iter().copied().find(|point| (point[0] - pointed[0]).abs() < 0.5 && point[1].is_finite())
    };
    let there: Vec<(&str, f64)> = lines.iter().filter_map(|line| Some((line.name.as_str(), near(line)?[1]))).collect();
    if there.is_empty() {
        return;
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place among the blocks")]
    let place = (pointed[0] - first).round().max(0.0) as usize;
    let block = arms.iter().find_map(|arm| arm.blocks.get(place));
    let title = if names.is_empty() { None } else { block };
    let title = title.map_or_else(|| format!("block {} from the input", place + 1), |block| in_full(block));
    let tip = Tooltip::always_open(ui.ctx().clone(), ui.layer_id(), ui.scope_id().with(chart.id), PopupAnchor::Pointer);
    tip.gap(12.0).show(|ui| {
        ui.label(theme::strong(title));
        for (name, value) in there {
            let value = match chart.scale {
                AxisScale::Percent | AxisScale::PartOfPercent => lab_core::number::percent(value),
                AxisScale::Linear | AxisScale::Log => short(value),
            };
            ui.label(format!("{name}: {value}"));
        }
    });
}
