//! A table with named columns, on its way to a CSV file or the clipboard.

use std::fmt::Write as _;
use std::sync::Arc;

/// Columns of equal length; shorter ones are filled up with empty cells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    columns: Vec<(String, Cells)>,
}

#[derive(Clone, Debug, PartialEq)]
enum Cells {
    Numbers(Vec<f64>),
    Words(Vec<Arc<str>>),
}

impl Table {
    /// With one more column of numbers; what is not finite becomes an empty cell.
    #[must_use]
    pub fn numbers(mut self, name: &str, values: impl IntoIterator<Item = f64>) -> Self {
        self.columns.push((name.to_owned(), Cells::Numbers(values.into_iter().collect())));
        self
    }

    /// With one more column of words.
    #[must_use]
    pub fn words(mut self, name: &str, values: impl IntoIterator<Item = Arc<str>>) -> Self {
        self.columns.push((name.to_owned(), Cells::Words(values.into_iter().collect())));
        self
    }

    /// Rows below the header.
    #[must_use]
    pub fn rows(&self) -> usize {
        let length = |(_, cells): &(String, Cells)| match cells {
            Cells::Numbers(values) => values.len(),
            Cells::Words(words) => words.len(),
        };
        self.columns.iter().map(length).max().unwrap_or(0)
    }

    /// The table as CSV (RFC 4180, but with plain line feeds), numbers with all their digits.
    #[must_use]
    pub fn csv(&self) -> String {
        self.separated(',')
    }

    /// The table with tabs between its cells, as spreadsheets paste it.
    #[must_use]
    pub fn tabbed(&self) -> String {
        self.separated('\t')
    }

    fn separated(&self, separator: char) -> String {
        let mut text = String::new();
        let mut first = true;
        for (name, _) in &self.columns {
            between(&mut text, &mut first, separator);
            quoted(&mut text, name, separator);
        }
        text.push('\n');
        for row in 0..self.rows() {
            let mut first = true;
            for (_, cells) in &self.columns {
                between(&mut text, &mut first, separator);
                match cells {
                    Cells::Numbers(values) => {
                        if let Some(value) = values.get(row).filter(|value| value.is_finite()) {
                            // Writing into a text cannot fail.
                            let _ = write!(text, "{value}");
                        }
                    }
                    Cells::Words(words) => quoted(&mut text, words.get(row).map_or("", |word| word), separator),
                }
            }
            text.push('\n');
        }
        text
    }
}

fn between(text: &mut String, first: &mut bool, separator: char) {
    if !std::mem::replace(first, false) {
        text.push(separator);
    }
}

fn quoted(text: &mut String, cell: &str, separator: char) {
    if cell.contains([separator, '"', '\n', '\r']) {
        text.push('"');
        text.push_str(&cell.replace('"', "\"\""));
        text.push('"');
    } else {
        text.push_str(cell);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_csv_reader_reads_back_what_was_written() {
        let names = ["plain", "with \"quotes\", and comma", "a\nb"].map(Arc::from);
        let table =
            Table::default().words("arm", names.clone()).numbers("loss", [0.1, f64::NAN, 1e-300]).numbers("x", [1.0]);
        let text = table.csv();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        assert_eq!(reader.headers().unwrap(), vec!["arm", "loss", "x"]);
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!(
            rows.iter().map(|row| &row[0]).collect::<Vec<_>>(),
            names.iter().map(|name| &**name).collect::<Vec<_>>()
        );
        assert_eq!(
            rows.iter().map(|row| row[1].parse().ok()).collect::<Vec<Option<f64>>>(),
            [Some(0.1), None, Some(1e-300)]
        );
        assert_eq!(rows.iter().map(|row| &row[2]).collect::<Vec<_>>(), ["1", "", ""]);
        assert_eq!(table.tabbed().lines().next(), Some("arm\tloss\tx"));
    }
}
