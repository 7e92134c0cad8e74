//! Batches: the same whatever the threads, going on anywhere, each image once in an epoch.

use lab_core::data::{Batch, Dataset, Loader, LoaderOptions, Position, augmented_samples, evaluation_batches};
use lab_core::experiment::{Augmentation, Data};
use std::sync::Arc;

fn dataset(train_limit: usize) -> Arc<Dataset> {
    let data = Data { train_limit: Some(train_limit), validation_limit: Some(50), ..Data::default() };
    Arc::new(Dataset::load(&data, 0).unwrap())
}

fn everything() -> Augmentation {
    Augmentation { pad_crop: 4, flip: true, cutout: 8, brightness: 0.2, contrast: 0.3, rotation: 15.0, mixup: 0.4 }
}

fn loader(dataset: &Arc<Dataset>, augmentation: Augmentation) -> Loader {
    let options = LoaderOptions::new(32, 3, augmentation);
    Loader::new(Arc::clone(dataset), options, Position::default()).unwrap()
}

fn take(loader: &mut Loader, count: usize) -> Vec<Batch> {
    (0..count).map(|_| loader.next_batch().unwrap()).collect()
}

#[test]
fn batches_are_the_same_whatever_the_threads_and_the_look_ahead() {
    let dataset = dataset(200);
    let expected = take(&mut loader(&dataset, everything()), 20);
    for (workers, look_ahead) in [(1, 1), (2, 3), (4, 9)] {
        let options = LoaderOptions { workers, look_ahead, ..LoaderOptions::new(32, 3, everything()) };
        let mut loader = Loader::new(Arc::clone(&dataset), options, Position::default()).unwrap();
        assert!(take(&mut loader, 20) == expected, "{workers} threads, {look_ahead} ahead");
    }
    let other_seed = LoaderOptions::new(32, 4, everything());
    let mut other = Loader::new(dataset, other_seed, Position::default()).unwrap();
    assert!(other.next_batch().unwrap() != expected[0]);
}

#[test]
fn training_goes_on_at_any_position() {
    let dataset = dataset(200);
    let mut first = loader(&dataset, everything());
    assert_eq!(first.batches_per_epoch(), 6);
    let expected = take(&mut first, 20);
    assert_eq!(first.position(), Position { epoch: 3, batch: 2 });
    for (skip, start) in [(4, (0, 4)), (6, (1, 0)), (6, (0, 6)), (15, (2, 3))] {
        let start = Position { epoch: start.0, batch: start.1 };
        let options = LoaderOptions::new(32, 3, everything());
        let mut resumed = Loader::new(Arc::clone(&dataset), options, start).unwrap();
        assert!(take(&mut resumed, 20 - skip) == expected[skip..], "from {start:?}");
        resumed.seek(Position::default());
        assert!(resumed.next_batch().unwrap() == expected[0]);
    }
}

#[test]
fn a_new_augmentation_counts_from_the_next_batch_on() {
    let dataset = dataset(200);
    let (plain, varied) = (Augmentation::default(), everything());
    let without = take(&mut loader(&dataset, plain.clone()), 12);
    let with = take(&mut loader(&dataset, varied.clone()), 12);
    let mut changing = loader(&dataset, plain.clone());
    let mut found = take(&mut changing, 5);
    changing.set_augmentation(varied);
    found.extend(take(&mut changing, 4));
    changing.set_augmentation(plain);
    found.extend(take(&mut changing, 3));
    assert!(found[..5] == without[..5] && found[5..9] == with[5..9] && found[9..] == without[9..]);
}

#[test]
fn an_epoch_takes_each_image_at_most_once_in_an_order_of_its_own() {
    let dataset = dataset(200);
    let mut loader = loader(&dataset, Augmentation::default());
    let images = |batches: Vec<Batch>| -> Vec<Vec<u32>> {
        let pixels = batches.iter().flat_map(|batch| batch.pixels.chunks(784));
        pixels.map(|image| image.iter().map(|input| input.to_bits()).collect()).collect()
    };
    let (first, second) = (images(take(&mut loader, 6)), images(take(&mut loader, 6)));
    assert_ne!(first, second);
    let mut distinct = first.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!((first.len(), distinct.len()), (192, 192));
}

#[test]
fn fewer_images_than_a_batch_make_one_batch() {
    let dataset = dataset(20);
    let mut loader = loader(&dataset, Augmentation::default());
    assert_eq!(loader.batches_per_epoch(), 1);
    for epoch in 0..3 {
        assert_eq!(loader.position(), Position { epoch, batch: 0 });
        assert_eq!(loader.next_batch().unwrap().size, 20);
    }
}

#[test]
fn evaluation_takes_every_image_in_order_and_normalizes_as_pytorch_does() {
    let dataset = dataset(20);
    let batches: Vec<Batch> =
        evaluation_batches(&dataset.validation, &dataset.mean, &dataset.std, 16).map(Result::unwrap).collect();
    assert_eq!(batches.iter().map(|batch| batch.size).collect::<Vec<_>>(), [16, 16, 16, 2]);
    let labels: Vec<u16> = batches.iter().flat_map(|batch| batch.labels.clone()).collect();
    assert_eq!(labels, dataset.validation.labels);
    let inputs: Vec<f32> = batches.into_iter().flat_map(|batch| batch.pixels).collect();
    let expected = |&byte: &u8| (f32::from(byte) / 255.0 - dataset.mean[0]) / dataset.std[0];
    assert_eq!(inputs, dataset.validation.bytes().unwrap().iter().map(expected).collect::<Vec<_>>());
}

#[test]
fn mixed_batches_say_with_what() {
    let dataset = dataset(200);
    let mixup = Augmentation { mixup: 1.0, ..Augmentation::default() };
    let plain = loader(&dataset, Augmentation::default()).next_batch().unwrap();
    let mixed = loader(&dataset, mixup).next_batch().unwrap();
    let mix = mixed.mix.unwrap();
    assert_eq!((&mixed.labels, mix.labels.len()), (&plain.labels, 32));
    let partner = |index: usize| {
        let image = &plain.pixels[index * 784..][..784];
        let mixed = &mixed.pixels[index * 784..][..784];
        (0..32).find(|&other| {
            let other = &plain.pixels[other * 784..][..784];
            image
                .iter()
                .zip(other)
                .zip(mixed)
                .all(|((a, b), m)| (mix.lambda * a + (1.0 - mix.lambda) * b - m).abs() < 1e-5)
        })
    };
    for index in 0..32 {
        let partner = partner(index).expect("some image of the batch was mixed in");
        assert_eq!(mix.labels[index], plain.labels[partner]);
    }
}

#[test]
fn each_batch_draws_its_own_weight() {
    let mixup = Augmentation { mixup: 1.0, ..Augmentation::default() };
    let batches = take(&mut loader(&dataset(200), mixup), 30);
    let mut weights: Vec<f32> = batches.into_iter().map(|batch| batch.mix.unwrap().lambda).collect();
    weights.sort_by(f32::total_cmp);
    weights.dedup();
    assert_eq!(weights.len(), 30);
}

#[test]
fn a_sample_sheet_shows_what_the_network_gets() {
    let dataset = dataset(20);
    let as_they_are = augmented_samples(&dataset, &Augmentation::default(), 0, 0, &[3, 7, 1_000_000]).unwrap();
    assert_eq!(as_they_are.len(), 2, "there is no image 1,000,000");
    let red: Vec<u8> = as_they_are[1].rgb.iter().copied().step_by(3).collect();
    assert_eq!((as_they_are[0].width, red.as_slice()), (28, &*dataset.train.image(7).unwrap()));
    let varied = augmented_samples(&dataset, &everything(), 0, 0, &[3, 7]);
    assert_eq!(varied, augmented_samples(&dataset, &everything(), 0, 0, &[3, 7]));
    let cropped = |epoch| augmented_samples(&dataset, &Augmentation::pad_crop_flip(), 0, epoch, &[3, 7]);
    assert_ne!(cropped(0), cropped(1), "each epoch varies anew");
}

#[test]
fn threads_end_with_their_loader() {
    let dataset = dataset(200);
    for _ in 0..100 {
        let options = LoaderOptions { workers: 8, ..LoaderOptions::new(32, 3, everything()) };
        drop(Loader::new(Arc::clone(&dataset), options, Position::default()).unwrap());
    }
    assert_eq!(Arc::strong_count(&dataset), 1, "a thread still holds the data set");
}

#[test]
fn a_thread_that_breaks_says_so_and_goes_on() {
    let mut broken = Dataset::clone(&dataset(64));
    broken.train.pixels = broken.train.bytes().unwrap()[..40 * 784].to_vec().into();
    let mut loader = loader(&Arc::new(broken), Augmentation::default());
    for _ in 0..3 {
        let message = loader.next_batch().unwrap_err().to_string();
        assert!(message.contains("putting a batch together failed") && message.contains("range"), "{message}");
    }
}
