//! What a network says of every image of a set.

use super::picture::Seen;
use super::sheet::{Sheet, cell};
use serde::{Deserialize, Serialize};

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

    /// Images by actual class (row) and predicted class (column), row by row.
    #[must_use]
    pub fn confusion(&self) -> Vec<u32> {
        let mut counts = vec![0; self.classes * self.classes];
        for (&truth, &predicted) in self.truth.iter().zip(&self.predicted) {
            counts[usize::from(truth) * self.classes + usize::from(predicted)] += 1;
        }
        counts
    }

    /// A row for each image.
    #[must_use]
    pub fn sheet(&self, classes: &[String]) -> Sheet {
        let name = |class: u16| classes.get(usize::from(class)).map_or_else(|| class.to_string(), Clone::clone);
        let header = ["image", "truth", "prediction", "right", "confidence", "loss", "margin", "entropy", "in top 5"];
        let mut sheet = Sheet::new("predictions", &header);
        for class in 0..self.classes {
            sheet.header.push(format!("p({})", name(u16::try_from(class).unwrap_or(u16::MAX))));
        }
        for image in 0..self.len() {
            let numbers = [self.confidence(image), self.loss[image], self.margin(image), self.entropy(image)];
            let words = [image.to_string(), name(self.truth[image]), name(self.predicted[image])];
            let cells = words.into_iter().chain([self.is_right(image).to_string()]);
            let cells = cells.chain(numbers.map(|number| cell(f64::from(number))));
            let cells = cells.chain([self.in_top5(image).to_string()]);
            sheet.push(cells.chain(self.row(image).iter().map(|&share| cell(f64::from(share)))));
        }
        sheet
    }
}

/// A training image whose features are close to those of an image asked about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Neighbour {
    /// Its place among the training images.
    pub image: usize,
    /// Its class.
    pub class: u16,
    /// The Euclidean distance of the pooled features.
    pub distance: f32,
    /// As the network sees it.
    pub seen: Seen,
}
