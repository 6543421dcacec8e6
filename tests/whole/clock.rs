//! The wall clock set forwards and back by an hour while a room records: journalled, alarmed, and the media's
//! timeline does not bend. The room runs under libfaketime, which the test tells the time.

use super::faults::{ms, table};
use super::house::{House, PROGRAM, arguments, is_whole};
use serde_json::Value;
use shenlu::demo::officer;
use shenlu::demo::place::Place;
use shenlu::demo::room_child::RoomChild;
use shenlu::demo::simulated;
use std::path::{Path, PathBuf};
use std::time::Instant;

const HOUR_MS: i64 = 3_600_000;

fn library() -> PathBuf {
    let machine = std::env::consts::ARCH;
    let path = PathBuf::from(format!("/usr/lib/{machine}-linux-gnu/faketime/libfaketime.so.1"));
    assert!(
        path.exists(),
        "install libfaketime: {} is missing",
        path.display()
    );
    path
}

#[test]
fn a_clock_set_by_an_hour_is_journalled_and_the_timeline_does_not_bend() {
    let cameras = simulated(&arguments(Path::new(""))).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let place = Place::prepare(dir.path().to_owned(), &arguments(dir.path()), &cameras).unwrap();
    let time = dir.path().join("time");
    std::fs::write(&time, "+0\n").unwrap();
    let environment = [
        ("LD_PRELOAD", library()),
        ("FAKETIME_TIMESTAMP_FILE", time.clone()),
        ("FAKETIME_CACHE_DURATION", "1".into()),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
        ("FAKETIME_NO_CACHE", "0".into()),
    ];
    let room = RoomChild::start_within(Path::new(PROGRAM), &place, &environment).unwrap();
    let house = House::of(dir, cameras, place, room);
    officer::precheck(&house.room).unwrap();
    officer::start(&house.room).unwrap();
    let state = house.until("recording", 20, |s| s["recording"] == true);
    let id = state["interview_id"].as_str().unwrap().to_owned();
    house.say_what_is_owed();
    house.reach(2.0);
    std::fs::write(&time, "+3600\n").unwrap();
    let set = Instant::now();
    house.alarm("clock-stepped", true, 10);
    let forwards = set.elapsed();
    assert!(forwards <= table::CLOCK_FORWARDS.within, "{forwards:?}");
    let steps = |count: usize| move |lines: &[Value]| stepped(lines).len() >= count;
    wait_for(&house, &id, steps(1));
    std::fs::write(&time, "+0\n").unwrap();
    let set = Instant::now();
    wait_for(&house, &id, steps(2));
    let back = set.elapsed();
    assert!(back <= table::CLOCK_BACK.within, "{back:?}");
    house.reach(8.0);
    house.finish(&id);

    house.is_sound(&id);
    let by_ms = stepped(&house.journal(&id));
    assert_eq!(by_ms.len(), 2, "{by_ms:?}");
    assert!((by_ms[0] - HOUR_MS).abs() < 1_000, "{by_ms:?}");
    assert!((by_ms[1] + HOUR_MS).abs() < 1_000, "{by_ms:?}");
    let gaps = house
        .journal(&id)
        .iter()
        .filter(|line| line["kind"] == "gap")
        .count();
    assert_eq!(gaps, 0, "it is one part");
    is_whole(&house.judge_part(&id, 1));
    table::held(&table::CLOCK_FORWARDS, &format!("alarm {}", ms(forwards)));
    table::held(&table::CLOCK_BACK, &format!("journalled {}", ms(back)));
}

fn stepped(lines: &[Value]) -> Vec<i64> {
    let steps = lines.iter().filter(|line| line["kind"] == "clock-stepped");
    steps
        .map(|line| line["data"]["by_ms"].as_i64().unwrap())
        .collect()
}

fn wait_for(house: &House, id: &str, wanted: impl Fn(&[Value]) -> bool) {
    house.until("a step in the journal", 15, |_| wanted(&house.journal(id)));
}
