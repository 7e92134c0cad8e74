//! What a convolution reads and what it does with a finished value: maps as they are or computed while they
//! are loaded, results stored as they are or finished on the way out. Nothing here knows how the convolution
//! itself is computed.
//!
//! Channels lie next to each other: value `index` of a map `[n][h][w][c]` belongs to channel `index % c`.

use crate::simd::{Simd, Work, dispatch, load_up_to, prefetch};

/// Values of a cache line.
pub(crate) const LINE: usize = 16;

/// Pixels of so many channels that are best gone through together, one vector of channels after the other: a few, whose
/// memory is then read in its order, or as many as the first-level cache holds, so that what is kept in registers for
/// these channels serves many.
pub(crate) fn pixels_together(channels: usize) -> usize {
    (2048 / channels.max(1)).max(4)
}

/// A map that a convolution reads.
pub(crate) trait Source: Sync {
    /// What is kept in registers while values of the same channels follow one another.
    type Held<S: Simd>: Copy;

    /// Before values for the `count` channels from `channel` on.
    ///
    /// # Safety
    /// The channels must lie inside the map; `S` must be the width that was dispatched.
    unsafe fn begin<S: Simd>(&self, channel: usize, count: usize) -> Self::Held<S>;

    /// Asks for the memory at `index`, which may lie outside the map, ahead of its use.
    fn prefetch(&self, _index: usize) {}

    /// Runs work that multiplies values of this map.
    fn dispatch<W: Work>(&self, work: W) -> W::Output {
        dispatch(work)
    }

    /// Loads the values at `index` for `count` channels; lanes beyond them are zero.
    ///
    /// # Safety
    /// As for [`Self::begin`], and the values must lie inside the map.
    unsafe fn load<S: Simd>(&self, held: &Self::Held<S>, index: usize, count: usize) -> S::V;
}

/// What happens to a finished value of a convolution.
pub(crate) trait Finish {
    /// What is kept in registers while values of the same channels follow one another.
    type Held<S: Simd>: Copy;

    /// Before values for the channels from `channel` on.
    ///
    /// # Safety
    /// `S` must be the width that was dispatched; so in the other methods.
    unsafe fn begin<S: Simd>(&mut self, channel: usize, count: usize) -> Self::Held<S>;

    /// Takes the sums for `count` channels, which belong at `index` of the whole map, and returns what to store.
    ///
    /// # Safety
    /// The values must lie inside the maps.
    unsafe fn finish<S: Simd>(&self, held: &mut Self::Held<S>, sums: S::V, index: usize, count: usize) -> S::V;

    /// After values for the channels from `channel` on.
    ///
    /// # Safety
    /// As for the others.
    unsafe fn end<S: Simd>(&mut self, _held: Self::Held<S>, _channel: usize) {}
}

/// A map as it is.
#[derive(Clone, Copy)]
pub(crate) struct Plain<'a>(pub &'a [f32]);

impl Source for Plain<'_> {
    type Held<S: Simd> = ();

    #[inline(always)]
    unsafe fn begin<S: Simd>(&self, _channel: usize, _count: usize) {}

    #[inline(always)]
    fn prefetch(&self, index: usize) {
        prefetch(self.0.as_ptr().wrapping_add(index));
    }

    #[inline(always)]
    unsafe fn load<S: Simd>(&self, _held: &(), index: usize, count: usize) -> S::V {
        debug_assert!(index + count.min(S::LANES) <= self.0.len());
        // SAFETY: the caller vouches for the index.
        unsafe { load_up_to::<S>(self.0.as_ptr().add(index), count) }
    }
}

/// The gradient that batch norm hands back: a blend `first · g + second · z + shift` of the gradient of its
/// output and its input `z`, each factor per channel.
#[derive(Clone, Copy)]
pub(crate) struct Blend<'a> {
    pub gradients: &'a [f32],
    pub z: &'a [f32],
    pub first: &'a [f32],
    pub second: &'a [f32],
    pub shift: &'a [f32],
}

impl Source for Blend<'_> {
    type Held<S: Simd> = [S::V; 3];

    #[inline(always)]
    unsafe fn begin<S: Simd>(&self, channel: usize, count: usize) -> [S::V; 3] {
        // SAFETY: the caller vouches for the channels.
        unsafe { load_each::<S, 3>([self.first, self.second, self.shift], channel, count) }
    }

    #[inline(always)]
    fn prefetch(&self, index: usize) {
        prefetch(self.gradients.as_ptr().wrapping_add(index));
        prefetch(self.z.as_ptr().wrapping_add(index));
    }

    #[inline(always)]
    unsafe fn load<S: Simd>(&self, &[first, second, shift]: &[S::V; 3], index: usize, count: usize) -> S::V {
        debug_assert!(index + count.min(S::LANES) <= self.gradients.len());
        // SAFETY: the caller vouches for the index; the two maps are of one size.
        unsafe {
            let gradient = load_up_to::<S>(self.gradients.as_ptr().add(index), count);
            let z = load_up_to::<S>(self.z.as_ptr().add(index), count);
            S::fma(gradient, first, S::fma(z, second, shift))
        }
    }
}

/// As [`Blend`], of gradients that lie behind the activation of the norm's output: they are multiplied by its
/// slope, which `z` tells. `norm` is mean, scale and shift of the forward pass.
#[derive(Clone, Copy)]
pub(crate) struct ActivatedBlend<'a> {
    pub blend: Blend<'a>,
    pub norm: [&'a [f32]; 3],
    pub slope: f32,
}

impl Source for ActivatedBlend<'_> {
    type Held<S: Simd> = ([S::V; 3], [S::V; 3], S::V);

    #[inline(always)]
    unsafe fn begin<S: Simd>(&self, channel: usize, count: usize) -> Self::Held<S> {
        // SAFETY: the caller vouches for the channels.
        unsafe {
            (self.blend.begin::<S>(channel, count), load_each::<S, 3>(self.norm, channel, count), S::splat(self.slope))
        }
    }

    #[inline(always)]
    fn prefetch(&self, index: usize) {
        self.blend.prefetch(index);
    }

    #[inline(always)]
    unsafe fn load<S: Simd>(&self, held: &Self::Held<S>, index: usize, count: usize) -> S::V {
        let ([first, second, shift], norm, slope) = *held;
        debug_assert!(index + count.min(S::LANES) <= self.blend.gradients.len());
        // SAFETY: the caller vouches for the index; the two maps are of one size.
        unsafe {
            let gradient = load_up_to::<S>(self.blend.gradients.as_ptr().add(index), count);
            let z = load_up_to::<S>(self.blend.z.as_ptr().add(index), count);
            let gradient = behind::<S>(gradient, z, norm, slope);
            S::fma(gradient, first, S::fma(z, second, shift))
        }
    }
}

/// Another map, rounded to bfloat16.
#[derive(Clone, Copy)]
pub(crate) struct Rounded<'a, M>(pub &'a M);

impl<M: Source> Source for Rounded<'_, M> {
    type Held<S: Simd> = M::Held<S>;

    #[inline(always)]
    unsafe fn begin<S: Simd>(&self, channel: usize, count: usize) -> Self::Held<S> {
        // SAFETY: passed on to the caller.
        unsafe { self.0.begin::<S>(channel, count) }
    }

    #[inline(always)]
    fn prefetch(&self, index: usize) {
        self.0.prefetch(index);
    }

    #[inline(always)]
    unsafe fn load<S: Simd>(&self, held: &Self::Held<S>, index: usize, count: usize) -> S::V {
        // SAFETY: passed on to the caller.
        unsafe { S::bf16(self.0.load::<S>(held, index, count)) }
    }
}

/// The gradient before an activation `max(v, slope · v)` of `v = scale · (z − mean) + shift`.
#[inline(always)]
pub(super) unsafe fn behind<S: Simd>(gradient: S::V, z: S::V, norm: [S::V; 3], slope: S::V) -> S::V {
    let [mean, scale, shift] = norm;
    // SAFETY: arithmetic on registers.
    unsafe {
        let v = S::fma(S::sub(z, mean), scale, shift);
        S::where_positive(v, gradient, S::mul(gradient, slope))
    }
}

/// The same channels of several vectors.
#[inline(always)]
pub(super) unsafe fn load_each<S: Simd, const N: usize>(from: [&[f32]; N], channel: usize, count: usize) -> [S::V; N] {
    // SAFETY: the caller vouches for the channels.
    unsafe {
        let mut values = [S::splat(0.0); N];
        for (value, from) in values.iter_mut().zip(from) {
            debug_assert!(channel + count.min(S::LANES) <= from.len());
            *value = load_up_to::<S>(from.as_ptr().add(channel), count);
        }
        values
    }
}

/// Stores the sums as they are.
pub(crate) struct Keep;

impl Finish for Keep {
    type Held<S: Simd> = ();

    #[inline(always)]
    unsafe fn begin<S: Simd>(&mut self, _channel: usize, _count: usize) {}

    #[inline(always)]
    unsafe fn finish<S: Simd>(&self, _held: &mut (), sums: S::V, _index: usize, _count: usize) -> S::V {
        sums
    }
}

/// Adds the sums to what the map holds already; `base` is where its index 0 would be.
#[derive(Clone, Copy)]
pub(crate) struct Accumulate {
    pub base: *const f32,
}

// SAFETY: a block of work reads only where it writes next, and no two blocks write in one place.
unsafe impl Send for Accumulate {}
// SAFETY: as above.
unsafe impl Sync for Accumulate {}

impl Finish for Accumulate {
    type Held<S: Simd> = ();

    #[inline(always)]
    unsafe fn begin<S: Simd>(&mut self, _channel: usize, _count: usize) {}

    #[inline(always)]
    unsafe fn finish<S: Simd>(&self, _held: &mut (), sums: S::V, index: usize, count: usize) -> S::V {
        // SAFETY: the caller vouches for the index.
        unsafe { S::add(sums, load_up_to::<S>(self.base.wrapping_add(index), count)) }
    }
}

/// Adds a bias and the shortcut and activates: `act(scale · sums + bias + shortcut)`.
#[derive(Clone, Copy)]
pub(crate) struct Activate<'a> {
    /// One value for each channel, 1 if there is none.
    pub scale: Option<&'a [f32]>,
    /// One value for each channel.
    pub bias: Option<&'a [f32]>,
    /// A map like the output.
    pub shortcut: Option<&'a [f32]>,
    /// The factor of the activation below zero; 1 for none.
    pub slope: f32,
}

impl Finish for Activate<'_> {
    /// Scale and bias.
    type Held<S: Simd> = [S::V; 2];

    #[inline(always)]
    unsafe fn begin<S: Simd>(&mut self, channel: usize, count: usize) -> [S::V; 2] {
        // SAFETY: scale and bias have all channels of the map.
        unsafe {
            let held = |values: Option<&[f32]>, without: f32| match values {
                Some(values) => load_up_to::<S>(values.as_ptr().wrapping_add(channel), count),
                None => S::splat(without),
            };
            [held(self.scale, 1.0), held(self.bias, 0.0)]
        }
    }

    #[inline(always)]
    unsafe fn finish<S: Simd>(&self, held: &mut [S::V; 2], sums: S::V, index: usize, count: usize) -> S::V {
        // SAFETY: the caller vouches for the index.
        unsafe {
            let [scale, bias] = *held;
            let mut value = S::fma(sums, scale, bias);
            if let Some(shortcut) = self.shortcut {
                value = S::add(value, load_up_to::<S>(shortcut.as_ptr().wrapping_add(index), count));
            }
            S::max(S::mul(value, S::splat(self.slope)), value)
        }
    }
}

/// Adds up values and squares per channel, relative to the first value that each channel shows: sums of squares
/// of raw values would drown the variance of a map whose mean is large.
pub(crate) struct Statistics {
    /// Shifts, sums, sums of squares and counts, `stride` (a multiple of the lanes) of each. The count of a
    /// vector of channels stands at its first channel.
    pub(super) state: Vec<f32>,
    pub(super) stride: usize,
}

/// One vector of channels of [`Statistics`].
#[derive(Clone, Copy)]
pub(crate) struct HeldStatistics<V> {
    shift: V,
    sum: V,
    squares: V,
    count: f32,
}

impl Finish for Statistics {
    type Held<S: Simd> = HeldStatistics<S::V>;

    #[inline(always)]
    unsafe fn begin<S: Simd>(&mut self, channel: usize, _count: usize) -> HeldStatistics<S::V> {
        debug_assert!(channel + S::LANES <= self.stride);
        let at = self.state.as_ptr().wrapping_add(channel);
        // SAFETY: the lanes lie within the stride, and `state` has four strides.
        unsafe {
            HeldStatistics {
                shift: S::load(at),
                sum: S::load(at.wrapping_add(self.stride)),
                squares: S::load(at.wrapping_add(2 * self.stride)),
                count: *at.wrapping_add(3 * self.stride),
            }
        }
    }

    #[inline(always)]
    unsafe fn finish<S: Simd>(
        &self,
        held: &mut HeldStatistics<S::V>,
        sums: S::V,
        _index: usize,
        _count: usize,
    ) -> S::V {
        // SAFETY: arithmetic on registers.
        unsafe {
            if held.count == 0.0 {
                held.shift = sums;
            }
            held.count += 1.0;
            let offset = S::sub(sums, held.shift);
            held.sum = S::add(held.sum, offset);
            held.squares = S::fma(offset, offset, held.squares);
        }
        sums
    }

    #[inline(always)]
    unsafe fn end<S: Simd>(&mut self, held: HeldStatistics<S::V>, channel: usize) {
        debug_assert!(channel + S::LANES <= self.stride);
        let at = self.state.as_mut_ptr().wrapping_add(channel);
        // SAFETY: as for `begin`.
        unsafe {
            S::store(at, held.shift);
            S::store(at.wrapping_add(self.stride), held.sum);
            S::store(at.wrapping_add(2 * self.stride), held.squares);
            *at.wrapping_add(3 * self.stride) = held.count;
        }
    }
}
