//! Feature maps of a block, and the filters of the first layer.

use super::refusal::Refusal;
use super::subject::Subject;
use crate::nn::{self, Pass};
use lab_core::experiment::Naming;
use lab_core::instrument::{HeatMap, Maps, QueryImage};

/// Every channel of a block's output for one image.
pub(super) fn features(subject: &Subject, sample: &QueryImage, block: usize) -> Result<Maps, Refusal> {
    let image = subject.sample_input(sample)?;
    let plan = subject.block(block)?;
    let [channels, height, width] = image.shape;
    let x = nn::tensor(image.inputs, [1, channels, height, width], subject.device());
    let seen = subject.model().forward_to(x, block, &mut Pass::evaluate());
    let [_, channels, height, width] = seen.dims();
    let seen = nn::values(seen)?;
    let maps = seen.chunks_exact(height * width).map(|map| HeatMap { height, width, values: map.to_vec() });
    let names = (0..channels).map(|channel| format!("channel {channel}")).collect();
    Ok(Maps { of: plan.name.clone(), names, maps: maps.collect() })
}

/// The first convolution's filters, one for each output and input channel.
pub(super) fn filters(subject: &Subject) -> Result<Maps, Refusal> {
    let weight = subject.model().stem.conv.weight.val();
    let [outputs, inputs, height, width] = weight.dims();
    let weight = nn::values(weight)?;
    let maps = weight.chunks_exact(height * width).map(|map| HeatMap { height, width, values: map.to_vec() });
    let name = |index: usize| match inputs {
        1 => format!("filter {index}"),
        3 => format!("filter {} {}", index / 3, ["red", "green", "blue"][index % 3]),
        _ => format!("filter {} input {}", index / inputs, index % inputs),
    };
    Ok(Maps { of: Naming::STEM[0].into(), names: (0..outputs * inputs).map(name).collect(), maps: maps.collect() })
}
