//! An interview of three parts on the two discs of a set, as the room would leave them: written by the evidence's
//! own writer, burnt batch by batch onto small images, so that the second disc takes over in the second part.
//!
//! Made once for all tests of this build. The media come from ffmpeg; nothing of the media room is needed.

use super::evidence_support::{Media, conditions, make_media, place, wall};
use super::recording::shelf;
use chrono::{DateTime, FixedOffset, TimeDelta};
use serde_json::{Value, json};
use shenlu::disc::{
    About, DiscEvent, DiscHandle, DiscPlan, Feed, Ledger, LedgerEntry, LedgerError, Slot, start,
};
use shenlu::evidence::{
    closing::{ClosingFacts, close},
    directory::InterviewDirectory,
    line::Data,
    names::TrackName,
    now::{Now, Stamp},
    writer::{Event, Writer},
};
use shenlu::interview::Entry;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

pub const PARTS: u32 = 3;
pub const PART_SECONDS: u64 = 8;
const SEGMENT_SECONDS: u32 = 2;
/// From the start of one part to that of the next: the rest is a gap.
pub const PART_EVERY_SECONDS: i64 = 30;
/// Holds the first part and some of the second, with what a disc keeps free for its end.
const DISC_BYTES: u64 = 11_650_000;

pub struct Set {
    /// The discs' trees, in order.
    pub discs: Vec<PathBuf>,
}

pub fn shared() -> Set {
    let program = std::env::current_exe().unwrap();
    let dir = shelf("disc-set", &program, make);
    let discs = (1..).map(|n| dir.join(format!("discs/{n}")));
    Set {
        discs: discs.take_while(|disc| disc.exists()).collect(),
    }
}

impl Set {
    /// A copy of all its discs that a test may damage.
    pub fn copied(&self) -> tempfile::TempDir {
        let copy = tempfile::tempdir().unwrap();
        for (n, disc) in self.discs.iter().enumerate() {
            super::evidence_support::copy_tree(disc, &copy.path().join((n + 1).to_string()));
        }
        copy
    }
}

/// A clock that stands where the test puts it.
struct SetClock(Mutex<DateTime<FixedOffset>>);

impl Now for SetClock {
    fn now(&self) -> Stamp {
        let at = *self.0.lock().unwrap();
        Stamp {
            at,
            boot: "11111111-2222-3333-4444-555555555555".to_owned(),
            mono_us: u64::try_from((at - wall()).num_microseconds().unwrap()).unwrap(),
        }
    }
}

struct NoLedger;

impl Ledger for NoLedger {
    fn append(&self, _kind: &str, _data: Value) -> Result<(), LedgerError> {
        Ok(())
    }
}

pub fn part_start(part: u32) -> DateTime<FixedOffset> {
    wall() + TimeDelta::seconds(i64::from(part) * PART_EVERY_SECONDS)
}

fn moment(part: u32, media_ms: i64) -> Value {
    let at = part_start(part) + TimeDelta::milliseconds(media_ms);
    json!({"wall": {"unix_ms": at.timestamp_millis(), "offset_min": 480},
           "media": {"part": part, "media_us": media_ms * 1000}})
}

/// What was said and done, with the part and the millisecond.
fn story() -> Vec<(u32, i64, &'static str, Value)> {
    let act = |act: &str| {
        json!({"document": "transcript", "page": 1, "page_sha256": "0".repeat(64), "person": "p1", "act": act,
               "outcome": {"result": "done", "method": "electronic"}})
    };
    let mark = |mark: &str, text: &str| json!({"mark": mark, "text": text});
    let interrupted = |n: u32, cause: &str, detail: &str| {
        json!({"interruption": n, "cause": cause, "detail": detail, "voided": [],
               "recorded_until": moment(n, PART_SECONDS as i64 * 1000)})
    };
    vec![
        (1, 500, "marked", mark("announced", "")),
        (1, 1500, "marked", mark("rights-read", "")),
        (
            1,
            3000,
            "interval-began",
            json!({"interval": 1, "interval_kind": "break", "present": [], "note": "饮水"}),
        ),
        (1, 5000, "interval-ended", json!({"interval": 1})),
        (1, 6000, "marked", mark("evidence-shown", "现场照片")),
        (2, 0, "interrupted", interrupted(1, "power-loss", "")),
        (2, 1, "resumed", json!({"interruption": 1, "part": 2})),
        (2, 2000, "statement-made", json!({"interruption": 1})),
        (2, 5000, "marked", mark("statement", "")),
        (
            3,
            0,
            "interrupted",
            interrupted(2, "media-failed", "编码进程退出"),
        ),
        (3, 1, "resumed", json!({"interruption": 2, "part": 3})),
        (3, 2000, "review-began", json!({})),
        (3, 3000, "act-recorded", act("check")),
        (3, 4000, "act-recorded", act("sign")),
        (3, 5000, "act-recorded", act("fingerprint")),
        (3, 7000, "closing", json!({})),
    ]
}

fn transcript() -> Value {
    let line = |kind: &str, part: u32, ms: i64, text: &str| json!({"kind": kind, "part": part, "media_us": ms * 1000, "text": text});
    json!({"form": 1, "lines": [
        line("note", 1, 400, "讯问开始，告知同步录音录像。"),
        line("question", 1, 2500, "你的姓名、出生日期？"),
        line("answer", 1, 4500, "张某，一九九〇年三月四日出生。"),
        line("question", 2, 3000, "把三月一日晚上的经过讲一下。"),
        line("answer", 2, 6000, "那天晚上九点多我从家里出来，在路口等李某。"),
        line("question", 3, 1000, "以上笔录请你核对，是否与你所说的一致？"),
        line("answer", 3, 6000, "看过了，一致。"),
    ]})
}

fn make(dir: &Path) {
    let clock = Arc::new(SetClock(Mutex::new(wall())));
    let interview = InterviewDirectory::create(&place(dir), "a1", clock.clone()).unwrap();
    let mut burner = Burner::start(dir, &interview);
    let people = json!({"interview": "interrogation", "participants": [{"id": "p1", "name": "张某"}],
        "case": {"number": "A1300002026110001", "name": "示范案件", "incident_number": ""}});
    tell(&interview, &clock, "started", people, 1, 0);
    let media = make_media(PART_SECONDS);
    let mut writer = Writer::new(&interview, SEGMENT_SECONDS);
    writer.set_conditions(conditions());
    for part in 1..=PARTS {
        record(&interview, &clock, &mut writer, &mut burner, part, &media);
    }
    let text = transcript().to_string();
    interview
        .put_file("transcript/transcript.json", text.as_bytes())
        .unwrap();
    close(&interview, &closing_facts()).unwrap();
    burner.finish();
    for (n, image) in burner.images(dir).iter().enumerate() {
        extract(image, &dir.join(format!("discs/{}", n + 1)));
    }
}

/// One part: its story's lines, its media, each segment on the disc before the next.
fn record(
    interview: &InterviewDirectory,
    clock: &SetClock,
    writer: &mut Writer,
    burner: &mut Burner,
    part: u32,
    media: &Media,
) {
    let program = TrackName::Program;
    writer
        .begin_part(part, part_start(part), program.clone(), media.header.clone())
        .unwrap();
    let mut lines: Vec<_> = story().into_iter().filter(|line| line.0 == part).collect();
    for (n, (starts, bytes)) in media.chunks.iter().enumerate() {
        let now_ms = n as i64 * PART_SECONDS as i64 * 1000 / media.chunks.len() as i64;
        while lines.first().is_some_and(|line| line.1 <= now_ms) {
            let (_, ms, kind, data) = lines.remove(0);
            tell(interview, clock, kind, data, part, ms);
        }
        burner.take(
            writer
                .write_chunk(part, &program, *starts, bytes.clone())
                .unwrap(),
        );
    }
    burner.take(writer.end_part(part).unwrap());
    interview.checkpoint(conditions()).unwrap();
}

/// A line as the interview writes it; whether it can be read back as one of its facts is checked here.
fn tell(interview: &InterviewDirectory, clock: &SetClock, kind: &str, data: Value, part: u32, ms: i64) {
    *clock.0.lock().unwrap() = part_start(part) + TimeDelta::milliseconds(ms);
    let mut data: Data = data.as_object().unwrap().clone();
    data.insert("moment".to_owned(), moment(part, ms));
    if kind != "started" {
        let entry = Entry::from_line(kind, &Value::Object(data.clone()));
        assert!(matches!(entry, Ok(Some(_))), "{kind}: {entry:?}");
    }
    interview.journal().append(kind, data).unwrap();
}

fn closing_facts() -> ClosingFacts {
    ClosingFacts {
        interview: json!({"kind": "interrogation", "case_number": "A1300002026110001", "case_name": "示范案件"}),
        people: json!([]),
        acts: json!([]),
        marks: json!([]),
        intervals: json!([]),
        ended: "complete".to_owned(),
    }
}

/// A slot's worker, fed and waited for.
struct Burner {
    handle: DiscHandle,
    events: Receiver<DiscEvent>,
}

impl Burner {
    fn start(dir: &Path, interview: &InterviewDirectory) -> Self {
        let about = About {
            unit: "示范县公安局".into(),
            room_id: "a1".into(),
            room_name: "第一讯问室".into(),
            interview_id: interview.id().to_string(),
            uuid: interview.uuid().to_string(),
            case_number: "A1300002026110001".into(),
            case_name: "示范案件".into(),
            kind: "讯问".into(),
            started_at: part_start(1).to_rfc3339(),
            set_in_case: None,
        };
        fs::create_dir_all(dir.join("images")).unwrap();
        let drive = hardware::optical::Device::Image(dir.join("images/a-001.iso"));
        let spool = dir.join("spool");
        let mut plan = DiscPlan::new(Slot::A, drive, spool, interview.path().to_owned(), about);
        // Each segment as soon as it is there; what comes at the end goes with the closing session.
        plan.batch.max_bytes = Some(2 * 1024 * 1024);
        plan.batch.max_wait = Duration::ZERO;
        plan.image_capacity_bytes = Some(DISC_BYTES);
        plan.history = Vec::<LedgerEntry>::new();
        let (sender, events) = channel();
        let handle = start(plan, Arc::new(NoLedger), sender).unwrap();
        Self { handle, events }
    }

    fn take(&mut self, happened: Vec<Event>) {
        for event in happened {
            match event {
                Event::BytesAppended { path, bytes, .. } => self.handle.feed(Feed::Bytes { path, bytes }),
                Event::SegmentClosed {
                    path,
                    size,
                    sha256,
                    sm3,
                } => {
                    let (sha256, sm3) = (sha256.to_string(), sm3.to_string());
                    self.handle.feed(Feed::FileDone {
                        path,
                        size,
                        sha256,
                        sm3,
                    });
                    self.until("a batch", |event| matches!(event, DiscEvent::BatchWritten { .. }));
                }
                Event::SegmentOpened { .. } | Event::FragmentWritten { .. } | Event::Discontinuity { .. } => {
                }
            }
        }
    }

    fn finish(&mut self) {
        self.handle.feed(Feed::Finish);
        self.until("the end", |event| {
            matches!(event, DiscEvent::Ended { complete: true, .. })
        });
    }

    fn until(&self, what: &str, wanted: impl Fn(&DiscEvent) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(90);
        let mut last = None;
        loop {
            match self
                .events
                .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            {
                Ok(event) if wanted(&event) => return,
                Ok(event) => last = Some(event),
                Err(_) => panic!("no {what}; last: {last:?}"),
            }
        }
    }

    fn images(&self, dir: &Path) -> Vec<PathBuf> {
        let image = |n: u32| dir.join(format!("images/a-{n:03}.iso"));
        (1..).map(image).take_while(|image| image.exists()).collect()
    }
}

pub fn extract(image: &Path, into: &Path) {
    fs::create_dir_all(into.parent().unwrap()).unwrap();
    let device = format!("stdio:{}", image.display());
    let out = Command::new("xorriso")
        .args(["-indev", &device, "-osirrox", "on:auto_chmod_on", "-extract", "/"])
        .arg(into)
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let made_writable = Command::new("chmod").arg("-R").arg("u+w").arg(into).status();
    assert!(made_writable.unwrap().success());
}
