//! Images in arrays: bytes or other numbers, channels last or first, or each image in a row.

use crate::data::error::DataError;
use crate::data::formats::colours::{PIXELS, PLANES, are_planes};
use crate::data::formats::numpy::{Header, Kind};
use crate::data::images::check_size;
use std::path::Path;

/// The numbers of images, as they lie in a file.
pub(super) struct Values {
    header: Header,
    kind: Kind,
    /// Bytes of a number.
    width: usize,
    bytes: Vec<u8>,
    /// Images, channels, height, width.
    pub shape: [usize; 4],
    /// From one image, channel, row and column to the next.
    steps: [usize; 4],
    /// That it was decided how a row of colours is meant.
    pub notice: Option<&'static str>,
}

/// What numbers become bytes by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    add: f64,
    times: f64,
}

impl Scale {
    const NONE: Self = Self { add: 0.0, times: 1.0 };

    /// What a person should know about it.
    pub fn notice(self) -> Option<&'static str> {
        if self == Self::NONE {
            None
        } else if self.add > 0.0 {
            Some("numbers from -1 to 1 are taken for brightnesses from 0 to 255")
        } else if self.times > 1.0 {
            Some("numbers from 0 to 1 are taken for brightnesses from 0 to 255")
        } else {
            Some("numbers from 0 to 65535 are taken for brightnesses from 0 to 255")
        }
    }

    /// The scale of numbers of one kind within these limits; `None` where they are no brightnesses.
    fn of(kind: Kind, least: f64, most: f64) -> Option<Self> {
        match kind {
            _ if !least.is_finite() || !most.is_finite() => None,
            Kind::Truth => Some(Self { add: 0.0, times: 255.0 }),
            Kind::Float if least >= 0.0 && most <= 1.0 => Some(Self { add: 0.0, times: 255.0 }),
            Kind::Float if least >= -1.0 && most <= 1.0 => Some(Self { add: 1.0, times: 127.5 }),
            _ if least >= 0.0 && most <= 255.0 => Some(Self::NONE),
            Kind::Unsigned if most <= 65535.0 => Some(Self { add: 0.0, times: 1.0 / 257.0 }),
            _ => None,
        }
    }
}

impl Values {
    /// Looks at an array of images.
    pub fn read(path: &Path, bytes: Vec<u8>) -> Result<Self, DataError> {
        let header = Header::read(&bytes).ok_or_else(|| DataError::damaged(path, "it is no array of NumPy"))?;
        let (shape, order) = layout(&header.shape).ok_or_else(|| shaped_otherwise(path, &header))?;
        let [count, channels, height, width] = shape;
        check_size(path, count, [channels, height, width])?;
        let (kind, bytes_each) = header.of().ok_or_else(|| shaped_otherwise(path, &header))?;
        let all: usize = header.shape.iter().product();
        if header.numbers(&bytes).is_none() {
            let there = bytes.len().saturating_sub(header.start);
            let problem = format!(
                "it announces {count} images of {width}×{height} pixels; there are {there} bytes for its {all} values"
            );
            return Err(DataError::damaged(path, problem));
        }
        let mut values = Self { steps: [0; 4], header, kind, width: bytes_each, bytes, shape, notice: None };
        values.steps = match order {
            Order::Last => values.of_sides([
                Some(0),
                (channels > 1 || values.header.shape.len() == 4).then_some(3),
                Some(1),
                Some(2),
            ]),
            Order::First => values.of_sides([Some(0), Some(1), Some(2), Some(3)]),
            Order::Row => values.in_rows(),
        };
        Ok(values)
    }

    /// The steps along the array's own sides that stand for these.
    fn of_sides(&self, sides: [Option<usize>; 4]) -> [usize; 4] {
        let shape = &self.header.shape;
        let step = |side: usize| -> usize {
            if self.header.is_by_columns { shape[..side].iter().product() } else { shape[side + 1..].iter().product() }
        };
        sides.map(|side| side.map_or(0, step))
    }

    /// The steps where each image is one row.
    fn in_rows(&mut self) -> [usize; 4] {
        let [count, channels, height, width] = self.shape;
        let (row, value) = if self.header.is_by_columns { (1, count) } else { (channels * height * width, 1) };
        if channels == 1 {
            return [row, 0, width * value, value];
        }
        if are_planes(count, channels * height * width, |image, place| self.number(image * row + place * value)) {
            self.notice = Some(PLANES);
            [row, height * width * value, width * value, value]
        } else {
            self.notice = Some(PIXELS);
            [row, value, 3 * width * value, 3 * value]
        }
    }

    fn number(&self, index: usize) -> f64 {
        let start = self.header.start + index * self.width;
        let bytes = self.bytes.get(start..start + self.width);
        bytes.map_or(0.0, |bytes| self.kind.number(bytes, self.header.is_little))
    }

    fn are_bytes(&self) -> bool {
        self.kind == Kind::Unsigned && self.width == 1
    }

    /// What all numbers of several arrays become bytes by.
    pub fn scale(path: &Path, parts: &[&Self]) -> Result<Scale, DataError> {
        let mut limits: Option<(Kind, f64, f64)> = None;
        for part in parts {
            let kind = part.kind;
            let (mut least, mut most) =
                if part.are_bytes() { (0.0, 255.0) } else { (f64::INFINITY, f64::NEG_INFINITY) };
            let numbers = part.header.numbers(&part.bytes).filter(|_| !part.are_bytes());
            for number in numbers.into_iter().flatten() {
                if number.is_nan() {
                    let advice = "replace what is not a number";
                    return Err(DataError::unusable(path, "some of its values are not numbers (NaN)", advice));
                }
                (least, most) = (least.min(number), most.max(number));
            }
            if most < least {
                continue;
            }
            match &mut limits {
                Some((known, ..)) if *known != kind => {
                    let problem = "its parts are of different types of numbers";
                    return Err(DataError::unusable(path, problem, "save images of all parts alike, as bytes (uint8)"));
                }
                Some((_, known_least, known_most)) => {
                    (*known_least, *known_most) = (known_least.min(least), known_most.max(most));
                }
                None => limits = Some((kind, least, most)),
            }
        }
        let Some((kind, least, most)) = limits else { return Ok(Scale::NONE) };
        Scale::of(kind, least, most).ok_or_else(|| {
            let problem = format!("its values go from {least} to {most}, which are no brightnesses");
            let advice = "save images as they were before they were normalised: bytes (uint8), or numbers from 0 to 1";
            DataError::unusable(path, problem, advice)
        })
    }

    /// Bytes of all images, plane by plane.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the scale was made for these limits")]
    pub fn planes(&self, scale: Scale) -> Vec<u8> {
        let [count, channels, height, width] = self.shape;
        let [image, channel, row, column] = self.steps;
        let mut pixels = Vec::with_capacity(count * channels * height * width);
        for n in 0..count {
            for c in 0..channels {
                for y in 0..height {
                    let first = n * image + c * channel + y * row;
                    if self.are_bytes() && scale == Scale::NONE {
                        let byte = |x: usize| self.bytes.get(self.header.start + first + x * column).copied();
                        pixels.extend((0..width).map(|x| byte(x).unwrap_or(0)));
                        continue;
                    }
                    let value = |x: usize| ((self.number(first + x * column) + scale.add) * scale.times).round() as u8;
                    pixels.extend((0..width).map(value));
                }
            }
        }
        pixels
    }
}

/// Where the channels are.
#[derive(Clone, Copy)]
enum Order {
    First,
    Last,
    /// In the row that an image is.
    Row,
}

/// What the sides of an array are: images, channels, height and width.
fn layout(sides: &[usize]) -> Option<([usize; 4], Order)> {
    let square = |area: usize| {
        let side = area.isqrt();
        (side > 1 && side * side == area).then_some(side)
    };
    match *sides {
        [count, height, width] => Some(([count, 1, height, width], Order::Last)),
        [count, height, width, channels @ (1 | 3)] => Some(([count, channels, height, width], Order::Last)),
        [count, channels @ (1 | 3), height, width] => Some(([count, channels, height, width], Order::First)),
        [count, area] => match (square(area), square(area / 3).filter(|_| area.is_multiple_of(3))) {
            (Some(side), _) => Some(([count, 1, side, side], Order::Row)),
            (None, Some(side)) => Some(([count, 3, side, side], Order::Row)),
            (None, None) => None,
        },
        _ => None,
    }
}

fn shaped_otherwise(path: &Path, header: &Header) -> DataError {
    let problem = format!("its values are of NumPy's type {} and its shape is {}", header.kind, header.sides());
    let advice = "give images as numbers of shape number×height×width, number×height×width×3 or number×3×height×width, \
                  or one square image in each row";
    DataError::unusable(path, problem, advice)
}
