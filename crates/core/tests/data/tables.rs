//! Tables of labels as competitions, hubs and scripts write them.

use crate::arrays::golden;
use crate::make::{data_at, load, picture, refused, report, save, write_classes};
use lab_core::data::Dataset;
use std::fs;
use std::path::Path;
use tempfile::{TempDir, tempdir};

fn pictures(folder: &Path, count: u8) {
    (0..count).for_each(|number| save(&folder.join(format!("{number}.png")), &picture(number, 8, 8)));
}

/// Six pictures in a folder, and a table beside it.
fn beside(name: &str, text: impl AsRef<[u8]>) -> TempDir {
    let place = tempdir().unwrap();
    pictures(&place.path().join("pictures"), 6);
    fs::write(place.path().join(name), text).unwrap();
    place
}

fn rows(line: impl Fn(usize, &str) -> String) -> String {
    (0..6).map(|number| line(number, ["ape", "bee"][number % 2])).collect()
}

fn counts(dataset: &Dataset) -> (String, usize, usize) {
    (dataset.classes.join(" "), dataset.train.len(), dataset.validation.len())
}

#[test]
fn what_a_picture_is_for_is_said_in_many_ways() {
    let part = |number: usize, [train, test]: [&'static str; 2]| if number < 4 { train } else { test };
    for (column, said) in [
        ("split", ["train", "valid"]),
        ("data set", ["TRAIN", "TEST"]),
        ("phase", ["train", "val"]),
        ("Usage", ["Training", "PublicTest"]),
        ("partition", ["0", "1"]),
        ("is_test", ["False", "True"]),
        ("is_train", ["1", "0"]),
        ("is_valid", ["0", "1"]),
    ] {
        let lines = rows(|number, class| format!("{number}.png,{class},{}\n", part(number, said)));
        let place = beside("labels.csv", format!("filename,label,{column}\n{lines}"));
        assert_eq!(counts(&load(place.path()).unwrap()), ("ape bee".to_owned(), 4, 2), "{column}");
    }
    // What is not understood is told.
    for (column, said, words) in [("split", ["a", "b"], "says \"a\" and others"), ("fold", ["0", "1"], "\"fold\"")] {
        let lines = rows(|number, class| format!("{number}.png,{class},{}\n", part(number, said)));
        let place = beside("labels.csv", format!("filename,label,{column}\n{lines}"));
        let notices = load(place.path()).unwrap().notices.join(" ");
        assert!(notices.contains(words), "{column}: {notices}");
    }
}

#[test]
fn forms_to_be_filled_in_are_no_labels() {
    let place =
        beside("train.csv", format!("image_id,label\n{}", rows(|number, class| format!("{number}.png,{class}\n"))));
    pictures(&place.path().join("test"), 7);
    fs::write(place.path().join("sample_submission.csv"), "image_id,label\n6.png,cow\n").unwrap();
    let (dataset, _) = report(place.path());
    assert_eq!(dataset.classes, ["ape", "bee"]);
    let notices = dataset.notices.join(" ");
    assert!(notices.contains("sample_submission.csv is a form"), "{notices}");
}

/// As Kaggle has CIFAR-10: the same names in both parts, and a table of one of them.
#[test]
fn the_same_names_in_two_parts_are_told_apart_by_the_name_of_the_table() {
    let place = tempdir().unwrap();
    pictures(&place.path().join("train"), 6);
    pictures(&place.path().join("test"), 6);
    let lines = rows(|number, class| format!("{number},{class}\n"));
    fs::write(place.path().join("trainLabels.csv"), format!("id,label\n{lines}")).unwrap();
    let (dataset, report) = report(place.path());
    assert_eq!(counts(&dataset), ("ape bee".to_owned(), 4, 2));
    let files = dataset.train.files.iter().chain(&dataset.validation.files);
    assert!(files.clone().count() == 6 && files.clone().all(|file| file.starts_with(place.path().join("train"))));
    assert_eq!(report.left_out[0].names().len(), 6);
}

/// As ImageNet's validation pictures have one: folders of classes count more than a table of a few other pictures.
#[test]
fn a_table_of_a_few_pictures_does_not_take_the_place_of_folders() {
    let place = tempdir().unwrap();
    write_classes(&place.path().join("data/train"), &["n01", "n02"], 6);
    pictures(&place.path().join("data/val"), 4);
    fs::write(
        place.path().join("solution.csv"),
        "ImageId,PredictionString\n0,n01 1 2\n1,n02 1 2\n2,n01 3 4\n3,n02 1 1\n",
    )
    .unwrap();
    let dataset = load(place.path()).unwrap();
    assert_eq!(dataset.classes, ["n01", "n02"]);
    assert_eq!(dataset.train.len() + dataset.validation.len(), 12);
}

#[test]
fn tables_are_written_in_many_ways() {
    let csv = |head: &str, mark: &str, name: fn(usize) -> String| {
        format!("{head}\n{}", rows(|number, class| format!("{}{mark}{class}\n", name(number))))
    };
    let plain: fn(usize) -> String = |number| format!("{number}.png");
    let wide: Vec<u8> = csv("filename,label", ",", plain).encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (name, text) in [
        ("labels.csv", csv("filename|label", "|", plain).into_bytes()),
        ("labels.csv", csv("sep=;\nfilename;label", ";", plain).into_bytes()),
        ("labels.csv", csv("\n# made by a script\nfilename,label", ",", plain).into_bytes()),
        ("labels.csv", csv("File Name,Class Label", ",", plain).into_bytes()),
        ("labels.csv", csv("image_id,dx", ",", |number| format!("{number}")).into_bytes()),
        ("labels.csv", csv("image,label", ",", |number| format!("{number}.JPG")).into_bytes()),
        (
            "labels.csv",
            csv("path,label", ",", |number| format!("/content/drive/data/pictures/{number}.png")).into_bytes(),
        ),
        ("labels.csv", csv("path,label", ",", |number| format!("..\\pictures\\{number}.png")).into_bytes()),
        ("labels.csv", wide),
        ("train.txt", rows(|number, class| format!("pictures/{number}.png {class}\n")).into_bytes()),
        (
            "metadata.jsonl",
            rows(|number, class| format!("{{\"file_name\": \"{number}.png\", \"label\": \"{class}\"}}\n")).into_bytes(),
        ),
        (
            "labels.csv",
            format!(
                "name,ape,bee\n{}",
                rows(|number, class| format!("{number}.png,{},{}\n", class == "ape", class == "bee"))
            )
            .into_bytes(),
        ),
    ] {
        let place = beside(name, &text);
        let dataset = load(place.path()).unwrap_or_else(|error| panic!("{}: {error}", String::from_utf8_lossy(&text)));
        assert_eq!(counts(&dataset), ("ape bee".to_owned(), 4, 2), "{}", String::from_utf8_lossy(&text));
    }
}

/// As Roboflow and the Hugging Face hub have them; and with folders around all.
#[test]
fn tables_lie_in_the_folders_of_parts_and_deeper() {
    for (name, text) in [
        ("_classes.csv", "filename, ape, bee\n0.png, 1, 0\n1.png, 0, 1\n2.png, 1, 0\n3.png, 0, 1\n"),
        ("metadata.csv", "file_name,label\n0.png,ape\n1.png,bee\n2.png,ape\n3.png,bee\n"),
    ] {
        let place = tempdir().unwrap();
        for part in ["train", "valid"] {
            pictures(&place.path().join("wrapped").join(part), 4);
            fs::write(place.path().join("wrapped").join(part).join(name), text).unwrap();
        }
        for path in [place.path().to_owned(), place.path().join("wrapped")] {
            assert_eq!(counts(&load(&path).unwrap()), ("ape bee".to_owned(), 4, 4), "{name}");
        }
    }
}

#[test]
fn a_table_that_names_other_pictures_is_told() {
    let place = beside("labels.csv", "filename,label\nx7.png,ape\nx8.png,bee\nx9.png,ape\n");
    refused(
        &data_at(place.path()),
        &["labels.csv is a table of labels", "are not there, such as x7.png", "is called 0.png"],
    );
    let place = beside("labels.csv", "filename,label\n0.png,ape\n1.png,bee\n2.png,ape\n");
    fs::rename(place.path().join("pictures"), place.path().join("test")).unwrap();
    pictures(&place.path().join("val"), 6);
    refused(&data_at(place.path()), &["several are called alike, such as 0.png", "write the folders before the names"]);
    let place = beside("labels.xlsx", b"PK\x03\x04 and more");
    refused(&data_at(place.path()), &["one class only (pictures)", "labels.xlsx beside the pictures is no table"]);
}

/// As the hub keeps its converted tables, and as scripts sort their archives.
#[test]
fn parts_lie_in_folders_of_their_own() {
    let place = tempdir().unwrap();
    let table = golden("tables/none1.parquet");
    for part in ["train", "test"] {
        let folder = place.path().join("default").join(part);
        fs::create_dir_all(&folder).unwrap();
        fs::copy(&table, folder.join("0000.parquet")).unwrap();
    }
    let alone = load(&table).unwrap();
    let all = alone.train.len() + alone.validation.len();
    let dataset = load(place.path()).unwrap();
    assert_eq!((dataset.train.len(), dataset.validation.len()), (all, all));
    let place = tempdir().unwrap();
    for part in ["train", "val"] {
        fs::create_dir_all(place.path().join(part)).unwrap();
        fs::copy(golden("webdataset.tar"), place.path().join(part).join("0.tar")).unwrap();
    }
    let dataset = load(place.path()).unwrap();
    assert_eq!((dataset.train.len(), dataset.validation.len()), (6, 6));
}

#[test]
fn a_packed_file_in_a_folder_is_named() {
    let place = tempdir().unwrap();
    for name in ["one.7z", "two.7z"] {
        fs::create_dir_all(place.path().join("deeper")).unwrap();
        fs::write(place.path().join("deeper").join(name), b"7z\xbc\xaf\x27\x1c").unwrap();
    }
    refused(&data_at(place.path()), &["several packed files: one.7z, two.7z"]);
    for (name, bytes, words) in [
        ("set.h5", &b"\x89HDF\r\n"[..], "an HDF5 file, which is not read; save images and labels as arrays of NumPy"),
        ("train.p", b"\x80\x04]\x94.", "a pickle of Python, which is not read"),
        ("set.tfrecord", b"\x10\0\0", "a TFRecord of TensorFlow, which is not read"),
    ] {
        let place = tempdir().unwrap();
        fs::write(place.path().join(name), bytes).unwrap();
        refused(&data_at(place.path()), &[words]);
        refused(&data_at(&place.path().join(name)), &[words]);
    }
}
