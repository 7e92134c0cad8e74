//! What an arm costs on the device chosen: memory, and time once the device's speed has been measured.

use crate::state::Monitor;
use lab_core::blueprint::outline::Outline;
use lab_core::experiment::{Arm, DeviceChoice, Recipe};
use lab_core::number::{bytes, count, duration, large};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Steps that are left out at the start, while caches and kernels warm up.
const WARM_UP: usize = 3;
/// Steps from which a speed is believed.
const ENOUGH: usize = 5;

/// How fast devices were, by what a person types to choose them: multiply-accumulate operations of the forward pass
/// for which they did a whole training step, per second.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Speeds(BTreeMap<String, f64>);

impl Speeds {
    /// Takes note of how fast an experiment under way is.
    pub fn note(&mut self, device: DeviceChoice, monitor: &Monitor) {
        let Some(prepared) = &monitor.prepared else { return };
        // What was recorded before may be another device's.
        let before = monitor.steps.partition_point(|&step| step <= prepared.first_step as f64);
        let seconds = &monitor.seconds[before..];
        let steps = seconds.len();
        if steps < WARM_UP + ENOUGH || monitor.phase == lab_core::protocol::Phase::Diverged {
            return;
        }
        let taken = seconds[steps - 1] - seconds[WARM_UP - 1];
        let macs: u64 = prepared.arms.iter().map(|arm| arm.macs).sum();
        let each = macs as f64 * prepared.experiment.recipe.batch_size as f64;
        let speed = each * (steps - WARM_UP) as f64 / taken;
        if speed.is_finite() && speed > 0.0 {
            self.0.insert(device.to_string(), speed);
        }
    }

    fn of(&self, device: DeviceChoice) -> Option<f64> {
        self.0.get(&device.to_string()).copied()
    }
}

/// What an estimate is made from.
#[derive(Clone, Copy)]
pub struct Costs<'a> {
    pub speeds: &'a Speeds,
    pub device: DeviceChoice,
    pub device_name: &'a str,
    /// Steps of an epoch, if the images are known.
    pub steps_per_epoch: Option<u64>,
}

/// What an arm amounts to, and what it costs to train it.
#[must_use]
pub fn in_words(arm: &Arm, outline: &Outline, recipe: &Recipe, costs: Costs) -> Vec<String> {
    let Outline { depth, parameters, macs, .. } = outline;
    let batch = recipe.batch_size as u64;
    let memory = outline.training_bytes(batch, arm.optimizer(recipe).method.kept_values());
    let time = match (costs.speeds.of(costs.device), costs.steps_per_epoch) {
        (Some(speed), Some(per_epoch)) => {
            let images = recipe.length.steps(per_epoch) as f64 * batch as f64;
            format!("about {} on {}", duration(images * *macs as f64 / speed), costs.device_name)
        }
        _ => format!("time not yet measured on {}", costs.device_name),
    };
    vec![
        format!("{depth} layers · {} parameters · {} MACs", count(*parameters), large(*macs)),
        format!("about {} to train · {time}", bytes(memory)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use lab_core::experiment::{Experiment, Length, PRESETS};
    use lab_core::protocol::{ArmInfo, DatasetInfo, Live, Prepared};

    #[allow(clippy::field_reassign_with_default, reason = "a monitor has a field that only it sets")]
    fn monitor(steps: u32, seconds_each: f64) -> Monitor {
        let experiment = Experiment::check(PRESETS[0].plan()).unwrap();
        let info = |name: &str| ArmInfo { name: name.into(), parameters: 1, macs: 1_000_000, blocks: vec![] };
        let dataset = DatasetInfo {
            name: String::new(),
            shape: [1, 28, 28],
            classes: vec![],
            train: 5000,
            validation: 1000,
            mean: vec![],
            std: vec![],
        };
        let prepared = Prepared {
            experiment,
            dataset,
            device: String::new(),
            steps_per_epoch: 39,
            total_steps: 234,
            first_step: 0,
            run: None,
            arms: vec![info("plain"), info("residual")],
            live: Live::default(),
            past: None,
        };
        let seconds: Vec<f64> = (1..=steps).map(|step| f64::from(step) * seconds_each).collect();
        let mut monitor = Monitor::default();
        monitor.prepared = Some(prepared);
        monitor.seconds = seconds;
        monitor
    }

    #[test]
    fn time_is_given_only_once_it_was_measured_and_is_that_of_the_steps() {
        let mut speeds = Speeds::default();
        let mut recipe = Recipe { length: Length::Steps(100), ..Recipe::default() };
        let outline = Outline { macs: 1_000_000, ..Outline::default() };
        let arm = &PRESETS[0].plan().arms[0];
        let words = |speeds: &Speeds, recipe: &Recipe| {
            let costs = Costs { speeds, device: DeviceChoice::Flex, device_name: "CPU", steps_per_epoch: Some(39) };
            in_words(arm, &outline, recipe, costs).remove(1)
        };
        speeds.note(DeviceChoice::Flex, &monitor(4, 0.2));
        assert!(words(&speeds, &recipe).ends_with("time not yet measured on CPU"));
        speeds.note(DeviceChoice::Flex, &monitor(50, 0.2));
        // A step of both arms took 0.2 s, so one arm of the same size takes half of it.
        assert!(words(&speeds, &recipe).ends_with("about 10 s on CPU"), "{}", words(&speeds, &recipe));
        recipe.batch_size *= 2;
        assert!(words(&speeds, &recipe).ends_with("about 20 s on CPU"));
    }
}
