//! Cameras and discs that cannot be used: the room starts, says which and why, and starts what may start.

use super::house::{House, is_whole, verify};
use fixtures::camera::{AuthMethod, Camera, CameraScript, Credentials, VideoCodec};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::process::Command;

const OVERRIDE_REASON: &str = "设备报修中,不能等待";

fn small(camera: u8) -> CameraScript {
    CameraScript {
        camera,
        width: 640,
        height: 360,
        ..CameraScript::default()
    }
}

fn mjpeg(camera: u8) -> Camera {
    Camera::start(CameraScript {
        codec: VideoCodec::Mjpeg,
        ..small(camera)
    })
    .unwrap()
}

/// Findings of a new pre-check, when every device has been looked at and these items pass.
fn prechecked(house: &House, passing: &[&str]) -> Vec<Value> {
    let results = |s: &Value| s["interview"]["precheck"].as_array().cloned().unwrap_or_default();
    let settled = |s: &Value| {
        house.must("precheck", json!({}));
        let results = results(s);
        let text = Value::from(results.clone()).to_string();
        let is_open = ["connecting", "not ready", "no level yet"]
            .iter()
            .any(|words| text.contains(words));
        let passes = |item: &&str| results.iter().any(|r| r["item"] == **item && r["passed"] == true);
        !is_open && text.contains("medium-a") && passing.iter().all(passes)
    };
    results(&house.until("pre-check", 40, settled))
}

fn assert_failed(results: &[Value], item: &str, words: &[&str]) {
    let result = results
        .iter()
        .find(|r| r["item"] == item)
        .unwrap_or_else(|| panic!("{item}: {results:?}"));
    let figure = result["figure"].as_str().unwrap();
    assert_eq!(result["passed"], false, "{result}");
    for word in words {
        assert!(figure.contains(word), "{item}: {figure:?} does not say {word:?}");
    }
}

fn start(house: &House, overridden: &[&str]) -> shenlu::web::client::Reply {
    let by_name = |item: &&str| json!({"item": item, "name": "李警官", "reason": OVERRIDE_REASON});
    let fields = json!({
        "interview": "interrogation",
        "case": {"number": "A1300002026110001", "name": "示范案件", "incident_number": ""},
        "participants": [
            {"id": "p1", "name": "张某", "role": "interviewee"},
            {"id": "o1", "name": "李警官", "role": "officer", "number": "130001"},
            {"id": "o2", "name": "王警官", "role": "officer", "number": "130002"},
        ],
        "overrides": overridden.iter().map(by_name).collect::<Vec<_>>(),
    });
    house.room.ask("start-interview", fields).unwrap()
}

#[test]
fn cameras_and_discs_that_cannot_be_used_are_named_and_the_start_is_refused() {
    let locked = Camera::start(CameraScript {
        credentials: Some(Credentials {
            user: "admin".into(),
            password: "right".into(),
            method: AuthMethod::Digest,
        }),
        ..small(1)
    })
    .unwrap();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (of_locked, other) = (locked.url(), mjpeg(2));
    let no_stream = format!("{}/none", other.url());
    let house = House::open(vec![locked, other], |place, text| {
        std::fs::write(place.dir.join("password"), "wrong\n").unwrap();
        used_disc(&place.dir.join("discs/a-001.iso"));
        let with_user = of_locked.replacen("rtsp://", "rtsp://admin@", 1);
        let text = text.replacen(
            &format!("source = {of_locked:?}"),
            &format!("source = {with_user:?}\npassword_file = \"password\""),
            1,
        );
        // Nobody may make anything below /sys, not even root.
        let text = text.replacen("stdio:discs/b-001.iso", "stdio:/sys/b-001.iso", 1);
        format!(
            "{text}[[camera]]\nslot = \"panorama\"\nsource = \"rtsp://{nobody}/stream\"\n\
             [[camera]]\nslot = \"evidence\"\nsource = {no_stream:?}\n"
        )
    });

    let results = prechecked(&house, &[]);
    assert_failed(
        &results,
        "interviewee-picture",
        &["admin", "wrong user or password", "口令"],
    );
    assert_failed(&results, "officer-picture", &["MJPEG", "H.264", "请把摄像机设为"]);
    assert_failed(
        &results,
        "panorama-picture",
        &[&nobody.to_string(), "cable", "请检查"],
    );
    assert_failed(&results, "evidence-picture", &["no such stream", "请检查"]);
    assert_failed(&results, "burner-a", &["insert a blank", "请换空白光盘"]);
    assert_failed(&results, "burner-b", &["may not write", "没有写入权限"]);
    let state = house.room.state().unwrap();
    let camera = &state["media"]["cameras"]["interviewee"];
    assert_eq!(camera["cause"], "unauthorized", "{camera}");
    assert!(
        !state.to_string().contains("\"wrong\""),
        "the password is nobody's to read"
    );

    let everything: Vec<&str> = results.iter().filter_map(|r| r["item"].as_str()).collect();
    let refused = start(&house, &everything);
    assert_eq!(
        (refused.status, &refused.body["rule"]),
        (409, &json!("R-10")),
        "{}",
        refused.body
    );
    assert!(
        refused.body["message_zh"].as_str().unwrap().contains("被讯"),
        "{}",
        refused.body
    );
    assert!(
        refused.body["message_en"].as_str().unwrap().contains("picture"),
        "{}",
        refused.body
    );
    let interviews = house.place.data.join("interviews");
    assert!(!interviews.exists() || std::fs::read_dir(interviews).unwrap().next().is_none());
    assert!(!house.log().contains("panicked"), "{}", house.log());
}

#[test]
fn soft_items_are_overridden_by_name_and_a_changed_resolution_leaves_no_gap() {
    let cameras = vec![Camera::start(small(1)).unwrap(), mjpeg(2)];
    let house = House::open(cameras, |_, text| {
        text.replacen("stdio:discs/b-001.iso", "/dev/sr77", 1)
    });
    let results = prechecked(&house, &["interviewee-picture", "sound", "climate", "medium-a"]);
    assert_failed(
        &results,
        "burner-b",
        &["/dev/sr77", "no such drive", "未找到刻录机"],
    );
    let failed: Vec<&str> = results
        .iter()
        .filter(|r| r["passed"] == false)
        .filter_map(|r| r["item"].as_str())
        .collect();
    assert_eq!(
        start(&house, &[]).status,
        409,
        "an override wants its name and reason"
    );
    house.must("precheck", json!({}));
    let begun = start(&house, &failed);
    assert_eq!(begun.status, 200, "{}", begun.body);
    let state = house.until("recording", 20, |s| s["recording"] == true);
    let id = state["interview_id"].as_str().unwrap().to_owned();
    house.say_what_is_owed();
    house.reach(3.0);
    house.cameras[0].change_resolution(1280, 720);
    house.reach(7.0);
    house.cameras[0].change_resolution(320, 180);
    house.reach(10.0);
    house.attest_and_end(&id);
    house.until("disc A", 60, |s| {
        s["discs"]["a"]["state"]
            .as_str()
            .is_some_and(|state| state == "finalised" || state.starts_with("prov"))
    });

    house.is_sound(&id);
    let recording = house.judge_part(&id, 1);
    is_whole(&recording);
    let unread = recording.frames_without_code(0);
    eprintln!(
        "{unread} of {} frames without the camera's picture",
        recording.frames.len()
    );
    assert!(!house.interview(&id).join("part-0002").exists(), "one part");
    let journal = std::fs::read_to_string(house.interview(&id).join("journal.jsonl")).unwrap();
    assert!(
        journal.contains(OVERRIDE_REASON),
        "the override stands in the evidence"
    );
    let disc = verify(&house.place.images()[0], &[&house.interview(&id)]);
    assert!(disc.status.success(), "{}", String::from_utf8_lossy(&disc.stdout));
}

fn used_disc(image: &std::path::Path) {
    let out = Command::new("xorriso")
        .args([
            "-outdev",
            &format!("stdio:{}", image.display()),
            "-map",
            "/etc/hostname",
            "/old",
            "-commit",
        ])
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}
