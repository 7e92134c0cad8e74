//! Questions asked of trained networks, answered on threads of their own. They change nothing in the networks, and know
//! nothing of run folders or windows.
//!
//! Each file is one instrument, or a few that share their work; `lab_core::instrument` says what each of them shows.

mod classify;
mod cuts;
mod exits;
pub mod grad_cam;
mod gradients;
mod inspectors;
pub mod landscape;
pub mod lesion;
mod maps;
mod nearest;
mod occlusion;
mod paths;
mod predictions;
mod refusal;
mod reorder;
mod shattered;
mod subject;

pub use inspectors::{Inspectors, OpenRun};
pub use refusal::Refusal;
pub use subject::{Progress, Subject};

use crate::train::contained::{INSPECTOR, STACK, contained};
use crate::train::snapshot::{ArmSnapshot, Snapshot};
use lab_core::data::{Dataset, Images};
use lab_core::instrument::{Answer, ArmFinding, Finding, Findings, Gallery, Question};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;

/// Hears how many parts of how many are done in all arms, and sometimes what has been found by then; says whether to go on.
pub type Tell<'a> = dyn FnMut(usize, usize, Option<Answer>) -> bool + Send + 'a;

/// Answers a question. `tell` hears how many parts of how many are done, and sometimes what has been found by then; when
/// it says no, the answer is what has been found so far.
///
/// # Errors
/// What is wrong with the question, or what the device says when it fails.
pub fn answer(snapshot: &Snapshot, question: &Question, tell: &mut Tell) -> Result<Answer, Refusal> {
    match question {
        Question::Classify(pictures) => return Ok(Answer::Classified(classify::classify(snapshot, pictures))),
        Question::Gallery => return Ok(Answer::Gallery(Arc::new(gallery(snapshot)?))),
        _ => {}
    }
    let Dataset { train, validation, .. } = snapshot.dataset.as_ref();
    let lacks_all = question.needs_images() && validation.is_empty();
    if lacks_all || question.needs_training_images() && train.is_empty() {
        return Err(Refusal::NoImages);
    }
    let arms = snapshot.arms.len();
    let board =
        Mutex::new(Board { snapshot, seen: vec![None; arms], parts: vec![Parts::default(); arms], wanted: true, tell });
    // The arms are asked side by side, so that what is found of one can be compared with what is found of another.
    std::thread::scope(|scope| {
        for (index, arm) in snapshot.arms.iter().enumerate() {
            let (board, subject) = (&board, Subject { snapshot, arm });
            let look = move || {
                let mut progress = |done: usize, total: usize, so_far: Option<Finding>| {
                    locked(board).hear(index, Parts { done, total }, so_far)
                };
                let finding = contained("the question", ADVICE, || examine(&subject, question, &mut progress));
                locked(board).seen[index] = Some(finding);
            };
            let thread = Builder::new().name(INSPECTOR.into()).stack_size(STACK);
            if let Err(error) = thread.spawn_scoped(scope, look) {
                locked(board).seen[index] = Some(Err(format!("no thread can be started for it: {error}")));
            }
        }
    });
    let found = locked(&board).findings();
    Ok(Answer::Found(Arc::new(found)))
}

/// What to do after a panic.
const ADVICE: &str = "training and its networks are unharmed; ask again, and of another network if this comes again";

/// How far an arm has come; 0 of 0 before it has begun.
#[derive(Clone, Copy, Default)]
struct Parts {
    done: usize,
    total: usize,
}

/// What all arms have found so far.
struct Board<'a> {
    snapshot: &'a Snapshot,
    seen: Vec<Option<Result<Finding, String>>>,
    parts: Vec<Parts>,
    wanted: bool,
    tell: &'a mut Tell<'a>,
}

impl Board<'_> {
    /// Takes note of how far an arm has come and says whether to go on.
    fn hear(&mut self, arm: usize, parts: Parts, so_far: Option<Finding>) -> bool {
        self.parts[arm] = parts;
        let partly = so_far.is_some();
        if let Some(finding) = so_far {
            self.seen[arm] = Some(Ok(finding));
        }
        if self.wanted {
            let largest = self.parts.iter().map(|arm| arm.total).max().unwrap_or(0);
            let total = self.parts.iter().map(|arm| if arm.total == 0 { largest } else { arm.total }).sum();
            let done = self.parts.iter().map(|arm| arm.done).sum();
            let found = || Answer::Found(Arc::new(self.findings()));
            let found = partly.then(found);
            self.wanted = (self.tell)(done, total, found);
        }
        self.wanted
    }

    fn findings(&self) -> Findings {
        let arms = self.snapshot.arms.iter().zip(&self.seen);
        let found = |(arm, seen): (&ArmSnapshot, &Option<Result<Finding, String>>)| {
            Some(ArmFinding { arm: arm.name.clone(), step: arm.step, finding: seen.clone()? })
        };
        let arms: Vec<ArmFinding> = arms.filter_map(found).collect();
        let is_about_images = arms.iter().any(|arm| matches!(arm.finding, Ok(Finding::Predictions(_))));
        let Dataset { classes, validation, .. } = self.snapshot.dataset.as_ref();
        let files = if is_about_images { names(validation) } else { Vec::new() };
        Findings { step: self.snapshot.step, classes: classes.clone(), files, arms }
    }
}

fn locked<'b, 'a>(board: &'b Mutex<Board<'a>>) -> MutexGuard<'b, Board<'a>> {
    // What the lock guards is whole between any two statements.
    board.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What an instrument finds in one network.
///
/// # Errors
/// Why the instrument does not apply to this network, or what the device says when it fails.
pub fn examine(subject: &Subject, question: &Question, progress: &mut Progress) -> Result<Finding, Refusal> {
    Ok(match question {
        Question::Classify(_) | Question::Gallery => return Err(Refusal::OfAll),
        Question::Predictions => Finding::Predictions(predictions::predictions(subject, progress)?),
        Question::Nearest { sample, count } => Finding::Nearest(nearest::nearest(subject, sample, *count, progress)?),
        Question::Gradients { images } => Finding::Gradients(gradients::gradients(subject, *images, progress)?),
        Question::Histograms { images } => Finding::Histograms(gradients::histograms(subject, *images)?),
        Question::Explain { sample, class, occlusion } => {
            Finding::Explanation(grad_cam::explain(subject, sample, *class, *occlusion, progress)?)
        }
        Question::Features { sample, block } => Finding::Maps(maps::features(subject, sample, *block)?),
        Question::Filters => Finding::Maps(maps::filters(subject)?),
        Question::Cuts { sample } => Finding::Cuts(cuts::cuts(subject, sample, progress)?),
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

/// The most bytes of images to look through; more are scaled down.
const GALLERY: usize = 256 << 20;

/// The files of images, as far as they can be written as text.
fn names(images: &Images) -> Vec<String> {
    images.files.iter().map(|file| file.to_string_lossy().into_owned()).collect()
}

fn gallery(snapshot: &Snapshot) -> Result<Gallery, Refusal> {
    let images = &snapshot.dataset.validation;
    let (shape, pixels) = images.small(GALLERY)?;
    let classes = snapshot.dataset.classes.clone();
    Ok(Gallery { shape, pixels, labels: images.labels.clone(), classes, files: names(images) })
}
