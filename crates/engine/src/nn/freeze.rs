//! The part of a network that is not trained, and which of its tensors are parameters at all.

use super::model::Model;
use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::Tensor;
use lab_core::experiment::Freeze;

/// Tells parameters from a batch norm's running statistics on a walk through a network.
#[derive(Debug, Default)]
pub(crate) struct Trainable {
    in_statistics: bool,
}

impl Trainable {
    /// The walk goes into this part.
    pub fn enter(&mut self, part: &str) {
        self.in_statistics |= part == "running";
    }

    /// The walk comes back from it.
    pub fn exit(&mut self, part: &str) {
        self.in_statistics &= part != "running";
    }

    /// Whether what is here is a parameter, frozen or not.
    pub fn is_here(&self) -> bool {
        !self.in_statistics
    }
}

impl Model {
    /// The same network with this part frozen: it gets no gradients, and every pass evaluates it.
    #[must_use]
    pub fn freeze(self, part: Freeze) -> Self {
        let mut freezer = Freezer { part, place: Vec::new() };
        let mut model = self.map(&mut freezer);
        model.frozen = part;
        model
    }
}

struct Freezer {
    part: Freeze,
    place: Vec<String>,
}

impl Freezer {
    fn holds(&self) -> bool {
        let place: Vec<&str> = self.place.iter().map(String::as_str).collect();
        match place.as_slice() {
            ["stem", ..] => self.part.holds_stem(),
            ["stages", stage, ..] => stage.parse().is_ok_and(|stage: usize| self.part.holds_stage(stage + 1)),
            ["last", ..] => self.part.holds_backbone(),
            _ => false,
        }
    }
}

impl ModuleMapper for Freezer {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.place.push(name.to_owned());
    }
    fn exit_module(&mut self, _: &str, _: &str) {
        self.place.pop();
    }
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if !self.holds() {
            return param;
        }
        param.map(|tensor| if tensor.is_autodiff() { Tensor::from_inner(tensor.inner()) } else { tensor })
    }
}
