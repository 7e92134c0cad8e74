//! The rules of ARCHITECTURE.md that a compiler does not keep: which module may name which.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot read the sources should fail")]

use std::fs;
use std::path::{Path, PathBuf};

/// Each module under `src/` with the modules it may name.
const ARROWS: &[(&str, &[&str])] = &[
    ("random", &[]),
    ("files", &[]),
    ("instrument", &[]),
    ("experiment", &["random", "files"]),
    ("data", &["experiment", "random", "files"]),
    ("nn", &["data", "experiment", "random", "files"]),
    ("train", &["instrument", "nn", "data", "experiment", "random", "files"]),
    ("inspect", &["instrument", "train", "nn", "data", "experiment", "random", "files"]),
    ("runs", &["train", "nn", "data", "experiment", "random", "files"]),
    // The window sees plain values only: it asks the engine and never holds a network or a data set.
    ("app", &["runs", "train", "instrument", "experiment", "files"]),
    ("cli", &["inspect", "instrument", "runs", "train", "nn", "data", "experiment", "random", "files"]),
];

/// What belongs to one side and must not be named by the others.
const WINDOW: &[&str] = &["eframe", "egui", "egui_plot", "egui_tiles", "epaint", "rfd", "winit"];
const TENSORS: &[&str] = &["burn", "burn_flex", "Tensor"];
const WITHOUT_TENSORS: &[&str] = &["app", "random", "files", "instrument", "experiment", "runs"];

const LONGEST_FILE: usize = 600;

struct Source {
    path: PathBuf,
    /// The module right below the crate's root.
    module: String,
    text: String,
    /// The identifiers of the code, in order, with `::` and `{`, `}`, `,` between them; no comments, no texts.
    words: Vec<String>,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let below = path.strip_prefix(&root).unwrap();
                let module = Path::new(below.iter().next().unwrap()).with_extension("").to_string_lossy().into_owned();
                let words = words(&text);
                sources.push(Source { path: below.to_owned(), module, text, words });
            }
        }
    }
    assert!(sources.len() > 10, "the sources are elsewhere");
    sources
}

/// Cuts code into identifiers and the signs that paths are made of.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let identifier = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if first == 'r' && rest[1..].trim_start_matches('#').starts_with('"') {
            let hashes = rest[1..].chars().take_while(|&c| c == '#').count();
            let open = 2 + hashes;
            let close = format!("\"{}", "#".repeat(hashes));
            rest[open..].find(&close).map_or(rest.len(), |end| open + end + close.len())
        } else if first == '"' {
            text_literal(rest)
        } else if let Some(character) = character_literal(rest) {
            character
        } else if identifier > 0 {
            words.push(rest[..identifier].to_owned());
            identifier
        } else {
            let sign = ["::", "{", "}", ",", ";"].into_iter().find(|sign| rest.starts_with(sign));
            words.extend(sign.map(str::to_owned));
            sign.map_or(first.len_utf8(), str::len)
        };
        rest = &rest[skipped..];
    }
    words
}

/// The length of a text in double quotes.
fn text_literal(rest: &str) -> usize {
    let mut escaped = false;
    let end = rest.char_indices().skip(1).find(|&(_, c)| {
        let closes = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        closes
    });
    end.map_or(rest.len(), |(at, _)| at + 1)
}

/// The length of a character in single quotes; `None` for a lifetime or anything else.
fn character_literal(rest: &str) -> Option<usize> {
    let inside = rest.strip_prefix('\'')?;
    if inside.starts_with('\\') {
        return inside[2..].find('\'').map(|end| end + 4);
    }
    let length = inside.chars().next()?.len_utf8();
    inside[length..].starts_with('\'').then_some(length + 2)
}

/// The modules right below the root that code names through `crate::…`, or through more `super::` than the file is
/// deep.
fn named_modules(words: &[String], depth: usize) -> Vec<String> {
    let mut named = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let continues = at > 0 && words[at - 1] == "::";
        if word == "crate" || word == "residual_lab" {
            named.extend(heads(&words[at + 1..]));
        } else if word == "super" && !continues {
            let supers = words[at..].chunks(2).take_while(|pair| pair[0] == "super").count();
            // One more for the module of unit tests at the end of a file.
            if supers > depth {
                named.extend(heads(&words[at + 2 * supers - 1..]));
            }
        }
    }
    named
}

/// The first identifiers below a path that goes on with `::name` or `::{name, name::deeper}`.
fn heads(words: &[String]) -> Vec<String> {
    if words.first().is_none_or(|word| word != "::") {
        return Vec::new();
    }
    if words.get(1).is_none_or(|word| word != "{") {
        return words.get(1).cloned().into_iter().collect();
    }
    let (mut heads, mut depth) = (Vec::new(), 0);
    for pair in words[1..].windows(2) {
        match pair[0].as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
        if depth == 1 && (pair[0] == "{" || pair[0] == ",") {
            heads.push(pair[1].clone());
        }
    }
    heads
}

fn allowed(module: &str) -> &'static [&'static str] {
    let found = ARROWS.iter().find(|(name, _)| *name == module);
    found.unwrap_or_else(|| panic!("src/{module} is not on the map: add it to ARROWS and to ARCHITECTURE.md")).1
}

fn is_root(source: &Source) -> bool {
    source.module == "lib" || source.module == "main"
}

#[test]
fn arrows_point_one_way() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| !is_root(source)) {
        let allowed = allowed(&source.module);
        let depth = source.path.iter().count() - usize::from(source.path.ends_with("mod.rs"));
        for named in named_modules(&source.words, depth) {
            let is_module = ARROWS.iter().any(|(module, _)| *module == named);
            if is_module && named != source.module && !allowed.contains(&named.as_str()) {
                wrong.push(format!("{} names {named}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_window_holds_no_tensors_and_the_engine_draws_nothing() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| !is_root(source)) {
        let mut foreign: Vec<&str> = Vec::new();
        if source.module != "app" {
            foreign.extend(WINDOW);
        }
        if WITHOUT_TENSORS.contains(&source.module.as_str()) {
            foreign.extend(TENSORS);
        }
        let named = foreign.iter().filter(|name| source.words.iter().any(|word| word == **name));
        wrong.extend(named.map(|name| format!("{} names {name}", source.path.display())));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn only_the_kernels_are_unsafe() {
    let is_unsafe = |source: &&Source| source.words.iter().any(|word| word == "unsafe");
    let outside = |source: &&Source| !source.path.starts_with("nn/kernels");
    let sources = sources();
    let wrong: Vec<_> = sources.iter().filter(outside).filter(is_unsafe).map(|source| &source.path).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn no_file_is_too_long_to_be_read() {
    let sources = sources();
    let length = |source: &&Source| source.text.lines().count() > LONGEST_FILE;
    let wrong: Vec<_> = sources.iter().filter(length).map(|source| &source.path).collect();
    assert!(wrong.is_empty(), "longer than {LONGEST_FILE} lines: {wrong:?}");
}

#[test]
fn the_checks_see_what_they_look_for() {
    let code = r##"
        use crate::{data::Dataset, nn, train::{keep, nn2}};
        // crate::comment and unsafe words
        fn life<'a>(x: &'a str) -> char { crate::runs::open("crate::text \" egui"); r#"crate::raw"# ; '"' }
        use super::super::app;
    "##;
    let words = words(code);
    assert_eq!(named_modules(&words, 1), ["data", "nn", "train", "runs", "app"]);
    assert_eq!(named_modules(&words, 2), ["data", "nn", "train", "runs"]);
    assert!(!words.iter().any(|word| word == "egui" || word == "unsafe"));
}
