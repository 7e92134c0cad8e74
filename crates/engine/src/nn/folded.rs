//! What a layer of a network that is only asked has ready for the next question: its norm folded into its weights. It
//! is made when it is first wanted, and again when any of the tensors that it was made of is another one.

use burn::tensor::Tensor;
use lab_core::experiment::Precision;
use lab_kernels::ops::{Folded, are_same};
use std::sync::{Arc, Mutex, PoisonError};

/// The tensors that a folded convolution is made of, the factor in front of them, and the precision of the products.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub weight: Tensor<4>,
    /// Of the norm and of the bias, [channels] each; those that there are, in a fixed order.
    pub vectors: Vec<Tensor<1>>,
    pub gain: f64,
    pub precision: Precision,
}

impl Origin {
    fn is(&self, other: &Self) -> bool {
        self.gain == other.gain
            && self.precision == other.precision
            && self.vectors.len() == other.vectors.len()
            && are_same(&self.weight, &other.weight)
            && self.vectors.iter().zip(&other.vectors).all(|(a, b)| are_same(a, b))
    }
}

/// A place for one folded convolution. A copy of a network starts with empty places.
#[derive(Debug, Default)]
pub(crate) struct Kept(Mutex<Option<(Origin, Arc<Folded>)>>);

impl Clone for Kept {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Kept {
    /// What was kept of this origin, or what `fold` makes of it, which is kept instead.
    pub fn get(&self, origin: Origin, fold: impl FnOnce(&Origin) -> Folded) -> Arc<Folded> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*kept {
            Some((of, folded)) if of.is(&origin) => Arc::clone(folded),
            _ => {
                let folded = Arc::new(fold(&origin));
                *kept = Some((origin, Arc::clone(&folded)));
                folded
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, TensorData};

    fn origin(weight: &Tensor<4>, gain: f64) -> Origin {
        Origin { weight: weight.clone(), vectors: Vec::new(), gain, precision: Precision::F32 }
    }

    #[test]
    fn what_is_kept_is_made_again_only_for_other_tensors_or_another_factor() {
        let weight = || Tensor::<4>::from_data(TensorData::new(vec![0.5_f32; 9], [1, 1, 3, 3]), &Device::flex());
        let (kept, first) = (Kept::default(), weight());
        let mut made = 0;
        let mut ask = |kept: &Kept, weight: &Tensor<4>, gain: f64| {
            kept.get(origin(weight, gain), |of| {
                made += 1;
                Folded::new(of.weight.clone(), None)
            });
            made
        };
        assert_eq!([ask(&kept, &first, 1.0), ask(&kept, &first, 1.0)], [1, 1]);
        assert_eq!([ask(&kept, &first, 0.5), ask(&kept, &first, 0.5)], [2, 2]);
        // Equal values elsewhere in memory may have come from anywhere.
        assert_eq!(ask(&kept, &weight(), 0.5), 3);
        assert_eq!(ask(&kept.clone(), &first, 0.5), 4, "a copy of a network keeps nothing");
    }

    #[test]
    fn weights_that_are_changed_where_they_lie_are_other_weights() {
        let weight = Tensor::<4>::from_data(TensorData::new(vec![0.5_f32; 9], [1, 1, 3, 3]), &Device::flex());
        let kept = Kept::default();
        let before = kept.get(origin(&weight, 1.0), |of| Folded::new(of.weight.clone(), None));
        let weight = weight + 1.0;
        let after = kept.get(origin(&weight, 1.0), |of| Folded::new(of.weight.clone(), None));
        assert!(!Arc::ptr_eq(&before, &after));
    }
}
