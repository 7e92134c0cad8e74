//! Python's pickles as plain values. Nothing is ever executed: what a pickle wants called or built is only noted down
//! with its arguments. Format: Python's `pickletools`.
//!
//! Values lie in one list and refer to one another by their places, so however a pickle shares or nests them, memory
//! stays below a multiple of its length, and nothing here goes deeper than one call.

use std::borrow::Cow;
use std::collections::HashMap;

#[derive(Clone, Debug)]
pub(super) enum Value<'a> {
    /// A string of either kind, as it was stored.
    Bytes(&'a [u8]),
    Integer(i64),
    /// A list, a tuple or a set.
    List(Vec<usize>),
    Dictionary(Vec<(usize, usize)>),
    /// Bytes that were written as text, a letter for each: how Python 3 puts them into pickles of protocol 2.
    Letters(&'a [u8]),
    /// An object, with the state that is put into it.
    Object(Option<usize>),
    /// The name of something to be called.
    Name(&'a [u8]),
    /// Whatever else there is: none, fractions.
    Other,
}

impl<'a> Value<'a> {
    /// A string's bytes.
    pub fn bytes(&self) -> Option<Cow<'a, [u8]>> {
        match self {
            Self::Bytes(bytes) => Some(Cow::Borrowed(bytes)),
            Self::Letters(text) => {
                str::from_utf8(text).ok()?.chars().map(|letter| u8::try_from(u32::from(letter)).ok()).collect()
            }
            _ => None,
        }
    }

    /// A whole number.
    pub fn integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            _ => None,
        }
    }
}

/// A pickle's values.
#[derive(Debug)]
pub(super) struct Pickle<'a> {
    values: Vec<Value<'a>>,
    root: usize,
}

impl<'a> Pickle<'a> {
    /// Whether a file starts like a pickle of protocol 2 or later, or like a dictionary of an earlier one.
    pub fn starts(start: &[u8]) -> bool {
        matches!(start, [0x80, 2..=5, ..] | [b'(', b'd', ..] | [b'}', b'q', ..])
    }

    /// Reads a pickle; `None` where it is damaged or uses what no plain values need.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader { rest: bytes, ..Reader::default() };
        loop {
            let code = reader.take(1)?[0];
            if code == b'.' {
                let root = reader.stack.pop()?;
                return Some(Self { values: reader.values, root });
            }
            reader.step(code)?;
        }
    }

    /// What the dictionary that the pickle holds has under a key.
    pub fn entry(&self, key: &str) -> Option<&Value<'a>> {
        let Value::Dictionary(entries) = &self.values[self.root] else { return None };
        let is_key =
            |place: usize| matches!(self.values[place], Value::Bytes(it) | Value::Letters(it) if it == key.as_bytes());
        entries.iter().find(|(place, _)| is_key(*place)).map(|(_, place)| &self.values[*place])
    }

    /// The elements of a list.
    pub fn list<'b>(&'b self, value: &'b Value) -> Option<impl Iterator<Item = &'b Value<'a>>> {
        let Value::List(places) = value else { return None };
        Some(places.iter().map(move |place| &self.values[*place]))
    }

    /// The bytes of an array of `NumPy`: the last of the five values of its state, or since protocol 5 the first of what
    /// it is made from.
    pub fn array(&self, value: &Value<'a>) -> Option<Cow<'a, [u8]>> {
        let Value::Object(Some(state)) = value else { return None };
        let Value::List(parts) = &self.values[*state] else { return None };
        if let [data, _, _, order, ..] = parts[..]
            && matches!(self.values[order], Value::Bytes(b"C"))
        {
            return self.values[data].bytes();
        }
        let [_, _, _, order, data] = parts[..] else { return None };
        // Images whose rows are stored as columns would be scrambled.
        let is_by_rows = matches!(self.values[order], Value::Integer(0));
        self.values[data].bytes().filter(|_| is_by_rows)
    }
}

#[derive(Default)]
struct Reader<'a> {
    rest: &'a [u8],
    values: Vec<Value<'a>>,
    /// Places of values.
    stack: Vec<usize>,
    /// How high the stack was at each mark.
    marks: Vec<usize>,
    /// Places of values by the number that they were remembered under.
    memory: HashMap<usize, usize>,
}

impl<'a> Reader<'a> {
    fn step(&mut self, code: u8) -> Option<()> {
        match code {
            // The protocol's number, and a frame's length.
            0x80 => _ = self.take(1)?,
            0x95 => _ = self.take(8)?,
            b'(' => self.marks.push(self.stack.len()),
            b'0' => _ = self.stack.pop()?,
            b'1' => _ = self.marked()?,
            b'2' => self.stack.push(*self.stack.last()?),
            // Remembering and recalling.
            b'p' => self.remember_line()?,
            b'q' => self.remember(1)?,
            b'r' => self.remember(4)?,
            0x94 => _ = self.memory.insert(self.memory.len(), *self.stack.last()?),
            b'g' => {
                let number = self.number_line()?;
                self.recall(usize::try_from(number).ok()?)?;
            }
            b'h' => self.recall_sized(1)?,
            b'j' => self.recall_sized(4)?,
            // Numbers.
            b'N' | 0x8a | b'G' | b'F' => self.odd(code)?,
            0x88 => self.push(Value::Integer(1)),
            0x89 => self.push(Value::Integer(0)),
            b'K' => self.integer(1)?,
            b'M' => self.integer(2)?,
            b'J' => self.integer(4)?,
            b'I' | b'L' => {
                let number = self.number_line()?;
                self.push(Value::Integer(number));
            }
            // Strings, with lengths of one, four or eight bytes, or in a line.
            b'U' | b'C' | 0x8c => self.string(1)?,
            b'T' | b'B' | b'X' => self.string(4)?,
            0x8d | 0x8e | 0x96 => self.string(8)?,
            b'S' | b'V' => {
                let line = self.line()?;
                self.push(Value::Bytes(line.strip_prefix(b"'").and_then(|it| it.strip_suffix(b"'")).unwrap_or(line)));
            }
            _ => return self.compound(code),
        }
        Some(())
    }

    /// Lists, dictionaries and objects.
    fn compound(&mut self, code: u8) -> Option<()> {
        match code {
            b']' | b')' | 0x8f => self.push(Value::List(Vec::new())),
            b'}' => self.push(Value::Dictionary(Vec::new())),
            b'l' | b't' | 0x91 => {
                let places = self.marked()?;
                self.push(Value::List(places));
            }
            b'd' => {
                let places = self.marked()?;
                self.push(Value::Dictionary(pairs(&places)));
            }
            0x85..=0x87 => {
                let places = self.stack.split_off(self.stack.len().checked_sub(usize::from(code - 0x84))?);
                self.push(Value::List(places));
            }
            b'a' => {
                let place = self.stack.pop()?;
                self.extend(&[place])?;
            }
            b'e' | 0x90 => {
                let places = self.marked()?;
                self.extend(&places)?;
            }
            b's' => {
                let places = self.stack.split_off(self.stack.len().checked_sub(2)?);
                self.extend(&places)?;
            }
            b'u' => {
                let places = self.marked()?;
                self.extend(&places)?;
            }
            // A name of something to call, which stays a name.
            b'c' => {
                self.line()?;
                let name = self.line()?;
                self.push(Value::Name(name));
            }
            0x93 => {
                let name = self.stack.pop()?;
                self.stack.pop()?;
                let Value::Bytes(name) = self.values[name] else { return None };
                self.push(Value::Name(name));
            }
            b'R' | 0x81 => {
                let (arguments, called) = (self.stack.pop()?, self.stack.pop()?);
                let is_array = matches!(self.values[called], Value::Name(b"_frombuffer"));
                let made = self.letters(called, arguments);
                let made = made.unwrap_or(Value::Object(is_array.then_some(arguments)));
                self.push(made);
            }
            b'b' => {
                let put = self.stack.pop()?;
                if let Value::Object(state) = &mut self.values[*self.stack.last()?] {
                    *state = Some(put);
                }
            }
            _ => return None,
        }
        Some(())
    }

    /// What `_codecs.encode(text, "latin1")` stands for.
    fn letters(&self, called: usize, arguments: usize) -> Option<Value<'a>> {
        let (Value::Name(b"encode"), Value::List(places)) = (&self.values[called], &self.values[arguments]) else {
            return None;
        };
        let [text, encoding] = places[..] else { return None };
        match (&self.values[text], &self.values[encoding]) {
            (Value::Bytes(text), Value::Bytes(b"latin1")) => Some(Value::Letters(text)),
            _ => None,
        }
    }

    fn push(&mut self, value: Value<'a>) {
        self.stack.push(self.values.len());
        self.values.push(value);
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    fn sized(&mut self, bytes: usize) -> Option<usize> {
        let number = self.take(bytes)?.iter().rev().fold(0_u64, |sum, &byte| (sum << 8) | u64::from(byte));
        usize::try_from(number).ok()
    }

    fn line(&mut self) -> Option<&'a [u8]> {
        let end = self.rest.iter().position(|&byte| byte == b'\n')?;
        let line = self.take(end)?;
        self.take(1)?;
        Some(line)
    }

    fn number_line(&mut self) -> Option<i64> {
        str::from_utf8(self.line()?).ok()?.trim_end_matches('L').parse().ok()
    }

    fn marked(&mut self) -> Option<Vec<usize>> {
        let mark = self.marks.pop()?;
        (mark <= self.stack.len()).then(|| self.stack.split_off(mark))
    }

    fn integer(&mut self, bytes: usize) -> Option<()> {
        let number = self.sized(bytes)?;
        // Only the one of four bytes has a sign.
        let signed = i64::try_from(number).ok()?;
        let is_negative = bytes == 4 && signed >= 1 << 31;
        self.push(Value::Integer(if is_negative { signed - (1 << 32) } else { signed }));
        Some(())
    }

    fn string(&mut self, bytes: usize) -> Option<()> {
        let length = self.sized(bytes)?;
        let text = self.take(length)?;
        self.push(Value::Bytes(text));
        Some(())
    }

    /// What is neither a whole number nor text.
    fn odd(&mut self, code: u8) -> Option<()> {
        match code {
            0x8a => {
                let length = self.sized(1)?;
                let number = self.take(length)?.iter().rev().fold(0_i64, |sum, &byte| (sum << 8) | i64::from(byte));
                self.push(if length < 8 { Value::Integer(number) } else { Value::Other });
                return Some(());
            }
            b'G' => _ = self.take(8)?,
            b'F' => _ = self.line()?,
            _ => {}
        }
        self.push(Value::Other);
        Some(())
    }

    fn remember(&mut self, bytes: usize) -> Option<()> {
        let number = self.sized(bytes)?;
        self.memory.insert(number, *self.stack.last()?);
        Some(())
    }

    fn remember_line(&mut self) -> Option<()> {
        let number = usize::try_from(self.number_line()?).ok()?;
        self.memory.insert(number, *self.stack.last()?);
        Some(())
    }

    fn recall(&mut self, number: usize) -> Option<()> {
        self.stack.push(*self.memory.get(&number)?);
        Some(())
    }

    fn recall_sized(&mut self, bytes: usize) -> Option<()> {
        let number = self.sized(bytes)?;
        self.recall(number)
    }

    /// Adds to the list or dictionary on top of the stack.
    fn extend(&mut self, places: &[usize]) -> Option<()> {
        match &mut self.values[*self.stack.last()?] {
            Value::List(list) => list.extend(places),
            Value::Dictionary(entries) => entries.extend(pairs(places)),
            _ => {}
        }
        Some(())
    }
}

fn pairs(places: &[usize]) -> Vec<(usize, usize)> {
    places.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()
}
