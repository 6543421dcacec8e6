//! A slot's discs as the room's ledger knows them: replayed at start, kept up while burning.
//!
//! The ledger is the truth about a disc: what was meant to be written, what was seen on it, what was read
//! back. `worker` writes each line first and then changes the record, so a replay gives the same record.

use std::collections::BTreeMap;
use std::path::PathBuf;

use hardware::optical::{ChildId, Device, MediumKind, SessionEntry};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::plan::{DiscPlan, Slot};

/// A line of the room's ledger as far as discs care.
#[derive(Clone, Debug, PartialEq)]
pub struct LedgerEntry {
    pub kind: String,
    pub data: Value,
}

/// A file that stands on a disc or is about to; `path` from the disc's root, without a leading slash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileRecord {
    pub(super) path: String,
    pub(super) size: u64,
    pub(super) sha256: String,
    pub(super) sm3: String,
}

/// A burn that the ledger announced and that is not committed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Intent {
    pub(super) child: ChildId,
    pub(super) files: Vec<FileRecord>,
    pub(super) purpose: Purpose,
}

/// Why a session is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Purpose {
    Opening,
    Batch,
    Closing,
}

/// Where a disc stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Open,
    Finalised,
    Failed,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DiscRecord {
    pub(super) number: u32,
    /// What the disc is reached by; an image file is the disc itself.
    pub(super) device: Device,
    /// The drive that it was begun in, as the configuration names it.
    pub(super) drive: Device,
    pub(super) kind: MediumKind,
    pub(super) volume_id: String,
    pub(super) standing: Standing,
    /// Every session seen on the disc at the last look, broken ones included.
    pub(super) sessions: Vec<SessionEntry>,
    pub(super) batches: u32,
    /// Committed files by path; a later session's file replaces an earlier one of the same path.
    pub(super) files: BTreeMap<String, FileRecord>,
    pub(super) unread: Vec<FileRecord>,
    pub(super) intent: Option<Intent>,
    pub(super) base_session_block: Option<u64>,
    pub(super) closed: bool,
    pub(super) free_blocks: u64,
    pub(super) disc_json_sha256: Option<String>,
    pub(super) replacement: bool,
    /// Read whole once more after the tray was opened and closed.
    pub(super) proven: bool,
}

/// The part of a ledger line that all disc lines share.
#[derive(Deserialize)]
struct Line {
    interview: String,
    slot: String,
    disc: u32,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    volume_id: String,
    #[serde(default)]
    device: Option<String>,
    #[serde(default)]
    drive: Option<String>,
    #[serde(default)]
    purpose: Option<Purpose>,
    #[serde(default)]
    child: Option<ChildId>,
    #[serde(default)]
    files: Vec<FileRecord>,
    #[serde(default)]
    sessions: Vec<SessionEntry>,
    #[serde(default)]
    base_session_block: Option<u64>,
    #[serde(default)]
    free_blocks: u64,
    #[serde(default)]
    replacement: bool,
}

impl DiscRecord {
    /// Disc `number` of a slot, begun in `drive`.
    pub(super) fn new(
        number: u32,
        kind: MediumKind,
        volume_id: String,
        (drive, device): (Device, Device),
    ) -> Self {
        Self {
            number,
            device,
            drive,
            kind,
            volume_id,
            standing: Standing::Open,
            sessions: Vec::new(),
            batches: 0,
            files: BTreeMap::new(),
            unread: Vec::new(),
            intent: None,
            base_session_block: None,
            closed: false,
            free_blocks: 0,
            disc_json_sha256: None,
            replacement: false,
            proven: false,
        }
    }

    pub(super) fn commit(&mut self, purpose: Purpose, files: Vec<FileRecord>, sessions: Vec<SessionEntry>) {
        self.sessions = sessions;
        self.base_session_block = None;
        self.intent = None;
        self.closed |= purpose == Purpose::Closing;
        self.batches += u32::from(purpose == Purpose::Batch);
        for file in files {
            if file.path == "disc.json" {
                self.disc_json_sha256 = Some(file.sha256.clone());
            }
            self.unread.retain(|unread| unread.path != file.path);
            self.unread.push(file.clone());
            self.files.insert(file.path.clone(), file);
        }
    }

    /// Finalised with the interview's sums: the last disc of a set.
    pub(super) fn holds_the_end(&self) -> bool {
        self.standing == Standing::Finalised && self.files.contains_key("INTERVIEW-SHA256SUMS")
    }

    pub(super) fn bytes(&self) -> u64 {
        self.files.values().map(|file| file.size).sum()
    }

    fn apply(&mut self, kind: &str, line: Line) {
        match kind {
            "disc-intent" => {
                self.intent = line.child.zip(line.purpose).map(|(child, purpose)| Intent {
                    child,
                    purpose,
                    files: line.files,
                });
            }
            "disc-committed" => {
                self.free_blocks = line.free_blocks;
                if let Some(intent) = self.intent.take() {
                    self.commit(intent.purpose, intent.files, line.sessions);
                }
            }
            "disc-recovered" => {
                self.sessions = line.sessions;
                self.base_session_block = line.base_session_block;
                self.free_blocks = line.free_blocks;
                self.intent = None;
            }
            "disc-read-back" => self.unread.clear(),
            "disc-finalised" => self.standing = Standing::Finalised,
            "disc-proven" => self.proven = true,
            "disc-failed" => self.standing = Standing::Failed,
            _ => {}
        }
    }
}

/// The discs of this interview and slot, in order of their numbers.
pub(super) fn replay(plan: &DiscPlan) -> Vec<DiscRecord> {
    let mut discs = records_in(&plan.history, &plan.about.uuid, plan.slot, &plan.drive);
    if plan.replacement {
        set_aside(&mut discs);
    }
    discs
}

/// The same for those who only ask what was burnt.
pub(super) fn records(history: &[LedgerEntry], uuid: &str, slot: Slot) -> Vec<DiscRecord> {
    records_in(history, uuid, slot, &Device::Drive(PathBuf::new()))
}

/// The drive in which the slot's open disc lies: after a restart the slot goes on there.
pub fn drive_of_open_disc(history: &[LedgerEntry], uuid: &str, slot: Slot) -> Option<Device> {
    let discs = records(history, uuid, slot);
    let open = discs.into_iter().rfind(|disc| disc.standing == Standing::Open)?;
    (!open.drive.path().as_os_str().is_empty()).then_some(open.drive)
}

fn records_in(history: &[LedgerEntry], uuid: &str, slot: Slot, own_drive: &Device) -> Vec<DiscRecord> {
    let mut discs: Vec<DiscRecord> = Vec::new();
    for entry in history.iter().filter(|entry| entry.kind.starts_with("disc-")) {
        let Ok(line) = serde_json::from_value::<Line>(entry.data.clone()) else {
            tracing::warn!(kind = entry.kind, "ledger line about a disc was not understood");
            continue;
        };
        if line.interview != uuid || line.slot != slot.as_str() {
            continue;
        }
        if entry.kind == "disc-opened" {
            let kind = kind_from(line.kind.as_deref());
            let places = places_of(own_drive, &line);
            let new = DiscRecord::new(line.disc, kind, line.volume_id, places);
            discs.push(DiscRecord {
                free_blocks: line.free_blocks,
                replacement: line.replacement,
                ..new
            });
        } else if let Some(disc) = discs.iter_mut().find(|disc| disc.number == line.disc) {
            disc.apply(&entry.kind, line);
        }
    }
    discs
}

/// Drive and disc; a line of a version that wrote only the device is of the slot's own drive.
fn places_of(own_drive: &Device, line: &Line) -> (Device, Device) {
    let parsed = |text: &Option<String>| Device::parse(text.as_deref()?).ok();
    let drive = parsed(&line.drive).unwrap_or_else(|| own_drive.clone());
    let device = parsed(&line.device).unwrap_or_else(|| drive.for_disc(line.disc));
    (drive, device)
}

/// A replacement does not count on anything burnt before it, but goes on with its own discs after a restart.
fn set_aside(discs: &mut [DiscRecord]) {
    let is_done = discs.iter().any(|disc| disc.replacement && disc.holds_the_end());
    for disc in discs.iter_mut().filter(|disc| is_done || !disc.replacement) {
        disc.standing = Standing::Failed;
    }
}

pub(super) fn kind_name(kind: MediumKind) -> &'static str {
    match kind {
        MediumKind::DvdR => "dvd-r",
        MediumKind::DvdPlusR => "dvd-plus-r",
        MediumKind::BdR => "bd-r",
        MediumKind::Overwritable => "overwritable",
    }
}

/// A kind that this version does not know is handled as write-once: the careful choice.
fn kind_from(name: Option<&str>) -> MediumKind {
    let known = [
        MediumKind::DvdR,
        MediumKind::DvdPlusR,
        MediumKind::BdR,
        MediumKind::Overwritable,
    ];
    known
        .into_iter()
        .find(|kind| Some(kind_name(*kind)) == name)
        .unwrap_or(MediumKind::DvdR)
}
