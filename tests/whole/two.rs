//! One interview after the other in the same room: nothing of one reaches the other, whatever the drives do.

use super::house::{House, is_whole};
use serde_json::json;
use shenlu::demo::officer;

#[test]
fn an_interview_begun_while_the_last_ones_discs_are_finished_has_its_own_of_everything() {
    let (house, first) = House::recording();
    house.reach(4.0);
    officer::attest(&house.room, &first).unwrap();
    house.must("end-interview", json!({}));
    house.until("closed", 60, |s| s["interview_id"].is_null());

    house.room.ask("precheck", json!({})).unwrap();
    officer::start_despite(&house.room, &["burner-a", "medium-a", "burner-b", "medium-b"]).unwrap();
    let state = house.until("recording", 20, |s| s["recording"] == true);
    let second = state["interview_id"].as_str().unwrap().to_owned();
    assert_ne!(first, second);
    for mark in ["announced", "identity-established", "rights-read"] {
        house.must("mark", json!({"mark": mark}));
    }
    house.reach(6.0);
    officer::attest(&house.room, &second).unwrap();
    house.must("end-interview", json!({}));
    house.until("closed", 60, |s| s["interview_id"].is_null());

    house.is_sound(&first);
    house.is_sound(&second);
    house.discs_are_sound(&first);
    let (one, two) = (house.judge_part(&first, 1), house.judge_part(&second, 1));
    is_whole(&one);
    is_whole(&two);
    let last = one.codes(0).last().unwrap().wall_ms;
    let next = two.codes(0).next().unwrap().wall_ms;
    assert!(next > last, "the second begins after the first has ended");
    let ledger = std::fs::read_to_string(house.place.data.join("ledger.jsonl")).unwrap();
    let finalised = ledger
        .lines()
        .filter(|line| line.contains("set-finalised"))
        .collect::<Vec<_>>();
    assert!(
        finalised.iter().all(|line| line.contains(&first)),
        "only the first has its sets: {finalised:?}"
    );
}
