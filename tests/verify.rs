//! `verify` says sound of what is sound, and names what was changed, removed,
//! added or swapped, in an interview's directory, on discs and in images.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // helpers of tests fail like tests

mod evidence_support;

use evidence_support::*;
use serde_json::json;
use shenlu::evidence::{
    adopt::{Recovered, recover},
    closing::close,
    digest::Sha256Digest,
    line::canonical,
    names::TrackName,
    verify::{Code, Report, Verdict, verify},
    writer::Writer,
};
use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

struct Fixture {
    _root: TempDir,
    interview: PathBuf,
}

fn fixture() -> Fixture {
    let root = tempfile::tempdir().unwrap();
    let (directory, _) = closed_interview(root.path());
    Fixture {
        interview: directory.path().to_owned(),
        _root: root,
    }
}

fn check(path: &Path) -> Report {
    verify(&[path.to_owned()], &[])
}

fn codes(report: &Report) -> Vec<Code> {
    report.findings.iter().map(|finding| finding.code).collect()
}

const SEGMENT: &str = "part-0001/seg-00002.mp4";

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

fn edit(path: &Path, change: impl FnOnce(String) -> String) {
    let text = fs::read_to_string(path).unwrap();
    let changed = change(text.clone());
    assert_ne!(text, changed, "the tampering must change something");
    fs::write(path, changed).unwrap();
}

fn swap(root: &Path, one: &str, other: &str) {
    let (one, other) = (root.join(one), root.join(other));
    let bytes = fs::read(&one).unwrap();
    fs::copy(&other, &one).unwrap();
    fs::write(&other, bytes).unwrap();
}

fn without_line(text: &str, kind: &str, nth: usize) -> String {
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

type Tampering = (&'static str, fn(&Path), Code);

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

// ---- what the tamperings do

fn truncate(path: &Path, by: u64) {
    let file = fs::OpenOptions::new().write(true).open(path).unwrap();
    let length = file.metadata().unwrap().len();
    file.set_len(length - by).unwrap();
}

fn append(path: &Path, bytes: &[u8]) {
    let whole = [fs::read(path).unwrap(), bytes.to_vec()].concat();
    fs::write(path, whole).unwrap();
}

fn fragments(interview: &Path) -> Vec<shenlu::evidence::entries::Fragment> {
    let lines = shenlu::evidence::journal::Journal::read(&interview.join("journal.jsonl")).unwrap();
    let (outline, _) = shenlu::evidence::outline::Outline::of(&lines);
    outline
        .segments()
        .filter(|s| s.opened.segment == SEGMENT)
        .flat_map(|s| s.fragments.clone())
        .collect()
}

fn last_fragment(interview: &Path) -> u64 {
    fragments(interview).last().unwrap().length
}

fn repeat_fragment(interview: &Path) {
    let last = fragments(interview).pop().unwrap();
    let bytes = fs::read(interview.join(SEGMENT)).unwrap();
    append(&interview.join(SEGMENT), &bytes[last.offset as usize..]);
}

fn repeat_line(text: &str, n: usize) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.insert(n, lines[n]);
    lines.join("\n") + "\n"
}

fn swap_lines(text: &str, n: usize) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.swap(n, n + 1);
    lines.join("\n") + "\n"
}

fn without_first(text: &str) -> String {
    text.split_once('\n').unwrap().1.to_owned()
}

/// Another digit in the first line's digest, plain or tagged.
fn change_digest(text: String) -> String {
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
fn forge(interview: &Path, change: impl Fn(&mut Vec<shenlu::evidence::line::Line>)) {
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

fn forge_fragment(interview: &Path) {
    forge(interview, |lines| {
        let line = lines.iter_mut().find(|line| line.kind == "fragment").unwrap();
        line.data
            .insert("sha256".to_owned(), json!(Sha256Digest::of(b"other")));
    });
}

fn forge_frames(interview: &Path) {
    forge(interview, |lines| {
        let line = lines.iter_mut().find(|line| line.kind == "fragment").unwrap();
        line.data.insert("frames".to_owned(), json!(24));
    });
}

fn forge_gap(interview: &Path) {
    forge(interview, |lines| lines.retain(|line| line.kind != "gap"));
}

// ---- discs, laid out as the contract says

/// Lays an interview out on `count` discs and gives their trees.
fn burn(interview: &Path, root: &Path, slot: &str, count: usize) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    collect(interview, &mut paths);
    let relative = |path: &PathBuf| path.strip_prefix(interview).unwrap().to_str().unwrap().to_owned();
    let mut names: Vec<String> = paths.iter().map(relative).collect();
    names.retain(|name| !name.starts_with("tracks/") && !name.ends_with("SUMS"));
    // Segments first and in order, the rest on the last disc.
    names.sort_by_key(|name| (!name.ends_with(".mp4"), name.clone()));
    let per_disc = names.len().div_ceil(count);
    let uuid = uuid_of(interview);
    let mut discs: Vec<PathBuf> = Vec::new();
    for (n, share) in names.chunks(per_disc).enumerate() {
        let disc = root.join(format!("{slot}-{:03}", n + 1));
        for name in share {
            fs::create_dir_all(disc.join(name).parent().unwrap()).unwrap();
            fs::copy(interview.join(name), disc.join(name)).unwrap();
        }
        fs::write(disc.join("index.html"), "<html>").unwrap();
        let is_last = n + 1 == count;
        let (from, to) = if is_last {
            ("SHA256SUMS", "INTERVIEW-SHA256SUMS")
        } else {
            ("journal.jsonl", "journal-so-far.jsonl")
        };
        fs::copy(interview.join(from), disc.join(to)).unwrap();
        write_sums(&disc);
        let predecessor = discs.last().map(|before| record(before)["sha256"].clone());
        let interview = interview.file_name().unwrap().to_str().unwrap();
        let fields = json!({"form": 1, "interview": interview, "uuid": uuid, "room": "a1", "slot": slot,
            "number": n + 1, "predecessor": predecessor});
        write_record(&disc, fields);
        discs.push(disc);
    }
    discs
}

fn write_sums(disc: &Path) {
    let listing = "find . -type f ! -name '*SUMS' -printf '%P\\n' -o -name 'INTERVIEW-*' -printf '%P\\n'";
    let listing = format!("{listing} | LC_ALL=C sort");
    for (program, name) in [
        ("sha256sum", "SHA256SUMS"),
        ("cksum -a sm3 --untagged", "SM3SUMS"),
    ] {
        let script =
            format!("({listing}) | grep -v disc.json | xargs {program} > ../sums && mv ../sums {name}");
        let (good, text) = run(disc, "sh", &["-c", &script]);
        assert!(good, "{text}");
    }
}

fn record(disc: &Path) -> serde_json::Value {
    serde_json::from_slice(&fs::read(disc.join("disc.json")).unwrap()).unwrap()
}

fn write_record(disc: &Path, mut fields: serde_json::Value) {
    fields.as_object_mut().unwrap().remove("sha256");
    fields["sha256"] = json!(Sha256Digest::of(&canonical(&fields).unwrap()));
    fs::write(disc.join("disc.json"), canonical(&fields).unwrap()).unwrap();
}

fn rewrite_record(disc: &Path, change: impl Fn(&mut serde_json::Value)) {
    let mut fields = record(disc);
    change(&mut fields);
    write_record(disc, fields);
}

fn foreign_record(disc: &Path) {
    rewrite_record(disc, |record| {
        record["uuid"] = json!("00000000-0000-4000-8000-000000000000")
    });
}

fn uuid_of(interview: &Path) -> String {
    let text = fs::read_to_string(interview.join("manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
    manifest["uuid"].as_str().unwrap().to_owned()
}

fn make_image(disc: &Path) -> PathBuf {
    let image = disc.with_extension("iso");
    let (tree, target) = (disc.to_str().unwrap(), format!("stdio:{}", image.display()));
    let args = [
        "-no_rc", "-outdev", &target, "-joliet", "on", "-map", tree, "/", "-commit",
    ];
    let (good, text) = run(disc, "xorriso", &args);
    assert!(good, "{text}");
    image
}

fn collect(directory: &Path, paths: &mut Vec<PathBuf>) {
    let names = shenlu::evidence::sums::list_files(directory).unwrap();
    paths.extend(names.into_iter().map(|name| directory.join(name)));
}
