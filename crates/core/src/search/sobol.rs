//! Points that fill a space more evenly than random ones: a Sobol sequence, scrambled by the seed (Owen 1995; Burley
//! 2020).

use super::space::{Point, Space};
use crate::random::{Proposal, Random};

/// A sequence is as long as this; the next one is scrambled anew.
const LENGTH: u64 = 1 << 16;

/// The point of this trial.
#[allow(clippy::cast_possible_truncation, reason = "half of 64 bits, and a remainder of 2^16")]
pub(super) fn point(space: &Space, seed: u64, trial: u64) -> Point {
    let index = (trial % LENGTH) as u32;
    let mut scrambling = Random::of_search(seed, Proposal::Sobol, trial / LENGTH);
    let mut seed = 0;
    let mut dimension = sobol_burley::NUM_DIMENSIONS;
    space.at(|| {
        // Beyond the dimensions of one sequence begins another one.
        if dimension == sobol_burley::NUM_DIMENSIONS {
            (seed, dimension) = (scrambling.bits() as u32, 0);
        }
        dimension += 1;
        f64::from(sobol_burley::sample(index, dimension - 1, seed))
    })
}
