//! The master disk that stands still or refuses, and the mirror lost: caused by a file system of the fixtures.

use super::super::house::{House, between, is_whole, without_burners};
use super::{
    SUSPENDED_WITHIN, causes, goes_on_as_the_next_part, has_alarm, is_suspended, ms, on_disk, seen, table,
};
use fixtures::disk::{Disk, Refusal};
use std::time::{Duration, Instant};

const STILL_FOR: Duration = Duration::from_secs(30);
const REFUSES_FOR: Duration = Duration::from_secs(10);

fn disk() -> Option<Disk> {
    let disk = Disk::mount();
    if disk.is_none() {
        eprintln!(
            "left out: a file system of the tests' own cannot be mounted here; root can, and fuse3 for others"
        );
    }
    disk
}

#[test]
fn a_disk_that_stands_still_for_half_a_minute_loses_nothing_while_discs_work() {
    let Some(disk) = disk() else { return };
    let (house, id) = House::recording_as(|place, text| on_disk(disk.path(), place, &text));
    house.reach(6.0);
    disk.stall();
    let still = Instant::now();
    let alarmed = seen(&house, "alarm", still, |s| has_alarm(s, "master-failed"));
    assert!(alarmed <= table::DISK_STALLS.within, "{alarmed:?}");
    while still.elapsed() < STILL_FOR {
        let state = house.room.state().unwrap();
        assert_ne!(state["interview"]["state"], "suspended", "a disc carries it");
        assert!(
            still.elapsed() < Duration::from_secs(5) || state["recording"] == false,
            "nobody is told recording of what is not durable"
        );
        std::thread::sleep(Duration::from_millis(500));
    }
    let durable_us = house.room.state().unwrap()["durable_us"].as_u64().unwrap();
    disk.go_on();
    house.until("recording", 20, |s| {
        s["recording"] == true && !has_alarm(s, "master-failed")
    });
    house.reach(durable_us as f64 / 1e6 + STILL_FOR.as_secs_f64() + 2.0);
    house.finish(&id);

    house.is_sound(&id);
    house.discs_are_sound(&id);
    is_whole(&house.judge_part(&id, 1));
    assert!(!house.interview(&id).join("part-0002").exists(), "one part");
    assert!(causes(&house, &id).is_empty());
    table::held(&table::DISK_STALLS, &format!("alarm {}", ms(alarmed)));
}

#[test]
fn a_disk_that_stands_still_with_no_disc_behind_it_suspends_the_interview() {
    let Some(disk) = disk() else { return };
    let (house, id) = alone_on(&disk);
    disk.stall();
    let still = Instant::now();
    let suspended = seen(&house, "suspended", still, is_suspended);
    assert!(suspended <= SUSPENDED_WITHIN, "{suspended:?}");
    std::thread::sleep(REFUSES_FOR.saturating_sub(still.elapsed()));
    disk.go_on();
    goes_on_as_the_next_part(&house, 2);
    ends_whole(&house, &id, "master-failed");
    table::held(&table::DISK_STALLS_ALONE, &format!("suspended {}", ms(suspended)));
}

#[test]
fn a_disk_that_answers_with_errors_suspends_and_nothing_is_lost() {
    refuses(Refusal::Eio, &table::DISK_EIO);
}

#[test]
fn a_disk_that_becomes_read_only_suspends_and_nothing_is_lost() {
    refuses(Refusal::ReadOnly, &table::DISK_READ_ONLY);
}

fn refuses(refusal: Refusal, row: &table::Row) {
    let Some(disk) = disk() else { return };
    let (house, id) = alone_on(&disk);
    disk.refuse(refusal);
    let refused = Instant::now();
    let alarmed = seen(&house, "alarm", refused, |s| has_alarm(s, "master-failed"));
    let suspended = seen(&house, "suspended", refused, is_suspended);
    assert!(suspended <= SUSPENDED_WITHIN, "{suspended:?}");
    std::thread::sleep(REFUSES_FOR.saturating_sub(refused.elapsed()));
    disk.heal();
    goes_on_as_the_next_part(&house, 2);
    ends_whole(&house, &id, "master-failed");
    let log = std::fs::read_to_string(house.place.dir.join("room.log")).unwrap();
    assert!(!log.contains("panicked"), "{log}");
    let measured = format!("alarm {}, suspended {}", ms(alarmed), ms(suspended));
    table::held(row, &measured);
}

#[test]
fn a_mirror_that_is_lost_costs_the_master_nothing() {
    let Some(disk) = disk() else { return };
    let (house, id) = House::recording_as(|_, text| {
        let mirror = format!("dir = \"data\"\nmirror = {:?}", disk.path().join("copy"));
        text.replacen("dir = \"data\"", &mirror, 1)
    });
    house.reach(4.0);
    disk.refuse(Refusal::Eio);
    let lost = Instant::now();
    let alarmed = seen(&house, "alarm", lost, |s| has_alarm(s, "mirror-failed"));
    assert!(alarmed <= table::MIRROR_LOST.within, "{alarmed:?}");
    house.until("recording", 2, |s| s["recording"] == true);
    house.reach(8.0);
    house.finish(&id);

    house.is_sound(&id);
    house.discs_are_sound(&id);
    is_whole(&house.judge_part(&id, 1));
    assert!(causes(&house, &id).is_empty());
    table::held(&table::MIRROR_LOST, &format!("alarm {}", ms(alarmed)));
}

fn alone_on(disk: &Disk) -> (House, String) {
    let (house, id) = House::recording_as(|place, text| {
        let text = without_burners(place, &text);
        on_disk(disk.path(), place, &text)
    });
    house.reach(4.0);
    (house, id)
}

/// Both parts are whole: what waited for the disk was written when it took it again.
fn ends_whole(house: &House, id: &str, cause: &str) {
    house.attest_and_end(id);
    house.is_sound(id);
    let (first, second) = (house.judge_part(id, 1), house.judge_part(id, 2));
    is_whole(&first);
    is_whole(&second);
    let gap = between(&first, &second);
    assert!(gap < Duration::from_secs(2), "what waited was written: {gap:?}");
    assert_eq!(causes(house, id), [cause]);
}
