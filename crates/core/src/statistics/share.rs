//! Counts: whether a split is uneven by more than chance, and how well a share is known.

/// How likely a split of `one + other` coins as uneven as this one is, if both sides are equally likely: the exact
/// two-sided binomial test against one half. For images that only one of two networks gets right this is `McNemar`'s test
/// (1947) in its exact form.
#[must_use]
pub fn sign_test(one: u32, other: u32) -> f64 {
    let (few, all) = (one.min(other), f64::from(one + other));
    let half = 0.5_f64.ln() * all;
    let (mut ways, mut tail) = (0.0_f64, 0.0_f64);
    for k in 0..=few {
        if k > 0 {
            ways += ((all - f64::from(k) + 1.0) / f64::from(k)).ln();
        }
        tail += (ways + half).exp();
    }
    (2.0 * tail).min(1.0)
}

/// The normal quantile of 97.5 %.
const Z: f64 = 1.959_963_984_540_054;

/// An interval that holds the true share with 95 % probability (Wilson 1927), for `right` of `all`.
#[must_use]
pub fn wilson(right: u32, all: u32) -> [f64; 2] {
    if all == 0 {
        return [0.0, 1.0];
    }
    let (n, p) = (f64::from(all), f64::from(right) / f64::from(all));
    let (center, scale) = (p + Z * Z / (2.0 * n), 1.0 + Z * Z / n);
    let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    [((center - half) / scale).max(0.0), ((center + half) / scale).min(1.0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sign_test_is_the_binomial_one() {
        // 2 · (1 + 10 + 45) / 1024 and 2 · Σ of all halves.
        assert!((sign_test(2, 8) - 112.0 / 1024.0).abs() < 1e-12);
        assert_eq!((sign_test(0, 0), sign_test(5, 5)), (1.0, 1.0));
        assert!(sign_test(9_000, 11_000) < 1e-40);
    }
}
