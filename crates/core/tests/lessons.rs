//! The guided experiments that come with the program, as files.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop where it stands")]

use lab_core::learn::{Conclusion, Lesson, LessonError, conclude, lesson, lessons};
use lab_core::study::{Study, StudyFolder};
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

/// Three seeds, 3 epochs of 20 batches of 128 images, two networks each of 6n + 2 layers, and the way back twice as far as the
/// way forward. Of a convolution of eight channels on 28×28 pixels, each of twice as many on half as many has as much.
#[test]
fn a_guided_experiment_says_how_much_there_is_to_train() {
    let work = lesson("shortcut").unwrap().work().unwrap();
    let conv = 9.0 * 8.0 * 8.0 * 28.0 * 28.0;
    let network = |n: f64| conv / 8.0 + conv * (6.0 * n - 2.0) + 2.0 * conv / 2.0 + 320.0;
    let macs = 2.0 * (network(3.0) + network(9.0));
    assert_eq!((work.trainings, work.multiply_adds), (6, 3.0 * 3.0 * 60.0 * 128.0 * macs));
    assert_eq!(work.in_words(), "6 trainings, roughly 3 minutes on two cores");
    assert!(lessons().into_iter().all(|lesson| lesson.unwrap().work().is_some_and(|work| work.multiply_adds > 1e9)));
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
    let said = with("title = ", "ask = [\"landscape\"]\ntitle = ").to_string();
    assert!(said.contains("no instrument \"landscape\"") && said.contains("there are lesions and shattered"), "{said}");
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

#[test]
fn a_guess_is_found_again_where_the_lesson_words_it_otherwise_by_now() {
    let text = include_str!("../../../assets/learn/shortcut.toml");
    let (before, guess) = (Lesson::from_toml("shortcut", text).unwrap(), 1);
    let now = text.replace(&before.guesses[guess].text, "Said in other words");
    let now = Lesson::from_toml("shortcut", &now).unwrap();
    assert_eq!(now.guesses[guess].text, "Said in other words");
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("asked");
    let study = StudyFolder::create(&folder, Study::check(before.plan(1)).unwrap()).unwrap();
    let asked = conclude(&before, &study, Some(guess)).unwrap();
    asked.write(&folder).unwrap();
    let read = Conclusion::read(&folder).unwrap();
    assert_eq!((read.guessed(&before), read.guessed(&now)), (Some(guess), Some(guess)));
    // As it was kept before.
    let path = folder.join("conclusion.json");
    let mut old: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    old.as_object_mut().unwrap().remove("guessed");
    std::fs::write(&path, old.to_string()).unwrap();
    let read = Conclusion::read(&folder).unwrap();
    assert_eq!((read.guessed(&before), read.guessed(&now)), (Some(guess), None));
}
