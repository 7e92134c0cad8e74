//! A step of an optimiser over the weights of one parameter, in one pass: weights, gradients and what the rule
//! remembers are read once, and written once. Every rounding is that of the rule's formula taken operation by operation.

use rayon::prelude::*;

use crate::simd::{Simd, Work, dispatch, load_up_to, store_up_to};
use crate::statistics::total;

/// One step of one parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Descent {
    /// What the step is multiplied by.
    pub learning_rate: f64,
    /// What weight decay adds to the gradient, as a share of the weight; in AdamW and Lion, the share of the weight that
    /// the learning rate is multiplied with and taken off; in LAMB, what it adds to Adam's direction.
    pub decay: f64,
    /// How many steps the parameter has taken, with this one.
    pub step: u64,
    /// The update rule.
    pub rule: Rule,
}

/// The update rules, with what each remembers of a parameter, in this order. What is not there yet is zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// `torch.optim.SGD`, which remembers its momentum, if it has any. The first gradient enters it undampened.
    Sgd {
        /// The share of the old momentum in the new one.
        momentum: f64,
        /// The share of the gradient that stays out of the momentum.
        dampening: f64,
        /// Whether the step looks ahead along the momentum (Sutskever et al. 2013).
        nesterov: bool,
    },
    /// Adam (Kingma and Ba 2015), which remembers the means of gradients and of their squares.
    Adam {
        /// What both means keep of themselves.
        betas: [f64; 2],
        /// Added to the denominator.
        epsilon: f64,
        /// Whether weight decay leaves the gradient alone, as in `torch.optim.AdamW`.
        decoupled: bool,
    },
    /// `torch.optim.RMSprop`, which remembers the mean of squares, that of gradients if it is centred (zero where it only
    /// has momentum), and the momentum if it has any.
    RmsProp {
        /// What the means keep of themselves.
        alpha: f64,
        /// Added to the denominator.
        epsilon: f64,
        /// The share of the old step in the new one.
        momentum: f64,
        /// Whether the mean is subtracted from the second moment.
        centered: bool,
    },
    /// Lion (Chen et al. 2023), which remembers its momentum.
    Lion {
        /// The share of the momentum in the step, and in the new momentum.
        betas: [f64; 2],
    },
    /// LAMB (You et al. 2020), which remembers what Adam does.
    Lamb {
        /// What both means keep of themselves.
        betas: [f64; 2],
        /// Added to the denominator.
        epsilon: f64,
    },
}

impl Rule {
    /// How many vectors it remembers.
    pub(crate) fn memories(&self) -> usize {
        match *self {
            Self::Sgd { momentum, .. } => usize::from(momentum != 0.0),
            Self::Adam { .. } | Self::Lamb { .. } => 2,
            Self::RmsProp { momentum, centered, .. } => match (momentum != 0.0, centered) {
                (true, _) => 3,
                (false, true) => 2,
                (false, false) => 1,
            },
            Self::Lion { .. } => 1,
        }
    }
}

/// A parameter that takes a step, all slices of one length. `old` are as many memories as the rule has, or none where
/// there are none yet.
pub(crate) struct Parameter<'a> {
    pub w: &'a [f32],
    pub g: &'a [f32],
    pub old: Vec<Option<&'a [f32]>>,
    pub new_w: &'a mut [f32],
    pub new: Vec<&'a mut [f32]>,
}

/// Takes the step.
pub(crate) fn descend(descent: &Descent, parameter: Parameter) {
    let Descent { learning_rate, decay, step, rule } = *descent;
    let first = parameter.old.first().is_none_or(Option::is_none);
    let penalty = (decay > 0.0).then_some(decay as f32);
    let shrink = (learning_rate * decay > 0.0).then_some((1.0 - learning_rate * decay) as f32);
    let rate = learning_rate as f32;
    let adam = |[mean, square]: [f64; 2], epsilon: f64| {
        let exponent = i32::try_from(step).unwrap_or(i32::MAX);
        let correct = |beta: f64| 1.0 - beta.powi(exponent);
        let correct = [correct(mean) as f32, correct(square).sqrt() as f32];
        AdamDirection { mean: Blend::new(mean), square: Blend::new(square), correct, epsilon: epsilon as f32 }
    };
    match rule {
        Rule::Sgd { momentum, dampening, nesterov } => {
            let kept = 1.0 - dampening as f32;
            let step = Sgd { penalty, rate, momentum: momentum as f32, kept, nesterov, first };
            if momentum == 0.0 { pass::<0, _>(parameter, step) } else { pass::<1, _>(parameter, step) }
        }
        Rule::Adam { betas, epsilon, decoupled } => {
            let (penalty, shrink) = if decoupled { (None, shrink) } else { (penalty, None) };
            pass::<2, _>(parameter, Adam { penalty, shrink, rate, direction: adam(betas, epsilon) });
        }
        Rule::RmsProp { alpha, epsilon, centered, momentum } => {
            let (mean, epsilon, momentum) = (Blend::new(alpha), epsilon as f32, momentum as f32);
            let step = RmsProp { penalty, rate, mean, epsilon, momentum, centered };
            match rule.memories() {
                1 => pass::<1, _>(parameter, step),
                2 => pass::<2, _>(parameter, step),
                _ => pass::<3, _>(parameter, step),
            }
        }
        Rule::Lion { betas: [step, mean] } => {
            pass::<1, _>(parameter, Lion { shrink, rate, step: Blend::new(step), mean: Blend::new(mean) });
        }
        Rule::Lamb { betas, epsilon } => {
            let Parameter { w, g, old, new_w, new } = parameter;
            // The directions of all weights stand in for the new weights until the ratio of the norms is known.
            let towards = Parameter { w, g, old, new_w: &mut *new_w, new };
            pass::<2, _>(towards, Towards { penalty, direction: adam(betas, epsilon) });
            let (of_w, of_direction) = (total(w).norm(), total(new_w).norm());
            let undefined = of_w * of_direction == 0.0;
            let trust = if undefined { 1.0 } else { (of_w / of_direction) as f32 };
            new_w.par_chunks_mut(CHUNK).zip(w.par_chunks(CHUNK)).for_each(|(new_w, w)| {
                new_w.iter_mut().zip(w).for_each(|(new_w, w)| *new_w = w - *new_w * trust * rate);
            });
        }
    }
}

/// What happens to a vector of weights that remembers `N` others.
trait Step<const N: usize>: Copy + Send + Sync {
    /// The new weights; `memory` is brought up to date.
    ///
    /// # Safety
    /// `S` must be the width that was dispatched.
    unsafe fn take<S: Simd>(&self, w: S::V, g: S::V, memory: &mut [S::V; N]) -> S::V;
}

/// Weights that one task takes.
const CHUNK: usize = 16 * 1024;

/// Takes the step for all weights.
fn pass<const N: usize, T: Step<N>>(parameter: Parameter, step: T) {
    let Parameter { w, g, old, new_w, new } = parameter;
    let len = w.len();
    assert!(g.len() == len && new_w.len() == len, "parameters of different sizes");
    assert!(old.iter().flatten().all(|old| old.len() == len), "parameters of different sizes");
    assert!(new.iter().all(|new| new.len() == len), "parameters of different sizes");
    assert!(old.len() == N && new.len() == N, "a rule with another memory");
    let mut new: Vec<_> = new.into_iter().map(|new| new.chunks_mut(CHUNK)).collect();
    let tasks = new_w.chunks_mut(CHUNK).enumerate().map(|(index, new_w)| {
        let range = index * CHUNK..index * CHUNK + new_w.len();
        let old = std::array::from_fn(|k| old[k].map(|old| &old[range.clone()]));
        let new = std::array::from_fn(|k| new[k].next().unwrap_or_default());
        Task { w: &w[range.clone()], g: &g[range], old, new_w, new, step }
    });
    tasks.collect::<Vec<Task<N, T>>>().into_par_iter().with_max_len(1).for_each(dispatch);
}

struct Task<'a, const N: usize, T> {
    w: &'a [f32],
    g: &'a [f32],
    old: [Option<&'a [f32]>; N],
    new_w: &'a mut [f32],
    new: [&'a mut [f32]; N],
    step: T,
}

impl<const N: usize, T: Step<N>> Work for Task<'_, N, T> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let Self { w, g, old, new_w, new, step } = self;
        for index in (0..w.len()).step_by(S::LANES) {
            let count = w.len() - index;
            // SAFETY: `pass` gives all slices the same length, which no lane exceeds.
            unsafe {
                let mut memory = [S::splat(0.0); N];
                for (memory, old) in memory.iter_mut().zip(old) {
                    if let Some(old) = old {
                        *memory = load_up_to::<S>(old.as_ptr().add(index), count);
                    }
                }
                let w = load_up_to::<S>(w.as_ptr().add(index), count);
                let g = load_up_to::<S>(g.as_ptr().add(index), count);
                let moved = step.take::<S>(w, g, &mut memory);
                store_up_to::<S>(new_w.as_mut_ptr().add(index), moved, count);
                for k in 0..N {
                    store_up_to::<S>(new[k].as_mut_ptr().add(index), memory[k], count);
                }
            }
        }
    }
}

/// A running mean: what it keeps of itself, and what it takes of a new value.
#[derive(Clone, Copy)]
struct Blend {
    kept: f32,
    taken: f32,
}

impl Blend {
    fn new(kept: f64) -> Self {
        Self { kept: kept as f32, taken: (1.0 - kept) as f32 }
    }

    /// `kept · mean + taken · value`
    #[inline(always)]
    unsafe fn of<S: Simd>(self, mean: S::V, value: S::V) -> S::V {
        // SAFETY: arithmetic on registers.
        unsafe { S::add(S::mul(mean, S::splat(self.kept)), S::mul(value, S::splat(self.taken))) }
    }
}

/// `g + penalty · w`, where there is one.
#[inline(always)]
unsafe fn penalised<S: Simd>(g: S::V, w: S::V, penalty: Option<f32>) -> S::V {
    match penalty {
        // SAFETY: arithmetic on registers.
        Some(penalty) => unsafe { S::add(g, S::mul(w, S::splat(penalty))) },
        None => g,
    }
}

/// `shrink · w`, where there is one.
#[inline(always)]
unsafe fn shrunk<S: Simd>(w: S::V, shrink: Option<f32>) -> S::V {
    match shrink {
        // SAFETY: arithmetic on registers.
        Some(shrink) => unsafe { S::mul(w, S::splat(shrink)) },
        None => w,
    }
}

/// With `d = g + penalty · w` and `b' = momentum · b + kept · d`, or `d` at first: `w − rate · b'`, or
/// `d + momentum · b'` instead of `b'` in Nesterov's form, or `d` without momentum.
#[derive(Clone, Copy)]
struct Sgd {
    penalty: Option<f32>,
    rate: f32,
    momentum: f32,
    kept: f32,
    nesterov: bool,
    first: bool,
}

impl<const N: usize> Step<N> for Sgd {
    #[inline(always)]
    unsafe fn take<S: Simd>(&self, w: S::V, g: S::V, memory: &mut [S::V; N]) -> S::V {
        // SAFETY: arithmetic on registers.
        unsafe {
            let direction = penalised::<S>(g, w, self.penalty);
            let mut step = direction;
            if let Some(memory) = memory.first_mut() {
                let momentum = S::splat(self.momentum);
                if !self.first {
                    step = S::add(S::mul(momentum, *memory), S::mul(S::splat(self.kept), direction));
                }
                *memory = step;
                if self.nesterov {
                    step = S::add(direction, S::mul(momentum, step));
                }
            }
            S::sub(w, S::mul(S::splat(self.rate), step))
        }
    }
}

/// m̂ / (√v̂ + ε), with what the means are divided by to correct them, the second after its root is taken.
#[derive(Clone, Copy)]
struct AdamDirection {
    mean: Blend,
    square: Blend,
    correct: [f32; 2],
    epsilon: f32,
}

impl AdamDirection {
    #[inline(always)]
    unsafe fn of<S: Simd>(&self, g: S::V, [mean, square]: &mut [S::V; 2]) -> S::V {
        // SAFETY: arithmetic on registers.
        unsafe {
            *mean = self.mean.of::<S>(*mean, g);
            *square = self.square.of::<S>(*square, S::mul(g, g));
            let root = S::div(S::sqrt(*square), S::splat(self.correct[1]));
            S::div(S::div(*mean, S::splat(self.correct[0])), S::add(root, S::splat(self.epsilon)))
        }
    }
}

/// `w − rate · direction`, with decay in the gradient or in the weights.
#[derive(Clone, Copy)]
struct Adam {
    penalty: Option<f32>,
    shrink: Option<f32>,
    rate: f32,
    direction: AdamDirection,
}

impl Step<2> for Adam {
    #[inline(always)]
    unsafe fn take<S: Simd>(&self, w: S::V, g: S::V, memory: &mut [S::V; 2]) -> S::V {
        // SAFETY: arithmetic on registers.
        unsafe {
            let direction = self.direction.of::<S>(penalised::<S>(g, w, self.penalty), memory);
            S::sub(shrunk::<S>(w, self.shrink), S::mul(direction, S::splat(self.rate)))
        }
    }
}

/// LAMB's direction, in the place of new weights: Adam's, and the decay.
#[derive(Clone, Copy)]
struct Towards {
    penalty: Option<f32>,
    direction: AdamDirection,
}

impl Step<2> for Towards {
    #[inline(always)]
    unsafe fn take<S: Simd>(&self, w: S::V, g: S::V, memory: &mut [S::V; 2]) -> S::V {
        // SAFETY: arithmetic on registers.
        unsafe { penalised::<S>(self.direction.of::<S>(g, memory), w, self.penalty) }
    }
}

/// `w − rate · b'` with `b' = momentum · b + g / (√v' + ε)`, where `v'` is the mean of squares, without the square of
/// the mean if it is centred.
#[derive(Clone, Copy)]
struct RmsProp {
    penalty: Option<f32>,
    rate: f32,
    mean: Blend,
    epsilon: f32,
    momentum: f32,
    centered: bool,
}

impl<const N: usize> Step<N> for RmsProp {
    #[inline(always)]
    unsafe fn take<S: Simd>(&self, w: S::V, g: S::V, memory: &mut [S::V; N]) -> S::V {
        // SAFETY: arithmetic on registers.
        unsafe {
            let g = penalised::<S>(g, w, self.penalty);
            let mut square = self.mean.of::<S>(memory[0], S::mul(g, g));
            memory[0] = square;
            if let (true, Some(mean)) = (self.centered, memory.get_mut(1)) {
                *mean = self.mean.of::<S>(*mean, g);
                square = S::sub(square, S::mul(*mean, *mean));
            }
            let mut step = S::div(g, S::add(S::sqrt(square), S::splat(self.epsilon)));
            if let Some(buffer) = memory.get_mut(2) {
                step = S::add(S::mul(*buffer, S::splat(self.momentum)), step);
                *buffer = step;
            }
            S::sub(w, S::mul(step, S::splat(self.rate)))
        }
    }
}

/// `w − rate · sign(c)` with `c` between momentum and gradient.
#[derive(Clone, Copy)]
struct Lion {
    shrink: Option<f32>,
    rate: f32,
    step: Blend,
    mean: Blend,
}

impl Step<1> for Lion {
    #[inline(always)]
    unsafe fn take<S: Simd>(&self, w: S::V, g: S::V, [mean]: &mut [S::V; 1]) -> S::V {
        // SAFETY: arithmetic on registers.
        unsafe {
            let (zero, rate) = (S::splat(0.0), S::splat(self.rate));
            let step = self.step.of::<S>(*mean, g);
            *mean = self.mean.of::<S>(*mean, g);
            let below = S::where_positive(S::sub(zero, step), S::sub(zero, rate), zero);
            S::sub(shrunk::<S>(w, self.shrink), S::where_positive(step, rate, below))
        }
    }
}
