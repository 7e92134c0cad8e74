//! Student's t distribution (Student 1908).

use statrs::distribution::{ContinuousCDF, StudentsT};

/// A distribution of `freedom` > 0 degrees of freedom.
fn t(freedom: f64) -> Option<StudentsT> {
    StudentsT::new(0.0, 1.0, freedom).ok()
}

/// How likely |t| or more is where nothing is the cause, for `freedom` degrees of freedom; 1 where t is no number.
#[must_use]
pub fn two_sided(statistic: f64, freedom: f64) -> f64 {
    match t(freedom) {
        _ if statistic.is_nan() => 1.0,
        _ if statistic.is_infinite() => 0.0,
        Some(t) => (2.0 * t.cdf(-statistic.abs())).clamp(0.0, 1.0),
        None => 1.0,
    }
}

/// The t that is exceeded with probability 1 − `p`, for `p` in (0, 1); infinite without any degree of freedom.
#[must_use]
pub fn quantile(p: f64, freedom: f64) -> f64 {
    t(freedom).map_or(f64::INFINITY, |t| t.inverse_cdf(p))
}
