//! The writer of evidence killed at every named point, again and again on the same directory, while it records,
//! while it recovers and while it closes; then what had not been synced is torn. After each cut the invariants
//! hold, and in the end everything that was told to be durable is there.
//!
//! The test binary runs itself as the child that is killed. 100 cuts always; more by
//! `SHENLU_CRASH_CYCLES=1000 cargo nextest run --profile soak --test evidence_crash`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // helpers of tests fail like tests

mod evidence_support;

use evidence_support::*;
use shenlu::evidence::{
    adopt::{Recovered, find_unfinished, recover},
    check::check,
    closing::close,
    crash_point::POINTS,
    journal::Journal,
    mp4::{parse_chunk, parse_header},
    names::{InterviewId, TrackName},
    now::{Now, SystemNow},
    outline::Outline,
    verify::{Code, Verdict, verify},
    writer::Writer,
};
use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io::{BufRead, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
};

const DATA: &str = "SHENLU_TEST_DATA";
const CRASH_AT: &str = "SHENLU_CRASH_AT";
const MEDIA: &str = "media.mp4";
/// Chunks of a part that the recorder is given; about two seconds.
const CHUNKS: usize = 9;

fn clock() -> Arc<dyn Now> {
    Arc::new(SystemNow::new().unwrap())
}

fn tell(text: &str) {
    // A line of its own, whatever the test harness wrote before it.
    print!("\ntold {text}\n");
    std::io::stdout().flush().unwrap();
}

#[test]
#[ignore = "a role: the child that is killed"]
fn role_recorder() {
    let data = PathBuf::from(std::env::var_os(DATA).expect("a role is only run by its test"));
    let media = cut(&fs::read(data.join(MEDIA)).unwrap());
    let unfinished = find_unfinished(&place(&data).interviews()).unwrap();
    let taken_up = unfinished
        .iter()
        .find_map(|id| match recover(&place(&data), id, clock()).unwrap() {
            Recovered::Open(adopted) => Some(adopted),
            Recovered::Closed(_) | Recovered::Stillborn => None,
        });
    let (directory, mut writer, part) = match taken_up {
        Some(adopted) => {
            let (writer, part) = (adopted.writer(1), adopted.outline.last_part() + 1);
            (adopted.directory, writer, part)
        }
        None => {
            let place = place(&data);
            let directory =
                shenlu::evidence::directory::InterviewDirectory::create(&place, "a1", clock()).unwrap();
            let writer = Writer::new(&directory, 1);
            (directory, writer, 1)
        }
    };
    let track = TrackName::Program;
    writer
        .begin_part(part, clock().now().at, track.clone(), media.header.clone())
        .unwrap();
    for (n, (starts, bytes)) in media.chunks.iter().take(CHUNKS).enumerate() {
        tell(&format!("next {part} {n}"));
        writer.write_chunk(part, &track, *starts, bytes.clone()).unwrap();
        tell(&format!("chunk {part} {n}"));
        if n == 3 {
            let path = format!("documents/page-{part}-{}.txt", std::process::id());
            directory.put_file(&path, path.as_bytes()).unwrap();
            tell(&format!("file {path}"));
        }
        if n % 4 == 3 {
            directory.checkpoint(conditions()).unwrap();
        }
    }
    tell("end");
}

#[test]
#[ignore = "a role: the child that is killed while it closes"]
fn role_closer() {
    let data = PathBuf::from(std::env::var_os(DATA).expect("a role is only run by its test"));
    for id in find_unfinished(&place(&data).interviews()).unwrap() {
        if let Recovered::Open(adopted) = recover(&place(&data), &id, clock()).unwrap() {
            close(&adopted.directory, &facts()).unwrap();
        }
    }
    tell("end");
}

/// What the child told before it was killed.
#[derive(Default)]
struct Told {
    /// Part and number of the last chunk said to be durable.
    durable: Option<(u32, usize)>,
    /// The one that was on its way.
    next: Option<(u32, usize)>,
    files: Vec<String>,
    ended: bool,
}

fn run_role(role: &str, data: &Path, point: &str, pass: u64) -> Told {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", role, "--ignored", "--nocapture"])
        .env(DATA, data)
        .env(CRASH_AT, format!("{point}:{pass}"))
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let mut told = Told::default();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let words: Vec<&str> = line.split(' ').collect();
        let numbers = |words: &[&str]| (words[0].parse().unwrap(), words[1].parse().unwrap());
        match words.as_slice() {
            ["told", "next", rest @ ..] => told.next = Some(numbers(rest)),
            ["told", "chunk", rest @ ..] => told.durable = Some(numbers(rest)),
            ["told", "file", path] => told.files.push((*path).to_owned()),
            ["told", "end"] => told.ended = true,
            _ => {}
        }
    }
    let status = child.wait().unwrap();
    let was_killed = status.code().is_none();
    assert!(
        was_killed || told.ended,
        "{role} at {point}:{pass} ended with {status}"
    );
    told
}

/// Throws away a part of what the point leaves unsynced, as a power cut may. Whether the journal lost some.
fn tear(data: &Path, point: &str, told: &Told, media: &Media, random: u64) -> bool {
    let Some(interview) = the_interview(data) else {
        return false;
    };
    let path = match point {
        "line-written" => interview.join("journal.jsonl"),
        "chunk-written" => match newest_segment(&interview) {
            Some(path) => path,
            None => return false,
        },
        _ => return false,
    };
    let bytes = fs::read(&path).unwrap();
    let unsynced = match (point, told.next) {
        ("line-written", _) => match bytes.strip_suffix(b"\n") {
            Some(lines) => bytes.len() - lines.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1),
            None => return false,
        },
        (_, Some((_, chunk))) if told.durable != told.next => {
            // A segment's first chunk comes with its header in the same write.
            media.chunks[chunk].1.len().min(bytes.len())
        }
        _ => return false,
    };
    let lost = 1 + random as usize % unsynced.max(1);
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len((bytes.len() - lost.min(bytes.len())) as u64)
        .unwrap();
    point == "line-written"
}

/// The one that can be told about: with a first line.
fn the_interview(data: &Path) -> Option<PathBuf> {
    let interviews = place(data).interviews();
    let mut found: Vec<PathBuf> = fs::read_dir(interviews)
        .ok()?
        .map(|entry| entry.unwrap().path())
        .filter(|path| Journal::read(&path.join("journal.jsonl")).is_ok_and(|lines| !lines.is_empty()))
        .collect();
    found.sort();
    found.pop()
}

fn newest_segment(interview: &Path) -> Option<PathBuf> {
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

/// Small, and the same every time.
struct Dice(u64);

/// Where a recorder can be killed, and how often it passes there at most.
const ON_THE_WAY: [(&str, u64); 9] = [
    ("directory-made", 2),
    ("line-written", 12),
    ("line-synced", 12),
    ("chunk-written", 9),
    ("chunk-synced", 9),
    ("segment-named", 2),
    ("file-written", 1),
    ("file-linked", 1),
    ("file-named", 1),
];
/// Where it is killed that mends a torn journal.
const MENDING: [&str; 2] = ["torn-kept", "torn-cut"];
/// Not on a recorder's way: those of the closing, and of a room's index.
const OF_CLOSING: [&str; 3] = ["put-written", "put-renamed", "index-next"];

impl Dice {
    fn point(&mut self, torn_journal: bool) -> (&'static str, u64) {
        let throw = self.throw() as usize;
        if torn_journal && !throw.is_multiple_of(4) {
            return (MENDING[throw % 2], 1);
        }
        let (point, passes) = ON_THE_WAY[throw % ON_THE_WAY.len()];
        (point, 1 + self.throw() % passes)
    }

    fn throw(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }
}

/// What a cut may leave for the next start to take care of; anything else breaks an invariant.
fn is_for_recovery(code: Code) -> bool {
    matches!(code, Code::LeftOver | Code::Stillborn | Code::InterviewUnfinished)
}

fn invariants_hold(data: &Path, after: &str) {
    let broken: Vec<_> = check(data)
        .into_iter()
        .filter(|finding| !is_for_recovery(finding.code))
        .collect();
    assert!(broken.is_empty(), "after {after}: {broken:#?}");
}

fn frames_of(media: &Media, chunks: usize) -> u64 {
    let header = parse_header(&media.header).unwrap();
    let lead = header.lead().unwrap().id;
    let frames = |bytes: &[u8]| {
        parse_chunk(bytes, &header)
            .unwrap()
            .run(lead)
            .map_or(0, |run| run.samples)
    };
    media
        .chunks
        .iter()
        .take(chunks)
        .map(|(_, bytes)| frames(bytes))
        .sum()
}

fn cycles() -> usize {
    std::env::var("SHENLU_CRASH_CYCLES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(100)
}

#[test]
fn a_recorder_killed_at_every_point_loses_nothing_that_was_told() {
    let root = tempfile::tempdir().unwrap();
    let data = root.path();
    fs::write(data.join(MEDIA), make_mp4(4)).unwrap();
    let media = cut(&fs::read(data.join(MEDIA)).unwrap());
    let mut dice = Dice(7);
    let mut durable: BTreeMap<u32, usize> = BTreeMap::new();
    let mut files = Vec::new();
    let mut killed: BTreeMap<&str, u32> = BTreeMap::new();
    let (mut kills, mut torn_journal) = (0, false);
    for run in 0..cycles() * 3 {
        let (point, pass) = dice.point(torn_journal);
        let told = run_role("role_recorder", data, point, pass);
        if !told.ended {
            kills += 1;
            *killed.entry(point).or_default() += 1;
        }
        torn_journal = !told.ended && tear(data, point, &told, &media, dice.throw());
        if let Some((part, chunk)) = told.durable {
            let before = durable.insert(part, chunk + 1);
            assert_eq!(before, None, "part {part} was recorded twice");
        }
        files.extend(told.files);
        invariants_hold(data, &format!("run {run} to {point}:{pass}"));
        if kills == cycles() {
            break;
        }
    }
    assert_eq!(kills, cycles(), "killed at: {killed:?}");
    println!("killed at: {killed:?}");

    let id: InterviewId = the_interview(data)
        .unwrap()
        .file_name()
        .unwrap()
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    let Recovered::Open(adopted) = recover(&place(data), &id, clock()).unwrap() else {
        panic!("it was never closed");
    };
    for (part, chunks) in &durable {
        let found = adopted
            .outline
            .parts
            .iter()
            .find(|found| found.opened.part == *part);
        let frames = found.map_or(0, |part| part.extent().frames);
        let told = frames_of(&media, *chunks);
        assert!(
            frames >= told,
            "part {part}: {told} frames were told to be durable, {frames} are there"
        );
    }
    close(&adopted.directory, &facts()).unwrap();
    for path in &files {
        assert_eq!(
            fs::read(adopted.directory.path().join(path)).unwrap(),
            path.as_bytes()
        );
    }
    let report = verify(&[adopted.directory.path().to_owned()], &[]);
    assert_eq!(report.verdict, Verdict::Sound, "{report}");
    assert_eq!(
        report.figures.parts,
        u64::from(adopted.outline.last_part()),
        "{report}"
    );
    let never: Vec<&&str> = POINTS
        .iter()
        .filter(|point| !OF_CLOSING.contains(point) && !killed.contains_key(**point))
        .collect();
    assert!(never.is_empty(), "never killed at {never:?}");
}

#[test]
fn a_closing_killed_at_every_step_is_completed_at_the_next_start() {
    for (point, passes) in [
        ("line-written", 2),
        ("line-synced", 2),
        ("put-written", 10),
        ("put-renamed", 10),
    ] {
        for pass in 1..=passes {
            let root = tempfile::tempdir().unwrap();
            let directory = new_directory(root.path());
            let mut writer = Writer::new(&directory, 2);
            write_part(&mut writer, 1, &TrackName::Program, media());
            writer.end_part(1).unwrap();
            directory.checkpoint(conditions()).unwrap();
            let path = directory.path().to_owned();
            drop((writer, directory));
            let told = run_role("role_closer", root.path(), point, pass);
            invariants_hold(root.path(), &format!("{point}:{pass}"));
            // Once more, whole: what was not closed is closed now, what was begun is completed.
            run_role("role_closer", root.path(), "directory-made", u64::MAX);
            let report = verify(std::slice::from_ref(&path), &[]);
            assert_eq!(report.verdict, Verdict::Sound, "{point}:{pass}: {report}");
            let (outline, _) = Outline::of(&Journal::read(&path.join("journal.jsonl")).unwrap());
            assert!(outline.closed.is_some(), "{point}:{pass}");
            assert!(
                told.ended || pass < 10,
                "{point} is passed more often than {passes} times"
            );
        }
    }
}
