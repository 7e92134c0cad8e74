//! Bad input, tried at every command: one clear line, the right exit code, nothing half-written.

use crate::lab::{Lab, TINY, picture};
use std::fs::File;

#[test]
fn wrong_usage() {
    let lab = Lab::new();
    lab.refuses(2, &["bogus", "--help"], &["bogus"]);
    lab.refuses(2, &["--epoch", "--epochs"], &["train", "--epoch", "2"]);
    lab.refuses(2, &["there is no device", "gpu:N"], &["train", "--device", "tpu"]);
    lab.refuses(2, &["there is no gpu:99", "or auto"], &["train", "--device", "gpu:99"]);
    lab.refuses(2, &["--steps"], &["train", "--steps", "2", "--epochs", "2"]);
    lab.refuses(2, &["1.5", "a whole number is wanted"], &["train", "--epochs", "1.5"]);
    lab.refuses(2, &["--resume"], &["train", "--resume", "run", "--epochs", "2"]);
    lab.refuses(2, &["PATH"], &["data", "info"]);
    lab.refuses(2, &["3x32x32"], &["summary", "--image", "32"]);
    lab.refuses(2, &["--preset"], &["evaluate", "--weights", "w.th", "--data", "embedded"]);
    lab.refuses(2, &["RUN"], &["evaluate"]);
    lab.refuses(2, &["picture"], &["classify", "run"]);
    // What weights need and a run knows itself.
    for command in [&["evaluate", "run"][..], &["inspect", "run", "lesions"], &["classify", "run", "x.png"]] {
        let mean = ["--mean", "0,0,0", "--std", "1,1,1"];
        lab.refuses(2, &["--mean and --std go with --weights only"], &[command, &mean].concat());
        lab.refuses(2, &["--preset goes with --weights only"], &[command, &["--preset", "resnet56"]].concat());
    }
    for (option, value) in [("--classes", "a,b"), ("--data", "embedded"), ("--image", "3x32x32")] {
        let says = format!("{option} goes with --weights only");
        lab.refuses(2, &[&says], &["classify", "run", "x.png", option, value]);
    }
    let bytes = ["--mean", "123.675,116.28,103.53", "--std", "58.395,57.12,57.375"];
    let weights = ["evaluate", "--weights", "w.th", "--preset", "resnet20", "--data", "embedded"];
    lab.refuses(2, &["--mean", "between 0 and 1", "by 255"], &[&weights[..], &bytes].concat());
    let wide = ["--mean", "0.485,0.456,0.406", "--std", "58.395,57.12,57.375"];
    lab.refuses(2, &["--std: std 58.395", "by 255"], &[&weights[..], &wide].concat());
    let two = ["--mean", "0.5,0.5", "--std", "0.2,0.2"];
    lab.refuses(2, &["2 values of mean and 2 of std", "1 or 3 channels"], &[&weights[..], &two].concat());
    let inspect = ["inspect", "--weights", "w.th", "--preset", "resnet20", "lesions"];
    lab.refuses(2, &["weights know no images", "--data"], &inspect);
    let seed = ["train", "--seed", "-1"];
    for args in [&seed[..], &["train", "--seed", "-12"], &["train", "--resume", "run", "--extend", "-1"]] {
        let option = args[args.len() - 2];
        lab.refuses(2, &[option, "takes no number below 0"], args);
    }
    lab.refuses(2, &["mine.toml"], &["evaluate", "--weights", "w.th", "--preset", "mine.toml", "--data", "embedded"]);
}

#[test]
fn no_display() {
    let lab = Lab::new();
    lab.refuses(2, &["display", "residual-lab train"], &[]);
    lab.refuses(2, &["display", "residual-lab train"], &["--renderer", "glow"]);
}

#[test]
fn experiments_that_are_none() {
    let lab = Lab::new();
    lab.refuses(2, &["resnet19", "resnet20"], &["train", "--preset", "resnet19"]);
    lab.refuses(2, &["resnet19"], &["presets", "resnet19"]);
    lab.refuses(2, &["resnet19"], &["bench", "--preset", "resnet19"]);
    lab.refuses(2, &["wide", "plain, residual"], &["bench", "--preset", "plain-vs-residual", "--arm", "wide"]);
    lab.refuses(2, &["--preset resnet20"], &["train", "resnet20"]);
    lab.write("broken.toml", b"name = \"x\"\n[recipe\n");
    lab.refuses(2, &["broken.toml", "line 2"], &["train", "broken.toml"]);
    lab.write("typo.toml", b"name = \"x\"\narms = [{ name = \"a\" }]\n[recipe]\nbatchsize = 3\n");
    lab.refuses(2, &["typo.toml", "batchsize"], &["summary", "typo.toml"]);
    lab.write("binary.toml", &[0xff, 0xfe, 0, 1]);
    lab.refuses(2, &["binary.toml"], &["train", "binary.toml"]);
    lab.refuses(2, &["is a folder"], &["train", "."]);
}

#[test]
fn values_out_of_range() {
    let lab = Lab::new();
    for (setting, says) in [
        ("recipe.batch_size=0", "recipe.batch_size is 0"),
        ("recipe.optimizer.learning_rate=-1.0", "recipe.optimizer.learning_rate"),
        ("recipe.optimizer.learning_rate=nan", "recipe.optimizer.learning_rate"),
        ("arms[0].network.body.cifar.depth=21", "6n + 2"),
        ("arms[*].network.body.cifar.depth=99998", "6n + 2 for this block and at most 2000"),
        ("arms[0].network.norm=group", "a table with its value, as in {group=4}"),
        ("arms[7].name=x", "\"7\" is not a place"),
        ("recipe.nonsense=1", "nonsense"),
        ("recipe.batch_size=many", "recipe.batch_size=many"),
        ("batch", "path=value"),
        ("=3", "nothing stands before ="),
        ("arms[].name=x", "[*] for all"),
        ("recipe.label_smoothing=-0.1", "recipe.label_smoothing is -0.1, but"),
        ("data.holdout=half", "\"own\", or a share"),
        ("data.resize=1", "{ height = 32, width = 32 }"),
        ("recipe.optimizer=3", "recipe.optimizer.method=adam"),
        ("arms[0].network.body=3", "a name, or a table"),
        ("recipe.augmentation.cutout=28", "cutout is 28, but must be below 28, the side of the images"),
    ] {
        lab.refuses(2, &[says], &["train", "--set", setting]);
    }
    lab.refuses(2, &["recipe.length.epochs is 0"], &["train", "--epochs", "0"]);
    lab.refuses(2, &["batch"], &["bench", "--batch", "0"]);
    lab.refuses(2, &["--classes"], &["summary", "--classes", "1"]);
    let std =
        ["evaluate", "--weights", "w", "--preset", "resnet20", "--data", "embedded", "--mean", "0.5", "--std", "0"];
    lab.refuses(2, &["std"], &std);
}

/// What is not used is not passed over in silence, and what was meant is named.
#[test]
fn exports_and_runs_by_another_name() {
    let lab = Lab::new();
    let train =
        ["train", "--preset", "resnet20", "--set", "arms[0].network.body.cifar={depth=8,width=2}", "--steps", "1"];
    lab.ok(&[&train[..], TINY, &["--out", "run"]].concat());
    lab.ok(&[&train[..], TINY, &["--set", "recipe.seeds=2", "--out", "seeds"]].concat());
    lab.refuses(
        2,
        &["run/experiment.toml", "a file of the run folder run; name run"],
        &["evaluate", "run/experiment.toml"],
    );
    lab.refuses(2, &["it holds runs", "seeds/trials/0001-seed-0"], &["evaluate", "seeds"]);
    lab.refuses(2, &["`residual-lab data --help` lists them"], &["data"]);

    let export = |more: &[&'static str]| [&["export", "run"], more].concat();
    lab.write("keep.txt", b"mine");
    lab.refuses(1, &["keep.txt is there already", "--out"], &export(&["--html", "--out", "keep.txt"]));
    lab.ok(&export(&["--html", "--out", "page.html"]));
    lab.ok(&export(&["--html", "--out", "page.html"]));
    lab.refuses(2, &["--arm goes with"], &export(&["--html", "--arm", "resnet20"]));
    lab.refuses(2, &["--out goes with the other formats"], &export(&["--tensorboard", "--out", "elsewhere"]));
    lab.refuses(2, &["--checkpoint goes with"], &export(&["--bundle", "--checkpoint", "last"]));
    lab.refuses(2, &["--out names a folder", "x.onnx"], &export(&["--onnx", "--out", "x.onnx"]));
    lab.refuses(2, &["--out names a folder", "x.py"], &export(&["--torch", "--out", "x.py"]));

    std::fs::remove_file(lab.path("run/outcome.json")).unwrap();
    lab.ok(&export(&["--html", "--out", "page.html"]));
    let page = std::fs::read_to_string(lab.path("page.html")).unwrap();
    assert!(page.contains("was interrupted at step 1 of 1") && page.contains("training loss, first step"), "{page}");

    std::fs::remove_dir_all(lab.path("run/arms/resnet20/checkpoints/best")).unwrap();
    let output = lab.command(&["evaluate", "run"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let note = "no best checkpoint yet, as no validation has chosen one: this is its newest, of step 1";
    assert!(said.contains(note), "{said}");
}

#[test]
fn networks_that_diverged_at_once_are_told_from_those_that_were_not_validated_yet() {
    let lab = Lab::new();
    let train =
        ["train", "--preset", "resnet20", "--set", "arms[0].network.body.cifar={depth=8,width=2}", "--steps", "6"];
    let rate =
        ["--set", "recipe.optimizer.learning_rate=1000", "--set", "recipe.optimizer.weight_decay=100", "--out", "wild"];
    let constant = ["--set", "recipe.schedule={curve={name='constant'}}"];
    let output = lab.command(&[&train[..], TINY, &rate, &constant].concat()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    lab.refuses(2, &["it diverged at step", "before the first validation", "lower"], &["evaluate", "wild"]);
}

/// Each folder or file is tried with every command that reads data.
#[test]
fn data_sets_that_are_none() {
    let lab = Lab::new();
    lab.idx("short", 30, 20);
    let images = lab.path("short/train-images-idx3-ubyte");
    File::options().write(true).open(&images).unwrap().set_len(500).unwrap();
    lab.idx("magic", 30, 20);
    lab.write("magic/train-labels-idx1-ubyte", b"\0\0\x09\x01\0\0\0\x1e");
    lab.idx("empty-labels", 30, 20);
    lab.write("empty-labels/train-labels-idx1-ubyte", b"");
    lab.write("cifar/data_batch_1.bin", &[7; 5000]);
    lab.write("cifar/test_batch.bin", &[7; 3073]);
    lab.write("zip.gz/train-images-idx3-ubyte.gz", b"\x1f\x8bnot really gzip");
    lab.write("zip.gz/train-labels-idx1-ubyte.gz", b"\x1f\x8bnot really gzip");
    std::fs::create_dir_all(lab.path("empty")).unwrap();
    lab.write("text/readme.txt", b"no pictures");
    lab.pictures("one-class", &["cat"], 5);
    lab.pictures("one-image", &["cat"], 1);
    lab.pictures("damaged", &["cat", "dog"], 4);
    for index in 0..4 {
        lab.write(&format!("damaged/dog/{index}.png"), b"");
    }
    std::fs::create_dir_all(lab.path("no-pictures/cat")).unwrap();
    std::fs::create_dir_all(lab.path("no-pictures/dog")).unwrap();
    for (place, says) in [
        ("short", "damaged"),
        ("magic", "damaged"),
        ("empty-labels", "damaged"),
        ("cifar", "damaged"),
        ("zip.gz", "damaged"),
        ("empty", "the folder is empty"),
        ("text", "no data set"),
        ("one-class", "one class"),
        ("one-image", "one class"),
        ("damaged", "dog"),
        ("no-pictures", "no-pictures"),
        ("nowhere", "there is no file or folder"),
        ("text/readme.txt", "single file"),
        ("text/readme.txt/below", "text/readme.txt"),
    ] {
        lab.refuses(2, &[place, says], &["data", "info", place]);
        lab.refuses(2, &[place, says], &[&["train", "--data", place, "--steps", "1"], TINY].concat());
        lab.refuses(2, &[place, says], &["train", "--data", place, "--steps", "1", "--out", "run"]);
        lab.refuses(2, &[place, says], &["summary", "--preset", "resnet20", "--data", place]);
        let weights = ["evaluate", "--weights", "none.safetensors", "--preset", "resnet20", "--data", place];
        lab.refuses(2, &[], &weights);
        lab.refuses(2, &[], &["data", "subset", "--from", place, "--out", "subset.bin"]);
    }
    lab.idx("few", 30, 20);
    lab.refuses(2, &["1 to 15"], &["data", "subset", "--from", "few", "--train-per-class", "16", "--out", "x.bin"]);
}

#[test]
fn places_that_cannot_be_written() {
    let lab = Lab::new();
    lab.write("file", b"something");
    lab.refuses(2, &["file"], &["train", "--out", "file", "--steps", "1"]);
    lab.refuses(2, &["is not empty"], &["train", "--out", ".", "--steps", "1"]);
    lab.refuses(2, &["file/run"], &[&["train", "--out", "file/run", "--steps", "1"], TINY].concat());
    lab.idx("idx", 30, 20);
    let args = ["data", "subset", "--from", "idx", "--train-per-class", "2", "--test-per-class", "2", "--out"];
    lab.refuses(2, &["file/x.bin"], &[&args[..], &["file/x.bin"]].concat());
}

#[test]
fn folders_and_files_in_each_others_place() {
    let lab = Lab::new();
    std::fs::create_dir(lab.path("pictures")).unwrap();
    lab.refuses(2, &["is a folder", "--data pictures"], &["train", "pictures"]);
    lab.refuses(2, &["nowhere.toml", "residual-lab presets NAME"], &["train", "nowhere.toml"]);
}

#[test]
fn runs_weights_and_pictures_that_are_none() {
    let lab = Lab::new();
    for command in ["evaluate", "classify"] {
        let picture = if command == "classify" { &["x.png"][..] } else { &[] };
        lab.refuses(2, &["there is no run nowhere"], &[&[command, "nowhere"], picture].concat());
        lab.refuses(2, &["is not a run folder"], &[&[command, "."], picture].concat());
    }
    lab.refuses(2, &["there is no run nowhere"], &["train", "--resume", "nowhere"]);

    lab.ok(&[&["train", "--preset", "resnet20", "--steps", "1", "--out", "run"], TINY].concat());
    lab.refuses(2, &["compares two networks", "\"resnet20\""], &["inspect", "run", "disagreement"]);
    lab.write("empty.png", b"");
    lab.write("text.png", b"no picture at all");
    let whole = picture(20, 20);
    lab.write("torn.png", &whole[..whole.len() / 2]);
    lab.write("huge.png", &huge_png());
    std::fs::create_dir(lab.path("nothing")).unwrap();
    std::fs::create_dir_all(lab.path("sorted/cat")).unwrap();
    std::fs::create_dir_all(lab.path("sorted/dog")).unwrap();
    for (name, says) in [
        ("empty.png", "empty"),
        ("text.png", "picture"),
        ("torn.png", "picture"),
        ("huge.png", "too large"),
        ("nowhere.png", "there is no file"),
        ("nothing", "has no pictures in it, nor in its folders"),
        ("sorted", "has no pictures in it, nor in its folders"),
    ] {
        lab.refuses(1, &[name, says], &["classify", "run", name]);
    }

    let evaluate = |weights| ["evaluate", "--weights", weights, "--preset", "resnet20", "--data", "embedded"];
    lab.write("text.safetensors", b"no weights at all");
    lab.write("text.th", b"no weights at all");
    lab.write("empty.safetensors", b"");
    for name in ["text.safetensors", "text.th", "empty.safetensors", "nowhere.pt", "run"] {
        lab.refuses(2, &[name], &evaluate(name));
    }

    let run = lab.path("run/run.json");
    let text = std::fs::read(&run).unwrap();
    lab.write("run/run.json", &text[..text.len() / 2]);
    lab.refuses(2, &["run.json", "damaged"], &["evaluate", "run"]);
    lab.refuses(2, &["run.json", "damaged"], &["train", "--resume", "run"]);
    lab.write("run/run.json", &text);
    std::fs::remove_dir_all(lab.path("run/arms/resnet20/checkpoints")).unwrap();
    lab.refuses(2, &["checkpoint"], &["evaluate", "run"]);
    lab.refuses(2, &["checkpoint"], &["classify", "run", "torn.png"]);
    lab.refuses(2, &["checkpoint"], &["train", "--resume", "run"]);
}

/// The header of a picture with 20,000 × 20,000 pixels, which would take more than a gigabyte.
fn huge_png() -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = b"IHDR".to_vec();
    header.extend(20_000u32.to_be_bytes());
    header.extend(20_000u32.to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    for chunk in [header, b"IDAT".to_vec()] {
        bytes.extend(u32::try_from(chunk.len() - 4).unwrap().to_be_bytes());
        bytes.extend(&chunk);
        let mut checksum = flate2::Crc::new();
        checksum.update(&chunk);
        bytes.extend(checksum.sum().to_be_bytes());
    }
    bytes
}

#[test]
fn a_run_that_is_to_go_on_with_other_images_is_told_in_what_they_differ() {
    let lab = Lab::new();
    lab.pictures("garden", &["ant", "bee"], 12);
    lab.pictures("street", &["car", "tram"], 12);
    let small = ["--preset", "resnet20", "--set", "arms[0].network.body.cifar={depth=8,width=2}", "--steps", "1"];
    let size = ["--set", "data.resize={height=12,width=12}", "--out", "run"];
    lab.ok(&[&["train", "--data", "garden"], &small[..], &size, TINY].concat());
    let output = lab.command(&["train", "--resume", "run", "--extend", "1", "--data", "street"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("its first classes were ant, bee, and are car, tram now"), "{said}");
}
