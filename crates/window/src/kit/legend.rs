//! What the colours of a heat map mean.

use super::glossary::explained;
use super::theme::{self, Tokens, space, viridis};
use eframe::egui::{Mesh, Sense, Ui, pos2, vec2};
use lab_core::number::short;

/// A scale's ends, given as decimal logarithms, and the colours between them.
pub fn legend(ui: &mut Ui, [low, high]: [f64; 2]) {
    let tokens = Tokens::of(ui);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = space::XS;
        ui.label(theme::caption(short(10f64.powf(low)), &tokens));
        let (rect, _) = ui.allocate_exact_size(vec2(56.0, 10.0), Sense::hover());
        let mut mesh = Mesh::default();
        for step in 0..=16u8 {
            let share = f32::from(step) / 16.0;
            let x = rect.left() + rect.width() * share;
            mesh.colored_vertex(pos2(x, rect.top()), viridis(share));
            mesh.colored_vertex(pos2(x, rect.bottom()), viridis(share));
        }
        for step in 0..16u32 {
            mesh.add_triangle(2 * step, 2 * step + 1, 2 * step + 2);
            mesh.add_triangle(2 * step + 1, 2 * step + 2, 2 * step + 3);
        }
        ui.painter().add(mesh);
        let text = format!("{}, log scale, all arms", short(10f64.powf(high)));
        explained(ui.label(theme::caption(&text, &tokens)), &text);
    });
}
