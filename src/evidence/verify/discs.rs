//! Discs of one slot as a set: each disc whole by its own sums and record, one
//! following the other, and the interview's files gathered from all of them.
//! What lawfully stays off the discs is known here (design 7).

use super::{
    codes::Code,
    digests::Digested,
    files::{Shelf, check_sums, sha256_of, sm3_of},
    report::Finding,
    source::{DISC_RECORD, DiscRecord, Source, SourceKind},
    words::{
        details::{DIFFERS_IN_SET, DISC_ORDER, FILES, NO_LAST_DISC, NO_SUMS_YET},
        say,
    },
};
use crate::evidence::{
    digest::Sha256Digest,
    names::stays_in_the_house,
    sums::{SHA256SUMS, SM3SUMS},
};
use std::{collections::BTreeMap, fs, path::PathBuf};

pub const INTERVIEW_SUMS: &str = "INTERVIEW-SHA256SUMS";
/// The disc's own; the rest of its folder is the interview's e-case file.
const CASE_RECORD: &str = "case/case.json";
pub const JOURNAL_SO_FAR: &str = "journal-so-far.jsonl";
/// What other players read of one disc. A disc before the last has it under the name of the interview's own.
const PLAYLIST_OF_DISC: &str = "playlist-disc.m3u8";
const PLAYLIST: &str = "playlist.m3u8";
/// The certificates that check its signed heads, beside it.
const CERTIFICATES_SO_FAR: [&str; 2] = ["journal-so-far-device.pem", "journal-so-far-device-sm2.pem"];

/// Files that belong to the disc, not to the interview.
pub fn is_of_disc(path: &str) -> bool {
    matches!(
        path,
        "README.txt" | "index.html" | DISC_RECORD | SHA256SUMS | SM3SUMS | JOURNAL_SO_FAR | PLAYLIST_OF_DISC
    ) || CERTIFICATES_SO_FAR.contains(&path)
        || path.starts_with("player/")
        || path == CASE_RECORD
}

/// Files of an interview that the discs may lack: originals unless configured; what is for the house always.
pub fn may_stay_off(path: &str) -> bool {
    stays_in_the_house(path) || path.starts_with("tracks/") || path == SM3SUMS
}

/// One disc with what was read of it.
pub struct Disc<'a> {
    pub source: &'a Source,
    pub record: &'a DiscRecord,
    pub digested: BTreeMap<String, Digested>,
}

/// Each disc by itself.
pub fn check_disc(disc: &Disc<'_>, findings: &mut Vec<Finding>) {
    let from = findings.len();
    let shelf = Shelf {
        files: &disc.source.files,
        digested: &disc.digested,
        may_be_absent: &|_| false,
    };
    if disc.source.files.contains_key(SHA256SUMS) {
        let covered = |path: &str| !matches!(path, DISC_RECORD | SHA256SUMS | SM3SUMS);
        check_sums(SHA256SUMS, &shelf, sha256_of, covered, findings);
        check_sums(SM3SUMS, &shelf, sm3_of, covered, findings);
    } else {
        findings.push(Finding::new(Code::DiscOpen, "", say(NO_SUMS_YET, &[])));
    }
    for finding in &mut findings[from..] {
        finding.path = format!("{}/{}", disc.source.label, finding.path);
    }
}

/// The discs as one set: numbers, order, one interview.
pub fn check_set(discs: &[Disc<'_>], findings: &mut Vec<Finding>) {
    let mut last: Option<&Disc<'_>> = None;
    for (n, disc) in discs.iter().enumerate() {
        let path = format!("{}/{DISC_RECORD}", disc.source.label);
        let (record, expected) = (disc.record, n as u64 + 1);
        if record.uuid != discs[0].record.uuid || record.interview != discs[0].record.interview {
            findings.push(Finding::new(Code::DiscForeign, &path, &record.interview));
        }
        if record.number != expected {
            let detail = say(DISC_ORDER, &[&record.number, &expected]);
            findings.push(Finding::new(Code::SetIncomplete, &path, detail));
        } else if !follows(record, last) {
            findings.push(Finding::new(
                Code::Predecessor,
                &path,
                format!("{:?}", record.predecessor),
            ));
        }
        last = Some(disc);
    }
    if !last.is_some_and(|disc| disc.source.files.contains_key(INTERVIEW_SUMS)) {
        let label = last.map_or("", |disc| disc.source.label.as_str());
        findings.push(Finding::new(Code::SetIncomplete, label, say(NO_LAST_DISC, &[])));
    }
}

/// The predecessor is named by its volume, or by a digest of its record.
fn follows(record: &DiscRecord, last: Option<&Disc<'_>>) -> bool {
    match (&record.predecessor, last) {
        (None, None) => true,
        (Some(named), Some(last)) => {
            let file = last
                .digested
                .get(DISC_RECORD)
                .map(|found| found.digests.sha256.to_string());
            Some(named) == last.record.volume.as_ref()
                || *named == last.record.sha256
                || Some(named) == file.as_ref()
        }
        (None, Some(_)) | (Some(_), None) => false,
    }
}

/// The interview's files on all discs, with the names that they have in its
/// directory. A path that stands on two discs must have the same bytes on both.
pub fn gather(
    discs: &[Disc<'_>],
    findings: &mut Vec<Finding>,
) -> (BTreeMap<String, PathBuf>, BTreeMap<String, Digested>) {
    let (mut files, mut digested) = (BTreeMap::new(), BTreeMap::<String, Digested>::new());
    for disc in discs {
        let is_last = disc.source.files.contains_key(INTERVIEW_SUMS);
        let is_own = |path: &str| is_of_disc(path) || (path == PLAYLIST && !is_last);
        for (path, place) in disc.source.files.iter().filter(|(path, _)| !is_own(path)) {
            let Some(found) = disc.digested.get(path) else {
                continue;
            };
            let name = if path == INTERVIEW_SUMS {
                SHA256SUMS
            } else {
                path.as_str()
            };
            if digested
                .get(name)
                .is_some_and(|other| other.digests != found.digests)
            {
                let detail = say(DIFFERS_IN_SET, &[&disc.source.label]);
                findings.push(Finding::new(Code::FileChanged, name, detail));
            }
            files.insert(name.to_owned(), place.clone());
            digested.insert(name.to_owned(), found.clone());
        }
    }
    (files, digested)
}

/// What proves a set whose last disc is not here: its journal as far as it was written down, and the certificates
/// beside it.
#[derive(Default)]
pub struct SoFar {
    pub journal: Option<PathBuf>,
    pub certificates: [Option<PathBuf>; 2],
}

pub fn so_far(discs: &[Disc<'_>]) -> Option<SoFar> {
    let disc = discs
        .iter()
        .rev()
        .find(|disc| disc.source.files.contains_key(JOURNAL_SO_FAR))?;
    Some(SoFar {
        journal: disc.source.files.get(JOURNAL_SO_FAR).cloned(),
        certificates: CERTIFICATES_SO_FAR.map(|name| disc.source.files.get(name).cloned()),
    })
}

/// Files that the interview's sums name and that are on no disc, lawfully.
pub fn note_absent(files: &BTreeMap<String, PathBuf>, findings: &mut Vec<Finding>) {
    let Some(text) = files
        .get(SHA256SUMS)
        .and_then(|path| fs::read_to_string(path).ok())
    else {
        return;
    };
    let named = crate::evidence::sums::parse_sums::<Sha256Digest>(&text).unwrap_or_default();
    let absent = named
        .keys()
        .filter(|path| may_stay_off(path) && !files.contains_key(*path))
        .count();
    if absent > 0 {
        findings.push(Finding::new(Code::NotOnDisc, SHA256SUMS, say(FILES, &[&absent])));
    }
}

/// Discs by the set that they belong to, each set in order.
pub fn sets(sources: &[Source]) -> Vec<Vec<(&Source, &DiscRecord)>> {
    let mut sets = BTreeMap::<&str, Vec<(&Source, &DiscRecord)>>::new();
    for source in sources {
        match &source.kind {
            SourceKind::Disc(record) => sets.entry(&record.slot).or_default().push((source, record)),
            SourceKind::Interview => {}
        }
    }
    let mut sets: Vec<_> = sets.into_values().collect();
    for set in &mut sets {
        set.sort_by_key(|(_, record)| record.number);
    }
    sets
}
