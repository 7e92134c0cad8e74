//! How long questions wait for their answers while the default experiment trains, and while it is paused:
//! `cargo bench --bench questions`. A question that computes next to nothing shows what the waiting alone costs.

#![allow(clippy::expect_used, clippy::panic, reason = "a bench")]

use lab_core::experiment::{DeviceChoice, Experiment, preset};
use lab_core::instrument::QueryImage;
use lab_core::protocol::keep::KeepNothing;
use lab_core::protocol::{Command, Event, Networks, Phase, Picture, Question};
use lab_engine::inspect::Inspectors;
use lab_engine::train::engine::Engine;
use std::sync::Arc;
use std::time::{Duration, Instant};

const ROUNDS: usize = 30;

fn main() {
    let mut engine = Engine::start(Box::new(KeepNothing), || {}).expect("a thread");
    let open: lab_engine::inspect::OpenRun = Arc::new(|_, _| Err("there are no runs here".into()));
    engine.attend(|latest, events| Inspectors::start(latest, events, open)).expect("two threads");
    let experiment = Experiment::check(preset("plain-vs-residual").expect("the default preset").plan());
    let experiment = Box::new(experiment.expect("a valid experiment"));
    engine.send(Command::Start { experiment, device: DeviceChoice::Flex, paused: false });
    await_event(&engine, |event| matches!(event, Event::Steps(_)));

    let training = measure(&engine);
    engine.send(Command::Pause);
    await_event(&engine, |event| matches!(event, Event::Phase(Phase::Paused)));
    let paused = measure(&engine);
    println!("question               training, median  slowest   paused, median  slowest   (ms)");
    for ((name, training), (_, paused)) in training.iter().zip(&paused) {
        println!("{name:<22} {:>16.1} {:>8.1} {:>16.1} {:>8.1}", training.0, training.1, paused.0, paused.1);
    }
    engine.send(Command::Quit);
}

fn questions() -> Vec<(&'static str, Question)> {
    let picture = Picture::Pixels { width: 28, height: 28, rgba: vec![90; 28 * 28 * 4] };
    let sample = QueryImage::Validation(2);
    vec![
        ("first-layer filters", Question::Filters),
        ("classify a picture", Question::Classify(vec![picture])),
        ("Grad-CAM", Question::Explain { sample: sample.clone(), class: None, occlusion: false }),
        ("cuts of every block", Question::Cuts { sample }),
        ("one lesion", Question::Lesion { blocks: vec![0] }),
    ]
}

/// Median and slowest time from asking to answering, in milliseconds, of each question.
fn measure(engine: &Engine) -> Vec<(&'static str, (f64, f64))> {
    let mut id = 0;
    let mut ask = |question: &Question| {
        id += 1;
        let asked = Instant::now();
        engine.send(Command::Ask { id, of: Networks::Current, question: question.clone() });
        await_event(engine, |event| match event {
            Event::Answer { id: answered, answer } if *answered == id => {
                assert!(answer.is_ok(), "{answer:?}");
                true
            }
            _ => false,
        });
        asked.elapsed().as_secs_f64() * 1e3
    };
    let times = |(name, question): (&'static str, Question)| {
        let mut times: Vec<f64> = (0..ROUNDS).map(|_| ask(&question)).collect();
        times.sort_by(f64::total_cmp);
        (name, (times[ROUNDS / 2], times[ROUNDS - 1]))
    };
    questions().into_iter().map(times).collect()
}

fn await_event(engine: &Engine, wanted: impl Fn(&Event) -> bool) {
    loop {
        let event = engine.events().recv_timeout(Duration::from_mins(2)).expect("an event within two minutes");
        if let Event::Failed(why) = &event {
            panic!("{why}");
        }
        if wanted(&event) {
            return;
        }
    }
}
