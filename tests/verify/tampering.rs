//! Whatever is changed in an interview's directory is named, down to any one byte.

use crate::evidence_support::*;
use crate::scene::*;
use shenlu::evidence::verify::{Code, Verdict};
use std::fs;

/// Each changes one thing, and must be named.
const TAMPERINGS: &[Tampering] = &[
    (
        "byte of media changed",
        |d| flip(&d.join(SEGMENT), 9000),
        Code::FragmentChanged,
    ),
    (
        "byte of a segment's header changed",
        |d| flip(&d.join(SEGMENT), 200),
        Code::HeaderChanged,
    ),
    (
        "byte of an original changed",
        |d| flip(&d.join("tracks/officer").join(SEGMENT), 9000),
        Code::FragmentChanged,
    ),
    (
        "segment removed",
        |d| fs::remove_file(d.join(SEGMENT)).unwrap(),
        Code::FileMissing,
    ),
    (
        "last segment removed",
        |d| fs::remove_file(d.join("part-0002/seg-00003.mp4")).unwrap(),
        Code::FileMissing,
    ),
    (
        "segments swapped",
        |d| swap(d, SEGMENT, "part-0001/seg-00001.mp4"),
        Code::TimelineBreak,
    ),
    (
        "segments of two parts swapped",
        |d| swap(d, SEGMENT, "part-0002/seg-00001.mp4"),
        Code::FileChanged,
    ),
    (
        "segment cut short",
        |d| truncate(&d.join(SEGMENT), 1),
        Code::SegmentDamaged,
    ),
    (
        "fragment cut off a segment's end",
        |d| truncate(&d.join(SEGMENT), last_fragment(d)),
        Code::SegmentUncovered,
    ),
    (
        "byte added to a segment",
        |d| append(&d.join(SEGMENT), b"x"),
        Code::SegmentUncovered,
    ),
    (
        "fragment repeated in a segment",
        repeat_fragment,
        Code::SegmentUncovered,
    ),
    (
        "segment added",
        |d| fs::write(d.join("part-0001/seg-00009.mp4"), b"x").unwrap(),
        Code::FileExtra,
    ),
    (
        "file added",
        |d| fs::write(d.join("transcript/other.json"), b"{}").unwrap(),
        Code::FileExtra,
    ),
    (
        "transcript changed",
        |d| flip(&d.join("transcript/transcript.json"), 3),
        Code::FileChanged,
    ),
    (
        "transcript removed",
        |d| fs::remove_file(d.join("transcript/transcript.json")).unwrap(),
        Code::FileMissing,
    ),
    (
        "journal removed",
        |d| fs::remove_file(d.join("journal.jsonl")).unwrap(),
        Code::JournalMissing,
    ),
    (
        "byte of the journal changed",
        |d| edit(&d.join("journal.jsonl"), |t| t.replacen("2650", "2651", 1)),
        Code::JournalLine,
    ),
    (
        "line of the journal removed",
        |d| edit(&d.join("journal.jsonl"), |t| without_line(&t, "fragment", 3)),
        Code::JournalLine,
    ),
    (
        "last line of the journal removed",
        |d| edit(&d.join("journal.jsonl"), |t| without_line(&t, "closed", 1)),
        Code::InterviewOpen,
    ),
    (
        "line of the journal repeated",
        |d| edit(&d.join("journal.jsonl"), |t| repeat_line(&t, 5)),
        Code::JournalLine,
    ),
    (
        "lines of the journal swapped",
        |d| edit(&d.join("journal.jsonl"), |t| swap_lines(&t, 4)),
        Code::JournalLine,
    ),
    (
        "journal's last line torn",
        |d| truncate(&d.join("journal.jsonl"), 1),
        Code::JournalTorn,
    ),
    (
        "journal not in canonical form",
        |d| edit(&d.join("journal.jsonl"), |t| t.replacen("{\"at\"", "{ \"at\"", 1)),
        Code::JournalLine,
    ),
    (
        "line forged with a new chain behind it",
        forge_fragment,
        Code::FragmentChanged,
    ),
    (
        "gap taken out with a new chain behind it",
        forge_gap,
        Code::GapMissing,
    ),
    ("count of frames forged", forge_frames, Code::FragmentCount),
    (
        "manifest changed",
        |d| edit(&d.join("manifest.json"), |t| t.replacen("张三", "李四", 1)),
        Code::ManifestChanged,
    ),
    (
        "manifest removed",
        |d| fs::remove_file(d.join("manifest.json")).unwrap(),
        Code::ManifestMissing,
    ),
    (
        "sums removed",
        |d| fs::remove_file(d.join("SHA256SUMS")).unwrap(),
        Code::InterviewUnfinished,
    ),
    (
        "SM3 sums removed",
        |d| fs::remove_file(d.join("SM3SUMS")).unwrap(),
        Code::SumsMissing,
    ),
    (
        "line of the sums removed",
        |d| edit(&d.join("SHA256SUMS"), |t| without_first(&t)),
        Code::FileExtra,
    ),
    (
        "line of the SM3 sums changed",
        |d| edit(&d.join("SM3SUMS"), change_digest),
        Code::FileChanged,
    ),
    (
        "line of the sums in upper case",
        |d| edit(&d.join("SHA256SUMS"), |t| t.to_uppercase()),
        Code::SumsForm,
    ),
    (
        "playlist changed",
        |d| {
            edit(&d.join("playlist.m3u8"), |t| {
                t.replacen("seg-00002", "seg-00001", 1)
            })
        },
        Code::PlaylistChanged,
    ),
    (
        "playlist re-ordered",
        |d| {
            edit(&d.join("playlist.m3u8"), |t| {
                let t = t.replace("seg-00001", "seg-x").replace("seg-00002", "seg-00001");
                t.replace("seg-x", "seg-00002")
            })
        },
        Code::PlaylistChanged,
    ),
    (
        "playlist removed",
        |d| fs::remove_file(d.join("part-0002/playlist.m3u8")).unwrap(),
        Code::FileMissing,
    ),
];

#[test]
fn every_tampering_gives_its_named_finding() {
    let fixture = fixture();
    for (name, tamper, code) in TAMPERINGS {
        let root = tempfile::tempdir().unwrap();
        let copy = root.path().join("copy");
        copy_tree(&fixture.interview, &copy);
        tamper(&copy);
        let report = check(&copy);
        assert_eq!(report.verdict, Verdict::NotSound, "{name}:\n{report}");
        assert!(codes(&report).contains(code), "{name}: no {code:?} in\n{report}");
        assert!(
            report
                .findings
                .iter()
                .all(|f| f.rule.starts_with("R-") && !f.detail_zh.is_empty())
        );
    }
}

#[test]
fn any_one_changed_byte_anywhere_is_noticed() {
    let fixture = fixture();
    let mut paths = Vec::new();
    collect(&fixture.interview, &mut paths);
    let mut state = 42_u64;
    let mut random = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for round in 0..paths.len() * 4 {
        let path = &paths[round % paths.len()];
        let whole = fs::read(path).unwrap();
        let (at, bit) = (random(whole.len()), 1 << random(8));
        let mut changed = whole.clone();
        changed[at] ^= bit;
        fs::write(path, &changed).unwrap();
        let report = check(&fixture.interview);
        assert_ne!(
            report.verdict,
            Verdict::Sound,
            "{} byte {at} bit {bit}",
            path.display()
        );
        fs::write(path, whole).unwrap();
    }
    assert_eq!(check(&fixture.interview).verdict, Verdict::Sound);
}
