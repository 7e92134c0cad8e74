//! Picture files decoded side by side into images of one size; files that cannot be read are left out and named.

use super::error::DataError;
use super::found::{Listed, files, first_few};
use super::images::{Images, check_size};
use super::picture::{fit_picture, picture_size, read_picture};
use crate::experiment::{Channels, Data, Fit, Resize};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// What [`decode`] made of a list of files.
pub(super) struct Decoded {
    pub images: Images,
    /// Ascending indices of the files that could be read.
    pub good: Vec<usize>,
}

/// Decodes pictures into images with as many channels as `data` asks for: one if left open and all are gray.
/// `notices` learns of files that were left out. The images are in the order of `listed`.
pub(super) fn decode(
    folder: &Path,
    listed: &[Listed],
    data: &Data,
    notices: &mut Vec<String>,
) -> Result<Decoded, DataError> {
    let to = match data.resize {
        Some(resize) => resize,
        None => common_size(folder, listed)?,
    };
    let channels = if data.channels == Channels::Gray { 1 } else { 3 };
    let shape = [channels, to.height, to.width];
    check_size(folder, listed.len(), shape)?;
    let stride: usize = shape.iter().product();
    let mut pixels = vec![0; listed.len() * stride];
    let read = |(target, file): (&mut [u8], &Listed)| -> Result<(), DataError> {
        target.copy_from_slice(&fit_picture(&read_picture(&file.path)?, shape, to.fit));
        Ok(())
    };
    let results: Vec<Result<(), DataError>> = pixels.par_chunks_mut(stride).zip(listed).map(read).collect();
    report(folder, listed, &results, notices)?;
    let images = Images {
        channels,
        height: to.height,
        width: to.width,
        pixels,
        labels: listed.iter().map(|file| file.label).collect(),
        files: listed.iter().map(|file| file.path.clone()).collect(),
    };
    let good: Vec<usize> = (0..listed.len()).filter(|&index| results[index].is_ok()).collect();
    let images = images.select(&good);
    let gray = data.channels == Channels::Auto && is_gray(&images);
    Ok(Decoded { images: if gray { images.into_gray() } else { images }, good })
}

/// Some unreadable files are a fact of life; when most of them are, something else is wrong.
fn report<T>(
    folder: &Path,
    listed: &[Listed],
    results: &[Result<T, DataError>],
    notices: &mut Vec<String>,
) -> Result<(), DataError> {
    let failed: Vec<PathBuf> =
        listed.iter().zip(results).filter(|(_, result)| result.is_err()).map(|(file, _)| file.path.clone()).collect();
    let Some(Err(first)) = results.iter().find(|result| result.is_err()) else { return Ok(()) };
    if failed.len() * 2 > listed.len() {
        let problem =
            format!("{} of {} pictures cannot be read, the first because: {first}", failed.len(), listed.len());
        return Err(DataError::unusable(folder, problem, "replace or remove these files"));
    }
    notices.push(format!("{} cannot be read and were left out: {}", files(failed.len()), first_few(&failed)));
    Ok(())
}

/// The size that all pictures have, from their headers; those that cannot be read are left to [`report`].
fn common_size(folder: &Path, listed: &[Listed]) -> Result<Resize, DataError> {
    let sizes: Vec<Result<(usize, usize), DataError>> =
        listed.par_iter().map(|file| picture_size(&file.path)).collect();
    let mut known = listed.iter().zip(&sizes).filter_map(|(file, size)| Some((&file.path, *size.as_ref().ok()?)));
    let Some((first, (width, height))) = known.next() else {
        report(folder, listed, &sizes, &mut Vec::new())?;
        return Err(DataError::unknown(folder, "it holds no readable pictures"));
    };
    if let Some((other, (w, h))) = known.find(|(_, size)| *size != (width, height)) {
        let problem = format!(
            "its pictures differ in size: {} has {width}×{height} pixels and {} has {w}×{h}",
            first.display(),
            other.display()
        );
        let advice = "set data.resize, for example { height = 64, width = 64 }";
        return Err(DataError::unusable(folder, problem, advice));
    }
    Ok(Resize { height, width, fit: Fit::default() })
}

fn is_gray(images: &Images) -> bool {
    let plane = images.height * images.width;
    images.channels == 3
        && images
            .pixels
            .par_chunks(images.stride())
            .all(|image| image[..plane] == image[plane..2 * plane] && image[plane..2 * plane] == image[2 * plane..])
}
