//! Pickles as Python writes them.

use crate::make::pixels;

/// A string: as bytes of Python 2, or as letters that Python 3 has made bytes again.
fn bytes(value: &[u8], in_letters: bool) -> Vec<u8> {
    let length = |value: &[u8]| u32::try_from(value.len()).unwrap().to_le_bytes();
    if !in_letters {
        return [&b"T"[..], &length(value), value].concat();
    }
    let text: String = value.iter().map(|&byte| char::from(byte)).collect();
    let text = text.as_bytes();
    [&b"c_codecs\nencode\nX"[..], &length(text), text, b"X\x06\0\0\0latin1\x86R"].concat()
}

/// A dictionary with two images or more, all of them different.
pub fn batch(key: &str, labels: &[u8], in_letters: bool) -> Vec<u8> {
    let count = u8::try_from(labels.len()).unwrap();
    let data = [
        &b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85U\x01b\x87R"[..],
        &[b'(', b'K', 1, b'K', count, b'M', 0, 12, 0x86],
        b"cnumpy\ndtype\nU\x02u1\x89\x88\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x89",
        &bytes(&pixels(labels.len(), 3072), in_letters),
        b"tb",
    ]
    .concat();
    let labels: Vec<u8> = labels.iter().flat_map(|label| [b'K', *label]).collect();
    [
        &b"\x80\x02}q\0("[..],
        &bytes(b"data", in_letters),
        &data,
        &bytes(key.as_bytes(), in_letters),
        b"]q\x01(",
        &labels,
        b"eu.",
    ]
    .concat()
}

/// An array of bytes as `NumPy` writes it since protocol 5.
fn array(kind: &str, values: &[u8]) -> Vec<u8> {
    [
        &b"\x8c\x13numpy._core.numeric\x8c\x0b_frombuffer\x93(\x96"[..],
        &(values.len() as u64).to_le_bytes(),
        values,
        b"\x8c\x05numpy\x8c\x05dtype\x93\x8c\x02",
        kind.as_bytes(),
        b"\x89\x88\x87R(K\x03\x8c\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tbK\x02\x85\x8c\x01CtR",
    ]
    .concat()
}

/// The same dictionary as [`batch`] makes, of protocol 5, with its labels as an array, too.
pub fn batch_of_arrays(labels: &[u8]) -> Vec<u8> {
    let wide: Vec<u8> = labels.iter().flat_map(|&label| u64::from(label).to_le_bytes()).collect();
    let (data, labels) = (array("u1", &pixels(labels.len(), 3072)), array("i8", &wide));
    [&b"\x80\x05}(\x8c\x04data"[..], &data, b"\x8c\x06labels", &labels, b"u."].concat()
}

/// A dictionary with a list of names.
pub fn meta(key: &str, names: &[String]) -> Vec<u8> {
    let names: Vec<u8> = names.iter().flat_map(|name| bytes(name.as_bytes(), false)).collect();
    [&b"\x80\x02}q\x01"[..], &bytes(key.as_bytes(), false), b"]q\x02(", &names, b"es."].concat()
}
