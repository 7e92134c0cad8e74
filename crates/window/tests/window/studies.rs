//! Studies: made from the form, worked on one after another, looked at in every way, opened training by training.

use crate::asked::shows;
use crate::made::{AXES, look_at, pick, see, study};
use crate::pictures::compare_study;
use crate::room::texts;
use crate::scripted::*;
use eframe::egui::{Key, OutputCommand, Theme, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use lab_core::protocol::Command;
use lab_window::App;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// Whether something reads like this, be it what is written or what it is called.
fn reads(harness: &Harness<'static, App>, part: &str) -> bool {
    !names(harness, part).is_empty()
}

fn wait_for(harness: &mut Harness<'static, App>, part: &str) {
    wait_until(harness, part, |harness| reads(harness, part));
}

/// A program that writes down how it was started, and goes on until its input ends.
fn working(place: &Path) -> (PathBuf, PathBuf) {
    use std::os::unix::fs::PermissionsExt;
    let (program, notes) = (place.join("program"), place.join("started"));
    std::fs::write(&program, format!("#!/bin/sh\necho \"$@\" >> {}\ncat > /dev/null\n", notes.display())).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    (program, notes)
}

/// A window with studies beside its runs.
pub fn over(place: &Path) -> (Harness<'static, App>, Script, PathBuf) {
    let (program, notes) = working(place);
    let places = Places { runs: Some(place.join("runs")), program: Some(program) };
    let (mut harness, script) = window_with(vec2(1440.0, 900.0), Theme::Dark, false, None, places);
    harness.run();
    (harness, script, notes)
}

fn lines(notes: &Path) -> Vec<String> {
    std::fs::read_to_string(notes).unwrap_or_default().lines().map(str::to_owned).collect()
}

#[test]
fn several_seeds_make_a_study_that_start_works_on() {
    let place = tempfile::tempdir().unwrap();
    let (mut harness, script, notes) = over(place.path());
    click(&mut harness, "Training");
    type_into(&mut harness, "Seeds", "3");
    click(&mut harness, "Start");
    assert_eq!(script.starts(), 0, "one seed was trained alone");
    wait_for(&mut harness, "0 of 3 trainings");
    wait_until(&mut harness, "the program was started", |_| !lines(&notes).is_empty());
    assert!(lines(&notes)[0].starts_with("study work "), "{:?}", lines(&notes));
    let made = std::fs::read_dir(place.path().join("studies")).unwrap().next().unwrap().unwrap().path();
    let text = std::fs::read_to_string(made.join("study.toml")).unwrap();
    assert!(text.contains("seeds = 3") && !text.contains("[[axes]]"), "{text}");
    click(&mut harness, "Step");
    assert!(reads(&harness, "Steps are done with one seed only"), "a step was done with one of three seeds");
}

#[test]
fn closing_while_a_study_is_worked_on_asks_first() {
    let place = tempfile::tempdir().unwrap();
    let (mut harness, script, notes) = over(place.path());
    click(&mut harness, "Training");
    type_into(&mut harness, "Seeds", "3");
    click(&mut harness, "Start");
    wait_until(&mut harness, "the program was started", |_| !lines(&notes).is_empty());
    ask_to_close(&mut harness);
    assert!(harness.query_by_label("Stop the study and close?").is_some(), "it was stopped without being asked");
    assert!(!script.sent(|command| matches!(command, Command::Quit)));
    click(&mut harness, "Stop and close");
    assert!(script.sent(|command| matches!(command, Command::Quit)));
}

#[test]
fn a_study_that_was_interrupted_is_looked_at_again_after_a_restart() {
    let place = tempfile::tempdir().unwrap();
    let (mut harness, _script, notes) = over(place.path());
    click(&mut harness, "Training");
    type_into(&mut harness, "Seeds", "3");
    click(&mut harness, "Start");
    wait_for(&mut harness, "0 of 3 trainings");
    wait_until(&mut harness, "the program was started", |_| !lines(&notes).is_empty());
    let (mut again, _script) = crate::remembered::restarted(&mut harness, &place.path().join("runs"));
    command(&mut again, "Show Study");
    wait_for(&mut again, "0 of 3 trainings");
    assert!(again.query_by_label("Go on").is_some(), "it can go on");
}

#[test]
fn what_was_expected_of_several_seeds_is_kept_and_shown_with_the_verdict() {
    let place = tempfile::tempdir().unwrap();
    study(&place.path().join("studies"), "seeds alone", &[], 3, 3, 40);
    let (mut harness, _script, _) = over(place.path());
    click(&mut harness, "Training");
    type_into(&mut harness, "Seeds", "3");
    command(&mut harness, "Show Curves");
    click(&mut harness, "Guess: residual");
    let studies = std::fs::read_dir(place.path().join("studies")).unwrap();
    let guessed = studies.into_iter().find_map(|study| std::fs::read(study.unwrap().path().join("notes.json")).ok());
    let guessed = guessed.expect("what was expected lies with the study");
    std::fs::write(place.path().join("studies/seeds alone/notes.json"), guessed).unwrap();
    look_at(&mut harness, "seeds alone");
    wait_for(&mut harness, "Verdict: ");
    assert!(reads(&harness, "Your guess, residual, was right"));
}

#[test]
fn studies_wait_for_each_other_in_an_order_that_can_be_changed() {
    let place = tempfile::tempdir().unwrap();
    let (mut harness, _script, notes) = over(place.path());
    command(&mut harness, "Show Study");
    click(&mut harness, "Start study");
    wait_until(&mut harness, "the first is worked on", |_| lines(&notes).len() == 1);
    for _ in 0..2 {
        if harness.query_by_label("Add to the queue").is_none() {
            click(&mut harness, "New study");
        }
        click(&mut harness, "Add to the queue");
    }
    assert!(reads(&harness, "Waiting, the next one first"));
    let names = |harness: &Harness<'static, App>| names(harness, "Take out: ");
    let before = names(&harness);
    assert_eq!(before.len(), 2, "{before:?}");
    click(&mut harness, &before[0].replace("Take out", "Later"));
    let after = names(&harness);
    assert_eq!((&after[0], &after[1]), (&before[1], &before[0]));
    click(&mut harness, &after[1]);
    assert_eq!(names(&harness).len(), 1);
    // The next one begins once the first has stopped.
    let first = lines(&notes)[0].split_whitespace().nth(2).unwrap().to_owned();
    let first = Path::new(&first).file_name().unwrap().to_string_lossy().into_owned();
    assert!(!after[0].ends_with(&first));
    look_at(&mut harness, &first);
    click(&mut harness, "Pause");
    wait_for(&mut harness, "Paused");
    assert_eq!(lines(&notes).len(), 1, "something was begun in a pause");
    assert_eq!(names(&harness)[0], format!("Take out: {first}"), "what was paused goes on first");
    click(&mut harness, "Go on with the queue");
    wait_until(&mut harness, "the first goes on", |_| lines(&notes).len() == 2);
    see(&mut harness, "Stop");
    wait_until(&mut harness, "the second begins", |_| lines(&notes).len() == 3);
    assert!(
        lines(&notes)[1].contains(&first) && !lines(&notes)[2].contains(&format!("{first} ")),
        "{:?}",
        lines(&notes)
    );
}

#[test]
fn a_study_says_what_it_has_shown_and_how_sure_that_is() {
    let place = tempfile::tempdir().unwrap();
    study(&place.path().join("studies"), "seeds alone", &[], 3, 3, 40);
    let (mut harness, _script, _) = over(place.path());
    look_at(&mut harness, "seeds alone");
    wait_for(&mut harness, "Verdict: ");
    let verdict = names(&harness, "Verdict: ")[0].clone();
    assert!(verdict.contains("Residual is better") && verdict.contains("3 seeds"), "{verdict}");
    assert!(reads(&harness, "3 of 3 trainings"));
    let written = std::fs::read_to_string(place.path().join("studies/seeds alone/verdict.json")).unwrap();
    assert!(written.contains("Residual is better"), "{written}");
}

#[test]
fn settings_are_compared_and_the_best_one_goes_into_the_form() {
    let place = tempfile::tempdir().unwrap();
    study(&place.path().join("studies"), "grid", &AXES, 2, 12, 40);
    let (mut harness, _script, _) = over(place.path());
    look_at(&mut harness, "grid");
    wait_for(&mut harness, "Best setting: ");
    assert_eq!(names(&harness, "Setting: ").len(), 5);
    let best = names(&harness, "Best setting: ")[0].clone();
    assert!(best.contains("learning_rate 0.1, depth 8") && best.contains("±"), "{best}");
    pick(&mut harness, "Compare", "All settings");
    let verdict = names(&harness, "Verdict: ")[0].clone();
    assert!(verdict.contains("residual, learning_rate 0.1, depth 56"), "{verdict}");
    click(&mut harness, "Use the best setting");
    assert_eq!(harness.state().plan().arms[1].network.depth(), 8);
}

#[test]
fn a_study_from_anywhere_opens_when_it_is_dropped_or_its_path_is_typed() {
    let place = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let folder = study(elsewhere.path(), "rates", &AXES, 1, 6, 20);
    let (mut harness, _script) = window_over(&place.path().join("runs"), vec2(1440.0, 900.0), Theme::Dark, false);
    harness.run();
    harness.input_mut().dropped_files.push(Arc::new(File(folder.clone())));
    harness.run();
    wait_for(&mut harness, "6 of 6 trainings");
    pick(&mut harness, "Study", "none");
    command(&mut harness, "Open a study by its path");
    harness.get_by_label("Path").type_text(&folder.display().to_string());
    harness.run();
    harness.key_press(Key::Enter);
    harness.run();
    wait_for(&mut harness, "6 of 6 trainings");
}

#[test]
fn a_study_that_is_looked_at_goes_on_by_its_command() {
    let place = tempfile::tempdir().unwrap();
    let (mut harness, _script, notes) = over(place.path());
    command(&mut harness, "Go on with the study");
    assert!(shows(&harness, "There is no study to go on with"));
    for (name, done) in [("half", 3), ("whole", 6)] {
        let folder = study(place.path(), name, &AXES, 1, done, 20);
        command(&mut harness, "Open a study by its path");
        harness.get_by_label("Path").type_text(&folder.display().to_string());
        harness.run();
        harness.key_press(Key::Enter);
        wait_for(&mut harness, &format!("{done} of 6 trainings"));
        command(&mut harness, "Go on with the study");
        if name == "half" {
            wait_until(&mut harness, "the program was started", |_| lines(&notes).len() == 1);
            assert!(lines(&notes)[0].starts_with(&format!("study work {}", folder.display())), "{:?}", lines(&notes));
        } else {
            assert!(shows(&harness, "All trainings of whole have ended"));
            assert_eq!(lines(&notes).len(), 1, "a study without anything left was worked on");
            click(&mut harness, "One more seed");
            wait_for(&mut harness, "6 of 12 trainings");
            // It waits for the other one, which is still worked on.
            wait_for(&mut harness, "Take out: whole");
        }
    }
}

#[test]
fn every_way_of_looking_at_a_study_says_what_it_shows() {
    let place = tempfile::tempdir().unwrap();
    study(&place.path().join("studies"), "grid", &AXES, 2, 12, 40);
    let (mut harness, _script, _) = over(place.path());
    look_at(&mut harness, "grid");
    for (tab, said) in [
        ("Ladder", "Validation accuracy in the end against learning_rate"),
        ("Slice", "mean validation accuracy of each setting against learning_rate. 6 points"),
        ("Heat map", "mean validation accuracy for every learning_rate and depth, the mean over all else. 6 cells"),
        ("Parallel", "Settings as lines through all axes and mean validation accuracy: 6 of 6 kept"),
        ("Importance", "Importance of learning_rate: "),
        ("History", "mean validation accuracy of each training, in the order in which they ended. 12 trainings"),
        ("Timeline", "Training 3: learning_rate 0.01, depth 56, seed 0, done, began after 1 min 10 s, took 32 s"),
    ] {
        see(&mut harness, tab);
        assert!(reads(&harness, said), "{tab} does not say “{said}”");
    }
    see(&mut harness, "Curves");
    assert!(reads(&harness, "Validation accuracy over the steps: mean over the seeds; so many lines have no bands"));
    pick(&mut harness, "Band", "All seeds");
    assert!(reads(&harness, "one line for each seed. 24 lines"));
    pick(&mut harness, "Colour by", "depth");
    pick(&mut harness, "Show", "Training loss");
    assert!(reads(&harness, "Training loss over the steps: one line for each seed. 24 lines"));
}

#[test]
fn what_colours_do_not_tell_apart_dashes_do() {
    let place = tempfile::tempdir().unwrap();
    study(&place.path().join("studies"), "grid", &AXES, 1, 6, 40);
    let (mut harness, _script, _) = over(place.path());
    look_at(&mut harness, "grid");
    see(&mut harness, "Curves");
    assert!(reads(&harness, "Solid: 0.01") && reads(&harness, "Dashed: 0.1"), "the networks have the colours");
    pick(&mut harness, "Colour by", "depth");
    assert!(reads(&harness, "Solid: plain") && reads(&harness, "Dashed: residual"));
}

#[test]
fn a_part_of_an_axis_is_kept_by_dragging() {
    let place = tempfile::tempdir().unwrap();
    study(&place.path().join("studies"), "grid", &AXES, 2, 12, 40);
    let (mut harness, _script, _) = over(place.path());
    look_at(&mut harness, "grid");
    click(&mut harness, "Parallel");
    let axis = harness.get_by_label("Keep a part of depth").rect();
    let (from, to) = (axis.center_top(), axis.center_top() + vec2(0.0, 0.2 * axis.height()));
    harness.drag_at(from + vec2(0.0, 1.0));
    harness.run();
    harness.hover_at(to);
    harness.run();
    harness.drop_at(to);
    harness.run();
    assert!(
        reads(&harness, "2 of 6 settings kept; the best of them: learning_rate 0.1, depth 56"),
        "{:?}",
        names(&harness, "kept")
    );
    click(&mut harness, "Keep all again");
    assert!(reads(&harness, "6 of 6 kept"));
}

#[test]
fn a_training_opens_like_any_run() {
    let place = tempfile::tempdir().unwrap();
    study(&place.path().join("studies"), "grid", &AXES, 2, 7, 40);
    let (mut harness, _script, _) = over(place.path());
    look_at(&mut harness, "grid");
    click(&mut harness, "Trials");
    let row = "Training 2: learning_rate 0.01, depth 20, seed 0, done";
    harness.get_by_label_contains(row).click();
    harness.run();
    assert!(harness.query_by_label("Open training 2").is_some());
    click(&mut harness, "Load into the form training 2");
    assert_eq!(harness.state().plan().arms[0].network.depth(), 20);
    harness.get_by_label_contains(row).focus();
    harness.run();
    harness.key_press(Key::Enter);
    harness.run();
    wait_for(&mut harness, "learning_rate 0.01, depth 20, seed 0 · residual");
    command(&mut harness, "Show Study");
    harness.run();
    assert!(harness.query_by_label("Take away training 2").is_some(), "its curves cannot be taken away again");
    click(&mut harness, "Take away training 2");
    assert!(harness.query_by_label("Take away training 2").is_none());
}

#[test]
fn results_are_copied_for_web_pages_and_papers() {
    let place = tempfile::tempdir().unwrap();
    study(&place.path().join("studies"), "grid", &AXES, 2, 12, 40);
    let (mut harness, _script, _) = over(place.path());
    look_at(&mut harness, "grid");
    let copied = Arc::new(Mutex::new(String::new()));
    let keep = Arc::clone(&copied);
    // A click takes several frames, and the output of the harness is that of the last one.
    let look = move |ui: &mut eframe::egui::Ui| {
        ui.output(|output| {
            for command in &output.commands {
                if let OutputCommand::CopyText(text) = command {
                    keep.lock().unwrap().clone_from(text);
                }
            }
        });
    };
    harness.ctx.on_end_pass("copied", Arc::new(look));
    for (entry, begins, spread) in
        [("Copy as Markdown", "| learning_rate | depth | n |", "±"), ("Copy as LaTeX", "\\begin{tabular}", "$\\pm$")]
    {
        click(&mut harness, "Export the study's results");
        click(&mut harness, entry);
        let text = copied.lock().unwrap().clone();
        assert!(text.starts_with(begins) && text.contains(spread), "{text}");
    }
}

#[test]
fn a_field_of_the_form_is_varied_by_a_right_click() {
    let place = tempfile::tempdir().unwrap();
    let (mut harness, _script, _) = over(place.path());
    let row = harness.get_by_label("Shortcut, residual");
    row.scroll_to_me();
    harness.run();
    harness.get_by_label("Shortcut, residual").click_secondary();
    harness.run();
    click(&mut harness, "Vary this of residual…");
    harness.run();
    let axis = harness.get_by_label("Axis 1").accesskit_node().value().unwrap_or_default();
    assert!(axis.starts_with("arms[residual].network.shortcut=\"none\",\"a\""), "{axis}");
    click(&mut harness, "About Depth, plain");
    click(&mut harness, "Vary this of every network…");
    harness.run();
    let axis = harness.get_by_label("Axis 2").accesskit_node().value().unwrap_or_default();
    assert!(axis.starts_with("arms[*].network.body.cifar.depth=8,"), "{axis}");
}

fn pictures_of(theme: Theme, size: [f32; 2], name: &str) {
    compare_study(theme, vec2(size[0], size[1]), name);
}

#[test]
fn results_look_as_kept_in_the_dark() {
    pictures_of(Theme::Dark, [1440.0, 900.0], "dark");
}

#[test]
fn results_look_as_kept_in_the_light() {
    pictures_of(Theme::Light, [1440.0, 900.0], "light");
}

#[test]
fn results_look_as_kept_in_a_small_window_in_the_dark() {
    pictures_of(Theme::Dark, [1024.0, 700.0], "small_dark");
}

#[test]
fn results_look_as_kept_in_a_small_window_in_the_light() {
    pictures_of(Theme::Light, [1024.0, 700.0], "small_light");
}

#[test]
fn what_dashes_mean_is_in_sight_without_scrolling() {
    let place = tempfile::tempdir().unwrap();
    study(&place.path().join("studies"), "rates", &AXES[..1], 2, 4, 40);
    for size in [vec2(1440.0, 900.0), vec2(1920.0, 1080.0)] {
        let (mut harness, _script, _) = over(place.path());
        harness.set_size(size);
        harness.run();
        look_at(&mut harness, "rates");
        wait_for(&mut harness, "Verdict: ");
        see(&mut harness, "Curves");
        assert!(reads(&harness, "Dashed: 0.1"));
        let all = texts(&harness);
        let lowest = |wanted: &str| {
            let found = all.iter().filter(|(text, ..)| text == wanted);
            found.max_by(|a, b| a.1.top().total_cmp(&b.1.top())).unwrap_or_else(|| panic!("no {wanted}"))
        };
        for value in ["0.01", "0.1"] {
            let (_, at, clip) = lowest(value);
            assert!(clip.contains_rect(*at), "{value} is out of sight at {size}: {at} of {clip}");
        }
    }
}

#[test]
fn trainings_are_counted_in_whole_numbers() {
    let place = tempfile::tempdir().unwrap();
    study(&place.path().join("studies"), "rates", &AXES[..1], 2, 3, 40);
    let (mut harness, _script, _) = over(place.path());
    look_at(&mut harness, "rates");
    see(&mut harness, "History");
    let all: Vec<String> = texts(&harness).into_iter().map(|(text, ..)| text).collect();
    assert!(["1", "2", "3"].iter().all(|number| all.iter().any(|text| text == number)), "{all:?}");
    assert!(!all.iter().any(|text| text == "1.5" || text == "2.5"), "{all:?}");
}
