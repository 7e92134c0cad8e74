//! How arms, seeds and many names are called in a sentence.

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

/// The first few of several names, and a sign where there are more.
#[must_use]
pub fn first_few(names: &[impl AsRef<str>], most: usize) -> String {
    let first = names.iter().take(most).map(AsRef::as_ref).collect::<Vec<&str>>().join(", ");
    if names.len() > most { first + ", …" } else { first }
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
