//! Parzen estimators: densities put together from a kernel for every observation and one for what was believed before.
//!
//! A kernel is a product over the dimensions, so an estimator knows which values go together. How wide its kernels are is
//! the business of who builds it.

use super::axis::Axis;
use super::normal;
use crate::random::Random;

/// Weighted kernels: `weights` add up to 1, and every dimension has as many kernels as there are weights.
#[derive(Debug)]
pub(super) struct Estimator {
    pub weights: Vec<f64>,
    pub dimensions: Vec<Kernels>,
}

/// The kernels of one dimension.
#[derive(Debug)]
pub(super) enum Kernels {
    /// There is one value only, which is as likely under every kernel.
    Single(f64),
    /// For each kernel, how likely each choice is.
    Choices(Vec<Vec<f64>>),
    /// Normal distributions that end where their axis does.
    Bells {
        axis: Axis,
        /// One for every kernel.
        bells: Vec<Bell>,
    },
}

/// A normal distribution on an axis.
#[derive(Debug)]
pub(super) struct Bell {
    mean: f64,
    deviation: f64,
    /// The logarithm of its mass on the axis.
    log_mass: f64,
}

impl Bell {
    /// A bell whose mean lies on the axis and whose deviation is above 0 and at most the axis' width.
    pub fn new(axis: &Axis, mean: f64, deviation: f64) -> Self {
        let log_mass = normal::log_mass((axis.low - mean) / deviation, (axis.high - mean) / deviation);
        Self { mean, deviation, log_mass }
    }

    /// A random place. Mean and width are such that at least a third of all draws fall on the axis.
    fn draw(&self, axis: &Axis, random: &mut Random) -> f64 {
        loop {
            let place = self.mean + self.deviation * random.normal();
            if (axis.low..=axis.high).contains(&place) {
                return place;
            }
        }
    }
}

impl Kernels {
    /// A kernel for each observed choice, with a little for all others, and a uniform one.
    pub fn choices(values: usize, observed: &[f64]) -> Self {
        let uniform = vec![1.0 / values as f64; values];
        let prior = 1.0 / (observed.len() + 1) as f64;
        let total = 1.0 + prior * values as f64;
        let row = |choice: &f64| {
            let mut row = vec![prior / total; values];
            if let Some(share) = row.get_mut(index(*choice)) {
                *share = (1.0 + prior) / total;
            }
            row
        };
        Self::Choices(observed.iter().map(row).chain([uniform]).collect())
    }

    /// Adds to each kernel's logarithm that of the value's density, or of its cell's mass where it has one.
    fn add_log_density(&self, value: f64, logs: &mut [f64]) {
        match self {
            Self::Single(_) => {}
            Self::Choices(rows) => {
                let choice = index(value);
                logs.iter_mut().zip(rows).for_each(|(log, shares)| *log += shares[choice].ln());
            }
            Self::Bells { axis, bells } => {
                let (place, cell) = (axis.place(value), axis.cell(value));
                for (log, bell) in logs.iter_mut().zip(bells) {
                    let standard = |place: f64| (place - bell.mean) / bell.deviation;
                    *log += match cell {
                        Some((from, to)) => normal::log_mass(standard(from), standard(to)),
                        None => normal::log_density(standard(place)) - bell.deviation.ln(),
                    };
                    *log -= bell.log_mass;
                }
            }
        }
    }

    fn draw(&self, kernel: usize, random: &mut Random) -> f64 {
        match self {
            Self::Single(value) => *value,
            Self::Choices(rows) => pick(&rows[kernel], random) as f64,
            Self::Bells { axis, bells } => axis.value(bells[kernel].draw(axis, random)),
        }
    }
}

/// Which choice a number stands for.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "choices are counted from 0")]
fn index(choice: f64) -> usize {
    choice as usize
}

/// Which of several things with these shares is drawn.
fn pick(shares: &[f64], random: &mut Random) -> usize {
    let mut left = random.uniform();
    let drawn = shares.iter().position(|share| {
        left -= share;
        left < 0.0
    });
    // Rounding can leave a rest behind the last share.
    drawn.unwrap_or(shares.len() - 1)
}

impl Estimator {
    /// The logarithm of the density at a point, whose values are given as numbers.
    pub fn log_density(&self, point: &[f64]) -> f64 {
        let mut logs: Vec<f64> = self.weights.iter().map(|weight| weight.ln()).collect();
        for (kernels, value) in self.dimensions.iter().zip(point) {
            kernels.add_log_density(*value, &mut logs);
        }
        let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if most == f64::NEG_INFINITY {
            return most;
        }
        most + logs.iter().map(|log| (log - most).exp()).sum::<f64>().ln()
    }

    /// A random point, its values as numbers; those that have steps may lie between two of them.
    pub fn draw(&self, random: &mut Random) -> Vec<f64> {
        let kernel = pick(&self.weights, random);
        self.dimensions.iter().map(|kernels| kernels.draw(kernel, random)).collect()
    }
}
