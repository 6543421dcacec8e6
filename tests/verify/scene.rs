//! What the tests of `verify` share: a closed interview to be tampered with, and the ways to change it.
//! `forge` makes the journal's chain good again behind a change, as somebody without the keys could.

use crate::evidence_support::*;
use serde_json::json;
use shenlu::evidence::{
    digest::Sha256Digest,
    verify::{Code, Report, verify},
};
use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

pub struct Fixture {
    pub _root: TempDir,
    pub interview: PathBuf,
}

pub fn fixture() -> Fixture {
    let root = tempfile::tempdir().unwrap();
    let (directory, _) = closed_interview(root.path());
    Fixture {
        interview: directory.path().to_owned(),
        _root: root,
    }
}

pub fn check(path: &Path) -> Report {
    verify(&[path.to_owned()], &[])
}

pub fn codes(report: &Report) -> Vec<Code> {
    report.findings.iter().map(|finding| finding.code).collect()
}

pub const SEGMENT: &str = "part-0001/seg-00002.mp4";

pub fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

pub fn edit(path: &Path, change: impl FnOnce(String) -> String) {
    let text = fs::read_to_string(path).unwrap();
    let changed = change(text.clone());
    assert_ne!(text, changed, "the tampering must change something");
    fs::write(path, changed).unwrap();
}

pub fn swap(root: &Path, one: &str, other: &str) {
    let (one, other) = (root.join(one), root.join(other));
    let bytes = fs::read(&one).unwrap();
    fs::copy(&other, &one).unwrap();
    fs::write(&other, bytes).unwrap();
}

pub fn without_line(text: &str, kind: &str, nth: usize) -> String {
    let marker = format!("\"kind\":\"{kind}\"");
    let mut seen = 0;
    let keep = |line: &&str| {
        let hit = line.contains(&marker);
        seen += usize::from(hit);
        !(hit && seen == nth)
    };
    text.lines()
        .filter(keep)
        .map(|line| format!("{line}\n"))
        .collect()
}

pub type Tampering = (&'static str, fn(&Path), Code);

pub fn truncate(path: &Path, by: u64) {
    let file = fs::OpenOptions::new().write(true).open(path).unwrap();
    let length = file.metadata().unwrap().len();
    file.set_len(length - by).unwrap();
}

pub fn append(path: &Path, bytes: &[u8]) {
    let whole = [fs::read(path).unwrap(), bytes.to_vec()].concat();
    fs::write(path, whole).unwrap();
}

pub fn fragments(interview: &Path) -> Vec<shenlu::evidence::entries::Fragment> {
    let lines = shenlu::evidence::journal::Journal::read(&interview.join("journal.jsonl")).unwrap();
    let (outline, _) = shenlu::evidence::outline::Outline::of(&lines);
    outline
        .segments()
        .filter(|s| s.opened.segment == SEGMENT)
        .flat_map(|s| s.fragments.clone())
        .collect()
}

pub fn last_fragment(interview: &Path) -> u64 {
    fragments(interview).last().unwrap().length
}

pub fn repeat_fragment(interview: &Path) {
    let last = fragments(interview).pop().unwrap();
    let bytes = fs::read(interview.join(SEGMENT)).unwrap();
    append(&interview.join(SEGMENT), &bytes[last.offset as usize..]);
}

pub fn repeat_line(text: &str, n: usize) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.insert(n, lines[n]);
    lines.join("\n") + "\n"
}

pub fn swap_lines(text: &str, n: usize) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.swap(n, n + 1);
    lines.join("\n") + "\n"
}

pub fn without_first(text: &str) -> String {
    text.split_once('\n').unwrap().1.to_owned()
}

/// Another digit in the first line's digest, plain or tagged.
pub fn change_digest(text: String) -> String {
    let (first, rest) = text.split_once('\n').unwrap();
    let at = if first.starts_with("SM3 (") {
        first.len() - 1
    } else {
        0
    };
    let digit = if &first[at..=at] == "0" { "1" } else { "0" };
    format!("{}{digit}{}\n{rest}", &first[..at], &first[at + 1..])
}

/// Changes lines and makes the chain good again behind them.
pub fn forge(interview: &Path, change: impl Fn(&mut Vec<shenlu::evidence::line::Line>)) {
    let path = interview.join("journal.jsonl");
    let mut lines = shenlu::evidence::journal::Journal::read(&path).unwrap();
    change(&mut lines);
    let mut chain = shenlu::evidence::line::Chain::default();
    let mut text = Vec::new();
    for line in lines {
        let at = line.at().unwrap();
        let stamp = shenlu::evidence::now::Stamp {
            at,
            boot: line.boot.clone(),
            mono_us: line.mono_us,
        };
        let line = chain.make(stamp, &line.kind, line.data).unwrap();
        text.extend(line.to_bytes().unwrap());
        chain.advance(line);
    }
    fs::write(path, text).unwrap();
}

pub fn forge_fragment(interview: &Path) {
    forge(interview, |lines| {
        let line = lines.iter_mut().find(|line| line.kind == "fragment").unwrap();
        line.data
            .insert("sha256".to_owned(), json!(Sha256Digest::of(b"other")));
    });
}

pub fn forge_frames(interview: &Path) {
    forge(interview, |lines| {
        let line = lines.iter_mut().find(|line| line.kind == "fragment").unwrap();
        line.data.insert("frames".to_owned(), json!(24));
    });
}

pub fn forge_gap(interview: &Path) {
    forge(interview, |lines| lines.retain(|line| line.kind != "gap"));
}

pub fn uuid_of(interview: &Path) -> String {
    let text = fs::read_to_string(interview.join("manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
    manifest["uuid"].as_str().unwrap().to_owned()
}

pub fn collect(directory: &Path, paths: &mut Vec<PathBuf>) {
    let names = shenlu::evidence::sums::list_files(directory).unwrap();
    paths.extend(names.into_iter().map(|name| directory.join(name)));
}
