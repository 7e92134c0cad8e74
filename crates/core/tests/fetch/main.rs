//! Data sets and weights are got from servers that truncate, corrupt, stand still, redirect and ignore ranges: what is in
//! its place at last is the whole of what was published, or nothing is.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod server;

use flate2::Compression;
use flate2::write::GzEncoder;
use lab_core::data::Dataset;
use lab_core::experiment::{Data, Source};
use lab_core::fetch::{Check, Fetch, FetchError, Kind, OFFERS, Offer, Origin, Patience, Remote, Size};
use lab_core::watch::{Progress, Watch};
use server::{Mood, Server};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use tempfile::{TempDir, tempdir};

const QUICK: Patience = Patience { silence: Duration::from_millis(300), pause: Duration::from_millis(5) };

fn sha256(bytes: &[u8]) -> &'static str {
    let digits: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    digits.leak()
}

/// Bytes that hardly repeat.
fn noise(count: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33).to_le_bytes()[0]
    };
    std::iter::repeat_with(next).take(count).collect()
}

fn offer(kind: Kind, files: &[(&'static str, &[u8])]) -> &'static Offer {
    let remote = |(name, bytes): &(&'static str, &[u8])| Remote {
        name,
        size: Size::Exactly(bytes.len() as u64),
        check: Check::Whole(sha256(bytes)),
    };
    let files: Vec<Remote> = files.iter().map(remote).collect();
    let files: &'static [Remote] = files.leak();
    Box::leak(Box::new(Offer { name: "set", kind, about: "", licence: "", published: &[], files }))
}

/// One file of weights, a server in some moods that has it, and a folder.
struct Scene {
    bytes: Vec<u8>,
    offer: &'static Offer,
    server: Server,
    folder: TempDir,
}

impl Scene {
    fn new(moods: &[Mood]) -> Self {
        let bytes = noise(300_000);
        let server = Server::new(&[("file.pth", &bytes)], moods);
        let offer = offer(Kind::Weights, &[("file.pth", &bytes)]);
        Self { bytes, offer, server, folder: tempdir().unwrap() }
    }

    fn fetch(&self) -> Fetch<'_> {
        let from = Origin::Mirror(self.server.address.clone());
        Fetch { from, patience: QUICK, ..Fetch::new(self.offer, self.folder.path()) }
    }

    fn target(&self) -> PathBuf {
        self.folder.path().join("file.pth")
    }

    /// Gets it in spite of all; what was asked of the server.
    fn succeeds(&self) -> Vec<Option<String>> {
        let got = self.fetch().get().unwrap();
        assert_eq!((got.path, got.was_there), (self.target(), false));
        assert!(fs::read(self.target()).unwrap() == self.bytes, "other bytes");
        let left: Vec<_> = fs::read_dir(self.folder.path()).unwrap().collect();
        assert_eq!(left.len(), 1, "something else stays behind: {left:?}");
        self.server.seen().into_iter().map(|seen| seen.range).collect()
    }

    fn fails(&self) -> String {
        let error = self.fetch().get().unwrap_err().to_string();
        assert!(!self.target().exists(), "{error}, and yet it is there");
        error
    }
}

#[test]
fn a_file_comes_whole_and_is_not_got_twice() {
    let scene = Scene::new(&[]);
    assert_eq!(scene.succeeds(), [None]);
    let again = scene.fetch().get().unwrap();
    assert!(again.was_there);
    assert_eq!(scene.server.seen().len(), 1);
}

#[test]
fn what_breaks_off_or_stands_still_goes_on_from_there() {
    let moods = [Mood::CutOffAfter(100_000), Mood::StandsStillAfter(50_000), Mood::Status(503), Mood::Well];
    let asked = Scene::new(&moods).succeeds();
    let range = |from: &str| Some(format!("bytes={from}-"));
    assert_eq!(asked, [None, range("100000"), range("150000"), range("150000")]);
}

#[test]
fn a_server_that_ignores_ranges_or_gives_another_part_costs_time_only() {
    let moods = [Mood::CutOffAfter(100_000), Mood::WithoutRanges];
    assert_eq!(Scene::new(&moods).succeeds().len(), 2);
    let moods = [Mood::CutOffAfter(100_000), Mood::AnotherPart];
    let asked = Scene::new(&moods).succeeds();
    assert_eq!((asked.len(), &asked[2]), (3, &None), "begun anew");
    let moods = [Mood::CutOffAfter(100_000), Mood::Status(416)];
    assert_eq!(Scene::new(&moods).succeeds().len(), 3);
}

#[test]
fn redirects_are_followed_but_not_for_ever() {
    let scene = Scene::new(&[Mood::Redirect]);
    scene.succeeds();
    assert_eq!(scene.server.seen()[1].path, "/moved/file.pth");
    let said = Scene::new(&[Mood::RedirectInACircle; 30]).fails();
    assert!(said.contains("redirect"), "{said}");
}

#[test]
fn what_never_comes_whole_is_not_there_and_the_next_try_goes_on() {
    let scene = Scene::new(&[
        Mood::CutOffAfter(60_000),
        Mood::Status(500),
        Mood::Status(500),
        Mood::Status(500),
        Mood::Status(500),
    ]);
    let said = scene.fails();
    assert!(said.contains("500") && said.contains("try again"), "{said}");
    let asked = scene.succeeds();
    assert_eq!(asked.last().unwrap().as_deref(), Some("bytes=60000-"), "what had come was kept");
}

#[test]
fn something_else_is_not_taken_for_it() {
    let said = Scene::new(&[Mood::Corrupt, Mood::Corrupt]).fails();
    assert!(said.contains("SHA-256") && said.contains("file.pth"), "{said}");
    let said = Scene::new(&[Mood::Page, Mood::Page]).fails();
    assert!(said.contains("26 bytes and not 300000"), "{said}");
    let said = Scene::new(&[Mood::WithoutEnd, Mood::WithoutEnd]).fails();
    assert!(said.contains("more than 300000 bytes"), "{said}");
    let said = Scene::new(&[Mood::Status(404)]).fails();
    assert!(said.contains("404") && said.contains("mirror"), "{said}");
    // The beginning of something else is noticed at the end, and got anew.
    let scene = Scene::new(&[]);
    let begun = scene.folder.path().join(".set.part");
    fs::create_dir_all(&begun).unwrap();
    fs::write(begun.join("file.pth.part"), vec![7; 1000]).unwrap();
    assert_eq!(scene.succeeds(), [Some("bytes=1000-".to_owned()), None]);
}

#[test]
fn nobody_there_is_told_in_words() {
    let scene = Scene::new(&[]);
    let from = Origin::Mirror("http://127.0.0.1:9".to_owned());
    let said = Fetch { from, ..scene.fetch() }.get().unwrap_err().to_string();
    assert!(said.contains("127.0.0.1:9/file.pth") && said.contains("refused"), "{said}");
    let from = Origin::Mirror("http://".to_owned());
    assert!(matches!(Fetch { from, ..scene.fetch() }.get(), Err(FetchError::Unreachable { .. })));
}

#[test]
fn whoever_waits_hears_how_far_it_is_and_can_stop_it() {
    let scene = Scene::new(&[]);
    let heard = AtomicU64::new(0);
    let told = |progress: Progress| {
        assert!(progress.of == 300_000 && progress.done >= heard.load(Relaxed), "{progress:?}");
        heard.store(progress.done, Relaxed);
        progress.done < 150_000
    };
    let stopped = Fetch { watch: Some(Watch(&told)), ..scene.fetch() }.get();
    assert_eq!(stopped, Err(FetchError::Stopped));
    assert!((150_000..300_000).contains(&heard.load(Relaxed)), "{}", heard.load(Relaxed));
    let asked = scene.succeeds();
    assert_eq!(asked[1], Some(format!("bytes={}-", heard.load(Relaxed))));
}

#[test]
fn another_process_at_it_is_waited_for_by_the_person() {
    let scene = Scene::new(&[]);
    let begun = scene.folder.path().join(".set.part");
    fs::create_dir_all(&begun).unwrap();
    let lock = fs::File::create(begun.join("lock")).unwrap();
    lock.lock().unwrap();
    assert!(matches!(scene.fetch().get(), Err(FetchError::Busy(_))));
    drop(lock);
    scene.succeeds();
    let scene = Scene::new(&[]);
    fs::create_dir(scene.target()).unwrap();
    assert!(matches!(scene.fetch().get(), Err(FetchError::Taken(_))));
}

#[test]
fn a_folder_on_this_machine_serves_and_is_checked_too() {
    let scene = Scene::new(&[]);
    let source = tempdir().unwrap();
    let from = |path: &Path| Fetch { from: path.to_str().unwrap().parse().unwrap(), ..scene.fetch() };
    let missing = from(source.path()).get().unwrap_err();
    assert!(matches!(&missing, FetchError::Lacking { .. }), "{missing}");
    let file = source.path().join("file.pth");
    fs::write(&file, noise(10)).unwrap();
    assert!(from(&file).get().unwrap_err().to_string().contains("SHA-256"));
    fs::write(&file, &scene.bytes).unwrap();
    from(&file).get().unwrap();
    assert!(fs::read(scene.target()).unwrap() == scene.bytes);
    assert!(scene.server.seen().is_empty());
}

fn tar_gz(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        archive.append(&header, &bytes[..]).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap()
}

/// A CIFAR-10 of 20 images, as its archive is laid out.
fn cifar() -> Vec<(&'static str, Vec<u8>)> {
    let images = |count: u8, seed: usize| -> Vec<u8> {
        (0..count).flat_map(|index| [vec![index % 10], noise(3072 + seed)[seed..].to_vec()].concat()).collect()
    };
    let names = b"airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n";
    let mut files = vec![("cifar-10-batches-bin/batches.meta.txt", names.to_vec())];
    for (index, name) in ["1", "2", "3", "4", "5"].into_iter().enumerate() {
        let name: &'static str = format!("cifar-10-batches-bin/data_batch_{name}.bin").leak();
        files.push((name, images(10, index)));
    }
    files.push(("cifar-10-batches-bin/test_batch.bin", images(10, 9)));
    files
}

#[test]
fn an_archive_becomes_a_folder_that_can_be_trained_on() {
    let archive = tar_gz(&cifar());
    let offer = offer(Kind::Images, &[("set-binary.tar.gz", &archive)]);
    let server = Server::new(&[("set-binary.tar.gz", &archive)], &[]);
    let folder = tempdir().unwrap();
    let from = Origin::Mirror(format!("{}/", server.address));
    let got = Fetch { from, patience: QUICK, ..Fetch::new(offer, folder.path()) }.get().unwrap();
    assert_eq!(got.path, folder.path().join("set"));
    assert!(got.path.join("test_batch.bin").exists(), "the folder in the archive is left out");
    let data = Data { source: Source::Path(got.path), ..Data::default() };
    let dataset = Dataset::load(&data, 0).unwrap();
    assert_eq!((dataset.train.len(), dataset.validation.len(), dataset.shape()), (50, 10, [3, 32, 32]));
}

#[test]
fn an_archive_that_leads_out_of_its_folder_writes_nothing() {
    let archive = tar_gz(&[("set/good.bin", vec![1]), ("../evil.bin", vec![2])]);
    let offer = offer(Kind::Images, &[("set-binary.tar.gz", &archive)]);
    let server = Server::new(&[("set-binary.tar.gz", &archive)], &[]);
    let folder = tempdir().unwrap();
    let from = Origin::Mirror(server.address);
    let said = Fetch { from, patience: QUICK, ..Fetch::new(offer, folder.path()) }.get().unwrap_err().to_string();
    assert!(said.contains("outside"), "{said}");
    assert!(!folder.path().join("set").exists() && !folder.path().join("evil.bin").exists());
}

#[test]
fn a_set_of_several_files_appears_with_all_of_them_only() {
    let files: [(&'static str, &[u8]); 2] = [("one.gz", b"first"), ("two.gz", b"second")];
    let offer = offer(Kind::Images, &files);
    let server = Server::new(&files, &[Mood::Well, Mood::Status(404)]);
    let folder = tempdir().unwrap();
    let get = || {
        let from = Origin::Mirror(server.address.clone());
        Fetch { from, patience: QUICK, ..Fetch::new(offer, folder.path()) }.get()
    };
    assert!(get().is_err());
    assert!(!folder.path().join("set").exists(), "half a set");
    get().unwrap();
    let mut names: Vec<_> =
        fs::read_dir(folder.path().join("set")).unwrap().map(|it| it.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["one.gz", "two.gz"]);
    assert_eq!(server.seen().len(), 3, "the file that was whole is not asked for again: {:?}", server.seen());
}

#[test]
fn the_list_is_in_order() {
    for offer in OFFERS {
        assert!(!offer.files.is_empty() && !offer.licence.is_empty() && !offer.about.is_empty());
        assert!(offer.published.iter().all(|folder| folder.starts_with("http") && folder.ends_with('/')));
        for file in offer.files {
            let digits = file.check.digits();
            assert!(digits.chars().all(|digit| matches!(digit, '0'..='9' | 'a'..='f')), "{}", file.name);
            match file.check {
                Check::Whole(_) => assert_eq!(digits.len(), 64, "{}", file.name),
                Check::Start(_) => assert!(file.name.contains(digits), "{} publishes no such digits", file.name),
            }
        }
        let same = OFFERS.iter().filter(|other| other.kind == offer.kind && other.name == offer.name);
        assert_eq!(same.count(), 1, "{}", offer.name);
    }
    assert!(lab_core::fetch::offer(Kind::Images, "CIFAR-10").is_some());
    assert!(lab_core::fetch::offer(Kind::Weights, "cifar-10").is_none());
}
