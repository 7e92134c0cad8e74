//! Archives are read in place; those that lie about what they hold are refused.

use crate::arrays::golden;
use crate::make::{data_at, gzip, load, picture, refused, save, write_classes, write_idx};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::tempdir;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// All files below a folder, with their names in it.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for path in fs::read_dir(next).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                found.push((name, fs::read(path).unwrap()));
            }
        }
    }
    found
}

fn zip(path: &Path, files: &[(String, Vec<u8>)], method: CompressionMethod) {
    let mut archive = ZipWriter::new(File::create(path).unwrap());
    for (name, bytes) in files {
        archive.start_file(name.as_str(), SimpleFileOptions::default().compression_method(method)).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap();
}

fn tar(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        // Names are written as they are, also those that the library itself would refuse.
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        archive.append(&header, &bytes[..]).unwrap();
    }
    archive.into_inner().unwrap()
}

/// The same files in every kind of archive.
fn archives(place: &Path, files: &[(String, Vec<u8>)]) -> Vec<PathBuf> {
    let path = |name: &str| place.join(name);
    zip(&path("stored.zip"), files, CompressionMethod::Stored);
    zip(&path("packed.zip"), files, CompressionMethod::Deflated);
    fs::write(path("plain.tar"), tar(files)).unwrap();
    fs::write(path("packed.tar.gz"), gzip(&tar(files))).unwrap();
    fs::write(path("no ending"), gzip(&tar(files))).unwrap();
    ["stored.zip", "packed.zip", "plain.tar", "packed.tar.gz", "no ending"].map(path).to_vec()
}

#[test]
fn archives_of_folders_are_read_as_the_folders_are() {
    let (folder, place) = (tempdir().unwrap(), tempdir().unwrap());
    write_classes(&folder.path().join("pets/train"), &["ape", "bee"], 4);
    write_classes(&folder.path().join("pets/val"), &["ape", "bee"], 2);
    fs::create_dir_all(folder.path().join("__MACOSX/pets")).unwrap();
    fs::write(folder.path().join("__MACOSX/pets/._0.png"), "x").unwrap();
    fs::write(folder.path().join("pets/train/ape/notes.txt"), "about apes").unwrap();
    let expected = load(folder.path()).unwrap();
    for path in archives(place.path(), &files(folder.path())) {
        let found = load(&path).unwrap();
        assert!(found.train.pixels == expected.train.pixels && found.train.labels == expected.train.labels, "{path:?}");
        assert_eq!((found.validation.len(), &found.classes), (4, &expected.classes), "{path:?}");
        assert!(found.train.files[0].starts_with(&path) && found.train.files[0].ends_with("pets/train/ape/0.png"));
        assert_eq!(found.notices.len(), expected.notices.len(), "{:?}", found.notices);
        let alone = tempdir().unwrap();
        fs::copy(&path, alone.path().join("download")).unwrap();
        assert!(load(alone.path()).unwrap().train.pixels == expected.train.pixels, "the only thing in a folder");
    }
}

#[test]
fn archives_of_other_formats_are_read_too() {
    let (folder, place) = (tempdir().unwrap(), tempdir().unwrap());
    write_idx(folder.path(), &[0, 1, 0, 1], &[0, 1]);
    let expected = load(folder.path()).unwrap();
    for path in archives(place.path(), &files(folder.path())) {
        assert_eq!(load(&path).unwrap().train, expected.train, "{path:?}");
    }
}

/// Packed by what the reader of archives does not unpack.
#[test]
fn a_zip_that_is_packed_otherwise_is_to_be_unpacked() {
    let (folder, place) = (tempdir().unwrap(), tempdir().unwrap());
    write_classes(folder.path(), &["ape", "bee"], 4);
    let path = place.path().join("pets.zip");
    zip(&path, &files(folder.path()), CompressionMethod::Stored);
    let mut bytes = fs::read(&path).unwrap();
    for at in 0..bytes.len() - 12 {
        // The method stands at these places of a file's header, before its bytes and in the list at the end.
        match bytes[at..at + 4] {
            [b'P', b'K', 3, 4] => bytes[at + 8] = 12,
            [b'P', b'K', 1, 2] => bytes[at + 10] = 12,
            _ => {}
        }
    }
    fs::write(&path, bytes).unwrap();
    refused(&data_at(&path), &["packed in a way that is not read in place", "unpack it"]);
}

#[test]
fn tables_in_archives_are_named_and_to_be_unpacked() {
    let (folder, place) = (tempdir().unwrap(), tempdir().unwrap());
    fs::create_dir_all(folder.path().join("beans/data")).unwrap();
    let name = "train-00000-of-00002.parquet";
    fs::copy(golden("hub/data").join(name), folder.path().join("beans/data").join(name)).unwrap();
    fs::write(folder.path().join("beans/README.md"), "about beans").unwrap();
    for archive in archives(place.path(), &files(folder.path())) {
        refused(
            &data_at(&archive),
            &[name, "is a Parquet file in an archive", "unpack the archive and give the folder"],
        );
    }
}

#[test]
fn names_that_lead_out_of_an_archive_are_refused() {
    let (folder, place) = (tempdir().unwrap(), tempdir().unwrap());
    write_classes(folder.path(), &["ape", "bee"], 2);
    for name in ["../outside.png", "ape/../../outside.png", "/tmp/outside.png"] {
        let mut files = files(folder.path());
        files.push((name.to_owned(), files[0].1.clone()));
        for path in archives(place.path(), &files) {
            // A name from the root is taken as one from the archive's own by those who write it.
            if load(&path).is_ok() {
                assert!(name.starts_with('/'), "{name} in {path:?}");
                continue;
            }
            refused(&data_at(&path), &["would lie outside of it", "unpack it with a program that you trust"]);
        }
    }
}

#[test]
fn bombs_are_refused_before_they_fill_anything() {
    let place = tempdir().unwrap();
    let path = place.path().join("bomb.zip");
    zip(&path, &[("ape/0.bmp".to_owned(), vec![0; 1 << 20])], CompressionMethod::Deflated);
    let mut bytes = fs::read(&path).unwrap();
    let listed = bytes.windows(4).position(|it| it == b"PK\x01\x02").unwrap();
    bytes[listed + 24..listed + 28].copy_from_slice(&0xefff_ffff_u32.to_le_bytes());
    fs::write(&path, bytes).unwrap();
    refused(&data_at(&path), &["its files would take more than 256 MB, and it has 0 MB itself"]);
    // Sixteen megabytes of zeros, packed once and put behind one another.
    let zeros = gzip(&vec![0; 16 << 20]);
    let start = gzip(&tar(&[("ape/0.bmp".to_owned(), vec![0; 1 << 10])])[..1 << 10]);
    let path = place.path().join("bomb.tar.gz");
    fs::write(&path, [start, zeros.repeat(17)].concat()).unwrap();
    refused(&data_at(&path), &["its files would take more than 256 MB, and it has 0 MB itself"]);
}

#[test]
fn archives_that_are_cut_off_damaged_or_locked_say_so() {
    let (folder, place) = (tempdir().unwrap(), tempdir().unwrap());
    write_classes(folder.path(), &["ape", "bee"], 4);
    for path in archives(place.path(), &files(folder.path())) {
        let whole = fs::read(&path).unwrap();
        for length in [whole.len() / 2, whole.len() - 1200] {
            fs::write(&path, &whole[..length]).unwrap();
            let message = load(&path).err().map(|error| error.to_string());
            // Whoever cuts nothing but the blocks of zeros at a tar archive's end has taken nothing away.
            assert!(
                message.as_ref().is_none_or(|text| text.contains("cut off") || text.contains("cannot be unpacked")),
                "{message:?}"
            );
            assert!(message.is_some() || length > whole.len() / 2, "{path:?}");
        }
    }
    let packed = place.path().join("other.7z");
    fs::write(&packed, b"7z\xbc\xaf\x27\x1c\0\x04").unwrap();
    refused(&data_at(&packed), &["it is a 7z archive; unpack it and give the folder"]);
    let alone = tempdir().unwrap();
    fs::write(alone.path().join("cifar.tar.gz"), gzip(&[b'x'; 1000])).unwrap();
    refused(
        &data_at(alone.path()),
        &["it holds only cifar.tar.gz, a file packed by gzip; unpack it and give the folder"],
    );
    fs::write(alone.path().join("more.rar"), b"Rar!\x1a\x07\x01").unwrap();
    refused(&data_at(alone.path()), &["several packed files: cifar.tar.gz, more.rar; give one of them"]);
}

#[test]
fn damage_anywhere_in_an_archive_never_panics() {
    let (folder, place) = (tempdir().unwrap(), tempdir().unwrap());
    write_classes(folder.path(), &["ape", "bee"], 2);
    let mut random = lab_core::random::Random::new(0, lab_core::random::Purpose::Inspect, 0, 1);
    for path in archives(place.path(), &files(folder.path())) {
        let whole = fs::read(&path).unwrap();
        for _ in 0..100 {
            let mut bytes = whole.clone();
            let at = random.below(bytes.len());
            bytes[at] = u8::try_from(random.below(256)).unwrap();
            fs::write(&path, bytes).unwrap();
            let _ = load(&path);
        }
    }
}

/// As `PyTorch` and others write them, with records of 64 bits that they need not have: the first entry of the list is as
/// long as these.
#[test]
fn an_archive_with_sizes_of_64_bits_is_read_whatever_its_names() {
    let place = tempdir().unwrap();
    save(&place.path().join("one.png"), &picture(1, 8, 8));
    let bytes = fs::read(place.path().join("one.png")).unwrap();
    let mut crc = flate2::Crc::new();
    crc.update(&bytes);
    let (crc, length) = (crc.sum().to_le_bytes(), u32::try_from(bytes.len()).unwrap().to_le_bytes());
    let (mut archive, mut list) = (Vec::new(), Vec::new());
    let name = |class: &str, number: u8| format!("{class}/{number}{}.png", "x".repeat(24 - class.len()));
    let names: Vec<String> = ["a", "bee"].iter().flat_map(|class| (0..4).map(|number| name(class, number))).collect();
    for name in &names {
        let at = u32::try_from(archive.len()).unwrap().to_le_bytes();
        let of = u16::try_from(name.len()).unwrap().to_le_bytes();
        let common = [&[20, 0, 0, 0, 0, 0, 0, 0, 0, 0][..], &crc, &length, &length, &of, &[0, 0]].concat();
        archive.extend([b"PK\x03\x04", &common[..], name.as_bytes(), &bytes].concat());
        list.extend([b"PK\x01\x02\x14\0", &common[..], &[0; 10], &at, name.as_bytes()].concat());
    }
    let (place_of_list, count) = (archive.len() as u64, names.len() as u64);
    archive.extend(&list);
    let end = archive.len() as u64;
    let wide = |number: u64| number.to_le_bytes();
    archive.extend(
        [
            &b"PK\x06\x06"[..],
            &wide(44),
            &[45, 0, 45, 0],
            &[0; 8],
            &wide(count),
            &wide(count),
            &wide(list.len() as u64),
            &wide(place_of_list),
            b"PK\x06\x07",
            &[0; 4],
            &wide(end),
            &[1, 0, 0, 0],
            b"PK\x05\x06",
            &[0; 4],
            &wide(count)[..2],
            &wide(count)[..2],
            &wide(list.len() as u64)[..4],
            &wide(place_of_list)[..4],
            &[0; 2],
        ]
        .concat(),
    );
    let path = place.path().join("set.zip");
    fs::write(&path, archive).unwrap();
    assert_eq!(load(&path).unwrap().classes, ["a", "bee"]);
}
