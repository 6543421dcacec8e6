//! Starting, losing the recording, ways out, incomplete ends, journals that are read back.
//!
//! Nothing that was not recorded may count, and nothing may say that it was.

use super::*;

#[test]
fn nothing_says_recording_before_the_first_fragment_is_durable() {
    let mut room = Room::with(Rules::default());
    room.precheck(&[]);
    room.done(json!({ "kind": "start-interview", "interview": "escort", "participants": [] }));
    assert_eq!(room.interview.state(), StateName::Starting);
    assert!(!room.interview.view().recording);
    room.part_began(1);
    assert!(room.interview.view().recording);
}

#[test]
fn a_failed_hard_item_refuses_the_start_and_a_soft_one_wants_a_name() {
    let start = |overrides: Value| json!({ "kind": "start-interview", "interview": "escort", "participants": [], "overrides": overrides });
    let mut room = Room::with(Rules::default());
    assert_eq!(room.refused(start(json!([]))).rule, RuleId::R10);
    room.precheck(&["sound"]);
    let given = json!([{ "item": "sound", "name": "张", "reason": "r" }]);
    assert_eq!(room.refused(start(given)).code, "precheck-failed");
    room.precheck(&["climate"]);
    assert_eq!(room.refused(start(json!([]))).code, "override-missing");
    room.done(start(
        json!([{ "item": "climate", "name": "张", "reason": "sensor broken" }]),
    ));
}

#[test]
fn an_old_precheck_does_not_start_an_interview() {
    let mut room = Room::with(Rules::default());
    room.precheck(&[]);
    room.at.wall.unix_ms += 31 * 60_000;
    let start = json!({ "kind": "start-interview", "interview": "escort", "participants": [] });
    assert_eq!(room.refused(start.clone()).code, "precheck-stale");
    room.at.wall.unix_ms -= 40 * 60_000;
    assert_eq!(
        room.refused(start).code,
        "precheck-stale",
        "the clock was set back since"
    );
}

#[test]
fn nothing_starts_during_a_talk_with_the_lawyer() {
    let mut room = Room::with(Rules::default());
    room.precheck(&[]);
    room.done(json!({ "kind": "begin-confidential" }));
    let refusal =
        room.refused(json!({ "kind": "start-interview", "interview": "escort", "participants": [] }));
    assert_eq!(refusal.rule, RuleId::R36);
    room.done(json!({ "kind": "end-confidential" }));
    assert_eq!(
        room.interview.state(),
        StateName::Idle,
        "the pre-check is made anew"
    );
}

#[test]
fn an_act_after_the_last_durable_picture_is_void() {
    let mut room = interrogation();
    room.in_review(&[1]);
    room.act("li", 1, "check");
    let recorded_until = room.at;
    let durable = Moment::on_air(
        recorded_until.wall,
        PartNumber(1),
        MediaTime(recorded_until.media.unwrap().media_us.0 + 1),
    );
    room.act("li", 1, "sign");
    room.lost(durable);
    assert_eq!(room.interview.state(), StateName::Suspended);
    let document = room.interview.view().documents.remove(0);
    assert_eq!(
        (document.voided.len(), document.voided[0].because),
        (1, VoidReason::DuringGap)
    );
    let command = room.act_as("li", 1, "sign", electronic());
    assert_eq!(room.refused(command).code, "not-recording");
}

#[test]
fn a_closing_interview_whose_last_signature_was_not_recorded_is_open_again() {
    let mut room = interrogation();
    room.in_review(&[1]);
    room.all_of("li", 1);
    room.act("o1", 1, "sign");
    let before_last = room.at;
    room.tick();
    room.act("o2", 1, "sign");
    room.done(json!({ "kind": "end-interview" }));
    let mut same_again = Room {
        interview: room.interview.clone(),
        at: room.at,
    };
    same_again.lost(room.at);
    assert_eq!(
        same_again.interview.state(),
        StateName::Closing,
        "all that counts is recorded"
    );
    let until = Moment::off_air(WallTime::new(before_last.wall.unix_ms + 1, 480));
    room.lost(until);
    assert_eq!(room.interview.state(), StateName::Suspended);
    assert!(room.interview.observe(room.at, Event::Closed {})[0].kind() == "out-of-place");
}

#[test]
fn after_an_interruption_a_statement_is_owed_before_the_end() {
    let mut room = interrogation();
    let until = room.at;
    room.lost(until);
    room.part_began(2);
    let owed = room.interview.view().statements_owed;
    assert!(
        owed[0].text_zh.contains("录制程序故障") && owed[0].text_zh.contains("2026-09-21"),
        "{owed:?}"
    );
    let refusal = room.refused(json!({ "kind": "end-interview" }));
    assert!(refusal.missing.iter().any(|m| m.act == "statement"));
    room.done(json!({ "kind": "statement-made", "interruption": 1 }));
    assert!(room.interview.view().statements_owed.is_empty());
    let again = room.refused(json!({ "kind": "statement-made", "interruption": 1 }));
    assert_eq!(again.rule, RuleId::R15);
}

#[test]
fn steps_said_after_the_last_durable_picture_are_said_again() {
    let mut room = interrogation();
    let until = room.at;
    room.steps();
    room.lost(until);
    room.part_began(2);
    room.put(&[1], 1).unwrap();
    assert_eq!(room.refused(json!({ "kind": "begin-review" })).missing.len(), 3);
}

#[test]
fn a_new_part_that_nobody_announced_still_owes_a_statement() {
    let mut room = interrogation();
    room.part_began(2);
    assert_eq!(room.interview.view().statements_owed.len(), 1);
    assert_eq!(room.interview.view().parts.len(), 2);
}

#[test]
fn going_on_unrecorded_is_refused_where_the_law_demands_recording() {
    let unrecorded = |number: &str, told: bool| {
        json!({ "kind": "continue-unrecorded", "ground": "urgent", "reason": "火灾", "confirmation": "centre",
            "approver": { "name": "王局", "number": number }, "interviewee_told": told })
    };
    let mut room = interrogation();
    let until = room.at;
    assert_eq!(room.refused(unrecorded("h1", true)).code, "wrong-state");
    room.lost(until);
    assert_eq!(room.refused(unrecorded("h1", true)).rule, RuleId::R14);
    room.done(json!({ "kind": "continue-elsewhere", "place": "a2" }));
    assert_eq!(room.interview.state(), StateName::ContinuedElsewhere);

    let mut room = Room::recording("inquiry-witness", &[("li", "interviewee"), ("o1", "officer")]);
    let until = room.at;
    room.lost(until);
    assert_eq!(room.refused(unrecorded("o1", true)).code, "approver-took-part");
    assert_eq!(room.refused(unrecorded("h1", false)).code, "interviewee-not-told");
    room.done(unrecorded("h1", true));
    assert!(!room.interview.view().recording);
    room.part_began(2);
    assert!(
        room.interview.view().statements_owed[0]
            .text_zh
            .contains("王局批准")
    );
}

#[test]
fn an_incomplete_end_wants_reason_and_approver_but_help_never_waits() {
    let mut room = interrogation();
    room.in_review(&[1]);
    room.act("li", 1, "check");
    let end = |reason: &str, text: &str| json!({ "kind": "end-incomplete", "reason": reason, "text": text, "approver": approver() });
    assert_eq!(room.refused(end("removal", "")).code, "text-missing");
    assert_eq!(
        room.refused(end("removal", "临时提走")).code,
        "confirmation-needed"
    );
    assert_eq!(room.refused(end("continued-elsewhere", "x")).code, "reason-unfit");
    room.done(end("illness", ""));
    let view = room.interview.view();
    assert!(view.confirmation_owed);
    let not_obtained = view.documents[0]
        .acts
        .iter()
        .filter(|a| a.status == ActStatus::NotObtained)
        .count();
    assert_eq!(not_obtained, 4);
    room.interview.observe(room.at, Event::Closed {});
    let confirm = json!({ "kind": "confirm-incomplete", "approver": approver(), "confirmation": "centre" });
    room.done(confirm.clone());
    assert!(!room.interview.view().confirmation_owed);
    assert_eq!(room.refused(confirm).code, "nothing-to-confirm");
}

#[test]
fn a_journal_that_lacks_its_start_is_not_replayed() {
    let mut room = interrogation();
    let entries = room.done(json!({ "kind": "mark", "mark": "rest" }));
    let error = Interview::replay(Rules::default(), &entries).expect_err("replayed without a start");
    assert!(error.to_string().contains("marked"), "{error}");
    assert!(Entry::from_line("fragment", &json!({})).unwrap().is_none());
    assert!(Entry::from_line("marked", &json!({ "mark": "rest" })).is_err());
}

#[test]
fn a_journal_may_begin_at_started_whatever_the_room_did_before() {
    let mut room = Room::with(Rules::default());
    let (alarm, detail) = (Alarm::ClimateStale, String::new());
    room.interview
        .observe(room.at, Event::AlarmRaised { alarm, detail });
    room.precheck(&[]);
    let start = json!({ "kind": "start-interview", "interview": "escort", "participants": [] });
    let entries = room.done(start);
    assert_eq!(
        Interview::replay(Rules::default(), &entries).unwrap(),
        room.interview
    );
}
