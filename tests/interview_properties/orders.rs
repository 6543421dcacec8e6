//! Commands as a panel would send them: the useful ones, and any a confused one could send.
//!
//! Written as JSON, so that the wire form is what is tested.

use serde_json::{Value, json};
use shenlu::interview::{Command, View};

pub fn digest(seed: u64) -> String {
    format!("{seed:064x}")
}

pub fn command(value: Value) -> Command {
    serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{value}: {error}"))
}

pub fn person(id: &str, role: &str) -> Value {
    json!({ "id": id, "name": id, "role": role, "number": id })
}

pub fn precheck() -> Command {
    let item = |item: &str| json!({ "item": item, "passed": true, "figure": "ok" });
    let items = ["interviewee-picture", "sound", "master-space", "clock"];
    command(json!({ "kind": "precheck", "results": items.map(item) }))
}

pub fn start(kind: &str) -> Command {
    let people = [
        person("suspect", "interviewee"),
        person("o1", "officer"),
        person("o2", "officer"),
    ];
    command(json!({ "kind": "start-interview", "interview": kind, "participants": people }))
}

/// Commands that a confused or malicious panel could send at any time.
pub fn any_command(choice: usize, n: usize, view: &View) -> Command {
    let people = ["suspect", "o1", "o2", "interpreter", "guardian", "nobody"];
    let who = people[n % people.len()];
    let act = ["check", "sign", "fingerprint"][n % 3];
    let pages = view
        .documents
        .first()
        .map(|d| d.pages.clone())
        .unwrap_or_default();
    let sha = pages
        .get(n % 3)
        .map_or_else(|| digest(9), |page| page.as_str().to_string());
    let done = json!({ "result": "done", "method": "electronic", "evidence": digest(7) });
    let outcome = match n % 4 {
        0 => json!({ "result": "refused", "reason": "拒绝", "officers_note": "已记录" }),
        1 => json!({ "result": "unable", "reason": "injured", "replaced_by": "fingerprint" }),
        _ => done,
    };
    let approver = json!({ "name": "head", "number": "h1" });
    let reason = ["illness", "violence", "removal", "other", "continued-elsewhere"][n % 5];
    command(match choice % 22 {
        0 => return precheck(),
        1 => return start(["interrogation", "safety-check", "mediation"][n % 3]),
        2 => json!({ "kind": "begin-confidential" }),
        3 => json!({ "kind": "end-confidential" }),
        4 => json!({ "kind": "bind-case", "case": { "number": "A1" } }),
        5 => json!({ "kind": "join-participant", "participant": person("interpreter", "interpreter") }),
        6 => json!({ "kind": "leave-participant", "person": who }),
        7 => json!({ "kind": "mark", "mark": (["help", "rest", "rights-read"][n % 3]) }),
        8 => json!({ "kind": "begin-interval", "interval": "break" }),
        9 => json!({ "kind": "end-interval", "interval": n % 3 + 1 }),
        10 => json!({ "kind": "switch-layout", "layout": "evidence" }),
        11 => json!({ "kind": "begin-review" }),
        12 => json!({ "kind": "resume-questioning", "reason": "one more question" }),
        13 | 14 => {
            json!({ "kind": "record-act", "document": "transcript", "page": n % 3 + 1, "page_sha256": sha,
            "person": who, "act": act, "outcome": outcome })
        }
        15 => json!({ "kind": "statement-made", "interruption": n % 3 + 1 }),
        16 => json!({ "kind": "continue-elsewhere", "place": "a2" }),
        17 => json!({ "kind": "continue-unrecorded", "ground": "urgent", "reason": "r", "approver": approver,
            "confirmation": "centre", "interviewee_told": true }),
        18 => json!({ "kind": "end-interview" }),
        20 => {
            json!({ "kind": "link-recording", "interruption": n % 3 + 1, "room": "a2", "interview_id": "a2-1",
            "from": "2026-09-21T10:00:00+08:00", "until": (["2026-09-21T10:20:00+08:00", "2026-09-21T09:00:00Z", "?"][n % 3]) })
        }
        21 => {
            json!({ "kind": "end-incomplete", "reason": "continued-elsewhere", "text": "t", "approver": approver,
            "confirmation": "own-credential" })
        }
        _ if n.is_multiple_of(7) => {
            json!({ "kind": "end-incomplete", "reason": reason, "text": "t", "approver": approver })
        }
        _ => json!({ "kind": "join-participant", "participant": person(who, "guardian") }),
    })
}

pub fn put(pages: Vec<String>, revision: u32) -> Command {
    command(
        json!({ "kind": "put-document", "document": "transcript", "document_kind": "transcript",
        "title": "讯问笔录", "pages": pages, "revision": revision }),
    )
}
