//! The rules of ARCHITECTURE.md that a compiler does not keep: who may name whom, and that nobody does so in a circle.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot read the sources should fail")]

#[path = "architecture/docs.rs"]
mod docs;
#[path = "architecture/rules.rs"]
mod rules;
#[path = "architecture/sources.rs"]
mod sources;

use docs::Docs;
use rules::{Foreign, broken, is_of, meaning, rules};
use sources::{File, Sources, texts};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Longer files are not read, but searched.
const LONGEST_FILE: usize = 500;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn no_files_name_each_other_in_a_circle() {
    let sources = Sources::read(root());
    assert!(sources.files.len() > 200, "the sources are elsewhere");
    let circle = sources.circle();
    assert!(circle.is_empty(), "each of these files names the next, and the last the first: {circle:#?}");
}

/// The list in ARCHITECTURE.md is exactly what the sources do: neither an arrow that it does not have, nor one that is
/// not there any more.
#[test]
fn the_arrows_are_those_of_the_map() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let block = text.split("```arrows\n").nth(1).and_then(|rest| rest.split("```").next());
    let mut listed = BTreeMap::new();
    for line in block.expect("ARCHITECTURE.md has a block ```arrows").lines() {
        let (from, to) = line.split_once('→').unwrap_or_else(|| panic!("no arrow in {line:?}"));
        let to: BTreeSet<String> = to.split_whitespace().map(str::to_owned).collect();
        listed.insert(from.trim().to_owned(), to);
    }
    let found = Sources::read(root()).rooms();
    let line = |(room, to): (&String, &BTreeSet<String>)| {
        format!("{room} → {}", to.iter().map(String::as_str).collect::<Vec<_>>().join(" "))
    };
    let only = |these: &BTreeMap<String, BTreeSet<String>>, those: &BTreeMap<String, BTreeSet<String>>| {
        these.iter().filter(|(room, to)| those.get(*room) != Some(to)).map(line).collect::<Vec<_>>()
    };
    let (missing, gone) = (only(&found, &listed), only(&listed, &found));
    assert!(missing.is_empty() && gone.is_empty(), "the sources say\n{missing:#?}\nand the map says\n{gone:#?}");
}

/// What a package of this workspace asks for itself; what only its tests need is left out.
fn asked(folder: &str) -> (String, BTreeSet<String>) {
    let text = fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap();
    let manifest: toml::Table = text.parse().unwrap();
    let targets = manifest.get("target").and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::values);
    let lists = targets.map(|target| target.get("dependencies")).chain([manifest.get("dependencies")]);
    let names = lists.flatten().filter_map(toml::Value::as_table).flat_map(toml::Table::keys).cloned();
    (manifest["package"]["name"].as_str().unwrap().to_owned(), names.collect())
}

/// What each package is built from, as Cargo.lock has it.
fn needs() -> BTreeMap<String, BTreeSet<String>> {
    let lock: toml::Table = fs::read_to_string(root().join("Cargo.lock")).unwrap().parse().unwrap();
    let mut needs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in lock["package"].as_array().unwrap() {
        let listed = package.get("dependencies").and_then(toml::Value::as_array).into_iter().flatten();
        // Where there are several versions, theirs follows the name; they are taken together.
        let names = listed.map(|entry| entry.as_str().unwrap().split(' ').next().unwrap().to_owned());
        needs.entry(package["name"].as_str().unwrap().to_owned()).or_default().extend(names);
    }
    // Of this workspace's packages, it has what their tests need, too.
    needs.extend(["", "crates/core", "crates/engine", "crates/kernels", "crates/window"].map(asked));
    needs
}

/// What a package is built from, itself left out.
fn tree(package: &str) -> BTreeSet<String> {
    let needs = needs();
    let (mut seen, mut next) = (BTreeSet::new(), vec![package.to_owned()]);
    while let Some(name) = next.pop() {
        for needed in needs.get(&name).unwrap_or_else(|| panic!("Cargo.lock has no {name}")) {
            if seen.insert(needed.clone()) {
                next.push(needed.clone());
            }
        }
    }
    seen
}

/// What the map says that somebody must not know, nobody of theirs knows.
#[test]
fn nobody_knows_what_the_map_says_they_must_not() {
    let map = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let (sources, rules) = (Sources::read(root()), rules(&map));
    assert!(rules.len() > 25, "the table is elsewhere: {rules:#?}");
    let rooms = sources.rooms();
    for rule in &rules {
        let who = &rule.0;
        let package = if who == "residual_lab" { "residual-lab".to_owned() } else { format!("lab-{who}") };
        assert!(rooms.keys().any(|room| room.starts_with(who)), "nobody is called {who}");
        for foreign in meaning(rule) {
            let found = match foreign {
                Foreign::Built(packages) => tree(&package).into_iter().filter(|name| is_of(name, packages)).collect(),
                Foreign::Named(packages) => {
                    needs()[&package].iter().filter(|name| is_of(name, packages)).cloned().collect()
                }
                of_sources => broken(&sources, who, of_sources),
            };
            assert_eq!(found, Vec::<String>::new(), "{who} must not know {}", rule.1);
        }
    }
    // What is looked for is there to be found.
    assert!(["eframe", "burn", "clap"].iter().all(|name| tree("residual-lab").contains(*name)));
}

#[test]
fn only_the_kernels_are_unsafe() {
    let sources = Sources::read(root());
    let is_wrong = |file: &&File| file.is_unsafe && !file.path.starts_with("crates/kernels");
    let wrong: Vec<_> = sources.files.iter().filter(is_wrong).map(|file| &file.path).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    assert!(sources.files.iter().any(|file| file.is_unsafe), "nothing was seen");
}

#[test]
fn no_file_is_too_long_to_be_read() {
    let texts = texts(root());
    let count = |folder: &str| texts.iter().filter(|text| text.path.starts_with(folder)).count();
    assert!(
        ["src", "tests", "examples", "fuzz", "crates/core/tests", "crates/engine/benches"]
            .iter()
            .all(|folder| count(folder) > 0)
    );
    let wrong: Vec<_> = texts.iter().filter(|text| text.lines > LONGEST_FILE).map(|text| &text.path).collect();
    assert!(wrong.is_empty(), "longer than {LONGEST_FILE} lines: {wrong:?}");
}

#[test]
fn every_file_says_what_it_is_for() {
    let wrong: Vec<_> = texts(root()).into_iter().filter(|text| !text.says_why).map(|text| text.path).collect();
    assert!(wrong.is_empty(), "without words in a first line //!: {wrong:?}");
}

/// The compiler's own rule asks for a sentence above each field, too, and gets many that only repeat a name.
#[test]
fn public_items_say_what_they_are_for_and_fields_do_not_repeat_their_names() {
    let sources = Sources::read(root());
    let of_crates = sources.files.iter().filter(|file| file.path.starts_with("crates"));
    let docs: Vec<_> = of_crates.map(|file| Docs::read(root(), &root().join(&file.path))).collect();
    assert!(docs.iter().map(|file| file.count).sum::<usize>() > 1500, "nothing was seen");
    // Nobody names what the window's modules hold; its one function says what it does.
    let missing: Vec<_> =
        docs.iter().flat_map(|file| &file.missing).filter(|item| !item.contains("/window/")).collect();
    let repeated: Vec<_> = docs.iter().flat_map(|file| &file.repeated).collect();
    assert!(missing.is_empty(), "nothing stands above {missing:#?}");
    assert!(repeated.is_empty(), "these sentences say what the names say: {repeated:#?}");
}

/// Whoever carries on is not sent to files that were moved.
#[test]
fn what_the_texts_name_is_there() {
    let is_path = |word: &&str| word.contains('/') && word.chars().all(|c| c.is_alphanumeric() || "/._-".contains(c));
    // A folder of every shelf of runs, and what is built.
    let elsewhere = [".trash/", "target/"];
    let mut count = 0;
    for text in ["ARCHITECTURE.md", "CONTRIBUTING.md"] {
        let written = fs::read_to_string(root().join(text)).unwrap();
        for path in written
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(is_path)
            .filter(|path| !elsewhere.iter().any(|place| path.starts_with(place)))
        {
            count += 1;
            let is_there = root().join(path).exists() || root().join("crates").join(path).exists();
            assert!(is_there, "{text} names {path}, which is not there");
        }
    }
    assert!(count > 60, "{count} paths were found");
}

/// The checks themselves, on a small house with a circle through a re-export, a macro and an inline path.
#[test]
fn the_checks_see_what_they_look_for() {
    let place = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = place.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("Cargo.toml", "[package]\nname = \"small\"");
    write("src/main.rs", "//! Root.\nmod a;\nmod b;\nmod c;\nfn main() { b::two(); }");
    write("src/a/mod.rs", "//! Alias.\nmod one;\npub use one::One;");
    write("src/a/one.rs", "//! One.\nuse crate::b;\npub struct One;\nfn f() { assert!(b::two()); }");
    write("src/b.rs", "//! Two.\npub fn two() -> bool { true }");
    write("src/c.rs", "use crate::a::One;\n#[cfg(test)]\nmod tests;\nfn g(_: One) { unsafe { std::fs::read(\"\"); } }");
    write("src/c/tests.rs", "//!\nuse crate::b::two;");
    let sources = Sources::read(place.path());
    assert_eq!(sources.circle(), Vec::<String>::new());
    let rooms = sources.rooms();
    assert_eq!(rooms["small/c"], BTreeSet::from(["small/a".to_owned()]), "{rooms:?}");
    assert_eq!(rooms["small/a"], BTreeSet::from(["small/b".to_owned()]));
    let c = sources.files.iter().find(|file| file.path.ends_with("c.rs")).unwrap();
    assert!(c.is_unsafe && c.opens_files);
    let said = texts(place.path()).into_iter().filter(|text| text.says_why).count();
    assert_eq!(said, 4, "of c.rs and tests.rs nothing is said");

    write("src/b.rs", "//! Two.\npub fn two() -> bool { vec![crate::a::One].is_empty() }");
    let circle = Sources::read(place.path()).circle();
    assert_eq!(circle.len(), 2, "{circle:?}");
    assert!(circle.iter().any(|file| file.ends_with("a/one.rs")), "the re-export was not followed: {circle:?}");
}

/// The profile in which the program is handed on cannot inherit from release, but what is fast there is fast here.
#[test]
fn what_is_fast_in_release_is_fast_in_what_is_handed_on() {
    let manifest: toml::Table = fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    let fast = |profile: &str| -> BTreeSet<String> {
        let packages = manifest["profile"][profile]["package"].as_table().unwrap().iter();
        let fast = packages.filter(|(_, package)| package["opt-level"].as_integer() >= Some(2));
        fast.map(|(name, _)| name.clone()).collect()
    };
    assert_eq!(fast("release"), fast("dist"));
    assert!(!fast("dist").is_empty());
}
