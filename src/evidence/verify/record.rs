//! The record by which a court can tell which of two copies is right: the manifest or, before there is one, the
//! journal, of a copy whose signatures hold.
//!
//! Made by `copies` when two copies differ. Where keys were lent, only what one of them signed is a record.

use super::{
    copies::{By, View},
    files::{files_in_manifest, is_outside_manifest},
    heads::judge,
    journal,
    lent::{Certified, Lent},
    signatures::{Ring, WAYS},
};
use crate::evidence::{closing::journalled_files, manifest::MANIFEST, outline::Outline, sums::Files};
use std::fs;

/// What a key vouches for.
pub struct Record {
    /// Id of the key.
    pub key: String,
    pub by: By,
    pub files: Files,
}

impl Record {
    /// Files that the record cannot name, since they sign it or are made of it.
    pub fn is_outside(&self, path: &str) -> bool {
        match self.by {
            By::Manifest => is_outside_manifest(path),
            By::Journal | By::Signature => !self.files.contains_key(path),
        }
    }
}

/// The record of a copy; none if its signatures do not hold, or are by none of the keys that were lent.
pub fn record_of(view: &View, lent: &[Lent]) -> Option<Record> {
    let read = |place: &Option<std::path::PathBuf>| fs::read(place.as_ref()?).ok();
    let [device, device_sm2] = &view.certificates;
    let beside = read(device)
        .zip(read(device_sm2))
        .and_then(|(device, device_sm2)| Certified::from_pem(&device, &device_sm2).ok());
    let record = if view.files.contains_key(MANIFEST) {
        by_manifest(view, beside.as_ref()?)
    } else {
        by_journal(view, beside.as_ref(), lent)
    };
    record.filter(|record| lent.is_empty() || lent.iter().any(|lent| lent.id == record.key))
}

fn by_manifest(view: &View, beside: &Certified) -> Option<Record> {
    let read = |name: &str| fs::read(view.files.get(name)?).ok();
    let manifest = read(MANIFEST)?;
    let holds = WAYS
        .iter()
        .all(|(name, holds)| read(name).is_some_and(|signature| holds(&beside.keys, &manifest, &signature)));
    let files = files_in_manifest(&manifest).ok().filter(|_| holds)?;
    Some(Record {
        key: beside.keys.id(),
        by: By::Manifest,
        files,
    })
}

/// As far as the last good head goes; a journal with a fault before it is no record.
fn by_journal(view: &View, beside: Option<&Certified>, lent: &[Lent]) -> Option<Record> {
    let read = journal::read("", view.journal.as_ref()?, &mut Vec::new())?;
    let (outline, faults) = Outline::of(&read.lines);
    let judged = judge(&Ring::of(beside, lent), &outline);
    let proved = super::heads::proved_until(&read, &outline, &judged)?;
    let key = outline.device_key.clone()?;
    let is_sound = faults.is_empty() && read.sound == read.lines.len() as u64;
    let signed = read.lines.get(..usize::try_from(proved.line).ok()?)?;
    let (outline, _) = Outline::of(signed);
    is_sound.then(|| Record {
        key,
        by: By::Journal,
        files: journalled_files(&outline),
    })
}
