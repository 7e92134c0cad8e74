//! Looking inside trained networks from the command line.

use crate::lab::{Lab, TINY, picture};
use serde_json::Value;

/// A run of two tiny arms.
fn trained() -> Lab {
    let lab = Lab::new();
    let settings = [
        "--set",
        "recipe.length.epochs=1",
        "--set",
        "arms[0].network.body.cifar={depth=8,width=4}",
        "--set",
        "arms[1].network.body.cifar={depth=8,width=4}",
        "--out",
        "run",
    ];
    lab.ok(&[["train"].as_slice(), TINY, &settings].concat());
    lab
}

fn arms(found: &Value) -> &Vec<Value> {
    found["arms"].as_array().unwrap()
}

#[test]
fn instruments_look_at_every_arm_of_a_run() {
    let lab = trained();
    let found = lab.json(&["inspect", "run", "lesions", "--json"]);
    assert_eq!(arms(&found).len(), 2);
    let [plain, residual] = [0, 1].map(|arm| &arms(&found)[arm]["finding"]);
    assert_eq!(residual["blocks"].as_array().unwrap().len(), 3);
    assert!(residual["blocks"][1]["score"]["accuracy"].is_number(), "{residual}");
    assert!(plain["blocks"][1]["score"].is_null(), "a plain block that changes the shape stays");
    assert_eq!(residual["whole"]["images"], 20);

    let text = lab.ok(&["inspect", "run", "gradients", "--images", "16"]);
    assert!(text.split_whitespace().all(|word| word.len() < 12 || word.parse::<f64>().is_err()), "{text}");
    let one = lab.json(&["inspect", "run", "gradients", "--arm", "residual", "--images", "16", "--json"]);
    assert_eq!((arms(&one).len(), &one["arms"][0]["arm"]), (1, &Value::from("residual")));
    assert!(one["arms"][0]["finding"]["blocks"][0]["branch_ratio"].as_f64().unwrap() > 0.0);

    let gains = lab.json(&["inspect", "run", "gains", "--json"]);
    assert!(gains["arms"][0]["error"].as_str().unwrap().contains("plain net"));
    let path =
        lab.json(&["inspect", "run", "path", "--from", "best", "--points", "3", "--checkpoint", "last", "--json"]);
    assert_eq!(path["arms"][1]["finding"]["at"], serde_json::json!([0.0, 0.5, 1.0]));

    let pairs = lab.json(&["inspect", "run", "disagreement", "--json"]);
    let pair = &pairs["pairs"][0];
    assert_eq!((&pair["first"], &pair["second"]), (&Value::from("plain"), &Value::from("residual")));
    let counts =
        ["both_right", "first_only", "second_only", "both_wrong"].map(|key| pair["finding"][key].as_u64().unwrap());
    assert_eq!(counts.iter().sum::<u64>(), 20);
}

#[test]
fn findings_become_tables_and_pictures() {
    let lab = trained();
    lab.write("boot.png", &picture(30, 20));
    let said = lab.ok(&["inspect", "run", "gradcam", "--picture", "boot.png", "--class", "9", "--out", "maps"]);
    assert!(
        said.contains("residual, gradcam-layer1.0: 28 × 28 values from ") && said.contains("--out writes"),
        "{said}"
    );
    assert!(said.lines().count() < 60, "maps are no pages of digits in a terminal: {said}");
    lab.ok(&["inspect", "run", "confusion", "--out", "maps"]);
    let table = std::fs::read_to_string(lab.path("maps/residual-classes.csv")).unwrap();
    assert!(table.starts_with("class,precision,recall,f1,support\n") && table.lines().count() == 12, "{table}");
    let map = image::open(lab.path("maps/residual-gradcam-layer3.0.png")).unwrap();
    assert!(map.width() >= 200 && map.width() == map.height());
    let text = lab.ok(&["inspect", "run", "exits", "--images", "30"]);
    assert!(text.contains("layer3.0") && text.contains("Alain and Bengio 2016"), "{text}");
    let list = lab.ok(&["inspect", "--list"]);
    assert!(list.contains("shattered: ") && list.contains("ACF(k)"), "{list}");
}

#[test]
fn what_cannot_be_looked_at_is_refused_in_one_line() {
    let lab = trained();
    lab.refuses(2, &["there is no instrument \"xray\"", "lesions"], &["inspect", "run", "xray"]);
    lab.refuses(2, &["no arm \"third\"", "plain, residual"], &["inspect", "run", "lesions", "--arm", "third"]);
    lab.refuses(2, &["there is no run nowhere"], &["inspect", "nowhere", "lesions"]);
    lab.refuses(2, &["name a run and an instrument"], &["inspect", "lesions"]);
    lab.refuses(2, &["no block \"layer9.0\""], &["inspect", "run", "features", "--block", "layer9.0"]);
    lab.refuses(2, &["shows every block"], &["inspect", "run", "gradcam", "--block", "layer1.0"]);
    lab.refuses(2, &["no class \"cat\""], &["inspect", "run", "gradcam", "--class", "cat"]);
    lab.refuses(2, &["numbers are wanted, with commas between them"], &["inspect", "run", "gains", "--gains", "a,b"]);
    lab.refuses(1, &["no validation image 500"], &["inspect", "run", "gradcam", "--image", "500"]);
}

#[test]
fn what_an_answer_is_about_is_said_and_options_that_it_makes_no_use_of_are_refused() {
    let lab = trained();
    let said = lab.ok(&["inspect", "run", "slice", "--images", "16", "--points", "1", "--out", "tables"]);
    assert!(said.starts_with("asked about: 16 training images\n"), "{said}");
    let table = std::fs::read_to_string(lab.path("tables/plain-slice.csv")).unwrap();
    assert!(table.starts_with("at,loss,accuracy,training images\n") && table.contains(",16\n"), "{table}");
    let path = lab.json(&["inspect", "run", "path", "--images", "16", "--points", "2", "--json"]);
    assert_eq!(path["asked"], serde_json::json!({ "part": "training", "images": 16 }));
    for (instrument, option) in
        [("slice", "--limit"), ("gradcam", "--limit"), ("histograms", "--image"), ("slice", "--draws")]
    {
        lab.refuses(2, &["makes no use of", option], &["inspect", "run", instrument, option, "2"]);
    }
    lab.refuses(2, &["lesions makes no use of --gains", "for gains"], &["inspect", "run", "lesions", "--gains", "1,2"]);

    let few = lab.ok(&["inspect", "run", "calibration", "--limit", "3"]);
    assert!(few.starts_with("asked about: 3 of the validation images\n"), "{few}");
    let exits = lab.ok(&["inspect", "run", "exits", "--images", "30"]);
    assert!(exits.starts_with("asked about: 30 training images, and 20 validation images to try it on\n"), "{exits}");

    // An image has one number, however few are asked about.
    let few = lab.json(&["inspect", "run", "predictions", "--limit", "3", "--json"]);
    let places = few["asked"]["places"].as_array().unwrap();
    let all = lab.json(&["inspect", "run", "predictions", "--json"]);
    let of = |found: &Value, image: usize| found["arms"][0]["finding"]["loss"][image].as_f64().unwrap();
    assert_eq!(places.len(), 3);
    for (image, place) in places.iter().enumerate() {
        let place = usize::try_from(place.as_u64().unwrap()).unwrap();
        assert!((of(&few, image) - of(&all, place)).abs() < 1e-5, "{image} is {place}");
    }
}

/// Images from elsewhere may lack classes that the run knows, for instruments as for a score.
#[test]
fn images_from_elsewhere_are_the_same_for_instruments_and_scores() {
    let lab = Lab::new();
    lab.pictures("four", &["ape", "bee", "cat", "dog"], 12);
    lab.pictures("two", &["bee", "dog"], 9);
    let small = ["--preset", "resnet20", "--set", "arms[0].network.body.cifar={depth=8,width=2}", "--steps", "1"];
    let size = ["--set", "data.resize={height=12,width=12}", "--out", "run"];
    lab.ok(&[&["train", "--data", "four"], TINY, &small[..], &size].concat());
    let score = lab.json(&["evaluate", "run", "--data", "two", "--json"]);
    let found = lab.json(&["inspect", "run", "confusion", "--data", "two", "--json"]);
    assert_eq!((&score["total"], &found["asked"]["images"]), (&Value::from(18), &Value::from(18)));
    assert_eq!(score["confusion"], found["arms"][0]["finding"]["confusion"]);
    let nearest = lab.json(&["inspect", "run", "nearest", "--data", "two", "--json"]);
    assert_eq!(nearest["files"].as_array().unwrap().len(), 16, "two of eighteen are held out");
    lab.pictures("other", &["bee", "elk"], 3);
    for command in [&["evaluate", "run"][..], &["inspect", "run", "confusion"], &["inspect", "run", "nearest"]] {
        let says = ["class \"elk\" is none of those that the network knows: ape, bee, cat, dog"];
        lab.refuses(2, &says, &[command, &["--data", "other"]].concat());
    }
}

#[test]
fn calibration_says_its_error_and_leaves_bins_without_images_empty() {
    let lab = trained();
    let said = lab.ok(&["inspect", "run", "calibration", "--out", "tables"]);
    assert!(said.contains("expected calibration error") && said.contains('–'), "{said}");
    let table = std::fs::read_to_string(lab.path("tables/plain-calibration-error.csv")).unwrap();
    assert!(table.starts_with("images,expected calibration error\n20,"), "{table}");
    let found = lab.json(&["inspect", "run", "calibration", "--json"]);
    let found = &found["arms"][0]["finding"];
    assert!(found["expected_calibration_error"].is_number());
    let bins = found["bins"].as_array().unwrap();
    assert!(bins.iter().all(|bin| bin["accuracy"].is_null() == (bin["count"] == 0)), "{found}");
}

#[test]
fn the_nearest_images_are_named_by_their_files() {
    let lab = Lab::new();
    lab.pictures("animals", &["cat", "dog"], 12);
    let small = ["--preset", "resnet20", "--set", "arms[0].network.body.cifar={depth=8,width=2}", "--steps", "1"];
    let size = ["--set", "data.resize={height=12,width=12}", "--out", "run"];
    lab.ok(&[&["train", "--data", "animals"], TINY, &small[..], &size].concat());
    let said = lab.ok(&["inspect", "run", "nearest", "--image", "1"]);
    assert!(said.starts_with("asked about: validation image 1 ") && said.contains(", of class "), "{said}");
    assert!(said.contains("file") && said.matches(".png").count() == 6, "{said}");
    let found = lab.json(&["inspect", "run", "nearest", "--json"]);
    assert_eq!(found["files"].as_array().unwrap().len(), 22, "one for each training image");
    let neighbour = &found["arms"][0]["finding"][0];
    assert!(neighbour["distance"].is_number() && neighbour.get("seen").is_none(), "{neighbour}");
    let whole = lab.json(&["inspect", "run", "nearest", "--json", "--pixels"]);
    assert!(whole["arms"][0]["finding"][0]["seen"].is_object(), "{whole}");
}
