//! What is in a run's files is not trusted blindly: damage is noticed, said, and repaired where that is possible.

use crate::lab::{Lab, TINY, picture};
use std::fs;

const PLAN: &[&str] = &[
    "--steps",
    "6",
    "--set",
    "arms[*].network.body.cifar={depth=8,width=2}",
    "--set",
    "recipe.evaluate_every.steps=3",
];

fn trained(lab: &Lab) {
    lab.ok(&[&["train", "--out", "run", "--keep-checkpoints", "2"], PLAN, TINY].concat());
    lab.write("shirt.png", &picture(28, 28));
}

/// Sizes that would take all memory, and numbers that are none.
#[test]
fn a_run_that_makes_no_sense_is_refused_before_any_room_is_made_for_it() {
    let lab = Lab::new();
    trained(&lab);
    let path = lab.path("run/run.json");
    let good: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let changes: [(&str, serde_json::Value); 7] = [
        ("mean", serde_json::json!([])),
        ("std", serde_json::json!([0.0])),
        ("shape", serde_json::json!([1_000_000_000, 28, 28])),
        ("shape", serde_json::json!([1, 1_000_000_000, 1_000_000_000])),
        ("shape", serde_json::json!([1, 0, 28])),
        ("classes", serde_json::json!([])),
        ("validation", serde_json::json!(u64::MAX / 2)),
    ];
    for (field, value) in changes {
        let mut info = good.clone();
        info["dataset"][field] = value.clone();
        fs::write(&path, info.to_string()).unwrap();
        lab.refuses(2, &["run.json", "makes no sense"], &["classify", "run", "shirt.png"]);
        lab.refuses(2, &["run.json", "makes no sense"], &["evaluate", "run"]);
        lab.refuses(2, &["run.json", "makes no sense"], &["inspect", "run", "confusion"]);
        lab.refuses(2, &["run.json", "makes no sense"], &["train", "--resume", "run"]);
    }
    let mut info = good.clone();
    info["format"] = 1000.into();
    fs::write(&path, info.to_string()).unwrap();
    lab.refuses(2, &["a newer version of Residual Lab wrote it"], &["evaluate", "run"]);
}

#[test]
fn damaged_and_swapped_checkpoints_are_noticed_and_repaired() {
    let lab = Lab::new();
    trained(&lab);
    assert!(lab.ok(&["runs", "check", "run"]).contains("run: whole"));
    let weights = lab.path("run/arms/plain/checkpoints/last/weights.safetensors");
    let mut bytes = fs::read(&weights).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    // A new file: the old one has other names, too.
    fs::remove_file(&weights).unwrap();
    fs::write(&weights, &bytes).unwrap();
    lab.refuses(
        2,
        &["weights.safetensors is damaged", "runs check"],
        &["train", "--resume", "run", "--device", "flex"],
    );
    for asked in [
        &["evaluate", "run"][..],
        &["classify", "run", "shirt.png"],
        &["export", "run", "--onnx"],
        &["export", "run", "--torch"],
    ] {
        let damaged = ["weights.safetensors is damaged", "runs check"];
        lab.refuses(2, &damaged, &[asked, &["--checkpoint", "last"]].concat());
    }
    lab.refuses(1, &["damaged: 1 fault"], &["runs", "check", "run"]);
    let said = lab.ok(&["runs", "check", "run", "--repair"]);
    assert!(said.contains("took its place"), "{said}");
    assert!(lab.ok(&["runs", "check", "run"]).contains("run: whole"));
    lab.ok(&["train", "--resume", "run", "--device", "flex"]);

    let outcome = lab.path("run/outcome.json");
    let good = fs::read(&outcome).unwrap();
    fs::write(&outcome, "{").unwrap();
    lab.refuses(2, &["outcome.json", "damaged"], &["evaluate", "run"]);
    let said = lab.ok(&["runs", "check", "run", "--repair"]);
    assert!(said.contains("counts as interrupted"), "{said}");
    let said = lab.ok(&["runs", "check", "run"]);
    assert!(said.contains("run: whole\n  at step ") && said.contains("train --resume"), "{said}");
    lab.ok(&["train", "--resume", "run", "--device", "flex"]);
    assert_eq!(fs::read(&outcome).unwrap().len(), good.len(), "its end is written again");
    let arm = lab.path("run/arms/plain");
    for (file, says) in [
        ("metrics.csv", "metrics.csv lacks"),
        ("predictions.bin", "predictions.bin is missing"),
        ("confusion.csv", "confusion.csv is missing"),
    ] {
        let kept = fs::read(arm.join(file)).unwrap();
        fs::remove_file(arm.join(file)).unwrap();
        lab.refuses(1, &["damaged"], &["runs", "check", "run"]);
        let said = lab.command(&["runs", "check", "run"]).output().unwrap();
        assert!(String::from_utf8_lossy(&said.stdout).contains(says), "{file}: {said:?}");
        fs::write(arm.join(file), kept).unwrap();
    }
    assert!(lab.ok(&["runs", "check", "run"]).contains("run: whole"));

    let [plain, residual] = ["plain", "residual"].map(|arm| lab.path("run/arms").join(arm).join("checkpoints"));
    fs::rename(&plain, lab.path("aside")).unwrap();
    fs::rename(&residual, &plain).unwrap();
    fs::rename(lab.path("aside"), &residual).unwrap();
    lab.refuses(
        2,
        &["is a checkpoint of \"residual\", not of \"plain\""],
        &["train", "--resume", "run", "--device", "flex"],
    );
}

#[test]
fn an_optimiser_that_makes_no_sense_is_refused() {
    let lab = Lab::new();
    trained(&lab);
    let folder = lab.path("run/arms/plain/checkpoints/last");
    fs::remove_file(folder.join("seal.toml")).unwrap();
    let state = fs::read_to_string(folder.join("state.toml")).unwrap();
    for rate in ["-1.0", "inf", "nan"] {
        let line = state.lines().find(|line| line.starts_with("learning_rate")).unwrap();
        fs::remove_file(folder.join("state.toml")).unwrap();
        fs::write(folder.join("state.toml"), state.replace(line, &format!("learning_rate = {rate}"))).unwrap();
        lab.refuses(2, &["its optimiser makes no sense"], &["train", "--resume", "run", "--device", "flex"]);
    }
}

#[test]
fn lost_rows_are_said() {
    let lab = Lab::new();
    trained(&lab);
    let path = lab.path("run/arms/plain/metrics.csv");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(
        &path,
        text.lines().filter(|line| !line.starts_with("3,")).map(|line| format!("{line}\n")).collect::<String>(),
    )
    .unwrap();
    let output = lab.command(&["train", "--resume", "run", "--device", "flex"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.contains("has lost 1 of 6 steps"), "{said}");
    lab.refuses(1, &["damaged"], &["runs", "check", "run"]);
}

/// A plan that is edited while a run waits is followed, and said.
#[test]
fn an_edited_plan_and_the_file_that_is_no_text_are_named() {
    let lab = Lab::new();
    trained(&lab);
    let plan = lab.path("run/experiment.toml");
    let text = fs::read_to_string(&plan).unwrap();
    fs::write(&plan, text.replace("batch_size = 8", "batch_size = 16")).unwrap();
    let output = lab.command(&["train", "--resume", "run", "--device", "flex"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.contains("experiment.toml was edited after"), "{said}");
    lab.refuses(1, &["damaged: 1 fault"], &["runs", "check", "run"]);
    fs::write(&plan, text).unwrap();
    assert!(lab.ok(&["runs", "check", "run"]).contains("run: whole"));

    let table = lab.path("run/arms/plain/metrics.csv");
    let mut bytes = fs::read(&table).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] = 0xff;
    fs::write(&table, bytes).unwrap();
    let again = ["train", "--resume", "run", "--extend", "1", "--device", "flex"];
    lab.refuses(2, &["metrics.csv", "it is not text"], &again);
}

#[test]
fn training_that_does_not_fit_into_memory_is_refused_before_it_takes_any() {
    let lab = Lab::new();
    let huge = "arms[*].network.body.cifar={depth=1202,width=1024}";
    lab.refuses(
        2,
        &["training takes about", "are free; take smaller batches"],
        &[&["train", "--set", huge, "--out", "run"], TINY].concat(),
    );
}

/// Whatever class folders are called and however deep pictures lie.
#[test]
fn folders_with_escape_codes_in_their_names_and_folders_deep_down_are_shown_as_they_are() {
    let lab = Lab::new();
    let deep = "set/ape/".to_owned() + &["deeper"; 20].join("/");
    for (folder, count) in [(deep.as_str(), 4), ("set/a\u{1b}[31mred", 4)] {
        fs::create_dir_all(lab.path(folder)).unwrap();
        (0..count).for_each(|index| lab.write(&format!("{folder}/{index}.png"), &picture(12 + index, 12)));
    }
    let said = lab.ok(&["data", "info", "set"]);
    assert!(!said.contains('\u{1b}') && said.contains("in 2 classes"), "{said:?}");
    assert!(said.contains("6 training and 2 validation images"), "those that lie deep are there, too: {said}");
}

#[cfg(unix)]
#[test]
fn a_pipe_is_not_waited_for_and_too_many_open_files_are_called_that() {
    let lab = Lab::new();
    trained(&lab);
    assert!(std::process::Command::new("mkfifo").arg(lab.path("pipe")).status().unwrap().success());
    let weights = ["evaluate", "--weights", "pipe", "--preset", "resnet20", "--data", "embedded"];
    lab.refuses(2, &["pipe: it is not a file"], &weights);
    let program = lab.command(&["train", "--resume", "run", "--device", "flex"]);
    let mut limited = std::process::Command::new("sh");
    limited.args(["-c", "ulimit -n 10; exec \"$0\" \"$@\""]).arg(program.get_program()).args(program.get_args());
    let output = limited.current_dir(lab.path(".")).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("Too many open files"), "{said}");
}

/// As few as a system administrator may allow: where they do not suffice, that is said before anything is trained.
#[cfg(target_os = "linux")]
#[test]
fn a_run_ends_however_few_files_it_may_have_open() {
    let lab = Lab::new();
    trained(&lab);
    let (mut trained, mut refused) = (0, 0);
    for most in [12, 16, 20, 24, 28, 64] {
        let program = lab.command(&["train", "--resume", "run", "--extend", "1", "--device", "flex"]);
        let mut limited = std::process::Command::new("timeout");
        let script = format!("ulimit -n {most}; exec \"$0\" \"$@\"");
        limited.args(["120", "sh", "-c", &script]).arg(program.get_program()).args(program.get_args());
        let output = limited.current_dir(lab.path(".")).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        match output.status.code() {
            Some(0) => trained += 1,
            code => {
                assert_eq!(code, Some(2), "with {most} files: {said}");
                assert!(said.contains("Too many open files"), "{said}");
                refused += usize::from(said.contains("let this program have more files open at once"));
            }
        }
        assert!(lab.ok(&["runs", "check", "run"]).contains("run: whole"), "with {most} files");
    }
    assert!(trained > 0 && refused > 0, "{trained} trained, {refused} were refused");
}

/// A file that is there and that the system does not give is neither damaged nor missing.
#[cfg(unix)]
#[test]
fn a_run_that_cannot_be_read_is_told_from_a_folder_that_is_none() {
    let lab = Lab::new();
    trained(&lab);
    for file in ["experiment.toml", "run.json"] {
        let (path, aside) = (lab.path("run").join(file), lab.path("aside"));
        fs::rename(&path, &aside).unwrap();
        std::os::unix::fs::symlink(file, &path).unwrap();
        for command in [&["evaluate", "run"][..], &["classify", "run", "shirt.png"], &["train", "--resume", "run"]] {
            lab.refuses(2, &["cannot read run", file, "symbolic links"], command);
        }
        fs::remove_file(&path).unwrap();
        if file == "run.json" {
            lab.refuses(2, &["run.json", "it is missing"], &["evaluate", "run"]);
        } else {
            lab.refuses(2, &["is not a run folder"], &["evaluate", "run"]);
        }
        fs::rename(&aside, &path).unwrap();
    }
    lab.ok(&["evaluate", "run"]);
}

/// Names that are no Unicode text.
#[cfg(target_os = "linux")]
#[test]
fn files_and_folders_of_any_name_are_read_and_written() {
    use std::os::unix::ffi::OsStrExt;
    let lab = Lab::new();
    trained(&lab);
    let odd = |name: &[u8]| std::ffi::OsStr::from_bytes(name).to_owned();
    fs::copy(lab.path("shirt.png"), lab.path(".").join(odd(b"bad\xff.png"))).unwrap();
    let mut command = lab.command(&["classify", "run"]);
    let output = command.arg(odd(b"bad\xff.png")).arg("--json").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut command = lab.command(&[&["train"], PLAN, TINY].concat());
    let output = command.arg("--out").arg(odd(b"run\xff")).arg("--json").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut command = lab.command(&["train", "--device", "flex"]);
    let output = command.arg("--resume").arg(odd(b"run\xff")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_place_that_cannot_be_written_is_found_before_the_images_are_read() {
    let lab = Lab::new();
    lab.write("file", b"something");
    lab.refuses(2, &["file/run"], &["train", "--out", "file/run", "--data", "nowhere"]);
}

/// Ctrl-C while the images are being read ends the program before any run is begun.
#[cfg(target_os = "linux")]
#[test]
fn whoever_stops_while_images_are_read_does_not_wait() {
    let lab = Lab::new();
    let big = image::RgbImage::from_fn(3000, 2000, |x, y| {
        image::Rgb([(x * y % 251) as u8, (x % 256) as u8, (y % 256) as u8])
    });
    for class in ["ape", "bee"] {
        fs::create_dir_all(lab.path("big").join(class)).unwrap();
        big.save(lab.path("big").join(class).join("0.png")).unwrap();
        for copy in 1..60 {
            fs::hard_link(
                lab.path("big").join(class).join("0.png"),
                lab.path("big").join(class).join(format!("{copy}.png")),
            )
            .unwrap();
        }
    }
    let args = ["train", "--data", "big", "--out", "run", "--device", "flex"];
    let mut child = lab.command(&args).spawn().unwrap();
    let about = format!("/proc/{}/io", child.id());
    let read = || {
        let text = fs::read_to_string(&about).unwrap_or_default();
        text.lines().find_map(|line| line.strip_prefix("rchar: ")?.parse().ok()).unwrap_or(0)
    };
    let one = fs::metadata(lab.path("big/ape/0.png")).unwrap().len();
    lab.wait_for(&mut child, || read() > 3 * one);
    std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(75) && said.contains("stopped before training began"), "{said}");
    assert!(!lab.path("run").exists());
}

#[test]
fn a_run_goes_on_where_its_images_have_moved() {
    let lab = Lab::new();
    lab.idx("here", 30, 20);
    let train = ["train", "--data", "here", "--preset", "resnet20", "--steps", "2", "--out", "run"];
    lab.ok(&[&train[..], TINY].concat());
    fs::rename(lab.path("here"), lab.path("there")).unwrap();
    lab.refuses(2, &["the run's images", "--data PATH"], &["train", "--resume", "run", "--extend", "1"]);
    lab.refuses(2, &["goes on as it was planned"], &["train", "--resume", "run", "--data", "there", "--seed", "2"]);
    lab.refuses(2, &["have changed"], &["train", "--resume", "run", "--data", "embedded"]);
    let said = lab.ok(&["train", "--resume", "run", "--extend", "1", "--data", "there", "--device", "flex"]);
    assert!(said.contains("all steps are done"), "{said}");
    // Where they are is known from then on.
    let score = lab.json(&["evaluate", "run", "--json"]);
    assert_eq!(score["total"], 20, "{score}");
    lab.ok(&["train", "--resume", "run", "--extend", "1", "--device", "flex"]);
}
