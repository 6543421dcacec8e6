//! Which sets are burnt when and in which drive, in a real room: one set after the other, a drive for both, none
//! until somebody orders it, and a set that waits for a person while the next interview begins.

use super::house::{House, arguments, is_whole};
use fixtures::camera::Camera;
use serde_json::{Value, json};
use shenlu::demo::{officer, simulated};
use std::fs;
use std::path::Path;

fn cameras() -> Vec<Camera> {
    simulated(&arguments(Path::new(""))).unwrap()
}

fn ledger(house: &House) -> Vec<Value> {
    let text = fs::read_to_string(house.place.data.join("ledger.jsonl")).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn at(lines: &[Value], kind: &str, slot: &str) -> Option<usize> {
    let is_it = |line: &Value| line["kind"] == kind && (slot.is_empty() || line["data"]["slot"] == slot);
    lines.iter().position(is_it)
}

fn both_sets_are_equal(lines: &[Value]) {
    let compared = &lines[at(lines, "sets-compared", "").expect("the sets were compared")]["data"];
    assert_eq!(compared["equal"], true, "{compared}");
    assert!(compared["file_count"].as_u64() > Some(5), "{compared}");
}

/// With one line more in `[disc]`.
fn disc(text: &str, line: &str) -> String {
    text.replacen("[disc]\n", &format!("[disc]\n{line}\n"), 1)
}

#[test]
fn in_relay_the_second_set_is_burnt_from_the_master_afterwards() {
    let (house, id) = House::recording_as(|_, text| disc(&text, "mode = \"relay\""));
    house.reach(8.0);
    house.until("set A takes batches", 60, |s| {
        s["discs"]["a"]["batches"].as_u64() > Some(0)
    });
    assert_eq!(at(&ledger(&house), "disc-opened", "b"), None, "set B waits");
    house.finish(&id);
    house.is_sound(&id);
    is_whole(&house.judge_part(&id, 1));
    house.discs_are_sound(&id);
    let lines = ledger(&house);
    assert!(at(&lines, "disc-opened", "b") > at(&lines, "interview-closed", ""));
    house.until("sets compared", 30, |_| {
        at(&ledger(&house), "sets-compared", "").is_some()
    });
    both_sets_are_equal(&ledger(&house));
}

#[test]
fn one_drive_burns_two_sets_where_two_are_wanted() {
    let house = House::open(cameras(), |_, text| {
        let second = text.rfind("[[burner]]").unwrap();
        disc(&text[..second], "sets = 2")
    });
    let id = house.begin_despite(&["burner-b"]);
    house.reach(4.0);
    house.attest_and_end(&id);
    house.until("both sets", 120, |_| {
        let lines = ledger(&house);
        lines
            .iter()
            .filter(|line| line["kind"] == "set-finalised")
            .count()
            == 2
    });
    house.until("sets compared", 30, |_| {
        at(&ledger(&house), "sets-compared", "").is_some()
    });
    both_sets_are_equal(&ledger(&house));
    let images = house.place.images();
    assert_eq!(images.len(), 2, "{images:?}");
    for image in &images {
        let out = super::house::verify(image, &[&house.interview(&id)]);
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stdout));
    }
}

#[test]
fn a_room_that_keeps_to_its_disks_burns_by_order() {
    let (house, id) = House::recording_as(|_, text| disc(&text, "mode = \"disk-only\""));
    house.reach(4.0);
    let order = || house.room.ask("burn-discs", json!({"interview": id})).unwrap();
    let refused = order();
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (409, &json!("not-closed")),
        "{}",
        refused.body
    );
    house.attest_and_end(&id);
    assert!(house.place.images().is_empty(), "nothing is burnt unasked");
    let unknown = house
        .room
        .ask("burn-discs", json!({"interview": "a1-nothing"}))
        .unwrap();
    assert_eq!(unknown.body["code"], "no-such-interview");
    assert_eq!(order().status, 200);
    officer::wait_for_discs(&house.room, &house.place).unwrap_or_else(|e| panic!("{e}\n{}", house.log()));
    house.discs_are_sound(&id);
    house.until("sets compared", 30, |_| {
        at(&ledger(&house), "sets-compared", "").is_some()
    });
    both_sets_are_equal(&ledger(&house));
    assert_eq!(order().body["code"], "already-burnt");
}

#[test]
fn a_set_that_waits_for_a_person_does_not_keep_the_drives_from_the_next_interview() {
    let house = House::open(cameras(), |place, text| {
        let drive = place.burners[1].1.clone();
        place.burners.truncate(1);
        text.replace(&drive, "/dev/sr99")
    });
    let first = house.begin_despite(&["burner-b", "medium-b"]);
    house.reach(4.0);
    house.attest_and_end(&first);
    officer::wait_for_discs(&house.room, &house.place).unwrap_or_else(|e| panic!("{e}\n{}", house.log()));
    house.until("set B waits", 60, |s| {
        s["discs"]["b"]["state"] == "waiting-for-medium"
    });
    // The disc of the first is taken out, a blank one laid in.
    let finished = house.place.images().remove(0);
    fs::rename(&finished, house.place.dir.join("first.iso")).unwrap();
    let items = ["burner-a", "medium-a", "burner-b", "medium-b"];
    house.room.ask("precheck", json!({})).unwrap();
    officer::start_despite(&house.room, &items).unwrap();
    let state = house.until("recording", 20, |s| s["recording"] == true);
    let second = state["interview_id"].as_str().unwrap().to_owned();
    house.say_what_is_owed();
    house.until("the second interview's disc", 60, |s| {
        s["discs"]["a"]["batches"].as_u64() > Some(0)
    });
    house.attest_and_end(&second);
    house.until("its set", 120, |_| {
        let done = |line: &Value| line["kind"] == "set-finalised" && line["data"]["interview"] == *second;
        ledger(&house).iter().any(done)
    });
    let out = super::house::verify(&house.place.images()[0], &[&house.interview(&second)]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stdout));
}
