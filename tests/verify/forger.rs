//! Forgeries of those who can recompute everything but have not the device's keys: parts left out, swapped with
//! another interview's, times shifted. Chain, manifest and sums are made anew; only the signatures cannot be.

use crate::evidence_support::*;
use crate::scene::*;
use serde_json::json;
use shenlu::evidence::{
    closing::{close, finish},
    digest::Digests,
    directory::InterviewDirectory,
    journal::Journal,
    line::{Line, canonical, time_text},
    names::TrackName,
    signing::{DEVICE_PEM, DEVICE_SM2_PEM, DeviceKeys, MANIFEST_ED25519, MANIFEST_SM2, PublicKeys},
    sums::{Files, KnownFile, SHA256SUMS, SM3SUMS, list_files, sha256sums, sm3sums},
    verify::{Code, Verdict},
    writer::Writer,
};
use std::{collections::BTreeMap, fs, path::Path};

const SIGNED: [&str; 4] = [DEVICE_PEM, DEVICE_SM2_PEM, MANIFEST_ED25519, MANIFEST_SM2];

/// Changes the journal, then makes everything good again that needs no key.
fn forge_whole(interview: &Path, change: impl Fn(&mut Vec<Line>)) {
    let originals: BTreeMap<&str, Vec<u8>> = SIGNED
        .map(|name| (name, fs::read(interview.join(name)).unwrap()))
        .into();
    forge(interview, change);
    for name in SIGNED.iter().chain(&[SHA256SUMS, SM3SUMS, "manifest.json"]) {
        fs::remove_file(interview.join(name)).unwrap();
    }
    for name in list_files(interview).unwrap() {
        if name.ends_with("playlist.m3u8") {
            fs::remove_file(interview.join(name)).unwrap();
        }
    }
    let forger = DeviceKeys::ephemeral("a1").unwrap();
    finish(interview, &forger, None, None).unwrap();
    // The device's own keys, certificates and signatures, so that nobody asks whose they are.
    let device = PublicKeys::from_pem(&originals[DEVICE_PEM], &originals[DEVICE_SM2_PEM]).unwrap();
    let named = |keys: &PublicKeys| String::from_utf8(canonical(&keys.named()).unwrap()).unwrap();
    edit(&interview.join("manifest.json"), |text| {
        text.replace(&named(forger.public()), &named(&device))
    });
    for (name, bytes) in originals {
        fs::write(interview.join(name), bytes).unwrap();
    }
    sum_up(interview);
}

fn sum_up(interview: &Path) {
    let mut files = Files::new();
    for name in list_files(interview).unwrap() {
        let bytes = fs::read(interview.join(&name)).unwrap();
        let (size, digests) = (bytes.len() as u64, Digests::of(&bytes));
        files.insert(name, KnownFile { size, digests });
    }
    files.retain(|name, _| !matches!(name.as_str(), SHA256SUMS | SM3SUMS));
    fs::write(interview.join(SM3SUMS), sm3sums(&files)).unwrap();
    fs::write(interview.join(SHA256SUMS), sha256sums(&files)).unwrap();
}

/// Only signatures tell: everything else was made good.
fn only_signatures_tell(interview: &Path, expected: &[Code]) {
    let report = check(interview);
    assert_eq!(report.verdict, Verdict::NotSound, "{report}");
    let mut found = codes(&report);
    found.sort_unstable();
    found.dedup();
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(found, expected, "{report}");
}

fn is_of_part(line: &Line, part: u64) -> bool {
    let path = format!("part-{part:04}/");
    let is_part = line.data.get("part") == Some(&json!(part));
    let segment = line
        .data
        .get("segment")
        .and_then(|s| s.as_str())
        .unwrap_or_default();
    is_part || segment.contains(&path) || line.data.get("before_part") == Some(&json!(part))
}

#[test]
fn a_part_left_out_with_everything_recomputed_is_found_by_the_signatures() {
    let fixture = fixture();
    fs::remove_dir_all(fixture.interview.join("part-0002")).unwrap();
    forge_whole(&fixture.interview, |lines| {
        lines.retain(|line| !is_of_part(line, 2))
    });
    only_signatures_tell(&fixture.interview, &[Code::SignatureWrong, Code::CheckpointWrong]);
}

#[test]
fn times_of_the_wall_shifted_with_everything_recomputed_are_found_by_the_signatures() {
    let fixture = fixture();
    let later = |at: chrono::DateTime<chrono::FixedOffset>| time_text(at + chrono::TimeDelta::hours(1));
    forge_whole(&fixture.interview, |lines| {
        for line in lines {
            line.at = later(line.at().unwrap());
            for key in ["started_at", "from", "to"] {
                let text = line.data.get(key).and_then(|at| at.as_str()).map(str::to_owned);
                if let Some(at) = text.and_then(|at| chrono::DateTime::parse_from_rfc3339(&at).ok()) {
                    line.data.insert(key.to_owned(), json!(later(at)));
                }
            }
        }
    });
    only_signatures_tell(&fixture.interview, &[Code::SignatureWrong, Code::CheckpointWrong]);
}

/// An interview of the same device whose second part shows something else.
fn other_interview(root: &Path) -> InterviewDirectory {
    let directory = new_directory(root);
    let mut writer = Writer::new(&directory, 2);
    writer.set_conditions(conditions());
    write_part(&mut writer, 1, &TrackName::Program, media());
    writer.end_part(1).unwrap();
    directory.checkpoint(conditions()).unwrap();
    write_part(&mut writer, 2, &TrackName::Program, &make_media(4));
    writer.end_part(2).unwrap();
    directory.checkpoint(conditions()).unwrap();
    close(&directory, &facts()).unwrap();
    directory
}

#[test]
fn a_part_swapped_with_that_of_another_interview_is_found_by_its_digests() {
    let fixture = fixture();
    let other = other_interview(fixture._root.path());
    put_part_of(other.path(), &fixture.interview);
    let report = check(&fixture.interview);
    assert_eq!(report.verdict, Verdict::NotSound, "{report}");
    for code in [
        Code::FragmentChanged,
        Code::SegmentUncovered,
        Code::FileChanged,
        Code::FileMissing,
    ] {
        assert!(codes(&report).contains(&code), "no {code:?}: {report}");
    }
}

fn put_part_of(other: &Path, interview: &Path) {
    fs::remove_dir_all(interview.join("part-0002")).unwrap();
    copy_tree(&other.join("part-0002"), &interview.join("part-0002"));
}

#[test]
fn a_part_of_another_interview_with_its_lines_and_everything_recomputed_is_found_by_the_signatures() {
    let fixture = fixture();
    let other = other_interview(fixture._root.path());
    put_part_of(other.path(), &fixture.interview);
    let theirs = Journal::read(&other.path().join("journal.jsonl")).unwrap();
    forge_whole(&fixture.interview, |lines| {
        let at = lines.iter().position(|line| is_of_part(line, 2)).unwrap();
        let closed = lines.pop().unwrap();
        lines.truncate(at);
        let from = theirs.iter().position(|line| is_of_part(line, 2)).unwrap();
        // With their own signed heads, which name another interview.
        lines.extend(
            theirs[from..]
                .iter()
                .filter(|line| line.kind != "closed")
                .cloned(),
        );
        lines.push(closed);
        // Their clock must not run backwards behind ours.
        lines[at..].iter_mut().for_each(|line| line.mono_us += 1_000_000);
    });
    only_signatures_tell(&fixture.interview, &[Code::SignatureWrong, Code::CheckpointWrong]);
}
