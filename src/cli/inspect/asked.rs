//! What an answer is about: how many images, of which part, and where each of a choice lies among all.

use lab_core::data::Dataset;
use lab_core::instrument::{AskedImages, Findings, Instrument, QueryImage, Question, TablesOf};
use lab_core::table::Table;
use serde_json::{Value, json};

/// The images that an answer is about, of those that there are.
pub(super) enum About {
    /// So many validation images, those at these places if they are a choice.
    Validation(usize, Vec<usize>),
    /// So many training images, drawn at random.
    Training(usize),
    /// So many training images to learn from, and so many validation images to try that on.
    Both(usize, usize),
    /// So many random pairs of so many validation images.
    Pairs(usize, usize),
    /// One image to validate on.
    Image {
        /// Its place among all of them.
        index: usize,
        /// Its file, if it comes from one.
        file: Option<String>,
        /// Its class.
        class: Option<String>,
    },
    /// A picture from elsewhere, or none.
    Nothing,
}

impl About {
    /// What the answer to a question is about, of images of which those at `places` were chosen.
    pub fn of(question: &Question, dataset: &Dataset, places: Vec<usize>) -> Self {
        let (train, validation) = (dataset.train.len(), dataset.validation.len());
        match question.asked() {
            AskedImages::Validation => Self::Validation(validation, places),
            AskedImages::Pairs(pairs) => Self::Pairs(pairs, validation),
            AskedImages::Training(images) => Self::Training(train.min(images)),
            AskedImages::Both(images) => Self::Both(train.min(images), validation),
            AskedImages::One(QueryImage::Validation(index)) => Self::image(*index, dataset),
            AskedImages::One(QueryImage::Picture(_)) | AskedImages::Nothing => Self::Nothing,
        }
    }

    fn image(index: usize, dataset: &Dataset) -> Self {
        let images = &dataset.validation;
        let class = images.labels.get(index).and_then(|label| dataset.classes.get(usize::from(*label)));
        let file = images.files.get(index).map(|file| file.display().to_string());
        Self::Image { index, file, class: class.cloned() }
    }

    /// In a line; empty where there is nothing to say.
    pub fn in_words(&self, instrument: Instrument) -> String {
        match self {
            Self::Validation(count, places) if places.is_empty() => format!("asked about: {count} validation images"),
            Self::Validation(count, _) => {
                // Only this one has a row for each image.
                let places =
                    if instrument == Instrument::Predictions { "; \"place\" is what --image calls each" } else { "" };
                format!("asked about: {count} of the validation images{places}")
            }
            Self::Training(count) => format!("asked about: {count} training images"),
            Self::Both(train, validation) => {
                format!("asked about: {train} training images, and {validation} validation images to try it on")
            }
            Self::Pairs(pairs, images) => format!("asked about: {pairs} pairs of {images} validation images"),
            Self::Image { index, file, class } => {
                let file = file.as_ref().map_or(String::new(), |file| format!(" {file}"));
                let class = class.as_ref().map_or(String::new(), |class| format!(", of class {class}"));
                format!("asked about: validation image {index}{file}{class}")
            }
            Self::Nothing => String::new(),
        }
    }

    /// For another program; null where there is nothing to say.
    pub fn json(&self) -> Value {
        match self {
            Self::Validation(count, places) if places.is_empty() => json!({ "part": "validation", "images": count }),
            Self::Validation(count, places) => json!({ "part": "validation", "images": count, "places": places }),
            Self::Training(count) => json!({ "part": "training", "images": count }),
            Self::Both(train, validation) => {
                json!({ "part": "training", "images": train, "tried_on": { "part": "validation", "images": validation } })
            }
            Self::Pairs(pairs, images) => json!({ "part": "validation", "images": images, "pairs": pairs }),
            Self::Image { index, file, class } => {
                json!({ "part": "validation", "image": index, "file": file, "class": class })
            }
            Self::Nothing => Value::Null,
        }
    }

    /// What was found, as tables that say how many images a loss was taken over, and where images lie among all.
    pub fn tables(&self, instrument: Instrument, findings: &Findings) -> Vec<TablesOf> {
        let more = |table: Table| match (instrument, self) {
            (Instrument::Slice | Instrument::Surface | Instrument::Path, Self::Training(count)) => {
                let rows = table.rows();
                table.counts("training images", std::iter::repeat_n(*count, rows))
            }
            (Instrument::Predictions, Self::Validation(_, places)) if !places.is_empty() => {
                table.counts("place", places.iter().copied())
            }
            _ => table,
        };
        let of = |TablesOf { of, tables }: TablesOf| TablesOf {
            of,
            tables: tables.map(|tables| tables.into_iter().map(more).collect()),
        };
        instrument.tables(findings).into_iter().map(of).collect()
    }
}
