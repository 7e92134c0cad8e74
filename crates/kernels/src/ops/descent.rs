//! Optimisers' steps on tensors. Nothing differentiates them, so they are no operation that burn knows.

use burn::tensor::Tensor;

use super::memory::Buffer;
use super::tensors::{Values, from_flex, on_flex, tensor};
use crate::descent::{self, Descent, Parameter};

/// The parameter `w` after a step against its gradient `g`, and in `memory` what the rule remembers of it, which may be
/// nothing yet. `None`, and nothing done, where any of them is not on this backend or is differentiated.
///
/// # Shapes
/// All `[len]`.
#[must_use]
pub fn descend(w: &Tensor<1>, g: &Tensor<1>, memory: &mut Vec<Tensor<1>>, descent: &Descent) -> Option<Tensor<1>> {
    let values = |tensor: &Tensor<1>| on_flex(tensor).as_ref().map(Values::new);
    let (w, g) = (values(w)?, values(g)?);
    let count = descent.rule.memories();
    let old: Vec<Values> = memory.iter().take(count).map(values).collect::<Option<_>>()?;
    let len = w.values().len();
    let mut new_w = Buffer::new(len);
    let mut new: Vec<Buffer> = (0..count).map(|_| Buffer::new(len)).collect();
    let parameter = Parameter {
        w: w.values(),
        g: g.values(),
        old: (0..count).map(|k| old.get(k).map(Values::values)).collect(),
        new_w: &mut new_w,
        new: new.iter_mut().map(|new| &mut **new).collect(),
    };
    descent::descend(descent, parameter);
    for (k, new) in new.into_iter().enumerate() {
        let new = from_flex(tensor(new, [len]));
        match memory.get_mut(k) {
            Some(memory) => *memory = new,
            None => memory.push(new),
        }
    }
    Some(from_flex(tensor(new_w, [len])))
}
