//! The arithmetic of the optimisers in `experiment::optimizer`, one flat vector per parameter, on the model's device.
//!
//! burn's own optimisers differ from PyTorch's in defaults and cannot change momentum while running or put their
//! state into a checkpoint under names, so the update rules are here, each as its source states it.

use crate::nn::{Array, Model, StateDict, Trainable};
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor, TensorData};
use lab_core::experiment::{Method, Optimizer as Rule};
use lab_kernels::ops::{self, Descent};

/// Gradients of all parameters in visiting order, flat, without their graph; `None` where a parameter took no part in the
/// pass (its branch was dropped) or is frozen.
pub type FlatGradients = Vec<Option<Tensor<1>>>;

/// Takes the parameters' gradients out of a backward pass.
#[must_use]
pub fn flat_gradients(model: &Model, gradients: &mut Gradients) -> FlatGradients {
    struct Collect<'a> {
        gradients: &'a mut Gradients,
        trainable: Trainable,
        flat: FlatGradients,
    }
    impl ModuleVisitor for Collect<'_> {
        fn enter_module(&mut self, name: &str, _: &str) {
            self.trainable.enter(name);
        }
        fn exit_module(&mut self, name: &str, _: &str) {
            self.trainable.exit(name);
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if self.trainable.is_here() {
                let trained = param.is_require_grad();
                self.flat.push(trained.then(|| param.val().grad_remove(self.gradients)).flatten().map(flatten));
            }
        }
    }
    let mut collect = Collect { gradients, trainable: Trainable::default(), flat: Vec::new() };
    model.visit(&mut collect);
    collect.flat
}

/// The parameters in visiting order, frozen or not, flat, without their graph.
#[must_use]
pub fn flat_parameters(model: &Model) -> Vec<Tensor<1>> {
    #[derive(Default)]
    struct Collect {
        trainable: Trainable,
        flat: Vec<Tensor<1>>,
    }
    impl ModuleVisitor for Collect {
        fn enter_module(&mut self, name: &str, _: &str) {
            self.trainable.enter(name);
        }
        fn exit_module(&mut self, name: &str, _: &str) {
            self.trainable.exit(name);
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if self.trainable.is_here() {
                let tensor = param.val();
                self.flat.push(flatten(if tensor.is_autodiff() { tensor.inner() } else { tensor }));
            }
        }
    }
    let mut collect = Collect::default();
    model.visit(&mut collect);
    collect.flat
}

fn flatten<const D: usize>(tensor: Tensor<D>) -> Tensor<1> {
    let length: usize = tensor.dims().iter().product();
    tensor.reshape([length])
}

/// An optimiser with its memory of past gradients.
#[derive(Clone, Debug)]
pub struct Optimizer {
    /// The rule; momentum and weight decay may be changed between steps.
    pub rule: Rule,
    /// What the learning rate is multiplied by for each parameter.
    factors: Vec<f64>,
    steps: Vec<u64>,
    slots: Vec<Vec<Tensor<1>>>,
}

impl Optimizer {
    /// An optimiser without memory for a model of `parameters` parameters.
    #[must_use]
    pub fn new(rule: Rule, parameters: usize) -> Self {
        Self::with_factors(rule, vec![1.0; parameters])
    }

    /// The same with a factor of the learning rate for each parameter, in visiting order.
    #[must_use]
    pub fn with_factors(rule: Rule, factors: Vec<f64>) -> Self {
        let parameters = factors.len();
        Self { rule, factors, steps: vec![0; parameters], slots: vec![Vec::new(); parameters] }
    }

    /// Moves a model against its gradients.
    #[must_use]
    pub fn step(&mut self, model: Model, gradients: FlatGradients, learning_rate: f64) -> Model {
        struct Update<'a> {
            optimizer: &'a mut Optimizer,
            gradients: std::vec::IntoIter<Option<Tensor<1>>>,
            learning_rate: f64,
            trainable: Trainable,
            index: usize,
        }
        impl ModuleMapper for Update<'_> {
            fn enter_module(&mut self, name: &str, _: &str) {
                self.trainable.enter(name);
            }
            fn exit_module(&mut self, name: &str, _: &str) {
                self.trainable.exit(name);
            }
            fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
                if !self.trainable.is_here() {
                    return param;
                }
                let index = self.index;
                self.index += 1;
                let Some(gradient) = self.gradients.next().flatten() else { return param };
                let learning_rate = self.learning_rate * self.optimizer.factors[index];
                let decays = D > 1 || self.optimizer.rule.decay_norm_and_bias;
                param.map(|weight| {
                    let shape = weight.dims();
                    let weight = flatten(weight.inner());
                    let moved = self.optimizer.update(index, weight, gradient, learning_rate, decays);
                    Tensor::from_inner(moved.reshape(shape)).require_grad()
                })
            }
        }
        let mut update = Update {
            optimizer: self,
            gradients: gradients.into_iter(),
            learning_rate,
            trainable: Trainable::default(),
            index: 0,
        };
        model.map(&mut update)
    }

    /// The new value of parameter `index`; all tensors are flat.
    #[must_use]
    pub fn update(&mut self, index: usize, w: Tensor<1>, g: Tensor<1>, lr: f64, decays: bool) -> Tensor<1> {
        self.steps[index] += 1;
        let t = self.steps[index];
        let slots = &mut self.slots[index];
        let decay = if decays { self.rule.weight_decay } else { 0.0 };
        match self.rule.method {
            #[allow(clippy::cast_possible_truncation, reason = "weights are single precision")]
            Method::Sgd { momentum, dampening, nesterov } if momentum != 0.0 && ops::available(&w) => {
                let rule = Descent {
                    learning_rate: lr as f32,
                    decay: decay as f32,
                    momentum: momentum as f32,
                    dampening: dampening as f32,
                    nesterov,
                };
                let (w, buffer) = ops::descend(w, g, slots.pop(), rule);
                slots.push(buffer);
                w
            }
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

    /// The memory as arrays under `<parameter>/<slot>`, and step counts under `<parameter>/steps`.
    ///
    /// # Errors
    /// What the device says when it fails.
    pub(super) fn state(&self, names: &[String]) -> Result<StateDict, String> {
        let mut state = StateDict::new();
        for ((name, slots), &steps) in names.iter().zip(&self.slots).zip(&self.steps) {
            for (k, slot) in slots.iter().enumerate() {
                let values = slot.try_to_vec_as::<f32>().map_err(|error| error.to_string())?;
                state.insert(format!("{name}/{k}"), Array { shape: vec![values.len()], values });
            }
            // Two halves of 24 bits each are exact in single precision.
            #[allow(clippy::cast_possible_truncation, reason = "each half fits")]
            let halves = [(steps >> 24) as f32, (steps & 0xFF_FFFF) as f32];
            state.insert(format!("{name}/steps"), Array { shape: vec![2], values: halves.to_vec() });
        }
        Ok(state)
    }

    /// Takes up the memory that [`Self::state`] gave.
    ///
    /// # Errors
    /// The first parameter whose memory is not there or has another length.
    pub(super) fn restore(&mut self, names: &[String], model: &Model, state: &StateDict) -> Result<(), String> {
        for (index, (name, weight)) in names.iter().zip(flat_parameters(model)).enumerate() {
            let steps = state.get(&format!("{name}/steps")).filter(|array| array.values.len() == 2);
            let steps = steps.ok_or_else(|| format!("the optimiser's memory of \"{name}\" is not there"))?;
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole numbers above 0")]
            let whole = |value: f32| value as u64;
            self.steps[index] = (whole(steps.values[0]) << 24) | whole(steps.values[1]);
            self.slots[index].clear();
            for k in 0.. {
                let Some(array) = state.get(&format!("{name}/{k}")) else { break };
                if array.values.len() != weight.dims()[0] {
                    return Err(format!("the optimiser's memory of \"{name}\" has another length than the parameter"));
                }
                let data = TensorData::new(array.values.clone(), [array.values.len()]);
                self.slots[index].push(Tensor::from_data(data, &weight.device()));
            }
        }
        Ok(())
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

/// √Σ‖g‖² over all gradients, read from the device.
///
/// # Errors
/// What the device says when it fails.
fn global_norm(gradients: &FlatGradients) -> Result<f64, String> {
    let sums: Vec<Tensor<1>> = gradients.iter().flatten().map(|g| (g.clone() * g.clone()).sum()).collect();
    if sums.is_empty() {
        return Ok(0.0);
    }
    let sums = Tensor::cat(sums, 0).try_into_vec_as::<f32>().map_err(|error| error.to_string())?;
    Ok(sums.into_iter().map(f64::from).sum::<f64>().sqrt())
}

/// Scales all gradients so that their common norm is at most `limit`, as `torch.nn.utils.clip_grad_norm_` does.
///
/// # Errors
/// What the device says when it fails.
pub(crate) fn clip(gradients: FlatGradients, limit: f64) -> Result<FlatGradients, String> {
    let factor = limit / (global_norm(&gradients)? + 1e-6);
    if factor >= 1.0 {
        return Ok(gradients);
    }
    Ok(gradients.into_iter().map(|gradient| gradient.map(|g| g * factor)).collect())
}
