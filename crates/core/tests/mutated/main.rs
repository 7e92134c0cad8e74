//! Real files of every format, changed at random: whatever comes of it, nothing panics, takes longer than two seconds or more
//! memory than 512 MB. The same seed changes them in the same way.
//!
//! `RESIDUAL_LAB_MUTATIONS` says how often each file is changed; ten thousand take some minutes where files are read from a
//! disk.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper that fails fails its test")]
#![allow(dead_code, reason = "the files are made by a module that other tests share")]

mod hold;
#[path = "../data/make.rs"]
mod make;
#[path = "../data/python.rs"]
mod python;

use hold::{hold, peak, times};
use image::ImageFormat;
use lab_core::data::decode_picture;
use lab_core::experiment::{Experiment, Plan, preset};
use lab_core::runs;
use lab_core::study::{Study, StudyPlan};
use make::{cifar, gzip, load, picture, write_classes, write_idx};
use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use tempfile::tempdir;

#[test]
fn pictures() {
    use ImageFormat::{Bmp, Gif, Jpeg, Png, Pnm, Tiff, WebP};
    let image = picture(3, 16, 12);
    for format in [Png, Jpeg, WebP, Bmp, Gif, Tiff, Pnm] {
        let mut good = Vec::new();
        image.write_to(&mut Cursor::new(&mut good), format).unwrap();
        decode_picture(&good).unwrap();
        hold(&format!("{format:?}"), &good, times(10_000), |bytes| drop(decode_picture(bytes)));
    }
}

/// A few kilobytes that ask for gigabytes beside their pixels.
#[test]
fn pictures_that_ask_for_more_than_they_are_worth() {
    let mut png = Vec::new();
    picture(3, 16, 12).write_to(&mut Cursor::new(&mut png), ImageFormat::Png).unwrap();
    let zeros = {
        let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        (0..1400).for_each(|_| packer.write_all(&vec![0; 1 << 20]).unwrap());
        packer.finish().unwrap()
    };
    let chunk = [b"iCCPbomb\0\0", &zeros[..]].concat();
    let mut sum = flate2::Crc::new();
    sum.update(&chunk);
    let length = u32::try_from(chunk.len() - 4).unwrap().to_be_bytes();
    png.splice(33..33, [&length[..], &chunk, &sum.sum().to_be_bytes()].concat());
    let _ = decode_picture(&png);

    let mut webp = Vec::new();
    picture(3, 16, 12).write_to(&mut Cursor::new(&mut webp), ImageFormat::WebP).unwrap();
    let pixels = webp.split_off(12);
    let extended =
        [b"VP8X\x0a\0\0\0\x08\0\0\0\x0f\0\0\x0b\0\0", &pixels[..], b"EXIF\xf0\xff\xff\x5f", &[0; 64]].concat();
    webp.extend(extended);
    let length = u32::try_from(webp.len() - 8).unwrap().to_le_bytes();
    webp.splice(4..8, length);
    let _ = decode_picture(&webp);
    assert!(peak().is_none_or(|peak| peak < 512 << 20), "{:?} bytes", peak());
}

/// Reads a data set of which one file has been changed.
fn hold_file(victim: &Path, data: &Path) {
    hold_file_often(victim, data, 400);
}

fn hold_file_often(victim: &Path, data: &Path, often: u32) {
    let good = fs::read(victim).unwrap();
    load(data).unwrap_or_else(|error| panic!("{}: {error}", data.display()));
    hold(&victim.display().to_string(), &good, times(often), |bytes| {
        fs::write(victim, bytes).unwrap();
        drop(load(data));
    });
    fs::write(victim, good).unwrap();
}

#[test]
fn data_sets() {
    let place = tempdir().unwrap();
    let at = |name: &str| place.path().join(name);
    fs::create_dir(at("idx")).unwrap();
    write_idx(&at("idx"), &[0, 1, 0, 1], &[0, 1]);
    for name in ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"] {
        hold_file(&at("idx").join(name), &at("idx"));
    }
    fs::create_dir(at("cifar")).unwrap();
    for name in ["data_batch_1.bin", "test_batch.bin"] {
        fs::write(at("cifar").join(name), cifar(&[&[0], &[1], &[1]])).unwrap();
    }
    hold_file(&at("cifar/data_batch_1.bin"), &at("cifar"));
    write_classes(&at("classes"), &["ape", "bee"], 2);
    hold_file(&at("classes/ape/0.png"), &at("classes"));
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/golden");
    for name in ["keras.npz", "medmnist.npz", "webdataset.tar", "svhn_packed.mat", "svhn_plain.mat"] {
        let copy = at(name);
        fs::copy(golden.join(name), &copy).unwrap();
        hold_file(&copy, &copy);
    }
    let packed = at("packed.tar.gz");
    fs::write(&packed, gzip(&fs::read(golden.join("webdataset.tar")).unwrap())).unwrap();
    hold_file(&packed, &packed);
}

/// The library that decodes their values panics where they contradict themselves; nobody is to see that.
#[test]
fn tables() {
    let place = tempdir().unwrap();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/golden");
    for name in ["hub/data/train-00000-of-00002.parquet", "tables/snappy1.parquet", "tables/zstd2.parquet"] {
        let copy = place.path().join("copy.parquet");
        fs::copy(golden.join(name), &copy).unwrap();
        hold_file_often(&copy, &copy, 3000);
    }
}

#[test]
fn data_sets_of_several_files() {
    let place = tempdir().unwrap();
    let at = |name: &str| place.path().join(name);
    fs::create_dir(at("python")).unwrap();
    for name in ["data_batch_1", "test_batch"] {
        fs::write(at("python").join(name), python::batch("labels", &[0, 1, 1], name == "test_batch")).unwrap();
    }
    fs::write(at("python/batches.meta"), python::meta("label_names", &["ape".into(), "bee".into()])).unwrap();
    for name in ["data_batch_1", "test_batch", "batches.meta"] {
        hold_file(&at("python").join(name), &at("python"));
    }
    fs::create_dir(at("stl")).unwrap();
    for name in ["train", "test"] {
        fs::write(at("stl").join(format!("{name}_X.bin")), vec![7; 3 * 27648]).unwrap();
        fs::write(at("stl").join(format!("{name}_y.bin")), [1, 2, 1]).unwrap();
    }
    hold_file(&at("stl/train_y.bin"), &at("stl"));
    write_classes(&at("table"), &["pictures"], 6);
    let rows: String = (0..6).map(|number| format!("pictures/{number}.png,{}\n", number % 2)).collect();
    fs::write(at("table/labels.csv"), format!("file_name,label\n{rows}")).unwrap();
    hold_file(&at("table/labels.csv"), &at("table"));
    write_classes(&at("classes"), &["ape", "bee"], 2);
    fs::write(at("classes/class_names.json"), r#"{"0": ["ape", "monkey"], "1": ["bee", "insect"]}"#).unwrap();
    hold_file(&at("classes/class_names.json"), &at("classes"));
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for class in ["ape", "bee"] {
        for number in ["0.png", "1.png"] {
            archive.start_file(format!("{class}/{number}"), zip::write::SimpleFileOptions::default()).unwrap();
            archive.write_all(&fs::read(at("classes").join(class).join(number)).unwrap()).unwrap();
        }
    }
    fs::write(at("packed.zip"), archive.finish().unwrap().into_inner()).unwrap();
    hold_file(&at("packed.zip"), &at("packed.zip"));
}

#[test]
fn studies() {
    let text = "name = \"rates\"\nseeds = 2\n\n[search]\nmethod = \"sobol\"\npoints = 4\n\n\
                [[axes]]\nfield = \"recipe.optimizer.learning_rate\"\nlow = 0.001\nhigh = 0.1\nlog = true\n\n\
                [[axes]]\nfield = \"arms[*].network.body.cifar.depth\"\nvalues = [8, 14]\n\n\
                [experiment]\npreset = \"plain-vs-residual\"\nset = [\"recipe.length.epochs=2\"]\n";
    Study::check(StudyPlan::from_toml(text).unwrap()).unwrap();
    hold("study.toml", text.as_bytes(), times(1000), |bytes| {
        if let Ok(plan) = StudyPlan::from_toml(&String::from_utf8_lossy(bytes)) {
            drop(Study::check(plan));
        }
    });
}

#[test]
fn experiments() {
    let text = preset("plain-vs-residual").unwrap().plan().to_toml().unwrap();
    hold("experiment.toml", text.as_bytes(), times(3000), |bytes| {
        if let Ok(plan) = Plan::from_toml(&String::from_utf8_lossy(bytes)) {
            drop(Experiment::check(plan));
        }
    });
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

fn copied(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copied(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A run that version 0.1 wrote, of which one file is changed: it is listed, read, reported and gone on with.
#[test]
fn run_folders() {
    let place = tempdir().unwrap();
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/kept-run-0.1/half");
    let folder = place.path().join("run");
    copied(&kept, &folder);
    let mut all = Vec::new();
    files(&folder, &mut all);
    all.retain(|path| !path.components().any(|part| part.as_os_str() == "checkpoints"));
    all.sort();
    for victim in all {
        let good = fs::read(&victim).unwrap();
        hold(&victim.display().to_string(), &good, times(200), |bytes| {
            fs::write(&victim, bytes).unwrap();
            let Ok(run) = runs::open(&folder) else { return };
            for arm in 0..run.info.arms.len() {
                drop((run.metrics(arm), run.gradients(arm), run.validations(arm), run.events()));
            }
            drop(lab_core::export::report::html(&run, Err("nobody is asked".to_owned())));
        });
        fs::write(&victim, good).unwrap();
    }
}
