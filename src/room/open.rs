//! An open interview as the loop holds it: its ways out, and where the present part stands.
//!
//! Only states and what can be asked of them; `recording`, `recorded`, `ending` and `watch` move them.

use super::fanout::Fanout;
use super::recorder::Recorder;
use crate::disc::{About, DiscHandle};
use crate::evidence::line::Data;
use chrono::{DateTime, FixedOffset};
use pipelines::settings::Slot;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

pub(super) struct OpenInterview {
    pub id: String,
    pub uuid: String,
    pub opened_at: String,
    pub recorder: Recorder,
    pub discs: Vec<DiscHandle>,
    pub part: Part,
    /// The part last begun, 0 before the first.
    pub last_part: u32,
    pub durable: Durable,
    pub originals: Originals,
    pub conditions: Arc<Data>,
}

/// What a replacement of one of its discs is burnt from.
pub(super) struct ClosedInterview {
    pub dir: PathBuf,
    pub about: About,
    /// Slots that were burnt anew already.
    pub replaced: BTreeSet<&'static str>,
}

/// Where the recording of the present part stands.
pub(super) enum Part {
    /// The media process is asked as soon as it is ready.
    Wanted,
    /// The power was away too long to go on unasked: one press (`resume`) makes it wanted.
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
    /// The gate is closing; the interview ends when all is durable.
    Ending {
        part: u32,
        fanout: Option<Fanout>,
        asked: Instant,
    },
    /// Nothing more comes; the recorder was told to close.
    Closing,
}

/// Cameras' own streams within the present part. One that changes its form or spoils ends; the composite
/// goes on.
#[derive(Default)]
pub(super) struct Originals {
    running: BTreeSet<&'static str>,
    ended: BTreeSet<&'static str>,
}

impl Originals {
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
    /// Part and media time of this moment, while one runs.
    pub fn position(&self) -> Option<(u32, u64)> {
        match &self.part {
            Part::Running { part, began, .. } => Some((
                *part,
                u64::try_from(began.at.elapsed().as_micros()).unwrap_or(u64::MAX),
            )),
            Part::Wanted | Part::Held | Part::Opening { .. } | Part::Ending { .. } | Part::Closing => None,
        }
    }
}
