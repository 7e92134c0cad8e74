//! The optimiser's rows; the recipe's, or an arm's own.

use super::field::Fields;
use super::help;
use crate::kit::widgets::choose;
use eframe::egui::Ui;
use lab_core::experiment::{Method, Optimizer};

/// Rows of an optimiser.
pub fn ui(ui: &mut Ui, fields: &Fields, optimizer: &mut Optimizer, preset: Option<&Optimizer>) {
    method(ui, fields, optimizer, preset);
    fields.number(
        ui,
        ("Learning rate", "learning_rate"),
        &help::LEARNING_RATE,
        &mut optimizer.learning_rate,
        preset.map(|p| &p.learning_rate),
    );
    // A preset of another method has no values for this one to go back to; they go back with the method.
    let base = preset.map(|p| &p.method).filter(|method| method.label() == optimizer.method.label());
    let below = fields.below("method");
    let mut number = |name: (&str, &str), help, value: &mut f64, preset: Option<&f64>| {
        below.number(ui, name, help, value, preset);
    };
    match &mut optimizer.method {
        Method::Sgd { momentum, dampening, nesterov } => {
            let base = match base {
                Some(Method::Sgd { momentum, dampening, nesterov }) => Some((momentum, dampening, nesterov)),
                _ => None,
            };
            number(("Momentum", "momentum"), &help::MOMENTUM, momentum, base.map(|b| b.0));
            number(("Dampening", "dampening"), &help::DAMPENING, dampening, base.map(|b| b.1));
            below.tick(ui, ("Nesterov", "nesterov"), &help::NESTEROV, nesterov, base.map(|b| b.2));
        }
        Method::Adam { beta1, beta2, epsilon }
        | Method::AdamW { beta1, beta2, epsilon }
        | Method::Lamb { beta1, beta2, epsilon } => {
            let base = match base {
                Some(
                    Method::Adam { beta1, beta2, epsilon }
                    | Method::AdamW { beta1, beta2, epsilon }
                    | Method::Lamb { beta1, beta2, epsilon },
                ) => Some((beta1, beta2, epsilon)),
                _ => None,
            };
            number(("Beta 1", "beta1"), &help::BETA1, beta1, base.map(|b| b.0));
            number(("Beta 2", "beta2"), &help::BETA2, beta2, base.map(|b| b.1));
            number(("Epsilon", "epsilon"), &help::EPSILON, epsilon, base.map(|b| b.2));
        }
        Method::RmsProp { alpha, epsilon, momentum, centered } => {
            let base = match base {
                Some(Method::RmsProp { alpha, epsilon, momentum, centered }) => {
                    Some((alpha, epsilon, momentum, centered))
                }
                _ => None,
            };
            number(("Alpha", "alpha"), &help::ALPHA, alpha, base.map(|b| b.0));
            number(("Epsilon", "epsilon"), &help::EPSILON, epsilon, base.map(|b| b.1));
            number(("Momentum", "momentum"), &help::MOMENTUM, momentum, base.map(|b| b.2));
            below.tick(ui, ("Centred", "centered"), &help::CENTERED, centered, base.map(|b| b.3));
        }
        Method::Lion { beta1, beta2 } => {
            let base = if let Some(Method::Lion { beta1, beta2 }) = base { Some((beta1, beta2)) } else { None };
            number(("Beta 1", "beta1"), &help::BETA1, beta1, base.map(|b| b.0));
            number(("Beta 2", "beta2"), &help::BETA2, beta2, base.map(|b| b.1));
        }
    }
    fields.number(
        ui,
        ("Weight decay", "weight_decay"),
        &help::WEIGHT_DECAY,
        &mut optimizer.weight_decay,
        preset.map(|p| &p.weight_decay),
    );
    fields.tick(
        ui,
        ("Decay norms, biases", "decay_norm_and_bias"),
        &help::DECAY_ALL,
        &mut optimizer.decay_norm_and_bias,
        preset.map(|p| &p.decay_norm_and_bias),
    );
}

/// The rule; a new one starts from its defaults, and from a learning rate that suits it.
fn method(ui: &mut Ui, fields: &Fields, optimizer: &mut Optimizer, preset: Option<&Optimizer>) {
    let mut label = optimizer.method.label();
    let base = preset.map(|p| p.method.label());
    let before = label;
    fields.row(ui, ("Method", "method"), &help::METHOD, &mut label, base.as_ref(), |ui, label| {
        let options = Method::all().map(|method| (method.label(), method.label()));
        choose(ui, label, &options)
    });
    if label != before {
        let kept = preset.filter(|p| p.method.label() == label);
        let fresh = Method::all().into_iter().find(|method| method.label() == label);
        if let Some(method) = kept.map(|p| p.method.clone()).or(fresh) {
            optimizer.learning_rate = kept.map_or_else(|| usual_rate(&method), |p| p.learning_rate);
            optimizer.method = method;
        }
    }
}

/// Where a search for the learning rate begins.
fn usual_rate(method: &Method) -> f64 {
    match method {
        Method::Sgd { .. } => 0.1,
        Method::Adam { .. } | Method::AdamW { .. } | Method::RmsProp { .. } => 1e-3,
        Method::Lion { .. } => 1e-4,
        Method::Lamb { .. } => 1e-2,
    }
}
