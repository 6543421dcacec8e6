//! One interview under check: its directory, or the discs of a set, whole or as far as they are here. Reads and
//! digests everything once and asks every other part of `verify` about it.
//!
//! What is compared with is read in the same way, and not judged.

use super::{
    codes::Code,
    copies::View,
    digests::{Digested, Wanted, digest_all},
    discs::{Disc, SoFar, check_disc, check_set, gather, may_stay_off, note_absent, so_far},
    files::{Shelf, check_journalled, check_made, check_sums, sha256_of, sm3_of},
    journal::{self, ReadJournal},
    lent::Lent,
    media,
    report::{Figures, Finding},
    signatures::{self, ProvedUntil},
    source::{DISC_RECORD, DiscRecord, Source},
    story::Story,
    words::{
        Detail,
        details::{NO_LAST_DISC, NO_LAST_DISC_PROVED, PROVED_NOTHING, PROVED_UNTIL, STILL_OPEN},
        say, say_of,
    },
};
use crate::evidence::{
    directory::JOURNAL,
    outline::Outline,
    signing::{DEVICE_PEM, DEVICE_SM2_PEM},
    sums::{SHA256SUMS, SM3SUMS},
};
use std::{collections::BTreeMap, path::PathBuf};

/// Reads every file of a source; what cannot be read is a finding.
fn digest_source(
    source: &Source,
    outline: Option<&Outline>,
    findings: &mut Vec<Finding>,
) -> BTreeMap<String, Digested> {
    let mut cuts: BTreeMap<&str, _> = BTreeMap::new();
    for segment in outline.into_iter().flat_map(Outline::segments) {
        cuts.insert(&segment.opened.segment, media::cuts(segment));
    }
    let wanted: Vec<Wanted> = source
        .files
        .iter()
        .map(|(name, path)| Wanted {
            path: path.clone(),
            cuts: cuts.remove(name.as_str()).unwrap_or_default(),
        })
        .collect();
    let mut digested = BTreeMap::new();
    for (name, result) in source.files.keys().zip(digest_all(&wanted)) {
        match result {
            Ok(found) => {
                digested.insert(name.clone(), found);
            }
            Err(error) => {
                let path = format!("{}/{name}", source.label);
                findings.push(Finding::new(Code::Unreadable, path, error));
            }
        }
    }
    digested
}

fn count(digested: &BTreeMap<String, Digested>, figures: &mut Figures) {
    figures.files += digested.len() as u64;
    figures.bytes += digested.values().map(|found| found.size).sum::<u64>();
}

fn read_journal(
    path: Option<&PathBuf>,
    figures: &mut Figures,
    findings: &mut Vec<Finding>,
) -> Option<(Outline, ReadJournal)> {
    let Some(path) = path else {
        findings.push(Finding::new(Code::JournalMissing, JOURNAL, ""));
        return None;
    };
    let journal = journal::read(JOURNAL, path, findings)?;
    let outline = journal::outline(JOURNAL, &journal.lines, findings);
    figures.journal_lines = journal.lines.len() as u64;
    figures.story = Story::of(&outline, &journal.lines);
    figures.interview = outline.opened.as_ref().map(|opened| opened.id.to_string());
    figures.uuid = outline.opened.as_ref().map(|opened| opened.uuid.to_string());
    Some((outline, journal))
}

pub fn check_directory(
    source: &Source,
    lent: &[Lent],
    figures: &mut Figures,
    findings: &mut Vec<Finding>,
) -> View {
    let read = read_journal(source.files.get(JOURNAL), figures, findings);
    let outline = read.as_ref().map(|(outline, _)| outline);
    let digested = digest_source(source, outline, findings);
    count(&digested, figures);
    if let Some((outline, journal)) = &read {
        let shelf = Shelf {
            files: &source.files,
            digested: &digested,
            may_be_absent: &|_| false,
        };
        check_interview(outline, &shelf, &|_| false, figures, findings);
        if outline.closed.is_none() {
            let places = certificates(&source.files);
            signatures::check_open((outline, journal), &places, lent, figures, findings);
            findings.push(still_open(figures));
        } else if source.files.contains_key(SHA256SUMS) {
            check_end(outline, figures, findings);
            let keys = signatures::check((outline, journal), &shelf, lent, figures, findings);
            check_made(outline, &shelf, keys.as_ref(), findings);
            let covered = |path: &str| !matches!(path, SHA256SUMS | SM3SUMS);
            check_sums(SHA256SUMS, &shelf, sha256_of, covered, findings);
            check_sums(SM3SUMS, &shelf, sm3_of, covered, findings);
        } else {
            check_end(outline, figures, findings);
            findings.push(Finding::new(Code::InterviewUnfinished, SHA256SUMS, ""));
        }
    }
    directory_view(source, digested)
}

fn directory_view(source: &Source, digested: BTreeMap<String, Digested>) -> View {
    View {
        label: source.label.clone(),
        is_on_discs: false,
        files: source.files.clone(),
        digested,
        journal: source.files.get(JOURNAL).cloned(),
        certificates: certificates(&source.files),
    }
}

fn certificates(files: &BTreeMap<String, PathBuf>) -> [Option<PathBuf>; 2] {
    [DEVICE_PEM, DEVICE_SM2_PEM].map(|name| files.get(name).cloned())
}

/// How far a journal is proved that no manifest proves as a whole.
fn proved(figures: &Figures) -> Detail {
    let signature = figures.signature.as_ref();
    match signature.and_then(|signature| signature.proved_until.as_ref()) {
        Some(ProvedUntil {
            line,
            lines_behind,
            moment,
            ..
        }) => say(PROVED_UNTIL, &[&moment.at, line, lines_behind]),
        None => say(PROVED_NOTHING, &[]),
    }
}

fn still_open(figures: &Figures) -> Finding {
    Finding::new(Code::InterviewOpen, JOURNAL, say_of(STILL_OPEN, &proved(figures)))
}

fn check_interview(
    outline: &Outline,
    shelf: &Shelf<'_>,
    is_elsewhere: &dyn Fn(&str) -> bool,
    figures: &mut Figures,
    findings: &mut Vec<Finding>,
) {
    let read = media::Read {
        files: shelf.files,
        digested: shelf.digested,
        is_elsewhere,
    };
    media::check(outline, &read, figures, findings);
    check_journalled(outline, shelf, findings);
}

/// The value of `ended` in the facts of a regular end.
const REGULAR_END: &str = "complete";

fn check_end(outline: &Outline, figures: &Figures, findings: &mut Vec<Finding>) {
    let ended = outline.closed.as_ref().and_then(|facts| facts.get("ended"));
    let ended = ended.and_then(serde_json::Value::as_str).unwrap_or_default();
    if ended != REGULAR_END {
        let incomplete = figures.story.incomplete.as_ref();
        let reason = incomplete.map(|incomplete| format!("{ended}, {}", incomplete.reason));
        let detail = reason.unwrap_or_else(|| ended.to_owned());
        findings.push(Finding::new(Code::EndedAbnormally, JOURNAL, detail));
    }
}

pub fn check_discs(
    set: &[(&Source, &DiscRecord)],
    lent: &[Lent],
    figures: &mut Figures,
    findings: &mut Vec<Finding>,
) -> View {
    // The journal is on the last disc; it says where fragments lie on all of them.
    let journal = set.iter().rev().find_map(|(source, _)| source.files.get(JOURNAL));
    let read = journal.and_then(|path| read_journal(Some(path), figures, findings));
    let discs = read_discs(set, read.as_ref().map(|(outline, _)| outline), findings);
    discs.iter().for_each(|disc| count(&disc.digested, figures));
    figures.discs += discs.len() as u64;
    discs.iter().for_each(|disc| check_disc(disc, findings));
    check_set(&discs, findings);
    let (files, digested) = gather(&discs, findings);
    if let Some((outline, journal)) = &read {
        let shelf = Shelf {
            files: &files,
            digested: &digested,
            may_be_absent: &may_stay_off,
        };
        check_interview(outline, &shelf, &may_stay_off, figures, findings);
        if outline.closed.is_some() {
            check_end(outline, figures, findings);
        } else {
            findings.push(still_open(figures));
        }
        let keys = signatures::check((outline, journal), &shelf, lent, figures, findings);
        check_made(outline, &shelf, keys.as_ref(), findings);
        check_sums(SHA256SUMS, &shelf, sha256_of, |path| path != SHA256SUMS, findings);
        check_identity(outline, &discs, findings);
        note_absent(&files, findings);
    } else {
        let shelf = Shelf {
            files: &files,
            digested: &digested,
            may_be_absent: &|_| true,
        };
        check_partial_set(&discs, &shelf, lent, figures, findings);
    }
    disc_view(&discs, files, digested)
}

fn read_discs<'a>(
    set: &[(&'a Source, &'a DiscRecord)],
    outline: Option<&Outline>,
    findings: &mut Vec<Finding>,
) -> Vec<Disc<'a>> {
    let read = set.iter().map(|(source, record)| Disc {
        source,
        record,
        digested: digest_source(source, outline, findings),
    });
    read.collect()
}

fn disc_view(
    discs: &[Disc<'_>],
    files: BTreeMap<String, PathBuf>,
    digested: BTreeMap<String, Digested>,
) -> View {
    let SoFar {
        journal,
        certificates: so_far,
    } = so_far(discs).unwrap_or_default();
    let [device, device_sm2] = certificates(&files);
    let [device_so_far, device_sm2_so_far] = so_far;
    View {
        label: discs
            .first()
            .map_or_else(String::new, |disc| disc.source.label.clone()),
        is_on_discs: true,
        journal: files.get(JOURNAL).cloned().or(journal),
        certificates: [device.or(device_so_far), device_sm2.or(device_sm2_so_far)],
        files,
        digested,
    }
}

/// A set without its last disc: the chain as far as it was written down then, and what its signed heads prove.
fn check_partial_set(
    discs: &[Disc<'_>],
    shelf: &Shelf<'_>,
    lent: &[Lent],
    figures: &mut Figures,
    findings: &mut Vec<Finding>,
) {
    let so_far = so_far(discs).unwrap_or_default();
    let Some((outline, journal)) = read_journal(so_far.journal.as_ref(), figures, findings) else {
        return;
    };
    check_identity(&outline, discs, findings);
    let read = media::Read {
        files: shelf.files,
        digested: shelf.digested,
        is_elsewhere: &|_| true,
    };
    media::check(&outline, &read, figures, findings);
    let read = (&outline, &journal);
    signatures::check_open(read, &so_far.certificates, lent, figures, findings);
    let is_last_missing = |finding: &&mut Finding| {
        finding.code == Code::SetIncomplete && finding.detail_en.ends_with(NO_LAST_DISC.1)
    };
    if let Some(finding) = findings.iter_mut().rfind(is_last_missing) {
        let detail = say_of(NO_LAST_DISC_PROVED, &proved(figures));
        *finding = Finding::new(Code::SetIncomplete, finding.path.clone(), detail);
    }
}

/// Every disc says that it belongs to the interview whose journal it carries.
fn check_identity(outline: &Outline, discs: &[Disc<'_>], findings: &mut Vec<Finding>) {
    let Some(opened) = &outline.opened else {
        return;
    };
    for disc in discs {
        let record = disc.record;
        if record.uuid != opened.uuid.to_string() || record.interview != opened.id.as_str() {
            let path = format!("{}/{}", disc.source.label, DISC_RECORD);
            findings.push(Finding::new(Code::DiscForeign, path, &record.interview));
        }
    }
}

pub fn view_directory(source: &Source, findings: &mut Vec<Finding>) -> View {
    let digested = digest_source(source, None, findings);
    directory_view(source, digested)
}

pub fn view_discs(set: &[(&Source, &DiscRecord)], findings: &mut Vec<Finding>) -> View {
    let discs = read_discs(set, None, findings);
    let (files, digested) = gather(&discs, findings);
    disc_view(&discs, files, digested)
}
