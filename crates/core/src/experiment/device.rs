//! Which device a person asks for. What exists on this machine is found out by the engine.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A device by the name a person types: `auto`, `flex`, `flex-stock`, `ndarray`, `gpu`, `gpu:1`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DeviceChoice {
    /// A real GPU if there is one, else Flex.
    #[default]
    Auto,
    /// The CPU with the fused kernels.
    Flex,
    /// The CPU, training by burn's own operations: slower, to compare the fused ones with.
    FlexStock,
    /// The CPU through burn-ndarray, the slow independent reference.
    NdArray,
    /// The n-th adapter that `residual-lab devices` lists.
    Gpu(usize),
}

impl DeviceChoice {
    /// The ways to compute on the CPU: what runs have in their files, by which they are compared, and what a person who
    /// chooses reads. A GPU says its name itself.
    pub const CPUS: [(Self, &'static str, &'static str); 3] = [
        (Self::Flex, "CPU (Flex)", "CPU (Flex, fused kernels)"),
        (Self::FlexStock, "CPU (Flex, stock operations)", "CPU (Flex, burn's own operations)"),
        (Self::NdArray, "CPU (NdArray)", "CPU (NdArray, the slow reference)"),
    ];

    /// What it is called in a run's files; as it is typed, where only the device itself knows more.
    #[must_use]
    pub fn name(self) -> String {
        let known = Self::CPUS.iter().find(|(cpu, ..)| *cpu == self);
        known.map_or_else(|| self.to_string(), |(_, name, _)| (*name).to_owned())
    }

    /// What it is called where one is chosen, likewise.
    #[must_use]
    pub fn title(self) -> String {
        let known = Self::CPUS.iter().find(|(cpu, ..)| *cpu == self);
        known.map_or_else(|| self.to_string(), |(.., title)| (*title).to_owned())
    }
}

/// A device that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceInfo {
    /// What to type to choose it.
    pub choice: DeviceChoice,
    pub name: String,
    /// Whether a GPU is emulated on the CPU, and so chosen only when asked for.
    pub software: bool,
}

impl DeviceChoice {
    /// What can be typed, for whoever explains it.
    pub const NAMES: &'static str = "auto, flex, flex-stock, ndarray, gpu or gpu:N";
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Flex => f.write_str("flex"),
            Self::FlexStock => f.write_str("flex-stock"),
            Self::NdArray => f.write_str("ndarray"),
            Self::Gpu(index) => write!(f, "gpu:{index}"),
        }
    }
}

impl FromStr for DeviceChoice {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "flex" | "cpu" => Ok(Self::Flex),
            "flex-stock" => Ok(Self::FlexStock),
            "ndarray" => Ok(Self::NdArray),
            "gpu" => Ok(Self::Gpu(0)),
            _ => text
                .strip_prefix("gpu:")
                .and_then(|index| index.parse().ok())
                .map(Self::Gpu)
                .ok_or_else(|| format!("there is no device \"{text}\": use {}", Self::NAMES)),
        }
    }
}

impl TryFrom<String> for DeviceChoice {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<DeviceChoice> for String {
    fn from(choice: DeviceChoice) -> Self {
        choice.to_string()
    }
}
