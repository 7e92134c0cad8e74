//! What is not a number and what is infinite: a network that diverges shows it on every processor.

use lab_kernels::ops::{self, Activation, Steps, Windows};

use crate::support::{leaf, read};

/// Channels that fill whole vectors of every width and leave a rest.
const CHANNELS: usize = 39;

/// Ones, but for one value.
fn ones_but(len: usize, place: usize, value: f32) -> Vec<f32> {
    (0..len).map(|at| if at == place { value } else { 1.0 }).collect()
}

fn same(a: f32, b: f32) -> bool {
    a == b || a.is_nan() && b.is_nan()
}

#[test]
fn they_pass_the_activation_in_every_lane() {
    let zeros = leaf(&[0.0; CHANNELS], [1, CHANNELS, 1, 1]);
    for place in 0..CHANNELS {
        for value in [f32::NAN, f32::INFINITY] {
            let x = leaf(&ones_but(CHANNELS, place, value), [1, CHANNELS, 1, 1]);
            let out = read(ops::add_act(x, zeros.clone(), Activation::Relu));
            let expected = ones_but(CHANNELS, place, value);
            assert!(out.iter().zip(&expected).all(|(a, b)| same(*a, *b)), "{value} at {place}: {out:?}");
        }
    }
}

#[test]
fn they_are_the_largest_wherever_they_stand_in_a_window() {
    let windows = Windows { kernel: 2, steps: Steps { stride: 2, padding: 0 }, ceil: false };
    for place in 0..4 * CHANNELS {
        for value in [f32::NAN, f32::INFINITY] {
            let x = leaf(&ones_but(4 * CHANNELS, place, value), [1, CHANNELS, 2, 2]);
            let out = read(ops::max_pool(x, windows));
            let expected = ones_but(CHANNELS, place / 4, value);
            assert!(out.iter().zip(&expected).all(|(a, b)| same(*a, *b)), "{value} at {place}: {out:?}");
        }
    }
}
