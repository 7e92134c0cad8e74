//! Whether the numbers of a coloured image that lie in one row are its planes, one after the other, or red, green and blue
//! of each pixel.

/// Images that are looked at.
const LOOKED_AT: usize = 64;

/// What was decided, in words.
pub(super) const PLANES: &str = "each row is taken for an image's red, green and blue planes, one after the other";
pub(super) const PIXELS: &str = "each row is taken for an image's pixels, with red, green and blue of each";

/// Whether they are planes: then what is next to each other is alike, and else what is three places apart.
pub(super) fn are_planes(count: usize, length: usize, at: impl Fn(usize, usize) -> f64) -> bool {
    let change = |image: usize, place: usize, apart: usize| (at(image, place) - at(image, place + apart)).abs();
    let changes = |apart: usize| -> f64 {
        let places = || (0..length.saturating_sub(3)).step_by(7);
        (0..count.min(LOOKED_AT)).map(|image| places().map(|place| change(image, place, apart)).sum::<f64>()).sum()
    };
    changes(1) <= changes(3)
}
