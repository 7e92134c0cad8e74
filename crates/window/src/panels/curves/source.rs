//! Whose curves are drawn: the arms of the experiment under way, and those of runs on disk that lie over them.

use crate::kit::plot::{Axis, Pace, Places, nearest};
use crate::shelf::Overlay;
use crate::state::Monitor;
use crate::state::trace::{Times, Trace};
use lab_core::protocol::Intervention;

/// Tells curves apart from frame to frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// The number of a run on disk; `None` for the experiment under way.
    pub run: Option<u64>,
    pub arm: usize,
}

/// One arm with its curves.
#[derive(Clone)]
pub struct Source<'a> {
    /// Tells it from the others.
    pub key: Key,
    /// What it is called on the plots.
    pub name: String,
    /// Which colour it has.
    pub color: usize,
    pub trace: &'a Trace,
    /// What its steps are in other measures.
    pub pace: Pace,
}

/// Where entries taken at these times lie on an axis.
#[must_use]
pub fn places(axis: Axis, times: &Times, pace: Pace) -> Places<'_> {
    axis.places(&times.steps, &times.seconds, pace)
}

/// Everything that is drawn, the experiment under way first.
#[must_use]
pub fn sources<'a>(monitor: &'a Monitor, overlays: &'a [Overlay]) -> Vec<Source<'a>> {
    let mut sources = Vec::new();
    if let Some(prepared) = &monitor.prepared {
        let pace = Pace {
            steps_per_epoch: prepared.steps_per_epoch as f64,
            batch_size: prepared.experiment.recipe.batch_size as f64,
        };
        for (arm, trace) in monitor.arms.iter().enumerate() {
            let key = Key { run: None, arm };
            sources.push(Source { key, name: monitor.arm_name(arm).to_owned(), color: arm, trace, pace });
        }
    }
    for overlay in overlays {
        for (arm, (name, trace)) in overlay.arms.iter().enumerate() {
            let name =
                if overlay.arms.len() == 1 { overlay.name.clone() } else { format!("{} · {name}", overlay.name) };
            let key = Key { run: Some(overlay.id), arm };
            sources.push(Source { key, name, color: sources.len(), trace, pace: overlay.pace });
        }
    }
    sources
}

/// Steps and seconds at which something happened to the experiment under way.
#[must_use]
pub fn interventions(monitor: &Monitor) -> Vec<(f64, f64, &Intervention)> {
    let seconds = |step: f64| {
        let index = nearest(&monitor.steps, step);
        index.and_then(|index| monitor.seconds.get(index)).copied().unwrap_or(0.0)
    };
    let place = |intervention| {
        let &Intervention { step, .. } = intervention;
        (step as f64, seconds(step as f64), intervention)
    };
    monitor.interventions.iter().map(place).collect()
}
