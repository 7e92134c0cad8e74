//! A run in another program's format, made by this program's own command line: it knows how to read weights.

use crate::own_program::{self, OwnProgram};
use std::path::{Path, PathBuf};

/// A run or a study, and what it is to become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunExport {
    pub run: PathBuf,
    /// What it is to become.
    pub format: ExportFormat,
}

/// What a run can become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// A web page that says what it has shown.
    Html,
    /// Each network as ONNX.
    Onnx,
    /// Each network as a script for PyTorch with its weights.
    Torch,
    /// Everything as one zip file.
    Bundle,
}

impl ExportFormat {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Html, Self::Onnx, Self::Torch, Self::Bundle];

    /// As a menu says it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Html => "Save the run as a web page…",
            Self::Onnx => "Save the run's networks as ONNX…",
            Self::Torch => "Save the run's networks for PyTorch…",
            Self::Bundle => "Save the run as a zip file…",
        }
    }

    /// The command line's word for it, and what the name of its folder ends with.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Html => ("--html", ""),
            Self::Onnx => ("--onnx", "-onnx"),
            Self::Torch => ("--torch", "-torch"),
            Self::Bundle => ("--bundle", ""),
        }
    }

    /// The ending of its file; `None` where it is a folder.
    #[must_use]
    pub fn ending(self) -> Option<&'static str> {
        match self {
            Self::Html => Some("html"),
            Self::Onnx | Self::Torch => None,
            Self::Bundle => Some("zip"),
        }
    }
}

impl RunExport {
    /// The name that is offered, without an ending.
    #[must_use]
    pub fn name(&self) -> String {
        let name = self.run.file_name().unwrap_or_default().to_string_lossy();
        format!("{name}{}", self.format.words().1)
    }

    /// Writes it.
    ///
    /// # Errors
    /// What the command line says.
    pub fn write(&self, path: &Path, program: &OwnProgram) -> Result<(), String> {
        let words =
            ["export".into(), self.run.clone().into(), self.format.words().0.into(), "--out".into(), path.into()];
        let (mut process, complaint) = own_program::start(&mut program.call(words)?)?;
        let status = process.wait().map_err(|error| error.to_string())?;
        own_program::failure(status, complaint.join().unwrap_or_default()).map_or(Ok(()), Err)
    }
}
