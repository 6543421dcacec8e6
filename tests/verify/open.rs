//! Interviews without a manifest: open ones, and sets without their last disc. Their signed heads are checked all
//! the same, and the report says how far they prove the journal.

use crate::burnt::*;
use crate::evidence_support::*;
use crate::scene::*;
use shenlu::evidence::{
    adopt::{Recovered, recover},
    directory::InterviewDirectory,
    journal::Journal,
    names::TrackName,
    signing::{DEVICE_PEM, DEVICE_SM2_PEM, DeviceKeys},
    verify::{Code, Lent, ProvedUntil, Question, Report, Verdict, answer, verify},
    writer::Writer,
};
use std::{fs, path::Path};

/// One part with two signed heads and a line behind them.
fn open_interview(root: &Path) -> InterviewDirectory {
    let directory = new_directory(root);
    let mut writer = Writer::new(&directory, 2);
    writer.set_conditions(conditions());
    let track = TrackName::Program;
    writer
        .begin_part(1, wall(), track.clone(), media().header.clone())
        .unwrap();
    for (n, (starts, bytes)) in media().chunks.iter().enumerate() {
        writer.write_chunk(1, &track, *starts, bytes.clone()).unwrap();
        if n == 8 || n == 16 {
            directory.checkpoint(conditions()).unwrap();
        }
    }
    directory
}

fn proved(report: &Report) -> Option<ProvedUntil> {
    report
        .figures
        .signature
        .as_ref()
        .and_then(|signature| signature.proved_until.clone())
}

#[test]
fn an_open_interview_is_not_sound_and_says_up_to_when_it_is_proved() {
    let root = tempfile::tempdir().unwrap();
    let directory = open_interview(root.path());
    let report = check(directory.path());
    assert_eq!(codes(&report), [Code::InterviewOpen], "{report}");
    assert_eq!(report.figures.checkpoints, 2);
    assert_eq!(report.figures.signed_by, Some(keys(root.path()).public().id()));
    let lines = Journal::read(&directory.path().join("journal.jsonl")).unwrap();
    let last = lines.iter().rposition(|line| line.kind == "checkpoint").unwrap();
    let proved = proved(&report).unwrap();
    assert_eq!(proved.line, lines[last - 1].seq);
    assert_eq!(proved.lines_behind, (lines.len() - last) as u64);
    assert_eq!(proved.moment.at, lines[last - 1].at);
    assert_eq!(
        (proved.moment.part, proved.moment.media_us),
        (Some(1), Some(4_000_000))
    );
    assert_eq!(proved.unsigned_us, 1_000_000, "{report}");
    let said = report.to_string();
    assert!(said.contains("截至") && said.contains("proved up to"), "{said}");
}

#[test]
fn certificates_lie_there_from_the_opening_on_and_are_put_back_by_recovery() {
    let root = tempfile::tempdir().unwrap();
    let directory = new_directory(root.path());
    let path = directory.path().to_owned();
    let pem = fs::read(path.join(DEVICE_PEM)).unwrap();
    assert_eq!(pem, keys(root.path()).device_pem().as_bytes());
    let id = directory.id().clone();
    drop(directory);
    // Begun by an older version, or cut before they were written.
    fs::remove_file(path.join(DEVICE_PEM)).unwrap();
    fs::write(path.join("device-sm2.pem.partial"), "half").unwrap();
    assert!(matches!(
        recover(&place(root.path()), &id, TestClock::new()).unwrap(),
        Recovered::Open(_)
    ));
    assert_eq!(fs::read(path.join(DEVICE_PEM)).unwrap(), pem);
}

#[test]
fn certificates_swapped_on_an_open_interview_are_found() {
    let root = tempfile::tempdir().unwrap();
    let directory = open_interview(root.path());
    let other = DeviceKeys::ephemeral("a1").unwrap();
    fs::write(directory.path().join(DEVICE_PEM), other.device_pem()).unwrap();
    fs::write(directory.path().join(DEVICE_SM2_PEM), other.device_sm2_pem()).unwrap();
    let report = check(directory.path());
    let found = codes(&report);
    assert!(found.contains(&Code::KeyForeign), "{report}");
    assert!(found.contains(&Code::CheckpointUnproved), "{report}");
    assert_eq!((report.figures.signed_by.clone(), proved(&report)), (None, None));
}

#[test]
fn a_signed_head_of_an_open_interview_that_was_forged_is_found() {
    let root = tempfile::tempdir().unwrap();
    let directory = open_interview(root.path());
    forge(directory.path(), |lines| {
        let head = lines.iter_mut().rfind(|line| line.kind == "checkpoint").unwrap();
        let signature = head.data["ed25519"].as_str().unwrap();
        let digit = if signature.starts_with('0') { "1" } else { "0" };
        let forged = format!("{digit}{}", &signature[1..]);
        head.data.insert("ed25519".to_owned(), forged.into());
    });
    let report = check(directory.path());
    assert_eq!(
        codes(&report),
        [Code::CheckpointWrong, Code::InterviewOpen],
        "{report}"
    );
    // The one before still proves what stands before it.
    assert_eq!(proved(&report).unwrap().moment.media_us, Some(2_000_000));
}

#[test]
fn a_line_of_an_open_interview_changed_with_a_new_chain_is_found() {
    let root = tempfile::tempdir().unwrap();
    let directory = open_interview(root.path());
    forge(directory.path(), |lines| {
        let line = lines.iter_mut().find(|line| line.kind == "fragment").unwrap();
        line.data.insert("temperature_centi_c".to_owned(), 1.into());
    });
    let report = check(directory.path());
    assert!(codes(&report).contains(&Code::CheckpointWrong), "{report}");
    assert_eq!((report.figures.signed_by.clone(), proved(&report)), (None, None));
    assert!(report.to_string().contains("no signature proves any of it"));
}

#[test]
fn nothing_behind_a_broken_line_counts_as_proved() {
    let root = tempfile::tempdir().unwrap();
    let directory = open_interview(root.path());
    let path = directory.path().join("journal.jsonl");
    let lines = Journal::read(&path).unwrap();
    let first = lines.iter().position(|line| line.kind == "checkpoint").unwrap();
    // A byte in a line between the two signed heads.
    edit(&path, |text| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines[first + 1] = lines[first + 1].replacen("\"boot\":\"1", "\"boot\":\"2", 1);
        lines.join("\n") + "\n"
    });
    let report = check(directory.path());
    assert!(codes(&report).contains(&Code::JournalLine), "{report}");
    assert_eq!(proved(&report).unwrap().line, lines[first - 1].seq, "{report}");
}

#[test]
fn an_interview_without_certificates_is_checked_with_lent_ones() {
    let root = tempfile::tempdir().unwrap();
    let directory = open_interview(root.path());
    for name in [DEVICE_PEM, DEVICE_SM2_PEM] {
        fs::remove_file(directory.path().join(name)).unwrap();
    }
    let report = check(directory.path());
    assert!(codes(&report).contains(&Code::SignatureMissing), "{report}");
    let lent = Lent::read(root.path().join("keys").to_str().unwrap()).unwrap();
    let report = answer(&Question {
        paths: vec![directory.path().to_owned()],
        keys: vec![lent],
        ..Question::default()
    });
    assert_eq!(codes(&report), [Code::InterviewOpen], "{report}");
    assert_eq!(report.figures.checkpoints, 2);
}

#[test]
fn a_set_without_its_last_disc_is_proved_as_far_as_its_signed_heads_go() {
    let fixture = fixture();
    let root = tempfile::tempdir().unwrap();
    let disc = burn(&fixture.interview, root.path(), "a", 2).remove(0);
    // As a relay closes it: the journal up to a signed head, with the certificates beside it.
    let whole = fs::read_to_string(disc.join("journal-so-far.jsonl")).unwrap();
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    let signed = lines
        .iter()
        .position(|line| line.contains("\"checkpoint\""))
        .unwrap();
    fs::write(disc.join("journal-so-far.jsonl"), lines[..=signed].concat()).unwrap();
    for name in [DEVICE_PEM, DEVICE_SM2_PEM] {
        let from = fixture.interview.join(name);
        fs::copy(from, disc.join(format!("journal-so-far-{name}"))).unwrap();
    }
    write_sums(&disc);
    let report = verify(std::slice::from_ref(&disc), &[]);
    assert_eq!(report.verdict, Verdict::NotSound);
    assert_eq!(codes(&report), [Code::SetIncomplete], "{report}");
    assert_eq!(report.figures.checkpoints, 1);
    let proved = proved(&report).unwrap();
    assert_eq!(
        (proved.line, proved.moment.media_us),
        (signed as u64, Some(SECONDS * 1_000_000))
    );
    assert!(report.to_string().contains("proved up to"), "{report}");

    let other = DeviceKeys::ephemeral("a1").unwrap();
    fs::write(disc.join("journal-so-far-device.pem"), other.device_pem()).unwrap();
    fs::write(disc.join("journal-so-far-device-sm2.pem"), other.device_sm2_pem()).unwrap();
    write_sums(&disc);
    let found = codes(&verify(&[disc], &[]));
    assert!(found.contains(&Code::KeyForeign) && found.contains(&Code::CheckpointUnproved));
}
