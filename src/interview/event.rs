//! What the room tells an interview about the world: facts, which can be neither refused nor ignored.
//!
//! `Interview::observe` turns each into entries. The room observes a thing once it is true (durable,
//! seen, measured), never because it was asked for.

use serde::{Deserialize, Serialize};

use super::alarm::{Alarm, DiscSlot};
use super::marks::InterruptionCause;
use super::time::{Moment, PartNumber};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Event {
    /// The first fragment of a part is durable. Only this makes an interview *recording*.
    PartBegan {
        part: PartNumber,
    },
    /// Recording stopped or can no longer be guaranteed: media died, master gone, power lost
    /// (observed at the restart). `recorded_until` is the moment of the last durable picture, with its
    /// place in the recording where known; acts after it are void.
    RecordingLost {
        cause: InterruptionCause,
        detail: String,
        recorded_until: Moment,
    },
    AlarmRaised {
        alarm: Alarm,
        detail: String,
    },
    AlarmCleared {
        alarm: Alarm,
    },
    /// The wall clock jumped; media time did not.
    ClockStepped {
        by_ms: i64,
    },
    DiscRelayed {
        slot: DiscSlot,
        from_disc: u32,
        to_disc: u32,
    },
    /// In `Closing`: the last chunk, the journal's own `closed` line and the sums are durable. The entry
    /// belongs to the ledger, because nothing in the directory changes any more.
    Closed {},
}
