//! A golden network: what one safetensors file holds.

use super::golden;
use lab_core::experiment::Network;
use lab_engine::nn::{Array, StateDict};
use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;

/// A network, a batch and what PyTorch makes of them.
pub struct Case {
    pub name: String,
    pub network: Network,
    pub label_smoothing: f32,
    pub labels: Vec<u16>,
    arrays: StateDict,
}

/// What a file's metadata says.
#[derive(Deserialize)]
struct About {
    label_smoothing: f32,
    network: Network,
}

impl Case {
    /// Every file of `networks`, in the order of their names.
    pub fn all() -> Vec<Self> {
        let files = std::fs::read_dir(golden("networks")).unwrap();
        let mut names: Vec<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        assert!(names.len() > 70, "golden networks are missing: only {} files", names.len());
        names.iter().map(|name| Self::read(name.trim_end_matches(".safetensors"))).collect()
    }

    pub fn read(name: &str) -> Self {
        Self::of("networks", name)
    }

    /// The same with the factors of all products rounded to bfloat16.
    pub fn rounded(name: &str) -> Self {
        Self::of("precision", name)
    }

    /// The same where tiles round what they transform, as the fused convolutions of 3×3 do.
    pub fn rounded_in_tiles(name: &str) -> Self {
        Self::of("tiles", name)
    }

    fn of(folder: &str, name: &str) -> Self {
        let bytes = std::fs::read(golden(&format!("{folder}/{name}.safetensors"))).unwrap();
        let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
        let about: About = toml::from_str(&metadata.metadata().as_ref().unwrap()["case"]).unwrap();
        let mut labels = Vec::new();
        let mut arrays = StateDict::new();
        for (key, view) in SafeTensors::deserialize(&bytes).unwrap().tensors() {
            let words = view.data().as_chunks::<4>().0;
            if view.dtype() == Dtype::I32 {
                labels = words.iter().map(|word| i32::from_le_bytes(*word).try_into().unwrap()).collect();
            } else {
                let values = words.iter().map(|word| f32::from_le_bytes(*word)).collect();
                arrays.insert(key, Array { shape: view.shape().to_vec(), values });
            }
        }
        Self { name: name.to_owned(), network: about.network, label_smoothing: about.label_smoothing, labels, arrays }
    }

    /// Channels, height and width of an image.
    pub fn shape(&self) -> [usize; 3] {
        self.array("input").shape[1..].try_into().unwrap()
    }

    pub fn array(&self, key: &str) -> &Array {
        self.find(key).unwrap_or_else(|| panic!("{} has no {key}", self.name))
    }

    pub fn find(&self, key: &str) -> Option<&Array> {
        self.arrays.get(key)
    }

    /// What stands below a prefix such as `weights`, by the names of the state dict.
    pub fn below(&self, prefix: &str) -> StateDict {
        let named = |key: &String| Some(key.strip_prefix(prefix)?.strip_prefix('.')?.to_owned());
        self.arrays.iter().filter_map(|(key, array)| Some((named(key)?, array.clone()))).collect()
    }
}
