//! What the manifest says of an interview beside its media: taken from the interview itself at its end.

use super::config::RoomConfig;
use crate::evidence::closing::ClosingFacts;
use crate::interview::{Ending, View};
use serde_json::{Value, json};

/// Everything is a copy of what the journal's lines say one by one.
pub fn closing_facts(config: &RoomConfig, view: &View) -> ClosingFacts {
    let value = |v: Result<Value, serde_json::Error>| v.unwrap_or(Value::Null);
    let ended = match &view.ending {
        Some(Ending::Incomplete(_)) => "incomplete",
        Some(Ending::Complete) | None => "complete",
    }
    .to_owned();
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
            "ending": view.ending,
        }),
        people: value(serde_json::to_value(&view.participants)),
        acts: value(serde_json::to_value(&view.documents)),
        marks: value(serde_json::to_value(&view.marks)),
        intervals: value(serde_json::to_value(&view.intervals)),
        ended,
    }
}
