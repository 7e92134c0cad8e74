//! What a network costs, counted layer by layer from its blueprint: parameters, MACs, activation memory.

use super::{Blueprint, ConvPlan, MapShape, PoolPlan, ShortcutPlan, UnitPlan};
use crate::experiment::{HeadPool, Naming, Norm};
use serde::Serialize;

/// The costs of a network.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Layers with weights on the longest path.
    pub depth: usize,
    /// Every layer in the order of the forward pass.
    pub layers: Vec<LayerSummary>,
    /// Parameters, all layers.
    pub parameters: u64,
    /// Multiply-accumulate operations of convolutions and the linear layer for one image, forward. Papers often call
    /// these FLOPs.
    pub macs: u64,
    /// Bytes of all layers' outputs for one image in f32, which training keeps for the backward pass.
    pub activation_bytes: u64,
}

/// The costs of a layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerSummary {
    /// As in the state dict: `layer1.0.conv1`.
    pub name: String,
    /// In words: `3×3 conv /2`, `batch norm`.
    pub kind: String,
    /// Whether it is a convolution.
    #[serde(skip)]
    pub is_convolution: bool,
    /// [channels, height, width] after it.
    pub output: MapShape,
    pub parameters: u64,
    /// Multiply-accumulate operations for one image.
    pub macs: u64,
}

impl Summary {
    /// Counts a blueprint.
    #[must_use]
    pub fn new(blueprint: &Blueprint) -> Self {
        let mut counter = Counter { layers: Vec::new() };
        counter.unit("", &Naming::STEM, &blueprint.stem);
        for (index, stage) in blueprint.stages.iter().enumerate() {
            if let Some(entry) = &stage.entry {
                counter.unit(&format!("{}.", Naming::stage(index)), &Naming::ENTRY, entry);
            }
            for block in &stage.blocks {
                counter.block(block, blueprint);
            }
        }
        if blueprint.last_norm && blueprint.network.norm != Norm::None {
            counter.norm(Naming::LAST_NORM, blueprint.features);
        }
        let [channels, height, width] = blueprint.features;
        let pool = match blueprint.network.head.pool {
            HeadPool::Average => "global average pool",
            HeadPool::Max => "global max pool",
        };
        counter.add("pool", format!("{pool} {height}×{width}"), [channels, 1, 1], 0, 0);
        let (weights, classes) = (channels * blueprint.classes, blueprint.classes);
        let bias = if blueprint.network.head.bias { classes } else { 0 };
        counter.add(blueprint.network.naming.head(), "linear".into(), [classes, 1, 1], weights + bias, weights);
        counter.total(blueprint.network.depth())
    }
}

struct Counter {
    layers: Vec<LayerSummary>,
}

impl Counter {
    fn add(&mut self, name: &str, kind: String, output: MapShape, parameters: usize, macs: usize) {
        let (parameters, macs) = (parameters as u64, macs as u64);
        let (name, is_convolution) = (name.to_owned(), false);
        self.layers.push(LayerSummary { name, kind, is_convolution, output, parameters, macs });
    }

    fn conv(&mut self, name: &str, conv: &ConvPlan) {
        let [out, height, width] = conv.output;
        let weights = out * conv.input[0] * conv.kernel * conv.kernel;
        let stride = if conv.stride > 1 { format!(" /{}", conv.stride) } else { String::new() };
        let kind = format!("{0}×{0} conv{stride}", conv.kernel);
        let bias = if conv.bias { out } else { 0 };
        self.add(name, kind, conv.output, weights + bias, weights * height * width);
        if let Some(layer) = self.layers.last_mut() {
            layer.is_convolution = true;
        }
    }

    fn norm(&mut self, name: &str, map: MapShape) {
        self.add(name, "norm, activation".into(), map, 2 * map[0], 0);
    }

    fn pool(&mut self, name: &str, pool: &PoolPlan) {
        let kind = match pool.kind {
            super::PoolKind::Max => "max",
            super::PoolKind::Average => "average",
        };
        self.add(name, format!("{0}×{0} {kind} pool /{1}", pool.kernel, pool.stride), pool.output, 0, 0);
    }

    /// A unit below `path`, with the names of its convolution and its norm there.
    fn unit(&mut self, path: &str, names: &[impl AsRef<str>; 2], unit: &UnitPlan) {
        let [conv, norm] = names.each_ref().map(|name| format!("{path}{}", name.as_ref()));
        if unit.pre && unit.norm {
            self.norm(&norm, unit.conv.input);
        }
        self.conv(&conv, &unit.conv);
        if !unit.pre && unit.norm {
            let kind = if unit.activate { "norm, activation" } else { "norm" };
            self.add(&norm, kind.into(), unit.conv.output, 2 * unit.conv.output[0], 0);
        }
        if let Some(pool) = &unit.pool {
            self.pool(&format!("{conv}.pool"), pool);
        }
    }

    fn block(&mut self, block: &super::BlockPlan, blueprint: &Blueprint) {
        let (path, naming) = (format!("{}.", block.name), blueprint.network.naming);
        for (index, unit) in block.branch.iter().enumerate() {
            self.unit(&path, &Naming::unit(index), unit);
        }
        if let ShortcutPlan::Project { pool, unit } = &block.shortcut {
            if let Some(pool) = pool {
                self.pool(&format!("{path}{}.pool", naming.shortcut()), pool);
            }
            self.unit(&path, &naming.projection(), unit);
        }
        if blueprint.network.gain.learned && block.shortcut != ShortcutPlan::None {
            self.add(&format!("{path}alpha"), "learned gain".into(), block.output, 1, 0);
        }
    }

    fn total(self, depth: usize) -> Summary {
        let values: usize = self.layers.iter().map(|layer| layer.output.iter().product::<usize>()).sum();
        Summary {
            depth,
            parameters: self.layers.iter().map(|layer| layer.parameters).sum(),
            macs: self.layers.iter().map(|layer| layer.macs).sum(),
            activation_bytes: 4 * values as u64,
            layers: self.layers,
        }
    }
}
