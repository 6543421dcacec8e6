//! Which set of its case an interview's discs are (第 n 套): counted on through a case by this room's ledger.
//!
//! A number is given once, when an interview is opened or bound to a case, and stands in the ledger before a disc
//! is begun; discs bear the number that the interview was opened with, and nothing renumbers what was burnt. Each
//! room counts for itself: until a centre numbers over all rooms of a case, the number means something only together
//! with the room, and every text that shows it says so. Pure; `Appliance` writes the lines.

use crate::evidence::line::Line;
use crate::interview::CaseRef;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The ledger's word for a number that was given.
pub(super) const SET_NUMBERED: &str = "set-numbered";

/// A set's place in its case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SetInCase {
    /// The case number, or the incident number where there was none yet.
    pub case_number: String,
    /// Counted by this room.
    pub number: u32,
}

/// An interview as the ledger numbered it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Numbered {
    uuid: String,
    interview: String,
    set: SetInCase,
}

/// All numbers that this room gave, in order.
#[derive(Debug, Default)]
pub(super) struct Numbering {
    given: Vec<Numbered>,
    last: BTreeMap<String, u32>,
}

/// What counts as the case: its number, and the incident's until there is one.
pub(super) fn key_of(case: &CaseRef) -> &str {
    let number = case.number.trim();
    if number.is_empty() {
        case.incident_number.trim()
    } else {
        number
    }
}

impl Numbering {
    pub fn from_ledger(lines: &[Line]) -> Numbering {
        let mut numbering = Numbering::default();
        for line in lines.iter().filter(|line| line.kind == SET_NUMBERED) {
            let text = |key: &str| line.data.get(key).and_then(Value::as_str).map(str::to_owned);
            let number = line.data.get("number").and_then(Value::as_u64);
            let number = number.and_then(|n| u32::try_from(n).ok());
            if let (Some(uuid), Some(interview), Some(case_number), Some(number)) =
                (text("uuid"), text("interview"), text("case_number"), number)
            {
                let set = SetInCase { case_number, number };
                numbering.note(Numbered { uuid, interview, set });
            }
        }
        numbering
    }

    fn note(&mut self, numbered: Numbered) {
        let last = self.last.entry(numbered.set.case_number.clone()).or_default();
        *last = (*last).max(numbered.set.number);
        self.given.push(numbered);
    }

    /// What the interview's discs bear: the number that it was opened with.
    pub fn on_discs(&self, uuid: &str) -> Option<&SetInCase> {
        self.given
            .iter()
            .find(|given| given.uuid == uuid)
            .map(|given| &given.set)
    }

    /// Gives a number in this case, unless the interview has one there; the ledger's line is the caller's to write.
    pub fn give(&mut self, interview: &str, uuid: &str, case: &CaseRef) -> Option<Value> {
        let case_number = key_of(case).to_owned();
        let has_one = |given: &Numbered| given.uuid == uuid && given.set.case_number == case_number;
        if case_number.is_empty() || self.given.iter().any(has_one) {
            return None;
        }
        let number = self.last.get(&case_number).map_or(1, |last| last + 1);
        let line =
            json!({"interview": interview, "uuid": uuid, "case_number": case_number, "number": number});
        self.note(Numbered {
            uuid: uuid.to_owned(),
            interview: interview.to_owned(),
            set: SetInCase { case_number, number },
        });
        Some(line)
    }

    /// The interviews that belong to a case now, with their numbers in it: one that was bound elsewhere later has
    /// left it.
    pub fn of_case(&self, case_number: &str) -> Vec<(String, String, u32)> {
        let is_last = |given: &&Numbered| {
            let later = self.given.iter().rfind(|other| other.uuid == given.uuid);
            later.is_some_and(|last| last.set.case_number == given.set.case_number)
        };
        let mut found: Vec<(String, String, u32)> = self
            .given
            .iter()
            .filter(|given| given.set.case_number == case_number)
            .filter(is_last)
            .map(|given| (given.interview.clone(), given.uuid.clone(), given.set.number))
            .collect();
        found.sort_by_key(|(_, _, number)| *number);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::journal::Journal;
    use crate::evidence::now::SystemNow;
    use std::sync::Arc;

    fn case(number: &str, incident: &str) -> CaseRef {
        CaseRef {
            number: number.into(),
            name: String::new(),
            incident_number: incident.into(),
        }
    }

    /// The same numbering, read back from what it wrote.
    fn again(lines: &[Value]) -> Numbering {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ledger.jsonl");
        let now = Arc::new(SystemNow::new().unwrap());
        let journal = Journal::create(&path, crate::evidence::line::Data::new(), now).unwrap();
        for line in lines {
            let Value::Object(data) = line.clone() else {
                unreachable!()
            };
            journal.append(SET_NUMBERED, data).unwrap();
        }
        Numbering::from_ledger(&Journal::read(&path).unwrap())
    }

    #[test]
    fn numbers_run_on_through_a_case_and_over_restarts() {
        let mut numbering = Numbering::default();
        let mut lines = Vec::new();
        for (id, uuid, number) in [("i1", "u1", "X"), ("i2", "u2", "Y"), ("i3", "u3", "X")] {
            lines.extend(numbering.give(id, uuid, &case(number, "")));
        }
        assert_eq!(
            numbering.give("i1", "u1", &case("X", "")),
            None,
            "a number is given once"
        );
        let mut numbering = again(&lines);
        lines.extend(numbering.give("i4", "u4", &case(" X ", "")));
        assert_eq!(numbering.on_discs("u3").unwrap().number, 2);
        assert_eq!(again(&lines).on_discs("u4").unwrap().number, 3);
        assert_eq!(numbering.on_discs("u2").unwrap().number, 1);
        assert_eq!(
            numbering.give("i5", "u5", &case("", "")),
            None,
            "no case, no number"
        );
    }

    #[test]
    fn a_case_that_is_bound_later_renumbers_nothing_that_was_burnt() {
        let mut numbering = Numbering::default();
        numbering.give("i1", "u1", &case("", "incident-7"));
        numbering.give("i1", "u1", &case("X", "incident-7"));
        numbering.give("i2", "u2", &case("X", ""));
        let burnt = numbering.on_discs("u1").unwrap();
        assert_eq!((burnt.case_number.as_str(), burnt.number), ("incident-7", 1));
        assert_eq!(
            numbering.on_discs("u2").unwrap().number,
            2,
            "the first place in X is taken"
        );
        assert_eq!(
            numbering.of_case("X"),
            [("i1".into(), "u1".into(), 1), ("i2".into(), "u2".into(), 2)]
        );
        assert_eq!(numbering.of_case("incident-7"), []);
    }
}
