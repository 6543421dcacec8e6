//! An append-only journal on disk: an interview's `journal.jsonl`, the room's
//! `ledger.jsonl`, `audit.jsonl`. `append` returns when the line is durable
//! (write, then fsync); a line that failed is cut off again before the next
//! attempt, so that the file never holds a line nobody was told of. Opening
//! verifies every line; only a torn last one is set aside, into `quarantine/`.
//! Handles are cheap to clone; one process writes (the room holds the lock; the
//! audit log has a lock for itself, since the command line writes it too).

use super::{
    crash_point,
    durable::{self, DurableError, Step as _},
    line::{Chain, Data, Line, LineFault, OPENED, parse},
    mirror::Mirror,
    now::Now,
};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, Read as _},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// What keeps a journal from being opened or continued.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error(transparent)]
    Durable(#[from] DurableError),
    #[error("{} line {line}: {fault}. Do not write to it; keep a copy and run `shenlu verify`", path.display())]
    Broken {
        path: PathBuf,
        line: u64,
        fault: LineFault,
    },
    #[error("{} has no line: nothing was recorded under it", path.display())]
    Empty { path: PathBuf },
    #[error("this cannot become a line of kind {kind}: {fault}")]
    Data { kind: String, fault: LineFault },
    #[error("the journal is closed; nothing can be added")]
    Closed,
}

/// A journal open for appending.
#[derive(Clone)]
pub struct Journal {
    inner: Arc<Mutex<Inner>>,
}

struct Inner {
    file: File,
    path: PathBuf,
    chain: Chain,
    length: u64,
    /// A failed append may have left bytes beyond `length`.
    tail_is_dirty: bool,
    now: Arc<dyn Now>,
    mirror: Option<(Mirror, String)>,
}

/// What `Journal::open` found.
pub struct OpenedJournal {
    pub journal: Journal,
    pub lines: Vec<Line>,
    /// Where a torn last line was put.
    pub torn: Option<PathBuf>,
}

impl Journal {
    /// A new journal with its first line, `opened`; the file must not exist.
    pub fn create(path: &Path, opened: Data, now: Arc<dyn Now>) -> Result<Self, JournalError> {
        let file = durable::create_file(path)?;
        durable::sync_directory(durable::parent_of(path))?;
        let journal = Self::from_parts(file, path, Chain::default(), 0, now);
        journal.append(OPENED, opened)?;
        Ok(journal)
    }

    /// Reads and verifies a journal and goes on where it ends. What a process that died left in memory counts as
    /// durable from here on, so it is synced first.
    pub fn open(path: &Path, now: Arc<dyn Now>) -> Result<OpenedJournal, JournalError> {
        let read = read_whole(path)?;
        let torn = match &read.tail {
            Some(bytes) => Some(quarantine_tail(path, read.lines.len() as u64 + 1, bytes)?),
            None => None,
        };
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .step("open", path)?;
        if torn.is_some() {
            crash_point::pass("torn-kept");
            file.set_len(read.length)
                .and_then(|()| file.sync_all())
                .step("cut the torn line off", path)?;
            crash_point::pass("torn-cut");
        } else {
            file.sync_all().step("sync", path)?;
        }
        if read.lines.is_empty() {
            return Err(JournalError::Empty {
                path: path.to_owned(),
            });
        }
        let journal = Self::from_parts(file, path, read.chain, read.length, now);
        Ok(OpenedJournal {
            journal,
            lines: read.lines,
            torn,
        })
    }

    /// Reads and verifies a journal without touching it; a torn last line is left out.
    pub fn read(path: &Path) -> Result<Vec<Line>, JournalError> {
        Ok(read_whole(path)?.lines)
    }

    /// For logs that live as long as the room: opens the log, or starts it.
    pub fn open_or_create(
        path: &Path,
        opened: impl FnOnce() -> Data,
        now: Arc<dyn Now>,
    ) -> Result<OpenedJournal, JournalError> {
        let journal = if path.exists() {
            match Self::open(path, Arc::clone(&now)) {
                // A cut between its name and its first line: it begins now.
                Err(JournalError::Empty { .. }) => Self::begin(path, opened(), now)?,
                other => return other,
            }
        } else {
            Self::create(path, opened(), now)?
        };
        let lines = journal.head().into_iter().collect();
        Ok(OpenedJournal {
            journal,
            lines,
            torn: None,
        })
    }

    /// The first line of a file that has none.
    fn begin(path: &Path, opened: Data, now: Arc<dyn Now>) -> Result<Self, JournalError> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .step("open", path)?;
        durable::sync_directory(durable::parent_of(path))?;
        let journal = Self::from_parts(file, path, Chain::default(), 0, now);
        journal.append(OPENED, opened)?;
        Ok(journal)
    }

    fn from_parts(file: File, path: &Path, chain: Chain, length: u64, now: Arc<dyn Now>) -> Self {
        let path = path.to_owned();
        let inner = Inner {
            file,
            path,
            chain,
            length,
            tail_is_dirty: false,
            now,
            mirror: None,
        };
        Self {
            inner: Arc::new(Mutex::new(inner)),
        }
    }

    /// Repeats every further line, and what stands already, under `path` of the mirror.
    pub fn mirror_to(&self, mirror: Mirror, path: &str) -> Result<(), JournalError> {
        let mut inner = self.lock();
        let mut bytes = vec![0; inner.length as usize];
        inner
            .file
            .read_exact_at(&mut bytes, 0)
            .step("read", &inner.path)?;
        mirror.write_at(path, 0, bytes.into());
        inner.mirror = Some((mirror, path.to_owned()));
        Ok(())
    }

    /// Adds a line; durable when it returns. After an error nothing was added
    /// and the same line can be tried again.
    pub fn append(&self, kind: &str, data: Data) -> Result<Line, JournalError> {
        self.lock().append(kind, data)
    }

    /// Like `append`, with data that speaks of the line before it.
    pub fn append_on(&self, kind: &str, data: impl FnOnce(&Line) -> Data) -> Result<Line, JournalError> {
        let mut inner = self.lock();
        let Some(head) = inner.chain.head().cloned() else {
            let path = inner.path.clone();
            return Err(JournalError::Empty { path });
        };
        inner.append(kind, data(&head))
    }

    /// The last durable line.
    pub fn head(&self) -> Option<Line> {
        self.lock().chain.head().cloned()
    }

    /// Whether nobody else has written to the file since. For the one log that two processes share, under a lock
    /// of its own.
    pub fn is_as_on_disk(&self) -> bool {
        let inner = self.lock();
        fs::metadata(&inner.path).is_ok_and(|found| found.len() == inner.length)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        // A panic elsewhere must not end the journal: its state changes only after the fsync.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn append(&mut self, kind: &str, data: Data) -> Result<Line, JournalError> {
        if self.chain.head().is_some_and(|line| line.kind == CLOSED) {
            return Err(JournalError::Closed);
        }
        let refused = |fault| JournalError::Data {
            kind: kind.to_owned(),
            fault,
        };
        let mut stamp = self.now.now();
        if let Some(last) = self.chain.head().filter(|last| last.boot == stamp.boot) {
            stamp.mono_us = stamp.mono_us.max(last.mono_us);
        }
        let line = self.chain.make(stamp, kind, data).map_err(refused)?;
        let bytes = line.to_bytes().map_err(refused)?;
        if bytes.len() > super::line::MAX_LINE_BYTES {
            return Err(refused(LineFault::TooLong));
        }
        self.write(&bytes).step("append to", &self.path)?;
        if let Some((mirror, path)) = &self.mirror {
            mirror.write_at(path, self.length, bytes.as_slice().into());
        }
        self.length += bytes.len() as u64;
        self.chain.advance(line.clone());
        Ok(line)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.tail_is_dirty {
            self.file.set_len(self.length)?;
        }
        self.tail_is_dirty = true;
        self.file.write_all_at(bytes, self.length)?;
        crash_point::pass("line-written");
        self.file.sync_data()?;
        crash_point::pass("line-synced");
        self.tail_is_dirty = false;
        Ok(())
    }
}

/// The kind of an interview journal's last line.
pub const CLOSED: &str = "closed";

struct Whole {
    lines: Vec<Line>,
    chain: Chain,
    length: u64,
    tail: Option<Vec<u8>>,
}

fn read_whole(path: &Path) -> Result<Whole, JournalError> {
    let file = File::open(path).step("open", path)?;
    let mut reader = Lines::new(BufReader::new(file));
    let mut whole = Whole {
        lines: Vec::new(),
        chain: Chain::default(),
        length: 0,
        tail: None,
    };
    while let Some(raw) = reader.next_raw().step("read", path)? {
        let is_whole = raw.last() == Some(&b'\n');
        let content = if is_whole { &raw[..raw.len() - 1] } else { &raw[..] };
        let fault = match whole.chain.accept(content) {
            Ok(line) if is_whole => {
                whole.lines.push(line.clone());
                whole.length += raw.len() as u64;
                continue;
            }
            Ok(_) => LineFault::NotALine("no end of line".to_owned()),
            Err(fault) => fault,
        };
        let line = whole.lines.len() as u64 + 1;
        if !is_torn(content, is_whole) || reader.has_more().step("read", path)? {
            return Err(JournalError::Broken {
                path: path.to_owned(),
                line,
                fault,
            });
        }
        // `accept` may have taken a line that only lacks its end: it was never acknowledged.
        whole.chain = Chain::default();
        if let Some(last) = whole.lines.last() {
            whole.chain.advance(last.clone());
        }
        whole.tail = Some(raw);
    }
    Ok(whole)
}

/// A power cut leaves half a line, or a whole one with holes in it. A line that
/// is good by itself but stands in the wrong place was put there by someone.
fn is_torn(content: &[u8], is_whole: bool) -> bool {
    !is_whole || parse(content).is_err()
}

fn quarantine_tail(path: &Path, line: u64, bytes: &[u8]) -> Result<PathBuf, JournalError> {
    let directory = durable::parent_of(path).join("quarantine");
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    Ok(set_aside(&directory, &format!("{name}-line-{line}"), bytes)?)
}

/// Keeps torn bytes under a name of their own in `quarantine/`.
pub(crate) fn set_aside(directory: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf, DurableError> {
    durable::create_directories(directory)?;
    for n in 1_u32.. {
        let path = directory.join(format!("{name}-{n}.torn"));
        // The same bytes under it: set aside before a crash that came before the cut.
        if !path.exists() || fs::read(&path).step("read", &path)? == bytes {
            durable::put_new(&path, bytes)?;
            return Ok(path);
        }
    }
    Err(io::Error::other("every name is taken")).step("set aside", directory)
}

/// Raw lines of a file, bounded in length.
pub struct Lines<R> {
    reader: R,
}

impl<R: BufRead> Lines<R> {
    pub fn new(reader: R) -> Self {
        Self { reader }
    }

    /// The next line with its end, or without when the file ends early. A line
    /// beyond the limit comes cut, and is then judged as too long.
    pub fn next_raw(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut raw = Vec::new();
        let limit = super::line::MAX_LINE_BYTES as u64 + 2;
        self.reader.by_ref().take(limit).read_until(b'\n', &mut raw)?;
        Ok(if raw.is_empty() { None } else { Some(raw) })
    }

    fn has_more(&mut self) -> io::Result<bool> {
        Ok(!self.reader.fill_buf()?.is_empty())
    }
}
