//! An interview's directory: sound, open, ended abnormally, adopted, unreadable.

use crate::evidence_support::*;
use crate::scene::*;
use shenlu::evidence::{
    adopt::{Recovered, recover},
    closing::close,
    names::TrackName,
    verify::{Code, Verdict},
    writer::Writer,
};
use std::fs;

#[test]
fn whole_interview_is_sound_and_its_figures_come_from_the_media() {
    let fixture = fixture();
    let report = check(&fixture.interview);
    assert_eq!(report.verdict, Verdict::Sound, "{report}");
    assert_eq!(report.findings, []);
    let figures = &report.figures;
    assert_eq!((figures.parts, figures.segments, figures.fragments), (2, 6, 12));
    assert_eq!(figures.frames, 2 * SECONDS * FPS);
    assert_eq!(figures.duration_us, 2 * SECONDS * 1_000_000);
    assert!(report.to_json().unwrap().contains("\"verdict\": \"sound\""));
}

#[test]
fn open_interview_is_not_sound_and_says_so() {
    let root = tempfile::tempdir().unwrap();
    let directory = new_directory(root.path());
    let mut writer = Writer::new(&directory, 2);
    write_part(&mut writer, 1, &TrackName::Program, media());
    let report = check(directory.path());
    assert_eq!(report.verdict, Verdict::NotSound);
    assert_eq!(codes(&report), [Code::InterviewOpen], "{report}");
}

#[test]
fn incomplete_end_is_not_sound_and_says_so() {
    let root = tempfile::tempdir().unwrap();
    let directory = new_directory(root.path());
    let mut writer = Writer::new(&directory, 2);
    write_part(&mut writer, 1, &TrackName::Program, media());
    writer.end_part(1).unwrap();
    let mut facts = facts();
    facts.ended = "incomplete".to_owned();
    close(&directory, &facts).unwrap();
    let report = check(directory.path());
    assert_eq!(
        (report.verdict, codes(&report)),
        (Verdict::NotSound, vec![Code::EndedAbnormally])
    );
}

#[test]
fn adopted_recording_is_sound_and_said_to_be_adopted() {
    let root = tempfile::tempdir().unwrap();
    let directory = new_directory(root.path());
    let mut writer = Writer::new(&directory, 2);
    writer
        .begin_part(1, wall(), TrackName::Program, media().header.clone())
        .unwrap();
    for (starts, bytes) in media().chunks.iter().take(11) {
        writer
            .write_chunk(1, &TrackName::Program, *starts, bytes.clone())
            .unwrap();
    }
    append(&directory.path().join("part-0001/seg-00002.mp4"), b"torn");
    let recovered = recover(&place(root.path()), directory.id(), TestClock::new()).unwrap();
    let Recovered::Open(adopted) = recovered else {
        panic!("the interview is open")
    };
    close(&adopted.directory, &facts()).unwrap();
    let report = check(directory.path());
    assert_eq!(report.verdict, Verdict::Sound, "{report}");
    assert!(codes(&report).contains(&Code::Adopted) && codes(&report).contains(&Code::Quarantined));
}

#[test]
fn what_cannot_be_read_is_said_to_be_unreadable() {
    let root = tempfile::tempdir().unwrap();
    let absent = check(&root.path().join("absent"));
    assert_eq!(
        (absent.verdict, absent.verdict.exit_code()),
        (Verdict::Unreadable, 2)
    );
    assert_eq!(codes(&check(root.path())), [Code::NotEvidence]);
    let image = root.path().join("zeros.iso");
    fs::write(&image, vec![0; 1 << 20]).unwrap();
    assert_eq!(codes(&check(&image)), [Code::Unreadable]);
}
