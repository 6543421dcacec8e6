//! Digests and sums files: SHA-256 and SM3 of what goes on a disc, lists that `sha256sum -c` reads.
//!
//! `contents` makes the disc's own sums with it; `worker` reads the interview's to know every file that the
//! set must hold, and checks sources and read-back.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};
use sm3::Sm3;

use super::history::FileRecord;

pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| char::from(DIGITS[usize::from(value & 0x0f)]);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(*byte)])
        .collect()
}

/// Both digests of bytes that come piece by piece.
#[derive(Clone, Default)]
pub(super) struct Digests {
    sha256: Sha256,
    sm3: Sm3,
    size: u64,
}

impl Digests {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        self.sm3.update(bytes);
        self.size += bytes.len() as u64;
    }

    pub(super) fn record(self, path: &str) -> FileRecord {
        FileRecord {
            path: path.to_owned(),
            size: self.size,
            sha256: hex(&self.sha256.finalize()),
            sm3: hex(&self.sm3.finalize()),
        }
    }
}

pub(super) fn record_of_bytes(path: &str, bytes: &[u8]) -> FileRecord {
    let mut digests = Digests::default();
    digests.update(bytes);
    digests.record(path)
}

/// SHA-256 alone: enough to know a source from a changed one.
pub(super) fn sha256_of_file(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut digest = Sha256::new();
    let mut piece = vec![0; 256 * 1024];
    loop {
        let count = file.read(&mut piece)?;
        if count == 0 {
            return Ok(hex(&digest.finalize()));
        }
        digest.update(&piece[..count]);
    }
}

/// `digest  path` and `SM3 (path) = digest` lines; a line in another form is an error that names it.
pub(super) fn parse(text: &str) -> Result<BTreeMap<String, String>, String> {
    let read = |line: &str| {
        let tagged = line
            .strip_prefix("SM3 (")
            .and_then(|rest| rest.rsplit_once(") = "));
        let plain = || line.split_once("  ").map(|(digest, path)| (path, digest));
        let (path, digest) = tagged.or_else(plain)?;
        let is_digest = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        (is_digest && !path.is_empty()).then(|| (path.to_owned(), digest.to_owned()))
    };
    text.lines()
        .map(|line| read(line).ok_or_else(|| format!("not a line of sums: {line}")))
        .collect()
}

/// The two sums files over `files`, sorted by path: plain SHA-256, tagged SM3, as `evidence` writes them.
pub(super) fn sums_of<'a>(files: impl IntoIterator<Item = &'a FileRecord>) -> (String, String) {
    let mut sorted: Vec<_> = files.into_iter().collect();
    sorted.sort_by(|a, b| a.path.cmp(&b.path));
    let sha256 = sorted
        .iter()
        .map(|file| format!("{}  {}\n", file.sha256, file.path))
        .collect();
    let sm3 = sorted
        .iter()
        .map(|file| format!("SM3 ({}) = {}\n", file.path, file.sm3))
        .collect();
    (sha256, sm3)
}
