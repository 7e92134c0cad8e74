//! The optimiser's rows; the recipe's, or an arm's own.

use super::field::Fields;
use super::kind;
use crate::action::Sought;
use crate::kit::widgets::{choose, decimal};
use eframe::egui::Ui;
use lab_core::experiment::field;
use lab_core::experiment::{Method, Optimizer};

/// Rows of an optimiser.
pub fn ui(ui: &mut Ui, fields: &Fields, optimizer: &mut Optimizer, preset: Option<&Optimizer>) {
    method(ui, fields, optimizer, preset);
    let (row, base) = (&field::LEARNING_RATE, preset.map(|p| &p.learning_rate));
    fields.row(ui, row, &mut optimizer.learning_rate, base, |ui, value| {
        fields.found(ui, Sought::LearningRate, value, decimal)
    });
    let mut base = preset.map(|p| p.method.clone()).filter(|method| method.id() == optimizer.method.id());
    let base = base.as_mut().map(Method::settings).unwrap_or_default();
    kind::ui(ui, &fields.below("method"), optimizer.method.settings(), base);
    fields.number(ui, &field::WEIGHT_DECAY, &mut optimizer.weight_decay, preset.map(|p| &p.weight_decay));
    fields.tick(ui, &field::DECAY_ALL, &mut optimizer.decay_norm_and_bias, preset.map(|p| &p.decay_norm_and_bias));
}

/// The rule; a new one starts from its defaults, and from a learning rate that suits it.
fn method(ui: &mut Ui, fields: &Fields, optimizer: &mut Optimizer, preset: Option<&Optimizer>) {
    let before = optimizer.method.id();
    let (mut id, base) = (before, preset.map(|p| p.method.id()));
    fields.row(ui, &field::METHOD, &mut id, base.as_ref(), |ui, id| {
        let options = Method::all().map(|method| (method.id(), method.label()));
        choose(ui, id, &options)
    });
    if id != before {
        let kept = preset.filter(|p| p.method.id() == id);
        let fresh = Method::all().into_iter().find(|method| method.id() == id);
        if let Some(method) = kept.map(|p| p.method.clone()).or(fresh) {
            optimizer.learning_rate = kept.map_or_else(|| method.usual_rate(), |p| p.learning_rate);
            optimizer.method = method;
        }
    }
}
