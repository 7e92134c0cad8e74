//! The update rules of the optimisers by burn's own operations, each as its source states it, for devices without fused
//! ones.
//!
//! burn's own optimisers differ from PyTorch's in defaults and cannot change momentum while running or put their
//! state into a checkpoint under names.

use burn::tensor::Tensor;
use lab_core::experiment::Method;

/// The weights `w` after step `t` against the gradient `g`; what the method remembers is in `slots`. All tensors are flat.
pub(super) fn moved(
    method: &Method,
    slots: &mut Vec<Tensor<1>>,
    w: Tensor<1>,
    g: Tensor<1>,
    lr: f64,
    decay: f64,
    t: u64,
) -> Tensor<1> {
    match *method {
        Method::Sgd { momentum, dampening, nesterov } => {
            let g = penalised(g, &w, decay);
            w - sgd_direction(slots, g, momentum, dampening, nesterov) * lr
        }
        Method::Adam { beta1, beta2, epsilon } => {
            let g = penalised(g, &w, decay);
            w - adam_direction(slots, g, t, [beta1, beta2], epsilon) * lr
        }
        Method::AdamW { beta1, beta2, epsilon } => {
            shrunk(w, lr * decay) - adam_direction(slots, g, t, [beta1, beta2], epsilon) * lr
        }
        Method::RmsProp { alpha, epsilon, momentum, centered } => {
            let g = penalised(g, &w, decay);
            w - rmsprop_direction(slots, g, alpha, epsilon, momentum, centered) * lr
        }
        Method::Lion { beta1, beta2 } => {
            let m = slot(slots, 0, &g);
            let direction = (m.clone() * beta1 + g.clone() * (1.0 - beta1)).sign();
            slots[0] = m * beta2 + g * (1.0 - beta2);
            shrunk(w, lr * decay) - direction * lr
        }
        Method::Lamb { beta1, beta2, epsilon } => {
            let mut direction = adam_direction(slots, g, t, [beta1, beta2], epsilon);
            if decay > 0.0 {
                direction = direction + w.clone() * decay;
            }
            let trust = trust_ratio(&w, &direction);
            w - direction * trust * lr
        }
    }
}

/// The slot, zero at first use.
fn slot(slots: &mut Vec<Tensor<1>>, k: usize, like: &Tensor<1>) -> Tensor<1> {
    while slots.len() <= k {
        slots.push(like.zeros_like());
    }
    slots[k].clone()
}

fn penalised(g: Tensor<1>, w: &Tensor<1>, decay: f64) -> Tensor<1> {
    if decay > 0.0 { g + w.clone() * decay } else { g }
}

fn shrunk(w: Tensor<1>, by: f64) -> Tensor<1> {
    if by > 0.0 { w * (1.0 - by) } else { w }
}

/// `torch.optim.SGD`: the first gradient enters the buffer undampened.
fn sgd_direction(slots: &mut Vec<Tensor<1>>, g: Tensor<1>, momentum: f64, dampening: f64, nesterov: bool) -> Tensor<1> {
    if momentum == 0.0 {
        return g;
    }
    let buffer = match slots.pop() {
        None => g.clone(),
        Some(buffer) => buffer * momentum + g.clone() * (1.0 - dampening),
    };
    slots.push(buffer.clone());
    if nesterov { g + buffer * momentum } else { buffer }
}

/// m̂ / (√v̂ + ε), Kingma and Ba 2015, algorithm 1.
fn adam_direction(slots: &mut Vec<Tensor<1>>, g: Tensor<1>, t: u64, decay: [f64; 2], epsilon: f64) -> Tensor<1> {
    let [beta1, beta2] = decay;
    let m = slot(slots, 0, &g) * beta1 + g.clone() * (1.0 - beta1);
    let v = slot(slots, 1, &g) * beta2 + g.clone() * g * (1.0 - beta2);
    slots[0] = m.clone();
    slots[1] = v.clone();
    let exponent = i32::try_from(t).unwrap_or(i32::MAX);
    let correct = |beta: f64| 1.0 - beta.powi(exponent);
    m / correct(beta1) / (v.sqrt() / correct(beta2).sqrt() + epsilon)
}

/// `torch.optim.RMSprop`.
fn rmsprop_direction(
    slots: &mut Vec<Tensor<1>>,
    g: Tensor<1>,
    alpha: f64,
    epsilon: f64,
    momentum: f64,
    centered: bool,
) -> Tensor<1> {
    let mut v = slot(slots, 0, &g) * alpha + g.clone() * g.clone() * (1.0 - alpha);
    slots[0] = v.clone();
    let mean = slot(slots, 1, &g);
    if centered {
        let mean = mean * alpha + g.clone() * (1.0 - alpha);
        slots[1] = mean.clone();
        v = v - mean.clone() * mean;
    }
    let direction = g / (v.sqrt() + epsilon);
    if momentum == 0.0 {
        return direction;
    }
    let buffer = slot(slots, 2, &direction) * momentum + direction;
    slots[2] = buffer.clone();
    buffer
}

/// ‖w‖ / ‖direction‖, or 1 where either is 0; shape [1].
fn trust_ratio(w: &Tensor<1>, direction: &Tensor<1>) -> Tensor<1> {
    let norm = |x: &Tensor<1>| (x.clone() * x.clone()).sum().sqrt();
    let (numerator, denominator) = (norm(w), norm(direction));
    let undefined = (numerator.clone() * denominator.clone()).equal_elem(0.0);
    (numerator / denominator).mask_fill(undefined, 1.0)
}
