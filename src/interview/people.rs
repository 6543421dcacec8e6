//! Who takes part in an interview, when they came and went, and who approves exceptions.
//!
//! Nobody who took part is ever removed: whoever was in the room at any time owes their acts (R-11,
//! Filled by `started`, `joined` and `left` entries only.

use serde::{Deserialize, Serialize};

use super::ids::ParticipantId;
use super::kinds::Role;
use super::time::Moment;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sex {
    Female,
    Male,
}

/// A person as named when they join. `number` is the police or identity number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Participant {
    pub id: ParticipantId,
    pub name: String,
    pub role: Role,
    #[serde(default)]
    pub organisation: String,
    #[serde(default)]
    pub number: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sex: Option<Sex>,
    /// A minor (未成年人) needs an adult beside them.
    #[serde(default)]
    pub minor: bool,
}

/// From joining to leaving; `left` is absent while the person is in the room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stay {
    pub joined: Moment,
    pub left: Option<Moment>,
}

/// A participant with all their comings and goings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attendance {
    pub person: Participant,
    pub stays: Vec<Stay>,
}

/// The head of the unit (办案部门负责人) who answers for an exception.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approver {
    pub name: String,
    pub number: String,
}

/// How the approver gave their word; the room has verified it before it says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confirmation {
    OwnCredential,
    Centre,
    TelephoneCode,
}

impl Attendance {
    pub fn present(&self) -> bool {
        self.stays.last().is_some_and(|stay| stay.left.is_none())
    }
}

impl Role {
    /// Who questions and writes; they sign last and cannot refuse.
    pub fn is_police(self) -> bool {
        match self {
            Role::Officer | Role::Recorder => true,
            Role::Interviewee
            | Role::Guardian
            | Role::AppropriateAdult
            | Role::Interpreter
            | Role::AttestingWitness
            | Role::Lawyer
            | Role::Medical
            | Role::Guard
            | Role::Other => false,
        }
    }
}
