//! Parameters and multiply-accumulate operations.

use super::case::Case;
use super::json;
use lab_core::blueprint::{Blueprint, Summary};
use lab_core::experiment::{PRESETS, preset};
use serde::Deserialize;
use std::collections::BTreeSet;

#[derive(Deserialize)]
struct Count {
    preset: String,
    arm: usize,
    shape: [usize; 3],
    classes: usize,
    parameters: u64,
    macs: u64,
}

#[test]
fn every_preset_costs_what_its_twin_in_pytorch_costs() {
    let counts: Vec<Count> = json("counts.json");
    for count in &counts {
        let plan = preset(&count.preset).unwrap().plan();
        let blueprint = Blueprint::new(&plan.arms[count.arm].network, count.shape, count.classes).unwrap();
        let summary = Summary::new(&blueprint);
        let at = format!("{} on {:?}", count.preset, count.shape);
        assert_eq!(summary.parameters, count.parameters, "parameters of {at}");
        assert_eq!(summary.macs, count.macs, "MACs of {at}");
    }
    let counted: BTreeSet<&str> = counts.iter().map(|count| count.preset.as_str()).collect();
    let (tuned, offered): (Vec<_>, Vec<_>) = PRESETS.iter().partition(|preset| preset.id.starts_with("finetune-"));
    let offered: BTreeSet<&str> = offered.into_iter().map(|preset| preset.id).collect();
    assert_eq!(counted, offered, "presets counted and presets offered");
    for tuned in tuned {
        let whole = preset(tuned.id.trim_start_matches("finetune-")).unwrap().plan();
        assert_eq!(tuned.plan().arms[0].network, whole.arms[0].network, "the network that {} starts from", tuned.id);
    }
}

#[test]
fn the_summary_counts_every_parameter_of_a_state_dict() {
    for case in Case::all() {
        let summary = Summary::new(&Blueprint::new(&case.network, case.shape(), 10).unwrap());
        let weights = case.below("weights");
        let trained = weights.iter().filter(|(name, _)| !name.contains("running_"));
        let parameters: usize = trained.map(|(_, array)| array.values.len()).sum();
        assert_eq!(summary.parameters, parameters as u64, "{}", case.name);
    }
}
