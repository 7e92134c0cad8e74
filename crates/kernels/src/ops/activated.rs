//! The output of an operation that ends with an activation.

use burn_flex::FlexTensor;

use super::tensors::Map;
use crate::sums::Signs;

/// The output of an operation, which tells the slope of its activation at each value.
#[derive(Clone, Debug)]
pub(super) struct Activated {
    /// Not kept where there is no activation.
    pub y: Option<Map>,
    pub slope: f32,
}

impl Activated {
    pub fn new(y: &FlexTensor, slope: f32) -> Self {
        Self { y: (slope != 1.0).then(|| Map::new(y)), slope }
    }

    pub fn signs(&self) -> Signs<'_> {
        self.y.as_ref().map_or(Signs::None, |y| Signs::Output(y.values(), self.slope))
    }
}
