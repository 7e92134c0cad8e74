//! The same tests with fewer instructions than this processor has: an instruction set is chosen once for a process.

use std::process::Command;

#[test]
fn everything_holds_with_fewer_instructions() {
    for limit in ["portable", "avx2"] {
        let mut again = Command::new(std::env::current_exe().unwrap());
        again.args(["--skip", "instructions::"]).env("RESIDUAL_LAB_CPU", limit);
        let output = again.output().unwrap();
        assert!(output.status.success(), "{limit}: {}", String::from_utf8_lossy(&output.stdout));
    }
}
