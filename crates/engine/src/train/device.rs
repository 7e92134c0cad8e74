//! Finds the devices of this machine and opens one.

#![allow(deprecated, reason = "burn-ndarray is deprecated upstream, but is the independent reference here")]

use burn::backend::WgpuBackend;
use burn::tensor::{Device, DeviceKind, wgpu::wgpu};
use lab_core::experiment::{DeviceChoice, DeviceInfo, Precision};
use std::panic;
use std::sync::OnceLock;

/// Why a device that was named cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{0}; choose one that `residual-lab devices` lists, or auto")]
pub struct OpenError(Unavailable);

/// What became of a GPU.
#[derive(Debug, thiserror::Error)]
enum Unavailable {
    #[error("{name} (gpu:{index}) does not start")]
    DoesNotStart { name: String, index: usize },
    #[error("there is no gpu:{index} on this machine ({found} found)")]
    NotThere { index: usize, found: usize },
}

/// A device that is ready for tensors.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Without autodiff.
    pub device: Device,
    /// Which one it is; never `Auto`.
    pub choice: DeviceChoice,
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

/// Every device of this machine: the CPU in three ways, then each GPU.
#[must_use]
pub fn list() -> Vec<DeviceInfo> {
    let cpu = |(choice, ..): (DeviceChoice, _, _)| DeviceInfo { choice, name: choice.title(), software: false };
    let mut found: Vec<DeviceInfo> = DeviceChoice::CPUS.into_iter().map(cpu).collect();
    found.extend(adapters().iter().enumerate().map(|(index, adapter)| DeviceInfo {
        choice: DeviceChoice::Gpu(index),
        name: adapter.name.clone(),
        software: adapter.software,
    }));
    found
}

/// Opens a device. Only where any will do, the CPU takes the place of a GPU that does not start, with a notice.
///
/// # Errors
/// A device that was named and is not there or does not start.
pub fn open(choice: DeviceChoice) -> Result<Opened, OpenError> {
    let cpu = |device, choice: DeviceChoice| Opened { device, choice, name: choice.name(), notice: None };
    let flex = || cpu(Device::flex(), DeviceChoice::Flex);
    Ok(match choice {
        DeviceChoice::Flex => flex(),
        DeviceChoice::FlexStock => cpu(Device::flex(), choice),
        DeviceChoice::NdArray => cpu(Device::ndarray(), choice),
        DeviceChoice::Auto => match adapters().iter().position(|adapter| !adapter.software) {
            Some(index) => gpu(index).unwrap_or_else(|| {
                let notice = Some(format!("{}, so this runs on the CPU.", unavailable(index)));
                Opened { notice, ..flex() }
            }),
            None => flex(),
        },
        DeviceChoice::Gpu(index) => gpu(index).ok_or_else(|| OpenError(unavailable(index)))?,
    })
}

/// Opens a device for networks of a precision. Where any will do, it is one that computes in it.
///
/// # Errors
/// As [`open`]; whether a device that was named computes in the precision is checked where networks are made.
pub fn open_for(choice: DeviceChoice, precision: Precision) -> Result<Opened, OpenError> {
    let any = choice == DeviceChoice::Auto;
    open(if any && !precision.is_f32() { DeviceChoice::Flex } else { choice })
}

fn unavailable(index: usize) -> Unavailable {
    match adapters().get(index) {
        Some(adapter) => Unavailable::DoesNotStart { name: adapter.name.clone(), index },
        None => Unavailable::NotThere { index, found: adapters().len() },
    }
}

fn gpu(index: usize) -> Option<Opened> {
    let adapter = adapters().get(index)?;
    let device = adapter.device.get_or_init(|| start(adapter.kind.clone())).clone()?;
    Some(Opened {
        device,
        choice: DeviceChoice::Gpu(index),
        name: adapter.name.clone(),
        notice: adapter.software.then(|| format!("{} is emulated on the CPU and slower than flex.", adapter.name)),
    })
}

/// A GPU of this machine, opened at its first use and then for the life of the process: a runtime cannot be
/// initialised twice.
struct Adapter {
    kind: DeviceKind,
    name: String,
    software: bool,
    device: OnceLock<Option<Device>>,
}

/// The GPUs that wgpu finds. Asking opens none of them. Drivers have been seen to panic rather than fail, so a panic
/// counts as "none".
fn adapters() -> &'static [Adapter] {
    static FOUND: OnceLock<Vec<Adapter>> = OnceLock::new();
    FOUND.get_or_init(|| panic::catch_unwind(probe).unwrap_or_default())
}

fn probe() -> Vec<Adapter> {
    let backends = if cfg!(target_os = "linux") { wgpu::Backends::VULKAN } else { wgpu::Backends::PRIMARY };
    let descriptor = wgpu::InstanceDescriptor { backends, ..wgpu::InstanceDescriptor::new_without_display_handle() };
    let found = burn::tensor::read_sync(wgpu::Instance::new(descriptor).enumerate_adapters(backends));
    let (mut discrete, mut integrated, mut virtual_) = (0, 0, 0);
    let next = |counter: &mut usize, kind: fn(usize) -> DeviceKind| {
        *counter += 1;
        kind(*counter - 1)
    };
    let mut adapters = Vec::with_capacity(found.len());
    for info in found.iter().map(wgpu::Adapter::get_info) {
        let kind = match info.device_type {
            wgpu::DeviceType::DiscreteGpu => next(&mut discrete, DeviceKind::DiscreteGpu),
            wgpu::DeviceType::IntegratedGpu => next(&mut integrated, DeviceKind::IntegratedGpu),
            wgpu::DeviceType::VirtualGpu => next(&mut virtual_, DeviceKind::VirtualGpu),
            wgpu::DeviceType::Cpu => DeviceKind::Cpu,
            wgpu::DeviceType::Other => continue,
        };
        let software = kind == DeviceKind::Cpu;
        adapters.push(Adapter { kind, name: info.name, software, device: OnceLock::new() });
    }
    adapters
}

fn start(kind: DeviceKind) -> Option<Device> {
    let api = if cfg!(target_os = "linux") { WgpuBackend::Vulkan } else { WgpuBackend::Auto };
    let open = || Device::wgpu_options().device_kind(kind).graphics_api(api).init();
    match panic::catch_unwind(panic::AssertUnwindSafe(open)) {
        Ok(Ok(device)) => Some(device),
        Ok(Err(error)) => {
            tracing::warn!("a GPU did not start: {error}");
            None
        }
        Err(_) => None,
    }
}
