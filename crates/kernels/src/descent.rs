//! A step of stochastic gradient descent over the weights of one parameter, in one pass.

use rayon::prelude::*;

/// The rule of `torch.optim.SGD` for one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Descent {
    /// What the step is multiplied by.
    pub learning_rate: f32,
    /// What weight decay adds to the gradient, as a share of the weight.
    pub decay: f32,
    /// The share of the old momentum in the new one.
    pub momentum: f32,
    /// The share of the gradient that stays out of the momentum; the first gradient enters it whole.
    pub dampening: f32,
    /// Whether the step looks ahead along the momentum (Sutskever et al. 2013).
    pub nesterov: bool,
}

/// Weights that one task takes.
const CHUNK: usize = 16 * 1024;

/// With `d = g + decay · w` and `b' = momentum · b + (1 − dampening) · d`, or `d` where there is no `b` yet:
/// `w' = w − learning_rate · b'`, or `d + momentum · b'` instead of `b'` in Nesterov's form.
pub(crate) fn descend(rule: &Descent, w: &[f32], g: &[f32], b: Option<&[f32]>, new_w: &mut [f32], new_b: &mut [f32]) {
    let len = w.len();
    assert!(g.len() == len && b.is_none_or(|b| b.len() == len), "parameters of different sizes");
    assert!(new_w.len() == len && new_b.len() == len, "parameters of different sizes");
    new_w.par_chunks_mut(CHUNK).zip(new_b.par_chunks_mut(CHUNK)).enumerate().for_each(|(index, (new_w, new_b))| {
        let range = index * CHUNK..index * CHUNK + new_w.len();
        let (w, g, b) = (&w[range.clone()], &g[range.clone()], b.map(|b| &b[range]));
        for (index, (new_w, new_b)) in new_w.iter_mut().zip(new_b).enumerate() {
            let direction = g[index] + rule.decay * w[index];
            *new_b = b.map_or(direction, |b| rule.momentum * b[index] + (1.0 - rule.dampening) * direction);
            let step = if rule.nesterov { direction + rule.momentum * *new_b } else { *new_b };
            *new_w = w[index] - rule.learning_rate * step;
        }
    });
}
