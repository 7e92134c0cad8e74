//! Several comparisons at once: the more one makes, the likelier one of them looks like something by chance.

/// p values corrected for being several (Holm 1979), in the order given: the i-th smallest of m times m − i + 1, never
/// smaller than the one before it, at most 1. Values that are no numbers stay out of it and remain what they are.
#[must_use]
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).filter(|&index| !p[index].is_nan()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let mut corrected = p.to_vec();
    let mut least: f64 = 0.0;
    for (rank, &index) in order.iter().enumerate() {
        least = least.max((order.len() - rank) as f64 * p[index]).min(1.0);
        corrected[index] = least;
    }
    corrected
}
