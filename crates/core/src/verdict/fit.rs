//! What the training loss says where accuracies were not told apart: a network may fit its own images better and know no
//! more of others. Knows comparisons, and nothing of how they were made.

use super::compare::{Compared, Comparison};
use crate::names::quoted;
use crate::number::{capital, plural, short};
use crate::statistics::Call;

/// How many times the other one's loss may be at most to be named where one seed cannot tell it from luck.
const APART: f64 = 0.8;

/// The greatest difference between training losses that is more than luck, in a sentence; of one seed, the greatest that is
/// clear to see. `of` says what the losses are the mean of.
pub(super) fn losses(comparisons: &[Comparison], of: &str) -> Option<String> {
    let is_known = |found: &&Comparison| match found.call {
        Call::Higher | Call::Lower => true,
        Call::Undecided => found.n == 1 && ratio(found) < APART,
        Call::Tie => false,
    };
    let known = comparisons.iter().filter(|found| found.quantity == Compared::TrainLoss).filter(is_known);
    let found = known.min_by(|a, b| ratio(a).total_cmp(&ratio(b)))?;
    let [mut less, mut more] = [(&found.first, found.first_mean), (&found.second, found.second_mean)];
    if less.1 > more.1 {
        std::mem::swap(&mut less, &mut more);
    }
    let [one, other] = [less.0, more.0].map(|name| quoted(name));
    let losses = format!("{one} {} against {other} {} {of}", short(less.1), short(more.1));
    Some(if found.call == Call::Undecided {
        format!("The training losses are further apart, {losses}; whether that is luck, one seed does not tell.")
    } else {
        let name = capital(&one);
        format!(
            "The training losses do differ, {losses} ({}): {name} fits the images it trains on better; on images that it \
             has not seen no difference was found.",
            plural(found.n as u64, "seed")
        )
    })
}

/// The lesser loss as a share of the greater one.
fn ratio(found: &Comparison) -> f64 {
    let (first, second) = (found.first_mean, found.second_mean);
    first.min(second) / first.max(second)
}
