//! What is no picture, or none that is read, is told by its contents and named with the true reason.

use crate::make::{data_at, load, picture, png, refused, report, save, write_classes};
use image::{ImageBuffer, Rgb};
use lab_core::data::{decode_picture, read_picture};
use std::fs;
use std::path::Path;
use tempfile::tempdir;

/// Beginnings of files, with the words that they are named by.
const KINDS: [(&str, &[u8], &str); 12] = [
    ("heic.jpg", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "a HEIC picture, which is not read"),
    ("avif.png", b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf", "an AVIF picture, which is not read"),
    ("psd.jpg", b"8BPS\0\x01\0\0\0\0\0\0\0\x03", "a Photoshop picture (PSD), which is not read"),
    ("svg.png", b"<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\"/>", "an SVG drawing"),
    ("raw.tif", b"II*\0\x10\0\0\0CR\x02\0", "a RAW photograph"),
    ("jxl.webp", b"\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL picture"),
    ("page.jpg", b"\n<!DOCTYPE html><html><body>404</body></html>", "an HTML page and no picture"),
    ("lfs.png", b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 9\n", "Git LFS's pointer"),
    ("text.gif", b"an ordinary text\n", "a text and no picture"),
    ("base64.jpg", b"/9j/4AAQSkZJRgABAQAAAQABAAD", "written out as text"),
    ("film.jpg", b"\0\0\0\x18ftypmp42\0\0\0\0", "a video"),
    ("zeros.png", &[0; 90], "nothing but zeros"),
];

#[test]
fn files_are_named_by_their_contents_and_not_by_their_names() {
    let place = tempdir().unwrap();
    for (name, bytes, words) in KINDS {
        let path = place.path().join(name);
        fs::write(&path, bytes).unwrap();
        let message = read_picture(&path).unwrap_err().to_string();
        assert!(message.contains(words) && message.contains(name), "{message}");
    }
    let heic = read_picture(&place.path().join("heic.jpg")).unwrap_err().to_string();
    assert!(heic.ends_with("convert it to JPEG or PNG"), "{heic}");
}

#[test]
fn a_notice_gives_each_kind_of_reason_once_with_its_count() {
    let place = tempdir().unwrap();
    write_classes(place.path(), &["ape", "bee"], 24);
    for (name, bytes, _) in KINDS {
        fs::write(place.path().join("ape").join(name), bytes).unwrap();
        fs::write(place.path().join("bee").join(format!("{name}.unknown")), bytes).unwrap();
    }
    fs::write(place.path().join("ape/empty.jpg"), []).unwrap();
    let (dataset, report) = report(place.path());
    assert_eq!(dataset.train.len() + dataset.validation.len(), 48);
    let [notice] = &dataset.notices[..] else { panic!("{:?}", dataset.notices) };
    assert!(notice.starts_with("25 files were left out: "), "{notice}");
    for (_, _, words) in KINDS {
        assert_eq!(notice.matches(words).count(), 1, "{words}: {notice}");
    }
    assert!(notice.contains("1 because the file is empty (") && !notice.contains('\n'), "{notice}");
    assert_eq!(report.left_out.iter().map(|files| files.files.len()).sum::<usize>(), 25);
}

#[test]
fn sizes_beyond_the_limit_are_one_kind_of_reason() {
    let place = tempdir().unwrap();
    write_classes(place.path(), &["ape", "bee"], 5);
    for (number, side) in [(0, 20_000_u32), (1, 21_000)] {
        let mut bomb = png(&ImageBuffer::from_pixel(1, 1, Rgb([0_u8; 3])));
        bomb[16..24].copy_from_slice(&[side.to_be_bytes(), side.to_be_bytes()].concat());
        let mut checksum = flate2::Crc::new();
        checksum.update(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&checksum.sum().to_be_bytes());
        fs::write(place.path().join(format!("bee/bomb{number}.png")), bomb).unwrap();
    }
    let notice = load(place.path()).unwrap().notices.remove(0);
    let expected = "2 files were left out because it has 20000×20000 pixels and the limit is 100 million";
    assert!(notice.starts_with(expected), "{notice}");
}

#[test]
fn tiff_and_pnm_pictures_are_read_whatever_they_are_called() {
    let place = tempdir().unwrap();
    write_classes(place.path(), &["ape"], 6);
    for end in ["tif", "tiff", "ppm", "pnm"] {
        save(&place.path().join(format!("bee/{end}.{end}")), &picture(3, 8, 8));
        let path = place.path().join(format!("bee/{end}.{end}"));
        assert_eq!(read_picture(&path).unwrap().rgb, *picture(3, 8, 8).as_raw(), "{end}");
        fs::copy(&path, place.path().join(format!("bee/no ending, {end}"))).unwrap();
        fs::copy(&path, place.path().join(format!("bee/{end}.jpg"))).unwrap();
    }
    let dataset = load(place.path()).unwrap();
    assert_eq!((dataset.classes.len(), dataset.train.len() + dataset.validation.len()), (2, 18));
    assert!(dataset.notices.is_empty(), "{:?}", dataset.notices);
    assert_eq!(decode_picture(b"P3 2 1 255 255 0 0 0 0 255\n").unwrap().rgb, [255, 0, 0, 0, 0, 255]);
}

/// TIFF for files that may be larger than 4 GB.
#[test]
fn a_big_tiff_is_read() {
    let entry =
        |tag: u16, value: u64| [&tag.to_le_bytes()[..], &[4, 0], &1_u64.to_le_bytes(), &value.to_le_bytes()].concat();
    // Two gray pixels, not compressed: width, height, bits, compression, black is 0, where they lie, rows, bytes.
    let tags = [(256, 2), (257, 1), (258, 8), (259, 1), (262, 1), (273, 16 + 8 + 8 * 20 + 8), (278, 1), (279, 2)];
    let head = [&b"II+\0\x08\0\0\0"[..], &16_u64.to_le_bytes(), &8_u64.to_le_bytes()].concat();
    let entries: Vec<u8> = tags.into_iter().flat_map(|(tag, value)| entry(tag, value)).collect();
    let file = [head, entries, vec![0; 8], vec![7, 200]].concat();
    assert_eq!(decode_picture(&file).unwrap().rgb, [7, 7, 7, 200, 200, 200]);
    let place = tempdir().unwrap();
    write_classes(place.path(), &["ape", "bee"], 3);
    fs::write(place.path().join("bee/scan.dat"), &file).unwrap();
    assert!(report(place.path()).1.left_out.is_empty());
}

#[test]
fn a_class_without_a_picture_that_is_read_says_why() {
    let place = tempdir().unwrap();
    write_classes(place.path(), &["ape", "bee"], 3);
    let heic = KINDS[0].1;
    write(place.path(), &["cow/1.heic", "cow/2.heic"], heic);
    fs::create_dir(place.path().join("doe")).unwrap();
    let dataset = load(place.path()).unwrap();
    assert_eq!(dataset.classes, ["ape", "bee"]);
    let cow = dataset.notices.iter().find(|notice| notice.contains("\"cow\"")).unwrap();
    assert!(
        cow.contains("holds no pictures and is no class: 2 files were left out because each is a HEIC picture"),
        "{cow}"
    );
    assert!(dataset.notices.iter().any(|notice| notice.contains("\"doe\" holds no pictures")), "{:?}", dataset.notices);
    for class in ["ape", "bee"] {
        fs::remove_dir_all(place.path().join(class)).unwrap();
    }
    refused(&data_at(place.path()), &["it holds no picture that is read", "a HEIC picture", "convert"]);
    write_classes(place.path(), &["ape"], 3);
    refused(
        &data_at(place.path()),
        &["one class only (ape)", "\"cow\" holds no pictures", "a HEIC picture", "\"doe\""],
    );
}

fn write(place: &Path, names: &[&str], bytes: &[u8]) {
    for name in names {
        fs::create_dir_all(place.join(name).parent().unwrap()).unwrap();
        fs::write(place.join(name), bytes).unwrap();
    }
}
