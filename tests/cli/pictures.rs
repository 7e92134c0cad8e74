//! Folders of a person's own pictures: looked at, trained on, scored on.

use crate::lab::{Lab, TINY};

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
    assert!(lab.ok(&["data", "cache"]).contains("224×224"));
    assert!(lab.ok(&["data", "cache", "--clear"]).starts_with("removed 1 file"));
    assert_eq!(lab.json(&["data", "cache", "--json"]), serde_json::json!([]));
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
