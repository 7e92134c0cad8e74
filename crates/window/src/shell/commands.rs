//! Every command of the window: its name, its menu, its keys. The keyboard, the menus, the palette and the list of
//! shortcuts are all made from this one list, so none of them can lack one.

use crate::action::{Action, RunAction};
use crate::dialogs::FileDialog;
use crate::export::ExportFormat;
use crate::panels::PANELS;
use crate::state::Monitor;
use eframe::egui::{Key, Modifiers, ThemePreference};
use lab_core::experiment::{Extension, PRESETS};
use lab_core::protocol::Phase;

/// Where a command is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Menu {
    /// Experiments and runs as files.
    File,
    /// Changes of the form.
    Edit,
    /// Experiments that come with the program.
    Presets,
    /// What happens to a run.
    Run,
    Classify,
    /// How the window looks.
    View,
    /// What there is to know.
    Help,
}

impl Menu {
    /// All menus, in order.
    pub const ALL: [Self; 7] =
        [Self::File, Self::Edit, Self::Presets, Self::Run, Self::Classify, Self::View, Self::Help];

    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::File => "File",
            Self::Edit => "Edit",
            Self::Presets => "Presets",
            Self::Run => "Run",
            Self::Classify => "Classify",
            Self::View => "View",
            Self::Help => "Help",
        }
    }
}

/// What a person presses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// Nothing.
    None,
    /// A key by itself, while nothing has the keyboard's focus.
    Plain(Key),
    /// A character by itself, wherever it is on the keyboard.
    Typed(&'static str),
    Together(Modifiers, Key),
    /// Keys that egui itself takes care of, in words.
    Elsewhere(&'static str),
}

/// Ctrl, or ⌘ on a Mac.
const CTRL: Modifiers = Modifiers::COMMAND;
/// What trains anew, also where that takes a run from the screen.
pub const ANEW: Keys = Keys::Together(CTRL, Key::Enter);
const CTRL_SHIFT: Modifiers = Modifiers { shift: true, ..Modifiers::COMMAND };

impl Keys {
    /// As lists show them: `Ctrl Shift Z`.
    #[must_use]
    pub fn in_words(self) -> String {
        let key = |key: Key| match key {
            Key::Period => ".".to_owned(),
            other => other.name().to_owned(),
        };
        match self {
            Self::None => String::new(),
            Self::Plain(plain) => key(plain),
            Self::Typed(text) | Self::Elsewhere(text) => text.to_owned(),
            Self::Together(modifiers, with) => {
                let ctrl = if cfg!(target_os = "macos") { "Cmd" } else { "Ctrl" };
                let held = [(modifiers.command, ctrl), (modifiers.shift, "Shift")];
                let held = held.into_iter().filter(|(down, _)| *down).map(|(_, name)| name.to_owned());
                held.chain([key(with)]).collect::<Vec<_>>().join(" ")
            }
        }
    }
}

/// When a command can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    Always,
    Active,
    Idle,
    Ended,
    Unfinished,
}

#[derive(Clone, Debug)]
pub struct MenuCommand {
    /// What it does, in the imperative.
    pub title: String,
    /// Where it is listed.
    pub menu: Menu,
    /// What a person presses.
    pub keys: Keys,
    /// What comes of it.
    pub action: Action,
    /// Other words that people look for it by.
    pub also: &'static str,
    when: When,
}

impl MenuCommand {
    /// Whether it can be used now.
    #[must_use]
    pub fn is_possible(&self, monitor: &Monitor) -> bool {
        match self.when {
            When::Always => true,
            When::Active => monitor.is_active(),
            When::Idle => !monitor.is_active(),
            When::Ended => monitor.phase == Phase::Done,
            When::Unfinished => monitor.unfinished().is_some(),
        }
    }
}

/// Other words for commands, by what their titles begin with.
const ALSO: [(&str, &str); 33] = [
    ("Start, pause", "train run play go begin resume halt"),
    ("Train anew", "start begin again new run"),
    ("Do one step", "single iteration next"),
    ("Stop with", "end abort cancel training"),
    ("Reset: end", "clear new restart delete curves"),
    ("Write a checkpoint", "save weights snapshot"),
    ("Extend training", "more epochs longer further"),
    ("Continue the run", "resume go on"),
    ("Open the last", "go on where i was recent previous"),
    ("Open a run", "load show look view zip bundle archive import"),
    ("Open a study", "load show look zip bundle archive import"),
    ("Continue a run", "resume load open"),
    ("Open an experiment", "load import settings configuration toml"),
    ("Save the experiment", "store export settings configuration toml"),
    ("Save the run's networks", "export store weights model onnx pytorch"),
    ("Save the run as a web page", "export share report html"),
    ("Save the run as a zip file", "export share bundle archive machine"),
    ("Save the study as a web page", "export share report html"),
    ("Save the study as a zip file", "export share bundle archive machine"),
    ("Go on with the study", "resume continue start work queue"),
    ("Copy the experiment", "share export settings toml clipboard"),
    ("Choose the images", "dataset data folder load own"),
    ("Open pictures", "predict infer test image photo"),
    ("Open weights", "load model pretrained pytorch pth safetensors import"),
    ("Switch immediate", "playground live instant"),
    ("Theme: dark", "night black mode colours"),
    ("Theme: light", "day white bright mode colours"),
    ("Zoom in", "bigger larger text font size"),
    ("Zoom out", "smaller text font size"),
    ("Full screen", "maximise projector"),
    ("Present", "projector slides lecture beamer talk"),
    ("Enlarge", "maximise zoom focus large big"),
    ("Show or hide the form", "sidebar settings parameters"),
];

/// Every command.
#[must_use]
pub fn all() -> Vec<MenuCommand> {
    use Keys::{Elsewhere, None, Plain, Together, Typed};
    use When::{Active, Always, Ended, Idle, Unfinished};
    let mut list = Vec::new();
    let mut add = |menu, title: &str, keys, when, action| {
        // Those of panels stand in the panels' rows.
        let of_panel = |shown| PANELS.iter().find(|row| row.id == shown).map(|row| row.also);
        let of_title = || ALSO.iter().find(|(known, _)| title.starts_with(known)).map(|(_, words)| *words);
        let also = if let Action::Show(panel) = action { of_panel(panel) } else { of_title() }.unwrap_or_default();
        list.push(MenuCommand { title: title.to_owned(), menu, keys, action, also, when });
    };
    add(Menu::File, "Open an experiment…", None, Always, Action::Choose(FileDialog::Experiment));
    add(Menu::File, "Open an experiment by its path…", None, Always, Action::TypePath(FileDialog::Experiment));
    add(Menu::File, "Save the experiment…", Together(CTRL, Key::S), Always, Action::SaveExperiment { typed: false });
    add(Menu::File, "Save the experiment to a path…", None, Always, Action::SaveExperiment { typed: true });
    add(Menu::File, "Copy the experiment as text", Together(CTRL_SHIFT, Key::C), Always, Action::CopyExperiment);
    add(Menu::File, "Choose the images to train on…", None, Always, Action::Choose(FileDialog::Data));
    add(Menu::File, "Open the last run", None, Idle, Action::OpenLast);
    add(Menu::File, "Open a run from its folder…", None, Idle, Action::Choose(FileDialog::Shown));
    add(Menu::File, "Open a run by its path…", None, Idle, Action::TypePath(FileDialog::Shown));
    add(Menu::File, "Continue a run from its folder…", None, Idle, Action::Choose(FileDialog::Run));
    add(Menu::File, "Continue a run by its path…", None, Idle, Action::TypePath(FileDialog::Run));
    add(Menu::File, "Open a study from its folder…", None, Always, Action::Choose(FileDialog::Study));
    add(Menu::File, "Open a study by its path…", None, Always, Action::TypePath(FileDialog::Study));
    add(Menu::File, "Quit", Together(CTRL, Key::Q), Always, Action::Quit);

    add(Menu::Edit, "Undo a change of the form", Together(CTRL, Key::Z), Always, Action::Undo);
    add(Menu::Edit, "Redo", Together(CTRL_SHIFT, Key::Z), Always, Action::Redo);
    add(Menu::Edit, "Paste a picture or an experiment", Elsewhere("Ctrl V"), Always, Action::Paste);
    for preset in PRESETS {
        add(Menu::Presets, &format!("Preset {}", preset.id), None, Always, Action::Preset(preset.id));
    }

    add(Menu::Run, "Start, pause or continue", Plain(Key::Space), Always, Action::Run(RunAction::Toggle));
    add(Menu::Run, "Train anew with what the form holds", ANEW, Idle, Action::Run(RunAction::StartAnew));
    add(Menu::Run, "Do one step, then pause", Plain(Key::Period), Always, Action::Run(RunAction::Step));
    add(Menu::Run, "Stop with a checkpoint", Together(CTRL, Key::Period), Active, Action::Run(RunAction::Stop));
    add(
        Menu::Run,
        "Reset: end the run and clear the plots",
        Together(CTRL, Key::R),
        Always,
        Action::Run(RunAction::Reset),
    );
    add(Menu::Run, "Write a checkpoint now", None, Active, Action::Run(RunAction::Checkpoint));
    add(Menu::Run, "Write the run into another folder…", None, Active, Action::Choose(FileDialog::Elsewhere));
    add(Menu::Run, "Continue the run that was stopped", None, Unfinished, Action::Run(RunAction::Continue));
    add(Menu::Run, "Extend training by an epoch", None, Ended, Action::Run(RunAction::Extend(1, Extension::default())));
    for format in ExportFormat::ALL {
        add(Menu::Run, format.title(), None, Always, Action::SaveRun(format));
    }
    add(Menu::Run, "Go on with the study", None, Always, Action::WorkOnStudy);
    add(Menu::Run, "Save the study as a web page…", None, Always, Action::SaveStudy(ExportFormat::Html));
    add(Menu::Run, "Save the study as a zip file…", None, Always, Action::SaveStudy(ExportFormat::Bundle));
    add(Menu::Run, "Switch immediate mode on or off", None, Always, Action::Immediate);

    add(
        Menu::Classify,
        "Open pictures to classify…",
        Together(CTRL, Key::O),
        Always,
        Action::Choose(FileDialog::Pictures),
    );
    let by_path = Action::TypePath(FileDialog::Pictures);
    add(Menu::Classify, "Open a picture by its path…", Together(CTRL_SHIFT, Key::O), Always, by_path);
    add(Menu::Classify, "Open weights from a file…", None, Always, Action::OpenWeights);

    for panel in PANELS {
        add(Menu::View, &format!("Show {}", panel.id.title), None, Always, Action::Show(panel.id));
    }
    add(Menu::View, "Reset the layout of the panels", None, Always, Action::ResetLayout);
    add(Menu::View, "Theme: dark", None, Always, Action::Theme(ThemePreference::Dark));
    add(Menu::View, "Theme: light", None, Always, Action::Theme(ThemePreference::Light));
    add(Menu::View, "Theme: as the system", None, Always, Action::Theme(ThemePreference::System));
    add(Menu::View, "Zoom in", Elsewhere("Ctrl +"), Always, Action::Zoom(1));
    add(Menu::View, "Zoom out", Elsewhere("Ctrl −"), Always, Action::Zoom(-1));
    add(Menu::View, "Zoom to the usual size", Elsewhere("Ctrl 0"), Always, Action::Zoom(0));
    add(Menu::View, "Full screen", Together(Modifiers::NONE, Key::F11), Always, Action::FullScreen);
    add(Menu::View, "Show or hide the form", Together(CTRL, Key::B), Always, Action::Form);
    let enlarge = "Enlarge the panel under the pointer, or show all";
    add(Menu::View, enlarge, Together(Modifiers::NONE, Key::F10), Always, Action::Enlarge);
    for (title, key, by) in [
        ("Turn an enlarged panel to the next one", Key::PageDown, 1),
        ("Turn an enlarged panel to the one before", Key::PageUp, -1),
    ] {
        add(Menu::View, title, Together(Modifiers::NONE, key), Always, Action::Turn(by));
    }
    let present = "Present: full screen, one panel, larger text";
    add(Menu::View, present, Together(Modifiers::NONE, Key::F5), Always, Action::Present);

    add(Menu::Help, "Find a command", Together(CTRL, Key::K), Always, Action::Palette);
    add(Menu::Help, "Keyboard shortcuts", Typed("?"), Always, Action::Shortcuts);
    add(Menu::Help, "About Residual Lab", None, Always, Action::About);
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_other_word_has_lost_its_command() {
        let commands = all();
        for (start, words) in ALSO {
            assert!(commands.iter().any(|it| it.title.starts_with(start) && it.also == words), "\"{start}\" is none");
        }
    }

    #[test]
    fn no_two_commands_have_the_same_keys_or_the_same_name() {
        let all = all();
        for (index, one) in all.iter().enumerate() {
            for other in &all[..index] {
                assert_ne!(one.title, other.title);
                assert!(one.keys == Keys::None || one.keys != other.keys, "{} and {}", one.title, other.title);
            }
        }
    }

    #[test]
    fn keys_are_named_as_they_are_written_on_the_keyboard() {
        assert_eq!(Keys::Together(CTRL_SHIFT, Key::Z).in_words().replace("Cmd", "Ctrl"), "Ctrl Shift Z");
        assert_eq!((Keys::Plain(Key::Space).in_words(), Keys::Typed("?").in_words()), ("Space".into(), "?".into()));
    }
}
