//! An independent check of recorded evidence: of an interview's directory, of
//! discs (mounted, as images, in drives, as a set), and of one against another.
//! It trusts nothing that it can work out itself: digests are taken anew, the
//! journal's chain is followed, the timeline is read out of the MP4, manifest
//! and playlists are made again and compared. Reads only; no database, no
//! network, nothing of the machine that recorded.
//!
//! Every byte of the recording is judged by SHA-256 and SM3 of its file, which
//! stand in the chain, and by the SHA-256 of its fragment, which names the place.

pub mod codes;
mod copies;
mod digests;
mod discs;
mod files;
mod heads;
mod journal;
mod lent;
mod media;
mod print;
mod record;
mod report;
mod signatures;
mod source;
mod story;
mod subject;
mod timestamp;
mod words;

pub use codes::{Code, Severity};
pub use copies::{By, Difference, PlaceInMedia, Right};
pub use journal::read_lines as journal_lines;
pub use lent::{Lent, LentError};
pub use report::{Figures, Finding, Given, Report, Verdict};
pub use signatures::{ProvedUntil, SignatureTold};
pub use story::{SegmentPlace, StatementTold, Story, Timeline, TimelineTold};
pub use words::Language;

use copies::{View, compare};
use discs::sets;
use source::{Source, SourceKind, discs_in};
use std::path::PathBuf;
use subject::{check_directory, check_discs, view_directory, view_discs};

/// What is asked.
#[derive(Debug, Default)]
pub struct Question {
    /// An interview's directory, the discs of a set or of both sets, a directory of discs.
    pub paths: Vec<PathBuf>,
    /// Interviews or sets that each of it is compared with.
    pub against: Vec<PathBuf>,
    /// Keys of which one must have signed; what has certificates proves what they signed.
    pub keys: Vec<Lent>,
}

/// Checks what lies at `paths` and compares it with `against`, whoever signed.
pub fn verify(paths: &[PathBuf], against: &[PathBuf]) -> Report {
    answer(&Question {
        paths: paths.to_vec(),
        against: against.to_vec(),
        keys: Vec::new(),
    })
}

/// Checks what is asked. Blocks for as long as reading everything takes.
pub fn answer(question: &Question) -> Report {
    let (mut findings, mut figures) = (Vec::new(), Figures::default());
    let subject = open_all(&question.paths, &mut findings);
    let others = open_all(&question.against, &mut findings);
    let (checked, against) = (given(&subject), given(&others));
    let is_unreadable = |finding: &Finding| finding.severity == Severity::Unreadable;
    let mut differences = Vec::new();
    if !findings.iter().any(is_unreadable) {
        let mut views = check_all(&subject, &question.keys, &mut figures, &mut findings);
        let owns = views.len();
        views.extend(view_all(&others, &mut findings));
        for pair in pairs(&views, owns) {
            differences.extend(compare(pair, &question.keys, &mut figures, &mut findings));
        }
    }
    let keys: Vec<String> = question.keys.iter().map(|lent| lent.id.clone()).collect();
    let report = Report {
        checked,
        against,
        differences,
        ..Report::new(figures, findings)
    };
    match report.verdict {
        Verdict::Unreadable => report,
        Verdict::Sound | Verdict::NotSound => report.expecting_keys(&keys),
    }
}

/// What was given together holds the same interview: sets A and B are equal too. What it is compared with is
/// compared with each of it.
fn pairs(views: &[View], owns: usize) -> Vec<(&View, &View)> {
    let (own, others) = views.split_at(owns.min(views.len()));
    let together = own.iter().skip(1).filter_map(|other| Some((own.first()?, other)));
    let apart = others
        .iter()
        .flat_map(|other| own.iter().map(move |own| (own, other)));
    together.chain(apart).collect()
}

fn open_all(paths: &[PathBuf], findings: &mut Vec<Finding>) -> Vec<Source> {
    let paths = paths.iter().flat_map(|path| discs_in(path));
    paths.filter_map(|path| Source::open(&path, findings)).collect()
}

fn given(sources: &[Source]) -> Vec<Given> {
    let given = sources.iter().map(|source| Given {
        path: source.label.clone(),
        disc: match &source.kind {
            SourceKind::Interview => None,
            SourceKind::Disc(record) => Some((record.slot.clone(), record.number)),
        },
    });
    given.collect()
}

fn check_all(
    subject: &[Source],
    keys: &[Lent],
    figures: &mut Figures,
    findings: &mut Vec<Finding>,
) -> Vec<View> {
    let mut views = Vec::new();
    for source in directories(subject) {
        let mut own = Figures::default();
        views.push(check_directory(source, keys, &mut own, findings));
        figures.add(own);
    }
    for set in sets(subject) {
        let mut own = Figures::default();
        views.push(check_discs(&set, keys, &mut own, findings));
        figures.add(own);
    }
    views
}

/// What is compared with: read, not judged.
fn view_all(others: &[Source], findings: &mut Vec<Finding>) -> Vec<View> {
    let mut views = Vec::new();
    for source in directories(others) {
        views.push(view_directory(source, findings));
    }
    for set in sets(others) {
        views.push(view_discs(&set, findings));
    }
    views
}

fn directories(sources: &[Source]) -> impl Iterator<Item = &Source> {
    sources
        .iter()
        .filter(|source| matches!(source.kind, SourceKind::Interview))
}
