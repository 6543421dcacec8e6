//! The interview (讯问 / 询问) as a pure state machine: what may happen, what is owed, what was.
//!
//! `Interview::step` takes a command and answers with journal entries or a refusal; `observe` takes a
//! fact of the world and answers with entries. The room makes entries durable before it acts on them.
//! Nothing here does I/O, reads a clock or starts a task, and nothing can pause, skip or delete.

mod alarm;
mod apply;
mod case_files;
mod command;
mod decide;
mod documents;
mod ending;
mod entry;
mod event;
mod ids;
mod kinds;
mod marks;
mod observe;
mod owed;
mod people;
mod refusal;
mod rule;
mod show;
mod staffing;
mod state;
#[cfg(test)]
mod tests;
mod time;
mod view;
mod words;

pub use alarm::{Alarm, CameraSlot, Channel, DiscSlot, StandingAlarm};
pub use case_files::{
    CaseFile, CaseFileKind, CaseFilesView, Given, GivenCaseFile, MAX_CASE_BYTES, MAX_CASE_FILES,
};
pub use command::{CaseRef, Command, IncompleteReason};
pub use documents::{ActKey, ActOutcome, ActRecord, Document, DocumentKind, Method, Standing, VoidReason};
pub use ending::{Ending, Incomplete};
pub use entry::{Entry, EntryError, Fact, Started, VoidedKey};
pub use event::Event;
pub use ids::{DocumentId, IdError, InterruptionId, IntervalId, PageNumber, ParticipantId, Sha256Hex};
pub use kinds::{Act, Duty, EndAfter, InterviewKind, KindRules, Pages, Role, Rules};
pub use marks::{
    Elsewhere, Import, Interruption, InterruptionCause, Interval, IntervalKind, Layout, Mark, MarkKind,
    OtherRecorder, OtherRecording, Part, PrecheckItem, PrecheckOverride, PrecheckResult, Statement,
    UnrecordedApproval, UnrecordedGround,
};
pub use people::{Approver, Attendance, Confirmation, Participant, Sex, Stay};
pub use refusal::{Missing, Refusal};
pub use rule::RuleId;
pub use state::{Interview, ReplayError};
pub use time::{MediaPosition, MediaTime, Moment, PartNumber, WallTime};
pub use view::{
    ActStatus, ActView, AlarmView, DocumentView, Phase, StateName, StatementOwed, View, VoidedAct,
};
