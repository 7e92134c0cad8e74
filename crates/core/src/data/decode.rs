//! Picture files decoded side by side into images of one size; files that cannot be read are left out and named.

use super::error::DataError;
use super::found::Listed;
use super::images::{Images, MAX_SIDE, check_size};
use super::left_out::{LeftOut, leave_out};
use super::picture::{Picture, fit_picture, picture_size, read_picture_in};
use super::sizes::Sizes;
use super::store::Store;
use crate::experiment::{Channels, Data, Fit, Resize};
use rayon::prelude::*;
use std::path::Path;

/// How pictures are to be decoded.
pub(super) struct Decoder<'a> {
    /// The data set, for messages.
    pub folder: &'a Path,
    pub store: &'a Store,
    pub data: &'a Data,
    /// The side that the networks expect, where nobody names a size.
    pub usual_side: Option<usize>,
}

/// What [`Decoder::decode`] made of a list of files.
pub(super) struct Decoded {
    pub images: Images,
    /// Ascending indices of the files that could be read.
    pub good: Vec<usize>,
    /// Of the pictures as they lie in their files.
    pub sizes: Option<Sizes>,
    /// That a size was chosen for them.
    pub notice: Option<String>,
}

impl Decoder<'_> {
    /// Decodes pictures into images with as many channels as the data asks for: one if left open and all are gray.
    /// `left_out` learns of files that cannot be read. The images are in the order of `listed`.
    pub fn decode(&self, listed: &[Listed], left_out: &mut Vec<LeftOut>) -> Result<Decoded, DataError> {
        let (to, notice) = match self.data.resize {
            Some(resize) => (resize, None),
            None => self.size(listed)?,
        };
        let channels = if self.data.channels == Channels::Gray { 1 } else { 3 };
        let shape = [channels, to.height, to.width];
        check_size(self.folder, listed.len(), shape)?;
        let stride: usize = shape.iter().product();
        let mut pixels = vec![0; listed.len() * stride];
        let read = |(target, file): (&mut [u8], &Listed)| {
            let picture = read_picture_in(self.store, &file.path)?;
            target.copy_from_slice(&fit_picture(&picture, shape, to.fit));
            let Picture { width, height, .. } = picture;
            Ok((width, height))
        };
        let results: Vec<Result<(usize, usize), DataError>> =
            pixels.par_chunks_mut(stride).zip(listed).map(read).collect();
        self.report(listed, &results, left_out)?;
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
        let is_gray = self.data.channels == Channels::Auto && is_gray(&images);
        let images = if is_gray { images.into_gray() } else { images };
        Ok(Decoded { images, good, sizes: Sizes::of(results.into_iter().flatten().collect()), notice })
    }

    /// Some unreadable files are a fact of life; when most of them are, something else is wrong.
    fn report<T>(
        &self,
        listed: &[Listed],
        results: &[Result<T, DataError>],
        left_out: &mut Vec<LeftOut>,
    ) -> Result<(), DataError> {
        let failed = || listed.iter().zip(results).filter_map(|(file, result)| Some((file, result.as_ref().err()?)));
        let count = failed().count();
        if let Some((_, first)) = failed().next().filter(|_| count * 2 > listed.len()) {
            let problem = format!("{count} of {} pictures cannot be read, the first because: {first}", listed.len());
            return Err(DataError::unusable(self.folder, problem, "replace or remove these files"));
        }
        for (file, error) in failed() {
            let (kind, reason) = error.reason();
            leave_out(left_out, kind, reason, file.path.clone());
        }
        Ok(())
    }

    /// The size that all pictures have, from their headers, or one that suits them, and what to say about it. Those
    /// that cannot be read are left to [`Self::report`].
    fn size(&self, listed: &[Listed]) -> Result<(Resize, Option<String>), DataError> {
        let results: Vec<Result<(usize, usize), DataError>> =
            listed.par_iter().map(|file| picture_size(self.store, &file.path)).collect();
        let Some(sizes) = Sizes::of(results.iter().filter_map(|size| size.as_ref().ok().copied()).collect()) else {
            self.report(listed, &results, &mut Vec::new())?;
            return Err(DataError::unknown(self.folder, "it holds no readable pictures"));
        };
        let (width, height) = sizes.smallest;
        if sizes.are_equal() && width.max(height) <= MAX_SIDE {
            return Ok((Resize { height, width, fit: Fit::default() }, None));
        }
        let side = sizes.side(self.usual_side);
        let (least, most) = (shown(sizes.smallest), shown(sizes.largest));
        let have = if sizes.are_equal() {
            format!("all pictures have {most} pixels, and sides up to {MAX_SIDE} can be trained on, so they")
        } else {
            format!("pictures differ in size, from {least} to {most} pixels, and")
        };
        let or = if self.usual_side.is_some() { "" } else { ", or to what the networks expect if that is less" };
        let notice = format!(
            "{have} are brought to {side}×{side}{or}; for another size, tick Resize in the window, or train with \
             --set data.resize.height=64 --set data.resize.width=64"
        );
        Ok((Resize { height: side, width: side, fit: Fit::default() }, Some(notice)))
    }
}

fn shown((width, height): (usize, usize)) -> String {
    format!("{width}×{height}")
}

fn is_gray(images: &Images) -> bool {
    let plane = images.height * images.width;
    images.channels == 3
        && images
            .pixels
            .par_chunks(images.stride())
            .all(|image| image[..plane] == image[plane..2 * plane] && image[plane..2 * plane] == image[2 * plane..])
}
