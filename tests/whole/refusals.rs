//! at the door: no early end, no call that pauses, deletes or skips, each id answered once.

use super::house::{House, PROGRAM, verify};
use super::ways_out::{NAME, NUMBER, SECRET, add_approver};
use serde_json::json;
use std::process::Command;

#[test]
fn an_early_end_is_refused_through_api_and_command_and_answered_the_same_again() {
    let (house, id) = House::recording();
    let first = house
        .room
        .client
        .command("early-1", "end-interview", json!({}))
        .unwrap();
    assert_eq!(first.status, 409);
    assert_eq!(first.body["rule"], "R-11");
    assert!(
        !first.body["missing"].as_array().unwrap().is_empty(),
        "{}",
        first.body
    );
    assert!(
        first.body["message_zh"].as_str().unwrap().contains("不能结束"),
        "{}",
        first.body
    );

    let out = Command::new(PROGRAM)
        .args(["command", "end-interview", "{}", "--config"])
        .arg(&house.place.config)
        .output()
        .unwrap();
    assert_eq!(out.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&out.stdout).contains("R-11"));

    for kind in [
        "pause",
        "stop",
        "delete",
        "skip",
        "pause-interview",
        "delete-interview",
    ] {
        let reply = house.room.ask(kind, json!({})).unwrap();
        assert_eq!(reply.status, 409, "{kind}");
    }
    let nobody = json!({"reason": "illness", "text": "", "approver": {"name": "", "number": ""}});
    let incomplete = house.room.ask("end-incomplete", nobody).unwrap();
    assert_eq!(incomplete.status, 409, "{}", incomplete.body);

    house.finish(&id);
    let again = house
        .room
        .client
        .command("early-1", "end-interview", json!({}))
        .unwrap();
    assert_eq!((again.status, again.body), (first.status, first.body));
    house.is_sound(&id);
    let refused = house
        .journal(&id)
        .iter()
        .filter(|l| l["kind"] == "answered" && l["data"]["accepted"] == false)
        .count();
    assert!(refused >= 9, "refusals stand in the journal: {refused}");
}

#[test]
fn an_incomplete_end_takes_its_reason_and_approver() {
    let (house, id) = House::recording();
    house.reach(3.0);
    add_approver(&house, NAME, NUMBER, SECRET);
    let mut fields = json!({
        "reason": "illness", "text": "被讯问人突发疾病送医",
        "approver": {"name": "赵所长", "number": "130009"}, "confirmation": "own-credential",
    });
    // That he said so is a claim; whoever is signed in can make it.
    let claimed = house.room.ask("end-incomplete", fields.clone()).unwrap();
    assert_eq!(claimed.status, 409, "{}", claimed.body);
    assert_eq!(claimed.body["code"], "approver-not-proved");
    assert_eq!(house.room.state().unwrap()["recording"], true);
    fields["credential"] = json!({"secret": SECRET});
    house.must("end-incomplete", fields);
    house.until("closed", 60, |s| s["interview_id"].is_null());
    // The contract: an interview that ended abnormally is not sound, and says so.
    let out = verify(&house.interview(&id), &[]);
    let said = String::from_utf8_lossy(&out.stdout);
    assert_eq!(out.status.code(), Some(1), "{said}");
    assert!(
        said.contains("ended-abnormally") && said.matches('✗').count() == 1,
        "{said}"
    );
    let manifest = std::fs::read_to_string(house.interview(&id).join("manifest.json")).unwrap();
    assert!(manifest.contains("incomplete"), "{manifest}");
    assert!(
        manifest.contains("own-credential") && !manifest.contains(SECRET),
        "{manifest}"
    );
}

#[test]
fn nothing_is_shown_without_signing_in() {
    let house = House::ready();
    for path in [
        "/api/v1/state",
        "/api/v1/interviews",
        "/metrics",
        "/api/v1/interviews/x/files/journal.jsonl",
    ] {
        let out = Command::new("curl")
            .args(["-s", "-o", "/dev/null", "-w", "%{http_code}", "--cacert"])
            .arg(house.place.cert())
            .arg(format!("https://127.0.0.1:{}{path}", house.place.port))
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&out.stdout), "401", "{path}");
    }
}
