//! A block: branch, shortcut, and the addition that makes it residual.

use super::factor::Factor;
use super::layers::Maker;
use super::pass::{Pass, Route};
use super::unit::{Addition, Unit, activate, pad, pool};
use burn::module::{Module, Param};
use burn::tensor::Tensor;
use lab_core::blueprint::{BlockPlan, ShortcutPlan};
use lab_core::experiment::{Activation, Gain, Network};
use lab_core::random::Purpose;

/// shortcut(x) + α · F(x), or F(x) alone in a plain net.
#[derive(Module, Debug)]
pub(crate) struct Block {
    /// F: two or three units.
    pub branch: Vec<Unit>,
    /// The 1×1 convolution of a projecting shortcut.
    pub shortcut: Option<Unit>,
    /// α, if it is learned; shape [1].
    pub alpha: Option<Param<Tensor<1>>>,
    #[module(skip)]
    plan: BlockPlan,
    #[module(skip)]
    gain: Gain,
    #[module(skip)]
    activation: Activation,
    #[module(skip)]
    index: usize,
}

impl Block {
    /// Makes the `index`-th block of a network.
    pub fn new(maker: &mut Maker, plan: &BlockPlan, network: &Network, index: usize, path: &str) -> Self {
        let last = plan.branch.len() - 1;
        let unit = |maker: &mut Maker, unit, gamma, path: &str| {
            Unit::new(maker, unit, network.norm, network.activation, gamma, path)
        };
        let mut branch = Vec::with_capacity(plan.branch.len());
        for (k, &each) in plan.branch.iter().enumerate() {
            let gamma = if network.init.zero_gamma && k == last { 0.0 } else { 1.0 };
            branch.push(unit(maker, each, gamma, &format!("{path}.branch.{k}")));
        }
        let shortcut = match plan.shortcut {
            ShortcutPlan::Project { unit: projection, .. } => {
                Some(unit(maker, projection, 1.0, &format!("{path}.shortcut")))
            }
            _ => None,
        };
        let learned = network.gain.learned && plan.shortcut != ShortcutPlan::None;
        #[allow(clippy::cast_possible_truncation, reason = "parameters are single precision")]
        let alpha = learned.then(|| maker.vector(network.gain.value as f32, 1));
        let (gain, activation) = (network.gain, network.activation);
        Self { branch, shortcut, alpha, plan: plan.clone(), gain, activation, index }
    }

    /// [batch, in, height, width] → [batch, out, height / stride, width / stride]
    pub fn forward(&self, x: Tensor<4>, pass: &mut Pass) -> Tensor<4> {
        let x = pass.open_block(x);
        let y = self.compute(x, pass);
        pass.close_block(y, self.after())
    }

    fn compute(&self, x: Tensor<4>, pass: &mut Pass) -> Tensor<4> {
        let Some((last, inner)) = self.branch.split_last() else { return x };
        if self.plan.shortcut == ShortcutPlan::None {
            if pass.branch_gain(self.index) == 0.0 && self.plan.can_be_bypassed() {
                return x;
            }
            let mut y = x;
            for unit in &self.branch[..inner.len()] {
                y = unit.forward(y, pass);
            }
            let y = last.forward(y, pass);
            return activate(self.after(), y, pass);
        }
        let pre = inner.first().filter(|_| self.plan.branch[0].pre);
        // A pre-activation block's first norm and activation are shared by the branch and a projection.
        let (branch, seen) = if let Some(first) = pre {
            let activated = first.before(x.clone(), pass);
            let seen = if self.shortcut.is_some() { activated.clone() } else { x };
            (activated, seen)
        } else {
            (x.clone(), x)
        };
        // A value without its graph goes forward as before, and no gradient comes back through it.
        let (branch, seen) = match pass.route(self.index) {
            Route::Both => (branch, seen),
            Route::Branch => (branch, seen.detach()),
            Route::Shortcut => (branch.detach(), seen),
        };
        let mut y = match pre {
            Some(first) => first.after(branch, pass),
            None => branch,
        };
        let shortcut = self.carry(seen, pass);
        let shortcut = if pass.cuts_shortcut(self.index) { shortcut.zeros_like() } else { shortcut };
        let Some(factor) = self.factor(pass) else {
            return activate(self.after(), shortcut, pass);
        };
        for unit in &inner[usize::from(pre.is_some())..] {
            y = unit.forward(y, pass);
        }
        last.forward_add(y, Addition { shortcut, gain: factor, activation: self.after() }, pass)
    }

    /// The activation that ends the block.
    fn after(&self) -> Option<Activation> {
        self.plan.activate_after.then_some(self.activation)
    }

    /// The factor of the branch in this pass; `None` if stochastic depth drops it.
    fn factor(&self, pass: &Pass) -> Option<Factor> {
        let keep = self.plan.keep;
        let mut survival = pass.branch_gain(self.index);
        if survival == 0.0 {
            return None;
        }
        if keep < 1.0 {
            match pass.random(Purpose::StochasticDepth, self.index as u64) {
                Some(mut random) => {
                    if random.uniform() >= keep {
                        return None;
                    }
                }
                None => survival *= keep,
            }
        }
        Some(match &self.alpha {
            Some(alpha) => Factor::Learned(Box::new(alpha.val() * survival)),
            None => Factor::Fixed(self.gain.value * survival),
        })
    }

    /// The shortcut's map.
    fn carry(&self, x: Tensor<4>, pass: &mut Pass) -> Tensor<4> {
        // Only the branch's layers are watched.
        let watch = pass.watch.take();
        let carried = self.carried(x, pass);
        pass.watch = watch;
        carried
    }

    fn carried(&self, x: Tensor<4>, pass: &mut Pass) -> Tensor<4> {
        match (&self.plan.shortcut, &self.shortcut) {
            (ShortcutPlan::Pad { stride }, _) => pad(x, *stride, self.plan.output[0], pass),
            (ShortcutPlan::Project { pool: plan, .. }, Some(unit)) => {
                let x = match plan {
                    Some(plan) => pool(x, plan, pass),
                    None => x,
                };
                unit.forward(x, pass)
            }
            _ => x,
        }
    }
}
