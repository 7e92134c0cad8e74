//! TensorBoard's event files: records with a length and masked sums around each message. Written beside a run's tables, so
//! that `tensorboard --logdir RUNS` shows them while they train. Knows nothing of runs.
//!
//! <https://github.com/tensorflow/tensorboard/blob/master/tensorboard/compat/proto/event.proto>

use super::protobuf::{Field, Message, fields};
use crate::checksum::crc32c;
use std::time::{SystemTime, UNIX_EPOCH};

/// What such a file is called; TensorBoard knows it by the part in the middle.
pub const FILE: &str = "events.out.tfevents.0.residual-lab";

/// How values of one kind are spread.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    /// The upper end of each bin.
    pub limits: Vec<f64>,
    /// Values in each bin.
    pub counts: Vec<f64>,
}

/// What a file begins with.
#[must_use]
pub fn beginning() -> Vec<u8> {
    record(&event(0).text(3, "brain.Event:2"))
}

/// Numbers at a step, each under its name; a slash in it makes a group.
#[must_use]
pub fn scalars(step: u64, values: &[(String, f64)]) -> Vec<u8> {
    #[allow(clippy::cast_possible_truncation, reason = "the format holds single precision")]
    let value = |(tag, value): &(String, f64)| Message::new().text(1, tag).float(2, *value as f32);
    summary(step, values.iter().map(value))
}

/// A picture as PNG.
#[must_use]
pub fn picture(step: u64, tag: &str, png: &[u8], [width, height]: [usize; 2]) -> Vec<u8> {
    let image = Message::new().number(1, height as u64).number(2, width as u64).number(3, 3).raw(4, png);
    summary(step, [Message::new().text(1, tag).message(4, &image)].into_iter())
}

/// How values are spread.
#[must_use]
pub fn spread(step: u64, tag: &str, spread: &Spread) -> Vec<u8> {
    let total: f64 = spread.counts.iter().sum();
    let ends = |index: Option<&f64>| index.copied().unwrap_or_default();
    let histogram = Message::new()
        .double(1, ends(spread.limits.first()))
        .double(2, ends(spread.limits.last()))
        .double(3, total)
        .double(4, spread.limits.iter().zip(&spread.counts).map(|(limit, count)| limit * count).sum())
        .double(5, spread.limits.iter().zip(&spread.counts).map(|(limit, count)| limit * limit * count).sum())
        .doubles(6, &spread.limits)
        .doubles(7, &spread.counts);
    summary(step, [Message::new().text(1, tag).message(5, &histogram)].into_iter())
}

/// A text in Markdown.
#[must_use]
pub fn text(step: u64, tag: &str, markdown: &str) -> Vec<u8> {
    const STRING: u64 = 7;
    let one = Message::new().message(2, &Message::new().number(1, 1));
    let tensor = Message::new().number(1, STRING).message(2, &one).text(8, markdown);
    let plugin = Message::new().message(1, &Message::new().text(1, "text"));
    let value = Message::new().text(1, &format!("{tag}/text_summary")).message(8, &tensor).message(9, &plugin);
    summary(step, [value].into_iter())
}

/// Settings under their names, for the page of hyper-parameters; numbers and truths are kept apart from words.
#[must_use]
pub fn settings(values: &[(String, String)]) -> Vec<u8> {
    const FLOAT: u64 = 1;
    let value = |text: &str| match (text.parse::<f64>(), text.parse::<bool>()) {
        (Ok(number), _) => Message::new().double(2, number),
        (_, Ok(truth)) => Message::new().number(4, truth.into()),
        _ => Message::new().text(3, text),
    };
    let entry = |(name, text): &(String, String)| Message::new().text(1, name).message(2, &value(text));
    let session = values.iter().map(entry).fold(Message::new(), |session, entry| session.message(1, &entry));
    let content = Message::new().number(1, 0).message(3, &session);
    let plugin = Message::new().message(1, &Message::new().text(1, "hparams").message(2, &content));
    // A tensor without values, because there must be one.
    let tensor = Message::new().number(1, FLOAT).message(2, &Message::new().message(2, &Message::new()));
    let value = Message::new().text(1, "_hparams_/session_start_info").message(8, &tensor).message(9, &plugin);
    summary(0, [value].into_iter())
}

fn summary(step: u64, values: impl Iterator<Item = Message>) -> Vec<u8> {
    let values = values.fold(Message::new(), |summary, value| summary.message(1, &value));
    record(&event(step).message(5, &values))
}

fn event(step: u64) -> Message {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    // The step comes first, so that `whole` finds it where it looks.
    Message::new().number(2, step).double(1, now.as_secs_f64())
}

/// A sum in the way of this format, which protects sums of sums.
fn masked(bytes: &[u8]) -> u32 {
    crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

fn record(message: &Message) -> Vec<u8> {
    let length = (message.bytes().len() as u64).to_le_bytes();
    let sums = [masked(&length), masked(message.bytes())].map(u32::to_le_bytes);
    [&length[..], &sums[0], message.bytes(), &sums[1]].concat()
}

/// How many of a file's first bytes are whole records of steps up to this one.
#[must_use]
pub fn whole(bytes: &[u8], step: u64) -> usize {
    let mut end = 0;
    while let Some(message) = next(&bytes[end..]) {
        if step_of(message) > step {
            break;
        }
        end += message.len() + 16;
    }
    end
}

/// How values were spread, as far as the file is whole: at which step, under which name.
pub fn spreads(bytes: &[u8]) -> impl Iterator<Item = (u64, String, Spread)> {
    let mut rest = bytes;
    let messages = std::iter::from_fn(move || {
        let message = next(rest)?;
        rest = rest.get(message.len() + 16..)?;
        Some(message)
    });
    let inside = |message, number| {
        fields(message).filter_map(move |(of, field)| match field {
            Field::Bytes(bytes) if of == number => Some(bytes),
            _ => None,
        })
    };
    messages.flat_map(move |message| {
        let values = inside(message, 5).flat_map(move |summary| inside(summary, 1));
        values.filter_map(move |value| {
            let (tag, histogram) = (inside(value, 1).next()?, inside(value, 5).next()?);
            let list = |number| inside(histogram, number).next().map(doubles);
            let spread = Spread { limits: list(6)?, counts: list(7)? };
            Some((step_of(message), String::from_utf8_lossy(tag).into_owned(), spread))
        })
    })
}

fn doubles(bytes: &[u8]) -> Vec<f64> {
    bytes.as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect()
}

/// The first record's message, if it is whole.
fn next(bytes: &[u8]) -> Option<&[u8]> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    let (sum, rest) = rest.split_first_chunk::<4>()?;
    let size = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    let (message, rest) = rest.split_at_checked(size)?;
    let (sum_of_message, _) = rest.split_first_chunk::<4>()?;
    let whole = *sum == masked(length).to_le_bytes() && *sum_of_message == masked(message).to_le_bytes();
    whole.then_some(message)
}

/// The step of a message of this program's, which begins with it.
fn step_of(message: &[u8]) -> u64 {
    match fields(message).next() {
        Some((2, Field::Number(step))) => step,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_whole_up_to_a_step_and_what_is_torn_is_left_out() {
        let loss = |step| scalars(step, &[("train/loss".to_owned(), 0.5)]);
        let mut file = [beginning(), loss(1), loss(300), loss(70_000)].concat();
        let ends = [0, 1, 299, 300, 70_000].map(|step| whole(&file, step));
        let first = beginning().len();
        assert_eq!(ends[0], first);
        assert_eq!((ends[1], ends[2]), (first + loss(1).len(), ends[1]));
        assert_eq!((ends[3], ends[4]), (ends[1] + loss(300).len(), file.len()));
        file.truncate(file.len() - 1);
        assert_eq!(whole(&file, u64::MAX), ends[3]);
        file[first + 20] ^= 1;
        assert_eq!(whole(&file, u64::MAX), first, "a damaged record ends what can be trusted");
        assert_eq!(whole(&[0xff; 40], 9), 0);
    }

    #[test]
    fn spreads_are_read_as_they_were_written() {
        let one = Spread { limits: vec![-0.5, 0.5], counts: vec![3.0, 4.0] };
        let other = Spread { limits: vec![1.0], counts: vec![7.0] };
        let loss = scalars(2, &[("train/loss".to_owned(), 0.5)]);
        let file = [beginning(), spread(1, "weights/fc", &one), loss, spread(300, "gradients/fc", &other)].concat();
        let read: Vec<_> = spreads(&file).collect();
        assert_eq!(read, [(1, "weights/fc".to_owned(), one), (300, "gradients/fc".to_owned(), other)]);
        assert_eq!(spreads(&file[..file.len() - 1]).count(), 1);
    }
}
