//! A room on paper in which stretches of an interview are told as the rules tell them.
//!
//! Each test is one promise to those who review an interview later; the properties over all sequences
//! stand in `tests/interview_properties/`.

mod attesting;
mod case_files;
mod elsewhere;
mod faults;

use serde_json::{Value, json};

use super::*;

struct Room {
    interview: Interview,
    at: Moment,
}

fn digest(n: u64) -> String {
    format!("{n:064x}")
}

fn approver() -> Value {
    json!({ "name": "王局", "number": "h1" })
}

fn person(id: &str, role: &str) -> Value {
    json!({ "id": id, "name": id, "role": role, "number": id })
}

impl Room {
    fn with(rules: Rules) -> Self {
        let at = Moment::off_air(WallTime::new(1_790_000_000_000, 480));
        Self {
            interview: Interview::new(rules),
            at,
        }
    }

    /// An interrogation that is being recorded.
    fn recording(kind: &str, people: &[(&str, &str)]) -> Self {
        let mut room = Self::with(Rules::default());
        room.start(kind, people);
        room
    }

    fn start(&mut self, kind: &str, people: &[(&str, &str)]) {
        let participants: Vec<Value> = people.iter().map(|(id, role)| person(id, role)).collect();
        self.precheck(&[]);
        self.done(json!({ "kind": "start-interview", "interview": kind, "participants": participants }));
        self.part_began(1);
    }

    fn precheck(&mut self, failed: &[&str]) {
        let item = |item: &str| json!({ "item": item, "passed": !failed.contains(&item), "figure": "" });
        let items = ["interviewee-picture", "sound", "master-space", "clock", "climate"];
        self.done(json!({ "kind": "precheck", "results": items.map(item) }));
    }

    fn tick(&mut self) -> Moment {
        self.at.wall.unix_ms += 1_000;
        if let Some(position) = &mut self.at.media {
            position.media_us.0 += 1_000_000;
        }
        self.at
    }

    fn part_began(&mut self, part: u32) {
        self.tick();
        self.at = Moment::on_air(self.at.wall, PartNumber(part), MediaTime(0));
        self.interview.observe(
            self.at,
            Event::PartBegan {
                part: PartNumber(part),
            },
        );
    }

    fn lost(&mut self, recorded_until: Moment) {
        self.at = Moment::off_air(self.tick().wall);
        let (cause, detail) = (InterruptionCause::MediaFailed, String::new());
        self.interview.observe(
            self.at,
            Event::RecordingLost {
                cause,
                detail,
                recorded_until,
            },
        );
    }

    fn ask(&mut self, command: Value) -> Result<Vec<Entry>, Refusal> {
        let at = self.tick();
        self.interview.step(at, serde_json::from_value(command).unwrap())
    }

    fn done(&mut self, command: Value) -> Vec<Entry> {
        self.ask(command.clone())
            .unwrap_or_else(|refusal| panic!("{command}: {refusal}"))
    }

    fn refused(&mut self, command: Value) -> Refusal {
        self.ask(command).expect_err("was not refused")
    }

    fn steps(&mut self) {
        for mark in ["announced", "rights-read", "identity-established"] {
            self.done(json!({ "kind": "mark", "mark": mark }));
        }
    }

    fn put(&mut self, pages: &[u64], revision: u32) -> Result<Vec<Entry>, Refusal> {
        let pages: Vec<String> = pages.iter().map(|n| digest(*n)).collect();
        self.ask(
            json!({ "kind": "put-document", "document": "transcript", "document_kind": "transcript",
            "title": "讯问笔录", "pages": pages, "revision": revision }),
        )
    }

    fn in_review(&mut self, pages: &[u64]) {
        self.steps();
        self.put(pages, 1).unwrap();
        self.done(json!({ "kind": "begin-review" }));
    }

    fn act_as(&self, person: &str, page: u32, act: &str, outcome: Value) -> Value {
        let document = &self.interview.view().documents[0];
        let sha = document.pages[page as usize - 1].as_str().to_string();
        json!({ "kind": "record-act", "document": "transcript", "page": page, "page_sha256": sha,
            "person": person, "act": act, "outcome": outcome })
    }

    fn act(&mut self, person: &str, page: u32, act: &str) {
        let command = self.act_as(person, page, act, electronic());
        self.done(command);
    }

    fn all_of(&mut self, person: &str, page: u32) {
        for act in ["check", "sign", "fingerprint"] {
            self.act(person, page, act);
        }
    }
}

fn electronic() -> Value {
    json!({ "result": "done", "method": "electronic", "evidence": digest(77) })
}

fn interrogation() -> Room {
    Room::recording(
        "interrogation",
        &[("li", "interviewee"), ("o1", "officer"), ("o2", "officer")],
    )
}
