//! Moments and stretches on the timeline: marks, intervals, interruptions, pre-check, layouts.
//!
//! Marks and intervals lie inside a running recording; an interruption is time without one and owes a
//! statement. Nothing in here stops or pauses anything.

use serde::{Deserialize, Serialize};

use super::ids::{InterruptionId, IntervalId, ParticipantId, Sha256Hex};
use super::people::{Approver, Confirmation};
use super::time::{Moment, PartNumber, WallTime};

/// What a mark (标记) says happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MarkKind {
    /// The recording was announced (告知同步录音录像).
    Announced,
    RightsRead,
    IdentityEstablished,
    /// Health at start or end, and how one was treated.
    HealthAsked,
    TreatmentAsked,
    EvidenceShown,
    Identification,
    /// A statement worth finding again.
    Statement,
    Rest,
    /// The interviewee pressed for help.
    Help,
    /// Text of one's own.
    Own,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    pub mark: MarkKind,
    pub text: String,
    pub at: Moment,
    /// False once it turned out to lie in a gap: said, but not recorded.
    pub recorded: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IntervalKind {
    /// 休息
    Break,
    /// 离开
    Absence,
    /// Food, toilet, medical care.
    Care,
}

/// A break, absence or care; the recording goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interval {
    pub id: IntervalId,
    pub interval: IntervalKind,
    pub present: Vec<ParticipantId>,
    pub note: String,
    pub from: Moment,
    pub to: Option<Moment>,
}

/// Why there was no recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InterruptionCause {
    MediaFailed,
    PowerLoss,
    MasterFailed,
    NoSpace,
    ClockLost,
    PictureLost,
    SoundLost,
    Other,
}

/// The two grounds on which the rule lets an interview go on unrecorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnrecordedGround {
    Urgent,
    DelayTooLong,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnrecordedApproval {
    pub ground: UnrecordedGround,
    pub reason: String,
    pub approver: Approver,
    pub confirmation: Confirmation,
    pub at: Moment,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Elsewhere {
    /// Room or mobile recorder where it goes on.
    pub place: String,
    pub at: Moment,
}

/// What recorded while this room could not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OtherRecorder {
    Room(String),
    /// A mobile recorder.
    Device(String),
}

/// A recording of the time of an interruption that was made elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "kebab-case")]
pub enum OtherRecording {
    /// It stays where it is.
    Linked {
        recorder: OtherRecorder,
        interview_id: String,
        uuid: Option<String>,
        from: WallTime,
        until: WallTime,
        note: String,
        at: Moment,
    },
    /// Its file stands in this interview's directory.
    Imported { import: Import, at: Moment },
}

/// A file of a mobile recorder; the room has it whole, with the digest taken while it came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    pub interruption: InterruptionId,
    /// From the interview's directory.
    pub path: String,
    pub sha256: Sha256Hex,
    pub size: u64,
    pub device: String,
    /// As the recorder's clock had it.
    pub from: WallTime,
    pub until: WallTime,
}

/// What became of the words owed after an interruption.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Statement {
    /// Recording has not resumed yet.
    NotYet,
    Owed,
    Made {
        at: Moment,
    },
    /// Only by an incomplete end.
    NotObtained,
}

/// Time without recording (中断).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interruption {
    pub id: InterruptionId,
    pub cause: InterruptionCause,
    pub detail: String,
    /// The last thing known to be recorded; can lie before the loss was noticed.
    pub from: Moment,
    pub noticed: Moment,
    pub to: Option<Moment>,
    pub unrecorded: Option<UnrecordedApproval>,
    pub elsewhere: Option<Elsewhere>,
    /// In the order in which they became known.
    #[serde(default)]
    pub recordings: Vec<OtherRecording>,
    pub statement: Statement,
}

/// A stretch of recording between two interruptions (段).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub part: PartNumber,
    pub from: Moment,
}

/// Arrangement of the picture; the names are those of the media process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    #[default]
    Interview,
    InterviewRoom,
    Evidence,
    SideBySide,
    Quad,
}

/// What the pre-check (开录前检查) looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrecheckItem {
    IntervieweePicture,
    Sound,
    MasterSpace,
    Clock,
    Climate,
    OfficerPicture,
    PanoramaPicture,
    EvidencePicture,
    BurnerA,
    BurnerB,
    MediumA,
    MediumB,
    Mirror,
    Link,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrecheckResult {
    pub item: PrecheckItem,
    pub passed: bool,
    /// The figure measured, with its unit, as shown ("clock error 12 ms").
    pub figure: String,
}

/// Who starts although a soft item failed, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrecheckOverride {
    pub item: PrecheckItem,
    pub name: String,
    pub reason: String,
}

impl PrecheckItem {
    /// Items without which nothing may start; all others can be overridden by name and reason.
    pub const HARD: [PrecheckItem; 4] = [
        PrecheckItem::IntervieweePicture,
        PrecheckItem::Sound,
        PrecheckItem::MasterSpace,
        PrecheckItem::Clock,
    ];

    pub fn is_hard(self) -> bool {
        Self::HARD.contains(&self)
    }
}
