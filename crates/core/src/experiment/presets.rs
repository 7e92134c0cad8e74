//! Experiments with known-good settings, each with a line on what to expect of it.

use super::{
    Activation, Arm, Augmentation, Block, Body, Channels, Curve, Data, Distribution, Expected, Fit, Freeze, Head,
    HeadPool, Init, Length, Method, Naming, Network, Norm, Optimizer, Plan, Recipe, Resize, Schedule, Scheme, Shortcut,
    Stage, StageEntry, Start, StartHead, Stem, StemKind,
};

/// A named experiment.
pub struct Preset {
    /// What a person types.
    pub id: &'static str,
    /// The heading it stands under in a list.
    pub family: &'static str,
    /// What it is and what to expect of it.
    pub about: &'static str,
    build: fn(&'static str) -> Plan,
}

impl Preset {
    /// The experiment, on the embedded data until another source is set.
    #[must_use]
    pub fn plan(&self) -> Plan {
        (self.build)(self.id)
    }
}

/// The preset of this name.
#[must_use]
pub fn preset(id: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.id == id)
}

/// Every preset; the first is the default.
pub static PRESETS: &[Preset] = &[
    Preset {
        id: "plain-vs-residual",
        family: "Side by side",
        about: "Two nets of 56 layers that differ in their shortcuts only: the plain one falls behind within two epochs.",
        build: plain_vs_residual,
    },
    Preset {
        id: "resnet20",
        family: "CIFAR ResNets",
        about: "He et al. 2015 for CIFAR: 269,722 parameters; 91.3 % on CIFAR-10 after the paper's 64,000 steps.",
        build: |id| he(id, 20, Shortcut::A),
    },
    Preset {
        id: "resnet32",
        family: "CIFAR ResNets",
        about: "32 layers, 464,154 parameters on images in colour; 92.5 % on CIFAR-10 in the paper.",
        build: |id| he(id, 32, Shortcut::A),
    },
    Preset {
        id: "resnet44",
        family: "CIFAR ResNets",
        about: "44 layers, 658,586 parameters on images in colour; 92.8 % on CIFAR-10 in the paper.",
        build: |id| he(id, 44, Shortcut::A),
    },
    Preset {
        id: "resnet56",
        family: "CIFAR ResNets",
        about: "56 layers, 853,018 parameters on images in colour; 93.0 % on CIFAR-10 in the paper.",
        build: |id| he(id, 56, Shortcut::A),
    },
    Preset {
        id: "resnet110",
        family: "CIFAR ResNets",
        about: "110 layers, 1,727,962 parameters on images in colour, warmed up at a tenth of the learning rate; 93.6 % on CIFAR-10 in the paper.",
        build: |id| he(id, 110, Shortcut::A),
    },
    Preset {
        id: "plain20",
        family: "CIFAR nets without shortcuts",
        about: "ResNet-20 without shortcuts: trains almost as well.",
        build: |id| he(id, 20, Shortcut::None),
    },
    Preset {
        id: "plain32",
        family: "CIFAR nets without shortcuts",
        about: "ResNet-32 without shortcuts: a little worse than plain20.",
        build: |id| he(id, 32, Shortcut::None),
    },
    Preset {
        id: "plain44",
        family: "CIFAR nets without shortcuts",
        about: "ResNet-44 without shortcuts: clearly worse.",
        build: |id| he(id, 44, Shortcut::None),
    },
    Preset {
        id: "plain56",
        family: "CIFAR nets without shortcuts",
        about: "ResNet-56 without shortcuts: worse than plain20 on the training images too. That is degradation.",
        build: |id| he(id, 56, Shortcut::None),
    },
    Preset {
        id: "resnet18",
        family: "ImageNet nets",
        about: "ImageNet net of 18 layers as in torchvision, 11,689,512 parameters with 1,000 classes; for 64 pixels and more.",
        build: |id| imagenet(id, 18),
    },
    Preset {
        id: "resnet34",
        family: "ImageNet nets",
        about: "ImageNet net of 34 layers, 21,797,672 parameters.",
        build: |id| imagenet(id, 34),
    },
    Preset {
        id: "resnet50",
        family: "ImageNet nets",
        about: "ImageNet net of 50 layers in bottlenecks, 25,557,032 parameters.",
        build: |id| imagenet(id, 50),
    },
    Preset {
        id: "resnet18-cifar",
        family: "ImageNet nets",
        about: "ResNet-18 for 32 pixels: a stem of one 3×3 convolution and no pooling, 11,173,962 parameters. Takes the weights that pytorch-cifar writes.",
        build: imagenet_for_small,
    },
    Preset {
        id: "wrn-16-4",
        family: "Wide and fast nets",
        about: "Wide residual net (Zagoruyko and Komodakis 2016): width instead of depth, four times. Its authors' 16 counts the three convolutions on shortcuts and not the last layer; 14 layers lie on the longest path.",
        build: wide,
    },
    Preset {
        id: "resnet9",
        family: "Wide and fast nets",
        about: "Page's fast net: 94 % on CIFAR-10 in 24 epochs with a large batch and one cycle.",
        build: page,
    },
    Preset {
        id: "finetune-resnet20",
        family: "Fine-tuning pretrained weights",
        about: "A ResNet-20 that knows CIFAR-10 learns classes of your own from few images: everything but the head is frozen.",
        build: finetune_cifar,
    },
    Preset {
        id: "finetune-resnet18",
        family: "Fine-tuning pretrained weights",
        about: "torchvision's ResNet-18, trained on ImageNet, learns classes of your own at 224 pixels: only the head is trained.",
        build: |id| finetune_imagenet(id, 18, "resnet18-f37072fd.pth"),
    },
    Preset {
        id: "finetune-resnet34",
        family: "Fine-tuning pretrained weights",
        about: "The same with torchvision's ResNet-34.",
        build: |id| finetune_imagenet(id, 34, "resnet34-b627a593.pth"),
    },
    Preset {
        id: "finetune-resnet50",
        family: "Fine-tuning pretrained weights",
        about: "The same with torchvision's ResNet-50 (its first weights, V1).",
        build: |id| finetune_imagenet(id, 50, "resnet50-0676ba61.pth"),
    },
    Preset {
        id: "article",
        family: "From the article",
        about: "The PyTorch example of the web article that this program began with, made true: real shortcut additions, 2,777,674 parameters for three channels and ten classes.",
        build: article,
    },
];

fn single(id: &str, network: Network, recipe: Recipe) -> Plan {
    Plan { name: id.into(), data: Data::default(), recipe, arms: vec![Arm::new(id, network)] }
}

/// Depth 56 because that is where the difference is beyond doubt on 5,000 images within minutes: ARCHITECTURE.md has
/// the measured numbers.
fn plain_vs_residual(id: &str) -> Plan {
    let arm = |name, shortcut| Arm::new(name, Network::cifar(56, 8, shortcut));
    Plan {
        name: id.into(),
        data: Data::default(),
        recipe: Recipe::default(),
        arms: vec![arm("plain", Shortcut::None), arm("residual", Shortcut::A)],
    }
}

/// He et al. 2015, section 4.2. The paper's 32,000 and 48,000 of 64,000 iterations are epochs 91 and 137 of 182 on
/// 45,000 images; counted in epochs, the same recipe fits any data set.
fn he(id: &str, depth: usize, shortcut: Shortcut) -> Plan {
    let mut schedule = Schedule::from(Curve::MultiStep { milestones: vec![91.0, 137.0], factor: 0.1 });
    if depth >= 110 {
        schedule.warmup = 1.0;
    }
    let recipe = Recipe {
        length: Length::Epochs(182),
        optimizer: Optimizer {
            learning_rate: 0.1,
            weight_decay: 1e-4,
            method: Method::sgd(0.9),
            ..Optimizer::default()
        },
        schedule,
        augmentation: Augmentation::pad_crop_flip(),
        ..Recipe::default()
    };
    single(id, Network::cifar(depth, 16, shortcut), recipe)
}

/// torchvision's reference recipe: step decay every 30 of 90 epochs.
fn imagenet(id: &str, depth: usize) -> Plan {
    let recipe = Recipe {
        length: Length::Epochs(90),
        optimizer: Optimizer {
            learning_rate: 0.1,
            weight_decay: 1e-4,
            method: Method::sgd(0.9),
            ..Optimizer::default()
        },
        schedule: Curve::Step { every: 30.0, factor: 0.1 }.into(),
        augmentation: Augmentation { flip: true, ..Augmentation::default() },
        ..Recipe::default()
    };
    single(id, Network::imagenet(depth), recipe)
}

/// pytorch-cifar's recipe: a cosine over 200 epochs.
fn imagenet_for_small(id: &str) -> Plan {
    let network =
        Network { stem: Stem { kind: StemKind::Conv3, width: None }, naming: Naming::Cifar, ..Network::imagenet(18) };
    let recipe = Recipe {
        length: Length::Epochs(200),
        optimizer: Optimizer {
            learning_rate: 0.1,
            weight_decay: 5e-4,
            method: Method::sgd(0.9),
            ..Optimizer::default()
        },
        schedule: Schedule::from(Curve::Cosine { end: 0.0 }),
        augmentation: Augmentation::pad_crop_flip(),
        ..Recipe::default()
    };
    single(id, network, recipe)
}

/// Weights of other people under the name that they are published by, which `arms[0].start.weights` replaces.
fn finetune(id: &str, network: Network, weights: &str) -> Plan {
    let recipe = Recipe {
        length: Length::Epochs(30),
        batch_size: 32,
        optimizer: Optimizer {
            learning_rate: 0.05,
            weight_decay: 1e-4,
            method: Method::sgd(0.9),
            ..Optimizer::default()
        },
        schedule: Schedule::from(Curve::Cosine { end: 0.0 }),
        ..Recipe::default()
    };
    let start = Start {
        head: StartHead::New,
        freeze: Freeze::Backbone,
        normalization: Expected::ImageNet,
        ..Start::from(weights)
    };
    let mut plan = single(id, network, recipe);
    plan.data.channels = Channels::Rgb;
    plan.arms[0].start = Some(start);
    plan
}

/// Chen's weights for CIFAR-10 were trained on images normalised by ImageNet's numbers.
fn finetune_cifar(id: &str) -> Plan {
    let mut plan = finetune(id, Network::cifar(20, 16, Shortcut::A), "resnet20-12fca82f.th");
    plan.data.resize = Some(Resize { height: 32, width: 32, fit: Fit::Cover });
    plan
}

fn finetune_imagenet(id: &str, depth: usize, weights: &str) -> Plan {
    let mut plan = finetune(id, Network::imagenet(depth), weights);
    plan.data.resize = Some(Resize { height: 224, width: 224, fit: Fit::Cover });
    plan
}

fn wide(id: &str) -> Plan {
    let network = Network {
        stem: Stem { kind: StemKind::Conv3, width: Some(16) },
        body: Body::Stages(vec![Stage::new(2, 64, 1), Stage::new(2, 128, 2), Stage::new(2, 256, 2)]),
        block: Block::PreBasic,
        ..Network::cifar(20, 16, Shortcut::B)
    };
    let recipe = Recipe {
        length: Length::Epochs(200),
        optimizer: Optimizer { learning_rate: 0.1, weight_decay: 5e-4, ..Recipe::default().optimizer },
        schedule: Curve::MultiStep { milestones: vec![60.0, 120.0, 160.0], factor: 0.2 }.into(),
        augmentation: Augmentation::pad_crop_flip(),
        ..Recipe::default()
    };
    single(id, network, recipe)
}

fn page(id: &str) -> Plan {
    let stage = |blocks, width| Stage { blocks, width, stride: 2, entry: StageEntry::ConvPool };
    let network = Network {
        stem: Stem { kind: StemKind::Conv3, width: Some(64) },
        body: Body::Stages(vec![stage(1, 128), stage(0, 256), stage(1, 512)]),
        block: Block::ReluBeforeAdd,
        head: Head { pool: HeadPool::Max, bias: false, scale: 0.125, ..Head::default() },
        ..Network::cifar(20, 16, Shortcut::A)
    };
    let recipe = Recipe {
        length: Length::Epochs(24),
        batch_size: 512,
        optimizer: Optimizer { learning_rate: 0.4, weight_decay: 5e-4, ..Recipe::default().optimizer },
        schedule: Curve::OneCycle { rise: 0.2, start_div: 1e3, final_div: 1e3 }.into(),
        augmentation: Augmentation { cutout: 8, ..Augmentation::pad_crop_flip() },
        ..Recipe::default()
    };
    single(id, network, recipe)
}

fn article(id: &str) -> Plan {
    let network = Network {
        stem: Stem { kind: StemKind::Conv3Pool, width: Some(64) },
        body: Body::Stages(vec![Stage::new(2, 64, 1), Stage::new(2, 128, 2), Stage::new(2, 256, 2)]),
        block: Block::Basic,
        norm: Norm::Batch,
        activation: Activation::Relu,
        init: Init { scheme: Scheme::Xavier, distribution: Distribution::Uniform, ..Init::default() },
        ..Network::cifar(20, 16, Shortcut::B)
    };
    let recipe = Recipe {
        length: Length::Epochs(30),
        optimizer: Optimizer {
            learning_rate: 0.05,
            weight_decay: 1e-4,
            method: Method::sgd(0.9),
            ..Optimizer::default()
        },
        schedule: Curve::Step { every: 10.0, factor: 0.1 }.into(),
        ..Recipe::default()
    };
    single(id, network, recipe)
}
