//! The e-case file (电子案卷) of an interview: what was given to it, by whom, and how much it takes.
//!
//! Files come while the interview is open, at any moment of it; a name is used once, and the same file again is no
//! error. Deciding changes nothing: the room puts the file in its place, durably, and then admits the entry.

use serde::{Deserialize, Serialize};

use super::ids::Sha256Hex;
use super::time::Moment;

/// Files in all, internal papers among them.
pub const MAX_CASE_FILES: usize = 2_000;
/// Bytes in all: 500 MiB, which leaves the smallest disc room for hours of recording.
pub const MAX_CASE_BYTES: u64 = 500 << 20;

/// A name of so many bytes costs a folder nothing.
const PLAIN_NAME_BYTES: usize = 96;
/// What a longer one costs besides its further bytes.
const LONG_NAME_COSTS: usize = 40;
/// What the long names of one folder may cost together: xorriso 1.5.4 writes a disc that it then refuses itself
/// when the names of a folder run on over more than a block of it (measured: 85 mixtures within this, none failed;
/// 60 names of 200 bytes fail).
const LONG_NAMES_OF_A_FOLDER: usize = 1_900;

/// Whether one folder of a disc can hold these names, of files and of folders in it.
pub(super) fn fits_a_folder<'a>(names: impl IntoIterator<Item = &'a str>) -> bool {
    let cost = |name: &str| match name.len().checked_sub(PLAIN_NAME_BYTES) {
        None | Some(0) => 0,
        Some(more) => more + LONG_NAME_COSTS,
    };
    names.into_iter().map(cost).sum::<usize>() <= LONG_NAMES_OF_A_FOLDER
}

/// What a file is, judged by its content and never by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CaseFileKind {
    Pdf,
    /// The national format of fixed-layout documents (版式文档).
    Ofd,
    Picture,
    /// Of an office program: WPS, Word, Excel, slides.
    Office,
    Video,
    Audio,
    Text,
    /// Not known, and nothing that a computer would run.
    Other,
}

/// One file that was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseFile {
    /// From the interview's directory: `case/…`, or `internal/…` for a paper that no disc carries.
    pub path: String,
    pub file_kind: CaseFileKind,
    /// For the house only: neither court nor defence gets it.
    pub internal: bool,
    pub size: u64,
    pub sha256: Sha256Hex,
    /// The account that gave it.
    pub by: String,
}

/// With its moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenCaseFile {
    pub file: CaseFile,
    pub at: Moment,
}

/// What giving a file came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// The entries to be made durable once the file stands in its place.
    New(Vec<super::Entry>),
    /// This very file was given before, then.
    Before(Moment),
}

/// How much was given and how much is left, for those who give.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct CaseFilesView {
    pub files: usize,
    pub bytes: u64,
    /// Of the files, those that no disc carries.
    pub internal_files: usize,
    pub files_left: usize,
    pub bytes_left: u64,
}

impl CaseFilesView {
    pub(super) fn of(given: &[GivenCaseFile]) -> Self {
        let bytes = given.iter().map(|given| given.file.size).sum();
        Self {
            files: given.len(),
            bytes,
            internal_files: given.iter().filter(|given| given.file.internal).count(),
            files_left: MAX_CASE_FILES.saturating_sub(given.len()),
            bytes_left: MAX_CASE_BYTES.saturating_sub(bytes),
        }
    }
}
