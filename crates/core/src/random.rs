//! The one source of randomness: numbers that are a function of (seed, purpose, epoch, index).
//!
//! Because every draw is keyed rather than taken from a running stream, nothing random depends on threads, on the
//! order of work or on what was asked in between, and training resumes at any step with the same numbers.

/// What a draw is for. Draws for different purposes never coincide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Purpose {
    /// Initial weights; the index counts parameters.
    Init = 1,
    /// The order of images in an epoch.
    Shuffle = 2,
    /// Changes to a training image.
    Augment = 3,
    /// Which images are held out or left out.
    Split = 4,
    /// Which branches a step drops; the epoch is the step.
    StochasticDepth = 5,
    /// Which features a step drops; the epoch is the step.
    Dropout = 6,
    /// Pairs and weights of mixup; the epoch is the step.
    Mixup = 7,
    /// Questions asked of a network, such as random lesions.
    Inspect = 8,
    /// Which differences change their sign in a test; the index counts draws.
    SignFlip = 10,
    /// Which settings a search tries next.
    Search = 9,
}

/// What a question draws for, with [`Purpose::Inspect`]: each has a stream of its own, whose number never changes, so
/// that an instrument finds the same today and tomorrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Draw {
    /// Which images a batch or a loss is made of.
    Images = 0,
    /// Which blocks are left out together; the index is that of [`index_of_draw`].
    Removals = 1,
    /// Which blocks change places; the index is that of [`index_of_draw`].
    Swaps = 2,
    /// The direction to the right in a landscape of the loss; the index counts parameters.
    Right = 3,
    /// The direction downwards in it; the index counts parameters.
    Down = 4,
    /// Which blocks a path goes through; the index is that of [`index_of_draw`].
    Paths = 5,
    /// Between which two images a line runs; the index counts lines.
    Lines = 6,
}

/// Draws of as many things that a question makes at most: each has a stream of its own.
pub const MOST_DRAWS: u32 = 1000;

/// The index of one of several draws of so many things.
#[must_use]
pub fn index_of_draw(things: usize, draw: usize) -> u64 {
    (things * MOST_DRAWS as usize + draw) as u64
}

/// What a search draws for, with [`Purpose::Search`]: each has a stream of its own, whose number never changes, so that a
/// search that goes on proposes what it would have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Proposal {
    /// A uniform point; the index is the trial's.
    Uniform = 0,
    /// The scrambling of a Sobol sequence; the index counts stretches of 2^16 trials.
    Sobol = 1,
    /// Candidates of the tree-structured Parzen estimator; the index is the trial's.
    Candidates = 2,
}

/// A generator for one key. The counter is mixed with `SplitMix64`'s finaliser (Steele, Lea and Flood 2014).
#[derive(Clone, Debug)]
pub struct Random {
    key: u64,
    counter: u64,
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Random {
    /// The generator of this key.
    #[must_use]
    pub fn new(seed: u64, purpose: Purpose, epoch: u64, index: u64) -> Self {
        let step = |key: u64, part: u64| {
            mix(key.wrapping_add(0x9E37_79B9_7F4A_7C15) ^ part.wrapping_mul(0xD6E8_FEB8_6659_FD93))
        };
        Self { key: [purpose as u64, epoch, index].into_iter().fold(mix(seed), step), counter: 0 }
    }

    /// The generator of a draw for a question.
    #[must_use]
    pub fn of_question(seed: u64, draw: Draw, index: u64) -> Self {
        Self::new(seed, Purpose::Inspect, draw as u64, index)
    }

    /// The generator of a search's draw.
    #[must_use]
    pub fn of_search(seed: u64, proposal: Proposal, index: u64) -> Self {
        Self::new(seed, Purpose::Search, proposal as u64, index)
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.counter += 1;
        mix(self.key.wrapping_add(self.counter.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
    }

    /// Uniform in [0, 1).
    pub fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform in [low, high).
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// Uniform in 0 … n − 1; `n` must not be 0.
    #[allow(clippy::cast_possible_truncation, reason = "the product's high half is below n")]
    pub fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.bits()) * n as u128) >> 64) as usize
    }

    /// Standard normal (Box and Muller 1958).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (2.0 * std::f64::consts::PI * self.uniform()).cos()
    }

    /// Puts a slice in random order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_key_gives_the_same_numbers_and_any_other_key_others() {
        let first = |seed, purpose, epoch, index| Random::new(seed, purpose, epoch, index).bits();
        assert_eq!(first(1, Purpose::Init, 2, 3), first(1, Purpose::Init, 2, 3));
        let keys = [(1, 2, 3), (2, 2, 3), (1, 3, 3), (1, 2, 4), (2, 1, 3), (3, 2, 1)];
        let mut drawn: Vec<u64> = keys.iter().map(|&(s, e, i)| first(s, Purpose::Init, e, i)).collect();
        drawn.push(first(1, Purpose::Shuffle, 2, 3));
        drawn.sort_unstable();
        drawn.dedup();
        assert_eq!(drawn.len(), keys.len() + 1);
    }

    #[test]
    fn every_draw_of_a_question_keeps_its_stream() {
        let streams = [
            (Draw::Images, [0xBF05_E6D7_C99A_8227_u64, 0x99BF_A6AC_A3BA_6F08]),
            (Draw::Removals, [0x18FD_6146_EDB6_84B3, 0x9C3D_4E28_3A4F_B0A8]),
            (Draw::Swaps, [0xB612_46CF_0C62_ABA6, 0x2202_D0DA_B38B_3923]),
            (Draw::Right, [0x3997_0DC7_9BDA_16B3, 0x9803_2AAB_A68D_CF5B]),
            (Draw::Down, [0x6949_DCE2_E9EB_8551, 0x8F6A_7318_984A_F7F5]),
            (Draw::Paths, [0xAA80_8DC5_E54F_B8D6, 0xD860_7C8B_4EB5_D3A2]),
            (Draw::Lines, [0x9EA2_9721_DF8C_821C, 0x6124_8234_5F8F_A4D8]),
        ];
        for (draw, expected) in streams {
            assert_eq!([0, 1003].map(|index| Random::of_question(7, draw, index).bits()), expected, "{draw:?}");
        }
        let mut keys = streams.map(|(draw, _)| draw as u64).to_vec();
        keys.dedup();
        assert_eq!(keys.len(), streams.len(), "no two share a key");
    }

    #[test]
    fn no_two_draws_share_an_index() {
        assert_eq!((index_of_draw(0, 0), index_of_draw(1, 3), index_of_draw(1, 999)), (0, 1003, 1999));
        assert_eq!(index_of_draw(2, 0), 2000);
    }

    #[test]
    fn every_draw_of_a_search_keeps_its_stream() {
        let streams = [
            (Proposal::Uniform, [0xC677_2F2B_C59B_75F9_u64, 0x375B_0EFA_519C_EBE2]),
            (Proposal::Sobol, [0x9BCF_A5A2_44E8_8371, 0x8E36_9C7A_9495_8AD9]),
            (Proposal::Candidates, [0x8496_E8C4_FFF9_32DD, 0x0FC3_0EDA_44C7_8445]),
        ];
        for (proposal, expected) in streams {
            assert_eq!([0, 1003].map(|index| Random::of_search(7, proposal, index).bits()), expected, "{proposal:?}");
        }
    }

    #[test]
    fn moments_are_those_of_the_distributions() {
        let mut random = Random::new(0, Purpose::Inspect, 0, 0);
        let n = 100_000;
        let uniform: f64 = (0..n).map(|_| random.uniform()).sum::<f64>() / f64::from(n);
        let normal: Vec<f64> = (0..n).map(|_| random.normal()).collect();
        let mean = normal.iter().sum::<f64>() / f64::from(n);
        let variance = normal.iter().map(|x| x * x).sum::<f64>() / f64::from(n);
        assert!((uniform - 0.5).abs() < 0.005 && mean.abs() < 0.02 && (variance - 1.0).abs() < 0.03);
    }

    #[test]
    fn a_shuffle_keeps_every_item_once() {
        let mut items: Vec<usize> = (0..1000).collect();
        Random::new(7, Purpose::Shuffle, 0, 0).shuffle(&mut items);
        assert_ne!(items, (0..1000).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..1000).collect::<Vec<_>>());
    }
}
