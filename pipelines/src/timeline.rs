//! The one timeline that pictures and sound share.
//!
//! All pipelines of the process run on the same monotonic system clock; whatever base time each has, clock
//! time = base time + running time is comparable between them. Output frame `k` stands at
//! `epoch + k / fps`, output sample `n` at `epoch + n / 48000`: cadence is arithmetic, never a measurement,
//! so frame and sample counts are exact. What is shown at a tick was seen `latency` earlier than it is
//! composed, so that jitter of the inputs is absorbed without a trace.

use std::time::{Duration, SystemTime};

/// Sound is always 48 kHz.
pub const SAMPLE_RATE: u64 = 48_000;

/// How long an input may be on its way before its tick passes (jitter buffer, decoder).
pub const INPUT_LATENCY_NS: u64 = 150_000_000;

/// Two clocks read within this are read at the same time.
const CLOCKS_APART_NS: u64 = 1_000_000;
const CLOCK_READINGS: u32 = 5;

#[derive(Clone, Debug)]
pub struct Timeline {
    pub clock: gst::Clock,
    /// Clock time of output frame 0 and output sample 0.
    pub epoch_ns: u64,
    pub fps: u64,
}

impl Timeline {
    /// Begins now, on the system's monotonic clock.
    pub fn begin(fps: u32) -> Self {
        use gst::prelude::*;
        let clock = gst::SystemClock::obtain();
        let epoch_ns = clock.time().nseconds();
        Timeline {
            clock,
            epoch_ns,
            fps: u64::from(fps),
        }
    }

    pub fn now_ns(&self) -> u64 {
        use gst::prelude::*;
        self.clock.time().nseconds()
    }

    /// The system's time at a clock time. Both clocks are read as one: a thread held up between them would
    /// shift the answer by as long.
    pub fn wall_time(&self, at_ns: u64) -> SystemTime {
        let (now_ns, wall) = self.both_clocks();
        match at_ns.checked_sub(now_ns) {
            Some(ahead_ns) => wall + Duration::from_nanos(ahead_ns),
            None => wall
                .checked_sub(Duration::from_nanos(now_ns - at_ns))
                .unwrap_or(SystemTime::UNIX_EPOCH),
        }
    }

    fn both_clocks(&self) -> (u64, SystemTime) {
        let mut read = (self.now_ns(), SystemTime::now());
        for _ in 0..CLOCK_READINGS {
            let after_ns = self.now_ns();
            if after_ns.saturating_sub(read.0) <= CLOCKS_APART_NS {
                break;
            }
            read = (self.now_ns(), SystemTime::now());
        }
        read
    }

    /// Nanoseconds from the epoch to frame `k`; rounded per frame, so nothing accumulates.
    pub fn frame_offset_ns(&self, k: u64) -> u64 {
        k * 1_000_000_000 / self.fps
    }

    /// Nanoseconds from the epoch to sample `n`.
    pub fn sample_offset_ns(n: u64) -> u64 {
        // 48 kHz divides 10^9 as 62500 / 3.
        n * 62_500 / 3
    }
}
