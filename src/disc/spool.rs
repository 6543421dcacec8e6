//! The slot's spool: the fed bytes in files on another volume, until they are burnt.
//!
//! `Spooler` runs on its own thread, so that a hung drive does not stop it; `Pending` is what it hands to the
//! worker. The spool holds at most `spool_limit_bytes`: a file that does not fit is let go whole and later
//! taken from the master, counted and told (`SpoolMissed`). Spooled files need no fsync: the master has them,
//! and the worker checks their digest before it burns.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hardware::optical::DiscFault;

use super::events::DiscEvent;
use super::feed::{Feed, Inbox, Taken};
use super::history::FileRecord;
use super::plan::{DiscPlan, Slot};

/// A closed segment that waits to be burnt.
#[derive(Clone, Debug)]
pub(super) struct ClosedFile {
    pub(super) record: FileRecord,
    /// Whole in the spool; `None`: to be taken from the master.
    pub(super) spooled: Option<PathBuf>,
    pub(super) since: Instant,
}

#[derive(Default)]
pub(super) struct Waiting {
    pub(super) closed: VecDeque<ClosedFile>,
    /// The interview directory is complete.
    pub(super) finish: bool,
    /// The room let go of the handle.
    pub(super) abandoned: bool,
    pub(super) fed_bytes: u64,
    woken: bool,
}

/// Between the spool's thread and the worker's.
#[derive(Default)]
pub(super) struct Pending {
    waiting: Mutex<Waiting>,
    changed: Condvar,
    spool_bytes: AtomicU64,
    /// The worker has no disc to write on, or nothing left to write.
    waits_for_a_person: AtomicBool,
}

impl Pending {
    pub(super) fn is_waiting(&self) -> bool {
        self.waits_for_a_person.load(Ordering::Acquire)
    }

    pub(super) fn set_waiting(&self, waits: bool) {
        self.waits_for_a_person.store(waits, Ordering::Release);
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.lock().abandoned
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn wake(&self) {
        self.lock().woken = true;
        self.changed.notify_all();
    }

    /// Until something changed or the time is over.
    pub(super) fn wait(&self, at_most: Duration) {
        let waiting = self.lock();
        let quiet = |waiting: &mut Waiting| !waiting.woken && !waiting.abandoned;
        let (mut waiting, _) = self
            .changed
            .wait_timeout_while(waiting, at_most, quiet)
            .unwrap_or_else(PoisonError::into_inner);
        waiting.woken = false;
    }

    /// The file is on a disc and read back.
    pub(super) fn free_spooled(&self, path: &Path) {
        let size = fs::metadata(path).map_or(0, |meta| meta.len());
        if fs::remove_file(path).is_ok() {
            self.account(|bytes| bytes.saturating_sub(size));
        }
    }

    fn account(&self, change: impl Fn(u64) -> u64) {
        let changed = |bytes| Some(change(bytes));
        // The closure always gives a value, so this cannot fail.
        let _ = self
            .spool_bytes
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, changed);
    }
}

pub(super) struct Spooler {
    slot: Slot,
    dir: PathBuf,
    limit_bytes: u64,
    inbox: Arc<Inbox>,
    pending: Arc<Pending>,
    events: Sender<DiscEvent>,
    open: HashMap<String, File>,
    missed: HashSet<String>,
    missed_files: u64,
}

/// One folder per interview: nothing of one can reach the next.
pub(super) fn spool_folder(plan: &DiscPlan) -> PathBuf {
    plan.spool_dir.join(&plan.about.interview_id)
}

impl Spooler {
    pub(super) fn new(
        plan: &DiscPlan,
        inbox: Arc<Inbox>,
        pending: Arc<Pending>,
        events: Sender<DiscEvent>,
    ) -> Self {
        Self {
            slot: plan.slot,
            dir: spool_folder(plan),
            limit_bytes: plan.spool_limit_bytes,
            inbox,
            pending,
            events,
            open: HashMap::new(),
            missed: HashSet::new(),
            missed_files: 0,
        }
    }

    pub(super) fn run(mut self) {
        if let Err(error) = self.take_stock() {
            let fault = DiscFault::io(format!("preparing the spool {}", self.dir.display()), &error);
            let _ = self.events.send(DiscEvent::Fault {
                slot: self.slot,
                disc_number: 0,
                fault,
            });
        }
        loop {
            match self.inbox.take(Duration::from_secs(1)) {
                Taken::Item(Feed::Bytes { path, bytes }) => self.append(path, &bytes),
                Taken::Item(Feed::FileDone {
                    path,
                    size,
                    sha256,
                    sm3,
                }) => {
                    self.close(FileRecord {
                        path,
                        size,
                        sha256,
                        sm3,
                    });
                }
                Taken::Item(Feed::Finish) => {
                    self.pending.lock().finish = true;
                    self.pending.wake();
                }
                Taken::Missed(path) => self.miss(path),
                Taken::Nothing => {}
                Taken::Closed => break,
            }
        }
        self.pending.lock().abandoned = true;
        self.pending.wake();
    }

    /// What an earlier run left counts towards the limit until it is burnt.
    fn take_stock(&self) -> std::io::Result<()> {
        fs::create_dir_all(&self.dir)?;
        let mut bytes = 0;
        for entry in fs::read_dir(&self.dir)? {
            let meta = entry?.metadata()?;
            bytes += if meta.is_file() { meta.len() } else { 0 };
        }
        self.pending.spool_bytes.store(bytes, Ordering::Release);
        Ok(())
    }

    fn append(&mut self, path: String, bytes: &[u8]) {
        let length = bytes.len() as u64;
        {
            let mut waiting = self.pending.lock();
            waiting.fed_bytes += length;
        }
        if self.missed.contains(&path) {
            return;
        }
        let fits = self.pending.spool_bytes.load(Ordering::Acquire) + length <= self.limit_bytes;
        if !fits || self.write(&path, bytes).is_err() {
            self.miss(path);
        }
    }

    fn write(&mut self, path: &str, bytes: &[u8]) -> std::io::Result<()> {
        if !self.open.contains_key(path) {
            let place = self.place(path);
            self.pending.free_spooled(&place);
            self.open.insert(path.to_owned(), File::create(place)?);
        }
        let Some(file) = self.open.get_mut(path) else {
            return Ok(());
        };
        // Counted before: what a full volume took of it is freed with the file.
        self.pending.account(|spooled| spooled + bytes.len() as u64);
        file.write_all(bytes)
    }

    fn miss(&mut self, path: String) {
        self.open.remove(&path);
        self.pending.free_spooled(&self.place(&path));
        self.missed_files += 1;
        self.missed.insert(path.clone());
        let missed_files = self.missed_files;
        let _ = self.events.send(DiscEvent::SpoolMissed {
            slot: self.slot,
            path,
            missed_files,
        });
    }

    fn close(&mut self, record: FileRecord) {
        let place = self.place(&record.path);
        self.open.remove(&record.path);
        let missed = self.missed.remove(&record.path);
        // Another size: bytes from before a restart, or a tail that the room adopted. The master is right.
        let whole = !missed && fs::metadata(&place).is_ok_and(|meta| meta.len() == record.size);
        if !whole {
            self.pending.free_spooled(&place);
        }
        let spooled = whole.then_some(place);
        self.pending.lock().closed.push_back(ClosedFile {
            record,
            spooled,
            since: Instant::now(),
        });
        self.pending.wake();
    }

    fn place(&self, path: &str) -> PathBuf {
        self.dir.join(path.replace('/', "~"))
    }
}
