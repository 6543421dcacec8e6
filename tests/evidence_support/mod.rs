//! What the tests of the evidence share: real fragmented MP4 made by ffmpeg and
//! cut into header and chunks, clocks that the test sets, whole interviews.
//! Used by the tests of evidence, of its signatures and of `verify`.
#![allow(dead_code)] // each test binary uses its own share

use chrono::{DateTime, FixedOffset, TimeDelta};
use serde_json::json;
use shenlu::evidence::{
    closing::{ClosedInterview, ClosingFacts, close},
    directory::{InterviewDirectory, Place},
    line::Data,
    mp4::{scan_chunks, scan_header},
    names::TrackName,
    now::{Now, Stamp},
    signing::DeviceKeys,
    writer::{Event, Writer},
};
use std::{
    path::Path,
    process::Command,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

/// A recording cut as the muxer delivers it.
pub struct Media {
    pub header: Arc<[u8]>,
    /// Whether it starts a fragment, and its bytes.
    pub chunks: Vec<(bool, Arc<[u8]>)>,
}

pub const SECONDS: u64 = 6;
pub const FPS: u64 = 25;

/// Six seconds of picture and sound, a key frame each second, chunks of at most 250 ms.
pub fn media() -> &'static Media {
    static MEDIA: OnceLock<Media> = OnceLock::new();
    MEDIA.get_or_init(|| make_media(SECONDS))
}

pub fn make_media(seconds: u64) -> Media {
    cut(&make_mp4(seconds))
}

/// The file that media is cut from.
pub fn make_mp4(seconds: u64) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("whole.mp4");
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-f", "lavfi", "-i"])
        .arg(format!("testsrc2=size=320x180:rate={FPS}:duration={seconds}"))
        .args(["-f", "lavfi", "-i"])
        .arg(format!("sine=frequency=440:sample_rate=48000:duration={seconds}"))
        .args([
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-bf",
            "0",
            "-g",
            "25",
            "-sc_threshold",
            "0",
        ])
        // Without the shift the encoder's priming would push the first picture off zero.
        .args([
            "-c:a",
            "aac",
            "-bsf:a",
            "setts=ts=TS+1024",
            "-frag_duration",
            "250000",
            "-movflags",
        ])
        .arg("+frag_keyframe+empty_moov+default_base_moof+skip_trailer")
        .arg(&path)
        .output()
        .expect("ffmpeg is installed");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    std::fs::read(&path).unwrap()
}

pub fn cut(bytes: &[u8]) -> Media {
    let (header, length) = scan_header(&bytes).unwrap();
    let scan = scan_chunks(&bytes, length, &header);
    assert_eq!(scan.fault, None);
    let lead = header.lead().unwrap().id;
    let chunk = |placed: &shenlu::evidence::mp4::PlacedChunk| {
        let starts = placed.chunk.run(lead).is_some_and(|run| run.starts_with_sync);
        let range = placed.offset as usize..(placed.offset + placed.length) as usize;
        (starts, bytes[range].into())
    };
    Media {
        header: bytes[..length as usize].into(),
        chunks: scan.chunks.iter().map(chunk).collect(),
    }
}

/// Clocks that move on a millisecond with every look.
pub struct TestClock {
    start: DateTime<FixedOffset>,
    ticks: AtomicU64,
}

impl TestClock {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            start: wall(),
            ticks: AtomicU64::new(0),
        })
    }
}

impl Now for TestClock {
    fn now(&self) -> Stamp {
        let ms = self.ticks.fetch_add(1, Ordering::Relaxed);
        Stamp {
            at: self.start + TimeDelta::milliseconds(ms as i64),
            boot: "11111111-2222-3333-4444-555555555555".to_owned(),
            mono_us: ms * 1000,
        }
    }
}

pub fn wall() -> DateTime<FixedOffset> {
    DateTime::parse_from_rfc3339("2026-03-04T05:06:07.000+08:00").unwrap()
}

pub fn place(root: &Path) -> Place {
    Place {
        data: root.to_owned(),
        mirror: None,
        keys: keys(root),
        timestamp: None,
    }
}

/// The device's keys below `root`, the same every time.
pub fn keys(root: &Path) -> Arc<DeviceKeys> {
    Arc::new(DeviceKeys::open_or_create(&root.join("keys"), "a1").unwrap().keys)
}

pub fn new_directory(root: &Path) -> InterviewDirectory {
    InterviewDirectory::create(&place(root), "a1", TestClock::new()).unwrap()
}

pub fn conditions() -> Data {
    let data =
        json!({"drops": 0, "clock_error_us": 150, "temperature_centi_c": 2650, "humidity_centi_pct": 4500});
    data.as_object().unwrap().clone()
}

/// Writes all of the media as one part of a track.
pub fn write_part(writer: &mut Writer, part: u32, track: &TrackName, media: &Media) -> Vec<Event> {
    let start = wall() + TimeDelta::seconds(i64::from(part) * 30);
    writer
        .begin_part(part, start, track.clone(), media.header.clone())
        .unwrap();
    let mut events = Vec::new();
    for (starts, bytes) in &media.chunks {
        events.extend(writer.write_chunk(part, track, *starts, bytes.clone()).unwrap());
    }
    events
}

pub fn facts() -> ClosingFacts {
    ClosingFacts {
        interview: json!({"kind": "interrogation", "case_number": "A1301", "case_name": "某案"}),
        people: json!([{"id": "p1", "name": "张三", "role": "interviewee"}]),
        acts: json!([{"person": "p1", "act": "sign", "outcome": "done"}]),
        marks: json!([]),
        intervals: json!([]),
        ended: "complete".to_owned(),
    }
}

/// A closed interview of two parts, with an original and a transcript.
pub fn closed_interview(root: &Path) -> (InterviewDirectory, ClosedInterview) {
    closed_interview_at(&place(root))
}

/// The same in a place of the test's own.
pub fn closed_interview_at(place: &Place) -> (InterviewDirectory, ClosedInterview) {
    let directory = InterviewDirectory::create(place, "a1", TestClock::new()).unwrap();
    let mut writer = Writer::new(&directory, 2);
    writer.set_conditions(conditions());
    let original = TrackName::named("officer").unwrap();
    write_part(&mut writer, 1, &TrackName::Program, media());
    write_part(&mut writer, 1, &original, media());
    writer.end_part(1).unwrap();
    directory.checkpoint(conditions()).unwrap();
    directory
        .put_file("transcript/transcript.json", b"{\"lines\":[]}")
        .unwrap();
    write_part(&mut writer, 2, &TrackName::Program, media());
    writer.end_part(2).unwrap();
    directory.checkpoint(conditions()).unwrap();
    let closed = close(&directory, &facts()).unwrap();
    (directory, closed)
}

/// Runs a program in a directory and gives its success and what it printed.
pub fn run(directory: &Path, program: &str, args: &[&str]) -> (bool, String) {
    let output = Command::new(program)
        .args(args)
        .current_dir(directory)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

pub fn copy_tree(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_tree(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
