//! One interview on a case disc: as much of it as fits, and the folder that it stands in.
//!
//! Used by `case_disc`. The folder is what a disc of the interview's own set would hold, made by the same `Workshop`,
//! so that it is played, verified and spread over discs by the same rules.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::Path;

use hardware::optical::BLOCK_BYTES;

use super::case_disc::CaseInterview;
use super::case_pages::{Row, Where};
use super::contents::{Place, Session, SessionFile, Workshop, from_master};
use super::history::{DiscRecord, FileRecord, Purpose};
use super::journal::GrowingJournal;
use super::plan::DiscPlan;

/// So many files in a session, so that its ledger line stays a line.
const FILES_PER_SESSION: usize = 3_000;
/// Page, player and records of an interview's folder, generously.
const FOLDER_BYTES: u64 = 3 << 20;
/// What a file costs in the sums of its folder, of the disc and of the case, besides its name.
const SUMS_LINE_BYTES: usize = 5 * 80;

/// An interview on its way to the discs.
pub(super) struct Folder<'a> {
    pub(super) interview: &'a CaseInterview,
    pub(super) plan: DiscPlan,
    pub(super) left: VecDeque<FileRecord>,
    /// Discs of this case that hold a part of it so far.
    pub(super) discs: Vec<u32>,
    pub(super) predecessor: Option<String>,
    /// Disc of this case by file, for those before.
    pub(super) places: BTreeMap<String, u32>,
    pub(super) journal: RefCell<GrowingJournal>,
}

impl Folder<'_> {
    /// The files that still fit, taken from what is left.
    pub(super) fn take(&mut self, budget: &mut u64) -> Vec<FileRecord> {
        let mut share = Vec::new();
        if *budget < FOLDER_BYTES {
            return share;
        }
        let mut room = *budget - FOLDER_BYTES;
        while let Some(next) = self.left.front() {
            let listed = SUMS_LINE_BYTES + 4 * next.path.len();
            let cost = (next.size.div_ceil(BLOCK_BYTES) + 1) * BLOCK_BYTES + listed as u64;
            if cost > room {
                break;
            }
            room -= cost;
            share.extend(self.left.pop_front());
        }
        if !share.is_empty() {
            *budget = room;
        }
        share
    }

    /// What a disc of the interview's own set would hold, below the interview's name.
    pub(super) fn make(
        &mut self,
        disc: &DiscRecord,
        share: &[FileRecord],
        dir: &Path,
    ) -> io::Result<Vec<SessionFile>> {
        let id = self.interview.about.interview_id.clone();
        let number_in_set = u32::try_from(self.discs.len()).unwrap_or(u32::MAX);
        let predecessor = self.predecessor.take();
        let workshop = Workshop {
            plan: &self.plan,
            dir: &dir.join(&id),
            number_in_set,
            places: self.places.clone(),
            journal: &self.journal,
        };
        let places = (disc.drive.clone(), disc.device.clone());
        let mut own = DiscRecord::new(disc.number, disc.kind, disc.volume_id.clone(), places);
        let opening = workshop.opening(&own, predecessor)?;
        for record in opening.records() {
            own.files.insert(record.path.clone(), record);
        }
        let place = if self.left.is_empty() {
            Place::Last
        } else {
            Place::Relayed
        };
        let rest: Vec<_> = share.iter().cloned().map(from_master).collect();
        let closing = workshop.closing(&own, &rest, place)?;
        let here = share.iter().map(|file| (file.path.clone(), number_in_set));
        self.places.extend(here);
        self.predecessor = own.files.get("disc.json").map(|record| record.sha256.clone());
        // What both make stands as the closing session has it.
        let is_made_again = |file: &SessionFile| {
            let again = |later: &SessionFile| later.record.path == file.record.path;
            closing.files.iter().any(again)
        };
        let mut files = opening.files;
        files.retain(|file| !is_made_again(file));
        files.extend(closing.files);
        for file in &mut files {
            file.record = below(&id, file.record.clone());
        }
        Ok(files)
    }

    pub(super) fn row(&self, place: u32) -> Row<'_> {
        Row {
            about: &self.interview.about,
            remarks: &self.interview.remarks,
            discs: &self.discs,
            standing: match (self.discs.contains(&place), self.discs.is_empty()) {
                (true, _) => Where::Here,
                (false, false) => Where::Before,
                (false, true) => Where::Later,
            },
            goes_on: !self.left.is_empty(),
        }
    }
}

pub(super) fn below(folder: &str, record: FileRecord) -> FileRecord {
    FileRecord {
        path: format!("{folder}/{}", record.path),
        ..record
    }
}

/// The last one closes the disc.
pub(super) fn sessions(mut files: Vec<SessionFile>) -> Vec<Session> {
    let mut sessions = Vec::new();
    while files.len() > FILES_PER_SESSION {
        let rest = files.split_off(FILES_PER_SESSION);
        sessions.push(Session {
            purpose: Purpose::Batch,
            files: std::mem::replace(&mut files, rest),
        });
    }
    sessions.push(Session {
        purpose: Purpose::Closing,
        files,
    });
    sessions
}
