//! Every field of an experiment that a person sets: what it is called, what it does, what a good value is, and where a file
//! has it. The form's labels and hints and the command line's list come from here. Must not know how it is shown.

use super::file::must_be;
use super::kinds;
use super::{
    Arm, Body, Curve, Data, EarlyStopping, Expected, Fit, Freeze, Length, Method, Network, Norm, Plan, Precision,
    Recipe, Resize, Schedule, Stage, Start, StartHead,
};
use crate::checkpoint::Checkpoint;
use toml::Value;

/// What is known of a field, or of a few fields that are alike.
#[derive(Debug)]
pub struct Field {
    /// Its name in the form.
    pub label: &'static str,
    /// Where a file has it. A place in a list is `[]`: `arms[].network.body.cifar.depth`.
    pub paths: &'static [&'static str],
    /// What it does.
    pub what: &'static str,
    /// A good value, and when.
    pub good: &'static str,
}

macro_rules! fields {
    ($($name:ident: $label:literal [$($path:literal),*], $what:literal, $good:literal;)*) => {
        $(#[doc = concat!("The field called \"", $label, "\".")] pub static $name: Field = Field { label: $label, paths: &[$($path),*], what: $what, good: $good };)*

        /// Every field, in the order of the form.
        pub static ALL: &[&Field] = &[$(&$name),*];
    };
}

fields! {
    SOURCE: "Images" ["data.source"], "Where the images come from: the 6,000 pictures of clothing inside the program, or a folder or file of your own: a folder for each class, a table beside pictures, Parquet, WebDataset, NPZ, IDX, CIFAR, STL-10, SVHN, or a zip or tar archive of these.", "The embedded data to try things out.";
    HOLDOUT: "Validate on" ["data.holdout"], "What the networks are validated on: images they never train on. The data set's own test images, or a share of the training images set aside by the seed, equally from every class.", "The data set's own where it has some.";
    TRAIN_LIMIT: "Training images" ["data.train_limit"], "Trains on only this many images, balanced over the classes.", "Off; a few hundred to try something quickly.";
    VALIDATION_LIMIT: "Validation images" ["data.validation_limit"], "Validates on only this many images, balanced over the classes.", "Off; fewer make validation quicker and its numbers rougher.";
    RESIZE: "Resize" ["data.resize"], "Brings every image to one size. Needed where the images of a folder differ in size.", "32 × 32 for small nets, 64 × 64 and more for the ImageNet family.";
    IMAGE_HEIGHT: "Image height" ["data.resize.height"], "The height that every image is brought to, from 8 to 1,024 pixels.", "32 for small nets.";
    IMAGE_WIDTH: "Image width" ["data.resize.width"], "The width that every image is brought to, from 8 to 1,024 pixels.", "32 for small nets.";
    FIT: "Fit" ["data.resize.fit"], "What happens to images of another shape: fill the frame and cut off the rest, fit inside with black bars, or stretch.", "Cover.";
    CHANNELS: "Colour" ["data.channels"], "Whether networks see gray or colour. Colour has three input channels.", "As the data set has them.";
    MEAN: "Mean" ["data.normalization.given.mean"], "Subtracted from each channel of pixels between 0 and 1, one number for gray and three for colour.", "0.485, 0.456, 0.406 for weights trained on ImageNet.";
    STD: "Deviation" ["data.normalization.given.std"], "What each channel is divided by after that.", "0.229, 0.224, 0.225 for weights trained on ImageNet.";
    NORMALIZATION: "Normalise" ["data.normalization"], "How pixel values between 0 and 1 become network inputs: shifted and scaled so that the training images have mean 0 and standard deviation 1, or left alone.", "Measured.";
    RUN_NAME: "Run name" ["name"], "What the experiment is called; its run folder begins with the date and this.", "What the experiment is to show.";
    ARM_NAME: "Name" ["arms[].name"], "What this network is called on every plot and in the run's folder.", "A word that says how it differs from the others.";
    ARM_COLOR: "Colour" ["arms[].color"], "The colour of this network's lines: its place in the palette, from 0 to 7.", "Left out: its place among the networks.";
    FAMILY: "Family" ["arms[].network.body"], "How the stages are laid out. CIFAR: three stages of widths w, 2w, 4w for small images. ImageNet: four stages of widths w, 2w, 4w, 8w for large ones. Stages: spelled out, as the preset has them.", "CIFAR for images up to 64 pixels.";
    DEPTH: "Depth" ["arms[].network.body.cifar.depth", "arms[].network.body.imagenet.depth"], "Layers with weights on the longest path. CIFAR nets have 6n + 2 of them, 9n + 2 with bottlenecks; ImageNet nets 18 or 34, with bottlenecks 50, 101 or 152.", "20 trains quickly; 56 shows what shortcuts are for.";
    WIDTH: "Width" ["arms[].network.body.cifar.width", "arms[].network.body.imagenet.width"], "Channels of the first stage; each later stage has twice as many. Cost grows with its square.", "16 in the CIFAR nets of He et al., 64 in the ImageNet nets.";
    ENTRY: "Entry" ["arms[].network.body.stages[].entry"], "What takes the stage before to the shape of this one: its first block, or a convolution and a max-pool before it, as in Page's ResNet-9.", "The first block.";
    BLOCKS: "Blocks" ["arms[].network.body.stages[].blocks"], "Blocks in this stage.", "1 to 6.";
    STAGE_WIDTH: "Width" ["arms[].network.body.stages[].width"], "Channels of this stage's 3×3 convolutions.", "Twice the stage before where the stride is 2.";
    STRIDE: "Stride" ["arms[].network.body.stages[].stride"], "By how much this stage's first block shrinks the map.", "1 in the first stage, 2 in the others.";
    STEM: "Stem" ["arms[].network.stem.kind"], "What comes before the first block.", "3×3 for small images; 7×7 and a pool for 64 pixels and more.";
    STEM_WIDTH: "Stem width" ["arms[].network.stem.width"], "Channels of the stem; as many as the first stage has if off.", "Off.";
    BLOCK: "Block" ["arms[].network.block"], "What a block is made of: two 3×3 convolutions (basic), or 1×1, 3×3, 1×1 (bottleneck); pre-activation puts norm and activation before the convolutions.", "Basic up to about 50 layers, bottleneck beyond.";
    SHORTCUT: "Shortcut" ["arms[].network.shortcut"], "What carries a block's input past its convolutions. None: the plain net of the same depth, width and parameters. A: identity, zeros for new channels. B: a 1×1 convolution where the shape changes. C: a 1×1 convolution everywhere. D: average pool and 1×1 convolution where the shape changes.", "A or B; none to see degradation.";
    NORM: "Norm" ["arms[].network.norm"], "Normalisation after (or before) each convolution: over the batch, over groups of channels, or none.", "Batch, with 32 or more images a step; group with fewer.";
    GROUPS: "Groups" ["arms[].network.norm.group"], "Groups of channels that are normalised together; must divide every width.", "8.";
    ACTIVATION: "Activation" ["arms[].network.activation"], "The non-linearity between layers.", "ReLU.";
    DOWNSAMPLING: "Downsampling" ["arms[].network.downsampling"], "How a block with a stride shrinks its map: the convolution's stride, or pooling.", "Strided convolution.";
    GAIN: "Gain α" ["arms[].network.gain.value"], "α in shortcut + α·F(x): how strongly a block's branch is weighed against its shortcut.", "1; less than 1 tames very deep nets without norm.";
    GAIN_LEARNED: "Learned gain" ["arms[].network.gain.learned"], "Lets every block learn its own α, starting from the value above (SkipInit).", "Off; on with α = 0 for nets without norm.";
    STOCHASTIC_DEPTH: "Stochastic depth" ["arms[].network.stochastic_depth"], "Probability of leaving out the last block's branch in a training step, growing from 0 at the input.", "0; 0.1 to 0.5 against overfitting in deep nets.";
    SCHEME: "Initial weights" ["arms[].network.init.scheme"], "How large the initial weights are. Kaiming (also called after its author: He) keeps the signal's variance through ReLUs, Xavier through linear layers, orthogonal keeps lengths exactly.", "Kaiming.";
    DISTRIBUTION: "Distribution" ["arms[].network.init.distribution"], "The shape of the initial weights' distribution; orthogonal ignores it.", "Normal.";
    FAN: "Fan" ["arms[].network.init.fan"], "What Kaiming's variance divides by: inputs keep the forward signal, outputs keep the gradient.", "Fan-out.";
    ZERO_GAMMA: "Zero-γ" ["arms[].network.init.zero_gamma"], "Starts each block's last norm at zero, so that every block begins as its shortcut alone.", "Off; on helps very deep residual nets and large batches.";
    DROPOUT: "Dropout" ["arms[].network.head.dropout"], "Probability of zeroing each pooled feature in a training step.", "0; 0.2 to 0.5 on small data sets.";
    HEAD_POOL: "Head pool" ["arms[].network.head.pool"], "How each channel's map becomes one number before the last layer.", "Average.";
    HEAD_BIAS: "Head bias" ["arms[].network.head.bias"], "Whether the last layer has a bias.", "On.";
    HEAD_SCALE: "Logit factor" ["arms[].network.head.scale"], "What the logits are multiplied by.", "1; 0.125 in Page's ResNet-9.";
    NAMING: "Weight names" ["arms[].network.naming"], "Whose names the weights have in files: those of the CIFAR nets (linear, shortcut) or torchvision's (fc, downsample). Changes nothing else.", "That of the weights you compare with.";
    START: "Start from weights" ["arms[].start"], "Weights that this network starts from instead of fresh ones: a file as PyTorch saves them, or the folder of a run.", "Off; weights that know similar pictures where you have few of your own.";
    START_WEIGHTS: "Weights" ["arms[].start.weights"], "The file of weights, or the folder or name of a run.", "A network of the same shape, trained on similar pictures.";
    START_ARM: "Network of the run" ["arms[].start.arm"], "Which network of a run the weights are taken from.", "Left out: the one of the same name, or the only one.";
    START_CHECKPOINT: "Checkpoint" ["arms[].start.checkpoint"], "Which of the weights that a run keeps.", "best.";
    START_HEAD: "Head" ["arms[].start.head"], "What becomes of the head, which tells the classes apart: kept if it is for the same classes, always new, or always kept.", "New for classes of your own.";
    FREEZE: "Frozen" ["arms[].start.freeze"], "The part that stays as it is, from the front: it is not trained, and its norms use their running statistics.", "All but the head with few images; nothing, or the stem, with many.";
    BACKBONE_FACTOR: "Backbone factor" ["arms[].start.backbone_factor"], "The learning rate of everything but the head, as a share of the head's.", "0.1 where the backbone is trained, too.";
    EXPECTED: "Weights expect" ["arms[].start.normalization"], "Which mean and deviation the weights expect of their images. A run knows its own; files do not say. It counts where images are normalised as measured.", "ImageNet's numbers for torchvision's weights.";
    OWN_SCHEDULE: "Own schedule" ["arms[].schedule"], "Gives this network a learning-rate schedule of its own instead of the one all share.", "Off, so that only the networks differ.";
    OWN_OPTIMIZER: "Own optimiser" ["arms[].optimizer"], "Trains this network with its own optimiser instead of the one all share.", "Off, so that only the networks differ.";
    LENGTH: "Train for" ["recipe.length.epochs", "recipe.length.steps"], "How long to train: passes over the training images (epochs), or single optimiser steps.", "6 epochs for a first look, 100 and more for the papers' numbers.";
    BATCH_SIZE: "Batch size" ["recipe.batch_size"], "Images in each step. Larger batches give smoother gradients and fewer steps. Images of an epoch that fill no whole batch are left out, other ones each time.", "128.";
    SEED: "Seed" ["recipe.seed"], "The start of everything random: weights, order, augmentation. The same seed gives the same curves.", "Any; try three before believing a small difference.";
    SEEDS: "Seeds" ["recipe.seeds"], "How often everything is trained, each time with the next seed. More than one makes a study: Start trains one after the other in the panel Study, where curves have bands and the verdict says what is luck.", "1 to look, 3 to say that something is better, 10 for a paper.";
    LABEL_SMOOTHING: "Label smoothing" ["recipe.label_smoothing"], "Share of each target that is spread evenly over all classes; keeps networks from being too sure.", "0; 0.1 on large data sets.";
    PRECISION: "Precision" ["recipe.precision"], "How many digits the networks multiply with. Single: 24 binary digits everywhere. bfloat16: the factors of all products of convolutions and of the head are first rounded to 8 binary digits; sums, weights, norms, the optimiser and the loss stay single, which is why training bears it. Convolutions of 3×3 round what their fast algorithm multiplies, and are off by about 1.2 % then, all others by 0.2 %. A processor with AVX512-BF16 (AMD since Zen 4, Intel's servers since Cooper Lake) takes two such products at once and trains a fifth to a half faster; every other one computes the same with single numbers and is no faster. GPUs refuse it.", "Single; bfloat16 on such a processor, or to see what short numbers do to training.";
    CLIP: "Clip gradient at" ["recipe.clip_norm"], "Scales the gradient down when its norm over all parameters exceeds this. Tames explosions.", "Off; 1 to 5 when the loss jumps.";
    EARLY_STOPPING: "Stop early" ["recipe.early_stopping"], "Stops when the validation loss has not fallen for a number of validations.", "Off; 10 when training long.";
    MIN_DELTA: "Least fall" ["recipe.early_stopping.min_delta"], "By how much the validation loss must fall to count as an improvement.", "0.";
    EVALUATE: "Validate every" ["recipe.evaluate_every.epochs", "recipe.evaluate_every.steps"], "How often every network is validated.", "Each epoch.";
    PROBE: "Gradients every" ["recipe.probe_every"], "Steps between two looks at gradients and activations; 0 never looks.", "10; costs at most a twentieth of the time.";
    METHOD: "Method" ["recipe.optimizer.method", "arms[].optimizer.method"], "The rule that turns gradients into steps.", "SGD with Nesterov momentum for residual nets; AdamW when in doubt.";
    LEARNING_RATE: "Learning rate" ["recipe.optimizer.learning_rate", "arms[].optimizer.learning_rate"], "The size of a step. The schedule scales it; for one-cycle it is the peak. The one setting that matters most.", "0.1 for SGD with batch norm, 0.001 for Adam and AdamW.";
    WEIGHT_DECAY: "Weight decay" ["recipe.optimizer.weight_decay", "arms[].optimizer.weight_decay"], "Pulls weights towards zero in every step; keeps the net from memorising.", "1e-4 to 5e-4 for SGD, 0.01 for AdamW.";
    DECAY_ALL: "Decay norms" ["recipe.optimizer.decay_norm_and_bias", "arms[].optimizer.decay_norm_and_bias"], "Whether decay also acts on norms and biases, as PyTorch does unless told otherwise.", "On, to compare with papers.";
    MOMENTUM: "Momentum" ["recipe.optimizer.method.momentum", "arms[].optimizer.method.momentum"], "Share of the last step that is kept. Smooths the path and speeds it up.", "0.9.";
    DAMPENING: "Dampening" ["recipe.optimizer.method.dampening", "arms[].optimizer.method.dampening"], "Share of each new gradient that momentum leaves out.", "0.";
    NESTEROV: "Nesterov" ["recipe.optimizer.method.nesterov", "arms[].optimizer.method.nesterov"], "Looks at the gradient one step ahead.", "On.";
    BETA1: "Beta 1" ["recipe.optimizer.method.beta1", "arms[].optimizer.method.beta1"], "How slowly the mean of gradients changes.", "0.9.";
    BETA2: "Beta 2" ["recipe.optimizer.method.beta2", "arms[].optimizer.method.beta2"], "How slowly the mean of squared gradients changes.", "0.999; 0.99 for Lion.";
    EPSILON: "Epsilon" ["recipe.optimizer.method.epsilon", "arms[].optimizer.method.epsilon"], "Added to the denominator so that tiny gradients do not make huge steps.", "1e-8; 1e-6 for LAMB.";
    ALPHA: "Alpha" ["recipe.optimizer.method.alpha", "arms[].optimizer.method.alpha"], "How slowly the mean of squared gradients changes.", "0.99.";
    CENTERED: "Centred" ["recipe.optimizer.method.centered", "arms[].optimizer.method.centered"], "Divides by the variance of gradients instead of their mean square.", "Off.";
    CURVE: "Curve" ["recipe.schedule.curve", "arms[].schedule.curve"], "How the learning rate changes over training.", "One-cycle for short runs, multi-step for the papers', cosine for anything.";
    UNIT: "Counts in" ["recipe.schedule.unit", "arms[].schedule.unit"], "What the schedule's times count in.", "Epochs.";
    WARMUP: "Warm-up" ["recipe.schedule.warmup", "arms[].schedule.warmup"], "How long the learning rate climbs before the schedule takes over.", "0; 1 to 5 epochs for very deep nets and large batches.";
    WARMUP_FROM: "Warm-up from" ["recipe.schedule.warmup_from", "arms[].schedule.warmup_from"], "Share of the learning rate that the warm-up starts from.", "0.1.";
    EVERY: "Every" ["recipe.schedule.curve.every", "arms[].schedule.curve.every"], "Time between two drops.", "A third of the training.";
    FACTOR: "Factor" ["recipe.schedule.curve.factor", "arms[].schedule.curve.factor"], "What the learning rate is multiplied by at a drop.", "0.1.";
    MILESTONES: "Milestones" ["recipe.schedule.curve.milestones", "arms[].schedule.curve.milestones"], "When the learning rate drops, separated by commas.", "Half and three quarters of the training.";
    POWER: "Power" ["recipe.schedule.curve.power", "arms[].schedule.curve.power"], "Bends the way down to zero; 1 is a straight line.", "1.";
    END: "End" ["recipe.schedule.curve.end", "arms[].schedule.curve.end"], "Share of the learning rate that is left at the end.", "0.";
    PERIOD: "Period" ["recipe.schedule.curve.period", "arms[].schedule.curve.period"], "Length of the first of the repeated cosines.", "10 epochs.";
    GROWTH: "Growth" ["recipe.schedule.curve.growth", "arms[].schedule.curve.growth"], "How much longer each cosine is than the one before.", "2.";
    RISE: "Rise" ["recipe.schedule.curve.rise", "arms[].schedule.curve.rise"], "Share of the training in which the learning rate rises.", "0.3.";
    START_DIV: "Start divisor" ["recipe.schedule.curve.start_div", "arms[].schedule.curve.start_div"], "By how much the first learning rate is below the peak.", "25.";
    FINAL_DIV: "Final divisor" ["recipe.schedule.curve.final_div", "arms[].schedule.curve.final_div"], "By how much the last learning rate is below the first.", "10,000.";
    PATIENCE: "Patience" ["recipe.schedule.curve.patience", "arms[].schedule.curve.patience", "recipe.early_stopping.patience"], "Validations without improvement that are waited out.", "10.";
    THRESHOLD: "Threshold" ["recipe.schedule.curve.threshold", "arms[].schedule.curve.threshold"], "The relative fall of the validation loss that counts as an improvement.", "1e-4.";
    PAD_CROP: "Pad and crop" ["recipe.augmentation.pad_crop"], "Pads each training image by this many pixels and cuts the original size out at a random place: small shifts.", "4 for 28 to 32 pixels.";
    FLIP: "Mirror" ["recipe.augmentation.flip"], "Mirrors half of the training images left to right.", "On for photographs, off for digits and letters.";
    CUTOUT: "Cutout" ["recipe.augmentation.cutout"], "Blanks a square of this side at a random place.", "0; 8 for 32 pixels.";
    BRIGHTNESS: "Brightness ±" ["recipe.augmentation.brightness"], "Brightens or darkens by up to this share of the full range.", "0; 0.2 for photographs.";
    CONTRAST: "Contrast ±" ["recipe.augmentation.contrast"], "Scales contrast by up to this share.", "0; 0.2 for photographs.";
    ROTATION: "Rotation ± °" ["recipe.augmentation.rotation"], "Turns by up to this many degrees either way.", "0; 10 to 15 for handwriting.";
    MIXUP: "Mixup alpha" ["recipe.augmentation.mixup"], "Mixes pairs of images and their labels; the higher, the more evenly.", "0; 0.2 on large data sets.";
}

impl Field {
    /// The rest of the field's path below another one, such as `recipe` or `arms[0].network`.
    #[must_use]
    pub fn below(&self, path: &str) -> Option<&'static str> {
        if path.is_empty() {
            return self.paths.first().copied();
        }
        let parent = without_places(path);
        self.paths.iter().find_map(|path| path.strip_prefix(&parent)?.strip_prefix('.'))
    }
}

/// The field at a path of a plan, or at the end of one: `arms[1].network.shortcut`, `network.shortcut`.
#[must_use]
pub fn at(path: &str) -> Option<&'static Field> {
    let path = without_places(path);
    let is_here = |known: &&'static str| {
        known.strip_suffix(path.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    ALL.iter().find(|field| field.paths.iter().any(is_here)).copied()
}

/// A path with the places in lists left out: `arms[].name` of `arms[2].name`.
fn without_places(path: &str) -> String {
    let mut parts = path.split('[');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| format!("{text}[]{}", part.split_once(']').map_or("", |(_, rest)| rest)))
}

/// What a field takes, as its parser says it: `none, a, b, c or d`, `a whole number of 0 or more`.
#[must_use]
pub fn takes(path: &str) -> String {
    if let Some(kind) = path.rsplit('.').next().filter(|last| ["method", "curve"].contains(last)) {
        return format!("{}, each with settings of its own", kinds::names(kind).join(", "));
    }
    let taken = |plan: Plan| {
        let mut tree = Value::try_from(plan).ok()?;
        *find_mut(&mut tree, path)? = Value::String("?".into());
        Some(match tree.try_into::<Plan>() {
            Ok(_) => "text".to_owned(),
            Err(error) => must_be(error.message()).map_or_else(|| "a table".to_owned(), |(must, _)| must),
        })
    };
    samples().into_iter().find_map(taken).unwrap_or_default()
}

/// What a field is set to where nobody has set it, as a file has it; `None` where it is left out then.
#[must_use]
pub fn usual(path: &str) -> Option<Value> {
    let bare = Plan {
        name: String::new(),
        data: Data::default(),
        recipe: Recipe::default(),
        arms: vec![Arm::new("", Network::default())],
    };
    // What belongs to a kind of optimiser or schedule is usual wherever that kind is.
    let of_kind = path.contains(".method.") || path.contains(".curve.");
    [bare].into_iter().chain(samples().into_iter().filter(|_| of_kind)).find_map(|plan| {
        let mut tree = Value::try_from(plan).ok()?;
        find_mut(&mut tree, path).map(|value| value.clone()).filter(|value| value.as_str() != Some(""))
    })
}

/// Whether a file that has what the field belongs to must have the field, too.
#[must_use]
pub fn is_needed(path: &str) -> bool {
    let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
    let refused = |plan: Plan| {
        let mut tree = Value::try_from(plan).ok()?;
        let parent = if parent.is_empty() { Some(&mut tree) } else { find_mut(&mut tree, parent) };
        parent?.as_table_mut()?.remove(name)?;
        Some(tree.try_into::<Plan>().is_err())
    };
    samples().into_iter().find_map(refused).unwrap_or_default()
}

/// What stands at a path in which places in lists are left out: the first of each list.
fn find_mut<'a>(tree: &'a mut Value, path: &str) -> Option<&'a mut Value> {
    path.split('.').try_fold(tree, |at, step| match step.strip_suffix("[]") {
        Some(list) => at.get_mut(list)?.get_mut(0),
        None => at.get_mut(step),
    })
}

/// Plans in which, taken together, every field there is has a value.
fn samples() -> Vec<Plan> {
    let bodies = [
        Body::Cifar { depth: 20, width: 16 },
        Body::ImageNet { depth: 18, width: 64 },
        Body::Stages(vec![Stage::new(1, 16, 1)]),
    ];
    let methods = Method::all();
    let each = |(index, curve): (usize, Curve)| {
        let mut recipe = Recipe {
            clip_norm: Some(1.0),
            early_stopping: Some(EarlyStopping { patience: 10, min_delta: 0.0 }),
            schedule: Schedule::from(curve),
            seeds: 2,
            precision: Precision::Bf16,
            ..Recipe::default()
        };
        recipe.optimizer.method = methods[index % methods.len()].clone();
        if index % 2 == 1 {
            (recipe.length, recipe.evaluate_every) = (Length::Steps(1), Length::Steps(1));
        }
        let mut network =
            Network { body: bodies[index % bodies.len()].clone(), norm: Norm::Group(8), ..Network::default() };
        network.stem.width = Some(16);
        let start = Start {
            arm: Some("network".into()),
            checkpoint: Checkpoint::Last,
            head: StartHead::New,
            freeze: Freeze::Stem,
            backbone_factor: 0.1,
            normalization: Expected::ImageNet,
            ..Start::from("weights")
        };
        let arm = Arm {
            color: Some(0),
            start: Some(start),
            optimizer: Some(recipe.optimizer.clone()),
            schedule: Some(recipe.schedule.clone()),
            ..Arm::new("network", network)
        };
        let data = Data {
            train_limit: Some(1000),
            validation_limit: Some(500),
            resize: Some(Resize { height: 32, width: 32, fit: Fit::Cover }),
            normalization: super::imagenet_normalization(),
            ..Data::default()
        };
        Plan { name: "experiment".into(), data, recipe, arms: vec![arm] }
    };
    Curve::all().into_iter().enumerate().map(each).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// The paths of everything below a value, tables as well as what is in them.
    fn paths(value: &Value, path: &str, found: &mut BTreeSet<String>) {
        match value {
            Value::Table(table) => {
                for (name, value) in table {
                    let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    paths(value, &path, found);
                    found.insert(path);
                }
            }
            Value::Array(items) if items.iter().any(Value::is_table) => {
                items.iter().for_each(|item| paths(item, &format!("{path}[]"), found));
            }
            _ => {}
        }
    }

    #[test]
    fn everything_that_a_file_can_hold_is_explained_and_what_is_explained_can_be_in_a_file() {
        let mut there = BTreeSet::new();
        samples().iter().for_each(|plan| paths(&Value::try_from(plan).unwrap(), "", &mut there));
        let known: BTreeSet<&str> = ALL.iter().flat_map(|field| field.paths).copied().collect();
        let strange: Vec<_> = known.iter().filter(|path| !there.contains(**path)).collect();
        assert!(strange.is_empty(), "no file has {strange:?}");
        // Tables whose fields are explained one by one, and the names of kinds, which stand for the kinds.
        let is_inside = |path: &str| {
            known.iter().any(|known| known.starts_with(&format!("{path}.")) || known.starts_with(&format!("{path}[]")))
        };
        let is_name = |path: &str| path.ends_with("method.name") || path.ends_with("curve.name");
        let unknown: Vec<_> =
            there.iter().filter(|path| !known.contains(path.as_str()) && !is_inside(path) && !is_name(path)).collect();
        assert!(unknown.is_empty(), "nobody explains {unknown:?}");
    }

    #[test]
    fn what_a_field_takes_is_what_its_parser_says() {
        let cases = [
            ("arms[].network.shortcut", "none, a, b, c or d"),
            ("recipe.batch_size", "a whole number of 0 or more"),
            ("recipe.schedule.curve.end", "a number"),
            ("arms[].network.head.bias", "true or false"),
            ("arms[].start.freeze", "none, stem, a stage as in \"stage 2\", or backbone"),
            ("data.holdout", "\"own\", or a share of the training images such as 0.1"),
            ("name", "text"),
            ("arms[].optimizer.method", "sgd, adam, adam_w, rms_prop, lion, lamb, each with settings of its own"),
        ];
        assert_eq!(cases.map(|(path, _)| takes(path)), cases.map(|(_, takes)| takes.to_owned()));
        for path in ALL.iter().flat_map(|field| field.paths) {
            assert!(!takes(path).is_empty(), "{path}");
        }
        assert_eq!(usual("recipe.batch_size"), Some(Value::Integer(128)));
        assert_eq!(usual("recipe.optimizer.method.beta2"), Some(Value::Float(0.999)));
        assert_eq!((usual("data.train_limit"), is_needed("data.train_limit")), (None, false));
        assert!(is_needed("name") && is_needed("data.resize.height") && !is_needed("arms[].start.head"));
    }

    #[test]
    fn a_field_is_found_by_its_path_and_knows_it_below_another() {
        let label = |path: &str| at(path).map(|field| field.label);
        assert_eq!(label("arms[1].network.shortcut"), Some("Shortcut"));
        assert_eq!(label("network.norm.group"), Some("Groups"));
        assert_eq!(label("recipe.optimizer.method.momentum"), Some("Momentum"));
        assert_eq!(label("recipe.nothing"), None);
        assert_eq!(FAN.below("arms[3].network"), Some("init.fan"));
        assert_eq!(DEPTH.below("arms[0].network.body.imagenet"), Some("depth"));
        assert_eq!(SEED.below("recipe.optimizer"), None);
        let seen: BTreeSet<&str> = ALL.iter().flat_map(|field| field.paths).copied().collect();
        assert_eq!(
            seen.len(),
            ALL.iter().map(|field| field.paths.len()).sum::<usize>(),
            "no path has two explanations"
        );
    }

    #[test]
    fn limits_that_are_told_are_those_that_are_checked() {
        let most = format!("from 8 to {} pixels", crate::number::count(crate::experiment::MAX_SIDE as u64));
        assert!([&IMAGE_HEIGHT, &IMAGE_WIDTH].iter().all(|field| field.what.contains(&most)), "{most}");
    }
}
