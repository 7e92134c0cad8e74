//! A run in another program's format, made by this program's own command line: it knows how to read weights.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A run or a study, and what it is to become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunExport {
    /// Its folder.
    pub run: PathBuf,
    /// What it is to become.
    pub format: Format,
}

/// What a run can become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A web page that says what it has shown.
    Html,
    /// Each network as ONNX.
    Onnx,
    /// Each network as a script for PyTorch with its weights.
    Torch,
    /// Everything as one zip file.
    Bundle,
}

impl Format {
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

    /// The command line's word for it, and what its file's or folder's name ends with.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Html => ("--html", ".html"),
            Self::Onnx => ("--onnx", "-onnx"),
            Self::Torch => ("--torch", "-torch"),
            Self::Bundle => ("--bundle", ".zip"),
        }
    }
}

impl RunExport {
    /// The name that is offered.
    #[must_use]
    pub fn name(&self) -> String {
        let name = self.run.file_name().unwrap_or_default().to_string_lossy();
        format!("{name}{}", self.format.words().1)
    }

    /// Writes it.
    ///
    /// # Errors
    /// What the command line says.
    pub fn write(&self, path: &Path) -> Result<(), String> {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let mut command = Command::new(program);
        command.arg("export").arg(&self.run).arg(self.format.words().0).arg("--out").arg(path).stdin(Stdio::null());
        let output = command.output().map_err(|error| error.to_string())?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(said.trim().trim_start_matches("error: ").to_owned())
    }
}
