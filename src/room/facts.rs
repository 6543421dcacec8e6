//! What the manifest says of an interview beside its media: taken from the interview itself at its end.

use super::config::RoomConfig;
use crate::evidence::closing::ClosingFacts;
use crate::interview::View;
use serde_json::{Value, json};

/// Everything is a copy of what the journal's lines say one by one.
pub fn closing_facts(config: &RoomConfig, view: &View) -> ClosingFacts {
    let value = |v: Result<Value, serde_json::Error>| v.unwrap_or(Value::Null);
    ClosingFacts {
        interview: json!({
            "kind": view.interview,
            "case": view.case,
            "room": config.room.id,
            "room_name": config.room.name,
            "unit": config.room.unit,
            "precheck": view.precheck,
            "overrides": view.overrides,
            "interruptions": view.interruptions,
            "incomplete": view.incomplete,
        }),
        people: value(serde_json::to_value(&view.participants)),
        acts: value(serde_json::to_value(&view.documents)),
        marks: value(serde_json::to_value(&view.marks)),
        intervals: value(serde_json::to_value(&view.intervals)),
        ended: if view.incomplete.is_some() {
            "incomplete"
        } else {
            "complete"
        }
        .to_owned(),
    }
}
