//! One segment's file while it grows: bytes at the end, synced before they
//! count. A write that failed is cut off again before the next attempt. Only
//! the writer uses it.

use super::{
    crash_point,
    digest::{Digests, Hasher},
    durable::{self, DurableError, Step as _},
};
use std::{
    fs::File,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
};

/// A segment that can still grow.
pub(super) struct SegmentFile {
    /// From the interview's directory.
    pub path: String,
    absolute: PathBuf,
    file: File,
    length: u64,
    hasher: Hasher,
    /// Where its first fragment starts, from the part's zero.
    pub start_us: u64,
    /// Its `segment-opened` line stands in the journal.
    pub is_announced: bool,
}

impl SegmentFile {
    /// A new, empty file. Its name becomes durable with its first bytes.
    pub fn create(root: &Path, path: String, start_us: u64) -> Result<Self, DurableError> {
        let absolute = root.join(&path);
        durable::create_directories(durable::parent_of(&absolute))?;
        let file = durable::create_file(&absolute)?;
        let hasher = Hasher::default();
        Ok(Self {
            path,
            absolute,
            file,
            length: 0,
            hasher,
            start_us,
            is_announced: false,
        })
    }

    pub fn length(&self) -> u64 {
        self.length
    }

    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Adds bytes; durable when it returns, not there at all after an error.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), DurableError> {
        if let Err(error) = self.write(bytes) {
            // Best effort: `write` overwrites the same place, recovery cuts what is torn.
            let _ = self.file.set_len(self.length);
            return Err(error);
        }
        self.hasher.update(bytes);
        self.length += bytes.len() as u64;
        Ok(())
    }

    fn write(&self, bytes: &[u8]) -> Result<(), DurableError> {
        self.file
            .write_all_at(bytes, self.length)
            .step("write", &self.absolute)?;
        crash_point::pass("chunk-written");
        if !self.is_empty() {
            self.file.sync_data().step("sync", &self.absolute)?;
            crash_point::pass("chunk-synced");
            return Ok(());
        }
        self.file.sync_all().step("sync", &self.absolute)?;
        crash_point::pass("chunk-synced");
        durable::sync_directory(durable::parent_of(&self.absolute))?;
        crash_point::pass("segment-named");
        Ok(())
    }

    /// Size and digests of what it holds.
    pub fn digests(&self) -> (u64, Digests) {
        (self.length, self.hasher.clone().finish())
    }

    pub fn absolute(&self) -> &Path {
        &self.absolute
    }
}
