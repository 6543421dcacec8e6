//! The snapshot of an interview for the panel and the API: everything, derived, ready to show.
//!
//! Made by `Interview::view`; whole each time, never a difference. `recording` is true only while a
//! part's fragments are known to be durable.

use serde::Serialize;

use super::alarm::Alarm;
use super::case_files::CaseFilesView;
use super::command::CaseRef;
use super::documents::{ActOutcome, DocumentKind, VoidReason};
use super::ending::Ending;
use super::ids::{DocumentId, InterruptionId, PageNumber, ParticipantId, Sha256Hex};
use super::kinds::{Act, InterviewKind};
use super::marks::{Interruption, Interval, Layout, Mark, Part, PrecheckOverride, PrecheckResult};
use super::people::Attendance;
use super::refusal::Missing;
use super::rule::RuleId;
use super::time::Moment;

/// Where the interview stands, by name only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StateName {
    Idle,
    Prechecked,
    Confidential,
    Starting,
    Recording,
    Suspended,
    Unrecorded,
    ContinuedElsewhere,
    Closing,
    Closed,
}

/// What is being done inside `Recording`, derived from the acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// 讯问 / 询问
    Questioning,
    /// 核对笔录
    Review,
    /// 签字
    Signing,
    /// 捺指印
    Fingerprinting,
    /// 离开
    Leaving,
    /// Nothing is open: the interview can end.
    Complete,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AlarmView {
    #[serde(flatten)]
    pub alarm: Alarm,
    pub rule: RuleId,
    pub since: Moment,
    pub detail: String,
    pub text_zh: String,
    pub text_en: String,
    pub remedy_zh: &'static str,
    pub remedy_en: &'static str,
}

/// Outcome of an owed act as shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum ActStatus {
    Open,
    /// With the digest of the page that it attests.
    Recorded {
        page_sha256: Sha256Hex,
        outcome: ActOutcome,
        at: Moment,
    },
    NotObtained,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActView {
    pub page: PageNumber,
    pub person: ParticipantId,
    pub act: Act,
    #[serde(flatten)]
    pub status: ActStatus,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VoidedAct {
    pub page: PageNumber,
    pub page_sha256: Sha256Hex,
    pub person: ParticipantId,
    pub act: Act,
    pub outcome: ActOutcome,
    pub at: Moment,
    pub voided_at: Moment,
    pub because: VoidReason,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DocumentView {
    pub id: DocumentId,
    pub document_kind: DocumentKind,
    pub title: String,
    pub revision: u32,
    pub pages: Vec<Sha256Hex>,
    pub opened: Moment,
    pub acts: Vec<ActView>,
    pub voided: Vec<VoidedAct>,
}

/// Words owed after an interruption, ready to be read aloud.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StatementOwed {
    pub interruption: InterruptionId,
    pub text_zh: String,
    pub text_en: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct View {
    pub state: StateName,
    /// True only while pictures are known to reach the disk.
    pub recording: bool,
    pub phase: Option<Phase>,
    pub since: Option<Moment>,
    pub interview: Option<InterviewKind>,
    pub case: CaseRef,
    pub layout: Layout,
    pub precheck: Vec<PrecheckResult>,
    pub overrides: Vec<PrecheckOverride>,
    pub parts: Vec<Part>,
    pub participants: Vec<Attendance>,
    pub documents: Vec<DocumentView>,
    pub marks: Vec<Mark>,
    pub intervals: Vec<Interval>,
    pub interruptions: Vec<Interruption>,
    pub case_files: CaseFilesView,
    pub statements_owed: Vec<StatementOwed>,
    /// What `EndInterview` would name as missing.
    pub owed: Vec<Missing>,
    pub ending: Option<Ending>,
    /// An urgent incomplete end still waits for its approver.
    pub confirmation_owed: bool,
    pub alarms: Vec<AlarmView>,
}
