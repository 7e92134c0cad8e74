//! Options that take one of some values by its name. Must not know which command has them.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use lab_core::checkpoint::Checkpoint;

/// Reads one of some values by its name.
pub(super) fn one_of<T: Copy + Send + Sync + 'static>(
    named: impl IntoIterator<Item = (T, PossibleValue)>,
) -> impl TypedValueParser<Value = T> {
    let (values, names): (Vec<T>, Vec<PossibleValue>) = named.into_iter().unzip();
    let known = names.clone();
    PossibleValuesParser::new(names).try_map(move |typed| {
        let found = known.iter().zip(&values).find(|(name, _)| name.get_name() == typed);
        found.map(|(_, value)| *value).ok_or_else(|| format!("there is no {typed}"))
    })
}

/// Values with their names and what each is.
pub(super) fn described<T: Copy>(all: &[(T, &'static str, &'static str)]) -> impl Iterator<Item = (T, PossibleValue)> {
    all.iter().map(|(value, name, about)| (*value, PossibleValue::new(*name).help(*about)))
}

/// Which checkpoint of a run, by its name.
pub(super) fn checkpoints() -> impl TypedValueParser<Value = Checkpoint> {
    one_of([Checkpoint::Best, Checkpoint::Last].map(|it| (it, PossibleValue::new(it.name()))))
}
