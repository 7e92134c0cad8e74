//! The same tests with fewer instructions than this processor has: an instruction set is chosen once for a process.

use std::process::Command;

/// What an instruction set of this processor can be held down to.
const LESS: &[&str] = if cfg!(target_arch = "x86_64") { &["portable", "avx2"] } else { &["portable"] };

/// Pairs of bfloat16 are multiplied by few processors; plain Rust does it slowly.
#[test]
fn products_of_bfloat16_hold_in_pairs() {
    let mut again = Command::new(std::env::current_exe().unwrap());
    again
        .args(["rounded_factors", "many_channels", "pairs::", "thread_counts"])
        .env("RESIDUAL_LAB_CPU", "portable-pairs");
    let output = again.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("4 passed"), "{said}");
}

#[test]
fn everything_holds_with_fewer_instructions() {
    for limit in LESS {
        let mut again = Command::new(std::env::current_exe().unwrap());
        again.args(["--skip", "instructions::"]).env("RESIDUAL_LAB_CPU", limit);
        let output = again.output().unwrap();
        assert!(output.status.success(), "{limit}: {}", String::from_utf8_lossy(&output.stdout));
    }
}
