//! What a probe measures in each block, and what of that it measures in the network as a whole: a row for each.

use super::field::{Field, field};
use super::table::table;
use crate::protocol::{ArmProbe, BlockProbe};

/// A column of `gradients.csv`.
struct Column {
    name: &'static str,
    /// Its column in tables that are given away.
    words: &'static str,
    /// What it is called where all blocks are drawn on a logarithmic scale; `None` where that shows nothing.
    title: Option<&'static str>,
    block: Field<BlockProbe>,
    /// The same of the network as a whole; `None` where that has no such thing.
    whole: Option<Field<ArmProbe>>,
}

table! {
    /// What a probe measures in each block, in the order in which it is offered.
    #[derive(Default)]
    BlockQuantity: Column {
        /// Of the block's weights, for the batch's mean loss.
        #[default]
        WeightGradient => Column {
            name: "weight_gradient_norm",
            words: "weight gradient norm",
            title: Some("Weight gradient ‖∂L/∂W‖"),
            block: field!(weight_gradient_norm),
            whole: Some(field!(gradient_norm)),
        },
        /// Of the block's output.
        OutputGradient => Column {
            name: "output_gradient_norm",
            words: "output gradient norm",
            title: Some("Output gradient ‖∂L/∂y‖"),
            block: field!(output_gradient_norm),
            whole: None,
        },
        /// The size of the weights themselves.
        WeightNorm => Column {
            name: "weight_norm",
            words: "weight norm",
            title: Some("Weights ‖W‖"),
            block: field!(weight_norm),
            whole: Some(field!(weight_norm)),
        },
        /// How far the step moved the weights.
        UpdateNorm => Column {
            name: "update_norm",
            words: "update norm",
            title: None,
            block: field!(update_norm),
            whole: Some(field!(update_norm)),
        },
        /// Mean of the block's output.
        ActivationMean => Column {
            name: "activation_mean",
            words: "output mean",
            title: None,
            block: field!(activation_mean),
            whole: None,
        },
        /// How far the block's output spreads.
        ActivationStd => Column {
            name: "activation_std",
            words: "output std",
            title: Some("Output std"),
            block: field!(activation_std),
            whole: None,
        },
        /// How much the branch changes what it is added to; a branch without a shortcut is added to nothing.
        BranchRatio => Column {
            name: "branch_ratio",
            words: "branch ratio",
            title: Some("Branch ratio ‖αF(x)‖/‖x‖"),
            block: Field { get: |block| block.branch_ratio, set: |block, value| block.branch_ratio = value },
            whole: None,
        },
    }
}

impl BlockQuantity {
    /// In the order of the columns of `gradients.csv`: first what the network as a whole has, too.
    pub fn columns() -> impl Iterator<Item = Self> {
        let is_of_whole = |quantity: &Self| quantity.row().whole.is_some();
        let all = || Self::ALL.iter().copied();
        all().filter(is_of_whole).chain(all().filter(move |quantity| !is_of_whole(quantity)))
    }

    /// Those of which all blocks are drawn, with what they are called there.
    pub fn drawn() -> impl Iterator<Item = (Self, &'static str)> {
        Self::ALL.iter().filter_map(|quantity| Some((*quantity, quantity.row().title?)))
    }

    /// Its column in `gradients.csv`.
    #[must_use]
    pub fn column(self) -> &'static str {
        self.row().name
    }

    /// Its column in tables that are given away.
    #[must_use]
    pub fn words(self) -> &'static str {
        self.row().words
    }

    /// What it is called where it is drawn.
    #[must_use]
    pub fn title(self) -> &'static str {
        self.row().title.unwrap_or("")
    }

    /// Its value in a block; `None` where a block does not have it.
    #[must_use]
    pub fn of(self, probe: &BlockProbe) -> Option<f64> {
        (self.row().block.get)(probe)
    }

    /// Its value in the network as a whole; `None` where that does not have it.
    #[must_use]
    pub fn of_whole(self, probe: &ArmProbe) -> Option<f64> {
        self.row().whole.and_then(|field| (field.get)(probe))
    }

    /// Puts a recorded value back.
    pub(crate) fn put(self, probe: &mut BlockProbe, value: Option<f64>) {
        (self.row().block.set)(probe, value);
    }

    /// Puts a recorded value of the network as a whole back, if that has it.
    pub(crate) fn put_into_whole(self, probe: &mut ArmProbe, value: Option<f64>) {
        if let Some(field) = self.row().whole {
            (field.set)(probe, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_kept_layouts_are_what_they_always_were() {
        let names: Vec<String> = BlockQuantity::drawn().map(|(it, _)| serde_json::to_string(&it).unwrap()).collect();
        let expected = ["WeightGradient", "OutputGradient", "WeightNorm", "ActivationStd", "BranchRatio"];
        assert_eq!(names, expected.map(|name| format!("\"{name}\"")));
    }

    #[test]
    fn columns_of_tables_that_are_given_away_are_what_they_always_were() {
        let words: Vec<&str> = BlockQuantity::ALL.iter().map(|quantity| quantity.words()).collect();
        let expected = [
            "weight gradient norm",
            "output gradient norm",
            "weight norm",
            "update norm",
            "output mean",
            "output std",
            "branch ratio",
        ];
        assert_eq!(words, expected);
    }

    #[test]
    fn a_block_has_no_branch_ratio_where_nothing_is_added() {
        let block = BlockProbe { weight_norm: 2.0, ..BlockProbe::default() };
        assert_eq!((BlockQuantity::WeightNorm.of(&block), BlockQuantity::BranchRatio.of(&block)), (Some(2.0), None));
        let whole = ArmProbe { gradient_norm: 3.0, ..ArmProbe::default() };
        assert_eq!(BlockQuantity::WeightGradient.of_whole(&whole), Some(3.0));
        assert_eq!(BlockQuantity::ActivationStd.of_whole(&whole), None);
    }
}
