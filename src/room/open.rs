//! An open interview as the loop holds it: its ways out, and where the present part stands.
//!
//! Only states and what can be asked of them; `recording`, `recorded`, `ending` and `watch` move them.

use super::disc_orders::DiscOrder;
use super::fanout::Fanout;
use super::recorder::Recorder;
use crate::disc::{Feed, Slot as DiscSlot};
use crate::evidence::line::Data;
use crate::evidence::mirror::Mirror;
use crate::interview::{MediaTime, Moment, PartNumber, WallTime};
use chrono::{DateTime, FixedOffset};
use pipelines::settings::Slot;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

pub(super) struct OpenInterview {
    pub id: String,
    pub uuid: String,
    pub opened_at: String,
    pub recorder: Recorder,
    /// What discs of this interview are made from.
    pub order: DiscOrder,
    /// Closed segments of the composite and files that came in, for discs that begin later.
    pub segments: Vec<Feed>,
    pub mirror: Option<Mirror>,
    /// Nothing became durable for too long, and that was said.
    pub stall_told: bool,
    /// The disk refused because it is full.
    pub disk_is_full: bool,
    /// Slots whose spool could not take something of this interview.
    pub missed: BTreeSet<String>,
    pub part: Part,
    /// The part last begun, 0 before the first.
    pub last_part: u32,
    /// The part that the interview last heard of.
    pub told_part: u32,
    pub durable: Durable,
    pub originals: Originals,
    pub conditions: Arc<Data>,
}

/// Where the recording of the present part stands.
pub(super) enum Part {
    /// The media process is asked as soon as it is ready.
    Wanted,
    /// The power was away too long to go on unasked, or it goes on elsewhere: one press (`resume`) makes it wanted.
    Held,
    Opening {
        part: u32,
        asked: Instant,
        began: Option<Began>,
    },
    Running {
        part: u32,
        fanout: Fanout,
        began: Began,
    },
    /// The gate is closing; what comes then waits until it has.
    Ending {
        part: u32,
        fanout: Option<Fanout>,
        asked: Instant,
        then: Then,
    },
    /// Nothing more comes. The recorder closes the directory when this part's end is durable.
    Closing {
        waits_for: Option<u32>,
    },
}

/// What follows a part that is being ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// The interview ends when all is durable.
    Close,
    /// What kept it from being guaranteed is mended.
    NextPart,
    /// It goes on at another place.
    Hold,
}

/// Cameras' own streams within the present part. One that changes its form or spoils ends; the composite
/// goes on.
#[derive(Default)]
pub(super) struct Originals {
    running: BTreeSet<&'static str>,
    ended: BTreeSet<&'static str>,
}

impl Originals {
    pub fn any(&self) -> bool {
        !self.running.is_empty()
    }

    /// Whether a track begins; a second beginning within a part ends it instead.
    pub fn begin(&mut self, slot: Slot) -> bool {
        let name = slot.name();
        if self.ended.contains(name) || !self.running.insert(name) {
            self.end(name);
            return false;
        }
        true
    }

    pub fn end(&mut self, name: &str) {
        let ended = Slot::ALL
            .iter()
            .map(|slot| slot.name())
            .find(|known| *known == name);
        self.running.remove(name);
        self.ended.extend(ended);
    }

    pub fn runs(&self, slot: Slot) -> bool {
        self.running.contains(slot.name())
    }
}

/// When the first picture of a part was seen, by the wall and by the clock that never steps.
#[derive(Clone, Copy)]
pub(super) struct Began {
    pub wall: DateTime<FixedOffset>,
    pub at: Instant,
}

/// What is known to be on the master disk of the present part.
#[derive(Clone, Copy, Default)]
pub(super) struct Durable {
    pub part: u32,
    pub until_us: u64,
    pub at: Option<Instant>,
    pub wall: Option<DateTime<FixedOffset>>,
}

impl OpenInterview {
    /// The number of a part of which nothing came is free again.
    pub fn give_back(&mut self, part: u32) {
        if self.last_part == part && !self.originals.any() {
            self.last_part -= 1;
        }
    }

    /// Discs to begin now, and what was recorded already; not while it closes.
    pub fn discs_wanted(&self, slots: Vec<DiscSlot>) -> Option<(DiscOrder, Vec<Feed>)> {
        let is_closing = matches!(
            self.part,
            Part::Closing { .. }
                | Part::Ending {
                    then: Then::Close,
                    ..
                }
        );
        let wanted = !is_closing && !slots.is_empty();
        wanted.then(|| (self.order.clone(), self.segments.clone()))
    }

    /// The last durable picture; `now` where nothing is durable yet.
    pub fn durable_until(&self, now: WallTime) -> Moment {
        let wall = self.durable.wall.map_or(now, super::appliance::wall_time);
        let part = PartNumber(self.durable.part.max(1));
        Moment::on_air(wall, part, MediaTime(self.durable.until_us))
    }

    /// How long ago something of the present part became durable.
    pub fn silent_for(&self, began: Instant) -> std::time::Duration {
        self.durable.at.unwrap_or(began).elapsed()
    }

    /// Part and media time of this moment, while one runs.
    pub fn position(&self) -> Option<(u32, u64)> {
        match &self.part {
            Part::Running { part, began, .. } => Some((
                *part,
                u64::try_from(began.at.elapsed().as_micros()).unwrap_or(u64::MAX),
            )),
            Part::Wanted | Part::Held | Part::Opening { .. } | Part::Ending { .. } | Part::Closing { .. } => {
                None
            }
        }
    }
}
