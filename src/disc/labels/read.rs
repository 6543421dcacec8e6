//! Facts of an interview that lies in a room's data directory: its manifest, and the ledger two folders above.
//!
//! Reads only. An interview that is not closed, or whose discs are not finalised, has no labels yet: they would
//! tell of times and digests that nobody knows.

use std::fs;
use std::io;
use std::path::Path;

use super::super::plan::Slot;
use super::super::sums;
use super::error::LabelError;
use super::facts::{Burnt, CaseNumber, Digest, DiscFacts, InterviewFacts, Standing};
use super::finalised::{self, Finalised};
use super::manifest::Manifest;
use super::original::propose;
use crate::evidence::journal::Journal;
use crate::evidence::line::Line;

pub(super) const MANIFEST: &str = "manifest.json";

/// Which discs get labels, and who said which is the original.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// `None`: those of every slot.
    pub slot: Option<Slot>,
    /// `None`: as the rule proposes.
    pub original: Option<Slot>,
}

/// Facts of the interview in `dir`, `<data>/interviews/<id>`.
pub fn of_interview(dir: &Path, wanted: Wanted) -> Result<InterviewFacts, LabelError> {
    let dir = &dir.canonicalize().map_err(|error| unreadable(dir, error))?;
    let (manifest, sha256) = closed(dir)?;
    let mut facts = manifest.facts();
    let sets = finalised::sets(&ledger_of(dir)?, &manifest.uuid);
    let before = interviews_before(dir, &manifest);
    facts.discs = sets
        .whole
        .iter()
        .flat_map(|(slot, discs)| labelled(*slot, discs, before, &sha256))
        .collect();
    let original = propose(&mut facts.discs, wanted.original)?;
    if wanted.original.is_none() {
        settled(&facts.discs, original, &sets.burning)?;
    }
    facts
        .discs
        .retain(|disc| wanted.slot.is_none_or(|slot| disc.slot == slot));
    if facts.discs.is_empty() {
        return Err(LabelError::NoDisc {
            interview: facts.id,
            slot: wanted.slot,
        });
    }
    Ok(facts)
}

/// Two prints must not call two sets the original: while a set is finished that would be proposed before this one,
/// there is no proposal.
fn settled(discs: &[DiscFacts], original: Option<Slot>, burning: &[Slot]) -> Result<(), LabelError> {
    let Some(original) = original else { return Ok(()) };
    let mut of_original = discs.iter().filter(|disc| disc.slot == original);
    let is_live = of_original.all(|disc| disc.burnt == Burnt::Live);
    let rival = burning.iter().find(|slot| !is_live || **slot < original);
    rival.map_or(Ok(()), |slot| Err(LabelError::StillBurning(*slot)))
}

/// The manifest with its digest. The sums are written last, so that without them nothing is final.
fn closed(dir: &Path) -> Result<(Manifest, String), LabelError> {
    if !dir.join("journal.jsonl").exists() && !dir.join(MANIFEST).exists() {
        return Err(LabelError::NotOurs(dir.to_owned()));
    }
    if !dir.join("SHA256SUMS").exists() {
        return Err(LabelError::Open(dir.to_owned()));
    }
    let path = dir.join(MANIFEST);
    let bytes = fs::read(&path).map_err(|error| unreadable(&path, error))?;
    let manifest = Manifest::parse(&bytes).map_err(|error| unreadable(&path, error))?;
    Ok((manifest, sums::record_of_bytes(MANIFEST, &bytes).sha256))
}

fn ledger_of(dir: &Path) -> Result<Vec<Line>, LabelError> {
    let data = dir.parent().and_then(Path::parent).unwrap_or(dir);
    let path = data.join("ledger.jsonl");
    Journal::read(&path).map_err(|error| unreadable(&path, error))
}

fn labelled<'a>(
    slot: Slot,
    discs: &'a [Finalised],
    interviews_before: u32,
    sha256: &'a str,
) -> impl Iterator<Item = DiscFacts> + 'a {
    let of = u32::try_from(discs.len()).unwrap_or(u32::MAX);
    discs.iter().zip(1..).map(move |(disc, number)| DiscFacts {
        slot,
        set: set_number(slot, interviews_before),
        number,
        of: Some(of),
        volume_id: disc.volume_id.clone(),
        medium: disc.medium.clone(),
        digest: Digest {
            file: MANIFEST,
            sha256: sha256.to_owned(),
        },
        standing: Standing::Copy,
        burnt: disc.burnt,
        finalised_at: Some(disc.at.clone()),
    })
}

/// Two sets to each interview, whether both are there yet or not: a number once printed is never another disc's.
fn set_number(slot: Slot, interviews_before: u32) -> Option<u32> {
    match slot {
        Slot::A => Some(interviews_before * 2 + 1),
        Slot::B => Some(interviews_before * 2 + 2),
        Slot::Standby => None,
    }
}

/// Closed interviews of the same case that this room opened earlier: the numbering of sets runs on.
fn interviews_before(dir: &Path, own: &Manifest) -> u32 {
    let number = own.case_number();
    let (CaseNumber::Case(text) | CaseNumber::Incident(text)) = &number else {
        return 0;
    };
    // As RFC 8785 writes it.
    let text = serde_json::Value::from(text.as_str()).to_string();
    let siblings = dir.parent().map(fs::read_dir);
    let Some(Ok(siblings)) = siblings else { return 0 };
    let is_before = |entry: &fs::DirEntry| {
        // A manifest lists every file; only those that name the number are worth parsing.
        let manifest = fs::read_to_string(entry.path().join(MANIFEST)).ok();
        let manifest = manifest.filter(|manifest| manifest.contains(&text));
        let manifest = manifest.and_then(|manifest| Manifest::parse(manifest.as_bytes()).ok());
        manifest.is_some_and(|other| other.case_number() == number && other.was_opened_before(own))
    };
    let count = siblings.flatten().filter(is_before).count();
    u32::try_from(count).unwrap_or(u32::MAX / 4)
}

pub(super) fn unreadable(path: &Path, error: impl std::fmt::Display) -> LabelError {
    LabelError::Unreadable {
        path: path.to_owned(),
        detail: error.to_string(),
    }
}

/// Where a disc's files lie: readable one by one, absent without an error.
pub(super) fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, LabelError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(path, error)),
    }
}
