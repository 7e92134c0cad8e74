//! Norms, their form with fixed statistics, and sums.

use burn::backend::Flex;
use burn_flex::FlexTensor;

use crate::group::{Groups, group_norm_backward};
use crate::norm::{NormGradients, blend};
use crate::ops::activated::Activated;
use crate::ops::backend::{Differentiate, Extra, Given, KernelOps, NormOptions};
use crate::ops::flex::{NormMoments, normed};
use crate::ops::memory::Buffer;
use crate::ops::tensors::{Map, OwnedMap, Values, map_tensor, vector};
use crate::sums::{Centred, sums};

/// Parents: input, gamma, beta, shortcut.
#[derive(Clone, Debug)]
pub(crate) struct NormState {
    x: Map,
    gamma: Values,
    epsilon: f32,
    moments: NormMoments,
    activated: Activated,
}

impl NormState {
    pub fn forward(
        x: &FlexTensor,
        gamma: &FlexTensor,
        beta: &FlexTensor,
        shortcut: Option<&FlexTensor>,
        norm: NormOptions,
    ) -> (FlexTensor, Self) {
        let x = Map::new(x);
        let (gamma, beta) = (Values::new(gamma), Values::new(beta));
        let (y, moments) = normed(&x, &gamma, &beta, shortcut, norm);
        let activated = Activated::new(&y, norm.slope);
        (y, Self { x, gamma, epsilon: norm.epsilon, moments, activated })
    }

    pub fn moments(&self) -> &NormMoments {
        &self.moments
    }
}

impl Differentiate for NormState {
    const PARENTS: usize = 4;
    const SHORTCUT: Option<usize> = Some(3);

    fn differentiate(self, given: Given) -> Vec<Option<FlexTensor>> {
        let Given { gradient, wanted, share, .. } = given;
        let mut gradient = OwnedMap::new(gradient);
        let (x, signs) = (self.x.values(), self.activated.signs());
        let mut shortcut = wanted[3].then(|| Buffer::new(x.len()));
        let gamma = self.gamma.values();
        let (gamma, beta) = match &self.moments {
            NormMoments::Batch(moments) => {
                let channels = gamma.len();
                let centred = Some(Centred { z: x, mean: &moments.mean });
                let sums = sums(gradient.values_mut(), signs, centred, channels);
                if let Some(shortcut) = &mut shortcut {
                    shortcut.copy_from_slice(gradient.values());
                }
                let norm = NormGradients::new(sums, moments, gamma, self.epsilon, x.len() / channels);
                blend(gradient.values_mut(), x, &norm);
                (norm.gamma, norm.beta)
            }
            NormMoments::Groups(count, moments) => {
                let groups = Groups { count: *count, gamma, beta: &[], epsilon: self.epsilon };
                group_norm_backward(&groups, moments, x, signs, gradient.values_mut(), shortcut.as_deref_mut())
            }
        };
        let shortcut = shortcut.map(|shortcut| map_tensor(shortcut, self.x.shape));
        vec![Some(gradient.plus(share)), Some(vector(&gamma)), Some(vector(&beta)), shortcut]
    }
}

/// Parents: input, scale, shift, shortcut.
#[derive(Clone, Debug)]
pub(crate) struct AffineState {
    x: Map,
    scale: Values,
    activated: Activated,
}

impl AffineState {
    pub fn forward(
        x: &FlexTensor,
        scale: FlexTensor,
        shift: FlexTensor,
        shortcut: Option<FlexTensor>,
        slope: f32,
    ) -> (FlexTensor, Self) {
        let x = Map::new(x);
        let kept = Values::new(&scale);
        let y = Flex::kernel_affine(x.tensor(), scale, shift, Extra::new(shortcut), slope);
        let activated = Activated::new(&y, slope);
        (y, Self { x, scale: kept, activated })
    }
}

impl Differentiate for AffineState {
    const PARENTS: usize = 4;
    const SHORTCUT: Option<usize> = Some(3);

    fn differentiate(self, given: Given) -> Vec<Option<FlexTensor>> {
        let Given { gradient, wanted, share, .. } = given;
        let mut gradient = OwnedMap::new(gradient);
        let (x, channels) = (self.x.values(), self.scale.values().len());
        let zeros = vec![0.0; channels];
        let sums = sums(gradient.values_mut(), self.activated.signs(), Some(Centred { z: x, mean: &zeros }), channels);
        let shortcut = wanted[3].then(|| {
            let mut shortcut = Buffer::new(x.len());
            shortcut.copy_from_slice(gradient.values());
            map_tensor(shortcut, self.x.shape)
        });
        let factors = NormGradients {
            gamma: Vec::new(),
            beta: Vec::new(),
            first: self.scale.values().to_vec(),
            second: zeros.clone(),
            shift: zeros,
        };
        blend(gradient.values_mut(), x, &factors);
        vec![Some(gradient.plus(share)), Some(vector(&sums.product)), Some(vector(&sums.gradient)), shortcut]
    }
}

/// Parents: input, shortcut.
#[derive(Clone, Debug)]
pub(crate) struct AddState {
    activated: Activated,
}

impl AddState {
    pub fn forward(x: FlexTensor, shortcut: Option<FlexTensor>, slope: f32) -> (FlexTensor, Self) {
        let y = Flex::kernel_add(x, Extra::new(shortcut), slope);
        let activated = Activated::new(&y, slope);
        (y, Self { activated })
    }
}

impl Differentiate for AddState {
    const PARENTS: usize = 2;
    const SHORTCUT: Option<usize> = Some(1);

    fn differentiate(self, given: Given) -> Vec<Option<FlexTensor>> {
        let Given { gradient, share, .. } = given;
        let mut gradient = OwnedMap::new(gradient);
        if let Some(y) = &self.activated.y {
            sums(gradient.values_mut(), self.activated.signs(), None, y.shape[1]);
        }
        let gradient = gradient.into_tensor();
        let input = match share {
            Some(_) => OwnedMap::new(gradient.clone()).plus(share),
            None => gradient.clone(),
        };
        vec![Some(input), Some(gradient)]
    }
}
