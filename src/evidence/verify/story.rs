//! What a court asks of a recording beyond whether it is whole: when nothing was recorded and why, how good the
//! clock was all along, what stood in for a lost picture or sound, what was adopted after a cut.
//!
//! Read out of the journal, whose lines were checked before. The interview's own kinds are taken as they stand
//! there; a line without the fields it should have adds nothing, since it is judged elsewhere.

use crate::evidence::{entries::Fragment, line::Line, names::TrackName, outline::Outline};
use serde::Serialize;
use serde_json::Value;

/// Kinds that the interview writes.
const INTERRUPTED: &str = "interrupted";
const CLOCK_STEPPED: &str = "clock-stepped";

/// What the journal tells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Story {
    pub gaps: Vec<GapTold>,
    pub clock: ClockTold,
    /// Pictures shown a second time because no newer one had come.
    pub repeated_frames: u64,
    /// Samples of silence in place of a microphone's, left and right.
    pub substituted_samples: [u64; 2],
    /// Recording that was durable before a cut and was journalled after it.
    pub adopted_us: u64,
}

/// Time between two parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GapTold {
    pub after_part: u32,
    pub before_part: u32,
    pub from: String,
    pub to: String,
    /// By the wall clock.
    pub duration_us: i64,
    /// Cause and detail, where the journal has them.
    pub reason: Option<String>,
}

/// The clock's error as its witness admitted it, fragment by fragment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ClockTold {
    pub fragments: u64,
    /// Fragments without a figure: the clock was not witnessed then.
    pub unknown: u64,
    pub worst_error_us: Option<u64>,
    /// By how many milliseconds the wall clock was set on the way.
    pub steps_ms: Vec<i64>,
}

impl Story {
    pub fn of(outline: &Outline, lines: &[Line]) -> Self {
        let mut story = Self {
            gaps: gaps(outline, lines),
            ..Self::default()
        };
        let steps = lines.iter().filter(|line| line.kind == CLOCK_STEPPED);
        story.clock.steps_ms = steps
            .filter_map(|line| line.data.get("by_ms").and_then(Value::as_i64))
            .collect();
        for part in outline.parts_of(&TrackName::Program) {
            let mut counted = Counted::default();
            for fragment in part.segments.iter().flat_map(|segment| &segment.fragments) {
                story.take(fragment, &mut counted);
            }
        }
        story
    }

    fn take(&mut self, fragment: &Fragment, counted: &mut Counted) {
        if fragment.adopted {
            self.adopted_us = self.adopted_us.saturating_add(fragment.duration_us);
            return; // what the room knew at the time was lost with the cut
        }
        self.clock.fragments += 1;
        match figure(fragment, "clock_error_us") {
            Some(error_us) => {
                self.clock.worst_error_us = Some(self.clock.worst_error_us.unwrap_or(0).max(error_us));
            }
            None => self.clock.unknown += 1,
        }
        let repeated = counted.repeated.more(figure(fragment, "repeated"));
        self.repeated_frames = self.repeated_frames.saturating_add(repeated);
        for (nth, key) in ["substituted_left", "substituted_right"].into_iter().enumerate() {
            let more = counted.substituted[nth].more(figure(fragment, key));
            self.substituted_samples[nth] = self.substituted_samples[nth].saturating_add(more);
        }
    }
}

fn figure(fragment: &Fragment, key: &str) -> Option<u64> {
    fragment.conditions.get(key).and_then(Value::as_u64)
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

#[derive(Default)]
struct Counted {
    repeated: Counter,
    substituted: [Counter; 2],
}

/// Each gap with the interruption that the journal tells last before its part.
fn gaps(outline: &Outline, lines: &[Line]) -> Vec<GapTold> {
    let told = lines.iter().filter(|line| line.kind == INTERRUPTED);
    let reasons: Vec<(u64, String)> = told.filter_map(interruption).collect();
    let reason = |after_part: u32| {
        let of_part = reasons.iter().rfind(|(part, _)| *part == u64::from(after_part));
        of_part.map(|(_, reason)| reason.clone())
    };
    outline
        .gaps
        .iter()
        .map(|gap| GapTold {
            after_part: gap.after_part,
            before_part: gap.before_part,
            from: gap.from.clone(),
            to: gap.to.clone(),
            duration_us: gap.duration_us,
            reason: reason(gap.after_part),
        })
        .collect()
}

/// The part that was interrupted, and why.
fn interruption(line: &Line) -> Option<(u64, String)> {
    let part = line
        .data
        .get("recorded_until")?
        .get("media")?
        .get("part")?
        .as_u64()?;
    let cause = line.data.get("cause")?.as_str()?;
    let detail = line
        .data
        .get("detail")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let reason = if detail.is_empty() {
        cause.to_owned()
    } else {
        format!("{cause}: {detail}")
    };
    Some((part, reason))
}
