//! The loss around a network's weights along filter-normalised directions, and on the straight line between two sets of
//! weights (Li et al. 2018; Goodfellow, Vinyals and Saxe 2015).

use super::refusal::Refusal;
use super::subject::{Progress, Subject};
use crate::nn::{Array, Model, Pass, StateDict};
use crate::train::checkpoint::WEIGHTS;
use crate::train::evaluate::Inputs;
use crate::train::load;
use lab_core::checkpoint::Checkpoint;
use lab_core::data::Images;
use lab_core::instrument::{Finding, Score, Slice, Surface};
use lab_core::random::Draw;

/// Places on each side at most.
const MOST: usize = 64;

/// A random direction, each filter as long as the network's own: d[i] ← d[i] · ‖θ[i]‖ / ‖d[i]‖. A filter is what makes one
/// output of a convolution or of the linear layer; biases and norms do not move.
#[must_use]
#[allow(clippy::cast_possible_truncation, reason = "weights are single precision")]
pub fn direction(subject: &Subject, state: &StateDict, draw: Draw) -> StateDict {
    let mut direction = StateDict::new();
    for (index, (name, array)) in state.iter().enumerate().filter(|(_, (_, array))| array.shape.len() > 1) {
        let mut random = subject.random(draw, index as u64);
        let length = array.values.len() / array.shape[0].max(1);
        let mut values = Vec::with_capacity(array.values.len());
        for filter in array.values.chunks_exact(length.max(1)) {
            let drawn: Vec<f64> = filter.iter().map(|_| random.normal()).collect();
            let own = filter.iter().map(|&w| f64::from(w).powi(2)).sum::<f64>().sqrt();
            let factor = own / drawn.iter().map(|d| d * d).sum::<f64>().sqrt().max(1e-30);
            values.extend(drawn.iter().map(|d| (d * factor) as f32));
        }
        direction.insert(name.clone(), Array { shape: array.shape.clone(), values });
    }
    direction
}

/// The weights a step along some directions away.
#[must_use]
#[allow(clippy::cast_possible_truncation, reason = "weights are single precision")]
fn moved(state: &StateDict, steps: &[(f64, &StateDict)]) -> StateDict {
    let mut moved = state.clone();
    for (by, direction) in steps {
        for (name, array) in *direction {
            let Some(target) = moved.get_mut(name) else { continue };
            target
                .values
                .iter_mut()
                .zip(&array.values)
                .for_each(|(w, &d)| *w = (f64::from(*w) + by * f64::from(d)) as f32);
        }
    }
    moved
}

struct Ground<'a> {
    subject: &'a Subject<'a>,
    images: Images,
    state: StateDict,
}

impl<'a> Ground<'a> {
    fn new(subject: &'a Subject<'a>, images: usize) -> Result<Self, Refusal> {
        let state = subject.model().state()?;
        Ok(Self { subject, images: subject.draw(&subject.snapshot.dataset.train, images), state })
    }

    fn score(&self, state: &StateDict) -> Result<Score, Refusal> {
        let model: Model = self.subject.model().clone().with_state(state)?;
        let data = &self.subject.snapshot.dataset;
        let inputs = Inputs { images: &self.images, mean: &data.mean, std: &data.std };
        self.subject.score_on(&model, inputs, Pass::evaluate)
    }
}

/// Places from −1 to 1.
fn places(half: usize) -> Vec<f64> {
    (0..=2 * half).map(|index| index as f64 / half as f64 - 1.0).collect()
}

fn add(slice: &mut Slice, at: f64, score: Score) {
    slice.at.push(at);
    slice.loss.push(score.loss);
    slice.accuracy.push(score.accuracy);
}

/// The loss along one direction, on random training images.
///
/// # Errors
/// What the device says when it fails.
pub fn slice(subject: &Subject, half: usize, images: usize, progress: &mut Progress) -> Result<Slice, Refusal> {
    let ground = Ground::new(subject, images)?;
    let direction = direction(subject, &ground.state, Draw::Right);
    let places = places(half.clamp(1, MOST));
    let mut found = Slice::default();
    for (index, &at) in places.iter().enumerate() {
        if !progress(index, places.len(), Some(Finding::Slice(found.clone()))) {
            break;
        }
        add(&mut found, at, ground.score(&moved(&ground.state, &[(at, &direction)]))?);
    }
    Ok(found)
}

/// The loss on a plane of two directions, on random training images: a coarse grid first, then finer ones in between.
///
/// # Errors
/// What the device says when it fails.
pub fn surface(subject: &Subject, half: usize, images: usize, progress: &mut Progress) -> Result<Surface, Refusal> {
    let ground = Ground::new(subject, images)?;
    let directions = [Draw::Right, Draw::Down].map(|draw| direction(subject, &ground.state, draw));
    let half = half.clamp(1, MOST);
    let side = 2 * half + 1;
    let mut found = Surface { at: places(half), loss: vec![f64::NAN; side * side], done: 0 };
    let mut known = vec![false; side * side];
    let mut grid = half;
    loop {
        for (row, column) in grid_places(side, grid) {
            if known[row * side + column] {
                continue;
            }
            let so_far = found.done.is_multiple_of(side).then(|| Finding::Surface(found.clone()));
            if !progress(found.done, side * side, so_far) {
                return Ok(found);
            }
            let steps = [(found.at[column], &directions[0]), (found.at[row], &directions[1])];
            let loss = ground.score(&moved(&ground.state, &steps))?.loss;
            known[row * side + column] = true;
            found.done += 1;
            spread(&mut found.loss, &known, [row, column], side, grid, loss);
        }
        if grid == 1 {
            return Ok(found);
        }
        grid = (grid / 2).max(1);
    }
}

/// Every `step`-th place in both directions, and the last ones.
fn grid_places(side: usize, step: usize) -> impl Iterator<Item = (usize, usize)> {
    let line = move || (0..side).filter(move |index| index % step == 0 || *index == side - 1);
    line().flat_map(move |row| line().map(move |column| (row, column)))
}

/// Notes a loss, also where nothing finer is known around it.
fn spread(losses: &mut [f64], known: &[bool], [row, column]: [usize; 2], side: usize, step: usize, loss: f64) {
    let near = |at: usize| at.saturating_sub(step / 2)..(at + step.div_ceil(2)).max(at + 1).min(side);
    for r in near(row) {
        for c in near(column) {
            if !known[r * side + c] {
                losses[r * side + c] = loss;
            }
        }
    }
    losses[row * side + column] = loss;
}

/// The loss on the straight line from other weights to these; running statistics are blended like weights.
///
/// # Errors
/// Weights that are not there, or what the device says when it fails.
pub fn path(
    subject: &Subject,
    from: Option<Checkpoint>,
    points: usize,
    images: usize,
    progress: &mut Progress,
) -> Result<Slice, Refusal> {
    let ground = Ground::new(subject, images)?;
    let start = start(subject, from)?;
    let points = points.clamp(2, 1000);
    let mut found = Slice::default();
    for index in 0..points {
        if !progress(index, points, Some(Finding::Slice(found.clone()))) {
            break;
        }
        let at = index as f64 / (points - 1) as f64;
        add(&mut found, at, ground.score(&between(&start, &ground.state, at))?);
    }
    Ok(found)
}

/// (1 − t) · a + t · b.
#[must_use]
#[allow(clippy::cast_possible_truncation, reason = "weights are single precision")]
pub fn between(a: &StateDict, b: &StateDict, t: f64) -> StateDict {
    let mut blended = b.clone();
    for (name, array) in &mut blended {
        let Some(start) = a.get(name) else { continue };
        array
            .values
            .iter_mut()
            .zip(&start.values)
            .for_each(|(w, &s)| *w = ((1.0 - t) * f64::from(s) + t * f64::from(*w)) as f32);
    }
    blended
}

fn start(subject: &Subject, from: Option<Checkpoint>) -> Result<StateDict, Refusal> {
    let Some(which) = from else {
        let initial = Model::init(subject.blueprint(), subject.snapshot.seed, subject.device());
        return Ok(initial.state()?);
    };
    let folder = subject.arm.checkpoint(which).filter(|folder| folder.is_dir());
    let none = || Refusal::NoCheckpoint { which: which.name(), arm: subject.arm.name.clone() };
    Ok(load::read(&folder.ok_or_else(none)?.join(WEIGHTS))?)
}
