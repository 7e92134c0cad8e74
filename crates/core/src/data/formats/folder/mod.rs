//! One folder per class: finds the picture files without decoding them. `decode` reads those that are needed.

mod class;
mod classes;
mod doubts;
mod layout;
mod part;
mod tree;

pub(super) use classes::FORMAT;
pub(super) use part::Part;
pub(in crate::data) use part::test_folder;
pub use tree::PICTURE_ENDINGS;
pub(super) use tree::{Tree, is_picture};
