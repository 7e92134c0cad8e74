//! What each field does and what a good value is: every text behind a "?".

/// The explanation of a field.
#[derive(Debug)]
pub struct Help {
    pub what: &'static str,
    pub good: &'static str,
}

/// What a row of the form is about.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    /// What it is called.
    pub label: &'a str,
    /// The last part of its field's path.
    pub field: &'a str,
    pub help: &'static Help,
}

impl Help {
    /// A row that this explains.
    pub fn row<'a>(&'static self, label: &'a str, field: &'a str) -> Row<'a> {
        Row { label, field, help: self }
    }
}

macro_rules! help {
    ($($name:ident: $what:literal, $good:literal;)*) => { $(#[doc = $what] pub const $name: Help = Help { what: $what, good: $good };)* };
}

help! {
    PRESET: "An experiment with known-good settings. Choosing one replaces every field; fields changed since then carry a dot.", "plain-vs-residual needs no files and shows its point within minutes.";
    SOURCE: "Where the images come from: the 6,000 pictures of clothing inside the program, or a folder or file of your own: one folder per class, MNIST's IDX files or CIFAR's binary files.", "The embedded data to try things out.";
    HOLDOUT: "What the networks are validated on: images they never train on. The data set's own test images, or a share of the training images set aside by the seed, equally from every class.", "The data set's own where it has some.";
    TRAIN_LIMIT: "Trains on only this many images, balanced over the classes.", "Off; a few hundred to try something quickly.";
    VALIDATION_LIMIT: "Validates on only this many images, balanced over the classes.", "Off; fewer make validation quicker and its numbers rougher.";
    RESIZE: "Brings every image to one size. Needed where the images of a folder differ in size.", "32 × 32 for small nets, 64 × 64 and more for the ImageNet family.";
    IMAGE_SIDE: "A side that every image is brought to, from 8 to 1,024 pixels.", "32 for small nets.";
    FIT: "What happens to images of another shape: fill the frame and cut off the rest, fit inside with black bars, or stretch.", "Cover.";
    CHANNELS: "Whether networks see gray or colour. Colour has three input channels.", "As the data set has them.";
    MEAN: "Subtracted from each channel of pixels between 0 and 1, one number for gray and three for colour.", "0.485, 0.456, 0.406 for weights trained on ImageNet.";
    STD: "What each channel is divided by after that.", "0.229, 0.224, 0.225 for weights trained on ImageNet.";
    NORMALIZATION: "How pixel values between 0 and 1 become network inputs: shifted and scaled so that the training images have mean 0 and standard deviation 1, or left alone.", "Measured.";

    RUN_NAME: "What the experiment is called; its run folder begins with the date and this.", "What the experiment is to show.";
    ARM_NAME: "What this network is called on every plot and in the run's folder.", "A word that says how it differs from the others.";
    FAMILY: "How the stages are laid out. CIFAR: three stages of widths w, 2w, 4w for small images. ImageNet: four stages of widths w, 2w, 4w, 8w for large ones. Stages: spelled out, as the preset has them.", "CIFAR for images up to 64 pixels.";
    DEPTH: "Layers with weights on the longest path. CIFAR nets have 6n + 2 of them, 9n + 2 with bottlenecks; ImageNet nets 18 or 34, with bottlenecks 50, 101 or 152.", "20 trains quickly; 56 shows what shortcuts are for.";
    WIDTH: "Channels of the first stage; each later stage has twice as many. Cost grows with its square.", "16 in the CIFAR nets of He et al., 64 in the ImageNet nets.";
    ENTRY: "What takes the stage before to the shape of this one: its first block, or a convolution and a max-pool before it, as in Page's ResNet-9.", "The first block.";
    BLOCKS: "Blocks in this stage.", "1 to 6.";
    STAGE_WIDTH: "Channels of this stage's 3×3 convolutions.", "Twice the stage before where the stride is 2.";
    STRIDE: "By how much this stage's first block shrinks the map.", "1 in the first stage, 2 in the others.";
    STEM: "What comes before the first block.", "3×3 for small images; 7×7 and a pool for 64 pixels and more.";
    STEM_WIDTH: "Channels of the stem; as many as the first stage has if off.", "Off.";
    BLOCK: "What a block is made of: two 3×3 convolutions (basic), or 1×1, 3×3, 1×1 (bottleneck); pre-activation puts norm and activation before the convolutions.", "Basic up to about 50 layers, bottleneck beyond.";
    SHORTCUT: "What carries a block's input past its convolutions. None: the plain net of the same depth, width and parameters. A: identity, zeros for new channels. B: a 1×1 convolution where the shape changes. C: a 1×1 convolution everywhere. D: average pool and 1×1 convolution where the shape changes.", "A or B; none to see degradation.";
    NORM: "Normalisation after (or before) each convolution: over the batch, over groups of channels, or none.", "Batch, with 32 or more images a step; group with fewer.";
    GROUPS: "Groups of channels that are normalised together; must divide every width.", "8.";
    ACTIVATION: "The non-linearity between layers.", "ReLU.";
    DOWNSAMPLING: "How a block with a stride shrinks its map: the convolution's stride, or pooling.", "Strided convolution.";
    GAIN: "α in shortcut + α·F(x): how strongly a block's branch is weighed against its shortcut.", "1; less than 1 tames very deep nets without norm.";
    GAIN_LEARNED: "Lets every block learn its own α, starting from the value above (SkipInit).", "Off; on with α = 0 for nets without norm.";
    STOCHASTIC_DEPTH: "Probability of leaving out the last block's branch in a training step, growing from 0 at the input.", "0; 0.1 to 0.5 against overfitting in deep nets.";
    SCHEME: "How large the initial weights are. Kaiming (also called after its author: He) keeps the signal's variance through ReLUs, Xavier through linear layers, orthogonal keeps lengths exactly.", "Kaiming.";
    DISTRIBUTION: "The shape of the initial weights' distribution; orthogonal ignores it.", "Normal.";
    FAN: "What Kaiming's variance divides by: inputs keep the forward signal, outputs keep the gradient.", "Fan-out.";
    ZERO_GAMMA: "Starts each block's last norm at zero, so that every block begins as its shortcut alone.", "Off; on helps very deep residual nets and large batches.";
    DROPOUT: "Probability of zeroing each pooled feature in a training step.", "0; 0.2 to 0.5 on small data sets.";
    HEAD_POOL: "How each channel's map becomes one number before the last layer.", "Average.";
    HEAD_BIAS: "Whether the last layer has a bias.", "On.";
    HEAD_SCALE: "What the logits are multiplied by.", "1; 0.125 in Page's ResNet-9.";
    NAMING: "Whose names the weights have in files: those of the CIFAR nets (linear, shortcut) or torchvision's (fc, downsample). Changes nothing else.", "That of the weights you compare with.";
    START: "Weights that this network starts from instead of fresh ones: a file as PyTorch saves them, or the folder of a run.", "Off; weights that know similar pictures where you have few of your own.";
    START_HEAD: "What becomes of the head, which tells the classes apart: kept if it is for the same classes, always new, or always kept.", "New for classes of your own.";
    FREEZE: "The part that stays as it is, from the front: it is not trained, and its norms use their running statistics.", "All but the head with few images; nothing, or the stem, with many.";
    BACKBONE_FACTOR: "The learning rate of everything but the head, as a share of the head's.", "0.1 where the backbone is trained, too.";
    EXPECTED: "Which mean and deviation the weights expect of their images. A run knows its own; files do not say. It counts where images are normalised as measured.", "ImageNet's numbers for torchvision's weights.";
    OWN_SCHEDULE: "Gives this network a learning-rate schedule of its own instead of the one all share.", "Off, so that only the networks differ.";
    OWN_OPTIMIZER: "Trains this network with its own optimiser instead of the one all share.", "Off, so that only the networks differ.";

    LENGTH: "How long to train: passes over the training images (epochs), or single optimiser steps.", "6 epochs for a first look, 100 and more for the papers' numbers.";
    BATCH_SIZE: "Images in each step. Larger batches give smoother gradients and fewer steps. Images of an epoch that fill no whole batch are left out, other ones each time.", "128.";
    SEED: "The start of everything random: weights, order, augmentation. The same seed gives the same curves.", "Any; try three before believing a small difference.";
    SEEDS: "How often everything is trained, each time with the next seed. More than one makes a study: Start trains one after the other in the panel Study, where curves have bands and the verdict says what is luck.", "1 to look, 3 to say that something is better, 10 for a paper.";
    LABEL_SMOOTHING: "Share of each target that is spread evenly over all classes; keeps networks from being too sure.", "0; 0.1 on large data sets.";
    PRECISION: "How many digits the networks multiply with. Single: 24 binary digits everywhere. bfloat16: the factors of all products of convolutions and of the head are first rounded to 8 binary digits; sums, weights, norms, the optimiser and the loss stay single, which is why training bears it. A processor with AVX512-BF16 (AMD since Zen 4, Intel's servers since Cooper Lake) takes two such products at once where a network trains; every other one computes the same with single numbers and is no faster. GPUs refuse it.", "Single; bfloat16 on such a processor, or to see what short numbers do to training.";
    CLIP: "Scales the gradient down when its norm over all parameters exceeds this. Tames explosions.", "Off; 1 to 5 when the loss jumps.";
    EARLY_STOPPING: "Stops when the validation loss has not fallen for a number of validations.", "Off; 10 when training long.";
    MIN_DELTA: "By how much the validation loss must fall to count as an improvement.", "0.";
    EVALUATE: "How often every network is validated.", "Each epoch.";
    PROBE: "Steps between two looks at gradients and activations; 0 never looks.", "10; costs at most a twentieth of the time.";

    METHOD: "The rule that turns gradients into steps.", "SGD with Nesterov momentum for residual nets; AdamW when in doubt.";
    LEARNING_RATE: "The size of a step. The schedule scales it; for one-cycle it is the peak. The one setting that matters most.", "0.1 for SGD with batch norm, 0.001 for Adam and AdamW.";
    WEIGHT_DECAY: "Pulls weights towards zero in every step; keeps the net from memorising.", "1e-4 to 5e-4 for SGD, 0.01 for AdamW.";
    DECAY_ALL: "Whether decay also acts on norms and biases, as PyTorch does unless told otherwise.", "On, to compare with papers.";
    MOMENTUM: "Share of the last step that is kept. Smooths the path and speeds it up.", "0.9.";
    DAMPENING: "Share of each new gradient that momentum leaves out.", "0.";
    NESTEROV: "Looks at the gradient one step ahead.", "On.";
    BETA1: "How slowly the mean of gradients changes.", "0.9.";
    BETA2: "How slowly the mean of squared gradients changes.", "0.999; 0.99 for Lion.";
    EPSILON: "Added to the denominator so that tiny gradients do not make huge steps.", "1e-8; 1e-6 for LAMB.";
    ALPHA: "How slowly the mean of squared gradients changes.", "0.99.";
    CENTERED: "Divides by the variance of gradients instead of their mean square.", "Off.";

    CURVE: "How the learning rate changes over training.", "One-cycle for short runs, multi-step for the papers', cosine for anything.";
    UNIT: "What the schedule's times count in.", "Epochs.";
    WARMUP: "How long the learning rate climbs before the schedule takes over.", "0; 1 to 5 epochs for very deep nets and large batches.";
    WARMUP_FROM: "Share of the learning rate that the warm-up starts from.", "0.1.";
    EVERY: "Time between two drops.", "A third of the training.";
    FACTOR: "What the learning rate is multiplied by at a drop.", "0.1.";
    MILESTONES: "When the learning rate drops, separated by commas.", "Half and three quarters of the training.";
    POWER: "Bends the way down to zero; 1 is a straight line.", "1.";
    END: "Share of the learning rate that is left at the end.", "0.";
    PERIOD: "Length of the first of the repeated cosines.", "10 epochs.";
    GROWTH: "How much longer each cosine is than the one before.", "2.";
    RISE: "Share of the training in which the learning rate rises.", "0.3.";
    START_DIV: "By how much the first learning rate is below the peak.", "25.";
    FINAL_DIV: "By how much the last learning rate is below the first.", "10,000.";
    PATIENCE: "Validations without improvement that are waited out.", "10.";
    THRESHOLD: "The relative fall of the validation loss that counts as an improvement.", "1e-4.";

    PAD_CROP: "Pads each training image by this many pixels and cuts the original size out at a random place: small shifts.", "4 for 28 to 32 pixels.";
    FLIP: "Mirrors half of the training images left to right.", "On for photographs, off for digits and letters.";
    CUTOUT: "Blanks a square of this side at a random place.", "0; 8 for 32 pixels.";
    BRIGHTNESS: "Brightens or darkens by up to this share of the full range.", "0; 0.2 for photographs.";
    CONTRAST: "Scales contrast by up to this share.", "0; 0.2 for photographs.";
    ROTATION: "Turns by up to this many degrees either way.", "0; 10 to 15 for handwriting.";
    MIXUP: "Mixes pairs of images and their labels; the higher, the more evenly.", "0; 0.2 on large data sets.";
    IMMEDIATE: "For playing: every change of the form starts training anew at once and keeps no run. So that this is quick, it takes 40 steps of small batches on a few images, with the learning rate scaled to them, which the bar shows; the log says how many.", "Off for real runs.";
    DEVICE: "Where the networks train. Auto takes a real GPU if there is one, else the CPU with the fused kernels. NdArray is slow and there to check the others against.", "Auto.";
}

/// The settings of update rules by their ids.
const RULES: [(&str, &Help); 8] = [
    ("momentum", &MOMENTUM),
    ("dampening", &DAMPENING),
    ("nesterov", &NESTEROV),
    ("beta1", &BETA1),
    ("beta2", &BETA2),
    ("epsilon", &EPSILON),
    ("alpha", &ALPHA),
    ("centered", &CENTERED),
];

/// The explanation of a setting of an update rule; of update rules as such for one without its own.
#[must_use]
pub fn of_rule(id: &str) -> &'static Help {
    RULES.iter().find(|(known, _)| *known == id).map_or(&METHOD, |(_, help)| help)
}

#[cfg(test)]
mod tests {
    use super::*;
    use lab_core::experiment::Method;

    #[test]
    fn every_setting_of_every_rule_is_explained() {
        for mut method in Method::all() {
            for setting in method.settings() {
                assert!(RULES.iter().any(|(id, _)| *id == setting.id), "{} of {}", setting.id, setting.label);
            }
        }
    }
}
