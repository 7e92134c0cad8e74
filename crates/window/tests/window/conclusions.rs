//! What an experiment shows: a guess before it, a sentence while it trains, a verdict in the end; guided experiments and
//! studies of one's own.

use crate::asked::shows;
use crate::lines::shapes;
use crate::made::study;
use crate::pictures::{compare_panel, pictured_in};
use crate::runs::run;
use crate::scripted::*;
use eframe::egui::accesskit::Role;
use eframe::egui::epaint::Shape;
use eframe::egui::{Key, Theme, Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use lab_core::learn::{conclude, lesson};
use lab_core::protocol::{ArmOutcome, Command, Discordant, Event, Outcome};
use lab_core::study::StudyFolder;
use lab_window::App;
use std::path::{Path, PathBuf};

fn wait_for(harness: &mut Harness<'static, App>, part: &str) {
    wait_until(harness, part, |harness| shows(harness, part));
}

/// How the default experiment ended: the residual arm right on more images.
fn outcome(folder: &Path) -> Outcome {
    let arm = |name: &str, accuracy: f64, loss: f64| ArmOutcome {
        name: name.into(),
        parameters: 214_402,
        train_loss: Some(loss),
        train_accuracy: Some(accuracy),
        validated_at: None,
        validation_loss: Some(loss),
        validation_accuracy: Some(accuracy),
        accuracy_at_least_loss: Some(accuracy),
        least_loss_step: Some(40),
        diverged_at: None,
        unsaved: false,
        fault: None,
    };
    Outcome {
        reason: "all steps are done".into(),
        steps: 40,
        seconds: 12.0,
        run: Some(folder.to_owned()),
        arms: vec![arm("plain", 0.677, 0.79), arm("residual", 0.835, 0.31)],
        planned: Some(40),
        discordant: vec![Discordant { first: 0, second: 1, first_only: 43, second_only: 201 }],
    }
}

/// A run on disk that ended so.
fn ended(place: &Path) -> Outcome {
    let folder = run(place, "verdict", 40);
    let outcome = outcome(&folder);
    std::fs::write(folder.join("outcome.json"), serde_json::to_vec(&outcome).unwrap()).unwrap();
    outcome
}

#[test]
fn a_guess_starts_and_is_held_against_the_verdict() {
    let place = tempfile::tempdir().unwrap();
    let (mut harness, script) = window_over(place.path(), vec2(1440.0, 900.0), Theme::Dark, false);
    harness.run();
    assert!(shows(&harness, "Two networks of 56 layers. They differ in the shortcuts only."));
    assert!(shows(&harness, "Which of the two learns better?"));
    harness.get_by_label("Guess: No difference").click();
    harness.run();
    assert_eq!(script.starts(), 1);
    script.train(&script.started(), 40);
    harness.run();
    assert!(shows(&harness, "After 1 epoch, "), "no sentence on how it stands");
    script.say(Event::Finished(Box::new(ended(place.path()))));
    wait_for(&mut harness, "did better: ");
    let headline = names(&harness, "Residual did better: ")[0].clone();
    assert!(headline.contains("201 images only residual gets right, 43 only plain"), "{headline}");
    assert!(shows(&harness, "Your guess, No difference, was not"));
    click(&mut harness, "Why, and how sure");
    assert!(shows(&harness, "One seed only"));
    click(&mut harness, "See Predictions");
    harness.run();
    assert!(harness.get_by_label("Predictions").accesskit_node().is_selected().unwrap_or(true));
    let written = std::fs::read_to_string(place.path().join("verdict/verdict.json")).unwrap();
    assert!(written.contains("Residual did better"), "{written}");
}

#[test]
fn the_reasons_of_a_verdict_have_the_room_that_they_need_in_whole_lines() {
    for zoom in [1.0, 1.6, 2.0] {
        let place = tempfile::tempdir().unwrap();
        let (mut harness, script) = window_over(place.path(), USUAL, Theme::Dark, false);
        harness.ctx.set_zoom_factor(zoom);
        harness.run();
        click(&mut harness, "Start");
        script.train(&script.started(), 40);
        script.say(Event::Finished(Box::new(ended(place.path()))));
        wait_for(&mut harness, "did better: ");
        click(&mut harness, "Why, and how sure");
        harness.run_steps(20);
        let below = harness.get_by_label("Why, and how sure").rect().bottom();
        let panels = harness.get_by_label("Curves").rect().top();
        assert!(panels < 0.7 * harness.ctx.content_rect().height(), "the panels keep their place: {panels}");
        let (mut lines, mut hidden) = (0, 0);
        shapes(&harness, &mut |shape, clip| {
            let Shape::Text(text) = shape else { return };
            for row in text.galley.rows.iter().map(|row| row.rect().translate(text.pos.to_vec2())) {
                if row.top() < below || row.top() > panels {
                    continue;
                }
                let seen = row.intersect(clip).height().max(0.0);
                assert!(seen < 1.0 || seen > row.height() - 1.0, "{seen} of a line at {zoom}: {}", text.galley.text());
                lines += usize::from(seen > 1.0);
                hidden += usize::from(seen < 1.0);
            }
        });
        // With very large letters there is room for some of them.
        assert!(lines > 3 && (hidden == 0 || zoom > 1.9), "{lines} lines in sight and {hidden} not, at {zoom}");
    }
}

#[test]
fn networks_are_compared_after_the_same_step_while_one_is_validated_after_the_other() {
    let (mut harness, script) = training(40);
    let said = |harness: &Harness<'static, App>| names(harness, "After 1 epoch, ")[0].clone();
    let before = said(&harness);
    script.say(Event::Steps((41..=60).map(|step| record(step, 2)).collect()));
    script.say(Event::Evaluated(Box::new(evaluation(0, 60))));
    harness.run();
    assert_eq!(said(&harness), before);
    script.say(Event::Evaluated(Box::new(evaluation(1, 60))));
    harness.run();
    assert_ne!(said(&harness), before);
}

#[test]
fn a_reset_takes_the_verdict_away() {
    let place = tempfile::tempdir().unwrap();
    let (mut harness, script) = window_over(place.path(), vec2(1440.0, 900.0), Theme::Dark, false);
    harness.run();
    click(&mut harness, "Start");
    script.train(&script.started(), 40);
    script.say(Event::Finished(Box::new(ended(place.path()))));
    wait_for(&mut harness, "did better: ");
    click(&mut harness, "Reset");
    harness.run();
    assert!(!shows(&harness, "did better: ") && shows(&harness, "Which of the two learns better?"));
}

/// A program that writes down how it was started, and where it did so.
fn noting(place: &Path) -> (PathBuf, PathBuf) {
    use std::os::unix::fs::PermissionsExt;
    let (program, notes) = (place.join("program"), place.join("started"));
    std::fs::write(&program, format!("#!/bin/sh\necho \"$@\" >> {}\n", notes.display())).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    (program, notes)
}

fn beside(place: &Path) -> (Harness<'static, App>, PathBuf) {
    let (program, notes) = noting(place);
    let places = Places { runs: Some(place.join("runs")), program: Some(program) };
    let (mut harness, _script) = window_with(vec2(1440.0, 900.0), Theme::Dark, false, None, places);
    harness.run();
    (harness, notes)
}

fn written(harness: &mut Harness<'static, App>, notes: &Path) -> String {
    wait_until(harness, "the program was not started", |_| notes.exists());
    wait_until(harness, "nothing was noted", |_| std::fs::read_to_string(notes).is_ok_and(|text| text.ends_with('\n')));
    std::fs::read_to_string(notes).unwrap()
}

#[test]
fn a_guided_experiment_is_asked_with_a_guess_in_a_process_of_its_own() {
    let place = tempfile::tempdir().unwrap();
    let (mut harness, notes) = beside(place.path());
    click(&mut harness, "Learn");
    assert!(shows(&harness, "Two networks of 56 layers. They differ in their shortcuts only."));
    assert!(shows(&harness, "What do you expect?"));
    click(&mut harness, "The residual one");
    click(&mut harness, "Measure it");
    let started = written(&mut harness, &notes);
    let folder = place.path().join("studies");
    assert!(started.starts_with("learn run shortcut --guess 1 --out "), "{started}");
    assert!(started.contains(&*folder.to_string_lossy()) && started.contains("--until-input-ends"), "{started}");
}

/// A question's study on disk, of which so many trainings are done; its folder is called as the command line calls one.
fn answered(place: &Path, done: usize) -> PathBuf {
    let made = study(&place.join("studies"), "learn shortcut", &[], 3, done, 20);
    let folder = made.with_file_name("2026-03-01-142530-learn-shortcut");
    std::fs::rename(made, &folder).unwrap();
    let found = conclude(&lesson("shortcut").unwrap(), &StudyFolder::open(&folder).unwrap(), Some(0)).unwrap();
    found.write(&folder).unwrap();
    folder
}

#[test]
fn an_answer_is_there_after_a_restart_and_its_trainings_are_opened_by_what_is_to_be_watched() {
    let place = tempfile::tempdir().unwrap();
    answered(place.path(), 3);
    let (program, notes) = noting(place.path());
    let places = Places { runs: Some(place.path().join("runs")), program: Some(program) };
    let (mut harness, script) = window_with(vec2(1440.0, 900.0), Theme::Dark, false, None, places);
    harness.run();
    click(&mut harness, "Learn");
    wait_for(&mut harness, "3 of 3 trainings");
    wait_for(&mut harness, "You expected: The residual one.");
    assert!(!shows(&harness, "What do you expect?"));
    click(&mut harness, "Measure it again");
    assert!(shows(&harness, "What do you expect?") && !notes.exists(), "a guess comes first");
    click(&mut harness, "Show the answer");
    wait_for(&mut harness, "3 of 3 trainings");
    let links = |node: &egui_kittest::Node<'_>| node.accesskit_node().role() == Role::Link;
    harness.query_all_by_label("Curves").find(links).expect("a link").click();
    harness.run();
    let opened = |command: &Command| matches!(command, Command::Open { run, .. } if run.join("trial.json").exists());
    assert!(script.sent(opened), "a training that has ended");
}

#[test]
fn a_question_that_was_interrupted_goes_on_as_it_was_asked() {
    let place = tempfile::tempdir().unwrap();
    let folder = answered(place.path(), 1);
    let (mut harness, notes) = beside(place.path());
    click(&mut harness, "Learn");
    wait_for(&mut harness, "1 of 3 trainings");
    click(&mut harness, "Go on");
    let started = written(&mut harness, &notes);
    assert!(started.starts_with("learn run shortcut "), "{started}");
    assert!(started.contains(&*folder.to_string_lossy()), "in its own folder: {started}");
}

#[test]
fn what_was_measured_stands_beside_the_question_where_there_is_room() {
    let place = tempfile::tempdir().unwrap();
    answered(place.path(), 3);
    let (mut harness, _notes) = beside(place.path());
    click(&mut harness, "Learn");
    wait_for(&mut harness, "Measured");
    let at = |harness: &Harness<'static, App>, part: &str| {
        harness.query_all_by_label_contains(part).next().unwrap_or_else(|| panic!("no {part}")).rect()
    };
    let question = "Two networks of 56 layers. They differ in their shortcuts only.";
    assert!(at(&harness, "Measured").top() > at(&harness, question).bottom(), "in a narrow panel below it");
    harness.set_size(vec2(1920.0, 1080.0));
    harness.key_press(Key::F5);
    harness.run();
    let (question, measured) = (at(&harness, question), at(&harness, "Measured"));
    assert!((question.top() - measured.top()).abs() < 20.0 && measured.left() > question.right(), "{measured}");
    let list = harness.get_by_label("Question").rect();
    assert!(question.top() - list.bottom() > 7.0, "{question} below {list}");
}

#[test]
fn before_a_training_has_ended_nothing_leads_to_an_empty_panel() {
    let (mut harness, _script) = window();
    click(&mut harness, "Learn");
    assert!(shows(&harness, "becomes a link once a training of this question has ended"));
    let mut links = harness.query_all_by_label("Curves").filter(|node| node.accesskit_node().role() == Role::Link);
    assert!(links.next().is_none());
}

#[test]
fn a_study_is_checked_before_it_is_made_and_then_worked_on() {
    let place = tempfile::tempdir().unwrap();
    let (mut harness, notes) = beside(place.path());
    click(&mut harness, "Study");
    assert!(shows(&harness, "9 trainings, one after another"));
    type_into(&mut harness, "Axis 1", "recipe.batch_size=16,0");
    harness.run();
    assert!(shows(&harness, "recipe.batch_size"), "the error does not name the field");
    click(&mut harness, "Start study");
    assert!(!notes.exists(), "a study that cannot be was begun");
    type_into(&mut harness, "Axis 1", "recipe.batch_size=16,32");
    harness.run();
    assert!(shows(&harness, "6 trainings, one after another"));
    click(&mut harness, "Start study");
    let started = written(&mut harness, &notes);
    assert!(started.starts_with("study work ") && started.contains("--until-input-ends"), "{started}");
    let made = std::fs::read_dir(place.path().join("studies")).unwrap().next().unwrap().unwrap().path();
    let text = std::fs::read_to_string(made.join("study.toml")).unwrap();
    assert!(text.contains("recipe.batch_size") && text.contains("seeds = 3"), "{text}");
    wait_for(&mut harness, "0 of 6 trainings");
}

#[test]
fn without_a_place_nothing_is_begun_and_the_reason_shown() {
    let (mut harness, _script) = window_of(vec2(1440.0, 900.0), Theme::Dark, false);
    harness.run();
    click(&mut harness, "Learn");
    click(&mut harness, "Measure without a guess");
    assert!(shows(&harness, "there is no home folder to keep studies in"));
}

const SMALL: Vec2 = vec2(1024.0, 700.0);
const USUAL: Vec2 = vec2(1440.0, 900.0);

/// Before anything was trained, a guided experiment, and after the end.
fn conclusions_look(size: Vec2, theme: Theme, name: &str) {
    let place = tempfile::tempdir().unwrap();
    let outcome = ended(place.path());
    pictured_in(size, theme, |harness, script, compare| {
        compare(harness, &format!("welcome_{name}"));
        click(harness, "Learn");
        compare(harness, &format!("learn_{name}"));
        command(harness, "show curves");
        click(harness, "Guess: residual");
        script.train(&script.started(), 40);
        harness.run();
        script.say(Event::Finished(Box::new(outcome.clone())));
        wait_for(harness, "did better: ");
        compare(harness, &format!("verdict_{name}"));
    });
}

#[test]
fn welcome_guided_experiment_and_verdict_look_as_kept_in_the_dark() {
    conclusions_look(USUAL, Theme::Dark, "dark");
}

#[test]
fn welcome_guided_experiment_and_verdict_look_as_kept_in_the_light() {
    conclusions_look(USUAL, Theme::Light, "light");
}

#[test]
fn welcome_guided_experiment_and_verdict_look_as_kept_in_a_small_window_in_the_dark() {
    conclusions_look(SMALL, Theme::Dark, "small_dark");
}

#[test]
fn welcome_guided_experiment_and_verdict_look_as_kept_in_a_small_window_in_the_light() {
    conclusions_look(SMALL, Theme::Light, "small_light");
}

#[test]
fn studies_look_as_kept_in_the_dark() {
    compare_panel("Study", Theme::Dark, "study_dark", |_, _| {});
}

#[test]
fn studies_look_as_kept_in_the_light() {
    compare_panel("Study", Theme::Light, "study_light", |_, _| {});
}
