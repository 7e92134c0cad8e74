//! A small balanced data set in one file: how the embedded one is made and read.
//!
//! The file is one gzip stream: the magic, five big-endian 32-bit numbers (classes, training and test images per
//! class, height, width), each class's name after a byte with its length, then the pixels of all training and all
//! test images, class after class. Each pixel is stored as its difference from the one above it, which packs
//! better.

use super::idx;

use crate::data::error::DataError;
use crate::data::found::{Format, Found, Part};
use crate::data::images::{Images, check_size};
use crate::data::names::name_of;
use crate::data::split;
use crate::data::store::Store;
use crate::files;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use std::io::{self, BufReader, Read, Write};
use std::iter;
use std::path::Path;

/// The row in the table of formats.
pub(super) const FORMAT: Format = Format { open_file: open, ..Format::NONE };

const MAGIC: &[u8; 8] = b"RLIMAGES";

/// The subset of Fashion-MNIST inside the program: 28×28 gray, ten classes.
static EMBEDDED: &[u8] = include_bytes!("../../../../../assets/fashion-mnist/subset.bin");

/// Training images per class of the embedded data set.
pub const TRAIN_PER_CLASS: usize = 500;
/// Test images per class of the embedded data set.
pub const TEST_PER_CLASS: usize = 100;
/// The seed by which the images of the embedded data set were chosen.
pub const SEED: u64 = 0;

/// What [`write`] made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    pub train: usize,
    pub test: usize,
    pub bytes: usize,
}

/// Writes a subset of the IDX files in the folder `source`, with as many training and test images of each class,
/// chosen by the seed. The same input gives the same bytes. The file can be used as a data set by its path.
///
/// # Errors
/// If `source` holds no IDX files or too few images of a class, or `out` cannot be written.
pub fn write(
    source: &Path,
    train_per_class: usize,
    test_per_class: usize,
    seed: u64,
    out: &Path,
) -> Result<Summary, DataError> {
    let found = idx::open(&Store::Disk, source)?.ok_or_else(|| DataError::unknown(source, "it holds no IDX files"))?;
    let (Part::Images(train), Some(Part::Images(test))) = (found.train, found.own) else {
        let advice = "put t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte beside the training images";
        return Err(DataError::unusable(source, "it has no test images", advice));
    };
    let (height, width) = (train.height, train.width);
    let mut plain = MAGIC.to_vec();
    for number in [found.classes.len(), train_per_class, test_per_class, height, width] {
        plain.extend(u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes());
    }
    for name in &found.classes {
        plain.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
        plain.extend(name.bytes().take(255));
    }
    for (images, per_class) in [(train, train_per_class), (test, test_per_class)] {
        let chosen = choose(source, images, found.classes.len(), per_class, seed)?;
        let mut order: Vec<usize> = (0..chosen.len()).collect();
        order.sort_by_key(|&index| chosen.labels[index]);
        for index in order {
            plain.extend(differences(&chosen.image(index)?, width));
        }
    }
    let packed = pack(&plain).map_err(|error| DataError::Unwritable(error.to_string()))?;
    files::write_atomically(out, &packed).map_err(|error| DataError::Unwritable(error.to_string()))?;
    let classes = found.classes.len();
    Ok(Summary { train: classes * train_per_class, test: classes * test_per_class, bytes: packed.len() })
}

fn choose(source: &Path, images: Images, classes: usize, per_class: usize, seed: u64) -> Result<Images, DataError> {
    let least = images.class_counts(classes).into_iter().min().unwrap_or(0);
    if per_class == 0 || per_class > least {
        let problem = format!("{per_class} images per class were asked for, and a class has {least}");
        return Err(DataError::unusable(source, problem, format!("ask for 1 to {least}")));
    }
    let chosen = split::balanced(&images.labels, classes, classes * per_class, seed);
    Ok(images.select(&chosen))
}

/// Each pixel as its difference from the one above; the first row as it is.
fn differences(image: &[u8], width: usize) -> impl Iterator<Item = u8> {
    let above = iter::repeat_n(0, width).chain(image.iter().copied());
    image.iter().zip(above).map(|(&value, above)| value.wrapping_sub(above))
}

fn pack(plain: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain)?;
    encoder.finish()
}

/// Whether a file is one that [`write`] made.
fn is_subset(store: &Store, path: &Path) -> Result<bool, DataError> {
    let file = store.open(path)?;
    let mut start = [0; MAGIC.len()];
    Ok(GzDecoder::new(BufReader::new(file)).read_exact(&mut start).is_ok() && start == *MAGIC)
}

/// The embedded data set.
pub(in crate::data) fn embedded() -> Result<Found, DataError> {
    read(EMBEDDED, Path::new("embedded")).map(|found| Found { name: "Fashion-MNIST subset".into(), ..found })
}

/// Reads a file that [`write`] made.
fn open(store: &Store, path: &Path) -> Result<Option<Found>, DataError> {
    if !is_subset(store, path)? {
        return Ok(None);
    }
    read(store.open(path)?, path).map(Some)
}

fn read(packed: impl Read, path: &Path) -> Result<Found, DataError> {
    let mut reader = GzDecoder::new(packed);
    let failed = |error: io::Error| DataError::damaged(path, format!("it cannot be unpacked ({error})"));
    let mut take = |length: usize| -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        reader.by_ref().take(length as u64).read_to_end(&mut bytes)?;
        if bytes.len() == length { Ok(bytes) } else { Err(io::Error::other("it ends too early")) }
    };
    take(MAGIC.len()).map_err(failed)?;
    let mut numbers = [0; 5];
    for number in &mut numbers {
        *number = take(4).map_err(failed)?.iter().fold(0, |sum, &byte| (sum << 8) | usize::from(byte));
    }
    let [classes, train, test, height, width] = numbers;
    let mut names = Vec::new();
    for _ in 0..classes.min(256) {
        let length = take(1).map_err(failed)?[0];
        names.push(String::from_utf8_lossy(&take(usize::from(length)).map_err(failed)?).into_owned());
    }
    if classes == 0 || classes > 256 || train == 0 || test == 0 {
        let problem = format!("it announces {classes} classes with {train} and {test} images each");
        return Err(DataError::damaged(path, problem));
    }
    let mut part = |per_class: usize| -> Result<Part, DataError> {
        let count = classes * per_class;
        check_size(path, count, [1, height, width])?;
        let stored = take(count * height * width).map_err(failed)?;
        Ok(Part::Images(restore(&stored, classes, per_class, height, width)))
    };
    let (train, test) = (part(train)?, part(test)?);
    // Reading to the end checks the stream's checksum, too.
    match reader.read(&mut [0]) {
        Ok(0) => {}
        Ok(_) => return Err(DataError::damaged(path, "it holds more than it announces")),
        Err(error) => return Err(failed(error)),
    }
    Ok(Found {
        name: name_of(path),
        train,
        own: Some(test),
        classes: names,
        notices: Vec::new(),
        choice: None,
        left_out: Vec::new(),
    })
}

/// Sums the differences up again and takes the classes in turn, so that any stretch of images is balanced.
fn restore(stored: &[u8], classes: usize, per_class: usize, height: usize, width: usize) -> Images {
    let stride = height * width;
    let (mut pixels, mut labels): (Vec<u8>, Vec<u16>) = (Vec::new(), Vec::new());
    for (rank, class) in (0..per_class).flat_map(|rank| (0..classes).map(move |class| (rank, class))) {
        let image = &stored[(class * per_class + rank) * stride..][..stride];
        let start = pixels.len();
        for (index, &difference) in image.iter().enumerate() {
            let above = if index < width { 0 } else { pixels[start + index - width] };
            pixels.push(above.wrapping_add(difference));
        }
        labels.push(u16::try_from(class).unwrap_or(u16::MAX));
    }
    Images { channels: 1, height, width, pixels: pixels.into(), labels, files: Vec::new() }
}
