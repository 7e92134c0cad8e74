//! Training through the engine, as window and command line do it.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod checkpoints;

use lab_core::data::Dataset;
use lab_core::experiment::{
    Augmentation, Curve, DeviceChoice, Experiment, Extension, Optimizer, preset, with_overrides,
};
use lab_core::instrument::{Finding, QueryImage};
use lab_core::protocol::keep::KeepNothing;
use lab_core::protocol::{
    Answer, Command, End, Event, Live, Networks, Outcome, Phase, Picture, Question, StepRecord, Tune,
};
use lab_core::runs::Folder;
use lab_engine::inspect::Inspectors;
use lab_engine::train::device;
use lab_engine::train::engine::Engine;
use lab_engine::train::session::Session;
use std::sync::Arc;
use std::time::Duration;

/// The default experiment made small: 8 layers, a few images.
fn small(settings: &[&str]) -> Experiment {
    let plan = preset("plain-vs-residual").expect("the default preset").plan();
    let shrink = [
        "data.train_limit=200",
        "data.validation_limit=50",
        "recipe.batch_size=20",
        "recipe.length.epochs=2",
        "arms[0].network.body.cifar={depth=8,width=4}",
        "arms[1].network.body.cifar={depth=8,width=4}",
    ];
    let settings: Vec<&str> = shrink.iter().chain(settings).copied().collect();
    let plan = with_overrides(&plan, &settings).unwrap_or_else(|error| panic!("{error}"));
    Experiment::check(plan).expect("a valid experiment")
}

struct Watched {
    steps: Vec<StepRecord>,
    outcome: Outcome,
    events: Vec<Event>,
}

fn watch(engine: &Engine) -> Watched {
    let (mut steps, mut events) = (Vec::new(), Vec::new());
    loop {
        let event = engine.events().recv_timeout(Duration::from_mins(2)).expect("an event within two minutes");
        match event {
            Event::Steps(more) => steps.extend(more),
            Event::Finished(outcome) => return Watched { steps, outcome: *outcome, events },
            Event::Failed(message) => panic!("{message}"),
            other => events.push(other),
        }
    }
}

fn train(experiment: Experiment, device: DeviceChoice) -> Watched {
    let engine = Engine::start(Box::new(KeepNothing), || {}).expect("a thread");
    engine.send(Command::Start { experiment: Box::new(experiment), device, paused: false });
    watch(&engine)
}

fn losses(watched: &Watched) -> Vec<Vec<Option<f64>>> {
    watched.steps.iter().map(|step| step.arms.iter().map(|arm| arm.map(|arm| arm.loss)).collect()).collect()
}

#[test]
fn both_arms_of_the_default_experiment_learn() {
    let watched = train(small(&[]), DeviceChoice::Flex);
    assert_eq!(watched.steps.len(), 20);
    for arm in &watched.outcome.arms {
        assert!(arm.train_accuracy > Some(0.2), "{arm:?}");
        assert!(arm.validation_accuracy.is_some() && arm.diverged_at.is_none(), "{arm:?}");
    }
    let probes = watched.events.iter().filter(|event| matches!(event, Event::Probed(_))).count();
    assert_eq!(probes, 2);
}

#[test]
fn looks_inside_change_no_bit_and_are_few_over_a_long_run() {
    let settings = |every: &'static str| small(&["recipe.length.epochs=16", every]);
    let quiet = train(settings("recipe.probe_every=0"), DeviceChoice::Flex);
    let watched = train(settings("recipe.probe_every=1"), DeviceChoice::Flex);
    assert_eq!(losses(&watched), losses(&quiet));
    assert_eq!(watched.outcome.arms, quiet.outcome.arms);
    let spreads = |watched: &Watched| -> Vec<u64> {
        let of = |event: &Event| if let Event::Spread(record) = event { Some(record.step) } else { None };
        watched.events.iter().filter_map(of).collect()
    };
    assert!(spreads(&quiet).is_empty());
    // 160 steps are looked at, of which at most 48 count values: every fourth.
    let expected: Vec<u64> = (0..160).step_by(4).map(|step| step + 1).collect();
    assert_eq!(spreads(&watched), expected);
}

/// The weights are those before the step. Without momentum and decay the step is −η times the gradient.
#[test]
fn histograms_count_the_weights_and_the_gradient_of_their_step() {
    let experiment = small(&[
        "recipe.probe_every=1",
        "recipe.optimizer.weight_decay=0",
        "recipe.optimizer.method.nesterov=false",
        "recipe.optimizer.method.momentum=0",
    ]);
    let dataset = Arc::new(Dataset::load(&experiment.data, 0).expect("the embedded images"));
    let mut session =
        Session::new(experiment, dataset, device::open(DeviceChoice::Flex).expect("a device")).expect("a session");
    let weights = |session: &Session| session.arms[1].model.state().expect("weights");
    let before = weights(&session);
    let stepped = session.advance().expect("a step");
    let after = weights(&session);
    let rate = stepped.record.arms[1].expect("an arm").learning_rate;
    let spread = stepped.spread.expect("the first step is looked at");
    assert_eq!(spread.step, 1);
    // The edges between the 41 bins that a value has passed.
    let bin =
        |value: f64, limit: f64| (1..41).filter(|&edge| value >= limit * (2.0 * f64::from(edge) / 41.0 - 1.0)).count();
    for name in ["conv1.weight", "layer2.0.conv1.weight", "linear.bias"] {
        let found = spread.arms[1].iter().find(|histogram| histogram.parameter == name).expect(name);
        let values: Vec<f64> = before[name].values.iter().map(|&value| f64::from(value)).collect();
        let limit = values.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
        assert!((found.limit - limit).abs() <= 1e-12, "{name}: {} for {limit}", found.limit);
        let mut counts = vec![0_u32; 41];
        values.iter().for_each(|&value| counts[if limit > 0.0 { bin(value, limit) } else { 20 }] += 1);
        let moved: u32 = counts.iter().zip(&found.counts).map(|(a, b)| a.abs_diff(*b)).sum();
        assert!(moved <= 2, "{name}: {:?} for {counts:?}", found.counts);

        let gradient: Vec<f64> =
            values.iter().zip(&after[name].values).map(|(then, &now)| (then - f64::from(now)) / rate).collect();
        let limit = gradient.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
        assert!((found.gradient_limit / limit - 1.0).abs() < 1e-3, "{name}: {} for {limit}", found.gradient_limit);
        let mut counts = vec![0_u32; 41];
        gradient.iter().for_each(|&value| counts[bin(value, limit)] += 1);
        let moved: u32 = counts.iter().zip(&found.gradient_counts).map(|(a, b)| a.abs_diff(*b)).sum();
        assert!(moved as usize <= 2 + gradient.len() / 50, "{name}: {:?} for {counts:?}", found.gradient_counts);
    }
}

/// An engine with somebody who answers questions.
fn attended() -> Engine {
    let mut engine = Engine::start(Box::new(KeepNothing), || {}).expect("a thread");
    let open: lab_engine::inspect::OpenRun = Arc::new(|_, _| Err("there are no runs here".into()));
    engine.attend(|latest, events| Inspectors::start(latest, events, open)).expect("two threads");
    engine
}

/// Questions of every kind that takes a moment; all of them draw, differentiate or change copies of the networks.
fn questions() -> Vec<Question> {
    let picture = Picture::Pixels { width: 30, height: 20, rgba: vec![90; 30 * 20 * 4] };
    let sample = QueryImage::Validation(2);
    vec![
        Question::Classify(vec![picture]),
        Question::Explain { sample: sample.clone(), class: None, occlusion: false },
        Question::Gradients { images: 16 },
        Question::Lesion { blocks: vec![0] },
        Question::Cuts { sample },
        Question::Slice { half: 1, images: 16 },
        Question::Shattered { points: 8, lines: 1 },
        Question::Histograms { images: 8 },
        Question::Filters,
        Question::Gallery,
    ]
}

#[test]
fn the_same_experiment_gives_the_same_bits_again_whatever_is_asked_meanwhile() {
    let tiny = || small(&["recipe.length.epochs=8"]);
    let quiet = losses(&train(tiny(), DeviceChoice::Flex));
    let engine = attended();
    engine.send(Command::Start { experiment: Box::new(tiny()), device: DeviceChoice::Flex, paused: true });
    await_phase(&engine, Phase::Paused);
    let questions = questions();
    for (id, question) in (0..100).zip(questions.iter().cycle()) {
        let question = question.clone();
        engine.send(Command::Ask { id, of: Networks::Current, question });
    }
    engine.send(Command::Continue);
    let (mut steps, mut answers, mut over) = (Vec::new(), 0, false);
    while answers < 100 || !over {
        match engine.events().recv_timeout(Duration::from_mins(2)).expect("an event within two minutes") {
            Event::Steps(more) => steps.extend(more),
            Event::Answer { answer, .. } => {
                answer.expect("an answer");
                answers += 1;
            }
            Event::Finished(_) => over = true,
            Event::Failed(message) => panic!("{message}"),
            _ => {}
        }
    }
    let asked: Vec<Vec<Option<f64>>> =
        steps.iter().map(|step| step.arms.iter().map(|arm| arm.map(|arm| arm.loss)).collect()).collect();
    assert_eq!(asked, quiet);
    let other_seed = losses(&train(small(&["recipe.seed=1"]), DeviceChoice::Flex));
    assert_ne!(other_seed, quiet);
}

fn await_phase(engine: &Engine, wanted: Phase) {
    loop {
        match engine.events().recv_timeout(Duration::from_mins(2)).expect("an event within two minutes") {
            Event::Phase(phase) if phase == wanted => return,
            Event::Failed(message) => panic!("{message}"),
            _ => {}
        }
    }
}

/// The answer with this number, and how often its progress was told before.
fn await_answer(engine: &Engine, wanted: u64) -> (Result<Answer, String>, usize) {
    let mut told = 0;
    loop {
        match engine.events().recv_timeout(Duration::from_mins(2)).expect("an event within two minutes") {
            Event::Answer { id, answer } if id == wanted => return (answer, told),
            Event::Progress { id, .. } if id == wanted => told += 1,
            Event::Failed(message) => panic!("{message}"),
            _ => {}
        }
    }
}

#[test]
fn a_long_question_tells_how_far_it_is_lets_quick_ones_pass_and_can_be_taken_back() {
    let engine = attended();
    engine.send(Command::Ask { id: 0, of: Networks::Current, question: Question::Filters });
    assert!(await_answer(&engine, 0).0.expect_err("nothing to ask").contains("press Start"));
    engine.send(Command::Start { experiment: Box::new(small(&[])), device: DeviceChoice::Flex, paused: true });
    await_phase(&engine, Phase::Paused);
    let long = Question::Surface { half: 64, images: 1000 };
    // The last of them has to wait.
    for id in [1, 5, 6, 2] {
        engine.send(Command::Ask { id, of: Networks::Current, question: long.clone() });
    }
    engine.send(Command::Ask { id: 3, of: Networks::Current, question: Question::Filters });
    assert!(await_answer(&engine, 3).0.is_ok(), "a quick question does not wait for a long one");
    // It has come some way and says so before it is taken back.
    loop {
        match engine.events().recv_timeout(Duration::from_mins(2)).expect("an event within two minutes") {
            Event::Progress { id: 1, done, total, .. } if done > 0 => {
                assert_eq!(total, 2 * 129 * 129);
                break;
            }
            _ => {}
        }
    }
    engine.send(Command::Cancel(2));
    engine.send(Command::Cancel(1));
    let Answer::Found(found) = await_answer(&engine, 1).0.expect("what was found by then") else { panic!("findings") };
    let Ok(Finding::Surface(surface)) = &found.arms[0].finding else { panic!("a surface") };
    assert!((1..129 * 129).contains(&surface.done), "{}", surface.done);
    assert!(await_answer(&engine, 2).0.expect_err("it never began").contains("taken back"));
}

#[test]
fn a_pause_holds_and_single_steps_are_single() {
    let engine = Engine::start(Box::new(KeepNothing), || {}).expect("a thread");
    engine.send(Command::Start { experiment: Box::new(small(&[])), device: DeviceChoice::Flex, paused: true });
    for _ in 0..3 {
        engine.send(Command::Step);
    }
    let (mut steps, mut pauses) = (0, 0);
    // It pauses once before the first step and once after the last.
    while pauses < 2 {
        match engine.events().recv_timeout(Duration::from_mins(2)).expect("an event within two minutes") {
            Event::Steps(more) => steps += more.len(),
            Event::Phase(Phase::Paused) => pauses += 1,
            Event::Failed(message) => panic!("{message}"),
            _ => {}
        }
    }
    assert_eq!(steps, 3);
    std::thread::sleep(Duration::from_millis(300));
    engine.send(Command::Stop);
    let watched = watch(&engine);
    assert_eq!(watched.outcome.reason, End::Stopped);
    assert_eq!((watched.steps.len(), watched.outcome.steps), (0, 3));
}

/// Waits for the event that somebody wants; others are passed over.
fn await_event<T>(engine: &Engine, wanted: impl Fn(&Event) -> Option<T>) -> T {
    loop {
        let event = engine.events().recv_timeout(Duration::from_mins(2)).expect("an event within two minutes");
        assert!(!matches!(event, Event::Failed(_)), "{event:?}");
        if let Some(found) = wanted(&event) {
            return found;
        }
    }
}

fn settings(event: &Event) -> Option<Live> {
    match event {
        Event::Prepared(prepared) => Some(prepared.live.clone()),
        Event::Tuned(live) => Some((**live).clone()),
        _ => None,
    }
}

/// The learning rates of the first step that is told next.
fn rates(engine: &Engine) -> Vec<Option<f64>> {
    let first = |event: &Event| if let Event::Steps(steps) = event { steps.first().cloned() } else { None };
    await_event(engine, first).arms.iter().map(|arm| arm.map(|arm| arm.learning_rate)).collect()
}

fn in_use(live: &Live) -> Vec<Option<f64>> {
    live.arms.iter().map(|arm| arm.rate_in_use).collect()
}

#[test]
fn the_engine_tells_the_settings_that_train_after_a_start_a_change_a_resume_and_an_extension() {
    let mut plan = small(&["recipe.length={steps=12}", "recipe.augmentation={flip=true}"]).into_plan();
    let own = Optimizer { learning_rate: 0.01, weight_decay: 0.0, ..plan.recipe.optimizer.clone() };
    (plan.arms[1].optimizer, plan.arms[1].schedule) = (Some(own), Some(Curve::Cosine { end: 0.1 }.into()));
    let folder = tempfile::tempdir().expect("a folder");
    let run = folder.path().join("run");
    let device = DeviceChoice::Flex;
    let engine = Engine::start(Box::new(Folder::exactly(run.clone())), || {}).expect("a thread");
    let experiment = Box::new(Experiment::check(plan).expect("valid"));
    engine.send(Command::Start { experiment, device, paused: true });
    let begun = await_event(&engine, settings);
    let arms: Vec<_> = begun.arms.iter().map(|arm| (arm.learning_rate, arm.momentum, arm.weight_decay)).collect();
    assert_eq!(arms, [(0.1, Some(0.9), 1e-4), (0.01, Some(0.9), 0.0)]);
    assert!(begun.augmentation.flip && begun.probe_every == 10);
    engine.send(Command::Step);
    assert_eq!(rates(&engine), in_use(&begun));

    let augmentation = Augmentation { cutout: 3, ..Augmentation::default() };
    let mut tuned = Live::default();
    for tune in [
        Tune::LearningRate(0.05),
        Tune::Momentum(0.5),
        Tune::WeightDecay(0.001),
        Tune::ProbeEvery(3),
        Tune::Augmentation(augmentation.clone()),
    ] {
        engine.send(Command::Tune(tune));
        tuned = await_event(&engine, settings);
    }
    for arm in &tuned.arms {
        assert_eq!((arm.learning_rate, arm.momentum, arm.weight_decay), (0.05, Some(0.5), 0.001));
    }
    assert_eq!((tuned.probe_every, &tuned.augmentation), (3, &augmentation));
    assert_ne!(tuned.arms[0].rate_in_use, tuned.arms[1].rate_in_use, "each follows its own schedule");
    engine.send(Command::Step);
    assert_eq!(rates(&engine), in_use(&tuned));
    engine.send(Command::Stop);
    watch(&engine);
    drop(engine);

    // What a resume tells is what the next step is made with, and only the rates in use have moved on.
    let unmoved = |live: &Live| {
        let mut live = live.clone();
        live.arms.iter_mut().for_each(|arm| arm.rate_in_use = None);
        live
    };
    let engine = Engine::start(Box::new(Folder::exactly(run.clone())), || {}).expect("a thread");
    engine.send(Command::Resume { run, device });
    let resumed = await_event(&engine, settings);
    assert_eq!(unmoved(&resumed), unmoved(&tuned));
    assert_eq!(rates(&engine), in_use(&resumed));
    watch(&engine);
    engine.send(Command::Extend { epochs: 1, schedule: Extension::Constant });
    let extended = await_event(&engine, settings);
    assert_eq!(unmoved(&extended), unmoved(&tuned));
    assert_eq!(rates(&engine), in_use(&extended));
}

#[test]
fn the_number_of_threads_does_not_change_a_single_bit() {
    let [single, brain] = ["f32", "bf16"].map(|precision| {
        let precision = format!("recipe.precision={precision}");
        small(&["arms[1].network.shortcut=b", "recipe.augmentation={flip=true,pad_crop=2}", &precision])
    });
    let dataset = Arc::new(Dataset::load(&single.data, single.recipe.seed).expect("the embedded images"));
    let losses = |experiment: &Experiment, threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| {
            let opened = device::open(DeviceChoice::Flex).expect("a device");
            let mut session = Session::new(experiment.clone(), Arc::clone(&dataset), opened).expect("a session");
            (0..8).map(|_| session.advance().expect("a step").record.arms).collect::<Vec<_>>()
        })
    };
    for experiment in [&single, &brain] {
        let one = losses(experiment, 1);
        for threads in [2, 3, 4] {
            assert_eq!(losses(experiment, threads), one, "{threads} threads");
        }
    }
    assert_ne!(losses(&single, 1), losses(&brain, 1));
}

#[test]
fn two_arms_with_the_same_network_stay_the_same() {
    let mut plan = small(&[]).into_plan();
    plan.arms[0].network = plan.arms[1].network.clone();
    let watched = train(Experiment::check(plan).expect("valid"), DeviceChoice::Flex);
    for step in losses(&watched) {
        assert_eq!(step[0], step[1]);
    }
}

#[test]
fn a_schedule_that_has_ended_is_stretched_begun_anew_or_held_when_the_run_is_extended() {
    let device = DeviceChoice::Flex;
    let planned = small(&["recipe.length={epochs=1}", "recipe.schedule={curve={name=\"cosine\",end=0.0}}"]);
    let whole = small(&["recipe.length={epochs=2}", "recipe.schedule={curve={name=\"cosine\",end=0.0}}"]);
    let rates = |watched: &Watched| -> Vec<f64> {
        watched.steps.iter().filter_map(|step| step.arms[0].map(|arm| arm.learning_rate)).collect()
    };
    let (once, twice) = (rates(&train(planned.clone(), device)), rates(&train(whole, device)));
    let held = [once[9]; 10];
    for (schedule, expected) in
        [(Extension::Stretch, &twice[10..]), (Extension::Restart, &once[..]), (Extension::Constant, &held[..])]
    {
        let place = tempfile::tempdir().expect("a folder");
        let run = place.path().join("run");
        let engine = Engine::start(Box::new(Folder::exactly(run.clone())), || {}).expect("a thread");
        engine.send(Command::Start { experiment: Box::new(planned.clone()), device, paused: false });
        watch(&engine);
        engine.send(Command::Extend { epochs: 1, schedule });
        // Stopped on the way, it goes on in the same way.
        engine.send(Command::Stop);
        let mut after = rates(&watch(&engine));
        drop(engine);
        if after.len() < 10 {
            let engine = Engine::start(Box::new(Folder::exactly(run.clone())), || {}).expect("a thread");
            engine.send(Command::Resume { run, device });
            after.extend(rates(&watch(&engine)));
        }
        assert_eq!(after, expected, "{schedule:?}");
    }
}
