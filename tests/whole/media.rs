//! The media process killed: seconds lost, not the interview; the gap is shown, journalled, and spoken of.

use super::house::{House, between, is_whole};
use serde_json::json;
use std::time::{Duration, Instant};

#[test]
fn a_killed_media_process_costs_seconds_and_a_statement() {
    let (house, id) = House::recording();
    house.reach(4.0);
    kill_media(&house);
    let killed = Instant::now();
    house.until("interrupted", 5, |s| s["recording"] == false);
    house.until("recording again", 20, |s| {
        s["recording"] == true && s["part"] == 2
    });
    eprintln!("shown as recording again {:?} after the kill", killed.elapsed());
    house.reach(3.0);
    let refused = house.room.ask("end-interview", json!({})).unwrap();
    assert_eq!(refused.status, 409);
    for statement in house.say_statements() {
        assert!(statement["text_zh"].as_str().is_some_and(|t| !t.is_empty()));
    }
    house.finish(&id);

    house.is_sound(&id);
    house.discs_are_sound(&id);
    let (first, second) = (house.judge_part(&id, 1), house.judge_part(&id, 2));
    is_whole(&first);
    is_whole(&second);
    let gap = between(&first, &second);
    eprintln!("gap between the two parts: {gap:?}");
    assert!(gap < Duration::from_secs(3), "{gap:?}");
    let journal = house.journal(&id);
    assert!(
        journal.iter().any(|l| l["kind"] == "gap"),
        "the gap stands in the journal"
    );
    assert!(
        journal.iter().any(|l| l["kind"] == "interrupted"),
        "so does its reason"
    );
}

fn kill_media(house: &House) {
    let killed = std::process::Command::new("kill")
        .args(["-9", &media_pid(house)])
        .status()
        .unwrap();
    assert!(killed.success());
}

/// Of the room's child that runs `shenlu media`.
pub fn media_pid(house: &House) -> String {
    let parent = house.room.child.id().to_string();
    let out = std::process::Command::new("pgrep")
        .args(["-P", &parent, "-f", " media"])
        .output()
        .unwrap();
    String::from_utf8_lossy(&out.stdout)
        .lines()
        .next()
        .expect("a media process")
        .to_owned()
}
