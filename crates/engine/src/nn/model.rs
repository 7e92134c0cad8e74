//! A whole network as a burn module: stem, stages, head.

use super::block::Block;
use super::host;
use super::layers::{Linear, Maker, NormLayer};
use super::pass::Pass;
use super::rounded::{self, NotOnThisDevice};
use super::unit::{Unit, global_average, norm_act};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use lab_core::blueprint::Blueprint;
use lab_core::blueprint::Summary;
use lab_core::experiment::{Freeze, HeadPool, Norm, Precision};
use lab_core::random::Purpose;

/// A residual or plain network.
#[derive(Module, Debug)]
pub struct Model {
    pub(crate) stem: Unit,
    pub(crate) stages: Vec<StageModule>,
    /// The norm after the last block of a pre-activation net.
    last: Option<NormLayer>,
    head: Linear,
    #[module(skip)]
    pub(super) frozen: Freeze,
    #[module(skip)]
    precision: Precision,
    #[module(skip)]
    blueprint: Blueprint,
}

/// Blocks of one width, and what may come before them.
#[derive(Module, Debug)]
pub(crate) struct StageModule {
    /// Convolution and pool before the first block.
    pub entry: Option<Unit>,
    pub blocks: Vec<Block>,
}

/// Something between stem and head.
#[derive(Clone, Copy)]
struct Element<'a> {
    layers: Layers<'a>,
    frozen: bool,
    precision: Precision,
}

#[derive(Clone, Copy)]
enum Layers<'a> {
    Entry(&'a Unit),
    Block(&'a Block),
}

impl Element<'_> {
    fn forward(self, x: Tensor<4>, pass: &mut Pass) -> Tensor<4> {
        pass.enter(self.precision, self.frozen);
        match self.layers {
            Layers::Entry(unit) => unit.forward(x, pass),
            Layers::Block(block) => block.forward(x, pass),
        }
    }
}

impl Model {
    /// A network with its initial weights. On an autodiff device it can be trained.
    #[must_use]
    pub fn init(blueprint: &Blueprint, seed: u64, device: &Device) -> Self {
        let network = &blueprint.network;
        let mut maker = Maker { init: network.init, seed, device, norms: 0 };
        let (norm, activation) = (network.norm, network.activation);
        let stem = Unit::new(&mut maker, blueprint.stem, norm, activation, 1.0, "stem");
        let mut stages = Vec::with_capacity(blueprint.stages.len());
        let mut index = 0;
        for (s, stage) in blueprint.stages.iter().enumerate() {
            let path = format!("stages.{s}.entry");
            let entry = stage.entry.map(|unit| Unit::new(&mut maker, unit, norm, activation, 1.0, &path));
            let mut blocks = Vec::with_capacity(stage.blocks.len());
            for (b, plan) in stage.blocks.iter().enumerate() {
                blocks.push(Block::new(&mut maker, plan, network, index, &format!("stages.{s}.blocks.{b}")));
                index += 1;
            }
            stages.push(StageModule { entry, blocks });
        }
        let channels = blueprint.features[0];
        let last = if blueprint.last_norm { maker.norm(norm, channels, 1.0) } else { None };
        let head = maker.linear(channels, blueprint.classes, network.head.bias, "head");
        Self { stem, stages, last, head, frozen: Freeze::None, precision: Precision::F32, blueprint: blueprint.clone() }
    }

    /// The same network, multiplying with so many digits.
    ///
    /// # Errors
    /// A device that does not.
    pub fn in_precision(mut self, precision: Precision, device: &Device) -> Result<Self, NotOnThisDevice> {
        rounded::check(precision, device)?;
        self.precision = precision;
        Ok(self)
    }

    /// How many digits it multiplies with.
    #[must_use]
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// How the network is laid out.
    #[must_use]
    pub fn blueprint(&self) -> &Blueprint {
        &self.blueprint
    }

    /// Logits: [batch, channels, height, width] → [batch, classes].
    #[must_use]
    pub fn forward(&self, x: Tensor<4>, pass: &mut Pass) -> Tensor<2> {
        let [batch, ..] = x.dims();
        let some = self.images_at_once(&x, pass);
        if batch > some {
            let parts = x.split(some, 0).into_iter().map(|x| self.forward(x, pass));
            return Tensor::cat(parts.collect(), 0);
        }
        let features = self.features(x, pass);
        self.classify(features, pass)
    }

    /// What the head gets of each image: [batch, channels, height, width] → [batch, features].
    #[must_use]
    pub(crate) fn pooled(&self, x: Tensor<4>, pass: &mut Pass) -> Tensor<2> {
        let some = self.images_at_once(&x, pass);
        if x.dims()[0] > some {
            let parts = x.split(some, 0).into_iter().map(|x| self.pooled(x, pass));
            return Tensor::cat(parts.collect(), 0);
        }
        let features = self.features(x, pass);
        self.pool(features, pass)
    }

    /// Images that go through the network together. Where it is only evaluated on the processor it pays to take few,
    /// whose maps stay in the caches, but enough to repay preparing the weights.
    fn images_at_once(&self, x: &Tensor<4>, pass: &Pass) -> usize {
        let (few, weight_costs) = (16, 2000);
        if pass.is_training() || pass.has_taps() || x.is_autodiff() || x.dims()[0] <= few || !pass.is_fused(x) {
            return usize::MAX;
        }
        let summary = Summary::new(&self.blueprint);
        let enough = weight_costs * summary.parameters / summary.macs.max(1);
        usize::try_from(enough).unwrap_or(usize::MAX).max(few)
    }

    /// The map before the head: [batch, channels, height, width] → [batch, features, height', width'].
    #[must_use]
    pub fn features(&self, x: Tensor<4>, pass: &mut Pass) -> Tensor<4> {
        let x = self.begin(x, pass);
        self.finish(self.elements().into_iter().fold(x, |x, element| element.forward(x, pass)), pass)
    }

    fn begin(&self, x: Tensor<4>, pass: &mut Pass) -> Tensor<4> {
        pass.enter(self.precision, self.frozen.holds_stem());
        self.stem.forward(x, pass)
    }

    /// The output of block `block` (counted from 0 over all stages).
    #[must_use]
    pub fn forward_to(&self, x: Tensor<4>, block: usize, pass: &mut Pass) -> Tensor<4> {
        let x = self.begin(x, pass);
        self.elements()[..self.after(block)].iter().fold(x, |x, element| element.forward(x, pass))
    }

    /// The logits from the output of block `block`: what [`Self::forward_to`] leaves out.
    #[must_use]
    pub fn forward_from(&self, x: Tensor<4>, block: usize, pass: &mut Pass) -> Tensor<2> {
        let x = self.elements()[self.after(block)..].iter().fold(x, |x, element| element.forward(x, pass));
        let features = self.finish(x, pass);
        self.classify(features, pass)
    }

    /// The last norm of a pre-activation net.
    fn finish(&self, x: Tensor<4>, pass: &mut Pass) -> Tensor<4> {
        if !self.blueprint.last_norm {
            return x;
        }
        pass.enter(self.precision, self.frozen.holds_backbone());
        norm_act(self.last.as_ref(), Some(self.blueprint.network.activation), x, pass)
    }

    /// Everything between stem and head, in order.
    fn elements(&self) -> Vec<Element<'_>> {
        let mut elements = Vec::new();
        for (index, stage) in self.stages.iter().enumerate() {
            let frozen = self.frozen.holds_stage(index + 1);
            let layers =
                stage.entry.as_ref().map(Layers::Entry).into_iter().chain(stage.blocks.iter().map(Layers::Block));
            elements.extend(layers.map(|layers| Element { layers, frozen, precision: self.precision }));
        }
        elements
    }

    /// Elements up to and including a block; all of them if there are fewer blocks.
    fn after(&self, block: usize) -> usize {
        let elements = self.elements();
        let blocks = elements.iter().enumerate().filter(|(_, element)| matches!(element.layers, Layers::Block(_)));
        blocks.map(|(index, _)| index + 1).nth(block).unwrap_or(elements.len())
    }

    /// The head: [batch, features, height, width] → [batch, classes].
    #[must_use]
    pub fn classify(&self, x: Tensor<4>, pass: &mut Pass) -> Tensor<2> {
        let pooled = self.pool(x, pass);
        self.answer(pooled, pass)
    }

    fn pool(&self, x: Tensor<4>, pass: &Pass) -> Tensor<2> {
        match self.blueprint.network.head.pool {
            HeadPool::Average => global_average(x, pass),
            HeadPool::Max => {
                let [batch, channels, height, width] = x.dims();
                x.reshape([batch, channels, height * width]).max_dim(2).reshape([batch, channels])
            }
        }
    }

    /// The logits from what [`Self::pooled`] gave: [batch, features] → [batch, classes].
    #[must_use]
    pub(crate) fn answer(&self, pooled: Tensor<2>, pass: &mut Pass) -> Tensor<2> {
        let head = &self.blueprint.network.head;
        pass.enter(self.precision, false);
        let pooled = dropout(pooled, head.dropout, pass);
        let logits = self.head.forward(pooled, pass);
        if head.scale == 1.0 { logits } else { logits * head.scale }
    }

    /// Moves the running statistics towards what a training pass measured.
    pub fn absorb(&mut self, pass: &Pass) {
        if self.blueprint.network.norm != Norm::Batch {
            return;
        }
        let mut units: Vec<&mut Unit> = vec![&mut self.stem];
        for stage in &mut self.stages {
            units.extend(stage.entry.as_mut());
            units.extend(stage.blocks.iter_mut().flat_map(|block| block.branch.iter_mut().chain(&mut block.shortcut)));
        }
        for norm in units.into_iter().filter_map(|unit| unit.norm.as_mut()).chain(&mut self.last) {
            norm.absorb(pass);
        }
    }
}

/// Zeroes features with probability `p` and scales the others by 1 / (1 − p), in training passes only.
#[allow(clippy::cast_possible_truncation, reason = "masks are single precision")]
fn dropout(x: Tensor<2>, p: f64, pass: &Pass) -> Tensor<2> {
    let Some(mut random) = pass.random(Purpose::Dropout, 0).filter(|_| p > 0.0) else { return x };
    let kept = (1.0 / (1.0 - p)) as f32;
    let shape = x.dims();
    let mask = (0..shape[0] * shape[1]).map(|_| if random.uniform() < p { 0.0 } else { kept }).collect::<Vec<f32>>();
    let mask = host::tensor(mask, shape, &x.device());
    x * mask
}
