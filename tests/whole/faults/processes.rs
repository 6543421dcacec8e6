//! The media process hung, and the index locked by somebody else.

use super::super::house::{House, between, is_whole};
use super::super::media::media_pid;
use super::{SUSPENDED_WITHIN, causes, goes_on_as_the_next_part, has_alarm, is_suspended, ms, seen, table};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

#[test]
fn a_hung_media_process_is_replaced_and_the_interview_suspended_meanwhile() {
    let (house, id) = House::recording();
    house.reach(4.0);
    // Stopped, it holds its socket and answers nothing: worse than dead.
    let pid = media_pid(&house);
    assert!(
        Command::new("kill")
            .args(["-STOP", &pid])
            .status()
            .unwrap()
            .success()
    );
    let hung = Instant::now();
    let suspended = seen(&house, "suspended", hung, is_suspended);
    assert!(suspended <= SUSPENDED_WITHIN, "{suspended:?}");
    house.until("alarm", 1, |s| has_alarm(s, "media-restarted"));
    house.until("recording again", 30, |s| {
        s["recording"] == true && s["part"] == 2
    });
    let again = hung.elapsed();
    goes_on_as_the_next_part(&house, 2);
    house.finish(&id);

    house.is_sound(&id);
    house.discs_are_sound(&id);
    let (first, second) = (house.judge_part(&id, 1), house.judge_part(&id, 2));
    is_whole(&first);
    is_whole(&second);
    let gap = between(&first, &second);
    assert_eq!(causes(&house, &id), ["media-failed"]);
    let measured = format!(
        "suspended {}, recording again {}, between the parts {}",
        ms(suspended),
        ms(again),
        ms(gap)
    );
    table::held(&table::MEDIA_HANGS, &measured);
}

#[test]
fn a_locked_index_costs_the_recording_nothing() {
    let (house, id) = House::recording();
    house.reach(3.0);
    let index = house.place.data.join("index.sqlite");
    let mut locker = Command::new("sqlite3")
        .arg(&index)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    hold(&mut locker);
    let locked = Instant::now();
    let before_us = house.room.state().unwrap()["durable_us"].as_u64().unwrap();
    let mut slowest = Duration::ZERO;
    // Every mark wants to be indexed; neither it nor the recording may notice that it cannot be.
    while locked.elapsed() < Duration::from_secs(15) {
        let asked = Instant::now();
        house.must("mark", serde_json::json!({"mark": "own", "text": "索引被锁定"}));
        slowest = slowest.max(asked.elapsed());
        let state = house.room.state().unwrap();
        assert_eq!(state["recording"], true, "{state}");
        assert!(state["durable_age_ms"].as_u64() < Some(2_500), "{state}");
        std::thread::sleep(Duration::from_millis(300));
    }
    let state = house.room.state().unwrap();
    let recorded_us = state["durable_us"].as_u64().unwrap() - before_us;
    drop(locker.stdin.take());
    locker.wait().unwrap();
    let held = locked.elapsed();
    house.until("the index has caught up", 10, |_| indexed_marks(&house, &id) > 20);
    house.finish(&id);

    house.is_sound(&id);
    is_whole(&house.judge_part(&id, 1));
    assert!(causes(&house, &id).is_empty());
    let measured = format!(
        "locked {}, recorded meanwhile {}, slowest command {}",
        ms(held),
        ms(Duration::from_micros(recorded_us)),
        ms(slowest)
    );
    table::held(&table::INDEX_LOCKED, &measured);
}

fn indexed_marks(house: &House, id: &str) -> usize {
    let reply = house
        .room
        .client
        .get(&format!("/api/v1/interviews/{id}/lines"))
        .unwrap();
    let lines = reply.body.as_array().cloned().unwrap_or_default();
    lines.iter().filter(|line| line["kind"] == "marked").count()
}

/// Says when it holds the lock.
fn hold(locker: &mut std::process::Child) {
    use std::io::{BufRead, BufReader, Write};
    let input = locker.stdin.as_mut().unwrap();
    writeln!(input, ".timeout 10000\nbegin exclusive;\nselect 'held';").unwrap();
    let mut said = String::new();
    BufReader::new(locker.stdout.as_mut().unwrap())
        .read_line(&mut said)
        .unwrap();
    assert_eq!(said.trim(), "held");
}
