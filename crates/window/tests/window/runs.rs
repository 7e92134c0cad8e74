//! The runs on disk: finding, drawing, comparing, annotating, deleting and going on with them.

use crate::remembered::{ended, restarted, shown};
use crate::scripted::*;
use eframe::egui::{Key, Theme, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use lab_core::experiment::{Experiment, PRESETS};
use lab_core::protocol::keep::{Keeper, Record};
use lab_core::protocol::{Command, Event, Outcome};
use lab_core::runs::{Folder, Notes};
use lab_window::App;
use lab_window::dialogs::{Chosen, FileDialog};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A run of the default experiment under this name, with another batch size for each name's length.
pub fn experiment(name: &str) -> Experiment {
    let mut plan = PRESETS[0].plan();
    name.clone_into(&mut plan.name);
    plan.recipe.batch_size = 16 * name.len();
    Experiment::check(plan).unwrap()
}

/// Begins a run that is being written as long as what is returned lives.
fn begin(place: &Path, name: &str, steps: u64) -> Box<dyn Record> {
    begin_of(&place.join(name), &experiment(name), steps)
}

fn begin_of(folder: &Path, experiment: &Experiment, steps: u64) -> Box<dyn Record> {
    let mut keeper = Folder::exactly(folder.to_owned());
    let mut record = keeper.open(&prepared(experiment)).unwrap();
    for step in 1..=steps {
        record.step(&crate::scripted::record(step, 2)).unwrap();
        if step % 10 == 0 {
            record.probed(&probe(step, 2)).unwrap();
            (0..2).for_each(|arm| record.evaluated(&evaluation(arm, step)).unwrap());
        }
    }
    record
}

pub fn run(place: &Path, name: &str, steps: u64) -> PathBuf {
    run_of(&place.join(name), &experiment(name), steps);
    place.join(name)
}

/// A run of an experiment that was stopped after so many steps.
pub fn run_of(folder: &Path, experiment: &Experiment, steps: u64) {
    let mut record = begin_of(folder, experiment, steps);
    let outcome = Outcome {
        reason: "stopped".into(),
        steps,
        seconds: 12.0,
        run: None,
        arms: vec![],
        planned: None,
        discordant: vec![],
    };
    record.finished(&outcome).unwrap();
}

fn open(place: &Path) -> (Harness<'static, App>, Script) {
    let (mut harness, script) = window_over(place, vec2(1440.0, 900.0), Theme::Dark, false);
    harness.run();
    harness.get_by_label("Runs").click();
    harness.run();
    (harness, script)
}

/// The same, with the run called short selected.
fn open_on_short(place: &Path) -> (Harness<'static, App>, Script) {
    let (mut harness, script) = open(place);
    wait_for(&mut harness, "Run short,");
    harness.get_by_label_contains("Run short,").click();
    harness.run();
    (harness, script)
}

fn wait_for(harness: &mut Harness<'static, App>, part: &str) {
    wait_until(harness, part, |harness| harness.query_all_by_label_contains(part).next().is_some());
}

/// The runs in the table, from top to bottom.
fn listed(harness: &Harness<'static, App>) -> Vec<String> {
    let mut rows: Vec<(f32, String)> = harness
        .query_all_by_label_contains("Run ")
        .filter_map(|node| Some((node.rect().top(), node.accesskit_node().label()?)))
        .filter_map(|(top, label)| Some((top, label.strip_prefix("Run ")?.split(',').next()?.to_owned())))
        .collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    rows.into_iter().map(|(_, name)| name).collect()
}

#[test]
fn an_empty_place_says_how_it_is_filled() {
    let place = tempfile::tempdir().unwrap();
    let (mut harness, _script) = open(place.path());
    wait_for(&mut harness, "Every run is kept and will be listed here");
}

#[test]
fn runs_are_found_sorted_and_put_into_words() {
    let place = tempfile::tempdir().unwrap();
    for (name, steps) in [("short", 20), ("longer", 60), ("middling", 40)] {
        run(place.path(), name, steps);
    }
    std::fs::create_dir(place.path().join("broken")).unwrap();
    std::fs::write(place.path().join("broken/experiment.toml"), "nonsense").unwrap();
    let (mut harness, _script) = open(place.path());
    wait_for(&mut harness, "3 runs");
    wait_for(&mut harness, "1 damaged");
    let best = lab_core::number::percent(evaluation(1, 60).accuracy);
    wait_for(&mut harness, "Run longer, stopped; plain ");
    assert!(names(&harness, "Run longer, ")[0].ends_with(&format!("residual {best}")));
    click(&mut harness, "Sort by Steps");
    assert_eq!(listed(&harness), ["longer", "middling", "short"]);
    click(&mut harness, "Sort by Steps");
    assert_eq!(listed(&harness), ["short", "middling", "longer"]);
    type_into(&mut harness, "Search runs", "ling");
    assert_eq!(listed(&harness), ["middling"]);
    wait_for(&mut harness, "1 of 3 runs");
    type_into(&mut harness, "Search runs", "nothing like it");
    wait_for(&mut harness, "No run matches");
}

/// Each by its place in the list, whatever is searched for and by whatever it is sorted.
#[test]
fn a_thousand_runs_are_listed_and_only_those_in_view_are_drawn() {
    let (place, one) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = run(one.path(), "run", 3);
    let plan = std::fs::read_to_string(first.join("experiment.toml")).unwrap();
    for number in 0..1000 {
        let folder = place.path().join(format!("{number:04}"));
        lab_core::files::link_folder(&first, &folder).unwrap();
        let named = plan.replace("name = \"run\"", &format!("name = \"night {number:04}\""));
        std::fs::remove_file(folder.join("experiment.toml")).unwrap();
        std::fs::write(folder.join("experiment.toml"), named).unwrap();
    }
    let (mut harness, _script) = open(place.path());
    wait_for(&mut harness, "1,000 runs");
    wait_for(&mut harness, "Run night 0999,");
    let drawn = listed(&harness);
    assert!((5..100).contains(&drawn.len()), "{} rows are drawn", drawn.len());
    click(&mut harness, "Sort by Run");
    assert_eq!(listed(&harness)[..2], ["night 0000", "night 0001"]);
    harness.get_by_label("Star night 0001").click();
    wait_for(&mut harness, "Unstar night 0001");
    assert_eq!(listed(&harness)[..2], ["night 0001", "night 0000"]);
    type_into(&mut harness, "Search runs", "night 0777");
    wait_for(&mut harness, "1 of 1000 runs");
    assert_eq!(listed(&harness), ["night 0777"]);
}

#[test]
fn two_runs_are_drawn_over_each_other_and_compared() {
    let place = tempfile::tempdir().unwrap();
    run(place.path(), "short", 20);
    run(place.path(), "longer", 60);
    let (mut harness, _script) = open(place.path());
    wait_for(&mut harness, "2 runs");
    for name in ["Draw short", "Draw longer"] {
        harness.get_by_label(name).click();
        harness.run();
    }
    harness.get_by_label("Compare").click();
    harness.run();
    wait_for(&mut harness, "batch size");
    assert!(harness.query_by_label("80").is_some() && harness.query_by_label("96").is_some());
    let name = harness.get_all_by_label("short").map(|name| name.rect().bottom()).fold(f32::INFINITY, f32::min);
    let row = harness.get_by_label("plain: steps").rect();
    assert!(row.top() - name < 120.0, "the fields are in sight below the names: {name} {row:?}");
    assert!(harness.query_by_label("seed").is_none(), "in which they agree");
    harness.get_by_label("All fields").click();
    harness.run();
    assert!(harness.query_by_label("seed").is_some());

    harness.get_by_label("Curves").click();
    harness.run();
    wait_for(&mut harness, "longer · residual ");
    let said = names(&harness, "Loss after step");
    for name in ["short · plain", "short · residual", "longer · plain", "longer · residual"] {
        assert!(said[0].contains(name), "{} is missing in {}", name, said[0]);
    }
    harness.get_by_label("Runs").click();
    harness.run();
    harness.get_by_label("Draw short").click();
    harness.run();
    harness.get_by_label("Curves").click();
    harness.run();
    assert!(!names(&harness, "Loss after step")[0].contains("short"));
}

#[test]
fn a_note_is_kept_when_the_window_is_closed_over_it() {
    let place = tempfile::tempdir().unwrap();
    let folder = run(place.path(), "short", 20);
    let (mut harness, _script) = open_on_short(place.path());
    harness.get_by_label("Note of the run").click();
    harness.run();
    harness.get_by_label("Note of the run").type_text("half a thought");
    harness.run();
    assert_eq!(Notes::read(&folder).unwrap().note, "", "nothing is written while somebody types");
    ask_to_close(&mut harness);
    drop(harness);
    assert_eq!(Notes::read(&folder).unwrap().note, "half a thought");
}

#[test]
fn a_run_is_renamed_tagged_starred_and_found_by_that() {
    let place = tempfile::tempdir().unwrap();
    let folder = run(place.path(), "short", 20);
    run(place.path(), "longer", 60);
    let (mut harness, _script) = open(place.path());
    wait_for(&mut harness, "2 runs");
    harness.get_by_label_contains("Run short,").click();
    harness.run();
    type_into(&mut harness, "Name of the run", "the baseline");
    wait_for(&mut harness, "Run the baseline,");
    type_into(&mut harness, "Tags of the run", "paper, figure 2");
    type_into(&mut harness, "Note of the run", "as in the first draft");
    wait_until(&mut harness, "the notes are written", |_| {
        Notes::read(&folder).is_ok_and(|notes| notes.note == "as in the first draft")
    });
    harness.get_by_label("Star the baseline").click();
    harness.run();
    wait_for(&mut harness, "Unstar the baseline");
    assert_eq!(listed(&harness)[0], "the baseline", "starred runs come first");
    let notes = Notes::read(&folder).unwrap();
    assert_eq!((notes.name.as_deref(), notes.tags), (Some("the baseline"), vec!["paper".into(), "figure 2".into()]));
    type_into(&mut harness, "Search runs", "figure");
    assert_eq!(listed(&harness), ["the baseline"]);
}

#[test]
fn a_run_is_deleted_and_taken_back() {
    let place = tempfile::tempdir().unwrap();
    let folder = run(place.path(), "short", 20);
    let (mut harness, _script) = open_on_short(place.path());
    harness.get_by_label("Delete short").click();
    wait_for(&mut harness, "Deleted short.");
    assert!(!folder.exists());
    wait_until(&mut harness, "it is gone", |harness| names(harness, "Run short,").is_empty());
    harness.get_by_label("Take it back").click();
    wait_for(&mut harness, "Run short,");
    assert!(folder.exists());
}

#[test]
fn a_run_is_done_again_gone_on_with_and_shown() {
    let place = tempfile::tempdir().unwrap();
    let folder = run(place.path(), "short", 20);
    let (mut harness, script) = open_on_short(place.path());
    harness.get_by_label("Open the folder of short").click();
    harness.run();
    assert_eq!(*script.revealed.borrow(), std::slice::from_ref(&folder));
    harness.get_by_label("Load short into the form").click();
    harness.run();
    harness.get_by_label("Start").click();
    harness.run();
    assert_eq!(script.started().recipe.batch_size, 80);
    harness.get_by_label("Reset").click();
    harness.run();
    harness.get_by_label("Continue short").click();
    harness.run();
    assert!(script.sent(|command| matches!(command, Command::Resume { run, .. } if *run == folder)));
}

#[test]
fn a_run_from_elsewhere_is_listed_once_it_was_opened_and_stays_ticked() {
    let (place, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    run(place.path(), "short", 20);
    let folder = run(elsewhere.path(), "from a colleague", 30);
    let (mut harness, script) = open(place.path());
    wait_for(&mut harness, "Run short,");
    assert!(names(&harness, "Run from a colleague,").is_empty());
    shown(&script, &folder, "from a colleague", 30);
    ended(&script, &folder, 30);
    harness.run();
    wait_for(&mut harness, "Run from a colleague,");
    // The list may be read again, and its rows move, between a look and the click.
    for _ in 0..3 {
        if names(&harness, "Delete from a colleague").is_empty() {
            harness.get_by_label_contains("Run from a colleague,").click();
            harness.run();
        }
    }
    let delete = harness.get_by_label("Delete from a colleague");
    assert!(delete.accesskit_node().is_disabled(), "somebody else's folder is not moved");
    // It is no longer on show, and is still in the list.
    click(&mut harness, "Reset");
    click(&mut harness, "Runs");
    click(&mut harness, "Draw from a colleague");
    let (mut again, _script) = restarted(&mut harness, place.path());
    click(&mut again, "Runs");
    wait_for(&mut again, "Run from a colleague,");
}

#[test]
fn a_run_of_the_list_is_exported_without_being_opened() {
    let place = tempfile::tempdir().unwrap();
    run(place.path(), "short", 20);
    let (mut harness, script) = open_on_short(place.path());
    command(&mut harness, "Save the run as a web page");
    assert!(!names(&harness, "open one of the list in Runs").is_empty(), "no run is open");
    click(&mut harness, "Export short");
    click(&mut harness, "Save the run as a web page…");
    assert_eq!(*script.places.borrow(), ["short.html"]);
}

#[test]
fn a_run_that_another_process_writes_is_shown_live() {
    let place = tempfile::tempdir().unwrap();
    let mut record = begin(place.path(), "short", 20);
    // A checkpoint brings the tables up to date.
    record.checkpoints(0);
    let (mut harness, _script) = open(place.path());
    wait_for(&mut harness, "Run short, training");
    harness.get_by_label_contains("Run short, training").click();
    harness.run();
    harness.key_press(Key::Enter);
    harness.run();
    assert!(!names(&harness, "It is training now: tick it").is_empty(), "why it is not opened");
    harness.get_by_label("Draw short").click();
    harness.run();
    for step in 21..=40 {
        record.step(&crate::scripted::record(step, 2)).unwrap();
    }
    record.checkpoints(0);
    harness.get_by_label("Curves").click();
    harness.run();
    let expected = crate::scripted::record(39, 2).arms[0].unwrap().loss;
    let expected = format!("short · plain {}", lab_core::number::short(expected));
    wait_for(&mut harness, &expected);
    harness.get_by_label("Runs").click();
    harness.run();
    assert!(harness.get_by_label("Delete short").accesskit_node().is_disabled(), "not while it is written");
}

#[test]
fn a_run_that_goes_on_brings_its_curves_along() {
    let place = tempfile::tempdir().unwrap();
    let folder = run(place.path(), "short", 20);
    let (mut harness, script) = open_on_short(place.path());
    harness.get_by_label("Continue short").click();
    harness.run();
    // The last checkpoint is of step 15, so what came after it comes again.
    let mut prepared = prepared(&experiment("short"));
    let kept = Folder::under(place.path().to_owned()).reopen(&folder).unwrap();
    (prepared.run, prepared.first_step, prepared.past) = (Some(folder), 15, Some(Arc::new(kept.past)));
    script.say(Event::Prepared(Box::new(prepared)));
    script.say(Event::Steps(vec![crate::scripted::record(16, 2)]));
    harness.run();
    let monitor = harness.state().monitor();
    assert_eq!(monitor.steps, (1..=16).map(f64::from).collect::<Vec<_>>());
    assert_eq!(monitor.arms[1].times.steps, (1..=16).map(f64::from).collect::<Vec<_>>());
    assert_eq!(monitor.arms[1].evaluations.len(), 1, "that of step 10");
    let looks: Vec<_> = monitor.probes.iter().map(|look| (look.step, look.arms.clone())).collect();
    assert_eq!(looks, [(10, probe(10, 2).arms)], "the heat maps go on, too");
}

#[test]
fn the_table_shows_what_the_runs_differ_in_and_all_are_ticked_at_once() {
    let place = tempfile::tempdir().unwrap();
    run(place.path(), "short", 20);
    run(place.path(), "longer", 60);
    let (mut harness, _script) = open(place.path());
    wait_for(&mut harness, "2 runs");
    let column = |harness: &Harness<'static, App>, name: &str| {
        harness.query_by_label(&format!("Sort by {name}")).map(|heading| heading.rect().left())
    };
    assert!(column(&harness, "Batch size").is_some(), "in which they differ");
    assert_eq!(column(&harness, "Seed"), None, "in which they agree");
    let name = column(&harness, "Run").unwrap();
    harness.get_by_label("Sort by Started").scroll_to_me();
    harness.run();
    let moved = column(&harness, "Run").unwrap() - name;
    assert!(moved.abs() < 1.0, "names stay when the others are scrolled");
    harness.get_by_label("Draw all").click();
    harness.run();
    assert!(!harness.get_by_label("Compare").accesskit_node().is_disabled());
    click(&mut harness, "Columns");
    harness.get_by_label("Seed").click();
    harness.run();
    assert!(column(&harness, "Seed").is_some(), "a person may choose");
    harness.get_by_label("Default columns").click();
    harness.run();
    assert_eq!(column(&harness, "Seed"), None);
}

#[test]
fn runs_that_are_called_the_same_are_shown_apart_by_when_they_began() {
    let place = tempfile::tempdir().unwrap();
    let begun_first = |name: &str| {
        let (mut harness, _script) = open(place.path());
        wait_for(&mut harness, name);
        let left = |column: &str| harness.get_by_label(&format!("Sort by {column}")).rect().left();
        left("Started") < left("Status")
    };
    run(place.path(), "short", 20);
    run(place.path(), "longer", 20);
    assert!(!begun_first("2 runs"), "names tell them apart");
    let mut keeper = Folder::exactly(place.path().join("again"));
    keeper.open(&prepared(&experiment("short"))).unwrap();
    assert!(begun_first("3 runs"));
}

#[test]
fn the_folder_of_a_run_that_is_given_as_an_experiment_is_opened_as_a_run() {
    let place = tempfile::tempdir().unwrap();
    let folder = run(place.path(), "short", 20);
    let (mut harness, script) = open(place.path());
    *script.chosen.borrow_mut() = Some(Chosen::Paths(FileDialog::Experiment, vec![folder.clone()]));
    harness.run_steps(3);
    assert!(script.sent(|command| matches!(command, Command::Open { run, .. } if *run == folder)));
}

#[test]
fn ticked_runs_lie_over_the_plots_again_after_a_restart() {
    let place = tempfile::tempdir().unwrap();
    run(place.path(), "short", 20);
    run(place.path(), "longer", 60);
    let (mut harness, _script) = open(place.path());
    wait_for(&mut harness, "2 runs");
    harness.get_by_label("Draw all").click();
    harness.run();
    // The list of runs is not on the screen when the window is opened again.
    command(&mut harness, "Show Curves");
    let (mut again, _script) = restarted(&mut harness, place.path());
    wait_until(&mut again, "both runs are drawn", |harness| {
        ["short", "longer"].iter().all(|name| !names(harness, name).is_empty())
    });
}

#[test]
fn in_a_small_window_what_tells_runs_apart_stands_beside_their_names() {
    let place = tempfile::tempdir().unwrap();
    for folder in ["one", "two"] {
        run_of(&place.path().join(folder), &experiment("same"), 20);
    }
    let (mut harness, _script) = window_over(place.path(), vec2(1024.0, 700.0), Theme::Dark, false);
    harness.run();
    harness.get_by_label("Runs").click();
    harness.run();
    wait_for(&mut harness, "2 runs");
    let edge = harness.get_by_label("Gradients").rect().left();
    let started = harness.get_by_label("Sort by Started").rect();
    assert!(started.right() <= edge, "{started:?} ends beyond the panel, at {edge}");
}
