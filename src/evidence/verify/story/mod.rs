//! What a court asks of a recording beyond whether it is whole: which interview it is, when nothing was recorded
//! and why, how good the clock was all along, what stood in for a lost picture or sound, what was adopted after a
//! cut, which acts do not count, what was wrong in the room, how it ended.
//!
//! Read out of the journal, whose lines were checked before. The interview's own kinds are taken as they stand
//! there; a line without the fields it should have adds nothing, since it is judged elsewhere.

mod acts;
mod alarms;
mod clock;
mod drops;
mod fields;
mod gaps;
mod matter;
mod timeline;

pub use acts::{ActTold, IncompleteTold, VoidedTold};
pub use alarms::AlarmTold;
pub use clock::ClockTold;
pub use drops::{DropPlace, PartDrops};
pub use fields::{Approved, Moment};
pub use gaps::{GapTold, StatementTold};
pub use matter::{AdoptedTold, Matter, QuarantinedTold};
pub use timeline::{SegmentPlace, Timeline, TimelineTold};

use crate::evidence::{line::Line, names::TrackName, outline::Outline};
use serde::Serialize;

/// What the journal tells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Story {
    pub matter: Matter,
    pub gaps: Vec<GapTold>,
    pub clock: ClockTold,
    /// Pictures shown a second time because no newer one had come.
    pub repeated_frames: u64,
    /// Samples of silence in place of a microphone's, left and right.
    pub substituted_samples: [u64; 2],
    /// The same by part and place; only parts that have any.
    pub drops: Vec<PartDrops>,
    /// Recording that was durable before a cut and was journalled after it.
    pub adopted_us: u64,
    pub adopted: Vec<AdoptedTold>,
    pub quarantined: Vec<QuarantinedTold>,
    pub voided: Vec<VoidedTold>,
    pub alarms: Vec<AlarmTold>,
    /// The end, where acts were left open.
    pub incomplete: Option<IncompleteTold>,
}

impl Story {
    pub fn of(outline: &Outline, lines: &[Line]) -> Self {
        let people = acts::People::of(lines);
        let mut story = Self {
            matter: matter::matter(outline, lines),
            gaps: gaps::gaps(&outline.gaps, lines),
            adopted: matter::adopted(outline),
            quarantined: matter::quarantined(outline),
            voided: acts::voided(lines, &people),
            alarms: alarms::alarms(lines),
            incomplete: acts::incomplete(lines, &people),
            ..Self::default()
        };
        let mut clock = clock::ClockWatch::default();
        for part in outline.parts_of(&TrackName::Program) {
            let number = part.opened.part;
            let mut drops = drops::DropCount::of_part(number);
            for fragment in part.segments.iter().flat_map(|segment| &segment.fragments) {
                clock.take(number, fragment);
                drops.take(fragment);
                if fragment.adopted {
                    story.adopted_us = story.adopted_us.saturating_add(fragment.duration_us);
                }
            }
            story.add(drops.finish());
        }
        story.clock = clock.finish(lines);
        story
    }

    fn add(&mut self, drops: PartDrops) {
        self.repeated_frames = self.repeated_frames.saturating_add(drops.repeated_frames);
        for (sum, part) in self.substituted_samples.iter_mut().zip(drops.substituted_samples) {
            *sum = sum.saturating_add(part);
        }
        if !drops.is_empty() {
            self.drops.push(drops);
        }
    }
}
