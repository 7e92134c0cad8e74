//! What the form knows of its images before they are loaded.

use crate::state::sketch::ImageSet;
use lab_core::experiment::{Channels, Plan, Source};
use lab_core::protocol::{DatasetInfo, Prepared};

/// The images' shape and the number of classes, if they can be known before loading.
pub(super) fn images(plan: &Plan, known: Option<&(Source, DatasetInfo)>) -> Option<ImageSet> {
    let (shape, classes) = match (&plan.data.source, known) {
        (source, Some((of, info))) if source == of => (info.shape, info.classes.len()),
        (Source::Embedded, _) => Source::EMBEDDED,
        _ => return None,
    };
    Some(ImageSet { shape: plan.data.brought(shape), classes })
}

/// What is known of images once an experiment is prepared. Where it resizes them, or weights from a file want them
/// otherwise, what was known of them as they come stays.
pub fn after(known: Option<(Source, DatasetInfo)>, prepared: &Prepared) -> Option<(Source, DatasetInfo)> {
    let (data, info) = (&prepared.experiment.data, &prepared.dataset);
    let is_known = data.source == Source::Embedded || known.as_ref().is_some_and(|(of, _)| *of == data.source);
    let as_they_come = prepared.total_steps > 0 && data.resize.is_none() && data.channels == Channels::Auto;
    let is_news = as_they_come || !is_known && info.train + info.validation > 0;
    if is_news { Some((data.source.clone(), info.clone())) } else { known }
}

/// Steps of an epoch; a guess where the images are not known yet.
pub(super) fn steps_per_epoch(plan: &Plan, known: Option<&(Source, DatasetInfo)>) -> u64 {
    let images = known.filter(|(source, _)| *source == plan.data.source).map_or(5000, |(_, info)| info.train);
    let images = plan.data.train_limit.map_or(images, |limit| limit.min(images));
    (images / plan.recipe.batch_size.max(1)).max(1) as u64
}
