//! Which images are trained on and which are validated on: stratified, balanced and chosen by the seed.

use crate::experiment::{Data, Holdout};
use crate::random::{Purpose, Random};

/// The share held out where a data set has no validation images of its own.
const DEFAULT_SHARE: f32 = 0.1;

/// What images are chosen for, with [`Purpose::Split`]: each has a stream of its own, whose number never changes, so that
/// a run finds the images that it was trained on.
#[derive(Clone, Copy, Debug)]
enum Choice {
    HoldOut = 0,
    TrainLimit = 1,
    ValidationLimit = 2,
}

/// The random numbers of one choice.
#[derive(Clone, Copy)]
struct Stream {
    seed: u64,
    choice: Choice,
}

impl Stream {
    fn of_class(self, class: u64) -> Random {
        Random::new(self.seed, Purpose::Split, self.choice as u64, class)
    }
}

/// Ascending indices of the images to use.
pub(super) struct Split {
    /// Into the training images.
    pub train: Vec<usize>,
    /// Into the data set's own validation images if `own`, else into the training images.
    pub validation: Vec<usize>,
    /// Whether validation images are the data set's own.
    pub own: bool,
}

impl Split {
    /// Keeps at most so many of the images to validate on, whose `labels` these are, and says where they lay among them.
    pub fn keep(&mut self, most: usize, labels: &[u16], classes: usize, seed: u64) -> Vec<usize> {
        let stream = Stream { seed, choice: Choice::ValidationLimit };
        let kept = limit(self.validation.clone(), labels, classes, Some(most), stream);
        let all = std::mem::replace(&mut self.validation, kept);
        self.validation.iter().filter_map(|index| all.binary_search(index).ok()).collect()
    }
}

/// Chooses images by their labels, all below `classes`.
pub(super) fn choose(train: &[u16], own: Option<&[u16]>, classes: usize, data: &Data, seed: u64) -> Split {
    let (kept, validation, from) = match (data.holdout, own) {
        (Holdout::Own, Some(own)) => ((0..train.len()).collect(), (0..own.len()).collect(), own),
        (Holdout::Own, None) => hold_out(train, classes, DEFAULT_SHARE, seed),
        (Holdout::Share(share), _) => hold_out(train, classes, share, seed),
    };
    let is_own = data.holdout == Holdout::Own && own.is_some();
    let stream = |choice| Stream { seed, choice };
    Split {
        train: limit(kept, train, classes, data.train_limit, stream(Choice::TrainLimit)),
        validation: limit(validation, from, classes, data.validation_limit, stream(Choice::ValidationLimit)),
        own: is_own,
    }
}

/// Takes all images to validate on: the data set's own, else those to train on. These are only taken for training,
/// too, where something must be `measured` on images that are not validated on.
pub(super) fn everything(
    train: &[u16],
    own: Option<&[u16]>,
    classes: usize,
    data: &Data,
    seed: u64,
    measured: bool,
) -> Split {
    let from = own.unwrap_or(train);
    let all = (0..from.len()).collect();
    Split {
        train: if own.is_some() && measured { (0..train.len()).collect() } else { Vec::new() },
        validation: limit(all, from, classes, data.validation_limit, Stream { seed, choice: Choice::ValidationLimit }),
        own: own.is_some(),
    }
}

/// A balanced choice of `count` of all images: ascending indices.
pub(super) fn balanced(labels: &[u16], classes: usize, count: usize, seed: u64) -> Vec<usize> {
    limit((0..labels.len()).collect(), labels, classes, Some(count), Stream { seed, choice: Choice::TrainLimit })
}

/// Each class's indices in an order that is drawn. A class's order depends on nothing but its own images, so
/// that a smaller limit chooses a part of what a larger one does.
fn shuffled(indices: &[usize], labels: &[u16], classes: usize, stream: Stream) -> Vec<Vec<usize>> {
    let mut by_class = vec![Vec::new(); classes];
    for &index in indices {
        by_class[usize::from(labels[index])].push(index);
    }
    for (class, members) in (0..).zip(&mut by_class) {
        stream.of_class(class).shuffle(members);
    }
    by_class
}

/// Takes `share` of every class, rounded, but neither all of it nor nothing where that can be helped.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
fn hold_out(labels: &[u16], classes: usize, share: f32, seed: u64) -> (Vec<usize>, Vec<usize>, &[u16]) {
    let all: Vec<usize> = (0..labels.len()).collect();
    let (mut kept, mut held) = (Vec::new(), Vec::new());
    for members in shuffled(&all, labels, classes, Stream { seed, choice: Choice::HoldOut }) {
        let most = members.len().saturating_sub(1);
        let count = (f64::from(share) * members.len() as f64).round().max(1.0) as usize;
        let (first, rest) = members.split_at(count.min(most));
        held.extend_from_slice(first);
        kept.extend_from_slice(rest);
    }
    kept.sort_unstable();
    held.sort_unstable();
    (kept, held, labels)
}

/// At most `most` of these indices, as many from each class as there are; ascending.
fn limit(indices: Vec<usize>, labels: &[u16], classes: usize, most: Option<usize>, stream: Stream) -> Vec<usize> {
    let Some(most) = most.filter(|&most| most < indices.len()) else { return indices };
    let by_class = shuffled(&indices, labels, classes, stream);
    // Round by round, one of each class that has some left, until there are enough.
    let rounds = by_class.iter().map(Vec::len).max().unwrap_or(0);
    let in_turn = (0..rounds).flat_map(|round| by_class.iter().filter_map(move |members| members.get(round)));
    let mut chosen: Vec<usize> = in_turn.copied().take(most).collect();
    chosen.sort_unstable();
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_keeps_its_stream() {
        let streams = [
            (Choice::HoldOut, [0x3C8E_EED7_898F_47EE_u64, 0xC6B3_6E05_ABA1_A68F]),
            (Choice::TrainLimit, [0xD7B2_4E62_F3FE_1426, 0xDAD9_05FF_25FD_1EB1]),
            (Choice::ValidationLimit, [0x0F95_5193_C749_87E1, 0xC5CA_95B2_2476_041C]),
        ];
        for (choice, expected) in streams {
            let first = |class| Stream { seed: 7, choice }.of_class(class).bits();
            assert_eq!([0, 3].map(first), expected, "{choice:?}");
        }
    }

    #[test]
    fn every_class_gives_its_share_and_keeps_at_least_one() {
        // Classes of 1, 2, 10 and 100 images.
        let labels: Vec<u16> = [(0, 1), (1, 2), (2, 10), (3, 100)].map(|(label, count)| vec![label; count]).concat();
        let count = |indices: &[usize]| -> Vec<usize> {
            (0..4).map(|class| indices.iter().filter(|&&index| labels[index] == class).count()).collect()
        };
        for (share, held) in [(0.1, [0, 1, 1, 10]), (0.25, [0, 1, 3, 25]), (0.5, [0, 1, 5, 50]), (0.001, [0, 1, 1, 1])]
        {
            let data = Data { holdout: Holdout::Share(share), ..Data::default() };
            let split = choose(&labels, Some(&[0, 1]), 4, &data, 9);
            assert!(!split.own);
            assert_eq!(count(&split.validation), held, "{share}");
            let mut all = [split.train, split.validation].concat();
            all.sort_unstable();
            assert_eq!(all, (0..113).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_limit_takes_what_small_classes_lack_from_large_ones() {
        let labels: Vec<u16> = [(0, 1), (1, 3), (2, 50)].map(|(label, count)| vec![label; count]).concat();
        let data = Data { train_limit: Some(12), ..Data::default() };
        let split = choose(&labels, Some(&[0, 1, 2]), 3, &data, 0);
        let counts = [0, 1, 2].map(|class| split.train.iter().filter(|&&index| labels[index] == class).count());
        assert_eq!((counts, split.validation, split.own), ([1, 3, 8], vec![0, 1, 2], true));
    }
}
