//! A room with a TPM and a time stamp server: both work, both fail, and neither costs an interview anything.

use super::house::{House, PROGRAM, arguments};
use fixtures::timestamp::{Behaviour, Keys, TimestampServer};
use fixtures::tpm::Tpm;
use serde_json::Value;
use shenlu::demo::officer;
use shenlu::demo::room_child::RoomChild;
use shenlu::demo::simulated;
use std::path::Path;
use std::process::Command;

#[test]
fn a_room_seals_its_keys_stamps_its_interviews_and_does_without_either() {
    let (mut tpm, server) = (
        Tpm::start().unwrap(),
        TimestampServer::start(Keys::Elliptic).unwrap(),
    );
    server.behave(Behaviour::Hangs);
    let signing = format!(
        "[signing]\ntpm = {:?}\ntimestamp_url = {:?}\n",
        tpm.tcti(),
        server.url()
    );
    let cameras = simulated(&arguments(Path::new(""))).unwrap();
    let mut house = House::open(cameras, |_, text| text + &signing);
    officer::precheck(&house.room).unwrap();
    let keys = house.place.data.join("keys");
    assert!(keys.join("device-keys.sealed").exists() && !keys.join("ed25519.pem").exists());

    let first = record(&house);
    house.alarm("timestamp-missing", true, 10);
    house.is_sound(&first);
    assert_eq!(
        ledger(&house, "timestamp-missing")[0]["data"]["interview"],
        first.as_str()
    );
    officer::wait_for_discs(&house.room, &house.place).unwrap();

    // The chip does not answer at the next start: another key signs, and the own one stays where it is.
    let sealed = std::fs::read(keys.join("device-keys.sealed")).unwrap();
    tpm.pull_out();
    restart(&mut house);
    house.alarm("device-key-temporary", true, 10);
    assert_eq!(ledger(&house, "device-key-temporary").len(), 1);
    assert_eq!(std::fs::read(keys.join("device-keys.sealed")).unwrap(), sealed);

    tpm.plug_in().unwrap();
    server.behave(Behaviour::Stamps);
    // Blank discs for the next one.
    house
        .place
        .images()
        .iter()
        .for_each(|image| std::fs::remove_file(image).unwrap());
    restart(&mut house);
    house.alarm("device-key-temporary", false, 10);
    officer::precheck(&house.room).unwrap();
    let second = record(&house);
    house.alarm("timestamp-missing", false, 10);
    officer::wait_for_discs(&house.room, &house.place).unwrap();
    for id in [&first, &second] {
        let key = house.report(id)["figures"]["signed_by"].clone();
        assert_eq!(
            key,
            house.report(&first)["figures"]["signed_by"],
            "the same key signed"
        );
    }
    assert!(house.report(&second)["figures"]["timestamp"]["at"].is_string());
    house.discs_are_sound(&second);
    disc_verifies(&house, &server);
}

fn record(house: &House) -> String {
    officer::start(&house.room).unwrap();
    let state = house.until("recording", 20, |s| s["recording"] == true);
    let id = state["interview_id"].as_str().unwrap().to_owned();
    house.say_what_is_owed();
    house.reach(3.0);
    house.attest_and_end(&id);
    id
}

fn restart(house: &mut House) {
    house.room.child.kill().unwrap();
    house.room.child.wait().unwrap();
    house.room = RoomChild::start(Path::new(PROGRAM), &house.place).unwrap();
}

fn ledger(house: &House, kind: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(house.place.data.join("ledger.jsonl")).unwrap();
    let lines = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["kind"] == kind).collect()
}

/// The newest image, with the command that its own README gives.
fn disc_verifies(house: &House, server: &TimestampServer) {
    let image = house.place.images().pop().expect("an image");
    let disc = house.place.dir.join("extracted");
    let extracted = Command::new("xorriso")
        .args(["-osirrox", "on", "-indev"])
        .arg(format!("stdio:{}", image.display()))
        .args(["-extract", "/"])
        .arg(&disc)
        .output()
        .unwrap();
    assert!(
        extracted.status.success(),
        "{}",
        String::from_utf8_lossy(&extracted.stderr)
    );
    let readme = std::fs::read_to_string(disc.join("README.txt")).unwrap();
    let command = readme
        .lines()
        .find(|line| line.contains("openssl ts -verify"))
        .unwrap()
        .trim();
    let command = command.replace("tsa-ca.pem", &server.authority().display().to_string());
    let verified = Command::new("bash")
        .args(["-c", &command])
        .current_dir(&disc)
        .output()
        .unwrap();
    assert!(
        verified.status.success(),
        "{command}: {}",
        String::from_utf8_lossy(&verified.stderr)
    );
}
