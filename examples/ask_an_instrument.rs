//! Asks an instrument how strong the gradient is at every block of two untrained networks of 56 layers:
//! `cargo run --release --example ask_an_instrument`.

use lab_core::data::Dataset;
use lab_core::experiment::{DeviceChoice, Experiment, preset};
use lab_core::instrument::{Answer, Finding, Question};
use lab_engine::inspect;
use lab_engine::train::device;
use lab_engine::train::session::Session;
use lab_engine::train::snapshot::Snapshot;
use std::error::Error;
use std::sync::Arc;

fn main() -> Result<(), Box<dyn Error>> {
    let mut plan = preset("plain-vs-residual").ok_or("there is no such preset")?.plan();
    plan.data.train_limit = Some(500);
    let experiment = Experiment::check(plan).map_err(|found| format!("{found:?}"))?;
    let dataset = Arc::new(Dataset::load(&experiment.data, experiment.recipe.seed)?);
    let session = Session::new(experiment, dataset, device::open(DeviceChoice::Flex)?)?;

    // A snapshot is what the networks are at one moment; questions are asked of it and change nothing. A question that
    // takes long tells how far it has come, and goes on for as long as it is told to.
    let snapshot = Snapshot::of(&session, &[]);
    let answer = inspect::answer(&snapshot, &Question::Gradients { images: 64 }, &mut |_, _, _| true)?;
    let Answer::Found(found) = answer else { return Err("an instrument was asked".into()) };
    for arm in &found.arms {
        if let Finding::Gradients(look) = arm.finding.clone()? {
            for block in look.blocks.iter().step_by(9) {
                println!("{:10} {:10} ‖∂L/∂W‖ = {:.2e}", arm.arm, block.block, block.weight_gradient);
            }
        }
    }
    Ok(())
}
