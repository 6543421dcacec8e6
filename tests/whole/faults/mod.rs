//! Faults caused while a room records, each with its row in the table: which alarm, how soon, what goes on, what
//! is lost.
//!
//! Clock, full disk and others that had their tests before stand in their own files and report their rows too.

mod cameras;
mod disk;
mod load;
mod network;
mod processes;
pub mod table;

use super::house::House;
use serde_json::{Value, json};
use shenlu::demo::place::Place;
use std::path::Path;
use std::time::{Duration, Instant};

/// A suspension has to come so soon.
pub const SUSPENDED_WITHIN: Duration = Duration::from_secs(5);

/// From `since` until the state is as wanted.
pub fn seen(house: &House, step: &'static str, since: Instant, wanted: impl Fn(&Value) -> bool) -> Duration {
    house.until(step, 40, wanted);
    since.elapsed()
}

pub fn has_alarm(state: &Value, name: &str) -> bool {
    let alarms = state["alarms"].as_array().cloned().unwrap_or_default();
    alarms.iter().any(|alarm| alarm["alarm"] == name)
}

/// Suspended in every respect: said so, alarmed, and nobody is told "recording".
pub fn is_suspended(state: &Value) -> bool {
    state["interview"]["state"] == "suspended"
        && state["recording"] == false
        && has_alarm(state, "interview-suspended")
}

/// Recording goes on by itself as `part`; it cannot end before the gap was spoken of.
pub fn goes_on_as_the_next_part(house: &House, part: u64) {
    house.until("recording again", 40, |s| {
        s["recording"] == true && s["part"] == part && !has_alarm(s, "interview-suspended")
    });
    house.reach(3.0);
    let early = house.room.ask("end-interview", json!({})).unwrap();
    assert_eq!(early.status, 409);
    let missing = early.body["missing"].to_string();
    assert!(missing.contains("statement"), "{missing}");
    for statement in house.say_statements() {
        assert!(statement["text_zh"].as_str().is_some_and(|t| !t.is_empty()));
    }
}

/// The causes of the interruptions in the journal.
pub fn causes(house: &House, id: &str) -> Vec<String> {
    let journal = house.journal(id);
    let interrupted = journal.iter().filter(|line| line["kind"] == "interrupted");
    interrupted
        .map(|line| line["data"]["cause"].as_str().unwrap_or_default().to_owned())
        .collect()
}

/// The master lies on a disk of its own, however small.
pub fn on_disk(disk: &Path, place: &mut Place, text: &str) -> String {
    place.data = disk.join("data");
    let text = text.replacen("dir = \"data\"", &format!("dir = {:?}", place.data), 1);
    text.replacen("min_free_hours = 1", "min_free_hours = 0", 1)
}

pub fn ms(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}
