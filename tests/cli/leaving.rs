//! What leaves: runs in other programs' formats. Where the Python that `RESIDUAL_LAB_PYTHON` names has their packages, those
//! programs read them back; `tests/export/check.py` is what they are asked.

use crate::lab::{Lab, TINY, picture};
use crate::studies::rates;
use image::{ImageBuffer, Luma, Rgba};
use lab_core::blueprint::Blueprint;
use lab_core::experiment::{DeviceChoice, Experiment, Fit, Network, PRESETS, Shortcut};
use lab_core::export::{Weight, Weights, onnx};
use lab_engine::nn::Model;
use lab_engine::train::lens::Lens;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Networks of every kind of layer, each with its settings.
const KINDS: [(&str, &str); 8] = [
    ("plain", ""),
    ("option-a", "shortcut=\"a\",activation=\"silu\",gain={value=0.5,learned=true}"),
    (
        "option-b",
        "shortcut=\"b\",norm={group=2},activation=\"gelu\",head={pool=\"max\",dropout=0.0,bias=false,scale=0.5}",
    ),
    ("option-d", "shortcut=\"d\",block=\"pre_basic\",stochastic_depth=0.5"),
    ("bottleneck", "shortcut=\"c\",block=\"pre_bottleneck\",activation=\"leaky_relu\""),
    ("pooled", "shortcut=\"b\",downsampling=\"avg_pool\",norm=\"none\",activation=\"tanh\""),
    ("relu-before", "shortcut=\"a\",block=\"relu_before_add\",downsampling=\"max_pool\",stem={kind=\"conv3_pool\"}"),
    ("stages", "shortcut=\"d\",stem={kind=\"conv7_pool\"},naming=\"torchvision\""),
];

fn trained(lab: &Lab, settings: &str) {
    let mut plan = lab.ok(&["presets", "resnet20"]);
    let start = plan.find("[arms.network]").unwrap();
    plan.truncate(start);
    let depth = if settings.contains("bottleneck") { 11 } else { 8 };
    let fields = settings.replace('=', " = ");
    let mut network = format!("network = {{ body = {{ cifar = {{ depth = {depth}, width = 4 }} }}");
    if !fields.is_empty() {
        network += ", ";
        network += &fields;
    }
    plan += &format!("{network} }}\n");
    lab.write("plan.toml", plan.as_bytes());
    let _ = fs::remove_dir_all(lab.path("run"));
    lab.ok(&[
        &["train", "plan.toml", "--steps", "4", "--out", "run", "--set", "recipe.optimizer.learning_rate=0.01"],
        TINY,
    ]
    .concat());
}

fn python() -> Option<String> {
    let python = std::env::var("RESIDUAL_LAB_PYTHON").unwrap_or_else(|_| "python3".into());
    let has = Command::new(&python).args(["-c", "import onnx, onnxruntime, tensorboard, numpy"]).output();
    let has = has.is_ok_and(|output| output.status.success());
    assert!(
        has || std::env::var_os("RESIDUAL_LAB_REQUIRE_PYTHON").is_none(),
        "{python} lacks what it was installed for"
    );
    if !has {
        eprintln!("SKIPPED: no Python with onnx, onnxruntime and tensorboard");
    }
    has.then_some(python)
}

fn asked(python: &str, what: &str, paths: &[&Path]) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/export/check.py");
    let output = Command::new(python).arg(script).arg(what).args(paths).output().unwrap();
    assert!(output.status.success(), "{what} {paths:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn networks_answer_elsewhere_as_they_do_here() {
    let lab = Lab::new();
    let Some(python) = python() else { return };
    lab.write("shirt.png", &picture(28, 28));
    lab.write("wide.png", &picture(90, 41));
    // Grey in 16 bits, of which Pillow makes 8 in its own way.
    let deep = ImageBuffer::from_fn(40, 31, |x, y| Luma([(x * 1500 + y * 90) as u16]));
    deep.save(lab.path("deep.png")).unwrap();
    let clear = ImageBuffer::from_fn(40, 31, |x, y| Rgba([(x * 6) as u8, (y * 8) as u8, 90, (255 - x * 5) as u8]));
    clear.save(lab.path("clear.png")).unwrap();
    for (kind, settings) in KINDS {
        trained(&lab, settings);
        lab.ok(&["export", "run", "--onnx", "--out", kind]);
        let wrote = lab.ok(&["export", "run", "--torch", "--out", kind]);
        assert!(wrote.contains("resnet20.py\n") && wrote.contains("resnet20.safetensors"), "{wrote}");
        let answer = lab.json(&["classify", "run", "shirt.png", "--top", "10", "--json"]);
        lab.write("answer.json", answer.to_string().as_bytes());
        let [onnx, script] = ["resnet20.onnx", "resnet20.py"].map(|name| lab.path(kind).join(name));
        asked(&python, "onnx", &[&onnx, &lab.path("shirt.png"), &lab.path("answer.json")]);
        let wide = lab.json(&["classify", "run", "wide.png", "--top", "10", "--json"]);
        lab.write("wide.json", wide.to_string().as_bytes());
        asked(&python, "torch", &[&script, &onnx, &lab.path("wide.png"), &lab.path("wide.json")]);
        if kind == "plain" {
            for name in ["deep", "clear"] {
                let (file, answer) = (format!("{name}.png"), format!("{name}.json"));
                let said = lab.json(&["classify", "run", &file, "--top", "10", "--json"]);
                lab.write(&answer, said.to_string().as_bytes());
                asked(&python, "torch", &[&script, &onnx, &lab.path(&file), &lab.path(&answer)]);
            }
        }
    }
}

/// Every network that comes with the program, with small random weights and statistics.
#[test]
fn the_networks_of_all_presets_answer_elsewhere_as_they_do_here() {
    let lab = Lab::new();
    let Some(python) = python() else { return };
    let image = lab.path("image.png");
    fs::write(&image, picture(32, 32)).unwrap();
    let device = lab_engine::train::device::open(DeviceChoice::Flex).unwrap().device;
    let (mean, std) = ([0.4_f32, 0.5, 0.6], [0.2_f32, 0.25, 0.3]);
    let shape = [3, 32, 32];
    let picture = lab_core::data::read_picture_for(&image, shape).unwrap();
    let lens = Lens { shape, mean: &mean, std: &std, fit: Fit::default(), device: &device };
    let presets = PRESETS.iter().map(|preset| Experiment::check(preset.plan()).unwrap());
    let mut networks: Vec<Network> = Vec::new();
    for network in presets.flat_map(|it| it.arms.clone()).map(|arm| arm.network) {
        // Those that are fine-tuned are others' networks.
        if !networks.contains(&network) {
            networks.push(network);
        }
    }
    assert!(networks.len() >= 15, "only {} networks", networks.len());
    let mut files = Vec::new();
    for (number, network) in networks.iter().enumerate() {
        let blueprint = Blueprint::new(network, shape, 10).unwrap();
        let mut state = Model::init(&blueprint, number as u64, &device).state().unwrap();
        for (name, array) in state.iter_mut().filter(|(_, array)| array.shape.len() == 1) {
            let (least, step) = match name.rsplit('.').next() {
                Some("running_var") => (0.8, 0.1),
                Some("weight") => (0.25, 0.02),
                _ => (-0.02, 0.01),
            };
            (0..5).cycle().zip(&mut array.values).for_each(|(at, value)| *value = least + step * at as f32);
        }
        let model = Model::init(&blueprint, 0, &device).with_state(&state).unwrap();
        let shares = lens.probabilities(&lens.pixels(&picture), std::iter::once(&model)).unwrap().remove(0);
        assert!(shares.iter().all(|&share| share < 0.99), "{number}: {shares:?} tells nothing apart");
        let classes: Vec<String> = (0..10).map(|class| format!("class {class}")).collect();
        let answers: Vec<_> = classes
            .iter()
            .zip(&shares)
            .map(|(class, &share)| json!({ "class": class, "probability": share }))
            .collect();
        let weights: Weights =
            state.iter().map(|(name, it)| (name.as_str(), Weight { shape: &it.shape, values: &it.values })).collect();
        let numbers = |all: [f32; 3]| all.map(|value| value.to_string()).join(",");
        let metadata = [("classes", json!(classes).to_string()), ("mean", numbers(mean)), ("std", numbers(std))];
        let (net, answer) = (lab.path(&format!("{number}.onnx")), lab.path(&format!("{number}.json")));
        fs::write(&net, onnx::bytes("net", &blueprint, &weights, &metadata).unwrap()).unwrap();
        fs::write(&answer, json!([{ "arms": [{ "classes": answers }] }]).to_string()).unwrap();
        files.extend([net, image.clone(), answer]);
    }
    asked(&python, "onnx", &files.iter().map(PathBuf::as_path).collect::<Vec<_>>());
}

/// What onnx and onnxruntime have found good once stays as it is, byte by byte, where they are not there to ask.
#[test]
fn a_network_is_the_kept_file() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/export/kept.onnx");
    let network = Network::cifar(8, 2, Shortcut::A);
    let blueprint = Blueprint::new(&network, [1, 12, 12], 3).unwrap();
    let device = lab_engine::train::device::open(DeviceChoice::Flex).unwrap().device;
    let shapes: Vec<(String, Vec<usize>)> = Model::init(&blueprint, 0, &device)
        .state()
        .unwrap()
        .into_iter()
        .map(|(name, array)| (name, array.shape))
        .collect();
    let values: Vec<Vec<f32>> = shapes
        .iter()
        .map(|(_, shape)| (0..shape.iter().product()).map(|at: usize| (at * 37 % 64 + 1) as f32 / 64.0).collect())
        .collect();
    let weights: Weights =
        shapes.iter().zip(&values).map(|((name, shape), values)| (name.as_str(), Weight { shape, values })).collect();
    let bytes = onnx::bytes("kept", &blueprint, &weights, &[("classes", "[\"a\",\"b\",\"c\"]".to_owned())]).unwrap();
    if std::env::var_os("UPDATE_KEPT").is_some() {
        fs::write(&kept, &bytes).unwrap();
    }
    assert!(fs::read(&kept).unwrap() == bytes, "it has other bytes; if they are meant to, UPDATE_KEPT=1 writes them");
    if let Some(python) = python() {
        asked(&python, "kept", &[&kept]);
    }
}

#[test]
fn tensorboard_reads_what_is_written_while_a_run_trains() {
    let lab = Lab::new();
    let args = ["--steps", "6", "--set", "recipe.evaluate_every.steps=3", "--set", "recipe.probe_every=2"];
    lab.ok(&[&["train", "--preset", "resnet20", "--out", "run"], &args[..], TINY].concat());
    let arm = lab.path("run/arms/resnet20");
    let bytes = fs::read(arm.join("events.out.tfevents.0.residual-lab")).unwrap();
    assert_eq!(lab_core::export::tensorboard::whole(&bytes, u64::MAX), bytes.len());
    let Some(python) = python() else { return };
    asked(&python, "tensorboard", &[&arm, &arm.join("metrics.csv")]);
}

#[test]
fn a_report_is_one_page_that_loads_nothing() {
    let lab = Lab::new();
    let args = ["--steps", "6", "--set", "recipe.evaluate_every.steps=3", "--set", "recipe.probe_every=2"];
    lab.ok(&[&["train", "--out", "run", "--set", "name=Tom & Jerry"], &args[..], TINY].concat());
    lab.ok(&["export", "run", "--html", "--out", "report.html"]);
    let page = fs::read_to_string(lab.path("report.html")).unwrap();
    for part in [
        "<title>Tom &amp; Jerry</title>",
        "<svg",
        "training accuracy, in %",
        "accuracy at the least validation loss",
        "Confusion of residual",
        "Gradients of plain",
        "Settings",
        "Environment",
        "Worst predictions of plain",
        "<img alt=",
        "residual-lab train",
    ] {
        assert!(page.contains(part), "{part} is not in the page");
    }
    assert_loads_nothing(&page);
    // Images that are gone are said, and the rest of the page is there.
    lab.pictures("pictures", &["ape", "bee"], 12);
    let small = ["--set", "data.resize={height=12,width=12}", "--steps", "2", "--out", "other"];
    lab.ok(&[&["train", "--preset", "resnet20", "--data", "pictures"], &small[..], TINY].concat());
    fs::remove_dir_all(lab.path("pictures")).unwrap();
    lab.ok(&["export", "other", "--html"]);
    assert!(fs::read_to_string(lab.path("other.html")).unwrap().contains("The worst predictions are not here: "));
}

fn assert_loads_nothing(page: &str) {
    let found = page.replace("http://www.w3.org/2000/svg", "").replace("src=\"data:image/png;base64,", "");
    for outside in ["http:", "https:", "src=", "@import", "url("] {
        assert!(!found.contains(outside), "{outside} is in the page");
    }
}

#[test]
fn a_study_is_one_page_that_loads_nothing() {
    let lab = Lab::new();
    rates(&lab, "rates", &["--seeds", "2", "--epochs", "2"]);
    lab.ok(&["study", "work", "rates", "--device", "flex"]);
    lab.ok(&["export", "rates", "--html"]);
    let page = fs::read_to_string(lab.path("rates.html")).unwrap();
    for part in [
        "Networks at learning_rate",
        "All settings",
        "±",
        "class=\"best\"",
        "<svg",
        "validation accuracy, in %",
        "in the order in which settings are tried",
        "residual, learning_rate 0.1",
        "Environment",
        "residual-lab study run study.toml",
    ] {
        assert!(page.contains(part), "{part} is not in the page");
    }
    assert_loads_nothing(&page);
}

#[test]
fn a_bundle_holds_the_whole_run() {
    let lab = Lab::new();
    lab.ok(&[&["train", "--preset", "resnet20", "--steps", "2", "--out", "run"], TINY].concat());
    lab.ok(&["export", "run", "--bundle"]);
    lab.refuses(1, &["run.zip is there already", "--out"], &["export", "run", "--bundle"]);
    let names =
        Command::new("python3").args(["-m", "zipfile", "-e", "run.zip", "there"]).current_dir(lab.path(".")).status();
    if !names.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: no Python to unpack with");
        return;
    }
    let said = lab.json(&["evaluate", "there/run", "--json"]);
    assert_eq!(said["correct"], lab.json(&["evaluate", "run", "--json"])["correct"]);
}
