//! A residual (or plain) network as a value: stem, stages of blocks, head.
//!
//! The input's shape and the number of classes are the data set's; `crate::blueprint` puts both together.

use super::naming::Naming;
use serde::{Deserialize, Serialize};

/// A network of one of the families of He et al. 2015/2016 and their relatives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Network {
    /// What comes before the first block.
    pub stem: Stem,
    /// Stages of blocks, as a depth or spelled out.
    pub body: Body,
    /// What a block is made of.
    pub block: Block,
    /// The normalisation after (or before) each convolution.
    pub norm: Norm,
    pub activation: Activation,
    /// What carries a block's input past its branch.
    pub shortcut: Shortcut,
    /// The factor α of the branch in shortcut + α·F(x).
    pub gain: Gain,
    /// Probability of dropping the last block's branch in a training step, growing linearly from 0 at the input
    /// (Huang et al. 2016); 0 never drops.
    pub stochastic_depth: f64,
    /// How a block with a stride shrinks its map.
    pub downsampling: Downsampling,
    pub init: Init,
    /// What follows the last block.
    pub head: Head,
    /// Whose names the weights have in files.
    pub naming: Naming,
}

impl Default for Network {
    fn default() -> Self {
        Self::cifar(20, 16, Shortcut::A)
    }
}

impl Network {
    /// A CIFAR net of He et al. 2015, section 4.2: three stages of basic blocks, widths w, 2w, 4w.
    #[must_use]
    pub fn cifar(depth: usize, width: usize, shortcut: Shortcut) -> Self {
        Self {
            stem: Stem { kind: StemKind::Conv3, width: None },
            body: Body::Cifar { depth, width },
            block: Block::Basic,
            norm: Norm::Batch,
            activation: Activation::Relu,
            shortcut,
            gain: Gain::default(),
            stochastic_depth: 0.0,
            downsampling: Downsampling::Strided,
            init: Init::default(),
            head: Head::default(),
            naming: Naming::Cifar,
        }
    }

    /// An ImageNet net of He et al. 2015, table 1, as torchvision builds it.
    #[must_use]
    pub fn imagenet(depth: usize) -> Self {
        Self {
            stem: Stem { kind: StemKind::Conv7Pool, width: None },
            body: Body::ImageNet { depth, width: 64 },
            block: if depth < 50 { Block::Basic } else { Block::Bottleneck },
            naming: Naming::Torchvision,
            ..Self::cifar(20, 16, Shortcut::B)
        }
    }

    /// Whether blocks have anything that carries their input past the branch.
    #[must_use]
    pub fn is_residual(&self) -> bool {
        self.shortcut != Shortcut::None
    }

    /// The stem's output channels.
    #[must_use]
    pub fn stem_width(&self) -> usize {
        self.stem.width.unwrap_or(match &self.body {
            Body::Cifar { width, .. } | Body::ImageNet { width, .. } => *width,
            Body::Stages(stages) => stages.first().map_or(16, |stage| stage.width),
        })
    }

    /// The stages, spelled out. Empty where the depth does not fit the family and block, which checking a plan
    /// rules out.
    #[must_use]
    pub fn stages(&self) -> Vec<Stage> {
        match &self.body {
            Body::Stages(stages) => stages.clone(),
            Body::Cifar { depth, width } => self.block.cifar_blocks(*depth).map_or_else(Vec::new, |blocks| {
                (0..3).map(|s| Stage::new(blocks, width << s, if s == 0 { 1 } else { 2 })).collect()
            }),
            Body::ImageNet { depth, width } => self.block.imagenet_blocks(*depth).map_or_else(Vec::new, |blocks| {
                let stage = |(s, blocks): (usize, usize)| Stage::new(blocks, width << s, if s == 0 { 1 } else { 2 });
                blocks.into_iter().enumerate().map(stage).collect()
            }),
        }
    }

    /// Layers with weights on the longest path: convolutions of stem, branches and stage entries, plus the head.
    #[must_use]
    pub fn depth(&self) -> usize {
        let per_block = self.block.convolutions();
        let entry = |stage: &Stage| usize::from(stage.entry == StageEntry::ConvPool);
        2 + self.stages().iter().map(|stage| stage.blocks * per_block + entry(stage)).sum::<usize>()
    }
}

/// What comes before the first block: a convolution with norm and activation, and perhaps a max-pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Stem {
    pub kind: StemKind,
    /// Output channels; the first stage's width if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<usize>,
}

/// The layers of a stem.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StemKind {
    /// 3×3 convolution, stride 1: for small images.
    #[default]
    Conv3,
    /// 3×3 convolution, then 3×3 max-pool with stride 2.
    Conv3Pool,
    /// 7×7 convolution with stride 2, then 3×3 max-pool with stride 2: for images of 64 pixels and more.
    Conv7Pool,
}

/// The stages of a network: a depth of a known family, or spelled out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Body {
    /// Three stages of widths w, 2w, 4w; depth 6n+2 for two-layer blocks, 9n+2 for bottlenecks.
    Cifar {
        /// Layers with weights, as names such as ResNet-20 count them.
        depth: usize,
        /// Width of the first stage.
        width: usize,
    },
    /// Four stages of widths w, 2w, 4w, 8w; depth 18 or 34 for two-layer blocks, 50, 101 or 152 for bottlenecks.
    #[serde(rename = "imagenet")]
    ImageNet {
        /// Layers with weights, as names such as ResNet-20 count them.
        depth: usize,
        /// Width of the first stage.
        width: usize,
    },
    Stages(Vec<Stage>),
}

/// Blocks of one width; the first one changes the shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// Number of blocks.
    pub blocks: usize,
    /// Channels of the 3×3 convolutions; a bottleneck's output has four times as many.
    pub width: usize,
    /// Stride of the first block or of the entry.
    #[serde(default = "one")]
    pub stride: usize,
    /// What takes the previous stage's shape to this one's.
    #[serde(default)]
    pub entry: StageEntry,
}

fn one() -> usize {
    1
}

impl Stage {
    /// A stage whose first block changes the shape.
    #[must_use]
    pub fn new(blocks: usize, width: usize, stride: usize) -> Self {
        Self { blocks, width, stride, entry: StageEntry::Block }
    }
}

/// What takes the previous stage's shape to the next one's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StageEntry {
    /// The first block itself.
    #[default]
    Block,
    /// A 3×3 convolution, norm, activation and max-pool before the first block (Page's ResNet-9).
    ConvPool,
}

/// What a block is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// Two 3×3 convolutions, activation after the addition (He et al. 2015).
    #[default]
    Basic,
    /// Two 3×3 convolutions, last activation before the addition (He et al. 2016, fig. 4c; Page's ResNet-9).
    ReluBeforeAdd,
    /// 1×1, 3×3, 1×1 with four times the channels (He et al. 2015), stride at the 3×3.
    Bottleneck,
    /// Norm and activation before each of two 3×3 convolutions (He et al. 2016).
    PreBasic,
    /// Norm and activation before each of 1×1, 3×3, 1×1.
    PreBottleneck,
}

impl Block {
    /// Convolutions in a branch.
    #[must_use]
    pub fn convolutions(self) -> usize {
        if self.is_bottleneck() { 3 } else { 2 }
    }

    /// Whether the branch is 1×1, 3×3, 1×1.
    #[must_use]
    pub fn is_bottleneck(self) -> bool {
        matches!(self, Self::Bottleneck | Self::PreBottleneck)
    }

    /// Whether norm and activation come before the convolutions.
    #[must_use]
    pub fn is_pre_activation(self) -> bool {
        matches!(self, Self::PreBasic | Self::PreBottleneck)
    }

    /// Output channels for a stage of `width`.
    #[must_use]
    pub fn out_channels(self, width: usize) -> usize {
        if self.is_bottleneck() { 4 * width } else { width }
    }
}

/// What is added to the variance by which a norm divides: PyTorch's usual ε.
pub const NORM_EPSILON: f64 = 1e-5;

/// The slope of a leaky rectifier below zero: PyTorch's usual one.
pub const LEAKY_SLOPE: f32 = 0.01;

/// Normalisation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Norm {
    /// Batch normalisation (Ioffe and Szegedy 2015), momentum 0.1, ε 1e-5.
    #[default]
    Batch,
    /// Group normalisation (Wu and He 2018) with this many groups.
    Group(usize),
    /// None; convolutions then have biases.
    None,
}

/// The non-linearity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// max(0, x)
    #[default]
    Relu,
    /// x for x > 0, else 0.01·x
    LeakyRelu,
    /// x·Φ(x), with the error function
    Gelu,
    /// x·σ(x)
    Silu,
    /// tanh(x)
    Tanh,
}

/// What carries a block's input past its branch (He et al. 2015, section 3.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shortcut {
    /// Nothing: the plain net of the same depth and width.
    None,
    /// Identity; where the shape changes, every stride-th pixel and zeros for new channels. No parameters.
    #[default]
    A,
    /// Identity; where the shape changes, a 1×1 convolution with stride.
    B,
    /// A 1×1 convolution at every block.
    C,
    /// Identity; where the shape changes, an average pool and a 1×1 convolution (He et al. 2019, ResNet-D).
    D,
}

/// The factor α of the branch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Gain {
    /// α, or where it starts if it is learned.
    pub value: f64,
    /// Whether each block learns its own α (`SkipInit`, De and Smith 2020).
    pub learned: bool,
}

impl Default for Gain {
    fn default() -> Self {
        Self { value: 1.0, learned: false }
    }
}

/// How a block with a stride shrinks its map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Downsampling {
    /// The stride of a convolution.
    #[default]
    Strided,
    /// Max-pooling after the convolution that would have had the stride; kernel 2·stride − 1.
    MaxPool,
    AvgPool,
}

/// How weights start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Init {
    /// The variance rule.
    pub scheme: Scheme,
    /// Ignored by orthogonal initialisation.
    pub distribution: Distribution,
    /// What Kaiming's variance divides by; ignored by the others.
    pub fan: Fan,
    /// Starts the last norm's scale of each block at zero, so that every block starts as its shortcut.
    pub zero_gamma: bool,
}

/// The variance rule of an initialisation. It is stated for convolutions; the linear layer, which no activation
/// follows, has gain 1 and divides by its fan-in (Xavier: no difference), and every bias starts at zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// Variance 2 / fan (He et al. 2015).
    #[default]
    Kaiming,
    /// Variance 2 / (fan-in + fan-out) (Glorot and Bengio 2010).
    Xavier,
    /// Orthogonal rows with gain √2 (Saxe et al. 2014).
    Orthogonal,
}

/// The shape of an initial distribution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Distribution {
    #[default]
    Normal,
    /// Uniform of the same variance.
    Uniform,
}

/// Which fan Kaiming's variance divides by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fan {
    /// Inputs of a unit: keeps the forward signal's variance.
    In,
    /// Outputs of a unit: keeps the gradient's variance.
    #[default]
    Out,
}

/// What follows the last block.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Head {
    /// How each channel's map becomes one number.
    pub pool: HeadPool,
    /// Probability of zeroing a pooled feature in a training step.
    pub dropout: f64,
    /// Whether the linear layer has a bias.
    pub bias: bool,
    /// Factor of the logits; Page's ResNet-9 has 0.125.
    pub scale: f64,
}

impl Default for Head {
    fn default() -> Self {
        Self { pool: HeadPool::Average, dropout: 0.0, bias: true, scale: 1.0 }
    }
}

/// How each channel's map becomes one number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeadPool {
    #[default]
    Average,
    Max,
}
