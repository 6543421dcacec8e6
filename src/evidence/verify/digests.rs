//! Digests of many files at once, on all cores: SHA-256 and SM3 of a file are
//! two jobs, the dearest first. In the SHA-256 pass a segment's fragments are
//! digested beside the whole; their SM3 is not taken again, because the whole
//! file's is, and both stand in the chain.

use crate::evidence::digest::{Digests, Sha256Digest, Sm3Digest, read_through};
use sha2::{Digest as _, Sha256};
use sm3::Sm3;
use std::{
    fs, io,
    ops::Range,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// A file to be read.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub path: PathBuf,
    /// Stretches that get a SHA-256 of their own, ascending; others stay `None`.
    pub cuts: Vec<Range<u64>>,
}

/// What was read.
#[derive(Debug, Clone)]
pub struct Digested {
    pub size: u64,
    pub digests: Digests,
    pub cuts: Vec<Option<Sha256Digest>>,
}

enum Part {
    Sha256 {
        size: u64,
        whole: Sha256Digest,
        cuts: Vec<Option<Sha256Digest>>,
    },
    Sm3(Sm3Digest),
}

#[derive(Clone, Copy)]
enum Algorithm {
    Sha256,
    Sm3,
}

/// Reads all files; the answers come in the order of the questions.
pub fn digest_all(wanted: &[Wanted]) -> Vec<io::Result<Digested>> {
    let size = |wanted: &Wanted| fs::metadata(&wanted.path).map_or(0, |metadata| metadata.len());
    let mut jobs: Vec<(u64, usize, Algorithm)> = Vec::new();
    for (n, file) in wanted.iter().enumerate() {
        // SM3 has no instructions of its own on most processors: about three times as dear.
        jobs.push((size(file) * 3, n, Algorithm::Sm3));
        jobs.push((size(file), n, Algorithm::Sha256));
    }
    jobs.sort_by_key(|(cost, n, _)| (std::cmp::Reverse(*cost), *n));
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some((_, n, algorithm)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            let part = read(&wanted[*n], *algorithm);
            done.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push((*n, part));
        }
    };
    thread::scope(|scope| {
        let others = thread::available_parallelism().map_or(1, usize::from) - 1;
        for _ in 0..others.min(jobs.len()) {
            scope.spawn(work);
        }
        work();
    });
    join(
        wanted.len(),
        done.into_inner().unwrap_or_else(PoisonError::into_inner),
    )
}

fn join(count: usize, parts: Vec<(usize, io::Result<Part>)>) -> Vec<io::Result<Digested>> {
    let mut sha256: Vec<_> = (0..count).map(|_| Err(io::Error::other("not read"))).collect();
    let mut sm3: Vec<_> = (0..count).map(|_| Err(io::Error::other("not read"))).collect();
    for (n, part) in parts {
        match part {
            Ok(Part::Sha256 { size, whole, cuts }) => sha256[n] = Ok((size, whole, cuts)),
            Ok(Part::Sm3(digest)) => sm3[n] = Ok(digest),
            Err(error) => sha256[n] = Err(error),
        }
    }
    let pair = |(sha256, sm3): (io::Result<_>, io::Result<_>)| {
        let (size, sha256, cuts) = sha256?;
        Ok(Digested {
            size,
            digests: Digests { sha256, sm3: sm3? },
            cuts,
        })
    };
    sha256.into_iter().zip(sm3).map(pair).collect()
}

fn read(wanted: &Wanted, algorithm: Algorithm) -> io::Result<Part> {
    match algorithm {
        Algorithm::Sha256 => read_sha256(&wanted.path, &wanted.cuts),
        Algorithm::Sm3 => {
            let mut hasher = Sm3::new();
            read_through(&wanted.path, |bytes| hasher.update(bytes))?;
            Ok(Part::Sm3(Sm3Digest::from(<[u8; 32]>::from(hasher.finalize()))))
        }
    }
}

fn read_sha256(path: &Path, cuts: &[Range<u64>]) -> io::Result<Part> {
    let mut whole = Sha256::new();
    let mut pieces = Pieces {
        cuts,
        next: 0,
        position: 0,
        hasher: Sha256::new(),
        done: vec![None; cuts.len()],
    };
    let size = read_through(path, |bytes| {
        whole.update(bytes);
        pieces.take(bytes);
    })?;
    let whole = Sha256Digest::from(<[u8; 32]>::from(whole.finalize()));
    Ok(Part::Sha256 {
        size,
        whole,
        cuts: pieces.done,
    })
}

struct Pieces<'a> {
    cuts: &'a [Range<u64>],
    next: usize,
    position: u64,
    hasher: Sha256,
    done: Vec<Option<Sha256Digest>>,
}

impl Pieces<'_> {
    fn take(&mut self, bytes: &[u8]) {
        let end = self.position + bytes.len() as u64;
        while let Some(cut) = self.cuts.get(self.next) {
            let (from, to) = (cut.start.max(self.position), cut.end.min(end));
            if from < to {
                let range = (from - self.position) as usize..(to - self.position) as usize;
                self.hasher.update(&bytes[range]);
            }
            if cut.end > end {
                break;
            }
            let hasher = std::mem::take(&mut self.hasher);
            // A stretch that begins before the one before ends was not seen whole.
            let is_in_order = self.next == 0 || self.cuts[self.next - 1].end <= cut.start;
            if is_in_order {
                self.done[self.next] = Some(Sha256Digest::from(<[u8; 32]>::from(hasher.finalize())));
            }
            self.next += 1;
        }
        self.position = end;
    }
}
