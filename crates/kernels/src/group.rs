//! Group normalisation (Wu and He 2018): statistics over the pixels and some neighbouring channels of one image.
//!
//! `y = act(γ (x − mean) / √(variance + ε) + β + shortcut)`, maps `[n][pixels][c]`.

use rayon::prelude::*;

use crate::affine::Affine;
use crate::map::Statistics;
use crate::norm::{BlendTask, NormGradients, Normalise};
use crate::simd::dispatch;
use crate::statistics::{Gather, Moments, Total};
use crate::sums::{Centred, Signs, SumTask};

/// What a group norm needs to know besides its maps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Groups<'a> {
    pub count: usize,
    pub gamma: &'a [f32],
    pub beta: &'a [f32],
    pub epsilon: f32,
}

impl Groups<'_> {
    fn channels(&self) -> usize {
        self.gamma.len()
    }

    fn width(&self) -> usize {
        self.channels() / self.count
    }

    /// Mean and variance of every group of one image.
    fn moments(&self, image: &[f32]) -> Moments {
        let channels = self.channels();
        let mut statistics = Statistics::new(channels);
        dispatch(Gather { map: image, channels, statistics: &mut statistics });
        let mut moments = Moments { mean: Vec::new(), variance: Vec::new() };
        for group in 0..self.count {
            let mut total = Total::default();
            let channels = group * self.width()..(group + 1) * self.width();
            channels.for_each(|channel| total.add(&statistics.total(channel)));
            moments.mean.push(total.mean as f32);
            moments.variance.push(total.variance() as f32);
        }
        moments
    }

    /// The statistics of each channel's group, channel by channel.
    fn spread(&self, groups: &Moments) -> Moments {
        let of = |values: &[f32]| (0..self.channels()).map(|channel| values[channel / self.width()]).collect();
        Moments { mean: of(&groups.mean), variance: of(&groups.variance) }
    }

    fn check(&self, map: usize, image: usize) {
        assert!(self.count > 0 && self.channels().is_multiple_of(self.count), "groups do not divide the channels");
        assert!(
            image > 0 && map.is_multiple_of(image) && image.is_multiple_of(self.channels()),
            "maps of another shape"
        );
    }
}

/// Normalises `x`, whose images have `image_len` values, into `out`; returns the statistics of every group of
/// every image.
pub(crate) fn group_norm(
    groups: &Groups,
    x: &[f32],
    image_len: usize,
    shortcut: Option<&[f32]>,
    slope: f32,
    out: &mut [f32],
) -> Vec<Moments> {
    groups.check(x.len(), image_len);
    assert_eq!(x.len(), out.len(), "maps of different sizes");
    assert!(shortcut.is_none_or(|shortcut| shortcut.len() == x.len()), "shortcut of another size");
    out.par_chunks_mut(image_len)
        .enumerate()
        .map(|(image, out)| {
            let range = image * image_len..(image + 1) * image_len;
            let z = &x[range.clone()];
            let moments = groups.moments(z);
            let affine = Affine::new(&groups.spread(&moments), groups.gamma, groups.beta, groups.epsilon);
            let shortcut = shortcut.map(|shortcut| &shortcut[range]);
            dispatch(Normalise { z, affine: &affine, shortcut, slope, out });
            moments
        })
        .collect()
}

/// Gradients of γ and β; `gradients` goes from those of the output to those of the norm's input. Where a
/// `shortcut` is given it receives the gradients behind the activation, which are its own.
pub(crate) fn group_norm_backward(
    groups: &Groups,
    moments: &[Moments],
    x: &[f32],
    signs: Signs,
    gradients: &mut [f32],
    shortcut: Option<&mut [f32]>,
) -> (Vec<f32>, Vec<f32>) {
    let image_len = x.len() / moments.len().max(1);
    groups.check(x.len(), image_len);
    assert_eq!(x.len(), gradients.len(), "maps of different sizes");
    if let Signs::Output(y, _) = signs {
        assert_eq!(y.len(), x.len(), "maps of different sizes");
    }
    let shortcuts: Vec<Option<&mut [f32]>> = match shortcut {
        Some(shortcut) => shortcut.chunks_mut(image_len).map(Some).collect(),
        None => moments.iter().map(|_| None).collect(),
    };
    let parts: Vec<NormGradients> = gradients
        .par_chunks_mut(image_len)
        .zip(moments)
        .zip(shortcuts)
        .enumerate()
        .map(|(image, ((gradients, moments), shortcut))| {
            let range = image * image_len..(image + 1) * image_len;
            let z = &x[range.clone()];
            let channel_moments = groups.spread(moments);
            let mut part = vec![0.0; 2 * groups.channels()];
            let signs = signs.part(range);
            let centred = Some(Centred { z, mean: &channel_moments.mean });
            dispatch(SumTask { gradients, signs, centred, channels: groups.channels(), part: &mut part });
            if let Some(shortcut) = shortcut {
                shortcut.copy_from_slice(gradients);
            }
            let factors = factors(groups, moments, &part, image_len);
            dispatch(BlendTask { gradients, z, factors: &factors });
            factors
        })
        .collect();
    let total = |of: fn(&NormGradients) -> &[f32]| -> Vec<f32> {
        let sum = |channel: usize| parts.iter().map(|part| f64::from(of(part)[channel])).sum::<f64>() as f32;
        (0..groups.channels()).map(sum).collect()
    };
    (total(|part| &part.gamma), total(|part| &part.beta))
}

/// With `h = γ g` and means over a group: `dx = (h − mean(h) − (x − μ)/σ² · mean(h (x − μ))) / σ`.
fn factors(groups: &Groups, moments: &Moments, sums: &[f32], image_len: usize) -> NormGradients {
    let channels = groups.channels();
    let (gradient, product) = sums.split_at(channels);
    let values = (image_len / groups.count) as f64;
    let mut result = NormGradients {
        gamma: Vec::with_capacity(channels),
        beta: gradient.to_vec(),
        first: Vec::with_capacity(channels),
        second: Vec::with_capacity(channels),
        shift: Vec::with_capacity(channels),
    };
    for group in 0..groups.count {
        let members = group * groups.width()..(group + 1) * groups.width();
        let weighted = |sums: &[f32]| {
            members.clone().map(|channel| f64::from(groups.gamma[channel]) * f64::from(sums[channel])).sum::<f64>()
        };
        let inverse = 1.0 / (f64::from(moments.variance[group]) + f64::from(groups.epsilon)).sqrt();
        let mean = f64::from(moments.mean[group]);
        let second = -inverse.powi(3) * weighted(product) / values;
        let shift = -inverse * weighted(gradient) / values - second * mean;
        for channel in members.clone() {
            result.gamma.push((f64::from(product[channel]) * inverse) as f32);
            result.first.push((f64::from(groups.gamma[channel]) * inverse) as f32);
            result.second.push(second as f32);
            result.shift.push(shift as f32);
        }
    }
    result
}
