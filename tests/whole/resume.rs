//! The room itself killed in the middle, as by a pulled plug: it goes on as the next part, nothing it said is unsaid.

use super::house::{House, PROGRAM, is_whole};
use serde_json::json;
use shenlu::demo::room_child::RoomChild;
use std::path::Path;

#[test]
fn a_room_killed_in_the_middle_records_on_and_answers_as_before() {
    let (mut house, id) = House::recording();
    let first = house
        .room
        .client
        .command("mark-1", "mark", json!({"mark": "rest"}))
        .unwrap();
    assert_eq!(first.status, 200, "{}", first.body);
    house.reach(5.0);
    house.room.child.kill().unwrap();
    house.room.child.wait().unwrap();
    // The index too: what was answered stands in the journal.
    for name in ["index.sqlite", "index.sqlite-wal", "index.sqlite-shm"] {
        let _ = std::fs::remove_file(house.place.data.join(name));
    }
    house.room = RoomChild::start(Path::new(PROGRAM), &house.place).unwrap();

    let state = house.until("recording again", 30, |s| {
        s["recording"] == true && s["part"] == 2
    });
    assert_eq!(state["interview_id"], id.as_str());
    let again = house
        .room
        .client
        .command("mark-1", "mark", json!({"mark": "rest"}))
        .unwrap();
    assert_eq!((again.status, again.body), (first.status, first.body));
    house.say_statements();
    house.reach(3.0);
    house.finish(&id);

    house.is_sound(&id);
    let report = house.report(&id);
    let gaps = report["figures"]["gaps"].as_array().unwrap();
    assert_eq!(gaps.len(), 1, "{report}");
    let reason = gaps[0]["reason"].as_str().unwrap_or_default();
    assert!(reason.starts_with("power-loss"), "{report}");
    assert!(report["figures"]["checkpoints"].as_u64() > Some(1), "{report}");
    house.discs_are_sound(&id);
    let (first, second) = (house.judge_part(&id, 1), house.judge_part(&id, 2));
    is_whole(&second);
    let durable_s = first.frames.len() as f64 / 25.0;
    assert!(
        durable_s >= 5.0,
        "what was shown as durable is there: {durable_s} s"
    );
    let rests = house
        .journal(&id)
        .iter()
        .filter(|l| l["kind"] == "marked" && l["data"]["mark"] == "rest")
        .count();
    assert_eq!(rests, 1, "a repeated command marks nothing twice");
}
