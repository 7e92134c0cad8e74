//! One folder per class: finds the picture files without decoding them. `decode` reads those that are needed.

mod class;
mod classes;
mod doubts;
mod layout;
mod role;
mod tree;

pub(super) use classes::FORMAT;
pub(super) use role::Role;
pub(in crate::data) use role::test_folder;
pub use tree::PICTURE_ENDINGS;
pub(super) use tree::{Tree, is_picture};
