//! Where images come from: finds the format, reads, splits, resizes, measures; and puts batches together.
//!
//! Pixels stay bytes in memory until a batch is made. Everything random is keyed by the seed, so a data set, its
//! split and each of its batches are functions of what was asked for. This module knows nothing of tensors,
//! networks or training.

mod augment;
mod batch;
pub mod cache;
mod content;
mod dataset;
mod decode;
mod error;
mod formats;
mod found;
mod images;
mod jpeg;
mod left_out;
mod load;
mod loader;
mod names;
mod overview;
mod picture;
mod pixel_file;
mod pixels;
pub mod samples;
mod sizes;
mod split;
mod statistics;
mod store;
mod survey;
mod unpack;

pub use batch::{Batch, Mix, augmented_samples, evaluation_batches, plain_inputs};
pub use dataset::Dataset;
pub use error::{DataError, Fault};
pub use formats::{PICTURE_ENDINGS, class_names, subset};
pub use images::Images;
pub use left_out::LeftOut;
pub use load::{IMAGENET_SIDE, LoadOptions, Report, Scoring, usual_images, usual_side};
pub use loader::{Loader, LoaderOptions, Position};
pub use overview::Overview;
pub use picture::{MAX_PIXELS, Picture, decode_picture, fit_picture, read_picture, read_picture_for};
pub use pixels::Pixels;
pub use sizes::Sizes;
pub use statistics::Normalizer;
pub use survey::{ClassCount, Double, Standing, Survey};
pub use unpack::unpack;
