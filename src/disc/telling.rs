//! Tells the room what the slot is doing: whole states, each only when something in it changed.
//!
//! Used by `worker` on its own thread, also while a burn lasts. Keeps no truth: figures come from the disc's
//! record and from what waits.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use hardware::optical::{BLOCK_BYTES, Progress};

use super::events::{DiscEvent, DiscState};
use super::history::DiscRecord;
use super::plan::Slot;
use super::spool::Pending;

/// Before this the rate is too rough to tell minutes from it.
const RATE_AFTER: Duration = Duration::from_secs(10);

pub(super) struct Teller {
    slot: Slot,
    events: Sender<DiscEvent>,
    pending: Arc<Pending>,
    last: RefCell<Option<DiscEvent>>,
}

/// The current disc in figures.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Figures {
    disc_number: u32,
    written_bytes: u64,
    batches: u32,
    free_bytes: u64,
    /// Of what was fed in this run: committed and read back.
    pub(super) burnt_bytes: u64,
}

impl Figures {
    pub(super) fn of(disc: Option<&DiscRecord>, burnt_bytes: u64) -> Self {
        disc.map_or(
            Self {
                burnt_bytes,
                ..Self::default()
            },
            |disc| Self {
                disc_number: disc.number,
                written_bytes: disc.bytes(),
                batches: disc.batches,
                free_bytes: disc.free_blocks * BLOCK_BYTES,
                burnt_bytes,
            },
        )
    }
}

impl Teller {
    pub(super) fn new(slot: Slot, events: Sender<DiscEvent>, pending: Arc<Pending>) -> Self {
        Self {
            slot,
            events,
            pending,
            last: RefCell::new(None),
        }
    }

    pub(super) fn tell(&self, figures: &Figures, state: DiscState, progress: Option<Progress>) {
        let (fed_bytes, since) = {
            let waiting = self.pending.lock();
            (waiting.fed_bytes, waiting.first_fed.map(|first| first.elapsed()))
        };
        let waiting_bytes = fed_bytes.saturating_sub(figures.burnt_bytes);
        let per_minute = since
            .filter(|since| *since >= RATE_AFTER)
            .map(|since| fed_bytes.saturating_mul(60) / since.as_secs().max(1));
        let event = DiscEvent::State {
            slot: self.slot,
            disc_number: figures.disc_number,
            state,
            minutes_left: per_minute
                .filter(|rate| *rate > 0)
                .map(|rate| figures.free_bytes.saturating_sub(waiting_bytes) / rate),
            written_bytes: figures.written_bytes,
            waiting_bytes,
            batches: figures.batches,
            progress_permille: progress.map(|progress| progress.permille),
        };
        if self.last.borrow().as_ref() != Some(&event) {
            // A room that no longer listens must not stop a burn.
            let _ = self.events.send(event.clone());
            self.last.replace(Some(event));
        }
    }
}
