//! What the form knows of its images before they are loaded.

use crate::state::sketch::Images;
use lab_core::experiment::{Channels, Plan, Source};
use lab_core::protocol::DatasetInfo;

/// The images' shape and the number of classes, if they can be known before loading.
pub(super) fn images(plan: &Plan, known: Option<&(Source, DatasetInfo)>) -> Option<Images> {
    let (mut shape, classes) = match (&plan.data.source, known) {
        (source, Some((of, info))) if source == of => (info.shape, info.classes.len()),
        (Source::Embedded, _) => ([1, 28, 28], 10),
        _ => return None,
    };
    if let Some(resize) = plan.data.resize {
        (shape[1], shape[2]) = (resize.height, resize.width);
    }
    match plan.data.channels {
        Channels::Auto => {}
        Channels::Gray => shape[0] = 1,
        Channels::Rgb => shape[0] = 3,
    }
    Some((shape, classes))
}

/// Steps of an epoch; a guess where the images are not known yet.
pub(super) fn steps_per_epoch(plan: &Plan, known: Option<&(Source, DatasetInfo)>) -> u64 {
    let images = known.filter(|(source, _)| *source == plan.data.source).map_or(5000, |(_, info)| info.train);
    let images = plan.data.train_limit.map_or(images, |limit| limit.min(images));
    (images / plan.recipe.batch_size.max(1)).max(1) as u64
}
