//! Pixels as a PNG file.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder as _};

/// Pixels of red, green and blue, row by row, one byte each.
///
/// # Errors
/// What the encoder says, such as that these are not as many pixels as the sides have.
pub fn rgb(pixels: &[u8], sides: [usize; 2]) -> Result<Vec<u8>, String> {
    encode(pixels, sides, ExtendedColorType::Rgb8)
}

/// The same with a fourth byte for opacity, by which the colours are not multiplied.
///
/// # Errors
/// What the encoder says.
pub fn rgba(pixels: &[u8], sides: [usize; 2]) -> Result<Vec<u8>, String> {
    encode(pixels, sides, ExtendedColorType::Rgba8)
}

/// A PNG file as an address that stands for it in web pages and SVG (RFC 2397).
#[must_use]
pub fn address(file: &[u8]) -> String {
    format!("data:image/png;base64,{}", BASE64_STANDARD.encode(file))
}

fn encode(pixels: &[u8], [width, height]: [usize; 2], kind: ExtendedColorType) -> Result<Vec<u8>, String> {
    // The encoder panics at a wrong number of bytes.
    let expected = width * height * usize::from(kind.channel_count());
    if pixels.len() != expected {
        return Err(format!("{} bytes are no picture of {width} × {height} pixels", pixels.len()));
    }
    let mut file = Vec::new();
    let side = |side: usize| u32::try_from(side).map_err(|error| error.to_string());
    PngEncoder::new(&mut file)
        .write_image(pixels, side(width)?, side(height)?, kind)
        .map_err(|error| error.to_string())?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_come_back() {
        let file = rgb(&[255, 0, 0, 1, 2, 3], [2, 1]).unwrap();
        let read = image::load_from_memory(&file).unwrap().to_rgb8();
        assert_eq!((read.dimensions(), read.into_raw()), ((2, 1), vec![255, 0, 0, 1, 2, 3]));
        let file = rgba(&[9, 8, 7, 128], [1, 1]).unwrap();
        assert_eq!(image::load_from_memory(&file).unwrap().to_rgba8().into_raw(), [9, 8, 7, 128]);
        assert!(rgb(&[0; 5], [2, 1]).is_err());
    }
}
