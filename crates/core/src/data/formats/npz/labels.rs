//! Labels in arrays: whole numbers, names, or a 1 in the place of the class.

use crate::data::formats::numpy::Header;
use std::collections::BTreeSet;

/// The labels of images.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Labels {
    Numbers(Vec<i64>),
    Names(Vec<String>),
}

/// For each part its labels as numbers that fit, and what these stand for where it is not the number itself.
pub(super) type Together = (Vec<Vec<u16>>, Option<Vec<String>>);

/// Reads labels; what is wrong is an error in words.
pub(super) fn read(bytes: &[u8]) -> Result<Labels, String> {
    let header = Header::read(bytes).ok_or("is no array of NumPy")?;
    let places = match header.shape[..] {
        [_] | [_, 1] => 1,
        [_, places] => places,
        _ => return Err(format!("is of shape {}, and a label is one number for each image", header.sides())),
    };
    if let Some(names) = header.texts(bytes) {
        return if places == 1 {
            Ok(Labels::Names(names))
        } else {
            Err("holds several texts for each image".to_owned())
        };
    }
    let Some(numbers) = header.numbers(bytes) else {
        return Err(format!("holds values of NumPy's type {}, and labels are numbers or texts", header.kind));
    };
    #[allow(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
    let whole = |number: f64| {
        (number.fract() == 0.0 && number.abs() < 9e15)
            .then_some(number as i64)
            .ok_or_else(|| format!("holds {number}, which is no whole number"))
    };
    if places == 1 {
        return numbers.map(whole).collect::<Result<_, String>>().map(Labels::Numbers);
    }
    let numbers: Vec<f64> = numbers.collect();
    let class = |row: &[f64]| {
        let ones = row.iter().filter(|value| **value == 1.0).count();
        let zeros = row.iter().filter(|value| **value == 0.0).count();
        let place = row.iter().position(|value| *value == 1.0).filter(|_| ones == 1 && zeros + 1 == places);
        place.and_then(|place| i64::try_from(place).ok())
    };
    let classes: Option<Vec<i64>> = numbers.chunks_exact(places).map(class).collect();
    let why = || format!("has {places} numbers for each image, of which not exactly one is 1 and the others 0");
    classes.map(Labels::Numbers).ok_or_else(why)
}

/// The labels of several parts as numbers that fit, and what each of these stands for where it is not the number itself.
///
/// # Errors
/// Numbers in one part and names in another, or too many classes.
pub(super) fn together(parts: Vec<Labels>) -> Result<Together, String> {
    let small = |labels: &Labels| match labels {
        Labels::Numbers(numbers) => {
            numbers.iter().map(|&number| u16::try_from(number).ok()).collect::<Option<Vec<u16>>>()
        }
        Labels::Names(_) => None,
    };
    if let Some(numbers) = parts.iter().map(small).collect::<Option<Vec<_>>>() {
        return Ok((numbers, None));
    }
    let numbers: Vec<&Vec<i64>> = parts
        .iter()
        .filter_map(|part| if let Labels::Numbers(numbers) = part { Some(numbers) } else { None })
        .collect();
    let of_names: Vec<&Vec<String>> =
        parts.iter().filter_map(|part| if let Labels::Names(names) = part { Some(names) } else { None }).collect();
    match (&numbers[..], &of_names[..]) {
        ([], names) => places(names, Clone::clone),
        (numbers, []) => places(numbers, ToString::to_string),
        _ => Err("the labels of one part are numbers, and those of another texts".to_owned()),
    }
}

fn places<T: Ord>(parts: &[&Vec<T>], text: fn(&T) -> String) -> Result<Together, String> {
    let all: Vec<&T> = parts.iter().flat_map(|part| part.iter()).collect::<BTreeSet<&T>>().into_iter().collect();
    let place = |value: &T| all.binary_search(&value).ok().and_then(|place| u16::try_from(place).ok());
    let part = |part: &&Vec<T>| part.iter().map(place).collect::<Option<Vec<u16>>>();
    let labels: Option<Vec<Vec<u16>>> = parts.iter().map(part).collect();
    let labels = labels.ok_or_else(|| format!("there are {} classes, and the limit is 65536", all.len()))?;
    Ok((labels, Some(all.into_iter().map(text).collect())))
}
