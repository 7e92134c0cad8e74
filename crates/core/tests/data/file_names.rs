//! Pictures in one folder whose names say what they show, as Kaggle's cats and dogs and Oxford's pets.

use crate::make::{data_at, load, picture, refused, save};
use std::path::Path;
use tempfile::tempdir;

fn write(folder: &Path, names: &[&str]) {
    for (number, name) in (0_u8..).zip(names) {
        save(&folder.join(name), &picture(number * 20, 8, 8));
    }
}

#[test]
fn names_of_pictures_say_their_classes() {
    let place = tempdir().unwrap();
    write(
        &place.path().join("train"),
        &["cat.0.jpg", "cat.1.jpg", "cat.2.jpg", "dog.0.jpg", "dog.1.jpg", "dog.10.jpg"],
    );
    let dataset = load(place.path()).unwrap();
    assert_eq!(dataset.classes, ["cat", "dog"]);
    assert_eq!(dataset.train.len() + dataset.validation.len(), 6);
    assert!(dataset.notices.iter().any(|notice| notice.contains("as in cat.0.jpg")), "{:?}", dataset.notices);
    // The competition's own test pictures say nothing.
    write(&place.path().join("test1"), &["1.jpg", "2.jpg"]);
    let dataset = load(place.path()).unwrap();
    assert_eq!(dataset.train.len() + dataset.validation.len(), 6);
    let told = dataset.notices.join(" ");
    assert!(told.contains("test1 is left out: its pictures' names say no class"), "{told}");
    // Those that say it are validated on.
    write(&place.path().join("val"), &["cat (1).png", "dog (1).png"]);
    let dataset = load(place.path()).unwrap();
    assert_eq!((dataset.train.len(), dataset.validation.len()), (6, 2));
    assert_eq!(dataset.validation.labels, [0, 1]);
}

#[test]
fn names_without_a_class_or_with_one_for_all_are_none() {
    for names in [
        &["IMG_1.png", "IMG_2.png", "DSC_1.png", "DSC_2.png"][..],
        &["cat.0.png", "cat.1.png"],
        &["cat.0.png", "cat.1.png", "dog.0.png", "dog.1.png", "both.png"],
        &["train_1.png", "train_2.png", "test_1.png", "test_2.png"],
        &["beach-1.png", "party-1.png", "party-2.png"],
    ] {
        let place = tempdir().unwrap();
        write(place.path(), names);
        refused(&data_at(place.path()), &["pictures lie in it directly", "or name them by it, as in cat.1.jpg"]);
    }
}
