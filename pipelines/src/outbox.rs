//! Everything the media process says, on its way to the room's socket.
//!
//! Bounded to 64 MiB of payload: a room that does not read must not hold up the picture, and a queue without
//! a bound would only hide it. Overflow is told once, as a fault; then the process ends and the room restarts
//! it. One thread writes; `say` never blocks.

use crate::messages::{FromMedia, write_frame};
use std::collections::VecDeque;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

const MAX_BYTES: usize = 64 << 20;
/// Messages without payload count too, or a stuck room would be noticed only by memory.
const MESSAGE_BYTES: usize = 256;

enum Phase {
    Open,
    /// Writes what is there, then ends.
    Finishing,
    /// The socket is gone or the queue overflowed: nothing can be said any more.
    Ended,
}

struct Inner {
    queue: VecDeque<(FromMedia, Vec<u8>)>,
    bytes: usize,
    phase: Phase,
}

struct Shared {
    inner: Mutex<Inner>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Clone)]
pub(crate) struct Outbox {
    shared: Arc<Shared>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Queued,
    /// This message made the queue overflow; it and all others are lost.
    Overflowed,
    /// Nobody listens any more.
    Unheard,
}

impl Outbox {
    pub fn start(mut socket: UnixStream) -> std::io::Result<Outbox> {
        let inner = Inner {
            queue: VecDeque::new(),
            bytes: 0,
            phase: Phase::Open,
        };
        let shared = Arc::new(Shared {
            inner: Mutex::new(inner),
            changed: Condvar::new(),
        });
        let outbox = Outbox {
            shared: shared.clone(),
        };
        let write = move || {
            while let Some((message, payload)) = next(&shared) {
                if let Err(error) = write_frame(&mut socket, &message, &payload) {
                    tracing::warn!(%error, "the room does not listen");
                    break;
                }
            }
            let mut inner = shared.lock();
            inner.phase = Phase::Ended;
            inner.queue.clear();
            shared.changed.notify_all();
        };
        std::thread::Builder::new().name("outbox".into()).spawn(write)?;
        Ok(outbox)
    }

    pub fn say(&self, message: FromMedia, payload: Vec<u8>) -> Said {
        let mut inner = self.shared.lock();
        match inner.phase {
            Phase::Open => {}
            Phase::Finishing | Phase::Ended => return Said::Unheard,
        }
        inner.bytes += payload.len() + MESSAGE_BYTES;
        if inner.bytes > MAX_BYTES {
            inner.phase = Phase::Ended;
            inner.queue.clear();
            return Said::Overflowed;
        }
        inner.queue.push_back((message, payload));
        self.shared.changed.notify_all();
        Said::Queued
    }

    /// Waits until everything was written, at most `within`.
    pub fn finish(&self, within: Duration) {
        let deadline = Instant::now() + within;
        let mut inner = self.shared.lock();
        if matches!(inner.phase, Phase::Open) {
            inner.phase = Phase::Finishing;
        }
        self.shared.changed.notify_all();
        while !matches!(inner.phase, Phase::Ended) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                tracing::warn!("the room did not hear everything");
                return;
            }
            let waited = self.shared.changed.wait_timeout(inner, left);
            inner = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

fn next(shared: &Shared) -> Option<(FromMedia, Vec<u8>)> {
    let mut inner = shared.lock();
    loop {
        if let Some((message, payload)) = inner.queue.pop_front() {
            inner.bytes = inner.bytes.saturating_sub(payload.len() + MESSAGE_BYTES);
            return Some((message, payload));
        }
        match inner.phase {
            Phase::Open => inner = shared.changed.wait(inner).unwrap_or_else(PoisonError::into_inner),
            Phase::Finishing | Phase::Ended => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::read_frame;

    #[test]
    fn a_room_that_does_not_read_never_blocks_and_is_told_once() {
        let (ours, _theirs) = UnixStream::pair().expect("no socket");
        let outbox = Outbox::start(ours).expect("no thread");
        let mut answers = Vec::new();
        for number in 0..80 {
            answers.push(outbox.say(FromMedia::Alive { number }, vec![0; 1 << 20]));
        }
        assert_eq!(
            answers.iter().filter(|said| **said == Said::Overflowed).count(),
            1
        );
        assert_eq!(answers.last(), Some(&Said::Unheard));
    }

    #[test]
    fn finishing_writes_what_is_there_in_order() {
        let (ours, mut theirs) = UnixStream::pair().expect("no socket");
        let outbox = Outbox::start(ours).expect("no thread");
        for number in 0..50 {
            outbox.say(FromMedia::Alive { number }, vec![number as u8; 10]);
        }
        outbox.finish(Duration::from_secs(5));
        drop(outbox);
        let mut heard = 0;
        while let Some((message, payload)) = read_frame::<FromMedia>(&mut theirs).expect("broken frame") {
            assert!(matches!(message, FromMedia::Alive { number } if number == heard));
            assert_eq!(payload, vec![heard as u8; 10]);
            heard += 1;
        }
        assert_eq!(heard, 50);
    }
}
