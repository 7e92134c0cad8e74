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
pub enum Part {
    /// Over all parameters.
    Whole,
    /// In the first block.
    First,
    /// In the last block.
    Last,
}

/// What is measured where.
pub const PROBED: [(Quantity, Part); 13] = [
    (Quantity::Gradient, Part::Whole),
    (Quantity::Gradient, Part::First),
    (Quantity::Gradient, Part::Last),
    (Quantity::Update, Part::Whole),
    (Quantity::Update, Part::First),
    (Quantity::Update, Part::Last),
    (Quantity::Weight, Part::Whole),
    (Quantity::Weight, Part::First),
    (Quantity::Weight, Part::Last),
    (Quantity::Activation, Part::First),
    (Quantity::Activation, Part::Last),
    (Quantity::OutputGradient, Part::First),
    (Quantity::OutputGradient, Part::Last),
];
