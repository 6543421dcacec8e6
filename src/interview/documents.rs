//! The transcript and the documents attested with it: their pages, and what was done on each.
//!
//! A record of an act is never removed: a page that changes voids it, a better outcome supersedes it,
//! and both stay readable. Filled by entries only; `owed.rs` says what is still open.

use serde::{Deserialize, Serialize};

use super::ids::{DocumentId, PageNumber, ParticipantId, Sha256Hex};
use super::kinds::Act;
use super::time::Moment;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DocumentKind {
    /// 笔录
    Transcript,
    /// 文书
    Accompanying,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    pub id: DocumentId,
    pub document: DocumentKind,
    pub title: String,
    /// Counted from 1; each put raises it by one.
    pub revision: u32,
    pub pages: Vec<Sha256Hex>,
    pub opened: Moment,
    pub acts: Vec<ActRecord>,
}

/// How an act was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    Electronic,
    InkOnPaper,
    /// The page was read to the person; for checks only.
    ReadAloud,
}

/// What became of an owed act, as an operator records it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ActOutcome {
    Done {
        method: Method,
        /// SHA-256 of the file in `attestations/`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        evidence: Option<Sha256Hex>,
    },
    /// 拒绝
    Refused { reason: String, officers_note: String },
    /// 不能: illiterate, injured; how it was replaced.
    Unable { reason: String, replaced_by: String },
}

/// Which act, whose, where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ActKey {
    pub document: DocumentId,
    pub page: PageNumber,
    pub person: ParticipantId,
    pub act: Act,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Standing {
    Stands,
    Voided { at: Moment, because: VoidReason },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VoidReason {
    PageChanged,
    /// The act stood for the whole document, and a page of it changed, came or went.
    DocumentChanged,
    /// It fell into a gap of the recording.
    DuringGap,
    /// The person did after all what they had refused or could not do.
    Superseded,
}

/// One recorded act with the digest of the page that it attests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActRecord {
    pub page: PageNumber,
    pub person: ParticipantId,
    pub act: Act,
    pub page_sha256: Sha256Hex,
    pub outcome: ActOutcome,
    pub at: Moment,
    pub standing: Standing,
}

impl ActRecord {
    pub fn stands(&self) -> bool {
        match self.standing {
            Standing::Stands => true,
            Standing::Voided { .. } => false,
        }
    }
}

impl Document {
    pub fn last_page(&self) -> PageNumber {
        PageNumber(u32::try_from(self.pages.len()).unwrap_or(u32::MAX))
    }

    pub fn page_sha256(&self, page: PageNumber) -> Option<&Sha256Hex> {
        let index = usize::try_from(page.0).ok()?.checked_sub(1)?;
        self.pages.get(index)
    }

    pub fn numbered_pages(&self) -> impl Iterator<Item = PageNumber> + '_ {
        (0..self.pages.len()).map(PageNumber::at_index)
    }

    /// The standing record of an act, if it has an outcome.
    pub fn outcome(&self, page: PageNumber, person: &ParticipantId, act: Act) -> Option<&ActRecord> {
        self.acts.iter().find(|record| {
            record.stands() && record.page == page && record.act == act && record.person == *person
        })
    }
}
