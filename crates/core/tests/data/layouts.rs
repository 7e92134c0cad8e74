//! Which folders are classes and which are parts, links, and names that are hard to show.

use crate::make::{data_at, load, picture, refused, save, write_classes};
use std::fs;
use std::path::Path;
use tempfile::{TempDir, tempdir};

/// A folder in which each of these holds so many pictures of the classes ape and bee.
fn parts(folders: &[(&str, u8)]) -> TempDir {
    let place = tempdir().unwrap();
    folders.iter().for_each(|(name, each)| write_classes(&place.path().join(name), &["ape", "bee"], *each));
    place
}

fn counts(place: &Path) -> (Vec<String>, usize, usize) {
    let dataset = load(place).unwrap();
    (dataset.classes, dataset.train.len(), dataset.validation.len())
}

fn ape_and_bee(train: usize, validation: usize) -> (Vec<String>, usize, usize) {
    (vec!["ape".to_owned(), "bee".to_owned()], train, validation)
}

#[test]
fn parts_have_many_names_in_any_case() {
    for (train, other) in [
        ("train", "dev"),
        ("Train", "EVAL"),
        ("training", "testing"),
        ("training_set", "test_set"),
        ("Training", "Testing"),
        ("trainset", "valset"),
        ("train_images", "validation_images"),
        ("seg_train", "seg_test"),
        ("train2017", "val2017"),
    ] {
        let place = parts(&[(train, 4), (other, 2)]);
        assert_eq!(counts(place.path()), ape_and_bee(8, 4), "{train} and {other}");
    }
}

#[test]
fn what_is_not_used_is_said() {
    let place = parts(&[("training", 4), ("dev", 3), ("testing", 2)]);
    write_classes(place.path(), &["unlabelled"], 2);
    let dataset = load(place.path()).unwrap();
    assert_eq!((dataset.train.len(), dataset.validation.len()), (8, 6));
    let notice = dataset.notices.join(" ");
    assert!(notice.contains("validating on") && notice.contains("dev"), "{notice}");
    assert!(notice.contains("testing") && notice.contains("unlabelled are left out"), "{notice}");
}

#[test]
fn without_a_part_to_train_on_that_is_said() {
    let place = parts(&[("val", 4), ("test", 3)]);
    refused(&data_at(place.path()), &["none to train on", "folder train"]);
}

#[test]
fn pictures_directly_in_train_are_told() {
    let place = tempdir().unwrap();
    write_classes(place.path(), &["train", "test"], 4);
    refused(&data_at(place.path()), &["pictures lie in test and train themselves", "give each class a folder there"]);
    fs::remove_dir_all(place.path().join("test")).unwrap();
    write_classes(&place.path().join("test"), &["ape", "bee"], 2);
    refused(&data_at(place.path()), &["pictures lie in train itself", "give each class a folder there"]);
}

#[test]
fn a_class_may_be_called_train() {
    let place = tempdir().unwrap();
    let classes = ["bicycle", "bus", "car", "train"];
    write_classes(place.path(), &classes, 3);
    let dataset = load(place.path()).unwrap();
    assert_eq!(dataset.classes, classes);
    assert!(dataset.notices[0].contains("train is taken for a class"), "{:?}", dataset.notices);
    let nested = tempdir().unwrap();
    classes.iter().for_each(|class| write_classes(&nested.path().join(class), &["2019", "2020"], 2));
    assert_eq!(load(nested.path()).unwrap().classes, classes);
    let split = tempdir().unwrap();
    ["train", "val"].iter().for_each(|part| write_classes(&split.path().join(part), &classes, 2));
    let dataset = load(split.path()).unwrap();
    assert_eq!((dataset.classes.len(), dataset.train.len(), dataset.validation.len()), (4, 8, 8));
}

#[test]
fn each_class_may_have_its_own_parts() {
    let place = tempdir().unwrap();
    for class in ["ape", "bee"] {
        write_classes(&place.path().join(class), &["train"], 4);
        write_classes(&place.path().join(class), &["test", "val"], 2);
    }
    assert_eq!(counts(place.path()), ape_and_bee(8, 4));
    let notices = load(place.path()).unwrap().notices.join(" ");
    assert!(notices.contains("training on train and validating on val"), "{notices}");
    assert!(notices.contains("bee/test are left out"), "{notices}");
    // Something that is no part makes all of them what they look like: folders in a class.
    write_classes(&place.path().join("bee"), &["more"], 2);
    let dataset = load(place.path()).unwrap();
    assert_eq!(dataset.train.len() + dataset.validation.len(), 18);
}

#[test]
fn one_folder_too_many_is_passed_through() {
    let place = parts(&[("train/train", 4), ("test/test", 2)]);
    assert_eq!(counts(place.path()), ape_and_bee(8, 4));
    let place = parts(&[("archive/PetImages", 4)]);
    fs::write(place.path().join("readme[1].txt"), "about pets").unwrap();
    assert_eq!(counts(place.path()), ape_and_bee(8 - 2, 2));
    let notices = load(place.path()).unwrap().notices;
    assert!(notices[0].contains("the images were found in") && notices[0].contains("PetImages"), "{notices:?}");
    let place = parts(&[("data/train", 4), ("data/val", 2)]);
    assert_eq!(counts(place.path()), ape_and_bee(8, 4));
}

#[test]
fn an_empty_folder_beside_classes_refuses_nothing() {
    let place = parts(&[("train", 4), ("val", 2)]);
    fs::create_dir_all(place.path().join("train/checkpoints")).unwrap();
    fs::create_dir_all(place.path().join("val/other")).unwrap();
    assert_eq!(counts(place.path()), ape_and_bee(8, 4));
    assert!(load(place.path()).unwrap().notices[0].contains("\"checkpoints\" holds no pictures and is no class"));
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_loops_end() {
    use std::os::unix::fs::symlink;
    let place = tempdir().unwrap();
    let (data, elsewhere) = (place.path().join("data"), place.path().join("elsewhere"));
    write_classes(&data, &["ape", "bee"], 2);
    write_classes(&elsewhere, &["wild", "single"], 6);
    symlink(elsewhere.join("wild"), data.join("ape/wild")).unwrap();
    symlink(elsewhere.join("wild"), data.join("ape/wild again")).unwrap();
    symlink(elsewhere.join("single/0.png"), data.join("bee/link.png")).unwrap();
    symlink(elsewhere.join("single"), data.join("cow")).unwrap();
    symlink(&data, data.join("bee/round")).unwrap();
    symlink("nowhere.png", data.join("bee/broken.png")).unwrap();
    symlink("itself.png", data.join("bee/itself.png")).unwrap();
    let dataset = load(&data).unwrap();
    let all: Vec<_> = [&dataset.train.labels[..], &dataset.validation.labels].concat();
    let counts = [0, 1, 2].map(|class| all.iter().filter(|&&label| label == class).count());
    assert_eq!((dataset.classes.join(" ").as_str(), counts), ("ape bee cow", [8, 3, 6]));
    let notice = dataset.notices.last().unwrap();
    for words in ["3 files", "1 because this link leads back", "2 because this link leads nowhere", "broken.png"] {
        assert!(notice.contains(words), "{words}: {notice}");
    }
}

#[cfg(unix)]
#[test]
fn many_links_to_one_another_end_soon() {
    use std::os::unix::fs::symlink;
    let place = tempdir().unwrap();
    let names: Vec<String> = (0..12).map(|number| format!("class {number}")).collect();
    write_classes(place.path(), &names.iter().map(String::as_str).collect::<Vec<_>>(), 1);
    for from in &names {
        for to in names.iter().filter(|to| *to != from) {
            symlink(place.path().join(to), place.path().join(from).join(to)).unwrap();
        }
    }
    let _ = load(place.path());
}

#[cfg(unix)]
#[test]
fn a_pipe_is_not_waited_for() {
    let place = parts(&[("train", 4)]);
    let made = std::process::Command::new("mkfifo").arg(place.path().join("train/ape/pipe.png")).status();
    if !made.is_ok_and(|status| status.success()) {
        crate::make::skipped("there is no mkfifo");
        return;
    }
    let notices = load(place.path()).unwrap().notices;
    assert!(notices.last().unwrap().contains("it is a pipe or a device and no file"), "{notices:?}");
}

#[cfg(unix)]
#[test]
fn names_that_cannot_be_shown_stay_apart_and_on_one_line() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let place = tempdir().unwrap();
    write_classes(place.path(), &["ok", "new\nline", "tab\tname"], 4);
    for (index, name) in [b"caf\xe9", b"caf\xe8"].into_iter().enumerate() {
        let folder = place.path().join(OsStr::from_bytes(name));
        write_classes(&place.path().join("moved"), &["x"], 4 + u8::try_from(index).unwrap());
        if fs::rename(place.path().join("moved/x"), &folder).is_err() {
            crate::make::skipped("this file system has no names that are not UTF-8");
            return;
        }
    }
    fs::remove_dir(place.path().join("moved")).unwrap();
    let dataset = load(place.path()).unwrap();
    assert_eq!(dataset.classes, ["caf\\xe8", "caf\\xe9", "new\\nline", "ok", "tab\\tname"]);
    let counts = dataset.train.class_counts(5);
    assert!(counts.iter().all(|&count| count > 2), "{counts:?}");
    fs::remove_dir_all(place.path().join("ok")).unwrap();
    let nested = tempdir().unwrap();
    write_classes(&nested.path().join("train"), &["a", "b"], 2);
    write_classes(&nested.path().join("val"), &["a", "new\nline"], 2);
    refused(&data_at(nested.path()), &["\"new\\nline\" has validation pictures"]);
}

/// Tiny ImageNet has its pictures to validate on in one folder, and their classes in a table beside it.
#[test]
fn a_table_beside_the_pictures_to_validate_on_says_their_classes() {
    let place = tempdir().unwrap();
    for class in ["n01443537", "n01629819"] {
        (0..4).for_each(|number| {
            save(&place.path().join(format!("train/{class}/images/{class}_{number}.png")), &picture(number, 8, 8));
        });
        fs::write(place.path().join(format!("train/{class}/{class}_boxes.txt")), "0 0 7 7").unwrap();
    }
    (0..4).for_each(|number| save(&place.path().join(format!("val/images/val_{number}.png")), &picture(number, 8, 8)));
    let rows: String = (0..4)
        .map(|number| format!("val_{number}.png\t{}\t0\t0\t7\t7\n", ["n01629819", "n01443537"][number % 2]))
        .collect();
    fs::write(place.path().join("val/val_annotations.txt"), rows).unwrap();
    let dataset = load(place.path()).unwrap();
    assert_eq!((dataset.train.len(), dataset.validation.labels), (8, vec![1, 0, 1, 0]));
}

/// As GTSRB, the sign alphabet and German folders have them; in other languages, too.
#[test]
fn parts_are_told_by_the_word_that_their_names_differ_in() {
    for (train, other) in [
        ("Final_Training", "Final_Test"),
        ("asl_alphabet_train", "asl_alphabet_test"),
        ("Trainingsdaten", "Testdaten"),
        ("训练集", "测试集"),
        ("entrenamiento", "prueba"),
    ] {
        let place = parts(&[(train, 4), (other, 2)]);
        assert_eq!(counts(place.path()), ape_and_bee(8, 4), "{train} and {other}");
    }
}

/// As GTSRB's and the sign alphabet's test pictures lie, whose classes stand elsewhere.
#[test]
fn test_pictures_in_no_folders_of_classes_are_left_out_and_named() {
    for (train, other) in [
        ("Final_Training/Images", "Final_Test/Images"),
        ("asl_alphabet_train/asl_alphabet_train", "asl_alphabet_test/asl_alphabet_test"),
    ] {
        let place = parts(&[(train, 4)]);
        let (above, name) = other.split_once('/').unwrap();
        write_classes(&place.path().join(above), &[name], 3);
        assert_eq!(counts(place.path()), ape_and_bee(6, 2), "{other}");
        let notices = load(place.path()).unwrap().notices.join(" ");
        assert!(notices.contains(&format!("{other} itself")), "{notices}");
    }
}

#[test]
fn folders_that_may_be_no_classes_are_told() {
    let notices = |place: &Path| load(place).unwrap().notices.join(" ");
    // Variants of the same set, or folds.
    let place = parts(&[("color", 4), ("grayscale", 4)]);
    assert!(
        notices(place.path()).contains("each of them holds the same folders (ape, bee)"),
        "{}",
        notices(place.path())
    );
    // Classes deeper down.
    let place = tempdir().unwrap();
    write_classes(&place.path().join("animals"), &["ape", "bee"], 3);
    write_classes(&place.path().join("vehicles"), &["bus", "car"], 3);
    assert!(
        notices(place.path()).contains("whichever of its folders they lie in (ape, bee)"),
        "{}",
        notices(place.path())
    );
    let place = tempdir().unwrap();
    write_classes(place.path(), &["set_images_part_1", "set_images_part_2"], 3);
    assert!(notices(place.path()).contains("differ by a number"), "{}", notices(place.path()));
    // A copy of everything in one of the folders.
    let place = parts(&[("pets", 4), ("pets/pets", 4)]);
    assert_eq!(counts(place.path()), ape_and_bee(6, 2));
    assert!(notices(place.path()).contains("once more and is left out"), "{}", notices(place.path()));
}

#[test]
fn drawings_beside_pictures_are_no_class() {
    let place = parts(&[("birds/images", 4), ("segmentations", 2)]);
    assert_eq!(counts(place.path()), ape_and_bee(6, 2));
    let place = tempdir().unwrap();
    write_classes(place.path(), &["images", "annotations"], 4);
    refused(&data_at(place.path()), &["pictures lie in images itself", "annotations is no class"]);
}
