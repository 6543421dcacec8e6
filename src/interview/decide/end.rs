//! The end: only when nothing is open, or incomplete with its reason and approver.
//!
//! Help never waits: an urgent incomplete end is taken at once and confirmed afterwards.

use super::Decided;
use super::texts::{MAX_TEXT_CHARS, limited, named, required};
use crate::interview::command::IncompleteReason;
use crate::interview::ending::Ending;
use crate::interview::entry::Fact;
use crate::interview::marks::Statement;
use crate::interview::people::{Approver, Confirmation};
use crate::interview::state::{Interview, Matter, Stage, State};
use crate::interview::words::missing;
use crate::interview::words::refusals::Why;

impl Matter {
    pub(super) fn decide_end(&self) -> Decided {
        let missing = self.missing();
        if missing.is_empty() {
            Ok(vec![Fact::Closing {}])
        } else {
            Err(Why::Unfinished { missing })
        }
    }
}

impl Interview {
    pub(super) fn end_incomplete(
        &self,
        reason: IncompleteReason,
        text: String,
        approver: Approver,
        confirmation: Option<Confirmation>,
    ) -> Decided {
        let matter = self.open_matter()?;
        self.reason_fits(reason)?;
        if reason.is_urgent() {
            limited("text", &text, MAX_TEXT_CHARS)?;
        } else {
            required("text", &text, MAX_TEXT_CHARS)?;
        }
        named(&approver)?;
        matter.independent(&approver)?;
        if confirmation.is_none() && !reason.is_urgent() {
            return Err(Why::ConfirmationNeeded);
        }
        let not_obtained = matter.open_acts();
        let unsaid = matter.interruptions.iter().filter(|gap| match gap.statement {
            Statement::Owed | Statement::NotYet => true,
            Statement::Made { .. } | Statement::NotObtained => false,
        });
        let statements_not_obtained = unsaid.map(|gap| gap.id).collect();
        Ok(vec![Fact::ClosingIncomplete {
            reason,
            text,
            approver,
            confirmation,
            not_obtained,
            statements_not_obtained,
        }])
    }

    /// What went on elsewhere ends here only when it is known where its recording is.
    fn reason_fits(&self, reason: IncompleteReason) -> Result<(), Why> {
        if reason != IncompleteReason::ContinuedElsewhere {
            return Ok(());
        }
        let (interruption, matter) = match &self.state {
            State::Open {
                stage: Stage::ContinuedElsewhere { interruption },
                matter,
                ..
            } => (*interruption, matter),
            State::Open { .. } | State::Idle | State::Prechecked { .. } | State::Confidential { .. } => {
                return Err(Why::ReasonUnfit);
            }
        };
        let gap = matter.interruptions.iter().find(|gap| gap.id == interruption);
        match gap {
            Some(gap) if gap.recordings.is_empty() => Err(Why::ElsewhereUnlinked {
                missing: vec![missing::recording(gap)],
            }),
            Some(_) | None => Ok(()),
        }
    }

    pub(super) fn confirm_incomplete(&self, approver: Approver, confirmation: Confirmation) -> Decided {
        let State::Open { stage, matter, .. } = &self.state else {
            return Err(self.wrong_state());
        };
        let waits = match stage {
            Stage::Closing {
                ending: Ending::Incomplete(incomplete),
            }
            | Stage::Closed {
                ending: Ending::Incomplete(incomplete),
            } => incomplete.confirmation.is_none(),
            Stage::Closing {
                ending: Ending::Complete,
            }
            | Stage::Closed {
                ending: Ending::Complete,
            }
            | Stage::Starting
            | Stage::Recording
            | Stage::Suspended { .. }
            | Stage::Unrecorded { .. }
            | Stage::ContinuedElsewhere { .. } => false,
        };
        if !waits {
            return Err(Why::NothingToConfirm);
        }
        named(&approver)?;
        matter.independent(&approver)?;
        Ok(vec![Fact::IncompleteConfirmed {
            approver,
            confirmation,
        }])
    }
}
