//! One burner killed in mid-burn, one that hangs: the recording and the other disc do not notice.

use super::house::{House, is_whole};
use std::process::Command;
use std::time::{Duration, Instant};

#[test]
fn a_killed_and_a_hanging_burner_cost_the_recording_nothing() {
    let (house, id) = House::recording();
    house.reach(4.0);
    signal_burn(&house, "a-001.iso", "-KILL");
    house.reach(8.0);
    signal_burn(&house, "b-001.iso", "-STOP");
    house.reach(20.0);
    house.finish(&id);
    house.is_sound(&id);
    let recording = house.judge_part(&id, 1);
    is_whole(&recording);
    assert_eq!(
        recording.frames_without_code(0),
        0,
        "every frame shows the interviewee"
    );
    house.discs_are_sound(&id);
    let ledger = std::fs::read_to_string(house.place.data.join("ledger.jsonl")).unwrap();
    assert!(ledger.contains("disc-intent") && ledger.contains("disc-committed"));
}

/// Waits for a burn of this image and sends its process a signal.
fn signal_burn(house: &House, image: &str, signal: &str) {
    let began = Instant::now();
    let pattern = format!("xorriso.*{image}.*-commit");
    while began.elapsed() < Duration::from_secs(40) {
        let out = Command::new("pgrep").args(["-f", &pattern]).output().unwrap();
        if let Some(pid) = String::from_utf8_lossy(&out.stdout).lines().next()
            && Command::new("kill")
                .args([signal, pid])
                .status()
                .unwrap()
                .success()
        {
            eprintln!("{signal} to the burn of {image}");
            return;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    panic!("no burn of {image} was seen\n{}", house.log());
}
