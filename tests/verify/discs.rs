//! Discs of a set, as trees and as images; sets against each other; discs that were tampered with.

use crate::burnt::*;
use crate::evidence_support::*;
use crate::scene::*;
use serde_json::json;
use shenlu::evidence::verify::{Code, Verdict, verify};
use std::{fs, path::PathBuf};

#[test]
fn discs_of_a_set_are_sound_as_trees_and_as_images() {
    let fixture = fixture();
    let root = tempfile::tempdir().unwrap();
    let discs = burn(&fixture.interview, root.path(), "a", 2);
    let report = verify(&discs, &[]);
    assert_eq!(report.verdict, Verdict::Sound, "{report}");
    assert_eq!(report.figures.frames, 2 * SECONDS * FPS);
    let images: Vec<PathBuf> = discs.iter().map(|disc| make_image(disc)).collect();
    let report = verify(&images, std::slice::from_ref(&fixture.interview));
    assert_eq!(report.verdict, Verdict::Sound, "{report}");
    assert!(report.figures.compared_files > 8);
}

#[test]
fn sets_a_and_b_may_be_cut_differently_and_are_equal() {
    let fixture = fixture();
    let root = tempfile::tempdir().unwrap();
    let a = burn(&fixture.interview, root.path(), "a", 1);
    let b = burn(&fixture.interview, root.path(), "b", 3);
    let report = verify(&a, &b);
    assert_eq!(report.verdict, Verdict::Sound, "{report}");
    flip(&b[0].join(SEGMENT), 9000);
    let report = verify(&a, &b);
    assert_eq!(
        codes(&report),
        [Code::NotOnDisc, Code::AgainstChanged],
        "{report}"
    );
    fs::remove_file(b[0].join(SEGMENT)).unwrap();
    assert_eq!(codes(&verify(&a, &b)), [Code::NotOnDisc, Code::AgainstMissing]);
}

#[test]
fn directory_of_both_sets_is_checked_and_the_sets_compared() {
    let fixture = fixture();
    let root = tempfile::tempdir().unwrap();
    for slot in ["a", "b"] {
        let disc = burn(&fixture.interview, root.path(), slot, 1).remove(0);
        make_image(&disc);
        fs::remove_dir_all(disc).unwrap();
    }
    let report = check(root.path());
    assert_eq!(report.verdict, Verdict::Sound, "{report}");
    assert_eq!((report.figures.discs, report.figures.parts), (2, 2));
    assert!(report.figures.compared_files > 8);
}

#[test]
fn tampered_discs_give_named_findings() {
    let fixture = fixture();
    let cases: &[Tampering] = &[
        (
            "segment changed",
            |d| flip(&d.join(SEGMENT), 9000),
            Code::FragmentChanged,
        ),
        (
            "segment removed",
            |d| fs::remove_file(d.join(SEGMENT)).unwrap(),
            Code::FileMissing,
        ),
        (
            "page changed",
            |d| flip(&d.join("index.html"), 0),
            Code::FileChanged,
        ),
        (
            "file added",
            |d| fs::write(d.join("autorun.inf"), b"x").unwrap(),
            Code::FileExtra,
        ),
        (
            "record changed",
            |d| {
                edit(&d.join("disc.json"), |t| {
                    t.replacen("\"slot\":\"a\"", "\"slot\":\"b\"", 1)
                })
            },
            Code::DiscRecord,
        ),
        (
            "sums removed",
            |d| fs::remove_file(d.join("SHA256SUMS")).unwrap(),
            Code::DiscOpen,
        ),
        (
            "SM3 sums removed",
            |d| fs::remove_file(d.join("SM3SUMS")).unwrap(),
            Code::SumsMissing,
        ),
        (
            "interview's sums removed",
            |d| fs::remove_file(d.join("INTERVIEW-SHA256SUMS")).unwrap(),
            Code::SetIncomplete,
        ),
        (
            "interview's sums changed",
            |d| edit(&d.join("INTERVIEW-SHA256SUMS"), change_digest),
            Code::FileChanged,
        ),
        (
            "manifest changed",
            |d| edit(&d.join("manifest.json"), |t| t.replacen("张三", "李四", 1)),
            Code::ManifestChanged,
        ),
        ("record of another interview", foreign_record, Code::DiscForeign),
        (
            "numbered as if one came before",
            |d| rewrite_record(d, |r| r["number"] = json!(2)),
            Code::SetIncomplete,
        ),
    ];
    for (name, tamper, code) in cases {
        let root = tempfile::tempdir().unwrap();
        let discs = burn(&fixture.interview, root.path(), "a", 1);
        tamper(&discs[0]);
        let report = verify(&discs, &[]);
        assert_eq!(report.verdict, Verdict::NotSound, "{name}:\n{report}");
        assert!(codes(&report).contains(code), "{name}: no {code:?} in\n{report}");
    }
}

#[test]
fn one_disc_of_two_is_not_the_whole() {
    let fixture = fixture();
    let root = tempfile::tempdir().unwrap();
    let discs = burn(&fixture.interview, root.path(), "a", 2);
    for disc in &discs {
        let report = verify(std::slice::from_ref(disc), &[]);
        assert_eq!(report.verdict, Verdict::NotSound);
        assert!(codes(&report).contains(&Code::SetIncomplete), "{report}");
    }
}
