//! IDX files, the format of MNIST and its kin: a magic number, sizes as big-endian 32-bit numbers, then bytes.
//! Format: <http://yann.lecun.com/exdb/mnist/>.

use super::idx_files::{Family, Files, families};
use super::numbered::{self, Numbered};
use crate::data::error::DataError;
use crate::data::found::{Format, Found};
use crate::data::images::{Images, check_size};
use crate::data::names::{counted, name_of};
use crate::data::store::Store;
use crate::experiment::MAX_SIDE;
use flate2::read::MultiGzDecoder;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

/// Two zeros, 8 for unsigned bytes, 3 for three dimensions.
const IMAGES: [u8; 4] = [0, 0, 8, 3];
/// The same with one dimension.
const LABELS: [u8; 4] = [0, 0, 8, 1];
/// The same with signed numbers of 8, 16 and 32 bits.
const WIDER: [[u8; 4]; 3] = [[0, 0, 9, 1], [0, 0, 11, 1], [0, 0, 12, 1]];
/// Two zeros, 12 for signed 32-bit numbers, 2 for two dimensions: QMNIST's labels, of which the first column counts.
const TABLE: [u8; 4] = [0, 0, 12, 2];

/// The classes of Fashion-MNIST, whose files have the names of MNIST's and hold no names of classes.
pub(super) const FASHION: [&str; 10] =
    ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"];

/// The row in the table of formats.
pub(super) const FORMAT: Format = Format { is_part: super::idx_files::is_name, open_folder: open, open_file };

/// The data set in a folder that holds `train-images-idx3-ubyte` and its companions; `None` without them.
pub(super) fn open(store: &Store, folder: &Path) -> Result<Option<Found>, DataError> {
    let mut families = families(store, folder)?;
    match families.len() {
        0 => Ok(None),
        1 => families.pop().map(|family| read(store, folder, &family)).transpose(),
        _ => {
            let names: Vec<&str> = families.iter().map(|family| family.name.as_str()).collect();
            let problem = format!("it holds the files of several data sets ({})", names.join(", "));
            Err(DataError::unusable(folder, problem, "name one of the files instead of the folder"))
        }
    }
}

/// The data set that one of its files stands for.
fn open_file(store: &Store, path: &Path) -> Result<Option<Found>, DataError> {
    let folder = path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
    let Some(name) = Family::of(path) else { return Ok(None) };
    let family = families(store, folder)?.into_iter().find(|family| family.name == name);
    family.map(|family| read(store, folder, &family)).transpose()
}

fn read(store: &Store, folder: &Path, family: &Family) -> Result<Found, DataError> {
    let part = |files: &Files| {
        let images = read_part(store, folder, files)?;
        // EMNIST's images lie on their side: rows are stored as columns.
        Ok(if family.is_transposed() { images.transposed() } else { images })
    };
    let own = family.test.as_ref().map(part).transpose()?;
    let train = family.train.as_ref().map(part).transpose()?;
    let found = numbered::found(folder, Numbered { train, own, notices: Vec::new() })?;
    // IDX files do not say what their classes are.
    let is_fashion = found.classes.iter().enumerate().all(|(index, class)| *class == index.to_string())
        && found.classes.len() == FASHION.len()
        && folder.to_string_lossy().to_lowercase().contains("fashion");
    Ok(if is_fashion { Found { classes: FASHION.map(str::to_owned).to_vec(), ..found } } else { found })
}

fn read_part(store: &Store, folder: &Path, files: &Files) -> Result<Images, DataError> {
    let Some(labels_path) = &files.labels else {
        let images = name_of(&files.images);
        let labels = images.replace("images", "labels").replace("idx3", "idx1");
        return Err(DataError::Missing(folder.join(labels)));
    };
    let (count, images) = read_images(store, &files.images)?;
    let labels = read_labels(store, labels_path)?;
    if labels.len() != count {
        let problem = format!("it has {} labels for the {count} images beside it", labels.len());
        return Err(DataError::damaged(labels_path, problem));
    }
    Ok(Images { labels, ..images })
}

/// How many images there are, and these without labels.
fn read_images(store: &Store, path: &Path) -> Result<(usize, Images), DataError> {
    let mut file = Idx::open(store, path)?;
    let (_, [count, height, width]) = file.header(&[IMAGES], "images")?;
    if let Err(refused) = check_size(path, count, [1, height, width]) {
        // Whoever wrote a header in another byte order gets absurd sizes, and should learn why.
        let announced = (count as u128) * (height as u128) * (width as u128);
        let bytes = file.count(u64::try_from(announced).unwrap_or(u64::MAX))?;
        let fits = u128::from(bytes) == announced && height.min(width) > 0;
        return Err(if fits { refused } else { unfitting(path, [count, height, width], bytes) });
    }
    let pixels = file.body(count * height * width)?;
    Ok((count, Images { channels: 1, height, width, pixels: pixels.into(), ..Images::default() }))
}

fn unfitting(path: &Path, sizes: [usize; 3], bytes: u64) -> DataError {
    let [count, height, width] = sizes;
    let swapped = sizes.map(|size| u64::from(u32::try_from(size).unwrap_or(u32::MAX).swap_bytes()));
    let fits = swapped[1].max(swapped[2]) <= MAX_SIDE as u64 && swapped.iter().product::<u64>() == bytes;
    let order = if fits { "; its numbers are in the wrong byte order" } else { "" };
    let says = format!("it announces {count} images of {width}×{height} pixels, and {bytes} bytes follow");
    DataError::damaged(path, format!("its header does not fit the file: {says}{order}"))
}

fn read_labels(store: &Store, path: &Path) -> Result<Vec<u16>, DataError> {
    let mut file = Idx::open(store, path)?;
    let kinds = [&[LABELS, TABLE], &WIDER[..]].concat();
    let (magic, [count]) = file.header(&kinds, "labels")?;
    let columns = if magic == TABLE { u32::from_be_bytes(file.word()?) as usize } else { 1 };
    if columns == 0 || columns > 64 {
        return Err(DataError::damaged(path, format!("it announces {columns} numbers for each image")));
    }
    let width = width(magic[2]).unwrap_or(1);
    let rows = file.body(count.saturating_mul(width * columns))?;
    let label = |row: &[u8]| {
        let value = row[..width].iter().fold(0_u32, |sum, &byte| (sum << 8) | u32::from(byte));
        u16::try_from(value).map_err(|_| DataError::damaged(path, "it holds a label that is no class"))
    };
    rows.chunks_exact(width * columns).map(label).collect()
}

/// How many bytes each whole number has, by the code of its kind.
fn width(kind: u8) -> Option<usize> {
    match kind {
        8 | 9 => Some(1),
        11 => Some(2),
        12 => Some(4),
        _ => None,
    }
}

/// An open IDX file, unpacked on the way if it is compressed.
struct Idx<'a> {
    path: &'a Path,
    reader: Box<dyn Read>,
}

impl<'a> Idx<'a> {
    fn open(store: &Store, path: &'a Path) -> Result<Self, DataError> {
        let failed = |error| DataError::reading(path, &error);
        let mut file = BufReader::new(store.open(path)?);
        let packed = file.fill_buf().map_err(failed)?.starts_with(&[0x1f, 0x8b]);
        let reader: Box<dyn Read> = if packed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
        Ok(Self { path, reader })
    }

    /// Which of the kinds of files it is, and its sizes.
    fn header<const N: usize>(&mut self, kinds: &[[u8; 4]], what: &str) -> Result<([u8; 4], [usize; N]), DataError> {
        let found = self.word()?;
        if !kinds.contains(&found) {
            let mut reversed = found;
            reversed.reverse();
            if let [0, 0, kind @ (8..=9 | 11..=14), sides @ 1..=8] = found {
                let values = match kind {
                    8 => "bytes",
                    13 | 14 => "fractions",
                    _ => "whole numbers",
                };
                let ways = counted(usize::from(sides), "dimension");
                let problem = format!("it holds {values} in {ways}, which are no {what} as MNIST has them");
                let advice = "store images as unsigned bytes of number×height×width, and one label for each";
                return Err(DataError::unusable(self.path, problem, advice));
            }
            let problem = if kinds.contains(&reversed) {
                "its header does not fit the file: its numbers are in the wrong byte order".to_owned()
            } else {
                format!("it starts with {found:02x?}, and IDX files of {what} start with {:02x?}", kinds[0])
            };
            return Err(DataError::damaged(self.path, problem));
        }
        let mut sizes = [0; N];
        for size in &mut sizes {
            *size = u32::from_be_bytes(self.word()?) as usize;
        }
        if sizes[0] == 0 {
            return Err(DataError::damaged(self.path, format!("it says that it holds no {what}")));
        }
        Ok((found, sizes))
    }

    fn word(&mut self) -> Result<[u8; 4], DataError> {
        let mut word = [0; 4];
        self.reader.read_exact(&mut word).map_err(|error| self.failed(&error))?;
        Ok(word)
    }

    /// How many bytes are left, counted to one more than what is `announced`.
    fn count(&mut self, announced: u64) -> Result<u64, DataError> {
        let counted = io::copy(&mut self.reader.by_ref().take(announced.saturating_add(1)), &mut io::sink());
        counted.map_err(|error| self.failed(&error))
    }

    /// The rest of the file, which must be `length` bytes. Memory grows with what is there, not with what is said.
    fn body(mut self, length: usize) -> Result<Vec<u8>, DataError> {
        let mut bytes = Vec::new();
        let read = self.reader.by_ref().take((length as u64).saturating_add(1)).read_to_end(&mut bytes);
        read.map_err(|error| self.failed(&error))?;
        if bytes.len() == length {
            return Ok(bytes);
        }
        let found = if bytes.len() < length { format!("it holds {}", bytes.len()) } else { "it holds more".into() };
        Err(DataError::damaged(self.path, format!("its header announces {length} bytes and {found}")))
    }

    /// Compressed files that are cut off or damaged report so while they are unpacked.
    fn failed(&self, error: &io::Error) -> DataError {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => DataError::damaged(self.path, "it ends too early"),
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
                DataError::damaged(self.path, format!("it cannot be unpacked ({error})"))
            }
            _ => DataError::reading(self.path, error),
        }
    }
}
