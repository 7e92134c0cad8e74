//! Decoded pictures that are kept: the same bytes as without, from memory or from the file, and never the wrong ones.

use crate::make::{data_at, picture, save, write_classes};
use lab_core::data::cache::{self, CachePolicy};
use lab_core::data::{DataError, Dataset, LoadOptions, Loader, LoaderOptions, Position};
use lab_core::data::{augmented_samples, evaluation_batches};
use lab_core::experiment::{Augmentation, Channels, Data, Fit, Holdout, Resize};
use lab_core::watch::{Progress, Watch};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use tempfile::{TempDir, tempdir};

/// Keeps everything, and leaves it in the file.
fn in_file(folder: &Path) -> CachePolicy<'_> {
    CachePolicy { folder: Some(folder), from: 0, in_memory: 0, at_most: 1 << 30 }
}

fn in_memory(folder: &Path) -> CachePolicy<'_> {
    CachePolicy { in_memory: 1 << 30, ..in_file(folder) }
}

fn load(data: &Data, seed: u64, keeping: CachePolicy) -> Result<Dataset, DataError> {
    let options = LoadOptions { keeping, ..LoadOptions::default() };
    Dataset::load_with(data, seed, options).map(|(dataset, _)| dataset)
}

/// Two classes of pictures of several sizes, one of them unreadable; and an empty folder for what is kept.
fn pictures() -> (TempDir, TempDir) {
    let place = tempdir().unwrap();
    for number in 0..24_u8 {
        let class = if number % 2 == 0 { "ape" } else { "bee" };
        let path = place.path().join(class).join(format!("{number}.png"));
        save(&path, &picture(number, 20 + u32::from(number), 30));
    }
    fs::write(place.path().join("bee/bad.png"), "no picture").unwrap();
    (place, tempdir().unwrap())
}

fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn whatever_is_kept_gives_the_same_images_batches_and_words() {
    let (place, kept) = pictures();
    let data = data_at(place.path());
    let plain = Dataset::load(&data, 3).unwrap();
    for keeping in [in_file(kept.path()), in_file(kept.path()), in_memory(kept.path())] {
        let dataset = load(&data, 3, keeping).unwrap();
        assert_eq!(files(kept.path()).len(), 1, "made once");
        for (own, other) in [(&dataset.train, &plain.train), (&dataset.validation, &plain.validation)] {
            assert!(own.bytes().unwrap() == other.bytes().unwrap());
            assert_eq!((&own.labels, &own.files, own.shape()), (&other.labels, &other.files, other.shape()));
            let batches = |images| -> Vec<_> { evaluation_batches(images, &[0.5; 3], &[0.2; 3], 5).collect() };
            assert_eq!(batches(own), batches(other));
        }
        assert_eq!((&dataset.mean, &dataset.std, &dataset.notices), (&plain.mean, &plain.std, &plain.notices));
        let samples = |dataset: &Dataset| augmented_samples(dataset, &Augmentation::pad_crop_flip(), 1, 2, &[0, 5, 3]);
        assert_eq!(samples(&dataset), samples(&plain));
        let batches = |dataset: Dataset| {
            let options = LoaderOptions::new(4, 7, Augmentation::pad_crop_flip());
            let mut loader = Loader::new(Arc::new(dataset), options, Position::default()).unwrap();
            (0..9).map(|_| loader.next_batch().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(batches(dataset), batches(plain.clone()));
    }
}

#[test]
fn another_seed_or_share_takes_what_is_kept_and_changed_files_do_not() {
    let (place, kept) = pictures();
    let data = data_at(place.path());
    load(&data, 0, in_file(kept.path())).unwrap();
    let shared = Data { holdout: Holdout::Share(0.5), ..data.clone() };
    let dataset = load(&shared, 9, in_file(kept.path())).unwrap();
    assert_eq!((files(kept.path()).len(), dataset.train.len() + dataset.validation.len()), (1, 24));
    assert!(dataset.train.bytes().unwrap() == Dataset::load(&shared, 9).unwrap().train.bytes().unwrap());
    let resized = Data { resize: Some(Resize { height: 16, width: 32, fit: Fit::default() }), ..data.clone() };
    assert_eq!(load(&resized, 0, in_file(kept.path())).unwrap().shape(), [3, 16, 32]);
    assert_eq!(files(kept.path()).len(), 2);
    // The same name, another picture.
    save(&place.path().join("ape/0.png"), &picture(99, 21, 30));
    let changed = load(&data, 0, in_file(kept.path())).unwrap();
    assert_eq!(files(kept.path()).len(), 3);
    assert!(changed.train.bytes().unwrap() == Dataset::load(&data, 0).unwrap().train.bytes().unwrap());
}

#[test]
fn gray_pictures_take_one_channel_from_a_file_too() {
    let (place, kept) = (tempdir().unwrap(), tempdir().unwrap());
    for (class, name) in [(0_u8, "ape"), (90, "bee")] {
        for number in 0..5 {
            let gray =
                image::GrayImage::from_fn(8, 8, |x, y| image::Luma([class + number + u8::try_from(x * y).unwrap()]));
            save(&place.path().join(name).join(format!("{number}.png")), &image::DynamicImage::from(gray).to_rgb8());
        }
    }
    let data = data_at(place.path());
    let (plain, dataset) = (Dataset::load(&data, 0).unwrap(), load(&data, 0, in_file(kept.path())).unwrap());
    assert_eq!(dataset.shape(), [1, 8, 8]);
    assert!(dataset.train.bytes().unwrap() == plain.train.bytes().unwrap());
    assert_eq!((dataset.mean, dataset.std), (plain.mean, plain.std));
    let rgb = Data { channels: Channels::Rgb, ..data };
    assert_eq!(load(&rgb, 0, in_file(kept.path())).unwrap().shape(), [3, 8, 8]);
    assert_eq!(files(kept.path()).len(), 1, "the same file serves both");
}

#[test]
fn damage_is_noticed_and_made_good() {
    let (place, kept) = pictures();
    let data = data_at(place.path());
    let plain = load(&data, 0, in_file(kept.path())).unwrap().train.bytes().unwrap().into_owned();
    let path = files(kept.path()).remove(0);
    let whole = fs::read(&path).unwrap();
    // Anywhere in the file: what is said about the pictures, or its end.
    for at in (0..24).chain((whole.len() - 900)..whole.len()).step_by(7) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x20;
        fs::write(&path, bytes).unwrap();
        assert!(load(&data, 0, in_file(kept.path())).unwrap().train.bytes().unwrap() == plain, "byte {at}");
    }
    for length in [0, 10, 30, whole.len() / 2, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        assert!(load(&data, 0, in_file(kept.path())).unwrap().train.bytes().unwrap() == plain, "{length} bytes");
    }
    // In the pixels: read into memory they are made again, and read later they are refused.
    let mut bytes = whole.clone();
    bytes[24..24 + 24 * 3 * 200].iter_mut().for_each(|byte| *byte ^= 1);
    fs::write(&path, &bytes).unwrap();
    let dataset = load(&data, 0, in_file(kept.path())).unwrap();
    let message = dataset.train.bytes().unwrap_err().to_string();
    assert!(message.contains("its pictures have changed") && message.contains("delete this file"), "{message}");
    assert!(load(&data, 0, in_memory(kept.path())).unwrap().train.bytes().unwrap() == plain);
    assert!(load(&data, 0, in_file(kept.path())).unwrap().train.bytes().unwrap() == plain, "made again");
}

#[test]
fn the_oldest_go_when_there_is_too_much_and_a_person_can_see_and_remove_all() {
    let kept = tempdir().unwrap();
    let places: Vec<TempDir> = (0..4).map(|_| tempdir().unwrap()).collect();
    for place in &places {
        write_classes(place.path(), &["ape", "bee"], 20);
    }
    let one = {
        load(&data_at(places[0].path()), 0, in_file(kept.path())).unwrap();
        cache::list(kept.path()).unwrap()[0].bytes
    };
    let keeping = CachePolicy { at_most: 3 * one + one / 2, ..in_file(kept.path()) };
    for place in [1, 2, 0, 3] {
        load(&data_at(places[place].path()), 0, keeping).unwrap();
        // A file system's clock may tick a hundred times a second only.
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let sources: Vec<PathBuf> = cache::list(kept.path()).unwrap().into_iter().filter_map(|it| it.source).collect();
    assert_eq!(sources, [3, 0, 2].map(|place| places[place].path().to_owned()), "the last one used comes first");
    fs::write(kept.path().join("damaged.pictures"), "?").unwrap();
    fs::write(kept.path().join("of somebody else"), "?").unwrap();
    let listed = cache::list(kept.path()).unwrap();
    assert_eq!((listed[0].source.clone(), listed[1].count, listed[1].size), (None, 40, (8, 8)));
    assert_eq!(cache::clear(kept.path()).unwrap(), (4, 3 * one + 1));
    assert_eq!(files(kept.path()).len(), 1, "what is not ours stays");
    // What is too large by itself is used, and gone afterwards.
    let dataset = load(&data_at(places[0].path()), 0, CachePolicy { at_most: 9, ..keeping }).unwrap();
    assert_eq!((dataset.train.bytes().unwrap().len(), files(kept.path()).len()), (36 * 192, 1));
    assert!(cache::list(Path::new("/nowhere")).unwrap().is_empty());
}

/// A run names its images from the root, and whoever trained it perhaps did not.
#[test]
fn the_same_pictures_by_another_path_are_kept_once() {
    let (place, kept) = pictures();
    for path in [place.path().to_owned(), place.path().join(".")] {
        load(&data_at(&path), 0, in_file(kept.path())).unwrap();
    }
    let found = cache::list(kept.path()).unwrap();
    assert_eq!((found.len(), found[0].channels), (1, 3));
}

#[test]
fn whoever_waits_is_told_how_far_it_is_and_can_stop_it() {
    let (place, kept) = pictures();
    let told = AtomicU64::new(0);
    let count = |progress: Progress| {
        assert_eq!(progress.of, 25);
        told.fetch_max(progress.done, Ordering::Relaxed);
        true
    };
    let stop = |progress: Progress| progress.done < 5;
    let with = |watch: &(dyn Fn(Progress) -> bool + Sync), keeping| {
        let options = LoadOptions { keeping, watch: Some(Watch(watch)), ..LoadOptions::default() };
        Dataset::load_with(&data_at(place.path()), 0, options).map(|(dataset, _)| dataset.train.len())
    };
    for keeping in [in_file(kept.path()), CachePolicy::default()] {
        assert_eq!(with(&stop, keeping), Err(DataError::Stopped));
        assert!(files(kept.path()).is_empty(), "nothing half-made stays");
    }
    assert_eq!(with(&count, in_file(kept.path())), Ok(22));
    assert_eq!(told.load(Ordering::Relaxed), 25);
    assert_eq!(with(&stop, in_file(kept.path())), Ok(22), "there is nothing to wait for any more");
}

#[test]
fn without_a_folder_to_keep_them_in_pictures_are_decoded_each_time() {
    let (place, kept) = pictures();
    let taken = kept.path().join("taken");
    fs::write(&taken, "a file where the folder should be").unwrap();
    let dataset = load(&data_at(place.path()), 0, in_memory(&taken)).unwrap();
    assert!(dataset.notices.iter().any(|text| text.contains("decoded again at each start")), "{:?}", dataset.notices);
    let message = load(&data_at(place.path()), 0, in_file(&taken)).unwrap_err().to_string();
    assert!(message.contains("cannot write decoded pictures") && message.contains("space left"), "{message}");
}

/// A measurement for ARCHITECTURE.md: `cargo test --release --test data -- --ignored --nocapture how_fast`.
#[test]
#[ignore = "it takes a minute and is for an idle machine"]
fn how_fast_batches_of_small_images_come_from_memory_and_from_the_file() {
    let (place, kept) = (tempdir().unwrap(), tempdir().unwrap());
    for number in 0..20_000_u32 {
        let [class, shade] = [number % 10, number % 251].map(|part| u8::try_from(part).unwrap());
        save(&place.path().join(format!("{class}/{number}.png")), &picture(shade, 32, 32));
    }
    let data = data_at(place.path());
    let [file, memory] = [in_file(kept.path()), in_memory(kept.path())].map(|keeping| load(&data, 0, keeping).unwrap());
    let mut loaders = [file, memory].map(|dataset| {
        let options = LoaderOptions::new(128, 7, Augmentation::pad_crop_flip());
        Loader::new(Arc::new(dataset), options, Position::default()).unwrap()
    });
    let mut epoch = |which: usize| {
        let begun = Instant::now();
        (0..loaders[which].batches_per_epoch()).for_each(|_| drop(loaders[which].next_batch().unwrap()));
        begun.elapsed().as_secs_f64() * 1e6 / 18_000.0
    };
    let mut ratios: Vec<f64> = (0..9)
        .map(|pair| {
            let (file, memory) = (epoch(0), epoch(1));
            println!("pair {pair}: {file:.2} µs an image from the file, {memory:.2} µs from memory");
            file / memory
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    println!("median ratio {:.2}", ratios[4]);
    assert!(ratios[4] < 3.0, "{ratios:?}");
}
