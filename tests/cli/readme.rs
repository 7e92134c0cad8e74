//! What the README tells people to type works as it stands.

use crate::lab::Lab;
use std::path::Path;

#[test]
fn the_readmes_study_is_made_run_and_shown() {
    let lab = Lab::new();
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let blocks = text.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let blocks: Vec<&str> = blocks.filter(|block| block.contains("residual-lab study")).collect();
    assert_eq!(blocks.len(), 1, "the README has one block about studies");
    let output = lab.shell(blocks[0]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("8 trials: 4 points with 2 seeds each"), "{said}");
    assert!(said.contains("| learning_rate | depth | n |") && said.contains("| **0.1** |"), "{said}");
}
