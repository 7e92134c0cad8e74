//! What panels say before there is anything to see, and what is there in the end without anybody asking.

use crate::asked::*;
use crate::explain::explanation;
use crate::predictions::answer_predictions;
use crate::room::cut;
use crate::scripted::*;
use eframe::egui::accesskit::Role;
use eframe::egui::{Theme, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use lab_core::instrument::{QueryImage, Question};
use lab_core::protocol::{Command, Event, Outcome, Phase};
use lab_window::App;

/// What each instrument's panel is for and the button in its middle.
const CANVASES: [(&str, &str, &str); 6] = [
    ("Predictions", "Every validation image with its class", "Predict: Predictions"),
    ("Explain", "Where in the image the score of a class comes from", "Explain: Grad-CAM"),
    ("Lesions", "Accuracy with each block left out in turn", "Sweep: Lesions"),
    ("Landscape", "The loss on a plane of two random directions", "Compute: Loss landscape"),
    ("Inside", "How strong the gradient of the loss is at each block", "Look: Gradients by block"),
    ("Classify", "What every arm sees in pictures of your own", "Open pictures: Classify"),
];

#[test]
fn every_canvas_says_what_it_shows_and_has_the_button_that_helps() {
    let (mut harness, script) = window();
    for (panel, what, button) in CANVASES {
        command(&mut harness, &format!("Show {panel}"));
        assert!(shows(&harness, what), "{panel}");
        assert!(harness.query_by_label(button).is_none(), "there is nobody to be asked by {panel}");
        let title = if panel == "Classify" { panel } else { button.rsplit(": ").next().unwrap() };
        let start = format!("Start training: {title}");
        let start = harness.get_by_label(&start);
        if let Some(mark) = harness.query_by_label(&format!("What am I looking at: {title}")) {
            let gap = start.rect().top() - mark.rect().top();
            assert!((0.0..130.0).contains(&gap), "{panel}: the ? is beside the sentence, {gap} above the button");
        }
        assert!(shows(&harness, "There are no networks yet"), "{panel} says why");
    }
    command(&mut harness, "Show Lesions");
    click(&mut harness, "Start training: Lesions");
    assert_eq!(script.starts(), 1);
    command(&mut harness, "Show Lesions");
    assert!(shows(&harness, "The networks are being made"), "while they are loaded");
    command(&mut harness, "Show Classify");
    assert!(!shows(&harness, "There are no networks yet"), "Start was pressed");
    script.train(&script.started(), 40);
    harness.run();
    for (panel, what, button) in CANVASES {
        command(&mut harness, &format!("Show {panel}"));
        assert!(shows(&harness, what), "{panel}");
        let node = harness.get_by_label(button);
        assert!(!node.accesskit_node().is_disabled(), "{panel} can be asked");
        assert_eq!(node.accesskit_node().role(), Role::Button);
    }
    command(&mut harness, "Show Landscape");
    let (panel, button) =
        (harness.get_by_label("Theory that is looked at"), harness.get_by_label("Compute: Loss landscape"));
    assert!(button.rect().top() > panel.rect().bottom() + 60.0, "it is where the eye is, and not in the row of lists");
    click(&mut harness, "Compute: Loss landscape");
    assert!(script.asked_for(|question| matches!(question, Question::Surface { .. })).is_some());
    assert!(harness.query_by_label("Compute: Loss landscape").is_none(), "it is being computed");
}

#[test]
fn lists_that_are_empty_have_the_button_that_fills_them() {
    let place = tempfile::tempdir().unwrap();
    let (mut harness, script) = window_over(place.path(), vec2(1440.0, 900.0), Theme::Dark, false);
    for panel in ["Runs", "Log"] {
        command(&mut harness, &format!("Show {panel}"));
        let start = format!("Start training: {panel}");
        wait_until(&mut harness, &start, |harness| harness.query_by_label(&start).is_some());
    }
    click(&mut harness, "Start training: Log");
    assert_eq!(script.starts(), 1);

    let place = tempfile::tempdir().unwrap();
    crate::runs::run(place.path(), "short", 5);
    let (mut harness, _script) = window_over(place.path(), vec2(1440.0, 900.0), Theme::Dark, false);
    command(&mut harness, "Show Runs");
    wait_until(&mut harness, "the run is listed", |harness| shows(harness, "1 run"));
    type_into(&mut harness, "Search runs", "long");
    assert!(shows(&harness, "No run matches what is searched for."));
    click(&mut harness, "Show all runs");
    assert!(shows(&harness, "1 run") && !shows(&harness, "0 of 1 runs"), "what was searched for is gone");
}

/// Ends the training.
fn end(harness: &mut Harness<'static, App>, script: &Script) {
    script.say(Event::Finished(Box::new(Outcome {
        reason: "all steps are done".into(),
        steps: 40,
        seconds: 4.0,
        run: None,
        arms: vec![],
        planned: Some(40),
        discordant: vec![],
    })));
    harness.run();
}

/// How often something was asked.
fn times(script: &Script, wanted: impl Fn(&Question) -> bool) -> usize {
    let asked = |command: &&Command| matches!(command, Command::Ask { question, .. } if wanted(question));
    script.sent.borrow().iter().filter(asked).count()
}

fn is_explain(question: &Question) -> bool {
    matches!(question, Question::Explain { .. })
}

/// The images that were to be explained, with the numbers of the questions.
pub fn explained(script: &Script) -> Vec<(u64, usize)> {
    let image = |command: &Command| match command {
        Command::Ask { id, question: Question::Explain { sample: QueryImage::Validation(image), .. }, .. } => {
            Some((*id, *image))
        }
        _ => None,
    };
    script.sent.borrow().iter().filter_map(image).collect()
}

#[test]
fn in_the_end_predictions_and_three_revealing_images_are_there_unasked() {
    let (mut harness, script) = training(40);
    assert_eq!(times(&script, |_| true), 0, "nothing is asked while training");
    end(&mut harness, &script);
    assert_eq!((times(&script, |question| *question == Question::Predictions), times(&script, is_explain)), (1, 0));
    answer_predictions(&script);
    harness.run();
    harness.run();
    // Plain is wrong on every fourth image, residual on every twelfth; of the ten that only residual gets right it is
    // surest of 44, 40 and 32.
    let asked = explained(&script);
    assert_eq!(asked.iter().map(|(_, image)| *image).collect::<Vec<_>>(), [44, 40, 32]);
    for (id, _) in asked {
        script.found(id, [Ok(explanation(0)), Ok(explanation(1))]);
    }
    harness.run();
    command(&mut harness, "Show Predictions");
    assert!(shows(&harness, "60 of 60 images"));
    command(&mut harness, "Show Explain");
    assert!(shows(&harness, "Where the networks disagree most surely"));
    assert!(harness.query_by_label("Image 44: Bag").is_some());
    assert_eq!(harness.query_all_by_label("residual says Sneaker 82.0 %").count(), 3);
    for size in [vec2(1024.0, 700.0), vec2(1440.0, 900.0)] {
        harness.set_size(size);
        harness.run();
        assert_eq!(cut(&harness), Vec::<String>::new(), "at {size}");
    }
    click(&mut harness, "Explain image 40 at all blocks");
    assert_eq!(explained(&script).last().map(|(_, image)| *image), Some(40));
    end(&mut harness, &script);
    assert_eq!(times(&script, |question| *question == Question::Predictions), 1, "once is enough");
}

#[test]
fn a_persons_own_question_is_left_alone_and_training_is_not_slowed() {
    let (mut harness, script) = training(40);
    command(&mut harness, "Show Predictions");
    click(&mut harness, "Predict: Predictions");
    end(&mut harness, &script);
    assert_eq!(times(&script, |question| *question == Question::Predictions), 1, "it is asked already");
    answer_predictions(&script);
    harness.run();
    harness.run();
    let asked = explained(&script);
    assert_eq!(asked.len(), 3);
    script.say(Event::Phase(Phase::Training));
    harness.run();
    for (id, _) in asked {
        assert!(script.sent(|command| matches!(command, Command::Cancel(of) if *of == id)), "{id} is taken back");
    }
}
