//! What a layer of a network that is only asked has ready for the next question: its norm folded into its weights. It
//! is made when it is first wanted, and again when any of the tensors that it was made of is another one.

use burn::tensor::Tensor;
use lab_core::experiment::Precision;
use lab_kernels::ops::{Folded, Mark};
use std::sync::{Arc, Mutex, PoisonError};

/// The tensors that a folded convolution is made of, the factor in front of them, and the precision of the products.
#[derive(Clone, Copy)]
pub(crate) struct Origin<'a> {
    pub weight: &'a Tensor<4>,
    /// Of the norm or of the bias, [channels] each, in a fixed order.
    pub vectors: [Option<&'a Tensor<1>>; 4],
    pub gain: f64,
    pub precision: Precision,
}

/// What an origin is known by.
#[derive(Debug)]
struct Marks {
    weight: Mark,
    vectors: [Option<Mark>; 4],
    gain: f64,
    precision: Precision,
}

impl Marks {
    fn of(origin: Origin) -> Self {
        let Origin { weight, vectors, gain, precision } = origin;
        Self { weight: Mark::of(weight), vectors: vectors.map(|vector| vector.map(Mark::of)), gain, precision }
    }

    fn fit(&self, origin: Origin) -> bool {
        let vectors = self.vectors.iter().zip(origin.vectors);
        self.gain == origin.gain
            && self.precision == origin.precision
            && self.weight.fits(origin.weight)
            && vectors.into_iter().all(|pair| match pair {
                (Some(mark), Some(vector)) => mark.fits(vector),
                (mark, vector) => mark.is_none() && vector.is_none(),
            })
    }
}

/// A place for one folded convolution. A copy of a network starts with empty places.
#[derive(Debug, Default)]
pub(crate) struct FoldedCache(Mutex<Option<(Marks, Arc<Folded>)>>);

impl Clone for FoldedCache {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl FoldedCache {
    /// What was kept of this origin, or what `fold` makes, which is kept instead.
    pub fn get(&self, origin: Origin, fold: impl FnOnce() -> Folded) -> Arc<Folded> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*kept {
            Some((marks, folded)) if marks.fit(origin) => Arc::clone(folded),
            _ => {
                let folded = Arc::new(fold());
                *kept = Some((Marks::of(origin), Arc::clone(&folded)));
                folded
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, TensorData};

    fn origin(weight: &Tensor<4>, gain: f64) -> Origin<'_> {
        Origin { weight, vectors: [None; 4], gain, precision: Precision::F32 }
    }

    #[test]
    fn what_is_kept_is_made_again_only_for_other_tensors_or_another_factor() {
        let weight = || Tensor::<4>::from_data(TensorData::new(vec![0.5_f32; 9], [1, 1, 3, 3]), &Device::flex());
        let (kept, first) = (FoldedCache::default(), weight());
        let mut made = 0;
        let mut ask = |kept: &FoldedCache, weight: &Tensor<4>, gain: f64| {
            kept.get(origin(weight, gain), || {
                made += 1;
                Folded::new(weight.clone(), None)
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
    fn what_is_kept_is_made_again_for_another_vector() {
        let weight = Tensor::<4>::from_data(TensorData::new(vec![0.5_f32; 9], [1, 1, 3, 3]), &Device::flex());
        let vector = || Tensor::<1>::from_data(TensorData::new(vec![1.0_f32], [1]), &Device::flex());
        let (kept, one, other) = (FoldedCache::default(), vector(), vector());
        let mut made = 0;
        let mut ask = |vectors| {
            kept.get(Origin { weight: &weight, vectors, gain: 1.0, precision: Precision::F32 }, || {
                made += 1;
                Folded::new(weight.clone(), None)
            });
            made
        };
        assert_eq!([ask([Some(&one), None, None, None]), ask([Some(&one), None, None, None])], [1, 1]);
        assert_eq!(ask([Some(&other), None, None, None]), 2, "the same place, another vector");
        assert_eq!(ask([None; 4]), 3, "none where there was one");
        assert_eq!(ask([Some(&one), Some(&other), None, None]), 4, "two");
    }

    #[test]
    fn weights_that_are_changed_where_they_lie_are_other_weights() {
        let weight = Tensor::<4>::from_data(TensorData::new(vec![0.5_f32; 9], [1, 1, 3, 3]), &Device::flex());
        let kept = FoldedCache::default();
        let before = kept.get(origin(&weight, 1.0), || Folded::new(weight.clone(), None));
        let weight = weight + 1.0;
        let after = kept.get(origin(&weight, 1.0), || Folded::new(weight.clone(), None));
        assert!(!Arc::ptr_eq(&before, &after));
    }
}
