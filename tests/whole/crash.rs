//! The room killed again and again in one interview: while it records, at every named point between two steps of
//! its order, and while it starts. Each time it is recording again within ten seconds, and what is missing is never
//! more than a second.
//!
//! Fourteen kills always; more by `SHENLU_ROOM_KILLS=1000 cargo nextest run --profile soak -E 'test(killed_again)'`,
//! without burners then, whose own recoveries have their own tests.

use super::house::{House, PROGRAM, arguments, is_whole, without_burners};
use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use serde_json::Value;
use shenlu::demo::place::Place;
use shenlu::demo::room_child::RoomChild;
use shenlu::demo::simulated;
use shenlu::evidence::crash_point;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Lost at a power cut, at most (design 10).
pub(super) const MOST_LOST_MS: i64 = 1_000;
pub(super) const RECORDING_WITHIN: Duration = Duration::from_secs(10);
/// A point that a recording passes seldom is not waited for longer.
const POINT_WITHIN: Duration = Duration::from_secs(6);
/// The last one is the room's own, the others are the evidence's.
const POINTS: &[&str] = crash_point::POINTS;

/// Judging an interview takes its time: each gets so many kills, one after the other on one `<data>`.
const KILLS_OF_AN_INTERVIEW: usize = 100;

/// What the kills cost.
#[derive(Default)]
struct Toll {
    kills: usize,
    /// At each kill of a room that recorded, ms.
    lost: Vec<i64>,
    slowest: Duration,
    seed: u64,
}

#[test]
fn a_room_killed_again_and_again_loses_less_than_a_second_each_time() {
    let kills: usize = std::env::var("SHENLU_ROOM_KILLS").map_or(14, |text| text.parse().unwrap());
    let cameras = simulated(&arguments(Path::new(""))).unwrap();
    let mut house = House::open(cameras, |place, text| match kills {
        0..=20 => text,
        _ => without_burners(place, &text),
    });
    let mut toll = Toll {
        seed: 11,
        ..Toll::default()
    };
    while toll.kills < kills {
        let until = kills.min(toll.kills + KILLS_OF_AN_INTERVIEW);
        one_interview(&mut house, until, &mut toll);
        toll.tell();
    }
    assert!(checked(&house).success(), "`shenlu check` finds nothing broken");
    assert!(toll.lost_at(100) <= MOST_LOST_MS, "{:?}", toll.lost);
    assert!(toll.slowest <= RECORDING_WITHIN, "{:?}", toll.slowest);
}

impl Toll {
    /// What so many percent of the kills lost at most, ms; kept in order.
    fn lost_at(&self, percent: usize) -> i64 {
        self.lost[(self.lost.len() - 1) * percent / 100]
    }

    fn tell(&mut self) {
        self.lost.sort_unstable();
        let [least, median, most_of, nearly_all, most] =
            [0, 50, 90, 99, 100].map(|percent| self.lost_at(percent));
        eprintln!(
            "{} kills, {} of a room that recorded; lost, ms: least {least}, median {median}, 90 % {most_of}, \
             99 % {nearly_all}, most {most}; slowest to record again {:?}",
            self.kills,
            self.lost.len(),
            self.slowest
        );
    }
}

/// Begun, killed until so many kills there were in all, ended, and judged by decoding every part of it.
fn one_interview(house: &mut House, until: usize, toll: &mut Toll) {
    let id = house.begin();
    let mut killed_at = Vec::new();
    let first = toll.kills;
    for turn in 0.. {
        if toll.kills >= until {
            break;
        }
        killed_at.extend(one_turn(house, first + turn, toll));
    }
    house.say_statements();
    // What was said in the piece that a kill took is not on record, and is owed again.
    house.say_what_is_owed();
    house.reach(1.0);
    if house.place.burners.is_empty() {
        house.attest_and_end(&id);
    } else {
        house.finish(&id);
    }
    house.is_sound(&id);
    let journal = house.journal(&id);
    toll.lost
        .extend(killed_at.iter().map(|at| lost_ms(&journal, *at)));
    for part in parts(&journal) {
        is_whole(&house.judge_part(&id, part));
    }
}

/// Killed while it records, most times once more on its way back, and recording again; when it was killed recording.
fn one_turn(house: &mut House, turn: usize, toll: &mut Toll) -> Vec<DateTime<FixedOffset>> {
    let part = house.room.state().unwrap()["part"].as_u64().unwrap();
    // Somewhere within two fragments, at any phase of a chunk.
    house.reach(0.3);
    std::thread::sleep(Duration::from_millis(random(&mut toll.seed) % 2_000));
    house.room.child.kill().unwrap();
    let mut killed_at = vec![now()];
    house.room.child.wait().unwrap();
    match turn % 4 {
        1 | 3 => {
            let point = POINTS[turn / 2 % POINTS.len()];
            let passes = random(&mut toll.seed) % 12 + 1;
            killed_at.extend(kill_at(house, point, passes, part));
        }
        2 => kill_while_it_starts(
            &house.place,
            Duration::from_millis(random(&mut toll.seed) % 1_500),
        ),
        _ => {}
    }
    toll.kills += if turn.is_multiple_of(4) { 1 } else { 2 };
    let started = Instant::now();
    house.room = RoomChild::start(Path::new(PROGRAM), &house.place).unwrap();
    house.until("recording again", 30, |s| {
        s["recording"] == true && s["part"].as_u64() > Some(part)
    });
    toll.slowest = toll.slowest.max(started.elapsed());
    killed_at
}

/// The room kills itself where it passes `point` for the n-th time; the moment, if it was recording again by then.
fn kill_at(house: &mut House, point: &str, passes: u64, part: u64) -> Option<DateTime<FixedOffset>> {
    let told = [("SHENLU_CRASH_AT", PathBuf::from(format!("{point}:{passes}")))];
    let mut recorded = false;
    if let Ok(room) = RoomChild::start_within(Path::new(PROGRAM), &house.place, &told) {
        house.room = room;
        let began = Instant::now();
        while house.room.child.try_wait().unwrap().is_none() {
            if began.elapsed() > POINT_WITHIN {
                house.room.child.kill().unwrap();
                house.room.child.wait().unwrap();
                break;
            }
            recorded |= house
                .room
                .state()
                .is_ok_and(|s| s["recording"] == true && s["part"].as_u64() > Some(part));
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    recorded.then(now)
}

fn now() -> DateTime<FixedOffset> {
    Utc::now().into()
}

fn checked(house: &House) -> std::process::ExitStatus {
    let mut command = Command::new(PROGRAM);
    command.args(["check", "--config"]).arg(&house.place.config);
    command.status().unwrap()
}

/// A start that is cut short, before anybody could speak to it.
pub(super) fn kill_while_it_starts(place: &Place, after: Duration) {
    let mut child = Command::new(PROGRAM)
        .args(["room", "--config"])
        .arg(&place.config)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// From the last recorded moment before the kill to the kill.
pub(super) fn lost_ms(journal: &[Value], killed_at: DateTime<FixedOffset>) -> i64 {
    let ends = composite(journal, "track-closed").map(|closed| {
        let opened = composite(journal, "track-opened")
            .find(|opened| opened["part"] == closed["part"])
            .unwrap();
        let began = DateTime::parse_from_rfc3339(opened["started_at"].as_str().unwrap()).unwrap();
        began + TimeDelta::microseconds(closed["duration_us"].as_i64().unwrap())
    });
    let last = ends.filter(|end| *end <= killed_at).max().unwrap();
    (killed_at - last).num_milliseconds()
}

fn composite<'a>(journal: &'a [Value], kind: &'a str) -> impl Iterator<Item = &'a Value> {
    let lines = journal.iter().filter(move |line| line["kind"] == kind);
    lines
        .map(|line| &line["data"])
        .filter(|data| data["track"] == "program")
}

pub(super) fn parts(journal: &[Value]) -> Vec<u32> {
    let parts = composite(journal, "track-closed").filter(|closed| closed["frames"].as_u64() > Some(0));
    parts
        .map(|closed| closed["part"].as_u64().unwrap() as u32)
        .collect()
}

pub(super) fn random(seed: &mut u64) -> u64 {
    *seed = seed
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    *seed >> 33
}
