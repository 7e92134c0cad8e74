//! Gets well-known data sets and weights from where they were published, or from a mirror or folder that a person names.
//!
//! What lies in its place is whole and was checked; what is under way lies beside it and goes on where it stopped. A new
//! set is a row of `catalogue.rs`. Must not know experiments.

mod catalogue;
mod check;
mod error;
mod get;
mod place;
mod transfer;

pub use catalogue::{Kind, OFFERS, Offer, Remote, Size, offer};
pub use check::Check;
pub use error::FetchError;
pub use get::{Fetch, Got};
pub use place::{Origin, folder_in, user_folder};
pub use transfer::Patience;
