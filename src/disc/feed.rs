//! The queue between the room and a slot: takes everything at once, keeps a bounded amount of bytes.
//!
//! `push` is called on the recording path: it takes a short lock, never waits for disk or drive, and never
//! fails. When the spool writer is behind by more than the limit, bytes are let go and their file is marked
//! *missed*; it is burnt from the master then. `FileDone` and `Finish` are never let go.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What the room feeds to a slot, in the order in which it went to the master.
#[derive(Clone, Debug)]
pub enum Feed {
    /// Bytes appended to a file; `path` is relative to the interview directory.
    Bytes { path: String, bytes: Arc<[u8]> },
    /// A segment is closed and durable on the master.
    FileDone {
        path: String,
        size: u64,
        sha256: String,
        sm3: String,
    },
    /// The interview directory is complete and its `SHA256SUMS` durable: close the set.
    Finish,
}

const QUEUE_LIMIT_BYTES: usize = 64 * 1024 * 1024;

#[derive(Default)]
struct Waiting {
    items: VecDeque<Feed>,
    bytes: usize,
    missed: HashSet<String>,
    missed_news: Vec<String>,
    closed: bool,
}

#[derive(Default)]
pub(super) struct Inbox {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
}

/// What the spool writer takes out in one turn.
pub(super) enum Taken {
    Item(Feed),
    /// A file whose bytes had to be let go; told once.
    Missed(String),
    Nothing,
    Closed,
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // A poisoned lock means that a holder panicked between two plain assignments: the data still holds.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn push(&self, item: Feed) {
        let mut waiting = self.lock();
        if let Feed::Bytes { path, bytes } = &item {
            if waiting.missed.contains(path) {
                return;
            }
            if waiting.bytes + bytes.len() > QUEUE_LIMIT_BYTES {
                let path = path.clone();
                waiting.miss(path);
                drop(waiting);
                self.arrived.notify_one();
                return;
            }
            waiting.bytes += bytes.len();
        }
        waiting.items.push_back(item);
        drop(waiting);
        self.arrived.notify_one();
    }

    pub(super) fn take(&self, wait: Duration) -> Taken {
        let mut waiting = self.lock();
        if waiting.items.is_empty() && waiting.missed_news.is_empty() && !waiting.closed {
            waiting = self
                .arrived
                .wait_timeout(waiting, wait)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        if let Some(path) = waiting.missed_news.pop() {
            return Taken::Missed(path);
        }
        match waiting.items.pop_front() {
            Some(item) => {
                waiting.forget(&item);
                Taken::Item(item)
            }
            None if waiting.closed => Taken::Closed,
            None => Taken::Nothing,
        }
    }

    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_all();
    }
}

impl Waiting {
    /// The file's queued bytes go too: half a file in the spool is of no use.
    fn miss(&mut self, path: String) {
        let mut freed = 0;
        self.items.retain(|item| match item {
            Feed::Bytes { path: queued, bytes } if *queued == path => {
                freed += bytes.len();
                false
            }
            Feed::Bytes { .. } | Feed::FileDone { .. } | Feed::Finish => true,
        });
        self.bytes -= freed;
        self.missed_news.push(path.clone());
        self.missed.insert(path);
    }

    fn forget(&mut self, item: &Feed) {
        match item {
            Feed::Bytes { bytes, .. } => self.bytes -= bytes.len(),
            Feed::FileDone { path, .. } => {
                self.missed.remove(path);
            }
            Feed::Finish => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(path: &str, len: usize) -> Feed {
        Feed::Bytes {
            path: path.into(),
            bytes: vec![0; len].into(),
        }
    }

    #[test]
    fn a_full_queue_lets_bytes_go_but_never_a_closed_file() {
        let inbox = Inbox::default();
        inbox.push(bytes("part-0001/seg-00001.mp4", QUEUE_LIMIT_BYTES));
        inbox.push(bytes("part-0001/seg-00002.mp4", 1));
        inbox.push(bytes("part-0001/seg-00002.mp4", 1));
        let done = |path: &str| Feed::FileDone {
            path: path.into(),
            size: 2,
            sha256: String::new(),
            sm3: String::new(),
        };
        inbox.push(done("part-0001/seg-00002.mp4"));
        inbox.push(Feed::Finish);
        let wait = Duration::ZERO;
        assert!(matches!(inbox.take(wait), Taken::Missed(path) if path.ends_with("seg-00002.mp4")));
        assert!(
            matches!(inbox.take(wait), Taken::Item(Feed::Bytes { path, .. }) if path.ends_with("seg-00001.mp4"))
        );
        assert!(matches!(inbox.take(wait), Taken::Item(Feed::FileDone { .. })));
        assert!(matches!(inbox.take(wait), Taken::Item(Feed::Finish)));
        assert!(matches!(inbox.take(wait), Taken::Nothing));
    }
}
