//! What can be wrong with a JPEG file.

/// Why a JPEG file gives no whole picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::data) enum Flaw {
    /// It ends before all of the picture has come.
    CutOff,
    /// What is there contradicts itself.
    Damaged,
}
