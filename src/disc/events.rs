//! What a slot's worker tells the room: states, faults, relays, what could not be spooled.
//!
//! Events are facts in the past tense or whole states; `room` journals those that officers must know. A
//! receiver that is gone costs the worker nothing.

use hardware::optical::DiscFault;
use serde::Serialize;

use super::plan::Slot;

/// What the slot is doing. `Proven` is the last state here; sealing and hand-over follow in `custody`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiscState {
    /// Looking at the medium, or awaiting a burn that outlived the room.
    Preparing,
    /// A disc is open and takes batches; nothing is being burnt at this moment.
    Writing,
    Burning,
    ReadingBack,
    Recovering,
    /// No usable disc in the slot: the master goes on, someone must insert a blank one.
    WaitingForMedium,
    /// The closing session is being made and burnt.
    Closing,
    /// Closed and every file on it read back equal.
    Finalised,
    /// Finalised, and being read once more after the tray was opened and closed.
    Proving,
    /// Read once more, equal.
    Proven,
    /// The slot gave up; `replace_from_master` is the way out.
    Failed,
}

/// One disc of the set as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DiscSummary {
    pub number: u32,
    pub device: String,
    pub volume_id: String,
    pub sessions: u32,
    pub files: u32,
    pub bytes: u64,
    pub finalised: bool,
    pub proven: bool,
    pub failed: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum DiscEvent {
    State {
        slot: Slot,
        disc_number: u32,
        state: DiscState,
        /// Until this disc is full at the rate seen so far; `None` before anything was fed.
        minutes_left: Option<u64>,
        /// Interview bytes committed on this disc.
        written_bytes: u64,
        /// Interview bytes fed but not committed yet.
        waiting_bytes: u64,
        batches: u32,
        /// Of the burn that is running, 0–1000.
        progress_permille: Option<u16>,
    },
    Fault {
        slot: Slot,
        disc_number: u32,
        fault: DiscFault,
    },
    /// The burn that was cut is mended and the disc goes on.
    Recovered {
        slot: Slot,
        disc_number: u32,
        lost_session: bool,
    },
    /// The spool was full or failed: this file will be burnt from the master.
    SpoolMissed {
        slot: Slot,
        path: String,
        missed_files: u64,
    },
    /// A batch is on the disc and read back equal.
    BatchWritten {
        slot: Slot,
        disc_number: u32,
        batch: u32,
        files: u32,
        bytes: u64,
    },
    /// Disc `from` takes no more; the set goes on with disc `to` (接力刻录).
    Relayed {
        slot: Slot,
        from: u32,
        to: u32,
    },
    /// The slot writes in another drive from now on (接力刻录 with a standby, or after a fault).
    DriveTaken {
        slot: Slot,
        from: String,
        to: String,
    },
    Finalised {
        slot: Slot,
        discs: Vec<DiscSummary>,
    },
    /// A finalised disc read back differently when it was proven: the set is not whole any more, and is burnt again.
    Disproven {
        slot: Slot,
        disc_number: u32,
    },
    /// The worker has ended; nothing follows.
    Ended {
        slot: Slot,
        complete: bool,
    },
}
