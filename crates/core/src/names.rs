//! How arms and seeds are called in a sentence.

use crate::number::plural;

/// A name in a sentence: in quotation marks unless it is one word, so that an arm called "no shortcut" is read as one.
#[must_use]
pub fn quoted(name: &str) -> String {
    if name.contains([' ', ',']) { format!("“{name}”") } else { name.to_owned() }
}

/// So many seeds, in words.
#[must_use]
pub fn seeds(n: usize) -> String {
    if n == 1 { "one seed".to_owned() } else { plural(n as u64, "seed") }
}

/// One after the other, the last one after "and".
#[must_use]
pub fn together(all: &[String]) -> String {
    match all {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
