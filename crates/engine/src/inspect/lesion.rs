//! Lesions: what a network still knows when branches of blocks are taken out or weighed anew (Veit, Wilber and Belongie
//! 2016).
//!
//! Only the shortcut carries the signal past a block that is out. A plain net's block can be left out where its
//! input and output have the same shape, and nowhere else.

use super::refusal::Refusal;
use super::subject::{Progress, Subject};
use crate::nn::Pass;
use lab_core::blueprint::ShortcutPlan;
use lab_core::instrument::{Band, Finding, Gain, Lesion, Lesions, Score};
use lab_core::random::{Draw, MOST_DRAWS, index_of_draw};

/// Blocks removed at most by [`removals`].
const MOST: usize = 20;

/// The score on the validation images with each block's branch weighed once more, in order; 0 takes it out.
///
/// # Errors
/// What the device says when it fails.
fn weighed(subject: &Subject, gains: &[f64]) -> Result<Score, Refusal> {
    subject.score(subject.model(), || Pass::evaluate().with_branch_gains(gains.to_vec()))
}

fn without(subject: &Subject, blocks: &[usize]) -> Result<Score, Refusal> {
    let all = subject.blueprint().blocks().count();
    weighed(subject, &(0..all).map(|block| f64::from(u8::from(!blocks.contains(&block)))).collect::<Vec<_>>())
}

/// The score with these blocks out, counted from 0.
///
/// # Errors
/// A block that does not exist or cannot be left out, or what the device says when it fails.
pub fn lesion(subject: &Subject, blocks: &[usize]) -> Result<Score, Refusal> {
    for &index in blocks {
        let block = subject.block(index)?;
        if !block.can_be_bypassed() {
            return Err(Refusal::Needed(block.name.clone()));
        }
    }
    without(subject, blocks)
}

/// Scores with each block out in turn. `progress` ends the sweep by saying no; then only the blocks done are given.
///
/// # Errors
/// What the device says when it fails.
pub fn sweep(subject: &Subject, progress: &mut Progress) -> Result<Lesions, Refusal> {
    let plans: Vec<_> = subject.blueprint().blocks().collect();
    let mut found = Lesions { whole: without(subject, &[])?, blocks: Vec::with_capacity(plans.len()) };
    for (index, plan) in plans.iter().enumerate() {
        if !progress(index, plans.len(), Some(Finding::Lesions(found.clone()))) {
            break;
        }
        let score = plan.can_be_bypassed().then(|| without(subject, &[index])).transpose()?;
        found.blocks.push(Lesion { block: plan.name.clone(), reshapes: plan.input != plan.output, score });
    }
    Ok(found)
}

/// Scores with 1, 2, … random blocks out, `draws` times each.
///
/// # Errors
/// What the device says when it fails.
pub(super) fn removals(subject: &Subject, draws: usize, progress: &mut Progress) -> Result<Vec<Band>, Refusal> {
    let (candidates, draws) = (subject.removable(), draws.clamp(1, MOST_DRAWS as usize));
    let (most, mut found) = (candidates.len().min(MOST), Vec::<Band>::new());
    for removed in 1..=most {
        let mut band = Band { removed, draws: Vec::with_capacity(draws) };
        for draw in 0..draws {
            let done = (removed - 1) * draws + draw;
            if !progress(done, most * draws, Some(Finding::Removals(found.clone()))) {
                return Ok(found);
            }
            let mut order = candidates.clone();
            subject.random(Draw::Removals, index_of_draw(removed, draw)).shuffle(&mut order);
            band.draws.push(without(subject, &order[..removed])?);
        }
        found.push(band);
    }
    Ok(found)
}

/// Scores with every branch weighed by each factor.
///
/// # Errors
/// A plain net, which has no branches to weigh, or what the device says when it fails.
pub(super) fn gains(subject: &Subject, factors: &[f64], progress: &mut Progress) -> Result<Vec<Gain>, Refusal> {
    let blocks: Vec<_> = subject.blueprint().blocks().collect();
    if blocks.iter().all(|block| block.shortcut == ShortcutPlan::None) {
        return Err(Refusal::NoShortcuts);
    }
    let mut found = Vec::with_capacity(factors.len());
    for (index, &gain) in factors.iter().enumerate() {
        if !progress(index, factors.len(), Some(Finding::Gains(found.clone()))) {
            break;
        }
        found.push(Gain { gain, score: weighed(subject, &vec![gain; blocks.len()])? });
    }
    Ok(found)
}
