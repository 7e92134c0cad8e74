//! Picture files decoded side by side into images of one size; files that cannot be read are left out and named. What
//! took long is kept in the user's cache folder and read from there the next time.

use super::cache::{self, About, CachePolicy, Key, Outcome, Writer};
use super::error::DataError;
use super::found::Listed;
use super::images::{Images, check_bytes};
use super::left_out::{LeftOut, leave_out};
use super::picture::{fit_picture, picture_size, read_from};
use super::pixel_file::Mark;
use super::pixels::Pixels;
use super::sizes::Sizes;
use super::store::Store;
use crate::experiment::{Channels, Data, Fit, MAX_SIDE, Resize};
use crate::watch::{Progress, Watch};
use rayon::prelude::*;
use std::hash::Hasher;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

/// The most bytes that the images of one data set may take in a file.
const MAX_BYTES: u64 = 256 << 30;

/// Counts up when pictures come out otherwise than before, so that none is taken that was kept earlier.
const MANNER: u32 = 2;

/// Bytes of images that are decoded before they are written.
const AT_A_TIME: usize = 64 << 20;

/// How pictures are to be decoded.
pub(super) struct Decoder<'a> {
    /// The data set, for messages.
    pub folder: &'a Path,
    pub store: &'a Store,
    pub data: &'a Data,
    /// The side that the networks expect, where nobody names a size.
    pub usual_side: Option<usize>,
    pub keeping: CachePolicy<'a>,
    pub watch: Option<Watch<'a>>,
}

/// What [`Decoder::decode`] made of a list of files.
pub(super) struct Decoded {
    pub images: Images,
    /// Ascending indices of the files that could be read.
    pub good: Vec<usize>,
    /// Of the pictures as they lie in their files.
    pub sizes: Option<Sizes>,
    /// That a size was chosen for them, and what else a person should know.
    pub notices: Vec<String>,
    /// The one of these that tells of the size.
    pub size_notice: Option<String>,
}

impl Decoder<'_> {
    /// Decodes pictures into images with as many channels as the data asks for: one if left open and all are gray.
    /// `left_out` learns of files that cannot be read. The images are in the order of `listed`.
    pub fn decode(&self, listed: &[Listed], left_out: &mut Vec<LeftOut>) -> Result<Decoded, DataError> {
        // Whichever images are held out, the same files make the same kept ones.
        let mut order: Vec<usize> = (0..listed.len()).collect();
        order.sort_by(|&a, &b| listed[a].path.cmp(&listed[b].path));
        let paths: Vec<&Path> = order.iter().map(|&index| listed[index].path.as_path()).collect();
        let mut notices = Vec::new();
        let (about, pixels) = self.kept_or_made(&paths, &mut notices)?;
        notices.extend(about.notice.clone());
        let size_notice = about.notice;
        let mut places = vec![0; order.len()];
        order.iter().enumerate().for_each(|(place, &index)| places[index] = place);
        let mut sizes = Vec::new();
        let mut good = Vec::new();
        for (index, &place) in places.iter().enumerate() {
            match &about.outcomes[place] {
                Outcome::Read(width, height) => {
                    sizes.push((*width, *height));
                    good.push(index);
                }
                Outcome::LeftOut { kind, reason } => {
                    leave_out(left_out, kind.clone(), reason, listed[index].path.clone());
                }
            }
        }
        let [channels, height, width] = about.shape;
        let good_places: Vec<usize> = good.iter().map(|&index| places[index]).collect();
        let is_all = good_places.iter().copied().eq(0..listed.len());
        let pixels = if is_all { pixels } else { pixels.select(&good_places, channels * height * width) };
        let labels = good.iter().map(|&index| listed[index].label).collect();
        let files = good.iter().map(|&index| listed[index].path.clone()).collect();
        let images = Images { channels, height, width, pixels, labels, files };
        let images = if self.data.channels == Channels::Auto { images.one_channel_if_gray() } else { images };
        Ok(Decoded { images, good, sizes: Sizes::of(sizes), notices, size_notice })
    }

    /// From the cache folder if they are there. What is made is kept there if it took long, and must be if it is large.
    fn kept_or_made(&self, paths: &[&Path], notices: &mut Vec<String>) -> Result<(About, Pixels), DataError> {
        let stamps: Vec<Option<(u64, SystemTime)>> = paths.par_iter().map(|path| self.store.stamp(path)).collect();
        let worth = stamps.iter().flatten().map(|(length, _)| length).sum::<u64>() >= self.keeping.from;
        let folder = self.keeping.folder.map(Path::to_owned).or_else(cache::user_folder);
        let key = self.key(paths, &stamps).to_string();
        if let Some(folder) = folder.as_deref().filter(|_| worth)
            && let Some((about, file)) = cache::open(folder, &key)
            && about.outcomes.len() == paths.len()
        {
            let pixels = Pixels::of_file(file);
            if !self.fits(paths.len(), about.shape) {
                return Ok((about, pixels));
            }
            if let Ok(bytes) = pixels.images(0, paths.len(), about.shape.iter().product()) {
                let pixels = bytes.into_owned().into();
                return Ok((about, pixels));
            }
        }
        let (to, notice) = match self.data.resize {
            Some(resize) => (resize, None),
            None => self.size(paths)?,
        };
        let channels = if self.data.channels == Channels::Gray { 1 } else { 3 };
        let shape = [channels, to.height, to.width];
        check_bytes(self.folder, paths.len(), shape, MAX_BYTES)?;
        let source = std::path::absolute(self.folder).unwrap_or_else(|_| self.folder.to_owned());
        let about = About { source, key, shape, outcomes: Vec::new(), notice };
        let fits = self.fits(paths.len(), shape);
        if !worth && fits {
            return self.in_memory(paths, about, to.fit);
        }
        let unwritable = |error: &std::io::Error| {
            let place = folder.as_ref().map_or_else(String::new, |folder| format!(" to {}", folder.display()));
            DataError::Unwritable(format!("cannot write decoded pictures{place} ({error})"))
        };
        let none = || std::io::Error::other("there is no cache folder");
        let made = match folder.as_deref().ok_or_else(none).and_then(|folder| Ok((folder, Writer::new(folder)?))) {
            Ok((folder, writer)) => self.in_file(paths, about.clone(), to.fit, folder, writer),
            Err(error) => Ok(Err(error)),
        };
        match made? {
            Ok((about, pixels)) if !fits => Ok((about, pixels)),
            Ok((about, pixels)) => {
                let bytes = pixels.images(0, paths.len(), shape.iter().product())?.into_owned();
                Ok((about, bytes.into()))
            }
            Err(error) if fits => {
                notices.push(format!("{}; they are decoded again at each start", unwritable(&error)));
                self.in_memory(paths, about, to.fit)
            }
            Err(error) => Err(unwritable(&error)),
        }
    }

    fn fits(&self, count: usize, shape: [usize; 3]) -> bool {
        (count as u64).saturating_mul(shape.iter().product::<usize>() as u64) <= self.keeping.in_memory
    }

    /// What the pictures are made from and how.
    fn key(&self, paths: &[&Path], stamps: &[Option<(u64, SystemTime)>]) -> Key {
        let mut key = Key::new();
        let folder = std::path::absolute(self.folder).unwrap_or_else(|_| PathBuf::new());
        key.add(folder.as_os_str().as_encoded_bytes());
        let how = (&self.data.resize, self.data.channels == Channels::Gray, self.usual_side, MANNER);
        key.add(format!("{how:?}").as_bytes());
        for (path, stamp) in paths.iter().zip(stamps) {
            // A relative path to the data set makes the same kept pictures as an absolute one.
            key.add(path.strip_prefix(self.folder).unwrap_or(path).as_os_str().as_encoded_bytes());
            let (length, time) = stamp.unwrap_or((u64::MAX, SystemTime::UNIX_EPOCH));
            let time = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            key.write_u64(length);
            key.write_u64(time.as_secs());
            key.write_u32(time.subsec_nanos());
        }
        key
    }

    fn in_memory(&self, paths: &[&Path], about: About, fit: Fit) -> Result<(About, Pixels), DataError> {
        let mut all = Vec::with_capacity(paths.len() * about.shape.iter().product::<usize>());
        let outcomes = self.read(paths, about.shape, fit, |pixels| {
            all.extend_from_slice(pixels);
            Ok(())
        })?;
        let outcomes = outcomes.map_err(|error| DataError::Unwritable(error.to_string()))?;
        Ok((About { outcomes, ..about }, all.into()))
    }

    /// The inner error is the file's.
    fn in_file(
        &self,
        paths: &[&Path],
        about: About,
        fit: Fit,
        folder: &Path,
        mut writer: Writer,
    ) -> Result<std::io::Result<(About, Pixels)>, DataError> {
        let plane = about.shape[1] * about.shape[2];
        let outcomes = self.read(paths, about.shape, fit, |pixels| {
            let marks: Vec<Mark> = pixels.par_chunks_exact(plane).map(Mark::of).collect();
            writer.push(pixels, &marks)
        })?;
        let finish = |outcomes| {
            let about = About { outcomes, ..about };
            // What could not be read today may be read tomorrow.
            let lacks = |it: &Outcome| matches!(it, Outcome::LeftOut { kind, .. } if kind.may_pass());
            let at_most = if about.outcomes.iter().any(lacks) { 0 } else { self.keeping.at_most };
            let file = writer.finish(&about, at_most, folder)?;
            Ok((about, Pixels::of_file(file)))
        };
        Ok(outcomes.and_then(finish))
    }

    /// Reads pictures some at a time, so that never more of them are in memory in their full size than there are
    /// threads, and hands them over in their order. The inner error is that of `take`.
    fn read(
        &self,
        paths: &[&Path],
        shape: [usize; 3],
        fit: Fit,
        mut take: impl FnMut(&[u8]) -> std::io::Result<()>,
    ) -> Result<std::io::Result<Vec<Outcome>>, DataError> {
        let stride: usize = shape.iter().product();
        let done = AtomicUsize::new(0);
        let read = |(target, path): (&mut [u8], &&Path)| {
            let (picture, size) = read_from(self.store, path, shape[1].max(shape[2]))?;
            target.copy_from_slice(&fit_picture(&picture, shape, fit));
            Ok(size)
        };
        let watched = |job: (&mut [u8], &&Path)| {
            let goes_on =
                |done| self.watch.is_none_or(|watch| (watch.0)(Progress { done: done as u64, of: paths.len() as u64 }));
            if !goes_on(done.load(Ordering::Relaxed)) {
                return Err(DataError::Stopped);
            }
            let result = read(job);
            goes_on(done.fetch_add(1, Ordering::Relaxed) + 1);
            result
        };
        let mut results = Vec::with_capacity(paths.len());
        let at_a_time = (AT_A_TIME / stride).max(1);
        let mut pixels = vec![0; stride * at_a_time.min(paths.len())];
        for paths in paths.chunks(at_a_time) {
            let pixels = &mut pixels[..stride * paths.len()];
            pixels.fill(0);
            results.par_extend(pixels.par_chunks_mut(stride).zip(paths).map(watched));
            if results.contains(&Err(DataError::Stopped)) {
                return Err(DataError::Stopped);
            }
            if let Err(error) = take(pixels) {
                return Ok(Err(error));
            }
        }
        self.check(paths.len(), &results)?;
        Ok(Ok(results.into_iter().map(outcome).collect()))
    }

    /// Some unreadable files are a fact of life; when most of them are, something else is wrong.
    fn check<T>(&self, count: usize, results: &[Result<T, DataError>]) -> Result<(), DataError> {
        let mut failed = results.iter().filter_map(|result| result.as_ref().err());
        let bad = failed.clone().count();
        match failed.next() {
            Some(first) if bad * 2 > count => {
                let problem = format!("{bad} of {count} pictures cannot be read, the first because: {first}");
                Err(DataError::unusable(self.folder, problem, "replace or remove these files"))
            }
            _ => Ok(()),
        }
    }

    /// The size that all pictures have, from their headers, or one that suits them, and what to say about it. Those
    /// that cannot be read are reported when they are decoded.
    fn size(&self, paths: &[&Path]) -> Result<(Resize, Option<String>), DataError> {
        let results: Vec<Result<(usize, usize), DataError>> =
            paths.par_iter().map(|path| picture_size(self.store, path)).collect();
        let Some(sizes) = Sizes::of(results.iter().filter_map(|size| size.as_ref().ok().copied()).collect()) else {
            self.check(paths.len(), &results)?;
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

fn outcome(result: Result<(usize, usize), DataError>) -> Outcome {
    match result {
        Ok((width, height)) => Outcome::Read(width, height),
        Err(error) => {
            let (kind, reason) = error.reason();
            Outcome::LeftOut { kind, reason }
        }
    }
}

fn shown((width, height): (usize, usize)) -> String {
    format!("{width}×{height}")
}
