//! From a command to facts, or to a refusal: what may be done in which state.
//!
//! Each file decides one group of commands and changes nothing; `apply.rs` does the changing. Called by
//! `Interview::step` only.

mod acts;
mod begin;
mod documents;
mod end;
mod gaps;
mod people;
mod texts;
mod timeline;

use super::command::Command;
use super::entry::Fact;
use super::refusal::Refusal;
use super::state::{Interview, Matter, Stage, State};
use super::time::Moment;
use super::words::refusals::Why;

type Decided = Result<Vec<Fact>, Why>;

impl Interview {
    pub(super) fn decide(&self, at: Moment, command: Command) -> Result<Vec<Fact>, Refusal> {
        self.facts_for(at, command).map_err(Refusal::from)
    }

    fn facts_for(&self, at: Moment, command: Command) -> Decided {
        match command {
            Command::Precheck { .. }
            | Command::StartInterview { .. }
            | Command::BeginConfidential {}
            | Command::EndConfidential {} => self.decide_begin(at, command),
            Command::SwitchLayout { layout, text } => self.switch_layout(layout, text),
            Command::BindCase { .. } | Command::JoinParticipant { .. } | Command::LeaveParticipant { .. } => {
                self.open_matter()?.decide_people(command)
            }
            Command::Mark { mark, text } => self.mark(mark, text),
            Command::BeginInterval { .. } | Command::EndInterval { .. } | Command::StatementMade { .. } => {
                self.recorded_matter()?.decide_timeline(command)
            }
            Command::PutDocument { .. } | Command::BeginReview {} | Command::ResumeQuestioning { .. } => {
                self.recorded_matter()?.decide_document(command)
            }
            Command::RecordAct { .. } => self.recorded_matter()?.decide_act(command),
            Command::ContinueElsewhere { .. } | Command::ContinueUnrecorded { .. } => {
                self.decide_gap(command)
            }
            Command::EndInterview {} => self.recorded_matter()?.decide_end(),
            Command::EndIncomplete { .. } => self.end_incomplete(command),
            Command::ConfirmIncomplete {
                approver,
                confirmation,
            } => self.confirm_incomplete(approver, confirmation),
        }
    }

    fn wrong_state(&self) -> Why {
        match self.state {
            State::Confidential { .. } => Why::Confidential,
            State::Idle | State::Prechecked { .. } | State::Open { .. } => {
                Why::WrongState { now: self.state() }
            }
        }
    }

    /// The matter while an interview goes on, recorded or not.
    fn open_matter(&self) -> Result<&Matter, Why> {
        let State::Open { stage, matter, .. } = &self.state else {
            return Err(self.wrong_state());
        };
        match stage {
            Stage::Starting
            | Stage::Recording
            | Stage::Suspended { .. }
            | Stage::Unrecorded { .. }
            | Stage::ContinuedElsewhere { .. } => Ok(matter),
            Stage::Closing { .. } | Stage::Closed { .. } => Err(self.wrong_state()),
        }
    }

    /// The matter while pictures reach the disk: documents, acts and words count only then.
    fn recorded_matter(&self) -> Result<&Matter, Why> {
        let matter = self.open_matter()?;
        match &self.state {
            State::Open {
                stage: Stage::Recording,
                ..
            } => Ok(matter),
            State::Open { .. } | State::Idle | State::Prechecked { .. } | State::Confidential { .. } => {
                Err(Why::NotRecording { now: self.state() })
            }
        }
    }
}
