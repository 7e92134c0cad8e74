//! Faults made on purpose, which only exist in tests.

use crate::nn::DeviceError;
use std::sync::Mutex;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Panic,
    /// What a device says that has no memory left, or is gone.
    Device,
}

/// In which arm, at which step.
pub(super) static PLANNED: Mutex<Vec<(&str, u64, Fault)>> = Mutex::new(Vec::new());

/// Does what is planned for this step of this arm.
pub(super) fn happen(arm: &str, step: u64) -> Result<(), DeviceError> {
    let planned = PLANNED.lock().unwrap().iter().find(|(name, at, _)| (*name, *at) == (arm, step)).copied();
    match planned {
        Some((_, _, Fault::Panic)) => panic!("a fault that was made on purpose"),
        Some((_, _, Fault::Device)) => Err(DeviceError::new("the device is out of memory")),
        None => Ok(()),
    }
}
