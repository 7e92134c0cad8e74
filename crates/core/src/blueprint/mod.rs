//! A network laid out on images of a known size: every layer with its channels, strides and map sizes.
//!
//! The modules, the summary and the diagram are all made from this one value. Knows nothing of tensors.

pub mod outline;
mod summary;

pub use summary::{LayerSummary, Summary};

use crate::experiment::{Block, Downsampling, Network, Norm, Shortcut, Stage, StageEntry, StemKind};

/// Why a network does not fit its images.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlueprintError {
    /// A map has no pixels left.
    #[error(
        "{layer} would shrink its {height}×{width} map to nothing; use larger images, fewer stages or smaller strides"
    )]
    TooSmall {
        /// The layer that shrinks it.
        layer: String,
        /// Rows of the map before it.
        height: usize,
        /// Columns of the map before it.
        width: usize,
    },
    /// There is nothing to tell apart.
    #[error("a network needs at least two classes to tell apart, not {0}")]
    Classes(usize),
}

/// [channels, height, width] of one image's map.
pub type MapShape = [usize; 3];

/// A convolution on maps of known size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvPlan {
    pub input: MapShape,
    pub output: MapShape,
    /// Side of the square kernel; padding is half of it, rounded down.
    pub kernel: usize,
    /// Stride in both directions.
    pub stride: usize,
    /// Whether it has a bias.
    pub bias: bool,
}

/// Pooling on maps of known size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolPlan {
    pub kind: PoolKind,
    /// Side of the square window.
    pub kernel: usize,
    /// Stride in both directions.
    pub stride: usize,
    /// Pixels added on each side; an average leaves them out.
    pub padding: usize,
    /// Whether a window that sticks out at the end still counts.
    pub ceil: bool,
    pub output: MapShape,
}

/// Maximum or average.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolKind {
    /// The largest value of each window.
    Max,
    /// The mean of each window.
    Average,
}

/// A convolution with what belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnitPlan {
    pub conv: ConvPlan,
    /// Whether a norm comes with it.
    pub norm: bool,
    /// Whether the activation comes with it.
    pub activate: bool,
    /// Whether norm and activation come before the convolution rather than after it.
    pub pre: bool,
    /// Pooling at the end.
    pub pool: Option<PoolPlan>,
}

/// What carries a block's input past its branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShortcutPlan {
    /// Nothing: a plain block.
    None,
    /// The input itself.
    Identity,
    /// Every stride-th pixel, with channels of zeros before and after (option A).
    Pad {
        /// Distance of the pixels kept.
        stride: usize,
    },
    /// A 1×1 convolution, after an average pool in option D.
    Project {
        /// The pool before the convolution.
        pool: Option<PoolPlan>,
        /// The convolution and its norm.
        unit: UnitPlan,
    },
}

/// A block on maps of known size.
#[derive(Clone, Debug, PartialEq)]
pub struct BlockPlan {
    /// `layer1.0`: stages count from 1, blocks from 0, as in PyTorch's models.
    pub name: String,
    pub input: MapShape,
    pub output: MapShape,
    /// The branch F(x).
    pub branch: Vec<UnitPlan>,
    /// What carries x past it.
    pub shortcut: ShortcutPlan,
    /// Probability that a training step keeps the branch.
    pub keep: f64,
    /// Whether the activation comes after the addition.
    pub activate_after: bool,
}

/// A stage on maps of known size.
#[derive(Clone, Debug, PartialEq)]
pub struct StagePlan {
    /// Convolution and pool before the first block.
    pub entry: Option<UnitPlan>,
    pub blocks: Vec<BlockPlan>,
}

/// A network on images of known size.
#[derive(Clone, Debug, PartialEq)]
pub struct Blueprint {
    /// What was asked for.
    pub network: Network,
    pub input: MapShape,
    /// Classes to tell apart.
    pub classes: usize,
    /// Before the first block.
    pub stem: UnitPlan,
    pub stages: Vec<StagePlan>,
    /// Whether a norm and an activation follow the last block, as pre-activation nets need.
    pub last_norm: bool,
    /// The last map, which the head pools.
    pub features: MapShape,
}

impl Blueprint {
    /// Lays a network out on images of shape [channels, height, width].
    ///
    /// # Errors
    /// Where a map would have no pixels left, or there are fewer than two classes.
    pub fn new(network: &Network, input: MapShape, classes: usize) -> Result<Self, BlueprintError> {
        if classes < 2 {
            return Err(BlueprintError::Classes(classes));
        }
        let layout = Layout { network };
        let stem = layout.stem(input)?;
        let stages = network.stages();
        let total: usize = stages.iter().map(|stage| stage.blocks).sum();
        let (mut map, mut done) = (unit_output(&stem), 0);
        let mut plans = Vec::with_capacity(stages.len());
        for (index, stage) in stages.iter().enumerate() {
            let plan = layout.stage(index, stage, map, |block| {
                let depth = (done + block + 1) as f64 / total as f64;
                1.0 - depth * network.stochastic_depth
            })?;
            done += stage.blocks;
            map = plan.output(map);
            plans.push(plan);
        }
        let last_norm = network.block.is_pre_activation();
        Ok(Self { network: network.clone(), input, classes, stem, stages: plans, last_norm, features: map })
    }

    /// All blocks, from the input to the head.
    pub fn blocks(&self) -> impl Iterator<Item = &BlockPlan> {
        self.stages.iter().flat_map(|stage| &stage.blocks)
    }
}

impl BlockPlan {
    /// Whether the block's input can take the place of its output: always with a shortcut, else where shapes agree.
    #[must_use]
    pub fn can_be_bypassed(&self) -> bool {
        self.shortcut != ShortcutPlan::None || self.input == self.output
    }
}

impl StagePlan {
    fn output(&self, input: MapShape) -> MapShape {
        let last = self.blocks.last().map(|block| block.output);
        last.or_else(|| self.entry.as_ref().map(unit_output)).unwrap_or(input)
    }
}

/// The map after a unit, pooling included.
#[must_use]
pub fn unit_output(unit: &UnitPlan) -> MapShape {
    unit.pool.map_or(unit.conv.output, |pool| pool.output)
}

struct Layout<'a> {
    network: &'a Network,
}

impl Layout<'_> {
    fn conv(&self, input: MapShape, channels: usize, kernel: usize, stride: usize) -> ConvPlan {
        let shrink = |side: usize| (side + 2 * (kernel / 2) - kernel) / stride + 1;
        let output = [channels, shrink(input[1]), shrink(input[2])];
        ConvPlan { input, output, kernel, stride, bias: self.network.norm == Norm::None }
    }

    fn unit(&self, conv: ConvPlan) -> UnitPlan {
        UnitPlan { conv, norm: self.network.norm != Norm::None, activate: true, pre: false, pool: None }
    }

    fn stem(&self, input: MapShape) -> Result<UnitPlan, BlueprintError> {
        let width = self.network.stem_width();
        let (kernel, stride, pool) = match self.network.stem.kind {
            StemKind::Conv3 => (3, 1, false),
            StemKind::Conv3Pool => (3, 1, true),
            StemKind::Conv7Pool => (7, 2, true),
        };
        let mut unit = self.unit(self.conv(input, width, kernel, stride));
        if pool {
            unit.pool = Some(centred_pool(PoolKind::Max, unit.conv.output, 2));
        }
        if self.network.block.is_pre_activation() && !pool {
            // The first block normalises and activates what it gets.
            unit.norm = false;
            unit.activate = false;
        }
        if input[1] == 0 || input[2] == 0 {
            return Err(too_small("the stem", input));
        }
        Ok(unit)
    }

    fn stage(
        &self,
        index: usize,
        stage: &Stage,
        input: MapShape,
        keep: impl Fn(usize) -> f64,
    ) -> Result<StagePlan, BlueprintError> {
        let mut map = input;
        let entry = match stage.entry {
            StageEntry::Block => None,
            StageEntry::ConvPool => {
                let mut unit = self.unit(self.conv(map, stage.width, 3, 1));
                if stage.stride > 1 {
                    let [channels, height, width] = unit.conv.output;
                    let output = [channels, height / stage.stride, width / stage.stride];
                    if output[1] == 0 || output[2] == 0 {
                        return Err(too_small(&format!("the pool of layer{}", index + 1), unit.conv.output));
                    }
                    let (kernel, stride) = (stage.stride, stage.stride);
                    unit.pool = Some(PoolPlan { kind: PoolKind::Max, kernel, stride, padding: 0, ceil: false, output });
                }
                map = unit_output(&unit);
                Some(unit)
            }
        };
        let mut blocks = Vec::with_capacity(stage.blocks);
        for block in 0..stage.blocks {
            let stride = if block == 0 && entry.is_none() { stage.stride } else { 1 };
            let plan = self.block(format!("layer{}.{block}", index + 1), map, stage.width, stride, keep(block));
            map = plan.output;
            blocks.push(plan);
        }
        Ok(StagePlan { entry, blocks })
    }

    fn block(&self, name: String, input: MapShape, width: usize, stride: usize, keep: f64) -> BlockPlan {
        let kind = self.network.block;
        let branch = self.branch(input, width, stride);
        let output = branch.last().map_or(input, unit_output);
        BlockPlan {
            name,
            input,
            output,
            branch,
            shortcut: self.shortcut(input, output, stride),
            keep,
            activate_after: matches!(kind, Block::Basic | Block::Bottleneck),
        }
    }

    fn branch(&self, input: MapShape, width: usize, stride: usize) -> Vec<UnitPlan> {
        let kind = self.network.block;
        let out = kind.out_channels(width);
        let layers: &[(usize, usize, usize)] = if kind.is_bottleneck() {
            &[(width, 1, 1), (width, 3, stride), (out, 1, 1)]
        } else {
            &[(width, 3, stride), (out, 3, 1)]
        };
        let mut map = input;
        let mut units: Vec<UnitPlan> = Vec::with_capacity(layers.len());
        for (index, &(channels, kernel, stride)) in layers.iter().enumerate() {
            let pooled = self.network.downsampling != Downsampling::Strided && stride > 1;
            let mut unit = self.unit(self.conv(map, channels, kernel, if pooled { 1 } else { stride }));
            unit.pre = kind.is_pre_activation();
            unit.activate = index + 1 < layers.len() || kind == Block::ReluBeforeAdd || unit.pre;
            if pooled {
                let average = self.network.downsampling == Downsampling::AvgPool;
                let kind = if average { PoolKind::Average } else { PoolKind::Max };
                unit.pool = Some(centred_pool(kind, unit.conv.output, stride));
            }
            map = unit_output(&unit);
            units.push(unit);
        }
        units
    }

    fn shortcut(&self, input: MapShape, output: MapShape, stride: usize) -> ShortcutPlan {
        let same = input == output && stride == 1;
        let project = |map: MapShape, stride: usize, pool: Option<PoolPlan>| {
            let mut unit = self.unit(self.conv(map, output[0], 1, stride));
            unit.activate = false;
            // In pre-activation nets the projection sees what the branch sees and has no norm of its own.
            unit.norm &= !self.network.block.is_pre_activation();
            ShortcutPlan::Project { pool, unit }
        };
        match self.network.shortcut {
            Shortcut::None => ShortcutPlan::None,
            Shortcut::C => project(input, stride, None),
            _ if same => ShortcutPlan::Identity,
            Shortcut::A => ShortcutPlan::Pad { stride },
            Shortcut::B => project(input, stride, None),
            Shortcut::D if stride == 1 => project(input, 1, None),
            Shortcut::D => {
                let pooled = [input[0], output[1], output[2]];
                let kind = PoolKind::Average;
                let pool = PoolPlan { kind, kernel: stride, stride, padding: 0, ceil: true, output: pooled };
                project(pooled, 1, Some(pool))
            }
        }
    }
}

/// Pooling that shrinks a map as a strided 3×3 convolution does: to ⌈side / stride⌉.
fn centred_pool(kind: PoolKind, input: MapShape, stride: usize) -> PoolPlan {
    let shrink = |side: usize| side.div_ceil(stride);
    let output = [input[0], shrink(input[1]), shrink(input[2])];
    PoolPlan { kind, kernel: 2 * stride - 1, stride, padding: stride - 1, ceil: false, output }
}

fn too_small(layer: &str, map: MapShape) -> BlueprintError {
    BlueprintError::TooSmall { layer: layer.to_owned(), height: map[1], width: map[2] }
}
