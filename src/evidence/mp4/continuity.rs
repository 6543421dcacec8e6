//! Whether every chunk starts where the one before ended, per track, and how
//! many samples there were. Pure; one checker per part and track of the
//! interview, running on over fragments and segments.

use super::{
    chunk::Chunk,
    header::{Header, TrackKind},
};
use std::collections::BTreeMap;

/// A chunk that does not start where the one before ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Break {
    pub track_id: u32,
    pub timescale: u32,
    pub expected_ticks: u64,
    pub found_ticks: u64,
}

impl Break {
    /// Missing time if positive, time that stands twice if negative.
    pub fn gap_us(&self) -> i64 {
        let us = |ticks| i64::try_from(ticks_to_us(ticks, self.timescale)).unwrap_or(i64::MAX);
        us(self.found_ticks) - us(self.expected_ticks)
    }
}

/// Where a stretch of media starts, how long it is, what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Extent {
    pub media_us: u64,
    pub duration_us: u64,
    /// Pictures.
    pub frames: u64,
    /// Access units of sound.
    pub samples: u64,
}

#[derive(Debug, Clone, Copy)]
struct TrackState {
    timescale: u32,
    is_video: bool,
    next_ticks: Option<u64>,
    /// In the chunk that ends at `next_ticks`.
    last_samples: u64,
    /// How far the chunks' starts have moved from the sum of durations.
    deviation_ticks: i128,
    first_ticks: u64,
    samples: u64,
}

/// The muxer rounds every chunk's start to a tick by itself, and so every sample's
/// duration. Sound comes in equal samples: measured with `isofmp4mux`, it is off by
/// one tick, 21 µs, at every few chunks, and back again, and the sum of it never
/// exceeds one tick.
const ROUNDING_TICKS: i128 = 1;

impl TrackState {
    /// Pictures of a camera's own stream come when the camera pleases, so each of their
    /// durations may be off by half a tick. A picture that is missing is some hundred ticks.
    fn deviate(&mut self, track_id: u32, expected_ticks: u64, found_ticks: u64) -> Option<Break> {
        let step_ticks = i128::from(found_ticks) - i128::from(expected_ticks);
        self.deviation_ticks = if self.is_video {
            step_ticks
        } else {
            self.deviation_ticks + step_ticks
        };
        let rounded_ticks = if self.is_video {
            i128::from(self.last_samples / 2)
        } else {
            0
        };
        if self.deviation_ticks.abs() <= ROUNDING_TICKS + rounded_ticks {
            return None;
        }
        self.deviation_ticks = 0;
        Some(Break {
            track_id,
            timescale: self.timescale,
            expected_ticks,
            found_ticks,
        })
    }
}

/// Counts a part's samples and watches its timeline.
#[derive(Debug, Clone)]
pub struct Continuity {
    tracks: BTreeMap<u32, TrackState>,
    lead: u32,
}

impl Continuity {
    pub fn new(header: &Header) -> Self {
        let state = |track: &super::header::TrackHeader| TrackState {
            timescale: track.timescale,
            is_video: matches!(track.kind, TrackKind::Video { .. }),
            next_ticks: None,
            last_samples: 0,
            deviation_ticks: 0,
            first_ticks: 0,
            samples: 0,
        };
        Self {
            tracks: header
                .tracks
                .iter()
                .map(|track| (track.id, state(track)))
                .collect(),
            lead: header.lead().map_or(0, |track| track.id),
        }
    }

    /// Takes the next chunk; what it says counts even where it breaks the timeline.
    pub fn accept(&mut self, chunk: &Chunk) -> Vec<Break> {
        let mut breaks = Vec::new();
        for run in &chunk.runs {
            let Some(track) = self.tracks.get_mut(&run.track_id) else {
                continue;
            };
            match track.next_ticks {
                None => track.first_ticks = run.start_ticks,
                Some(expected_ticks) => {
                    breaks.extend(track.deviate(run.track_id, expected_ticks, run.start_ticks));
                }
            }
            track.next_ticks = Some(run.start_ticks.saturating_add(run.duration_ticks));
            track.last_samples = run.samples;
            track.samples += run.samples;
        }
        breaks
    }

    /// Everything so far: from the lead track's first sample to its end.
    pub fn extent(&self) -> Extent {
        let count = |video: bool| {
            self.tracks
                .values()
                .filter(|track| track.is_video == video)
                .map(|track| track.samples)
                .sum()
        };
        let (media_us, end_us) = self.tracks.get(&self.lead).map_or((0, 0), |track| {
            let start = ticks_to_us(track.first_ticks, track.timescale);
            (
                start,
                track
                    .next_ticks
                    .map_or(start, |ticks| ticks_to_us(ticks, track.timescale)),
            )
        });
        Extent {
            media_us,
            duration_us: end_us.saturating_sub(media_us),
            frames: count(true),
            samples: count(false),
        }
    }

    /// Where the lead track ends now, from the part's zero.
    pub fn end_us(&self) -> u64 {
        let extent = self.extent();
        extent.media_us + extent.duration_us
    }
}

fn ticks_to_us(ticks: u64, timescale: u32) -> u64 {
    let us = u128::from(ticks) * 1_000_000 / u128::from(timescale.max(1));
    u64::try_from(us).unwrap_or(u64::MAX)
}

impl Extent {
    /// What was added between two readings of the same checker.
    pub fn since(&self, earlier: &Extent) -> Extent {
        let started = earlier.frames + earlier.samples > 0;
        let media_us = if started {
            earlier.media_us + earlier.duration_us
        } else {
            self.media_us
        };
        Extent {
            media_us,
            duration_us: (self.media_us + self.duration_us).saturating_sub(media_us),
            frames: self.frames - earlier.frames,
            samples: self.samples - earlier.samples,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{chunk::Run, header::TrackHeader};
    use super::*;

    fn one_track(kind: TrackKind, timescale: u32) -> Continuity {
        let track = TrackHeader {
            id: 1,
            kind,
            timescale,
            default_duration: 0,
            default_size: 0,
            default_flags: 0,
        };
        Continuity::new(&Header { tracks: vec![track] })
    }

    fn sound() -> Continuity {
        one_track(TrackKind::Audio, 48_000)
    }

    fn chunk(start_ticks: u64) -> Chunk {
        samples(start_ticks, 1, 1024)
    }

    fn samples(start_ticks: u64, samples: u64, duration_ticks: u64) -> Chunk {
        let run = Run {
            track_id: 1,
            start_ticks,
            duration_ticks,
            samples,
            bytes: 1,
            starts_with_sync: true,
        };
        Chunk { runs: vec![run] }
    }

    #[test]
    fn rounding_to_a_tick_and_back_is_no_break() {
        let mut timeline = sound();
        for start in [0, 1023, 2048, 3072, 4095] {
            assert_eq!(timeline.accept(&chunk(start)), []);
        }
        assert_eq!(timeline.extent().samples, 5);
    }

    #[test]
    fn ticks_that_add_up_and_missing_samples_are_breaks() {
        let mut timeline = sound();
        let found: Vec<usize> = [0, 1025, 2050]
            .iter()
            .map(|&start| timeline.accept(&chunk(start)).len())
            .collect();
        assert_eq!(found, [0, 0, 1]);
        let breaks = timeline.accept(&chunk(2050 + 2048));
        assert_eq!(
            (breaks[0].found_ticks - breaks[0].expected_ticks, breaks.len()),
            (1024, 1)
        );
    }

    #[test]
    fn a_cameras_uneven_pictures_round_and_a_missing_one_is_a_break() {
        let picture = TrackKind::Video {
            width: 640,
            height: 360,
        };
        let mut timeline = one_track(picture, 2500);
        for (start, ticks) in [(0, 603), (600, 597), (1200, 603), (1800, 600)] {
            assert_eq!(timeline.accept(&samples(start, 6, ticks)), []);
        }
        assert_eq!(timeline.accept(&samples(2500, 6, 600))[0].gap_us(), 40_000);
    }
}
