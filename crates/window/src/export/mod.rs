//! What a panel gives away: its data as a table, its picture as PNG or SVG. Any panel that implements [`Exportable`]
//! gets the same menu. Knows nothing of what the panels show.

mod album;
mod drawing;
mod png;
mod saving;
mod svg;

pub use album::Album;
pub use drawing::Drawing;
pub use saving::{Content, Done, Saving};
