//! Networks from files, asked through the engine; and folders of pictures.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper that fails fails its test")]

use burn::tensor::Device;
use lab_core::blueprint::Blueprint;
use lab_core::experiment::{Data, DeviceChoice, Naming, Network, Shortcut};
use lab_core::protocol::keep::KeepNothing;
use lab_core::protocol::{
    Answer, Classified, Command, DatasetInfo, Event, Import, Networks, Outcome, Picture, Question,
};
use lab_engine::inspect::{Inspectors, OpenRun};
use lab_engine::nn::{Array, Model, weights};
use lab_engine::train::engine::Engine;
use lab_engine::train::load::load;
use safetensors::tensor::{Dtype, TensorView};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

fn engine() -> Engine {
    let mut engine = Engine::start(Box::new(KeepNothing), || {}).expect("a thread");
    let open: OpenRun = Arc::new(|_, _| Err("there are no runs here".into()));
    engine.attend(|latest, events| Inspectors::start(latest, events, open)).expect("two threads");
    engine
}

fn next(engine: &Engine) -> Event {
    engine.events().recv_timeout(Duration::from_mins(2)).expect("an event within two minutes")
}

fn import(weights: &Path, classes: usize) -> Import {
    let dataset = DatasetInfo {
        name: "colours".into(),
        shape: [3, 16, 16],
        classes: (0..classes).map(|class| class.to_string()).collect(),
        train: 0,
        validation: 0,
        mean: vec![0.5; 3],
        std: vec![0.25; 3],
    };
    let network = Network::cifar(8, 4, Shortcut::B);
    Import {
        name: "net".into(),
        network,
        weights: weights.to_owned(),
        dataset,
        images: None,
        device: DeviceChoice::Flex,
    }
}

/// Weights of a network that was never trained.
fn written(folder: &Path) -> Import {
    let import = import(&folder.join("net.safetensors"), 4);
    let blueprint = Blueprint::new(&import.network, import.dataset.shape, 4).unwrap();
    let model = Model::init(&blueprint, 7, &Device::flex());
    weights::write(&import.weights, &model.state().unwrap()).unwrap();
    import
}

fn ask(engine: &Engine, pictures: Vec<Picture>) -> Result<Vec<Classified>, String> {
    engine.send(Command::Ask { id: 1, of: Networks::Current, question: Question::Classify(pictures) });
    loop {
        if let Event::Answer { answer, .. } = next(engine) {
            return answer.map(|answer| {
                let Answer::Classified(said) = answer else { panic!("another answer") };
                assert_eq!((said.arms, said.classes.len()), (vec!["net".to_owned()], 4), "it says who answers");
                said.pictures
            });
        }
    }
}

#[test]
fn weights_from_a_file_answer_and_a_folder_is_all_its_pictures() {
    let place = tempfile::tempdir().unwrap();
    let engine = engine();
    let why = ask(&engine, vec![]).unwrap_err();
    assert!(why.contains("press Start, or open weights"), "{why}");

    engine.send(Command::Import(Box::new(written(place.path()))));
    assert!(matches!(next(&engine), Event::Prepared(prepared) if prepared.arms[0].name == "net"));
    assert!(matches!(next(&engine), Event::Imported(import) if import.name == "net"));

    let pictures = place.path().join("pictures");
    std::fs::create_dir_all(pictures.join("deeper")).unwrap();
    for (name, color) in [("b.png", [200, 0, 0]), ("a.png", [0, 0, 200])] {
        image::RgbImage::from_pixel(30, 20, image::Rgb(color)).save(pictures.join(name)).unwrap();
    }
    std::fs::write(pictures.join("c.txt"), "no picture").unwrap();
    let answer = ask(&engine, vec![Picture::File(pictures)]).unwrap();
    let names: Vec<&str> = answer.iter().map(|picture| picture.name.as_str()).collect();
    assert_eq!(names, ["a.png", "b.png", "c.txt"], "by name, and not what is deeper");
    for picture in &answer[..2] {
        let shares = picture.probabilities.as_ref().unwrap();
        assert_eq!((shares.len(), shares[0].len()), (1, 4));
        assert!((shares[0].iter().sum::<f32>() - 1.0).abs() < 1e-4);
        assert_eq!((picture.seen.width, picture.seen.height), (16, 16));
    }
    assert!(answer[2].probabilities.is_err());
}

#[test]
fn weights_of_another_network_are_refused_with_the_reason() {
    let place = tempfile::tempdir().unwrap();
    let whole = written(place.path());
    let engine = engine();
    let other = Import { network: Network::cifar(14, 4, Shortcut::B), ..whole.clone() };
    let nothing = Import { weights: place.path().join("nothing.th"), ..whole.clone() };
    for (wrong, reason) in [(other, "net.safetensors"), (nothing, "nothing.th"), (import(&whole.weights, 9), "linear")]
    {
        engine.send(Command::Import(Box::new(wrong)));
        let message = loop {
            match next(&engine) {
                Event::Refused(message) => break message,
                Event::Imported(_) => panic!("it was taken"),
                _ => {}
            }
        };
        assert!(message.contains(reason), "{message}");
        assert!(ask(&engine, vec![]).is_err());
    }
    // What answered before answers still.
    engine.send(Command::Import(Box::new(whole.clone())));
    while !matches!(next(&engine), Event::Imported(_)) {}
    engine.send(Command::Import(Box::new(Import { weights: place.path().join("nothing.th"), ..whole })));
    while !matches!(next(&engine), Event::Refused(_)) {}
    assert!(ask(&engine, vec![]).is_ok());
}

#[test]
fn playing_keeps_nothing_and_takes_the_place_of_what_is_running() {
    let engine = engine();
    let mut plan = lab_core::experiment::PRESETS[0].plan();
    plan.data.train_limit = Some(60);
    plan.data.validation_limit = Some(20);
    plan.recipe.batch_size = 20;
    plan.recipe.length = lab_core::experiment::Length::Steps(100_000);
    for arm in &mut plan.arms {
        arm.network = Network { shortcut: arm.network.shortcut, ..Network::cifar(8, 4, Shortcut::A) };
    }
    let experiment = lab_core::experiment::Experiment::check(plan).unwrap();
    let play = || Command::Play { experiment: Box::new(experiment.clone()), device: DeviceChoice::Flex };
    engine.send(play());
    let mut prepared = 0;
    let finished: Outcome = loop {
        match next(&engine) {
            Event::Prepared(ready) => {
                assert_eq!(ready.run, None);
                prepared += 1;
                engine.send(if prepared == 1 { play() } else { Command::Stop });
            }
            Event::Finished(outcome) if prepared == 2 => break *outcome,
            Event::Failed(message) => panic!("{message}"),
            _ => {}
        }
    };
    assert_eq!((finished.reason.in_words(), finished.run), ("stopped", None));
}

/// A file of weights in some width of number, each name changed, with counters beside them.
fn wrapped(path: &Path, dtype: Dtype, bytes: fn(f32) -> Vec<u8>, name: impl Fn(&str) -> String) {
    let state = untrained().state().unwrap();
    let bytes = |array: &Array| -> Vec<u8> { array.values.iter().flat_map(|&value| bytes(value)).collect() };
    let arrays: Vec<_> = state.iter().map(|(key, array)| (name(key), array.shape.clone(), bytes(array))).collect();
    let counter = 7_i64.to_le_bytes();
    let floats =
        arrays.iter().map(|(key, shape, bytes)| (key.as_str(), TensorView::new(dtype, shape.clone(), bytes).unwrap()));
    let counters = ["n_averaged", "epoch"].map(|key| (key, TensorView::new(Dtype::I64, vec![1], &counter).unwrap()));
    safetensors::serialize_to_file(floats.chain(counters), None, path).unwrap();
}

fn untrained() -> Model {
    Model::init(&Blueprint::new(&Network::cifar(8, 4, Shortcut::B), [3, 16, 16], 4).unwrap(), 7, &Device::flex())
}

fn loaded(path: &Path) -> Result<Model, String> {
    let network = Network::cifar(8, 4, Shortcut::B);
    load(&network, [3, 16, 16], 4, path, &Device::flex()).map_err(|error| error.to_string())
}

fn single(value: f32) -> Vec<u8> {
    value.to_le_bytes().to_vec()
}

/// A file, its numbers, how one is written, how a name is changed, and how far a number may then be off.
type Case = (&'static str, Dtype, fn(f32) -> Vec<u8>, fn(&str) -> String, f32);

/// What scripts wrap around a network's weights, in every width of number; the file's name says nothing.
#[test]
fn weights_are_found_in_whatever_a_script_wrapped_around_them() {
    let place = tempfile::tempdir().unwrap();
    let cases: [Case; 7] = [
        ("plain.pth", Dtype::F32, single, str::to_owned, 0.0),
        ("lightning.SAFETENSORS", Dtype::F32, single, |name| format!("state_dict.model.{name}"), 0.0),
        ("compiled", Dtype::F32, single, |name| format!("module._orig_mod.{name}"), 0.0),
        ("inside", Dtype::F32, single, |name| name.replacen("layer1.", "layer1._orig_mod.", 1), 0.0),
        ("double", Dtype::F64, |value| f64::from(value).to_le_bytes().to_vec(), |name| format!("net.{name}"), 0.0),
        ("half", Dtype::F16, |value| half::f16::from_f32(value).to_le_bytes().to_vec(), str::to_owned, 1e-3),
        ("brain", Dtype::BF16, |value| half::bf16::from_f32(value).to_le_bytes().to_vec(), str::to_owned, 5e-3),
    ];
    let expected = untrained().state().unwrap();
    for (file, dtype, bytes, name, within) in cases {
        let path = place.path().join(file);
        wrapped(&path, dtype, bytes, name);
        assert_eq!(weights::classes(&weights::read(&path).unwrap(), Naming::Cifar), Some(4), "{file}");
        for (name, array) in loaded(&path).unwrap_or_else(|why| panic!("{file}: {why}")).state().unwrap() {
            let pairs = array.values.iter().zip(&expected[&name].values);
            let apart = pairs.map(|(found, expected)| (found - expected).abs() / expected.abs().max(1e-3));
            assert!(apart.fold(0.0, f32::max) <= within, "{file}: {name}");
        }
    }
}

/// Networks in one file, each below a name of its own and with other weights.
fn several(path: &Path, parts: &[&str]) {
    let arrays: Vec<_> = (0..)
        .zip(parts)
        .flat_map(|(seed, part)| {
            let blueprint = Blueprint::new(&Network::cifar(8, 4, Shortcut::B), [3, 16, 16], 4).unwrap();
            let state = Model::init(&blueprint, seed, &Device::flex()).state().unwrap();
            state.into_iter().map(move |(name, array)| (format!("{part}.{name}"), array))
        })
        .map(|(name, array)| {
            (name, array.shape, array.values.iter().flat_map(|it| it.to_le_bytes()).collect::<Vec<u8>>())
        })
        .collect();
    let view = |shape: &Vec<usize>, bytes| TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap();
    let views = arrays.iter().map(|(name, shape, bytes)| (name.as_str(), view(shape, bytes)));
    safetensors::serialize_to_file(views, None, path).unwrap();
}

#[test]
fn of_several_networks_in_a_file_the_one_that_is_meant_is_taken_or_none() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("several.safetensors");
    let expected = |seed| {
        let blueprint = Blueprint::new(&Network::cifar(8, 4, Shortcut::B), [3, 16, 16], 4).unwrap();
        Model::init(&blueprint, seed, &Device::flex()).state().unwrap()
    };
    for (parts, meant) in [
        (["model", "model_ema"], 0),
        (["best", "state_dict"], 1),
        (["ema.module", "teacher"], 1),
        (["state_dict.model", "state_dict.teacher"], 0),
    ] {
        several(&path, &parts);
        assert_eq!(loaded(&path).unwrap().state().unwrap(), expected(meant), "{parts:?}");
    }
    several(&path, &["student", "teacher"]);
    let why = loaded(&path).unwrap_err();
    assert!(why.contains("several networks") && why.contains("\"student\", \"teacher\""), "{why}");
}

#[test]
fn a_head_by_another_name_is_named_and_left_where_a_new_one_is_made() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("fc.safetensors");
    wrapped(&path, Dtype::F32, single, |name| format!("model.{}", name.replace("linear.", "fc.")));
    let why = loaded(&path).unwrap_err();
    assert!(why.contains("\"model.linear.weight\"") && why.contains("\"model.fc.weight\""), "{why}");
    assert!(why.contains("torchvision"), "{why}");
    let state = weights::read(&path).unwrap();
    let taken = untrained().with_backbone(&state).unwrap().state().unwrap();
    assert_eq!(taken, untrained().state().unwrap());
}

#[test]
fn what_is_no_use_as_weights_is_refused_for_its_true_reason() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("net.safetensors");
    for (bytes, expected) in [
        (&b""[..], "it is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "`git lfs pull` brings it"),
        (b"<!DOCTYPE html><html></html>", "it is a web page"),
    ] {
        std::fs::write(&path, bytes).unwrap();
        let why = loaded(&path).unwrap_err();
        assert!(why.contains(expected), "{why}");
    }
    wrapped(&path, Dtype::F32, single, |name| format!("backbone.{}", name.replace("conv", "c").replace("linear", "l")));
    let why = loaded(&path).unwrap_err();
    assert!(why.contains("belong to another network"), "{why}");
    wrapped(&path, Dtype::F32, single, |name| format!("tower.{}", name.replace('.', "/")));
    let why = loaded(&path).unwrap_err();
    assert!(why.contains("the file holds tower.") && why.contains("others, and this network needs"), "{why}");
    wrapped(&path, Dtype::F32, |_| single(f32::NAN), str::to_owned);
    let why = loaded(&path).unwrap_err();
    assert!(why.contains("are not finite") && why.contains("diverged"), "{why}");
}

/// Real files of weights, changed at random: an error or weights, never a panic, and not for long. `RESIDUAL_LAB_MUTATIONS`
/// says how often.
#[test]
fn damage_anywhere_in_weights_never_panics() {
    let place = tempfile::tempdir().unwrap();
    let import = written(place.path());
    let good = std::fs::read(&import.weights).unwrap();
    let count = std::env::var("RESIDUAL_LAB_MUTATIONS").ok().and_then(|count| count.parse().ok()).unwrap_or(1500);
    let header = usize::from(good[0]) + 256 * usize::from(good[1]) + 8;
    let mut random = lab_core::random::Random::new(3, lab_core::random::Purpose::Inspect, 0, 0);
    for number in 0..count {
        let mut bytes = good.clone();
        for _ in 0..=random.below(6) {
            // Most of what can go wrong stands in the header.
            let at = random.below(if number % 4 == 0 { bytes.len() } else { header.min(bytes.len()) });
            match random.below(4) {
                0 => bytes[at] ^= 1 << random.below(8),
                1 => bytes[at] = b"09{}[]:,\"-e"[random.below(11)],
                2 => drop(bytes.splice(at..at, *b"99999999")),
                _ => bytes.truncate(at.max(9)),
            }
        }
        std::fs::write(&import.weights, &bytes).unwrap();
        let start = std::time::Instant::now();
        drop(weights::read(&import.weights));
        assert!(start.elapsed() < Duration::from_secs(2), "change {number}");
    }
}

#[test]
fn weights_answer_about_the_images_of_the_form_if_these_are_of_their_classes() {
    let place = tempfile::tempdir().unwrap();
    let mut import = import(&place.path().join("net.safetensors"), 10);
    import.dataset.shape = [1, 28, 28];
    (import.dataset.mean, import.dataset.std) = (vec![0.5], vec![0.25]);
    let blueprint = Blueprint::new(&import.network, import.dataset.shape, 10).unwrap();
    weights::write(&import.weights, &Model::init(&blueprint, 7, &Device::flex()).state().unwrap()).unwrap();
    import.images = Some(Data { validation_limit: Some(50), ..Data::default() });
    let engine = engine();
    let told = |engine: &Engine| {
        let (mut prepared, mut notices) = (None, Vec::new());
        loop {
            match next(engine) {
                Event::Prepared(told) => prepared = Some(*told),
                Event::Notice(text) => notices.push(text),
                Event::Imported(_) => return (prepared.unwrap(), notices),
                Event::Failed(why) => panic!("{why}"),
                _ => {}
            }
        }
    };
    engine.send(Command::Import(Box::new(import.clone())));
    let (prepared, _) = told(&engine);
    assert_eq!((prepared.dataset.validation, prepared.arms[0].blocks.len(), prepared.total_steps), (50, 3, 0));
    engine.send(Command::Ask { id: 2, of: Networks::Current, question: Question::Predictions });
    let answer = loop {
        if let Event::Answer { answer, .. } = next(&engine) {
            break answer;
        }
    };
    assert!(answer.is_ok(), "{answer:?}");

    // As many classes, but others: a ship would be called a bag.
    import.dataset.classes =
        ["airplane", "car", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"].map(str::to_owned).to_vec();
    engine.send(Command::Import(Box::new(import)));
    let (prepared, notices) = told(&engine);
    assert_eq!((prepared.dataset.validation, prepared.dataset.classes[8].as_str()), (0, "ship"));
    let why =
        "the weights tell airplane, car, bird, … apart, and the images of Fashion-MNIST subset are of T-shirt/top";
    assert!(notices.iter().any(|text| text.contains(why)), "{notices:?}");

    let mut few = written(place.path());
    few.images = Some(Data::default());
    engine.send(Command::Import(Box::new(few)));
    let (prepared, notices) = told(&engine);
    assert_eq!(prepared.dataset.validation, 0);
    assert!(notices.iter().any(|text| text.contains("are of 10 classes, and the weights tell 4 apart")), "{notices:?}");
}

/// As `accelerate` and `transformers` write large networks.
#[test]
fn weights_in_several_files_are_read_by_the_list_of_them() {
    let place = tempfile::tempdir().unwrap();
    let state = untrained().state().unwrap();
    let mut map = serde_json::Map::new();
    for part in 0..2 {
        let name = format!("model-0000{}-of-00002.safetensors", part + 1);
        let own = state.iter().skip(part).step_by(2).map(|(key, array)| (key.clone(), array.clone())).collect();
        weights::write(&place.path().join(&name), &own).unwrap();
        map.extend(own.keys().map(|key| (key.clone(), name.clone().into())));
    }
    let list = place.path().join("model.safetensors.index.json");
    std::fs::write(&list, serde_json::json!({ "metadata": {}, "weight_map": map }).to_string()).unwrap();
    for path in [list.as_path(), place.path()] {
        assert_eq!(loaded(path).unwrap().state().unwrap(), state);
    }
    std::fs::remove_file(place.path().join("model-00002-of-00002.safetensors")).unwrap();
    let why = loaded(&list).unwrap_err();
    assert!(why.contains("model-00002-of-00002.safetensors, which it names, cannot be read"), "{why}");
    std::fs::write(&list, "{\"error\": \"not found\"}").unwrap();
    assert!(loaded(&list).unwrap_err().contains("names no files of weights"));
}

#[test]
fn weights_in_whole_numbers_are_named() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("quantised.safetensors");
    let view = TensorView::new(Dtype::I8, vec![2, 2], &[1, 2, 3, 4]).unwrap();
    safetensors::serialize_to_file([("conv1.weight", view)], None, &path).unwrap();
    let why = loaded(&path).unwrap_err();
    assert!(why.contains("of the type i8, which is not read"), "{why}");
}

/// Numbers that are finite one by one, and whose sums are not.
#[test]
fn an_answer_that_is_no_number_is_none() {
    let place = tempfile::tempdir().unwrap();
    let whole = written(place.path());
    let mut state = weights::read(&whole.weights).unwrap();
    for name in ["linear.weight", "linear.bias"] {
        state.get_mut(name).unwrap().values.fill(f32::MAX);
    }
    weights::write(&whole.weights, &state).unwrap();
    let engine = engine();
    engine.send(Command::Import(Box::new(whole)));
    while !matches!(next(&engine), Event::Imported(_)) {}
    let picture = place.path().join("a.png");
    image::RgbImage::from_pixel(16, 16, image::Rgb([200, 0, 9])).save(&picture).unwrap();
    let answer = ask(&engine, vec![Picture::File(picture)]).unwrap();
    let why = answer[0].probabilities.as_ref().unwrap_err();
    assert!(why.contains("no finite numbers"), "{why}");
}
