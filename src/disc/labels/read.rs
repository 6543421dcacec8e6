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
use super::facts::{Burnt, Digest, DiscFacts, InterviewFacts, Standing};
use super::finalised::{self, Finalised};
use super::manifest::Manifest;
use super::original::propose;
use crate::evidence::journal::Journal;
use crate::evidence::line::Line;

pub(super) const MANIFEST: &str = "manifest.json";
/// The ledger's word for a set's number in its case.
const SET_NUMBERED: &str = "set-numbered";

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
    let ledger = ledger_of(dir)?;
    let sets = finalised::sets(&ledger, &manifest.uuid);
    let set = set_in_case(&ledger, &manifest.uuid);
    facts.discs = sets
        .whole
        .iter()
        .flat_map(|(slot, discs)| labelled(*slot, discs, set, &sha256))
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
    set: Option<u32>,
    sha256: &'a str,
) -> impl Iterator<Item = DiscFacts> + 'a {
    let of = u32::try_from(discs.len()).unwrap_or(u32::MAX);
    discs.iter().zip(1..).map(move |(disc, number)| DiscFacts {
        slot,
        set,
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

/// The number that the room gave the interview's sets in its case when it was opened; both sets bear it, as
/// their `disc.json` does.
fn set_in_case(ledger: &[Line], uuid: &str) -> Option<u32> {
    let is_its = |line: &&Line| {
        line.kind == SET_NUMBERED && line.data.get("uuid").and_then(serde_json::Value::as_str) == Some(uuid)
    };
    let number = ledger.iter().find(is_its)?.data.get("number")?.as_u64()?;
    u32::try_from(number).ok()
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
