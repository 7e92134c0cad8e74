//! How long it takes to get somewhere, and who is ahead on the way.

/// The first step from which on the averaged loss is at most `loss`; `losses` are (step, averaged loss) in order.
#[must_use]
pub fn reached(losses: &[(u64, f64)], loss: f64) -> Option<u64> {
    losses.iter().find(|(_, at)| *at <= loss).map(|(step, _)| *step)
}

/// How often another arm takes the lead: each row holds the arms' values at one moment, larger is better. Ties and rows
/// without all numbers leave the lead where it is.
#[must_use]
pub fn lead_changes(rows: &[Vec<f64>]) -> usize {
    let mut leader: Option<usize> = None;
    let mut changes = 0;
    for row in rows.iter().filter(|row| row.iter().all(|value| value.is_finite())) {
        let Some(best) = row.iter().copied().reduce(f64::max) else { continue };
        let ahead: Vec<usize> = (0..row.len()).filter(|&arm| row[arm] >= best).collect();
        let [only] = ahead[..] else { continue };
        changes += usize::from(leader.is_some_and(|leader| leader != only));
        leader = Some(only);
    }
    changes
}
