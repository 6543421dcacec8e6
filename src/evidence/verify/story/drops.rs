//! What stood in for a picture or for sound that did not come, how much of it in each part, and where.
//!
//! Made by `Story::of`. The counters in the journal run from the media process' start: what a fragment adds is
//! counted. A fragment's line tells of what was known when it was written, so a place is right to about a second.

use crate::evidence::entries::Fragment;
use serde::Serialize;
use serde_json::Value;

/// One part's share.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PartDrops {
    pub part: u32,
    /// Pictures shown a second time because no newer one had come.
    pub repeated_frames: u64,
    /// Samples of silence in place of a microphone's, left and right.
    pub substituted_samples: [u64; 2],
    /// Where the timeline jumped inside the part.
    pub breaks: Vec<BreakTold>,
    pub places: Vec<DropPlace>,
}

/// A stretch in which every fragment tells of something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DropPlace {
    pub media_us: u64,
    pub duration_us: u64,
    pub repeated_frames: u64,
    pub substituted_samples: [u64; 2],
}

/// Time that is missing (positive) or stands twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BreakTold {
    pub media_us: u64,
    pub break_us: i64,
}

impl PartDrops {
    pub fn is_empty(&self) -> bool {
        self.places.is_empty() && self.breaks.is_empty()
    }
}

/// A part while its fragments are gone through.
pub struct DropCount {
    told: PartDrops,
    repeated: Counter,
    substituted: [Counter; 2],
}

impl DropCount {
    pub fn of_part(part: u32) -> Self {
        Self {
            told: PartDrops {
                part,
                ..PartDrops::default()
            },
            repeated: Counter::default(),
            substituted: Default::default(),
        }
    }

    pub fn take(&mut self, fragment: &Fragment) {
        if let Some(break_us) = fragment.break_us {
            let media_us = fragment.media_us;
            self.told.breaks.push(BreakTold { media_us, break_us });
        }
        if fragment.adopted {
            return;
        }
        let figure = |key: &str| fragment.conditions.get(key).and_then(Value::as_u64);
        let repeated_frames = self.repeated.more(figure("repeated"));
        let [left, right] = &mut self.substituted;
        let substituted_samples = [
            left.more(figure("substituted_left")),
            right.more(figure("substituted_right")),
        ];
        if repeated_frames > 0 || substituted_samples != [0, 0] {
            self.add(DropPlace {
                media_us: fragment.media_us,
                duration_us: fragment.duration_us,
                repeated_frames,
                substituted_samples,
            });
        }
    }

    /// Continues the stretch before, or begins one.
    fn add(&mut self, place: DropPlace) {
        let told = &mut self.told;
        told.repeated_frames = told.repeated_frames.saturating_add(place.repeated_frames);
        told.substituted_samples = sum(told.substituted_samples, place.substituted_samples);
        let follows = |last: &&mut DropPlace| {
            last.media_us.saturating_add(last.duration_us) == place.media_us
                && (last.repeated_frames > 0) == (place.repeated_frames > 0)
                && last.substituted_samples.map(|n| n > 0) == place.substituted_samples.map(|n| n > 0)
        };
        match told.places.last_mut().filter(follows) {
            Some(last) => {
                last.duration_us = last.duration_us.saturating_add(place.duration_us);
                last.repeated_frames = last.repeated_frames.saturating_add(place.repeated_frames);
                last.substituted_samples = sum(last.substituted_samples, place.substituted_samples);
            }
            None => told.places.push(place),
        }
    }

    pub fn finish(self) -> PartDrops {
        self.told
    }
}

fn sum([a, b]: [u64; 2], [c, d]: [u64; 2]) -> [u64; 2] {
    [a.saturating_add(c), b.saturating_add(d)]
}

/// Counters run from the media process' start; what one part adds is counted, not what was before it.
#[derive(Default)]
struct Counter {
    last: Option<u64>,
}

impl Counter {
    fn more(&mut self, now: Option<u64>) -> u64 {
        let Some(now) = now else { return 0 };
        let before = self.last.replace(now).unwrap_or(now);
        now.saturating_sub(before)
    }
}
