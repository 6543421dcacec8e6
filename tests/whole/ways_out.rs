//! The ways out of a suspension: an approver who is proved, never believed.
//!
//! The media process is held still, so that nothing can be recorded, or only the door is spoken to where the
//! state allows. What was secret must be nowhere afterwards.

use super::faults::{goes_on_as_the_next_part, is_suspended};
use super::house::{House, PROGRAM};
use serde_json::{Value, json};
use shenlu::demo::officer;
use shenlu::demo::room_child::RoomChild;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub const NAME: &str = "赵所长";
pub const NUMBER: &str = "130009";
pub const SECRET: &str = "zhao-keeps-this-one";

/// `shenlu approver …` as the administrator types it.
pub fn desk(house: &House, arguments: &[&str], stdin: &str) -> Output {
    type_in(house, &[&["approver"], arguments].concat(), stdin)
}

fn type_in(house: &House, arguments: &[&str], stdin: &str) -> Output {
    let mut child = Command::new(PROGRAM)
        .args(arguments)
        .arg("--config")
        .arg(&house.place.config)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // One that reads nothing may have ended already.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    child.wait_with_output().unwrap()
}

/// Known to the room, which runs and is told nothing.
pub fn add_approver(house: &House, name: &str, number: &str, secret: &str) {
    let added = desk(
        house,
        &["add", "--name", name, "--number", number],
        &format!("{secret}\n"),
    );
    assert!(
        added.status.success(),
        "{}",
        String::from_utf8_lossy(&added.stderr)
    );
}

fn codes(house: &House, number: &str) -> Vec<String> {
    let made = desk(house, &["codes", "--number", number], "");
    let text = String::from_utf8(made.stdout).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// The end that only an approver makes possible.
pub fn removal(more: Value) -> Value {
    let mut fields = json!({
        "reason": "removal", "text": "临时提走", "approver": {"name": "somebody", "number": NUMBER},
    });
    fields
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    fields
}

fn audit(house: &House) -> Vec<Value> {
    let text = std::fs::read_to_string(house.place.data.join("audit.jsonl")).unwrap();
    text.lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["data"].clone())
        .collect()
}

pub fn audited(house: &House, action: &str) -> Vec<String> {
    let lines = audit(house).into_iter().filter(|line| line["action"] == action);
    lines
        .map(|line| line["resource"].as_str().unwrap().to_owned())
        .collect()
}

/// Nothing below the data directory and no log holds any of these.
fn holds_none_of(house: &House, secrets: &[&str]) {
    let mut files = vec![house.place.dir.join("room.log")];
    collect(&house.place.data, &mut files);
    assert!(files.len() > 5);
    for file in files {
        let bytes = std::fs::read(&file).unwrap_or_default();
        for secret in secrets {
            let found = bytes
                .windows(secret.len())
                .any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} stands in {}", file.display());
        }
    }
}

fn collect(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        if entry.file_type().unwrap().is_dir() {
            collect(&entry.path(), files);
        } else if entry.path().extension().is_none_or(|e| e != "mp4") {
            files.push(entry.path());
        }
    }
}

/// The eight digits as somebody might have logged them.
fn forms(code: &str) -> [String; 2] {
    let digits = code.split_once('-').unwrap().1;
    [digits.to_owned(), digits.replace('-', "")]
}

/// While it lives every media process of the room is stopped as soon as it is seen: nothing can be recorded.
pub struct HeldStill {
    ends: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl HeldStill {
    pub fn hold(house: &House) -> HeldStill {
        let ends = Arc::new(AtomicBool::new(false));
        let (told, parent) = (Arc::clone(&ends), house.room.child.id().to_string());
        let thread = std::thread::spawn(move || {
            while !told.load(Ordering::SeqCst) {
                signal_media(&parent, "-STOP");
                std::thread::sleep(Duration::from_millis(30));
            }
            signal_media(&parent, "-CONT");
        });
        HeldStill {
            ends,
            thread: Some(thread),
        }
    }
}

impl Drop for HeldStill {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

pub fn signal_media(parent: &str, signal: &str) {
    let found = Command::new("pgrep")
        .args(["-P", parent, "-f", " media"])
        .output()
        .unwrap();
    for pid in String::from_utf8_lossy(&found.stdout).lines() {
        let _ = Command::new("kill")
            .args([signal, pid])
            .stderr(Stdio::null())
            .status();
    }
}

fn start(house: &House, kind: &str) {
    let fields = json!({
        "interview": kind, "case": {"number": "A1300002026110009", "name": "示范案件", "incident_number": ""},
        "participants": [
            {"id": "p1", "name": "张某", "role": "interviewee"},
            {"id": "o1", "name": "李警官", "role": "officer", "number": "130001"},
            {"id": "o2", "name": "王警官", "role": "officer", "number": "130002"},
        ],
    });
    house.must("start-interview", fields);
    house.until("recording", 20, |s| s["recording"] == true);
}

#[test]
fn an_approver_is_proved_by_secret_or_code_once_and_nothing_secret_is_kept() {
    let (house, _) = House::recording();
    let short = desk(
        &house,
        &["add", "--name", NAME, "--number", NUMBER],
        "123456789\n",
    );
    assert!(!short.status.success(), "nine characters are too few");
    add_approver(&house, NAME, NUMBER, SECRET);
    add_approver(&house, "李警官", "130001", "li-took-part-in-it");
    let codes = codes(&house, NUMBER);
    assert_eq!(codes.len(), 10);
    let ask = |fields: Value| house.room.ask("end-incomplete", fields).unwrap();

    for claim in ["own-credential", "telephone-code", "centre"] {
        let reply = ask(removal(json!({"confirmation": claim})));
        assert_eq!(
            (reply.status, &reply.body["code"]),
            (409, &json!("approver-not-proved")),
            "{claim}"
        );
        assert_eq!(reply.body["rule"], "R-14");
        assert!(
            reply.body["message_zh"].as_str().unwrap().contains("口令"),
            "{}",
            reply.body
        );
    }
    let wrong = ask(removal(json!({"credential": {"secret": "zhao-never-said-this"}})));
    assert_eq!(
        (wrong.status, &wrong.body["code"]),
        (409, &json!("approver-not-proved"))
    );
    assert_eq!(audited(&house, "approver-not-proved").len(), 1);
    let own_case = json!({"approver": {"number": "130001"}, "credential": {"secret": "li-took-part-in-it"}});
    assert_eq!(ask(removal(own_case)).body["code"], "approver-took-part");
    // What cannot pass costs no code.
    let unfit = json!({"reason": "continued-elsewhere", "credential": {"code": codes[0]}});
    assert_eq!(ask(removal(unfit)).body["code"], "reason-unfit");

    let end = || removal(json!({"credential": {"code": codes[0]}}));
    let send = |fields| {
        house
            .room
            .client
            .command("end-1", "end-incomplete", fields)
            .unwrap()
    };
    let first = send(end());
    assert_eq!(first.status, 200, "{}", first.body);
    for again in [
        end(),
        removal(json!({})),
        removal(json!({"confirmation": "telephone-code"})),
    ] {
        let reply = send(again);
        assert_eq!(
            (reply.status, &reply.body),
            (200, &first.body),
            "the same answer for ever"
        );
    }
    let id = first.body["interview_id"].as_str().unwrap().to_owned();
    house.until("closed", 60, |s| s["interview_id"].is_null());

    let proved = audited(&house, "approver-proved");
    assert_eq!(proved.len(), 1, "{proved:?}");
    assert!(
        proved[0].contains(NUMBER) && proved[0].contains("telephone-code 1"),
        "{proved:?}"
    );
    assert_eq!(audited(&house, "approver-add").len(), 3);
    let listed = String::from_utf8(desk(&house, &["list"], "").stdout).unwrap();
    assert!(listed.contains("130009 赵所长 (9)"), "{listed}");
    let manifest = std::fs::read_to_string(house.interview(&id).join("manifest.json")).unwrap();
    assert!(
        manifest.contains("赵所长") && manifest.contains("telephone-code"),
        "{manifest}"
    );
    assert!(!manifest.contains("somebody"), "the name is the account's");

    let mut secrets = vec![
        SECRET.to_owned(),
        "li-took-part-in-it".into(),
        "zhao-never-said-this".into(),
    ];
    secrets.extend(codes.iter().flat_map(|code| forms(code)));
    let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
    holds_none_of(&house, &secrets);
    let removed = desk(&house, &["remove", "--number", NUMBER], "");
    assert!(removed.status.success());
}

#[test]
fn an_interview_goes_on_unrecorded_by_a_proved_approver_only() {
    let house = House::ready();
    add_approver(&house, NAME, NUMBER, SECRET);
    let codes = codes(&house, NUMBER);
    start(&house, "inquiry-witness");
    house.say_what_is_owed();
    house.reach(2.0);
    let _still = HeldStill::hold(&house);
    house.until("suspended", 60, |s| s["interview"]["state"] == "suspended");
    let unrecorded = |more: Value| {
        let mut fields = json!({"ground": "urgent", "reason": "证人须立即就医", "interviewee_told": true,
            "approver": {"name": "somebody", "number": NUMBER}});
        fields
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        house.room.ask("continue-unrecorded", fields).unwrap()
    };
    for claim in [json!({}), json!({"confirmation": "own-credential"})] {
        let reply = unrecorded(claim);
        assert_eq!(
            (reply.status, &reply.body["code"]),
            (409, &json!("approver-not-proved"))
        );
    }
    let reply = unrecorded(json!({"credential": {"code": codes[4]}}));
    assert_eq!(reply.status, 200, "{}", reply.body);
    let state = house.until("unrecorded", 5, |s| s["interview"]["state"] == "unrecorded");
    let approval = &state["interview"]["interruptions"][0]["unrecorded"];
    assert_eq!(approval["approver"]["name"], NAME);
    assert_eq!(approval["confirmation"], "telephone-code");

    let again = house
        .room
        .ask(
            "end-incomplete",
            removal(json!({"credential": {"code": codes[4]}})),
        )
        .unwrap();
    assert_eq!(
        (again.status, &again.body["code"]),
        (409, &json!("approver-not-proved")),
        "used once"
    );
    house.must(
        "end-incomplete",
        removal(json!({"credential": {"secret": SECRET}})),
    );
    house.until("closed", 60, |s| s["interview_id"].is_null());
}

#[test]
fn an_urgent_end_is_confirmed_after_the_interview_was_closed_and_over_a_restart() {
    let mut house = House::ready();
    add_approver(&house, NAME, NUMBER, SECRET);
    start(&house, "inquiry-witness");
    house.say_what_is_owed();
    house.reach(2.0);
    let id = house.room.state().unwrap()["interview_id"]
        .as_str()
        .unwrap()
        .to_owned();
    house.must(
        "end-incomplete",
        json!({"reason": "illness", "text": "突发疾病送医", "approver": {"name": NAME, "number": NUMBER}}),
    );
    house.until("closed, and not confirmed", 60, |s| {
        s["interview_id"].is_null() && s["confirmations_owed"] == json!([id])
    });
    house.room.child.kill().unwrap();
    house.room.child.wait().unwrap();
    house.room = RoomChild::start(Path::new(PROGRAM), &house.place).unwrap();
    house.until("still not confirmed", 10, |s| {
        s["confirmations_owed"] == json!([id])
    });
    let before = std::fs::read(house.interview(&id).join("journal.jsonl")).unwrap();

    let confirm = |more: Value| {
        let mut fields = json!({"approver": {"name": "somebody", "number": NUMBER}});
        fields
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let command_id = format!("confirm {more}");
        house
            .room
            .client
            .command(&command_id, "confirm-incomplete", fields)
            .unwrap()
    };
    let credential = json!({"secret": SECRET});
    assert_eq!(
        confirm(json!({"confirmation": "own-credential"})).status,
        409,
        "a bare claim"
    );
    let other = confirm(json!({"credential": credential, "interview": "a1-20200101-000000"}));
    assert_eq!(
        (other.status, &other.body["code"]),
        (409, &json!("nothing-to-confirm"))
    );
    let done = confirm(json!({"credential": credential}));
    assert_eq!(
        (done.status, &done.body["interview_id"]),
        (200, &json!(id)),
        "{}",
        done.body
    );
    let again = confirm(json!({"credential": credential}));
    assert_eq!(
        (again.status, again.body),
        (done.status, done.body),
        "the same answer"
    );
    house.until("confirmed", 5, |s| s["confirmations_owed"] == json!([]));
    let ledger = std::fs::read_to_string(house.place.data.join("ledger.jsonl")).unwrap();
    let line = ledger
        .lines()
        .find(|line| line.contains("incomplete-confirmed"))
        .unwrap();
    assert!(line.contains(&id) && line.contains(NAME), "{line}");
    let after = std::fs::read(house.interview(&id).join("journal.jsonl")).unwrap();
    assert_eq!(after, before, "a closed interview never changes");
}

#[test]
fn what_went_on_unrecorded_is_recorded_again_by_itself_as_soon_as_it_can_be() {
    let mut house = House::ready();
    add_approver(&house, NAME, NUMBER, SECRET);
    start(&house, "inquiry-witness");
    house.say_what_is_owed();
    house.reach(2.0);
    let id = house.room.state().unwrap()["interview_id"]
        .as_str()
        .unwrap()
        .to_owned();
    house.cameras[0].stop();
    house.until("suspended", 10, is_suspended);
    house.must(
        "continue-unrecorded",
        json!({"ground": "delay-too-long", "reason": "证人须赶末班车", "interviewee_told": true,
            "approver": {"name": "somebody", "number": NUMBER}, "credential": {"secret": SECRET}}),
    );
    house.until("still written, never told recording", 5, |s| {
        s["interview"]["state"] == "unrecorded" && s["recording"] == false && s["still_written"] == true
    });
    house.cameras[0].start_again().unwrap();
    // nobody has to ask for it, and nobody can keep it from happening.
    goes_on_as_the_next_part(&house, 2);
    let state = house.room.state().unwrap();
    let gap = &state["interview"]["interruptions"][0];
    assert_eq!(gap["unrecorded"]["approver"]["name"], NAME, "{gap}");
    house.must(
        "end-incomplete",
        removal(json!({"credential": {"secret": SECRET}})),
    );
    house.until("closed", 60, |s| s["interview_id"].is_null());
    let manifest = std::fs::read_to_string(house.interview(&id).join("manifest.json")).unwrap();
    assert!(manifest.contains(NAME) && manifest.contains("证人须赶末班车"));
    let journal = house.journal(&id);
    let said = journal.iter().find(|line| line["kind"] == "statement-made");
    assert!(said.is_some(), "the gap was spoken of");
}

#[test]
fn where_the_law_demands_recording_no_approver_can_waive_it() {
    let house = House::ready();
    add_approver(&house, NAME, NUMBER, SECRET);
    officer::start(&house.room).unwrap();
    house.until("recording", 20, |s| s["recording"] == true);
    house.reach(2.0);
    let _still = HeldStill::hold(&house);
    house.until("suspended", 60, |s| s["interview"]["state"] == "suspended");
    let fields = json!({"ground": "urgent", "reason": "急", "interviewee_told": true,
        "approver": {"number": NUMBER}, "credential": {"secret": SECRET}});
    let reply = house.room.ask("continue-unrecorded", fields).unwrap();
    assert_eq!((reply.status, &reply.body["code"]), (409, &json!("must-record")));
    assert_eq!(
        audited(&house, "approver-proved").len(),
        0,
        "his word was not even asked for"
    );
    // On the command line the credential comes by standard input, where no list of processes shows it.
    let fields = removal(json!({"credential": {"secret": SECRET}})).to_string();
    let ended = type_in(&house, &["command", "end-incomplete", "-"], &fields);
    assert!(
        ended.status.success(),
        "{}",
        String::from_utf8_lossy(&ended.stdout)
    );
    house.until("closed", 60, |s| s["interview_id"].is_null());
}
