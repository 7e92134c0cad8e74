//! Weights that PyTorch trained, on images that PyTorch never saw in this program: the counts must be PyTorch's.

use crate::lab::{Lab, picture};
use crate::pictures::one_of_each;
use std::path::{Path, PathBuf};

/// Weights and images are too large for the repository; a folder `shared/data` beside it or in it may have them.
pub fn shared(name: &str) -> Option<PathBuf> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let found = above.map(|place| place.join("shared/data").join(name)).find(|path| path.exists());
    if found.is_none() {
        eprintln!("SKIPPED: there is no {name} in a folder shared/data beside the repository");
    }
    found
}

fn correct(weights: &str, preset: &str, device: &str) -> Option<u64> {
    let (weights, data) = (shared(&format!("pretrained/{weights}"))?, shared("cifar10")?);
    let lab = Lab::new();
    let found = lab.json(&[
        "evaluate",
        "--weights",
        weights.to_str().unwrap(),
        "--preset",
        preset,
        "--data",
        data.to_str().unwrap(),
        "--mean",
        "0.485,0.456,0.406",
        "--std",
        "0.229,0.224,0.225",
        "--device",
        device,
        "--json",
    ]);
    assert_eq!(found["total"], 2000);
    let (correct, top1) = (found["correct"].as_u64().unwrap(), found["top1"].as_f64().unwrap());
    assert!((top1 - correct as f64 / 2000.0).abs() < 1e-12);
    assert!(found["top5"].as_f64().unwrap() > top1 && found["loss"].as_f64().unwrap() < 1.0, "{found}");
    Some(correct)
}

#[test]
fn resnet20_gets_as_many_images_right_as_in_pytorch() {
    if let Some(correct) = correct("resnet20-12fca82f.th", "resnet20", "flex") {
        assert_eq!(correct, 1850);
    }
}

#[test]
fn resnet56_gets_as_many_images_right_as_in_pytorch() {
    if let Some(correct) = correct("resnet56-4bfd9763.th", "resnet56", "flex") {
        assert_eq!(correct, 1885);
    }
}

#[test]
fn resnet20_gets_the_same_images_right_on_the_reference_backend() {
    if let Some(correct) = correct("resnet20-12fca82f.th", "resnet20", "ndarray") {
        assert_eq!(correct, 1850);
    }
}

/// Weights as torchvision names and counts them, without the images that they were trained on.
#[test]
fn a_network_of_a_thousand_classes_tells_what_is_in_a_picture_by_its_weights_alone() {
    let lab = Lab::new();
    one_of_each(&lab, 1000);
    let small = ["data.resize={height=32,width=32,fit=\"cover\"}", "data.channels=\"rgb\"", "data.validation_limit=20"];
    let small = small.iter().flat_map(|it| ["--set", *it]).chain(["--set", "recipe.batch_size=4"]);
    let train = ["train", "--preset", "resnet18", "--data", "many", "--steps", "1", "--device", "flex", "--out", "run"];
    lab.ok(&train.into_iter().chain(small).collect::<Vec<_>>());
    lab.ok(&["export", "run", "--torch", "--out", "torch"]);
    let stored = std::fs::read(lab.path("torch/resnet18.safetensors")).unwrap();
    let names = safetensors::SafeTensors::deserialize(&stored).unwrap();
    for (name, shape) in
        [("conv1.weight", &[64, 3, 7, 7][..]), ("layer4.1.bn2.running_var", &[512]), ("fc.weight", &[1000, 512])]
    {
        assert_eq!(names.tensor(name).unwrap().shape(), shape, "{name}");
    }
    lab.write("resnet18.pth", &stored);
    lab.write("dog.png", &picture(300, 200));

    // As the run itself answers, where the images are prepared alike.
    let about: serde_json::Value = serde_json::from_slice(&std::fs::read(lab.path("run/run.json")).unwrap()).unwrap();
    let numbers = |name: &str| {
        let all = about["dataset"][name].as_array().unwrap().iter().map(ToString::to_string);
        all.collect::<Vec<_>>().join(",")
    };
    let weights = ["classify", "--weights", "resnet18.pth", "--preset", "resnet18", "--device", "flex", "--json"];
    let (mean, std) = (numbers("mean"), numbers("std"));
    let alike = ["--image", "3x32x32", "--mean", &mean, "--std", &std, "--top", "1000", "dog.png"];
    let ours = lab.json(&[&weights[..], &alike].concat());
    let run = lab.json(&["classify", "run", "dog.png", "--top", "1000", "--device", "flex", "--json"]);
    let classes = |answer: &serde_json::Value| answer[0]["arms"][0]["classes"].clone();
    assert_eq!(classes(&ours).as_array().unwrap().len(), 1000);
    assert_eq!(classes(&ours), classes(&run));

    // By itself, at the size and with the numbers that torchvision's weights expect.
    let imagenet = ["--mean", "0.485,0.456,0.406", "--std", "0.229,0.224,0.225", "--image", "3x224x224", "dog.png"];
    let plain = lab.json(&[&weights[..], &["dog.png"]].concat());
    assert_eq!(plain, lab.json(&[&weights[..], &imagenet].concat()));
    assert_ne!(classes(&plain), classes(&ours));
    let names: serde_json::Map<String, serde_json::Value> = (0..1000)
        .map(|class| (class.to_string(), serde_json::json!([format!("n{class}"), format!("kind {class}")])))
        .collect();
    lab.write("imagenet_class_index.json", serde_json::Value::Object(names).to_string().as_bytes());
    let named = lab.json(&[&weights[..], &["--classes", "imagenet_class_index.json", "dog.png"]].concat());
    let number = classes(&plain)[0]["class"].as_str().unwrap().to_owned();
    assert_eq!(classes(&named)[0]["class"], format!("kind {number}"));
    assert_eq!(classes(&named)[0]["probability"], classes(&plain)[0]["probability"]);
    lab.write("few.txt", b"cat\ndog\n");
    lab.refuses(
        2,
        &["few.txt", "does not name 1000 classes"],
        &[&weights[..], &["--classes", "few.txt", "dog.png"]].concat(),
    );
}

/// Weights of an experiment of one's own, which no preset describes.
#[test]
fn weights_go_with_the_experiment_that_they_were_trained_by() {
    let lab = Lab::new();
    lab.pictures("animals", &["cat", "dog"], 12);
    let small = ["arms[0].network.body.cifar={depth=8,width=2}", "data.resize={height=12,width=12,fit=\"stretch\"}"];
    let small = small.iter().flat_map(|it| ["--set", *it]);
    let train =
        ["train", "--preset", "resnet20", "--data", "animals", "--steps", "2", "--device", "flex", "--out", "run"];
    lab.ok(&train.into_iter().chain(["--set", "recipe.batch_size=4"]).chain(small).collect::<Vec<_>>());
    let file = lab.path("run/arms/resnet20/checkpoints/best/weights.safetensors");
    let weights =
        ["--weights", file.to_str().unwrap(), "--preset", "run/experiment.toml", "--device", "flex", "--json"];
    // The file measures the normalisation on the images, as the run did.
    let whole = [&["evaluate"][..], &weights, &["--data", "animals"]].concat();
    let run = lab.json(&["evaluate", "run", "--data", "animals", "--device", "flex", "--json"]);
    assert_eq!(lab.json(&whole)["classes"], run["classes"]);
    let classify = [&["classify"][..], &weights, &["--data", "animals", "animals/cat/0.png"]].concat();
    let mut told = lab.json(&classify);
    assert_eq!(told, lab.json(&["classify", "run", "animals/cat/0.png", "--device", "flex", "--json"]));
    assert_eq!(told[0]["arms"][0]["name"].take(), "resnet20");
    lab.json(&[&["inspect"][..], &weights, &["--data", "animals", "lesions"]].concat());

    let named = |classes| [&["classify"][..], &weights, &["--classes", classes, "animals/cat/0.png"]].concat();
    assert_eq!(lab.json(&named("cat,dog"))[0]["arms"][0]["classes"].as_array().unwrap().len(), 2);
    lab.refuses(2, &["tells 2 classes apart", "--classes names 3"], &named("a,b,c"));
    lab.write("many.txt", b"ant\nbee\ncow\n");
    lab.refuses(2, &["many.txt", "names 3 classes, and there are 2"], &named("many.txt"));
    let several = ["--weights", "w.pth", "--preset", "plain-vs-residual", "--data", "animals"];
    lab.refuses(2, &["--arm", "plain, residual"], &[&["evaluate"][..], &several].concat());
}
