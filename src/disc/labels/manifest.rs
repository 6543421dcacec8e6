//! The label's facts out of `manifest.json`: unit, case, room, who recorded, from when to when.
//!
//! Used by `read` for an interview directory and by `from_disc` for the last disc of a set. A field that an older
//! room did not write is empty; the label then has a line to write on.

use chrono::{DateTime, SecondsFormat, TimeDelta};
use serde::Deserialize;
use serde_json::Value;

use super::facts::{CaseNumber, InterviewFacts, Maker};
use crate::evidence::names::TrackName;
use crate::evidence::verify::Language;

#[derive(Debug, Deserialize)]
pub(super) struct Manifest {
    pub(super) uuid: String,
    id: String,
    room: String,
    opened_at: Option<String>,
    parts: Vec<Part>,
    #[serde(default)]
    interview: Matter,
    #[serde(default)]
    people: Vec<Person>,
}

#[derive(Debug, Deserialize)]
struct Part {
    track: TrackName,
    started_at: String,
    duration_us: u64,
}

#[derive(Debug, Default, Deserialize)]
struct Matter {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    case: Case,
    #[serde(default)]
    room_name: String,
    #[serde(default)]
    unit: String,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Case {
    #[serde(default)]
    number: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    incident_number: String,
}

/// One who took part, as `people` has them or as a `started` line names them.
#[derive(Debug, Deserialize)]
struct Person {
    person: Participant,
}

#[derive(Debug, Deserialize)]
struct Participant {
    #[serde(default)]
    name: String,
    #[serde(default)]
    role: String,
    #[serde(default)]
    number: String,
}

impl Case {
    pub(super) fn number(&self) -> CaseNumber {
        match (self.number.as_str(), self.incident_number.as_str()) {
            ("", "") => CaseNumber::NotYet,
            ("", incident) => CaseNumber::Incident(incident.to_owned()),
            (number, _) => CaseNumber::Case(number.to_owned()),
        }
    }
}

impl Manifest {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    pub(super) fn case_number(&self) -> CaseNumber {
        self.interview.case.number()
    }

    /// By the wall clock's moment, not its text: the offset may differ.
    pub(super) fn was_opened_before(&self, other: &Self) -> bool {
        let moment = |manifest: &Self| DateTime::parse_from_rfc3339(manifest.opened_at.as_deref()?).ok();
        moment(self) < moment(other)
    }

    /// Everything but the discs.
    pub(super) fn facts(&self) -> InterviewFacts {
        let program = || self.parts.iter().filter(|part| part.track == TrackName::Program);
        let opened_at = || self.opened_at.clone().unwrap_or_default();
        let kind = Language::Chinese.kind_of_interview(&self.interview.kind);
        InterviewFacts {
            unit: self.interview.unit.clone(),
            room_id: self.room.clone(),
            room_name: self.interview.room_name.clone(),
            id: self.id.clone(),
            kind: kind.to_owned(),
            case_number: self.case_number(),
            case_name: self.interview.case.name.clone(),
            makers: makers(self.people.iter().map(|person| &person.person)),
            from: program()
                .next()
                .map_or_else(opened_at, |part| part.started_at.clone()),
            until: program().next_back().and_then(Part::ended_at),
            discs: Vec::new(),
        }
    }
}

impl Part {
    fn ended_at(&self) -> Option<String> {
        let started = DateTime::parse_from_rfc3339(&self.started_at).ok()?;
        let duration = TimeDelta::microseconds(i64::try_from(self.duration_us).ok()?);
        let ended = started.checked_add_signed(duration)?;
        Some(ended.to_rfc3339_opts(SecondsFormat::Millis, false))
    }
}

/// 制作人: officers and whoever kept the record, each once, in the order in which they came.
fn makers<'a>(people: impl Iterator<Item = &'a Participant>) -> Vec<Maker> {
    let mut makers: Vec<Maker> = Vec::new();
    for person in people.filter(|person| matches!(person.role.as_str(), "officer" | "recorder")) {
        let maker = Maker {
            name: person.name.clone(),
            number: person.number.clone(),
        };
        if !makers.contains(&maker) {
            makers.push(maker);
        }
    }
    makers
}

/// Those of `started` and `joined` lines: a relayed disc has the journal so far and no manifest yet.
pub(super) fn makers_of_lines<'a>(lines: impl IntoIterator<Item = &'a Value>) -> Vec<Maker> {
    let named = lines.into_iter().flat_map(|line| {
        let data = line.get("data");
        let list = data.and_then(|data| data.get("participants"));
        let list = list.and_then(Value::as_array).cloned().unwrap_or_default();
        let one = data.and_then(|data| data.get("participant")).cloned();
        list.into_iter().chain(one)
    });
    let people: Vec<Participant> = named
        .filter_map(|person| serde_json::from_value(person).ok())
        .collect();
    makers(people.iter())
}
