//! What lies below `<data>` after a cut, and what must be true of it.

use super::{evidence_support::*, roles::clock};
use shenlu::evidence::{
    adopt::{Recovered, recover},
    check::check,
    closing::close,
    journal::Journal,
    names::InterviewId,
    outline::Outline,
    verify::{Code, Verdict, verify},
};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// What a cut may leave for the next start to take care of; anything else breaks an invariant.
fn is_for_recovery(code: Code) -> bool {
    matches!(code, Code::LeftOver | Code::Stillborn | Code::InterviewUnfinished)
}

pub fn invariants_hold(data: &Path, after: &str) {
    let broken: Vec<_> = check(data)
        .into_iter()
        .filter(|finding| !is_for_recovery(finding.code))
        .collect();
    assert!(broken.is_empty(), "after {after}: {broken:#?}");
}

/// The newest that can be told about: with a first line.
pub fn the_interview(data: &Path) -> Option<PathBuf> {
    let interviews = place(data).interviews();
    let mut found: Vec<PathBuf> = fs::read_dir(interviews)
        .ok()?
        .map(|entry| entry.unwrap().path())
        .filter(|path| Journal::read(&path.join("journal.jsonl")).is_ok_and(|lines| !lines.is_empty()))
        .collect();
    found.sort();
    found.pop()
}

pub fn newest_segment(interview: &Path) -> Option<PathBuf> {
    let part = sorted(interview)
        .into_iter()
        .rfind(|path| path.file_name().unwrap().to_string_lossy().starts_with("part-"))?;
    sorted(&part)
        .into_iter()
        .rfind(|path| path.extension().is_some_and(|kind| kind == "mp4"))
}

fn sorted(directory: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths
}

/// Closed now, if it was not.
pub fn is_closed(data: &Path, id: &InterviewId) {
    let path = data.join("interviews").join(id.as_str());
    if path.join("SHA256SUMS").exists() {
        return;
    }
    if let Recovered::Open(adopted) = recover(&place(data), id, clock()).unwrap() {
        close(&adopted.directory, &facts()).unwrap();
    }
}

/// Its journal is closed, and every byte of it proves sound.
pub fn is_sound(path: &Path, after: &str) -> Outline {
    let report = verify(&[path.to_owned()], &[]);
    assert_eq!(report.verdict, Verdict::Sound, "{after}: {report}");
    let (outline, _) = Outline::of(&Journal::read(&path.join("journal.jsonl")).unwrap());
    assert!(outline.closed.is_some(), "{after}");
    assert_eq!(report.figures.parts, u64::from(outline.last_part()), "{report}");
    outline
}
