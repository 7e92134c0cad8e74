//! The normal distribution's mass within an interval, as a logarithm that stays exact far out in its tails.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// The share of a standard normal distribution below `x`.
fn below(x: f64) -> f64 {
    0.5 * libm::erfc(-x * FRAC_1_SQRT_2)
}

/// The logarithm of [`below`].
fn log_below(x: f64) -> f64 {
    if x > 6.0 {
        return -below(-x);
    }
    if x > -20.0 {
        return below(x).ln();
    }
    // The asymptotic series 1 − 1/x² + 3/x⁴ − 15/x⁶ + …, whose terms shrink until they no longer count.
    let (mut sum, mut term) = (1.0, 1.0);
    for odd in (1..20).step_by(2) {
        term *= -f64::from(odd) / (x * x);
        sum += term;
    }
    log_density(x) - (-x).ln() + f64::ln(sum)
}

/// The logarithm of the standard normal distribution's density.
pub(super) fn log_density(x: f64) -> f64 {
    -0.5 * x * x - 0.5 * (2.0 * PI).ln()
}

/// The logarithm of a standard normal distribution's mass between `from` and `to`.
pub(super) fn log_mass(from: f64, to: f64) -> f64 {
    if from > 0.0 {
        // The left tail is where small masses keep their digits.
        return log_mass(-to, -from);
    }
    if to <= 0.0 {
        let (more, less) = (log_below(to), log_below(from));
        return more + (-(less - more).exp()).ln_1p();
    }
    (-below(from) - below(-to)).ln_1p()
}
