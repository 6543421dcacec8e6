//! Copies of an interview against each other, file by file: what is missing, what differs and from which byte on,
//! which moment of the recording that is, and which copy the signed record agrees with.
//!
//! Called by `verify` for everything that it was given. Files that differ are read once more, up to the first
//! byte that does; records are looked up only when something differs. What is compared with is not judged.

use super::{
    codes::Code,
    digests::Digested,
    discs::may_stay_off,
    lent::Lent,
    record::{Record, record_of},
    report::{Figures, Finding},
};
use crate::evidence::outline::Outline;
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

/// An interview's files with their digests, as they are compared.
pub struct View {
    pub label: String,
    pub is_on_discs: bool,
    pub files: BTreeMap<String, PathBuf>,
    pub digested: BTreeMap<String, Digested>,
    /// The journal as far as it goes, and the certificates beside it.
    pub journal: Option<PathBuf>,
    pub certificates: [Option<PathBuf>; 2],
}

/// A file that is not the same in two copies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    pub path: String,
    /// The two copies, and the file's size in each; absent where it is missing.
    pub own: String,
    pub own_size: Option<u64>,
    pub other: String,
    pub other_size: Option<u64>,
    /// Counted from 0. The end of the shorter one, where it is the beginning of the longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_byte: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<PlaceInMedia>,
    pub right: Right,
}

/// What of the recording a byte belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "in", rename_all = "kebab-case")]
pub enum PlaceInMedia {
    Header,
    Fragment {
        part: u32,
        track: String,
        media_us: u64,
        offset: u64,
    },
}

/// Which copy the record agrees with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "copy", content = "by", rename_all = "kebab-case")]
pub enum Right {
    Own(By),
    Other(By),
    Neither(By),
    /// No signed record that both copies acknowledge.
    Undecided,
}

/// What says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    Manifest,
    Journal,
    /// The signatures themselves: only one copy's hold.
    Signature,
}

/// Compares two copies; what lawfully stays off the discs is left out where one of them is discs.
pub fn compare(
    (own, other): (&View, &View),
    lent: &[Lent],
    figures: &mut Figures,
    findings: &mut Vec<Finding>,
) -> Vec<Difference> {
    let counts = |path: &&String| !(own.is_on_discs || other.is_on_discs) || !may_stay_off(path);
    let paths: BTreeSet<&String> = own.digested.keys().chain(other.digested.keys()).collect();
    let mut differing = Vec::new();
    for path in paths.into_iter().filter(counts) {
        let (code, label) = match (own.digested.get(path), other.digested.get(path)) {
            (Some(a), Some(b)) if a.digests == b.digests => {
                figures.compared_files += 1;
                continue;
            }
            (Some(_), Some(_)) => (Code::AgainstChanged, &other.label),
            (Some(_), None) => (Code::AgainstMissing, &other.label),
            (None, _) => (Code::AgainstExtra, &own.label),
        };
        findings.push(Finding::new(code, path, label));
        differing.push(path);
    }
    if differing.is_empty() {
        return Vec::new();
    }
    let pair = Pair::of(own, other, lent);
    differing.into_iter().map(|path| pair.difference(path)).collect()
}

/// Two copies that differ, with what their own records say.
struct Pair<'a> {
    own: &'a View,
    other: &'a View,
    records: [Option<Record>; 2],
    outline: Option<Outline>,
}

impl<'a> Pair<'a> {
    fn of(own: &'a View, other: &'a View, lent: &[Lent]) -> Self {
        let records = [own, other].map(|view| record_of(view, lent));
        let outline = [own, other].into_iter().find_map(outline_of);
        Self {
            own,
            other,
            records,
            outline,
        }
    }

    fn difference(&self, path: &str) -> Difference {
        let size = |view: &View| view.digested.get(path).map(|found| found.size);
        let (own_size, other_size) = (size(self.own), size(self.other));
        let first_byte = match (self.own.files.get(path), self.other.files.get(path)) {
            (Some(own), Some(other)) => first_difference(own, other).ok().flatten(),
            (None, _) | (_, None) => None,
        };
        Difference {
            path: path.to_owned(),
            own: self.own.label.clone(),
            own_size,
            other: self.other.label.clone(),
            other_size,
            first_byte,
            place: first_byte.and_then(|byte| self.place(path, byte)),
            right: self.right(path),
        }
    }

    fn place(&self, path: &str, byte: u64) -> Option<PlaceInMedia> {
        let parts = self.outline.iter().flat_map(|outline| &outline.parts);
        let mut segments = parts.flat_map(|part| part.segments.iter().map(move |segment| (part, segment)));
        let (part, segment) = segments.find(|(_, segment)| segment.opened.segment == path)?;
        if byte < segment.opened.header_length {
            return Some(PlaceInMedia::Header);
        }
        let holds = |f: &&crate::evidence::entries::Fragment| {
            (f.offset..f.offset.saturating_add(f.length)).contains(&byte)
        };
        segment
            .fragments
            .iter()
            .find(holds)
            .map(|f| PlaceInMedia::Fragment {
                part: part.opened.part,
                track: part.opened.track.to_string(),
                media_us: f.media_us,
                offset: f.offset,
            })
    }

    fn right(&self, path: &str) -> Right {
        let record = match &self.records {
            [Some(own), Some(other)] if own.key != other.key => return Right::Undecided,
            [Some(record), _] | [None, Some(record)] => record,
            [None, None] => return Right::Undecided,
        };
        if record.is_outside(path) {
            // Nothing names what signs; only that it holds tells.
            return match &self.records {
                [Some(_), None] => Right::Own(By::Signature),
                [None, Some(_)] => Right::Other(By::Signature),
                [Some(_), Some(_)] | [None, None] => Right::Undecided,
            };
        }
        let found = |view: &View| view.digested.get(path).map(|found| (found.size, found.digests));
        let on_record = record.files.get(path).map(|file| (file.size, file.digests));
        if found(self.own) == on_record {
            Right::Own(record.by)
        } else if found(self.other) == on_record {
            Right::Other(record.by)
        } else {
            Right::Neither(record.by)
        }
    }
}

fn outline_of(view: &View) -> Option<Outline> {
    let read = super::journal::read("", view.journal.as_ref()?, &mut Vec::new())?;
    Some(Outline::of(&read.lines).0).filter(|outline| !outline.parts.is_empty())
}

/// The first byte in which two files differ; none if they do not.
fn first_difference(own: &Path, other: &Path) -> io::Result<Option<u64>> {
    const BYTES: usize = 256 * 1024;
    let (mut own, mut other) = (File::open(own)?, File::open(other)?);
    let (mut a, mut b) = (vec![0; BYTES], vec![0; BYTES]);
    let mut position = 0;
    loop {
        let (in_a, in_b) = (fill(&mut own, &mut a)?, fill(&mut other, &mut b)?);
        let alike = a.iter().zip(&b).take(in_a.min(in_b));
        if let Some(at) = alike.clone().position(|(a, b)| a != b) {
            return Ok(Some(position + at as u64));
        }
        if in_a != in_b {
            return Ok(Some(position + in_a.min(in_b) as u64));
        }
        if in_a < BYTES {
            return Ok(None);
        }
        position += in_a as u64;
    }
}

/// Reads until the buffer is full or the file ends.
fn fill(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut have = 0;
    while let Some(rest) = buffer.get_mut(have..).filter(|rest| !rest.is_empty()) {
        match file.read(rest) {
            Ok(0) => break,
            Ok(count) => have += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(have)
}
