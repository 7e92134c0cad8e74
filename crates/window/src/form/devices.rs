//! What a plan can run on, by name. Looking for GPUs takes a while, so it is done once and on another thread.

use super::field::Fields;
use super::row;
use crate::kit::background::Background;
use eframe::egui::Ui;
use lab_core::experiment::{DeviceChoice, DeviceInfo};

/// The devices found so far.
pub struct Devices {
    list: fn() -> Vec<DeviceInfo>,
    search: Option<Background<(), Vec<DeviceInfo>>>,
    found: Vec<DeviceInfo>,
}

impl Devices {
    /// None found yet; `list` looks for them.
    #[must_use]
    pub fn new(list: fn() -> Vec<DeviceInfo>) -> Self {
        Self { list, search: None, found: Vec::new() }
    }

    /// What a choice is called.
    #[must_use]
    pub fn name(&self, choice: DeviceChoice) -> String {
        let found = self.found.iter().find(|info| info.choice == choice);
        match (found, choice) {
            (Some(info), _) => called(info),
            (_, other) => other.title(),
        }
    }

    /// The row that chooses a device.
    pub fn ui(&mut self, ui: &mut Ui, fields: &Fields, device: &mut DeviceChoice) {
        let list = self.list;
        let search = self.search.get_or_insert_with(|| {
            let mut search = Background::new("devices", ui.ctx(), move |()| list());
            search.ask(());
            search
        });
        if let Some(found) = search.poll() {
            self.found = found;
        }
        let mut names = vec![(DeviceChoice::Auto, "Auto".to_owned())];
        names.extend(self.found.iter().map(|info| (info.choice, called(info))));
        if !names.iter().any(|(choice, _)| choice == device) {
            names.push((*device, self.name(*device)));
        }
        let options: Vec<(DeviceChoice, &str)> = names.iter().map(|(choice, name)| (*choice, name.as_str())).collect();
        fields.choice(ui, &row::DEVICE, device, Some(&DeviceChoice::Auto), &options);
    }
}

fn called(info: &DeviceInfo) -> String {
    if info.software { format!("{}, emulated on the CPU", info.name) } else { info.name.clone() }
}
