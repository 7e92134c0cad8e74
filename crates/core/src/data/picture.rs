//! One picture of any size: decoding it safely and bringing it to the shape a network expects.

use super::content::{Content, content, is_raw_tiff};
use super::error::{DataError, Fault};
use super::jpeg::{self, Flaw};
use super::names::shown_path;
use super::store::{Kind, Store};
use crate::experiment::Fit;
use image::error::ImageError;
use image::imageops::{self, FilterType};
use image::math::Rect;
use image::{DynamicImage, ImageBuffer, ImageDecoder, ImageFormat, ImageReader, Limits, Rgb};
use std::borrow::Cow;
use std::io::{Cursor, ErrorKind};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// The most pixels that are decoded, so that a small file cannot ask for all memory.
pub const MAX_PIXELS: u64 = 100_000_000;

/// Bytes that a picture's header and what stands beside the pixels may take: colour profiles, notes, thumbnails. A file of a
/// few kilobytes can ask for gigabytes of these.
const MAX_ASIDE: u64 = 64 << 20;

/// The largest file that is read as a picture, in bytes.
const MAX_FILE: u64 = 512 << 20;

/// A decoded picture: upright, opaque, 8 bits per channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// In pixels, at least 1.
    pub width: usize,
    /// In pixels, at least 1.
    pub height: usize,
    /// Red, green, blue; row by row.
    pub rgb: Vec<u8>,
}

impl Picture {
    /// Takes pixels with opacity, four bytes each, row by row, as a clipboard has them.
    ///
    /// # Errors
    /// If the size is 0 or does not agree with the number of bytes.
    pub fn from_rgba(width: usize, height: usize, rgba: &[u8]) -> Result<Self, DataError> {
        let bytes = width.checked_mul(height).and_then(|pixels| pixels.checked_mul(4));
        if rgba.is_empty() || bytes != Some(rgba.len()) {
            let problem = format!("{} bytes are not {width}×{height} pixels of four bytes", rgba.len());
            return Err(faulty("the pasted picture", Fault::Damaged(problem)));
        }
        let rgb = rgba.chunks_exact(4).flat_map(|p| on_white([p[0], p[1], p[2]], p[3])).collect();
        Ok(Self { width, height, rgb })
    }

    /// From `[channel][row][column]`, one channel or three.
    pub(super) fn from_planes(planes: &[u8], [channels, height, width]: [usize; 3]) -> Self {
        let plane = height * width;
        let rgb = (0..plane)
            .flat_map(|i| [planes[i], planes[(channels / 2) * plane + i], planes[(channels - 1) * plane + i]])
            .collect();
        Self { width, height, rgb }
    }
}

/// White is what pages and viewers show behind a transparent picture, so the network sees what a person sees.
fn on_white(rgb: [u8; 3], alpha: u8) -> [u8; 3] {
    rgb.map(|value| {
        let blended = u32::from(value) * u32::from(alpha) + 255 * (255 - u32::from(alpha));
        u8::try_from((blended + 127) / 255).unwrap_or(u8::MAX)
    })
}

/// ITU-R BT.601 luma, the weights that most image programs use for gray. Equal channels stay as they are.
#[allow(clippy::cast_possible_truncation, reason = "the weights sum to 2^16, so the result is at most 255")]
pub(super) fn luma([red, green, blue]: [u8; 3]) -> u8 {
    ((19_595 * u32::from(red) + 38_470 * u32::from(green) + 7_471 * u32::from(blue) + 0x8000) >> 16) as u8
}

/// Reads a picture file of any supported format, found by its contents: turned upright as its EXIF entry says,
/// 16 bits rounded to 8, transparency on white, the first frame of an animation.
///
/// # Errors
/// If the file cannot be read, is no picture or has more than [`MAX_PIXELS`].
pub fn read_picture(path: &Path) -> Result<Picture, DataError> {
    decode(&read_file(&Store::Disk, path)?, &shown_path(path), None).map(|(picture, _)| picture)
}

/// Like [`read_picture`], good enough to be brought to a network's input shape as the pictures of a data set are: a large
/// JPEG is decoded at a fraction of its size.
///
/// # Errors
/// Like [`read_picture`].
pub fn read_picture_for(path: &Path, [_, height, width]: [usize; 3]) -> Result<Picture, DataError> {
    read_from(&Store::Disk, path, height.max(width)).map(|(picture, _)| picture)
}

/// The same wherever the file lies, for sides of `least` pixels; also its width and height in the file.
pub(super) fn read_from(store: &Store, path: &Path, least: usize) -> Result<(Picture, (usize, usize)), DataError> {
    decode(&read_file(store, path)?, &shown_path(path), Some(least))
}

/// Like [`read_picture`], from bytes in memory.
///
/// # Errors
/// If the bytes are no picture or one with more than [`MAX_PIXELS`].
pub fn decode_picture(bytes: &[u8]) -> Result<Picture, DataError> {
    decode(bytes, "the picture", None).map(|(picture, _)| picture)
}

/// Width and height as [`read_picture`] would give them, from the file's header.
pub(super) fn picture_size(store: &Store, path: &Path) -> Result<(usize, usize), DataError> {
    let name = shown_path(path);
    // Most headers lie at the beginning; whatever is odd is looked at as a whole.
    if store.kind(path) == Kind::File
        && let Ok(size) = size_of(&store.head(path)?, &name)
    {
        return Ok(size);
    }
    size_of(&read_file(store, path)?, &name)
}

fn size_of(bytes: &[u8], name: &str) -> Result<(usize, usize), DataError> {
    let bytes = readable(bytes, name)?;
    guarded(name, || {
        let mut decoder = decoder(&bytes, name)?;
        let (width, height) = decoder.dimensions();
        let turned = decoder.orientation().is_ok_and(|orientation| orientation.to_exif() >= 5);
        Ok(if turned { (height as usize, width as usize) } else { (width as usize, height as usize) })
    })
}

fn read_file(store: &Store, path: &Path) -> Result<Vec<u8>, DataError> {
    if store.kind(path) != Kind::File {
        return Err(faulty(&shown_path(path), Fault::NoFile));
    }
    let length = store.length(path)?;
    if length > MAX_FILE {
        let problem = format!("the file has {} MB and the limit is {} MB", length >> 20, MAX_FILE >> 20);
        return Err(DataError::TooLarge { name: shown_path(path), problem });
    }
    store.read(path)
}

fn decode(bytes: &[u8], name: &str, least: Option<usize>) -> Result<(Picture, (usize, usize)), DataError> {
    let bytes = &*readable(bytes, name)?;
    guarded(name, || {
        let mut decoder = decoder(bytes, name)?;
        let (width, height) = decoder.dimensions();
        let whole = (width as usize, height as usize);
        let mut reduced = None;
        if bytes.starts_with(&jpeg::START) {
            jpeg::check(bytes).map_err(|flaw| flawed(name, flaw))?;
            reduced = least.and_then(|least| jpeg::reduced(bytes, whole, least));
        }
        // A picture with a broken EXIF block is still a picture.
        let orientation = decoder.orientation().ok();
        // 16 bits in four channels, and as much again for the decoder's own work.
        decoder.set_limits(limits(16 * MAX_PIXELS)).map_err(|error| refused(name, &error))?;
        let mut image = match reduced {
            Some(image) => image,
            None => DynamicImage::from_decoder(decoder).map_err(|error| refused(name, &error))?,
        };
        if let Some(orientation) = orientation {
            image.apply_orientation(orientation);
        }
        let is_turned = orientation.is_some_and(|orientation| orientation.to_exif() >= 5);
        let whole = if is_turned { (whole.1, whole.0) } else { whole };
        let (width, height) = (image.width() as usize, image.height() as usize);
        let picture = if image.color().has_alpha() {
            Picture::from_rgba(width, height, image.into_rgba8().as_raw())?
        } else {
            Picture { width, height, rgb: image.into_rgb8().into_raw() }
        };
        Ok((picture, whole))
    })
}

/// The bytes for the decoder, if they begin as a picture does that can be read.
fn readable<'a>(bytes: &'a [u8], name: &str) -> Result<Cow<'a, [u8]>, DataError> {
    let fault = match content(bytes) {
        Content::Picture if bytes.starts_with(&jpeg::START) => {
            return jpeg::tidy(bytes).map_err(|flaw| flawed(name, flaw));
        }
        Content::Picture if !is_raw_tiff(bytes) => return Ok(bytes.into()),
        Content::Picture => Fault::Unread("a RAW photograph"),
        Content::Unread(what) => Fault::Unread(what),
        Content::Other(what) => Fault::Other(what.called()),
        Content::Packed(what) => Fault::Other(what),
        Content::Empty => Fault::Empty,
        Content::Unknown => Fault::Unknown,
    };
    Err(faulty(name, fault))
}

fn faulty(name: &str, fault: Fault) -> DataError {
    DataError::Picture { name: name.to_owned(), fault }
}

fn flawed(name: &str, flaw: Flaw) -> DataError {
    let fault = match flaw {
        Flaw::CutOff => Fault::CutOff,
        Flaw::Damaged => Fault::Damaged(String::new()),
    };
    faulty(name, fault)
}

/// A fault in a decoder must cost one picture, not the training that goes on beside it.
fn guarded<T>(name: &str, work: impl FnOnce() -> Result<T, DataError>) -> Result<T, DataError> {
    let fault = || Fault::Damaged("it breaks the decoder".to_owned());
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(faulty(name, fault())))
}

/// A decoder that has read the header and found the size within limits.
fn decoder<'a>(bytes: &'a [u8], name: &str) -> Result<impl ImageDecoder + 'a, DataError> {
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|error| faulty(name, Fault::Damaged(error.to_string())))?;
    if reader.format().is_none() && [b"II+\0", b"MM\0+"].iter().any(|start| bytes.starts_with(*start)) {
        // The decoder reads files that may grow beyond 4 GB (BigTIFF), and guessing does not know them.
        reader.set_format(ImageFormat::Tiff);
    }
    reader.limits(limits(MAX_ASIDE));
    let decoder = reader.into_decoder().map_err(|error| refused(name, &error))?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        let problem = format!("it has {width}×{height} pixels and the limit is {} million", MAX_PIXELS / 1_000_000);
        return Err(DataError::TooLarge { name: name.to_owned(), problem });
    }
    if width == 0 || height == 0 {
        return Err(faulty(name, Fault::Damaged("it has no pixels".to_owned())));
    }
    Ok(decoder)
}

fn limits(bytes: u64) -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(bytes);
    limits
}

fn refused(name: &str, error: &ImageError) -> DataError {
    let text = || error.to_string().replace('\n', " ");
    let fault = match error {
        ImageError::Unsupported(_) => Fault::Unusual(text()),
        ImageError::Limits(_) => Fault::Memory,
        ImageError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => Fault::CutOff,
        _ => Fault::Damaged(text()),
    };
    faulty(name, fault)
}

/// Brings a picture to a network's input shape: `[channel][row][column]`, luma for one channel. Scaling averages
/// over what falls together (a triangle filter as wide as the step), so small inputs do not alias.
#[must_use]
pub fn fit_picture(picture: &Picture, [channels, height, width]: [usize; 3], fit: Fit) -> Vec<u8> {
    let fitted = if (picture.width, picture.height) == (width, height) {
        picture.rgb.clone()
    } else {
        scale(picture, height, width, fit)
    };
    match channels {
        1 => fitted.chunks_exact(3).map(|p| luma([p[0], p[1], p[2]])).collect(),
        _ => (0..channels).flat_map(|channel| fitted.iter().skip(channel).step_by(3).copied()).collect(),
    }
}

#[allow(clippy::cast_possible_truncation, reason = "sides come from pictures that fit 32 bits")]
fn scale(picture: &Picture, height: usize, width: usize, fit: Fit) -> Vec<u8> {
    let (from_width, from_height) = (picture.width, picture.height);
    // Cutting before scaling keeps the work bounded however long and thin the picture is.
    let (cut_width, cut_height) = match fit {
        Fit::Cover => inside((width, height), (from_width, from_height)),
        Fit::Contain | Fit::Stretch => (from_width, from_height),
    };
    let (to_width, to_height) = match fit {
        Fit::Contain => inside((from_width, from_height), (width, height)),
        Fit::Cover | Fit::Stretch => (width, height),
    };
    let (left, top) = ((from_width - cut_width) / 2, (from_height - cut_height) / 2);
    let cut = Rect { x: left as u32, y: top as u32, width: cut_width as u32, height: cut_height as u32 };
    let scaled = resample(picture, cut, (to_width, to_height));
    let mut frame = vec![0; 3 * height * width];
    let (left, top) = ((width - to_width) / 2, (height - to_height) / 2);
    for (row, line) in scaled.chunks_exact(3 * to_width).enumerate() {
        frame[3 * ((top + row) * width + left)..][..line.len()].copy_from_slice(line);
    }
    frame
}

/// The largest size of `shape`'s aspect ratio inside a frame, at least one pixel.
fn inside(shape: (usize, usize), frame: (usize, usize)) -> (usize, usize) {
    let divide = |a: usize, b: usize, c: usize| ((a * b + c / 2) / c).max(1);
    if shape.0 * frame.1 > frame.0 * shape.1 {
        (frame.0, divide(frame.0, shape.1, shape.0).min(frame.1))
    } else {
        (divide(frame.1, shape.0, shape.1).min(frame.0), frame.1)
    }
}

/// What a picture shows in a rectangle, in another size (width, height).
#[allow(clippy::cast_possible_truncation, reason = "sides come from pictures and shapes that fit 32 bits")]
fn resample(picture: &Picture, from: Rect, to: (usize, usize)) -> Vec<u8> {
    let whole = ImageBuffer::<Rgb<u8>, _>::from_raw(picture.width as u32, picture.height as u32, &picture.rgb[..]);
    // A picture whose bytes do not agree with its size shows as black.
    let Some(whole) = whole else { return vec![0; 3 * to.0 * to.1] };
    let cut = imageops::crop_imm(&whole, from.x, from.y, from.width, from.height);
    imageops::resize(&*cut, to.0 as u32, to.1 as u32, FilterType::Triangle).into_raw()
}
