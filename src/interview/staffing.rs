//! Who must be in the room: alarms that follow from the people present, never a stop.
//!
//! Asked after every step and event, so that joining, leaving and a restart all come out right; gives
//! only differences to what already stands.

use super::alarm::Alarm;
use super::entry::Fact;
use super::kinds::Role;
use super::people::{Participant, Sex};
use super::state::{Interview, Matter, Stage, State};

const FOLLOWING: [Alarm; 3] = [
    Alarm::TooFewOfficers,
    Alarm::MinorWithoutAdult,
    Alarm::FemaleMinorWithoutFemaleOfficer,
];

impl Interview {
    pub(super) fn staffing_changes(&self) -> Vec<Fact> {
        let State::Open { stage, matter, .. } = &self.state else {
            return Vec::new();
        };
        match stage {
            Stage::Starting
            | Stage::Recording
            | Stage::Suspended { .. }
            | Stage::Unrecorded { .. }
            | Stage::ContinuedElsewhere { .. } => {}
            Stage::Closing { .. } | Stage::Closed { .. } => return Vec::new(),
        }
        FOLLOWING
            .into_iter()
            .filter_map(|alarm| self.change_of(alarm, matter.lacks(alarm)))
            .collect()
    }

    fn change_of(&self, alarm: Alarm, lacking: Option<String>) -> Option<Fact> {
        let standing = self.alarms.iter().find(|standing| standing.alarm == alarm);
        match (standing, lacking) {
            (None, Some(detail)) => Some(Fact::AlarmRaised { alarm, detail }),
            (Some(known), Some(detail)) if known.detail != detail => {
                Some(Fact::AlarmRaised { alarm, detail })
            }
            (Some(_), None) => Some(Fact::AlarmCleared { alarm }),
            (Some(_), Some(_)) | (None, None) => None,
        }
    }
}

impl Matter {
    fn lacks(&self, alarm: Alarm) -> Option<String> {
        let present: Vec<&Participant> = self
            .people
            .iter()
            .filter(|a| a.present())
            .map(|a| &a.person)
            .collect();
        let officers = present.iter().filter(|p| p.role == Role::Officer).count();
        let minor = |p: &&&Participant| p.role == Role::Interviewee && p.minor;
        let adult = present
            .iter()
            .any(|p| matches!(p.role, Role::Guardian | Role::AppropriateAdult));
        let girl = present.iter().filter(minor).any(|p| p.sex == Some(Sex::Female));
        let woman = present
            .iter()
            .any(|p| p.role.is_police() && p.sex == Some(Sex::Female));
        let required = self.rules.min_officers;
        let lacking = match alarm {
            Alarm::TooFewOfficers => u32::try_from(officers).is_ok_and(|here| here < required),
            Alarm::MinorWithoutAdult => present.iter().any(|p| minor(&p)) && !adult,
            Alarm::FemaleMinorWithoutFemaleOfficer => girl && !woman,
            _ => false,
        };
        lacking.then(|| match alarm {
            Alarm::TooFewOfficers => format!("{officers}/{required}"),
            _ => String::new(),
        })
    }
}
