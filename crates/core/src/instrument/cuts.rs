//! What remains of an image's logits when one block loses its branch or its shortcut.

use super::about::{About, Focus};
use super::question::Question;
use crate::table::Table;
use serde::{Deserialize, Serialize};

pub(super) const ABOUT: About = About {
    id: "cuts",
    title: "Cut branch, cut shortcut",
    what: "What remains of the class's logit when one block's branch is cut, and when its shortcut is. In a trained residual net most branches can go, few shortcuts can.",
    formula: "branch cut: y = act(s(x)); shortcut cut: y = act(αF(x))",
    reference: "Veit, Wilber and Belongie 2016, Residual networks behave like ensembles of relatively shallow networks",
};

pub(super) fn question(focus: &Focus) -> Question {
    Question::Cuts { sample: focus.sample.clone() }
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
    pub(super) fn table(all: &[Self], classes: &[String]) -> Table {
        let mut rows: Vec<(&str, &str, &[f32])> = Vec::new();
        for cut in all {
            for (what, logits) in [("branch", &cut.without_branch), ("shortcut", &cut.without_shortcut)] {
                let what = if cut.block.is_empty() { "nothing" } else { what };
                rows.extend(logits.as_ref().map(|logits| (cut.block.as_str(), what, logits.as_slice())));
            }
        }
        let table = Table::new("cuts")
            .words("block", rows.iter().map(|(block, ..)| *block))
            .words("cut", rows.iter().map(|(_, what, _)| *what));
        classes.iter().enumerate().fold(table, |table, (class, name)| {
            table.numbers(
                name,
                rows.iter().map(|(.., logits)| logits.get(class).map_or(f64::NAN, |&logit| logit.into())),
            )
        })
    }
}
