//! Pictures with a table of what is known of them, as one folder.

use lab_core::files::{create_folder, write_atomically};
use lab_core::instrument::Thumbnail;
use lab_core::png;
use lab_core::table::Table;
use std::path::Path;

/// Pictures with a table.
#[derive(Clone, Debug)]
pub struct Album {
    /// Each with the name of its file.
    pub pictures: Vec<(String, Thumbnail)>,
    /// With the name of its file.
    pub table: (String, Table),
}

impl Album {
    /// Makes a folder of it, or nothing at all.
    ///
    /// # Errors
    /// What could not be written, and what stands in the way.
    pub fn write(&self, folder: &Path) -> Result<(), String> {
        let encoded: Vec<(&str, Vec<u8>)> = self
            .pictures
            .iter()
            .map(|(name, seen)| Ok((name.as_str(), png::rgb(&seen.rgb, [seen.width, seen.height])?)))
            .collect::<Result<_, String>>()?;
        let fill = |place: &Path| {
            for (name, bytes) in &encoded {
                std::fs::write(place.join(name), bytes)?;
            }
            let (name, table) = &self.table;
            write_atomically(&place.join(name), table.csv().as_bytes())
        };
        create_folder(folder, fill).map_err(|error| error.to_string())
    }
}
