//! Pictures whose classes are written beside them: in archives of `WebDataset`, in tables, in files with names.

use crate::arrays::{check, golden, spoil};
use crate::make::{data_at, load, picture, refused, report, save, write_classes, write_idx};
use lab_core::data::Dataset;
use std::fs;
use std::path::Path;
use tempfile::tempdir;

/// Images in the order of their files.
fn together(dataset: &Dataset) -> Vec<(String, String)> {
    let of = |images: &lab_core::data::Images| {
        let class = |index: usize| dataset.classes[usize::from(images.labels[index])].clone();
        let name = |index: usize| images.files[index].file_name().unwrap().to_str().unwrap().to_owned();
        (0..images.len()).map(|index| (name(index), class(index))).collect::<Vec<_>>()
    };
    let mut all = [of(&dataset.train), of(&dataset.validation)].concat();
    all.sort();
    all
}

#[test]
fn a_webdataset_is_read_from_one_archive_or_several() {
    let expected: Vec<(String, String)> =
        (0..6).map(|index| (format!("{index:06}.png"), (index % 2).to_string())).collect();
    let dataset = load(&golden("webdataset.tar")).unwrap();
    assert_eq!((together(&dataset), dataset.shape()), (expected, [3, 4, 5]));
    let place = tempdir().unwrap();
    for name in ["set-train-000.tar", "set-train-001.tar", "set-val-000.tar"] {
        fs::copy(golden("webdataset.tar"), place.path().join(name)).unwrap();
    }
    fs::write(place.path().join("classes.txt"), "ape\nbee").unwrap();
    let dataset = load(place.path()).unwrap();
    assert_eq!((dataset.train.len(), dataset.validation.len()), (12, 6));
    assert_eq!(dataset.classes, ["ape", "bee"]);
    check(&dataset.validation, 0, [3, 4, 5]);
    let files = [("webdataset.tar", fs::read(golden("webdataset.tar")).unwrap())];
    spoil(tempdir().unwrap().path(), &files, 100);
}

fn write_table(folder: &Path, name: &str, lines: &str) {
    for number in 0..6 {
        save(&folder.join(format!("pictures/{number}.png")), &picture(number, 8, 8));
    }
    fs::write(folder.join(name), lines).unwrap();
}

/// As Excel and PowerShell save it, and as fastai names its columns.
#[test]
fn a_table_is_read_in_the_encodings_that_programs_write() {
    let rows: String = (0..6).map(|number| format!("{number}.png,{}\r\n", ["Käse", "bee"][number % 2])).collect();
    let text = format!("fname,label\r\n{rows}");
    let wide =
        |order: fn(u16) -> [u8; 2]| "\u{feff}".chars().chain(text.chars()).flat_map(|it| order(it as u16)).collect();
    let encoded: [Vec<u8>; 3] = [text.clone().into_bytes(), wide(u16::to_le_bytes), wide(u16::to_be_bytes)];
    for bytes in encoded {
        let place = tempdir().unwrap();
        write_table(place.path(), "labels.csv", "");
        fs::write(place.path().join("labels.csv"), bytes).unwrap();
        let dataset = load(place.path()).unwrap();
        assert_eq!((dataset.classes.join(" ").as_str(), together(&dataset).len()), ("Käse bee", 6));
    }
    let place = tempdir().unwrap();
    write_table(place.path(), "labels.csv", "");
    let latin: Vec<u8> = text.chars().map(|it| it as u8).collect();
    fs::write(place.path().join("labels.csv"), latin).unwrap();
    refused(&data_at(place.path()), &["labels.csv", "no text in UTF-8 or UTF-16", "save it in UTF-8"]);
    let place = tempdir().unwrap();
    let rows: String = (0..6)
        .map(|number| format!("{number}.png,{},{}\n", ["ape", "bee"][number % 2], ["False", "True"][number / 4]))
        .collect();
    write_table(place.path(), "train_valid.csv", &format!("fname,labels,is_valid\n{rows}"));
    let dataset = load(place.path()).unwrap();
    assert_eq!((dataset.train.len(), dataset.validation.labels), (4, vec![0, 1]));
}

#[test]
fn a_table_says_which_class_a_picture_is_of() {
    let expected: Vec<(String, String)> =
        (0..6).map(|number| (format!("{number}.png"), if number < 3 { "ape" } else { "bee" }.to_owned())).collect();
    for (name, head, mark, ending) in [
        ("labels.csv", "id,breed", ",", ""),
        ("train.csv", "\u{feff}Image,Label", ",", ".png"),
        ("metadata.csv", "file_name;label", ";", ".png"),
        ("table.tsv", "filename\tclass", "\t", ".png"),
    ] {
        for folder in ["", "pictures/", "./pictures/", "elsewhere/", "pictures\\"] {
            let place = tempdir().unwrap();
            let row = |number| format!("{folder}{number}{ending}{mark}{}", if number < 3 { "ape" } else { "bee" });
            let lines: Vec<String> = [head.to_owned()].into_iter().chain((0..6).map(row)).collect();
            write_table(place.path(), name, &lines.join("\r\n"));
            let dataset = load(place.path()).unwrap();
            assert_eq!(together(&dataset), expected, "{name} {folder}");
            assert!(dataset.notices[0].contains(name), "{:?}", dataset.notices);
        }
    }
}

#[test]
fn a_table_may_say_what_is_validated_on_and_name_what_is_not_there() {
    let place = tempdir().unwrap();
    let lines = "file_name,label,split\n0.png,1,train\n1.png,0,train\n2.png,1,val\n3.png,0,test\nlost.png,1,train\n";
    write_table(place.path(), "metadata.csv", lines);
    let (dataset, report) = report(place.path());
    assert_eq!((dataset.train.labels, dataset.validation.labels), (vec![1, 0], vec![1]));
    assert!(dataset.notices.iter().any(|text| text.contains("part test are left out")), "{:?}", dataset.notices);
    let reasons: Vec<&str> = report.left_out.iter().map(|files| files.reason.as_str()).collect();
    assert_eq!(reasons, ["no table names it", "the table names it, and it is not there"]);
}

#[test]
fn a_picture_that_several_tables_name_is_taken_once() {
    let place = tempdir().unwrap();
    let rows: String = (0..6).map(|number| format!("{number}.png,{}\n", ["ape", "bee"][number % 2])).collect();
    write_table(place.path(), "labels.csv", &format!("file,label\n{rows}"));
    fs::write(place.path().join("labels-copy.csv"), format!("file,label\n{rows}")).unwrap();
    let dataset = load(place.path()).unwrap();
    assert_eq!(together(&dataset).len(), 6);
    assert!(dataset.notices.iter().any(|text| text.contains("taken once: 6 pictures")), "{:?}", dataset.notices);
    // Whoever says what a picture is for counts more.
    fs::write(place.path().join("labels-copy.csv"), "file,label\n").unwrap();
    fs::write(place.path().join("val.csv"), "file,label\n4.png,ape\n5.png,bee\n").unwrap();
    let dataset = load(place.path()).unwrap();
    assert_eq!((dataset.train.len(), dataset.validation.labels), (4, vec![0, 1]));
    fs::write(place.path().join("labels-copy.csv"), "file,label\n3.png,ape\n").unwrap();
    refused(&data_at(place.path()), &["3.png is of the class", "ape in labels-copy.csv", "bee in labels.csv"]);
    // Also where one of the two says less: the order of the tables does not matter.
    fs::remove_file(place.path().join("labels-copy.csv")).unwrap();
    fs::write(place.path().join("val.csv"), "file,label\n4.png,bee\n5.png,bee\n").unwrap();
    refused(&data_at(place.path()), &["4.png is of the class", "ape in labels.csv", "bee in val.csv"]);
}

#[test]
fn samples_without_a_class_beside_others_that_have_one_are_named() {
    let place = tempdir().unwrap();
    let path = place.path().join("train.tar");
    let mut archive = tar::Builder::new(fs::File::create(&path).unwrap());
    let mut add = |name: &str, bytes: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, bytes).unwrap();
    };
    for number in 0..6 {
        save(&place.path().join("one.png"), &picture(number, 8, 8));
        add(&format!("00{number}.png"), &fs::read(place.path().join("one.png")).unwrap());
        if number != 3 {
            add(&format!("00{number}.cls"), [b"0", b"1"][usize::from(number % 2)]);
        }
    }
    archive.finish().unwrap();
    refused(&data_at(&path), &["1 of its 6 samples", "no class, the first of them 003", "put 003.cls beside it"]);
}

/// As ISIC and Roboflow write it.
#[test]
fn a_table_may_have_a_column_for_each_class() {
    let rows = |mark: fn(usize, usize) -> bool| -> String {
        let row = |number| format!("{number},{}.0,{}\n", u8::from(mark(number, 0)), u8::from(mark(number, 1)));
        (0..6).map(row).collect()
    };
    let one_each = rows(|number, class| number % 2 == class);
    for head in ["image,ape,bee", "Bild,ape,bee"] {
        let place = tempdir().unwrap();
        write_table(place.path(), "truth.csv", &format!("{head}\n{one_each}"));
        let expected: Vec<(String, String)> =
            (0..6).map(|number| (format!("{number}.png"), ["ape", "bee"][number % 2].to_owned())).collect();
        assert_eq!(together(&load(place.path()).unwrap()), expected, "{head}");
    }
    let place = tempdir().unwrap();
    write_table(place.path(), "truth.csv", &format!("image,ape,bee\n{}", rows(|number, class| number != class)));
    refused(&data_at(place.path()), &["truth.csv gives 2 several classes, ape and bee", "leave one class"]);
}

#[test]
fn pictures_without_a_class_are_left_out_and_named() {
    let place = tempdir().unwrap();
    write_table(place.path(), "labels.csv", "file,label\n0.png,ape\n1.png,bee\n2.png,ape\n3.png,bee\n4.png,\n");
    let (dataset, report) = report(place.path());
    assert_eq!(together(&dataset).len(), 4);
    let left_out: Vec<String> =
        report.left_out.iter().map(|files| format!("{}: {}", files.reason, files.names().join(" "))).collect();
    assert_eq!(left_out.len(), 2, "{left_out:?}");
    assert!(left_out[0].starts_with("the table gives it no class") && left_out[0].ends_with("4.png"), "{left_out:?}");
    assert!(left_out[1].starts_with("no table names it") && left_out[1].ends_with("5.png"), "{left_out:?}");
}

#[test]
fn tables_that_lead_out_or_belong_to_something_else() {
    let place = tempdir().unwrap();
    for name in ["../outside.png", "/etc/passwd", "pictures/../../x.png"] {
        write_table(place.path(), "labels.csv", &format!("file,label\n{name},a\n0.png,a\n1.png,b\n2.png,a\n"));
        refused(&data_at(place.path()), &["labels.csv names a file outside of the folder"]);
    }
    let beside = tempdir().unwrap();
    write_classes(beside.path(), &["ape", "bee"], 4);
    fs::write(beside.path().join("results.csv"), "file,label\nx.png,a\ny.png,b\n").unwrap();
    fs::write(beside.path().join("other.csv"), "epoch,loss\n1,2\n").unwrap();
    assert_eq!(load(beside.path()).unwrap().classes, ["ape", "bee"]);
    let table = ("labels.csv", b"file,label\n0.png,a\n1.png,\"b\n2.png,a\n".to_vec());
    spoil(beside.path(), &[table], 100);
}

#[test]
fn classes_get_their_names_from_a_file_beside_them() {
    let place = tempdir().unwrap();
    write_idx(place.path(), &[0, 1, 0, 1], &[0, 1]);
    fs::write(place.path().join("labels.txt"), "0 zero\n1 one\n").unwrap();
    let dataset = load(place.path()).unwrap();
    assert_eq!(dataset.classes, ["zero", "one"]);
    assert!(dataset.notices[0].contains("labels.txt"), "{:?}", dataset.notices);
    let folders = tempdir().unwrap();
    write_classes(folders.path(), &["n01", "n02"], 4);
    fs::write(folders.path().join("class_names.json"), r#"{"0": ["n01", "ape"], "1": ["n02", "bee"]}"#).unwrap();
    let (dataset, report) = report(folders.path());
    assert_eq!((dataset.classes, report.left_out.len()), (vec!["ape".to_owned(), "bee".to_owned()], 0));
    fs::write(folders.path().join("class_names.json"), r#"["only one"]"#).unwrap();
    let dataset = load(folders.path()).unwrap();
    assert_eq!(dataset.classes, ["n01", "n02"]);
    assert!(dataset.notices[0].contains("does not name the 2 classes"), "{:?}", dataset.notices);
}

#[test]
fn columns_of_a_table_are_known_by_what_they_hold_in_any_language() {
    for text in [
        "Dateiname;Klasse\n0.png;Katze\n1.png;Hund\n2.png;Katze\n3.png;Hund\n",
        "Katze,bilder/0.png\nHund,bilder/1.png\nKatze,bilder/2.png\nHund,bilder/3.png\n",
    ] {
        let place = tempdir().unwrap();
        (0..4u8).for_each(|index| save(&place.path().join(format!("bilder/{index}.png")), &picture(index, 5, 4)));
        fs::write(place.path().join("tabelle.csv"), text).unwrap();
        let dataset = load(place.path()).unwrap();
        assert_eq!((dataset.classes.as_slice(), together(&dataset).len()), (&["Hund".into(), "Katze".into()][..], 4));
        assert_eq!(together(&dataset)[1], ("1.png".to_owned(), "Hund".to_owned()));

        let third = "Datei,Klasse,Jahr\n0.png,Katze,1\n1.png,Hund,2\n2.png,Katze,3\n3.png,Hund,4\n";
        fs::write(place.path().join("tabelle.csv"), third).unwrap();
        refused(&data_at(place.path()), &["which of its other columns has the classes", "\"label\""]);
    }
    // Where folders say what is in them, a table of something else changes nothing.
    let place = tempdir().unwrap();
    write_classes(place.path(), &["a", "b"], 4);
    let first = |class: &str| format!("{class}/0.png");
    fs::write(place.path().join("sizes.csv"), format!("Datei,Bytes\n{},3\n{},4\n", first("a"), first("b"))).unwrap();
    assert_eq!(load(place.path()).unwrap().classes, ["a", "b"]);
}

/// Names beside an archive count whether it is named itself or the folder that it lies in.
#[test]
fn names_beside_an_archive_count_however_it_is_named() {
    for file in ["webdataset.tar", "keras.npz"] {
        let place = tempdir().unwrap();
        let count = load(&golden(file)).unwrap().classes.len();
        let names: Vec<String> = (0..count).map(|class| format!("kind {class}")).collect();
        fs::copy(golden(file), place.path().join(file)).unwrap();
        fs::write(place.path().join("classes.txt"), names.join("\n")).unwrap();
        for path in [place.path().join(file), place.path().to_owned()] {
            assert_eq!(load(&path).unwrap().classes, names, "{}", path.display());
        }
    }
}
