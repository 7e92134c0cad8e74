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

/// The most probabilities that are kept. With more images and classes than that, the likeliest of each image are.
const MOST: usize = 1 << 24;

/// How many of the likeliest classes of each image are kept in any case.
const LIKELIEST: usize = 5;

/// What a network says of every image of a set, in the set's order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Predictions {
    pub classes: usize,
    pub truth: Vec<u16>,
    /// Each image's likeliest class, the first on a tie.
    pub predicted: Vec<u16>,
    /// Each image's cross-entropy.
    pub loss: Vec<f32>,
    /// The probability of every class, image by image; `None` where that would be more than [`MOST`] numbers.
    probabilities: Option<Vec<f32>>,
    likeliest: Vec<Vec<(u16, f32)>>,
    confidence: Vec<f32>,
    margin: Vec<f32>,
    entropy: Vec<f32>,
    in_top5: Vec<bool>,
}

impl Predictions {
    /// Of so many classes, with room for so many images.
    #[must_use]
    pub fn of(classes: usize, images: usize) -> Self {
        let all = Some(classes.saturating_mul(images)).filter(|&all| all <= MOST);
        Self { classes, probabilities: all.map(Vec::with_capacity), ..Self::default() }
    }

    /// Adds an image with its class, the likeliest class, its cross-entropy, and the probability of every class.
    pub fn push(&mut self, truth: u16, predicted: u16, loss: f32, row: &[f32]) {
        let at = |class: u16| row.get(usize::from(class)).copied().unwrap_or(0.0);
        let own = at(truth);
        let classes = || (0..=u16::MAX).zip(row.iter().copied());
        let others = classes().filter(|&(class, _)| class != truth).map(|(_, share)| share);
        let above = |&(class, share): &(u16, f32)| share > own || (share == own && class < truth);
        self.truth.push(truth);
        self.predicted.push(predicted);
        self.loss.push(loss);
        self.confidence.push(at(predicted));
        self.margin.push(own - others.fold(0.0, f32::max));
        let surprise = row.iter().filter(|&&share| share > 0.0).map(|share| share * share.ln());
        self.entropy.push(-surprise.sum::<f32>());
        // As in the validation: a row with a number that is not finite is never right.
        let is_known = usize::from(truth) < row.len() && row.iter().all(|share| share.is_finite());
        self.in_top5.push(is_known && classes().filter(above).count() < 5);
        self.likeliest.push(likeliest(classes()));
        if let Some(all) = &mut self.probabilities {
            all.extend_from_slice(row);
        }
    }

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
        self.truth[image] == self.predicted[image] && self.confidence[image].is_finite()
    }

    /// An image's likeliest classes with their probabilities, the likeliest first: five, or as many as there are.
    #[must_use]
    pub fn likeliest(&self, image: usize) -> &[(u16, f32)] {
        &self.likeliest[image]
    }

    /// The probability of the likeliest class.
    #[must_use]
    pub fn confidence(&self, image: usize) -> f32 {
        self.confidence[image]
    }

    /// The probability of the true class less that of the likeliest other one: below 0 where the network is wrong.
    #[must_use]
    pub fn margin(&self, image: usize) -> f32 {
        self.margin[image]
    }

    /// −Σ p log p in nats: 0 where the network is sure, log of the number of classes where it has no idea.
    #[must_use]
    pub fn entropy(&self, image: usize) -> f32 {
        self.entropy[image]
    }

    /// Whether the true class is among the five likeliest; of equally likely ones the first counts as likelier.
    #[must_use]
    pub fn in_top5(&self, image: usize) -> bool {
        self.in_top5[image]
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

    /// A row for each image, with its file where each comes from one, and with the probability of every class, or of the
    /// likeliest ones where there are too many.
    #[must_use]
    pub fn table(&self, classes: &[String], files: &[String]) -> Table {
        let name = |class: u16| classes.get(usize::from(class)).map_or_else(|| class.to_string(), Clone::clone);
        // What is no number is taken for no class.
        let is_known =
            |image: usize| self.confidence(image).is_finite() && usize::from(self.predicted[image]) < self.classes;
        let taken_for = |image: usize| if is_known(image) { name(self.predicted[image]) } else { "none".to_owned() };
        let number = |of: fn(&Self, usize) -> f32| (0..self.len()).map(move |image| of(self, image).into());
        let yes = |of: fn(&Self, usize) -> bool| (0..self.len()).map(move |image| of(self, image).to_string());
        let images = Table::new("predictions").counts("image", 0..self.len());
        let images =
            if files.len() == self.len() { images.words("file", files.iter().map(String::as_str)) } else { images };
        let table = images
            .words("truth", self.truth.iter().map(|&class| name(class)))
            .words("prediction", (0..self.len()).map(taken_for))
            .words("right", yes(Self::is_right))
            .numbers("confidence", number(Self::confidence))
            .numbers("loss", self.loss.iter().map(|&loss| loss.into()))
            .numbers("margin", number(Self::margin))
            .numbers("entropy", number(Self::entropy))
            .words("in top 5", yes(Self::in_top5));
        if let Some(all) = &self.probabilities {
            return (0..self.classes).fold(table, |table, class| {
                let title = format!("p({})", name(u16::try_from(class).unwrap_or(u16::MAX)));
                table.numbers(&title, all.chunks_exact(self.classes).map(|row| row[class].into()))
            });
        }
        (0..LIKELIEST).fold(table, |table, place| {
            let at = || self.likeliest.iter().map(move |row| row.get(place).copied());
            table
                .words(
                    &format!("class {}", place + 1),
                    at().map(|it| it.map_or(String::new(), |(class, _)| name(class))),
                )
                .numbers(&format!("p {}", place + 1), at().map(|it| it.map_or(f64::NAN, |(_, share)| share.into())))
        })
    }
}

/// The likeliest of these classes, of equally likely ones the first.
fn likeliest(classes: impl Iterator<Item = (u16, f32)>) -> Vec<(u16, f32)> {
    let mut found: Vec<(u16, f32)> = Vec::with_capacity(LIKELIEST + 1);
    for (class, share) in classes {
        let place = found.partition_point(|&(_, known)| known.total_cmp(&share).is_ge());
        if place < LIKELIEST {
            found.insert(place, (class, share));
            found.truncate(LIKELIEST);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_is_no_number_is_right_nowhere() {
        let mut found = Predictions::of(2, 1);
        found.push(0, 0, f32::NAN, &[f32::NAN, f32::NAN]);
        assert!(!found.is_right(0) && !found.in_top5(0));
    }

    #[test]
    fn of_too_many_classes_the_five_likeliest_are_kept() {
        let classes: Vec<String> = (0..10_000).map(|class| format!("c{class}")).collect();
        let mut row = vec![0.000_01; classes.len()];
        row[70..75].copy_from_slice(&[0.05, 0.3, 0.1, 0.3, 0.15]);
        let [mut few, mut many] = [1, 10_000].map(|images| Predictions::of(classes.len(), images));
        for found in [&mut few, &mut many] {
            found.push(72, 71, 2.3, &row);
        }
        assert_eq!(many.likeliest(0), [(71, 0.3), (73, 0.3), (74, 0.15), (72, 0.1), (70, 0.05)]);
        assert_eq!((many.confidence(0), many.margin(0), many.in_top5(0)), (0.3, 0.1 - 0.3, true));
        assert_eq!((many.top5(), many.entropy(0)), (few.top5(), few.entropy(0)));
        assert!(few.table(&classes, &[]).csv().lines().next().is_some_and(|titles| titles.ends_with(",p(c9999)")));
        let table = many.table(&classes, &[]).csv();
        assert!(table.contains(",class 1,p 1,class 2,p 2,") && table.len() < 500, "{table}");
        assert!(table.contains(",c71,0.3"), "{table}");
    }
}
