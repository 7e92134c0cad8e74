//! What is remembered of the panel from one start to the next: what is varied, and how the results are looked at.

use crate::laboratory::StudyCurve;
use serde::{Deserialize, Serialize};

/// What is varied, as it is typed, and how the results are looked at.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub struct View {
    pub axes: Vec<String>,
    pub seeds: u32,
    pub tab: Tab,
    /// What is drawn over the steps, and against an axis.
    pub curve: StudyCurve,
    pub band: SpreadBand,
    /// What colours tell apart.
    pub colored_by: ToldApart,
    pub judged_by: Judged,
    /// The axis that runs across.
    pub across: usize,
    /// The axis that runs up.
    pub up: usize,
}

impl Default for View {
    fn default() -> Self {
        Self {
            axes: vec!["recipe.optimizer.learning_rate=0.03,0.1,0.3".to_owned()],
            seeds: 3,
            tab: Tab::Results,
            curve: StudyCurve::default(),
            band: SpreadBand::default(),
            colored_by: ToldApart::Networks,
            judged_by: Judged::Objective,
            across: 0,
            up: 1,
        }
    }
}

/// What colours or dashes tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToldApart {
    Networks,
    /// The values of this axis.
    Axis(usize),
}

impl ToldApart {
    /// The axis, if it is one.
    #[must_use]
    pub fn axis(self) -> Option<usize> {
        match self {
            Self::Networks => None,
            Self::Axis(axis) => Some(axis),
        }
    }
}

/// What is judged of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Judged {
    Objective,
    /// The accuracy of this network.
    Network(usize),
}

/// A way of looking at the results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tab {
    Results,
    Curves,
    Ladder,
    Slice,
    HeatMap,
    Parallel,
    Importance,
    History,
    Timeline,
    Trials,
}

impl Tab {
    /// All of them, with their names and what they show.
    pub const ALL: [(Self, &'static str, &'static str); 10] = [
        (
            Self::Results,
            "Results",
            "A row for each setting: mean ± standard deviation over its seeds, the best one marked",
        ),
        (
            Self::Trials,
            "Trials",
            "A row for each training: how it stands; a double click draws its curves over the plots",
        ),
        (Self::Curves, "Curves", "Loss or accuracy over the steps, with a band over the seeds"),
        (Self::Ladder, "Ladder", "What each network came to against one axis, with a band over the seeds"),
        (Self::Slice, "Slice", "Every setting as a point against one axis"),
        (Self::HeatMap, "Heat map", "The mean for every two values of two axes"),
        (
            Self::Parallel,
            "Parallel",
            "Every setting as a line through all axes; drag along an axis to keep a part of it",
        ),
        (Self::Importance, "Importance", "Which axes decide whether a setting is among the best"),
        (Self::History, "History", "Each training in the order in which they ended, and the best so far"),
        (Self::Timeline, "Timeline", "When each training began and ended"),
    ];
}

/// How the spread over the seeds is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SpreadBand {
    /// One standard deviation to each side of the mean.
    #[default]
    Deviation,
    /// Where the true mean lies in 95 of 100 cases.
    Interval,
    /// Every seed as a line of its own.
    All,
}

impl SpreadBand {
    pub const ALL: [(Self, &'static str); 3] =
        [(Self::Deviation, "± standard deviation"), (Self::Interval, "95 % interval"), (Self::All, "All seeds")];

    /// What the band is, for a caption.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Deviation => "mean, with a band of one standard deviation over the seeds",
            Self::Interval => "mean, with a band that holds the true mean in 95 of 100 cases",
            Self::All => "one line for each seed",
        }
    }
}
