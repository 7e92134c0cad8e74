//! Small data sets written for a test.

use flate2::Compression;
use flate2::write::GzEncoder;
use image::{ImageBuffer, ImageFormat, RgbImage};
use lab_core::data::{DataError, Dataset, LoadOptions, Report};
use lab_core::experiment::{Data, Source};
use std::fs;
use std::io::{self, Cursor, Write};
use std::path::Path;

/// Says that a test did nothing, past the capture that swallows what passing tests print.
pub fn skipped(why: &str) {
    io::stderr().write_all(format!("SKIPPED: {why}\n").as_bytes()).unwrap();
}

pub fn data_at(path: &Path) -> Data {
    Data { source: Source::Path(path.to_owned()), ..Data::default() }
}

pub fn load(path: &Path) -> Result<Dataset, DataError> {
    Dataset::load(&data_at(path), 0)
}

/// Loads, and says what was found on the way.
pub fn report(path: &Path) -> (Dataset, Report) {
    Dataset::load_with(&data_at(path), 0, LoadOptions::default()).unwrap()
}

/// A picture as a PNG file.
pub fn png<P: image::PixelWithColorType>(image: &ImageBuffer<P, Vec<P::Subpixel>>) -> Vec<u8>
where
    [P::Subpixel]: image::EncodableLayout,
{
    let mut bytes = Vec::new();
    image.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).unwrap();
    bytes
}

/// Loads what must not load, and checks that the message is one line that holds every part.
pub fn refused(data: &Data, parts: &[&str]) -> String {
    let message = Dataset::load(data, 0).expect_err("this must be refused").to_string();
    assert!(!message.contains('\n'), "more than one line: {message}");
    for part in parts {
        assert!(message.contains(part), "\"{part}\" is missing from: {message}");
    }
    message
}

/// An IDX header: two zeros, the type of unsigned bytes, the number of dimensions, their sizes.
pub fn idx(sizes: &[u32], bytes: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, 8, u8::try_from(sizes.len()).unwrap()];
    for size in sizes {
        file.extend(size.to_be_bytes());
    }
    file.extend(bytes);
    file
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Pixels that differ from image to image and place to place.
pub fn pixels(count: usize, stride: usize) -> Vec<u8> {
    (0..count * stride).map(|i| u8::try_from((i / stride * 37 + i % stride * 11) % 251).unwrap()).collect()
}

/// The four files of an MNIST folder with 4×3 pixels and these labels.
pub fn write_idx(folder: &Path, train: &[u8], test: &[u8]) {
    for (part, labels) in [("train", train), ("t10k", test)] {
        let count = u32::try_from(labels.len()).unwrap();
        let images = idx(&[count, 4, 3], &pixels(labels.len(), 12));
        fs::write(folder.join(format!("{part}-images-idx3-ubyte")), images).unwrap();
        fs::write(folder.join(format!("{part}-labels-idx1-ubyte")), idx(&[count], labels)).unwrap();
    }
}

/// CIFAR records: label bytes, then 3,072 pixels.
pub fn cifar(labels: &[&[u8]]) -> Vec<u8> {
    let pixels = pixels(labels.len(), 3072);
    labels.iter().zip(pixels.chunks(3072)).flat_map(|(label, pixels)| [*label, pixels].concat()).collect()
}

/// A picture whose every pixel is different, the same for the same number.
pub fn picture(number: u8, width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let value = |scale: u32| u8::try_from((x * 7 + y * 29 + scale * u32::from(number)) % 256).unwrap();
        image::Rgb([value(31), value(17), 255 - value(5)])
    })
}

/// Writes a picture in the format of its name.
pub fn save(path: &Path, picture: &RgbImage) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    picture.save_with_format(path, ImageFormat::from_path(path).unwrap()).unwrap();
}

/// A folder per class with as many PNG files each of 8×8 pixels.
pub fn write_classes(folder: &Path, classes: &[&str], each: u8) {
    for (class, name) in (0_u8..).zip(classes) {
        for number in 0..each {
            save(
                &folder.join(name).join(format!("{number}.png")),
                &picture(class.wrapping_mul(100).wrapping_add(number), 8, 8),
            );
        }
    }
}
