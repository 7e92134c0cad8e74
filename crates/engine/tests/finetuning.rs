//! Arms that start from weights: what is frozen stays as it is to the last bit, the rest trains as it should.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper that fails fails its test")]

use lab_core::checkpoint::Checkpoint;
use lab_core::data::{Dataset, Loader, LoaderOptions, Position};
use lab_core::experiment::{
    DeviceChoice, Experiment, Method, Optimizer as Rule, imagenet_normalization, preset, with_overrides,
};
use lab_core::protocol::{Command, Event, Outcome, Prepared};
use lab_core::runs::{Folder, open};
use lab_engine::kept;
use lab_engine::nn::{StateDict, weights};
use lab_engine::train::arm::Clock;
use lab_engine::train::device;
use lab_engine::train::engine::Engine;
use lab_engine::train::optimizer::{Optimizer, flat_parameters};
use lab_engine::train::probe::ProbeLevel;
use lab_engine::train::session::Session;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// One tiny network on a few of the embedded images.
fn tiny(settings: &[String]) -> Experiment {
    let shrink = [
        "data.train_limit=100",
        "data.validation_limit=50",
        "recipe.batch_size=20",
        "recipe.length.epochs=2",
        "recipe.probe_every=3",
        "recipe.optimizer.learning_rate=0.05",
        "arms[0].network.body.cifar={depth=8,width=4}",
    ];
    let settings: Vec<&str> = shrink.into_iter().chain(settings.iter().map(String::as_str)).collect();
    let plan = with_overrides(&preset("resnet20").unwrap().plan(), &settings).unwrap_or_else(|error| panic!("{error}"));
    let plain = with_overrides(&plan, &["recipe.augmentation={}"]).unwrap();
    Experiment::check(plain).unwrap_or_else(|found| panic!("{found:?}"))
}

fn set(settings: &[&str]) -> Vec<String> {
    settings.iter().map(|&setting| setting.to_owned()).collect()
}

/// Twelve images of each of `classes` classes as MNIST's files have them, so that each class is a brightness of its own.
fn other_images(place: &Path, classes: u8) -> PathBuf {
    let folder = place.join(format!("of {classes} classes"));
    std::fs::create_dir_all(&folder).unwrap();
    let count = 12 * usize::from(classes);
    for (name, seed) in [("train", 1), ("t10k", 5)] {
        let labels = (0..count).map(|index| u8::try_from(index % usize::from(classes)).unwrap());
        let pixel = |label: u8, at: usize| label * (200 / classes) + u8::try_from((at * seed * 7) % 23).unwrap();
        let pixels = labels.clone().flat_map(|label| (0..28 * 28).map(move |at| pixel(label, at)));
        let size = |values: &[usize]| -> Vec<u8> {
            values.iter().flat_map(|&value| u32::try_from(value).unwrap().to_be_bytes()).collect()
        };
        let images = [vec![0, 0, 8, 3], size(&[count, 28, 28]), pixels.collect()].concat();
        std::fs::write(folder.join(format!("{name}-images-idx3-ubyte")), images).unwrap();
        let labels = [vec![0, 0, 8, 1], size(&[count]), labels.collect()].concat();
        std::fs::write(folder.join(format!("{name}-labels-idx1-ubyte")), labels).unwrap();
    }
    folder
}

struct Told {
    prepared: Option<Prepared>,
    notices: Vec<String>,
    outcome: Outcome,
}

/// Hears an experiment out; the message if it fails.
fn watch(engine: &Engine) -> Result<Told, String> {
    let (mut prepared, mut notices) = (None, Vec::new());
    loop {
        match engine.events().recv_timeout(Duration::from_mins(2)).expect("an event within two minutes") {
            Event::Prepared(found) => prepared = Some(*found),
            Event::Notice(notice) => notices.push(notice),
            Event::Finished(outcome) => {
                return Ok(Told { prepared, notices, outcome: *outcome });
            }
            Event::Failed(why) => return Err(why),
            _ => {}
        }
    }
}

fn keep(experiment: Experiment, run: &Path) -> Result<Told, String> {
    let engine = Engine::start(Box::new(Folder::exactly(run.to_owned())), || {}).expect("a thread");
    engine.send(Command::Start { experiment: Box::new(experiment), device: DeviceChoice::Flex, paused: false });
    watch(&engine)
}

fn last(run: &Path, file: &str) -> StateDict {
    let arm = open(run).unwrap().arm_folder(0).unwrap();
    weights::read(&arm.join("checkpoints/last").join(file)).unwrap()
}

/// Asks for the networks of a run, as the window and the exports do.
fn brought_back(run: &Path) -> Result<(), String> {
    let opened = device::open(DeviceChoice::Flex).unwrap();
    kept::snapshot(&open(run).unwrap(), Checkpoint::Last, &opened).map(drop).map_err(|error| error.to_string())
}

/// A run of two epochs in a folder of its own.
fn source(place: &Path) -> PathBuf {
    let run = place.join("source");
    keep(tiny(&[]), &run).unwrap();
    run
}

fn from(run: &Path, settings: &[&str]) -> Vec<String> {
    let start = [format!("arms[0].start.weights={}", run.display()), "arms[0].start.checkpoint=last".into()];
    start.into_iter().chain(set(settings)).collect()
}

/// Which weights and statistics are the same bits in both.
fn same(one: &StateDict, other: &StateDict) -> Vec<String> {
    one.iter().filter(|(name, array)| other.get(*name) == Some(array)).map(|(name, _)| name.clone()).collect()
}

#[test]
fn a_frozen_backbone_stays_as_it_is_and_a_new_head_learns_other_classes() {
    let place = tempfile::tempdir().unwrap();
    let (run, tuned) = (source(place.path()), place.path().join("tuned"));
    let data = other_images(place.path(), 3);
    let settings = from(
        &run,
        &["arms[0].start.freeze=backbone", "recipe.length.epochs=30", &format!("data.source={}", data.display())],
    );
    let told = keep(tiny(&settings), &tuned).unwrap();
    let said = told.notices.join("\n");
    assert!(said.contains("with a new head for 3 classes instead of that for 10"), "{said}");
    let (before, after) = (last(&run, "weights.safetensors"), last(&tuned, "weights.safetensors"));
    assert_eq!(after["linear.weight"].shape, [3, 16]);
    let same = same(&before, &after);
    assert_eq!(same.len(), after.len() - 2, "all but the head, running statistics included: {same:?}");
    assert!(told.outcome.arms[0].validation_accuracy > Some(0.9), "{:?}", told.outcome.arms);
    let memory = last(&tuned, "optimizer.safetensors");
    let remembered: Vec<&String> = memory.keys().filter(|name| name.ends_with("/0")).collect();
    assert_eq!(remembered, ["linear.bias/0", "linear.weight/0"], "nothing frozen has momentum");
}

#[test]
fn stages_are_frozen_up_to_the_one_named() {
    let place = tempfile::tempdir().unwrap();
    let run = source(place.path());
    let before = last(&run, "weights.safetensors");
    for (freeze, frozen) in [("stem", &["conv1", "bn1"][..]), ("stage 2", &["conv1", "bn1", "layer1", "layer2"])] {
        let tuned = place.path().join(freeze);
        keep(tiny(&from(&run, &[&format!("arms[0].start.freeze={freeze}")])), &tuned).unwrap();
        let after = last(&tuned, "weights.safetensors");
        let is_frozen = |name: &String| frozen.iter().any(|part| name.split('.').next() == Some(part));
        let expected: Vec<String> = after.keys().filter(|name| is_frozen(name)).cloned().collect();
        assert!(expected.iter().any(|name| name.ends_with("running_var")), "{expected:?}");
        assert_eq!(same(&before, &after), expected, "frozen up to {freeze}");
    }
}

#[test]
fn a_backbone_without_a_learning_rate_keeps_its_weights_but_measures_its_batches() {
    let place = tempfile::tempdir().unwrap();
    let (run, tuned) = (source(place.path()), place.path().join("tuned"));
    keep(tiny(&from(&run, &["arms[0].start.backbone_factor=0"])), &tuned).unwrap();
    let (before, after) = (last(&run, "weights.safetensors"), last(&tuned, "weights.safetensors"));
    let trained = |name: &String| name.contains("running_") || name.starts_with("linear.");
    let expected: Vec<String> = after.keys().filter(|name| !trained(name)).cloned().collect();
    assert_eq!(same(&before, &after), expected);
}

/// As PyTorch's parameter groups do: each parameter moves as by an optimiser of its own group's learning rate.
#[test]
fn a_factor_is_a_learning_rate_of_its_own_for_every_rule() {
    let dataset = Arc::new(Dataset::load(&tiny(&[]).data, 0).unwrap());
    let session = Session::new(tiny(&[]), dataset, device::open(DeviceChoice::Flex).unwrap()).unwrap();
    let (model, names) = (session.arms[0].model.clone(), session.arms[0].names.clone());
    let head = |name: &String| name.starts_with("linear.");
    for method in Method::all() {
        let rule = Rule { method, learning_rate: 0.1, weight_decay: 0.01, ..Rule::default() };
        let run = |mut optimizer: Optimizer, rate: f64| {
            let mut model = model.clone();
            for step in 1..4 {
                let gradients =
                    flat_parameters(&model).into_iter().map(|w| Some((w + 0.01) * f64::from(step))).collect();
                model = optimizer.step(model, gradients, rate);
            }
            model.state().unwrap()
        };
        let factors = names.iter().map(|name| if head(name) { 1.0 } else { 0.25 }).collect();
        let grouped = run(Optimizer::with_factors(rule.clone(), factors), 0.1);
        let fast = run(Optimizer::new(rule.clone(), names.len()), 0.1);
        let slow = run(Optimizer::new(rule.clone(), names.len()), 0.1 * 0.25);
        for name in &names {
            let alone = if head(name) { &fast } else { &slow };
            assert_eq!(grouped[name], alone[name], "{name} by {}", rule.method.label());
            assert_ne!(fast[name], slow[name], "{name} by {}", rule.method.label());
        }
    }
}

/// The learning rate of the recipe moves the head, its share the rest, from the first step on.
#[test]
fn the_backbone_moves_by_its_share_of_the_learning_rate() {
    let dataset = Arc::new(Dataset::load(&tiny(&[]).data, 0).unwrap());
    let moved = |factor: &str| {
        let plain =
            ["recipe.optimizer.method.momentum=0", "recipe.optimizer.weight_decay=0", "arms[0].start.weights=any"];
        let mut settings = set(&plain);
        settings.push(format!("arms[0].start.backbone_factor={factor}"));
        let opened = device::open(DeviceChoice::Flex).unwrap();
        let mut session = Session::new(tiny(&settings), Arc::clone(&dataset), opened).unwrap();
        let before = session.arms[0].model.state().unwrap();
        session.advance().unwrap();
        (before, session.arms[0].model.state().unwrap())
    };
    let ((before, whole), (_, quarter)) = (moved("1"), moved("0.25"));
    for (name, expected) in [("conv1.weight", 0.25), ("layer3.0.bn2.weight", 0.25), ("linear.weight", 1.0)] {
        let step = |after: &StateDict| -> Vec<f64> {
            let pairs = after[name].values.iter().zip(&before[name].values);
            pairs.map(|(now, then)| f64::from(*now) - f64::from(*then)).collect()
        };
        let (whole, quarter) = (step(&whole), step(&quarter));
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let ratio = dot(&whole, &quarter) / dot(&whole, &whole);
        assert!((ratio - expected).abs() < 1e-3, "{name}: {ratio}");
    }
}

/// Features that are computed once train the head as features that are computed at each step, to the last bit.
#[test]
fn kept_features_change_no_bit() {
    let settings = set(&["arms[0].start.weights=any", "arms[0].start.freeze=backbone", "recipe.length.epochs=3"]);
    let experiment = tiny(&settings);
    let dataset = Arc::new(Dataset::load(&experiment.data, 0).unwrap());
    let opened = || device::open(DeviceChoice::Flex).unwrap();
    let mut session = Session::new(experiment.clone(), Arc::clone(&dataset), opened()).unwrap();
    let mut other = Session::new(experiment.clone(), Arc::clone(&dataset), opened()).unwrap();
    let options = LoaderOptions::new(20, experiment.recipe.seed, experiment.recipe.augmentation.clone());
    let mut loader = Loader::new(Arc::clone(&dataset), options, Position::default()).unwrap();
    let autodiff = opened().device.autodiff();
    for step in 0..15 {
        let kept = session.advance().unwrap().record.arms[0].unwrap();
        let clock = Clock { step, scheduled: (step, session.total_steps), steps_per_epoch: session.steps_per_epoch };
        let (computed, _) =
            other.arms[0].step(&loader.next_batch().unwrap(), clock, &autodiff, ProbeLevel::Off).unwrap();
        assert_eq!(kept, computed, "step {step}");
    }
    assert_eq!(session.arms[0].model.state().unwrap(), other.arms[0].model.state().unwrap());
    let score = session.evaluate(0, |_| true).unwrap();
    let model = lab_engine::train::evaluate::plain(&other.arms[0].model);
    let inputs =
        lab_engine::train::evaluate::Inputs { images: &dataset.validation, mean: &dataset.mean, std: &dataset.std };
    let whole = lab_engine::train::evaluate::evaluate(&model, inputs, 20, &opened().device, |_| true).unwrap();
    assert_eq!((score.predicted, score.confusion), (whole.predicted.clone(), whole.confusion.clone()));
    assert!((score.loss - whole.mean_loss()).abs() < 1e-6, "{} and {}", score.loss, whole.mean_loss());
}

#[test]
fn a_resumed_fine_tuning_equals_one_that_was_never_stopped_even_without_its_source() {
    let place = tempfile::tempdir().unwrap();
    let run = source(place.path());
    for freeze in ["backbone", "stage 1"] {
        let settings = from(&run, &[&format!("arms[0].start.freeze={freeze}"), "arms[0].start.backbone_factor=0.5"]);
        let (whole, halved) =
            (place.path().join(format!("whole {freeze}")), place.path().join(format!("halved {freeze}")));
        keep(tiny(&settings), &whole).unwrap();
        let engine = Engine::start(Box::new(Folder::exactly(halved.clone())), || {}).unwrap();
        let experiment = Box::new(tiny(&settings));
        engine.send(Command::Start { experiment, device: DeviceChoice::Flex, paused: true });
        let mut done = 0;
        while done < 7 {
            engine.send(Command::Step);
            while let Ok(event) = engine.events().recv_timeout(Duration::from_mins(2)) {
                if let Event::Steps(more) = event {
                    done += more.len();
                    break;
                }
            }
        }
        engine.send(Command::Stop);
        assert_eq!(watch(&engine).unwrap().outcome.steps, 7);
        drop(engine);
        let hidden = place.path().join("hidden");
        std::fs::rename(&run, &hidden).unwrap();
        let engine = Engine::start(Box::new(Folder::under(place.path().join("none"))), || {}).unwrap();
        engine.send(Command::Resume { run: halved.clone(), device: DeviceChoice::Flex });
        assert_eq!(watch(&engine).unwrap().outcome.steps, 10);
        std::fs::rename(&hidden, &run).unwrap();
        for file in ["weights.safetensors", "optimizer.safetensors"] {
            assert_eq!(last(&whole, file), last(&halved, file), "{file}, frozen: {freeze}");
        }
    }
}

#[test]
fn images_are_normalised_as_the_weights_expect() {
    let place = tempfile::tempdir().unwrap();
    let run = source(place.path());
    let known = open(&run).unwrap().info.dataset;
    let data = format!("data.source={}", other_images(place.path(), 4).display());
    let own = keep(tiny(&from(&run, &[&data])), &place.path().join("own")).unwrap();
    let seen = own.prepared.unwrap().dataset;
    assert_eq!((&seen.mean, &seen.std), (&known.mean, &known.std));
    assert!(own.notices.iter().any(|text| text.contains("normalised as the weights of \"resnet20\" expect")));
    let any = keep(tiny(&from(&run, &[&data, "arms[0].start.normalization=any"])), &place.path().join("any")).unwrap();
    let measured = any.prepared.unwrap().dataset.mean;
    assert_ne!(measured, known.mean);
    let file = run.join("arms/resnet20/checkpoints/last/weights.safetensors");
    let unknown = keep(tiny(&from(&file, &[&data])), &place.path().join("file")).unwrap();
    assert_eq!(unknown.prepared.unwrap().dataset.mean, measured);
    let colour = place.path().join("colour");
    keep(tiny(&set(&["data.channels=rgb"])), &colour).unwrap();
    let settings = ["data.channels=rgb", "arms[0].start.normalization=imagenet"];
    let named = keep(tiny(&from(&colour, &settings)), &place.path().join("imagenet")).unwrap();
    assert_eq!(named.prepared.unwrap().dataset.mean, [0.485, 0.456, 0.406]);
    let kept = open(&place.path().join("imagenet")).unwrap().experiment;
    assert_eq!(kept.data.normalization, imagenet_normalization(), "the run says it itself");
    assert!(unknown.notices.iter().any(|text| text.contains("does not say how the images were normalised")));
}

#[test]
fn heads_are_kept_where_they_fit_and_refused_in_words_where_they_do_not() {
    let place = tempfile::tempdir().unwrap();
    let run = source(place.path());
    let before = last(&run, "weights.safetensors");
    let start = |name: &str, settings: &[&str]| {
        let still = ["recipe.optimizer.learning_rate=1e-30", "arms[0].start.freeze=backbone"];
        let tuned = place.path().join(name);
        keep(tiny(&from(&run, &[&still[..], settings].concat())), &tuned).map(|told| (told, tuned))
    };
    let (told, tuned) = start("fitting", &[]).unwrap();
    assert!(told.notices.iter().any(|text| text.ends_with("with its head")), "{:?}", told.notices);
    assert_eq!(last(&tuned, "weights.safetensors")["linear.weight"], before["linear.weight"]);
    let (told, tuned) = start("new", &["arms[0].start.head=new"]).unwrap();
    assert!(told.notices.iter().any(|text| text.ends_with("with a new head for 10 classes")), "{:?}", told.notices);
    assert_ne!(last(&tuned, "weights.safetensors")["linear.weight"], before["linear.weight"]);
    // As many classes, but others.
    let data = format!("data.source={}", other_images(place.path(), 10).display());
    let (told, _) = start("others", &[&data]).unwrap();
    assert!(told.notices.iter().any(|text| text.contains("10 classes are others")), "{:?}", told.notices);

    let data = format!("data.source={}", other_images(place.path(), 3).display());
    let why = start("refused", &[&data, "arms[0].start.head=kept"]).err().expect("a refusal");
    assert!(
        why.contains("is for 10 classes and the images are of 3") && why.contains("set start.head to new"),
        "{why}"
    );
    let why = keep(tiny(&from(&place.path().join("nothing"), &[])), &place.path().join("refused")).err().unwrap();
    assert!(why.contains("arm \"resnet20\": there is neither a file of weights nor a run"), "{why}");
    let why = start("refused", &["arms[0].start.arm=plain"]).err().expect("a refusal");
    assert!(why.contains("has no arm \"plain\" but resnet20"), "{why}");
    let why = start("refused", &["arms[0].network.body.cifar={depth=14,width=4}"]).err().expect("a refusal");
    assert!(why.contains("cannot start from") && why.contains("another network"), "{why}");
    assert!(!place.path().join("refused").exists(), "a refused start leaves no run behind");
}

#[test]
fn a_kept_run_answers_no_question_about_images_that_are_others_by_now() {
    let place = tempfile::tempdir().unwrap();
    let (images, run) = (other_images(place.path(), 3), place.path().join("run"));
    keep(tiny(&set(&[&format!("data.source={}", images.display())])), &run).unwrap();
    brought_back(&run).unwrap();
    // As many, of the same size and classes, and each of another brightness.
    let path = images.join("train-images-idx3-ubyte");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[16..].iter_mut().for_each(|pixel| *pixel += 20);
    std::fs::write(&path, bytes).unwrap();
    let why = brought_back(&run).expect_err("other images");
    assert!(why.contains("have changed since it was trained (there are as many as then, and other ones)"), "{why}");
    std::fs::remove_dir_all(&images).unwrap();
    std::fs::rename(other_images(place.path(), 4), &images).unwrap();
    let why = brought_back(&run).expect_err("more images");
    assert!(why.contains("images then, ") && why.contains("have changed since it was trained"), "{why}");
}
