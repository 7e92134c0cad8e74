//! Gradients and responses block by block, on one batch.

use super::about::{About, Focus};
use super::question::Question;
use crate::experiment::Naming;
use crate::table::Table;
use serde::{Deserialize, Serialize};

pub(super) const ABOUT: About = About {
    id: "gradients",
    title: "Gradients by block",
    what: "How strong the gradient of the loss is at each block's input, output and weights, how much a branch adds to its shortcut, how wide each layer's response is, and which channels are dead. In a plain net the norms change by a factor from block to block; shortcuts keep them together. Measured on one batch with its own statistics.",
    formula: "‖∂L/∂x‖; ‖∂L/∂W‖; ‖∂L/∂W‖ / ‖W‖; ‖αF(x)‖ / ‖x‖; std of each convolution's output after norm, before activation and addition; share of channels that are 0 on the whole batch",
    reference: "He, Zhang, Ren and Sun 2015, Deep residual learning for image recognition, section 4.2 and figure 7",
};

pub(super) fn question(_: &Focus) -> Question {
    Question::Gradients { images: 128 }
}

/// What a batch shows in one block.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BlockGradients {
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
pub struct ParameterGradient {
    /// PyTorch's name of the parameter.
    pub parameter: String,
    /// ‖∂L/∂W‖
    pub gradient: f64,
    /// ‖W‖
    pub norm: f64,
}

/// What a batch shows in one network.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Gradients {
    /// Images of the batch.
    pub images: usize,
    /// Its mean cross-entropy.
    pub loss: f64,
    /// From the input to the head.
    pub blocks: Vec<BlockGradients>,
    /// Every trained parameter, in the network's order.
    pub layers: Vec<ParameterGradient>,
}

/// Below this share of the largest block's gradient, a block no longer learns.
const VANISHED: f64 = 1e-7;
/// Above this multiple of the last block's, a gradient explodes on its way to the input.
const EXPLODED: f64 = 1e3;
/// Above this share of dead channels a block is called dead.
const DEAD: f64 = 0.5;

impl Gradients {
    /// What a person should know, with the block named: gradients that vanish, explode or are no numbers, and ReLUs
    /// that are dead.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut found = Vec::new();
        let broken = |block: &&BlockGradients| !(block.input_gradient.is_finite() && block.weight_gradient.is_finite());
        if let Some(block) = self.blocks.iter().find(broken) {
            found.push(format!(
                "The gradient of {} is no finite number: lower the learning rate, or add norm.",
                Naming::in_words(&block.block)
            ));
            return found;
        }
        // Of a block's two gradients the one that is smaller beside the largest of its kind.
        let largest = |of: fn(&BlockGradients) -> f64| self.blocks.iter().map(of).fold(f64::MIN_POSITIVE, f64::max);
        let (weights, inputs) = (largest(|block| block.weight_gradient), largest(|block| block.input_gradient));
        let share = |block: &BlockGradients| (block.weight_gradient / weights).min(block.input_gradient / inputs);
        let vanished: Vec<&BlockGradients> = self.blocks.iter().filter(|block| share(block) < VANISHED).collect();
        if let Some(least) = vanished.iter().min_by(|a, b| share(a).total_cmp(&share(b))) {
            found.push(format!(
                "Gradients vanish in {} of {} blocks, most in {}: {:.1e} of the largest block's arrives there. Shortcuts, \
                 batch norm or He initialisation keep them alive.",
                vanished.len(),
                self.blocks.len(),
                Naming::in_words(&least.block),
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
                Naming::in_words(&most.block),
                most.input_gradient / last.output_gradient
            ));
        }
        let dead: Vec<&BlockGradients> =
            self.blocks.iter().filter(|block| block.dead.is_some_and(|share| share > DEAD)).collect();
        if let Some(worst) = dead.iter().max_by(|a, b| a.dead.unwrap_or(0.0).total_cmp(&b.dead.unwrap_or(0.0))) {
            found.push(format!(
                "ReLUs are dead in {} of {} blocks, most in {}: {:.0} % of its channels are 0 on the whole batch. Lower \
                 the learning rate, or use a leaky ReLU.",
                dead.len(),
                self.blocks.len(),
                Naming::in_words(&worst.block),
                100.0 * worst.dead.unwrap_or(0.0)
            ));
        }
        found
    }

    /// A row for each block and one for each parameter.
    pub(super) fn tables(&self) -> Vec<Table> {
        let number = |of: fn(&BlockGradients) -> f64| self.blocks.iter().map(of);
        let maybe =
            |of: fn(&BlockGradients) -> Option<f64>| self.blocks.iter().map(move |block| of(block).unwrap_or(f64::NAN));
        let responses = |block: &BlockGradients| {
            block
                .responses
                .iter()
                .filter(|response| response.is_finite())
                .map(f64::to_string)
                .collect::<Vec<_>>()
                .join(" ")
        };
        let blocks = Table::new("gradients")
            .words("block", self.blocks.iter().map(|block| block.block.as_str()))
            .numbers("input gradient", number(|block| block.input_gradient))
            .numbers("output gradient", number(|block| block.output_gradient))
            .numbers("weight gradient", number(|block| block.weight_gradient))
            .numbers("weight norm", number(|block| block.weight_norm))
            .numbers("gradient / weight", number(|block| block.weight_gradient / block.weight_norm))
            .numbers("branch / input", maybe(|block| block.branch_ratio))
            .numbers("dead channels", maybe(|block| block.dead))
            .numbers("zeros", maybe(|block| block.zeros))
            .words("responses", self.blocks.iter().map(responses));
        let layers = Table::new("parameters")
            .words("parameter", self.layers.iter().map(|layer| layer.parameter.as_str()))
            .numbers("gradient", self.layers.iter().map(|layer| layer.gradient))
            .numbers("norm", self.layers.iter().map(|layer| layer.norm))
            .numbers("gradient / norm", self.layers.iter().map(|layer| layer.gradient / layer.norm));
        vec![blocks, layers]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(gradients: &[f64]) -> Gradients {
        let block = |(index, &gradient): (usize, &f64)| BlockGradients {
            block: format!("layer1.{index}"),
            input_gradient: gradient,
            output_gradient: gradient,
            weight_gradient: gradient,
            weight_norm: 1.0,
            ..BlockGradients::default()
        };
        Gradients { blocks: gradients.iter().enumerate().map(block).collect(), ..Gradients::default() }
    }

    #[test]
    fn warnings_name_the_block() {
        assert_eq!(look(&[1.0, 2.0, 0.5]).warnings(), Vec::<String>::new());
        let vanishing = look(&[1e-9, 1e-4, 1.0]).warnings();
        assert!(vanishing[0].contains("vanish in 1 of 3 blocks, most in block 1.0"), "{vanishing:?}");
        let exploding = look(&[5e4, 1e2, 1.0]).warnings();
        assert!(exploding[0].contains("explode") && exploding[0].contains("at block 1.0"), "{exploding:?}");
        let broken = look(&[1.0, f64::NAN]).warnings();
        assert!(broken[0].contains("block 1.1 is no finite number"), "{broken:?}");
        let mut dead = look(&[1.0, 1.0]);
        dead.blocks[1].dead = Some(0.75);
        assert!(dead.warnings()[0].contains("most in block 1.1: 75 %"), "{:?}", dead.warnings());
    }
}
