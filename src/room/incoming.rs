//! Files on their way in, of mobile recorders or for the e-case file: written below
//! `<data>/incoming`, digested as they come.
//!
//! Called by the door, on threads that may block, one file at a time; never by the loop or the recorder, which
//! must not wait for gigabytes. What is not evidence yet may go again: a file that was broken off is removed at
//! once, one that a crash left is removed at the next start and said to be. A name here that has become evidence
//! has a second name in the interview's directory; only the first goes. The recording in hand keeps its hour.

use super::case_paths::PathFault;
use super::content::{self, HEAD_BYTES, Unfit};
use super::surroundings::free_bytes;
use super::words::{self, Said};
use crate::accounts::random_hex;
use crate::evidence::digest::{Digests, Hasher, digest_file};
use crate::evidence::names::check_relative;
use crate::interview::CaseFileKind;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Synced this often, so that no sync of the recorder's has to wait for a heap of somebody else's bytes.
const SYNC_BYTES: u64 = 8 << 20;
const MAX_NAME_BYTES: usize = 200;

#[derive(Debug, thiserror::Error)]
pub enum IncomingError {
    #[error("cannot {step} {path}")]
    File {
        step: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("no randomness")]
    Random(#[from] crate::accounts::AccountsError),
    #[error("the name is none for a file")]
    Name,
    #[error("the recording in hand needs the space")]
    Space,
    #[error("another file stands there")]
    Taken,
    #[error("interviews and incoming files lie on different volumes")]
    Volumes,
    #[error("from or until is no RFC 3339 time")]
    Times,
    #[error("more bytes than there is room for")]
    TooLarge,
    #[error("no name for the e-case file: {0}")]
    Path(#[from] PathFault),
    #[error("nothing for the e-case file: {0:?}")]
    Unfit(Unfit),
}

impl IncomingError {
    /// What the sender is told.
    pub(super) fn said(&self) -> Said {
        match self {
            IncomingError::File { .. } | IncomingError::Random(_) => words::IMPORT_FAILED,
            IncomingError::Name => words::IMPORT_NAME,
            IncomingError::Space => words::IMPORT_SPACE,
            IncomingError::Taken => words::IMPORT_TAKEN,
            IncomingError::Volumes => words::IMPORT_VOLUMES,
            IncomingError::Times => words::IMPORT_TIMES,
            IncomingError::TooLarge => words::GIVEN_TOO_LARGE,
            IncomingError::Path(fault) => words::given_path(*fault),
            IncomingError::Unfit(unfit) => words::given_unfit(*unfit),
        }
    }
}

/// The folder, and how much must stay free.
#[derive(Clone, Debug)]
pub struct Incoming {
    folder: PathBuf,
    keep_bytes: u64,
}

/// What is asked of a file while it comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demands {
    /// A mobile recorder's: whatever it wrote.
    None,
    /// For the e-case file: no more than there is room for, and nothing that a computer would run.
    CaseFile { most_bytes: u64 },
}

/// A file that is whole and durable, and not evidence yet. Removed when it is dropped, unless it was handed over.
#[derive(Debug)]
pub struct Arrived {
    pub path: PathBuf,
    pub size: u64,
    pub digests: Digests,
    /// Judged where that was demanded.
    pub kind: CaseFileKind,
    guard: Guard,
}

/// Removes the file when it is dropped.
#[derive(Debug)]
struct Guard(Option<PathBuf>);

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            let _ = fs::remove_file(path);
        }
    }
}

impl Arrived {
    /// From here on the recorder answers for it.
    pub fn hand_over(mut self) -> (PathBuf, u64, Digests) {
        self.guard.0 = None;
        (std::mem::take(&mut self.path), self.size, self.digests)
    }
}

impl Incoming {
    pub fn below(data: &Path, keep_bytes: u64) -> Incoming {
        Incoming {
            folder: data.join("incoming"),
            keep_bytes,
        }
    }

    /// Removes what an earlier start left; the names of what was removed. Called before anything comes in.
    pub fn clear(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(&self.folder) else {
            return Vec::new();
        };
        let removed = entries
            .flatten()
            .filter(|entry| fs::remove_file(entry.path()).is_ok());
        removed
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect()
    }

    /// A new file, if there is room for all that is announced. `beside` is where it shall stand in the end.
    pub fn begin(
        &self,
        announced: Option<u64>,
        beside: &Path,
        demands: Demands,
    ) -> Result<Receiving, IncomingError> {
        super::make_private(&self.folder).map_err(|_| self.failed("make")(io::ErrorKind::Other.into()))?;
        let device = |path: &Path| fs::metadata(path).map(|found| found.dev());
        let here = device(&self.folder).map_err(self.failed("look at"))?;
        if here != device(beside).map_err(self.failed("look at"))? {
            return Err(IncomingError::Volumes);
        }
        self.keeps_free(announced.unwrap_or(0))?;
        let path = self.folder.join(format!("{}.part", random_hex::<16>()?));
        let mut options = OpenOptions::new();
        let opened = options.write(true).create_new(true).mode(0o600).open(&path);
        let file = opened.map_err(|source| file_error("create", &path, source))?;
        Ok(Receiving {
            incoming: self.clone(),
            guard: Guard(Some(path.clone())),
            path,
            file,
            hasher: Hasher::default(),
            size: 0,
            unsynced: 0,
            demands,
            head: Vec::new(),
        })
    }

    fn keeps_free(&self, coming: u64) -> Result<(), IncomingError> {
        let free = free_bytes(&self.folder).unwrap_or(0);
        if free.saturating_sub(coming) < self.keep_bytes {
            return Err(IncomingError::Space);
        }
        Ok(())
    }

    fn failed(&self, step: &'static str) -> impl Fn(io::Error) -> IncomingError + '_ {
        move |source| file_error(step, &self.folder, source)
    }
}

fn file_error(step: &'static str, path: &Path, source: io::Error) -> IncomingError {
    let path = path.to_owned();
    IncomingError::File { step, path, source }
}

/// A file that is being written.
pub struct Receiving {
    incoming: Incoming,
    path: PathBuf,
    file: File,
    hasher: Hasher,
    size: u64,
    unsynced: u64,
    demands: Demands,
    /// Its first bytes, by which it is judged.
    head: Vec<u8>,
    guard: Guard,
}

impl Receiving {
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), IncomingError> {
        self.size += bytes.len() as u64;
        self.demand(bytes)?;
        let failed = |source| file_error("write", &self.path, source);
        self.file.write_all(bytes).map_err(failed)?;
        self.hasher.update(bytes);
        self.unsynced += bytes.len() as u64;
        if self.unsynced >= SYNC_BYTES {
            self.unsynced = 0;
            self.file.sync_data().map_err(failed)?;
            self.incoming.keeps_free(0)?;
        }
        Ok(())
    }

    /// As early as it can be known, so that no gigabytes are sent for nothing.
    fn demand(&mut self, bytes: &[u8]) -> Result<(), IncomingError> {
        let Demands::CaseFile { most_bytes } = self.demands else {
            return Ok(());
        };
        if self.size > most_bytes {
            return Err(IncomingError::TooLarge);
        }
        let wanted = HEAD_BYTES.saturating_sub(self.head.len());
        self.head.extend(bytes.iter().take(wanted));
        if wanted > 0 && self.head.len() == HEAD_BYTES {
            content::judge_head(&self.head).map_err(IncomingError::Unfit)?;
        }
        Ok(())
    }

    /// Durable when it returns.
    pub fn finish(self) -> Result<Arrived, IncomingError> {
        let kind = match self.demands {
            Demands::None => CaseFileKind::Other,
            Demands::CaseFile { .. } => content::judge_file(&self.head, &self.path)
                .map_err(|source| file_error("look into", &self.path, source))?
                .map_err(IncomingError::Unfit)?,
        };
        let synced = self.file.sync_all();
        synced.map_err(|source| file_error("sync", &self.path, source))?;
        Ok(Arrived {
            path: self.path,
            size: self.size,
            digests: self.hasher.finish(),
            kind,
            guard: self.guard,
        })
    }
}

/// Where an import of this name stands in its interview's directory.
pub fn place_of(interruption: u32, name: &str) -> Result<String, IncomingError> {
    let is_plain = !name.contains('/') && !name.starts_with('.') && name.len() <= MAX_NAME_BYTES;
    let path = format!("attachments/elsewhere-{interruption}/{name}");
    let is_fit = is_plain && !name.ends_with(".partial") && check_relative(&path).is_ok();
    is_fit.then_some(path).ok_or(IncomingError::Name)
}

/// Whether the very same file stands there already, journalled as a file, because a crash came before it was said
/// what it is. Reads it whole.
pub fn stands_already(at: &Path, arrived: &Arrived) -> Result<bool, IncomingError> {
    let found = match fs::metadata(at) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(source) => return Err(file_error("look at", at, source)),
    };
    if found.len() != arrived.size {
        return Err(IncomingError::Taken);
    }
    let (_, digests) = digest_file(at).map_err(|source| file_error("read", at, source))?;
    if digests == arrived.digests {
        Ok(true)
    } else {
        Err(IncomingError::Taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_broken_off_leaves_nothing_and_what_is_whole_has_its_digests() {
        let dir = tempfile::tempdir().unwrap();
        let incoming = Incoming::below(dir.path(), 0);
        let mut receiving = incoming.begin(None, dir.path(), Demands::None).unwrap();
        receiving.write(b"ab").unwrap();
        drop(receiving);
        assert_eq!(fs::read_dir(dir.path().join("incoming")).unwrap().count(), 0);
        let mut receiving = incoming.begin(Some(3), dir.path(), Demands::None).unwrap();
        receiving.write(b"ab").unwrap();
        receiving.write(b"c").unwrap();
        let arrived = receiving.finish().unwrap();
        assert_eq!((arrived.size, arrived.digests), (3, Digests::of(b"abc")));
        let (path, ..) = arrived.hand_over();
        assert_eq!(fs::read(&path).unwrap(), b"abc");
        assert_eq!(
            incoming.clear().len(),
            1,
            "the next start removes what a crash left"
        );
        assert!(!path.exists());
    }

    #[test]
    fn an_import_never_takes_the_hour_of_the_recording_in_hand() {
        let dir = tempfile::tempdir().unwrap();
        let greedy = Incoming::below(dir.path(), u64::MAX);
        assert!(matches!(
            greedy.begin(None, dir.path(), Demands::None),
            Err(IncomingError::Space)
        ));
        let announced = Incoming::below(dir.path(), 0).begin(Some(u64::MAX), dir.path(), Demands::None);
        assert!(announced.is_ok(), "nothing is to be kept");
        let keeps = Incoming::below(dir.path(), 1 << 20);
        assert!(matches!(
            keeps.begin(Some(u64::MAX), dir.path(), Demands::None),
            Err(IncomingError::Space)
        ));
    }

    #[test]
    fn a_name_stays_in_its_folder() {
        for bad in [
            "",
            ".",
            "..",
            "../x",
            "a/b",
            ".hidden",
            "x.partial",
            "a\nb",
            "a\\b",
        ] {
            assert!(place_of(1, bad).is_err(), "{bad:?}");
        }
        assert_eq!(
            place_of(2, "现场 001.mp4").unwrap(),
            "attachments/elsewhere-2/现场 001.mp4"
        );
    }

    #[test]
    fn a_program_and_a_flood_are_refused_while_they_come() {
        let dir = tempfile::tempdir().unwrap();
        let incoming = Incoming::below(dir.path(), 0);
        let demands = Demands::CaseFile { most_bytes: 100_000 };
        let begin = || incoming.begin(None, dir.path(), demands).unwrap();
        let mut program = b"MZ".to_vec();
        program.resize(HEAD_BYTES, 0);
        let refused = begin().write(&program);
        assert!(matches!(refused, Err(IncomingError::Unfit(Unfit::Program))));
        let mut short = begin();
        short.write(b"#!/bin/sh").unwrap();
        assert!(matches!(short.finish(), Err(IncomingError::Unfit(Unfit::Script))));
        let mut flood = begin();
        flood.write(&[b'a'; 100_000]).unwrap();
        assert!(matches!(flood.write(b"a"), Err(IncomingError::TooLarge)));
        drop(flood);
        let mut pdf = begin();
        pdf.write(b"%PDF-1.7").unwrap();
        assert_eq!(pdf.finish().unwrap().kind, CaseFileKind::Pdf);
        assert_eq!(fs::read_dir(dir.path().join("incoming")).unwrap().count(), 0);
    }
}
