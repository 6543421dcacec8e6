//! The shelf of one camera: decoded frames on their way from its bin to the composer.
//!
//! A camera bin puts frames on it; the composer takes the one that belongs to its tick. Bounded: the oldest
//! frame is dropped and counted when it is full. Neither side ever waits for the other; that is what keeps
//! a camera's failure out of the recording.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A decoded frame with the clock time at which it was seen, in nanoseconds of the pipelines' shared clock
/// (base time + running time).
#[derive(Clone)]
pub struct Frame {
    pub at_ns: u64,
    pub buffer: gst::Buffer,
    pub info: gst_video::VideoInfo,
}

#[derive(Default)]
struct Inner {
    frames: VecDeque<Frame>,
    /// The frame last given to the composer, kept to be shown again.
    shown: Option<Frame>,
    put: u64,
    dropped: u64,
}

/// What the composer gets for a tick.
pub enum Taken {
    /// A frame not shown before.
    New(Frame),
    /// Nothing newer than the last one.
    Again(Frame),
    /// Nothing was ever there, or `clear` took it.
    Nothing,
}

pub struct Shelf {
    inner: Mutex<Inner>,
    capacity: usize,
}

impl Shelf {
    pub fn new(capacity: usize) -> Self {
        Shelf {
            inner: Mutex::new(Inner::default()),
            capacity: capacity.max(1),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Never blocks for longer than the composer's look at the list.
    pub fn put(&self, frame: Frame) {
        let mut inner = self.lock();
        inner.put += 1;
        while inner.frames.len() >= self.capacity {
            inner.frames.pop_front();
            inner.dropped += 1;
        }
        inner.frames.push_back(frame);
    }

    /// The newest frame seen at or before `at_ns`; older ones are dropped and counted.
    pub fn take(&self, at_ns: u64) -> Taken {
        let mut inner = self.lock();
        let mut newest = None;
        while inner.frames.front().is_some_and(|f| f.at_ns <= at_ns) {
            if newest.is_some() {
                inner.dropped += 1;
            }
            newest = inner.frames.pop_front();
        }
        match newest {
            Some(frame) => {
                inner.shown = Some(frame.clone());
                Taken::New(frame)
            }
            None => match &inner.shown {
                Some(frame) => Taken::Again(frame.clone()),
                None => Taken::Nothing,
            },
        }
    }

    /// Forgets everything, so that nothing old can be shown as live.
    pub fn clear(&self) {
        let mut inner = self.lock();
        inner.frames.clear();
        inner.shown = None;
    }

    /// Frames put and frames dropped since the beginning.
    pub fn counts(&self) -> (u64, u64) {
        let inner = self.lock();
        (inner.put, inner.dropped)
    }
}
