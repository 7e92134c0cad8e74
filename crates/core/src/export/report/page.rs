//! A web page that is put together from headings, paragraphs, tables and drawings. All text is escaped.

/// The style: readable on paper, too.
const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c2733}\
h1,h2{line-height:1.2}table{border-collapse:collapse;margin:1rem 0;display:block;overflow-x:auto}\
th,td{padding:.25rem .6rem;text-align:right;border-bottom:1px solid #dde3ea;white-space:nowrap}th{text-align:left;font-weight:600}\
.small{font-size:.8rem}.heat td{padding:0;width:6px;height:14px;border:0}.heat th{font-size:.7rem;padding:0 .5rem 0 0;border:0}\
pre{background:#f3f6f9;padding:1rem;overflow-x:auto;font-size:.8rem}svg{max-width:100%;height:auto;margin:.5rem 0}";

pub(super) struct Page(String);

impl Page {
    pub fn new(title: &str) -> Self {
        let title = escaped(title);
        Self(format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
             content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style></head>\n<body><h1>{title}</h1>\n"
        ))
    }

    pub fn heading(&mut self, text: &str) {
        self.raw(&format!("<h2>{}</h2>", escaped(text)));
    }

    pub fn paragraph(&mut self, text: &str) {
        self.raw(&format!("<p>{}</p>", escaped(text)));
    }

    pub fn code(&mut self, text: &str) {
        self.raw(&format!("<pre>{}</pre>", escaped(text)));
    }

    pub fn list(&mut self, items: &[String]) {
        let items: String = items.iter().map(|item| format!("<li>{}</li>", escaped(item))).collect();
        self.raw(&format!("<ul>{items}</ul>"));
    }

    pub fn table(&mut self, header: &[&str], rows: &[Vec<String>]) {
        let cells = |kind: &str, cells: &mut dyn Iterator<Item = &str>| {
            cells.map(|cell| format!("<{kind}>{}</{kind}>", escaped(cell))).collect::<String>()
        };
        let head = cells("th", &mut header.iter().copied());
        let body: String =
            rows.iter().map(|row| format!("<tr>{}</tr>", cells("td", &mut row.iter().map(String::as_str)))).collect();
        self.raw(&format!("<table><tr>{head}</tr>{body}</table>"));
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
