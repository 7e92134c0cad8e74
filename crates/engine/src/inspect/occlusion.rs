//! Occlusion: by how much a class's probability falls when a patch of the image is covered (Zeiler and Fergus 2014).

use super::refusal::Refusal;
use super::subject::Subject;
use lab_core::instrument::HeatMap;

/// Places of the patch in each direction, about.
const PLACES: usize = 14;

/// The fall of the probability of `class` for each place of a patch whose side is a fifth of the image's. A covered pixel
/// has the mean colour of the training images, which is 0 once normalised.
pub(super) fn falls(subject: &Subject, inputs: &[f32], shape: [usize; 3], class: usize) -> Result<HeatMap, Refusal> {
    let [channels, height, width] = shape;
    let step = |side: usize| side.div_ceil(PLACES).max(1);
    let reach = |side: usize| (side / 10).max(1);
    let centres = |side: usize| (0..side).skip(step(side) / 2).step_by(step(side)).collect::<Vec<_>>();
    let (rows, columns) = (centres(height), centres(width));
    let whole = subject.probabilities(inputs.to_vec(), 1)?;
    let whole = whole.first().and_then(|row| row.get(class)).copied().unwrap_or(0.0);
    let mut falls = Vec::with_capacity(rows.len() * columns.len());
    for &row in &rows {
        let mut covered = Vec::with_capacity(columns.len() * inputs.len());
        for &column in &columns {
            let start = covered.len();
            covered.extend_from_slice(inputs);
            for channel in 0..channels {
                for y in row.saturating_sub(reach(height))..(row + reach(height) + 1).min(height) {
                    let line = start + (channel * height + y) * width;
                    let from = column.saturating_sub(reach(width));
                    covered[line + from..line + (column + reach(width) + 1).min(width)].fill(0.0);
                }
            }
        }
        let probabilities = subject.probabilities(covered, columns.len())?;
        falls.extend(probabilities.iter().map(|row| whole - row.get(class).copied().unwrap_or(0.0)));
    }
    Ok(HeatMap { height: rows.len(), width: columns.len(), values: falls })
}
