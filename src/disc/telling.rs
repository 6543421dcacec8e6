//! Tells the room what the slot is doing: whole states, each only when something in it changed.
//!
//! Used by `worker` on its own thread, also while a burn lasts. Keeps no truth: figures come from the disc's
//! record and from what waits. The forecast of a full disc is made here, from the rate of the last minutes and
//! from what sessions cost beside their files.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use hardware::optical::{BLOCK_BYTES, Progress};

use super::batch::CLOSING_RESERVE_BYTES;
use super::events::{DiscEvent, DiscState};
use super::history::DiscRecord;
use super::plan::{BatchPolicy, Slot};
use super::spool::Pending;

/// Before this the rate is too rough to tell minutes from it.
const RATE_AFTER: Duration = Duration::from_secs(10);
/// The present rate is that of so long; longer than a segment, so that its steps do not show.
const RATE_OVER: Duration = Duration::from_secs(5 * 60);
const SAMPLE_EVERY: Duration = Duration::from_secs(5);

pub(super) struct Teller {
    slot: Slot,
    events: Sender<DiscEvent>,
    pending: Arc<Pending>,
    last: RefCell<Option<DiscEvent>>,
    rate: RefCell<Rate>,
}

/// What was fed in all, at moments of the last minutes.
#[derive(Default)]
struct Rate {
    samples: VecDeque<(Instant, u64)>,
}

/// The current disc in figures.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Figures {
    disc_number: u32,
    written_bytes: u64,
    batches: u32,
    /// Of the free space, what files can have: the gaps between sessions and the closing session take the rest.
    usable_bytes: u64,
    /// Of what was fed in this run: committed and read back.
    pub(super) burnt_bytes: u64,
}

impl Figures {
    pub(super) fn of(disc: Option<&DiscRecord>, policy: &BatchPolicy, burnt_bytes: u64) -> Self {
        disc.map_or(
            Self {
                burnt_bytes,
                ..Self::default()
            },
            |disc| Self {
                disc_number: disc.number,
                written_bytes: disc.bytes(),
                batches: disc.batches,
                usable_bytes: usable_bytes(disc, policy),
                burnt_bytes,
            },
        )
    }
}

fn usable_bytes(disc: &DiscRecord, policy: &BatchPolicy) -> u64 {
    let profile = disc.kind.profile();
    let batch = policy.max_bytes.unwrap_or(profile.batch_bytes).max(1);
    let gap = profile.gap_after_later_session_blocks * BLOCK_BYTES;
    let free = (disc.free_blocks * BLOCK_BYTES).saturating_sub(CLOSING_RESERVE_BYTES);
    let share = u128::from(free) * u128::from(batch) / u128::from(batch + gap);
    u64::try_from(share).unwrap_or(u64::MAX)
}

impl Rate {
    /// Bytes in a minute, once enough was seen.
    fn per_minute(&mut self, now: Instant, fed_bytes: u64) -> Option<u64> {
        let is_due = |(at, _): &(Instant, u64)| now.duration_since(*at) >= SAMPLE_EVERY;
        if self.samples.back().is_none_or(is_due) {
            self.samples.push_back((now, fed_bytes));
        }
        let is_old = |(at, _): &(Instant, u64)| now.duration_since(*at) > RATE_OVER;
        while self.samples.len() > 2 && self.samples.front().is_some_and(is_old) {
            self.samples.pop_front();
        }
        let (since, fed_then) = self.samples.front()?;
        let seen = now.duration_since(*since);
        let fed = fed_bytes.saturating_sub(*fed_then);
        (seen >= RATE_AFTER && fed > 0).then(|| fed.saturating_mul(60) / seen.as_secs().max(1))
    }
}

impl Teller {
    pub(super) fn new(slot: Slot, events: Sender<DiscEvent>, pending: Arc<Pending>) -> Self {
        Self {
            slot,
            events,
            pending,
            last: RefCell::new(None),
            rate: RefCell::default(),
        }
    }

    pub(super) fn tell(&self, figures: &Figures, state: DiscState, progress: Option<Progress>) {
        let fed_bytes = self.pending.lock().fed_bytes;
        let waiting_bytes = fed_bytes.saturating_sub(figures.burnt_bytes);
        let per_minute = self.rate.borrow_mut().per_minute(Instant::now(), fed_bytes);
        let event = DiscEvent::State {
            slot: self.slot,
            disc_number: figures.disc_number,
            state,
            minutes_left: per_minute
                .filter(|rate| *rate > 0)
                .map(|rate| figures.usable_bytes.saturating_sub(waiting_bytes) / rate),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_last_minutes() {
        let began = Instant::now();
        let mut rate = Rate::default();
        let mut fed = 0;
        assert_eq!(rate.per_minute(began, fed), None);
        for second in 1..=1_200 {
            // Ten minutes of a lot, then ten minutes of little.
            fed += if second <= 600 { 1_000_000 } else { 100_000 };
            rate.per_minute(began + Duration::from_secs(second), fed);
        }
        let now = began + Duration::from_secs(1_201);
        let per_minute = rate.per_minute(now, fed).unwrap();
        assert!((5_500_000..=6_500_000).contains(&per_minute), "{per_minute}");
    }
}
