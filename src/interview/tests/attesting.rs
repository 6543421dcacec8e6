//! Steps, documents, acts, people and the ordinary end.
//!
//! Each test is one promise to those who review an interview later.

use super::*;

#[test]
fn stopping_early_is_refused_with_r11_and_the_list_of_what_is_missing() {
    let mut room = interrogation();
    room.in_review(&[1, 2]);
    room.all_of("li", 1);
    let refusal = room.refused(json!({ "kind": "end-interview" }));
    assert_eq!((refusal.code, refusal.rule), ("unfinished", RuleId::R11));
    let list: Vec<(Option<String>, &str, Option<u32>)> = refusal
        .missing
        .iter()
        .map(|m| (m.person.clone().map(String::from), m.act, m.page.map(|p| p.0)))
        .collect();
    let li = || Some("li".to_string());
    assert_eq!(
        list[..3],
        [
            (li(), "check", Some(2)),
            (li(), "sign", Some(2)),
            (li(), "fingerprint", Some(2))
        ]
    );
    assert_eq!(list[3..].len(), 2, "each officer signs the last page");
    let answer = serde_json::to_value(&refusal).unwrap();
    assert_eq!(answer["rule"], "R-11");
    assert_eq!(answer["missing"][0]["document"], "transcript");
    assert!(
        answer["missing"][0]["text_zh"]
            .as_str()
            .unwrap()
            .contains("讯问笔录")
    );
}

#[test]
fn a_whole_interview_closes_once_the_officers_have_signed() {
    let mut room = interrogation();
    room.in_review(&[1]);
    assert_eq!(room.interview.view().phase, Some(Phase::Review));
    room.all_of("li", 1);
    room.act("o1", 1, "sign");
    room.act("o2", 1, "sign");
    assert_eq!(room.interview.view().phase, Some(Phase::Complete));
    room.done(json!({ "kind": "end-interview" }));
    assert_eq!(room.interview.state(), StateName::Closing);
    assert!(!room.interview.view().recording);
    let entries = room.interview.observe(room.at, Event::Closed {});
    assert_eq!(entries[0].kind(), "interview-closed");
    assert_eq!(room.interview.state(), StateName::Closed);
}

#[test]
fn the_review_waits_for_the_required_steps() {
    let mut room = interrogation();
    room.put(&[1], 1).unwrap();
    let refusal = room.refused(json!({ "kind": "begin-review" }));
    assert_eq!(refusal.rule, RuleId::R35);
    let steps: Vec<&str> = refusal.missing.iter().map(|m| m.act).collect();
    assert_eq!(steps, ["announced", "rights-read", "identity-established"]);
}

#[test]
fn acts_are_refused_out_of_order_and_officers_wait_for_the_interviewee() {
    let mut room = interrogation();
    room.in_review(&[1, 2]);
    for (who, page, act) in [("li", 1, "fingerprint"), ("li", 1, "sign"), ("o1", 2, "sign")] {
        let command = room.act_as(who, page, act, electronic());
        let refusal = room.refused(command);
        assert_eq!(
            (refusal.code, refusal.rule),
            ("act-out-of-order", RuleId::R11),
            "{who} {act}"
        );
        assert!(!refusal.missing.is_empty());
    }
    let command = room.act_as("o1", 1, "sign", electronic());
    assert_eq!(
        room.refused(command).code,
        "act-not-owed",
        "officers sign the last page"
    );
}

#[test]
fn a_refusal_to_sign_is_an_outcome_and_can_still_become_a_signature() {
    let mut room = interrogation();
    room.in_review(&[1]);
    room.act("li", 1, "check");
    let bare = json!({ "result": "refused", "reason": "", "officers_note": "" });
    let command = room.act_as("li", 1, "sign", bare);
    assert_eq!(room.refused(command).code, "text-missing");
    let refused = json!({ "result": "refused", "reason": "不认可", "officers_note": "已告知" });
    let command = room.act_as("li", 1, "sign", refused.clone());
    room.done(command);
    room.act("li", 1, "sign");
    let command = room.act_as("li", 1, "sign", refused.clone());
    assert_eq!(room.refused(command).code, "act-done", "what was done stays done");
    assert_eq!(
        room.interview.view().documents[0].voided[0].because,
        VoidReason::Superseded
    );
    room.act("li", 1, "fingerprint");
    let command = room.act_as("o1", 1, "sign", refused);
    assert_eq!(room.refused(command).code, "police-cannot-refuse");
}

#[test]
fn a_corrected_page_is_checked_again_and_the_officers_sign_again() {
    let mut room = interrogation();
    room.in_review(&[1, 2]);
    room.all_of("li", 1);
    room.all_of("li", 2);
    room.act("o1", 2, "sign");
    room.put(&[11, 2], 2).unwrap();
    let document = room.interview.view().documents.remove(0);
    let because: Vec<VoidReason> = document.voided.iter().map(|v| v.because).collect();
    assert_eq!(
        because,
        [
            VoidReason::PageChanged,
            VoidReason::PageChanged,
            VoidReason::PageChanged,
            VoidReason::DocumentChanged
        ]
    );
    assert_eq!(room.refused(json!({ "kind": "end-interview" })).missing.len(), 5);
    let stale = room.put(&[12, 2], 2).expect_err("stale");
    assert_eq!(stale.code, "revision-stale");
    assert_eq!(
        room.put(&[11], 3).expect_err("page 2 is attested").code,
        "page-attested"
    );
}

#[test]
fn a_page_that_changed_under_the_pen_is_not_signed() {
    let mut room = interrogation();
    room.in_review(&[1]);
    let command = room.act_as("li", 1, "check", electronic());
    room.put(&[2], 2).unwrap();
    assert_eq!(room.refused(command).code, "page-changed");
}

#[test]
fn questions_can_be_asked_again_until_the_last_act() {
    let mut room = interrogation();
    room.in_review(&[1]);
    room.all_of("li", 1);
    let back = json!({ "kind": "resume-questioning", "reason": "补充" });
    room.done(back.clone());
    assert_eq!(room.interview.view().phase, Some(Phase::Questioning));
    assert!(
        room.refused(json!({ "kind": "end-interview" }))
            .missing
            .iter()
            .any(|m| m.act == "review")
    );
    room.done(json!({ "kind": "begin-review" }));
    room.act("o1", 1, "sign");
    room.act("o2", 1, "sign");
    assert_eq!(room.refused(back).code, "nothing-open");
}

#[test]
fn whoever_took_part_owes_acts_even_after_leaving() {
    let mut room = interrogation();
    room.done(json!({ "kind": "join-participant", "participant": person("fan", "interpreter") }));
    room.done(json!({ "kind": "leave-participant", "person": "fan" }));
    room.in_review(&[1]);
    room.all_of("li", 1);
    let command = room.act_as("fan", 1, "sign", electronic());
    assert_eq!(room.refused(command).code, "person-absent");
    let unable = json!({ "result": "unable", "reason": "called away", "replaced_by": "signed on paper" });
    let command = room.act_as("fan", 1, "sign", unable);
    room.done(command);
}

#[test]
fn an_interval_left_open_keeps_the_interview_open() {
    let mut room = Room::recording("safety-check", &[("li", "interviewee"), ("o1", "officer")]);
    room.done(json!({ "kind": "mark", "mark": "announced" }));
    room.done(json!({ "kind": "begin-interval", "interval": "break", "present": ["o1"] }));
    assert!(room.interview.view().recording, "a break is no pause");
    assert_eq!(
        room.refused(json!({ "kind": "end-interview" })).missing[0].act,
        "end-interval"
    );
    room.done(json!({ "kind": "end-interval", "interval": 1 }));
    room.done(json!({ "kind": "end-interview" }));
}

#[test]
fn the_end_waits_for_leaving_where_it_is_configured() {
    let mut room = Room::with(Rules {
        end_after: EndAfter::LeftRoom,
        ..Rules::default()
    });
    room.start(
        "safety-check",
        &[("li", "interviewee"), ("o1", "officer"), ("o2", "officer")],
    );
    room.done(json!({ "kind": "mark", "mark": "announced" }));
    assert_eq!(
        room.refused(json!({ "kind": "end-interview" })).missing[0].act,
        "leave"
    );
    room.done(json!({ "kind": "leave-participant", "person": "li" }));
    room.done(json!({ "kind": "end-interview" }));
}

#[test]
fn one_officer_alone_raises_an_alarm_and_records_on() {
    let mut room = interrogation();
    let entries = room.done(json!({ "kind": "leave-participant", "person": "o2" }));
    let kinds: Vec<&str> = entries.iter().map(Entry::kind).collect();
    assert_eq!(kinds, ["left", "alarm-raised"]);
    let alarm = room.interview.view().alarms.remove(0);
    assert_eq!((alarm.alarm, alarm.rule), (Alarm::TooFewOfficers, RuleId::R30));
    assert!(room.interview.view().recording);
    let entries = room.done(json!({ "kind": "join-participant", "participant": person("o2", "officer") }));
    assert_eq!(entries[1].kind(), "alarm-cleared");
}

#[test]
fn showing_the_evidence_camera_marks_the_timeline() {
    let mut room = interrogation();
    let entries = room.done(json!({ "kind": "switch-layout", "layout": "evidence", "text": "刀具" }));
    assert_eq!(entries.len(), 2);
    assert_eq!(room.interview.view().marks[0].mark, MarkKind::EvidenceShown);
    assert_eq!(room.interview.view().layout, Layout::Evidence);
}

#[test]
fn rules_can_be_configured_by_kind_and_unknown_keys_are_errors() {
    let row = json!({ "transcript": false, "min_officers": 1, "must_record": true, "required_steps": ["announced"],
        "duties": [{ "role": "lawyer", "act": "sign", "pages": "last" }] });
    let rules: Rules = serde_json::from_value(json!({ "kinds": { "mediation": row } })).unwrap();
    assert_eq!(rules.of(InterviewKind::Mediation).min_officers, 1);
    assert_eq!(
        rules.of(InterviewKind::Interrogation),
        KindRules::lawful(InterviewKind::Interrogation)
    );
    assert!(serde_json::from_value::<Rules>(json!({ "min_oficers": 1 })).is_err());
}
