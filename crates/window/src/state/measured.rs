//! What a probe measures, and where in a network.

use serde::{Deserialize, Serialize};

/// What a probe measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Quantity {
    /// ‖∂L/∂W‖
    Gradient,
    /// ‖ΔW‖ / ‖W‖
    Update,
    /// ‖W‖
    Weight,
    /// Standard deviation of the output.
    Activation,
    /// ‖∂L/∂y‖ of the output y.
    OutputGradient,
}

/// Where it is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Place {
    /// Over all parameters.
    Whole,
    /// In the first block.
    First,
    /// In the last block.
    Last,
}

/// What is measured where.
pub const PROBED: [(Quantity, Place); 13] = [
    (Quantity::Gradient, Place::Whole),
    (Quantity::Gradient, Place::First),
    (Quantity::Gradient, Place::Last),
    (Quantity::Update, Place::Whole),
    (Quantity::Update, Place::First),
    (Quantity::Update, Place::Last),
    (Quantity::Weight, Place::Whole),
    (Quantity::Weight, Place::First),
    (Quantity::Weight, Place::Last),
    (Quantity::Activation, Place::First),
    (Quantity::Activation, Place::Last),
    (Quantity::OutputGradient, Place::First),
    (Quantity::OutputGradient, Place::Last),
];
