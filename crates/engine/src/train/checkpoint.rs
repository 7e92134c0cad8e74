//! An arm on disk: weights and the optimiser's memory as safetensors, progress as TOML, in one folder that is
//! replaced as a whole.

use super::arm::{Arm, Progress};
use crate::nn::weights;
use lab_core::experiment::{Augmentation, Course, Optimizer as Rule};
use lab_core::files;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The weights' file in a checkpoint folder, under PyTorch's names.
pub const WEIGHTS: &str = "weights.safetensors";
const MEMORY: &str = "optimizer.safetensors";
/// TOML, which gives back every number as it was; JSON has no infinity.
const STATE: &str = "state.toml";

/// What a checkpoint says besides weights and the optimiser's memory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct State {
    /// The arm's own.
    pub progress: Progress,
    /// The optimiser, as it may have been changed while training.
    pub optimizer: Rule,
    /// The session's, the same in every arm.
    pub session: SessionState,
}

/// What a session must know to go on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SessionState {
    /// Training time so far, in seconds.
    pub seconds: f64,
    /// Steps in all, more than planned if training was extended.
    pub total_steps: u64,
    /// How the schedules are laid over them; as planned if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub course: Option<Course>,
    /// The augmentation, as it may have been changed while training.
    pub augmentation: Augmentation,
    /// Steps between two probes, likewise.
    pub probe_every: u32,
}

/// Writes an arm into `folder`, whole or not at all. An arm whose weights are not finite is left out, so that the
/// last good checkpoint stays; then the answer is `false`.
///
/// # Errors
/// What could not be read from the device or written.
pub(crate) fn write(arm: &Arm, session: &SessionState, folder: &Path) -> Result<bool, String> {
    let state = super::evaluate::plain(&arm.model).state().map_err(|error| error.to_string())?;
    if state.values().any(|array| array.values.iter().any(|value| !value.is_finite())) {
        return Ok(false);
    }
    let memory = arm.optimizer.state(&arm.names)?;
    let described =
        State { progress: arm.progress.clone(), optimizer: arm.optimizer.rule.clone(), session: session.clone() };
    let described = toml::to_string(&described).map_err(|error| error.to_string())?;
    let parent = folder.parent().ok_or_else(|| format!("{} has no parent folder", folder.display()))?;
    let io = |error: std::io::Error| format!("cannot write a checkpoint to {}: {error}", folder.display());
    std::fs::create_dir_all(parent).map_err(io)?;
    let new = tempfile::Builder::new().prefix(".new-").tempdir_in(parent).map_err(io)?;
    weights::write(&new.path().join(WEIGHTS), &state).map_err(|error| error.to_string())?;
    weights::write(&new.path().join(MEMORY), &memory).map_err(|error| error.to_string())?;
    files::write_atomically(&new.path().join(STATE), described.as_bytes()).map_err(io)?;
    files::replace_folder(&new.keep(), folder).map_err(io)?;
    Ok(true)
}

/// What a checkpoint says besides weights and the optimiser's memory.
///
/// # Errors
/// A checkpoint that is missing or damaged.
pub(crate) fn state(folder: &Path) -> Result<State, String> {
    let path = folder.join(STATE);
    let text = std::fs::read_to_string(&path)
        .map_err(|error| format!("{}: {error}; there is no checkpoint to go on from", path.display()))?;
    toml::from_str(&text)
        .map_err(|error| format!("{} is damaged: {}; go on from a copy or start anew", path.display(), error.message()))
}

/// Takes an arm back to where its checkpoint is.
///
/// # Errors
/// What is missing, damaged, or belongs to another network.
pub(crate) fn read(arm: &mut Arm, folder: &Path) -> Result<SessionState, String> {
    files::settle_folder(folder).map_err(|error| error.to_string())?;
    let state = state(folder)?;
    let saved = weights::read(&folder.join(WEIGHTS)).map_err(|error| error.to_string())?;
    let memory = weights::read(&folder.join(MEMORY)).map_err(|error| error.to_string())?;
    arm.adopt(arm.model.clone().with_state(&saved).map_err(|error| error.to_string())?);
    arm.optimizer.restore(&arm.names, &arm.model, &memory)?;
    arm.optimizer.rule = state.optimizer;
    arm.progress = state.progress;
    Ok(state.session)
}
