//! What is remembered of the panel from one start to the next.

use crate::action::Sought;
use lab_core::finder::RateTest;
use serde::{Deserialize, Serialize};

/// Which is found, and how.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub struct View {
    pub what: Sought,
    pub low: f64,
    pub high: f64,
    pub steps: u32,
}

impl Default for View {
    fn default() -> Self {
        let RateTest { low, high, steps } = RateTest::default();
        Self { what: Sought::default(), low, high, steps }
    }
}
