//! Blocks in another order than the trained one (Veit, Wilber and Belongie 2016, section 4.3).

use super::subject::{Progress, Subject};
use crate::nn::{Model, Pass};
use lab_core::instrument::{Finding, Swap};
use lab_core::random::Draw;

/// Pairs swapped at most.
const MOST: usize = 10;

/// Scores with 1, 2, … random pairs of blocks in each other's place, `draws` times each. Only blocks of one stage whose
/// input and output have one shape change places.
///
/// # Errors
/// A network without two such blocks, or what the device says when it fails.
pub(super) fn swaps(subject: &Subject, draws: usize, progress: &mut Progress) -> Result<Vec<Swap>, String> {
    let stages = movable(subject);
    let pairs: Vec<[usize; 2]> =
        stages.iter().flat_map(|stage| stage.iter().flat_map(|&a| stage.iter().map(move |&b| [a, b]))).collect();
    let pairs: Vec<[usize; 2]> = pairs.into_iter().filter(|[a, b]| a < b).collect();
    if pairs.is_empty() {
        return Err("no two blocks of this network can change places: each has a shape of its own".into());
    }
    let (blocks, draws) = (subject.blueprint().blocks().count(), draws.max(1));
    let mut found = Vec::with_capacity(MOST * draws);
    for swaps in 1..=MOST {
        for draw in 0..draws {
            if !progress(found.len(), MOST * draws, Some(Finding::Swaps(found.clone()))) {
                return Ok(found);
            }
            let mut random = subject.random(Draw::Swaps, (swaps * 1000 + draw) as u64);
            let mut order: Vec<usize> = (0..blocks).collect();
            for _ in 0..swaps {
                let [a, b] = pairs[random.below(pairs.len())];
                order.swap(a, b);
            }
            let score = subject.score(&reordered(subject.model(), &order), Pass::evaluate)?;
            found.push(Swap { swaps, tau: kendall(&order), score });
        }
    }
    Ok(found)
}

/// The numbers of the blocks of each stage that keep the shape of their input.
fn movable(subject: &Subject) -> Vec<Vec<usize>> {
    let mut next = 0;
    let stages = subject.blueprint().stages.iter().map(|stage| {
        let numbered = stage.blocks.iter().zip(next..);
        let alike = numbered.filter(|(block, _)| block.input == block.output).map(|(_, index)| index).collect();
        next += stage.blocks.len();
        alike
    });
    stages.collect()
}

/// The network with block `order[i]` in place i; only blocks of one stage may have changed places.
fn reordered(model: &Model, order: &[usize]) -> Model {
    let mut next = 0;
    let mut moved = model.clone();
    for (stage, original) in moved.stages.iter_mut().zip(&model.stages) {
        for (place, block) in stage.blocks.iter_mut().enumerate() {
            *block = original.blocks[order[next + place] - next].clone();
        }
        next += original.blocks.len();
    }
    moved
}

/// (pairs in order − pairs out of order) / all pairs.
fn kendall(order: &[usize]) -> f64 {
    let later = |at: usize| order[at + 1..].iter().map(move |&b| if order[at] < b { 1.0 } else { -1.0 });
    let sum: f64 = (0..order.len()).flat_map(later).sum();
    let pairs = order.len() * order.len().saturating_sub(1) / 2;
    if pairs == 0 { 1.0 } else { sum / pairs as f64 }
}

#[cfg(test)]
mod tests {
    use super::kendall;

    #[test]
    fn kendalls_tau_counts_pairs() {
        assert_eq!(kendall(&[0, 1, 2, 3]), 1.0);
        assert_eq!(kendall(&[3, 2, 1, 0]), -1.0);
        // One pair of six is out of order.
        assert!((kendall(&[1, 0, 2, 3]) - 4.0 / 6.0).abs() < 1e-12);
    }
}
