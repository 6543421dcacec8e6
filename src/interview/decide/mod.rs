//! From a command to facts, or to a refusal: what may be done in which state.
//!
//! Each file decides one group of commands and changes nothing; `apply.rs` does the changing. Called by
//! `Interview::step` only.

mod acts;
mod begin;
mod case_files;
mod documents;
mod end;
mod gaps;
mod people;
mod recordings;
mod texts;
mod timeline;

use super::command::Command;
use super::documents::ActKey;
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
            Command::Precheck { results } => self.precheck(results),
            Command::StartInterview {
                interview,
                case,
                participants,
                must_record,
                overrides,
            } => {
                let start = begin::Start {
                    interview,
                    case,
                    participants,
                    must_record,
                    overrides,
                };
                self.start_interview(at, start)
            }
            Command::BeginConfidential {} => self.begin_confidential(),
            Command::EndConfidential {} => self.end_confidential(),
            Command::SwitchLayout { layout, text } => self.switch_layout(layout, text),
            Command::BindCase { case } => self.open_matter()?.bind_case(case),
            Command::JoinParticipant { participant } => self.open_matter()?.join_participant(participant),
            Command::LeaveParticipant { person } => self.open_matter()?.leave_participant(person),
            Command::Mark { mark, text } => self.mark(mark, text),
            Command::BeginInterval {
                interval,
                present,
                note,
            } => self.recorded_matter()?.begin_interval(interval, present, note),
            Command::EndInterval { interval } => self.recorded_matter()?.end_interval(interval),
            Command::StatementMade { interruption } => self.recorded_matter()?.statement_made(interruption),
            Command::PutDocument {
                document,
                form,
                title,
                pages,
                revision,
            } => self
                .recorded_matter()?
                .put_document(document, form, title, pages, revision),
            Command::BeginReview {} => self.recorded_matter()?.begin_review(),
            Command::ResumeQuestioning { reason } => self.recorded_matter()?.resume_questioning(reason),
            Command::RecordAct {
                document,
                page,
                page_sha256,
                person,
                act,
                outcome,
            } => {
                let key = ActKey {
                    document,
                    page,
                    person,
                    act,
                };
                self.recorded_matter()?.record_act(key, page_sha256, outcome)
            }
            Command::ContinueElsewhere { place } => self.continue_elsewhere(place),
            Command::LinkRecording {
                interruption,
                room,
                device,
                interview_id,
                uuid,
                from,
                until,
                note,
            } => {
                let link = recordings::Link {
                    interruption,
                    room,
                    device,
                    interview_id,
                    uuid,
                    from,
                    until,
                    note,
                };
                self.link_recording(link)
            }
            Command::ContinueUnrecorded {
                ground,
                reason,
                approver,
                confirmation,
                interviewee_told,
            } => self.continue_unrecorded(ground, reason, approver, confirmation, interviewee_told),
            Command::EndInterview {} => self.recorded_matter()?.decide_end(),
            Command::EndIncomplete {
                reason,
                text,
                approver,
                confirmation,
            } => self.end_incomplete(reason, text, approver, confirmation),
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
    pub(super) fn open_matter(&self) -> Result<&Matter, Why> {
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
