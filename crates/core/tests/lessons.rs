//! The guided experiments that come with the program, as files.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop where it stands")]

use lab_core::learn::{LESSONS, Lesson, LessonError};
use lab_core::study::Study;
use lab_core::verdict::Call;

#[test]
fn every_guided_experiment_can_be_run_and_answered_by_any_of_its_guesses() {
    assert!(LESSONS.len() >= 13);
    for entry in LESSONS {
        let lesson = entry.lesson().unwrap_or_else(|why| panic!("{}: {why}", entry.id));
        Study::check(lesson.plan(lesson.seeds)).unwrap();
        assert!(lesson.seeds >= 3, "{}", entry.id);
        for call in [Call::Higher, Call::Lower, Call::Tie] {
            let of = lesson.guesses.iter().filter(|guess| guess.call == call).count();
            assert_eq!(of, 1, "{}: {call:?} is expected by {of} guesses", entry.id);
        }
        assert!(lesson.claims.len() <= 6 && !lesson.watch.is_empty() && lesson.question.ends_with(['?', '.']));
        for text in [&lesson.background, &lesson.paper] {
            assert!(text.len() > 20, "{}", entry.id);
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
