//! What a network says of every image of a set.

use super::about::{About, Focus};
use super::counts::Confusion;
use super::question::Question;
use crate::table::Table;
use serde::{Deserialize, Serialize};

pub(super) const ABOUT: About = About {
    id: "predictions",
    title: "Predictions",
    what: "Every validation image with its class, what the network takes it for, and how sure it is. A small or negative margin marks images near the border between classes; a high loss with high confidence marks images that are mislabelled or look like another class.",
    formula: "confidence = max p; margin = p(truth) − max p(other); entropy = −Σ p log p; loss = −log p(truth)",
    reference: "",
};

/// The same for all instruments that say what predictions mean.
pub(super) fn question(_: &Focus) -> Question {
    Question::Predictions
}

/// What a network says of every image of a set, in the set's order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Predictions {
    /// Classes.
    pub classes: usize,
    /// Each image's class.
    pub truth: Vec<u16>,
    /// Each image's likeliest class, the first on a tie.
    pub predicted: Vec<u16>,
    /// Each image's cross-entropy.
    pub loss: Vec<f32>,
    /// The probability of every class, image by image.
    pub probabilities: Vec<f32>,
}

impl Predictions {
    /// How many images there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.truth.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.truth.is_empty()
    }

    /// Whether an image is classified correctly.
    #[must_use]
    pub fn is_right(&self, image: usize) -> bool {
        self.truth[image] == self.predicted[image]
    }

    /// The probability of every class for one image.
    #[must_use]
    pub fn row(&self, image: usize) -> &[f32] {
        &self.probabilities[image * self.classes..][..self.classes]
    }

    /// The probability of the likeliest class.
    #[must_use]
    pub fn confidence(&self, image: usize) -> f32 {
        self.row(image).get(usize::from(self.predicted[image])).copied().unwrap_or(0.0)
    }

    /// The probability of the true class less that of the likeliest other one: below 0 where the network is wrong.
    #[must_use]
    pub fn margin(&self, image: usize) -> f32 {
        let (row, truth) = (self.row(image), usize::from(self.truth[image]));
        let others = row.iter().enumerate().filter(|&(class, _)| class != truth).map(|(_, &share)| share);
        row.get(truth).copied().unwrap_or(0.0) - others.fold(0.0, f32::max)
    }

    /// −Σ p log p in nats: 0 where the network is sure, log of the number of classes where it has no idea.
    #[must_use]
    pub fn entropy(&self, image: usize) -> f32 {
        -self.row(image).iter().filter(|&&share| share > 0.0).map(|share| share * share.ln()).sum::<f32>()
    }

    /// Whether the true class is among the five likeliest; of equally likely ones the first counts as likelier.
    #[must_use]
    pub fn in_top5(&self, image: usize) -> bool {
        let (row, truth) = (self.row(image), usize::from(self.truth[image]));
        let Some(&own) = row.get(truth) else { return false };
        let above = |(class, &share): (usize, &f32)| share > own || (share == own && class < truth);
        row.iter().enumerate().filter(|&pair| above(pair)).count() < 5
    }

    /// The share of the images whose true class is among the five likeliest.
    #[must_use]
    pub fn top5(&self) -> f64 {
        (0..self.len()).filter(|&image| self.in_top5(image)).count() as f64 / self.len().max(1) as f64
    }

    /// Which classes are taken for which.
    #[must_use]
    pub fn confusion(&self) -> Confusion {
        Confusion::of(&self.truth, &self.predicted, self.classes)
    }

    /// A row for each image.
    #[must_use]
    pub fn table(&self, classes: &[String]) -> Table {
        let name = |class: u16| classes.get(usize::from(class)).map_or_else(|| class.to_string(), Clone::clone);
        let number = |of: fn(&Self, usize) -> f32| (0..self.len()).map(move |image| of(self, image).into());
        let yes = |of: fn(&Self, usize) -> bool| (0..self.len()).map(move |image| of(self, image).to_string());
        let table = Table::new("predictions")
            .counts("image", 0..self.len())
            .words("truth", self.truth.iter().map(|&class| name(class)))
            .words("prediction", self.predicted.iter().map(|&class| name(class)))
            .words("right", yes(Self::is_right))
            .numbers("confidence", number(Self::confidence))
            .numbers("loss", self.loss.iter().map(|&loss| loss.into()))
            .numbers("margin", number(Self::margin))
            .numbers("entropy", number(Self::entropy))
            .words("in top 5", yes(Self::in_top5));
        (0..self.classes).fold(table, |table, class| {
            let title = format!("p({})", name(u16::try_from(class).unwrap_or(u16::MAX)));
            table.numbers(&title, (0..self.len()).map(|image| self.row(image)[class].into()))
        })
    }
}
