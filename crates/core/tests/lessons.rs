//! The guided experiments that come with the program, as files.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop where it stands")]

use lab_core::learn::{Lesson, LessonError, lesson, lessons};
use lab_core::study::Study;
use lab_core::verdict::Call;

#[test]
fn every_guided_experiment_can_be_run_and_answered_by_any_of_its_guesses() {
    let all = lessons();
    assert!(all.len() >= 14);
    for lesson in all {
        let lesson = lesson.unwrap_or_else(|why| panic!("{why}"));
        Study::check(lesson.plan(lesson.seeds)).unwrap();
        assert!(lesson.seeds >= 3, "{}", lesson.id);
        for call in [Call::Higher, Call::Lower, Call::Tie] {
            let of = lesson.guesses.iter().filter(|guess| guess.call == call).count();
            assert_eq!(of, 1, "{}: {call:?} is expected by {of} guesses", lesson.id);
        }
        assert!(lesson.claims.len() <= 6 && !lesson.watch.is_empty() && lesson.question.ends_with(['?', '.']));
        for text in [&lesson.background, &lesson.paper] {
            assert!(text.len() > 20, "{}", lesson.id);
        }
    }
}

#[test]
fn a_file_of_a_teacher_is_told_what_is_wrong_with_it() {
    let good = include_str!("../../../assets/learn/shortcut.toml");
    let with = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        Lesson::from_toml("mine", &good.replacen(from, to, 1)).unwrap_err()
    };
    assert!(with("title", "titel").to_string().contains("titel"));
    let said = with("arm = \"residual\"", "arm = \"redisual\"");
    assert!(matches!(said, LessonError::Missing { .. }) && said.to_string().contains("the arm \"redisual\""), "{said}");
    assert!(with("at = { depth", "at = { width").to_string().contains("the axis \"width\""));
    assert!(with("values = [20, 56]", "values = [20, 57]").to_string().contains("57"));
    assert!(with("quantity = \"training_loss\"", "quantity = \"steps_to_loss\"").to_string().contains("loss = 1.0"));
    assert!(with("quantity = \"training_loss\"", "quantity = \"mean_lesion_loss\"").to_string().contains("lesions"));
}

#[test]
fn a_file_of_ones_own_is_found_by_its_path_and_what_is_wrong_is_said_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my question.toml");
    std::fs::write(&path, include_str!("../../../assets/learn/shortcut.toml")).unwrap();
    assert_eq!(lesson(path.to_str().unwrap()).unwrap().id, "my question");
    std::fs::write(&path, "titel = 1").unwrap();
    let said = lesson(path.to_str().unwrap()).unwrap_err().to_string();
    assert!(said.contains("my question.toml: this is no guided experiment") && said.contains("titel"), "{said}");
    let said = lesson("shortcuts").unwrap_err().to_string();
    assert!(said.contains("no guided experiment \"shortcuts\"; there are shortcut, "), "{said}");
}
