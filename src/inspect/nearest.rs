//! The training images whose pooled features are closest to those of an image.

use super::look::{Progress, Subject, values};
use crate::data::evaluation_batches;
use crate::instrument::{Finding, Neighbour, Seen, Sight};
use crate::nn::Pass;
use burn::tensor::{Tensor, TensorData};

/// The `count` nearest training images, nearest first.
pub fn nearest(
    subject: &Subject,
    sight: &Sight,
    count: usize,
    progress: &mut Progress,
) -> Result<Vec<Neighbour>, String> {
    let image = subject.sight(sight)?;
    let wanted = pooled(subject, image.inputs, 1, image.shape)?;
    let (inputs, mut best) = (subject.snapshot.training(), Vec::<Neighbour>::new());
    let (total, mut done) = (inputs.images.len(), 0);
    for batch in evaluation_batches(inputs.images, inputs.mean, inputs.std, subject.batch()) {
        let features = pooled(subject, batch.pixels, batch.size, batch.shape)?;
        for (row, (features, &class)) in features.chunks_exact(wanted.len()).zip(&batch.labels).enumerate() {
            let squares = features.iter().zip(&wanted).map(|(a, b)| (a - b) * (a - b));
            let (image, distance) = (done + row, squares.sum::<f32>().sqrt());
            if best.len() < count || best.last().is_some_and(|last| distance < last.distance) {
                let seen = Seen::new(inputs.images.image(image), inputs.images.shape());
                best.push(Neighbour { image, class, distance, seen });
                best.sort_by(|a, b| a.distance.total_cmp(&b.distance).then(a.image.cmp(&b.image)));
                best.truncate(count);
            }
        }
        done += batch.size;
        if !progress(done, total, Some(Finding::Nearest(best.clone()))) {
            break;
        }
    }
    Ok(best)
}

/// The mean of each channel of the last map, [images · channels].
fn pooled(subject: &Subject, pixels: Vec<f32>, count: usize, shape: [usize; 3]) -> Result<Vec<f32>, String> {
    let [channels, height, width] = shape;
    let x = Tensor::<4>::from_data(TensorData::new(pixels, [count, channels, height, width]), subject.device());
    let features = subject.model().features(x, &mut Pass::evaluate());
    let [_, channels, height, width] = features.dims();
    values(features.reshape([count, channels, height * width]).mean_dim(2))
}
