//! Whose curves are drawn: the arms of the experiment under way, those of the attempt before it, and those of runs on disk
//! that lie over them.

use crate::kit::line::Dash;
use crate::kit::plot::{Pace, Places, TimeAxis, nearest};
use crate::kit::theme::Tokens;
use crate::shelf::OverlaidRun;
use crate::state::trace::{Times, Trace};
use crate::state::{Monitor, PreviousAttempt};
use eframe::egui::Color32;
use lab_core::experiment::Setting;
use lab_core::protocol::{Intervention, Prepared};

/// Whose a curve is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Whose {
    /// Of the experiment under way.
    Now,
    /// Of the one before it.
    Before,
    /// Of the run on disk with this number.
    Run(u64),
    /// Of several: their mean.
    Group,
}

/// Tells curves apart from frame to frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CurveKey {
    pub whose: Whose,
    pub arm: usize,
}

/// How a curve is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ink {
    /// The colour's place in the palette.
    pub place: u8,
    pub dash: Dash,
}

/// One arm with its curves.
#[derive(Clone)]
pub struct PlottedArm<'a> {
    /// Tells it from the others.
    pub key: CurveKey,
    /// What its run is called; empty for the attempt before and for groups.
    pub run: &'a str,
    /// What the arm is called.
    pub arm: &'a str,
    /// What is set of it, if that is known.
    pub settings: &'a [Setting],
    /// What it is called on the plots.
    pub name: String,
    pub ink: Ink,
    /// Whether it lies faintly behind the others, and no text is about it.
    pub ghost: bool,
    pub trace: &'a Trace,
    /// Lower and upper edge of the band around it, if it has one.
    pub edges: Option<&'a [Trace; 2]>,
    /// What its steps are in other measures.
    pub pace: Pace,
}

impl PlottedArm<'_> {
    /// The colour on a ground.
    #[must_use]
    pub fn color(&self, tokens: &Tokens) -> Color32 {
        let color = tokens.palette(self.ink.place);
        if self.ghost { color.gamma_multiply(if tokens.dark { 0.5 } else { 0.4 }) } else { color }
    }
}

/// Where entries taken at these times lie on an axis.
#[must_use]
pub fn places(axis: TimeAxis, times: &Times, pace: Pace) -> Places<'_> {
    axis.places(&times.steps, &times.seconds, pace)
}

fn pace(prepared: &Prepared) -> Pace {
    Pace { steps_per_epoch: prepared.steps_per_epoch as f64, batch_size: prepared.experiment.recipe.batch_size as f64 }
}

/// The attempt before, if it can be compared with what is shown: a loss on other images cannot.
#[must_use]
pub fn before(monitor: &Monitor) -> Option<&PreviousAttempt> {
    let alike = |before: &&PreviousAttempt| {
        let now = monitor.prepared.as_ref();
        now.is_none_or(|now| now.experiment.data.source == before.prepared.experiment.data.source)
    };
    monitor.before.as_ref().filter(alike)
}

/// The attempt before, which lies behind all others.
#[must_use]
pub fn ghosts<'a>(monitor: &'a Monitor, tokens: &Tokens) -> Vec<PlottedArm<'a>> {
    let Some(before) = before(monitor) else { return Vec::new() };
    let arms = before.arms.iter().zip(&before.prepared.arms).enumerate();
    let ghost = |(arm, (trace, info)): (usize, (&'a Trace, &'a lab_core::protocol::ArmInfo))| {
        // An arm has the colour of that which has its name now.
        let now = monitor.prepared.as_ref().and_then(|now| now.arms.iter().position(|other| other.name == info.name));
        let ink = Ink { place: tokens.place(now.unwrap_or(arm)), dash: Dash::Solid };
        PlottedArm {
            key: CurveKey { whose: Whose::Before, arm },
            run: "",
            arm: &info.name,
            settings: &[],
            name: format!("{}, before", info.name),
            ink,
            ghost: true,
            trace,
            edges: None,
            pace: pace(&before.prepared),
        }
    };
    arms.map(ghost).collect()
}

/// Everything else that is drawn, the experiment under way first; the names and the inks of runs on disk are given out
/// later. `own` is what is set of each arm of the experiment under way.
#[must_use]
pub fn sources<'a>(
    monitor: &'a Monitor,
    own: &'a [Vec<Setting>],
    overlays: &'a [OverlaidRun],
    tokens: &Tokens,
) -> Vec<PlottedArm<'a>> {
    let mut sources = Vec::new();
    if let Some(prepared) = &monitor.prepared {
        for (arm, trace) in monitor.arms.iter().enumerate() {
            let name = monitor.arm_name(arm);
            sources.push(PlottedArm {
                key: CurveKey { whose: Whose::Now, arm },
                run: &prepared.experiment.name,
                arm: name,
                settings: own.get(arm).map_or(&[], Vec::as_slice),
                name: name.to_owned(),
                ink: Ink { place: tokens.place(arm), dash: Dash::Solid },
                ghost: false,
                trace,
                edges: None,
                pace: pace(prepared),
            });
        }
    }
    for overlay in overlays {
        for (arm, (name, trace)) in overlay.arms.iter().enumerate() {
            sources.push(PlottedArm {
                key: CurveKey { whose: Whose::Run(overlay.id), arm },
                run: &overlay.name,
                arm: name,
                settings: overlay.settings.get(arm).map_or(&[], Vec::as_slice),
                name: name.clone(),
                ink: Ink::default(),
                ghost: false,
                trace,
                edges: None,
                pace: overlay.pace,
            });
        }
    }
    sources
}

/// Something that happened to the experiment under way, and when.
pub struct TimedIntervention<'a> {
    /// Seconds of training until then.
    seconds: f64,
    intervention: &'a Intervention,
}

impl TimedIntervention<'_> {
    /// Where it lies on an axis.
    pub fn place(&self, axis: TimeAxis, pace: Pace) -> f64 {
        axis.place(self.intervention.step as f64, self.seconds, pace)
    }

    /// What happened.
    pub fn what(&self) -> &str {
        &self.intervention.what
    }
}

/// All that happened to the experiment under way.
#[must_use]
pub fn interventions(monitor: &Monitor) -> Vec<TimedIntervention<'_>> {
    let seconds = |step: f64| {
        let index = nearest(&monitor.steps, step);
        index.and_then(|index| monitor.seconds.get(index)).copied().unwrap_or(0.0)
    };
    let timed = |intervention: &'_ Intervention| seconds(intervention.step as f64);
    monitor.interventions.iter().map(|each| TimedIntervention { seconds: timed(each), intervention: each }).collect()
}
