//! The fused operations on differentiated Flex: each keeps what its backward pass needs, and burn calls that
//! pass when gradients are wanted.

use std::marker::PhantomData;
use std::sync::{Arc, Weak};

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, NodeGuard, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Flex};
use burn_flex::FlexTensor;

use super::awaited::Awaited;
use super::backend::{ConvOptions, Differentiate, Extra, Given, KernelOps, NormOptions, PoolOptions};
use super::lineage::{Link, Share, Slot, descend, leave, link, maker};
use super::states::{
    AddState, AffineState, ConvNormState, ConvState, GlobalState, NormState, PadState, PoolState, SmoothState,
};
use super::tensors::vector;
use crate::activation::Smooth;
use crate::filters::Packed;

/// A Flex tensor that burn may differentiate.
type Tracked = FloatTensor<Autodiff<Flex>>;

/// Registers the gradients that the kept state computes.
#[derive(Debug)]
struct Step<D>(PhantomData<fn() -> D>);

/// The state of an operation, and how it shares gradients with others.
#[derive(Clone, Debug)]
struct Recorded<D> {
    state: D,
    slot: Slot,
    link: Link,
    /// What the operation that made its input needs of that map's gradient.
    maker: Option<Weak<Awaited>>,
}

impl<D: Differentiate, const N: usize> Backward<Flex, N> for Step<D> {
    type State = Recorded<D>;

    fn backward(self, ops: Ops<Recorded<D>, N>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let Recorded { state, slot, link, maker } = ops.state;
        let gradient = grads.consume::<Flex>(&ops.node);
        let wanted = ops.parents.each_ref().map(Option::is_some);
        let (share, meeting) = match slot.share() {
            Share::None => (None, None),
            Share::Given(share) => (Some(share), None),
            Share::Awaited(meeting) => (None, Some(meeting)),
        };
        link.announce();
        // A gradient that waits for another share is not the whole one yet.
        let awaited = maker.filter(|_| meeting.is_none()).and_then(|maker| maker.upgrade());
        let gradients = state.differentiate(Given { gradient, wanted: &wanted, share, awaited });
        for (index, (parent, gradient)) in ops.parents.into_iter().zip(gradients).enumerate() {
            let (Some(parent), Some(mut gradient)) = (parent, gradient) else { continue };
            if let (0, Some(meeting)) = (index, &meeting) {
                leave(meeting, gradient);
                continue;
            }
            if D::SHORTCUT == Some(index) {
                let Some(kept) = link.hand_on(gradient) else { continue };
                gradient = kept;
            }
            grads.register::<Flex>(parent.id, gradient);
        }
    }
}

/// Hands `output` to burn, with what its backward pass needs if any parent is tracked.
fn record<C: CheckpointStrategy, D: Differentiate, const N: usize>(
    parents: [NodeGuard; N],
    output: FlexTensor,
    state: D,
) -> Tracked {
    const { assert!(N == D::PARENTS) };
    let input = parents[0].id();
    let shortcut = D::SHORTCUT.map(|index| parents[index].id());
    match Step::<D>(PhantomData).prepare::<C>(parents).compute_bound().stateful() {
        OpsKind::Tracked(step) => {
            let slot = Slot::default();
            let link = shortcut.map_or(Link::Ordinary, |shortcut| link(input, shortcut));
            let (awaited, maker) = (state.awaited().map(Arc::downgrade), maker(input));
            let output = step.finish(Recorded { state, slot: slot.clone(), link, maker }, output);
            descend(output.id(), input, &slot, awaited);
            output
        }
        OpsKind::UnTracked(step) => step.finish(output),
    }
}

/// A parent that may be missing: burn wants a node all the same.
fn optional<C: CheckpointStrategy>(tensor: Extra<Autodiff<Flex, C>>) -> (Option<FlexTensor>, NodeGuard) {
    match tensor {
        Extra::Given(tensor) => {
            let (tensor, node) = tensor.into_parts();
            (Some(tensor), node)
        }
        Extra::Missing => (None, Tracked::new(vector(&[])).into_parts().1),
    }
}

impl<C: CheckpointStrategy> KernelOps for Autodiff<Flex, C> {
    fn kernel_conv(
        x: Tracked,
        w: Tracked,
        bias: Extra<Self>,
        shortcut: Extra<Self>,
        options: ConvOptions,
        _kept: Option<Arc<Packed>>,
    ) -> Tracked {
        let ((x, x_node), (w, w_node)) = (x.into_parts(), w.into_parts());
        let ((bias, bias_node), (shortcut, shortcut_node)) = (optional(bias), optional(shortcut));
        let (output, state) = ConvState::forward(&x, &w, bias, shortcut, options);
        record::<C, _, 4>([x_node, w_node, bias_node, shortcut_node], output, state)
    }

    fn kernel_conv_norm(
        x: Tracked,
        w: Tracked,
        gamma: Tracked,
        beta: Tracked,
        shortcut: Extra<Self>,
        conv: ConvOptions,
        norm: NormOptions,
    ) -> (Tracked, Tracked, Tracked) {
        let ((x, x_node), (w, w_node)) = (x.into_parts(), w.into_parts());
        let ((gamma, gamma_node), (beta, beta_node)) = (gamma.into_parts(), beta.into_parts());
        let (shortcut, shortcut_node) = optional(shortcut);
        let (output, state) = ConvNormState::forward(&x, &w, &gamma, &beta, shortcut.as_ref(), conv, norm);
        let (mean, variance) = (vector(&state.moments().mean), vector(&state.moments().variance));
        let parents = [x_node, w_node, gamma_node, beta_node, shortcut_node];
        let output = record::<C, _, 5>(parents, output, state);
        (output, Tracked::new(mean), Tracked::new(variance))
    }

    fn kernel_norm(
        x: Tracked,
        gamma: Tracked,
        beta: Tracked,
        shortcut: Extra<Self>,
        norm: NormOptions,
    ) -> (Tracked, Tracked, Tracked) {
        let ((x, x_node), (shortcut, shortcut_node)) = (x.into_parts(), optional(shortcut));
        let ((gamma, gamma_node), (beta, beta_node)) = (gamma.into_parts(), beta.into_parts());
        let (output, state) = NormState::forward(&x, &gamma, &beta, shortcut.as_ref(), norm);
        let (mean, variance) = state.moments().of_batch();
        let output = record::<C, _, 4>([x_node, gamma_node, beta_node, shortcut_node], output, state);
        (output, Tracked::new(mean), Tracked::new(variance))
    }

    fn kernel_affine(x: Tracked, scale: Tracked, shift: Tracked, shortcut: Extra<Self>, slope: f32) -> Tracked {
        let ((x, x_node), (shortcut, shortcut_node)) = (x.into_parts(), optional(shortcut));
        let ((scale, scale_node), (shift, shift_node)) = (scale.into_parts(), shift.into_parts());
        let (output, state) = AffineState::forward(&x, scale, shift, shortcut, slope);
        record::<C, _, 4>([x_node, scale_node, shift_node, shortcut_node], output, state)
    }

    fn kernel_add(x: Tracked, shortcut: Extra<Self>, slope: f32) -> Tracked {
        let ((x, x_node), (shortcut, shortcut_node)) = (x.into_parts(), optional(shortcut));
        let (output, state) = AddState::forward(x, shortcut, slope);
        record::<C, _, 2>([x_node, shortcut_node], output, state)
    }

    fn kernel_pad(x: Tracked, stride: usize, channels: usize) -> Tracked {
        let (x, x_node) = x.into_parts();
        let state = PadState::new(&x, stride, channels);
        record::<C, _, 1>([x_node], Flex::kernel_pad(x, stride, channels), state)
    }

    fn kernel_pool(x: Tracked, options: PoolOptions) -> Tracked {
        let (x, x_node) = x.into_parts();
        let (output, state) = PoolState::forward(&x, options);
        record::<C, _, 1>([x_node], output, state)
    }

    fn kernel_global_average(x: Tracked) -> Tracked {
        let (x, x_node) = x.into_parts();
        let state = GlobalState::new(&x);
        record::<C, _, 1>([x_node], Flex::kernel_global_average(x), state)
    }

    fn kernel_smooth(x: Tracked, kind: Smooth) -> Tracked {
        let (x, x_node) = x.into_parts();
        let (output, state) = SmoothState::forward(&x, kind);
        record::<C, _, 1>([x_node], output, state)
    }

    fn kernel_measure(x: Tracked) -> Tracked {
        Tracked::new(Flex::kernel_measure(x.into_parts().0))
    }
}
