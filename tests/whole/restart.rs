//! The room started again where it must not simply go on: a journal that cannot be understood, an index that was
//! damaged, a cut that was too long.

use super::faults::{goes_on_as_the_next_part, has_alarm};
use super::house::{House, PROGRAM, is_whole};
use serde_json::json;
use shenlu::demo::room_child::RoomChild;
use std::path::Path;

fn killed(house: &mut House) {
    house.room.child.kill().unwrap();
    house.room.child.wait().unwrap();
}

fn started(house: &mut House) {
    house.room = RoomChild::start(Path::new(PROGRAM), &house.place).unwrap();
}

#[test]
fn a_journal_that_cannot_be_understood_means_idle_and_a_loud_alarm() {
    let (mut house, id) = House::recording();
    house.reach(3.0);
    killed(&mut house);
    let journal = house.interview(&id).join("journal.jsonl");
    let mut bytes = std::fs::read(&journal).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x20;
    std::fs::write(&journal, &bytes).unwrap();
    started(&mut house);

    let state = house.until("alarm", 10, |s| has_alarm(s, "intent-unreadable"));
    assert!(
        state["interview_id"].is_null() && state["recording"] == false,
        "{state}"
    );
    assert_eq!(std::fs::read(&journal).unwrap(), bytes, "it is left as it is");
    // The room is not lost for it: the next interview is one of its own.
    let next = house.begin_despite(&["burner-a", "medium-a", "burner-b", "medium-b"]);
    assert_ne!(next, id);
    house.reach(3.0);
    house.attest_and_end(&next);
    house.is_sound(&next);
    assert_eq!(std::fs::read(&journal).unwrap(), bytes, "it is left as it is");
}

#[test]
fn a_damaged_index_is_made_anew_and_a_repeated_command_gets_its_old_answer() {
    let (mut house, id) = House::recording();
    let ask = |house: &House| {
        let reply = house
            .room
            .client
            .command("rest-1", "mark", json!({"mark": "rest"}));
        let reply = reply.unwrap();
        (reply.status, reply.body)
    };
    let first = ask(&house);
    house.reach(3.0);
    killed(&mut house);
    let index = house.place.data.join("index.sqlite");
    let _ = std::fs::remove_file(house.place.data.join("index.sqlite-wal"));
    std::fs::write(&index, vec![0x5a; 64 << 10]).unwrap();
    started(&mut house);

    house.until("recording again", 20, |s| {
        s["recording"] == true && s["part"] == 2
    });
    assert_eq!(ask(&house), first);
    house.say_statements();
    house.reach(2.0);
    house.attest_and_end(&id);
    house.is_sound(&id);
    let listed = house.room.client.get("/api/v1/interviews").unwrap().body;
    assert_eq!(listed[0]["id"], id.as_str(), "{listed}");
    assert_eq!(listed[0]["state"], "closed", "{listed}");
}

#[test]
fn after_a_cut_that_was_too_long_it_waits_for_one_press() {
    let (mut house, id) = House::recording_as(|_, text| {
        text.replacen(
            "[climate]",
            "[interview]\nresume_within_minutes = 0\n[climate]",
            1,
        )
    });
    house.reach(3.0);
    killed(&mut house);
    started(&mut house);
    let state = house.until("alarm", 10, |s| has_alarm(s, "media-failing"));
    assert_eq!(state["interview_id"], id.as_str());
    house.alarm("camera-lost", false, 20);
    for _ in 0..8 {
        let state = house.room.state().unwrap();
        assert_eq!(
            (&state["recording"], &state["still_written"]),
            (&json!(false), &json!(false))
        );
        std::thread::sleep(std::time::Duration::from_millis(400));
    }
    house.must("resume", json!({}));
    goes_on_as_the_next_part(&house, 2);
    house.attest_and_end(&id);
    house.is_sound(&id);
    is_whole(&house.judge_part(&id, 2));
}
