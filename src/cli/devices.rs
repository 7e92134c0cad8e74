//! `residual-lab devices`: what this machine can train on.

use super::output::{self, Failure};
use lab_core::experiment::{DeviceChoice, DeviceInfo, Precision};
use lab_engine::train::device::{self, Opened};
use serde_json::json;

/// Arguments of `devices`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  residual-lab devices
  residual-lab train --device gpu:0")]
pub struct Args {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Where a command computes.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct DeviceArgs {
    #[arg(long, default_value_t, help = help())]
    pub device: DeviceChoice,
}

fn help() -> String {
    format!("Where to compute: {}; `residual-lab devices` lists them", DeviceChoice::NAMES)
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let devices = device::list();
    if args.json {
        let entry = |device: &DeviceInfo| json!({ "device": device.choice.to_string(), "name": device.name });
        return output::print_json(&devices.iter().map(entry).collect::<Vec<_>>());
    }
    devices.iter().try_for_each(|device| output::print(&format!("{:<9} {}", device.choice, device.name)))
}

/// Opens the device that was asked for, for networks of a precision, and says what a person should know of it.
pub(super) fn open_for(choice: DeviceChoice, precision: Precision) -> Result<Opened, Failure> {
    let opened = device::open_for(choice, precision).map_err(Failure::usage)?;
    opened.notice.iter().for_each(|text| output::notice(text));
    Ok(opened)
}
