//! Optimisers as values, with PyTorch's names, meanings and defaults. The engine has the arithmetic.
//!
//! A new optimiser is a variant of [`Method`] with its rows below, and its update rule in the engine; forms, checks and
//! lists are made of these rows.

use super::kind_setting::{Bound, KindSetting};
use serde::{Deserialize, Serialize};

/// An optimiser and its base learning rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a table; its kind is set by optimizer.method, as in recipe.optimizer.method=adam"
)]
pub struct Optimizer {
    /// The base learning rate that the schedule scales; for one-cycle, the peak.
    pub learning_rate: f64,
    /// L2 penalty (SGD, Adam, RMSprop) or decoupled decay (AdamW, Lion, LAMB).
    #[serde(default)]
    pub weight_decay: f64,
    /// Whether decay also acts on normalisation parameters and biases, as PyTorch does unless told otherwise.
    #[serde(default = "yes")]
    pub decay_norm_and_bias: bool,
    pub method: Method,
}

fn yes() -> bool {
    true
}

impl Default for Optimizer {
    fn default() -> Self {
        Self { learning_rate: 0.1, weight_decay: 1e-4, decay_norm_and_bias: true, method: Method::sgd(0.9) }
    }
}

/// The update rule of an optimiser.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case", deny_unknown_fields)]
pub enum Method {
    /// `torch.optim.SGD`.
    Sgd {
        /// Share of the last update that is kept.
        #[serde(default)]
        momentum: f64,
        /// Share of a new gradient that momentum leaves out.
        #[serde(default)]
        dampening: f64,
        /// Looks one step ahead; needs momentum and no dampening.
        #[serde(default)]
        nesterov: bool,
    },
    /// `torch.optim.Adam`.
    Adam {
        /// Decay of the mean of gradients.
        #[serde(default = "beta1")]
        beta1: f64,
        /// Decay of the mean of squared gradients.
        #[serde(default = "beta2")]
        beta2: f64,
        /// Added to the denominator.
        #[serde(default = "epsilon")]
        epsilon: f64,
    },
    /// `torch.optim.AdamW`: Adam with decoupled weight decay.
    AdamW {
        /// Decay of the mean of gradients.
        #[serde(default = "beta1")]
        beta1: f64,
        /// Decay of the mean of squared gradients.
        #[serde(default = "beta2")]
        beta2: f64,
        /// Added to the denominator.
        #[serde(default = "epsilon")]
        epsilon: f64,
    },
    /// `torch.optim.RMSprop`.
    RmsProp {
        /// Decay of the mean of squared gradients.
        #[serde(default = "alpha")]
        alpha: f64,
        /// Added to the denominator.
        #[serde(default = "epsilon")]
        epsilon: f64,
        /// Share of the last update that is kept.
        #[serde(default)]
        momentum: f64,
        /// Whether the mean is subtracted from the second moment.
        #[serde(default)]
        centered: bool,
    },
    /// Lion (Chen et al. 2023, "Symbolic Discovery of Optimization Algorithms").
    Lion {
        /// Mix of momentum and gradient whose sign is the update.
        #[serde(default = "beta1")]
        beta1: f64,
        /// Decay of the momentum.
        #[serde(default = "lion_beta2")]
        beta2: f64,
    },
    /// LAMB (You et al. 2020, algorithm 2): Adam's direction scaled by ‖w‖/‖update‖ per parameter.
    Lamb {
        /// Decay of the mean of gradients.
        #[serde(default = "beta1")]
        beta1: f64,
        /// Decay of the mean of squared gradients.
        #[serde(default = "beta2")]
        beta2: f64,
        /// Added to the denominator.
        #[serde(default = "lamb_epsilon")]
        epsilon: f64,
    },
}

fn beta1() -> f64 {
    0.9
}
fn beta2() -> f64 {
    0.999
}
fn lion_beta2() -> f64 {
    0.99
}
fn alpha() -> f64 {
    0.99
}
fn epsilon() -> f64 {
    1e-8
}
fn lamb_epsilon() -> f64 {
    1e-6
}

impl Method {
    /// SGD with momentum, without dampening or Nesterov.
    #[must_use]
    pub fn sgd(momentum: f64) -> Self {
        Self::Sgd { momentum, dampening: 0.0, nesterov: false }
    }

    /// SGD with Nesterov momentum.
    #[must_use]
    pub fn nesterov(momentum: f64) -> Self {
        Self::Sgd { momentum, dampening: 0.0, nesterov: true }
    }

    /// One of each rule at its defaults, in the order a form lists them.
    #[must_use]
    pub fn all() -> [Self; 6] {
        [
            Self::sgd(0.9),
            Self::Adam { beta1: beta1(), beta2: beta2(), epsilon: epsilon() },
            Self::AdamW { beta1: beta1(), beta2: beta2(), epsilon: epsilon() },
            Self::RmsProp { alpha: alpha(), epsilon: epsilon(), momentum: 0.0, centered: false },
            Self::Lion { beta1: beta1(), beta2: lion_beta2() },
            Self::Lamb { beta1: beta1(), beta2: beta2(), epsilon: lamb_epsilon() },
        ]
    }

    /// The rule's name in a file, which never changes.
    #[must_use]
    pub fn id(&self) -> &'static str {
        self.names().0
    }

    /// The rule's name as people write it.
    #[must_use]
    pub fn label(&self) -> &'static str {
        self.names().1
    }

    /// Where a search for its learning rate begins.
    #[must_use]
    pub fn usual_rate(&self) -> f64 {
        self.names().2
    }

    fn names(&self) -> (&'static str, &'static str, f64) {
        match self {
            Self::Sgd { .. } => ("sgd", "SGD", 0.1),
            Self::Adam { .. } => ("adam", "Adam", 1e-3),
            Self::AdamW { .. } => ("adam_w", "AdamW", 1e-3),
            Self::RmsProp { .. } => ("rms_prop", "RMSprop", 1e-3),
            Self::Lion { .. } => ("lion", "Lion", 1e-4),
            Self::Lamb { .. } => ("lamb", "LAMB", 1e-2),
        }
    }

    /// What can be set, in the order a form lists it.
    pub fn settings(&mut self) -> Vec<KindSetting<'_>> {
        use KindSetting as S;
        match self {
            Self::Sgd { momentum, dampening, nesterov } => vec![
                S::number("momentum", Bound::Share, momentum),
                S::number("dampening", Bound::Between(0.0, 1.0), dampening),
                S::switch("nesterov", nesterov),
            ],
            Self::Adam { beta1, beta2, epsilon }
            | Self::AdamW { beta1, beta2, epsilon }
            | Self::Lamb { beta1, beta2, epsilon } => vec![
                S::number("beta1", Bound::Share, beta1),
                S::number("beta2", Bound::Share, beta2),
                S::number("epsilon", Bound::Positive(1.0), epsilon),
            ],
            Self::RmsProp { alpha, epsilon, momentum, centered } => vec![
                S::number("alpha", Bound::Share, alpha),
                S::number("epsilon", Bound::Positive(1.0), epsilon),
                S::number("momentum", Bound::Share, momentum),
                S::switch("centered", centered),
            ],
            Self::Lion { beta1, beta2 } => {
                vec![S::number("beta1", Bound::Share, beta1), S::number("beta2", Bound::Share, beta2)]
            }
        }
    }

    /// Values that are kept for each parameter from one step to the next.
    #[must_use]
    pub fn kept_values(&self) -> u64 {
        match self {
            Self::Sgd { momentum, .. } => u64::from(*momentum > 0.0),
            Self::Lion { .. } => 1,
            Self::Adam { .. } | Self::AdamW { .. } | Self::Lamb { .. } => 2,
            Self::RmsProp { momentum, centered, .. } => 1 + u64::from(*momentum > 0.0) + u64::from(*centered),
        }
    }

    /// Momentum, for the rules that have one.
    #[must_use]
    pub fn momentum(&self) -> Option<f64> {
        self.clone().momentum_mut().copied()
    }

    /// Momentum, for the rules that have one that can be changed while training.
    pub fn momentum_mut(&mut self) -> Option<&mut f64> {
        match self {
            Self::Sgd { momentum, .. } | Self::RmsProp { momentum, .. } => Some(momentum),
            Self::Adam { beta1, .. }
            | Self::AdamW { beta1, .. }
            | Self::Lion { beta1, .. }
            | Self::Lamb { beta1, .. } => Some(beta1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_files_and_every_value_can_be_set() {
        for mut method in Method::all() {
            let written = toml::Value::try_from(&method).unwrap();
            let fields = written.as_table().unwrap();
            assert_eq!(fields["name"].as_str(), Some(method.id()));
            let mut ids: Vec<&str> = method.settings().iter().map(|setting| setting.id).collect();
            ids.sort_unstable();
            assert_eq!(ids, fields.keys().filter(|name| *name != "name").collect::<Vec<_>>());
        }
    }
}
