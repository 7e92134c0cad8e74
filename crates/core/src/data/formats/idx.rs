//! IDX files, the format of MNIST and its kin: a magic number, sizes as big-endian 32-bit numbers, then bytes.
//! Format: <http://yann.lecun.com/exdb/mnist/>.

use crate::data::error::DataError;
use crate::data::found::{Format, Found, Part, name_of};
use crate::data::images::{Images, check_size};
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// Two zeros, 8 for unsigned bytes, 3 for three dimensions.
const IMAGES: [u8; 4] = [0, 0, 8, 3];
/// The same with one dimension.
const LABELS: [u8; 4] = [0, 0, 8, 1];

/// The classes of Fashion-MNIST, whose files have the names of MNIST's and hold no names of classes.
pub(super) const FASHION: [&str; 10] =
    ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"];

/// The row in the table of formats.
pub(super) const FORMAT: Format = Format { is_part: is_name, open_folder: open, ..Format::NONE };

/// Whether a file name is one that [`open`] looks for.
fn is_name(name: &str) -> bool {
    ["train", "t10k"].iter().any(|part| name.starts_with(part)) && name.contains("idx")
}

/// The data set in a folder that holds `train-images-idx3-ubyte` and its companions; `None` without them.
pub(super) fn open(folder: &Path) -> Result<Option<Found>, DataError> {
    let Some(train) = find(folder, "train", "images", 3) else { return Ok(None) };
    let train = read_part(folder, "train", &train)?;
    let own = find(folder, "t10k", "images", 3).map(|path| read_part(folder, "t10k", &path)).transpose()?;
    if let Some(own) = own.as_ref().filter(|own| own.shape() != train.shape()) {
        let problem = format!(
            "training images have {}×{} pixels and test images {}×{}",
            train.width, train.height, own.width, own.height
        );
        return Err(DataError::unusable(folder, problem, "put images of one size there"));
    }
    let classes = count_classes(folder, &train, own.as_ref())?;
    let is_fashion = classes == FASHION.len() && folder.to_string_lossy().to_lowercase().contains("fashion");
    let name = |class: usize| if is_fashion { FASHION[class].to_owned() } else { class.to_string() };
    Ok(Some(Found {
        name: name_of(folder),
        classes: (0..classes).map(name).collect(),
        train: Part::Images(train),
        own: own.map(Part::Images),
        notices: Vec::new(),
    }))
}

fn find(folder: &Path, part: &str, kind: &str, dimensions: u8) -> Option<PathBuf> {
    ["-", "."].iter().flat_map(|mark| ["", ".gz"].map(|end| (*mark, end))).find_map(|(mark, end)| {
        let path = folder.join(format!("{part}-{kind}{mark}idx{dimensions}-ubyte{end}"));
        path.is_file().then_some(path)
    })
}

/// IDX files do not say how many classes there are: labels must run from 0 without gaps.
fn count_classes(folder: &Path, train: &Images, own: Option<&Images>) -> Result<usize, DataError> {
    let advice = "labels must run from 0 to one less than the number of classes, each with training images";
    let classes = train.labels.iter().max().map_or(0, |&most| usize::from(most) + 1);
    if let Some(missing) = train.class_counts(classes).iter().position(|&count| count == 0) {
        let problem = format!("a training label is {}, but none is {missing}", classes - 1);
        return Err(DataError::unusable(folder, problem, advice));
    }
    let labels = own.map_or(&[][..], |own| &own.labels);
    match labels.iter().position(|&label| usize::from(label) >= classes) {
        Some(index) => {
            let problem =
                format!("test image {index} has label {}, and training labels end at {}", labels[index], classes - 1);
            Err(DataError::unusable(folder, problem, advice))
        }
        None => Ok(classes),
    }
}

fn read_part(folder: &Path, part: &str, images_path: &Path) -> Result<Images, DataError> {
    let labels_path = find(folder, part, "labels", 1)
        .ok_or_else(|| DataError::Missing(folder.join(format!("{part}-labels-idx1-ubyte"))))?;
    let mut images = read_images(images_path)?;
    images.labels = read_labels(&labels_path)?;
    let count = images.pixels.len() / images.stride();
    if images.labels.len() != count {
        let problem = format!("it has {} labels for the {count} images beside it", images.labels.len());
        return Err(DataError::damaged(&labels_path, problem));
    }
    Ok(images)
}

fn read_images(path: &Path) -> Result<Images, DataError> {
    let mut file = Idx::open(path)?;
    let [count, height, width] = file.header(IMAGES, "images")?;
    check_size(path, count, [1, height, width])?;
    let pixels = file.body(count * height * width)?;
    Ok(Images { channels: 1, height, width, pixels, ..Images::default() })
}

fn read_labels(path: &Path) -> Result<Vec<u16>, DataError> {
    let mut file = Idx::open(path)?;
    let [count] = file.header(LABELS, "labels")?;
    Ok(file.body(count)?.into_iter().map(u16::from).collect())
}

/// An open IDX file, unpacked on the way if it is compressed.
struct Idx<'a> {
    path: &'a Path,
    reader: Box<dyn Read>,
}

impl<'a> Idx<'a> {
    fn open(path: &'a Path) -> Result<Self, DataError> {
        let failed = |error| DataError::reading(path, &error);
        let mut file = BufReader::new(File::open(path).map_err(failed)?);
        let packed = file.fill_buf().map_err(failed)?.starts_with(&[0x1f, 0x8b]);
        let reader: Box<dyn Read> = if packed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
        Ok(Self { path, reader })
    }

    fn header<const N: usize>(&mut self, magic: [u8; 4], what: &str) -> Result<[usize; N], DataError> {
        let found = self.word()?;
        if found != magic {
            let problem = format!("it starts with {found:02x?}, and IDX files of {what} start with {magic:02x?}");
            return Err(DataError::damaged(self.path, problem));
        }
        let mut sizes = [0; N];
        for size in &mut sizes {
            *size = u32::from_be_bytes(self.word()?) as usize;
        }
        if sizes[0] == 0 {
            return Err(DataError::damaged(self.path, format!("it says that it holds no {what}")));
        }
        Ok(sizes)
    }

    fn word(&mut self) -> Result<[u8; 4], DataError> {
        let mut word = [0; 4];
        self.reader.read_exact(&mut word).map_err(|error| self.failed(&error))?;
        Ok(word)
    }

    /// The rest of the file, which must be `length` bytes. Memory grows with what is there, not with what is said.
    fn body(mut self, length: usize) -> Result<Vec<u8>, DataError> {
        let mut bytes = Vec::new();
        let read = self.reader.by_ref().take(length as u64 + 1).read_to_end(&mut bytes);
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
