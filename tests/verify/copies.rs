//! Two copies that differ: the file, the first byte, the moment of the recording, and which of them the signed
//! record agrees with.

use crate::burnt::*;
use crate::evidence_support::*;
use crate::scene::*;
use shenlu::evidence::{
    closing::finish,
    names::TrackName,
    signing::{DEVICE_PEM, DEVICE_SM2_PEM, DeviceKeys, MANIFEST_ED25519, MANIFEST_SM2},
    verify::{By, Code, Difference, Lent, PlaceInMedia, Question, Report, Right, answer, verify},
    writer::Writer,
};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The fixture and a copy of it.
fn two_copies(fixture: &Fixture) -> PathBuf {
    let copy = fixture._root.path().join("copy");
    copy_tree(&fixture.interview, &copy);
    copy
}

fn against(own: &Path, other: &Path) -> Report {
    verify(&[own.to_owned()], &[other.to_owned()])
}

fn of<'a>(report: &'a Report, path: &str) -> &'a Difference {
    let found = report.differences.iter().find(|found| found.path == path);
    found.unwrap_or_else(|| panic!("no difference in {path}: {report}"))
}

#[test]
fn copies_that_are_equal_have_no_differences() {
    let fixture = fixture();
    let copy = two_copies(&fixture);
    let report = against(&fixture.interview, &copy);
    assert_eq!((report.findings.len(), report.differences.len()), (0, 0));
    assert!(report.figures.compared_files > 10);
}

#[test]
fn two_copies_that_each_lost_something_have_their_right_side_named_file_by_file() {
    let fixture = fixture();
    let copy = two_copies(&fixture);
    let own = &fixture.interview;
    flip(&own.join(SEGMENT), 9000);
    flip(&copy.join("transcript/transcript.json"), 3);
    truncate(&copy.join("part-0002/seg-00001.mp4"), 5);
    fs::remove_file(own.join("part-0002/seg-00002.mp4")).unwrap();
    fs::write(copy.join("documents.txt"), "x").unwrap();
    let report = against(own, &copy);
    let right: Vec<(&str, Right)> = report
        .differences
        .iter()
        .map(|found| (found.path.as_str(), found.right))
        .collect();
    assert_eq!(
        right,
        [
            ("documents.txt", Right::Own(By::Manifest)),
            (SEGMENT, Right::Other(By::Manifest)),
            ("part-0002/seg-00001.mp4", Right::Own(By::Manifest)),
            ("part-0002/seg-00002.mp4", Right::Other(By::Manifest)),
            ("transcript/transcript.json", Right::Own(By::Manifest)),
        ],
        "{report}"
    );
    let cut = of(&report, "part-0002/seg-00001.mp4");
    assert_eq!(cut.own_size, cut.other_size.map(|size| size + 5));
    assert_eq!(cut.first_byte, cut.other_size);
    assert_eq!(of(&report, "transcript/transcript.json").first_byte, Some(3));
    assert_eq!(of(&report, "part-0002/seg-00002.mp4").own_size, None);
    let said = report.to_string();
    assert!(
        said.contains("以 ") && said.contains("is right: it agrees with the signed manifest"),
        "{said}"
    );
}

#[test]
fn a_byte_of_media_that_differs_is_named_with_its_moment() {
    let fixture = fixture();
    let copy = two_copies(&fixture);
    let second = fragments(&fixture.interview).pop().unwrap();
    flip(&copy.join(SEGMENT), second.offset as usize + 700);
    let report = against(&fixture.interview, &copy);
    let found = of(&report, SEGMENT);
    assert_eq!(found.first_byte, Some(second.offset + 700));
    let place = PlaceInMedia::Fragment {
        part: 1,
        track: "program".to_owned(),
        media_us: 3_000_000,
        offset: second.offset,
    };
    assert_eq!(found.place, Some(place));
    assert!(
        report
            .to_string()
            .contains("in the fragment of part 1 that starts at 0:00:03.000")
    );
    flip(&copy.join(SEGMENT), 100);
    let report = against(&fixture.interview, &copy);
    assert_eq!(of(&report, SEGMENT).place, Some(PlaceInMedia::Header));
}

#[test]
fn several_copies_are_each_compared() {
    let fixture = fixture();
    let root = tempfile::tempdir().unwrap();
    let (a, b) = (
        burn(&fixture.interview, root.path(), "a", 1),
        burn(&fixture.interview, root.path(), "b", 1),
    );
    flip(&a[0].join(SEGMENT), 9000);
    fs::remove_file(b[0].join("transcript/transcript.json")).unwrap();
    let against = [a[0].clone(), b[0].clone()];
    let report = verify(std::slice::from_ref(&fixture.interview), &against);
    assert_eq!(
        codes(&report),
        [Code::AgainstChanged, Code::AgainstMissing],
        "{report}"
    );
    assert!(
        report
            .differences
            .iter()
            .all(|found| found.right == Right::Own(By::Manifest))
    );
    assert_eq!(of(&report, SEGMENT).other, a[0].display().to_string());
    let record = of(&report, "transcript/transcript.json");
    assert_eq!(record.other, b[0].display().to_string());
}

#[test]
fn a_copy_whose_signature_does_not_hold_is_no_record() {
    let fixture = fixture();
    let copy = two_copies(&fixture);
    edit(&fixture.interview.join("manifest.json"), |text| {
        text.replacen("张三", "李四", 1)
    });
    let report = against(&fixture.interview, &copy);
    assert_eq!(of(&report, "manifest.json").right, Right::Other(By::Signature));
}

/// Everything signed anew by somebody else.
fn sign_as_another(interview: &Path) {
    let keys = DeviceKeys::ephemeral("a1").unwrap();
    forge(interview, |lines| {
        lines[0]
            .data
            .insert("device_key".to_owned(), keys.public().id().into());
        lines.retain(|line| line.kind != "checkpoint");
        lines
            .last_mut()
            .unwrap()
            .data
            .insert("ended".to_owned(), "complete".into());
    });
    for name in [
        DEVICE_PEM,
        DEVICE_SM2_PEM,
        MANIFEST_ED25519,
        MANIFEST_SM2,
        "SHA256SUMS",
    ] {
        fs::remove_file(interview.join(name)).unwrap();
    }
    finish(interview, &keys, None, None).unwrap();
}

#[test]
fn between_two_signers_only_a_key_that_was_lent_decides() {
    let fixture = fixture();
    let copy = two_copies(&fixture);
    sign_as_another(&copy);
    let report = against(&fixture.interview, &copy);
    assert_eq!(of(&report, "journal.jsonl").right, Right::Undecided, "{report}");
    let lent = Lent::read(fixture._root.path().join("keys").to_str().unwrap()).unwrap();
    for (own, other, right) in [
        (&fixture.interview, &copy, Right::Own(By::Manifest)),
        (&copy, &fixture.interview, Right::Other(By::Manifest)),
    ] {
        let report = answer(&Question {
            paths: vec![own.clone()],
            against: vec![other.clone()],
            keys: vec![lent.clone()],
        });
        assert_eq!(of(&report, "journal.jsonl").right, right, "{report}");
    }
}

#[test]
fn between_copies_of_an_open_interview_the_signed_journal_decides() {
    let root = tempfile::tempdir().unwrap();
    let directory = new_directory(root.path());
    let mut writer = Writer::new(&directory, 2);
    write_part(&mut writer, 1, &TrackName::Program, media());
    writer.end_part(1).unwrap();
    directory.checkpoint(conditions()).unwrap();
    let copy = root.path().join("copy");
    copy_tree(directory.path(), &copy);
    flip(&copy.join(SEGMENT), 9000);
    let report = against(directory.path(), &copy);
    assert_eq!(of(&report, SEGMENT).right, Right::Own(By::Journal), "{report}");
}
