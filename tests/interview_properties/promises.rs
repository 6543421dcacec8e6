//! What must hold in every view, judged from outside the state machine.
//!
//! Called by the world after each move; each panics with the act or gap that breaks the promise.

use serde_json::Value;
use shenlu::interview::{
    ActStatus, DocumentView, Ending, Entry, Fact, IncompleteReason, Moment, Sha256Hex, Statement, View,
};

pub fn assert_changed_pages_are_void(was: &View, now: &View, pages: &[Sha256Hex]) {
    let (Some(was), Some(now)) = (was.documents.first(), now.documents.first()) else {
        return;
    };
    for act in &was.acts {
        let ActStatus::Recorded { page_sha256, at, .. } = &act.status else {
            continue;
        };
        assert!(
            act.page.0 as usize <= pages.len(),
            "the attested page of {act:?} was taken out"
        );
        if pages.get(act.page.0 as usize - 1) == Some(page_sha256) {
            continue;
        }
        let kept = now
            .voided
            .iter()
            .any(|v| v.person == act.person && v.act == act.act && v.at == *at);
        assert!(kept, "{act:?} lost its page and is not kept as void");
        let again = now
            .acts
            .iter()
            .find(|a| a.page == act.page && a.person == act.person && a.act == act.act);
        assert!(
            again.is_none_or(|a| a.status == ActStatus::Open),
            "{again:?} stands on a changed page"
        );
    }
}

/// After the last durable picture and before the recording went on.
pub fn in_a_gap(view: &View, at: &Moment) -> bool {
    view.interruptions
        .iter()
        .any(|gap| at.not_before(&gap.from) && !gap.to.is_some_and(|to| at.not_before(&to)))
}

pub fn assert_nothing_stands_in_a_gap(view: &View) {
    for act in view.documents.iter().flat_map(|d| &d.acts) {
        if let ActStatus::Recorded { at, .. } = &act.status {
            assert!(!in_a_gap(view, at), "{act:?} stands where nothing was recorded");
        }
    }
    for gap in &view.interruptions {
        if let Statement::Made { at } = &gap.statement {
            assert!(
                !in_a_gap(view, at),
                "the statement about {gap:?} was not recorded"
            );
        }
    }
}

/// Whoever says that it went on elsewhere says where its recording is.
pub fn assert_an_end_elsewhere_has_its_recording(view: &View) {
    let Some(Ending::Incomplete(incomplete)) = &view.ending else {
        return;
    };
    if incomplete.reason == IncompleteReason::ContinuedElsewhere {
        let gap = view.interruptions.last().expect("an interruption");
        assert!(!gap.recordings.is_empty(), "no recording of {gap:?} is known");
    }
}

pub fn assert_acts_attest_their_pages(view: &View) {
    for document in &view.documents {
        for act in &document.acts {
            if let ActStatus::Recorded { page_sha256, .. } = &act.status {
                assert_eq!(
                    Some(page_sha256),
                    document.pages.get(act.page.0 as usize - 1),
                    "{act:?}"
                );
            }
        }
    }
}

pub fn assert_no_act_was_lost(view: &View, journal: &[Entry]) {
    let told = journal
        .iter()
        .filter(|entry| matches!(entry.fact, Fact::ActRecorded { .. }))
        .count();
    let recorded = |d: &DocumentView| {
        let standing = d
            .acts
            .iter()
            .filter(|a| matches!(a.status, ActStatus::Recorded { .. }))
            .count();
        standing + d.voided.len()
    };
    assert_eq!(told, view.documents.iter().map(recorded).sum::<usize>());
}

pub fn assert_integers_only(value: &Value) {
    match value {
        Value::Number(number) => {
            let safe = number.as_i64().is_some_and(|n| n.unsigned_abs() < 1 << 53);
            assert!(safe, "{number} cannot stand in a journal");
        }
        Value::Array(items) => items.iter().for_each(assert_integers_only),
        Value::Object(fields) => fields.values().for_each(assert_integers_only),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}
