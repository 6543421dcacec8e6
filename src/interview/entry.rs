//! What an interview adds to its journal: facts, each with its moment.
//!
//! `Fact` is the only thing that changes the state (`apply.rs`), so that replaying the entries gives the
//! same interview. `kind` and `data` of a line are an entry's; data holds integers, strings and booleans.
//! A fact once written is never renamed: old journals must stay readable.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use super::alarm::{Alarm, DiscSlot, StandingAlarm};
use super::case_files::CaseFile;
use super::command::{CaseRef, IncompleteReason};
use super::documents::{ActKey, ActOutcome, DocumentKind, VoidReason};
use super::ids::{DocumentId, InterruptionId, IntervalId, PageNumber, ParticipantId, Sha256Hex};
use super::kinds::{Act, EndAfter, InterviewKind, KindRules};
use super::marks::{
    Import, InterruptionCause, IntervalKind, Layout, MarkKind, OtherRecorder, PrecheckOverride,
    PrecheckResult, UnrecordedGround,
};
use super::people::{Approver, Confirmation, Participant};
use super::time::{Moment, PartNumber, WallTime};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data", rename_all = "kebab-case")]
pub enum Fact {
    Prechecked {
        results: Vec<PrecheckResult>,
    },
    ConfidentialBegan {},
    ConfidentialEnded {},
    /// Complete in itself: a journal begins here, whatever was before it in the room.
    Started(Box<Started>),
    PartBegan {
        part: PartNumber,
    },
    Interrupted {
        interruption: InterruptionId,
        cause: InterruptionCause,
        detail: String,
        recorded_until: Moment,
        /// Acts that fell into the gap.
        voided: Vec<ActKey>,
    },
    /// Recording was lost when it did not change the state: already suspended, or after the last act.
    LossNoted {
        cause: InterruptionCause,
        detail: String,
        recorded_until: Moment,
    },
    Resumed {
        interruption: InterruptionId,
        part: PartNumber,
    },
    StatementMade {
        interruption: InterruptionId,
    },
    ContinuedElsewhere {
        interruption: InterruptionId,
        place: String,
    },
    ContinuedUnrecorded {
        interruption: InterruptionId,
        ground: UnrecordedGround,
        reason: String,
        approver: Approver,
        confirmation: Confirmation,
    },
    RecordingLinked {
        interruption: InterruptionId,
        recorder: OtherRecorder,
        interview_id: String,
        uuid: Option<String>,
        from: WallTime,
        until: WallTime,
        note: String,
    },
    RecordingImported(Import),
    CaseFileGiven(CaseFile),
    CaseBound {
        case: CaseRef,
        before: CaseRef,
    },
    Joined {
        participant: Participant,
    },
    Left {
        person: ParticipantId,
    },
    Marked {
        mark: MarkKind,
        text: String,
    },
    IntervalBegan {
        interval: IntervalId,
        interval_kind: IntervalKind,
        present: Vec<ParticipantId>,
        note: String,
    },
    IntervalEnded {
        interval: IntervalId,
    },
    LayoutSwitched {
        layout: Layout,
    },
    DocumentPut {
        document: DocumentId,
        document_kind: DocumentKind,
        title: String,
        pages: Vec<Sha256Hex>,
        revision: u32,
        voided: Vec<VoidedKey>,
    },
    ReviewBegan {},
    QuestioningResumed {
        reason: String,
    },
    ActRecorded {
        document: DocumentId,
        page: PageNumber,
        page_sha256: Sha256Hex,
        person: ParticipantId,
        act: Act,
        outcome: ActOutcome,
    },
    /// Recording goes on until `Closed`; nothing is open any more.
    Closing {},
    ClosingIncomplete {
        reason: IncompleteReason,
        text: String,
        approver: Approver,
        confirmation: Option<Confirmation>,
        not_obtained: Vec<ActKey>,
        statements_not_obtained: Vec<InterruptionId>,
    },
    IncompleteConfirmed {
        approver: Approver,
        confirmation: Confirmation,
    },
    AlarmRaised {
        alarm: Alarm,
        detail: String,
    },
    AlarmCleared {
        alarm: Alarm,
    },
    ClockStepped {
        by_ms: i64,
    },
    DiscRelayed {
        slot: DiscSlot,
        from_disc: u32,
        to_disc: u32,
    },
    /// Something happened that this state does not know; kept because nothing may be lost.
    OutOfPlace {
        event: String,
    },
    /// For the ledger: the journal has ended with the evidence's own `closed` line before it.
    #[serde(rename = "interview-closed")]
    Closed {},
}

/// An act that a changed document voided, in the same line as the change: a crash cannot part them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoidedKey {
    pub act: ActKey,
    pub because: VoidReason,
}

/// Everything that an interview starts with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    pub interview: InterviewKind,
    pub case: CaseRef,
    pub participants: Vec<Participant>,
    pub rules: KindRules,
    pub end_after: EndAfter,
    pub layout: Layout,
    pub prechecked: Moment,
    pub precheck: Vec<PrecheckResult>,
    pub overrides: Vec<PrecheckOverride>,
    pub alarms: Vec<StandingAlarm>,
}

/// One journal line's worth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub at: Moment,
    pub fact: Fact,
}

#[derive(Debug, Error)]
pub enum EntryError {
    #[error("journal line of kind {kind:?} cannot be read as a fact of an interview")]
    Data {
        kind: String,
        #[source]
        source: serde_json::Error,
    },
    #[error("journal line of kind {kind:?} has no moment")]
    Moment { kind: String },
}

/// Kinds of line that are an interview's; all others in a journal are the room's own.
const KINDS: [&str; 34] = [
    "prechecked",
    "confidential-began",
    "confidential-ended",
    "started",
    "part-began",
    "interrupted",
    "loss-noted",
    "resumed",
    "statement-made",
    "continued-elsewhere",
    "continued-unrecorded",
    "recording-linked",
    "recording-imported",
    "case-file-given",
    "case-bound",
    "joined",
    "left",
    "marked",
    "interval-began",
    "interval-ended",
    "layout-switched",
    "document-put",
    "review-began",
    "questioning-resumed",
    "act-recorded",
    "closing",
    "closing-incomplete",
    "incomplete-confirmed",
    "alarm-raised",
    "alarm-cleared",
    "clock-stepped",
    "disc-relayed",
    "out-of-place",
    "interview-closed",
];

impl Fact {
    pub fn kind(&self) -> &'static str {
        match self {
            Fact::Prechecked { .. } => "prechecked",
            Fact::ConfidentialBegan { .. } => "confidential-began",
            Fact::ConfidentialEnded { .. } => "confidential-ended",
            Fact::Started(_) => "started",
            Fact::PartBegan { .. } => "part-began",
            Fact::Interrupted { .. } => "interrupted",
            Fact::LossNoted { .. } => "loss-noted",
            Fact::Resumed { .. } => "resumed",
            Fact::StatementMade { .. } => "statement-made",
            Fact::ContinuedElsewhere { .. } => "continued-elsewhere",
            Fact::ContinuedUnrecorded { .. } => "continued-unrecorded",
            Fact::RecordingLinked { .. } => "recording-linked",
            Fact::RecordingImported(_) => "recording-imported",
            Fact::CaseFileGiven(_) => "case-file-given",
            Fact::CaseBound { .. } => "case-bound",
            Fact::Joined { .. } => "joined",
            Fact::Left { .. } => "left",
            Fact::Marked { .. } => "marked",
            Fact::IntervalBegan { .. } => "interval-began",
            Fact::IntervalEnded { .. } => "interval-ended",
            Fact::LayoutSwitched { .. } => "layout-switched",
            Fact::DocumentPut { .. } => "document-put",
            Fact::ReviewBegan { .. } => "review-began",
            Fact::QuestioningResumed { .. } => "questioning-resumed",
            Fact::ActRecorded { .. } => "act-recorded",
            Fact::Closing { .. } => "closing",
            Fact::ClosingIncomplete { .. } => "closing-incomplete",
            Fact::IncompleteConfirmed { .. } => "incomplete-confirmed",
            Fact::AlarmRaised { .. } => "alarm-raised",
            Fact::AlarmCleared { .. } => "alarm-cleared",
            Fact::ClockStepped { .. } => "clock-stepped",
            Fact::DiscRelayed { .. } => "disc-relayed",
            Fact::OutOfPlace { .. } => "out-of-place",
            Fact::Closed { .. } => "interview-closed",
        }
    }
}

impl Entry {
    pub fn kind(&self) -> &'static str {
        self.fact.kind()
    }

    /// The line's `data`: the fact's fields, and the moment beside them as `moment`.
    pub fn data(&self) -> Value {
        let mut fields = match serde_json::to_value(&self.fact) {
            Ok(Value::Object(mut tagged)) => match tagged.remove("data") {
                Some(Value::Object(fields)) => fields,
                _ => Map::new(),
            },
            _ => Map::new(),
        };
        fields.insert(
            "moment".to_string(),
            serde_json::to_value(self.at).unwrap_or(Value::Null),
        );
        Value::Object(fields)
    }

    /// Reads a journal line back; `None` for a kind that is not an interview's.
    pub fn from_line(kind: &str, data: &Value) -> Result<Option<Self>, EntryError> {
        if !KINDS.contains(&kind) {
            return Ok(None);
        }
        let unreadable = |source| EntryError::Data {
            kind: kind.to_string(),
            source,
        };
        let mut fields = data.as_object().cloned().unwrap_or_default();
        let moment = fields.remove("moment").ok_or_else(|| EntryError::Moment {
            kind: kind.to_string(),
        })?;
        let at = serde_json::from_value(moment).map_err(unreadable)?;
        let tagged = serde_json::json!({ "kind": kind, "data": fields });
        Ok(Some(Self {
            at,
            fact: serde_json::from_value(tagged).map_err(unreadable)?,
        }))
    }
}
