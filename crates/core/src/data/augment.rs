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
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "pixel coordinates are small and clamped to the frame, and a weighted mean of bytes is a byte"
)]
fn rotate([channels, height, width]: [usize; 3], angle: f64, image: &mut [u8]) {
    let framed = framed(image, height, width);
    let (high, wide) = (height + 2, width + 2);
    let (sin, cos) = (angle.sin() as f32, angle.cos() as f32);
    let (middle_y, middle_x) = ((height as f32 - 1.0) / 2.0, (width as f32 - 1.0) / 2.0);
    for (row, column) in (0..height).flat_map(|row| (0..width).map(move |column| (row, column))) {
        let (down, along) = (row as f32 - middle_y, column as f32 - middle_x);
        // Where this pixel was before the turn, in the framed image; rows count downwards.
        let y = (1.0 + middle_y + down * cos + along * sin).clamp(0.0, height as f32 + 1.0);
        let x = (1.0 + middle_x + along * cos - down * sin).clamp(0.0, width as f32 + 1.0);
        let (top, left) = ((y as usize).min(height), (x as usize).min(width));
        let (low, right) = (y - top as f32, x - left as f32);
        let weights = [(1.0 - low) * (1.0 - right), (1.0 - low) * right, low * (1.0 - right), low * right];
        for channel in 0..channels {
            let near = &framed[(channel * high + top) * wide + left..][..wide + 2];
            let taps = [near[0], near[1], near[wide], near[wide + 1]];
            let value: f32 = taps.iter().zip(weights).map(|(&tap, weight)| f32::from(tap) * weight).sum();
            image[(channel * height + row) * width + column] = (value + 0.5) as u8;
        }
    }
}

/// The image with one black pixel around each channel.
fn framed(image: &[u8], height: usize, width: usize) -> Vec<u8> {
    let mut framed = vec![0; image.len() / (height * width) * (height + 2) * (width + 2)];
    for (frame, plane) in framed.chunks_exact_mut((height + 2) * (width + 2)).zip(image.chunks_exact(height * width)) {
        for (target, line) in frame.chunks_exact_mut(width + 2).skip(1).zip(plane.chunks_exact(width)) {
            target[1..=width].copy_from_slice(line);
        }
    }
    framed
}

/// Scales values about the image's mean, then adds brightness.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "images have far fewer than 2^53 pixels, and the result is clamped to a byte"
)]
fn change_tones(draws: &Draws, image: &mut [u8]) {
    let mean = image.iter().map(|&value| u64::from(value)).sum::<u64>() as f64 / image.len() as f64;
    let mut table = [0; 256];
    for (value, changed) in (0_u8..=255).zip(&mut table) {
        let exact = mean + draws.contrast * (f64::from(value) - mean) + draws.brightness;
        *changed = (exact + 0.5).clamp(0.0, 255.0) as u8;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Purpose;

    const SHAPE: [usize; 3] = [2, 5, 7];

    fn image() -> Vec<u8> {
        (0..70).map(|i| i * 3 + 1).collect()
    }

    fn nothing() -> Draws {
        Draws { shift: (0, 0), flip: false, hole: (0, 0), brightness: 0.0, contrast: 1.0, angle: 0.0 }
    }

    fn varied(image: &[u8], draws: &Draws) -> Vec<u8> {
        // What the buffer held before must not matter.
        vary(image, SHAPE, draws, &mut vec![99; 3]).to_vec()
    }

    #[test]
    fn without_augmentation_nothing_changes() {
        let mut random = Random::new(0, Purpose::Augment, 0, 0);
        let draws = Draws::new(&Augmentation::default(), SHAPE, &mut random);
        assert_eq!(draws, Draws { hole: draws.hole, ..nothing() });
        assert_eq!(varied(&image(), &draws), image());
    }

    #[test]
    fn a_mirrored_image_mirrored_again_is_the_image() {
        let flip = Draws { flip: true, ..nothing() };
        let once = varied(&image(), &flip);
        assert_eq!(once[..7], [19, 16, 13, 10, 7, 4, 1]);
        assert_eq!(varied(&once, &flip), image());
    }

    #[test]
    fn a_shift_brings_in_zeros() {
        let at = |image: &[u8], row: usize, column: usize| image[35 + row * 7 + column];
        let (image, moved) = (image(), varied(&image(), &Draws { shift: (2, -3), ..nothing() }));
        for (row, column) in (0..5).flat_map(|row| (0..7).map(move |column| (row, column))) {
            let expected = if row < 3 && column >= 3 { at(&image, row + 2, column - 3) } else { 0 };
            assert_eq!(at(&moved, row, column), expected, "row {row}, column {column}");
        }
        for far in [(5, 0), (-64, 3), (0, 64), (1, -7)] {
            assert_eq!(varied(&image, &Draws { shift: far, ..nothing() }), [0; 70], "{far:?} leaves nothing");
        }
    }

    #[test]
    fn crops_take_every_place_and_half_of_the_images_are_mirrored() {
        let what = Augmentation { pad_crop: 1, flip: true, ..Augmentation::default() };
        let draws: Vec<Draws> =
            (0..9000).map(|i| Draws::new(&what, SHAPE, &mut Random::new(0, Purpose::Augment, 0, i))).collect();
        let flips = draws.iter().filter(|draws| draws.flip).count();
        assert!((4300..4700).contains(&flips), "{flips}");
        for shift in (-1..=1).flat_map(|down| (-1..=1).map(move |right| (down, right))) {
            let count = draws.iter().filter(|draws| draws.shift == shift).count();
            assert!((870..1130).contains(&count), "{shift:?}: {count}");
        }
    }

    #[test]
    fn one_change_does_not_depend_on_another_being_on() {
        let draw = |what: &Augmentation| Draws::new(what, SHAPE, &mut Random::new(3, Purpose::Augment, 1, 5));
        let one = Augmentation { rotation: 20.0, ..Augmentation::default() };
        let more = Augmentation { pad_crop: 4, flip: true, contrast: 0.5, ..one.clone() };
        assert_eq!((draw(&one).angle, draw(&one).hole), (draw(&more).angle, draw(&more).hole));
    }

    #[test]
    fn four_quarter_turns_lead_back() {
        let shape = [1, 5, 5];
        let original: Vec<u8> = (0..25).map(|i| i * 10).collect();
        let mut turned = original.clone();
        rotate(shape, std::f64::consts::FRAC_PI_2, &mut turned);
        assert_eq!(turned[..5], [40, 90, 140, 190, 240], "the right column comes to the top");
        for _ in 0..3 {
            rotate(shape, std::f64::consts::FRAC_PI_2, &mut turned);
        }
        assert_eq!(turned, original);
    }

    #[test]
    fn a_small_turn_mixes_neighbours_and_keeps_a_flat_middle() {
        let mut flat = vec![200; 100];
        rotate([1, 10, 10], 0.2, &mut flat);
        assert_eq!((flat[55], flat[0]), (200, flat[99]));
        assert!(flat[0] < 200, "black comes in at the corners");
    }

    #[test]
    fn tones_move_and_spread_about_the_mean() {
        let flat = [100, 200].repeat(35);
        let brighter = varied(&flat, &Draws { brightness: 30.0, ..nothing() });
        assert_eq!(brighter[..2], [130, 230]);
        let softer = varied(&flat, &Draws { contrast: 0.5, ..nothing() });
        assert_eq!(softer[..2], [125, 175]);
        let harder = varied(&flat, &Draws { contrast: 3.0, brightness: 255.0, ..nothing() });
        assert_eq!(harder[..2], [255, 255]);
    }

    #[test]
    fn cutout_sets_a_square_of_every_channel_to_zero() {
        for (side, hole, zeros) in [(0, (2, 2), 0), (1, (0, 6), 1), (3, (2, 3), 9), (4, (0, 0), 4), (50, (4, 1), 35)] {
            let mut inputs = vec![1.0; 70];
            cut_out(&mut inputs, SHAPE, side, hole);
            let count = inputs[..35].iter().filter(|input| **input == 0.0).count();
            assert_eq!((count, &inputs[..35]), (zeros, &inputs[35..]), "side {side} at {hole:?}");
        }
    }

    #[test]
    fn mixing_weights_have_the_moments_of_a_beta_distribution() {
        for alpha in [0.001, 0.2, 1.0, 5.0] {
            let draw = |i| f64::from(mix_weights(alpha, 1, Random::new(0, Purpose::Mixup, i, 0)).0);
            let weights: Vec<f64> = (0..20_000).map(draw).collect();
            assert!(weights.iter().all(|weight| (0.0..=1.0).contains(weight)));
            let mean = weights.iter().sum::<f64>() / 20_000.0;
            let variance = weights.iter().map(|weight| (weight - mean).powi(2)).sum::<f64>() / 20_000.0;
            let expected = 1.0 / (4.0 * (2.0 * f64::from(alpha) + 1.0));
            assert!((mean - 0.5).abs() < 0.015, "α {alpha}: mean {mean}");
            assert!((variance - expected).abs() < 0.03 * expected + 0.001, "α {alpha}: variance {variance}");
        }
    }

    #[test]
    fn every_image_is_one_partner() {
        let (_, mut partners) = mix_weights(0.2, 50, Random::new(0, Purpose::Mixup, 0, 0));
        assert_ne!(partners, (0..50).collect::<Vec<_>>());
        partners.sort_unstable();
        assert_eq!(partners, (0..50).collect::<Vec<_>>());
    }
}
