//! Ways out of a suspension that keep the room silent until it is asked: continued elsewhere, also over a
//! restart of the room.

use super::faults::{goes_on_as_the_next_part, is_suspended};
use super::house::{House, PROGRAM, is_whole};
use serde_json::json;
use shenlu::demo::room_child::RoomChild;
use std::path::Path;
use std::time::Duration;

#[test]
fn what_went_on_elsewhere_is_recorded_here_again_only_when_somebody_says_so() {
    let (mut house, id) = House::recording();
    house.reach(3.0);
    let nothing = house.room.ask("resume", json!({})).unwrap();
    assert_eq!(nothing.status, 409, "nothing waits");
    house.cameras[0].stop();
    house.until("suspended", 10, is_suspended);
    let refused = house.room.ask("mark", json!({"mark": "evidence-shown"})).unwrap();
    assert_eq!(
        refused.status, 409,
        "nothing is done while it stands still: {}",
        refused.body
    );
    house.must("continue-elsewhere", json!({"place": "第二讯问室"}));
    house.until("nothing is written any more", 10, |s| s["still_written"] == false);
    house.cameras[0].start_again().unwrap();
    house.alarm("camera-lost", false, 20);
    stays_silent(&house);

    house.room.child.kill().unwrap();
    house.room.child.wait().unwrap();
    house.room = RoomChild::start(Path::new(PROGRAM), &house.place).unwrap();
    house.alarm("camera-lost", false, 20);
    stays_silent(&house);

    house.must("resume", json!({}));
    goes_on_as_the_next_part(&house, 2);
    house.finish(&id);
    house.is_sound(&id);
    house.discs_are_sound(&id);
    is_whole(&house.judge_part(&id, 1));
    is_whole(&house.judge_part(&id, 2));
    let manifest = std::fs::read_to_string(house.interview(&id).join("manifest.json")).unwrap();
    assert!(manifest.contains("第二讯问室"), "{manifest}");
}

/// For some seconds in which it could record again.
fn stays_silent(house: &House) {
    for _ in 0..10 {
        let state = house.room.state().unwrap();
        assert_eq!(state["interview"]["state"], "continued-elsewhere", "{state}");
        assert_eq!(
            (state["recording"] == true, state["still_written"] == true),
            (false, false)
        );
        std::thread::sleep(Duration::from_millis(400));
    }
}
