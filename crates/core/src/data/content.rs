//! What a file holds, recognised by its first bytes and never by its name.

/// How many bytes are enough.
pub(super) const ENOUGH: usize = 512;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// A picture of a format that is read.
    Picture,
    /// A picture of a format that is not read; what it is called.
    Unread(&'static str),
    /// Something else.
    Other(Thing),
    /// An archive, or a file made smaller; what it is called.
    Packed(&'static str),
    Empty,
    Unknown,
}

/// What a file holds that is neither a picture nor packed; those that more is said about are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thing {
    /// A page, often in place of the file that it offers.
    Html,
    /// A file of HDF5.
    Hdf5,
    /// A pickle of Python.
    Pickle,
    /// A table of Arrow.
    Arrow,
    Database,
    /// Anything else; what it is called.
    Called(&'static str),
}

impl Thing {
    /// What it is called.
    pub fn called(self) -> &'static str {
        match self {
            Self::Html => "an HTML page",
            Self::Hdf5 => "an HDF5 file",
            Self::Pickle => "a pickle of Python",
            Self::Arrow => "an Arrow table",
            Self::Database => "a database",
            Self::Called(name) => name,
        }
    }

    /// Whether such files often hold images with their classes, in a way that is not read.
    pub fn may_hold_images(self) -> bool {
        matches!(self, Self::Hdf5 | Self::Pickle | Self::Arrow | Self::Database)
    }
}

/// A place in a file, what stands there, and what that says of the file.
type Start = (usize, &'static [u8], Content);

const fn other(called: &'static str) -> Content {
    Content::Other(Thing::Called(called))
}

const RAW: Content = Content::Unread("a RAW photograph");
const HEIC: Content = Content::Unread("a HEIC picture");
const JXL: Content = Content::Unread("a JPEG XL picture");
const JPEG_2000: Content = Content::Unread("a JPEG 2000 picture");
const HDR: Content = Content::Unread("a Radiance HDR picture");
const VIDEO: Content = other("a video");
const PICKLE: Content = Content::Other(Thing::Pickle);
const BASE64: Content = other("a picture written out as text (base64)");

/// Pictures, read or not. Where several fit, the first one counts: a RAW photograph may begin like a TIFF.
const PICTURES: &[Start] = &[
    (0, b"\x89PNG\r\n\x1a\n", Content::Picture),
    (0, b"\xff\xd8", Content::Picture),
    (0, b"GIF87a", Content::Picture),
    (0, b"GIF89a", Content::Picture),
    (8, b"WEBP", Content::Picture),
    (8, b"CR\x02", RAW),
    (0, b"II*\0", Content::Picture),
    (0, b"MM\0*", Content::Picture),
    (0, b"II+\0", Content::Picture),
    (0, b"MM\0+", Content::Picture),
    (0, b"FUJIFILMCCD-RAW", RAW),
    (0, b"IIRO", RAW),
    (0, b"IIRS", RAW),
    (0, b"IIU\0", RAW),
    (0, b"FOVb", RAW),
    (4, b"ftypcrx", RAW),
    (4, b"ftypavi", Content::Unread("an AVIF picture")),
    (4, b"ftyphei", HEIC),
    (4, b"ftyphev", HEIC),
    (4, b"ftypmif1", HEIC),
    (4, b"ftypmsf1", HEIC),
    (4, b"JXL \r\n\x87\n", JXL),
    (0, b"\xff\x0a", JXL),
    (4, b"jP  \r\n\x87\n", JPEG_2000),
    (0, b"\xff\x4f\xff\x51", JPEG_2000),
    (0, b"8BPS", Content::Unread("a Photoshop picture (PSD)")),
    (0, b"gimp xcf", Content::Unread("a GIMP picture (XCF)")),
    (0, b"\0\0\x01\0", Content::Unread("an icon (ICO)")),
    (0, b"icns", Content::Unread("an icon (ICNS)")),
    (0, b"DDS ", Content::Unread("a DDS texture")),
    (0, b"\x76\x2f\x31\x01", Content::Unread("an OpenEXR picture")),
    (0, b"#?RADIANCE", HDR),
    (0, b"#?RGBE", HDR),
    (0, b"qoif", Content::Unread("a QOI picture")),
    (0, b"farbfeld", Content::Unread("a farbfeld picture")),
    (0, b"II\xbc\x01", Content::Unread("a JPEG XR picture")),
    (128, b"DICM", Content::Unread("a DICOM picture")),
    (0, b"SIMPLE  =", Content::Unread("a FITS picture")),
];

/// Archives, and files made smaller.
const PACKED: &[Start] = &[
    (0, b"PK\x03\x04", Content::Packed("a zip archive")),
    (0, b"\x1f\x8b", Content::Packed("a file packed by gzip")),
    (0, b"7z\xbc\xaf\x27\x1c", Content::Packed("a 7z archive")),
    (0, b"Rar!\x1a\x07", Content::Packed("a RAR archive")),
    (0, b"\xfd7zXZ\0", Content::Packed("a file packed by xz")),
    (0, b"BZh", Content::Packed("a file packed by bzip2")),
    (0, b"\x28\xb5\x2f\xfd", Content::Packed("a file packed by zstd")),
    (257, b"ustar", Content::Packed("a tar archive")),
];

/// Everything else that lies in folders of pictures.
const OTHERS: &[Start] = &[
    (0, b"%PDF", other("a PDF document")),
    (0, b"%!PS", other("a PostScript document")),
    (4, b"ftyp", VIDEO),
    (4, b"moov", VIDEO),
    (4, b"mdat", VIDEO),
    (8, b"AVI ", VIDEO),
    (0, b"\x1aE\xdf\xa3", VIDEO),
    (8, b"WAVE", other("a sound")),
    (0, b"\x93NUMPY", other("an array of NumPy")),
    (0, b"PAR1", other("a Parquet table")),
    (0, b"\x89HDF", Content::Other(Thing::Hdf5)),
    (0, b"\x80\x02", PICKLE),
    (0, b"\x80\x03", PICKLE),
    (0, b"\x80\x04", PICKLE),
    (0, b"\x80\x05", PICKLE),
    (0, b"ARROW1", Content::Other(Thing::Arrow)),
    (0, b"\xff\xff\xff\xff", Content::Other(Thing::Arrow)),
    (0, b"SQLite format 3", Content::Other(Thing::Database)),
    (0, b"\0\x05\x16\x07", other("what macOS keeps about another file")),
    (0, b"\xd0\xcf\x11\xe0", other("what Windows or Office keeps")),
    (0, b"\x7fELF", other("a program")),
    (0, b"version https://git-lfs", other("Git LFS's pointer to a file that was not fetched")),
    (0, b"/9j/", BASE64),
    (0, b"iVBORw0KGgo", BASE64),
    (0, b"data:image/", BASE64),
];

/// Looks at the first bytes of a file, [`ENOUGH`] of them or all.
pub(super) fn content(start: &[u8]) -> Content {
    if start.is_empty() {
        return Content::Empty;
    }
    let holds = |at: usize, magic: &[u8]| start.get(at..).is_some_and(|rest| rest.starts_with(magic));
    // A container of HEIC's kind may hold AVIF, and says so in the list behind the first name.
    if holds(4, b"ftyp") && start.iter().take(64).copied().collect::<Vec<_>>().windows(4).any(|name| name == b"avif") {
        return Content::Unread("an AVIF picture");
    }
    if let Some((.., found)) = PICTURES.iter().chain(PACKED).chain(OTHERS).find(|(at, magic, _)| holds(*at, magic)) {
        return *found;
    }
    match *start {
        // Windows' and OS/2's bitmaps: the size of the header that follows is one of a few.
        [b'B', b'M', ..] if start.len() < 18 || start[15..18] == [0; 3] => return Content::Picture,
        [b'P', b'1'..=b'7', b' ' | b'\t' | b'\r' | b'\n' | b'#', ..] => return Content::Picture,
        _ => {}
    }
    if start.iter().all(|&byte| byte == 0) {
        return other("nothing but zeros");
    }
    text(start).unwrap_or(Content::Unknown)
}

/// What a text is, if this is one.
fn text(start: &[u8]) -> Option<Content> {
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    let is_wide = start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff");
    // A letter of several bytes may be cut off at the end.
    let valid = start.utf8_chunks().next().map_or(0, |chunk| chunk.valid().len());
    let is_text = valid + 3 >= start.len() && !start.iter().any(|&byte| byte < 9 || (14..27).contains(&byte));
    if !is_text && !is_wide {
        return None;
    }
    let letters = String::from_utf8_lossy(start).trim_start().to_lowercase();
    Some(if letters.starts_with("<!doctype html") || letters.starts_with("<html") || letters.starts_with("<head") {
        Content::Other(Thing::Html)
    } else if letters.contains("<svg") || letters.starts_with("<!doctype svg") {
        Content::Unread("an SVG drawing")
    } else if letters.starts_with("<?xml") {
        other("an XML file")
    } else {
        other("a text")
    })
}

/// Whether a TIFF file is a camera's: its first picture then is a small preview, or what the sensor saw.
pub(super) fn is_raw_tiff(bytes: &[u8]) -> bool {
    const NEW_SUBFILE_TYPE: usize = 254;
    const PHOTOMETRIC_INTERPRETATION: usize = 262;
    const SUB_IFDS: usize = 330;
    const DNG_VERSION: usize = 50_706;
    const COLOUR_FILTER_ARRAY: usize = 32_803;
    const SHORT: usize = 3;
    let is_little = bytes.starts_with(b"II*");
    if !is_little && !bytes.starts_with(b"MM\0*") {
        return false;
    }
    let number = |at: usize, length: usize| {
        let bytes = bytes.get(at..at.checked_add(length)?)?;
        let add = |sum: usize, &byte: &u8| (sum << 8) | usize::from(byte);
        Some(if is_little { bytes.iter().rev().fold(0, add) } else { bytes.iter().fold(0, add) })
    };
    let Some(first) = number(4, 4) else { return false };
    let entry = |tag: usize| {
        let count = number(first, 2)?;
        let at = (0..count).map(|index| first + 2 + 12 * index).find(|&at| number(at, 2) == Some(tag))?;
        number(at + 8, if number(at + 2, 2) == Some(SHORT) { 2 } else { 4 })
    };
    let is_preview = entry(NEW_SUBFILE_TYPE).is_some_and(|kind| kind & 1 == 1) && entry(SUB_IFDS).is_some();
    is_preview || entry(DNG_VERSION).is_some() || entry(PHOTOMETRIC_INTERPRETATION) == Some(COLOUR_FILTER_ARRAY)
}
