//! Folders of a person's own pictures: looked at, trained on, scored on.

use crate::lab::{Lab, TINY, picture};

#[test]
fn pictures_of_different_sizes_are_described_and_trained_on() {
    let lab = Lab::new();
    lab.pictures("pets", &["日本語", "🐱", "dog"], 12);
    lab.write("pets/dog/page.jpg", b"<html>404</html>");
    lab.write("pets/dog/empty.jpg", b"");
    let said = lab.ok(&["data", "info", "pets"]);
    assert!(said.contains("pictures have 12×12 to 14×12 pixels, the median 13×12"), "{said}");
    assert!(said.contains("3×16×16 in 3 classes"), "{said}");
    let widths: Vec<usize> = ["class", "日本語", "🐱", "dog"]
        .iter()
        .map(|name| {
            let line = said.lines().find(|line| line.starts_with(name)).unwrap();
            unicode_width::UnicodeWidthStr::width(line)
        })
        .collect();
    assert!(widths.iter().all(|width| *width == widths[0]), "{widths:?} in {said}");
    let described = lab.json(&["data", "info", "pets", "--json"]);
    assert_eq!(described["sizes"]["largest"], serde_json::json!([14, 12]));
    let mut left_out: Vec<(&str, &str)> = described["left_out"]
        .as_array()
        .unwrap()
        .iter()
        .map(|files| (files["reason"].as_str().unwrap(), files["files"][0].as_str().unwrap()))
        .collect();
    left_out.sort_unstable();
    let [(html, page), (empty, file)] = left_out[..] else { panic!("{described}") };
    assert_eq!((html, empty), ("it is an HTML page and no picture", "the file is empty"));
    assert!(page.ends_with("dog/page.jpg") && file.ends_with("dog/empty.jpg"), "{described}");
    lab.ok(&[&["train", "--preset", "resnet20", "--data", "pets", "--steps", "1", "--out", "run"], TINY].concat());
    let info = std::fs::read_to_string(lab.path("run/run.json")).unwrap();
    assert!(info.replace(char::is_whitespace, "").contains("[3,16,16]"), "{info}");
}

#[test]
fn a_folder_is_scored_on_as_a_whole_with_the_classes_that_are_there() {
    let lab = Lab::new();
    let classes = ["a", "b", "c", "d"];
    lab.pictures("train", &classes, 6);
    let size = ["--set", "data.resize={height=12,width=12}"];
    lab.ok(&[&["train", "--data", "train", "--steps", "1", "--out", "run"], TINY, &size].concat());
    lab.pictures("new", &classes, 10);
    let score = lab.json(&["evaluate", "run", "--data", "new", "--json"]);
    assert_eq!((&score["arms"][0]["total"], &score["arms"][0]["absent"]), (&40.into(), &serde_json::json!([])));
    lab.pictures("set/test", &classes[..3], 5);
    for place in ["set", "set/test"] {
        let score = lab.json(&["evaluate", "run", "--data", place, "--json"]);
        assert_eq!((&score["arms"][0]["total"], &score["arms"][0]["absent"][0]), (&15.into(), &"d".into()), "{place}");
    }
    std::fs::rename(lab.path("train"), lab.path("moved")).unwrap();
    let moved = lab.command(&["evaluate", "run", "--data", "moved", "--json"]).output().unwrap();
    let said = String::from_utf8_lossy(&moved.stderr);
    assert!(said.contains("has the images of the run"), "{said}");
    let score: serde_json::Value = serde_json::from_slice(&moved.stdout).unwrap();
    assert_eq!(score["arms"][0]["total"], 4, "only those that were held out: {score}");
    lab.refuses(2, &["the run's images", "--data PATH"], &["evaluate", "run"]);
    lab.refuses(2, &["the run's images", "--data PATH"], &["inspect", "run", "confusion"]);
    assert_eq!(lab.json(&["inspect", "run", "confusion", "--data", "moved", "--json"])["arms"][0]["arm"], "plain");
    lab.pictures("other", &["a", "x"], 2);
    lab.refuses(2, &["class \"x\" is none of those that the network knows"], &["evaluate", "run", "--data", "other"]);
}

#[test]
fn decoded_pictures_are_kept_listed_and_removed() {
    let lab = Lab::new();
    for number in 0..4_u8 {
        let class = if number < 2 { "ape" } else { "bee" };
        let pixels: Vec<u8> =
            (0..1200 * 1200).flat_map(|place| [number, u8::try_from(place % 251).unwrap(), 9]).collect();
        lab.write(&format!("pets/{class}/{number}.ppm"), &[b"P6 1200 1200 255\n", &pixels[..]].concat());
    }
    let first = lab.json(&["data", "info", "pets", "--json"]);
    let kept = lab.json(&["data", "cache", "--list", "--json"]);
    assert_eq!((&kept[0]["count"], &kept[0]["size"]), (&4.into(), &serde_json::json!([224, 224])), "{kept}");
    assert!(kept[0]["source"].as_str().unwrap().ends_with("pets"), "{kept}");
    assert_eq!(lab.json(&["data", "info", "pets", "--json"]), first);
    let listed = lab.ok(&["data", "cache"]);
    assert!(listed.contains("3×224×224") && listed.contains("last used") && listed.contains(" ago"), "{listed}");
    assert!(lab.ok(&["data", "cache", "--clear"]).starts_with("removed 1 file"));
    assert_eq!(lab.json(&["data", "cache", "--json"]), serde_json::json!([]));
    // The run names its images from the root, and takes what was kept all the same.
    let small = ["--preset", "resnet20", "--set", "arms[0].network.body.cifar={depth=8,width=2}", "--steps", "1"];
    lab.ok(&[&["train", "--data", "pets", "--out", "run", "--device", "flex"], &small[..]].concat());
    lab.ok(&["evaluate", "run"]);
    assert_eq!(lab.json(&["data", "cache", "--json"]).as_array().unwrap().len(), 1);
}

#[test]
fn images_that_are_there_twice_are_told() {
    let lab = Lab::new();
    lab.pictures("pets/train", &["ape", "bee"], 6);
    lab.pictures("pets/val", &["ape", "bee"], 2);
    std::fs::copy(lab.path("pets/train/ape/0.png"), lab.path("pets/val/ape/seen.png")).unwrap();
    std::fs::copy(lab.path("pets/train/ape/0.png"), lab.path("pets/train/bee/other.png")).unwrap();
    let said = lab.ok(&["data", "info", "pets"]);
    assert!(said.contains("both to train and to validate on, so accuracy is too high"), "{said}");
    assert!(said.contains("in several classes") && said.contains("pets/val/ape/seen.png"), "{said}");
    let described = lab.json(&["data", "info", "pets", "--json"]);
    assert!(
        described["doubles"].as_array().unwrap().iter().any(|double| double["in_both_parts"] == true),
        "{described}"
    );
}

/// Arrays of `NumPy` with an image of 8×8 pixels of each of so many classes, to train on and to validate on.
pub fn one_of_each(lab: &Lab, classes: u16) {
    let array = |kind: &str, shape: &str, values: &[u8]| {
        let header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({shape}), }}\n");
        let length = u16::try_from(header.len()).unwrap().to_le_bytes();
        [b"\x93NUMPY\x01\0", &length[..], header.as_bytes(), values].concat()
    };
    let labels: Vec<u8> = (0..classes).flat_map(u16::to_le_bytes).collect();
    let images: Vec<u8> = (0..usize::from(classes) * 64).map(|place| (place * 7 % 251) as u8).collect();
    for part in ["train", "test"] {
        lab.write(&format!("many/x_{part}.npy"), &array("|u1", &format!("{classes}, 8, 8"), &images));
        lab.write(&format!("many/y_{part}.npy"), &array("<u2", &format!("{classes},"), &labels));
    }
}

/// A hundred million pairs of classes: none takes room that no image is of.
#[test]
fn ten_thousand_classes_are_trained_and_scored_without_a_cell_for_each_pair() {
    let lab = Lab::new();
    one_of_each(&lab, 10_000);
    let few = ["--set", "data.validation_limit=500", "--set", "recipe.batch_size=50", "--device", "flex"];
    lab.ok(&[&["train", "--preset", "resnet20", "--data", "many", "--steps", "2", "--out", "run"], &few[..]].concat());
    let table = std::fs::read_to_string(lab.path("run/arms/resnet20/confusion.csv")).unwrap();
    assert!(table.starts_with("actual,predicted,images\n") && table.len() < 20_000, "{} bytes", table.len());
    let board =
        std::fs::metadata(lab.path("run/arms/resnet20/events.out.tfevents.0.residual-lab")).map(|about| about.len());
    assert!(board.as_ref().is_ok_and(|bytes| *bytes < 5_000_000), "{board:?}");
    let score = lab.json(&["evaluate", "run", "--json"]);
    let pairs = score["confusion"].as_array().unwrap();
    let images: u64 = pairs.iter().map(|pair| pair["images"].as_u64().unwrap()).sum();
    assert_eq!((images, pairs.len() <= 500), (500, true));
    // Of so many images, the probability of every class would be twenty million numbers.
    let all = ["--data", "many", "--limit", "2000", "--out", "tables"];
    lab.ok(&[&["inspect", "run", "confusion"][..], &all].concat());
    lab.ok(&[&["inspect", "run", "predictions"][..], &all].concat());
    let table = std::fs::read_to_string(lab.path("tables/resnet20-predictions.csv")).unwrap();
    assert!(
        table.lines().next().unwrap().ends_with(",class 5,p 5,place") && table.lines().count() == 2001,
        "{}",
        table.len()
    );
}

#[test]
fn a_folder_of_pictures_is_classified_and_each_that_cannot_be_says_why() {
    let lab = Lab::new();
    lab.ok(&[&["train", "--preset", "resnet20", "--steps", "1", "--out", "run"], TINY].concat());
    for name in ["wardrobe/b.png", "wardrobe/a.png", "shirt.png"] {
        lab.write(name, &picture(28, 28));
    }
    // Weights alone do not say how their images were normalised.
    let weights = "run/arms/resnet20/checkpoints/best/weights.safetensors";
    let alone = ["classify", "--weights", weights, "--preset", "resnet20", "--image", "1x28x28", "shirt.png"];
    let told = |more: &[&str]| {
        let output = lab.command(&[&alone, more].concat()).output().unwrap();
        String::from_utf8_lossy(&output.stderr).contains("pixels go in as they are")
    };
    assert!(told(&[]) && !told(&["--mean", "0.3", "--std", "0.3"]));

    let said = lab.ok(&["classify", "run", "shirt.png", "wardrobe"]);
    let named: Vec<&str> = said.lines().filter(|line| !line.starts_with(' ')).collect();
    assert_eq!(named, ["shirt.png", "wardrobe/a.png", "wardrobe/b.png"]);

    // A folder for each class is gone through like any other.
    lab.pictures("sorted", &["cat", "dog"], 1);
    let said = lab.ok(&["classify", "run", "sorted"]);
    assert!(said.contains("sorted/cat/0.png\n") && said.contains("sorted/dog/0.png\n"), "{said}");

    lab.write("wardrobe/c.png", b"no picture at all");
    let output = lab.command(&["classify", "run", "nowhere.png", "wardrobe", "--json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let failed: Vec<(&str, bool)> =
        answer.as_array().unwrap().iter().map(|it| (it["image"].as_str().unwrap(), it["error"].is_string())).collect();
    assert_eq!(
        failed,
        [("nowhere.png", true), ("wardrobe/a.png", false), ("wardrobe/b.png", false), ("wardrobe/c.png", true)]
    );
    let told = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = told.lines().collect();
    assert!(lines.iter().any(|line| line.starts_with("note: ") && line.contains("wardrobe/c.png")), "{told}");
    assert!(lines.contains(&"error: 2 of 4 pictures could not be read, as said above"), "{told}");
}

/// Which images are validated on, and in which order classes come, is told as it is.
#[test]
fn held_out_images_and_the_order_of_classes_are_told() {
    let lab = Lab::new();
    for part in ["train", "val", "test"] {
        lab.pictures(&format!("set/{part}"), &["ape", "bee"], 8);
    }
    let small = ["--preset", "resnet20", "--set", "arms[0].network.body.cifar={depth=8,width=2}", "--steps", "1"];
    let train = ["train", "--data", "set", "--set", "data.resize={height=12,width=12}", "--set", "data.holdout=0.25"];
    let output = lab.command(&[&train[..], TINY, &small, &["--out", "run"]].concat()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("validating on 25 % of the training images") && !said.contains("set/val"), "{said}");

    let weights = "run/arms/resnet20/checkpoints/last/weights.safetensors";
    let score = ["evaluate", "--weights", weights, "--preset", "run/experiment.toml", "--data", "set/test"];
    let correct = |more: &[&str]| {
        let output = lab.command(&[&score[..], more, &["--json"]].concat()).output().unwrap();
        let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        (
            found["classes"].clone(),
            found["correct"].as_u64().unwrap(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let (classes, right, said) = correct(&[]);
    assert!(
        classes == serde_json::json!(["ape", "bee"]) && said.contains("in the order of the data: ape, bee"),
        "{said}"
    );
    let (classes, other, said) = correct(&["--classes", "bee,ape"]);
    assert!(classes == serde_json::json!(["bee", "ape"]) && !said.contains("in the order of the data"), "{said}");
    assert_eq!(right + other, 16, "with the names exchanged the others are right");
    lab.refuses(2, &["\"ape\"", "none of those"], &[&score[..], &["--classes", "cat,bee"]].concat());
    lab.refuses(2, &["tells 2 classes apart"], &[&score[..], &["--classes", "a,b,c"]].concat());
}

#[test]
fn tables_of_labels_may_name_files_in_full_and_say_why_they_are_not_used() {
    let lab = Lab::new();
    lab.pictures("set", &["images"], 8);
    lab.write("set/labels.csv", b"filename,label\n");
    lab.refuses(2, &["labels.csv is a table of labels in which no row names"], &["data", "info", "set"]);
    let row = |index: u32| format!("{},{}\n", lab.path("set/images").join(format!("{index}.png")).display(), index % 2);
    let rows: String = (0..8).map(row).collect();
    lab.write("set/labels.csv", format!("filename,label\n{rows}").as_bytes());
    assert_eq!(lab.json(&["data", "info", "set", "--json"])["classes"], serde_json::json!(["0", "1"]));
    lab.write("set/labels.csv", b"filename,label\n/etc/hosts,0\n0.png,1\n");
    lab.refuses(2, &["names a file outside of the folder"], &["data", "info", "set"]);
}
