//! The ways out of a suspension that are not a repair: another place, or unrecorded by approval.

use super::Decided;
use super::texts::{MAX_NAME_CHARS, MAX_TEXT_CHARS, named, required};
use crate::interview::entry::Fact;
use crate::interview::ids::InterruptionId;
use crate::interview::marks::UnrecordedGround;
use crate::interview::people::{Approver, Confirmation};
use crate::interview::state::{Interview, Matter, Stage, State};
use crate::interview::words::refusals::Why;

impl Interview {
    pub(super) fn continue_elsewhere(&self, place: String) -> Decided {
        let interruption = match &self.state {
            State::Open {
                stage: Stage::Suspended { interruption },
                ..
            }
            | State::Open {
                stage: Stage::Unrecorded { interruption },
                ..
            } => *interruption,
            State::Open { .. } | State::Idle | State::Prechecked { .. } | State::Confidential { .. } => {
                return Err(self.wrong_state());
            }
        };
        required("place", &place, MAX_NAME_CHARS)?;
        Ok(vec![Fact::ContinuedElsewhere { interruption, place }])
    }

    pub(super) fn continue_unrecorded(
        &self,
        ground: UnrecordedGround,
        reason: String,
        approver: Approver,
        confirmation: Confirmation,
        interviewee_told: bool,
    ) -> Decided {
        let (interruption, matter) = self.suspension()?;
        if matter.rules.must_record {
            return Err(Why::MustRecord);
        }
        required("reason", &reason, MAX_TEXT_CHARS)?;
        named(&approver)?;
        matter.independent(&approver)?;
        if !interviewee_told {
            return Err(Why::IntervieweeNotTold);
        }
        Ok(vec![Fact::ContinuedUnrecorded {
            interruption,
            ground,
            reason,
            approver,
            confirmation,
        }])
    }

    fn suspension(&self) -> Result<(InterruptionId, &Matter), Why> {
        match &self.state {
            State::Open {
                stage: Stage::Suspended { interruption },
                matter,
                ..
            } => Ok((*interruption, matter)),
            State::Open { .. } | State::Idle | State::Prechecked { .. } | State::Confidential { .. } => {
                Err(self.wrong_state())
            }
        }
    }
}

impl Matter {
    /// Nobody approves an exception in an interview that they take part in.
    pub(super) fn independent(&self, approver: &Approver) -> Result<(), Why> {
        let same = |number: &str| !number.is_empty() && number == approver.number;
        let took_part = self
            .people
            .iter()
            .any(|attendance| same(&attendance.person.number));
        if took_part {
            Err(Why::ApproverTookPart)
        } else {
            Ok(())
        }
    }
}
