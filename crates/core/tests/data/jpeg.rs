//! JPEG files as cameras, programs and broken transfers leave them: what libjpeg reads is read, what is cut off is not.

use crate::make::{data_at, load, picture, refused, save, write_classes};
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder};
use lab_core::data::{Dataset, LoadOptions, decode_picture, fit_picture, read_picture, read_picture_for};
use lab_core::experiment::{Data, Fit, Holdout, Resize};
use lab_core::random::{Purpose, Random};
use std::fs;
use tempfile::tempdir;

const END: [u8; 2] = [0xff, 0xd9];

fn jpeg(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut bytes, 85);
    encoder.write_image(&picture(7, width, height), width, height, ExtendedColorType::Rgb8).unwrap();
    bytes
}

/// A gray picture of 32×8 pixels whose blocks are all the same and whose bits come in three scans: the first
/// coefficients but for one bit, that bit, then a band of the others.
fn progressive() -> Vec<u8> {
    let mut bytes = vec![0xff, 0xd8];
    let mut segment = |code: u8, body: &[u8], scan: &[u8]| {
        bytes.extend([0xff, code]);
        bytes.extend(u16::try_from(body.len() + 2).unwrap().to_be_bytes());
        bytes.extend(body);
        bytes.extend(scan);
    };
    segment(0xdb, &[&[0][..], &[16; 64]].concat(), &[]);
    segment(0xc2, &[8, 0, 8, 0, 32, 1, 1, 0x11, 0], &[]);
    // Codes of one bit: 0 for the symbol 0; of two bits: 10 for the symbol 3.
    let counts = [[1, 1], [0; 2], [0; 2], [0; 2], [0; 2], [0; 2], [0; 2], [0; 2]].concat();
    segment(0xc4, &[&[0][..], &counts, &[0, 3]].concat(), &[]);
    segment(0xc4, &[&[0x10][..], &counts, &[0, 0x20]].concat(), &[]);
    // A difference of 5 (10, then 101), then none three times; filled up with ones.
    segment(0xda, &[1, 1, 0, 0, 0, 1], &[0b1010_1000]);
    segment(0xda, &[1, 1, 0, 0, 0, 0x10], &[0b1010_1111]);
    // Nothing for a run of 4 + 0 blocks: 10, then 00.
    segment(0xda, &[1, 1, 0, 1, 63, 0], &[0b1000_1111]);
    bytes.extend(END);
    bytes
}

/// Where each segment starts, the image data's first byte last.
fn segments(bytes: &[u8]) -> Vec<usize> {
    let mut starts = vec![2];
    loop {
        let at = *starts.last().unwrap();
        starts.push(at + 2 + usize::from(u16::from_be_bytes([bytes[at + 2], bytes[at + 3]])));
        if bytes[at + 1] == 0xda {
            return starts;
        }
    }
}

fn with(bytes: &[u8], at: usize, inserted: &[u8]) -> Vec<u8> {
    [&bytes[..at], inserted, &bytes[at..]].concat()
}

#[test]
fn what_libjpeg_passes_over_is_passed_over() {
    for good in [jpeg(40, 24), progressive()] {
        let expected = decode_picture(&good).unwrap();
        let starts = segments(&good);
        let before: Vec<usize> = starts[..starts.len() - 1].to_vec();
        let mut odd = vec![
            good[..good.len() - 2].to_vec(),
            good[..good.len() - 1].to_vec(),
            with(&good, good.len() - 2, &[0xff; 3]),
            with(&good, good.len() - 2, &[0]),
            with(&good, good.len(), b"whatever a phone puts behind a picture \xff\xd8\xff"),
        ];
        for at in before {
            odd.extend(
                [&[0xff][..], &[0xff; 5], &[0], b"stray bytes", &[0xff, 0], &[1, 2, 0xff]].map(|s| with(&good, at, s)),
            );
        }
        for bytes in odd {
            assert!(decode_picture(&bytes).unwrap() == expected, "{bytes:02x?}");
        }
    }
}

#[test]
fn a_cut_picture_is_left_out_also_with_an_end_marker_behind_the_cut() {
    for good in [jpeg(40, 24), progressive()] {
        let whole = decode_picture(&good).unwrap();
        let data = *segments(&good).last().unwrap();
        for cut in 3..good.len() - 2 {
            for bytes in [good[..cut].to_vec(), [&good[..cut], &END].concat()] {
                match decode_picture(&bytes) {
                    // The last bits may be nothing but filling.
                    Ok(found) => assert!(cut >= data && found == whole, "cut at {cut} of {}", good.len()),
                    Err(error) => {
                        let message = error.to_string();
                        assert!(message.contains("it is cut off") || cut < data, "{cut}: {message}");
                    }
                }
            }
        }
        assert!(decode_picture(&[&good[..data], &END].concat()).is_err(), "no image data at all");
    }
}

#[test]
fn a_folder_names_the_picture_that_is_cut_off() {
    let place = tempdir().unwrap();
    write_classes(place.path(), &["ape", "bee"], 4);
    let good = jpeg(8, 8);
    fs::write(place.path().join("ape/cut.jpg"), [&good[..good.len() - 8], &END].concat()).unwrap();
    fs::write(place.path().join("ape/good.jpg"), &good[..good.len() - 2]).unwrap();
    let dataset = load(place.path()).unwrap();
    assert_eq!(dataset.train.len() + dataset.validation.len(), 9);
    let notice = &dataset.notices[0];
    assert!(notice.contains("cut.jpg") && !notice.contains("good.jpg"), "{notice}");
    for number in 0..9 {
        fs::write(place.path().join(format!("bee/{number}.jpg")), &good[..good.len() - 8]).unwrap();
    }
    for number in 0..4 {
        fs::remove_file(place.path().join(format!("bee/{number}.png"))).unwrap();
    }
    refused(&data_at(place.path()), &["10 of 15 pictures cannot be read", "it is cut off"]);
}

#[test]
fn a_restart_that_is_lost_in_the_middle_is_damage() {
    // Four units of one block, each after a restart but the first: nothing but a size of 0 and the end of the block.
    let mut good = progressive();
    let scan = segments(&good)[4];
    good.truncate(scan);
    let frame = good.windows(2).position(|pair| pair == [0xff, 0xc2]).unwrap();
    good[frame + 1] = 0xc0;
    good.extend([0xff, 0xdd, 0, 4, 0, 1]);
    good.extend([0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0]);
    let scan = |units: &[&[u8]]| [&good[..], &units.join(&0xff_u8), &END].concat();
    let unit = 0b0011_1111_u8;
    let (whole, empty) = (
        scan(&[&[unit], &[0xd0, unit], &[0xd1, unit], &[0xd2, unit]]),
        scan(&[&[], &[0xd0, unit], &[0xd1, unit], &[0xd2, unit]]),
    );
    assert_eq!(decode_picture(&whole).unwrap().width, 32);
    let message = decode_picture(&empty).unwrap_err().to_string();
    assert!(message.contains("its image data is damaged"), "{message}");
    let lost = scan(&[&[unit], &[0xd0, unit], &[0xd2, unit]]);
    assert!(decode_picture(&lost).unwrap_err().to_string().contains("it is cut off"));
}

#[test]
fn hostile_files_end_in_time_and_without_a_panic() {
    let mut random = Random::new(0, Purpose::Inspect, 0, 0);
    for good in [jpeg(40, 24), progressive()] {
        for _ in 0..2000 {
            let mut bytes = good.clone();
            for _ in 0..=random.below(4) {
                let at = random.below(bytes.len());
                bytes[at] = u8::try_from(random.below(256)).unwrap();
            }
            let _ = decode_picture(&bytes);
        }
    }
    let good = jpeg(40, 24);
    for filling in [vec![0xff; 4 << 20], vec![0; 4 << 20], [0xff, 0].repeat(2 << 20), [0xff, 1].repeat(2 << 20)] {
        assert!(decode_picture(&with(&good, segments(&good)[1], &filling)).is_ok());
    }
}

#[test]
fn real_encoders_write_whole_files() {
    let place = tempdir().unwrap();
    for (width, height) in [(1, 1), (7, 9), (8, 8), (17, 33), (100, 75)] {
        let path = place.path().join("x.jpg");
        save(&path, &picture(3, width, height));
        assert_eq!(decode_picture(&fs::read(&path).unwrap()).unwrap().width, width as usize);
    }
}

/// A photograph's kind of picture: slow waves of colour.
fn waves(phase: u32, width: u32, height: u32) -> image::RgbImage {
    image::RgbImage::from_fn(width, height, |x, y| {
        let wave = |speed: f64, at: u32, side: u32| (f64::from(at) / f64::from(side) * speed + f64::from(phase)).sin();
        let value = |speed: f64| {
            let light = 128.0 + 60.0 * wave(speed, x, width) + 50.0 * wave(speed + 3.0, y, height);
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
            let light = light.clamp(0.0, 255.0) as u8;
            light
        };
        image::Rgb([value(5.0), value(9.0), value(14.0)])
    })
}

#[test]
fn large_pictures_are_decoded_at_a_fraction_of_their_size_and_look_the_same() {
    let place = tempdir().unwrap();
    for (phase, class) in ["ape", "bee"].into_iter().cycle().take(8).enumerate() {
        let phase = u32::try_from(phase).unwrap();
        let (width, height) = if phase < 4 { (800, 600) } else { (601, 811) };
        save(&place.path().join(format!("{class}/{phase}.jpg")), &waves(phase, width, height));
    }
    let side = Resize { height: 32, width: 32, fit: Fit::Cover };
    let data = Data { resize: Some(side), holdout: Holdout::Share(0.25), ..data_at(place.path()) };
    let (dataset, report) = Dataset::load_with(&data, 0, LoadOptions::default()).unwrap();
    assert_eq!(report.sizes.map(|sizes| (sizes.smallest, sizes.largest)), Some(((800, 600), (601, 811))));
    for (index, file) in dataset.train.files.iter().enumerate() {
        let whole = fit_picture(&read_picture(file).unwrap(), [3, 32, 32], Fit::Cover);
        let seen = dataset.train.image(index).unwrap();
        // A picture by itself is seen as it is in a data set.
        let alone = read_picture_for(file, [3, 32, 32]).unwrap();
        assert!(alone.width < 601 && fit_picture(&alone, [3, 32, 32], Fit::Cover) == *seen, "{}", file.display());
        let apart: Vec<u8> = whole.iter().zip(seen.iter()).map(|(a, b)| a.abs_diff(*b)).collect();
        let mean = apart.iter().map(|apart| f64::from(*apart)).sum::<f64>() / 3072.0;
        // An eighth of a pixel in the mean, where the light changes by 26 from one to the next: the reduced picture
        // ends at a whole pixel, the picture itself before it.
        assert!(mean < 3.5 && apart.iter().all(|apart| *apart < 24), "{}: {mean}", file.display());
    }
}
