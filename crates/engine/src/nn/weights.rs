//! Weights in files: safetensors to write and read, PyTorch's own format to read.

use super::array::{Array, StateDict};
use super::foreign::translated;
use super::torch_file::{Readable, other, unread};
use lab_core::experiment::Naming;
use lab_core::files;
use pytorch_reader::{DType as TorchType, PytorchReader};
use safetensors::SafeTensorError;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Why a file's weights could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// The file cannot be opened, read or written.
    #[error("{}: {why}", .path.display())]
    File {
        path: PathBuf,
        /// What the system says.
        why: io::Error,
    },
    /// The format cannot hold the weights.
    #[error("{}: {why}", .path.display())]
    Unwritable {
        path: PathBuf,
        /// What it cannot hold.
        why: SafeTensorError,
    },
    /// The file is neither format, or damaged.
    #[error(
        "{} holds no weights this program can read: {why}; it reads .safetensors, and .pt, .pth or .th files of PyTorch", .path.display()
    )]
    Format {
        path: PathBuf,
        /// What is wrong.
        why: FormatError,
    },
}

/// What a file is that holds no weights.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    #[error("it is empty")]
    Empty,
    /// What stands for a large file in a Git repository.
    #[error("it is a pointer to a file kept by Git LFS, not the file itself; `git lfs pull` brings it")]
    Pointer,
    /// What a browser shows in place of the file.
    #[error("it is a web page, not the file that it offers; download the file itself")]
    WebPage,
    /// Something else, by its first bytes.
    #[error("{0}")]
    Other(&'static str),
    /// A text that does not say which weights lie in which files.
    #[error("it is a text (JSON), and names no files of weights")]
    NoList,
    /// One of several files.
    #[error("{name}, which it names, cannot be read ({why})")]
    Part {
        name: String,
        /// What the system says.
        why: io::Error,
    },
    /// Tensors, but none of floating-point numbers of 16 bits or more.
    #[error("its weights are of the type {0}, which is not read; save them in single precision (float32)")]
    OtherTypes(String),
    /// A file of one of the formats, with counters at most.
    #[error("there is no weight in it")]
    NoWeight,
    /// A tensor may repeat what is stored once.
    #[error("\"{0}\" and others would take far more memory than the file has")]
    TooMuch(String),
    /// A damaged file of safetensors.
    #[error(transparent)]
    Safetensors(#[from] SafeTensorError),
    /// Neither of the formats, or a damaged file of PyTorch; in its reader's words.
    #[error("{0}")]
    PyTorch(String),
    /// A file whose size or contents the system does not give.
    #[error(transparent)]
    System(#[from] io::Error),
}

/// Reads weights by the names that the file has for them, as single precision. The format is recognised by content, not by the
/// file's name. What is not a floating-point number is a counter, and left out.
///
/// # Errors
/// A file that cannot be read, is damaged, or holds something else.
pub fn read(path: &Path) -> Result<StateDict, WeightsError> {
    let format = |why| WeightsError::Format { path: path.to_owned(), why };
    let failed = |why| WeightsError::File { path: path.to_owned(), why };
    let about = std::fs::metadata(path).map_err(failed)?;
    // As `accelerate` and `transformers` write it.
    if let Some(inside) = WEIGHTS.iter().map(|name| path.join(name)).find(|inside| about.is_dir() && inside.is_file()) {
        return read(&inside);
    }
    // A pipe would be waited for without end.
    if !about.is_file() {
        return Err(failed(io::Error::other("it is not a file")));
    }
    let mut start = Vec::new();
    File::open(path).map_err(failed)?.take(64).read_to_end(&mut start).map_err(failed)?;
    let state = match start.as_slice() {
        [] => Err(FormatError::Empty),
        // Eight bytes with the header's length, then the header, which is JSON.
        [_, _, _, _, _, _, _, _, b'{', ..] => from_safetensors(&std::fs::read(path).map_err(failed)?),
        text if text.starts_with(b"version https://git-lfs") => Err(FormatError::Pointer),
        text if text.trim_ascii_start().starts_with(b"<") => Err(FormatError::WebPage),
        text if text.trim_ascii_start().starts_with(b"{") => from_shards(path),
        start => other(start).map_or_else(|| from_pytorch(path), |what| Err(FormatError::Other(what))),
    };
    let state = state.map_err(format)?;
    if state.is_empty() { Err(format(FormatError::NoWeight)) } else { Ok(translated(state)) }
}

/// What files of weights are called in a folder, those that name others first.
const WEIGHTS: [&str; 4] =
    ["model.safetensors.index.json", "pytorch_model.bin.index.json", "model.safetensors", "pytorch_model.bin"];

/// The most bytes of a list of files.
const MAX_LIST: u64 = 16 << 20;

/// Weights in several files beside this one, which says which of them lie where.
fn from_shards(path: &Path) -> Result<StateDict, FormatError> {
    #[derive(serde::Deserialize)]
    struct Index {
        weight_map: BTreeMap<String, String>,
    }
    if std::fs::metadata(path)?.len() > MAX_LIST {
        return Err(FormatError::NoList);
    }
    let text = std::fs::read(path)?;
    let index: Index = serde_json::from_slice(&text).map_err(|_| FormatError::NoList)?;
    let names: BTreeSet<&String> = index.weight_map.values().collect();
    let mut state = StateDict::new();
    for name in names {
        let beside = Path::new(name).file_name().ok_or(FormatError::NoList)?;
        let part = path.with_file_name(beside);
        let mut start = Vec::new();
        let file = File::open(&part).map_err(|why| FormatError::Part { name: name.clone(), why })?;
        file.take(9).read_to_end(&mut start)?;
        state.extend(match start.as_slice() {
            [_, _, _, _, _, _, _, _, b'{'] => from_safetensors(&std::fs::read(&part)?)?,
            _ => from_pytorch(&part)?,
        });
    }
    Ok(state)
}

/// What was read of a file, unless all its tensors are of other types.
fn unless_all_others(state: StateDict, others: &BTreeSet<String>) -> Result<StateDict, FormatError> {
    if !state.is_empty() || others.is_empty() {
        return Ok(state);
    }
    Err(FormatError::OtherTypes(others.iter().map(String::as_str).collect::<Vec<_>>().join(", ")))
}

/// For how many classes weights are: the outputs of the head, which a network of this naming ends with.
#[must_use]
pub fn classes(state: &StateDict, naming: Naming) -> Option<usize> {
    let head = format!("{}.weight", naming.head());
    let is_head =
        |name: &str| name.strip_suffix(head.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    state.iter().find(|(name, _)| is_head(name)).and_then(|(_, array)| array.shape.first().copied())
}

/// Parts of names that `torch.compile` and its kin put between a module and its weights.
const WRAPPERS: [&str; 3] = ["_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"];

fn name_of(written: &str) -> String {
    written.split('.').filter(|part| !WRAPPERS.contains(part)).collect::<Vec<_>>().join(".")
}

fn from_pytorch(path: &Path) -> Result<StateDict, FormatError> {
    let readable = Readable::of(path)?;
    let reader =
        PytorchReader::new(readable.path()).map_err(|error| FormatError::PyTorch(unread(&error.to_string())))?;
    let (mut state, mut others) = (StateDict::new(), BTreeSet::new());
    // A tensor may repeat what is stored once, so a small file can ask for any amount of memory.
    let length = std::fs::metadata(path)?.len();
    let mut room = length.saturating_mul(8).saturating_add(64 << 20);
    for (name, tensor) in reader.into_tensors() {
        let width = match tensor.dtype() {
            TorchType::F16 => Width::Half,
            TorchType::BF16 => Width::BrainHalf,
            TorchType::F32 => Width::Single,
            TorchType::F64 => Width::Double,
            // Counters are single numbers.
            other if !tensor.shape().is_empty() => {
                others.insert(format!("{other:?}").to_lowercase());
                continue;
            }
            _ => continue,
        };
        let values = tensor.shape().iter().try_fold(1u64, |all, size| all.checked_mul(*size as u64));
        let left = values.and_then(|values| room.checked_sub(values.checked_mul(8)?));
        room = left.ok_or_else(|| FormatError::TooMuch(name.clone()))?;
        let bytes = tensor.read()?;
        state.insert(name_of(&name), Array { shape: tensor.shape().to_vec(), values: width.read(&bytes) });
    }
    unless_all_others(state, &others)
}

fn from_safetensors(bytes: &[u8]) -> Result<StateDict, FormatError> {
    let file = SafeTensors::deserialize(bytes)?;
    let (mut state, mut others) = (StateDict::new(), BTreeSet::new());
    for (name, view) in file.tensors() {
        let width = match view.dtype() {
            Dtype::F16 => Width::Half,
            Dtype::BF16 => Width::BrainHalf,
            Dtype::F32 => Width::Single,
            Dtype::F64 => Width::Double,
            other if !view.shape().is_empty() => {
                others.insert(format!("{other:?}").to_lowercase());
                continue;
            }
            _ => continue,
        };
        state.insert(name_of(&name), Array { shape: view.shape().to_vec(), values: width.read(view.data()) });
    }
    unless_all_others(state, &others)
}

/// How wide a floating-point number is; all are little-endian.
#[derive(Clone, Copy)]
enum Width {
    Half,
    BrainHalf,
    Single,
    Double,
}

impl Width {
    /// The numbers as single precision.
    fn read(self, bytes: &[u8]) -> Vec<f32> {
        let pair = |b: &[u8]| [b[0], b[1]];
        match self {
            Self::Half => bytes.chunks_exact(2).map(|b| half::f16::from_le_bytes(pair(b)).to_f32()).collect(),
            Self::BrainHalf => bytes.chunks_exact(2).map(|b| half::bf16::from_le_bytes(pair(b)).to_f32()).collect(),
            Self::Single => bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect(),
            #[allow(clippy::cast_possible_truncation, reason = "networks compute in single precision")]
            Self::Double => bytes
                .chunks_exact(8)
                .map(|b| f64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]) as f32)
                .collect(),
        }
    }
}

/// A file's bytes.
///
/// # Errors
/// What the format cannot hold.
pub(crate) fn to_bytes(state: &StateDict) -> Result<Vec<u8>, SafeTensorError> {
    let bytes: Vec<(&String, Vec<u8>, &Array)> = state
        .iter()
        .map(|(name, array)| (name, array.values.iter().flat_map(|v| v.to_le_bytes()).collect(), array))
        .collect();
    let mut views = Vec::with_capacity(bytes.len());
    for (name, bytes, array) in &bytes {
        views.push((name.as_str(), TensorView::new(Dtype::F32, array.shape.clone(), bytes)?));
    }
    safetensors::serialize(views, None)
}

/// Writes weights as safetensors, whole or not at all.
///
/// # Errors
/// A file that cannot be written.
pub fn write(path: &Path, state: &StateDict) -> Result<(), WeightsError> {
    let bytes = to_bytes(state).map_err(|why| WeightsError::Unwritable { path: path.to_owned(), why })?;
    files::write_atomically(path, &bytes).map_err(|why| WeightsError::File { path: path.to_owned(), why })
}
