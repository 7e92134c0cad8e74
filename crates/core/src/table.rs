//! A table with named columns: what an instrument found, what a plot shows. The same in the terminal, in a CSV file and in
//! the clipboard. Knows nothing of where its numbers come from.

use std::borrow::Cow;
use std::sync::Arc;

/// Columns of equal length; shorter ones are filled up with empty cells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// What a file with it is called, without its ending.
    pub name: String,
    columns: Vec<Column>,
}

#[derive(Clone, Debug, PartialEq)]
struct Column {
    title: String,
    cells: Cells,
}

#[derive(Clone, Debug, PartialEq)]
enum Cells {
    Numbers(Vec<f64>),
    Words(Vec<Arc<str>>),
}

impl Cells {
    fn len(&self) -> usize {
        match self {
            Self::Numbers(values) => values.len(),
            Self::Words(words) => words.len(),
        }
    }

    fn text(&self, row: usize) -> Cow<'_, str> {
        match self {
            Self::Numbers(values) => values.get(row).map_or(Cow::Borrowed(""), |value| number(*value)),
            Self::Words(words) => Cow::Borrowed(words.get(row).map_or("", |word| word)),
        }
    }

    fn alignment<'a>(&self, words: &'a str, numbers: &'a str) -> &'a str {
        match self {
            Self::Numbers(_) => numbers,
            Self::Words(_) => words,
        }
    }

    fn only(&self, rows: &[usize]) -> Self {
        match self {
            Self::Numbers(values) => {
                Self::Numbers(rows.iter().map(|&row| values.get(row).copied().unwrap_or(f64::NAN)).collect())
            }
            Self::Words(words) => {
                Self::Words(rows.iter().map(|&row| words.get(row).cloned().unwrap_or_default()).collect())
            }
        }
    }
}

/// As many digits as bring a number back, nothing for one that is not finite.
fn number(value: f64) -> Cow<'static, str> {
    if value.is_finite() { Cow::Owned(value.to_string()) } else { Cow::Borrowed("") }
}

/// A cell as LaTeX sets it.
fn latex(cell: &str) -> String {
    let mut text = String::new();
    for letter in cell.chars() {
        match letter {
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => text.extend(['\\', letter]),
            '~' => text += "\\textasciitilde{}",
            '^' => text += "\\textasciicircum{}",
            '\\' => text += "\\textbackslash{}",
            '±' => text += "$\\pm$",
            '–' => text += "--",
            '\n' => text.push(' '),
            _ => text.push(letter),
        }
    }
    text
}

impl Table {
    /// Without columns.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), columns: Vec::new() }
    }

    /// With one more column of numbers; what is not finite becomes an empty cell.
    #[must_use]
    pub fn numbers(self, title: &str, values: impl IntoIterator<Item = f64>) -> Self {
        self.with(title, Cells::Numbers(values.into_iter().collect()))
    }

    /// With one more column of counts.
    #[must_use]
    pub fn counts(self, title: &str, values: impl IntoIterator<Item = usize>) -> Self {
        self.numbers(title, values.into_iter().map(|count| count as f64))
    }

    /// With one more column of words.
    #[must_use]
    pub fn words<W: Into<Arc<str>>>(self, title: &str, words: impl IntoIterator<Item = W>) -> Self {
        self.with(title, Cells::Words(words.into_iter().map(Into::into).collect()))
    }

    /// With another table's columns beside its own.
    #[must_use]
    pub fn beside(mut self, other: Self) -> Self {
        self.columns.extend(other.columns);
        self
    }

    fn with(mut self, title: &str, cells: Cells) -> Self {
        self.columns.push(Column { title: title.to_owned(), cells });
        self
    }

    /// The table with these rows only, in this order.
    #[must_use]
    pub fn only(&self, rows: &[usize]) -> Self {
        let column = |column: &Column| Column { title: column.title.clone(), cells: column.cells.only(rows) };
        Self { name: self.name.clone(), columns: self.columns.iter().map(column).collect() }
    }

    /// The names of the columns.
    #[must_use]
    pub fn titles(&self) -> impl ExactSizeIterator<Item = &str> {
        self.columns.iter().map(|column| column.title.as_str())
    }

    /// Rows below the header.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.columns.iter().map(|column| column.cells.len()).max().unwrap_or(0)
    }

    /// One row's cells as they are written, one for each column; empty below the last row.
    #[must_use]
    pub fn row(&self, row: usize) -> impl ExactSizeIterator<Item = Cow<'_, str>> {
        self.columns.iter().map(move |column| column.cells.text(row))
    }

    /// The table as CSV (RFC 4180, but with plain line feeds), numbers with all their digits.
    #[must_use]
    pub fn csv(&self) -> String {
        self.separated(b',')
    }

    /// The table with tabs between its cells, as spreadsheets paste it.
    #[must_use]
    pub fn tabbed(&self) -> String {
        self.separated(b'\t')
    }

    /// The table as Markdown, one row in bold if it stands out.
    #[must_use]
    pub fn markdown(&self, bold: Option<usize>) -> String {
        let line = |cells: &mut dyn Iterator<Item = String>| format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "));
        let escaped = |cell: &str| cell.replace('|', "\\|").replace('\n', " ");
        let mut text = line(&mut self.titles().map(escaped));
        text += &line(&mut self.columns.iter().map(|column| column.cells.alignment("---", "---:").to_owned()));
        for row in 0..self.rows() {
            let stands_out =
                |cell: String| if bold == Some(row) && !cell.is_empty() { format!("**{cell}**") } else { cell };
            text += &line(&mut self.row(row).map(|cell| stands_out(escaped(&cell))));
        }
        text
    }

    /// The table as LaTeX with the rules of the package booktabs, one row in bold if it stands out.
    #[must_use]
    pub fn latex(&self, bold: Option<usize>) -> String {
        let line =
            |cells: &mut dyn Iterator<Item = String>| format!("{} \\\\\n", cells.collect::<Vec<_>>().join(" & "));
        let columns: String = self.columns.iter().map(|column| column.cells.alignment("l", "r")).collect();
        let mut text = format!("\\begin{{tabular}}{{{columns}}}\n\\toprule\n");
        text += &line(&mut self.titles().map(latex));
        text += "\\midrule\n";
        for row in 0..self.rows() {
            let stands_out =
                |cell: String| if bold == Some(row) && !cell.is_empty() { format!("\\textbf{{{cell}}}") } else { cell };
            text += &line(&mut self.row(row).map(|cell| stands_out(latex(&cell))));
        }
        text + "\\bottomrule\n\\end{tabular}\n"
    }

    fn separated(&self, separator: u8) -> String {
        let mut writer = csv::WriterBuilder::new().delimiter(separator).from_writer(Vec::new());
        // Writing into memory cannot fail, and all rows are of one length.
        let _ = writer.write_record(self.titles());
        for row in 0..self.rows() {
            for cell in self.row(row) {
                let _ = writer.write_field(cell.as_bytes());
            }
            let _ = writer.write_record(None::<&[u8]>);
        }
        String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_csv_reader_reads_back_what_was_written() {
        let names = ["plain", "with \"quotes\", and comma", "a\nb"];
        let table = Table::default().words("arm", names).numbers("loss", [0.1, f64::NAN, 1e-300]).numbers("x", [1.0]);
        let text = table.csv();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        assert_eq!(reader.headers().unwrap(), vec!["arm", "loss", "x"]);
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.iter().map(|row| &row[0]).collect::<Vec<_>>(), names);
        assert_eq!(
            rows.iter().map(|row| row[1].parse().ok()).collect::<Vec<Option<f64>>>(),
            [Some(0.1), None, Some(1e-300)]
        );
        assert_eq!(rows.iter().map(|row| &row[2]).collect::<Vec<_>>(), ["1", "", ""]);
        assert_eq!(table.tabbed().lines().next(), Some("arm\tloss\tx"));
    }

    #[test]
    fn cells_are_quoted_where_they_must_be_and_nowhere_else() {
        let table = Table::new("x").words("a b", ["cat, tabby", "#1 'dog'", "a\tb"]).numbers("n", [2.0, -0.25, 1e21]);
        assert_eq!(table.csv(), "a b,n\n\"cat, tabby\",2\n#1 'dog',-0.25\na\tb,1000000000000000000000\n");
        assert_eq!(table.tabbed(), "a b\tn\ncat, tabby\t2\n#1 'dog'\t-0.25\n\"a\tb\"\t1000000000000000000000\n");
    }

    #[test]
    fn papers_and_web_pages_set_it_as_it_is() {
        let table = Table::new("x")
            .words("learning_rate", ["0.1", "a|b"])
            .words("%", ["91.30 ± 0.42 %", ""])
            .counts("n", [3, 1]);
        let markdown = "| learning_rate | % | n |\n| --- | --- | ---: |\n| **0.1** | **91.30 ± 0.42 %** | **3** |\n| a\\|b |  | 1 |\n";
        assert_eq!(table.markdown(Some(0)), markdown);
        let latex = "\\begin{tabular}{llr}\n\\toprule\nlearning\\_rate & \\% & n \\\\\n\\midrule\n\
            0.1 & 91.30 $\\pm$ 0.42 \\% & 3 \\\\\na|b &  & \\textbf{1} \\\\\n\\bottomrule\n\\end{tabular}\n";
        assert_eq!(table.latex(Some(1)).replace("\\textbf{a|b}", "a|b"), latex);
        assert!(Table::new("y").words("^", ["~", "\\"]).latex(None).contains("textasciitilde{} "));
    }

    #[test]
    fn rows_are_chosen_and_columns_put_beside_each_other() {
        let words = Table::new("all").words("word", ["a", "b", "c"]);
        let both = words.beside(Table::new("other").counts("count", [1, 2]));
        assert_eq!(both.only(&[2, 0]).csv(), "word,count\nc,\na,1\n");
        assert_eq!((both.name.as_str(), both.rows()), ("all", 3));
    }
}
