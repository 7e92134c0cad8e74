//! `residual-lab presets`: the experiments that come with the program.

use super::output::{self, Failure};
use super::plan::{from_preset, usual_images};
use lab_core::blueprint::{Blueprint, Summary};
use lab_core::experiment::{PRESETS, Preset};
use lab_core::number;
use serde_json::json;

/// Arguments of `presets`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  residual-lab presets
  residual-lab presets resnet20 > my.toml")]
pub struct Args {
    /// Print this one as an experiment file to start from
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// The same as NAME
    #[arg(long, value_name = "NAME", conflicts_with = "name")]
    toml: Option<String>,
    /// Print JSON: the list, or the fields of the one that is named
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    if let Some(name) = args.name.as_ref().or(args.toml.as_ref()) {
        let plan = from_preset(name)?;
        if args.json {
            return output::print_json(&plan);
        }
        return output::print(&plan.to_toml().map_err(Failure::running)?);
    }
    if args.json {
        let entry =
            |preset: &Preset| json!({ "id": preset.id, "about": preset.about, "parameters": parameters(preset) });
        return output::print_json(&PRESETS.iter().map(entry).collect::<Vec<_>>());
    }
    for preset in PRESETS {
        output::print(&format!("{:<18} {:>23}  {}", preset.id, counts(preset), preset.about))?;
    }
    Ok(())
}

fn counts(preset: &Preset) -> String {
    parameters(preset).into_iter().map(number::count).collect::<Vec<_>>().join(" / ")
}

/// Each arm's parameters, on images of the kind that the preset is known for.
fn parameters(preset: &Preset) -> Vec<u64> {
    let plan = preset.plan();
    let count = |network: &_, (shape, classes)| {
        Blueprint::new(network, shape, classes).map(|blueprint| Summary::new(&blueprint).parameters).ok()
    };
    plan.arms.iter().filter_map(|arm| count(&arm.network, usual_images(Some(preset.id), &plan))).collect()
}
