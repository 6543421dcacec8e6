//! Who comes and goes, and which case the interview belongs to.

use super::Decided;
use super::texts::{MAX_NAME_CHARS, MAX_PEOPLE, few, limited, required};
use crate::interview::command::CaseRef;
use crate::interview::entry::Fact;
use crate::interview::ids::ParticipantId;
use crate::interview::people::Participant;
use crate::interview::state::Matter;
use crate::interview::words::refusals::Why;

pub fn valid_person(person: &Participant) -> Result<(), Why> {
    required("name", &person.name, MAX_NAME_CHARS)?;
    limited("organisation", &person.organisation, MAX_NAME_CHARS)?;
    limited("number", &person.number, MAX_NAME_CHARS)
}

pub fn valid_case(case: &CaseRef) -> Result<(), Why> {
    limited("case.number", &case.number, MAX_NAME_CHARS)?;
    limited("case.name", &case.name, MAX_NAME_CHARS)?;
    limited("case.incident_number", &case.incident_number, MAX_NAME_CHARS)
}

impl Matter {
    pub(super) fn bind_case(&self, case: CaseRef) -> Decided {
        valid_case(&case)?;
        Ok(vec![Fact::CaseBound {
            case,
            before: self.case.clone(),
        }])
    }

    pub(super) fn leave_participant(&self, person: ParticipantId) -> Decided {
        self.present(&person)?;
        Ok(vec![Fact::Left { person }])
    }

    pub(super) fn join_participant(&self, participant: Participant) -> Decided {
        valid_person(&participant)?;
        match self.person(&participant.id) {
            Some(known) if known.person != participant => Err(Why::PersonChanged),
            Some(known) if known.present() => Err(Why::PersonPresent),
            Some(_) => Ok(vec![Fact::Joined { participant }]),
            None => {
                few("participants", self.people.len() + 1, MAX_PEOPLE)?;
                Ok(vec![Fact::Joined { participant }])
            }
        }
    }

    pub(super) fn present(&self, person: &ParticipantId) -> Result<(), Why> {
        let attendance = self.person(person).ok_or(Why::PersonUnknown)?;
        if attendance.present() {
            Ok(())
        } else {
            Err(Why::PersonAbsent)
        }
    }
}
