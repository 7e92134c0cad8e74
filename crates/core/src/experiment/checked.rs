//! A plan that has been checked. There is no other way to get an [`Experiment`].

use super::Plan;
use super::validate::{self, Invalid};
use serde::Serialize;
use std::ops::Deref;

/// A plan whose every value has been found to be in range; read-only.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Experiment(Plan);

impl Experiment {
    /// Checks a plan.
    ///
    /// # Errors
    /// Every field that is out of range, with its path, its value and the rule it breaks.
    pub fn check(plan: Plan) -> Result<Self, Vec<Invalid>> {
        let found = validate::plan(&plan);
        if found.is_empty() { Ok(Self(plan)) } else { Err(found) }
    }

    /// The plan again, to be edited.
    #[must_use]
    pub fn into_plan(self) -> Plan {
        self.0
    }
}

impl Deref for Experiment {
    type Target = Plan;
    fn deref(&self) -> &Plan {
        &self.0
    }
}
