//! `check`: the durability invariants of this room (numbered in `mod.rs`) looked
//! at read-only and quickly enough for every start: chains of the logs and of
//! unfinished interviews, presence and size of everything that is on record. It
//! takes no digests of media; that is `verify`.

use super::{
    adopt::find_unfinished,
    closing::{is_made_by_closing, journalled_files},
    digest::Sha256Digest,
    directory::{JOURNAL, interviews},
    durable::TEMPORARY_SUFFIX,
    journal::{Journal, JournalError},
    outline::Outline,
    sums::{SHA256SUMS, list_files, parse_sums},
    verify::{Code, Finding},
};
use std::{collections::BTreeSet, fs, io, path::Path};

/// Logs of the room that live beside the interviews.
const LOGS: [&str; 2] = ["ledger.jsonl", "audit.jsonl"];

/// What does not keep the invariants under `<data>`. An interview that is merely
/// open is none of it; what recovery will take care of is named all the same.
pub fn check(data: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    for log in LOGS.iter().filter(|log| data.join(log).exists()) {
        read_journal(log, &data.join(log), &mut findings);
    }
    let interviews = interviews(data);
    let unfinished = find_unfinished(&interviews).unwrap_or_else(|error| {
        findings.push(Finding::new(Code::Unreadable, "interviews", error));
        Vec::new()
    });
    let unfinished: BTreeSet<String> = unfinished.into_iter().map(String::from).collect();
    for name in directories(&interviews, &mut findings) {
        let path = interviews.join(&name);
        let from = findings.len();
        if unfinished.contains(&name) {
            check_unfinished(&path, &mut findings);
        } else {
            check_finished(&path, &mut findings);
        }
        for finding in &mut findings[from..] {
            finding.path = format!("interviews/{name}/{}", finding.path);
        }
    }
    findings
}

fn directories(interviews: &Path, findings: &mut Vec<Finding>) -> Vec<String> {
    let entries = match fs::read_dir(interviews) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            findings.push(Finding::new(Code::Unreadable, "interviews", error));
            return Vec::new();
        }
    };
    let mut names: Vec<String> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}

fn read_journal(name: &str, path: &Path, findings: &mut Vec<Finding>) -> Option<Vec<super::line::Line>> {
    match Journal::read(path) {
        Ok(lines) => Some(lines),
        Err(error @ (JournalError::Broken { .. } | JournalError::Data { .. })) => {
            findings.push(Finding::new(Code::JournalLine, name, error));
            None
        }
        Err(error @ (JournalError::Durable(_) | JournalError::Empty { .. } | JournalError::Closed)) => {
            findings.push(Finding::new(Code::Unreadable, name, error));
            None
        }
    }
}

/// Invariants 1 to 8 of an interview that is open or whose closing was cut short.
fn check_unfinished(path: &Path, findings: &mut Vec<Finding>) {
    let journal = path.join(JOURNAL);
    let lines = if journal.exists() {
        read_journal(JOURNAL, &journal, findings)
    } else {
        Some(Vec::new())
    };
    let Some(lines) = lines else {
        return;
    };
    if lines.is_empty() {
        findings.push(Finding::new(Code::Stillborn, "", ""));
        return;
    }
    let (outline, faults) = Outline::of(&lines);
    findings.extend(
        faults
            .iter()
            .map(|fault| Finding::new(Code::JournalContradiction, JOURNAL, fault)),
    );
    if outline.closed.is_some() {
        findings.push(Finding::new(Code::InterviewUnfinished, SHA256SUMS, ""));
    }
    // Invariant 4: what the journal tells of is there.
    let told = outline
        .segments()
        .map(|segment| (segment.opened.segment.as_str(), segment.end()));
    for (name, least) in told {
        match fs::metadata(path.join(name)) {
            Ok(metadata) if metadata.len() >= least => {}
            Ok(metadata) => {
                let detail = format!("{} bytes, {least} on record", metadata.len());
                findings.push(Finding::new(Code::SegmentUncovered, name, detail));
            }
            Err(error) => findings.push(Finding::new(Code::FileMissing, name, error)),
        }
    }
    check_unknown(path, &outline, findings);
}

fn check_unknown(path: &Path, outline: &Outline, findings: &mut Vec<Finding>) {
    let known = journalled_files(outline);
    let segments: BTreeSet<&str> = outline
        .segments()
        .map(|segment| segment.opened.segment.as_str())
        .collect();
    for (name, file) in known.iter().filter(|(name, _)| !segments.contains(name.as_str())) {
        if fs::metadata(path.join(name)).map(|metadata| metadata.len()).ok() != Some(file.size) {
            findings.push(Finding::new(
                Code::FileChanged,
                name,
                "absent, or not of the size on record",
            ));
        }
    }
    match list_files(path) {
        Ok(names) => {
            for name in names.iter().filter(|name| name.ends_with(TEMPORARY_SUFFIX)) {
                findings.push(Finding::new(Code::LeftOver, name, ""));
            }
        }
        Err(error) => findings.push(Finding::new(Code::Unreadable, "", error)),
    }
}

/// Invariant 9: what the sums name is there, and nothing else.
fn check_finished(path: &Path, findings: &mut Vec<Finding>) {
    let read = fs::read_to_string(path.join(SHA256SUMS)).and_then(|text| Ok((text, list_files(path)?)));
    let (text, names) = match read {
        Ok(read) => read,
        Err(error) => {
            findings.push(Finding::new(Code::Unreadable, SHA256SUMS, error));
            return;
        }
    };
    let named = match parse_sums::<Sha256Digest>(&text) {
        Ok(named) => named,
        Err(error) => {
            findings.push(Finding::new(Code::SumsForm, SHA256SUMS, error));
            return;
        }
    };
    let present: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    for name in named.keys().filter(|name| !present.contains(name.as_str())) {
        findings.push(Finding::new(Code::FileMissing, name, "named by SHA256SUMS"));
    }
    for name in names.iter().filter(|name| !named.contains_key(*name)) {
        if !is_made_by_closing(name) {
            findings.push(Finding::new(Code::FileExtra, name, "SHA256SUMS does not name it"));
        }
    }
}
