//! A room to test: simulated cameras, a directory, the binary as a child, and what can be asked of it.

use fixtures::camera::Camera;
use fixtures::judge::{Look, Recording, probe_segments};
use fixtures::picture::Rect;
use serde_json::{Value, json};
use shenlu::demo::officer;
use shenlu::demo::place::Place;
use shenlu::demo::room_child::RoomChild;
use shenlu::demo::{DemoArguments, simulated};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_shenlu");

pub struct House {
    _dir: tempfile::TempDir,
    pub cameras: Vec<Camera>,
    pub place: Place,
    pub room: RoomChild,
}

/// Small pictures, short segments, small batches: everything happens often.
pub fn arguments(dir: &Path) -> DemoArguments {
    DemoArguments {
        seconds: 20,
        dir: Some(dir.join("room")),
        camera: Vec::new(),
        microphone: Vec::new(),
        burner: Vec::new(),
        size: "640x360".into(),
        segment_seconds: 3,
        extra: "[disc]\nbatch_kib = 256\nstall_seconds = 5\n".into(),
        keep_original: true,
        port: 0,
        stay: false,
    }
}

impl House {
    /// Up, with everything passed by the pre-check.
    pub fn ready() -> House {
        let cameras = simulated(&arguments(Path::new(""))).unwrap();
        let house = House::open(cameras, |_, text| text);
        officer::precheck(&house.room).unwrap();
        house
    }

    /// Up, whatever is wrong; `change` has the configuration's last word.
    pub fn open(cameras: Vec<Camera>, change: impl FnOnce(&mut Place, String) -> String) -> House {
        let (dir, place) = prepare(&cameras, change);
        let room = RoomChild::start(Path::new(PROGRAM), &place).unwrap();
        House::of(dir, cameras, place, room)
    }

    /// Of parts that a test made itself.
    pub fn of(dir: tempfile::TempDir, cameras: Vec<Camera>, place: Place, room: RoomChild) -> House {
        House {
            _dir: dir,
            cameras,
            place,
            room,
        }
    }

    /// Recording, with the steps spoken that the law asks for; the interview's id.
    pub fn recording() -> (House, String) {
        House::recording_as(|_, text| text)
    }

    /// The same in a room of which `change` has the configuration's last word.
    pub fn recording_as(change: impl FnOnce(&mut Place, String) -> String) -> (House, String) {
        let cameras = simulated(&arguments(Path::new(""))).unwrap();
        let house = House::open(cameras, change);
        let id = house.begin();
        (house, id)
    }

    /// Checked, started, and recording; without drives that is overridden by name.
    pub fn begin(&self) -> String {
        if self.place.burners.is_empty() {
            return self.begin_despite(&["burner-a", "burner-b"]);
        }
        officer::precheck(&self.room).unwrap();
        self.begin_despite(&[])
    }

    /// The same, whatever is missing of drives and discs.
    pub fn begin_despite(&self, items: &[&str]) -> String {
        self.until("the pre-check's hard items", 60, |state| {
            let _ = self.room.ask("precheck", json!({}));
            hard_items_pass(state)
        });
        officer::start_despite(&self.room, items).unwrap();
        let state = self.until("recording", 20, |s| s["recording"] == true);
        self.say_what_is_owed();
        state["interview_id"].as_str().unwrap().to_owned()
    }

    /// What the law has spoken before the questions.
    pub fn say_what_is_owed(&self) {
        for mark in ["announced", "identity-established", "rights-read"] {
            self.must("mark", json!({"mark": mark}));
        }
    }

    /// What every interruption owes is said aloud; what was said.
    pub fn say_statements(&self) -> Vec<Value> {
        let owed = |s: &Value| {
            s["interview"]["statements_owed"]
                .as_array()
                .cloned()
                .unwrap_or_default()
        };
        let statements = owed(&self.until("statement owed", 5, |s| !owed(s).is_empty()));
        for statement in &statements {
            self.must(
                "statement-made",
                json!({"interruption": statement["interruption"]}),
            );
        }
        statements
    }

    pub fn must(&self, kind: &str, fields: Value) {
        let reply = self.room.ask(kind, fields).unwrap();
        assert_eq!(reply.status, 200, "{kind}: {}", reply.body);
    }

    pub fn until(&self, step: &'static str, within_s: u64, wanted: impl Fn(&Value) -> bool) -> Value {
        let found = self.room.until(step, Duration::from_secs(within_s), wanted);
        found.unwrap_or_else(|error| panic!("{error}\n{}", self.log()))
    }

    /// Media seconds durable in the present part.
    pub fn reach(&self, media_s: f64) {
        officer::reach(&self.room, media_s).unwrap_or_else(|e| panic!("{e}\n{}", self.log()));
    }

    pub fn alarm(&self, name: &str, stands: bool, within_s: u64) {
        let wanted = |s: &Value| {
            let alarms = s["alarms"].as_array().cloned().unwrap_or_default();
            alarms.iter().any(|a| a["alarm"] == name) == stands
        };
        let step: &'static str = if stands { "alarm" } else { "alarm cleared" };
        eprintln!("waiting: {step} {name}");
        self.until(step, within_s, wanted);
    }

    /// Attests, ends, and waits until both discs are finalised.
    pub fn finish(&self, id: &str) {
        self.attest_and_end(id);
        officer::wait_for_discs(&self.room, &self.place).unwrap_or_else(|e| panic!("{e}\n{}", self.log()));
    }

    /// Ended in the regular way; the discs go on by themselves.
    pub fn attest_and_end(&self, id: &str) {
        officer::attest(&self.room, id).unwrap_or_else(|e| panic!("{e}\n{}", self.log()));
        self.must("end-interview", json!({}));
        self.until("closed", 60, |s| s["interview_id"].is_null());
    }

    pub fn interview(&self, id: &str) -> PathBuf {
        self.place.data.join("interviews").join(id)
    }

    pub fn log(&self) -> String {
        let log = std::fs::read_to_string(self.place.dir.join("room.log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(60)..].join("\n")
    }

    pub fn judge_part(&self, id: &str, part: u32) -> Recording {
        let dir = self.interview(id).join(format!("part-{part:04}"));
        let mut segments: Vec<PathBuf> = std::fs::read_dir(dir)
            .unwrap()
            .map(|e| e.unwrap().path())
            .collect();
        segments.retain(|path| path.extension().is_some_and(|e| e == "mp4"));
        segments.sort();
        probe_segments(
            &segments,
            &Look {
                pictures: vec![Rect::FULL, insert()],
                places: vec![],
            },
        )
        .unwrap()
    }

    pub fn journal(&self, id: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(self.interview(id).join("journal.jsonl")).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// The newest image of each slot is a whole, sound set, equal to the directory.
    pub fn discs_are_sound(&self, id: &str) {
        for slot in ["a", "b"] {
            let images: Vec<PathBuf> = self.place.images();
            let mine = |p: &&PathBuf| p.file_name().unwrap().to_string_lossy().starts_with(slot);
            let last = images.iter().rfind(mine).expect("an image").clone();
            let out = verify(&last, &[&self.interview(id)]);
            assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stdout));
        }
    }

    /// What `verify --json` says of the interview, signed by this room's own key.
    pub fn report(&self, id: &str) -> Value {
        let out = Command::new(PROGRAM)
            .arg("verify")
            .arg(self.interview(id))
            .arg("--key")
            .arg(self.place.data.join("keys"))
            .arg("--json")
            .output()
            .unwrap();
        serde_json::from_slice(&out.stdout).unwrap()
    }

    pub fn is_sound(&self, id: &str) {
        let out = verify(&self.interview(id), &[]);
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stdout));
    }
}

fn hard_items_pass(state: &Value) -> bool {
    let results = state["interview"]["precheck"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let warm = state["media"]["counters"]["composed"].as_u64().unwrap_or(0) >= 6 * 25;
    let passed = |item: &str| results.iter().any(|r| r["item"] == item && r["passed"] == true);
    warm && ["interviewee-picture", "sound", "master-space", "officer-picture"]
        .into_iter()
        .all(passed)
}

/// A room without drives: nothing stands behind its disk.
pub fn without_burners(place: &mut Place, text: &str) -> String {
    place.burners.clear();
    text[..text.find("[[burner]]").unwrap_or(text.len())].to_owned()
}

/// Cameras may be away for long before the interview is suspended: for tests of the recording itself.
pub fn patient(text: &str) -> String {
    text.replacen(
        "[climate]",
        "[interview]\nsuspend_after_seconds = 60\n[climate]",
        1,
    )
}

/// Everything but the room, which was never started there.
pub fn prepare(
    cameras: &[Camera],
    change: impl FnOnce(&mut Place, String) -> String,
) -> (tempfile::TempDir, Place) {
    let dir = tempfile::tempdir().unwrap();
    let mut place = Place::prepare(dir.path().to_owned(), &arguments(dir.path()), cameras).unwrap();
    let text = std::fs::read_to_string(&place.config).unwrap();
    let text = change(&mut place, text);
    std::fs::write(&place.config, text).unwrap();
    (dir, place)
}

pub fn verify(path: &Path, against: &[&Path]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.arg("verify").arg(path);
    for other in against {
        command.arg("--against").arg(other);
    }
    command.output().unwrap()
}

/// Every frame is there, one each 40 ms, and as much sound as picture.
pub fn is_whole(recording: &Recording) {
    assert_eq!(recording.gaps(25), vec![], "cadence");
    let picture_s = recording.frames.len() as f64 / 25.0;
    let sound_s = recording.hearing.duration_us() as f64 / 1e6;
    assert!(
        (picture_s - sound_s).abs() < 0.1,
        "picture {picture_s} s, sound {sound_s} s"
    );
}

/// From the last picture of the interviewee in one part to the first in the next, by the camera's own clock.
pub fn between(one: &Recording, next: &Recording) -> Duration {
    let last = one.codes(0).last().unwrap().wall_ms;
    let first = next.codes(0).next().unwrap().wall_ms;
    Duration::from_millis(first - last)
}

/// Where the officer's picture stands in the default layout.
pub fn insert() -> Rect {
    let margin = 1.0 / 48.0;
    Rect {
        x: 0.75 - margin,
        y: 0.75 - margin * 16.0 / 9.0,
        width: 0.25,
        height: 0.25,
    }
}
