//! Single pictures: how they are decoded, turned and fitted.

use crate::make::{picture, png, save};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, ImageBuffer, ImageEncoder, Luma, LumaA, Rgb, RgbImage, Rgba, imageops};
use lab_core::data::{DataError, Picture, decode_picture, fit_picture, read_picture};
use lab_core::experiment::Fit;
use std::fs;
use tempfile::tempdir;

/// An EXIF block with nothing but an orientation.
fn exif(orientation: u8) -> Vec<u8> {
    vec![b'I', b'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0]
}

fn encode(mut encoder: impl ImageEncoder, image: &RgbImage, orientation: u8) {
    encoder.set_exif_metadata(exif(orientation)).unwrap();
    encoder.write_image(image, image.width(), image.height(), ExtendedColorType::Rgb8).unwrap();
}

#[test]
fn pictures_are_turned_upright() {
    let upright = picture(9, 24, 16);
    // How the camera stored the upright picture, for each entry of the EXIF standard.
    let stored: [(u8, RgbImage); 8] = [
        (1, upright.clone()),
        (2, imageops::flip_horizontal(&upright)),
        (3, imageops::rotate180(&upright)),
        (4, imageops::flip_vertical(&upright)),
        (5, imageops::flip_horizontal(&imageops::rotate90(&upright))),
        (6, imageops::rotate270(&upright)),
        (7, imageops::flip_vertical(&imageops::rotate90(&upright))),
        (8, imageops::rotate90(&upright)),
    ];
    for (orientation, image) in stored {
        let (mut png, mut webp, mut jpeg) = (Vec::new(), Vec::new(), Vec::new());
        encode(PngEncoder::new(&mut png), &image, orientation);
        encode(WebPEncoder::new_lossless(&mut webp), &image, orientation);
        encode(JpegEncoder::new_with_quality(&mut jpeg, 100), &image, orientation);
        for exact in [png, webp] {
            let read = decode_picture(&exact).unwrap();
            assert_eq!((read.width, read.height), (24, 16), "orientation {orientation}");
            assert!(read.rgb == *upright.as_raw(), "orientation {orientation}");
        }
        let read = decode_picture(&jpeg).unwrap();
        assert_eq!((read.width, read.height), (24, 16), "orientation {orientation}");
    }
}

#[test]
fn sixteen_bits_are_rounded_to_eight() {
    let deep = ImageBuffer::from_fn(4, 1, |x, _| Rgb([[0_u16, 128, 129, 65_535][x as usize]; 3]));
    let read = decode_picture(&png(&deep)).unwrap();
    assert_eq!(read.rgb, [0, 0, 0, 0, 0, 0, 1, 1, 1, 255, 255, 255]);
    let gray = ImageBuffer::from_pixel(2, 2, Luma([257_u16 * 77]));
    assert_eq!(decode_picture(&png(&gray)).unwrap().rgb, [77; 12]);
}

#[test]
fn what_is_transparent_lies_on_white() {
    let image = ImageBuffer::from_fn(3, 1, |x, _| Rgba([200, 100, 0, [0_u8, 255, 128][x as usize]]));
    assert_eq!(decode_picture(&png(&image)).unwrap().rgb, [255, 255, 255, 200, 100, 0, 227, 177, 127]);
    let gray = ImageBuffer::from_fn(2, 1, |x, _| LumaA([40, [0_u8, 255][x as usize]]));
    assert_eq!(decode_picture(&png(&gray)).unwrap().rgb, [255, 255, 255, 40, 40, 40]);
    let pasted = Picture::from_rgba(3, 1, image.as_raw()).unwrap();
    assert_eq!(pasted, decode_picture(&png(&image)).unwrap());
}

#[test]
fn pasted_pixels_must_agree_with_their_size() {
    for (width, height, bytes) in [(0, 0, 0), (2, 2, 15), (usize::MAX, 4, 16)] {
        let error = Picture::from_rgba(width, height, &vec![0; bytes]).unwrap_err();
        assert!(error.to_string().contains("pixels of four bytes"), "{error}");
    }
}

#[test]
fn fitting_keeps_covers_contains_or_stretches() {
    // Left half red, right half blue.
    let wide = RgbImage::from_fn(40, 20, |x, _| if x < 20 { Rgb([255, 0, 0]) } else { Rgb([0, 0, 255]) });
    let wide = Picture { width: 40, height: 20, rgb: wide.into_raw() };
    let at = |planes: &[u8], row: usize, column: usize| [0, 1, 2].map(|c| planes[(c * 20 + row) * 20 + column]);
    let cover = fit_picture(&wide, [3, 20, 20], Fit::Cover);
    assert_eq!((at(&cover, 0, 0), at(&cover, 19, 19)), ([255, 0, 0], [0, 0, 255]));
    let contain = fit_picture(&wide, [3, 20, 20], Fit::Contain);
    assert_eq!((at(&contain, 4, 0), at(&contain, 5, 0), at(&contain, 14, 19)), ([0; 3], [255, 0, 0], [0, 0, 255]));
    let stretch = fit_picture(&wide, [3, 20, 20], Fit::Stretch);
    assert_eq!((at(&stretch, 0, 0), at(&stretch, 19, 19)), ([255, 0, 0], [0, 0, 255]));
    let same = fit_picture(&wide, [3, 20, 40], Fit::Cover);
    assert_eq!(same[..800], wide.rgb.iter().copied().step_by(3).collect::<Vec<_>>());
}

#[test]
fn one_channel_is_luma_and_gray_stays_exact() {
    let colours = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]];
    let picture = Picture { width: 4, height: 1, rgb: colours.concat() };
    // 0.299, 0.587 and 0.114 of 255.
    assert_eq!(fit_picture(&picture, [1, 1, 4], Fit::Stretch), [76, 150, 29, 255]);
    let ramp = Picture { width: 256, height: 1, rgb: (0..=255_u8).flat_map(|v| [v; 3]).collect() };
    assert_eq!(fit_picture(&ramp, [1, 1, 256], Fit::Cover), (0..=255).collect::<Vec<u8>>());
}

#[test]
fn scaling_down_averages() {
    let checks = RgbImage::from_fn(64, 64, |x, y| Rgb([if (x + y) % 2 == 0 { 0 } else { 255 }; 3]));
    let checks = Picture { width: 64, height: 64, rgb: checks.into_raw() };
    assert!(fit_picture(&checks, [1, 8, 8], Fit::Cover).iter().all(|value| (120..=136).contains(value)));
}

#[test]
fn any_shape_fits_any_frame() {
    for (width, height) in [(1, 1), (20_000, 1), (1, 20_000), (3, 1000), (33, 31)] {
        let picture = Picture { width, height, rgb: vec![90; 3 * width * height] };
        for fit in [Fit::Cover, Fit::Contain, Fit::Stretch] {
            for shape in [[3, 32, 32], [1, 28, 28], [3, 224, 100], [3, 1, 7]] {
                let fitted = fit_picture(&picture, shape, fit);
                assert_eq!(fitted.len(), shape.iter().product::<usize>());
                assert!(fitted.iter().all(|&v| v == 90 || (v == 0 && fit == Fit::Contain)), "{width}×{height} {fit:?}");
            }
        }
    }
}

#[test]
fn a_long_thin_picture_works_and_a_bomb_is_refused_by_its_header() {
    let place = tempdir().unwrap();
    let path = place.path().join("long.png");
    save(&path, &picture(1, 20_000, 10));
    assert_eq!(read_picture(&path).unwrap().width, 20_000);
    let mut bomb = fs::read(&path).unwrap();
    bomb[16..24].copy_from_slice(&[0, 0, 0x4e, 0x20, 0, 0, 0x4e, 0x20]);
    let mut checksum = flate2::Crc::new();
    checksum.update(&bomb[12..29]);
    bomb[29..33].copy_from_slice(&checksum.sum().to_be_bytes());
    fs::write(&path, bomb).unwrap();
    let error = read_picture(&path).unwrap_err();
    assert!(matches!(error, DataError::TooLarge { .. }), "{error}");
    assert!(error.to_string().contains("20000×20000 pixels and the limit is 100 million"), "{error}");
}

#[test]
fn what_is_no_picture_says_so() {
    let place = tempdir().unwrap();
    let path = place.path().join("x.png");
    for (bytes, problem) in [
        (&b""[..], "the file is empty"),
        (b"hello, this is text", "it is a text and no picture"),
        (b"\x89PNG\r\n\x1a\n", "it is cut off"),
    ] {
        fs::write(&path, bytes).unwrap();
        let message = read_picture(&path).unwrap_err().to_string();
        assert!(message.contains("x.png") && message.contains(problem) && !message.contains('\n'), "{message}");
    }
    let message = read_picture(place.path()).unwrap_err().to_string();
    assert!(message.contains("it is not a file"), "{message}");
    assert!(matches!(read_picture(&place.path().join("none.png")), Err(DataError::Missing(_))));
}

#[test]
fn a_truncated_picture_is_refused() {
    let place = tempdir().unwrap();
    for end in ["png", "jpg", "webp", "bmp", "gif", "tif", "ppm"] {
        let path = place.path().join(format!("half.{end}"));
        save(&path, &picture(3, 64, 64));
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        assert!(read_picture(&path).is_err(), "half a {end} file was taken for a picture");
    }
}
