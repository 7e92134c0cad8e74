//! What can be wrong with a JPEG file.

/// Why a JPEG file gives no whole picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::data) enum Flaw {
    /// It ends before all of the picture has come.
    CutOff,
    /// What is there contradicts itself.
    Damaged,
}

impl Flaw {
    pub(in crate::data) fn in_words(self) -> &'static str {
        match self {
            Self::CutOff => "it is cut off, and a part of the picture is missing",
            Self::Damaged => "its image data is damaged",
        }
    }
}
