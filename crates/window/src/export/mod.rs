//! What leaves the window, as plain values that are put into files on a thread of their own: texts, tables, pictures
//! drawn off the screen, folders of images. Must not know actions, panels or what they show.

mod album;
mod drawing;
mod png;
mod run;
mod saving;
mod svg;

pub use album::Album;
pub use drawing::Drawing;
pub use run::{ExportFormat, RunExport};
pub use saving::{Done, SavedContent, Saving};
