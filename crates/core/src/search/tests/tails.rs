//! The normal distribution's tails.

use crate::search::normal::log_mass;

#[test]
fn masses_keep_their_digits_far_out() {
    // mpmath at 60 digits: log(ncdf(to) - ncdf(from)).
    let masses = [
        (-1.0, 1.0, -0.381_715_146_302_126_07),
        (-0.5, 3.0, -0.370_900_559_562_032_5),
        (0.0, 8.0, -0.693_147_180_559_946_5),
        (1.0, 2.0, -1.995_798_269_180_755_4),
        (5.9, 6.1, -20.470_823_294_377_798),
        (7.0, 9.0, -27.384_307_586_994_963),
        (19.9, 20.1, -201.935_468_438_159_65),
        (25.0, 26.0, -316.639_408_008_028_36),
        (37.0, 37.5, -689.030_585_584_934_1),
        (60.0, 61.0, -1_805.013_560_680_567),
    ];
    for (from, to, expected) in masses {
        for ours in [log_mass(from, to), log_mass(-to, -from)] {
            assert!((ours - expected).abs() <= 1e-12 * f64::abs(expected), "{from} to {to}: {ours}");
        }
    }
}
