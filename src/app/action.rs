//! Everything a person can make the window do. Widgets and keys only name an action; the shell carries it out.

use crate::train::protocol::{Picture, Tune};

/// Something to be done after the frame.
#[derive(Clone, Debug)]
pub enum Action {
    /// Starts, pauses or goes on, whichever makes sense.
    Toggle,
    /// Does one step, starting first if nothing is under way.
    Step,
    /// Ends what is under way.
    Stop,
    /// Ends what is under way and clears the plots.
    Reset,
    /// Goes on with the run that was stopped, from its last checkpoint.
    ContinueRun,
    /// Lets a person choose the folder of a run to go on with.
    ChooseRun,
    /// Trains this many epochs more.
    Extend(u32),
    /// Writes a checkpoint now.
    Checkpoint,
    /// Changes something from the next step on.
    Tune(Tune),
    /// Asks the networks what is in these pictures.
    Classify(Vec<Picture>),
    /// Lets a person choose pictures to classify.
    ChoosePictures,
    /// Lets a person choose a data set.
    ChooseData,
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
    /// Takes back the last change of the form.
    Undo,
    /// Does again what was taken back.
    Redo,
}
