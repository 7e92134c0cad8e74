//! `residual-lab fields`: what can be set of an experiment, in the words of the form.

use super::output::{self, Failure};
use lab_core::experiment::field::{self, Field};
use serde_json::json;

/// Arguments of `fields`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  residual-lab fields
  residual-lab fields learning rate
  residual-lab fields recipe.schedule.curve --json")]
pub struct Args {
    /// Only the fields in whose path, name or explanation all these words are
    #[arg(value_name = "WORD")]
    words: Vec<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let words: Vec<String> = args.words.iter().map(|word| word.to_lowercase()).collect();
    let is_meant = |field: &&&Field| {
        let text = format!("{} {} {} {}", field.paths.join(" "), field.label, field.what, field.good).to_lowercase();
        words.iter().all(|word| text.contains(word))
    };
    let found: Vec<&Field> = field::ALL.iter().filter(is_meant).copied().collect();
    if found.is_empty() {
        let asked = args.words.join(" ");
        return Err(Failure::Usage(format!("no field is about \"{asked}\"; residual-lab fields lists all")));
    }
    if args.json {
        let entry = |field: &Field| {
            let places: Vec<_> = field.paths.iter().map(|path| place(path)).collect();
            json!({ "name": field.label, "what": field.what, "good": field.good, "places": places })
        };
        return output::print_json(&found.into_iter().map(entry).collect::<Vec<_>>());
    }
    output::print(&found.into_iter().map(in_words).collect::<Vec<_>>().join("\n\n"))
}

fn place(path: &str) -> serde_json::Value {
    json!({
        "path": path,
        "takes": field::takes(path),
        "needed": field::is_needed(path),
        "usual": field::usual(path),
    })
}

/// A field as a person reads it: its places in a file, and what it is about.
fn in_words(field: &Field) -> String {
    let place = |path: &&str| {
        let usual = match field::usual(path) {
            Some(usual) => format!("usually {usual}"),
            None if field::is_needed(path) => "needed".to_owned(),
            None => "may be left out".to_owned(),
        };
        format!("{path}: {}; {usual}\n", field::takes(path))
    };
    let places: String = field.paths.iter().map(place).collect();
    format!("{places}  {}. {}\n  Good: {}", field.label, field.what, field.good)
}
