//! Where files come from, and where they go.

use super::catalogue::{Kind, Remote};
use crate::files::user_data;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Where a person wants files to come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// Where they were published.
    #[default]
    Published,
    /// A folder of a server, or one file there.
    Mirror(String),
    /// A folder on this machine, or one file.
    Disk(PathBuf),
}

impl FromStr for Origin {
    type Err = std::convert::Infallible;

    /// An address or a path.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_address = ["http://", "https://"].iter().any(|start| text.starts_with(start));
        Ok(if is_address { Self::Mirror(text.to_owned()) } else { Self::Disk(text.into()) })
    }
}

impl Origin {
    /// The addresses to try for a file, of a server.
    pub(super) fn addresses(&self, published: &[&str], file: &Remote) -> Vec<String> {
        match self {
            Self::Published => published.iter().map(|folder| format!("{folder}{}", file.name)).collect(),
            Self::Mirror(address) if address.ends_with(&format!("/{}", file.name)) => vec![address.clone()],
            Self::Mirror(address) => vec![format!("{}/{}", address.trim_end_matches('/'), file.name)],
            Self::Disk(_) => Vec::new(),
        }
    }
}

/// Where things go if nobody names another folder; `None` where the user has no folder at all.
#[must_use]
pub fn user_folder(kind: Kind) -> Option<PathBuf> {
    user_data().map(|data| folder_in(&data, kind))
}

/// Where they go in the folder that the program keeps a user's things in.
#[must_use]
pub fn folder_in(data: &Path, kind: Kind) -> PathBuf {
    data.join(match kind {
        Kind::Images => "data",
        Kind::Weights => "weights",
    })
}
