//! The officer of the demonstration: everything a person would press, in the order of the law.
//!
//! Pre-check, start, the steps that must be spoken, a break, the transcript, then check, signature and
//! fingerprint of everybody who owes one, and the end. Tries to end too early on the way.

use super::place::Place;
use super::room_child::RoomChild;
use super::{DemoArguments, DemoError, say};
use crate::evidence::digest::Sha256Digest;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;

/// What the checks need to know.
pub struct Recorded {
    pub dir: PathBuf,
    /// The refusal that the early end got.
    pub early_end: Value,
    /// Media seconds between which the layout was side by side.
    pub side_by_side: (f64, f64),
}

/// Rooms run warm; a camera that has just connected needs some seconds until its clock is known.
const WARM_FRAMES: u64 = 6 * 25;

const PAGES: [&str; 2] = [
    "问: 现在依法对你进行讯问,全程同步录音录像,听清楚了吗?\n答: 听清楚了。",
    "问: 以上笔录请你核对,与你所说是否一致?\n答: 一致。",
];

pub fn whole_interview(
    arguments: &DemoArguments,
    room: &RoomChild,
    place: &Place,
) -> Result<Recorded, DemoError> {
    precheck(room)?;
    start(room)?;
    let state = room.until("start", Duration::from_secs(20), |s| s["recording"] == true)?;
    let id = state["interview_id"].as_str().unwrap_or_default().to_owned();
    say(&format!("正在录制 recording: {id}"));
    let early_end = too_early(room)?;
    for mark in ["announced", "identity-established", "rights-read"] {
        room.must("mark", "mark", json!({"mark": mark}))?;
    }
    let total_s = f64::from(arguments.seconds);
    reach(room, total_s * 0.4)?;
    let from = layout(room, "side-by-side")?;
    reach(room, total_s * 0.55)?;
    let to = layout(room, "interview")?;
    have_a_break(room)?;
    reach(room, total_s * 0.75)?;
    room.must(
        "mark",
        "mark",
        json!({"mark": "evidence-shown", "text": "物证一"}),
    )?;
    reach(room, total_s - 1.0)?;
    attest(room, &id)?;
    room.must("end", "end-interview", json!({}))?;
    say("结束录制 ending");
    room.until("close", Duration::from_secs(60), |s| s["interview_id"].is_null())?;
    wait_for_discs(room, place)?;
    Ok(Recorded {
        dir: place.data.join("interviews").join(id),
        early_end,
        side_by_side: (from, to),
    })
}

/// People are entered while devices come up; so the check is repeated until nothing hard is missing.
pub fn precheck(room: &RoomChild) -> Result<(), DemoError> {
    say("开录前检查 pre-check");
    let passed = |state: &Value| {
        let _ = room.ask("precheck", json!({}));
        let results = state["interview"]["precheck"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let warm = state["media"]["counters"]["composed"].as_u64().unwrap_or(0) >= WARM_FRAMES;
        warm && !results.is_empty()
            && results
                .iter()
                .all(|r| r["passed"] == true || r["item"] == "clock")
    };
    let state = room.until("pre-check", Duration::from_secs(60), passed)?;
    for result in state["interview"]["precheck"].as_array().into_iter().flatten() {
        say(&format!(
            "  {} {} — {}",
            if result["passed"] == true { "✓" } else { "✗" },
            result["item"].as_str().unwrap_or_default(),
            result["figure"].as_str().unwrap_or_default()
        ));
    }
    Ok(())
}

pub fn start(room: &RoomChild) -> Result<(), DemoError> {
    start_despite(room, &[])
}

/// Soft items that failed are overridden by name.
pub fn start_despite(room: &RoomChild, items: &[&str]) -> Result<(), DemoError> {
    let overrides: Vec<Value> = items
        .iter()
        .map(|item| json!({"item": item, "name": "李警官", "reason": "上一次讯问的光盘尚在封盘"}))
        .collect();
    let fields = json!({
        "interview": "interrogation",
        "case": {"number": "A1300002026110001", "name": "示范案件", "incident_number": ""},
        "participants": [
            {"id": "p1", "name": "张某", "role": "interviewee"},
            {"id": "o1", "name": "李警官", "role": "officer", "number": "130001"},
            {"id": "o2", "name": "王警官", "role": "officer", "number": "130002"},
        ],
        "overrides": overrides,
    });
    room.must("start", "start-interview", fields)
}

/// an end is refused as long as anything is to be attested.
pub fn too_early(room: &RoomChild) -> Result<Value, DemoError> {
    let reply = room.ask("end-interview", json!({}))?;
    match reply.status {
        409 => {
            let said = reply.body["message_zh"].as_str().unwrap_or_default();
            say(&format!(
                "过早结束被拒绝 an early end was refused: {} {said}",
                reply.body["rule"]
            ));
            Ok(reply.body)
        }
        _ => Err(DemoError::Step {
            step: "early end",
            said: reply.body.to_string(),
        }),
    }
}

pub fn reach(room: &RoomChild, media_s: f64) -> Result<(), DemoError> {
    let within = Duration::from_secs_f64(media_s + 120.0);
    room.until("recording", within, |s| {
        s["durable_us"].as_u64().unwrap_or(0) as f64 >= media_s * 1e6
    })?;
    Ok(())
}

fn layout(room: &RoomChild, layout: &str) -> Result<f64, DemoError> {
    room.must("layout", "switch-layout", json!({"layout": layout}))?;
    let state = room.state()?;
    Ok(state["durable_us"].as_u64().unwrap_or(0) as f64 / 1e6)
}

fn have_a_break(room: &RoomChild) -> Result<(), DemoError> {
    let fields = json!({"interval": "break", "present": ["p1", "o1"], "note": "饮水"});
    room.must("break", "begin-interval", fields)?;
    let open = |s: &Value| {
        let intervals = s["interview"]["intervals"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        intervals.into_iter().find(|i| i["to"].is_null())
    };
    let state = room.until("break", Duration::from_secs(5), |s| open(s).is_some())?;
    let interval = open(&state).map_or(Value::Null, |i| i["id"].clone());
    room.must("break", "end-interval", json!({"interval": interval}))
}

pub fn attest(room: &RoomChild, id: &str) -> Result<(), DemoError> {
    say("核对、签字、捺指印 check, sign, fingerprint");
    let pages: Vec<String> = PAGES
        .iter()
        .map(|p| Sha256Digest::of(p.as_bytes()).to_string())
        .collect();
    let transcript = json!({"form": 1, "interview": id, "pages": PAGES}).to_string();
    put_file(room, "transcript/transcript.json", transcript.as_bytes())?;
    let document = json!({
        "document": "transcript", "document_kind": "transcript", "title": "讯问笔录",
        "pages": pages, "revision": 1,
    });
    room.must("transcript", "put-document", document)?;
    room.must("review", "begin-review", json!({}))?;
    let owed = |s: &Value| s["interview"]["owed"].as_array().cloned().unwrap_or_default();
    let asked = |s: &Value| next_act(&owed(s)).is_some();
    let mut state = room.until("review", Duration::from_secs(10), asked)?;
    while let Some(next) = next_act(&owed(&state)) {
        let page = next["page"].as_u64().unwrap_or(1);
        let sha256 = pages.get(page as usize - 1).cloned().unwrap_or_default();
        let person = next["person"].as_str().unwrap_or_default();
        let act = next["act"].as_str().unwrap_or_default();
        say(&format!("  {person} {act} 第 {page} 页"));
        // Signature pad and fingerprint reader are not simulated: ink on paper, before the camera.
        let method = if act == "check" {
            "electronic"
        } else {
            "ink-on-paper"
        };
        let fields = json!({
            "document": "transcript", "page": page, "page_sha256": sha256, "person": person, "act": act,
            "outcome": {"result": "done", "method": method},
        });
        room.must("act", "record-act", fields)?;
        let before = owed(&state).len();
        state = room.until("act", Duration::from_secs(10), |s| owed(s).len() < before)?;
    }
    Ok(())
}

/// Officers sign last; everybody in the order check, sign, fingerprint, page by page.
fn next_act(owed: &[Value]) -> Option<&Value> {
    let rank = |missing: &Value| {
        let person = missing["person"].as_str().unwrap_or_default();
        let act = match missing["act"].as_str().unwrap_or_default() {
            "check" => 0,
            "sign" => 1,
            _ => 2,
        };
        (
            person.starts_with('o'),
            missing["page"].as_u64().unwrap_or(0),
            act,
            person.to_owned(),
        )
    };
    owed.iter()
        .filter(|m| m["document"].is_string())
        .min_by_key(|m| rank(m))
}

pub fn put_file(room: &RoomChild, path: &str, bytes: &[u8]) -> Result<(), DemoError> {
    let reply = room
        .client
        .put(&format!("/api/v1/interview/files/{path}"), bytes)?;
    match reply.status {
        200 => Ok(()),
        _ => Err(DemoError::Step {
            step: "file",
            said: reply.body.to_string(),
        }),
    }
}

pub fn wait_for_discs(room: &RoomChild, place: &Place) -> Result<(), DemoError> {
    say("封盘并回读 finalising and reading back");
    let slots: Vec<String> = place.burners.iter().map(|(slot, _)| slot.clone()).collect();
    let done = |s: &Value| {
        slots.iter().all(|slot| {
            matches!(
                s["discs"][slot]["state"].as_str(),
                Some("finalised" | "proving" | "proven" | "failed")
            )
        })
    };
    room.until("discs", Duration::from_secs(1800), done)?;
    Ok(())
}
