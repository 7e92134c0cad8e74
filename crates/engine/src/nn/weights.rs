//! Weights in files: safetensors to write and read, PyTorch's own format to read.

use super::state::{Array, StateDict};
use lab_core::files;
use pytorch_reader::{DType as TorchType, PytorchReader};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::path::Path;

/// Why a file's weights could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// The file cannot be opened, read or written.
    #[error("{path}: {why}")]
    File {
        /// The file.
        path: String,
        /// What the system says.
        why: String,
    },
    /// The file is neither format, or damaged.
    #[error(
        "{path} holds no weights this program can read: {why}; it reads .safetensors, and .pt, .pth or .th files of PyTorch"
    )]
    Format {
        /// The file.
        path: String,
        /// What is wrong.
        why: String,
    },
}

/// Reads weights by PyTorch's names; wrappers such as `state_dict` and `module.` are taken off.
///
/// # Errors
/// A file that cannot be read, is damaged, or holds something else.
pub fn read(path: &Path) -> Result<StateDict, WeightsError> {
    let format = |why: String| WeightsError::Format { path: path.display().to_string(), why };
    if path.extension().is_some_and(|extension| extension == "safetensors") {
        let bytes = std::fs::read(path)
            .map_err(|error| WeightsError::File { path: path.display().to_string(), why: error.to_string() })?;
        return from_safetensors(&bytes).map_err(format);
    }
    std::fs::File::open(path)
        .map_err(|error| WeightsError::File { path: path.display().to_string(), why: error.to_string() })?;
    let open = |key: &str| PytorchReader::with_top_level_key(path, key).ok().filter(|reader| !reader.is_empty());
    let reader = match open("state_dict").or_else(|| open("model")) {
        Some(reader) => reader,
        None => PytorchReader::new(path).map_err(|error| format(error.to_string()))?,
    };
    let mut state = StateDict::new();
    for (name, tensor) in reader.into_tensors() {
        let name = name.strip_prefix("module.").unwrap_or(&name).to_owned();
        if name.ends_with("num_batches_tracked") {
            continue;
        }
        let bytes = tensor.read().map_err(|error| format(error.to_string()))?;
        let values = match tensor.dtype() {
            TorchType::F32 => bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect(),
            #[allow(clippy::cast_possible_truncation, reason = "networks compute in single precision")]
            TorchType::F64 => bytes
                .chunks_exact(8)
                .map(|b| f64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]) as f32)
                .collect(),
            other => return Err(format(format!("\"{name}\" is {other:?}, not single or double precision"))),
        };
        state.insert(name, Array { shape: tensor.shape().to_vec(), values });
    }
    if state.is_empty() { Err(format("there is no tensor in it".into())) } else { Ok(state) }
}

/// What is wrong with the bytes is an error in words.
fn from_safetensors(bytes: &[u8]) -> Result<StateDict, String> {
    let file = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
    let mut state = StateDict::new();
    for (name, view) in file.tensors() {
        if view.dtype() != Dtype::F32 {
            if name.ends_with("num_batches_tracked") {
                continue;
            }
            return Err(format!("\"{name}\" is {:?}, not single precision", view.dtype()));
        }
        let values = view.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        state.insert(name, Array { shape: view.shape().to_vec(), values });
    }
    Ok(state)
}

/// A file's bytes; what the format cannot hold is an error in words.
fn to_safetensors(state: &StateDict) -> Result<Vec<u8>, String> {
    let bytes: Vec<(&String, Vec<u8>, &Array)> = state
        .iter()
        .map(|(name, array)| (name, array.values.iter().flat_map(|v| v.to_le_bytes()).collect(), array))
        .collect();
    let mut views = Vec::with_capacity(bytes.len());
    for (name, bytes, array) in &bytes {
        let view = TensorView::new(Dtype::F32, array.shape.clone(), bytes).map_err(|error| error.to_string())?;
        views.push((name.as_str(), view));
    }
    safetensors::serialize(views, None).map_err(|error| error.to_string())
}

/// Writes weights as safetensors, whole or not at all.
///
/// # Errors
/// A file that cannot be written.
pub fn write(path: &Path, state: &StateDict) -> Result<(), WeightsError> {
    let file = |why: String| WeightsError::File { path: path.display().to_string(), why };
    let bytes = to_safetensors(state).map_err(file)?;
    files::write_atomically(path, &bytes).map_err(|error| file(error.to_string()))
}
