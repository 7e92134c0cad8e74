//! Lines in groups: the mean over all lines with the same settings, or the same arm, with a band around it.

use super::naming::VariedSetting;
use super::source::{CurveKey, Ink, PlottedArm, Whose};
use super::view::View;
use crate::kit::line::Dash;
use crate::kit::plot::Pace;
use crate::kit::theme::PALETTE_NAMES;
use crate::kit::widgets::named;
use crate::state::trace::Averaged;
use eframe::egui::containers::menu::{MenuButton, MenuConfig};
use eframe::egui::{PopupCloseBehavior, Ui};
use std::time::{Duration, Instant};

/// What groups lines by their arm, among the paths of settings.
pub const ARM: &str = "arm";

/// Stretches of steps over which means are taken.
const STRETCHES: usize = 80;
/// Time between two means over lines that grow.
const EVERY: Duration = Duration::from_secs(1);

struct CurveGroup {
    name: String,
    pace: Pace,
    averaged: Averaged,
}

/// The groups, made again when lines or settings change.
#[derive(Default)]
pub struct CurveGroups {
    of: Vec<(String, CurveKey)>,
    lengths: Vec<usize>,
    made: Option<Instant>,
    list: Vec<CurveGroup>,
}

impl CurveGroups {
    /// Groups the lines that are shown; says whether the means are new.
    pub fn follow(&mut self, lines: &[(&PlottedArm, String)]) -> bool {
        let lengths: Vec<usize> =
            lines.iter().map(|(source, _)| source.trace.times.steps.len() + source.trace.evaluations.len()).collect();
        let same = self.of.len() == lines.len()
            && self.of.iter().zip(lines).all(|(known, (source, name))| known.0 == *name && known.1 == source.key);
        let rests = self.lengths == lengths || self.made.is_some_and(|made| made.elapsed() < EVERY);
        if same && rests {
            return false;
        }
        let mut names: Vec<&str> = Vec::new();
        for (_, name) in lines {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        let group = |name: &str| {
            let members: Vec<&PlottedArm> =
                lines.iter().filter(|(_, other)| other == name).map(|(source, _)| *source).collect();
            // An arm that diverged has no end, and one that has just begun has no beginning yet.
            let begun = |source: &&&PlottedArm| !source.trace.times.steps.is_empty();
            let lasting = |source: &&&PlottedArm| source.trace.diverged_at().is_none();
            let diverged = members.iter().filter(|source| !lasting(source)).count();
            let counted: Vec<_> = match members.iter().filter(begun).filter(lasting).collect::<Vec<_>>() {
                none if none.is_empty() => members.iter().filter(begun).map(|source| source.trace).collect(),
                some => some.into_iter().map(|source| source.trace).collect(),
            };
            let all = members.len();
            let name = match diverged {
                0 => format!("{name} ({all})"),
                diverged => format!("{name} ({all}, {diverged} diverged)"),
            };
            Some(CurveGroup { name, pace: members.first()?.pace, averaged: Averaged::over(&counted, STRETCHES) })
        };
        self.list = names.into_iter().filter_map(group).collect();
        self.of = lines.iter().map(|(source, name)| (name.clone(), source.key)).collect();
        (self.lengths, self.made) = (lengths, Some(Instant::now()));
        true
    }

    /// The means as lines.
    #[must_use]
    pub fn sources<'a>(&'a self) -> Vec<PlottedArm<'a>> {
        let places = PALETTE_NAMES.len();
        let source = |(index, group): (usize, &'a CurveGroup)| PlottedArm {
            key: CurveKey { whose: Whose::Group, arm: index },
            run: "",
            arm: &group.name,
            settings: &[],
            name: group.name.clone(),
            ink: Ink {
                place: u8::try_from(index % places).unwrap_or(0),
                dash: Dash::OF_RUNS[index / places % Dash::OF_RUNS.len()].0,
            },
            ghost: false,
            trace: &group.averaged.mean,
            edges: Some(&group.averaged.edges),
            pace: group.pace,
        };
        self.list.iter().enumerate().map(source).collect()
    }
}

/// The list of what lines can be grouped by.
pub fn choose(ui: &mut Ui, view: &mut View, varied: &[VariedSetting]) {
    let options = || {
        let settings = varied.iter().map(|field| (field.path.as_str(), field.words.as_str()));
        std::iter::once((ARM, "arm")).chain(settings)
    };
    let by: Vec<&str> = options().filter(|(path, _)| view.is_grouped(path)).map(|(_, words)| words).collect();
    let title = if by.is_empty() { "Group".to_owned() } else { format!("Grouped by {}", by.join(", ")) };
    let config = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    let (button, _) = MenuButton::new(title).config(config).ui(ui, |ui| {
        ui.label("One line for all lines with the same");
        for (path, words) in options() {
            let mut grouped = view.is_grouped(path);
            let tick = ui.checkbox(&mut grouped, words);
            if named(ui, tick, &format!("Group by {words}")).changed() {
                view.set_grouped(path, grouped);
            }
        }
    });
    button.on_hover_text("Means over lines, with a band of one standard deviation to each side");
}

/// What the group of a line is called: its arm and the settings by which lines are grouped.
#[must_use]
pub fn called(source: &PlottedArm, index: usize, varied: &[VariedSetting], by: &[String]) -> String {
    let settings = varied.iter().filter(|field| by.contains(&field.path)).map(|field| {
        let value = field.values.get(index).and_then(Option::as_deref).unwrap_or("–");
        format!("{} {value}", field.words)
    });
    let arm = by.iter().any(|path| path == ARM).then(|| source.arm.to_owned());
    let words: Vec<String> = settings.chain(arm).collect();
    if words.is_empty() { "all lines".to_owned() } else { words.join(", ") }
}
