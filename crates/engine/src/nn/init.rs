//! Initial weights, computed on the host from keyed random numbers.
//!
//! A parameter's numbers depend on the seed and its own path only, so two networks start alike wherever their paths
//! and shapes agree: a residual net and its plain twin, or two depths in their common blocks.

use lab_core::experiment::{Distribution, Fan, Init, Scheme};
use lab_core::random::{Purpose, Random};

/// What a weight is for, which decides its scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A convolution followed (or preceded) by an activation: gain √2 in Kaiming's and the orthogonal scheme.
    Convolution,
    /// The linear layer in front of the softmax: gain 1, fan-in.
    Head,
}

/// The standard deviation that a scheme prescribes for a weight with these fans.
///
/// Kaiming: √(2 / fan), He et al. 2015; Xavier: √(2 / (in + out)), Glorot and Bengio 2010. An orthogonal matrix's
/// entries have no prescribed deviation; its rows have norm √2 (1 for the head).
fn deviation(init: Init, role: Role, fan_in: usize, fan_out: usize) -> f64 {
    let gain = gain(role);
    match (init.scheme, role, init.fan) {
        (Scheme::Xavier, ..) => (2.0 / (fan_in + fan_out) as f64).sqrt(),
        (_, Role::Convolution, Fan::Out) => gain / (fan_out as f64).sqrt(),
        _ => gain / (fan_in as f64).sqrt(),
    }
}

fn gain(role: Role) -> f64 {
    match role {
        Role::Convolution => std::f64::consts::SQRT_2,
        Role::Head => 1.0,
    }
}

/// Initial values of a weight of shape [out, in, …], row by row.
#[allow(clippy::cast_possible_truncation, reason = "weights are stored in single precision")]
pub(super) fn weight(init: Init, role: Role, shape: &[usize], seed: u64, path: &str) -> Vec<f32> {
    let field: usize = shape[2..].iter().product();
    let (fan_in, fan_out) = (shape[1] * field, shape[0] * field);
    let mut random = Random::new(seed, Purpose::Init, 0, key(path));
    if init.scheme == Scheme::Orthogonal {
        return orthogonal(shape[0], fan_in, gain(role), &mut random);
    }
    let std = deviation(init, role, fan_in, fan_out);
    let draw = |_| match init.distribution {
        Distribution::Normal => std * random.normal(),
        Distribution::Uniform => std * 3f64.sqrt() * random.between(-1.0, 1.0),
    } as f32;
    (0..shape.iter().product::<usize>()).map(draw).collect()
}

/// The 64-bit FNV-1a hash, which is fixed for all time, unlike the standard library's.
fn key(path: &str) -> u64 {
    path.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3))
}

/// A random matrix with orthogonal rows (columns, if it is taller than wide) of norm `gain`, by Gram and Schmidt's
/// method with one repetition, which keeps the rows orthogonal to rounding.
#[allow(clippy::cast_possible_truncation, reason = "weights are stored in single precision")]
fn orthogonal(rows: usize, columns: usize, gain: f64, random: &mut Random) -> Vec<f32> {
    let (count, length) = (rows.min(columns), rows.max(columns));
    let mut basis: Vec<Vec<f64>> = Vec::with_capacity(count);
    while basis.len() < count {
        let mut vector: Vec<f64> = (0..length).map(|_| random.normal()).collect();
        for _ in 0..2 {
            for earlier in &basis {
                let dot: f64 = earlier.iter().zip(&vector).map(|(a, b)| a * b).sum();
                vector.iter_mut().zip(earlier).for_each(|(v, e)| *v -= dot * e);
            }
        }
        let norm = vector.iter().map(|v| v * v).sum::<f64>().sqrt();
        for value in &mut vector {
            *value /= norm;
        }
        basis.push(vector);
    }
    let entry = |row: usize, column: usize| if rows <= columns { basis[row][column] } else { basis[column][row] };
    (0..rows * columns).map(|i| (gain * entry(i / columns, i % columns)) as f32).collect()
}
