//! `residual-lab summary`: what networks cost, layer by layer.

use super::output::{self, Failure};
use super::plan::{PlanArgs, Shape};
use lab_core::blueprint::{Blueprint, Summary};
use lab_core::data::Dataset;
use lab_core::experiment::Arm;
use lab_core::number::{count, precise_large};
use serde_json::json;

/// Arguments of `summary`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  residual-lab summary --preset resnet18 --image 3x224x224 --classes 1000
  residual-lab summary my.toml --json")]
pub struct Args {
    #[command(flatten)]
    plan: PlanArgs,
    /// Channels, height and width of an image [default: the data set's if one is named, else what the preset is
    /// known for]
    #[arg(long, value_name = "CxHxW")]
    image: Option<Shape>,
    /// Number of classes [default: likewise]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=100_000))]
    classes: Option<u32>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let experiment = args.plan.experiment()?;
    let (mut shape, mut classes) = args.plan.usual_images(&experiment);
    if args.plan.names_data() && (args.image.is_none() || args.classes.is_none()) {
        let dataset = Dataset::of(&experiment).map_err(Failure::usage)?;
        (shape, classes) = (dataset.shape(), dataset.classes.len());
    }
    let shape = args.image.map_or(shape, |Shape(shape)| shape);
    let classes = args.classes.map_or(classes, |classes| classes as usize);
    let count = |arm: &Arm| {
        let blueprint = Blueprint::new(&arm.network, shape, classes)
            .map_err(|error| Failure::Usage(format!("{}: {error}", arm.name)))?;
        Ok((arm.name.clone(), Summary::new(&blueprint)))
    };
    let summaries = experiment.arms.iter().map(count).collect::<Result<Vec<_>, Failure>>()?;
    if args.json {
        let entry = |(name, summary): &(String, Summary)| json!({ "name": name, "input": shape, "summary": summary });
        return output::print_json(&summaries.iter().map(entry).collect::<Vec<_>>());
    }
    summaries.iter().try_for_each(|(name, summary)| output::print(&describe(name, shape, summary)))
}

fn describe(name: &str, [channels, height, width]: [usize; 3], summary: &Summary) -> String {
    let rows: Vec<Vec<String>> = summary
        .layers
        .iter()
        .map(|layer| {
            let [channels, height, width] = layer.output;
            let output = format!("{channels}×{height}×{width}");
            vec![
                format!("{:<24} {}", layer.name, layer.kind),
                output,
                count(layer.parameters),
                precise_large(layer.macs),
            ]
        })
        .collect();
    format!(
        "{name}: {} layers on the longest path, {} parameters, {} MAC and {:.2} MiB of activations for an image of {channels}×{height}×{width}\n\n{}\n",
        summary.depth,
        count(summary.parameters),
        precise_large(summary.macs),
        summary.activation_bytes as f64 / f64::from(1 << 20),
        output::table(&["layer", "output", "parameters", "MAC"], &rows),
    )
}
