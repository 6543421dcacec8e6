//! The end of an interview on disk: `closed` line, fsync; playlists; certificates;
//! manifest; its signatures; a time stamp where a server gives one in time; `SM3SUMS`; `SHA256SUMS` last. After
//! that nothing in the directory changes, so a time stamp that is late goes nowhere.
//! Every step after the `closed` line follows from what is on disk, so a crash
//! in between is completed at start by the same function.

use super::{
    adopt::{AdoptError, take_in_unknown},
    digest::{Digests, Sha256Digest, digest_file},
    directory::{InterviewDirectory, JOURNAL},
    durable::{self, DurableError, Step as _},
    entries::CLOSED,
    journal::{Journal, JournalError},
    line::Line,
    manifest::{MANIFEST, ManifestError, manifest},
    mirror::Mirror,
    outline::{Outline, OutlineFault},
    playlist::playlists,
    signing::{
        DEVICE_PEM, DEVICE_SM2_PEM, DeviceKeys, MANIFEST_ED25519, MANIFEST_SM2, MANIFEST_TSR, PublicKeys,
        is_key_or_signature,
    },
    sums::{Files, KnownFile, SHA256SUMS, SM3SUMS, list_files, sha256sums, sm3sums},
    timestamp::{self, Stamp, StampError, TimestampServer},
};
use serde::Serialize;
use serde_json::Value;
use std::path::Path;

/// What the room knows of the interview and the media does not show. They
/// become the `closed` line, and stand in the manifest under the same names.
#[derive(Debug, Clone, Serialize)]
pub struct ClosingFacts {
    /// Kind, case, unit: what the interview was.
    pub interview: Value,
    pub people: Value,
    pub acts: Value,
    pub marks: Value,
    pub intervals: Value,
    /// `complete`, or how it ended otherwise.
    pub ended: String,
}

/// Why an interview could not be closed.
#[derive(Debug, thiserror::Error)]
pub enum ClosingError {
    #[error(transparent)]
    Durable(#[from] DurableError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    #[error("the journal contradicts itself, it was not closed: {0}")]
    Outline(OutlineFault),
    #[error("part {0} still records; end it first")]
    PartOpen(u32),
    #[error("{path} was not journalled; restart the room to have it adopted")]
    UnknownFile { path: String },
    #[error("files without a journal line cannot be taken in")]
    TakeIn(#[source] Box<AdoptError>),
    #[error("{path} does not hold the {expected} bytes that the journal tells of, but {found}")]
    Size { path: String, expected: u64, found: u64 },
}

impl ClosingError {
    /// The disk's refusal behind it, which may be over when it is tried again.
    pub fn refused_by_disk(&self) -> Option<&DurableError> {
        match self {
            Self::Durable(error) | Self::Journal(JournalError::Durable(error)) => Some(error),
            Self::TakeIn(error) => match error.as_ref() {
                AdoptError::Durable(error) | AdoptError::Journal(JournalError::Durable(error)) => Some(error),
                _ => None,
            },
            _ => None,
        }
    }
}

/// A closed interview: nothing in its directory changes any more.
#[derive(Debug, Clone)]
pub struct ClosedInterview {
    /// The `closed` line.
    pub head: Line,
    /// Every file but the two sums, by path.
    pub files: Files,
    pub stamping: Stamping,
}

/// What came of the manifest's time stamp.
#[derive(Debug, Clone)]
pub enum Stamping {
    /// No server is configured, or it was all over before.
    NotWanted,
    Stamped(Stamp),
    /// The interview is closed without one.
    Missing(StampError),
}

/// Closes an interview whose parts have ended. The caller hands over the last
/// handle that writes; the answer comes when `SHA256SUMS` is durable.
pub fn close(directory: &InterviewDirectory, facts: &ClosingFacts) -> Result<ClosedInterview, ClosingError> {
    let lines = read_lines(directory.path())?;
    let (outline, _) = checked_outline(&lines)?;
    if outline.closed.is_some() {
        // A disk that refused behind the line: what follows is made from what stands there.
        return finish_directory(directory);
    }
    if let Some(open) = outline.parts.iter().find(|part| part.closed.is_none()) {
        return Err(ClosingError::PartOpen(open.opened.part));
    }
    take_in_unknown(directory).map_err(|error| ClosingError::TakeIn(Box::new(error)))?;
    let (outline, _) = checked_outline(&read_lines(directory.path())?)?;
    known_files(directory.path(), &outline)?; // refuse before the line that cannot be taken back
    directory
        .journal()
        .append(CLOSED, super::entries::to_data(facts))?;
    finish_directory(directory)
}

fn finish_directory(directory: &InterviewDirectory) -> Result<ClosedInterview, ClosingError> {
    finish(
        directory.path(),
        directory.keys(),
        directory.timestamp(),
        directory.mirror(),
    )
}

/// Completes the closing of a directory whose journal ends with `closed`.
/// Waits for the time stamp server for some seconds at most. Repeating it is harmless; once `SHA256SUMS` stands it writes nothing there.
pub fn finish(
    path: &Path,
    keys: &DeviceKeys,
    server: Option<&TimestampServer>,
    mirror: Option<&Mirror>,
) -> Result<ClosedInterview, ClosingError> {
    let lines = read_lines(path)?;
    let (outline, head) = checked_outline(&lines)?;
    let mut files = known_files(path, &outline)?;
    let is_done = path.join(SHA256SUMS).exists();
    // What stands is what counts: keys and signatures of another day would not be the same bytes.
    let put = |name: &str, bytes: Vec<u8>| -> Result<KnownFile, ClosingError> {
        let place = path.join(name);
        let bytes = if is_done {
            std::fs::read(&place).step("read", &place)?
        } else {
            durable::put(&place, &bytes)?;
            bytes
        };
        if let Some(mirror) = mirror {
            mirror.put(name, bytes.as_slice().into());
        }
        Ok(known(&bytes))
    };
    for playlist in playlists(&outline) {
        let written = put(&playlist.path, playlist.text.into_bytes())?;
        files.insert(playlist.path, written);
    }
    let signed = match signed_before(path, &outline, &files) {
        Some(signed) => signed,
        None => sign(keys, &outline, &files)?,
    };
    for (name, bytes) in signed {
        let written = put(name, bytes)?;
        files.insert(name.to_owned(), written);
    }
    let (stamp, stamping) = match files.get(MANIFEST) {
        Some(manifest) if !is_done => stamp(path, manifest.digests.sha256, server)?,
        Some(_) | None => (std::fs::read(path.join(MANIFEST_TSR)).ok(), Stamping::NotWanted),
    };
    if let Some(bytes) = stamp {
        files.insert(MANIFEST_TSR.to_owned(), put(MANIFEST_TSR, bytes)?);
    }
    put(SM3SUMS, sm3sums(&files).into_bytes())?;
    put(SHA256SUMS, sha256sums(&files).into_bytes())?;
    Ok(ClosedInterview {
        head,
        files,
        stamping,
    })
}

/// The stamp that a closing of before got for this very manifest, or one that the server gives now. What lies
/// there otherwise is a stamp of nothing, or half of one, and goes: the sums could not name it.
fn stamp(
    path: &Path,
    manifest: Sha256Digest,
    server: Option<&TimestampServer>,
) -> Result<(Option<Vec<u8>>, Stamping), ClosingError> {
    let place = path.join(MANIFEST_TSR);
    if let Ok(bytes) = std::fs::read(&place)
        && let Ok(stamp) = timestamp::check(&bytes, manifest)
    {
        return Ok((Some(bytes), Stamping::Stamped(stamp)));
    }
    durable::remove(&place)?;
    durable::remove(&durable::temporary_name(&place))?;
    match server.map(|server| server.stamp(manifest)) {
        None => Ok((None, Stamping::NotWanted)),
        Some(Ok((bytes, stamp))) => Ok((Some(bytes), Stamping::Stamped(stamp))),
        Some(Err(reason)) => Ok((None, Stamping::Missing(reason))),
    }
}

type Signed = [(&'static str, Vec<u8>); 5];

fn sign(keys: &DeviceKeys, outline: &Outline, files: &Files) -> Result<Signed, ManifestError> {
    let manifest = manifest(outline, files, &keys.public().named())?;
    let signatures = keys.sign(&manifest);
    Ok([
        (DEVICE_PEM, keys.device_pem().as_bytes().to_vec()),
        (DEVICE_SM2_PEM, keys.device_sm2_pem().as_bytes().to_vec()),
        (MANIFEST, manifest),
        (MANIFEST_ED25519, signatures.ed25519.to_vec()),
        (MANIFEST_SM2, signatures.sm2),
    ])
}

/// What an earlier closing signed, if it is whole and by the key that the journal names: behind `closed` no line
/// can say that another key took over.
fn signed_before(path: &Path, outline: &Outline, files: &Files) -> Option<Signed> {
    let read = |name: &str| std::fs::read(path.join(name)).ok();
    let (device, device_sm2) = (read(DEVICE_PEM)?, read(DEVICE_SM2_PEM)?);
    let keys = PublicKeys::from_pem(&device, &device_sm2).ok()?;
    let again = manifest(outline, files, &keys.named()).ok()?;
    let (ed25519, sm2) = (read(MANIFEST_ED25519)?, read(MANIFEST_SM2)?);
    let holds = outline.device_key.as_ref() == Some(&keys.id())
        && keys.is_ed25519(&again, &ed25519)
        && keys.is_sm2(&again, &sm2);
    holds.then_some([
        (DEVICE_PEM, device),
        (DEVICE_SM2_PEM, device_sm2),
        (MANIFEST, again),
        (MANIFEST_ED25519, ed25519),
        (MANIFEST_SM2, sm2),
    ])
}

fn known(bytes: &[u8]) -> KnownFile {
    KnownFile {
        size: bytes.len() as u64,
        digests: Digests::of(bytes),
    }
}

fn read_lines(path: &Path) -> Result<Vec<Line>, ClosingError> {
    Ok(Journal::read(&path.join(JOURNAL))?)
}

fn checked_outline(lines: &[Line]) -> Result<(Outline, Line), ClosingError> {
    let (outline, faults) = Outline::of(lines);
    if let Some(fault) = faults.into_iter().next() {
        return Err(ClosingError::Outline(fault));
    }
    let head = outline.head.clone().ok_or(ManifestError::NotOpened)?;
    Ok((outline, head))
}

/// The files that the journal tells of, with the digests taken while they were
/// written, and the journal itself. Anything else on disk is an error: what
/// nobody journalled must not slip into the sums.
fn known_files(path: &Path, outline: &Outline) -> Result<Files, ClosingError> {
    let mut files = journalled_files(outline);
    let (size, digests) = digest_file(&path.join(JOURNAL)).step("digest", &path.join(JOURNAL))?;
    files.insert(JOURNAL.to_owned(), KnownFile { size, digests });
    for name in list_files(path).step("list", path)? {
        let found = std::fs::metadata(path.join(&name))
            .step("look at", &path.join(&name))?
            .len();
        match files.get(&name) {
            Some(known) if known.size == found => {}
            Some(known) => {
                return Err(ClosingError::Size {
                    path: name,
                    expected: known.size,
                    found,
                });
            }
            None if is_made_by_closing(&name) => {}
            None => return Err(ClosingError::UnknownFile { path: name }),
        }
    }
    if let Some(missing) = files.keys().find(|name| !path.join(name).exists()) {
        let expected = files[missing].size;
        return Err(ClosingError::Size {
            path: missing.clone(),
            expected,
            found: 0,
        });
    }
    Ok(files)
}

/// Media, added files and quarantine, as the journal has them.
pub fn journalled_files(outline: &Outline) -> Files {
    let segments = outline
        .segments()
        .filter_map(|segment| segment.closed.as_ref())
        .map(|closed| {
            let digests = Digests {
                sha256: closed.sha256,
                sm3: closed.sm3,
            };
            (
                closed.segment.clone(),
                KnownFile {
                    size: closed.size,
                    digests,
                },
            )
        });
    let added = outline.files.iter().map(|added| {
        (
            added.path.clone(),
            KnownFile {
                size: added.size,
                digests: added.digests,
            },
        )
    });
    let quarantined = outline.quarantined.iter().map(|kept| {
        (
            kept.path.clone(),
            KnownFile {
                size: kept.size,
                digests: kept.digests,
            },
        )
    });
    segments.chain(added).chain(quarantined).collect()
}

/// Files that closing writes itself, and what a crash may leave of them.
pub fn is_made_by_closing(name: &str) -> bool {
    let name = name.strip_suffix(durable::TEMPORARY_SUFFIX).unwrap_or(name);
    matches!(name, MANIFEST | SHA256SUMS | SM3SUMS)
        || is_key_or_signature(name)
        || name == "playlist.m3u8"
        || name.starts_with("part-") && name.ends_with("/playlist.m3u8")
        || name.starts_with("tracks/") && name.ends_with("/playlist.m3u8")
}
