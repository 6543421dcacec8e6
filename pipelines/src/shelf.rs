//! The shelf of one camera: decoded frames on their way from its bin to the composer.
//!
//! A camera bin puts frames on it; the composer takes the one that belongs to its tick. Bounded: the oldest
//! frame is dropped and counted when it is full. Neither side ever waits for the other; that is what keeps
//! a camera's failure out of the recording.

use crate::picture::Still;
use crate::shrink::{Shrinker, Size};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A decoded frame with the clock time at which it was seen, in nanoseconds of the pipelines' shared clock
/// (base time + running time).
#[derive(Clone)]
pub struct Frame {
    pub at_ns: u64,
    pub buffer: gst::Buffer,
    pub info: gst_video::VideoInfo,
    /// The same picture at the size that the composer asked for, where it could be made.
    pub(crate) small: Option<Arc<Still>>,
}

impl Frame {
    pub fn new(at_ns: u64, buffer: gst::Buffer, info: gst_video::VideoInfo) -> Frame {
        Frame {
            at_ns,
            buffer,
            info,
            small: None,
        }
    }
}

#[derive(Default)]
struct Inner {
    frames: VecDeque<Frame>,
    /// The frame last given to the composer, kept to be shown again.
    shown: Option<Frame>,
    /// Why the composer cannot show the frames.
    refused: Option<String>,
    /// The size at which the frames are shown, when it is not their own.
    wanted: Option<Size>,
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
    /// Taken by whoever puts frames, never together with `inner`.
    shrinker: Mutex<Shrinker>,
    capacity: usize,
}

impl Shelf {
    pub fn new(capacity: usize) -> Self {
        Shelf {
            inner: Mutex::new(Inner::default()),
            shrinker: Mutex::default(),
            capacity: capacity.max(1),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Never blocks for longer than the composer's look at the list. Makes the small picture, if one is asked for.
    pub fn put(&self, mut frame: Frame) {
        let wanted = self.lock().wanted;
        frame.small = wanted.and_then(|size| {
            let mut shrinker = self.shrinker.lock().unwrap_or_else(PoisonError::into_inner);
            shrinker.shrink(&frame.buffer, &frame.info, size)
        });
        let mut inner = self.lock();
        inner.put += 1;
        while inner.frames.len() >= self.capacity {
            inner.frames.pop_front();
            inner.dropped += 1;
        }
        inner.frames.push_back(frame);
    }

    /// The frame that belongs to the tick at `tick_ns`, of ticks `period_ns` apart.
    ///
    /// The first one taken is the nearest. From then on the next in order is taken as long as it stands
    /// within three quarters of a period of its tick: time stamps that tremble around the middle between
    /// two ticks would otherwise show one frame twice and skip its neighbour, again and again. Older frames
    /// are dropped and counted.
    pub fn take(&self, tick_ns: u64, period_ns: u64) -> Taken {
        let mut inner = self.lock();
        let reach_ns = if inner.shown.is_some() {
            period_ns * 3 / 4
        } else {
            period_ns / 2
        };
        let due_ns = tick_ns.saturating_add(reach_ns);
        let passed_ns = tick_ns.saturating_add(period_ns - reach_ns);
        let mut taken = None;
        while inner
            .frames
            .front()
            .is_some_and(|next| next.at_ns <= if taken.is_some() { passed_ns } else { due_ns })
        {
            if taken.is_some() {
                inner.dropped += 1;
            }
            taken = inner.frames.pop_front();
        }
        match taken {
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
        inner.refused = None;
    }

    /// The composer tells at which size it shows the frames; `None` where it wants them as they are.
    pub(crate) fn want(&self, size: Option<Size>) {
        self.lock().wanted = size;
    }

    /// The composer tells the camera's side that its frames cannot be shown, or can again.
    pub fn refuse(&self, why: Option<String>) {
        self.lock().refused = why;
    }

    pub fn refused(&self) -> Option<String> {
        self.lock().refused.clone()
    }

    /// Frames put and frames dropped since the beginning.
    pub fn counts(&self) -> (u64, u64) {
        let inner = self.lock();
        (inner.put, inner.dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD_NS: u64 = 40_000_000;

    fn shelf_with(times_ns: impl IntoIterator<Item = u64>) -> Shelf {
        gst::init().unwrap();
        let info = gst_video::VideoInfo::builder(gst_video::VideoFormat::I420, 16, 16)
            .build()
            .unwrap();
        let shelf = Shelf::new(1000);
        for at_ns in times_ns {
            shelf.put(Frame::new(at_ns, gst::Buffer::new(), info.clone()));
        }
        shelf
    }

    fn taken(shelf: &Shelf, ticks: u64) -> (u64, u64) {
        let takes = (10..10 + ticks).map(|k| shelf.take(k * PERIOD_NS, PERIOD_NS));
        let again = takes.filter(|taken| matches!(taken, Taken::Again(_))).count() as u64;
        (again, shelf.counts().1)
    }

    #[test]
    fn trembling_time_stamps_cost_no_frame_and_repeat_none() {
        // Half-way between two ticks, 8 ms to and fro.
        let times = (10..210).map(|k| k * PERIOD_NS + 20_000_000 - 8_000_000 * (k % 3));
        assert_eq!(taken(&shelf_with(times), 190), (0, 0));
    }

    #[test]
    fn a_camera_that_runs_fast_loses_only_what_is_too_much() {
        let times = (0..440).map(|k| 9 * PERIOD_NS + k * PERIOD_NS / 2);
        let (again, dropped) = taken(&shelf_with(times), 200);
        assert_eq!(again, 0);
        assert!((190..=215).contains(&dropped), "{dropped}");
    }

    #[test]
    fn a_slow_camera_is_shown_again_and_never_early() {
        let times = (5..200).map(|k| k * 2 * PERIOD_NS);
        let (again, dropped) = taken(&shelf_with(times), 200);
        assert_eq!(dropped, 0);
        assert!((99..=101).contains(&again), "{again}");
    }
}
