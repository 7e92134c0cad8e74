//! Files that are damaged, or no images at all: each is refused or left out, with the reason.

use crate::make::{cifar, data_at, gzip, idx, load, picture, pixels, refused, save, skipped, write_classes, write_idx};
use lab_core::data::{Dataset, subset};
use lab_core::experiment::{Data, Fit, Normalization, Resize};
use lab_core::random::{Purpose, Random};
use std::fs;
use std::path::Path;
use tempfile::{TempDir, tempdir};

/// A good folder of IDX files in which one file is replaced.
fn idx_with(name: &str, bytes: &[u8]) -> TempDir {
    let place = tempdir().unwrap();
    write_idx(place.path(), &[0, 1, 0, 1], &[0, 1]);
    fs::write(place.path().join(name), bytes).unwrap();
    place
}

#[test]
fn idx_files_that_are_not_what_they_say() {
    let images = "train-images-idx3-ubyte";
    let good = idx(&[4, 4, 3], &pixels(4, 12));
    let huge = idx(&[u32::MAX, u32::MAX, u32::MAX], &[]);
    let cases: &[(&str, &[u8], &str)] = &[
        (images, &[], "it ends too early"),
        (images, &good[..10], "it ends too early"),
        (images, &good[..40], "announces 48 bytes and it holds 24"),
        (images, &[&good[..], &[1]].concat(), "announces 48 bytes and it holds more"),
        (images, &idx(&[4], &[0, 1, 0, 1]), "it holds bytes in 1 dimension, which are no images as MNIST has them"),
        (images, b"<html>not found</html>", "it starts with [3c, 68, 74, 6d]"),
        (images, &idx(&[0, 4, 3], &[]), "it says that it holds no images"),
        (images, &idx(&[4, 0, 3], &[]), "3×0 pixels"),
        (images, &huge, "its header does not fit the file"),
        (images, &idx(&[u32::MAX, 1024, 1024], &[1, 2, 3]), "its header does not fit the file"),
        (images, &idx(&[4_000_000, 28, 28], &[1, 2, 3]), "announces 3136000000 bytes and it holds 3"),
        ("train-labels-idx1-ubyte", &good, "it holds bytes in 3 dimensions, which are no labels"),
        ("train-labels-idx1-ubyte", &idx(&[3], &[0, 1, 0]), "3 labels for the 4 images"),
        ("t10k-labels-idx1-ubyte", &idx(&[2], &[0, 7]), "test image 1 has label 7, and no training image has it"),
        ("t10k-images-idx3-ubyte", &idx(&[2, 3, 4], &pixels(2, 12)), "3×4 pixels and test images 4×3"),
    ];
    for (name, bytes, problem) in cases {
        let place = idx_with(name, bytes);
        refused(&data_at(place.path()), &[problem]);
    }
    let place = idx_with(images, &good);
    fs::remove_file(place.path().join("train-labels-idx1-ubyte")).unwrap();
    refused(&data_at(place.path()), &["there is no file", "train-labels-idx1-ubyte"]);
}

#[test]
fn packed_files_that_are_cut_off_or_damaged() {
    let packed = gzip(&idx(&[4, 4, 3], &pixels(4, 12)));
    let mut damaged = packed.clone();
    *damaged.last_mut().unwrap() ^= 1;
    let mut checksum = packed.clone();
    let place = checksum.len() - 6;
    checksum[place] ^= 1;
    for bytes in [&packed[..5], &packed[..30], &packed[..packed.len() - 3], &damaged, &checksum] {
        let place = idx_with("train-images-idx3-ubyte", bytes);
        refused(&data_at(place.path()), &["train-images-idx3-ubyte is damaged or not what its name says"]);
    }
}

#[test]
fn a_small_packed_file_cannot_fill_the_memory() {
    // A thousand times its size when unpacked, with a header that announces 48 bytes.
    let bomb = gzip(&[idx(&[4, 4, 3], &[]), vec![0; 50 << 20]].concat());
    assert!(bomb.len() < 64 << 10);
    let place = idx_with("train-images-idx3-ubyte", &bomb);
    refused(&data_at(place.path()), &["announces 48 bytes and it holds more"]);
}

#[test]
fn cifar_files_that_are_not_what_they_say() {
    let good = cifar(&[&[0], &[1]]);
    let cases: &[(&str, &[u8], &str)] = &[
        ("data_batch_1.bin", &[], "records of 3073 bytes, and its 0 bytes are none"),
        ("data_batch_1.bin", &good[..5000], "its 5000 bytes are 1927 too many"),
        ("data_batch_1.bin", &cifar(&[&[0], &[10]]), "image 1 has label 10, and labels end at 9"),
        ("test_batch.bin", &good[..100], "its 100 bytes are 100 too many"),
        ("batches.meta.txt", b"\n \n", "names 0"),
        ("batches.meta.txt", b"only one\n", "image 1 has label 1, and labels end at 0"),
    ];
    for (name, bytes, problem) in cases {
        let place = tempdir().unwrap();
        fs::write(place.path().join("data_batch_1.bin"), &good).unwrap();
        fs::write(place.path().join("test_batch.bin"), &good).unwrap();
        fs::write(place.path().join(name), bytes).unwrap();
        refused(&data_at(place.path()), &[problem, "get the file again"]);
    }
}

#[test]
fn a_damaged_subset_file() {
    let place = tempdir().unwrap();
    write_idx(place.path(), &[0, 1, 0, 1], &[0, 1]);
    let path = place.path().join("small.bin");
    subset::write(place.path(), 2, 1, 0, &path).unwrap();
    let good = fs::read(&path).unwrap();
    load(&path).unwrap();
    for length in [30, good.len() / 2, good.len() - 9, good.len() - 1] {
        fs::write(&path, &good[..length]).unwrap();
        refused(&data_at(&path), &["small.bin"]);
    }
    let plain = |numbers: [u32; 5], rest: &[u8]| {
        gzip(&[&b"RLIMAGES"[..], &numbers.map(u32::to_be_bytes).concat(), rest].concat())
    };
    for (numbers, rest, problem) in [
        ([0, 1, 1, 1, 1], &[][..], "announces 0 classes"),
        ([u32::MAX, 1, 1, 1, 1], &[0; 256][..], "announces 4294967295 classes"),
        ([2, u32::MAX, 1, 1000, 1000], &[0; 100][..], "16 GiB"),
        ([2, 1, 1, 1, 1], &[0; 9][..], "more than it announces"),
    ] {
        fs::write(&path, plain(numbers, rest)).unwrap();
        refused(&data_at(&path), &[problem]);
    }
}

#[test]
fn places_that_hold_no_data_set() {
    let place = tempdir().unwrap();
    let at = |name: &str| data_at(&place.path().join(name));
    refused(&at("nothing"), &["there is no file or folder", "nothing", "check the path"]);
    refused(&data_at(place.path()), &["the folder is empty", "Looked for IDX files", "CIFAR", "one folder per class"]);
    fs::write(place.path().join("notes.txt"), "hello").unwrap();
    refused(&data_at(place.path()), &["it holds only notes.txt."]);
    refused(&at("notes.txt"), &["it is a single file"]);
    save(&place.path().join("x.png"), &picture(1, 8, 8));
    refused(&data_at(place.path()), &["give each class a folder of its own"]);
    refused(&at("x.png"), &["it is a single picture; give a folder with one folder per class"]);
    fs::write(place.path().join("all.7z"), b"7z\xbc\xaf\x27\x1c").unwrap();
    refused(&at("all.7z"), &["it is a 7z archive; unpack it"]);
    for name in ["cifar-10-batches-bin", "again"] {
        fs::create_dir(place.path().join(name)).unwrap();
        fs::write(place.path().join(name).join("data_batch_1.bin"), cifar(&[&[0]])).unwrap();
    }
    refused(&data_at(place.path()), &["there are several deeper down", "cifar-10-batches-bin; give one of them"]);
    let python = tempdir().unwrap();
    fs::write(python.path().join("data_batch_1"), "pickled").unwrap();
    refused(&data_at(python.path()), &["data_batch_1", "no pickle in protocol 2 or later", "protocol=4"]);
}

#[test]
fn too_few_classes_or_images() {
    let place = tempdir().unwrap();
    write_classes(place.path(), &["ape"], 3);
    refused(&data_at(place.path()), &["one class only (ape)", "at least two"]);
    write_classes(place.path(), &["bee"], 1);
    assert_eq!(load(place.path()).unwrap().validation.len(), 1, "one image of a class is trained on");
    fs::create_dir(place.path().join("cow")).unwrap();
    let notices = load(place.path()).unwrap().notices;
    assert!(notices[0].contains("the folder \"cow\" holds no pictures and is no class"), "{notices:?}");
    let single = tempdir().unwrap();
    write_classes(single.path(), &["ape"], 1);
    refused(&data_at(single.path()), &["one class only"]);
    write_classes(single.path(), &["bee"], 1);
    refused(&data_at(single.path()), &["too few images to hold some out"]);
    let one = tempdir().unwrap();
    write_idx(one.path(), &[0], &[0]);
    refused(&data_at(one.path()), &["one class only (0)"]);
    let broken = tempdir().unwrap();
    write_classes(broken.path(), &["ape", "bee"], 4);
    (0..4).for_each(|number| fs::write(broken.path().join(format!("bee/{number}.png")), "").unwrap());
    let parts = ["no training image of the class \"bee\" is left (4 files were left out because each is empty"];
    refused(&data_at(broken.path()), &parts);
}

#[test]
fn a_class_to_validate_on_that_is_not_trained_on() {
    let place = tempdir().unwrap();
    write_classes(&place.path().join("train"), &["ape", "bee"], 2);
    write_classes(&place.path().join("val"), &["ape", "cow"], 2);
    refused(&data_at(place.path()), &["\"cow\" has validation pictures but none to train on"]);
}

#[test]
fn pictures_beyond_what_can_be_trained_on() {
    let place = tempdir().unwrap();
    for name in ["ape/0.png", "ape/1.png", "bee/0.png", "bee/1.png"] {
        save(&place.path().join(name), &picture(1, 20_000, 3));
    }
    let stretched =
        Data { resize: Some(Resize { height: 3, width: 20_000, fit: Fit::Cover }), ..data_at(place.path()) };
    refused(&stretched, &["20000×3 pixels", "sides of 1 to 1024", "choose a size"]);
    let dataset = load(place.path()).unwrap();
    assert!(dataset.notices[0].contains("20000×3 pixels, and sides up to 1024"), "{:?}", dataset.notices);
    let data = Data { resize: Some(Resize { height: 8, width: 8, fit: Fit::Cover }), ..data_at(place.path()) };
    assert_eq!(Dataset::load(&data, 0).unwrap().shape(), [3, 8, 8]);
}

#[test]
fn numbers_for_the_wrong_channels() {
    let normalization = Normalization::Given { mean: vec![0.5; 3], std: vec![0.2; 3] };
    refused(&Data { normalization, ..Data::default() }, &["numbers for 3 channels, but the images have 1"]);
}

#[cfg(unix)]
#[test]
fn files_and_folders_that_may_not_be_read() {
    use std::os::unix::fs::PermissionsExt;
    let place = idx_with("train-labels-idx1-ubyte", &[]);
    let locked = place.path().join("train-labels-idx1-ubyte");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&locked).is_ok() {
        skipped("this user may read every file, whatever its permissions");
        return;
    }
    refused(&data_at(place.path()), &["cannot read", "train-labels-idx1-ubyte", "check that it may be read"]);
    let folder = place.path().join("closed");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o000)).unwrap();
    refused(&data_at(&folder), &["cannot read", "closed"]);
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
}

#[cfg(unix)]
#[test]
fn links_that_lead_in_circles_end() {
    let place = tempdir().unwrap();
    write_classes(place.path(), &["ape", "bee"], 4);
    std::os::unix::fs::symlink(place.path(), place.path().join("ape/again")).unwrap();
    let dataset = load(place.path()).unwrap();
    assert_eq!((dataset.classes.len(), dataset.train.len() + dataset.validation.len()), (2, 8), "no picture twice");
}

/// Whatever single byte is changed and wherever a file is cut off: an error or a data set, never a panic.
#[test]
fn damage_anywhere_never_panics() {
    let place = tempdir().unwrap();
    write_idx(place.path(), &[0, 1, 0, 1], &[0, 1]);
    let subset = place.path().join("small.bin");
    subset::write(place.path(), 2, 1, 0, &subset).unwrap();
    let pictures = tempdir().unwrap();
    write_classes(pictures.path(), &["ape", "bee"], 2);
    for end in ["png", "jpg", "webp", "bmp", "gif"] {
        save(&pictures.path().join("bee").join(format!("victim.{end}")), &picture(5, 8, 8));
    }
    let mut victims = vec![(place.path().join("train-images-idx3-ubyte"), place.path()), (subset.clone(), &*subset)];
    for end in ["png", "jpg", "webp", "bmp", "gif"] {
        victims.push((pictures.path().join("bee").join(format!("victim.{end}")), pictures.path()));
    }
    for (number, (victim, data)) in victims.iter().enumerate() {
        let mut random = Random::new(0, Purpose::Inspect, 0, number as u64);
        damage(victim, data, &mut random);
    }
}

fn damage(victim: &Path, data: &Path, random: &mut Random) {
    let good = fs::read(victim).unwrap();
    for _ in 0..60 {
        let mut bytes = good.clone();
        let place = random.below(bytes.len());
        bytes[place] = u8::try_from(random.below(256)).unwrap();
        fs::write(victim, &bytes).unwrap();
        let _ = load(data);
        fs::write(victim, &good[..random.below(good.len())]).unwrap();
        let _ = load(data);
    }
    fs::write(victim, good).unwrap();
    load(data).unwrap();
}
