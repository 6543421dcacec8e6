//! Stall detection: what was composed, encoded and muxed must go on growing.
//!
//! Asked once a second by the session with its counters. A branch that stands still ends the process with a
//! message that names it, since nothing here can mend an encoder that hangs; the room starts a new process.

use super::ServeError;
use crate::messages::Counters;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Nothing composed, encoded or muxed for so long is a stall.
const STALL: Duration = Duration::from_secs(3);
/// Seconds of pictures that may wait for the encoder: a machine that is short of time for a moment catches up
/// and loses nothing, but a picture in memory is not evidence, and 1080p takes 78 MB per second.
const BEHIND_SECONDS: u64 = 8;

/// Each figure with the moment when it last grew.
pub(super) struct Stalls {
    chunks: Arc<AtomicU64>,
    fps: u64,
    composed: (u64, Instant),
    encoded: (u64, Instant),
    muxed: (u64, Instant),
}

impl Stalls {
    pub fn new(chunks: Arc<AtomicU64>, fps: u64, now: Instant) -> Stalls {
        Stalls {
            chunks,
            fps,
            composed: (0, now),
            encoded: (0, now),
            muxed: (0, now),
        }
    }

    /// A part was opened: from now on chunks are due.
    pub fn expect_chunks(&mut self) {
        self.muxed.1 = Instant::now();
    }

    /// `busy`: a part is open.
    pub fn look(&mut self, counters: &Counters, busy: bool) -> Result<(), ServeError> {
        let failed = |step: &str, message: String| {
            Err(ServeError::Failed {
                step: step.to_owned(),
                message,
            })
        };
        let chunks = self.chunks.load(Ordering::Relaxed);
        grow(&mut self.composed, counters.composed);
        grow(&mut self.encoded, counters.encoded);
        grow(&mut self.muxed, chunks);
        if !busy {
            self.muxed.1 = Instant::now();
        }
        if self.composed.1.elapsed() > STALL {
            return failed("compose", format!("no picture for {} s", STALL.as_secs()));
        }
        let behind = counters.composed.saturating_sub(counters.encoded);
        if self.encoded.1.elapsed() > STALL {
            return failed("encode", format!("nothing encoded for {} s", STALL.as_secs()));
        }
        if behind > BEHIND_SECONDS * self.fps {
            return failed(
                "encode",
                format!("the encoder is {behind} pictures behind: the machine is too slow"),
            );
        }
        if self.muxed.1.elapsed() > STALL {
            return failed("mux", format!("no chunk for {} s", STALL.as_secs()));
        }
        Ok(())
    }
}

fn grow(seen: &mut (u64, Instant), value: u64) {
    if seen.0 != value {
        *seen = (value, Instant::now());
    }
}
