//! The gradient of a norm's output, awaited: whoever makes it whole adds up what the norm needs of it, while it is in the
//! cache. Knows nothing of how operations find each other.

use std::sync::{Arc, Mutex, PoisonError};

use burn_flex::FlexTensor;

use super::activated::Activated;
use super::tensors::{Map, OwnedMap};
use crate::affine::Affine;
use crate::statistics::Moments;
use crate::sums::{Centred, Signs, Summing, Sums};

/// What a norm keeps of its forward pass that tells what to add up, and the sums once they are known.
#[derive(Debug)]
pub(super) struct Awaited {
    /// The input of the norm.
    pub z: Map,
    pub moments: Moments,
    pub affine: Affine,
    pub activated: Activated,
    /// Whether a shortcut was added to its output.
    pub has_shortcut: bool,
    /// The gradient that was added up, behind the activation as [`Signs`] leave it, and its sums.
    found: Mutex<Option<(FlexTensor, Sums)>>,
}

impl Awaited {
    pub fn new(z: Map, moments: Moments, affine: Affine, activated: Activated, has_shortcut: bool) -> Arc<Self> {
        Arc::new(Self { z, moments, affine, activated, has_shortcut, found: Mutex::new(None) })
    }

    /// Whether the norm's input tells the signs of its output, as nothing was added to it.
    pub fn norm_tells_signs(&self) -> bool {
        !self.has_shortcut && self.activated.slope != 1.0
    }

    fn summing(&self) -> Summing<'_> {
        let slope = self.activated.slope;
        let signs = if self.norm_tells_signs() { Signs::Norm(&self.affine, slope) } else { self.activated.signs() };
        let z = self.z.values();
        Summing::new(z.len(), signs, Some(Centred { z, mean: &self.moments.mean }), self.affine.shift.len())
    }

    /// What adds up a gradient of which others may have a share that comes later. `None` where that would do harm: the
    /// gradient is multiplied by the slope in place, which only slopes of 0 and 1 bear twice.
    pub fn ahead(&self) -> Option<Summing<'_>> {
        let harmless = self.norm_tells_signs() || self.activated.slope == 0.0 || self.activated.slope == 1.0;
        harmless.then(|| self.summing())
    }

    /// Keeps the sums over `gradient`. As long as they are kept, nobody can change it in place.
    pub fn keep(&self, gradient: &FlexTensor, sums: Sums) {
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = Some((gradient.clone(), sums));
    }

    /// The whole gradient, behind the activation as [`Signs`] leave it, and its sums: those that were kept if they are over
    /// this very gradient.
    pub fn receive(&self, gradient: FlexTensor) -> (OwnedMap, Sums) {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner).take();
        let known = found.and_then(|(kept, sums)| {
            let is_same =
                kept.layout() == gradient.layout() && std::ptr::eq(kept.storage::<f32>(), gradient.storage::<f32>());
            is_same.then_some(sums)
        });
        let mut gradient = OwnedMap::new(gradient);
        let sums = known.unwrap_or_else(|| self.summing().finish(gradient.values_mut()));
        (gradient, sums)
    }
}
