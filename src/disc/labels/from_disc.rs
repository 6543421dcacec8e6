//! Facts of a disc that lies here alone: a mounted tree, an image file, or a drive, without the room's ledger.
//!
//! A drive and an image are read through `xorriso`, and only the files that the label needs. A disc does not say
//! whether it is the original, so whoever prints must.

use std::collections::BTreeMap;
use std::path::Path;

use hardware::optical::{Device, Xorriso, list_files, read_files};
use serde::Deserialize;
use serde_json::Value;

use super::super::plan::Slot;
use super::super::sums;
use super::error::LabelError;
use super::facts::{Burnt, CaseNumber, Digest, DiscFacts, InterviewFacts, Standing};
use super::manifest::{Manifest, makers_of_lines};
use super::read::{MANIFEST, Wanted, read_if_there, unreadable};

const DISC_RECORD: &str = "disc.json";
const JOURNAL_SO_FAR: &str = "journal-so-far.jsonl";
const SUMS: &str = "SHA256SUMS";
const END_OF_SET: &str = "INTERVIEW-SHA256SUMS";
const NEEDED: [&str; 5] = [DISC_RECORD, MANIFEST, JOURNAL_SO_FAR, SUMS, END_OF_SET];

/// `disc.json` as far as a label says it.
#[derive(Deserialize)]
struct Record {
    #[serde(default)]
    unit: String,
    #[serde(default)]
    case: String,
    #[serde(default)]
    case_name: String,
    #[serde(default)]
    kind: String,
    interview: String,
    #[serde(default)]
    room: String,
    #[serde(default)]
    room_name: String,
    #[serde(default)]
    started_at: String,
    slot: Slot,
    number: u32,
    #[serde(default)]
    volume: String,
}

type Files = BTreeMap<&'static str, Vec<u8>>;

/// Facts of one disc; `wanted.original` is the original's slot and must be said.
pub fn of_disc(path: &Path, wanted: Wanted) -> Result<InterviewFacts, LabelError> {
    let files = files_of(path)?;
    let bytes = files
        .get(DISC_RECORD)
        .ok_or_else(|| LabelError::NotOurs(path.to_owned()))?;
    let record: Record = serde_json::from_slice(bytes).map_err(|error| unreadable(path, error))?;
    if !files.contains_key(SUMS) {
        return Err(LabelError::Open(path.to_owned()));
    }
    if wanted.slot.is_some_and(|slot| slot != record.slot) {
        return Err(LabelError::NoDisc {
            interview: record.interview,
            slot: wanted.slot,
        });
    }
    let original = wanted.original.ok_or(LabelError::WhichOriginal)?;
    let (mut facts, digest) = match files.get(MANIFEST) {
        Some(bytes) => {
            let manifest = Manifest::parse(bytes).map_err(|error| unreadable(path, error))?;
            (manifest.facts(), digest(MANIFEST, bytes))
        }
        None => (relayed(&record, &files), digest(DISC_RECORD, bytes)),
    };
    facts.discs = vec![DiscFacts {
        slot: record.slot,
        set: None,
        number: record.number,
        of: files.contains_key(END_OF_SET).then_some(record.number),
        volume_id: record.volume,
        medium: String::new(),
        digest,
        standing: if record.slot == original {
            Standing::Original
        } else {
            Standing::Copy
        },
        burnt: Burnt::Unknown,
        finalised_at: None,
    }];
    Ok(facts)
}

fn digest(file: &'static str, bytes: &[u8]) -> Digest {
    Digest {
        file,
        sha256: sums::record_of_bytes(file, bytes).sha256,
    }
}

/// A disc that the set goes on behind: what its own record and the journal so far have.
fn relayed(record: &Record, files: &Files) -> InterviewFacts {
    let journal = files
        .get(JOURNAL_SO_FAR)
        .map(|bytes| String::from_utf8_lossy(bytes));
    let lines: Vec<Value> = journal
        .iter()
        .flat_map(|text| text.lines())
        .filter(|line| line.contains(r#""participant"#))
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    InterviewFacts {
        unit: record.unit.clone(),
        room_id: record.room.clone(),
        room_name: record.room_name.clone(),
        id: record.interview.clone(),
        kind: record.kind.clone(),
        case_number: if record.case.is_empty() {
            CaseNumber::NotYet
        } else {
            CaseNumber::Case(record.case.clone())
        },
        case_name: record.case_name.clone(),
        makers: makers_of_lines(&lines),
        from: record.started_at.clone(),
        until: None,
        discs: Vec::new(),
    }
}

fn files_of(path: &Path) -> Result<Files, LabelError> {
    if path.is_dir() {
        let mut files = Files::new();
        for name in NEEDED {
            if let Some(bytes) = read_if_there(&path.join(name))? {
                files.insert(name, bytes);
            }
        }
        return Ok(files);
    }
    let path = &path.canonicalize().map_err(|error| unreadable(path, error))?;
    let device = if path.starts_with("/dev") {
        Device::Drive(path.to_owned())
    } else {
        Device::Image(path.to_owned())
    };
    let xorriso = Xorriso::default();
    let listed = list_files(&xorriso, &device).map_err(|fault| unreadable(path, fault))?;
    let wanted: Vec<(&'static str, u64)> = NEEDED
        .into_iter()
        .filter_map(|name| Some((name, listed.get(&format!("/{name}"))?.size)))
        .collect();
    let on_disc: Vec<(String, u64)> = wanted
        .iter()
        .map(|(name, size)| (format!("/{name}"), *size))
        .collect();
    let mut files: Files = wanted.iter().map(|(name, _)| (*name, Vec::new())).collect();
    read_files(&xorriso, &device, &on_disc, &mut |index, bytes| {
        if let Some(file) = wanted.get(index).and_then(|(name, _)| files.get_mut(name)) {
            file.extend_from_slice(bytes);
        }
    })
    .map_err(|fault| unreadable(path, fault))?;
    Ok(files)
}
