//! Rounding to bfloat16.

use lab_kernels::precision::round;

/// The definition: of the two neighbours the nearer one, of two that are as near the even one.
fn nearest(value: f32) -> f32 {
    if !value.is_finite() {
        return value;
    }
    let below = f32::from_bits(value.to_bits() & 0xFFFF_0000);
    let above = f32::from_bits(below.to_bits() + 0x0001_0000);
    // In double precision there is a number beyond the largest.
    let wide = |x: f32| if x.is_infinite() { f64::from(x.signum()) * 2.0_f64.powi(128) } else { f64::from(x) };
    let [down, up] = [below, above].map(|neighbour| (wide(neighbour) - f64::from(value)).abs());
    let even = below.to_bits() >> 16 & 1 == 0;
    if down < up || (down == up && even) { below } else { above }
}

#[test]
fn every_kind_of_number_is_rounded_to_the_nearest() {
    // Every sign and exponent, with digits before, at and behind the middle between two numbers, and such as fall away.
    let ends = [0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF, 0x0001_7FFF, 0x0001_8000, 0x0040_0000, 0x007F_8000, 0x007F_FFFF];
    let values: Vec<f32> = (0..512_u32).flat_map(|start| ends.map(|end| f32::from_bits(start << 23 | end))).collect();
    let mut rounded = values.clone();
    round(&mut rounded);
    for (&value, &rounded) in values.iter().zip(&rounded) {
        if value.is_nan() {
            assert!(rounded.is_nan() && rounded.to_bits() & 0x0040_FFFF == 0x0040_0000, "{:#x}", value.to_bits());
        } else {
            assert_eq!(rounded.to_bits(), nearest(value).to_bits(), "{value:e}");
        }
    }
}
