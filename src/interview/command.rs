//! What people may ask of an interview. There is no pause, no skip and no deletion.
//!
//! Deserialised from `POST /api/v1/commands` after the room took `command_id` away; the room also makes
//! a repeated id give the same answer. Accepted or refused by `Interview::step`, never half done.

use serde::{Deserialize, Serialize};

use super::documents::{ActOutcome, DocumentKind};
use super::ids::{DocumentId, InterruptionId, IntervalId, PageNumber, ParticipantId, Sha256Hex};
use super::kinds::{Act, InterviewKind};
use super::marks::{IntervalKind, Layout, MarkKind, PrecheckOverride, PrecheckResult, UnrecordedGround};
use super::people::{Approver, Confirmation, Participant};

/// What an interview belongs to; an incident number (警情编号) serves until there is a case.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CaseRef {
    pub number: String,
    pub name: String,
    pub incident_number: String,
}

/// Why an interview ends although acts are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IncompleteReason {
    Illness,
    Violence,
    Evacuation,
    Removal,
    /// The rest was recorded and attested at another place; only after `ContinueElsewhere`.
    ContinuedElsewhere,
    EquipmentFailed,
    Other,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Command {
    /// The room's findings before a start; may be repeated.
    Precheck {
        results: Vec<PrecheckResult>,
    },
    StartInterview {
        interview: InterviewKind,
        #[serde(default)]
        case: CaseRef,
        participants: Vec<Participant>,
        /// The law demands recording in this case, whatever the kind says.
        #[serde(default)]
        must_record: bool,
        #[serde(default)]
        overrides: Vec<PrecheckOverride>,
    },
    /// A lawyer's talk (律师会见): nothing is recorded, only the occupancy is noted.
    BeginConfidential {},
    EndConfidential {},
    /// Binds or corrects the case; the former one stays in the journal.
    BindCase {
        case: CaseRef,
    },
    /// A new person, or one who left and comes back.
    JoinParticipant {
        participant: Participant,
    },
    LeaveParticipant {
        person: ParticipantId,
    },
    Mark {
        mark: MarkKind,
        #[serde(default)]
        text: String,
    },
    BeginInterval {
        interval: IntervalKind,
        #[serde(default)]
        present: Vec<ParticipantId>,
        #[serde(default)]
        note: String,
    },
    EndInterval {
        interval: IntervalId,
    },
    /// Switching to the evidence camera also sets a mark.
    SwitchLayout {
        layout: Layout,
        #[serde(default)]
        text: String,
    },
    /// The whole document as it now stands. `revision` is one more than the last accepted one.
    PutDocument {
        document: DocumentId,
        #[serde(rename = "document_kind")]
        form: DocumentKind,
        title: String,
        pages: Vec<Sha256Hex>,
        revision: u32,
    },
    BeginReview {},
    /// The way back to the questions, open until the last act.
    ResumeQuestioning {
        reason: String,
    },
    RecordAct {
        document: DocumentId,
        page: PageNumber,
        /// Digest of the page that the person saw; another one is refused.
        page_sha256: Sha256Hex,
        person: ParticipantId,
        act: Act,
        outcome: ActOutcome,
    },
    /// The words owed after an interruption were said aloud.
    StatementMade {
        interruption: InterruptionId,
    },
    ContinueElsewhere {
        place: String,
    },
    /// A recording made elsewhere that stays where it is: another room's interview, or a mobile recorder's.
    LinkRecording {
        interruption: InterruptionId,
        /// Of these two exactly one.
        #[serde(default)]
        room: Option<String>,
        #[serde(default)]
        device: Option<String>,
        /// The other room's interview; a mobile recorder has none.
        #[serde(default)]
        interview_id: String,
        #[serde(default)]
        uuid: Option<String>,
        /// RFC 3339, as the other clock had it.
        from: String,
        until: String,
        #[serde(default)]
        note: String,
    },
    ContinueUnrecorded {
        ground: UnrecordedGround,
        reason: String,
        approver: Approver,
        confirmation: Confirmation,
        interviewee_told: bool,
    },
    EndInterview {},
    EndIncomplete {
        reason: IncompleteReason,
        text: String,
        approver: Approver,
        /// Absent: to be confirmed afterwards, which only urgent reasons allow.
        #[serde(default)]
        confirmation: Option<Confirmation>,
    },
    /// The approver's word on an urgent incomplete end. After closing its entry belongs to the ledger.
    ConfirmIncomplete {
        approver: Approver,
        confirmation: Confirmation,
    },
}

impl IncompleteReason {
    /// Help never waits for an approver.
    pub fn is_urgent(self) -> bool {
        match self {
            IncompleteReason::Illness | IncompleteReason::Violence | IncompleteReason::Evacuation => true,
            IncompleteReason::Removal
            | IncompleteReason::ContinuedElsewhere
            | IncompleteReason::EquipmentFailed
            | IncompleteReason::Other => false,
        }
    }
}
