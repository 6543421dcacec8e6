//! A room's data directory with a real closed interview, and discs burnt of it as image files.

use crate::evidence_support::{conditions, media, place, write_part};
use serde_json::{Value, json};
use shenlu::disc::{About, DiscPlan, Feed, Ledger, LedgerError, Slot, start};
use shenlu::evidence::closing::{ClosingFacts, close};
use shenlu::evidence::directory::InterviewDirectory;
use shenlu::evidence::journal::Journal;
use shenlu::evidence::line::Data;
use shenlu::evidence::names::TrackName;
use shenlu::evidence::now::{Now, SystemNow};
use shenlu::evidence::writer::Writer;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

pub struct Room {
    dir: tempfile::TempDir,
    ledger: Arc<Log>,
    now: Arc<dyn Now>,
}

/// An interview of the room, closed.
pub struct Interview {
    pub path: PathBuf,
    pub id: String,
    pub uuid: String,
}

struct Log(Journal);

impl Ledger for Log {
    fn append(&self, kind: &str, data: Value) -> Result<(), LedgerError> {
        self.0.append(kind, data.as_object().unwrap().clone()).unwrap();
        Ok(())
    }
}

/// As the room's own closing facts are.
fn facts(case_number: &str) -> ClosingFacts {
    let person = |id: &str, name: &str, role: &str, number: &str| {
        json!({"person": {"id": id, "name": name, "role": role, "organisation": "", "number": number,
            "minor": false}, "stays": []})
    };
    ClosingFacts {
        interview: json!({"kind": "interrogation", "room": "a1", "room_name": "第一讯问室", "unit": "示范县公安局",
            "case": {"number": case_number, "name": "王某某涉嫌盗窃案", "incident_number": "JQ1"}}),
        people: json!([
            person("p1", "孙某某", "interviewee", "130428199001010011"),
            person("p2", "李卫国", "officer", "031245"),
            person("p3", "古丽巴哈尔·阿不都克里木", "recorder", "031388"),
            person("p4", "周律师", "lawyer", ""),
        ]),
        acts: json!([]),
        marks: json!([]),
        intervals: json!([]),
        ended: "complete".to_owned(),
    }
}

impl Room {
    pub fn new() -> Room {
        let dir = tempfile::tempdir().unwrap();
        let now: Arc<dyn Now> = Arc::new(SystemNow::new().unwrap());
        let opened: Data = json!({"form": 1, "log": "ledger", "room": "a1", "uuid": "l"})
            .as_object()
            .unwrap()
            .clone();
        let journal = Journal::create(&dir.path().join("ledger.jsonl"), opened, Arc::clone(&now)).unwrap();
        Room {
            ledger: Arc::new(Log(journal)),
            dir,
            now,
        }
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    pub fn image(&self, interview: &Interview, slot: Slot) -> PathBuf {
        self.path()
            .join(format!("discs/{}-{}-001.iso", interview.id, slot.as_str()))
    }

    pub fn write(&self, kind: &str, data: Value) {
        self.ledger.append(kind, data).unwrap();
    }

    /// Makes the ledger anew, with one more line before the interview's closing.
    pub fn write_before_closing(&self, kind: &str, data: &Value) {
        let path = self.path().join("ledger.jsonl");
        let lines = Journal::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let journal = Journal::create(&path, lines[0].data.clone(), Arc::clone(&self.now)).unwrap();
        for line in &lines[1..] {
            if line.kind == "interview-closed" {
                journal.append(kind, data.as_object().unwrap().clone()).unwrap();
            }
            journal.append(&line.kind, line.data.clone()).unwrap();
        }
    }

    /// Recorded and still open; `live` slots are being burnt while it is.
    pub fn interview(&self, case_number: &str, live: &[Slot], later: &[Slot]) -> Interview {
        let directory = InterviewDirectory::create(&place(self.path()), "a1", Arc::clone(&self.now)).unwrap();
        let mut writer = Writer::new(&directory, 2);
        writer.set_conditions(conditions());
        write_part(&mut writer, 1, &TrackName::Program, media());
        writer.end_part(1).unwrap();
        let interview = Interview {
            path: directory.path().to_owned(),
            id: directory.id().to_string(),
            uuid: directory.uuid().to_string(),
        };
        let told = json!({"interview": interview.id, "uuid": interview.uuid});
        self.write("interview-opened", told.clone());
        let workers: Vec<_> = live.iter().map(|slot| self.start(&interview, *slot)).collect();
        for slot in live {
            self.until_told("disc-opened", &interview, *slot);
        }
        directory.checkpoint(conditions()).unwrap();
        close(&directory, &facts(case_number)).unwrap();
        self.write("interview-closed", told);
        let later: Vec<_> = later.iter().map(|slot| self.start(&interview, *slot)).collect();
        for (worker, _events) in workers.iter().chain(&later) {
            worker.feed(Feed::Finish);
            assert!(worker.wait_ended(Duration::from_secs(90)), "{:?}", worker.slot());
        }
        interview
    }

    fn start(
        &self,
        interview: &Interview,
        slot: Slot,
    ) -> (
        shenlu::disc::DiscHandle,
        std::sync::mpsc::Receiver<shenlu::disc::DiscEvent>,
    ) {
        let image = self.image(interview, slot);
        std::fs::create_dir_all(image.parent().unwrap()).unwrap();
        let about = About {
            unit: "示范县公安局".into(),
            room_id: "a1".into(),
            room_name: "第一讯问室".into(),
            interview_id: interview.id.clone(),
            uuid: interview.uuid.clone(),
            case_number: "A1".into(),
            case_name: "王某某涉嫌盗窃案".into(),
            kind: "讯问".into(),
            started_at: "2026-03-04T05:06:37.000+08:00".into(),
            set_in_case: None,
        };
        let spool = self.path().join("spool").join(&interview.id).join(slot.as_str());
        let drive = hardware::optical::Device::Image(image);
        let plan = DiscPlan::new(slot, drive, spool, interview.path.clone(), about);
        let (sender, events) = channel();
        (start(plan, self.ledger.clone(), sender).unwrap(), events)
    }

    fn until_told(&self, kind: &str, interview: &Interview, slot: Slot) {
        let deadline = Instant::now() + Duration::from_secs(60);
        let told = || {
            let lines = Journal::read(&self.path().join("ledger.jsonl")).unwrap();
            lines.iter().any(|line| {
                line.kind == kind
                    && line.data["interview"] == interview.uuid
                    && line.data["slot"] == slot.as_str()
            })
        };
        while !told() {
            assert!(
                Instant::now() < deadline,
                "the ledger never had {kind} of {slot:?}"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}
