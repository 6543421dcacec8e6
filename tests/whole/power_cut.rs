//! The plug pulled: the room dies and its disk forgets whatever was not synced. It records on by itself, as a part of
//! its own, and everything else that lies on that disk outlasts the cut: keys, accounts, logs, answers.

use super::crash::{MOST_LOST_MS, RECORDING_WITHIN, kill_while_it_starts, lost_ms, parts, random};
use super::house::{House, PROGRAM, arguments, is_whole, prepare};
use chrono::{DateTime, FixedOffset, Utc};
use fixtures::disk::Disk;
use serde_json::json;
use shenlu::demo::place::Place;
use shenlu::demo::room_child::RoomChild;
use shenlu::demo::{officer, simulated};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const CUTS: u32 = 4;

/// Where a first start is killed: at the first line of its ledger and of its audit, at its keys' directory and
/// certificates.
const FIRST_STEPS: [&str; 6] = [
    "line-written:1",
    "line-written:2",
    "line-synced:2",
    "directory-made:1",
    "put-written:1",
    "put-renamed:2",
];

fn disk() -> Option<Disk> {
    let disk = Disk::mount();
    if disk.is_none() {
        eprintln!("left out: a file system cannot be mounted here; root can, or whoever may use /dev/fuse");
    }
    disk
}

/// `<data>` on the disk that forgets.
fn on(disk: &Disk) -> impl FnOnce(&mut Place, String) -> String {
    let data = disk.path().join("data");
    move |place, text| {
        place.data = data;
        text.replacen("dir = \"data\"", &format!("dir = {:?}", place.data), 1)
    }
}

/// Names kept every second time: a real disk writes some of them by itself.
fn cut(disk: &Disk, n: u32) {
    if n.is_multiple_of(2) {
        disk.power_cut().unwrap();
    } else {
        disk.power_cut_keeping_names().unwrap();
    }
}

fn check(place: &Place) {
    let out = Command::new(PROGRAM)
        .args(["check", "--config"])
        .arg(&place.config)
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stdout));
}

/// What identifies the room and its operator.
fn identity(place: &Place) -> Vec<Vec<u8>> {
    let names = [
        "keys/ed25519.pem",
        "keys/sm2.pem",
        "keys/device.pem",
        "keys/device-sm2.pem",
        "accounts.json",
        "operator-secret",
        "tls-cert.pem",
        "tls-key.pem",
    ];
    names
        .map(|name| std::fs::read(place.data.join(name)).unwrap_or_else(|error| panic!("{name}: {error}")))
        .into()
}

#[test]
fn a_room_whose_power_is_cut_again_and_again_loses_less_than_a_second_each_time() {
    let Some(disk) = disk() else { return };
    let cameras = simulated(&arguments(Path::new(""))).unwrap();
    let mut house = House::open(cameras, on(&disk));
    officer::precheck(&house.room).unwrap();
    officer::start(&house.room).unwrap();
    let state = house.until("recording", 20, |s| s["recording"] == true);
    let id = state["interview_id"].as_str().unwrap().to_owned();
    house.say_what_is_owed();
    let mark = |house: &House| {
        let reply = house
            .room
            .client
            .command("mark-1", "mark", json!({"mark": "rest"}));
        reply.map(|reply| (reply.status, reply.body)).unwrap()
    };
    let answered = mark(&house);
    assert_eq!(answered.0, 200, "{}", answered.1);
    let identity_before = identity(&house.place);
    let mut seed = 5u64;
    let mut killed_at = Vec::new();
    let mut slowest = Duration::ZERO;
    for n in 0..CUTS {
        // Somewhere within two fragments, at any phase of a chunk.
        house.reach(0.3);
        std::thread::sleep(Duration::from_millis(random(&mut seed) % 2_000));
        house.room.child.kill().unwrap();
        killed_at.push(DateTime::<FixedOffset>::from(Utc::now()));
        house.room.child.wait().unwrap();
        cut(&disk, n);
        if n % 2 == 1 {
            kill_while_it_starts(&house.place, Duration::from_millis(random(&mut seed) % 1_500));
            cut(&disk, n / 2);
        }
        let started = Instant::now();
        house.room = RoomChild::start(Path::new(PROGRAM), &house.place).unwrap();
        house.until("recording again", 30, |s| {
            s["recording"] == true && s["part"].as_u64() > Some(u64::from(n) + 1)
        });
        slowest = slowest.max(started.elapsed());
        assert_eq!(identity(&house.place), identity_before, "after cut {n}");
        assert_eq!(mark(&house), answered, "after cut {n}");
    }
    house.say_statements();
    house.reach(1.0);
    house.finish(&id);

    // Closed is closed, finalised is finalised: once more, in peace.
    house.room.child.kill().unwrap();
    house.room.child.wait().unwrap();
    cut(&disk, 0);
    check(&house.place);
    house.is_sound(&id);
    house.discs_are_sound(&id);
    assert_eq!(
        house.report(&id)["verdict"],
        "sound",
        "signed by this room's own key"
    );
    let journal = house.journal(&id);
    let mut lost: Vec<i64> = killed_at.iter().map(|at| lost_ms(&journal, *at)).collect();
    lost.sort_unstable();
    eprintln!("lost at each cut, ms: {lost:?}; slowest to record again: {slowest:?}");
    assert!(lost.iter().all(|ms| *ms <= MOST_LOST_MS), "{lost:?}");
    assert!(slowest <= RECORDING_WITHIN, "{slowest:?}");
    for part in parts(&journal) {
        is_whole(&house.judge_part(&id, part));
    }
    let ledger = std::fs::read_to_string(house.place.data.join("ledger.jsonl")).unwrap();
    let finalised = ledger.lines().filter(|line| line.contains("set-finalised"));
    assert_eq!(finalised.count(), 2, "both sets, once each");
}

#[test]
fn a_room_cut_at_a_step_of_its_very_first_start_starts_again() {
    let cameras = simulated(&arguments(Path::new(""))).unwrap();
    for (n, at) in FIRST_STEPS.into_iter().enumerate() {
        let Some(disk) = disk() else { return };
        let (_dir, place) = prepare(&cameras, on(&disk));
        dies_at(&place, at);
        cut(&disk, n as u32);
        let room =
            RoomChild::start(Path::new(PROGRAM), &place).unwrap_or_else(|error| panic!("{at}: {error}"));
        drop(room);
        check(&place);
    }
}

#[test]
fn a_room_cut_at_any_moment_of_its_very_first_start_starts_again() {
    let Some(disk) = disk() else { return };
    let cameras = simulated(&arguments(Path::new(""))).unwrap();
    let (dir, place) = prepare(&cameras, on(&disk));
    for n in 0..8 {
        kill_while_it_starts(&place, Duration::from_millis(20 + 80 * u64::from(n)));
        cut(&disk, n);
    }
    let room = RoomChild::start(Path::new(PROGRAM), &place).unwrap();
    let house = House::of(dir, cameras, place, room);
    officer::precheck(&house.room).unwrap();
    check(&house.place);
}

fn dies_at(place: &Place, at: &str) {
    let mut child = Command::new(PROGRAM)
        .args(["room", "--config"])
        .arg(&place.config)
        .env("SHENLU_CRASH_AT", at)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None if Instant::now() > deadline => {
                child.kill().unwrap();
                panic!("a first start does not pass {at}");
            }
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    assert_eq!(status.code(), None, "killed at {at}");
}
