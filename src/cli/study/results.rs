//! `residual-lab study results`: the table, for a terminal, a spreadsheet, a web page or a paper.

use super::folder::open;
use crate::cli::output::{self, Failure};
use lab_core::study::{Results, StudyFolder};
use lab_core::table::Table;
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// Arguments of `study results`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  residual-lab study results rates
  residual-lab study results rates --csv > rates.csv
  residual-lab study results rates --latex > rates.tex      (needs the package booktabs)")]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag, and clap takes only one of them")]
pub struct Args {
    /// The study's folder
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// Every number in a cell of its own, with all its digits
    #[arg(long, group = "form")]
    csv: bool,
    /// A table for a web page
    #[arg(long, group = "form")]
    markdown: bool,
    /// A table for a paper
    #[arg(long, group = "form")]
    latex: bool,
    /// For another program
    #[arg(long, group = "form")]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let study = open(&args.folder)?;
    let results = study.results().map_err(Failure::running)?;
    if args.json {
        return output::print_json(&json(&study, &results));
    }
    output::print(&match args {
        Args { csv: true, .. } => results.table().csv(),
        Args { markdown: true, .. } => results.summary().markdown(results.best),
        Args { latex: true, .. } => results.summary().latex(results.best),
        _ if results.points.len() > 1 => {
            let study = output::word(study.path());
            format!("{}\n\n`residual-lab verdict {study}` says what differs by more than luck", summary(&results))
        }
        _ => summary(&results),
    })
}

/// The results as a terminal shows them, the best point marked.
pub(super) fn summary(results: &Results) -> String {
    let table = results.summary();
    let header: Vec<&str> = std::iter::once("").chain(table.titles()).collect();
    let rows: Vec<Vec<String>> = (0..table.rows())
        .map(|row| {
            let mark = if results.best == Some(row) { "★" } else { "" };
            std::iter::once(mark.to_owned()).chain(table.row(row).map(std::borrow::Cow::into_owned)).collect()
        })
        .collect();
    let table = output::table(&header, &rows);
    match results.best {
        Some(_) => {
            let of = if results.is_mean_of_arms() { " of its networks" } else { "" };
            format!("{table}\n\n★ the best {}{of}", results.objective())
        }
        None => table,
    }
}

/// The results for another program: one object for each point, with the columns of the CSV.
pub(super) fn json(study: &StudyFolder, results: &Results) -> Value {
    let table = results.table();
    let points: Vec<Value> = (0..table.rows()).map(|row| object(&table, row)).collect();
    json!({
        "study": study.study().name,
        "folder": study.path(),
        "points": points,
        "best": results.best,
    })
}

fn object(table: &Table, row: usize) -> Value {
    // A count stays one, and a class called "inf" its name.
    let value = |cell: &str| match (cell.parse::<i64>(), cell.parse::<f64>()) {
        (Ok(count), _) => json!(count),
        (_, Ok(number)) if number.is_finite() => json!(number),
        _ if cell.is_empty() => Value::Null,
        _ => json!(cell),
    };
    let fields: Map<String, Value> =
        table.titles().zip(table.row(row)).map(|(title, cell)| (title.to_owned(), value(&cell))).collect();
    Value::Object(fields)
}
