//! Trains two networks that differ in their shortcuts, without a window and without a run folder:
//! `cargo run --release --example train_from_code`.

use lab_core::experiment::{Body, DeviceChoice, Experiment, Length, preset};
use lab_core::protocol::keep::KeepNothing;
use lab_core::protocol::{Command, Event};
use lab_engine::train::engine::Engine;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    // A plan may be wrong; checking it makes an experiment, which cannot be.
    let mut plan = preset("plain-vs-residual").ok_or("there is no such preset")?.plan();
    plan.data.train_limit = Some(1000);
    plan.recipe.length = Length::Steps(40);
    for arm in &mut plan.arms {
        arm.network.body = Body::Cifar { depth: 20, width: 16 };
    }
    let experiment = Box::new(Experiment::check(plan).map_err(|found| format!("{found:?}"))?);

    // The engine trains on a thread of its own: commands go in, events come out.
    let engine = Engine::start(Box::new(KeepNothing), || {})?;
    engine.send(Command::Start { experiment, device: DeviceChoice::Flex, paused: false });
    for event in engine.events() {
        match event {
            Event::Steps(steps) => {
                for step in steps.iter().filter(|step| step.step % 10 == 0) {
                    let losses: Vec<f64> = step.arms.iter().flatten().map(|arm| arm.loss).collect();
                    println!("step {:3}  losses {losses:.3?}", step.step);
                }
            }
            Event::Finished(outcome) => {
                for arm in &outcome.arms {
                    println!(
                        "{:10} {:.1} % of the validation images",
                        arm.name,
                        100.0 * arm.validation_accuracy.unwrap_or(0.0)
                    );
                }
                return Ok(());
            }
            Event::Failed(why) => return Err(why.into()),
            _ => {}
        }
    }
    Err("the engine ended without saying why".into())
}
