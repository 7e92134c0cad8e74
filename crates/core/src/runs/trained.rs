//! Finds the weights that an arm starts from: a file, or a checkpoint of a run.

use super::read::{self, RunError};
use crate::experiment::Start;
use crate::protocol::keep::Trained;

pub(super) fn find(start: &Start, arm: &str) -> Result<Trained, String> {
    if start.weights.is_file() {
        return Trained::file(start);
    }
    let run = match read::find(&start.weights) {
        Err(RunError::Absent(_)) => {
            return Err(format!(
                "there is neither a file of weights nor a run \"{}\"; name one, as in \
                 --set arms[0].start.weights=FILE.pth or =RUN_FOLDER",
                start.weights.display()
            ));
        }
        found => found.map_err(|error| error.to_string())?,
    };
    let names: Vec<&str> = run.info.arms.iter().map(|arm| arm.name.as_str()).collect();
    let index = match (&start.arm, names.as_slice()) {
        (Some(wanted), _) => names.iter().position(|name| name == wanted),
        (None, [_]) => Some(0),
        (None, _) => names.iter().position(|name| *name == arm),
    };
    let Some(index) = index else {
        let wanted = start.arm.as_deref().unwrap_or(arm);
        let which = names.join(", ");
        return Err(format!(
            "the run {} has no arm \"{wanted}\" but {which}; choose one with start.arm",
            run.folder.display()
        ));
    };
    let weights = run.weights(index, start.checkpoint).map_err(|error| error.to_string())?;
    let source = std::path::absolute(&run.folder).map_err(|why| format!("{}: {why}", run.folder.display()))?;
    Ok(Trained { source, weights, dataset: Some(run.info.dataset) })
}
