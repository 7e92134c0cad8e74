//! What helps to find a learning rate and a batch size before anything is trained for long. Knows neither engine nor
//! files.

mod batch;
mod rate;

pub use batch::{BatchNeeds, Tried, recommended, sizes};
pub use rate::{RateTest, Suggestion, suggestion};
