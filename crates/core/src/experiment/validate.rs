//! The rules a plan must keep, each with the field's path, its value and the range allowed.

use super::kind_setting::{Bound, KindSetting, Set};
use super::{Arm, Body, Data, Expected, Freeze, Holdout, Length, MAX_ARMS, MAX_SEEDS, MAX_SIDE, Method, Network, Norm};
use super::{Normalization, Optimizer, Plan, Recipe, Resize, Schedule, StageEntry, Start};
use std::fmt;

/// A field that is out of range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// Where, as written in a file: `recipe.batch_size`, `arms[1].network.body`.
    pub field: String,
    pub value: String,
    /// What is allowed.
    pub rule: String,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}, but must be {}", self.field, self.value, self.rule)
    }
}

/// Collects what breaks a rule below one path.
struct Check<'a> {
    path: String,
    found: &'a mut Vec<Invalid>,
}

impl Check<'_> {
    fn below(&mut self, part: &str) -> Check<'_> {
        let path = if self.path.is_empty() { part.to_owned() } else { format!("{}.{part}", self.path) };
        Check { path, found: self.found }
    }

    fn hold(&mut self, field: &str, value: impl fmt::Display, holds: bool, rule: impl Into<String>) {
        if !holds {
            let field = self.below(field).path;
            self.found.push(Invalid { field, value: value.to_string(), rule: rule.into() });
        }
    }

    /// `low ≤ value ≤ high`; not-a-number never holds.
    fn range<T: PartialOrd + fmt::Display + Copy>(&mut self, field: &str, value: T, low: T, high: T) {
        let holds = value >= low && value <= high;
        let rule = format!("from {low} to {high}");
        self.hold(field, value, holds, rule);
    }

    /// `0 ≤ value < 1`
    fn share(&mut self, field: &str, value: impl fmt::Display + Copy + Into<f64>) {
        self.hold(field, value, (0.0..1.0).contains(&value.into()), "at least 0 and below 1");
    }

    /// `0 < value ≤ high`
    fn positive(&mut self, field: &str, value: f64, high: f64) {
        self.hold(field, value, value > 0.0 && value <= high, format!("above 0 and at most {high}"));
    }
}

/// Everything that is wrong with a plan.
pub(super) fn plan(plan: &Plan) -> Vec<Invalid> {
    let mut found = Vec::new();
    let mut check = Check { path: String::new(), found: &mut found };
    name(&mut check, &plan.name);
    data(&mut check.below("data"), &plan.data);
    recipe(&mut check.below("recipe"), &plan.recipe);
    let count = plan.arms.len();
    check.hold("arms", format!("{count} arms"), (1..=MAX_ARMS).contains(&count), format!("1 to {MAX_ARMS} arms"));
    for (index, each) in plan.arms.iter().enumerate() {
        let mut check = check.below(&format!("arms[{index}]"));
        arm(&mut check, each);
        if let Some(from) = &each.start {
            start(&mut check.below("start"), from, each, &plan.data.normalization);
        }
        let twice = plan.arms[..index].iter().any(|other| other.name == each.name);
        check.hold("name", format!("\"{}\" again", each.name), !twice, "different from every other arm's");
    }
    found
}

/// Names become folder names, so they stay clear of separators and control characters.
fn name(check: &mut Check, name: &str) {
    let clean = name.chars().all(|c| !c.is_control() && !"/\\:*?\"<>|".contains(c));
    let holds = clean && !name.trim().is_empty() && name.chars().count() <= 80 && !name.starts_with('.');
    let rule = "1 to 80 characters, not starting with a dot, without / \\ : * ? \" < > |";
    check.hold("name", format!("\"{name}\""), holds, rule);
}

fn data(check: &mut Check, data: &Data) {
    if let Holdout::Share(share) = data.holdout {
        check.hold("holdout", share, share > 0.0 && share <= 0.5, "\"own\", or a share above 0 and at most 0.5");
    }
    for (field, limit) in [("train_limit", data.train_limit), ("validation_limit", data.validation_limit)] {
        if let Some(limit) = limit {
            check.hold(field, limit, limit >= 1, "at least 1");
        }
    }
    if let Some(Resize { height, width, .. }) = data.resize {
        let mut check = check.below("resize");
        check.range("height", height, 8, MAX_SIDE);
        check.range("width", width, 8, MAX_SIDE);
    }
    if let Normalization::Given { mean, std } = &data.normalization {
        let mut check = check.below("normalization");
        let lengths = matches!((mean.len(), std.len()), (1, 1) | (3, 3));
        check.hold("given", format!("{mean:?}, {std:?}"), lengths, "one mean and one std for each of 1 or 3 channels");
        let finite = mean.iter().all(|m| m.is_finite());
        check.hold("given.mean", format!("{mean:?}"), finite, "finite numbers");
        let positive = std.iter().all(|s| s.is_finite() && *s > 0.0);
        check.hold("given.std", format!("{std:?}"), positive, "finite numbers above 0");
    }
}

fn recipe(check: &mut Check, recipe: &Recipe) {
    length(&mut check.below("length"), recipe.length);
    check.range("batch_size", recipe.batch_size, 1, 65_536);
    // TOML's integers are signed.
    check.range("seed", recipe.seed, 0, i64::MAX.unsigned_abs());
    check.range("seeds", recipe.seeds, 1, MAX_SEEDS);
    optimizer(&mut check.below("optimizer"), &recipe.optimizer);
    schedule(&mut check.below("schedule"), &recipe.schedule);
    check.share("label_smoothing", recipe.label_smoothing);
    let augmentation = &recipe.augmentation;
    let mut below = check.below("augmentation");
    below.range("pad_crop", augmentation.pad_crop, 0, 64);
    below.range("cutout", augmentation.cutout, 0, 512);
    below.range("brightness", augmentation.brightness, 0.0, 1.0);
    below.range("contrast", augmentation.contrast, 0.0, 1.0);
    below.range("rotation", augmentation.rotation, 0.0, 180.0);
    below.range("mixup", augmentation.mixup, 0.0, 10.0);
    if let Some(norm) = recipe.clip_norm {
        check.positive("clip_norm", norm, 1e6);
    }
    if let Some(stopping) = recipe.early_stopping {
        check.range("early_stopping.patience", stopping.patience, 1, 100_000);
        check.range("early_stopping.min_delta", stopping.min_delta, 0.0, 1e3);
    }
    length(&mut check.below("evaluate_every"), recipe.evaluate_every);
    check.range("probe_every", recipe.probe_every, 0, 1_000_000);
}

fn length(check: &mut Check, length: Length) {
    match length {
        Length::Epochs(epochs) => check.range("epochs", epochs, 1, 100_000),
        Length::Steps(steps) => check.range("steps", steps, 1, 100_000_000),
    }
}

fn optimizer(check: &mut Check, optimizer: &Optimizer) {
    check.positive("learning_rate", optimizer.learning_rate, 1e3);
    check.range("weight_decay", optimizer.weight_decay, 0.0, 1e2);
    let mut check = check.below("method");
    kind(&mut check, optimizer.method.clone().settings());
    if let Method::Sgd { momentum, dampening, nesterov } = optimizer.method {
        let holds = !nesterov || (momentum > 0.0 && dampening == 0.0);
        check.hold("nesterov", nesterov, holds, "false unless momentum is above 0 and dampening is 0");
    }
}

fn schedule(check: &mut Check, schedule: &Schedule) {
    check.range("warmup", schedule.warmup, 0.0, 1e8);
    check.range("warmup_from", schedule.warmup_from, 0.0, 1.0);
    kind(&mut check.below("curve"), schedule.curve.clone().settings());
}

/// What is set of a kind of optimiser or schedule.
fn kind(check: &mut Check, settings: Vec<KindSetting>) {
    for KindSetting { id, value } in settings {
        match value {
            Set::Number(value, Bound::Share) => check.share(id, *value),
            Set::Number(value, Bound::Part) => {
                check.hold(id, &value, *value > 0.0 && *value < 1.0, "above 0 and below 1");
            }
            Set::Number(value, Bound::Between(low, high)) => check.range(id, *value, low, high),
            Set::Number(value, Bound::Positive(high)) => check.positive(id, *value, high),
            Set::Times(times) => {
                let ascending = times.windows(2).all(|pair| pair[0] < pair[1]);
                let positive = times.iter().all(|time| time.is_finite() && *time > 0.0);
                let holds = ascending && positive && !times.is_empty();
                check.hold(id, format!("{times:?}"), holds, "one or more ascending times above 0");
            }
            Set::Count(_) | Set::Switch(_) => {}
        }
    }
}

fn arm(check: &mut Check, arm: &Arm) {
    name(check, &arm.name);
    if let Some(color) = arm.color {
        let holds = usize::from(color) < MAX_ARMS;
        check.hold("color", color, holds, format!("below {MAX_ARMS}"));
    }
    if let Some(own) = &arm.optimizer {
        optimizer(&mut check.below("optimizer"), own);
    }
    if let Some(own) = &arm.schedule {
        schedule(&mut check.below("schedule"), own);
    }
    network(&mut check.below("network"), &arm.network);
}

fn start(check: &mut Check, start: &Start, arm: &Arm, normalization: &Normalization) {
    let named = !start.weights.as_os_str().is_empty();
    check.hold("weights", "nothing", named, "a file of weights or the folder of a run");
    check.range("backbone_factor", start.backbone_factor, 0.0, 1.0);
    let stages = arm.network.stages().len();
    if let Freeze::Stage(stage) = start.freeze {
        let rule = format!("none, stem, \"stage 1\" to \"stage {stages}\", or backbone");
        check.hold("freeze", format!("\"{}\"", start.freeze), (1..=stages).contains(&stage), rule);
    }
    let free = start.normalization != Expected::ImageNet || *normalization == Normalization::Measured;
    let rule = "own or any where data.normalization is not measured: images are normalised in one way only";
    check.hold("normalization", "imagenet", free, rule);
}

fn network(check: &mut Check, network: &Network) {
    if let Some(width) = network.stem.width {
        check.range("stem.width", width, 1, 4096);
    }
    body(&mut check.below("body"), network);
    if let Norm::Group(groups) = network.norm {
        let mut widths = vec![network.stem_width()];
        for stage in network.stages() {
            widths.extend([stage.width, network.block.out_channels(stage.width)]);
        }
        let rule = format!("a number of groups that divides every width ({widths:?})");
        let holds = groups > 0 && widths.iter().all(|width| width % groups == 0);
        check.hold("norm.group", groups, holds, rule);
    }
    let gain = network.gain.value;
    check.hold("gain.value", gain, gain.is_finite() && gain.abs() <= 100.0, "from -100 to 100");
    let plain_gain = network.is_residual() || (gain == 1.0 && !network.gain.learned);
    check.hold("gain", "set", plain_gain, "left alone in a plain net: there is no addition to weigh");
    check.share("stochastic_depth", network.stochastic_depth);
    let holds = network.is_residual() || network.stochastic_depth == 0.0;
    check.hold("stochastic_depth", network.stochastic_depth, holds, "0 in a plain net: dropping a block would cut it");
    let zero_gamma = network.init.zero_gamma;
    let holds =
        !zero_gamma || (network.is_residual() && network.norm != Norm::None && !network.block.is_pre_activation());
    let rule = "false unless blocks are residual and end in a norm: a zero scale would silence the net";
    check.hold("init.zero_gamma", zero_gamma, holds, rule);
    check.share("head.dropout", network.head.dropout);
    check.positive("head.scale", network.head.scale, 1e3);
}

fn body(check: &mut Check, network: &Network) {
    match &network.body {
        Body::Cifar { depth, width } => {
            let layers = 3 * network.block.convolutions();
            let holds = network.block.cifar_blocks(*depth).is_some();
            let below = network.block.cifar_depths().take_while(|known| known < depth).last();
            let above = network.block.cifar_depths().find(|known| known > depth);
            let nearest: Vec<String> = below.iter().chain(&above).map(usize::to_string).collect();
            let rule = match above {
                Some(_) => format!("{layers}n + 2 for this block, such as {}", nearest.join(" or ")),
                None => format!("{layers}n + 2 for this block and at most {}", nearest.join("")),
            };
            check.hold("cifar.depth", depth, holds, rule);
            check.range("cifar.width", *width, 1, 1024);
        }
        Body::ImageNet { depth, width } => {
            let depths = if network.block.is_bottleneck() { "50, 101 or 152" } else { "18 or 34" };
            let holds = network.block.imagenet_blocks(*depth).is_some();
            check.hold("imagenet.depth", depth, holds, format!("{depths} for this block"));
            check.range("imagenet.width", *width, 1, 512);
        }
        Body::Stages(stages) => {
            check.hold(
                "stages",
                format!("{} stages", stages.len()),
                (1..=16).contains(&stages.len()),
                "1 to 16 stages",
            );
            for (index, stage) in stages.iter().enumerate() {
                let mut check = check.below(&format!("stages[{index}]"));
                let least = usize::from(stage.entry == StageEntry::Block);
                check.range("blocks", stage.blocks, least, 1000);
                check.range("width", stage.width, 1, 4096);
                check.range("stride", stage.stride, 1, 4);
            }
        }
    }
}
