//! An independent check of recorded evidence: of an interview's directory, of
//! discs (mounted, as images, in drives, as a set), and of one against another.
//! It trusts nothing that it can work out itself: digests are taken anew, the
//! journal's chain is followed, the timeline is read out of the MP4, manifest
//! and playlists are made again and compared. Reads only.
//!
//! Every byte of the recording is judged by SHA-256 and SM3 of its file, which
//! stand in the chain, and by the SHA-256 of its fragment, which names the place.

pub mod codes;
mod digests;
mod discs;
mod files;
mod journal;
mod media;
mod report;
mod signatures;
mod source;
mod story;
mod timestamp;

pub use codes::{Code, Severity};
pub use journal::read_lines as journal_lines;
pub use report::{Figures, Finding, Report, Verdict};
pub use story::Story;

use super::{
    directory::JOURNAL,
    outline::Outline,
    sums::{SHA256SUMS, SM3SUMS},
};
use digests::{Digested, Wanted, digest_all};
use discs::{Disc, check_disc, check_set, gather, journal_so_far, may_stay_off, note_absent, sets};
use files::{Shelf, check_journalled, check_made, check_sums, sha256_of, sm3_of};
use source::{Source, SourceKind, discs_in};
use std::{collections::BTreeMap, path::PathBuf};

/// Checks what lies at `paths` (an interview's directory, the discs of a set or
/// of both sets, a directory of discs), and compares it with each interview or
/// set of `against`. Blocks for as long as reading everything takes.
pub fn verify(paths: &[PathBuf], against: &[PathBuf]) -> Report {
    let (mut findings, mut figures) = (Vec::new(), Figures::default());
    let subject = open_all(paths, &mut findings);
    let others = open_all(against, &mut findings);
    if findings
        .iter()
        .any(|finding| finding.severity == Severity::Unreadable)
    {
        return Report::new(figures, findings);
    }
    let mut views = Vec::new();
    for source in subject
        .iter()
        .filter(|source| matches!(source.kind, SourceKind::Interview))
    {
        let mut own = Figures::default();
        views.push(check_directory(source, &mut own, &mut findings));
        figures.add(own);
    }
    for set in sets(&subject) {
        let mut own = Figures::default();
        views.push(check_discs(&set, &mut own, &mut findings));
        figures.add(own);
    }
    let checked = views.len();
    views.extend(open_views(&others, &mut findings));
    // What was given together holds the same interview: sets A and B are equal too.
    for (n, other) in views.iter().enumerate().skip(1) {
        let owns = if n < checked {
            &views[..1]
        } else {
            &views[..checked]
        };
        owns.iter()
            .for_each(|own| compare(own, other, &mut figures, &mut findings));
    }
    Report::new(figures, findings)
}

fn open_all(paths: &[PathBuf], findings: &mut Vec<Finding>) -> Vec<Source> {
    let paths = paths.iter().flat_map(|path| discs_in(path));
    paths.filter_map(|path| Source::open(&path, findings)).collect()
}

/// An interview's files with their digests, as they are compared.
struct View {
    label: String,
    is_on_discs: bool,
    digested: BTreeMap<String, Digested>,
}

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
) -> Option<Outline> {
    let Some(path) = path else {
        findings.push(Finding::new(Code::JournalMissing, JOURNAL, ""));
        return None;
    };
    let lines = journal::read(JOURNAL, path, findings)?;
    let outline = journal::outline(JOURNAL, &lines, findings);
    figures.journal_lines = lines.len() as u64;
    figures.story = Story::of(&outline, &lines);
    figures.interview = outline.opened.as_ref().map(|opened| opened.id.to_string());
    figures.uuid = outline.opened.as_ref().map(|opened| opened.uuid.to_string());
    Some(outline)
}

fn check_directory(source: &Source, figures: &mut Figures, findings: &mut Vec<Finding>) -> View {
    let outline = read_journal(source.files.get(JOURNAL), figures, findings);
    let digested = digest_source(source, outline.as_ref(), findings);
    count(&digested, figures);
    if let Some(outline) = &outline {
        let shelf = Shelf {
            files: &source.files,
            digested: &digested,
            may_be_absent: &|_| false,
        };
        check_interview(outline, &shelf, &|_| false, figures, findings);
        check_end(outline, findings);
        if outline.closed.is_some() && !source.files.contains_key(SHA256SUMS) {
            findings.push(Finding::new(Code::InterviewUnfinished, SHA256SUMS, ""));
        } else if outline.closed.is_some() {
            let keys = signatures::check(outline, &shelf, figures, findings);
            check_made(outline, &shelf, keys.as_ref(), findings);
            let covered = |path: &str| !matches!(path, SHA256SUMS | SM3SUMS);
            check_sums(SHA256SUMS, &shelf, sha256_of, covered, findings);
            check_sums(SM3SUMS, &shelf, sm3_of, covered, findings);
        }
    }
    View {
        label: source.label.clone(),
        is_on_discs: false,
        digested,
    }
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

fn check_end(outline: &Outline, findings: &mut Vec<Finding>) {
    let Some(facts) = &outline.closed else {
        findings.push(Finding::new(
            Code::InterviewOpen,
            JOURNAL,
            "its last line is not `closed`",
        ));
        return;
    };
    let ended = facts
        .get("ended")
        .and_then(serde_json::Value::as_str)
        .unwrap_or_default();
    if ended != REGULAR_END {
        findings.push(Finding::new(Code::EndedAbnormally, JOURNAL, ended));
    }
}

fn check_discs(
    set: &[(&Source, &source::DiscRecord)],
    figures: &mut Figures,
    findings: &mut Vec<Finding>,
) -> View {
    // The journal is on the last disc; it says where fragments lie on all of them.
    let journal = set.iter().rev().find_map(|(source, _)| source.files.get(JOURNAL));
    let outline = journal.and_then(|path| read_journal(Some(path), figures, findings));
    let discs: Vec<Disc<'_>> = set
        .iter()
        .map(|(source, record)| {
            let digested = digest_source(source, outline.as_ref(), findings);
            count(&digested, figures);
            Disc {
                source,
                record,
                digested,
            }
        })
        .collect();
    figures.discs += discs.len() as u64;
    discs.iter().for_each(|disc| check_disc(disc, findings));
    check_set(&discs, findings);
    let (files, digested) = gather(&discs, findings);
    match &outline {
        Some(outline) => {
            let shelf = Shelf {
                files: &files,
                digested: &digested,
                may_be_absent: &may_stay_off,
            };
            check_interview(outline, &shelf, &may_stay_off, figures, findings);
            check_end(outline, findings);
            let keys = signatures::check(outline, &shelf, figures, findings);
            check_made(outline, &shelf, keys.as_ref(), findings);
            check_sums(SHA256SUMS, &shelf, sha256_of, |path| path != SHA256SUMS, findings);
            check_identity(outline, &discs, findings);
            note_absent(&files, findings);
        }
        None => {
            let shelf = Shelf {
                files: &files,
                digested: &digested,
                may_be_absent: &|_| true,
            };
            check_partial_set(&discs, &shelf, figures, findings);
        }
    }
    let label = discs
        .first()
        .map_or_else(String::new, |disc| disc.source.label.clone());
    View {
        label,
        is_on_discs: true,
        digested,
    }
}

/// A set without its last disc: the chain as far as it was written down then.
fn check_partial_set(
    discs: &[Disc<'_>],
    shelf: &Shelf<'_>,
    figures: &mut Figures,
    findings: &mut Vec<Finding>,
) {
    let Some(outline) = read_journal(journal_so_far(discs).as_ref(), figures, findings) else {
        return;
    };
    check_identity(&outline, discs, findings);
    let read = media::Read {
        files: shelf.files,
        digested: shelf.digested,
        is_elsewhere: &|_| true,
    };
    media::check(&outline, &read, figures, findings);
}

/// Every disc says that it belongs to the interview whose journal it carries.
fn check_identity(outline: &Outline, discs: &[Disc<'_>], findings: &mut Vec<Finding>) {
    let Some(opened) = &outline.opened else {
        return;
    };
    for disc in discs {
        let record = disc.record;
        if record.uuid != opened.uuid.to_string() || record.interview != opened.id.as_str() {
            let path = format!("{}/{}", disc.source.label, source::DISC_RECORD);
            findings.push(Finding::new(Code::DiscForeign, path, &record.interview));
        }
    }
}

/// What is compared with: read, not judged.
fn open_views(sources: &[Source], findings: &mut Vec<Finding>) -> Vec<View> {
    let mut views = Vec::new();
    for source in sources
        .iter()
        .filter(|source| matches!(source.kind, SourceKind::Interview))
    {
        let digested = digest_source(source, None, findings);
        views.push(View {
            label: source.label.clone(),
            is_on_discs: false,
            digested,
        });
    }
    for set in sets(sources) {
        let mut discs = Vec::new();
        for (source, record) in set {
            let digested = digest_source(source, None, findings);
            discs.push(Disc {
                source,
                record,
                digested,
            });
        }
        let label = discs
            .first()
            .map_or_else(String::new, |disc| disc.source.label.clone());
        let (_, digested) = gather(&discs, findings);
        views.push(View {
            label,
            is_on_discs: true,
            digested,
        });
    }
    views
}

/// File by file; what lawfully stays off the discs is left out where one side is discs.
fn compare(own: &View, other: &View, figures: &mut Figures, findings: &mut Vec<Finding>) {
    let counts = |path: &str| !(own.is_on_discs || other.is_on_discs) || !may_stay_off(path);
    for (path, found) in own.digested.iter().filter(|(path, _)| counts(path)) {
        match other.digested.get(path) {
            Some(same) if same.digests == found.digests => figures.compared_files += 1,
            Some(_) => findings.push(Finding::new(Code::AgainstChanged, path, &other.label)),
            None => findings.push(Finding::new(Code::AgainstMissing, path, &other.label)),
        }
    }
    for path in other
        .digested
        .keys()
        .filter(|path| counts(path) && !own.digested.contains_key(*path))
    {
        findings.push(Finding::new(Code::AgainstExtra, path, &own.label));
    }
}
