//! Blocks in another order than the trained one (Veit, Wilber and Belongie 2016, section 4.3).

use super::refusal::Refusal;
use super::subject::{Progress, Subject};
use crate::nn::{Model, Pass};
use lab_core::instrument::{Finding, Swap};
use lab_core::random::{Draw, MOST_DRAWS, index_of_draw};

/// Pairs swapped at most.
const MOST: usize = 10;

/// Scores with 1, 2, … random pairs of blocks in each other's place, `draws` times each, or with every other order where
/// there are no more of them. Only blocks of one stage whose input and output have one shape change places.
///
/// # Errors
/// A network without two such blocks, or what the device says when it fails.
pub(super) fn swaps(subject: &Subject, draws: usize, progress: &mut Progress) -> Result<Vec<Swap>, Refusal> {
    let stages = movable(subject);
    let pairs: Vec<[usize; 2]> =
        stages.iter().flat_map(|stage| stage.iter().flat_map(|&a| stage.iter().map(move |&b| [a, b]))).collect();
    let pairs: Vec<[usize; 2]> = pairs.into_iter().filter(|[a, b]| a < b).collect();
    if pairs.is_empty() {
        return Err(Refusal::NothingMoves);
    }
    let (blocks, draws) = (subject.blueprint().blocks().count(), draws.clamp(1, MOST_DRAWS as usize));
    let drawn = |swaps: usize, draw: usize| {
        let mut random = subject.random(Draw::Swaps, index_of_draw(swaps, draw));
        let mut order: Vec<usize> = (0..blocks).collect();
        for _ in 0..swaps {
            let [a, b] = pairs[random.below(pairs.len())];
            order.swap(a, b);
        }
        (swaps, order)
    };
    let orders = every_other(blocks, &stages, MOST * draws).unwrap_or_else(|| {
        (1..=MOST)
            .flat_map(|swaps| (0..draws).map(move |draw| (swaps, draw)))
            .map(|(swaps, draw)| drawn(swaps, draw))
            .collect()
    });
    let mut found = Vec::with_capacity(orders.len());
    for (swaps, order) in &orders {
        if !progress(found.len(), orders.len(), Some(Finding::Swaps(found.clone()))) {
            return Ok(found);
        }
        let score = subject.score(&reordered(subject.model(), order), Pass::evaluate)?;
        found.push(Swap { swaps: *swaps, tau: kendall(order), score });
    }
    Ok(found)
}

/// Every order but the trained one that blocks of one stage in each other's place make, with the fewest swaps that make it,
/// which comes first; `None` where there are more than `most`.
fn every_other(blocks: usize, stages: &[Vec<usize>], most: usize) -> Option<Vec<(usize, Vec<usize>)>> {
    let mut orders: Vec<Vec<usize>> = vec![(0..blocks).collect()];
    for stage in stages {
        // Each block in turn stays or changes places with one of those after it, which makes every order once.
        for (at, &block) in stage.iter().enumerate() {
            let others = stage[at + 1..].iter();
            let swapped = others.flat_map(|&other| {
                orders.iter().map(move |order| {
                    let mut order = order.clone();
                    order.swap(block, other);
                    order
                })
            });
            let more: Vec<Vec<usize>> = swapped.take(most + 1).collect();
            orders.extend(more);
            if orders.len() > most + 1 {
                return None;
            }
        }
    }
    let mut found: Vec<(usize, Vec<usize>)> = orders.into_iter().skip(1).map(|order| (fewest(&order), order)).collect();
    found.sort();
    Some(found)
}

/// The fewest swaps that make an order: one less than its blocks for each circle in which they have moved.
fn fewest(order: &[usize]) -> usize {
    let mut order = order.to_vec();
    let mut swaps = 0;
    for place in 0..order.len() {
        while order[place] != place {
            let home = order[place];
            order.swap(place, home);
            swaps += 1;
        }
    }
    swaps
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
    use super::{every_other, kendall};

    #[test]
    fn few_orders_come_once_each() {
        assert_eq!(every_other(4, &[vec![0], vec![2, 3]], 30), Some(vec![(1, vec![0, 1, 3, 2])]));
        let three = every_other(3, &[vec![0, 1, 2]], 5).unwrap();
        let swaps: Vec<usize> = three.iter().map(|(swaps, _)| *swaps).collect();
        assert_eq!(swaps, [1, 1, 1, 2, 2]);
        let mut orders: Vec<_> = three.into_iter().map(|(_, order)| order).collect();
        orders.dedup();
        assert_eq!(orders.len(), 5);
        assert_eq!(every_other(3, &[vec![0, 1, 2]], 4), None);
        assert_eq!(every_other(54, &[(0..54).collect()], 30), None);
    }

    #[test]
    fn kendalls_tau_counts_pairs() {
        assert_eq!(kendall(&[0, 1, 2, 3]), 1.0);
        assert_eq!(kendall(&[3, 2, 1, 0]), -1.0);
        // One pair of six is out of order.
        assert!((kendall(&[1, 0, 2, 3]) - 4.0 / 6.0).abs() < 1e-12);
    }
}
