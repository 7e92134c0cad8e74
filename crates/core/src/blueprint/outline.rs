//! An arm's network as plain values for whoever draws it: stages, blocks and shortcuts, with their shapes and costs.

use super::{BlockPlan, Blueprint, LayerSummary, ShortcutPlan, Summary};
use crate::experiment::{Arm, Naming};

/// A network on images of a known size.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outline {
    /// Layers with weights on the longest path.
    pub depth: usize,
    pub parameters: u64,
    /// Multiply-accumulate operations of one image's forward pass.
    pub macs: u64,
    /// Bytes of all layers' outputs for one image, which training keeps for the backward pass.
    pub activation_bytes: u64,
    /// [channels, height, width] of an image.
    pub input: [usize; 3],
    /// Before the first block.
    pub stem: Part,
    pub stages: Vec<Stage>,
    /// After the last block.
    pub head: Part,
}

/// A piece of a network.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Part {
    /// `stem`, `layer1.0`, `head`.
    pub name: String,
    /// Its layers in the order of the forward pass.
    pub layers: Vec<Layer>,
    /// [channels, height, width] after it.
    pub output: [usize; 3],
    pub parameters: u64,
    /// Multiply-accumulate operations for one image.
    pub macs: u64,
}

/// A layer of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Its name within the part: `conv1`.
    pub name: String,
    /// In words: `3×3 conv /2`.
    pub kind: String,
    /// Whether it is a convolution.
    pub is_convolution: bool,
    /// [channels, height, width] after it.
    pub output: [usize; 3],
}

/// Blocks of one width.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stage {
    /// `layer1`.
    pub name: String,
    /// Convolution and pool before the first block.
    pub entry: Option<Part>,
    pub blocks: Vec<Block>,
}

/// A block.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// What it is made of, its shortcut's layers last.
    pub part: Part,
    /// [channels, height, width] before it.
    pub input: [usize; 3],
    /// What carries its input past its branch.
    pub shortcut: ShortcutKind,
    /// Probability that a training step keeps the branch.
    pub keep: f64,
}

/// What carries a block's input past its branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShortcutKind {
    /// Nothing: a plain block.
    None,
    /// The input itself.
    Identity,
    /// Every so many pixels, with channels of zeros (option A).
    Pad,
    /// A 1×1 convolution (options B and C).
    Project,
    /// An average pool and a 1×1 convolution (option D).
    PoolProject,
}

impl ShortcutKind {
    /// In words.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::None => "no shortcut",
            Self::Identity => "identity shortcut",
            Self::Pad => "zero-padded shortcut",
            Self::Project => "projection shortcut",
            Self::PoolProject => "pooled projection shortcut",
        }
    }
}

impl Outline {
    /// Lays an arm's network out on images of shape [channels, height, width], before anything is loaded.
    ///
    /// # Errors
    /// A network that the images are too small for.
    pub fn new(arm: &Arm, shape: [usize; 3], classes: usize) -> Result<Self, String> {
        let blueprint = Blueprint::new(&arm.network, shape, classes).map_err(|error| error.to_string())?;
        let summary = Summary::new(&blueprint);
        let in_stages = |layer: &&LayerSummary| Naming::in_stages(&layer.name).is_some();
        let first = summary.layers.iter().take_while(|layer| !in_stages(layer)).count();
        let last = summary.layers.iter().filter(in_stages).count() + first;
        let below = |name: String| {
            let prefix = format!("{name}.");
            part(name, summary.layers.iter().filter(|layer| layer.name.starts_with(&prefix)), prefix.len())
        };
        let stages = blueprint.stages.iter().enumerate().map(|(index, stage)| {
            let name = Naming::stage(index);
            let entry = stage.entry.is_some().then(|| below(format!("{name}.entry")));
            let block = |plan: &BlockPlan| Block {
                part: below(plan.name.clone()),
                input: plan.input,
                shortcut: kind(&plan.shortcut),
                keep: plan.keep,
            };
            Stage { entry, blocks: stage.blocks.iter().map(block).collect(), name }
        });
        Ok(Self {
            stages: stages.collect(),
            depth: summary.depth,
            parameters: summary.parameters,
            macs: summary.macs,
            activation_bytes: summary.activation_bytes,
            input: shape,
            stem: part("stem".into(), summary.layers[..first].iter(), 0),
            head: part("head".into(), summary.layers[last..].iter(), 0),
        })
    }

    /// All blocks, from the input to the head.
    pub fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.stages.iter().flat_map(|stage| &stage.blocks)
    }

    /// About how many bytes training takes, for batches of this size and an optimiser that keeps `kept` values for
    /// each parameter: what the backward pass needs, weights, gradients and the optimiser's state.
    #[must_use]
    pub fn training_bytes(&self, batch: u64, kept: u64) -> u64 {
        self.activation_bytes.saturating_mul(batch).saturating_add(4 * self.parameters * (2 + kept))
    }
}

/// Some layers as one part, their names without what they have in common.
fn part<'a>(name: String, layers: impl Iterator<Item = &'a LayerSummary>, prefix: usize) -> Part {
    let mut part = Part { name, ..Part::default() };
    for layer in layers {
        part.parameters += layer.parameters;
        part.macs += layer.macs;
        part.layers.push(Layer {
            name: layer.name[prefix..].to_owned(),
            kind: layer.kind.clone(),
            is_convolution: layer.is_convolution,
            output: layer.output,
        });
        part.output = layer.output;
    }
    part
}

fn kind(shortcut: &ShortcutPlan) -> ShortcutKind {
    match shortcut {
        ShortcutPlan::None => ShortcutKind::None,
        ShortcutPlan::Identity => ShortcutKind::Identity,
        ShortcutPlan::Pad { .. } => ShortcutKind::Pad,
        ShortcutPlan::Project { pool: None, .. } => ShortcutKind::Project,
        ShortcutPlan::Project { pool: Some(_), .. } => ShortcutKind::PoolProject,
    }
}

#[cfg(test)]
mod tests {
    use super::ShortcutKind::{Identity, Pad, PoolProject, Project};
    use super::*;
    use crate::experiment::{Network, PRESETS, Shortcut, preset};

    #[test]
    fn the_parts_of_every_preset_add_up_to_the_whole() {
        for arm in PRESETS.iter().flat_map(|preset| preset.plan().arms) {
            let outline = Outline::new(&arm, [3, 64, 64], 10).unwrap();
            let entries = outline.stages.iter().filter_map(|stage| stage.entry.as_ref());
            let blocks = outline.blocks().map(|block| &block.part);
            let parts: Vec<&Part> = [&outline.stem, &outline.head].into_iter().chain(entries).chain(blocks).collect();
            assert_eq!(parts.iter().map(|part| part.parameters).sum::<u64>(), outline.parameters, "{}", arm.name);
            assert_eq!(parts.iter().map(|part| part.macs).sum::<u64>(), outline.macs, "{}", arm.name);
        }
    }

    #[test]
    fn shapes_and_shortcuts_are_those_of_the_paper() {
        let kinds = |shortcut| {
            let outline = Outline::new(&Arm::new("net", Network::cifar(20, 16, shortcut)), [3, 32, 32], 10).unwrap();
            outline.blocks().map(|block| block.shortcut).collect::<Vec<_>>()
        };
        assert_eq!(kinds(Shortcut::None), [ShortcutKind::None; 9]);
        let with = |change| [Identity, Identity, Identity, change, Identity, Identity, change, Identity, Identity];
        assert_eq!(kinds(Shortcut::A), with(Pad));
        assert_eq!(kinds(Shortcut::B), with(Project));
        assert_eq!(kinds(Shortcut::C), [Project; 9]);
        assert_eq!(kinds(Shortcut::D), with(PoolProject));

        let arm = preset("resnet20").unwrap().plan().arms.remove(0);
        let outline = Outline::new(&arm, [3, 32, 32], 10).unwrap();
        let shapes: Vec<[usize; 3]> = outline.stages.iter().map(|stage| stage.blocks[0].part.output).collect();
        assert_eq!(shapes, [[16, 32, 32], [32, 16, 16], [64, 8, 8]]);
        assert_eq!(outline.head.output, [10, 1, 1]);
        assert_eq!(outline.parameters, 269_722);
    }
}
