//! Everything a person can make the window do. Widgets and keys name an action, which the shell carries out; panels also
//! turn to the stores that they are handed (`scene::Effects`).

use crate::dialogs::FileDialog;
use crate::export::{Drawing, ExportFormat, SavedContent};
use crate::panel::PanelId;
use crate::state::inquiries::AnswerPlace;
use crate::state::selected::{ConfusionCell, SelectedBlock};
use lab_core::experiment::{Extension, Plan};
use lab_core::protocol::{Networks, Picture, Question, Tune};
use lab_core::runs::Guess;
use lab_core::table::Table;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;

/// What happens to a run.
#[derive(Clone, Debug)]
pub enum RunAction {
    /// Starts, pauses or goes on, whichever makes sense.
    Toggle,
    /// Starts with what the form holds, if nothing is under way.
    StartAnew,
    /// Does one step, starting first if nothing is under way.
    Step,
    /// Ends what is under way.
    Stop,
    /// Ends what is under way and clears the plots.
    Reset,
    /// Goes on with the run that was stopped, from its last checkpoint.
    Continue,
    /// Goes on with the run in this folder, from its last checkpoint.
    Resume(PathBuf),
    /// Shows the run in this folder as it was left.
    Open(PathBuf),
    /// Trains this many epochs more, the schedule going on like this.
    Extend(u32, Extension),
    /// Writes a checkpoint now.
    Checkpoint,
    /// Changes something from the next step on.
    Tune(Tune),
}

/// What a good value is found of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sought {
    /// The learning rate, by a short training in which it rises.
    #[default]
    LearningRate,
    /// The batch size, by measuring how fast each is.
    BatchSize,
}

impl Sought {
    /// What it is called, and how it is found.
    #[must_use]
    pub fn in_words(self) -> (&'static str, &'static str) {
        match self {
            Self::LearningRate => ("learning rate", "Trains for a few steps while the rate rises, and suggests one"),
            Self::BatchSize => ("batch size", "Measures which sizes fit into memory, and how fast each of them is"),
        }
    }
}

/// Something to be done after the frame.
#[derive(Clone, Debug)]
pub enum Action {
    /// Something that happens to a run.
    Run(RunAction),
    /// Starts with a guess of how it will end.
    Guess(Guess),
    /// Lets a person choose a file or a folder.
    Choose(FileDialog),
    /// Shows the run that was shown last.
    OpenLast,
    /// Puts an experiment into the form.
    Again(Box<Plan>),
    /// Shows a folder in the desktop's file manager.
    Reveal(PathBuf),
    /// Chooses the block that every panel looks at.
    Select(Option<SelectedBlock>),
    /// Opens what was dropped by what it is: runs, studies, experiments, weights, archives; everything else as pictures.
    Open(Vec<PathBuf>),
    /// Asks an instrument's question; the answer goes to its place.
    Ask {
        /// Of which networks.
        of: Networks,
        question: Question,
    },
    /// Takes back the question that is awaited at a place.
    Cancel(AnswerPlace),
    /// Shows where a validation image's class comes from.
    Explain(usize),
    /// Shows the images of one cell of an arm's confusion matrix.
    ShowCell(ConfusionCell),
    /// Asks the networks what is in these pictures.
    Classify(Vec<Picture>),
    /// Opens a network's weights from a file.
    OpenWeights,
    /// Asks for a path to be typed.
    TypePath(FileDialog),
    /// Saves the form's experiment as a file.
    SaveExperiment {
        /// Whether its place is typed rather than chosen.
        typed: bool,
    },
    /// Copies the form's experiment as text.
    CopyExperiment,
    /// Asks for what is in the clipboard.
    Paste,
    /// Takes text from the clipboard: an experiment, or paths of pictures.
    PasteText(String),
    /// Fills the form with a preset.
    Preset(&'static str),
    /// Starts anew at every change of the form, or no longer.
    Immediate,
    /// Brings a panel to the front.
    Show(PanelId),
    /// Makes everything larger (1), smaller (−1) or of the usual size (0).
    Zoom(i8),
    /// Fills the screen, or no longer.
    FullScreen,
    /// Shows the form, or hides it.
    Form,
    /// Gives one panel the place of all, or shows all again.
    Enlarge,
    /// Where one panel has the place of all, gives it to the one so many further on.
    Turn(isize),
    /// For a projector: full screen, one panel, larger text, no form; or everything as before.
    Present,
    /// Opens the command palette.
    Palette,
    /// Presses a button that is in sight.
    Press(eframe::egui::accesskit::NodeId),
    /// Says what this program is.
    About,
    /// Shows or hides the list of shortcuts.
    Shortcuts,
    /// Light, dark or as the system.
    Theme(eframe::egui::ThemePreference),
    /// Brings the panels back to where they were at first.
    ResetLayout,
    /// Closes the window, asking first while training.
    Quit,
    /// Closes the window after stopping with a checkpoint.
    QuitNow,
    /// Asks for a place and writes a file there.
    Save {
        /// The file's name as it is offered.
        name: String,
        /// What it shall hold.
        content: SavedContent,
    },
    /// Asks for a place and writes the newest run there for another program.
    SaveRun(ExportFormat),
    /// The same of the study that is looked at.
    SaveStudy(ExportFormat),
    /// Works on what is left of the study that is looked at.
    WorkOnStudy,
    /// Puts a picture into the clipboard.
    CopyPicture(Arc<Drawing>),
    /// Puts a table into the clipboard.
    CopyTable(Arc<Table>),
    /// Shows a person a message.
    Notify(String),
    /// Puts text into the clipboard.
    CopyText(String),
    /// Varies a field of the form in a study: an axis as it is typed.
    Vary(String),
    /// Shows where a good value of this is found.
    Find(Sought),
    /// Puts a learning rate into the form: of the arm in this place, or of all.
    UseRate(Option<usize>, f64),
    /// Puts a batch size into the form.
    UseBatch(usize),
    /// Takes back the last change of the form.
    Undo,
    /// Does again what was taken back.
    Redo,
}
