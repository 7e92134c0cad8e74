//! How much a block's branch changes its input, ‖αF(x)‖ / ‖x‖: the one place that computes it, on the device for looks
//! that training must not wait for, on the host for those that may take their time.

use super::factor::Factor;
use super::host::value;
use burn::tensor::Tensor;
use lab_kernels::ops;

/// ‖αF(x)‖ / ‖x‖ of a block while a pass goes through it.
#[derive(Debug)]
pub(super) struct BranchRatio<N> {
    input: N,
    ratio: Option<N>,
}

impl<N: Norm> BranchRatio<N> {
    /// The block begins with this input.
    pub fn new(x: &Tensor<4>) -> Self {
        Self { input: N::of(x), ratio: None }
    }

    /// The branch's output before it is multiplied by its factor and added.
    pub fn see(&mut self, branch: &Tensor<4>, gain: &Factor) {
        self.ratio = Some(N::of(branch).scaled(gain).over(&self.input));
    }

    /// What was found; nothing in a block that has added no branch.
    pub fn get(self) -> Option<N> {
        self.ratio
    }
}

/// A Euclidean norm.
pub(super) trait Norm: Sized {
    fn of(x: &Tensor<4>) -> Self;
    /// That of the map times a factor.
    fn scaled(self, gain: &Factor) -> Self;
    fn over(self, whole: &Self) -> Self;
}

/// On the device, [1].
impl Norm for Tensor<1> {
    fn of(x: &Tensor<4>) -> Self {
        let x = without_graph(x);
        if ops::available(&x) { ops::measure(x).slice(2..3) } else { (x.clone() * x).sum().sqrt() }
    }

    fn scaled(self, gain: &Factor) -> Self {
        match gain {
            Factor::Fixed(gain) => self * gain.abs(),
            Factor::Learned(gain) => self * without_graph(gain).abs(),
        }
    }

    fn over(self, whole: &Self) -> Self {
        self / whole.clone()
    }
}

/// On the host, in double precision from burn's own sum of squares.
impl Norm for f64 {
    fn of(x: &Tensor<4>) -> Self {
        scalar((x.clone() * x.clone()).sum()).sqrt()
    }

    fn scaled(self, gain: &Factor) -> Self {
        let gain = match gain {
            Factor::Fixed(gain) => *gain,
            Factor::Learned(gain) => scalar((**gain).clone()),
        };
        gain.abs() * self
    }

    fn over(self, whole: &Self) -> Self {
        self / whole.max(Self::MIN_POSITIVE)
    }
}

/// The values without what led to them.
pub(super) fn without_graph<const D: usize>(x: &Tensor<D>) -> Tensor<D> {
    if x.is_autodiff() { x.clone().inner() } else { x.clone() }
}

/// What a device that fails gives is no number, and is shown as such.
pub(super) fn scalar(x: Tensor<1>) -> f64 {
    value(x).unwrap_or(f64::NAN)
}
