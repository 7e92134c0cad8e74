//! Convolutions of 3×3, stride 1 and padding 1 by tiles whose transformed values are rounded to bfloat16, which is what the
//! kernels of that precision compute. The transforms are those of Toom and Cook for any points, made from the
//! polynomials themselves and not from the formulas that the kernels have for theirs.

use crate::shape::ConvShape;

/// Outputs and kernel of a tile, in each dimension.
const OUTPUTS: usize = 4;
const TAPS: usize = 3;
/// The finite points; infinity is one more.
const POINTS: [f64; 5] = [0.0, 0.625, -0.625, 1.5, -1.5];
const ALL: usize = POINTS.len() + 1;

type Rows = Vec<Vec<f64>>;

/// The nearest number with 8 binary digits, of two that are as near the even one.
fn round(value: f64) -> f64 {
    let (bits, dropped) = (value.to_bits(), 52 - 7);
    let half = (1 << (dropped - 1)) - 1 + (bits >> dropped & 1);
    f64::from_bits((bits + half) >> dropped << dropped)
}

/// The coefficients of `Π (x − root)`, the constant first.
fn polynomial(roots: impl Iterator<Item = f64>) -> Vec<f64> {
    roots.fold(vec![1.0], |factors, root| {
        let shifted = std::iter::once(0.0).chain(factors.iter().copied());
        let scaled = factors.iter().map(|factor| factor * root).chain([0.0]);
        shifted.zip(scaled).map(|(shifted, scaled)| shifted - scaled).collect()
    })
}

/// The points but the one of this number.
fn others(but: usize) -> impl Iterator<Item = f64> {
    POINTS.into_iter().enumerate().filter(move |&(at, _)| at != but).map(|(_, point)| point)
}

/// `count` powers of each point; at infinity the highest one alone.
fn powers(count: usize) -> Rows {
    let finite =
        POINTS.iter().map(|&point| std::iter::successors(Some(1.0), |power| Some(power * point)).take(count).collect());
    finite.chain([(0..count).map(|power| if power + 1 == count { 1.0 } else { 0.0 }).collect()]).collect()
}

/// `G`: the kernel's polynomial at the points, each divided by what its interpolation polynomial has there.
fn of_kernels() -> Rows {
    let mut rows = powers(TAPS);
    for (at, row) in rows.iter_mut().enumerate().take(POINTS.len()) {
        let scale: f64 = others(at).map(|other| POINTS[at] - other).product();
        row.iter_mut().for_each(|value| *value /= scale);
    }
    rows
}

/// `Bᵀ`: the interpolation polynomials.
fn of_patches() -> Rows {
    let padded = |mut row: Vec<f64>| {
        row.resize(ALL, 0.0);
        row
    };
    let finite = (0..POINTS.len()).map(|at| padded(polynomial(others(at))));
    finite.chain([padded(polynomial(POINTS.into_iter()))]).collect()
}

/// `m v mᵀ`.
fn both_ways(m: &Rows, v: &Rows) -> Rows {
    let times = |m: &Rows, v: &Rows| -> Rows {
        m.iter().map(|m| (0..v[0].len()).map(|j| m.iter().zip(v).map(|(m, v)| m * v[j]).sum()).collect()).collect()
    };
    turned(&times(m, &turned(&times(m, v))))
}

fn turned(v: &Rows) -> Rows {
    (0..v[0].len()).map(|j| v.iter().map(|row| row[j]).collect()).collect()
}

/// Transformed and rounded, point after point.
fn factors(m: &Rows, v: &Rows) -> Vec<f64> {
    both_ways(m, v).into_iter().flatten().map(round).collect()
}

/// The corners of all tiles.
fn corners(shape: &ConvShape) -> Vec<[usize; 3]> {
    let (height, width) = (shape.height, shape.width);
    let places = (0..height).step_by(OUTPUTS).flat_map(|y| (0..width).step_by(OUTPUTS).map(move |x| [y, x]));
    (0..shape.batch).flat_map(|n| places.clone().map(move |[y, x]| [n, y, x])).collect()
}

/// The transformed squares of one tile of a map `[n][h][w][c]`, for every channel; they reach `margin` pixels above and left
/// of the tile's corner, and are zero outside the map.
fn squares(m: &Rows, map: &[f64], size: [usize; 3], [n, y, x]: [usize; 3], margin: usize) -> Vec<Vec<f64>> {
    let ([height, width, channels], side) = (size, m[0].len());
    let at = |i: usize, j: usize, c: usize| {
        let (row, column) = ((y + i).checked_sub(margin)?, (x + j).checked_sub(margin)?);
        (row < height && column < width).then(|| map[((n * height + row) * width + column) * channels + c])
    };
    let square = |c: usize| (0..side).map(|i| (0..side).map(|j| at(i, j, c).unwrap_or(0.0)).collect()).collect();
    (0..channels).map(|c| factors(m, &square(c))).collect()
}

/// As [`super::conv()`].
#[must_use]
pub fn conv(shape: &ConvShape, x: &[f64], w: &[f64]) -> Vec<f64> {
    let kernels: Vec<Vec<f64>> = w.chunks(TAPS * TAPS).map(kernel).collect();
    convolve(shape, x, |output, input| &kernels[output * shape.in_channels + input])
}

fn kernel(taps: &[f64]) -> Vec<f64> {
    factors(&of_kernels(), &taps.chunks(TAPS).map(<[f64]>::to_vec).collect())
}

fn convolve<'a>(shape: &ConvShape, x: &[f64], kernel: impl Fn(usize, usize) -> &'a Vec<f64>) -> Vec<f64> {
    let (height, width, outputs) = (shape.height, shape.width, shape.out_channels);
    let (patches, back) = (of_patches(), turned(&powers(OUTPUTS)));
    let mut z = vec![0.0; shape.output_len()];
    for [n, y, x0] in corners(shape) {
        let patch = squares(&patches, x, [height, width, shape.in_channels], [n, y, x0], 1);
        for k in 0..outputs {
            let mut sums = vec![0.0; ALL * ALL];
            for (c, patch) in patch.iter().enumerate() {
                sums.iter_mut().zip(patch).zip(kernel(k, c)).for_each(|((sum, a), b)| *sum += a * b);
            }
            let tile = both_ways(&back, &sums.chunks(ALL).map(<[f64]>::to_vec).collect());
            for (i, row) in tile.iter().enumerate().take(height - y) {
                for (j, value) in row.iter().enumerate().take(width - x0) {
                    z[((n * height + y + i) * width + x0 + j) * outputs + k] = *value;
                }
            }
        }
    }
    z
}

/// As [`super::conv_backward()`].
#[must_use]
pub fn conv_backward(shape: &ConvShape, x: &[f64], w: &[f64], gradients: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let (inputs, outputs) = (shape.in_channels, shape.out_channels);
    // The gradients of the inputs are a convolution of those of the outputs with kernels turned by 180°.
    let kernels: Vec<Vec<f64>> =
        w.chunks(TAPS * TAPS).map(|taps| kernel(&taps.iter().rev().copied().collect::<Vec<_>>())).collect();
    let back = ConvShape { in_channels: outputs, out_channels: inputs, ..*shape };
    let dx = convolve(&back, gradients, |input, output| &kernels[output * inputs + input]);

    let mut sums = vec![vec![0.0; ALL * ALL]; outputs * inputs];
    for corner in corners(shape) {
        let size = |channels| [shape.height, shape.width, channels];
        let patches = squares(&of_patches(), x, size(inputs), corner, 1);
        let tiles = squares(&powers(OUTPUTS), gradients, size(outputs), corner, 0);
        for (sums, (tile, patch)) in
            sums.iter_mut().zip(tiles.iter().flat_map(|tile| patches.iter().map(move |patch| (tile, patch))))
        {
            sums.iter_mut().zip(tile).zip(patch).for_each(|((sum, a), b)| *sum += a * b);
        }
    }
    let back = turned(&of_kernels());
    let dw = |sums: Vec<f64>| both_ways(&back, &sums.chunks(ALL).map(<[f64]>::to_vec).collect()).into_iter().flatten();
    (dx, sums.into_iter().flat_map(dw).collect())
}
