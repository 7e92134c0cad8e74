//! Lists of the pictures of each part, as Food-101, DTD, MIT's indoor scenes, CUB and Oxford's pets have them.

use crate::make::{load, picture, report, save};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::{TempDir, tempdir};

/// Two pictures of each class, called by it and numbered, in folders of their classes.
fn sorted(classes: [&str; 2], name: impl Fn(&str, u8) -> String) -> TempDir {
    let place = tempdir().unwrap();
    for (number, class) in (0_u8..).zip(classes) {
        for index in 1..=4 {
            save(&place.path().join(name(class, index)), &picture(number * 100 + index * 20, 8, 8));
        }
    }
    place
}

fn write(place: &Path, files: &[(&str, &str)]) {
    for (file, text) in files {
        let path = place.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// The names of pictures, without their folders.
fn names(files: &[PathBuf]) -> String {
    files.iter().map(|file| file.file_name().unwrap().to_str().unwrap()).collect::<Vec<_>>().join(" ")
}

#[test]
fn lists_of_names_say_the_parts() {
    // Food-101: without endings, in a folder of notes, with the names of the classes beside them.
    let place = sorted(["apple_pie", "baby_back_ribs"], |class, index| format!("images/{class}/{class}{index}.jpg"));
    write(
        place.path(),
        &[
            ("meta/train.txt", "apple_pie/apple_pie1\nbaby_back_ribs/baby_back_ribs2\n"),
            ("meta/test.txt", "apple_pie/apple_pie3\nbaby_back_ribs/baby_back_ribs1\nbaby_back_ribs/gone\n"),
            ("meta/classes.txt", "apple_pie\nbaby_back_ribs\n"),
        ],
    );
    let (dataset, found) = report(place.path());
    assert_eq!(names(&dataset.train.files), "apple_pie1.jpg baby_back_ribs2.jpg");
    assert_eq!(names(&dataset.validation.files), "apple_pie3.jpg baby_back_ribs1.jpg");
    assert!(found.own_validation);
    let told = dataset.notices.join("\n");
    assert!(told.contains("the parts come from meta/test.txt and meta/train.txt"), "{told}");
    let reasons: Vec<(usize, &str)> = found.left_out.iter().map(|it| (it.files.len(), it.reason.as_str())).collect();
    assert_eq!(
        reasons,
        [
            (1, "it is a text and no picture"),
            (4, "no list of a part names it"),
            (1, "a list names it, and it is not there")
        ],
        "{told}"
    );

    // MIT's: with endings and spaces, beside the folder of pictures.
    let place = sorted(["bar", "deli"], |class, index| format!("Images/{class}/int {index}.jpg"));
    write(place.path(), &[("TrainImages.txt", "bar/int 1.jpg\r\nbar/int 2.jpg\r\ndeli/int 3.jpg\r\n")]);
    write(place.path(), &[("TestImages.txt", "bar/int 4.jpg\r\ndeli/int 4.jpg\r\n")]);
    let dataset = load(place.path()).unwrap();
    assert_eq!(names(&dataset.train.files), "int 1.jpg int 2.jpg int 3.jpg");
    assert_eq!(dataset.validation.labels, [0, 1]);
}

/// DTD has ten divisions, of which the first is the one that is quoted.
#[test]
fn of_several_divisions_the_first_is_used_and_said() {
    let place = sorted(["banded", "dotted"], |class, index| format!("images/{class}/{class}_{index}.jpg"));
    for (division, [train, val, test]) in [(1, [1, 2, 3]), (2, [3, 1, 2])] {
        for (part, index) in [("train", train), ("val", val), ("test", test)] {
            let text = format!("banded/banded_{index}.jpg\ndotted/dotted_{index}.jpg\n");
            write(place.path(), &[(&format!("labels/{part}{division}.txt"), &text)]);
        }
    }
    write(place.path(), &[("labels/labels_joint_anno.txt", "banded/banded_1.jpg banded\n")]);
    let dataset = load(place.path()).unwrap();
    assert_eq!(names(&dataset.train.files), "banded_1.jpg dotted_1.jpg");
    assert_eq!(names(&dataset.validation.files), "banded_2.jpg dotted_2.jpg");
    let told = dataset.notices.join("\n");
    assert!(
        told.contains("labels/test1.txt and labels/train1.txt and labels/val1.txt; 3 others like these are not used"),
        "{told}"
    );
    assert!(told.contains("validating on the part val; 2 pictures of the part test are left out"), "{told}");
}

#[test]
fn numbers_say_the_parts_as_in_cub() {
    let place = sorted(["001.Albatross", "002.Auklet"], |class, index| format!("images/{class}/{index}.jpg"));
    let rows = |row: &dyn Fn(usize, &str, usize) -> String| {
        let classes = ["001.Albatross", "002.Auklet"];
        (0..8).map(|at| row(at + 1, classes[at / 4], at % 4 + 1)).collect::<Vec<_>>().join("\n")
    };
    write(
        place.path(),
        &[
            ("images.txt", &rows(&|number, class, index| format!("{number} {class}/{index}.jpg"))),
            ("train_test_split.txt", &rows(&|number, _, index| format!("{number} {}", u8::from(index < 4)))),
            ("image_class_labels.txt", &rows(&|number, _, _| format!("{number} {}", number.div_ceil(4)))),
            ("classes.txt", "1 001.Albatross\n2 002.Auklet\n"),
        ],
    );
    let dataset = load(place.path()).unwrap();
    assert_eq!(names(&dataset.train.files), "1.jpg 2.jpg 3.jpg 1.jpg 2.jpg 3.jpg");
    assert_eq!((names(&dataset.validation.files), dataset.validation.labels), ("4.jpg 4.jpg".to_owned(), vec![0, 1]));
}

/// Pets: a list of those to test on; the others are to train on. Names say the classes.
#[test]
fn what_no_list_of_others_names_is_trained_on() {
    let place = sorted(["Abyssinian", "beagle"], |class, index| format!("images/{class}_{index}.jpg"));
    write(
        place.path(),
        &[
            ("annotations/test.txt", "Abyssinian_2 1 1 1\nbeagle_4 2 2 1\n"),
            ("annotations/trainval.txt", "Abyssinian_1 1 1 1\nbeagle_1 2 2 1\n"),
        ],
    );
    let dataset = load(place.path()).unwrap();
    assert_eq!(dataset.train.len(), 6);
    assert_eq!(names(&dataset.validation.files), "Abyssinian_2.jpg beagle_4.jpg");
}

#[test]
fn lists_of_other_things_change_nothing() {
    let place = sorted(["ant", "bee"], |class, index| format!("{class}/{index}.png"));
    write(
        place.path(),
        &[
            ("test.txt", "how this was tested\nby hand\n"),
            ("train.txt", "ant/1.png\nbee/1.png\n"),
            ("notes/val.txt", "0.93\n0.95\n"),
        ],
    );
    let (dataset, found) = report(place.path());
    assert_eq!(dataset.train.len() + dataset.validation.len(), 8);
    assert!(!found.own_validation && !dataset.notices.join("\n").contains("the parts come from"));
}
