//! What remains of an image's logits when one block loses its branch or its shortcut.

use super::refusal::Refusal;
use super::subject::{Progress, Subject};
use crate::nn::{self, Pass};
use lab_core::blueprint::ShortcutPlan;
use lab_core::instrument::{Cut, Finding, QueryImage};

/// The whole network first, then each block.
pub(super) fn cuts(subject: &Subject, sample: &QueryImage, progress: &mut Progress) -> Result<Vec<Cut>, Refusal> {
    let image = subject.sample_input(sample)?;
    let [channels, height, width] = image.shape;
    let logits = |mut pass: Pass| {
        let x = nn::tensor(image.inputs.clone(), [1, channels, height, width], subject.device());
        nn::values(subject.model().forward(x, &mut pass))
    };
    let whole = Cut { without_branch: Some(logits(Pass::evaluate())?), ..Cut::default() };
    let mut found = vec![whole];
    let blocks: Vec<_> = subject.blueprint().blocks().collect();
    for (index, block) in blocks.iter().enumerate() {
        if !progress(index, blocks.len(), Some(Finding::Cuts(found.clone()))) {
            break;
        }
        let gains = (0..blocks.len()).map(|other| f64::from(u8::from(other != index))).collect();
        let branch = block.can_be_bypassed().then(|| logits(Pass::evaluate().with_branch_gains(gains)));
        let has_shortcut = block.shortcut != ShortcutPlan::None;
        let shortcut = has_shortcut.then(|| logits(Pass::evaluate().without_shortcut(index)));
        found.push(Cut {
            block: block.name.clone(),
            without_branch: branch.transpose()?,
            without_shortcut: shortcut.transpose()?,
        });
    }
    Ok(found)
}
