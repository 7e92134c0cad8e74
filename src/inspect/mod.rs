//! Questions asked of trained networks, answered on threads of their own. They change nothing in the networks, and know
//! nothing of run folders or windows.
//!
//! Each file is one instrument, or a few that share their work; `crate::instrument` says what each of them shows.

mod classify;
mod cuts;
mod desk;
mod exits;
pub mod grad_cam;
mod gradients;
pub mod landscape;
pub mod lesion;
mod look;
mod maps;
mod nearest;
mod occlusion;
mod paths;
mod predictions;
mod reorder;
mod shattered;

pub use desk::{Desk, OpenRun};
pub use look::{Progress, Subject};

use crate::instrument::{Answer, ArmFinding, Finding, Findings, Gallery, Question};
use crate::train::snapshot::Snapshot;
use std::sync::Arc;

/// Answers a question. `tell` hears how many parts of how many are done, and sometimes what has been found by then; when
/// it says no, the answer is what has been found so far.
///
/// # Errors
/// What is wrong with the question, or what the device says when it fails.
pub fn answer(
    snapshot: &Snapshot,
    question: &Question,
    tell: &mut dyn FnMut(usize, usize, Option<Answer>) -> bool,
) -> Result<Answer, String> {
    match question {
        Question::Classify(pictures) => return Ok(Answer::Classified(classify::classify(snapshot, pictures))),
        Question::Gallery => return Ok(Answer::Gallery(Arc::new(gallery(snapshot)))),
        _ => {}
    }
    if question.needs_images() && snapshot.dataset.train.is_empty() {
        return Err(
            "these weights came without images to try them on; `residual-lab inspect --weights … --data …` takes \
                    some"
                .into(),
        );
    }
    let classes = snapshot.dataset.classes.clone();
    let mut found = Findings { step: snapshot.step, classes, arms: Vec::new() };
    let (arms, mut wanted) = (snapshot.arms.len(), true);
    for (index, arm) in snapshot.arms.iter().enumerate() {
        let entry = |finding| ArmFinding { arm: arm.name.clone(), finding };
        let mut progress = |done: usize, total: usize, so_far: Option<Finding>| {
            let so_far = so_far.map(|finding| {
                let mut partly = found.clone();
                partly.arms.push(entry(Ok(finding)));
                Answer::Found(Arc::new(partly))
            });
            wanted = tell(index * total + done, arms * total, so_far);
            wanted
        };
        let finding = examine(&Subject { snapshot, arm }, question, &mut progress);
        found.arms.push(entry(finding));
        if !wanted {
            break;
        }
    }
    Ok(Answer::Found(Arc::new(found)))
}

/// What an instrument finds in one network.
///
/// # Errors
/// Why the instrument does not apply to this network, or what the device says when it fails.
pub fn examine(subject: &Subject, question: &Question, progress: &mut Progress) -> Result<Finding, String> {
    Ok(match question {
        Question::Classify(_) | Question::Gallery => return Err("this is asked of all networks together".into()),
        Question::Predictions => Finding::Predictions(predictions::predictions(subject, progress)?),
        Question::Nearest { sight, count } => Finding::Nearest(nearest::nearest(subject, sight, *count, progress)?),
        Question::Gradients { images } => Finding::Gradients(gradients::gradients(subject, *images, progress)?),
        Question::Histograms { images } => Finding::Histograms(gradients::histograms(subject, *images)?),
        Question::Explain { sight, class, occlusion } => {
            Finding::Explanation(grad_cam::explain(subject, sight, *class, *occlusion, progress)?)
        }
        Question::Features { sight, block } => Finding::Maps(maps::features(subject, sight, *block)?),
        Question::Filters => Finding::Maps(maps::filters(subject)?),
        Question::Cuts { sight } => Finding::Cuts(cuts::cuts(subject, sight, progress)?),
        Question::Lesion { blocks } => Finding::Lesion(lesion::lesion(subject, blocks)?),
        Question::Lesions => Finding::Lesions(lesion::sweep(subject, progress)?),
        Question::Removals { draws } => Finding::Removals(lesion::removals(subject, *draws, progress)?),
        Question::Swaps { draws } => Finding::Swaps(reorder::swaps(subject, *draws, progress)?),
        Question::Gains { gains } => Finding::Gains(lesion::gains(subject, gains, progress)?),
        Question::Exits { images } => Finding::Exits(exits::exits(subject, *images, progress)?),
        Question::Slice { half, images } => Finding::Slice(landscape::slice(subject, *half, *images, progress)?),
        Question::Surface { half, images } => Finding::Surface(landscape::surface(subject, *half, *images, progress)?),
        Question::Path { from, points, images } => {
            Finding::Slice(landscape::path(subject, *from, *points, *images, progress)?)
        }
        Question::PathLengths { draws, images } => {
            Finding::PathLengths(paths::path_lengths(subject, *draws, *images, progress)?)
        }
        Question::Shattered { points, lines } => {
            Finding::Shattered(shattered::shattered(subject, *points, *lines, progress)?)
        }
    })
}

fn gallery(snapshot: &Snapshot) -> Gallery {
    let images = &snapshot.dataset.validation;
    Gallery {
        shape: images.shape(),
        pixels: images.pixels.clone(),
        labels: images.labels.clone(),
        classes: snapshot.dataset.classes.clone(),
    }
}
