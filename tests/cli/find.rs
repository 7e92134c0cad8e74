//! What to begin with: learning rates and batch sizes.

use crate::lab::{Lab, TINY};

const SMALL: &[&str] = &["--set", "arms[0].network.body.cifar={depth=8,width=4}"];

#[test]
fn a_learning_rate_is_suggested_for_a_network_that_learns_and_none_for_one_that_cannot() {
    let lab = Lab::new();
    let plan = ["--preset", "resnet20", "--set", "data.train_limit=500"];
    let find = [&["find", "rate"], &plan[..], SMALL, &["--test-steps", "60", "--json"]].concat();
    let found = lab.json(&find);
    let suggestion = &found[0]["suggestion"];
    let [rate, least] = ["learning_rate", "least_loss_at"].map(|field| suggestion[field].as_f64().unwrap());
    assert!((1e-4..3.0).contains(&rate) && rate < least, "{suggestion}");
    let steps = found[0]["steps"].as_array().unwrap();
    assert!(steps.len() > 20 && steps.len() <= 60, "{}", steps.len());
    assert_eq!(lab.json(&find), found, "the same test gives the same numbers");

    let low = [&["find", "rate"], TINY, SMALL, &["--preset", "resnet20", "--low", "1e-12", "--high", "1e-11"]].concat();
    lab.refuses(1, &["the loss fell for no network"], &low);
    lab.refuses(2, &["--low must be above 0 and below --high"], &["find", "rate", "--low", "1", "--high", "0.1"]);
    assert!(!lab.path(".data").exists(), "a test keeps no run");
}

/// As for a service that nobody logs in as.
#[cfg(target_os = "linux")]
#[test]
fn a_learning_rate_is_found_without_a_home_folder() {
    use std::fs::Permissions;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;
    if std::fs::metadata("/proc/self").unwrap().uid() != 0 {
        eprintln!("SKIPPED: only root may become a user without a home folder");
        return;
    }
    // The program may lie in root's own folder, where nobody else may start it.
    let place = tempfile::Builder::new().permissions(Permissions::from_mode(0o755)).tempdir().unwrap();
    let program = place.path().join("residual-lab");
    std::fs::copy(env!("CARGO_BIN_EXE_residual-lab"), &program).unwrap();
    let plan = ["--preset", "resnet20", "--set", "data.train_limit=100", "--test-steps", "20", "--follow"];
    let mut command = std::process::Command::new(program);
    command.args([&["find", "rate", "--device", "flex"], &plan[..], SMALL].concat());
    command.env_remove("HOME").env_remove("XDG_DATA_HOME").current_dir("/").uid(54_321);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!output.stdout.is_empty());
}

#[test]
fn batch_sizes_end_where_memory_does() {
    let lab = Lab::new();
    let plan = ["--preset", "resnet20", "--set", "data.train_limit=100", "--memory", "8"];
    let found = lab.json(&[&["find", "batch"], &plan[..], SMALL, &["--json"]].concat());
    let tried: Vec<u64> = found["tried"].as_array().unwrap().iter().map(|it| it["batch"].as_u64().unwrap()).collect();
    assert_eq!(tried[0], 8);
    assert!(tried.contains(&found["recommended"].as_u64().unwrap()), "{found}");
    assert!(found["largest"]["bytes"].as_u64().unwrap() <= 8 << 20, "{found}");
    lab.refuses(1, &["not even 8 images"], &["find", "batch", "--preset", "resnet50", "--memory", "1"]);
}
