//! Set A against set B: the same interview files byte for byte, wherever one disc ends and the next begins.
//!
//! Every file was read back through its drive and its digests stand in the ledger, so the ledger is what is
//! compared; `room` asks when both sets are finalised, and `verify` compares the discs themselves. Pure.

use std::collections::BTreeMap;

use super::LedgerEntry;
use super::contents::is_discs_own;
use super::history::{FileRecord, Standing, records};
use super::plan::Slot;

/// What two sets of one interview have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetComparison {
    pub equal_files: usize,
    /// On one set only, or different there.
    pub differing: Vec<String>,
}

/// The finalised sets of the interview with this UUID, as the ledger knows them.
pub fn compare_sets(history: &[LedgerEntry], uuid: &str) -> SetComparison {
    let [a, b] = [Slot::A, Slot::B].map(|slot| files_of_set(history, uuid, slot));
    let paths: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    let (equal, differing): (Vec<&String>, Vec<&String>) =
        paths.into_iter().partition(|path| a.get(*path) == b.get(*path));
    SetComparison {
        equal_files: equal.len(),
        differing: differing.into_iter().cloned().collect(),
    }
}

fn files_of_set(history: &[LedgerEntry], uuid: &str, slot: Slot) -> BTreeMap<String, FileRecord> {
    let discs = records(history, uuid, slot);
    let finalised = discs
        .into_iter()
        .filter(|disc| disc.standing == Standing::Finalised);
    finalised
        .flat_map(|disc| disc.files)
        .filter(|(path, _)| !is_discs_own(path))
        .collect()
}
