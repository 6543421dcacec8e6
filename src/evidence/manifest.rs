//! `manifest.json`: one RFC 8785 object that names everything an interview
//! consists of, down to the journal's head. It follows from the journal and the
//! files alone, so that a crash during closing changes nothing, and `verify`
//! can make it again and compare. Pure.

use super::{
    entries::{FORM, Gap},
    line::{Data, LineFault, canonical, time_text},
    names::TrackName,
    outline::{Outline, PartOutline},
    signing::NamedKey,
    sums::Files,
};
use serde::Serialize;

pub const MANIFEST: &str = "manifest.json";

#[derive(Serialize)]
struct Manifest<'a> {
    form: u32,
    uuid: String,
    id: String,
    room: String,
    opened_at: Option<String>,
    closed_at: String,
    parts: Vec<Part<'a>>,
    gaps: &'a [Gap],
    /// What the room gave at the end: people, acts, marks, intervals and the case.
    #[serde(flatten)]
    facts: &'a Data,
    files: Vec<File<'a>>,
    journal: Head,
    public_keys: &'a [NamedKey],
}

#[derive(Serialize)]
struct Part<'a> {
    part: u32,
    track: &'a TrackName,
    started_at: &'a str,
    duration_us: u64,
    frames: u64,
    samples: u64,
    segments: Vec<&'a str>,
}

#[derive(Serialize)]
struct File<'a> {
    path: &'a str,
    size: u64,
    sha256: String,
    sm3: String,
}

#[derive(Serialize)]
struct Head {
    lines: u64,
    hash: String,
    sm3: String,
}

/// Why there is no manifest to be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    #[error("the interview is not closed")]
    NotClosed,
    #[error("the journal does not say which interview it is")]
    NotOpened,
    #[error("the manifest cannot be written down: {0}")]
    Form(#[from] LineFault),
}

/// The manifest's bytes. `files` are all files but the manifest, its signatures
/// and keys, and the sums.
pub fn manifest(
    outline: &Outline,
    files: &Files,
    public_keys: &[NamedKey],
) -> Result<Vec<u8>, ManifestError> {
    let facts = outline.closed.as_ref().ok_or(ManifestError::NotClosed)?;
    let opened = outline.opened.as_ref().ok_or(ManifestError::NotOpened)?;
    let head = outline.head.as_ref().ok_or(ManifestError::NotOpened)?;
    let file = |(path, known): (&'_ String, &super::sums::KnownFile)| -> (String, u64, String, String) {
        (
            path.clone(),
            known.size,
            known.digests.sha256.to_string(),
            known.digests.sm3.to_string(),
        )
    };
    let files: Vec<_> = files.iter().map(file).collect();
    let files = files.iter().map(|(path, size, sha256, sm3)| File {
        path,
        size: *size,
        sha256: sha256.clone(),
        sm3: sm3.clone(),
    });
    let manifest = Manifest {
        form: FORM,
        uuid: opened.uuid.to_string(),
        id: opened.id.to_string(),
        room: opened.room.clone(),
        opened_at: outline.opened_at.map(time_text),
        closed_at: head.at.clone(),
        parts: outline.parts.iter().map(part).collect(),
        gaps: &outline.gaps,
        facts,
        files: files.collect(),
        journal: Head {
            lines: head.seq,
            hash: head.hash.to_string(),
            sm3: head.sm3.to_string(),
        },
        public_keys,
    };
    Ok(canonical(&manifest)?)
}

fn part(outline: &PartOutline) -> Part<'_> {
    let extent = outline.extent();
    Part {
        part: outline.opened.part,
        track: &outline.opened.track,
        started_at: &outline.opened.started_at,
        duration_us: extent.duration_us,
        frames: extent.frames,
        samples: extent.samples,
        segments: outline
            .segments
            .iter()
            .map(|segment| segment.opened.segment.as_str())
            .collect(),
    }
}
