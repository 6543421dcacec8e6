//! What the room decides about a slot before the first byte: device, spool, interview, policy.
//!
//! Made by `room` from configuration and the interview that was started; read only afterwards. Numbers that
//! depend on the medium (batch size, gaps) are not here unless the site overrides them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hardware::optical::{Device, Xorriso};
use serde::{Deserialize, Serialize};

use super::history::LedgerEntry;
use super::spares::Spares;

/// A disc slot (盘位) of the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Slot {
    A,
    B,
    Standby,
}

impl Slot {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
            Self::Standby => "standby",
        }
    }
}

/// What stands on the disc about itself: the label's facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    pub unit: String,
    pub room_id: String,
    pub room_name: String,
    pub interview_id: String,
    pub uuid: String,
    pub case_number: String,
    pub case_name: String,
    /// The kind of interview as shown, e.g. 讯问.
    pub kind: String,
    /// RFC 3339 with the local offset, from the journal.
    pub started_at: String,
    /// Which set of the case this is (第 n 套), counted by this room alone: other rooms count theirs. None
    /// where there is neither a case number nor an incident number.
    pub set_in_case: Option<u32>,
}

/// When closed segments become a batch (批次).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchPolicy {
    /// `None`: what suits the kind of medium.
    pub max_bytes: Option<u64>,
    /// The oldest unburnt segment waits no longer, as far as the disc's number of sessions allows.
    pub max_wait: Duration,
}

impl Default for BatchPolicy {
    fn default() -> Self {
        Self {
            max_bytes: None,
            max_wait: Duration::from_secs(5 * 60),
        }
    }
}

/// Everything a slot's worker needs.
#[derive(Clone, Debug)]
pub struct DiscPlan {
    pub slot: Slot,
    /// The drive that the slot begins in.
    pub drive: Device,
    /// It is another slot's, so what was burnt in it is not counted by this slot's discs.
    pub borrowed: bool,
    /// Drives that stand in: for a disc that is full, for a drive that is gone.
    pub spares: Arc<Spares>,
    /// A drive that has gone with its open disc is waited for so long while another could take over.
    pub spare_after: Duration,
    /// A finalised disc is read whole once more after the tray was opened and closed.
    pub prove: bool,
    /// The slot's own folder, on another volume than the master; made if missing.
    pub spool_dir: PathBuf,
    pub spool_limit_bytes: u64,
    pub interview_dir: PathBuf,
    pub about: About,
    pub batch: BatchPolicy,
    /// Camera originals under `tracks/`; off unless the site wants them on disc.
    pub include_tracks: bool,
    /// For image files only: the size of the disc that the image stands in for.
    pub image_capacity_bytes: Option<u64>,
    pub xorriso: Xorriso,
    /// The room's ledger lines about discs so far, in order; lines of other interviews or slots are ignored.
    pub history: Vec<LedgerEntry>,
    pub(super) replacement: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    #[error("disc slot {slot}: its thread could not be started")]
    Thread {
        slot: &'static str,
        source: std::io::Error,
    },
}

impl DiscPlan {
    /// A plan with the lawful defaults; the public fields can be changed before `start`.
    pub fn new(slot: Slot, drive: Device, spool_dir: PathBuf, interview_dir: PathBuf, about: About) -> Self {
        Self {
            slot,
            drive,
            borrowed: false,
            spares: Arc::default(),
            spare_after: Duration::from_secs(60),
            prove: true,
            spool_dir,
            spool_limit_bytes: 1024 * 1024 * 1024,
            interview_dir,
            about,
            batch: BatchPolicy::default(),
            include_tracks: false,
            image_capacity_bytes: None,
            xorriso: Xorriso::default(),
            history: Vec::new(),
            replacement: false,
        }
    }

    pub(super) fn into_replacement(mut self) -> Self {
        self.replacement = true;
        self
    }
}
