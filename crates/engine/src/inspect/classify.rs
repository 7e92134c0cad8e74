//! What every arm sees in pictures from elsewhere.

use super::subject::picture_of;
use crate::train::snapshot::Snapshot;
use lab_core::data::Picture;
use lab_core::files::files_in;
use lab_core::instrument::{self, Classification, Classified, Thumbnail};
use std::path::Path;

/// What every arm sees in each picture; one that cannot be read says so and spoils nothing.
#[must_use]
pub(super) fn classify(snapshot: &Snapshot, pictures: &[instrument::Picture]) -> Classification {
    Classification {
        arms: snapshot.arms.iter().map(|arm| arm.name.clone()).collect(),
        classes: snapshot.dataset.classes.clone(),
        pictures: expanded(pictures).iter().map(|picture| one(snapshot, picture)).collect(),
    }
}

/// Pictures of a folder that are looked at, so that an answer stays within a bounded time.
const OF_A_FOLDER: usize = 64;

/// Folders as the pictures in them, by name; what is below them is left out.
fn expanded(pictures: &[instrument::Picture]) -> Vec<instrument::Picture> {
    let inside = |folder: &Path| -> Vec<instrument::Picture> {
        let Ok(mut files) = files_in(folder) else { return vec![instrument::Picture::File(folder.to_owned())] };
        files.truncate(OF_A_FOLDER);
        files.into_iter().map(instrument::Picture::File).collect()
    };
    pictures
        .iter()
        .flat_map(|picture| match picture {
            instrument::Picture::File(path) if path.is_dir() => inside(path),
            other => vec![other.clone()],
        })
        .collect()
}

fn one(snapshot: &Snapshot, picture: &instrument::Picture) -> Classified {
    let (name, read) = picture_of(picture, snapshot.lens().shape);
    match read {
        Ok(read) => {
            let (seen, probabilities) = ask(snapshot, &read);
            Classified { name, seen, probabilities }
        }
        Err(why) => Classified { name, seen: Thumbnail::default(), probabilities: Err(why.to_string()) },
    }
}

fn ask(snapshot: &Snapshot, picture: &Picture) -> (Thumbnail, Result<Vec<Vec<f32>>, String>) {
    let lens = snapshot.lens();
    let pixels = lens.pixels(picture);
    let networks = snapshot.arms.iter().map(|arm| &arm.model);
    let probabilities = lens.probabilities(&pixels, networks).map_err(|error| error.to_string());
    (Thumbnail::new(&pixels, lens.shape), probabilities)
}
