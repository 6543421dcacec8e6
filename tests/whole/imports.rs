//! What another recorder took while this room could not: linked, or brought in as a file, evidence like the
//! rest, and not a frame of the recording in hand lost for it.
//!
//! The files are noise of a known size: the room must not care what a mobile recorder writes.

use super::house::{House, arguments, is_whole, verify};
use super::ways_out::{HeldStill, NAME, NUMBER, SECRET, add_approver, audited, signal_media};
use serde_json::{Value, json};
use shenlu::demo::{officer, simulated};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const TIMES: &str = "device=DSJ-01&from=2026-09-21T10:00:00%2B08:00&until=2026-09-21T10:20:00%2B08:00";

fn address(name: &str, interruption: u32) -> String {
    format!("/api/v1/interview/imports/{name}?interruption={interruption}&{TIMES}")
}

fn noise(bytes: usize) -> Vec<u8> {
    let mut seed = 7_u64;
    let mut noise = Vec::with_capacity(bytes + 8);
    while noise.len() < bytes {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        noise.extend_from_slice(&seed.to_le_bytes());
    }
    noise.truncate(bytes);
    noise
}

fn incoming(house: &House) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(house.place.data.join("incoming"));
    entries.map_or_else(
        |_| Vec::new(),
        |entries| entries.map(|e| e.unwrap().path()).collect(),
    )
}

fn wait_until(what: &str, within: Duration, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < within, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A sender who goes away in the middle.
fn send_half(house: &House, file: &Path) {
    let jar = house.place.dir.join("cookies");
    let base = format!("https://127.0.0.1:{}", house.place.port);
    let secret = std::fs::read_to_string(house.place.data.join("operator-secret")).unwrap();
    let login = json!({"account": "operator", "secret": secret.trim()}).to_string();
    let signed_in = Command::new("curl")
        .args(["-s", "--cacert"])
        .arg(house.place.cert())
        .arg("-c")
        .arg(&jar)
        .args(["-d", &login, &format!("{base}/api/v1/login")])
        .status()
        .unwrap();
    assert!(signed_in.success());
    let mut sending = Command::new("curl")
        .args(["-s", "--limit-rate", "2M", "--cacert"])
        .arg(house.place.cert())
        .arg("-b")
        .arg(&jar)
        .arg("-T")
        .arg(file)
        .arg(format!("{base}{}", address("half.mp4", 1)))
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let is_under_way = || {
        let sizes = incoming(house)
            .into_iter()
            .map(|path| std::fs::metadata(path).map_or(0, |m| m.len()));
        sizes.max().unwrap_or(0) > 1 << 20
    };
    wait_until("the file is coming in", Duration::from_secs(20), is_under_way);
    sending.kill().unwrap();
    sending.wait().unwrap();
    wait_until("what broke off is gone", Duration::from_secs(20), || {
        incoming(house).is_empty()
    });
}

#[test]
fn a_large_file_comes_in_while_the_recording_goes_on_without_a_gap() {
    let (house, id) = House::recording();
    house.reach(2.0);
    signal_media(&house.room.child.id().to_string(), "-KILL");
    house.until("recording again", 30, |s| {
        s["recording"] == true && s["part"] == 2
    });
    house.say_statements();
    let put = |name: &str, interruption, bytes: &[u8]| {
        let reply = house
            .room
            .client
            .put(&address(name, interruption), bytes)
            .unwrap();
        (reply.status, reply.body)
    };
    let (status, refusal) = put("001.mp4", 7, b"x");
    assert_eq!((status, &refusal["code"]), (409, &json!("interruption-unknown")));
    assert_eq!(put("..%2Fx", 1, b"x").0, 409);
    // Everything else stays small; the answer may come while the sender is still talking.
    let path = "/api/v1/interview/files/attachments/big";
    if let Ok(reply) = house.room.client.put(path, &noise(5 << 20)) {
        assert_eq!(reply.status, 413);
    }
    assert!(!house.interview(&id).join("attachments/big").exists());

    let large = noise(64 << 20);
    let file = house.place.dir.join("mobile.mp4");
    std::fs::write(&file, &large).unwrap();
    send_half(&house, &file);
    let before = house.room.state().unwrap();
    let began = Instant::now();
    let (status, said) = put("001.mp4", 1, &large);
    eprintln!("64 MiB came in within {:?}", began.elapsed());
    assert_eq!(status, 200, "{said}");
    let after = house.room.state().unwrap();
    assert_eq!((&after["recording"], &after["part"]), (&json!(true), &json!(2)));
    assert!(after["durable_us"].as_u64() >= before["durable_us"].as_u64());
    assert_eq!(put("001.mp4", 1, b"other").1["code"], "import-twice");
    house.reach(4.0);
    house.finish(&id);

    house.is_sound(&id);
    house.discs_are_sound(&id);
    is_whole(&house.judge_part(&id, 2));
    assert!(incoming(&house).is_empty());
    let path = "attachments/elsewhere-1/001.mp4";
    assert_eq!(std::fs::read(house.interview(&id).join(path)).unwrap(), large);
    let sums = std::fs::read_to_string(house.interview(&id).join("SHA256SUMS")).unwrap();
    assert!(sums.contains(path), "{sums}");
    let journal = house.journal(&id);
    let place = |kind: &str| {
        let mine = |l: &Value| l["kind"] == kind && l["data"]["path"] == path;
        journal
            .iter()
            .position(mine)
            .unwrap_or_else(|| panic!("no {kind}"))
    };
    assert!(
        place("file-added") < place("recording-imported"),
        "first the file, then what it is"
    );
    let told = &journal[place("recording-imported")]["data"];
    assert_eq!(
        (&told["device"], &told["size"]),
        (&json!("DSJ-01"), &json!(64 << 20))
    );
    assert_eq!(told["sha256"], journal[place("file-added")]["data"]["sha256"]);
    let manifest = std::fs::read_to_string(house.interview(&id).join("manifest.json")).unwrap();
    assert!(manifest.contains("DSJ-01"), "the interruption shows it");
}

#[test]
fn an_interview_that_went_on_elsewhere_ends_with_what_was_recorded_there() {
    let cameras = simulated(&arguments(Path::new(""))).unwrap();
    let house = House::open(cameras, |place, text| {
        // What a crash left of an import: it never was evidence.
        let left = place.data.join("incoming");
        std::fs::create_dir_all(&left).unwrap();
        std::fs::write(left.join("left.part"), b"half a file").unwrap();
        text
    });
    officer::precheck(&house.room).unwrap();
    assert!(incoming(&house).is_empty());
    assert_eq!(audited(&house, "incoming-removed"), ["left.part"]);
    add_approver(&house, NAME, NUMBER, SECRET);
    officer::start(&house.room).unwrap();
    let state = house.until("recording", 20, |s| s["recording"] == true);
    let id = state["interview_id"].as_str().unwrap().to_owned();
    house.reach(2.0);
    let _still = HeldStill::hold(&house);
    house.until("suspended", 60, |s| s["interview"]["state"] == "suspended");
    house.must("continue-elsewhere", json!({"place": "第二讯问室"}));

    let end = json!({"reason": "continued-elsewhere", "text": "转至第二讯问室", "approver": {"number": NUMBER},
        "credential": {"secret": SECRET}});
    let refused = house.room.ask("end-incomplete", end.clone()).unwrap();
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (409, &json!("elsewhere-unlinked"))
    );
    assert_eq!(refused.body["missing"][0]["act"], "link-recording");
    let link = json!({"interruption": 1, "room": "a2", "interview_id": "a2-20260921-100000",
        "from": "2026-09-21T10:00:00+08:00", "until": "2026-09-21T10:20:00+08:00", "note": ""});
    house.must("link-recording", link);
    let sent = house
        .room
        .client
        .put(&address("现场.mp4", 1), &noise(1 << 20))
        .unwrap();
    assert_eq!(sent.status, 200, "{}", sent.body);
    let recordings = |s: &Value| s["interview"]["interruptions"][0]["recordings"].clone();
    let both = |s: &Value| recordings(s).as_array().is_some_and(|list| list.len() == 2);
    let recordings = recordings(&house.until("both recordings shown", 5, both));
    assert_eq!(recordings[0]["recorder"], json!({"room": "a2"}), "{recordings}");
    assert_eq!(recordings[1]["import"]["device"], "DSJ-01", "{recordings}");
    house.must("end-incomplete", end);
    house.until("closed", 60, |s| s["interview_id"].is_null());

    let out = verify(&house.interview(&id), &[]);
    let said = String::from_utf8_lossy(&out.stdout);
    assert!(
        said.contains("ended-abnormally") && said.matches('✗').count() == 1,
        "{said}"
    );
    assert!(
        house
            .interview(&id)
            .join("attachments/elsewhere-1/现场.mp4")
            .exists()
    );
}
