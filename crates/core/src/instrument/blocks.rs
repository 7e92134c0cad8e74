//! What is found block by block: gradients, lesions, probes, paths.

use super::sheet::{Sheet, cell, maybe};
use serde::{Deserialize, Serialize};

/// How a network does on a set of images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Images.
    pub images: usize,
    /// Share classified correctly.
    pub accuracy: f64,
    /// Mean cross-entropy.
    pub loss: f64,
}

/// What a batch shows in one block.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BlockLook {
    /// `layer1.0`
    pub block: String,
    /// ‖∂L/∂x‖ of the block's input.
    pub input_gradient: f64,
    /// ‖∂L/∂y‖ of its output.
    pub output_gradient: f64,
    /// ‖∂L/∂W‖ over its parameters.
    pub weight_gradient: f64,
    /// ‖W‖ over its parameters.
    pub weight_norm: f64,
    /// ‖αF(x)‖ / ‖x‖; `None` without a shortcut.
    pub branch_ratio: Option<f64>,
    /// Standard deviation of each convolution's output after norm, before activation and addition.
    pub responses: Vec<f64>,
    /// Share of the channels behind its ReLUs that are 0 on the whole batch; `None` without ReLUs.
    pub dead: Option<f64>,
    /// Share of the values behind its ReLUs that are 0.
    pub zeros: Option<f64>,
}

/// What a batch shows in one parameter.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LayerLook {
    /// PyTorch's name of the parameter.
    pub parameter: String,
    /// ‖∂L/∂W‖
    pub gradient: f64,
    /// ‖W‖
    pub norm: f64,
}

/// What a batch shows in one network.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GradientLook {
    /// Images of the batch.
    pub images: usize,
    /// Its mean cross-entropy.
    pub loss: f64,
    /// From the input to the head.
    pub blocks: Vec<BlockLook>,
    /// Every trained parameter, in the network's order.
    pub layers: Vec<LayerLook>,
}

/// Below this share of the largest block's gradient, a block no longer learns.
const VANISHED: f64 = 1e-7;
/// Above this multiple of the last block's, a gradient explodes on its way to the input.
const EXPLODED: f64 = 1e3;
/// Above this share of dead channels a block is called dead.
const DEAD: f64 = 0.5;

impl GradientLook {
    /// What a person should know, with the block named: gradients that vanish, explode or are no numbers, and ReLUs
    /// that are dead.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut found = Vec::new();
        let broken = |block: &&BlockLook| !(block.input_gradient.is_finite() && block.weight_gradient.is_finite());
        if let Some(block) = self.blocks.iter().find(broken) {
            found.push(format!(
                "The gradient of {} is no finite number: lower the learning rate, or add norm.",
                block.block
            ));
            return found;
        }
        // Of a block's two gradients the one that is smaller beside the largest of its kind.
        let largest = |of: fn(&BlockLook) -> f64| self.blocks.iter().map(of).fold(f64::MIN_POSITIVE, f64::max);
        let (weights, inputs) = (largest(|block| block.weight_gradient), largest(|block| block.input_gradient));
        let share = |block: &BlockLook| (block.weight_gradient / weights).min(block.input_gradient / inputs);
        let vanished: Vec<&BlockLook> = self.blocks.iter().filter(|block| share(block) < VANISHED).collect();
        if let Some(least) = vanished.iter().min_by(|a, b| share(a).total_cmp(&share(b))) {
            found.push(format!(
                "Gradients vanish in {} of {} blocks, most in {}: {:.1e} of the largest block's arrives there. Shortcuts, \
                 batch norm or He initialisation keep them alive.",
                vanished.len(),
                self.blocks.len(),
                least.block,
                share(least)
            ));
        }
        if let (Some(last), Some(most)) =
            (self.blocks.last(), self.blocks.iter().max_by(|a, b| a.input_gradient.total_cmp(&b.input_gradient)))
            && last.output_gradient > 0.0
            && most.input_gradient > EXPLODED * last.output_gradient
        {
            found.push(format!(
                "Gradients explode on their way to the input: at {} they are {:.1e} times as large as behind the last \
                 block. Scale branches by 1/√blocks, start the last norms at zero, or clip.",
                most.block,
                most.input_gradient / last.output_gradient
            ));
        }
        let dead: Vec<&BlockLook> =
            self.blocks.iter().filter(|block| block.dead.is_some_and(|share| share > DEAD)).collect();
        if let Some(worst) = dead.iter().max_by(|a, b| a.dead.unwrap_or(0.0).total_cmp(&b.dead.unwrap_or(0.0))) {
            found.push(format!(
                "ReLUs are dead in {} of {} blocks, most in {}: {:.0} % of its channels are 0 on the whole batch. Lower \
                 the learning rate, or use a leaky ReLU.",
                dead.len(),
                self.blocks.len(),
                worst.block,
                100.0 * worst.dead.unwrap_or(0.0)
            ));
        }
        found
    }

    /// A row for each block and one for each parameter.
    #[must_use]
    pub fn sheets(&self) -> Vec<Sheet> {
        let header = [
            "block",
            "input gradient",
            "output gradient",
            "weight gradient",
            "weight norm",
            "gradient / weight",
            "branch / input",
            "dead channels",
            "zeros",
            "responses",
        ];
        let mut blocks = Sheet::new("gradients", &header);
        for block in &self.blocks {
            let numbers = [block.input_gradient, block.output_gradient, block.weight_gradient, block.weight_norm];
            let ratio = block.weight_gradient / block.weight_norm;
            let absent = [block.branch_ratio, block.dead, block.zeros].map(maybe);
            let responses = block.responses.iter().map(|&response| cell(response)).collect::<Vec<_>>().join(" ");
            let cells = [block.block.clone()].into_iter().chain(numbers.map(cell)).chain([cell(ratio)]);
            blocks.push(cells.chain(absent).chain([responses]));
        }
        let mut layers = Sheet::new("parameters", &["parameter", "gradient", "norm", "gradient / norm"]);
        for layer in &self.layers {
            let numbers = [layer.gradient, layer.norm, layer.gradient / layer.norm].map(cell);
            layers.push([layer.parameter.clone()].into_iter().chain(numbers));
        }
        vec![blocks, layers]
    }
}

/// A block left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Lesion {
    /// `layer2.0`
    pub block: String,
    /// Whether the block changes the map's shape.
    pub reshapes: bool,
    /// The score without it; `None` for a block of a plain net that cannot be left out.
    pub score: Option<Score>,
}

/// A network with each of its blocks left out in turn.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Lesions {
    /// The score of the whole network.
    pub whole: Score,
    /// The blocks done so far, in order.
    pub blocks: Vec<Lesion>,
}

impl Lesions {
    /// A row for the whole and each block.
    #[must_use]
    pub fn sheet(&self) -> Sheet {
        let mut sheet = Sheet::new("lesions", &["without", "reshapes", "images", "accuracy", "loss"]);
        let cells = |score: &Score| [score.images.to_string(), cell(score.accuracy), cell(score.loss)];
        sheet.push(["nothing".to_owned(), String::new()].into_iter().chain(cells(&self.whole)));
        for lesion in &self.blocks {
            let numbers = lesion.score.as_ref().map_or_else(Default::default, cells);
            sheet.push([lesion.block.clone(), lesion.reshapes.to_string()].into_iter().chain(numbers));
        }
        sheet
    }
}

/// Several draws with the same number of blocks left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Band {
    /// Blocks left out.
    pub removed: usize,
    /// The score of each draw.
    pub draws: Vec<Score>,
}

impl Band {
    /// The least, the mean and the largest error.
    #[must_use]
    pub fn error(&self) -> [f64; 3] {
        let errors = || self.draws.iter().map(|score| 1.0 - score.accuracy);
        let mean = errors().sum::<f64>() / self.draws.len().max(1) as f64;
        [errors().fold(f64::INFINITY, f64::min), mean, errors().fold(f64::NEG_INFINITY, f64::max)]
    }

    /// A row for each number of blocks.
    #[must_use]
    pub fn sheet(bands: &[Self]) -> Sheet {
        let mut sheet = Sheet::new("removals", &["removed", "draws", "least error", "mean error", "largest error"]);
        for band in bands {
            let counts = [band.removed.to_string(), band.draws.len().to_string()];
            sheet.push(counts.into_iter().chain(band.error().map(cell)));
        }
        sheet
    }
}

/// Blocks in another order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Swap {
    /// Pairs swapped.
    pub swaps: usize,
    /// Kendall's τ between this order and the trained one: 1 for the same.
    pub tau: f64,
    /// The score.
    pub score: Score,
}

impl Swap {
    /// A row for each draw.
    #[must_use]
    pub fn sheet(all: &[Self]) -> Sheet {
        let mut sheet = Sheet::new("swaps", &["swaps", "Kendall tau", "accuracy", "loss"]);
        for swap in all {
            let numbers = [swap.tau, swap.score.accuracy, swap.score.loss].map(cell);
            sheet.push([swap.swaps.to_string()].into_iter().chain(numbers));
        }
        sheet
    }
}

/// Every branch weighed once more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Gain {
    /// The factor α.
    pub gain: f64,
    /// The score.
    pub score: Score,
}

impl Gain {
    /// A row for each factor.
    #[must_use]
    pub fn sheet(all: &[Self]) -> Sheet {
        let mut sheet = Sheet::new("gains", &["gain", "accuracy", "loss"]);
        all.iter().for_each(|gain| sheet.push([gain.gain, gain.score.accuracy, gain.score.loss].map(cell)));
        sheet
    }
}

/// A linear classifier behind a block.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Exit {
    /// `layer2.0`
    pub block: String,
    /// On the images it was fitted to.
    pub train_accuracy: f64,
    /// On the validation images.
    pub accuracy: f64,
}

impl Exit {
    /// A row for each block.
    #[must_use]
    pub fn sheet(all: &[Self]) -> Sheet {
        let mut sheet = Sheet::new("exits", &["block", "training accuracy", "validation accuracy"]);
        for exit in all {
            sheet.push([exit.block.clone(), cell(exit.train_accuracy), cell(exit.accuracy)]);
        }
        sheet
    }
}

/// What remains when one block is cut.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cut {
    /// The block; empty for the whole network.
    pub block: String,
    /// Logits without its branch; `None` where nothing carries the signal past it.
    pub without_branch: Option<Vec<f32>>,
    /// Logits without its shortcut; `None` where it has none.
    pub without_shortcut: Option<Vec<f32>>,
}

impl Cut {
    /// A row for each block and cut.
    #[must_use]
    pub fn sheet(all: &[Self], classes: &[String]) -> Sheet {
        let mut sheet = Sheet::new("cuts", &["block", "cut"]);
        sheet.header.extend(classes.iter().cloned());
        for cut in all {
            for (what, logits) in [("branch", &cut.without_branch), ("shortcut", &cut.without_shortcut)] {
                let Some(logits) = logits else { continue };
                let what = if cut.block.is_empty() { "nothing" } else { what };
                let numbers = logits.iter().map(|&logit| cell(f64::from(logit)));
                sheet.push([cut.block.clone(), what.to_owned()].into_iter().chain(numbers));
            }
        }
        sheet
    }
}

/// The gradient through paths of one length.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PathLength {
    /// Branches that the path takes; the other blocks are passed by their shortcut.
    pub branches: usize,
    /// C(n, k) / 2ⁿ: the share of all paths that have this length.
    pub share: f64,
    /// ‖∂L/∂input‖ of each random path.
    pub norms: Vec<f64>,
}

impl PathLength {
    /// The mean norm.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.norms.iter().sum::<f64>() / self.norms.len().max(1) as f64
    }

    /// A row for each length.
    #[must_use]
    pub fn sheet(all: &[Self]) -> Sheet {
        let mut sheet = Sheet::new("path-lengths", &["branches", "share of paths", "mean gradient", "contribution"]);
        for length in all {
            let numbers = [length.share, length.mean(), length.share * length.mean()].map(cell);
            sheet.push([length.branches.to_string()].into_iter().chain(numbers));
        }
        sheet
    }
}

/// How the input's gradient keeps its value along lines between images.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Shattered {
    /// ACF(k) of each line, from k = 0 on.
    pub lines: Vec<Vec<f64>>,
}

impl Shattered {
    /// The mean over the lines of each ACF(k).
    #[must_use]
    pub fn mean(&self) -> Vec<f64> {
        let length = self.lines.iter().map(Vec::len).min().unwrap_or(0);
        let at = |k: usize| self.lines.iter().map(|line| line[k]).sum::<f64>() / self.lines.len() as f64;
        (0..length).map(at).collect()
    }

    /// A row for each lag.
    #[must_use]
    pub fn sheet(&self) -> Sheet {
        let mut sheet = Sheet::new("shattered", &["lag", "mean"]);
        sheet.header.extend((1..=self.lines.len()).map(|line| format!("line {line}")));
        for (k, mean) in self.mean().into_iter().enumerate() {
            let lines = self.lines.iter().map(|line| cell(line[k]));
            sheet.push([k.to_string(), cell(mean)].into_iter().chain(lines));
        }
        sheet
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(gradients: &[f64]) -> GradientLook {
        let block = |(index, &gradient): (usize, &f64)| BlockLook {
            block: format!("layer1.{index}"),
            input_gradient: gradient,
            output_gradient: gradient,
            weight_gradient: gradient,
            weight_norm: 1.0,
            ..BlockLook::default()
        };
        GradientLook { blocks: gradients.iter().enumerate().map(block).collect(), ..GradientLook::default() }
    }

    #[test]
    fn warnings_name_the_block() {
        assert_eq!(look(&[1.0, 2.0, 0.5]).warnings(), Vec::<String>::new());
        let vanishing = look(&[1e-9, 1e-4, 1.0]).warnings();
        assert!(vanishing[0].contains("vanish in 1 of 3 blocks, most in layer1.0"), "{vanishing:?}");
        let exploding = look(&[5e4, 1e2, 1.0]).warnings();
        assert!(exploding[0].contains("explode") && exploding[0].contains("at layer1.0"), "{exploding:?}");
        let broken = look(&[1.0, f64::NAN]).warnings();
        assert!(broken[0].contains("layer1.1 is no finite number"), "{broken:?}");
        let mut dead = look(&[1.0, 1.0]);
        dead.blocks[1].dead = Some(0.75);
        assert!(dead.warnings()[0].contains("most in layer1.1: 75 %"), "{:?}", dead.warnings());
    }
}
