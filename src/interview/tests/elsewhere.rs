//! What went on in another place: its recordings, the end that rests on them, the words that name them.
//!
//! Files are imported here as the room does it: decided first, admitted when they stand in their place.

use super::*;

fn import(name: &str, interruption: u32) -> Import {
    Import {
        interruption: InterruptionId(interruption),
        path: format!("attachments/elsewhere-{interruption}/{name}"),
        sha256: Sha256Hex::try_from(digest(1)).unwrap(),
        size: 64 << 20,
        device: "DSJ-01".into(),
        from: WallTime::parse("2026-09-21T10:00:00+08:00").unwrap(),
        until: WallTime::parse("2026-09-21T10:20:00+08:00").unwrap(),
    }
}

fn link(more: Value) -> Value {
    let mut fields = json!({ "kind": "link-recording", "interruption": 1, "room": "a2",
        "interview_id": "a2-20260921-100000", "from": "2026-09-21T10:00:00+08:00",
        "until": "2026-09-21T10:20:00.500+08:00" });
    fields
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    fields
}

fn suspended() -> Room {
    let mut room = interrogation();
    let until = room.at;
    room.lost(until);
    room
}

fn take_in(room: &mut Room, import: Import) {
    let at = room.tick();
    let entries = room.interview.import(at, import).unwrap();
    room.interview.admit(&entries).unwrap();
}

#[test]
fn an_end_elsewhere_is_refused_until_its_recording_is_known() {
    let mut room = suspended();
    room.done(json!({ "kind": "continue-elsewhere", "place": "第二讯问室" }));
    let end = json!({ "kind": "end-incomplete", "reason": "continued-elsewhere", "text": "转至第二讯问室",
        "approver": approver(), "confirmation": "own-credential" });
    let refusal = room.refused(end.clone());
    assert_eq!((refusal.code, refusal.rule), ("elsewhere-unlinked", RuleId::R14));
    assert_eq!(refusal.missing[0].act, "link-recording");
    assert!(refusal.missing[0].text_zh.contains("第二讯问室"), "{refusal:?}");
    room.done(link(json!({})));
    room.done(end);
    assert_eq!(room.interview.state(), StateName::Closing);
}

#[test]
fn an_imported_file_is_as_good_as_a_link_and_its_name_is_used_once() {
    let mut room = suspended();
    room.done(json!({ "kind": "continue-elsewhere", "place": "a2" }));
    let before = room.interview.clone();
    let entries = room.interview.import(room.at, import("001.mp4", 1)).unwrap();
    assert_eq!(
        room.interview, before,
        "nothing says so before the file stands in its place"
    );
    assert_eq!(entries[0].kind(), "recording-imported");
    let read = Entry::from_line(entries[0].kind(), &entries[0].data()).unwrap();
    assert_eq!(read.as_ref(), Some(&entries[0]));
    room.interview.admit(&entries).unwrap();
    let twice = room.interview.import(room.at, import("001.mp4", 1)).unwrap_err();
    assert_eq!(twice.code, "import-twice");
    let unknown = room.interview.import(room.at, import("001.mp4", 7)).unwrap_err();
    assert_eq!(unknown.code, "interruption-unknown");
    room.done(
        json!({ "kind": "end-incomplete", "reason": "continued-elsewhere", "text": "t",
        "approver": approver(), "confirmation": "telephone-code" }),
    );
}

#[test]
fn recordings_come_in_every_state_until_the_interview_closes() {
    let mut room = interrogation();
    assert_eq!(room.refused(link(json!({}))).code, "interruption-unknown");
    let until = room.at;
    room.lost(until);
    room.done(link(json!({ "note": "suspended" })));
    room.done(json!({ "kind": "continue-elsewhere", "place": "a2" }));
    room.done(link(
        json!({ "room": null, "device": "DSJ-02", "interview_id": "" }),
    ));
    room.part_began(2);
    room.done(link(json!({ "uuid": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff" })));
    take_in(&mut room, import("late.mp4", 1));
    assert!(
        room.interview.view().recording,
        "files come while the recording goes on"
    );
    assert_eq!(room.interview.view().interruptions[0].recordings.len(), 4);
    room.done(json!({ "kind": "end-incomplete", "reason": "illness", "text": "", "approver": approver() }));
    assert_eq!(room.refused(link(json!({}))).code, "wrong-state");
    assert!(room.interview.import(room.at, import("too-late.mp4", 1)).is_err());
}

#[test]
fn a_recording_goes_on_unrecorded_and_a_device_filmed_it_all_the_same() {
    let mut room = Room::recording("inquiry-witness", &[("li", "interviewee"), ("o1", "officer")]);
    let until = room.at;
    room.lost(until);
    room.done(
        json!({ "kind": "continue-unrecorded", "ground": "urgent", "reason": "火灾",
        "confirmation": "own-credential", "approver": approver(), "interviewee_told": true }),
    );
    take_in(&mut room, import("001.mp4", 1));
    room.part_began(2);
    let owed = &room.interview.view().statements_owed[0];
    for said in ["王局批准", "移动设备DSJ-01"] {
        assert!(owed.text_zh.contains(said), "{owed:?}");
    }
}

#[test]
fn a_link_names_one_recorder_and_times_in_order() {
    let mut room = suspended();
    for (more, code) in [
        (json!({ "device": "DSJ-01" }), "recorder-unclear"),
        (json!({ "room": null }), "recorder-unclear"),
        (json!({ "interview_id": "" }), "text-missing"),
        (json!({ "from": "gestern" }), "times-unfit"),
        (json!({ "until": "2026-09-21T09:00:00+08:00" }), "times-unfit"),
        (json!({ "interruption": 2 }), "interruption-unknown"),
    ] {
        assert_eq!(room.refused(link(more.clone())).code, code, "{more}");
    }
}

#[test]
fn the_statement_names_the_place_and_each_recorder_once() {
    let mut room = suspended();
    room.done(json!({ "kind": "continue-elsewhere", "place": "第二讯问室" }));
    room.done(link(json!({})));
    take_in(&mut room, import("001.mp4", 1));
    take_in(&mut room, import("002.mp4", 1));
    room.part_began(2);
    let owed = room.interview.view().statements_owed.remove(0);
    for said in ["转至第二讯问室", "a2讯（询）问室", "移动设备DSJ-01"] {
        assert_eq!(owed.text_zh.matches(said).count(), 1, "{owed:?}");
    }
    assert!(
        owed.text_en.contains("room a2, mobile recorder DSJ-01"),
        "{owed:?}"
    );
}

#[test]
fn with_everything_attested_the_statement_alone_keeps_the_interview_open() {
    let mut room = interrogation();
    let until = room.at;
    room.lost(until);
    room.part_began(2);
    room.in_review(&[1]);
    room.all_of("li", 1);
    room.act("o1", 1, "sign");
    room.act("o2", 1, "sign");
    let refusal = room.refused(json!({ "kind": "end-interview" }));
    let missing: Vec<&str> = refusal.missing.iter().map(|m| m.act).collect();
    assert_eq!(missing, ["statement"]);
    room.done(json!({ "kind": "statement-made", "interruption": 1 }));
    room.done(json!({ "kind": "end-interview" }));
}
