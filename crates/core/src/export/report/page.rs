//! A web page that is put together from headings, paragraphs, tables and drawings. All text is escaped.

/// The style: for bright and dark screens, and for paper.
const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1c2733;--soft:#5b6875;--line:#dde3ea;--back:#fff;--code:#f3f6f9;\
--c0:#0072b2;--c1:#d55e00;--c2:#009e73;--c3:#b5538c;--c4:#a87400;--c5:#2f86b8;--c6:#444;--c7:#6f722d}\
@media(prefers-color-scheme:dark){:root{--ink:#e3e8ee;--soft:#9aa7b4;--line:#36414c;--back:#171c22;--code:#20272f;\
--c0:#4ba3d8;--c1:#f08a4b;--c2:#2fc79a;--c3:#e29ac2;--c4:#e6b450;--c5:#86c8ee;--c6:#c6cdd4;--c7:#bdc163}}\
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:var(--ink);background:var(--back)}\
h1,h2{line-height:1.2}h2{margin-top:2.5rem}.soft{color:var(--soft)}.verdict{font-size:1.15rem;font-weight:600}\
.wide{overflow-x:auto;margin:1rem 0}table{border-collapse:collapse}\
th,td{padding:.25rem .6rem;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}\
tr:first-child th{white-space:normal;vertical-align:bottom}.heat tr th{white-space:nowrap}\
th{font-weight:600}th:first-child,td.words,th.words{text-align:left}tr.best td{font-weight:600}\
.small{font-size:.8rem}.heat td{padding:0;min-width:var(--wide);height:14px;border:0}\
.heat th{font-size:.7rem;font-weight:400;padding:0 .5rem 0 0;border:0;text-align:left}\
.pictures{display:flex;flex-wrap:wrap;gap:1rem;margin:1rem 0}figure{margin:0;width:9rem}\
figcaption{font-size:.8rem;line-height:1.35;overflow-wrap:anywhere}\
img{width:9rem;height:9rem;object-fit:contain;image-rendering:pixelated;background:var(--code)}\
pre{background:var(--code);padding:1rem;overflow-x:auto;font-size:.8rem}\
svg{max-width:100%;height:auto;margin:.5rem 0;display:block}svg text{fill:var(--ink)}\
.names{margin:0 0 1.5rem;font-size:.85rem}.names span{margin-right:1.2rem;white-space:nowrap;display:inline-block}.grid{stroke:var(--line)}.curve{fill:none;stroke-width:1.5}\
@media print{body{margin:0;max-width:none;print-color-adjust:exact;-webkit-print-color-adjust:exact}\
.wide{overflow:visible}table{font-size:.75rem}th,td{white-space:normal;padding:.15rem .35rem}\
.heat th{white-space:nowrap}pre{white-space:pre-wrap}figure,tr{break-inside:avoid}}";

/// How every page begins, those of earlier versions, too.
const BEGINNING: &str = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
    content=\"width=device-width\"><";

/// Whether a file holds such a page.
pub(super) fn is_page(contents: &[u8]) -> bool {
    contents.starts_with(BEGINNING.as_bytes())
}

pub(super) struct Page(String);

impl Page {
    pub fn new(title: &str) -> Self {
        let title = escaped(title);
        Self(format!(
            "{BEGINNING}meta name=\"generator\" content=\"Residual Lab\"><title>{title}</title><style>{STYLE}</style></head>\n<body><h1>{title}</h1>\n"
        ))
    }

    pub fn heading(&mut self, text: &str) {
        self.raw(&format!("<h2>{}</h2>", escaped(text)));
    }

    pub fn paragraph(&mut self, text: &str) {
        self.raw(&format!("<p>{}</p>", escaped(text)));
    }

    /// The sentence that matters.
    pub fn verdict(&mut self, text: &str) {
        self.raw(&format!("<p class=\"verdict\">{}</p>", escaped(text)));
    }

    /// A remark.
    pub fn soft(&mut self, text: &str) {
        self.raw(&format!("<p class=\"soft\">{}</p>", escaped(text)));
    }

    pub fn code(&mut self, text: &str) {
        self.raw(&format!("<pre>{}</pre>", escaped(text)));
    }

    pub fn list(&mut self, items: &[String]) {
        let items: String = items.iter().map(|item| format!("<li>{}</li>", escaped(item))).collect();
        self.raw(&format!("<ul>{items}</ul>"));
    }

    /// A table; columns of words stand to the left, and the row of this number, if any, stands out.
    pub fn table(&mut self, header: &[&str], rows: &[Vec<String>], best: Option<usize>) {
        let is_number =
            |cell: &String| cell.is_empty() || cell == "–" || cell.starts_with(|c: char| c.is_ascii_digit());
        let words: Vec<bool> =
            (0..header.len()).map(|column| !rows.iter().filter_map(|row| row.get(column)).all(is_number)).collect();
        let class = |column: usize| if words[column] { " class=\"words\"" } else { "" };
        let cell = |kind: &str, (column, text): (usize, &str)| {
            let class = words.get(column).map_or("", |_| class(column));
            format!("<{kind}{class}>{}</{kind}>", escaped(text))
        };
        let head: String = header.iter().copied().enumerate().map(|it| cell("th", it)).collect();
        let row = |(place, row): (usize, &Vec<String>)| {
            let class = if best == Some(place) { " class=\"best\"" } else { "" };
            let cells: String = row.iter().map(String::as_str).enumerate().map(|it| cell("td", it)).collect();
            format!("<tr{class}>{cells}</tr>")
        };
        let body: String = rows.iter().enumerate().map(row).collect();
        self.raw(&format!("<div class=\"wide\"><table><tr>{head}</tr>{body}</table></div>"));
    }

    /// What is HTML already.
    pub fn raw(&mut self, html: &str) {
        self.0.push_str(html);
        self.0.push('\n');
    }

    pub fn finish(self) -> String {
        self.0 + "</body></html>\n"
    }
}

/// A text within HTML.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
