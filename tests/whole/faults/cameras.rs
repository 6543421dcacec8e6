//! The interviewee unseen, or nobody heard: suspended within seconds, written on, resumed by itself.

use super::super::house::{House, is_whole};
use super::{SUSPENDED_WITHIN, causes, goes_on_as_the_next_part, has_alarm, is_suspended, ms, seen, table};
use std::time::{Duration, Instant};

#[test]
fn both_cameras_lost_suspends_and_resumes_as_the_next_part() {
    let (mut house, id) = House::recording();
    house.reach(3.0);
    house.cameras.iter_mut().for_each(|camera| camera.stop());
    let lost = Instant::now();
    let alarmed = seen(&house, "camera lost", lost, |s| has_alarm(s, "camera-lost"));
    let suspended = seen(&house, "suspended", lost, is_suspended);
    assert!(suspended <= SUSPENDED_WITHIN, "{suspended:?}");
    house.until("still written", 5, |s| s["still_written"] == true);
    house
        .cameras
        .iter_mut()
        .for_each(|camera| camera.start_again().unwrap());
    let back = Instant::now();
    goes_on_as_the_next_part(&house, 2);
    let resumed = back.elapsed();
    house.finish(&id);

    house.is_sound(&id);
    house.discs_are_sound(&id);
    is_whole(&house.judge_part(&id, 1));
    is_whole(&house.judge_part(&id, 2));
    assert_eq!(causes(&house, &id), ["picture-lost"]);
    let measured = format!(
        "alarm {}, suspended {}, next part and 3 s of it {}",
        ms(alarmed),
        ms(suspended),
        ms(resumed)
    );
    table::held(&table::CAMERAS_LOST, &measured);
}

#[test]
fn a_frozen_interviewee_suspends_although_the_sound_goes_on() {
    let (house, id) = House::recording();
    house.reach(3.0);
    house.cameras[0].freeze();
    let frozen = Instant::now();
    let suspended = seen(&house, "suspended", frozen, is_suspended);
    assert!(suspended <= table::PICTURE_FROZEN.within, "{suspended:?}");
    house.until("alarm", 1, |s| has_alarm(s, "camera-frozen"));
    house.cameras[0].thaw();
    goes_on_as_the_next_part(&house, 2);
    house.finish(&id);

    house.is_sound(&id);
    let (first, second) = (house.judge_part(&id, 1), house.judge_part(&id, 2));
    is_whole(&first);
    is_whole(&second);
    assert_eq!(causes(&house, &id), ["picture-lost"]);
    let from = interruption_from_ms(&house, &id);
    let noticed = Duration::from_secs(9);
    assert!(
        from.1 - from.0 >= i64::try_from(noticed.as_millis()).unwrap(),
        "the gap begins when the picture stood still, not when it was noticed: {from:?}"
    );
    table::held(&table::PICTURE_FROZEN, &format!("suspended {}", ms(suspended)));
}

#[test]
fn every_microphone_dead_suspends_while_the_picture_goes_on() {
    let (house, id) = House::recording();
    house.reach(3.0);
    house.cameras.iter().for_each(|camera| camera.mute());
    let dead = Instant::now();
    let alarmed = seen(&house, "microphone lost", dead, |s| {
        has_alarm(s, "microphone-lost")
    });
    let suspended = seen(&house, "suspended", dead, is_suspended);
    assert!(suspended <= SUSPENDED_WITHIN, "{suspended:?}");
    house.cameras.iter().for_each(|camera| camera.unmute());
    goes_on_as_the_next_part(&house, 2);
    house.finish(&id);

    house.is_sound(&id);
    is_whole(&house.judge_part(&id, 1));
    is_whole(&house.judge_part(&id, 2));
    assert_eq!(causes(&house, &id), ["sound-lost"]);
    let measured = format!("alarm {}, suspended {}", ms(alarmed), ms(suspended));
    table::held(&table::MICROPHONES_DEAD, &measured);
}

/// One microphone that lives hears the room: an alarm, but no suspension.
#[test]
fn one_dead_microphone_suspends_nothing() {
    let (house, id) = House::recording();
    house.reach(3.0);
    house.cameras[0].mute();
    house.alarm("microphone-lost", true, 10);
    house.reach(10.0);
    house.until("recording", 5, |s| {
        s["recording"] == true && !has_alarm(s, "interview-suspended")
    });
    house.cameras[0].unmute();
    house.finish(&id);
    house.is_sound(&id);
    is_whole(&house.judge_part(&id, 1));
    assert!(causes(&house, &id).is_empty());
}

/// Wall times of the first interruption: from when, and when it was noticed, in Unix ms.
fn interruption_from_ms(house: &House, id: &str) -> (i64, i64) {
    let journal = house.journal(id);
    let line = journal.iter().find(|line| line["kind"] == "interrupted").unwrap();
    let wall = |moment: &serde_json::Value| moment["wall"]["unix_ms"].as_i64().unwrap();
    (
        wall(&line["data"]["recorded_until"]),
        wall(&line["data"]["moment"]),
    )
}
