//! Acts that were done and do not count: each with the page, the person, and why it was voided; and
//! how the interview ended where it did not end as it should.
//!
//! Made by `Story::of` from the interview's lines, so that an open interview has them too.

use super::fields::{Approved, Moment, approved, list, moment_of, text, text_in};
use crate::evidence::line::Line;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Which act, whose, where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ActTold {
    pub document: String,
    pub page: u64,
    pub person: String,
    pub name: String,
    pub act: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VoidedTold {
    #[serde(flatten)]
    pub act: ActTold,
    pub because: String,
    #[serde(flatten)]
    pub moment: Moment,
}

/// An end with acts left open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IncompleteTold {
    pub reason: String,
    pub text: String,
    pub approver: Option<Approved>,
    pub not_obtained: Vec<ActTold>,
    pub statements_not_obtained: u64,
    #[serde(flatten)]
    pub moment: Moment,
}

/// Names of the people by their id.
pub struct People(BTreeMap<String, String>);

impl People {
    pub fn of(lines: &[Line]) -> Self {
        let mut names = BTreeMap::new();
        let mut add = |person: &Value| {
            names.insert(text_in(person, "id"), text_in(person, "name"));
        };
        for line in lines {
            match line.kind.as_str() {
                "started" => list(&line.data, "participants").iter().for_each(&mut add),
                "joined" => line.data.get("participant").into_iter().for_each(&mut add),
                _ => {} // nobody comes with other lines
            }
        }
        Self(names)
    }

    pub fn act(&self, key: &Value) -> ActTold {
        let person = text_in(key, "person");
        ActTold {
            document: text_in(key, "document"),
            page: key.get("page").and_then(Value::as_u64).unwrap_or_default(),
            name: self.0.get(&person).cloned().unwrap_or_default(),
            person,
            act: text_in(key, "act"),
        }
    }
}

/// Every act that was voided, in the order in which it was.
pub fn voided(lines: &[Line], people: &People) -> Vec<VoidedTold> {
    let mut told = Vec::new();
    // Acts that stand: one that is recorded anew supersedes the one before.
    let mut standing = BTreeSet::<ActTold>::new();
    for line in lines {
        for (act, because) in voids(line, people) {
            let is_void = because != SUPERSEDED || standing.contains(&act);
            standing.remove(&act);
            if is_void {
                let moment = moment_of(line);
                told.push(VoidedTold { act, because, moment });
            }
        }
        if line.kind == "act-recorded" {
            standing.insert(people.act(&Value::Object(line.data.clone())));
        }
    }
    told
}

const SUPERSEDED: &str = "superseded";

/// What a line voids; an act that is recorded voids its own like, if there is one.
fn voids(line: &Line, people: &People) -> Vec<(ActTold, String)> {
    let voided = list(&line.data, "voided").iter();
    match line.kind.as_str() {
        "interrupted" => voided
            .map(|key| (people.act(key), "during-gap".to_owned()))
            .collect(),
        "document-put" => voided
            .map(|voided| {
                let key = voided.get("act").unwrap_or(&Value::Null);
                (people.act(key), text_in(voided, "because"))
            })
            .collect(),
        "act-recorded" => vec![(
            people.act(&Value::Object(line.data.clone())),
            SUPERSEDED.to_owned(),
        )],
        _ => Vec::new(),
    }
}

/// The incomplete end, with the word that was given on it afterwards.
pub fn incomplete(lines: &[Line], people: &People) -> Option<IncompleteTold> {
    let line = lines.iter().rfind(|line| line.kind == "closing-incomplete")?;
    let confirmed = lines
        .iter()
        .rfind(|later| later.kind == "incomplete-confirmed" && later.seq > line.seq);
    let not_obtained = list(&line.data, "not_obtained");
    Some(IncompleteTold {
        reason: text(&line.data, "reason"),
        text: text(&line.data, "text"),
        approver: approved(&confirmed.unwrap_or(line).data),
        not_obtained: not_obtained.iter().map(|key| people.act(key)).collect(),
        statements_not_obtained: list(&line.data, "statements_not_obtained").len() as u64,
        moment: moment_of(line),
    })
}
