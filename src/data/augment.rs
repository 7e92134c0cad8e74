//! Random changes to training images. Each works on bytes, as the image programs of the field do, except cutout,
//! which sets normalised inputs to 0.

use crate::experiment::Augmentation;
use crate::random::Random;

/// What chance decided for one image. Every number is drawn whatever is switched on, so that switching one change
/// on or off leaves the others as they were.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Draws {
    /// Rows and columns by which the image moves up and left; what comes in is zero.
    shift: (isize, isize),
    flip: bool,
    /// Row and column of the centre of the square that is cut out.
    pub hole: (usize, usize),
    /// Added to every value, in bytes.
    brightness: f64,
    contrast: f64,
    /// Counter-clockwise, in radians.
    angle: f64,
}

impl Draws {
    pub fn new(what: &Augmentation, [_, height, width]: [usize; 3], random: &mut Random) -> Self {
        let padding = what.pad_crop as usize;
        let mut shift = || random.below(2 * padding + 1).cast_signed() - padding.cast_signed();
        let shift = (shift(), shift());
        let flip = random.uniform() < 0.5 && what.flip;
        let hole = (random.below(height), random.below(width));
        let mut within = |most: f32| random.between(-f64::from(most), f64::from(most));
        let brightness = within(what.brightness) * 255.0;
        let contrast = 1.0 + within(what.contrast);
        Self { shift, flip, hole, brightness, contrast, angle: within(what.rotation).to_radians() }
    }
}

/// The image `[channel][row][column]` moved, mirrored, turned, brightened: `image` itself if nothing changes, else
/// in `scratch`.
#[allow(clippy::float_cmp, reason = "exactly these values mean that nothing is to be done")]
pub(super) fn vary<'a>(image: &'a [u8], shape: [usize; 3], draws: &Draws, scratch: &'a mut Vec<u8>) -> &'a [u8] {
    let moves = draws.flip || draws.shift != (0, 0);
    let turns = draws.angle != 0.0;
    let tones = draws.brightness != 0.0 || draws.contrast != 1.0;
    if !(moves || turns || tones) {
        return image;
    }
    scratch.resize(image.len(), 0);
    shift_and_flip(image, shape, draws, scratch);
    if turns {
        rotate(shape, draws.angle, scratch);
    }
    if tones {
        change_tones(draws, scratch);
    }
    scratch
}

/// The crop of the padded image that `shift` names, mirrored left to right if `flip`.
fn shift_and_flip(image: &[u8], [channels, height, width]: [usize; 3], draws: &Draws, out: &mut [u8]) {
    let (down, right) = draws.shift;
    // Columns that the image still covers after the shift, and where they come from.
    let from = right.max(0).unsigned_abs().min(width);
    let to = (-right).max(0).unsigned_abs().min(width);
    let covered = width - from.max(to);
    for channel in 0..channels {
        for row in 0..height {
            let target = &mut out[(channel * height + row) * width..][..width];
            let source = row.checked_add_signed(down).filter(|&source| source < height);
            match source {
                Some(source) => {
                    let line = &image[(channel * height + source) * width..][..width];
                    target[..to].fill(0);
                    target[to..to + covered].copy_from_slice(&line[from..from + covered]);
                    target[to + covered..].fill(0);
                }
                None => target.fill(0),
            }
            if draws.flip {
                target.reverse();
            }
        }
    }
}

/// Turns about the centre; between pixels bilinear, black from outside.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "pixel coordinates are small, and a weighted mean of bytes is a byte"
)]
fn rotate([channels, height, width]: [usize; 3], angle: f64, image: &mut [u8]) {
    let original = image.to_vec();
    let (sin, cos) = angle.sin_cos();
    let (middle_y, middle_x) = ((height as f64 - 1.0) / 2.0, (width as f64 - 1.0) / 2.0);
    for (row, column) in (0..height).flat_map(|row| (0..width).map(move |column| (row, column))) {
        let (y, x) = (row as f64 - middle_y, column as f64 - middle_x);
        // Where this pixel was before the turn; rows count downwards.
        let (y, x) = (middle_y + y * cos + x * sin, middle_x + x * cos - y * sin);
        let (top, left) = (y.floor(), x.floor());
        let (low, right) = (y - top, x - left);
        let taps = [
            (0, 0, (1.0 - low) * (1.0 - right)),
            (0, 1, (1.0 - low) * right),
            (1, 0, low * (1.0 - right)),
            (1, 1, low * right),
        ];
        for channel in 0..channels {
            let plane = &original[channel * height * width..][..height * width];
            let at = |(dy, dx, weight): (isize, isize, f64)| {
                let (y, x) = (top as isize + dy, left as isize + dx);
                let inside = (0..height.cast_signed()).contains(&y) && (0..width.cast_signed()).contains(&x);
                if inside { weight * f64::from(plane[y.unsigned_abs() * width + x.unsigned_abs()]) } else { 0.0 }
            };
            let value: f64 = taps.into_iter().map(at).sum();
            image[(channel * height + row) * width + column] = value.round() as u8;
        }
    }
}

/// Scales values about the image's mean, then adds brightness.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "images have far fewer than 2^53 pixels, and the result is clamped to a byte"
)]
fn change_tones(draws: &Draws, image: &mut [u8]) {
    let mean = image.iter().map(|&value| u64::from(value)).sum::<u64>() as f64 / image.len() as f64;
    let mut table = [0; 256];
    for (value, changed) in (0_u8..=255).zip(&mut table) {
        let exact = mean + draws.contrast * (f64::from(value) - mean) + draws.brightness;
        *changed = exact.round().clamp(0.0, 255.0) as u8;
    }
    for value in image.iter_mut() {
        *value = table[usize::from(*value)];
    }
}

/// Sets a square of `side` pixels around `hole` to 0, the channel mean; what sticks out is cut off.
pub(super) fn cut_out(inputs: &mut [f32], [_, height, width]: [usize; 3], side: usize, hole: (usize, usize)) {
    let span = |centre: usize, length: usize| {
        let start = centre.saturating_sub(side / 2);
        start..(centre + side - side / 2).min(length)
    };
    if side == 0 {
        return;
    }
    for plane in inputs.chunks_exact_mut(height * width) {
        for row in span(hole.0, height) {
            plane[row * width..][..width][span(hole.1, width)].fill(0.0);
        }
    }
}

/// The weight of a batch's own images, from Beta(α, α), and each image's partner.
#[allow(clippy::cast_possible_truncation, reason = "a weight in [0, 1]")]
pub(super) fn mix_weights(alpha: f32, size: usize, mut random: Random) -> (f32, Vec<usize>) {
    let (a, b) = (log_gamma_draw(f64::from(alpha), &mut random), log_gamma_draw(f64::from(alpha), &mut random));
    let mut partners: Vec<usize> = (0..size).collect();
    random.shuffle(&mut partners);
    // a / (a + b) from logarithms, which stay finite where small α would make both underflow.
    ((1.0 / (1.0 + (b - a).exp())) as f32, partners)
}

/// The logarithm of a draw from Gamma(α, 1), α > 0 (Marsaglia and Tsang 2000, with their boost for α < 1).
fn log_gamma_draw(alpha: f64, random: &mut Random) -> f64 {
    if alpha < 1.0 {
        let boost = (1.0 - random.uniform()).ln() / alpha;
        return log_gamma_draw(alpha + 1.0, random) + boost;
    }
    let d = alpha - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = random.normal();
        let v = (1.0 + c * x).powi(3);
        if v > 0.0 && (1.0 - random.uniform()).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
            return (d * v).ln();
        }
    }
}
