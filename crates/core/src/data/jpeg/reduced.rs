//! A large JPEG decoded at a fraction of its size: its transform then makes only the pixels that are needed.

use image::{DynamicImage, GrayImage, RgbImage};
use jpeg_decoder::{Decoder, PixelFormat};

/// Sides stay so many times as long as they are needed, so that the scaling that follows has enough to average over.
const MARGIN: usize = 2;

/// The picture at a half, a quarter or an eighth of its size, with sides of at least twice `least` pixels; `None` where
/// that saves nothing, or where only the full decoder can tell what is in it.
pub(in crate::data) fn reduced(bytes: &[u8], (width, height): (usize, usize), least: usize) -> Option<DynamicImage> {
    let wanted = least.checked_mul(MARGIN)?;
    if width.min(height) < wanted.checked_mul(2)? {
        return None;
    }
    let wanted = u16::try_from(wanted).ok()?;
    let mut decoder = Decoder::new(bytes);
    let (width, height) = decoder.scale(wanted, wanted).ok()?;
    let pixels = decoder.decode().ok()?;
    let [width, height] = [width, height].map(u32::from);
    match decoder.info()?.pixel_format {
        PixelFormat::RGB24 => RgbImage::from_raw(width, height, pixels).map(Into::into),
        PixelFormat::L8 => GrayImage::from_raw(width, height, pixels).map(Into::into),
        PixelFormat::L16 | PixelFormat::CMYK32 => None,
    }
}
