//! Finds the devices of this machine and opens one.

#![allow(deprecated, reason = "burn-ndarray is deprecated upstream, but is the independent reference here")]

use crate::experiment::DeviceChoice;
use burn::backend::WgpuBackend;
use burn::tensor::{Device, DeviceKind};
use std::panic;
use std::sync::OnceLock;

/// A device that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceInfo {
    /// What to type to choose it.
    pub choice: DeviceChoice,
    /// Its name.
    pub name: String,
    /// Whether a GPU is emulated on the CPU, and so chosen only when asked for.
    pub software: bool,
}

/// A device that is ready for tensors.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Without autodiff.
    pub device: Device,
    /// Which one it is; never `Auto`.
    pub choice: DeviceChoice,
    /// Its name.
    pub name: String,
    /// What a person should know, such as that another device was taken.
    pub notice: Option<String>,
}

impl Opened {
    /// Whether the first step of each shape tries out kernels.
    #[must_use]
    pub fn is_gpu(&self) -> bool {
        matches!(self.choice, DeviceChoice::Gpu(_))
    }
}

/// A GPU that could be opened.
struct Adapter {
    device: Device,
    name: String,
    software: bool,
}

/// Every device of this machine: the CPU in three ways, then each GPU.
#[must_use]
pub fn list() -> Vec<DeviceInfo> {
    let cpu = |choice, name: &str| DeviceInfo { choice, name: name.to_owned(), software: false };
    let mut found = vec![
        cpu(DeviceChoice::Flex, "CPU (Flex, fused kernels)"),
        cpu(DeviceChoice::FlexStock, "CPU (Flex, burn's own operations)"),
        cpu(DeviceChoice::NdArray, "CPU (NdArray, the slow reference)"),
    ];
    found.extend(adapters().iter().enumerate().map(|(index, adapter)| DeviceInfo {
        choice: DeviceChoice::Gpu(index),
        name: adapter.name.clone(),
        software: adapter.software,
    }));
    found
}

/// Opens a device. What cannot be had is replaced by the CPU, with a notice that says so.
#[must_use]
pub fn open(choice: DeviceChoice) -> Opened {
    let flex =
        |notice| Opened { device: Device::flex(), choice: DeviceChoice::Flex, name: "CPU (Flex)".into(), notice };
    match choice {
        DeviceChoice::Flex => flex(None),
        DeviceChoice::FlexStock => {
            Opened { device: Device::flex(), choice, name: "CPU (Flex, stock operations)".into(), notice: None }
        }
        DeviceChoice::NdArray => {
            Opened { device: Device::ndarray(), choice, name: "CPU (NdArray)".into(), notice: None }
        }
        DeviceChoice::Auto => match adapters().iter().position(|adapter| !adapter.software) {
            Some(index) => gpu(index).unwrap_or_else(|| flex(None)),
            None => flex(None),
        },
        DeviceChoice::Gpu(index) => gpu(index).unwrap_or_else(|| {
            let found = adapters().len();
            flex(Some(format!(
                "There is no gpu:{index} on this machine ({found} found), so this runs on the CPU; \
                 `residual-lab devices` lists what there is."
            )))
        }),
    }
}

fn gpu(index: usize) -> Option<Opened> {
    adapters().get(index).map(|adapter| Opened {
        device: adapter.device.clone(),
        choice: DeviceChoice::Gpu(index),
        name: adapter.name.clone(),
        notice: adapter.software.then(|| format!("{} is emulated on the CPU and slower than flex.", adapter.name)),
    })
}

/// The GPUs that wgpu finds, opened once for the life of the process: a runtime cannot be initialised twice.
fn adapters() -> &'static [Adapter] {
    static FOUND: OnceLock<Vec<Adapter>> = OnceLock::new();
    FOUND.get_or_init(|| {
        let kinds: [fn(usize) -> DeviceKind; 3] =
            [DeviceKind::DiscreteGpu, DeviceKind::IntegratedGpu, DeviceKind::VirtualGpu];
        let mut found = Vec::new();
        for kind in kinds {
            found.extend((0..8).map_while(|index| adapter(kind(index), false)));
        }
        found.extend(adapter(DeviceKind::Cpu, true));
        found
    })
}

/// Opens one adapter. Drivers have been seen to panic rather than fail, so a panic counts as "not there".
fn adapter(kind: DeviceKind, software: bool) -> Option<Adapter> {
    let api = if cfg!(target_os = "linux") { WgpuBackend::Vulkan } else { WgpuBackend::Auto };
    let open = || Device::wgpu_options().device_kind(kind).graphics_api(api).init_with_setup();
    let (device, setup) = panic::catch_unwind(panic::AssertUnwindSafe(open)).ok()?.ok()?;
    Some(Adapter { device, name: setup.adapter.get_info().name, software })
}
