//! The optimisers in `experiment::optimizer` at work on a model: one flat vector per parameter, on the model's device,
//! with its memory. The kernels have the update rules' arithmetic for the processor, `rules` for every other device.

use super::rules;
use crate::nn::norms::{norm, squares};
use crate::nn::{self, Array, DeviceError, Model, StateDict, Trainable};
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor};
use lab_core::experiment::{Method, Optimizer as Rule};
use lab_kernels::ops::{self, Descent};

/// Gradients of all parameters in visiting order, flat, without their graph; `None` where a parameter took no part in the
/// pass (its branch was dropped) or is frozen.
pub type FlatGradients = Vec<Option<Tensor<1>>>;

/// Why an optimiser cannot take up a memory.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    /// There is none of a parameter.
    #[error("the optimiser's memory of \"{0}\" is not there")]
    Missing(String),
    /// That of a parameter is another one's.
    #[error("the optimiser's memory of \"{0}\" has another length than the parameter")]
    Length(String),
}

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
        let descent = Descent { learning_rate: lr, decay, step: t, rule: fused(&self.rule.method) };
        ops::descend(&w, &g, slots, &descent)
            .unwrap_or_else(|| rules::moved(&self.rule.method, slots, w, g, lr, decay, t))
    }

    /// The memory as arrays under `<parameter>/<slot>`, and step counts under `<parameter>/steps`.
    ///
    /// # Errors
    /// What the device says when it fails.
    pub(super) fn state(&self, names: &[String]) -> Result<StateDict, DeviceError> {
        let mut state = StateDict::new();
        for ((name, slots), &steps) in names.iter().zip(&self.slots).zip(&self.steps) {
            for (k, slot) in slots.iter().enumerate() {
                let values = nn::values(slot.clone())?;
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
    pub(super) fn restore(&mut self, names: &[String], model: &Model, state: &StateDict) -> Result<(), MemoryError> {
        for (index, (name, weight)) in names.iter().zip(flat_parameters(model)).enumerate() {
            let steps = state.get(&format!("{name}/steps")).filter(|array| array.values.len() == 2);
            let steps = steps.ok_or_else(|| MemoryError::Missing(name.clone()))?;
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole numbers above 0")]
            let whole = |value: f32| value as u64;
            self.steps[index] = (whole(steps.values[0]) << 24) | whole(steps.values[1]);
            self.slots[index].clear();
            for k in 0.. {
                let Some(array) = state.get(&format!("{name}/{k}")) else { break };
                if array.values.len() != weight.dims()[0] {
                    return Err(MemoryError::Length(name.clone()));
                }
                self.slots[index].push(nn::tensor(array.values.clone(), weight.dims(), &weight.device()));
            }
        }
        Ok(())
    }
}

/// A method as the fused operations know it.
fn fused(method: &Method) -> ops::Rule {
    match *method {
        Method::Sgd { momentum, dampening, nesterov } => ops::Rule::Sgd { momentum, dampening, nesterov },
        Method::Adam { beta1, beta2, epsilon } => ops::Rule::Adam { betas: [beta1, beta2], epsilon, decoupled: false },
        Method::AdamW { beta1, beta2, epsilon } => ops::Rule::Adam { betas: [beta1, beta2], epsilon, decoupled: true },
        Method::RmsProp { alpha, epsilon, momentum, centered } => {
            ops::Rule::RmsProp { alpha, epsilon, momentum, centered }
        }
        Method::Lion { beta1, beta2 } => ops::Rule::Lion { betas: [beta1, beta2] },
        Method::Lamb { beta1, beta2, epsilon } => ops::Rule::Lamb { betas: [beta1, beta2], epsilon },
    }
}

/// Scales all gradients so that their common norm is at most `limit`, as `torch.nn.utils.clip_grad_norm_` does.
///
/// # Errors
/// What the device says when it fails.
pub(crate) fn clip(gradients: FlatGradients, limit: f64) -> Result<FlatGradients, DeviceError> {
    let factor = limit / (norm(&squares(gradients.iter().map(Option::as_ref))?) + 1e-6);
    if factor >= 1.0 {
        return Ok(gradients);
    }
    Ok(gradients.into_iter().map(|gradient| gradient.map(|g| g * factor)).collect())
}
