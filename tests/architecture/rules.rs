//! What each part of the house must not know: the column of ARCHITECTURE.md's map, and what its words mean.

use super::sources::Sources;
use std::collections::BTreeSet;

/// What draws a window.
const WINDOW: &[&str] = &["eframe", "egui", "egui_plot", "egui_tiles", "epaint", "rfd", "winit"];
/// What computes with tensors.
const TENSORS: &[&str] = &["burn", "cubecl", "cubek", "lab-engine", "lab-kernels"];
/// What reads arguments and writes to terminals.
const TERMINALS: &[&str] = &["clap", "console", "crossterm", "indicatif"];

/// What somebody must not know.
#[derive(Clone, Copy, Debug)]
pub enum Foreign {
    /// Packages that it is built from.
    Built(&'static [&'static str]),
    /// Packages that it names itself, whatever these are built from.
    Named(&'static [&'static str]),
    /// Rooms, or crates with all their rooms.
    Rooms(&'static [&'static str]),
    /// The same, apart from these of its files.
    RoomsBut(&'static [&'static str], &'static [&'static str]),
    /// Files, which it neither reads nor writes.
    Files,
    /// Widgets.
    Widgets,
    /// Other panels.
    Panels,
}

/// A room or a package of the map, and a word of the column.
pub type Rule = (String, String);

/// The rules of a map's table.
pub fn rules(map: &str) -> Vec<Rule> {
    let mut rules = Vec::new();
    let mut package = String::new();
    let table = map.split("```").next().unwrap_or_default();
    for line in table.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [names, _, words] = cells[..] else { continue };
        for name in names.split('`').skip(1).step_by(2) {
            let room_name = name.strip_prefix("· ");
            if room_name.is_none() {
                name.strip_prefix("crates/").unwrap_or("residual_lab").clone_into(&mut package);
            }
            let room = |room: &str| format!("{package}/{}", room.trim_end_matches('/').trim_end_matches(".rs"));
            let who = room_name.map_or_else(|| package.clone(), room);
            rules.extend(words.split(", ").filter(|word| !word.is_empty()).map(|word| (who.clone(), word.to_owned())));
        }
    }
    rules
}

/// What a word of the column means for somebody.
pub fn meaning((who, word): &Rule) -> Vec<Foreign> {
    use Foreign::{Built, Files, Named, Panels, Rooms, RoomsBut, Widgets};
    let one = match word.as_str() {
        "tensors" => Built(TENSORS),
        "windows" => Built(WINDOW),
        "terminals" => Built(TERMINALS),
        "burn" if who == "residual_lab" => Named(&["burn", "cubecl", "cubek"]),
        "burn" => Built(&["burn", "cubecl", "cubek"]),
        "the engine" => Built(&["lab-engine", "lab-kernels"]),
        "everything else" => Rooms(&["core", "engine", "window", "residual_lab"]),
        "engine" => Rooms(&["engine", "kernels"]),
        "window" | "plots" => Rooms(&["window"]),
        "files of images" | "data sets" => Rooms(&["core/data"]),
        "blueprints" => Rooms(&["core/blueprint"]),
        "experiments" => Rooms(&["core/experiment"]),
        "runs" | "run folders" => Rooms(&["core/runs"]),
        "run folders but for `of_runs` and `guess`" => RoomsBut(&["core/runs"], &["of_runs.rs", "guess.rs"]),
        "training" => Rooms(&["engine/train"]),
        "files" => Files,
        "actions" => Rooms(&["window/action"]),
        "state" => Rooms(&["window/state"]),
        "panels" => Rooms(&["window/panels"]),
        "widgets" => Widgets,
        "each other" if who == "window/form" => Rooms(&["window/panels"]),
        "each other" if who == "window/panels" => return vec![Rooms(&["window/form"]), Panels],
        _ => panic!("what {who} must not know is {word:?}: say here what that means"),
    };
    vec![one]
}

/// Whether a package is one of these or a part of one: `burn-flex` is one of burn's.
pub fn is_of(package: &str, these: &[&str]) -> bool {
    these.iter().any(|part| package == *part || package.starts_with(&format!("{part}-")))
}

/// Where the files of somebody name or do what they must not, each in words.
pub fn broken(sources: &Sources, who: &str, foreign: Foreign) -> Vec<String> {
    let is_in = |room: &str, place: &str| room == place || room.starts_with(&format!("{place}/"));
    let units = panels(sources);
    let mut found = Vec::new();
    for (file, arrows) in sources.files.iter().zip(sources.arrows()) {
        if !file.room().is_some_and(|room| is_in(&room, who)) {
            continue;
        }
        let path = file.path.display();
        let is_spared = |names: &[&str]| names.iter().any(|name| file.path.ends_with(name));
        match foreign {
            Foreign::RoomsBut(_, spared) if is_spared(spared) => {}
            Foreign::Rooms(places) | Foreign::RoomsBut(places, _) => {
                for other in arrows.iter().map(|&other| &sources.files[other]) {
                    if other.room().is_some_and(|room| places.iter().any(|place| is_in(&room, place))) {
                        found.push(format!("{path} names {}", other.path.display()));
                    }
                }
            }
            Foreign::Files => {
                let helper = arrows.iter().any(|&other| sources.files[other].room().as_deref() == Some("core/files"));
                found.extend((file.opens_files || helper).then(|| format!("{path} opens files")));
            }
            Foreign::Widgets => {
                let kit = arrows.iter().any(|&other| sources.files[other].room().as_deref() == Some("window/kit"));
                let drawn = file.crates.iter().any(|name| is_of(name, WINDOW));
                found.extend((kit || drawn).then(|| format!("{path} knows widgets")));
            }
            Foreign::Panels => {
                let Some(own) = units.iter().find(|unit| file.path.starts_with(unit)) else { continue };
                for other in arrows.iter().map(|&other| &sources.files[other].path) {
                    if units.iter().any(|unit| unit != own && other.starts_with(unit)) {
                        found.push(format!("{path} names {}", other.display()));
                    }
                }
            }
            Foreign::Built(_) | Foreign::Named(_) => {}
        }
    }
    found
}

/// The panels: a folder with one of them, or each file where a folder has several.
fn panels(sources: &Sources) -> BTreeSet<std::path::PathBuf> {
    let is_panel = |file: &&super::sources::File| file.implements.contains("Panel");
    let files: Vec<_> = sources.files.iter().filter(is_panel).map(|file| &file.path).collect();
    let unit = |path: &&std::path::PathBuf| {
        let folder = path.parent().unwrap();
        let is_alone = files.iter().filter(|other| other.parent() == Some(folder)).count() == 1;
        if is_alone { folder.to_owned() } else { (*path).clone() }
    };
    files.iter().map(unit).collect()
}
