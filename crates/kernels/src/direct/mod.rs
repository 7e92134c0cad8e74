//! Convolutions of any kernel, stride and padding as sums over their taps: no map is unrolled. Rows of the input
//! are copied once into a padded scratch, from where the register tile reads pixels at any offset; the taps of
//! one kernel row are one contiguous run there.

mod ahead;
mod backward;
mod cut;
mod forward;
mod inputs;
mod padded;
mod panel;
mod pointwise;
mod small;
mod weights;

pub(crate) use backward::backward;
pub(crate) use forward::forward;
pub(crate) use inputs::input_gradients;
