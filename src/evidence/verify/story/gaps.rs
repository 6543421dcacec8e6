//! Each time without recording: from when to when, why, whether it was explained aloud, and what went on
//! meanwhile with whose approval.
//!
//! Made by `Story::of`, and by `Timeline::told` while the journal grows. The evidence's own `gap` lines say how long; the interview's lines say the rest, and are
//! found by the part that resumed, or by the one that was interrupted.

use super::fields::{Approved, Moment, approved, list, moment, moment_of, number, text};
use crate::evidence::{entries::Gap, line::Line};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Time between two parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GapTold {
    pub after_part: u32,
    pub before_part: u32,
    pub from: String,
    pub to: String,
    /// By the wall clock.
    pub duration_us: i64,
    /// Cause and detail, where the journal has them.
    pub reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// Absent where the journal knows of no interruption.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<StatementTold>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unrecorded: Option<UnrecordedTold>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elsewhere: Option<ElsewhereTold>,
}

/// What became of the words owed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum StatementTold {
    Made(Moment),
    Owed,
    NotObtained,
}

/// Went on without recording, by approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnrecordedTold {
    pub ground: String,
    pub reason: String,
    pub approver: Approved,
    #[serde(flatten)]
    pub moment: Moment,
}

/// Went on at another place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ElsewhereTold {
    pub place: String,
    #[serde(flatten)]
    pub moment: Moment,
}

/// An interruption, as the interview's lines tell it.
struct Interruption {
    cause: String,
    detail: String,
    after_part: Option<u64>,
    before_part: Option<u64>,
    statement: StatementTold,
    unrecorded: Option<UnrecordedTold>,
    elsewhere: Option<ElsewhereTold>,
}

pub fn gaps(journalled: &[Gap], lines: &[Line]) -> Vec<GapTold> {
    let interruptions = interruptions(lines);
    let of_gap = |after: u32, before: u32| {
        let resumed = |told: &&Interruption| told.before_part == Some(u64::from(before));
        let interrupted = |told: &&Interruption| told.after_part == Some(u64::from(after));
        let all = || interruptions.values().rev();
        all().find(resumed).or_else(|| all().find(interrupted))
    };
    let tell = |gap: &Gap| {
        let told = of_gap(gap.after_part, gap.before_part);
        GapTold {
            after_part: gap.after_part,
            before_part: gap.before_part,
            from: gap.from.clone(),
            to: gap.to.clone(),
            duration_us: gap.duration_us,
            reason: told.map(reason),
            cause: told.map(|told| told.cause.clone()),
            detail: told.map(|told| told.detail.clone()).unwrap_or_default(),
            statement: told.map(|told| told.statement.clone()),
            unrecorded: told.and_then(|told| told.unrecorded.clone()),
            elsewhere: told.and_then(|told| told.elsewhere.clone()),
        }
    };
    journalled.iter().map(tell).collect()
}

fn reason(told: &Interruption) -> String {
    if told.detail.is_empty() {
        told.cause.clone()
    } else {
        format!("{}: {}", told.cause, told.detail)
    }
}

/// By the interview's own number of them.
fn interruptions(lines: &[Line]) -> BTreeMap<u64, Interruption> {
    let mut told: BTreeMap<u64, Interruption> = BTreeMap::new();
    for line in lines {
        if let "interrupted" | "loss-noted" = line.kind.as_str() {
            swallow(&mut told, line);
        }
        if line.kind == "interrupted" {
            if let Some((id, interruption)) = interrupted(line) {
                told.insert(id, interruption);
            }
        } else if line.kind == "closing-incomplete" {
            for id in list(&line.data, "statements_not_obtained") {
                if let Some(told) = id.as_u64().and_then(|id| told.get_mut(&id)) {
                    told.statement = StatementTold::NotObtained;
                }
            }
        } else if let Some(told) = number(&line.data, "interruption").and_then(|id| told.get_mut(&id)) {
            tell_on(told, line);
        }
    }
    told
}

fn interrupted(line: &Line) -> Option<(u64, Interruption)> {
    let cause = line.data.get("cause")?.as_str()?.to_owned();
    let until = line.data.get("recorded_until").and_then(moment);
    let interruption = Interruption {
        cause,
        detail: text(&line.data, "detail"),
        after_part: until.and_then(|until| until.part),
        before_part: None,
        statement: StatementTold::Owed,
        unrecorded: None,
        elsewhere: None,
    };
    Some((number(&line.data, "interruption")?, interruption))
}

fn tell_on(told: &mut Interruption, line: &Line) {
    let moment = moment_of(line);
    match line.kind.as_str() {
        "resumed" => told.before_part = number(&line.data, "part"),
        "statement-made" => told.statement = StatementTold::Made(moment),
        "continued-elsewhere" => {
            told.elsewhere = Some(ElsewhereTold {
                place: text(&line.data, "place"),
                moment,
            });
        }
        "continued-unrecorded" => {
            told.unrecorded = approved(&line.data).map(|approver| UnrecordedTold {
                ground: text(&line.data, "ground"),
                reason: text(&line.data, "reason"),
                approver,
                moment,
            });
        }
        _ => {} // other kinds change nothing of a gap
    }
}

/// Words said after the last durable picture were not recorded: they are owed again.
fn swallow(told: &mut BTreeMap<u64, Interruption>, line: &Line) {
    let Some(until) = line
        .data
        .get("recorded_until")
        .and_then(|value: &Value| moment(value))
    else {
        return;
    };
    for interruption in told.values_mut() {
        if matches!(&interruption.statement, StatementTold::Made(at) if at.is_not_before(&until)) {
            interruption.statement = StatementTold::Owed;
        }
    }
}
